//! Canaries as a server has them, in every phase of a run.

use super::case::Case;
use crate::domain::{Kind, Verb};
use crate::strategy::testing::ago;
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

const UNDO_OR_PAUSE: &[Verb] = &[Verb::Undo, Verb::Pause];
const ALL: &[Verb] = &[Verb::Undo, Verb::Pause, Verb::Abort];

/// The cases of Flagger.
pub fn cases() -> Vec<Case> {
    let of = |name, shop, back| Case::of("flagger", name, (Kind::Canary, "web"), shop, back);
    let suspended = |shop: Shop| canary(shop, |canary| canary["spec"]["suspend"] = true.into());
    vec![
        of("in mid-run", progressing(), UNDO_OR_PAUSE),
        of("in mid-run, with gates", gated(), ALL),
        of("before its start gate", phase(gated(), "Waiting", (100, 0)), UNDO_OR_PAUSE),
        of("before its promotion gate", phase(gated(), "WaitingPromotion", (50, 50)), ALL),
        of("in its promotion", phase(progressing(), "Promoting", (50, 50)), UNDO_OR_PAUSE),
        of("at rest", succeeded(), UNDO_OR_PAUSE),
        of("rolled back", phase(progressing(), "Failed", (100, 0)), UNDO_OR_PAUSE),
        of("suspended", suspended(progressing()), &[Verb::Undo]),
        of("suspended, with gates", suspended(gated()), &[Verb::Undo, Verb::Abort]),
        of("of a group of users", tested(), UNDO_OR_PAUSE),
        of("without a router", unrouted(), UNDO_OR_PAUSE),
        of("left on a failed canary", phase(progressing(), "Failed", (0, 100)), UNDO_OR_PAUSE).broken(),
        of("with an interval that can't be read", unreadable(gated()), ALL).broken(),
        of("with a status that can't be read", canary(gated(), |it| it["status"]["phase"] = 7.into()), UNDO_OR_PAUSE)
            .broken(),
        of(
            "never seen by a controller",
            canary(progressing(), |it| drop(status_of(it).remove("status"))),
            UNDO_OR_PAUSE,
        )
        .broken(),
    ]
}

fn status_of(canary: &mut Value) -> &mut serde_json::Map<String, Value> {
    canary.as_object_mut().expect("an object")
}

/// Changes the Canary.
pub fn canary(shop: Shop, change: impl FnOnce(&mut Value)) -> Shop {
    shop.set(Kind::Canary, "web", change)
}

fn unreadable(shop: Shop) -> Shop {
    canary(shop, |canary| canary["spec"]["analysis"]["interval"] = json!({"every": 10}))
}

fn owner() -> Value {
    json!([{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "web", "uid": "uid-canary-web", "controller": true}])
}

/// `web` at v2 in the middle of a run, users on v1 of `web-primary`, 20 % of the traffic on the canary.
pub fn progressing() -> Shop {
    let canary = json!({
        "metadata": {"creationTimestamp": ago(600_000).to_string()},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "progressDeadlineSeconds": 600,
            "service": {"port": 80},
            "analysis": {"interval": "10s", "threshold": 5, "maxWeight": 50, "stepWeight": 10, "metrics": [
                {"name": "request-success-rate", "interval": "1m", "thresholdRange": {"min": 99}}]},
        },
        "status": {"phase": "Progressing", "canaryWeight": 20, "iterations": 0, "failedChecks": 0,
            "lastAppliedSpec": "hash-v2", "lastPromotedSpec": "hash-v1", "lastTransitionTime": ago(4).to_string()},
    });
    let shop = Shop::default().with(Kind::Canary, "web", canary).deployment(
        "web-primary",
        &[("app", "web-primary")],
        "v1",
        (2, 400_000),
    );
    let shop = owned(image(shop, "web-primary", "reg/web:v1"), Kind::Deployment, "web-primary");
    let services = [("web", "web-primary"), ("web-primary", "web-primary"), ("web-canary", "web")];
    let shop = services
        .into_iter()
        .fold(target(shop, 2), |shop, (name, app)| owned(shop.service(name, &[("app", app)]), Kind::Service, name));
    weights(shop, (80, 20))
}

