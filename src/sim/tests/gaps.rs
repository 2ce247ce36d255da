//! What kubectl and autoscalers, claims and surges ask of the server, beside the rollouts themselves.

use super::{pass, rolling};
use crate::sim::{SimCluster, SimOptions};
use http::Request;
use serde_json::{Value, json};

const HPA: &str = "horizontalpodautoscalers/shop/cart";

fn replicas(sim: &SimCluster) -> i64 {
    sim.object("deployments/shop/cart").unwrap()["spec"]["replicas"].as_i64().unwrap()
}

fn requests(sim: &SimCluster, rate: &str) {
    let rate = rate.to_owned();
    assert!(sim.edit(HPA, "test", |hpa| hpa["metadata"]["annotations"] = json!({"sim/rps": rate})));
}

#[test]
fn an_autoscaler_follows_its_load_step_by_step_and_takes_pods_away_only_after_a_calm() {
    let sim = rolling();
    pass(&sim, 60);
    assert_eq!(replicas(&sim), 4, "without a script nothing is scaled");
    requests(&sim, "4000");
    pass(&sim, 1);
    assert_eq!(replicas(&sim), 5, "80 % over 70 %: 4 pods want to be 5");
    pass(&sim, 90);
    assert_eq!(replicas(&sim), 10, "up to its limit, a step every 15 s");
    assert_eq!(
        sim.object(HPA).unwrap()["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"],
        80
    );
    requests(&sim, "0");
    pass(&sim, 60);
    assert_eq!(replicas(&sim), 10, "not at once");
    pass(&sim, 600);
    assert_eq!(replicas(&sim), 3, "down to its lower limit");
}

#[test]
fn a_use_that_the_template_tells_scales_too() {
    let sim = rolling();
    let busy = |object: &mut Value| {
        object["spec"]["template"]["metadata"]["annotations"]["sim/cpu-percent"] = json!("140");
    };
    assert!(sim.edit("deployments/shop/cart", "test", busy));
    pass(&sim, 120);
    assert_eq!(replicas(&sim), 10);
}

#[test]
fn a_stateful_set_s_claims_are_made_and_outlive_their_pods() {
    let sim = rolling();
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "store", "namespace": "shop"},
        "spec": {"replicas": 2, "serviceName": "store", "selector": {"matchLabels": {"app": "store"}},
            "template": {"metadata": {"labels": {"app": "store"}},
                "spec": {"containers": [{"name": "store", "image": "registry.test/shop/store:v1",
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}});
    assert!(sim.add(set, "test"));
    pass(&sim, 60);
    let claim = || sim.object("persistentvolumeclaims/shop/data-store-1").expect("made with its pod");
    let first = claim();
    assert_eq!((&first["status"]["phase"], &first["metadata"]["labels"]["app"]), (&json!("Bound"), &json!("store")));
    let pod = sim.object("pods/shop/store-1").expect("there");
    assert_eq!(pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"], "data-store-1");
    assert!(sim.remove("pods/shop/store-1"));
    pass(&sim, 60);
    let again = sim.object("pods/shop/store-1").expect("made anew");
    assert_ne!(again["metadata"]["uid"], pod["metadata"]["uid"]);
    assert_eq!(claim()["metadata"]["uid"], first["metadata"]["uid"], "its claim stays");
}

#[test]
fn a_daemon_set_that_surges_never_takes_a_pod_away_before_its_successor_is_available() {
    let sim = SimCluster::scenario("statefulset", &SimOptions::manual()).unwrap();
    pass(&sim, 300);
    let proxy = "daemonsets/daemonset/proxy";
    let nodes = sim.objects("nodes", "").len() as i64;
    assert!(sim.edit(proxy, "ana", |set| {
        set["spec"]["updateStrategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.test/shop/proxy:v3");
    }));
    let mut most = 0;
    for _ in 0..400 {
        sim.advance(std::time::Duration::from_millis(500));
        let pods = sim.objects("pods", "daemonset");
        let own = pods.iter().filter(|pod| pod["metadata"]["labels"]["app"] == "proxy");
        let own: Vec<_> = own.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect();
        let ready = |pod: &&&Value| {
            let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        };
        most = most.max(own.len() as i64);
        assert!(own.iter().filter(ready).count() as i64 >= nodes, "every node is served all the time");
    }
    assert_eq!(most, nodes + 1, "one extra pod at a time");
    assert_eq!(sim.object(proxy).unwrap()["status"]["updatedNumberScheduled"].as_i64(), Some(nodes));
}

#[tokio::test]
async fn kubectl_finds_that_the_server_validates_fields() {
    let client = rolling().client();
    let read = |path: &'static str| client.request::<Value>(Request::get(path).body(vec![]).unwrap());
    let index = read("/openapi/v3").await.unwrap();
    assert_eq!(index["paths"]["apis/apps/v1"]["serverRelativeURL"], "/openapi/v3/apis/apps/v1");
    let apps = read("/openapi/v3/apis/apps/v1").await.unwrap();
    let patch = &apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
    assert_eq!(patch["x-kubernetes-group-version-kind"]["kind"], "Deployment");
    assert!(patch["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == "fieldValidation"));
}

#[tokio::test]
async fn a_custom_resource_takes_no_strategic_merge_patch() {
    let sim = rolling();
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.test.io"},
        "spec": {"group": "test.io", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {}}]}});
    let thing = json!({"apiVersion": "test.io/v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "shop"}, "spec": {}});
    assert!(sim.add(crd, "test") && sim.add(thing, "test"));
    let patch = |path: &'static str, content: &'static str| {
        let body = br#"{"metadata":{"labels":{"x":"y"}}}"#.to_vec();
        let request = Request::patch(path).header("content-type", content).body(body).unwrap();
        let client = sim.client();
        async move { client.request::<Value>(request).await.err().map(|error| error.to_string()) }
    };
    let (strategic, merge) = ("application/strategic-merge-patch+json", "application/merge-patch+json");
    let thing = "/apis/test.io/v1/namespaces/shop/things/a";
    assert!(patch(thing, strategic).await.is_some_and(|error| error.contains("415") || error.contains("media type")));
    assert_eq!(patch(thing, merge).await, None);
    assert_eq!(patch("/apis/apps/v1/namespaces/shop/deployments/cart", strategic).await, None, "kubectl needs it here");
}
