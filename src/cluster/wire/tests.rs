//! Custom resources from JSON, sound and odd.

use super::strings::Pool;
use super::{Row, read};
use crate::domain::Kind;
use crate::domain::pod::Cause;
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::matching::words;
use crate::domain::traffic::rollout::{RolloutStrategy, RunRole};
use crate::domain::workload::ConditionStatus;
use serde_json::{Value, json};

fn row(kind: Kind, mut object: Value) -> Row {
    object["metadata"]["name"] = "web".into();
    object["metadata"]["namespace"] = "shop".into();
    object["metadata"]["uid"] = "u".into();
    read(kind, object.to_string().as_bytes(), &mut Pool::default()).and_then(|item| item.row).expect("a row")
}

#[test]
fn a_virtual_service_tells_its_rules_destinations_mirrors_and_delegates() {
    let object = json!({"apiVersion": "networking.istio.io/v1beta1", "metadata": {"generation": 4, "managedFields": [
            {"manager": "windlass-ana", "operation": "Update", "time": "2027-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:http": {}}}}]},
        "spec": {"hosts": ["web.example.com"], "gateways": ["mesh", "infra/gw"],
        "http": [
            {"name": "mobile", "match": [{"headers": {"User-Agent": {"regex": ".*Mobile.*"}, "cookie": {}}, "uri": {"prefix": "/a"}}],
             "route": [{"destination": {"host": "web", "subset": "v1", "port": {"number": 80}}, "weight": 95},
                       {"destination": {"host": "web.other.svc.cluster.local", "subset": "v2"}, "weight": -5, "headers": {}}],
             "mirrors": [{"destination": {"host": "shadow"}, "percentage": {"value": 12.5}}], "timeout": "3s", "retries": {}},
            {"delegate": {"name": "inner", "namespace": "team"}},
            {"redirect": {"uri": "/x"}}],
        "tcp": [{"match": [{"port": 5432}], "route": [{"destination": {"host": "db"}}]}],
        "tls": [{"match": [{"sniHosts": ["a", "b"]}], "route": [{"destination": {"host": "*"}, "weight": 1_099_511_627_776_i64}]}]}});
    let Row::Route(route) = row(Kind::VirtualService, object) else { panic!("a route") };
    assert_eq!(&*route.meta.api_version, "networking.istio.io/v1beta1");
    assert_eq!(route.meta.traffic_writer().map(|writer| &*writer.manager), Some("windlass-ana"));
    let pointers: Vec<&str> = route.rules.iter().map(|rule| &*rule.pointer).collect();
    assert_eq!(pointers, ["/spec/http/0", "/spec/http/1", "/spec/http/2", "/spec/tls/0", "/spec/tcp/0"]);
    let mobile = &route.rules[0];
    assert_eq!(words(&mobile.matches), "header user-agent matches .*Mobile.* and cookie is there and path /a*");
    assert_eq!(
        mobile.destinations[1].service.as_ref().map(crate::domain::ids::ObjectKey::qualified).as_deref(),
        Some("other/web")
    );
    assert_eq!((mobile.destinations[0].port, mobile.destinations[1].weight), (Some(80), Some(-5)));
    assert_eq!(mobile.mirrors[0].percent, Some(12.5));
    assert_eq!(mobile.others.iter().map(|name| &**name).collect::<Vec<_>>(), ["timeout", "retries"]);
    assert_eq!(route.delegates()[0].qualified(), "team/inner");
    assert_eq!(route.rules[2].answers.as_deref(), Some("redirect"));
    assert_eq!(route.rules[3].destinations[0].weight, Some(1 << 40), "an absurd weight is kept");
    assert_eq!(route.rules[3].destinations[0].service, None);
    assert_eq!(words(&route.rules[4].matches), "port is 5432");
    assert!(route.meta.unreadable.is_empty(), "{:?}", route.meta.unreadable);
}

