//! What every strategy keeps to, over routes: exact inverses, fences that refuse what changed, weights that sum to 100,
//! reasons for every disabled verb, a direction for every plan.

use super::{gateway, istio};
use crate::domain::plan::{Call, Inverse, Operation};
use crate::domain::{Direction, Intent, Kind, Plan, Release, Verb};
use crate::strategy::strategy;
use crate::strategy::testing::apply_operations;
use crate::strategy::testing::shop::Shop;
use serde_json::Value;
use std::sync::Arc;

fn worlds() -> Vec<(&'static str, Shop, Kind)> {
    let istio_at = |weight| (istio(weight), Kind::VirtualService);
    let all = [("istio 0", istio_at(0)), ("istio 20", istio_at(20)), ("istio 100", istio_at(100))];
    let gateways =
        [("gateway 25", (gateway(3, 1), Kind::HttpRoute)), ("gateway 100", (gateway(0, 7), Kind::HttpRoute))];
    let test = ("a/b", (crate::strategy::ab_test::tests::search(), Kind::VirtualService));
    all.into_iter().chain(gateways).chain([test]).map(|(name, (shop, kind))| (name, shop, kind)).collect()
}

fn intents() -> Vec<Intent> {
    vec![
        Intent::Advance { from: None, rule: None },
        Intent::SetWeight { weight: 7, rule: None },
        Intent::SetWeight { weight: 100, rule: None },
        Intent::SetWeight { weight: 0, rule: None },
        Intent::Promote { winner: None },
        Intent::Abort,
        Intent::undo(),
    ]
}

fn release(shop: &Shop, kind: Kind) -> Arc<Release> {
    shop.releases().into_iter().find(|release| release.key.kind == kind).expect("the route roots a release")
}

#[expect(clippy::print_stdout, reason = "the table of what is not planned, and why")]
fn plans() -> Vec<(String, Shop, Kind, Plan)> {
    let mut plans = Vec::new();
    for (name, shop, kind) in worlds() {
        for intent in intents() {
            let case = format!("{name}: {intent:?}");
            match shop.plan(&release(&shop, kind), &intent) {
                Ok(plan) => plans.push((case, shop.clone(), kind, plan)),
                Err(refusal) => {
                    assert!(refusal.reason.len() > 10, "{case}: refused without a reason");
                    println!("not planned   {case:<60} {}", refusal.reason);
                }
            }
        }
    }
    assert!(plans.len() >= 20, "too few plans: {}", plans.len());
    plans
}

#[test]
fn an_exact_inverse_restores_the_rules_byte_for_byte_and_goes_the_other_way() {
    for (case, shop, kind, plan) in plans() {
        let before = release(&shop, kind);
        let key = plan.calls[0].call.target().clone();
        let after = shop.after(&plan).unwrap_or_else(|path| panic!("{case}: {path} does not match"));
        assert_ne!(shop.objects[&key]["spec"], after.objects[&key]["spec"], "{case}: nothing changed");
        assert!(matches!(plan.inverse, Inverse::Exact(_)), "{case}");
        let answer = after.raw(&key);
        let ready = plan.inverse.ready(&plan.id, std::slice::from_ref(&answer)).expect("an inverse");
        let operations: Vec<Operation> = serde_json::from_str(&ready.operations).expect("operations");
        let back = apply_operations(&answer, &operations).unwrap_or_else(|path| panic!("{case}: {path}"));
        let back: Value = serde_json::from_str(back.text()).expect("JSON");
        assert_eq!(back["spec"], shop.objects[&key]["spec"], "{case}");
        assert_ne!(ready.direction, plan.direction, "{case}");
        // The ready inverse is a plan of its own, with a diff, and refused over somebody else's change.
        let intent = Intent::Revert(Box::new(ready));
        let now = after.releases().into_iter().find(|release| release.key == before.key);
        let Some(now) = now else { continue };
        let revert = after.plan(&now, &intent).unwrap_or_else(|refusal| panic!("{case}: {refusal}"));
        assert!(!revert.diff.is_empty(), "{case}: the way back shows what changes");
        assert_eq!(after.after(&revert).expect("holds").objects[&key]["spec"], shop.objects[&key]["spec"], "{case}");
        let list = if kind == Kind::VirtualService { "http" } else { "rules" };
        let moved = after.set(kind, &key.name, |route| {
            for rule in route["spec"][list].as_array_mut().expect("rules") {
                rule["moved"] = true.into();
            }
        });
        let other = moved.releases().into_iter().find(|release| release.key == before.key).expect("there");
        assert!(moved.plan(&other, &intent).is_err(), "{case}: a way back over somebody else's change");
    }
}

