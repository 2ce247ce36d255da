//! Routes with weights: what is recognised, shown, planned and refused.

#![expect(clippy::missing_panics_doc, reason = "what only tests call says what is wrong by panicking")]

mod bad_input;
mod plans;
mod shown;

use crate::domain::{Kind, Plan};
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

/// A stable and a canary Deployment of `shop`, an Istio canary at `weight` % by subsets, and a rule for mobile clients.
pub fn istio(weight: u8) -> Shop {
    let subsets =
        json!([{"name": "stable", "labels": {"track": "stable"}}, {"name": "canary", "labels": {"track": "canary"}}]);
    let to = |subset: &str| json!({"host": "shop", "subset": subset});
    pair("shop")
        .service("shop", &[("app", "shop")])
        .with(Kind::DestinationRule, "shop", json!({"spec": {"host": "shop", "subsets": subsets}}))
        .with(
            Kind::VirtualService,
            "shop",
            json!({"spec": {"hosts": ["shop"], "http": [
                {"name": "mobile", "match": [{"headers": {"user-agent": {"regex": ".*(Android|iPhone) && <x>.*"}}}],
                    "route": [{"destination": to("canary")}]},
                {"name": "primary", "timeout": "3s", "route": [
                    {"destination": to("stable"), "weight": 100 - weight},
                    {"destination": to("canary"), "weight": weight}]},
            ]}}),
        )
}

/// The same with hosts of their own behind an HTTPRoute; the weights are of any sum.
pub fn gateway(stable: i64, canary: i64) -> Shop {
    pair("cart")
        .service("cart-stable", &[("app", "cart"), ("track", "stable")])
        .service("cart-canary", &[("app", "cart"), ("track", "canary")])
        .with(
            Kind::HttpRoute,
            "cart",
            json!({"spec": {"parentRefs": [{"name": "public"}], "hostnames": ["cart.example.com"], "rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "a && b"}]}}],
                "backendRefs": [
                    {"name": "cart-stable", "port": 80, "weight": stable},
                    {"name": "cart-canary", "port": 80, "weight": canary}]}]}}),
        )
}

/// Two Deployments of `app`, the canary a day younger.
fn pair(app: &'static str) -> Shop {
    let labels = |track: &'static str| [("app", app), ("track", track)];
    let name = |track: &str| format!("{app}-{track}");
    Shop::default().deployment(&name("stable"), &labels("stable"), "v1", (4, 100_000)).deployment(
        &name("canary"),
        &labels("canary"),
        "v2",
        (2, 9_000),
    )
}

/// A rule of an object, by pointer.
pub fn at<'a>(shop: &'a Shop, kind: Kind, pointer: &str) -> &'a Value {
    let (_, object) = shop.objects.iter().find(|(key, _)| key.kind == kind).expect("there");
    object.pointer(pointer).unwrap_or(&Value::Null)
}

/// The weights of a list of destinations.
pub fn weights(shop: &Shop, kind: Kind, pointer: &str) -> Vec<i64> {
    let list = at(shop, kind, pointer).as_array().expect("a list");
    list.iter().map(|item| item["weight"].as_i64().unwrap_or(-1)).collect()
}

/// The changed places of a plan, one line each.
pub fn diff(plan: &Plan) -> Vec<String> {
    let line = |change: &crate::domain::plan::Change| {
        let text = |value: &Option<crate::domain::Str>| value.as_deref().unwrap_or("-").to_owned();
        format!("{}: {} → {}", change.place, text(&change.old), text(&change.new))
    };
    plan.diff.iter().map(line).collect()
}
