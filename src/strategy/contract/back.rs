//! A way back is never blocked: what is open in a world stays open whatever else goes wrong there.

use super::case::{Case, of_verb};
use super::cases::each;
use super::left_out::{Exception, LeftOut, except};
use super::plain::none_ready;
use crate::domain::plan::RefusalKind;
use crate::domain::{Direction, Kind, Verb};
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

/// Something that goes wrong in a world.
struct Worse {
    name: &'static str,
    /// It can only go wrong where the root has a status.
    of_status: bool,
    make: fn(&Case) -> Shop,
}

const fn worse(name: &'static str, make: fn(&Case) -> Shop) -> Worse {
    Worse { name, of_status: false, make }
}

const WORSE: [Worse; 8] = [
    worse("nothing more", |case| case.shop.clone()),
    worse("its controllers are behind", behind),
    Worse { name: "its status is gone", of_status: true, make: without_status },
    Worse { name: "its conditions can't be read", of_status: true, make: odd_conditions },
    worse("a field beside the matter can't be read", odd_field),
    worse("no pod is ready", |case| none_ready(case.shop.clone())),
    worse("autoscalers size all of it", autoscaled),
    worse("Git holds it", by_git),
];

const BY_PODS: &str = "Flagger asks its rollback hook only when all pods are ready; breaking the glass is left";
const BY_STATUS: &str = "its status alone tells what is on its way";

const EXCEPTIONS: &[Exception] = &[
    except("argo", "its status is gone", Some(Verb::Abort), BY_STATUS),
    except("flagger", "its status is gone", Some(Verb::Abort), BY_STATUS),
    except("flagger", "its controllers are behind", Some(Verb::Abort), BY_PODS),
    except("flagger", "no pod is ready", Some(Verb::Abort), BY_PODS),
];

fn behind(case: &Case) -> Shop {
    let mut shop = case.shop.clone();
    for (key, object) in &mut shop.objects {
        if key.kind.is_workload() || *key == case.root {
            object["metadata"]["generation"] = 40.into();
        }
    }
    shop
}

fn root(case: &Case) -> &Value {
    &case.shop.objects[&case.root]
}

fn changed(case: &Case, change: impl FnOnce(&mut Value)) -> Shop {
    let mut shop = case.shop.clone();
    change(shop.objects.get_mut(&case.root).expect("there"));
    shop
}

fn without_status(case: &Case) -> Shop {
    changed(case, |root| drop(root.as_object_mut().expect("an object").remove("status")))
}

fn odd_conditions(case: &Case) -> Shop {
    changed(case, |root| root["status"]["conditions"] = "?".into())
}

fn odd_field(case: &Case) -> Shop {
    let odd = json!({"odd": true});
    changed(case, |root| match case.root.kind {
        Kind::Rollout => root["spec"]["rollbackWindow"]["revisions"] = odd,
        Kind::Canary => root["spec"]["analysis"]["interval"] = odd,
        Kind::Service => root["spec"]["ports"] = odd,
        Kind::VirtualService => root["spec"]["exportTo"] = odd,
        Kind::HttpRoute | Kind::GrpcRoute => root["spec"]["parentRefs"] = odd,
        _ => root["spec"]["minReadySeconds"] = odd,
    })
}

fn autoscaled(case: &Case) -> Shop {
    let mut shop = case.shop.clone();
    let sized: Vec<_> =
        shop.objects.keys().filter(|key| key.kind.is_workload() || key.kind == Kind::Rollout).cloned().collect();
    for key in sized {
        let target = json!({"apiVersion": key.kind.api_version(), "kind": key.kind.name(), "name": key.name});
        let spec = json!({"spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9}});
        shop = shop.with(Kind::HorizontalPodAutoscaler, &key.name, spec);
    }
    shop
}

fn by_git(case: &Case) -> Shop {
    changed(case, |root| {
        root["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop:x/y:shop/web".into();
    })
}

#[test]
fn a_way_back_is_never_blocked() {
    let left_out = LeftOut::of("a way back is never blocked", EXCEPTIONS);
    let mut closed = Vec::new();
    each(|case| {
        for worse in &WORSE {
            let words = format!("{}, and {}", case.words(), worse.name);
            if worse.of_status && root(case)["status"].is_null() {
                left_out.note(&words, "it has no status");
                continue;
            }
            closed.extend(closed_ways(&case.with((worse.make)(case)), worse.name, &words, &left_out));
        }
    });
    assert!(closed.is_empty(), "closed ways back:\n{}", closed.join("\n"));
    left_out.print();
}

fn closed_ways(case: &Case, worse: &str, words: &str, left_out: &LeftOut) -> Vec<String> {
    let actions = case.actions();
    let closed = case.back.iter().filter_map(|verb| {
        let action = actions.iter().find(|action| action.verb == *verb);
        let open = action.is_some_and(|action| action.enabled && action.direction == Direction::Back);
        let why = match action {
            _ if open => planned(case, *verb).err()?,
            Some(action) => format!("{:?}: {}", action.direction, action.why),
            None => "it is not listed".to_owned(),
        };
        if left_out.names(case.kind, worse, Some(*verb), &format!("{words}: {verb}")) {
            return None;
        }
        Some(format!("{words}: {verb}: {why}"))
    });
    closed.collect()
}

/// Whether a plan of `verb` goes back, or can be made in a moment with a more exact wish ready at once.
fn planned(case: &Case, verb: Verb) -> Result<(), String> {
    let intents = of_verb(verb, &case.release());
    let usual = intents.first().ok_or("nothing can be asked")?;
    if let Err(refusal) = case.plan(usual)
        && refusal.kind != RefusalKind::ReadAgain
    {
        return Err(format!("refused: {refusal}"));
    }
    let back = intents.iter().filter_map(|intent| case.plan(intent).ok()).any(|plan| plan.direction == Direction::Back);
    if back { Ok(()) } else { Err("no plan goes back".to_owned()) }
}

#[test]
fn bytes_that_were_read_long_ago_hold_no_way_back_up() {
    each(|case| {
        let release = case.release();
        for verb in case.back {
            for intent in of_verb(*verb, &release) {
                let mut details = case.details().clone();
                let fresh = case.strategy().plan(&release, &details, &intent, &case.shop.context());
                details.fresh = false;
                let blind = case.strategy().plan(&release, &details, &intent, &case.shop.context());
                assert_eq!(fresh.is_ok(), blind.is_ok(), "{}: {intent:?}", case.words());
                assert!(blind.is_ok_and(|plan| plan.blind) || fresh.is_err(), "{}: {intent:?}", case.words());
            }
        }
    });
}