#[test]
fn a_fence_refuses_changed_rules_and_another_life_and_leaves_the_rest_alone() {
    for (case, shop, kind, plan) in plans() {
        let name = plan.release.key.name.clone();
        let list = if kind == Kind::VirtualService { "http" } else { "rules" };
        let changed = |change: &dyn Fn(&mut Value)| shop.clone().set(kind, &name, change).after(&plan).err();
        let life = changed(&|route| route["metadata"]["uid"] = "another".into());
        assert_eq!(life.as_deref(), Some("/metadata/uid"), "{case}");
        let rules = changed(&|route| {
            for rule in route["spec"][list].as_array_mut().expect("rules") {
                rule["timeout"] = "9s".into();
            }
        });
        assert!(rules.is_some(), "{case}: its rules changed");
        let rest = changed(&|route| {
            route["metadata"]["annotations"] = serde_json::json!({"x": "y"});
            route["metadata"]["generation"] = 99.into();
            route["status"] = serde_json::json!({"observed": 1});
        });
        assert_eq!(rest, None, "{case}: annotations and status refuse no write");
    }
}

#[test]
fn weights_always_sum_to_a_hundred() {
    for (case, shop, _, plan) in plans() {
        let after = shop.after(&plan).expect("holds");
        let key = plan.calls[0].call.target();
        let object = &after.objects[key]["spec"];
        let rules = object["http"].as_array().or_else(|| object["rules"].as_array()).expect("rules");
        for rule in rules {
            let list = rule["route"].as_array().or_else(|| rule["backendRefs"].as_array()).expect("destinations");
            let weights: Vec<i64> = list.iter().filter_map(|item| item["weight"].as_i64()).collect();
            assert!(weights.is_empty() || weights.iter().sum::<i64>() == 100, "{case}: {weights:?}");
        }
        assert!(matches!(plan.calls[0].call, Call::JsonPatch { .. }) && !plan.diff.is_empty(), "{case}");
        assert!(plan.kubectl.len() == 1 && plan.kubectl[0].starts_with("kubectl -n shop patch "), "{case}");
    }
}

#[test]
fn every_verb_has_a_direction_and_a_disabled_one_says_why() {
    for (name, shop, kind) in worlds() {
        let release = release(&shop, kind);
        let actions = strategy(release.strategy).expect("known").actions(&release, &shop.context());
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Revert) {
            let action = actions.iter().filter(|action| action.verb == verb).collect::<Vec<_>>();
            let [action] = action[..] else { panic!("{name}: {} actions of {verb}", action.len()) };
            assert!(verb.direction().is_none_or(|way| way == action.direction), "{name}: {verb}");
            assert!(action.enabled || action.why.len() > 8, "{name}: {verb} is disabled without a reason");
            assert!(!action.enabled || !action.consequence.is_empty(), "{name}: {verb} does not say what follows");
        }
    }
}

#[test]
fn an_enabled_verb_can_be_planned_and_a_disabled_one_is_refused() {
    for (name, shop, kind) in worlds() {
        let release = release(&shop, kind);
        for action in strategy(release.strategy).expect("known").actions(&release, &shop.context()) {
            let intent = match action.verb {
                Verb::Advance => Intent::Advance { from: None, rule: None },
                Verb::Promote => Intent::Promote { winner: None },
                Verb::Abort => Intent::Abort,
                Verb::Pause => Intent::Pause,
                Verb::Switch => Intent::Switch { to: None },
                Verb::Continue => Intent::Continue,
                Verb::Skip => Intent::Skip,
                Verb::Retry => Intent::Retry,
                Verb::Restart => Intent::Restart,
                _ => continue,
            };
            let planned = shop.plan(&release, &intent);
            assert_eq!(action.enabled, planned.is_ok(), "{name}: {} ({})", action.verb, action.why);
        }
    }
}

#[test]
fn the_way_back_is_open_whatever_is_wrong() {
    for (name, shop, kind) in worlds().into_iter().filter(|(name, ..)| matches!(*name, "istio 20" | "gateway 25")) {
        let app = if kind == Kind::VirtualService { "shop" } else { "cart" };
        let behind = shop
            .clone()
            .set(Kind::Deployment, &format!("{app}-stable"), |web| web["status"]["observedGeneration"] = 0.into());
        let unreadable = shop.clone().set(kind, app, |route| route["status"] = serde_json::json!({"parents": "?"}));
        for shop in [behind, unreadable] {
            let plan = shop.plan(&release(&shop, kind), &Intent::Abort).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(plan.direction, Direction::Back);
        }
    }
}
