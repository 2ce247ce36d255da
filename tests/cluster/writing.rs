//! Fences, policies, webhooks, digests, rights and autoscalers on a real API server.

use crate::kit;
use crate::proxy::Proxy;
use crate::room::{Room, confirm, engine, image};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use windlass::action::{Consent, Preview, Progress, rights};
use windlass::cluster::{Cluster, ConnectOptions};
use windlass::domain::intent::{PausedUndo, UndoTo};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::plan::RefusalKind;
use windlass::domain::workload::Image;
use windlass::domain::{Intent, Kind, Verb};

const NOTHING: Value = Value::Null;
const KIND: Kind = Kind::Deployment;

fn previous() -> Intent {
    Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::StayPaused }
}

fn set_image(version: &str) -> Intent {
    Intent::SetImage(vec![Image { container: "app".into(), reference: image(version).into() }])
}

/// A Deployment `web` with two settled versions.
async fn web(name: &str, labels: &Value) -> Room {
    let room = Room::new(name, labels).await;
    room.workload(KIND, "web", &image("v1"), &json!({}), &NOTHING);
    room.settle(KIND, "web");
    room.roll(KIND, "web", "v2");
    room
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_template_with_shell_signs_is_fenced_by_its_own_bytes_and_a_change_is_named() {
    let room = web("fence", &NOTHING).await;
    let plan = room.propose(KIND, "web", Intent::undo()).await.expect("a plan");
    assert!(matches!(room.engine.preview(&plan).await, Preview::Accepted { .. }));
    room.kubectl(&["set", "env", "deployment/web", "MOVED=yes", "--field-manager=kubectl-ben"]);
    let outcome = confirm(&room.engine, Arc::clone(&plan), Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict);
    assert!(outcome.reason.contains("its template, by kubectl-ben"), "{}", outcome.reason);
    // A scale and an annotation are no reason to refuse.
    let plan = room.propose(KIND, "web", Intent::undo()).await.expect("a plan");
    room.kubectl(&["scale", "deployment/web", "--replicas=4"]);
    room.kubectl(&["annotate", "deployment/web", "example.test/x=y"]);
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let command = room.field(KIND, "web", "/spec/template/spec/containers/0/command/2");
    assert_eq!(command, "a && b < c > d");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn an_exact_inverse_takes_the_write_back() {
    let room = web("inverse", &NOTHING).await;
    let template = || room.field(KIND, "web", "/spec/template");
    let before = template();
    let outcome = room.does(KIND, "web", Intent::undo()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_ne!(template(), before);
    let release = room.release(KIND, "web").await;
    let inverse = room.engine.inverse_of(&release.uid).expect("ready");
    let outcome = room.does(KIND, "web", Intent::Revert(Box::new(inverse))).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(template(), before);
    assert_eq!(room.field(KIND, "web", "/metadata/annotations/kubernetes.io~1change-cause"), "web v2");
}

/// A Deployment `web` with two settled versions, a CPU request, and an autoscaler from 3 to 9 pods that follows the load
/// of its Service, which has none yet.
async fn scaled_web() -> Room {
    let room = Room::new("hpa", &NOTHING).await;
    // Pods take their time, so that the autoscaler is at work while the undo is.
    room.workload(KIND, "web", &image("v1"), &json!({"sim/ready-delay": "3s"}), &NOTHING);
    room.kubectl(&["set", "resources", "deployment/web", "--requests=cpu=100m"]);
    room.settle(KIND, "web");
    room.roll(KIND, "web", "v2");
    room.apply(&json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": room.name, "annotations": {"sim/rps": "0"}},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }));
    room.apply(&json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": room.name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 3, "maxReplicas": 9,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}],
        },
    }));
    room.kubectl(&["wait", "hpa/web", "--for=condition=ScalingActive", "--timeout=90s"]);
    room
}

#[tokio::test]
#[ignore = "needs a cluster whose load the annotation sim/rps sets"]
async fn an_autoscaler_that_scales_during_the_undo_does_not_stand_in_its_way() {
    let room = scaled_web().await;
    assert_eq!(room.field(KIND, "web", "/spec/replicas"), json!(3), "no load, no more pods");
    let plan = room.propose(KIND, "web", previous()).await.expect("a plan");
    room.kubectl(&["annotate", "--overwrite", "service/web", "sim/rps=2000"]);
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    let replicas = || room.field(KIND, "web", "/spec/replicas").as_i64().expect("a number");
    while replicas() == 3 {
        assert!(tokio::time::Instant::now() < end, "the autoscaler never followed the load");
    }
    // The plan is of the time before: the autoscaler's writes, then and from now on, are no reason to refuse.
    let sent_at = replicas();
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    room.kubectl(&["wait", "deployment/web", "--for=jsonpath={.spec.replicas}=9", "--timeout=120s"]);
    assert!(sent_at < 9, "it went on scaling after the undo was sent");
    room.settle(KIND, "web");
    assert_eq!((room.image(KIND, "web"), replicas()), (image("v1"), 9));
    let scale = room.propose(KIND, "web", Intent::Scale(2)).await.expect("a plan");
    assert!(scale.forecast.warnings[0].contains("hpa/web owns the replicas (3 to 9)"), "{:?}", scale.forecast.warnings);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_policy_that_refuses_the_template_is_told_before_and_after() {
    let room = web("policy", &NOTHING).await;
    let policy = format!("{}-tag", room.name);
    room.apply(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": policy},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [
                {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}]},
            "validations": [{
                "expression": "object.spec.template.spec.containers.all(c, !c.image.endsWith(':forbidden'))",
                "message": "images tagged forbidden are not allowed here"}],
        },
    }));
    room.apply(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": policy},
        "spec": {
            "policyName": policy, "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": room.name}}},
        },
    }));
    let plan = room.propose(KIND, "web", set_image("forbidden")).await.expect("a plan");
    // The policy takes a moment to become active: how many previews go by until then depends on the machine.
    let active = async {
        loop {
            let preview = room.engine.preview(&plan).await;
            if matches!(preview, Preview::Refused(_)) {
                return preview;
            }
        }
    };
    let preview = tokio::time::timeout(Duration::from_secs(60), active).await.expect("the policy becomes active");
    assert!(matches!(&preview, Preview::Refused(why) if why.contains("not allowed here")), "{preview:?}");
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed);
    assert!(outcome.reason.contains("not allowed here"), "{}", outcome.reason);
    assert_eq!(room.image(KIND, "web"), image("v2"));
    room.kubectl(&["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", &policy]);
}

