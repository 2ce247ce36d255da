//! Rollouts for tests, as a real controller leaves them (Argo Rollouts 1.9).

#![expect(
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "what only tests call says what is wrong by panicking"
)]

use crate::domain::plan::{Operation, Plan, Refusal, RefusalKind};
use crate::domain::{Intent, Kind, Release};
use crate::strategy::testing::ago;
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};
use std::sync::Arc;

/// The label of a Rollout's pods.
const HASH: &str = "rollouts-pod-template-hash";

/// A Rollout of a test, with its shop.
#[derive(Debug, Clone)]
pub struct World {
    /// All objects.
    pub shop: Shop,
    /// The Rollout's name.
    pub name: &'static str,
}

/// The steps of the canary: 20 %, a pause for a person, 50 %, 10 s, 80 %, 10 s.
pub fn steps() -> Value {
    json!([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "10s"}}, {"setWeight": 80},
        {"pause": {"duration": 10}}])
}

fn template(name: &str, version: &str) -> Value {
    json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [
        {"name": name, "image": format!("reg/{name}:{version}"), "args": ["a && b < c"]}]}})
}

fn stamp(seconds: i64) -> String {
    ago(seconds).to_string()
}

impl World {
    fn new(name: &'static str, strategy: Value, pods: i32) -> Self {
        let rollout = json!({
            "metadata": {"annotations": {"rollout.argoproj.io/revision": "1"}},
            "spec": {"replicas": pods, "selector": {"matchLabels": {"app": name}}, "strategy": strategy,
                "template": template(name, "v1")},
            "status": {"observedGeneration": "1", "phase": "Healthy", "currentPodHash": "h1", "stableRS": "h1",
                "replicas": pods, "updatedReplicas": pods, "readyReplicas": pods, "availableReplicas": pods},
        });
        let world = Self { shop: Shop::default().with(Kind::Rollout, name, rollout), name };
        world.set(1, "v1", (pods, 400_000))
    }

    /// `pay`: a canary over Istio, 5 replicas, v1 everywhere.
    pub fn pay() -> Self {
        let strategy = json!({"canary": {"stableService": "pay-stable", "canaryService": "pay-canary", "steps": steps(),
            "trafficRouting": {"istio": {"virtualService": {"name": "pay", "routes": ["primary"]}}}}});
        let mut world = Self::new("pay", strategy, 5);
        for service in ["pay-stable", "pay-canary"] {
            world.shop = world.shop.service(service, &[("app", "pay"), (HASH, "h1")]);
        }
        world
            .with(|rollout| {
                rollout["status"]["currentStepIndex"] = 6.into();
                rollout["status"]["canary"]["weights"] = weights(0);
            })
            .route(0)
    }

    /// The route with so much for the canary.
    pub fn route(mut self, canary: i64) -> Self {
        let route = json!({"spec": {"hosts": ["pay.example.com"], "http": [{"name": "primary", "route": [
            {"destination": {"host": "pay-stable"}, "weight": 100 - canary},
            {"destination": {"host": "pay-canary"}, "weight": canary}]}]}});
        self.shop = self.shop.with(Kind::VirtualService, "pay", route);
        self
    }

    /// `front`: blue-green with a preview, switched by a person, 3 replicas, v1 live.
    pub fn front() -> Self {
        let strategy = json!({"blueGreen": {"activeService": "front-active", "previewService": "front-preview",
            "autoPromotionEnabled": false, "scaleDownDelaySeconds": 15}});
        let mut world = Self::new("front", strategy, 3);
        for service in ["front-active", "front-preview"] {
            world.shop = world.shop.service(service, &[("app", "front"), (HASH, "h1")]);
        }
        world.with(|rollout| {
            rollout["status"]["blueGreen"] = json!({"activeSelector": "h1", "previewSelector": "h1"});
        })
    }

    /// A canary without a router and without steps.
    pub fn bare() -> Self {
        Self::new("bare", json!({"canary": {}}), 4)
    }

