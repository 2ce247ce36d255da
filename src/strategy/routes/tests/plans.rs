//! What the verbs write.

use super::{at, diff, gateway, istio, weights};
use crate::domain::intent::{PausedUndo, RuleRef, Standing, UndoTo};
use crate::domain::plan::RefusalKind;
use crate::domain::{Direction, Intent, Kind, ObjectKey, Plan};
use crate::strategy::testing::shop::Shop;
use serde_json::json;

const ISTIO: (Kind, &str) = (Kind::VirtualService, "shop");
const PRIMARY: &str = "/spec/http/1/route";

fn advance(from: Option<Standing>) -> Intent {
    Intent::Advance { from, rule: None }
}

fn plan(shop: &Shop, of: (Kind, &str), intent: &Intent) -> Plan {
    shop.plan(&shop.release(of.0, of.1), intent).unwrap_or_else(|refusal| panic!("{intent:?}: {refusal}"))
}

fn refused(shop: &Shop, of: (Kind, &str), intent: &Intent) -> String {
    let refusal = shop.plan(&shop.release(of.0, of.1), intent).expect_err("it must be refused");
    refusal.reason.to_string()
}

#[test]
fn advance_goes_one_rung_and_names_it() {
    let shop = istio(5);
    let plan = plan(&shop, ISTIO, &advance(Some(Standing::Weight(5))));
    assert_eq!((&*plan.title, plan.direction), ("ADVANCE shop/shop → 5 → 20 %, step 2 of 4", Direction::Forward));
    assert_eq!(
        diff(&plan),
        ["rule 'primary'  shop subset stable: 95 % → 80 %", "rule 'primary'  shop subset canary: 5 % → 20 %"]
    );
    assert_eq!(&*plan.forecast.then, "v2 gets 20 % of shop (1 rule), at once; it had 5 %");
    assert!(
        plan.forecast.warnings.iter().any(|it| it.contains("rule 'mobile', an A/B rule, goes on")),
        "{:?}",
        plan.forecast.warnings
    );
    let after = shop.after(&plan).expect("the fence holds");
    assert_eq!(weights(&after, ISTIO.0, PRIMARY), [80, 20]);
    assert_eq!(at(&after, ISTIO.0, "/spec/http/1/timeout"), &json!("3s"), "what else a rule has stays");
}

#[test]
fn an_advance_from_another_step_is_refused_and_the_fence_holds_a_late_one() {
    let shop = istio(5);
    for from in [Standing::Weight(20), Standing::Step(2)] {
        let why = refused(&shop, ISTIO, &advance(Some(from)));
        assert!(why.contains("look again"), "{why}");
    }
    assert!(shop.plan(&shop.release(ISTIO.0, ISTIO.1), &advance(Some(Standing::Step(1)))).is_ok());
    let late = plan(&shop, ISTIO, &advance(None));
    let moved = shop.after(&late).expect("first");
    assert_eq!(
        moved.after(&late).err().as_deref(),
        Some("/spec/http/1"),
        "the same step twice is a conflict, never a skip"
    );
}

#[test]
fn at_the_top_there_is_no_next_step() {
    let why = refused(&istio(100), ISTIO, &advance(None));
    assert!(why.contains("no next step"), "{why}");
    let all = Intent::Promote { winner: None };
    let release = istio(100).release(ISTIO.0, ISTIO.1);
    assert_eq!(istio(100).plan(&release, &all).expect_err("done").kind, RefusalKind::Unchanged);
}