#[tokio::test]
#[ignore = "needs a cluster with the webhook windlass-test"]
async fn webhooks_without_dry_run_and_slow_ones_leave_the_write_possible() {
    let label = |value: &str| json!({"windlass-test/webhook": value});
    let room = web("no-dry-run", &label("no-dry-run")).await;
    let plan = room.propose(KIND, "web", Intent::undo()).await.expect("a plan");
    let preview = room.engine.preview(&plan).await;
    assert!(matches!(preview, Preview::CannotBePreviewed(_)), "{preview:?}");
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let slow = web("slow", &NOTHING).await;
    slow.kubectl(&["label", "namespace", &slow.name, "windlass-test/webhook=slow"]);
    let plan = slow.propose(KIND, "web", Intent::undo()).await.expect("a plan");
    let mut previews = slow.engine.previews(Arc::clone(&plan));
    assert_eq!(previews.recv().await, Some(Preview::NoAnswerYet));
    let outcome = confirm(&slow.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert!(matches!(previews.recv().await, Some(Preview::Accepted { .. } | Preview::Refused(_))));
}

#[tokio::test]
#[ignore = "needs a cluster whose kubelets give imageIDs by sim/digest"]
async fn the_same_tag_under_both_revisions_is_warned_about_with_its_digest() {
    let room = Room::new("digest", &NOTHING).await;
    // Two builds under one tag, the second stopped half-way, so that pods of both run.
    let slow = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}});
    room.workload(KIND, "web", &image("latest"), &json!({"sim/digest": "a"}), &slow);
    room.settle(KIND, "web");
    let next = json!({"spec": {"template": {"metadata": {"annotations": {"sim/digest": "b"}}}}});
    room.kubectl(&["patch", "deployment", "web", "--type=merge", "-p", &next.to_string()]);
    room.kubectl(&["rollout", "pause", "deployment/web"]);
    let both = || async {
        let release = room.release(KIND, "web").await;
        release.tracks.iter().filter(|track| !track.digests.is_empty()).count() == 2
    };
    let end = tokio::time::Instant::now() + Duration::from_mins(1);
    while !both().await {
        assert!(tokio::time::Instant::now() < end, "pods of both revisions never ran together");
    }
    let plan = room.propose(KIND, "web", Intent::undo()).await.expect("a plan");
    let warning = &plan.forecast.warnings[0];
    assert!(
        warning.contains("an undo may bring back nothing; to get that image set app=registry.test/shop/app@sha256:"),
        "{warning}"
    );
}

