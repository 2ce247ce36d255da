//! Routes that are wrong are shown for what they are: nothing goes forward, and the way back stays open.

use super::{gateway, istio};
use crate::domain::{Direction, Intent, Kind, ObjectKey, Verb};
use crate::strategy::strategy;
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

const VS: Kind = Kind::VirtualService;

/// The reason why nothing goes forward; advance, weight up and promote must be refused with it.
fn blocked(shop: &Shop, kind: Kind, name: &str) -> String {
    let release = shop.release(kind, name);
    let why =
        release.traffic.as_ref().expect("traffic").blocked.clone().unwrap_or_else(|| panic!("{kind:?} is not blocked"));
    let forward = [Intent::Advance { from: None, rule: None }, Intent::Promote { winner: None }];
    for intent in forward {
        let refusal = shop.plan(&release, &intent).expect_err("forward");
        assert!(refusal.reason.contains(&*why), "{intent:?}: {}", refusal.reason);
    }
    for action in strategy(release.strategy).expect("known").actions(&release, &shop.context()) {
        if matches!(action.verb, Verb::Advance | Verb::Promote) {
            assert!(!action.enabled && action.why == why, "{}: {}", action.verb, action.why);
        }
    }
    why.to_string()
}

fn rules(change: impl FnOnce(&mut Value)) -> Shop {
    istio(20).set(VS, "shop", |route| change(&mut route["spec"]["http"]))
}

#[test]
fn weights_that_are_missing_or_do_not_sum_to_a_hundred() {
    let sum = rules(|http| http[1]["route"][1]["weight"] = 10.into());
    assert_eq!(blocked(&sum, VS, "shop"), "rule 'primary': its weights sum to 90, not to 100");
    let back = sum.plan(&sum.release(VS, "shop"), &Intent::Abort).expect("the way back is open");
    assert_eq!(back.direction, Direction::Back);
    assert_eq!(super::weights(&sum.after(&back).expect("holds"), VS, "/spec/http/1/route"), [100, 0]);
    let none = rules(|http| {
        for place in 0..2 {
            http[1]["route"][place].as_object_mut().expect("a destination").remove("weight");
        }
    });
    assert_eq!(blocked(&none, VS, "shop"), "rule 'primary': none of its destinations has a weight");
    assert_eq!(
        blocked(&gateway(0, 0), Kind::HttpRoute, "cart"),
        "the only rule: all of its weights are 0, so its requests fail"
    );
    let absent = gateway(1, 1).set(Kind::HttpRoute, "cart", |route| {
        route["spec"]["rules"][0]["backendRefs"][1].as_object_mut().expect("a backend").remove("weight");
    });
    let release = absent.release(Kind::HttpRoute, "cart");
    assert_eq!(release.traffic.as_ref().expect("traffic").blocked, None, "an absent weight is 1 in the Gateway API");
    assert_eq!(release.tracks[0].weight.asked, Some(50));
}

#[test]
fn destinations_that_do_not_exist() {
    let subset = rules(|http| http[1]["route"][1]["destination"]["subset"] = "gone".into());
    assert_eq!(blocked(&subset, VS, "shop"), "rule 'primary': DestinationRule shop has no subset 'gone'");
    let no_rule = istio(20).without(Kind::DestinationRule, "shop");
    assert_eq!(
        blocked(&no_rule, VS, "shop"),
        "rule 'primary': there is no DestinationRule for shop, so no subset 'stable'"
    );
    let service = gateway(80, 20).without(Kind::Service, "cart-canary");
    assert_eq!(blocked(&service, Kind::HttpRoute, "cart"), "the only rule: Service cart-canary does not exist");
    let workload = istio(20).without(Kind::Deployment, "shop-canary");
    assert_eq!(blocked(&workload, VS, "shop"), "rule 'primary': no workload stands behind shop subset canary");
}

