//! The controller of Argo Rollouts: what it was seen to do on a real control plane, it does here.

use super::pass;
use crate::sim::{SimCluster, SimOptions};
use http::Request;
use serde_json::{Value, json};

fn scenario(name: &str) -> SimCluster {
    SimCluster::scenario(name, &SimOptions::manual()).expect("the embedded scenario is sound")
}

fn rollout(sim: &SimCluster, path: &str) -> Value {
    sim.object(&format!("rollouts/{path}")).expect("there")
}

/// Phase, message and step.
fn told(sim: &SimCluster, path: &str) -> (String, String, i64) {
    let status = rollout(sim, path)["status"].clone();
    let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
    (text("phase"), text("message"), status["currentStepIndex"].as_i64().unwrap_or(-1))
}

fn weights(sim: &SimCluster, path: &str) -> (i64, i64) {
    let route = sim.object(&format!("virtualservices/{path}")).expect("there");
    let of = |place: usize| route["spec"]["http"][0]["route"][place]["weight"].as_i64().expect("a weight");
    (of(0), of(1))
}

/// A JSON patch of a Rollout's status, through the API.
async fn patch(sim: &SimCluster, path: &str, operations: Value) -> u16 {
    let (namespace, name) = path.split_once('/').expect("a namespace");
    let uri = format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts/{name}/status?fieldManager=ana");
    let request = Request::builder().method("PATCH").uri(uri).header("content-type", "application/json-patch+json");
    let body = kube::client::Body::from(serde_json::to_vec(&operations).expect("JSON"));
    sim.client().send(request.body(body).expect("a request")).await.expect("an answer").status().as_u16()
}

fn image(sim: &SimCluster, path: &str, version: &str) {
    let changed = sim.edit(&format!("rollouts/{path}"), "ana", |rollout| {
        let image = &mut rollout["spec"]["template"]["spec"]["containers"][0]["image"];
        let name = image.as_str().expect("text").rsplit_once(':').expect("a tag").0.to_owned();
        *image = json!(format!("{name}:{version}"));
    });
    assert!(changed);
}

const PAY: &str = "argo-canary/pay";
const FRONT: &str = "argo-bluegreen/front";

#[test]
fn a_canary_waits_for_a_person_at_its_pause_with_the_weight_on_the_route() {
    let sim = scenario("argo");
    assert_eq!(told(&sim, PAY), ("Paused".into(), "CanaryPauseStep".into(), 1));
    assert_eq!(weights(&sim, PAY), (80, 20));
    let status = rollout(&sim, PAY)["status"].clone();
    assert_eq!((&status["replicas"], &status["updatedReplicas"]), (&json!(6), &json!(1)));
    assert_eq!(status["controllerPause"], true);
    assert_ne!(status["stableRS"], status["currentPodHash"]);
    pass(&sim, 3_600);
    assert_eq!(told(&sim, PAY).2, 1, "a person is waited for");
}

#[tokio::test]
async fn an_ended_pause_goes_on_through_the_timed_ones_to_the_end() {
    let sim = scenario("argo");
    assert_eq!(patch(&sim, PAY, json!([{"op": "remove", "path": "/status/pauseConditions"}])).await, 200);
    pass(&sim, 8);
    assert_eq!((told(&sim, PAY).2, weights(&sim, PAY)), (3, (50, 50)));
    pass(&sim, 60);
    let status = rollout(&sim, PAY)["status"].clone();
    assert_eq!(told(&sim, PAY), ("Healthy".into(), String::new(), 6));
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    assert_eq!(weights(&sim, PAY), (100, 0), "the stable Service has the new version now");
    let old = sim
        .objects("replicasets", "argo-canary")
        .into_iter()
        .find(|set| set["metadata"]["labels"]["app"] == "pay" && set["metadata"]["labels"]["version"] == "v1");
    assert_eq!(old.expect("kept as history")["spec"]["replicas"], 0);
}