#[test]
fn an_odd_custom_resource_is_shown_with_what_could_not_be_read() {
    let object = json!({"spec": {"hosts": "web", "http": [{"route": [{"destination": 7, "weight": "ten"}, "x"]}, 5]}});
    let Row::Route(route) = row(Kind::VirtualService, object) else { panic!("a route") };
    assert_eq!(route.rules.len(), 2);
    let marks: Vec<&str> = route.meta.unreadable.iter().map(|mark| &**mark).collect();
    for mark in ["spec.hosts", "spec.http[0].route[0].destination", "spec.http[0].route[0].weight", "spec.http[1]"] {
        assert!(marks.contains(&mark), "{mark} is not among {marks:?}");
    }
    let broken = br#"{"metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":1e999}}"#;
    for kind in Kind::OPTIONAL.into_iter().filter(|kind| *kind != Kind::Experiment) {
        let item = read(kind, broken, &mut Pool::default()).expect("its name is readable");
        assert!(item.row.is_some(), "{kind} is shown by its name");
    }
}

#[test]
fn a_gateway_route_tells_its_parents_backends_and_matches() {
    let object = json!({"spec": {"hostnames": ["a.example.com"],
        "parentRefs": [{"name": "gw", "namespace": "infra", "sectionName": "http"}, {"group": "", "kind": "Service", "name": "web"}],
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}},
                {"headers": [{"name": "X-Group", "value": "b"}], "queryParams": [{"type": "RegularExpression", "name": "q", "value": "x+"}], "method": "GET"}],
            "backendRefs": [{"name": "web-v1", "port": 80, "weight": 9}, {"name": "web-v2", "namespace": "other"}, {"group": "x.io", "kind": "Bucket", "name": "b"}],
            "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "shadow"}, "fraction": {"numerator": 1, "denominator": 8}}},
                {"type": "RequestHeaderModifier"}]}]},
        "metadata": {"generation": 3},
        "status": {"parents": [{"parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gw", "namespace": "infra", "sectionName": "http"},
            "controllerName": "example.com/c", "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 2}]}]}});
    let Row::Route(route) = row(Kind::HttpRoute, object) else { panic!("a route") };
    let rule = &route.rules[0];
    assert_eq!(rule.words(), "", "a match of every path takes every request");
    assert_eq!(rule.matches[1].to_string(), "header x-group is b and query q matches x+ and method is GET");
    assert!(rule.matches[1].tells_users_apart());
    assert_eq!(rule.percentages(Kind::HttpRoute), [Some(82), Some(9), Some(9)]);
    assert_eq!(
        rule.destinations[1].service.as_ref().map(crate::domain::ids::ObjectKey::qualified).as_deref(),
        Some("other/web-v2")
    );
    assert_eq!((&*rule.destinations[2].host, rule.destinations[2].service.is_none()), ("Bucket/b", true));
    assert_eq!((rule.mirrors[0].percent, rule.others.len()), (Some(12.5), 1));
    let parent = &route.parents[0];
    assert_eq!(
        parent.accepted.as_ref().map(|said| (said.status, said.observed)),
        Some((ConditionStatus::True, Some(2)))
    );
    assert_eq!(&*route.parents[1].name, "Service/web");
    assert_eq!(route.accepted(), Some(false), "this generation was not seen yet, and the second parent says nothing");
    let grpc = json!({"spec": {"rules": [{"matches": [{"method": {"service": "shop.Cart", "method": "Add"}}], "backendRefs": [{"name": "w"}]}]}});
    let Row::Route(grpc) = row(Kind::GrpcRoute, grpc) else { panic!("a route") };
    assert_eq!(grpc.rules[0].words(), "method is shop.Cart/Add");
}

#[test]
fn a_canary_tells_spec_and_status_of_old_and_new_forms() {
    let object = json!({"spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "skipAnalysis": true,
        "service": {"port": 80, "gatewayRefs": [{"name": "gw"}]},
        "canaryAnalysis": {"interval": "30s", "threshold": 5, "iterations": 10, "match": [{"headers": {"x-canary": {"exact": "insider"}}}],
            "metrics": [{"name": "request-success-rate", "threshold": 99, "interval": "1m"}, {"name": "latency", "thresholdRange": {"max": 0.5}, "templateRef": {"name": "l", "namespace": "ops"}}],
            "webhooks": [{"name": "gate", "type": "confirm-promotion", "url": "http://tester.test/gate/check"}, {"name": "load", "url": "http://tester.test/", "metadata": {"cmd": "hey"}}]}},
        "status": {"phase": "Progressing", "canaryWeight": 20, "failedChecks": 2, "iterations": -1, "lastTransitionTime": "2027-01-01T00:00:00Z"}});
    let Row::Canary(canary) = row(Kind::Canary, object) else { panic!("a canary") };
    assert_eq!((canary.style(), canary.threshold(), canary.interval().as_secs()), (CanaryStyle::AbTest, 5, 30));
    assert_eq!((canary.analysis.metrics[0].min, canary.analysis.metrics[0].max), (Some(99.0), None));
    assert_eq!(
        (canary.analysis.metrics[1].max, canary.analysis.metrics[1].template.as_deref()),
        (Some(0.5), Some("ops/l"))
    );
    assert!(canary.analysis.webhooks[0].gate(&"shop".into()).is_some());
    assert_eq!(canary.analysis.webhooks[1].command.as_deref(), Some("hey"));
    assert_eq!((&*canary.status.phase, canary.status.iterations), ("Progressing", Some(-1)));
    let Row::Canary(bare) = row(Kind::Canary, json!({"spec": {}})) else { panic!("a canary") };
    assert!(bare.target.is_none() && bare.generated().is_empty());
}

