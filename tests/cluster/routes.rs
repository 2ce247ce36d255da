//! Routes with weights on a real API server, with the CRDs of Istio and the Gateway API: kubectl reads what was written.

use crate::kit;
use crate::room::{Room, confirm, engine, image};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use windlass::action::Consent;
use windlass::domain::intent::Standing;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::plan::RefusalKind;
use windlass::domain::{Intent, Kind, ObjectKey, Role};

const VS: Kind = Kind::VirtualService;
const HTTP: Kind = Kind::HttpRoute;

/// Two Deployments of one app, stable and canary, with a Service for both and one for each.
async fn pair(name: &str) -> Room {
    let room = Room::new(name, &Value::Null).await;
    for (track, version) in [("stable", "v1"), ("canary", "v2")] {
        let labels = json!({"app": "shop", "track": track});
        let spec = json!({"replicas": 2, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": image(version)}]}}});
        room.workload(Kind::Deployment, &format!("shop-{track}"), &image(version), &Value::Null, &spec);
        service(&room, &format!("shop-{track}"), &labels);
    }
    service(&room, "shop", &json!({"app": "shop"}));
    for track in ["stable", "canary"] {
        room.settle(Kind::Deployment, &format!("shop-{track}"));
    }
    room
}

fn service(room: &Room, name: &str, selector: &Value) {
    room.apply(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": room.name},
        "spec": {"selector": selector, "ports": [{"port": 80}]}}));
}

/// A VirtualService with subsets at `weight` %, with a rule for a path and one for a group of users.
pub async fn istio(name: &str, weight: i64) -> Room {
    let room = pair(name).await;
    let subset = |track: &str| json!({"name": track, "labels": {"track": track}});
    let to = |subset: &str| json!({"host": "shop", "subset": subset});
    room.apply(&json!({"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": {"name": "shop", "namespace": room.name},
        "spec": {"host": "shop", "subsets": [subset("stable"), subset("canary")]}}));
    room.apply(&json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": "shop", "namespace": room.name},
        "spec": {"hosts": ["shop"], "http": [
            {"name": "mobile", "match": [{"headers": {"user-agent": {"regex": "a && <b>"}}}], "route": [{"destination": to("canary")}]},
            {"name": "beta", "match": [{"uri": {"prefix": "/beta"}}], "route": [{"destination": to("canary")}]},
            {"name": "primary", "timeout": "3s", "route": [
                {"destination": to("stable"), "weight": 100 - weight}, {"destination": to("canary"), "weight": weight}]}]}}));
    room
}

/// An HTTPRoute with these weights.
pub async fn gateway(name: &str, stable: i64, canary: i64) -> Room {
    let room = pair(name).await;
    room.apply(&json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "shop", "namespace": room.name},
        "spec": {"parentRefs": [{"name": "public"}], "hostnames": ["shop.example.com"], "rules": [{
            "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "a && b"}]}}],
            "backendRefs": [{"name": "shop-stable", "port": 80, "weight": stable}, {"name": "shop-canary", "port": 80, "weight": canary}]}]}}));
    room
}

/// A `GRPCRoute` with these weights.
pub async fn grpc(name: &str, stable: i64, canary: i64) -> Room {
    let room = pair(name).await;
    room.apply(&json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute",
        "metadata": {"name": "shop", "namespace": room.name},
        "spec": {"parentRefs": [{"name": "public"}], "hostnames": ["shop.example.com"], "rules": [{
            "matches": [{"method": {"service": "shop.Cart"}}],
            "backendRefs": [{"name": "shop-stable", "port": 80, "weight": stable}, {"name": "shop-canary", "port": 80, "weight": canary}]}]}}));
    room
}

pub fn weights(room: &Room, kind: Kind) -> Vec<i64> {
    let path = if kind == VS { "/spec/http/2/route" } else { "/spec/rules/0/backendRefs" };
    let list = room.field(kind, "shop", path);
    list.as_array().expect("a list").iter().map(|item| item["weight"].as_i64().unwrap_or(-1)).collect()
}

