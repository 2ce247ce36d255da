//! A plain workload as a person steers it: by the command line, and by keys in a pseudo terminal, with the command itself
//! against a real API server. kubectl tells what became of it.

use crate::by_hand::{Console, Person};
use crate::room::{Room, image};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use windlass::domain::Kind;

/// What is steered, and what of it there is to steer.
struct Case {
    name: &'static str,
    kind: Kind,
    strategy: &'static str,
    spec: fn() -> Value,
}

const CASES: [Case; 6] = [
    Case { name: "rolling", kind: Kind::Deployment, strategy: "rolling", spec: || json!({}) },
    Case {
        name: "recreate",
        kind: Kind::Deployment,
        strategy: "recreate",
        spec: || json!({"strategy": {"type": "Recreate"}}),
    },
    Case { name: "ordered", kind: Kind::StatefulSet, strategy: "rolling", spec: || json!({}) },
    Case { name: "nodes", kind: Kind::DaemonSet, strategy: "rolling", spec: || json!({}) },
    Case { name: "deleted", kind: Kind::StatefulSet, strategy: "on-delete", spec: on_delete },
    Case { name: "undeleted", kind: Kind::DaemonSet, strategy: "on-delete", spec: on_delete },
];

fn on_delete() -> Value {
    json!({"updateStrategy": {"type": "OnDelete"}})
}

impl Case {
    /// Waits until all of it is of the newest version; where that comes by deleting the pods, they are deleted.
    fn settle(&self, room: &Room) {
        if self.strategy != "on-delete" {
            return room.settle(self.kind, "app");
        }
        let until = |path: &str, value: &Value| {
            room.kubectl(&["wait", &self.target(), &format!("--for=jsonpath={{{path}}}={value}"), "--timeout=120s"]);
        };
        // A pod that is deleted before the controller saw the new template comes back with the old one.
        until(".status.observedGeneration", &room.field(self.kind, "app", "/metadata/generation"));
        room.kubectl(&["delete", "pods", "--selector=app=app"]);
        let (desired, updated, ready) = match self.kind {
            Kind::DaemonSet => ("/status/desiredNumberScheduled", "updatedNumberScheduled", "numberReady"),
            _ => ("/spec/replicas", "updatedReplicas", "readyReplicas"),
        };
        let desired = room.field(self.kind, "app", desired);
        for field in [updated, ready] {
            until(&format!(".status.{field}"), &desired);
        }
    }

    /// A namespace with the workload `app`, v1 and then v2 rolled out.
    async fn room(&self, by: &str) -> Room {
        let room = Room::new(&format!("{by}-{}", self.name), &json!({})).await;
        room.workload(self.kind, "app", &image("v1"), &json!({}), &(self.spec)());
        self.settle(&room);
        room.start_roll(self.kind, "app", "v2");
        self.settle(&room);
        room
    }

    fn target(&self) -> String {
        format!("{}/app", self.kind.singular())
    }
}

/// The revisions of `history -o json`, the newest first.
fn revisions(person: &Person<'_>, target: &str) -> Vec<i64> {
    let (code, document, complaint) = person.document(&["history", target]);
    assert_eq!(code, Some(0), "{complaint}");
    let items = document["items"].as_array().expect("items");
    items.iter().filter_map(|item| item["revision"].as_i64()).collect()
}

/// The same as kubectl tells them.
fn told_by_kubectl(room: &Room, kind: Kind) -> Vec<i64> {
    let numbers = room.history(kind, "app");
    let mut numbers: Vec<i64> =
        numbers.iter().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    numbers
}

/// Whether the Deployment is paused.
fn held(room: &Room) -> bool {
    room.field(Kind::Deployment, "app", "/spec/paused") == true
}

