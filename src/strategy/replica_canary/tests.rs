//! Detection, ladder, two-call plans and the way back, over the real index.

use crate::domain::intent::Standing;
use crate::domain::management::{Manager, Reverts};
use crate::domain::milestone::Milestone;
use crate::domain::plan::RefusalKind;
use crate::domain::release::Role;
use crate::domain::traffic::marks::{LADDER, STABLE, STRATEGY};
use crate::domain::workload::Image;
use crate::domain::{Direction, Intent, Kind, ObjectKey, Release, State, Verb};
use crate::strategy::strategy;
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};
use std::sync::Arc;

fn image(shop: Shop, name: &str, image: &str) -> Shop {
    let set = |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    shop.set(Kind::Deployment, name, set).set(Kind::ReplicaSet, &format!("{name}-h1"), set)
}

/// `web` v1 and the younger `web-canary` v2 behind one Service, with so many pods.
pub(in crate::strategy) fn shop(stable: i32, canary: i32) -> Shop {
    let shop = Shop::default()
        .deployment("web", &[("app", "web"), ("track", "stable")], "v1", (stable, 90_000))
        .deployment("web-canary", &[("app", "web"), ("track", "canary")], "v2", (canary, 900));
    let shop = image(image(shop, "web", "reg/web:v1"), "web-canary", "reg/web:v2");
    let names = |name: &str, pods: i32| (0..pods).map(|place| format!("{name}-h1-{place}")).collect::<Vec<_>>();
    let all = [names("web", stable), names("web-canary", canary)].concat();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    shop.service("web", &[("app", "web")]).addresses("web", &all)
}

fn web(shop: &Shop) -> Arc<Release> {
    shop.release(Kind::Service, "web")
}

fn weight(weight: u8) -> Intent {
    Intent::SetWeight { weight, rule: None }
}

fn advance(from: Option<Standing>) -> Intent {
    Intent::Advance { from, rule: None }
}

fn replicas(shop: &Shop) -> (i64, i64) {
    let of = |name: &str| shop.objects[&ObjectKey::new(Kind::Deployment, "shop", name)]["spec"]["replicas"].as_i64();
    (of("web").unwrap_or(1), of("web-canary").unwrap_or(1))
}