#[test]
fn set_weight_goes_either_way_and_says_which() {
    let up = plan(&istio(20), ISTIO, &Intent::SetWeight { weight: 33, rule: None });
    assert_eq!(up.direction, Direction::Forward);
    let down = plan(&istio(20), ISTIO, &Intent::SetWeight { weight: 3, rule: None });
    assert_eq!(down.direction, Direction::Back);
    assert_eq!(weights(&istio(20).after(&down).expect("holds"), ISTIO.0, PRIMARY), [97, 3]);
    let why = refused(&istio(20), ISTIO, &Intent::SetWeight { weight: 101, rule: None });
    assert!(why.contains("0 to 100"), "{why}");
    let release = istio(20).release(ISTIO.0, ISTIO.1);
    let same = istio(20).plan(&release, &Intent::SetWeight { weight: 20, rule: None }).expect_err("so already");
    assert_eq!(same.kind, RefusalKind::Unchanged);
}

#[test]
fn back_to_stable_leaves_the_test_rule_and_points_every_other_one() {
    let shop = istio(20).set(ISTIO.0, ISTIO.1, |route| {
        let beta = json!({"name": "beta", "match": [{"uri": {"prefix": "/beta"}}], "route": [
            {"destination": {"host": "shop", "subset": "canary"}, "headers": {"request": {"set": {"x": "1"}}}}]});
        route["spec"]["http"].as_array_mut().expect("a list").insert(1, beta);
    });
    let plan = plan(&shop, ISTIO, &Intent::Abort);
    assert_eq!((&*plan.title, plan.direction), ("ABORT shop/shop → all traffic to v1", Direction::Back));
    assert_eq!(
        diff(&plan),
        [
            "rule 'beta': shop subset canary → shop subset stable",
            "rule 'primary'  shop subset stable: 80 % → 100 %",
            "rule 'primary'  shop subset canary: 20 % → 0 %"
        ]
    );
    assert!(
        plan.forecast.warnings.iter().any(|it| it.starts_with("rule 'mobile' stays: an A/B rule")),
        "{:?}",
        plan.forecast.warnings
    );
    let after = shop.after(&plan).expect("the fence holds");
    assert_eq!(weights(&after, ISTIO.0, "/spec/http/2/route"), [100, 0]);
    assert_eq!(
        at(&after, ISTIO.0, "/spec/http/1/route"),
        &json!([{"destination": {"host": "shop", "subset": "stable"}}])
    );
    assert_eq!(at(&after, ISTIO.0, "/spec/http/0"), at(&shop, ISTIO.0, "/spec/http/0"));
    let other = shop.set(ISTIO.0, ISTIO.1, |route| route["spec"]["http"][0]["name"] = "x".into());
    assert_eq!(other.after(&plan).err().as_deref(), Some("/spec/http"), "the whole list is fenced");
}

#[test]
fn undo_brings_traffic_back_first_and_the_template_when_it_is_asked_for() {
    let best = Intent::undo();
    let split = plan(&istio(20), ISTIO, &best);
    assert_eq!((&*split.title, split.direction), ("UNDO shop/shop → all traffic to v1", Direction::Back));
    let done = istio(100);
    let back = plan(&done, ISTIO, &best);
    assert_eq!((&*back.title, back.direction), ("UNDO shop/shop → all traffic to v1", Direction::Back));
    assert_eq!(weights(&done.after(&back).expect("holds"), ISTIO.0, PRIMARY), [100, 0]);
    let labels = [("app", "shop"), ("track", "canary")];
    let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-canary", "uid": "uid-deployment-shop-canary", "controller": true}]);
    let old = json!({"metadata": {"labels": {"app": "shop", "track": "canary"}},
        "spec": {"containers": [{"name": "app", "image": "reg/shop-canary:v0", "args": ["a && b < c"]}]}});
    let shop = istio(20)
        .deployment("shop-canary", &labels, "v2", (2, 9_000))
        .replica_set("shop-canary-h0", &owner, ("pod-template-hash", "h0"), &old, (0, 50_000))
        .set(Kind::ReplicaSet, "shop-canary-h1", |set| {
            set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
        })
        .set(Kind::Deployment, "shop-canary", |web| {
            web["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
        });
    let template = Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::StayPaused };
    let plan = plan(&shop, ISTIO, &template);
    assert_eq!(&*plan.title, "UNDO shop/shop: deployment/shop-canary → revision 1");
    assert_eq!(plan.release.key, ObjectKey::new(ISTIO.0, "shop", "shop"));
    let after = shop.after(&plan).expect("holds");
    let canary = &after.objects[&ObjectKey::new(Kind::Deployment, "shop", "shop-canary")];
    assert_eq!(canary["spec"]["template"]["spec"]["containers"][0]["image"], "reg/shop-canary:v0");
}