#[tokio::test]
async fn an_abort_gives_everything_back_and_a_step_set_by_hand_does_not_last() {
    let sim = scenario("argo");
    patch(&sim, PAY, json!([{"op": "add", "path": "/status/abort", "value": true}])).await;
    pass(&sim, 2);
    let (phase, message, step) = told(&sim, PAY);
    assert_eq!((phase.as_str(), step, weights(&sim, PAY)), ("Degraded", 0, (100, 0)));
    assert_eq!(message, "RolloutAborted: Rollout aborted update to revision 2");
    patch(&sim, PAY, json!([{"op": "add", "path": "/status/currentStepIndex", "value": 3}])).await;
    pass(&sim, 2);
    assert_eq!(told(&sim, PAY).2, 0, "the controller puts it back");
    patch(&sim, PAY, json!([{"op": "add", "path": "/status/promoteFull", "value": true}])).await;
    pass(&sim, 30);
    assert_eq!((told(&sim, PAY).0.as_str(), told(&sim, PAY).2), ("Healthy", 6), "it ships the rejected version");
}

#[tokio::test]
async fn a_retry_begins_at_the_first_step_and_going_back_to_stable_skips_them() {
    let sim = scenario("argo");
    patch(&sim, PAY, json!([{"op": "add", "path": "/status/abort", "value": true}])).await;
    pass(&sim, 2);
    patch(&sim, PAY, json!([{"op": "add", "path": "/status/abort", "value": false}])).await;
    pass(&sim, 10);
    assert_eq!((told(&sim, PAY).1.as_str(), told(&sim, PAY).2), ("CanaryPauseStep", 1));
    sim.edit("rollouts/argo-canary/pay", "ana", |rollout| {
        rollout["spec"]["template"]["metadata"]["labels"]["version"] = "v1".into();
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/shop/pay:v1".into();
    });
    pass(&sim, 2);
    assert_eq!((told(&sim, PAY).0.as_str(), told(&sim, PAY).2, weights(&sim, PAY)), ("Healthy", 6, (100, 0)));
    assert_eq!(rollout(&sim, PAY)["metadata"]["annotations"]["rollout.argoproj.io/revision"], "3");
}

#[tokio::test]
async fn a_continue_while_held_is_lost() {
    let sim = scenario("argo");
    sim.edit("rollouts/argo-canary/pay", "ana", |rollout| rollout["spec"]["paused"] = true.into());
    pass(&sim, 2);
    assert_eq!(told(&sim, PAY).1, "manually paused");
    patch(&sim, PAY, json!([{"op": "remove", "path": "/status/pauseConditions"}])).await;
    pass(&sim, 2);
    sim.edit("rollouts/argo-canary/pay", "ana", |rollout| rollout["spec"]["paused"] = false.into());
    pass(&sim, 10);
    assert_eq!((told(&sim, PAY).1.as_str(), told(&sim, PAY).2), ("CanaryPauseStep", 1), "the pause comes again");
}

#[test]
fn an_analysis_that_fails_aborts_with_its_words() {
    let sim = scenario("argo");
    let (phase, message, _) = told(&sim, "argo-analysis/quote");
    assert_eq!(phase, "Degraded");
    assert_eq!(
        message,
        "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric \
         \"success-rate\" assessed Failed due to failed (2) > failureLimit (1)"
    );
    let runs = sim.objects("analysisruns", "argo-analysis");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["status"]["metricResults"][0]["measurements"].as_array().map(Vec::len), Some(2));
    assert_eq!(runs[0]["status"]["metricResults"][0]["measurements"][0]["value"], "[0.8]");
    assert_eq!(weights(&sim, "argo-analysis/quote"), (100, 0));
}

#[test]
fn a_good_version_passes_its_analysis() {
    let sim = scenario("argo");
    sim.edit("rollouts/argo-analysis/quote", "ana", |rollout| {
        rollout["spec"]["template"]["metadata"]["annotations"]["sim/error-rate"] = "0.001".into();
    });
    image(&sim, "argo-analysis/quote", "v4");
    pass(&sim, 12);
    assert_eq!(told(&sim, "argo-analysis/quote").2, 1, "it is measured");
    pass(&sim, 40);
    assert_eq!(told(&sim, "argo-analysis/quote").0, "Healthy");
}