#[test]
fn two_virtual_services_for_one_host() {
    let mut other = istio(20).objects.into_iter().find(|(key, _)| key.kind == VS).expect("there").1;
    other["metadata"] = json!({});
    other["spec"]["hosts"] = json!(["shop.shop.svc.cluster.local"]);
    let shop = istio(20).with(VS, "shop2", other.clone());
    assert_eq!(
        blocked(&shop, VS, "shop"),
        "virtualservice/shop and virtualservice/shop2 in shop are both for shop: which one counts is not defined"
    );
    other["spec"]["gateways"] = json!(["public"]);
    let apart = istio(20).with(VS, "shop2", other);
    assert_eq!(
        apart.release(VS, "shop").traffic.as_ref().expect("traffic").blocked,
        None,
        "another gateway is no rival"
    );
}

#[test]
fn absurd_and_hostile_values_are_shown_and_nothing_panics() {
    let absurd = [json!(-5), json!(9_223_372_036_854_775_807_i64), json!("x"), json!(null), json!([]), json!(1.5)];
    for weight in absurd {
        let shop = rules(|http| http[1]["route"][1]["weight"] = weight.clone());
        for release in shop.releases() {
            let _ = shop.plan(&release, &Intent::Abort);
            let _ = shop.plan(&release, &Intent::SetWeight { weight: 50, rule: None });
        }
    }
    let none = rules(|http| *http = json!([]));
    assert!(
        none.releases().iter().all(|release| release.strategy.0 == "rolling"),
        "a route without rules roots nothing"
    );
}

/// An `istio(20)` for these hosts at this gateway, beside a VirtualService that sends to another Service.
fn beside(ours: (&str, &str), theirs: (&str, &str), path: Option<&str>) -> Shop {
    let at = |(host, gateway): (&str, &str)| {
        let gateways = if gateway.is_empty() { json!([]) } else { json!([gateway]) };
        json!({"hosts": [host], "gateways": gateways})
    };
    let mut rule = json!({"route": [{"destination": {"host": "old-shop"}}]});
    if let Some(path) = path {
        rule["match"] = json!([{"uri": {"prefix": path}}]);
    }
    let mut spec = at(theirs);
    spec["http"] = json!([rule]);
    let own = at(ours);
    istio(20)
        .set(VS, "shop", |it| {
            it["spec"]["hosts"] = own["hosts"].clone();
            it["spec"]["gateways"] = own["gateways"].clone();
        })
        .with(VS, "left-over", json!({"spec": spec}))
}

#[test]
fn a_left_over_virtual_service_for_one_host_that_sends_elsewhere() {
    let mesh = beside(("shop", ""), ("shop.shop.svc.cluster.local", ""), Some("/old"));
    assert!(blocked(&mesh, VS, "shop").contains("virtualservice/left-over in shop are both for shop"));
    let public = |theirs: &str, path| beside(("shop.example.com", "public"), (theirs, "public"), path);
    assert!(blocked(&public("SHOP.example.com", None), VS, "shop").contains("which one counts is not defined"));
    let wild = beside(("*.example.com", "public"), ("*.example.com", "public"), None);
    assert!(blocked(&wild, VS, "shop").contains("are both for *.example.com"));
    let open = |shop: &Shop| shop.release(VS, "shop").traffic.as_ref().expect("traffic").blocked.clone();
    assert_eq!(open(&public("shop.example.com", Some("/old"))), None, "a gateway puts together what matches apart");
    assert_eq!(open(&public("*.example.com", None)), None, "the more exact host counts");
    let under = beside(("*.example.com", "public"), ("cart.example.com", "public"), None);
    assert_eq!(open(&under), None);
    let notices = under.release(VS, "shop").traffic.as_ref().expect("traffic").notices.clone();
    let told = "cart.example.com is decided by virtualservice/left-over, which is more exact";
    assert!(notices.iter().any(|notice| &**notice == told), "{notices:?}");
}