#[test]
fn one_rule_is_steered_on_its_own_and_all_together_never_leave_out_a_rung() {
    let shop = istio(5).set(ISTIO.0, ISTIO.1, |route| {
        let to =
            |subset: &str, weight: i64| json!({"destination": {"host": "shop", "subset": subset}, "weight": weight});
        route["spec"]["http"][0]["route"] = json!([to("canary", 50), to("stable", 50)]);
    });
    let release = shop.release(ISTIO.0, ISTIO.1);
    assert!(release.traffic.as_ref().expect("traffic").notices.iter().any(|it| it.contains("5 to 50 %")));
    let together = plan(&shop, ISTIO, &advance(Some(Standing::Weight(5))));
    let after = shop.after(&together).expect("holds");
    assert_eq!(weights(&after, ISTIO.0, "/spec/http/0/route"), [50, 50], "a rule that is further stays");
    assert_eq!(weights(&after, ISTIO.0, PRIMARY), [80, 20]);
    let rule = RuleRef { route: release.key.clone(), pointer: "/spec/http/0".into() };
    let alone = plan(&shop, ISTIO, &Intent::Advance { from: Some(Standing::Weight(50)), rule: Some(rule) });
    let after = shop.after(&alone).expect("holds");
    assert_eq!(
        (weights(&after, ISTIO.0, "/spec/http/0/route"), weights(&after, ISTIO.0, PRIMARY)),
        (vec![100, 0], vec![95, 5])
    );
    let behind = istio(20).set(ISTIO.0, ISTIO.1, |route| {
        let to =
            |subset: &str, weight: i64| json!({"destination": {"host": "shop", "subset": subset}, "weight": weight});
        route["spec"]["http"][0]["route"] = json!([to("canary", 5), to("stable", 95)]);
    });
    let release_behind = behind.release(ISTIO.0, ISTIO.1);
    assert_eq!(release_behind.tracks[1].weight.asked, Some(20), "the rule for everyone tells where it stands");
    assert_eq!(&*release_behind.step.as_ref().expect("a ladder").next, "20 % → 50 % of shop, 2 rules, by Istio");
    let one_each = plan(&behind, ISTIO, &advance(Some(Standing::Weight(20))));
    let after = behind.after(&one_each).expect("holds");
    assert_eq!(weights(&after, ISTIO.0, "/spec/http/0/route"), [20, 80], "one rung of its own");
    assert_eq!(weights(&after, ISTIO.0, PRIMARY), [50, 50]);
    let top = behind.set(ISTIO.0, ISTIO.1, |route| {
        route["spec"]["http"][1]["route"][0]["weight"] = 0.into();
        route["spec"]["http"][1]["route"][1]["weight"] = 100.into();
    });
    let why = refused(&top, ISTIO, &advance(None));
    assert!(why.contains("rule 'mobile' is behind"), "{why}");
    let all = plan(&top, ISTIO, &Intent::Promote { winner: None });
    assert_eq!(weights(&top.after(&all).expect("holds"), ISTIO.0, "/spec/http/0/route"), [100, 0]);
    let nowhere = RuleRef { route: release.key.clone(), pointer: "/spec/http/9".into() };
    let why = refused(&shop, ISTIO, &Intent::SetWeight { weight: 1, rule: Some(nowhere) });
    assert!(why.contains("no rule with weights at /spec/http/9"), "{why}");
}

