//! What Argo Rollouts and Flagger steer, by keys: through the real event loop and engine, told by the server's objects.

use crate::stage::{Stage, image};
use serde_json::Value;
use std::time::Duration;
use windlass::sim::SimCluster;

/// Presses a key, confirms its plan, and waits until the server has taken all of it.
async fn does(stage: &Stage, key: &str, heading: &str) {
    confirms(stage, key, heading, "accepted ✔").await;
}

/// The same, and until what the plan waits for has come.
async fn done(stage: &Stage, key: &str, heading: &str) {
    confirms(stage, key, heading, "✔ applied").await;
}

async fn confirms(stage: &Stage, key: &str, heading: &str, end: &str) {
    stage.press(key).await;
    let dialog = format!("┌ {heading}");
    stage.until(&dialog).await;
    stage.until_gone("reading").await;
    stage.press("<armed>y").await;
    stage.until(end).await;
    stage.press("<Esc>").await;
    stage.until_gone(&dialog).await;
}

/// Waits until the server's objects are so.
async fn becomes(stage: &Stage, what: &str, wanted: impl Fn(&SimCluster) -> bool) {
    for _ in 0..900 {
        if wanted(&stage.sim) {
            return;
        }
        stage.quiet(Duration::from_secs(1)).await;
    }
    panic!("never: {what}\n{}", stage.text());
}

fn field(sim: &SimCluster, path: &str, pointer: &str) -> Value {
    sim.object(path).expect("it is there").pointer(pointer).cloned().unwrap_or_default()
}

/// What the first rule gives each side.
fn weights(sim: &SimCluster, name: &str) -> [i64; 2] {
    let weight =
        |side| field(sim, &format!("virtualservices/{name}"), &format!("/spec/http/0/route/{side}/weight")).as_i64();
    [0, 1].map(|side| weight(side).unwrap_or(-1))
}

mod argo {
    use super::{Stage, Value, becomes, does, done, field, image, weights};
    use windlass::sim::SimCluster;

    const PAY: &str = "rollouts/argo-canary/pay";
    const FRONT: &str = "rollouts/argo-bluegreen/front";

    fn index(sim: &SimCluster) -> i64 {
        field(sim, PAY, "/status/currentStepIndex").as_i64().unwrap_or(-1)
    }

    fn pauses(sim: &SimCluster) -> bool {
        field(sim, PAY, "/status/pauseConditions").as_array().is_some_and(|pauses| !pauses.is_empty())
    }

    #[tokio::test(start_paused = true)]
    async fn an_abort_after_a_retry_is_told_by_its_own_time() {
        const QUOTE: &str = "rollouts/argo-analysis/quote";
        let stage = Stage::at_traffic("argo", "argo-analysis/quote").await;
        let first = field(&stage.sim, QUOTE, "/status/abortedAt");
        done(&stage, "T", "RETRY").await;
        assert!(field(&stage.sim, QUOTE, "/status/abortedAt").is_null());
        done(&stage, "X", "ABORT").await;
        let again = field(&stage.sim, QUOTE, "/status/abortedAt");
        assert!(again.is_string() && again != first, "{first} {again}");
        stage.until("until then going back to it is quick").await;
    }

    async fn healthy(stage: &Stage, rollout: &str) {
        becomes(stage, "it is healthy", |sim| field(sim, rollout, "/status/phase") == "Healthy").await;
        stage.until("healthy").await;
    }