#[tokio::test]
#[ignore = "needs the viewer's kubeconfig"]
async fn a_viewer_is_told_what_is_missing_before_and_after() {
    let room = web("viewer", &NOTHING).await;
    let options = ConnectOptions {
        kubeconfig: Some(kit::kubeconfig("WINDLASS_TEST_VIEWER_KUBECONFIG")),
        ..ConnectOptions::default()
    };
    let viewer = Cluster::connect(&options).await.expect("connects");
    let home = tempfile::tempdir().expect("a directory");
    let engine = engine(&viewer, "vera", home.path());
    let plan = room.propose_as(&engine, KIND, "web", Intent::undo()).await.expect("a plan");
    let known = engine.rights(&plan.release).await;
    let missing = rights::lacks(&known, &plan.release.key, Verb::Undo).expect("missing");
    assert!(missing.contains("patch deployments.apps"), "{missing}");
    let outcome = confirm(&engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Forbidden, "{}", outcome.reason);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn what_a_template_needs_is_looked_up_by_metadata() {
    let room = Room::new("needs", &NOTHING).await;
    room.kubectl(&["create", "configmap", "there", "--from-literal=a=b"]);
    room.workload(KIND, "web", &image("v1"), &json!({}), &NOTHING);
    for name in ["there", "gone"] {
        room.kubectl(&["set", "env", "deployment/web", &format!("--from=configmap/{name}")]).clear();
        if name == "there" {
            room.kubectl(&["create", "configmap", "gone", "--from-literal=c=d"]);
        }
    }
    room.settle(KIND, "web");
    let drop_both = json!([{"op": "remove", "path": "/spec/template/spec/containers/0/env"}]);
    room.kubectl(&["patch", "deployment", "web", "--type=json", "-p", &drop_both.to_string()]);
    room.settle(KIND, "web");
    room.kubectl(&["delete", "configmap", "gone"]);
    let plan = room.propose(KIND, "web", Intent::undo()).await.expect("a plan");
    let found: Vec<String> =
        room.engine.needs(&plan).await.iter().map(|(key, is)| format!("{} {is:?}", key.name)).collect();
    assert_eq!(found, ["gone No", "there Yes"]);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn an_answer_that_is_cut_off_after_the_request_is_found_applied() {
    let room = web("lost", &NOTHING).await;
    let proxy = Proxy::before(&room.cluster.identity().server).await;
    let through = Cluster::connect(&proxy.options(kit::admin())).await.expect("connects");
    let home = tempfile::tempdir().expect("a directory");
    let engine = engine(&through, "ana", home.path());
    let plan = room.propose_as(&engine, KIND, "web", Intent::undo()).await.expect("a plan");
    // The connection is there: what is lost is the answer to the patch.
    through.read(&plan.release.key).await.expect("readable");
    proxy.swallow_the_next_answer();
    let mut news = engine.apply(plan, Consent::default());
    let mut looked = false;
    let outcome = loop {
        match news.recv().await.expect("an outcome") {
            Progress::Done(outcome) => break outcome,
            progress => looked |= progress == Progress::LookingAfterLostAnswer(0),
        }
    };
    assert_eq!((outcome.kind, looked), (OutcomeKind::Applied, true), "{}", outcome.reason);
    assert_eq!(room.image(KIND, "web"), image("v1"));
}

const RACER: &str = "WINDLASS_TEST_RACER";

/// A racer: at each word it plans, says that it is ready, waits for the next one, and applies; it ends with its input.
/// Does nothing in an ordinary run.
#[tokio::test]
#[ignore = "a process of its own, started by the test below"]
async fn racer() {
    let Ok(namespace) = std::env::var(RACER) else { return };
    let who = format!("racer-{}", std::process::id());
    let home = tempfile::tempdir().expect("a directory");
    let cluster = kit::cluster().await;
    let engine = engine(&cluster, &who, home.path());
    let key = windlass::domain::ObjectKey::new(KIND, namespace.as_str(), "web");
    let say =
        |line: &str| writeln!(std::io::stdout(), "{line}").and_then(|()| std::io::stdout().flush()).expect("told");
    say("here");
    let mut words = std::io::stdin().lines().map_while(Result::ok);
    while words.next().is_some() {
        let plan = loop {
            let (release, details) = Box::pin(cluster.one_release(&key)).await.expect("readable");
            let strategy = windlass::strategy::strategy(release.strategy).expect("known");
            match strategy.plan(&release, &details, &previous(), &engine.context(&release.uid)) {
                Err(refusal) if refusal.kind == RefusalKind::ReadAgain => {}
                planned => break planned.expect("a plan"),
            }
        };
        say("ready");
        words.next().expect("the word");
        let outcome = confirm(&engine, Arc::new(plan), Consent { wait: None, ..Consent::default() }).await;
        say(&format!("outcome {} {}", outcome.kind, outcome.reason));
    }
}

/// Processes that race; ended with the test.
struct Racers(Vec<(Child, BufReader<std::process::ChildStdout>)>);

impl Racers {
    fn start(count: usize, namespace: &str) -> Self {
        let start = || {
            let mut child = Command::new(std::env::current_exe().expect("this binary"))
                .args(["--exact", "writing::racer", "--ignored", "--nocapture", "--test-threads=1"])
                .env(RACER, namespace)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("starts");
            let out = BufReader::new(child.stdout.take().expect("piped"));
            (child, out)
        };
        Self((0..count).map(|_| start()).collect())
    }

    /// Says a word to each.
    fn tell(&mut self, word: &str) {
        for (child, _) in &mut self.0 {
            writeln!(child.stdin.as_mut().expect("piped"), "{word}").expect("heard");
        }
    }

    /// The line with `start` of each.
    fn hear(&mut self, start: &str) -> Vec<String> {
        let line = |out: &mut BufReader<_>| {
            out.lines().map_while(Result::ok).find(|line| line.contains(start)).expect("the racer speaks")
        };
        self.0.iter_mut().map(|(_, out)| line(out)).collect()
    }
}

impl Drop for Racers {
    fn drop(&mut self) {
        for (child, _) in &mut self.0 {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn of_many_processes_that_confirm_the_same_plan_exactly_one_applies_it() {
    let (count, rounds) = (number("WINDLASS_TEST_RACERS", 50), number("WINDLASS_TEST_ROUNDS", 5));
    let room = web("race", &NOTHING).await;
    let mut racers = Racers::start(count, &room.name);
    racers.hear("here");
    for round in 1..=rounds {
        let version = format!("r{round}");
        let before = room.image(KIND, "web");
        room.roll(KIND, "web", &version);
        racers.tell("plan");
        racers.hear("ready");
        racers.tell("go");
        let outcomes = racers.hear("outcome ");
        let having = |kind: &str, who: &str| {
            let wanted = format!("outcome {kind}");
            outcomes.iter().filter(|line| line.contains(&wanted) && line.contains(who)).count()
        };
        let counted = (having("applied", ""), having("conflict", "by racer-"));
        assert_eq!(counted, (1, count - 1), "round {round}: {outcomes:#?}");
        assert_eq!(room.image(KIND, "web"), before, "round {round}: one step back, not two");
    }
    writeln!(
        std::io::stderr(),
        "{rounds} rounds of {count} processes: each time one applied, all others told a conflict"
    )
    .expect("told");
}