#[test]
fn a_rollout_tells_steps_routing_and_status() {
    let object = json!({"metadata": {"generation": 7, "annotations": {"rollout.argoproj.io/revision": "3"}},
        "spec": {"replicas": 5, "strategy": {"canary": {"stableService": "web-stable", "canaryService": "web-canary", "maxSurge": "20%",
            "trafficRouting": {"istio": {"virtualService": {"name": "web.other", "routes": ["primary"]}, "destinationRule": {"name": "web", "canarySubsetName": "c", "stableSubsetName": "s"}},
                "plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "r", "namespace": "infra"}}, "maxTrafficWeight": 1000},
            "steps": [{"setWeight": 20}, {"pause": {}}, {"pause": {"duration": "5m"}}, {"pause": {"duration": 30}}, {"analysis": {"templates": [{"templateName": "rate"}]}},
                {"setHeaderRoute": {"name": "h", "match": [{"headerName": "X-A", "headerValue": {"exact": "1"}}]}}, {"setCanaryScale": {"replicas": 1}}, {"brandNew": {}}, {}]}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "reg/web:v3"}]}}},
        "status": {"observedGeneration": "6", "currentPodHash": "aa", "stableRS": "bb", "currentStepIndex": 1, "controllerPause": true,
            "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2027-01-01T00:00:00Z"}],
            "canary": {"weights": {"canary": {"weight": 20}, "stable": {"weight": 80}, "verified": false}, "currentStepAnalysisRunStatus": {"name": "run", "status": "Running"}}}});
    let Row::Rollout(rollout) = row(Kind::Rollout, object) else { panic!("a rollout") };
    let words: Vec<String> =
        rollout.steps().iter().map(crate::domain::traffic::rollout_steps::RolloutStep::words).collect();
    let wanted = [
        "20 %",
        "pause",
        "pause 5m",
        "pause 30s",
        "analysis rate",
        "header route h",
        "scale to 1 pod",
        "brandNew",
        "?",
    ];
    assert_eq!(words, wanted);
    assert_eq!(rollout.services().iter().map(|key| &*key.name).collect::<Vec<_>>(), ["web-stable", "web-canary"]);
    let routes: Vec<String> = rollout.routes().iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["virtualservice/web in other", "httproute/r in infra"]);
    assert_eq!((rollout.status.observed_generation, rollout.workload.generation), (Some(6), 7));
    assert!(!rollout.at_rest() && rollout.status.controller_pause && rollout.status.pauses.len() == 1);
    assert_eq!(rollout.status.weights.and_then(|weights| weights.canary), Some(20));
    assert_eq!(rollout.status.runs[0].role, RunRole::Step);
    assert_eq!((rollout.workload.images.len(), rollout.workload.revision.map(|revision| revision.0)), (1, Some(3)));
    let both = json!({"spec": {"strategy": {"canary": {}, "blueGreen": {"activeService": "a"}}}});
    let Row::Rollout(both) = row(Kind::Rollout, both) else { panic!("a rollout") };
    assert_eq!(both.strategy, RolloutStrategy::Unclear);
    let sides = json!({"spec": {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}, "strategy": {"blueGreen": {"activeService": "a", "autoPromotionEnabled": false}}}});
    let Row::Rollout(sides) = row(Kind::Rollout, sides) else { panic!("a rollout") };
    assert!(matches!(&sides.strategy, RolloutStrategy::BlueGreen(sides) if !sides.auto_promotion));
    assert_eq!(sides.template_key().map(|key| key.target()).as_deref(), Some("deployment/d"));
}