    async fn waiting() -> Stage {
        let stage = Stage::at_traffic("argo", "pay").await;
        becomes(&stage, "it stands at its pause", |sim| index(sim) == 1 && pauses(sim)).await;
        stage.until("step 1/6").await;
        assert_eq!(weights(&stage.sim, "argo-canary/pay"), [80, 20]);
        stage
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_is_held_goes_on_and_ends() {
        let stage = waiting().await;
        done(&stage, "P", "PAUSE").await;
        assert_eq!(field(&stage.sim, PAY, "/spec/paused"), true);
        done(&stage, "P", "RESUME").await;
        assert_ne!(field(&stage.sim, PAY, "/spec/paused"), true);
        stage.until("step 1/6").await;
        done(&stage, "C", "CONTINUE").await;
        assert!(index(&stage.sim) > 1, "{}", index(&stage.sim));
        becomes(&stage, "half of it", |sim| weights(sim, "argo-canary/pay") == [50, 50]).await;
        healthy(&stage, PAY).await;
        assert_eq!(weights(&stage.sim, "argo-canary/pay"), [100, 0], "stable is the new one now");
        assert_eq!(field(&stage.sim, PAY, "/status/stableRS"), field(&stage.sim, PAY, "/status/currentPodHash"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_advances_aborts_and_is_tried_again() {
        let stage = waiting().await;
        done(&stage, "A", "ADVANCE").await;
        assert!(index(&stage.sim) > 1, "{}", index(&stage.sim));
        does(&stage, "X", "ABORT").await;
        becomes(&stage, "all of it is back", |sim| weights(sim, "argo-canary/pay") == [100, 0]).await;
        assert_eq!(field(&stage.sim, PAY, "/status/abort"), true);
        stage.until("failed").await;
        done(&stage, "T", "RETRY").await;
        becomes(&stage, "its first step again", |sim| weights(sim, "argo-canary/pay") == [80, 20] && pauses(sim)).await;
        stage.until("step 1/6").await;
        done(&stage, "K", "SKIP").await;
        assert!(index(&stage.sim) > 1, "{}", index(&stage.sim));
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_is_promoted_undone_and_the_undo_taken_back() {
        let stage = waiting().await;
        done(&stage, "F", "PROMOTE").await;
        healthy(&stage, PAY).await;
        assert_eq!(image(&stage.sim, PAY), "registry.test/shop/pay:v2");
        does(&stage, "U", "UNDO").await;
        assert_eq!(image(&stage.sim, PAY), "registry.test/shop/pay:v1");
        becomes(&stage, "a canary of the old one", |sim| index(sim) == 1 && pauses(sim)).await;
        stage.until("step 1/6").await;
        does(&stage, "Z", "REVERT").await;
        assert_eq!(image(&stage.sim, PAY), "registry.test/shop/pay:v2");
        healthy(&stage, PAY).await;
    }

    /// The hash of the pods that a Service sends to.
    fn selected(sim: &SimCluster, service: &str) -> Value {
        field(sim, &format!("services/argo-bluegreen/{service}"), "/spec/selector/rollouts-pod-template-hash")
    }

    #[tokio::test(start_paused = true)]
    async fn a_blue_green_rollout_switches_when_it_is_told_to() {
        let stage = Stage::at_traffic("argo-bluegreen", "front").await;
        stage.until("waits for a person").await;
        let (active, preview) = (selected(&stage.sim, "front-active"), selected(&stage.sim, "front-preview"));
        assert_ne!(active, preview);
        does(&stage, "X", "ABORT").await;
        becomes(&stage, "it is given up", |sim| field(sim, FRONT, "/status/phase") == "Degraded").await;
        stage.until("failed").await;
        done(&stage, "T", "RETRY").await;
        stage.until("waits for a person").await;
        assert_eq!(selected(&stage.sim, "front-active"), active, "users are where they were");
        done(&stage, "C", "CONTINUE").await;
        becomes(&stage, "users are on the new one", |sim| selected(sim, "front-active") == preview).await;
        healthy(&stage, FRONT).await;
        does(&stage, "U", "UNDO").await;
        assert_eq!(image(&stage.sim, FRONT), "registry.test/shop/front:v1");
    }
}

mod flagger {
    use super::{Stage, Value, becomes, does, done, field, image, weights};
    use windlass::sim::SimCluster;

    fn phase(sim: &SimCluster, namespace: &str) -> Value {
        field(sim, &format!("canaries/{namespace}/podinfo"), "/status/phase")
    }

    fn closed(stage: &Stage) {
        for gate in ["gate", "rollback"] {
            assert!(!stage.sim.gate_is_open(gate, "podinfo", "flagger-gated"), "{gate} is closed again");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_gated_canary_goes_gate_by_gate_and_back_by_its_hook() {
        let stage = Stage::at_traffic("flagger", "flagger-gated/podinfo").await;
        stage.until("waits for gate").await;
        assert_eq!(phase(&stage.sim, "flagger-gated"), "Waiting");
        done(&stage, "A", "ADVANCE").await;
        becomes(&stage, "it runs", |sim| phase(sim, "flagger-gated") == "Progressing").await;
        closed(&stage);
        stage.until("0 % → 25 %").await;
        done(&stage, "C", "CONTINUE").await;
        assert_eq!(weights(&stage.sim, "flagger-gated/podinfo"), [75, 25]);
        closed(&stage);
        stage.until("25 % → 50 %").await;
        done(&stage, "X", "ABORT").await;
        assert_eq!(phase(&stage.sim, "flagger-gated"), "Failed");
        assert_eq!(weights(&stage.sim, "flagger-gated/podinfo"), [100, 0]);
        closed(&stage);
        stage.until("failed").await;
        does(&stage, "U", "UNDO").await;
        assert_eq!(image(&stage.sim, "deployments/flagger-gated/podinfo"), "registry.test/shop/podinfo:v1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_without_gates_is_suspended_and_its_glass_broken_with_a_reason() {
        let stage = Stage::at_traffic("flagger", "ns:flagger state:progressing podinfo").await;
        becomes(&stage, "it has some traffic", |sim| weights(sim, "flagger/podinfo")[1] > 0).await;
        done(&stage, "P", "PAUSE").await;
        assert_eq!(field(&stage.sim, "canaries/flagger/podinfo", "/spec/suspend"), true);
        stage.press("X").await;
        stage.until("breaking the glass").await;
        assert!(weights(&stage.sim, "flagger/podinfo")[1] > 0, "nothing was written");
        stage.press("<armed>b").await;
        stage.until("dry run  ✔ accepted").await;
        stage.press("<armed><Enter><armed>y").await;
        stage.until("type the reason").await;
        assert!(weights(&stage.sim, "flagger/podinfo")[1] > 0, "not without a reason");
        stage.press("<armed>enight<Enter><armed>y").await;
        stage.until("accepted ✔").await;
        assert_eq!(weights(&stage.sim, "flagger/podinfo"), [100, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_canary_is_promoted_past_its_analysis_and_undone() {
        let stage = Stage::at_traffic("flagger", "ns:flagger state:progressing podinfo").await;
        becomes(&stage, "it has some traffic", |sim| weights(sim, "flagger/podinfo")[1] > 0).await;
        done(&stage, "F", "PROMOTE").await;
        assert_eq!(phase(&stage.sim, "flagger"), "Succeeded");
        assert_ne!(field(&stage.sim, "canaries/flagger/podinfo", "/spec/skipAnalysis"), true, "it is set back");
        assert_eq!(image(&stage.sim, "deployments/flagger/podinfo-primary"), "registry.test/shop/podinfo:v3");
        stage.until("healthy").await;
        does(&stage, "U", "UNDO").await;
        assert_eq!(image(&stage.sim, "deployments/flagger/podinfo"), "registry.test/shop/podinfo:v2");
        becomes(&stage, "an analysis of the old one", |sim| phase(sim, "flagger") == "Progressing").await;
    }
}