    /// Revision `number` with so many ready pods, made so many seconds ago; its hash is `hNUMBER`.
    pub fn set(mut self, number: i64, version: &str, (pods, age): (i32, i64)) -> Self {
        let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": self.name,
            "uid": format!("uid-rollout-{}", self.name), "controller": true}]);
        let (name, hash) = (format!("{}-h{number}", self.name), format!("h{number}"));
        let template = template(self.name, version);
        self.shop = self.shop.replica_set(&name, &owner, (HASH, &hash), &template, (pods, age));
        self.shop = self.shop.set(Kind::ReplicaSet, &name, |set| {
            for key in ["deployment.kubernetes.io/revision", "rollout.argoproj.io/revision"] {
                set["metadata"]["annotations"][key] = number.to_string().into();
            }
        });
        self
    }

    /// Changes the Rollout.
    pub fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        self.shop = self.shop.set(Kind::Rollout, self.name, change);
        self
    }

    /// Changes the status.
    pub fn status(self, change: impl FnOnce(&mut Value)) -> Self {
        self.with(|rollout| change(&mut rollout["status"]))
    }

    /// v2 on its way, with so many pods; where it stands is for the caller to say.
    pub fn second(self, pods: i32) -> Self {
        let name = self.name;
        self.set(2, "v2", (pods, 200)).with(|rollout| {
            rollout["metadata"]["annotations"]["rollout.argoproj.io/revision"] = "2".into();
            rollout["metadata"]["generation"] = 2.into();
            rollout["spec"]["template"] = template(name, "v2");
            rollout["status"]["observedGeneration"] = "2".into();
            rollout["status"]["currentPodHash"] = "h2".into();
            rollout["status"]["updatedReplicas"] = pods.into();
            rollout["status"]["phase"] = "Progressing".into();
            rollout["status"]["message"] = "more replicas need to be updated".into();
        })
    }

    /// `pay` with v2 at the step `index`, its route at `weight`, moving.
    pub fn at_step(index: i64, weight: i64) -> Self {
        let world = Self::pay().second(1).route(weight);
        world.status(|status| {
            status["currentStepIndex"] = index.into();
            status["canary"]["weights"] = weights(weight);
        })
    }

    /// `pay` with v2 at a pause, since so many seconds.
    pub fn at_pause(index: i64, weight: i64, since: i64) -> Self {
        Self::at_step(index, weight).paused("CanaryPauseStep", since)
    }

    /// At the pause for a person: step 1, 20 %, for 720 s.
    pub fn waiting() -> Self {
        Self::at_pause(1, 20, 720)
    }

    /// With a pause condition.
    pub fn paused(self, reason: &str, since: i64) -> Self {
        self.status(|status| {
            status["phase"] = "Paused".into();
            status["message"] = reason.into();
            status["controllerPause"] = true.into();
            status["pauseConditions"] = json!([{"reason": reason, "startTime": stamp(since)}]);
        })
    }

    /// `front` with v2 ready beside v1, waiting for a person since 60 s.
    pub fn preview() -> Self {
        Self::front().second(3).paused("BlueGreenPause", 60).status(|status| {
            status["blueGreen"]["previewSelector"] = "h2".into();
        })
    }

    /// Aborted so many seconds ago, as the controller leaves it.
    pub fn aborted(self, since: i64, why: &str) -> Self {
        self.status(|status| {
            for field in ["pauseConditions", "controllerPause"] {
                drop(status.as_object_mut().expect("an object").shift_remove(field));
            }
            if !status["currentStepIndex"].is_null() {
                status["currentStepIndex"] = 0.into();
                status["canary"]["weights"] = weights(0);
            }
            status["abort"] = true.into();
            status["abortedAt"] = stamp(since).into();
            status["phase"] = "Degraded".into();
            status["message"] = format!("RolloutAborted: Rollout aborted update to revision 2{why}").into();
        })
    }

    /// Held by hand.
    pub fn held(self) -> Self {
        self.with(|rollout| {
            rollout["spec"]["paused"] = true.into();
            rollout["status"]["phase"] = "Paused".into();
            rollout["status"]["message"] = "manually paused".into();
        })
    }

    /// An analysis run of v2 at step `step`.
    pub fn run(mut self, phase: &str, values: &[(&str, &str)], step: i64) -> Self {
        let measured = values.iter().enumerate().map(|(place, (phase, value))| {
            json!({"phase": phase, "value": value, "startedAt": stamp(60 - place as i64), "finishedAt": stamp(60 - place as i64)})
        });
        let failed = values.iter().filter(|(phase, _)| *phase == "Failed").count();
        let measured: Vec<Value> = measured.collect();
        let run = json!({
            "metadata": {"labels": {HASH: "h2", "rollout-type": "Step", "step-index": step.to_string()},
                "annotations": {"rollout.argoproj.io/revision": "2"},
                "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": self.name,
                    "uid": format!("uid-rollout-{}", self.name), "controller": true}]},
            "spec": {"metrics": [{"name": "success-rate", "count": 4, "interval": "5s", "failureLimit": 1,
                "successCondition": "result[0] >= 0.99", "provider": {"prometheus": {"query": "up"}}}]},
            "status": {"phase": phase, "metricResults": [{"name": "success-rate", "phase": phase, "count": values.len(),
                "failed": failed, "measurements": measured}]},
        });
        self.shop = self.shop.with(Kind::AnalysisRun, "pay-h2-2-1", run);
        self.status(|status| {
            status["canary"]["currentStepAnalysisRunStatus"] = json!({"name": "pay-h2-2-1", "status": phase});
        })
    }

    /// The release.
    pub fn release(&self) -> Arc<Release> {
        self.shop.release(Kind::Rollout, self.name)
    }

    /// The plan, or why there is none.
    pub fn plan(&self, intent: &Intent) -> Result<Plan, Refusal> {
        self.shop.plan(&self.release(), intent)
    }

    /// The plan; there must be one.
    pub fn planned(&self, intent: &Intent) -> Plan {
        self.plan(intent).unwrap_or_else(|refusal| panic!("{intent:?}: {refusal}"))
    }

    /// Why there is no plan.
    pub fn refused(&self, intent: &Intent) -> (RefusalKind, String) {
        match self.plan(intent) {
            Ok(plan) => panic!("{intent:?} is planned: {}", plan.title),
            Err(refusal) => (refusal.kind, refusal.reason.to_string()),
        }
    }

    /// The Rollout after the server applied the plan.
    pub fn after(&self, plan: &Plan) -> Value {
        let shop = self.shop.after(plan).unwrap_or_else(|path| panic!("{} does not match at {path}", plan.title));
        let key = crate::domain::ObjectKey::new(Kind::Rollout, "shop", self.name);
        shop.objects[&key].clone()
    }
}

/// What the router has when so much goes to the canary.
pub fn weights(canary: i64) -> Value {
    json!({"canary": {"podTemplateHash": "h2", "serviceName": "pay-canary", "weight": canary},
        "stable": {"podTemplateHash": "h1", "serviceName": "pay-stable", "weight": 100 - canary}})
}

/// The operations of a plan's first call, in short: `test /metadata/uid`, `remove /status/pauseConditions`.
pub fn operations(plan: &Plan) -> Vec<String> {
    let crate::domain::plan::Call::JsonPatch { operations, .. } = &plan.calls[0].call else { return Vec::new() };
    let told = operations.iter().map(|operation| match operation {
        Operation::Test { path, .. } => format!("test {path}"),
        Operation::Add { path, value } => format!("add {path} {}", value.get()),
        Operation::Replace { path, .. } => format!("replace {path}"),
        Operation::Remove { path } => format!("remove {path}"),
    });
    told.collect()
}