/// The target `web` with so many pods of v2; v1 ran before.
fn target(shop: Shop, pods: i32) -> Shop {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-deployment-web",
        "controller": true}]);
    let template = json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "reg/web:v2", "args": ["a && b < c"]}]}});
    shop.deployment("web", &[("app", "web")], "v1", (0, 500_000))
        .replica_set("web-h2", &owner, ("pod-template-hash", "h2"), &template, (pods, 300))
        .set(Kind::ReplicaSet, "web-h2", |set| {
            set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
        })
        .set(Kind::Deployment, "web", |web| {
            web["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
            web["spec"]["template"] = template;
            web["spec"]["replicas"] = pods.into();
            web["status"] = json!({"observedGeneration": 1, "replicas": pods, "readyReplicas": pods,
                "updatedReplicas": pods, "availableReplicas": pods});
        })
}

fn image(shop: Shop, name: &str, image: &str) -> Shop {
    let set = |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    shop.set(Kind::Deployment, name, set).set(Kind::ReplicaSet, &format!("{name}-h1"), set)
}

fn owned(shop: Shop, kind: Kind, name: &str) -> Shop {
    shop.set(kind, name, |object| object["metadata"]["ownerReferences"] = owner())
}

/// The VirtualService that Flagger writes, with these weights.
pub fn weights(shop: Shop, (primary, canary): (i64, i64)) -> Shop {
    let route = json!({"metadata": {"ownerReferences": owner()}, "spec": {"hosts": ["web"], "http": [{"route": [
        {"destination": {"host": "web-primary"}, "weight": primary},
        {"destination": {"host": "web-canary"}, "weight": canary}]}]}});
    shop.with(Kind::VirtualService, "web", route)
}

/// The same in another phase.
pub fn phase(shop: Shop, phase: &str, split: (i64, i64)) -> Shop {
    canary(weights(shop, split), |canary| {
        canary["status"]["phase"] = phase.into();
        canary["status"]["canaryWeight"] = split.1.into();
    })
}

/// With the gates of a load tester in another namespace: one for start, weights and promotion, and one that rolls back.
pub fn gated() -> Shop {
    let hook = |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "url": format!("http://tester.test{path}")});
    canary(progressing(), |canary| {
        canary["spec"]["analysis"]["webhooks"] = json!([
            hook("start gate", "confirm-rollout", "/gate/check"),
            hook("traffic gate", "confirm-traffic-increase", "/gate/check"),
            hook("promotion gate", "confirm-promotion", "/gate/check"),
            hook("rollback gate", "rollback", "/rollback/check"),
        ]);
    })
}

/// An A/B test: those with a header get the candidate.
fn tested() -> Shop {
    let matches = json!([{"headers": {"x-group": {"exact": "b"}}}]);
    let shop = canary(progressing(), |canary| {
        canary["spec"]["analysis"]["match"] = matches.clone();
        canary["spec"]["analysis"]["iterations"] = 5.into();
        drop(canary["status"].as_object_mut().expect("a status").remove("canaryWeight"));
    });
    weights(shop, (0, 100)).set(Kind::VirtualService, "web", |route| {
        let rules = route["spec"]["http"].as_array_mut().expect("rules");
        rules[0]["match"] = matches;
        rules.push(json!({"route": [{"destination": {"host": "web-primary"}, "weight": 100}]}));
    })
}

/// With the provider `kubernetes`: checks beside the traffic.
fn unrouted() -> Shop {
    let shop = canary(progressing(), |canary| {
        canary["spec"]["provider"] = "kubernetes".into();
        canary["spec"]["analysis"]["iterations"] = 5.into();
    });
    shop.without(Kind::VirtualService, "web")
}

/// After a promotion of v2: the target is parked.
fn succeeded() -> Shop {
    let mut shop = target(phase(progressing(), "Succeeded", (100, 0)), 0);
    shop.objects.retain(|key, _| !(key.kind == Kind::Pod && key.name.starts_with("web-h2")));
    let shop = canary(shop, |canary| canary["status"]["lastPromotedSpec"] = "hash-v2".into());
    let set = |object: &mut Value| object["spec"]["template"]["spec"]["containers"][0]["image"] = "reg/web:v2".into();
    shop.set(Kind::Deployment, "web-primary", set).set(Kind::ReplicaSet, "web-primary-h1", set)
}