async fn applied(room: &Room, kind: Kind, intent: Intent) {
    let outcome = room.does(kind, "shop", intent).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
}

fn advance(from: u8) -> Intent {
    Intent::Advance { from: Some(Standing::Weight(from)), rule: None }
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn an_istio_canary_is_stepped_set_taken_back_and_aborted() {
    let room = istio("istio", 5).await;
    let release = room.release(VS, "shop").await;
    assert_eq!((release.strategy.0, release.tracks.len()), ("istio", 2));
    assert_eq!(
        room.release(Kind::Deployment, "shop-canary").await.key,
        release.key,
        "a member resolves to its release"
    );
    let rules = room.field(VS, "shop", "/spec/http");
    applied(&room, VS, advance(5)).await;
    assert_eq!(weights(&room, VS), [80, 20]);
    assert_eq!(room.field(VS, "shop", "/spec/http/2/timeout"), "3s");
    let again = room.propose(VS, "shop", advance(5)).await.expect_err("it stands elsewhere");
    assert_eq!(again.kind, RefusalKind::Moved);
    let release = room.release(VS, "shop").await;
    let inverse = room.engine.inverse_of(&release.uid).expect("ready");
    applied(&room, VS, Intent::Revert(Box::new(inverse))).await;
    assert_eq!(room.field(VS, "shop", "/spec/http"), rules, "exactly as it was");
    applied(&room, VS, Intent::SetWeight { weight: 33, rule: None }).await;
    assert_eq!(weights(&room, VS), [67, 33]);
    applied(&room, VS, Intent::Abort).await;
    assert_eq!(weights(&room, VS), [100, 0]);
    assert_eq!(
        room.field(VS, "shop", "/spec/http/1/route/0/destination/subset"),
        "stable",
        "beta is pointed to stable"
    );
    assert_eq!(room.field(VS, "shop", "/spec/http/0/route/0/destination/subset"), "canary", "the A/B rule is left");
    applied(&room, VS, Intent::Promote { winner: None }).await;
    assert_eq!(weights(&room, VS), [0, 100]);
    let release = room.release(VS, "shop").await;
    assert_eq!(release.track(Role::Stable).map(|track| &*track.version), Some("v2"), "roles are what they are");
    applied(&room, VS, Intent::undo()).await;
    assert_eq!(weights(&room, VS), [100, 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_gateway_canary_is_stepped_and_waits_for_what_its_controller_says() {
    let room = gateway("gateway", 19, 1).await;
    let release = room.release(HTTP, "shop").await;
    assert_eq!((release.strategy.0, release.tracks[1].weight.asked), ("gateway", Some(5)));
    let filters = room.field(HTTP, "shop", "/spec/rules/0/filters");
    applied(&room, HTTP, advance(5)).await;
    assert_eq!((weights(&room, HTTP), room.field(HTTP, "shop", "/spec/rules/0/filters")), (vec![80, 20], filters));
    // A controller that reports is waited for.
    let says = |generation: &Value| {
        let parents = json!([{"parentRef": {"name": "public"}, "controllerName": "example.com/x", "conditions": [{
            "type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "observedGeneration": generation,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}]}]);
        let patch = json!({"status": {"parents": parents}}).to_string();
        room.kubectl(&["patch", "httproute", "shop", "--subresource=status", "--type=merge", "-p", &patch]);
    };
    says(&room.field(HTTP, "shop", "/metadata/generation"));
    let plan = room.propose(HTTP, "shop", advance(20)).await.expect("a plan");
    let engine = room.engine.clone();
    let consent = Consent { wait: Some(std::time::Duration::from_secs(60)), ..Consent::default() };
    let run = tokio::spawn(async move { confirm(&engine, plan, consent).await });
    while weights(&room, HTTP) != [50, 50] {
        tokio::task::yield_now().await;
    }
    assert!(!run.is_finished(), "the controller has not seen it");
    says(&room.field(HTTP, "shop", "/metadata/generation"));
    let outcome = run.await.expect("ends");
    assert_eq!((outcome.kind, &*outcome.reason), (OutcomeKind::Applied, "the controller saw it"));
    // Nobody speaks for the controller any more, so the last one is not waited for.
    let outcome = room.does_with(HTTP, "shop", Intent::Abort, Consent { wait: None, ..Consent::default() }).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(weights(&room, HTTP), [100, 0]);
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn an_ab_test_ends_is_taken_back_and_has_a_winner() {
    let room = istio("abtest", 0).await;
    let to = |subset: &str| json!([{"destination": {"host": "shop", "subset": subset}}]);
    let rules = json!([
        {"name": "variant-b", "match": [{"headers": {"x-experiment": {"exact": "b"}}}], "route": to("canary")},
        {"name": "variant-a", "route": to("stable")}]);
    let patch = json!([{"op": "replace", "path": "/spec/http", "value": rules}]).to_string();
    room.kubectl(&["patch", "virtualservice", "shop", "--type=json", "-p", &patch]);
    let release = room.release(VS, "shop").await;
    assert_eq!((release.strategy.0, release.traffic.as_ref().map(|it| it.groups.len())), ("ab-test", Some(2)));
    applied(&room, VS, Intent::Abort).await;
    assert_eq!(room.field(VS, "shop", "/spec/http/0/name"), "variant-a");
    assert_eq!(room.field(VS, "shop", "/spec/http/1"), Value::Null);
    let inverse = room.engine.inverse_of(&release.uid).expect("ready");
    applied(&room, VS, Intent::Revert(Box::new(inverse))).await;
    assert_eq!(room.field(VS, "shop", "/spec/http"), rules);
    applied(&room, VS, Intent::Promote { winner: Some("variant-b".into()) }).await;
    assert_eq!(room.field(VS, "shop", "/spec/http/1/route/0/destination/subset"), "canary");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn the_equivalent_kubectl_command_does_the_same() {
    let room = istio("twin", 5).await;
    let plan = room.propose(VS, "shop", advance(5)).await.expect("a plan");
    let command = plan.kubectl[0].to_string();
    let folder = std::env::var("WINDLASS_CONTROLPLANE_BIN").unwrap_or_default();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let run = || {
        let config = kit::kubeconfig("WINDLASS_TEST_KUBECONFIG");
        Command::new("sh").args(["-c", &command]).env("PATH", &path).env("KUBECONFIG", config).output().expect("runs")
    };
    let first = run();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(weights(&room, VS), [80, 20]);
    assert!(!run().status.success(), "its fence holds it the second time");
    let outcome = confirm(&room.engine, plan, Consent::default()).await;
    assert_eq!(outcome.kind, OutcomeKind::Conflict, "{}", outcome.reason);
}

const RACER: &str = "WINDLASS_TEST_ROUTE_RACER";

fn rounds() -> (usize, usize) {
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    (number("WINDLASS_TEST_RACERS", 50), number("WINDLASS_TEST_ROUNDS", 5))
}

/// A racer: plans an advance, says that it is ready, waits for the word, and applies. Does nothing in an ordinary run.
#[tokio::test]
#[ignore = "a process of its own, started by the test below"]
async fn racer() {
    let Ok(task) = std::env::var(RACER) else { return };
    let (namespace, kind, from) = {
        let mut parts = task.split(' ');
        let mut next = || parts.next().expect("three words").to_owned();
        (next(), if next() == "vs" { VS } else { HTTP }, next().parse::<u8>().expect("a weight"))
    };
    let home = tempfile::tempdir().expect("a directory");
    let cluster = kit::cluster().await;
    let engine = engine(&cluster, &format!("racer-{}", std::process::id()), home.path());
    let key = ObjectKey::new(kind, namespace.as_str(), "shop");
    let (release, details) = Box::pin(cluster.one_release(&key)).await.expect("readable");
    let strategy = windlass::strategy::strategy(release.strategy).expect("known");
    let plan = strategy.plan(&release, &details, &advance(from), &engine.context(&release.uid)).expect("a plan");
    let say =
        |line: &str| writeln!(std::io::stdout(), "{line}").and_then(|()| std::io::stdout().flush()).expect("told");
    say("ready");
    std::io::stdin().lines().next().expect("the word").expect("readable");
    let outcome = confirm(&engine, Arc::new(plan), Consent { wait: None, ..Consent::default() }).await;
    say(&format!("outcome {} {}", outcome.kind, outcome.reason));
}

fn line(out: &mut BufReader<std::process::ChildStdout>, start: &str) -> String {
    out.lines().map_while(Result::ok).find(|line| line.contains(start)).expect("the racer speaks")
}

/// All processes plan the same step, and apply it at the same word.
fn race(room: &Room, kind: Kind, from: u8, racers: usize) -> Vec<String> {
    let word = if kind == VS { "vs" } else { "httproute" };
    let start = |_| {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "routes::racer", "--ignored", "--nocapture", "--test-threads=1"])
            .env(RACER, format!("{} {word} {from}", room.name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        (child, out)
    };
    let mut children: Vec<(Child, BufReader<std::process::ChildStdout>)> = (0..racers).map(start).collect();
    for (_, out) in &mut children {
        line(out, "ready");
    }
    for (child, _) in &mut children {
        writeln!(child.stdin.as_mut().expect("piped"), "go").expect("heard");
    }
    let ends = children.into_iter().map(|(mut child, mut out)| {
        let outcome = line(&mut out, "outcome ");
        child.wait().expect("ended");
        outcome
    });
    ends.collect()
}

async fn racing(room: &Room, kind: Kind) {
    let (racers, rounds) = rounds();
    let ladder = [0_u8, 5, 20, 50];
    for round in 0..rounds {
        let from = ladder[round % ladder.len()];
        let to = i64::from([5, 20, 50, 100][round % ladder.len()]);
        applied_or_so(room, kind, from).await;
        let outcomes = race(room, kind, from, racers);
        let count = |start: &str| outcomes.iter().filter(|line| line.contains(start)).count();
        assert_eq!(
            (count("outcome applied"), count("outcome conflict")),
            (1, racers - 1),
            "round {round}: {outcomes:#?}"
        );
        assert_eq!(weights(room, kind), [100 - to, to], "round {round}: exactly one step from {from} %");
    }
}

/// Sets the weight with kubectl, whatever it was.
pub async fn applied_or_so(room: &Room, kind: Kind, weight: u8) {
    let (list, at) = if kind == VS { ("route", "/spec/http/2") } else { ("backendRefs", "/spec/rules/0") };
    let set =
        |place: u8, weight: u8| json!({"op": "add", "path": format!("{at}/{list}/{place}/weight"), "value": weight});
    let patch = json!([set(0, 100 - weight), set(1, weight)]).to_string();
    room.kubectl(&["patch", kind.plural(), "shop", "--type=json", "-p", &patch]);
    // At 100 % the candidate is stable; a newer template makes it one again only on the other side, so the race starts
    // below the top.
    let release = room.release(kind, "shop").await;
    assert_eq!(release.track(Role::Candidate).and_then(|track| track.weight.asked), Some(weight));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn of_many_processes_that_advance_an_istio_canary_exactly_one_moves_it_one_step() {
    racing(&istio("race-istio", 5).await, VS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn of_many_processes_that_advance_a_gateway_canary_exactly_one_moves_it_one_step() {
    racing(&gateway("race-gateway", 95, 5).await, HTTP).await;
}