pub(in crate::strategy) fn with_autoscaler(shop: Shop) -> Shop {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    let spec = json!({"spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9}});
    shop.with(Kind::HorizontalPodAutoscaler, "web", spec)
}

#[test]
fn a_stable_and_a_canary_deployment_behind_one_service_are_one_release() {
    let shop = shop(3, 1);
    assert_eq!(shop.releases().len(), 1);
    let web = web(&shop);
    assert_eq!((web.strategy.0, web.key.target()), ("replica-canary", "service/web".into()));
    assert!(web.why.contains("the pods of web and web-canary"), "{}", web.why);
    let tracks: Vec<_> = web.tracks.iter().map(|it| (it.role, &*it.name, it.weight.asked, it.weight.actual)).collect();
    assert_eq!(
        tracks,
        [(Role::Stable, "web", Some(75), Some(75)), (Role::Candidate, "web-canary", Some(25), Some(25))]
    );
    assert_eq!((web.state, &*web.reason), (State::Waiting, "25 % on web-canary v2: 1 of 4 pods."));
    let step = web.step.as_ref().expect("a ladder");
    assert_eq!((step.index, step.count, &step.weights[..]), (Some(2), 4, &[5, 20, 50, 100][..]));
    assert_eq!(&*step.next, "web-canary 25 → 50 %: 2 of 4 pods by replicas");
    assert!(web.waiting().is_some());
    assert_eq!(shop.release(Kind::Deployment, "web-canary").key, web.key);
}

#[test]
fn two_deployments_that_merely_share_a_label_are_no_canary() {
    let plain = |what: &str, shop: Shop| {
        let strategies: Vec<&str> = shop.releases().iter().map(|release| release.strategy.0).collect();
        assert!(strategies.iter().all(|strategy| *strategy == "rolling"), "{what}: {strategies:?}");
    };
    let two = |a: &str, b: &str| {
        let labels = [("app", "shop")];
        Shop::default().deployment(a, &labels, "v1", (2, 9_000)).deployment(b, &labels, "v2", (1, 900))
    };
    let same = |shop: Shop, a: &str, b: &str| image(image(shop, a, "reg/shop:v1"), b, "reg/shop:v2");
    let over = |shop: Shop| shop.service("shop", &[("app", "shop")]);
    plain("other names, other images", over(two("api", "cart")));
    plain("other names, the same image", over(same(two("api", "cart"), "api", "cart")));
    plain("names of a canary, other images", over(two("api", "api-canary")));
    plain("a canary of something else", over(same(two("api", "cart-canary"), "api", "cart-canary")));
    let three =
        same(two("web", "web-canary"), "web", "web-canary").deployment("job", &[("app", "shop")], "v1", (1, 900));
    plain("a third one behind the Service", over(three));
    let marked = over(same(two("web", "web-canary"), "web", "web-canary"));
    let none =
        marked.clone().set(Kind::Service, "shop", |it| it["metadata"]["annotations"] = json!({STRATEGY: "none"}));
    plain("marked to be left alone", none);
    assert_eq!(marked.release(Kind::Service, "shop").strategy.0, "replica-canary");
    let versions = over(same(two("web-v1", "web-v2"), "web-v1", "web-v2"));
    assert_eq!(versions.release(Kind::Service, "shop").strategy.0, "replica-canary");
    let said = over(two("api", "cart"))
        .set(Kind::Service, "shop", |it| it["metadata"]["annotations"] = json!({STRATEGY: "replica-canary"}));
    assert_eq!(said.release(Kind::Service, "shop").strategy.0, "replica-canary", "a person may say so");
}

#[test]
fn a_weight_is_two_calls_with_a_wait_between_and_the_sum_stays() {
    let shop = shop(4, 0);
    let web = web(&shop);
    let plan = shop.plan(&web, &weight(5)).expect("a plan");
    let targets: Vec<String> = plan.calls.iter().map(|call| call.call.target().target()).collect();
    assert_eq!(targets, ["deployment/web-canary", "deployment/web"]);
    let midway = plan.calls[0].then.as_ref().expect("a wait");
    let canary = ObjectKey::new(Kind::Deployment, "shop", "web-canary");
    assert_eq!((&midway.until, midway.go_on), (&Milestone::Ready { workload: canary, pods: 1 }, false));
    assert!(plan.calls[1].then.is_none());
    assert_eq!(replicas(&shop.after(&plan).expect("the fences hold")), (3, 1));
    assert_eq!(plan.direction, Direction::Forward);
    assert_eq!(
        plan.forecast.warnings.iter().map(|it| &**it).collect::<Vec<_>>(),
        ["5 % of 4 pods is less than one pod: 1 of 4 is 25 %"]
    );
    assert!(
        plan.forecast.then.starts_with("web-canary 0 → 1 pod; once they are ready, web 4 → 3 pods"),
        "{}",
        plan.forecast.then
    );
    let moved = shop.clone().set(Kind::Deployment, "web", |it| it["spec"]["replicas"] = 9.into());
    assert_eq!(moved.after(&plan).err().as_deref(), Some("/spec/replicas"));
}

#[test]
fn less_weight_goes_the_other_way_round_and_is_not_held_up() {
    let shop = shop(2, 2);
    let plan = shop.plan(&web(&shop), &weight(25)).expect("a plan");
    assert_eq!(plan.direction, Direction::Back);
    assert_eq!(plan.calls[0].call.target().target(), "deployment/web", "stable up first");
    assert!(plan.calls[0].then.as_ref().is_some_and(|midway| midway.go_on), "back goes on whatever comes");
    assert_eq!(replicas(&shop.after(&plan).expect("holds")), (3, 1));
    let abort = shop.plan(&web(&shop), &Intent::Abort).expect("a plan");
    assert_eq!(replicas(&shop.after(&abort).expect("holds")), (4, 0));
}

#[test]
fn advance_takes_the_next_rung_that_changes_anything_and_names_the_step_it_leaves() {
    let shop = shop(3, 1);
    let web = web(&shop);
    let plan = shop.plan(&web, &advance(Some(Standing::Step(2)))).expect("a plan");
    assert_eq!(replicas(&shop.after(&plan).expect("holds")), (2, 2));
    assert!(shop.plan(&web, &advance(Some(Standing::Weight(25)))).is_ok());
    for elsewhere in [Standing::Step(1), Standing::Weight(20)] {
        let refused = shop.plan(&web, &advance(Some(elsewhere))).expect_err("it stands elsewhere");
        assert!(refused.reason.contains("look again"), "{}", refused.reason);
    }
    let ladder = shop.set(Kind::Service, "web", |it| it["metadata"]["annotations"] = json!({LADDER: "30,75,100"}));
    let plan = ladder.plan(&self::web(&ladder), &advance(None)).expect("a plan");
    assert_eq!(replicas(&ladder.after(&plan).expect("holds")), (1, 3), "30 % of 4 is 1 pod again, so it is 75 %");
}

#[test]
fn after_everything_the_sides_change_places_and_the_old_one_is_not_advanced_into() {
    let shop = shop(1, 3);
    let plan = shop.plan(&web(&shop), &Intent::Promote { winner: None }).expect("a plan");
    let after = self::shop(0, 4);
    assert_eq!(replicas(&shop.after(&plan).expect("holds")), replicas(&after));
    let done = web(&after);
    let roles: Vec<_> = done.tracks.iter().map(|track| (track.role, &*track.name)).collect();
    assert_eq!(roles, [(Role::Stable, "web-canary"), (Role::Idle, "web")]);
    assert_eq!((done.state, &*done.reason), (State::Healthy, "web-canary v2 takes all traffic, 4 pods."));
    assert_eq!(done.step.as_ref().and_then(|step| step.index), Some(4));
    for intent in [advance(None), weight(20), Intent::Promote { winner: None }] {
        let refused = after.plan(&done, &intent).expect_err("no candidate");
        assert!(refused.reason.contains("has the older version"), "{}", refused.reason);
    }
    let back = after.plan(&done, &Intent::Promote { winner: Some("web".into()) }).expect("by name it may");
    assert_eq!(replicas(&after.after(&back).expect("holds")), (4, 0));
    let undo = after.plan(&done, &Intent::undo()).expect("the older version is kept");
    assert_eq!((undo.direction, replicas(&after.after(&undo).expect("holds"))), (Direction::Back, (4, 0)));
    let new = Intent::SetImage(vec![Image { container: "app".into(), reference: "reg/web:v3".into() }]);
    let plan = after.plan(&done, &new).expect("the next release starts the other way round");
    assert_eq!(plan.calls[0].call.target().target(), "deployment/web");
}

#[test]
fn a_mark_names_the_stable_side() {
    let marked =
        shop(3, 1).set(Kind::Service, "web", |it| it["metadata"]["annotations"] = json!({STABLE: "web-canary"}));
    assert_eq!(web(&marked).tracks[0].name, "web-canary".into());
}

#[test]
fn the_way_back_restores_both_numbers_and_after_one_call_only_that_one() {
    let before = shop(4, 0);
    let plan = before.plan(&web(&before), &weight(50)).expect("a plan");
    let after = before.after(&plan).expect("applies");
    let answers: Vec<_> = plan.calls.iter().map(|call| after.raw(call.call.target())).collect();
    let ready = plan.inverse.ready(&plan.id, &answers).expect("a way back");
    assert_eq!((ready.target.target(), ready.direction), ("deployment/web".into(), Direction::Back));
    let grown = shop(2, 2);
    let back = grown.plan(&web(&grown), &Intent::Revert(Box::new(ready.clone()))).expect("a plan");
    assert_eq!((replicas(&grown.after(&back).expect("holds")), back.calls.len()), ((4, 0), 2));
    assert!(back.calls[0].then.is_some(), "stable is waited for");
    let half = plan.inverse.ready(&plan.id, &answers[..1]).expect("the first call alone");
    let only = shop(4, 2);
    let back = only.plan(&web(&only), &Intent::Revert(Box::new(half))).expect("a plan");
    assert_eq!(replicas(&only.after(&back).expect("holds")), (4, 0));
    let scaled = shop(9, 2);
    let moved = scaled.plan(&web(&scaled), &Intent::Revert(Box::new(ready)));
    assert!(moved.expect_err("somebody scaled").reason.contains("changed since"));
}

#[test]
fn an_autoscaler_holds_every_weight_but_the_way_back() {
    let shop = with_autoscaler(shop(3, 1));
    let release = web(&shop);
    let refused = shop.plan(&release, &weight(50)).expect_err("an HPA");
    assert!(refused.reason.contains("hpa/web owns the replicas of web"), "{}", refused.reason);
    let abort = shop.plan(&release, &Intent::Abort).expect("back is open");
    assert_eq!((abort.calls.len(), replicas(&shop.after(&abort).expect("holds"))), (1, (3, 0)));
    let by_hpa: Vec<_> = abort.forecast.reverts.iter().map(|it| (it.manager, it.on(abort.touches))).collect();
    assert_eq!(by_hpa, [(Manager::Autoscaler, Reverts::Will)], "it is the replicas that are written");
    let actions = strategy(release.strategy).expect("known").actions(&release, &shop.context());
    let of = |verb: Verb| actions.iter().find(|action| action.verb == verb).expect("listed");
    assert!(!of(Verb::Advance).enabled && of(Verb::Abort).enabled);
    let (up, down) = (shop.plan(&release, &weight(50)), shop.plan(&release, &weight(0)));
    assert!(up.is_err() && down.is_ok(), "only down");
    let weight = of(Verb::SetWeight);
    assert!(weight.enabled && weight.direction == Direction::Back && weight.why.starts_with("only down: hpa/web"));
}

#[test]
fn after_everything_an_autoscaler_does_not_hold_the_way_back_to_the_older_version() {
    let shop = with_autoscaler(shop(0, 4));
    let release = web(&shop);
    let undo = shop.plan(&release, &Intent::undo()).expect("back is open");
    assert_eq!((undo.direction, replicas(&shop.after(&undo).expect("holds"))), (Direction::Back, (4, 0)));
    let warned = undo.forecast.warnings.iter().any(|it| it.contains("hpa/web") && it.contains("may set them again"));
    assert!(warned, "{:?}", undo.forecast.warnings);
    let actions = strategy(release.strategy).expect("known").actions(&release, &shop.context());
    let action = actions.iter().find(|action| action.verb == Verb::Undo).expect("listed");
    assert!(action.enabled && action.why.contains("hpa/web"), "{}", action.why);
}

#[test]
fn what_can_not_be_shared_is_refused_and_what_is_so_already_is_unchanged() {
    let one = shop(1, 0);
    let refused = one.plan(&web(&one), &weight(50)).expect_err("one pod");
    assert!(refused.reason.contains("can't be shared"), "{}", refused.reason);
    let four = shop(3, 1);
    let same = four.plan(&web(&four), &weight(20)).expect_err("1 of 4 already");
    assert_eq!(same.kind, RefusalKind::Unchanged);
    assert!(same.reason.contains("1 of 4 is 25 %"), "{}", same.reason);
    let switch = four.plan(&web(&four), &Intent::Switch { to: None }).expect_err("no switch");
    assert!(switch.reason.contains("both sides at once"), "{}", switch.reason);
}