#[test]
fn what_is_meant_for_another_controller_is_left_alone() {
    let sim = scenario("argo");
    assert!(rollout(&sim, "argo-canary/orphan")["status"].is_null());
}

#[tokio::test]
async fn a_blue_green_switch_waits_for_a_person_and_the_old_side_stays_for_a_while() {
    let sim = scenario("argo-bluegreen");
    assert_eq!(told(&sim, FRONT).1, "BlueGreenPause");
    let live = |sim: &SimCluster| {
        sim.object("services/argo-bluegreen/front-active").expect("there")["spec"]["selector"]["rollouts-pod-template-hash"].clone()
    };
    let status = rollout(&sim, FRONT)["status"].clone();
    assert_eq!((&live(&sim), &status["blueGreen"]["activeSelector"]), (&status["stableRS"], &status["stableRS"]));
    assert_eq!(status["blueGreen"]["previewSelector"], status["currentPodHash"]);
    patch(&sim, FRONT, json!([{"op": "remove", "path": "/status/pauseConditions"}])).await;
    pass(&sim, 2);
    assert_eq!(told(&sim, FRONT).0, "Healthy");
    assert_eq!(live(&sim), status["currentPodHash"]);
    let pods = |sim: &SimCluster| rollout(sim, FRONT)["status"]["replicas"].clone();
    assert_eq!(pods(&sim), 6, "v1 is kept");
    // Back within its time: at once, and nobody is asked.
    sim.edit("rollouts/argo-bluegreen/front", "ana", |rollout| {
        rollout["spec"]["template"]["metadata"]["labels"]["version"] = "v1".into();
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/shop/front:v1".into();
    });
    pass(&sim, 2);
    assert_eq!((told(&sim, FRONT).0.as_str(), live(&sim)), ("Healthy", status["stableRS"].clone()));
    pass(&sim, 30);
    assert_eq!(pods(&sim), 3, "the other side ended");
}

#[tokio::test]
async fn a_blue_green_version_that_is_tried_again_waits_for_a_person_again() {
    let sim = scenario("argo-bluegreen");
    patch(&sim, FRONT, json!([{"op": "add", "path": "/status/abort", "value": true}])).await;
    pass(&sim, 2);
    assert_eq!(told(&sim, FRONT).0, "Degraded");
    patch(&sim, FRONT, json!([{"op": "add", "path": "/status/abort", "value": false}])).await;
    pass(&sim, 4);
    assert_eq!(told(&sim, FRONT).1, "BlueGreenPause");
}

#[test]
fn a_switch_by_itself_comes_in_its_time() {
    let sim = scenario("argo-bluegreen");
    assert_eq!(told(&sim, "argo-bluegreen/auto").1, "BlueGreenPause");
    pass(&sim, 200);
    assert_eq!(told(&sim, "argo-bluegreen/auto").0, "Healthy");
}

#[test]
fn a_restart_replaces_pods_one_by_one() {
    let sim = scenario("argo-bluegreen");
    let names = |sim: &SimCluster| {
        let pods =
            sim.objects("pods", "argo-bluegreen").into_iter().filter(|pod| pod["metadata"]["labels"]["app"] == "auto");
        pods.map(|pod| pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let before = names(&sim);
    let now = crate::sim::json::stamp(sim.now());
    sim.edit("rollouts/argo-bluegreen/auto", "ana", |rollout| rollout["spec"]["restartAt"] = now.as_str().into());
    pass(&sim, 240);
    assert!(names(&sim).iter().all(|name| !before.contains(name)), "{before:?} {:?}", names(&sim));
    assert_eq!(rollout(&sim, "argo-bluegreen/auto")["status"]["restartedAt"], now.as_str());
}