async fn by_commands(case: &Case) {
    let room = case.room("cmd").await;
    let (kind, target) = (case.kind, case.target());
    let person = Person::new(&room);
    let status = person.status(&target);
    assert_eq!((status["strategy"].as_str(), status["state"].as_str()), (Some(case.strategy), Some("healthy")));
    assert_eq!(revisions(&person, &target), told_by_kubectl(&room, kind));

    // Forward, and settled as kubectl sees it.
    person.does(&["set-image", &target, &format!("app={}", image("v3"))]);
    assert_eq!(room.image(kind, "app"), image("v3"));
    case.settle(&room);
    let (code, document, _) = person.document(&["set-image", &target, &format!("app={}", image("v3")), "--yes"]);
    assert_eq!((code, document["outcome"].as_str()), (Some(0), Some("unchanged")), "{}", case.name);

    // Back, with the change in sight before.
    let (code, changes, complaint) = person.document(&["diff", &target]);
    assert!(code == Some(0) && changes.to_string().contains(&image("v2")), "{changes} {complaint}");
    person.does(&["undo", &target, "--to-revision", "previous"]);
    assert_eq!(room.image(kind, "app"), image("v2"));
    if case.strategy == "on-delete" {
        assert_eq!(person.status(&target)["state"], "waiting", "nobody deletes a pod of it");
    }
    case.settle(&room);
    assert_eq!(revisions(&person, &target), told_by_kubectl(&room, kind));

    let restarted =
        || room.field(kind, "app", "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt");
    assert!(restarted().is_null());
    person.does(&["restart", &target]);
    assert!(!restarted().is_null());
    case.settle(&room);

    if kind == Kind::DaemonSet {
        assert!(person.may_not(&["scale", &target, "2"]).contains("node"), "{}", case.name);
    } else {
        person.does(&["scale", &target, "2"]);
        assert_eq!(room.field(kind, "app", "/spec/replicas"), json!(2));
    }
    if kind == Kind::Deployment {
        person.does(&["pause", &target]);
        assert!(held(&room));
        person.does(&["resume", &target]);
        assert!(!held(&room));
        let before = room.image(kind, "app");
        person.does(&["pause", &target]);
        person.does(&["set-image", &target, &format!("app={}", image("v4"))]);
        person.does(&["undo", &target, "--to-revision", "previous", "--resume"]);
        assert_eq!((room.image(kind, "app"), held(&room)), (before, false));
    }
    let (code, journal, complaint) = person.document(&["journal", "--since", "1h"]);
    assert!(code == Some(0) && journal.to_string().contains("undo"), "{journal} {complaint}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_rolling_deployment_by_commands() {
    by_commands(&CASES[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_recreated_deployment_by_commands() {
    by_commands(&CASES[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_stateful_set_by_commands() {
    by_commands(&CASES[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_daemon_set_by_commands() {
    by_commands(&CASES[3]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_stateful_set_that_changes_on_deletion_by_commands() {
    by_commands(&CASES[4]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_daemon_set_that_changes_on_deletion_by_commands() {
    by_commands(&CASES[5]).await;
}

async fn by_keys(case: &Case) {
    let room = case.room("key").await;
    let kind = case.kind;
    let mut console = Console::open(&room, &case.target(), "U undo");
    console.does("U", "UNDO");
    assert_eq!(room.image(kind, "app"), image("v1"));
    case.settle(&room);
    console.does("Z", "REVERT");
    assert_eq!(room.image(kind, "app"), image("v2"));
    console.does(&format!("I\x15{}\r", image("v3")), "SET IMAGE");
    assert_eq!(room.image(kind, "app"), image("v3"));
    case.settle(&room);
    if kind != Kind::DaemonSet {
        console.does("N2\r", "SCALE");
        assert_eq!(room.field(kind, "app", "/spec/replicas"), json!(2));
    }
    if kind == Kind::Deployment {
        console.does("P", "PAUSE");
        assert!(held(&room));
        console.does("P", "RESUME");
        assert!(!held(&room));
        console.does("P", "PAUSE");
        console.does(&format!("I\x15{}\r", image("v4")), "SET IMAGE");
        console.plans("U", "UNDO");
        console.presses("p", |screen| screen.contents().contains("also resumes it; 'p'"));
        console.confirms("UNDO");
        assert_eq!((room.image(kind, "app"), held(&room)), (image("v3"), false));
    }
    console.does("R", "RESTART");
    console.quit();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_rolling_deployment_by_keys() {
    by_keys(&CASES[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_recreated_deployment_by_keys() {
    by_keys(&CASES[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_stateful_set_by_keys() {
    by_keys(&CASES[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_daemon_set_by_keys() {
    by_keys(&CASES[3]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_stateful_set_that_changes_on_deletion_by_keys() {
    by_keys(&CASES[4]).await;
}

/// The pod that blocks even an undo goes with it: by the flag, and by the key.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_broken_pod_in_the_way_is_deleted_by_the_flag_and_by_the_key() {
    let case = &CASES[2];
    let room = case.room("broken").await;
    room.start_roll(case.kind, "app", "v3-bad");
    room.breaks(case.kind, "app").await;
    let undo = ["undo", &case.target(), "--to-revision", "previous", "--delete-broken-pods"];
    Person::new(&room).does(&undo);
    room.settle(case.kind, "app");
    room.start_roll(case.kind, "app", "v4-bad");
    room.breaks(case.kind, "app").await;
    let mut console = Console::open(&room, &case.target(), "U undo");
    // What a plan offers to delete it knows from the pods: they may be read last.
    console.shows("!pull");
    console.plans("U", "UNDO");
    console.presses("o", |screen| screen.contents().contains("added: 'o' leaves it out"));
    console.confirms("UNDO");
    console.quit();
    room.settle(case.kind, "app");
    assert_eq!(room.image(case.kind, "app"), image("v2"));
}

/// A recreate with a bad image has no pod left: `status --wait` says so with its exit code, as kubectl does at its
/// deadline, and the undo out of the outage is waited for until it serves.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_release_that_is_down_for_good_ends_the_wait_and_comes_back_by_an_undo() {
    let case = &CASES[1];
    let room = case.room("down").await;
    let person = Person::new(&room);
    let target = case.target();
    let bad = format!("app={}", image("v3-bad"));
    let (code, _, complaint) = person.document(&["set-image", &target, &bad, "--yes", "--no-wait"]);
    assert_eq!(code, Some(0), "{complaint}");
    let (code, _, complaint) = person.document(&["status", &target, "--wait", "--timeout", "3m"]);
    assert_eq!(code, Some(1), "{complaint}");
    let status = person.status(&target);
    assert_eq!(status["state"], "down", "{status}");
    person.does(&["undo", &target, "--to-revision", "previous"]);
    assert_eq!(room.image(case.kind, "app"), image("v2"));
    assert_eq!(person.status(&target)["state"], "healthy");
}

/// kubectl finds what is linked as `kubectl-windlass` on the path, and hands its arguments on.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn kubectl_runs_the_command_as_its_plugin() {
    let room = CASES[0].room("plugin").await;
    let folder = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_windlass"), folder.path().join("kubectl-windlass")).expect("linked");
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let paths: Vec<_> = std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(&rest)).collect();
    let kubectl = |arguments: &[&str]| {
        let mut command = std::process::Command::new(crate::room::kubectl_path());
        command.args(arguments).envs(Room::person(folder.path()));
        command.env("PATH", std::env::join_paths(&paths).expect("plain paths"));
        let output = command.output().expect("kubectl runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (_, listed) = kubectl(&["plugin", "list"]);
    assert!(listed.contains("kubectl-windlass"), "{listed}");
    let (code, document) = kubectl(&["windlass", "status", "deploy/app", "-n", &room.name, "-o", "json"]);
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!((code, document["items"][0]["revision"].as_i64()), (Some(0), Some(2)), "{document}");
    // Exit codes come through, too.
    let (code, _) = kubectl(&["windlass", "status", "deploy/none", "-n", &room.name]);
    assert_eq!(code, Some(2));
}

/// A line a change, from what is to what becomes of it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn status_watched_prints_a_line_a_change() {
    let room = CASES[0].room("watch").await;
    let (mut child, _home) = room.start_windlass(&["status", "deploy/app", "--watch"]);
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let (lines, mut told) = tokio::sync::mpsc::unbounded_channel();
    let reading = std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let mut until = async |word: &str| {
        let wait = async {
            loop {
                let line = told.recv().await.expect("it goes on");
                if line.contains(word) {
                    return;
                }
            }
        };
        let came = tokio::time::timeout(std::time::Duration::from_mins(2), wait).await;
        came.unwrap_or_else(|_| panic!("no line with {word}"));
    };
    until("healthy").await;
    room.start_roll(Kind::Deployment, "app", "v3");
    until("progressing").await;
    until("healthy").await;
    room.start_roll(Kind::Deployment, "app", "v4-bad");
    until("pull").await;
    child.kill().expect("ended");
    child.wait().expect("ended");
    // A send that nobody hears ends it.
    let _ = reading.join().expect("ended");
}

/// The lines of one pod are kubectl's; of a whole track every pod's come, each with its name.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster whose pods have logs"]
async fn logs_of_a_release_are_those_of_its_pods() {
    let room = CASES[0].room("logs").await;
    let pods: Value = serde_json::from_str(&room.kubectl(&["get", "pods", "-o", "json"])).expect("JSON");
    let stays = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
    let pods: Vec<&Value> = pods["items"].as_array().expect("items").iter().filter(stays).collect();
    let output = room.windlass(&["logs", "deploy/app", "--tail", "3"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && !text.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let newest = room.kubectl(&["logs", "deploy/app", "--tail=1"]);
    assert!(!newest.trim().is_empty());
    assert_eq!(pods.len(), 3);
    for pod in pods {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        assert!(text.contains(name), "no line of {name} in {text}");
    }
}
