//! Plain workloads whose second version is on its way, of every kind and way to update.

use super::case::Case;
use crate::domain::{Kind, Verb};
use crate::strategy::testing::ago;
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

const UNDO: &[Verb] = &[Verb::Undo];
const UNDO_OR_PAUSE: &[Verb] = &[Verb::Undo, Verb::Pause];

/// The cases of rolling, recreate and on-delete.
pub fn cases() -> Vec<Case> {
    let deployed = |kind, name, shop, back| Case::of(kind, name, (Kind::Deployment, "web"), shop, back);
    let set = |kind, name, of: Kind, shop, back| Case::of(kind, name, (of, "web"), shop, back);
    let (stateful, daemon) = (Kind::StatefulSet, Kind::DaemonSet);
    vec![
        deployed("rolling", "a Deployment", deployment("RollingUpdate"), UNDO_OR_PAUSE),
        deployed("rolling", "a paused Deployment", paused(deployment("RollingUpdate")), UNDO),
        deployed("rolling", "a Deployment with change-causes", told(deployment("RollingUpdate")), UNDO_OR_PAUSE),
        deployed(
            "rolling",
            "a Deployment that an autoscaler sizes",
            scaled(deployment("RollingUpdate")),
            UNDO_OR_PAUSE,
        ),
        deployed("rolling", "a Deployment past its deadline", late(deployment("RollingUpdate")), UNDO_OR_PAUSE)
            .broken(),
        set("rolling", "a StatefulSet", stateful, of_revisions(stateful, "RollingUpdate"), UNDO),
        set("rolling", "a DaemonSet", daemon, of_revisions(daemon, "RollingUpdate"), UNDO),
        deployed("recreate", "a Deployment", deployment("Recreate"), UNDO_OR_PAUSE),
        deployed("recreate", "a paused Deployment", paused(deployment("Recreate")), UNDO),
        deployed("recreate", "a Deployment past its deadline", late(deployment("Recreate")), UNDO_OR_PAUSE).broken(),
        set("on-delete", "a StatefulSet", stateful, of_revisions(stateful, "OnDelete"), UNDO),
        set("on-delete", "a DaemonSet", daemon, of_revisions(daemon, "OnDelete"), UNDO),
        set(
            "on-delete",
            "a StatefulSet without a ready pod",
            stateful,
            none_ready(of_revisions(stateful, "OnDelete")),
            UNDO,
        )
        .broken(),
    ]
}

/// A template of `web`, as a server writes it.
fn template(version: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": format!("reg/web:{version}"), "args": ["a && b < c"]}]}})
}

/// `web`: 3 pods of v1 and one of v2 of 4.
pub fn deployment(update: &str) -> Shop {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-deployment-web",
        "controller": true}]);
    Shop::default()
        .deployment("web", &[("app", "web")], "v1", (3, 500_000))
        .replica_set("web-h2", &owner, ("pod-template-hash", "h2"), &template("v2"), (1, 300))
        .set(Kind::ReplicaSet, "web-h2", |set| {
            set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
        })
        .set(Kind::Deployment, "web", |web| {
            web["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
            web["metadata"]["generation"] = 2.into();
            web["spec"]["replicas"] = 4.into();
            web["spec"]["strategy"]["type"] = update.into();
            web["spec"]["template"] = template("v2");
            web["status"] = json!({"observedGeneration": 2, "replicas": 4, "readyReplicas": 4, "updatedReplicas": 1,
                "availableReplicas": 4});
        })
}

fn paused(shop: Shop) -> Shop {
    shop.set(Kind::Deployment, "web", |web| web["spec"]["paused"] = true.into())
}

/// With the reason of each version.
fn told(shop: Shop) -> Shop {
    let cause = |object: &mut Value, cause: &str| {
        object["metadata"]["annotations"]["kubernetes.io/change-cause"] = cause.into();
    };
    shop.set(Kind::ReplicaSet, "web-h1", |set| cause(set, "first && best"))
        .set(Kind::ReplicaSet, "web-h2", |set| cause(set, "second"))
        .set(Kind::Deployment, "web", |web| cause(web, "second"))
}

fn scaled(shop: Shop) -> Shop {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    let spec = json!({"spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9}});
    shop.with(Kind::HorizontalPodAutoscaler, "web", spec)
}

fn late(shop: Shop) -> Shop {
    let since = ago(60).to_string();
    none_ready(shop).set(Kind::Deployment, "web", |web| {
        web["status"]["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "message": "it has timed out", "lastTransitionTime": since, "lastUpdateTime": since}]);
    })
}

/// The same without a ready pod.
pub fn none_ready(mut shop: Shop) -> Shop {
    for (key, object) in &mut shop.objects {
        match key.kind {
            Kind::Pod => object["status"]["conditions"][0]["status"] = "False".into(),
            Kind::EndpointSlice => {
                for endpoint in object["endpoints"].as_array_mut().into_iter().flatten() {
                    endpoint["conditions"]["ready"] = false.into();
                }
            }
            kind if kind.is_workload() || kind == Kind::ReplicaSet => {
                for field in ["readyReplicas", "availableReplicas", "numberReady", "numberAvailable"] {
                    if !object["status"][field].is_null() {
                        object["status"][field] = 0.into();
                    }
                }
            }
            _ => {}
        }
    }
    shop
}

/// A StatefulSet or DaemonSet `web` of 3 pods: two of v1, one of v2.
fn of_revisions(kind: Kind, update: &str) -> Shop {
    let uid = format!("uid-{}-web", kind.singular());
    let owner = json!([{"apiVersion": "apps/v1", "kind": kind.name(), "name": "web", "uid": uid, "controller": true}]);
    let counts = if kind == Kind::StatefulSet {
        json!({"replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 1,
            "currentRevision": "web-r1", "updateRevision": "web-r2"})
    } else {
        json!({"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 3, "numberAvailable": 3,
            "updatedNumberScheduled": 1})
    };
    let mut root = json!({
        "metadata": {"generation": 2},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template("v2"), "updateStrategy": {"type": update}},
        "status": counts,
    });
    root["status"]["observedGeneration"] = 2.into();
    if kind == Kind::StatefulSet {
        root["spec"]["replicas"] = 3.into();
    }
    let revision = |shop: Shop, number: i64, age: i64| {
        let mut template = template(&format!("v{number}"));
        template["$patch"] = "replace".into();
        let object = json!({
            "metadata": {"ownerReferences": owner, "labels": {"controller-revision-hash": format!("web-r{number}")},
                "creationTimestamp": ago(age).to_string()},
            "revision": number, "data": {"spec": {"template": template}},
        });
        shop.with(Kind::ControllerRevision, &format!("web-r{number}"), object)
    };
    let pod = |shop: Shop, (place, number): (usize, i64)| {
        let created = ago(200).to_string();
        let object = json!({
            "metadata": {"ownerReferences": owner, "creationTimestamp": created,
                "labels": {"app": "web", "controller-revision-hash": format!("web-r{number}")}},
            "spec": {"containers": template(&format!("v{number}"))["spec"]["containers"]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": created}]},
        });
        shop.with(Kind::Pod, &format!("web-{place}"), object)
    };
    let shop = revision(revision(Shop::default().with(kind, "web", root), 1, 500_000), 2, 300);
    [(0, 1), (1, 1), (2, 2)].into_iter().fold(shop, pod)
}
