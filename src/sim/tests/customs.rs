//! Custom resources: served as the API server serves them, without controllers.

use crate::sim::{SimCluster, SimOptions};
use http::Request;
use serde_json::{Value, json};

const ROUTES: &str = r#"
namespaces = ["shop"]
crds = ["istio", "gateway", "flagger", "argo"]

[[object]]
apiVersion = "networking.istio.io/v1"
kind = "VirtualService"
metadata = { name = "web", namespace = "shop" }
spec = { hosts = ["web"], http = [{ route = [{ destination = { host = "web", subset = "v1" }, weight = 90 }, { destination = { host = "web", subset = "v2" }, weight = 10 }] }] }

[[object]]
apiVersion = "gateway.networking.k8s.io/v1"
kind = "HTTPRoute"
metadata = { name = "web", namespace = "shop" }
spec = { rules = [{ backendRefs = [{ name = "web-v1", port = 80 }] }] }

[[object]]
apiVersion = "flagger.app/v1beta1"
kind = "Canary"
metadata = { name = "web", namespace = "shop" }
spec = { targetRef = { kind = "Deployment", name = "web" } }
status = { phase = "Progressing", canaryWeight = 20 }
"#;

fn routes() -> SimCluster {
    SimCluster::from_toml(ROUTES, &SimOptions::manual()).expect("sound")
}

async fn send(sim: &SimCluster, method: &str, path: &str, content: &str, body: Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", content);
    let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).expect("JSON") };
    let response =
        sim.client().send(request.body(kube::client::Body::from(body)).expect("a request")).await.expect("an answer");
    let status = response.status().as_u16();
    let bytes = response.into_body().collect_bytes().await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

const PATCH: &str = "application/json-patch+json";

#[tokio::test]
async fn a_custom_resource_is_listed_with_its_version_and_its_defaults() {
    let sim = routes();
    let (code, list) = send(&sim, "GET", "/apis/gateway.networking.k8s.io/v1/httproutes", "", Value::Null).await;
    let route = &list["items"][0];
    assert_eq!((code, &route["apiVersion"]), (200, &json!("gateway.networking.k8s.io/v1")));
    assert_eq!(route["spec"]["rules"][0]["backendRefs"][0]["weight"], 1);
    assert_eq!(route["spec"]["rules"][0]["matches"][0]["path"]["value"], "/");
    assert_eq!(route["metadata"]["generation"], 1);
}

#[tokio::test]
async fn a_weight_is_patched_behind_a_fence_and_the_generation_rises() {
    let sim = routes();
    let path = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/web?fieldManager=windlass-ana";
    let uid = sim.object("virtualservices/shop/web").expect("there")["metadata"]["uid"].clone();
    let patch = json!([{"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/spec/http/0/route/1/weight", "value": 10},
        {"op": "add", "path": "/spec/http/0/route/1/weight", "value": 50},
        {"op": "add", "path": "/spec/http/0/route/0/weight", "value": 50}]);
    let (code, after) = send(&sim, "PATCH", path, PATCH, patch.clone()).await;
    assert_eq!((code, &after["spec"]["http"][0]["route"][1]["weight"]), (200, &json!(50)));
    assert_eq!(after["metadata"]["generation"], 2);
    let entries = after["metadata"]["managedFields"].as_array().expect("a list");
    let ours = entries.iter().find(|entry| entry["manager"] == "windlass-ana").expect("we are named");
    assert!(!ours["fieldsV1"]["f:spec"]["f:http"].is_null(), "{ours}");
    assert_eq!(send(&sim, "PATCH", path, PATCH, patch).await.0, 422, "the fence holds the second time");
}

#[tokio::test]
async fn a_status_is_written_through_its_subresource_only() {
    let sim = routes();
    assert_eq!(sim.object("canaries/shop/web").expect("there")["status"]["phase"], "Progressing");
    let main = "/apis/flagger.app/v1beta1/namespaces/shop/canaries/web";
    let patch = json!([{"op": "test", "path": "/status/phase", "value": "Progressing"},
        {"op": "replace", "path": "/status/canaryWeight", "value": 30}]);
    let (code, after) = send(&sim, "PATCH", main, PATCH, patch.clone()).await;
    assert_eq!((code, &after["status"]["canaryWeight"]), (200, &json!(20)));
    let (code, after) = send(&sim, "PATCH", &format!("{main}/status"), PATCH, patch).await;
    assert_eq!((code, &after["status"]["canaryWeight"]), (200, &json!(30)));
    assert_eq!(after["metadata"]["generation"], 1, "a status is no spec");
}

#[test]
fn a_project_that_is_not_known_is_named() {
    let error = SimCluster::from_toml("crds = [\"linkerd\"]", &SimOptions::manual()).expect_err("unknown");
    assert!(format!("{error:?}").contains("istio"), "{error:?}");
}