#[test]
fn a_gateway_gets_weights_that_sum_to_a_hundred_and_keeps_its_filters() {
    let shop = gateway(3, 1);
    let of = (Kind::HttpRoute, "cart");
    let plan = plan(&shop, of, &advance(None));
    assert_eq!(diff(&plan), ["rule 1  cart-stable: 75 % → 50 %", "rule 1  cart-canary: 25 % → 50 %"]);
    let after = shop.after(&plan).expect("holds");
    assert_eq!(weights(&after, of.0, "/spec/rules/0/backendRefs"), [50, 50]);
    assert_eq!(at(&after, of.0, "/spec/rules/0/filters"), at(&shop, of.0, "/spec/rules/0/filters"));
}

#[test]
fn a_grpc_route_and_tcp_and_tls_rules_are_steered_too() {
    let rule = json!([{"backendRefs": [{"name": "cart-stable", "port": 80, "weight": 90}, {"name": "cart-canary", "port": 80, "weight": 10}]}]);
    let grpc =
        gateway(1, 0).without(Kind::HttpRoute, "cart").with(Kind::GrpcRoute, "cart", json!({"spec": {"rules": rule}}));
    let plan_of_grpc = plan(&grpc, (Kind::GrpcRoute, "cart"), &advance(None));
    assert_eq!(
        weights(&grpc.after(&plan_of_grpc).expect("holds"), Kind::GrpcRoute, "/spec/rules/0/backendRefs"),
        [80, 20]
    );
    for list in ["tcp", "tls"] {
        let shop = istio(5).set(ISTIO.0, ISTIO.1, |route| {
            let mut rule = route["spec"]["http"][1].clone();
            rule.as_object_mut().expect("a rule").retain(|field, _| field == "route");
            if list == "tls" {
                rule["match"] = json!([{"port": 443, "sniHosts": ["shop"]}]);
            }
            route["spec"] = json!({"hosts": ["shop"], list: [rule]});
        });
        let plan = plan(&shop, ISTIO, &advance(None));
        let path = format!("/spec/{list}/0/route");
        assert_eq!(weights(&shop.after(&plan).expect("holds"), ISTIO.0, &path), [80, 20], "{list}");
    }
}

#[test]
fn a_version_without_ready_pods_gets_nothing_and_too_few_are_told() {
    let labels = [("app", "shop"), ("track", "canary")];
    let with = |pods| {
        istio(5).without(Kind::Deployment, "shop-canary").deployment("shop-canary", &labels, "v2", (pods, 9_000))
    };
    let mut none = with(0);
    none.objects.retain(|key, _| !(key.kind == Kind::Pod && key.name.starts_with("shop-canary")));
    let why = refused(&none, ISTIO, &advance(None));
    assert!(why.contains("no ready pod"), "{why}");
    let few = plan(&istio(20), ISTIO, &Intent::SetWeight { weight: 90, rule: None });
    assert!(
        few.forecast.warnings.iter().any(|it| &**it == "v2 has 2 ready pods of 6 for 90 % of the requests"),
        "{:?}",
        few.forecast.warnings
    );
    let back = plan(&none, ISTIO, &Intent::Abort);
    assert_eq!(back.direction, Direction::Back, "the way back asks for no pods of the candidate");
}

#[test]
fn a_new_version_is_brought_in_on_the_side_that_takes_no_traffic() {
    let image = crate::domain::workload::Image { container: "app".into(), reference: "reg/shop:v3".into() };
    let plan_of = plan(&istio(100), ISTIO, &Intent::SetImage(vec![image]));
    assert_eq!(plan_of.calls[0].call.target(), &ObjectKey::new(Kind::Deployment, "shop", "shop-stable"));
    let scale = plan(&istio(100), ISTIO, &Intent::ScaleSide { side: "shop-stable".into(), replicas: 0 });
    assert_eq!(&*scale.title, "SCALE shop/shop: deployment/shop-stable → 0 replicas");
    let why = refused(&istio(100), ISTIO, &Intent::Scale(3));
    assert!(why.contains("say which one"), "{why}");
}