#[test]
fn a_rival_that_comes_or_goes_is_told_at_once() {
    let shop = beside(("shop", ""), ("shop", ""), None);
    let key = ObjectKey::new(VS, "shop", "left-over");
    let alone = shop.clone().without(VS, "left-over");
    let mut index = alone.index();
    let blocked = |index: &crate::cluster::index::Index| {
        let release = index.release(&ObjectKey::new(VS, "shop", "shop")).expect("a release");
        release.traffic.as_ref().expect("traffic").blocked.is_some()
    };
    assert!(!blocked(&index));
    index.apply(shop.item(&key));
    index.derive(crate::strategy::testing::now());
    assert!(blocked(&index));
    index.delete(&key);
    index.derive(crate::strategy::testing::now());
    assert!(!blocked(&index));
}

#[test]
fn a_route_of_an_older_served_version() {
    let served = |version: &str| istio(20).set(VS, "shop", |it| it["apiVersion"] = version.into());
    assert_eq!(
        blocked(&served("networking.istio.io/v1alpha3"), VS, "shop"),
        "the server has virtualservice/shop only as networking.istio.io/v1alpha3, an older form"
    );
    let same = served("networking.istio.io/v1beta1").release(VS, "shop");
    assert_eq!(same.traffic.as_ref().expect("traffic").blocked, None, "v1beta1 is of the form of v1");
    let rules = gateway(80, 20).objects.into_iter().find(|(key, _)| key.kind == Kind::HttpRoute).expect("there").1;
    let served = |kind: Kind, version: &str| {
        let route = json!({"spec": rules["spec"], "apiVersion": format!("gateway.networking.k8s.io/{version}")});
        gateway(80, 20).without(Kind::HttpRoute, "cart").with(kind, "cart", route)
    };
    let same = served(Kind::HttpRoute, "v1beta1");
    let plan = same.plan(&same.release(Kind::HttpRoute, "cart"), &Intent::Promote { winner: None }).expect("a plan");
    let after = same.after(&plan).expect("holds");
    assert_eq!(super::weights(&after, Kind::HttpRoute, "/spec/rules/0/backendRefs"), [0, 100], "nor is that of routes");
    for (kind, version) in [(Kind::HttpRoute, "v1alpha2"), (Kind::GrpcRoute, "v1alpha2")] {
        let why = blocked(&served(kind, version), kind, "cart");
        assert!(why.ends_with("only as gateway.networking.k8s.io/v1alpha2, an older form"), "{why}");
    }
}

#[test]
fn a_route_that_no_gateway_takes_is_held_and_one_that_some_take_is_not() {
    let said = |name: &str, what: &str, status: &str, generation: i64| {
        json!({"parentRef": {"name": name}, "controllerName": "x/y", "conditions": [
            {"type": what, "status": status, "reason": "R", "message": "no such listener", "observedGeneration": generation}]})
    };
    let with = |parents: Value| {
        gateway(80, 20).set(Kind::HttpRoute, "cart", |route| {
            route["metadata"]["generation"] = 7.into();
            route["spec"]["parentRefs"] = json!([{"name": "public"}, {"name": "mesh"}]);
            route["status"] = json!({ "parents": parents });
        })
    };
    let refused = with(json!([said("public", "Accepted", "False", 7)]));
    let why = blocked(&refused, Kind::HttpRoute, "cart");
    assert_eq!(why, "Gateway/public does not accept the route: no such listener");
    let back = refused.plan(&refused.release(Kind::HttpRoute, "cart"), &Intent::Abort).expect("the way back is open");
    assert_eq!(back.direction, Direction::Back);
    let unresolved = with(json!([said("public", "ResolvedRefs", "False", 7)]));
    assert!(blocked(&unresolved, Kind::HttpRoute, "cart").contains("can't resolve its backends"));
    let open = |parents: Value| {
        let release = with(parents).release(Kind::HttpRoute, "cart");
        release.traffic.as_ref().expect("traffic").blocked.clone()
    };
    let one = json!([said("public", "Accepted", "False", 7), said("mesh", "Accepted", "True", 7)]);
    assert_eq!(open(one), None, "another one serves it");
    assert_eq!(open(json!([said("public", "Accepted", "False", 6)])), None, "of the route as it was before");
}