#[test]
fn an_analysis_run_tells_each_metric_with_its_result() {
    let object = json!({"metadata": {"labels": {"rollout-type": "Step", "step-index": "2"}, "ownerReferences": [{"kind": "Rollout", "uid": "ro", "controller": true}]},
        "spec": {"metrics": [{"name": "rate", "interval": "10s", "count": 3, "successCondition": "result[0] >= 0.95", "failureLimit": "2", "provider": {"prometheus": {"query": "up"}}}, {"name": "new"}]},
        "status": {"phase": "Running", "metricResults": [{"name": "rate", "phase": "Running", "count": 2, "failed": 1, "measurements": [{"phase": "Failed", "value": "[NaN]", "finishedAt": "2027-01-01T00:00:00Z"}]}]}});
    let Row::Run(run) = row(Kind::AnalysisRun, object) else { panic!("a run") };
    assert_eq!((run.role, run.step, run.is_running()), (Some(RunRole::Step), Some(2), true));
    let rate = &run.metrics[0];
    assert_eq!(
        (rate.count.as_deref(), rate.failure_limit.as_deref(), rate.query.as_deref()),
        (Some("3"), Some("2"), Some("up"))
    );
    let result = rate.result.as_ref().expect("measured");
    assert_eq!((result.failed, &*result.measurements[0].value), (1, "[NaN]"));
    assert!(run.metrics[1].result.is_none());
}

#[test]
fn a_container_that_crashed_often_is_in_a_crash_loop_between_two_crashes_too() {
    let pod = |restarts: i64, ready: &str, state: Value| {
        let object = json!({"status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "2027-01-01T00:00:00Z"}],
            "containerStatuses": [{"name": "web", "restartCount": restarts, "state": state,
                "lastState": {"terminated": {"exitCode": 2, "reason": "Error", "finishedAt": "2027-01-01T00:09:00Z"}}}]}});
        let Row::Pod(pod) = row(Kind::Pod, object) else { panic!("a pod") };
        pod.trouble.as_ref().map(|trouble| (trouble.cause, trouble.since.map(|at| at.to_string())))
    };
    let runs = || json!({"running": {"startedAt": "2027-01-01T00:09:30Z"}});
    let waits = || json!({"waiting": {"reason": "CrashLoopBackOff"}});
    let since = |minute: &str| Some(format!("2027-01-01T00:{minute}:00Z"));
    assert_eq!(pod(5, "False", waits()), Some((Cause::CrashLoop, since("00"))));
    assert_eq!(pod(5, "False", runs()), Some((Cause::CrashLoop, since("00"))), "the same trouble, as long as before");
    assert_eq!(pod(1, "False", waits()), Some((Cause::CrashLoop, since("09"))), "one crash is no loop yet");
    assert_eq!(pod(1, "False", runs()).map(|(cause, _)| cause), Some(Cause::NotReady));
    assert_eq!(pod(5, "True", runs()), None, "it came out of it");
}
