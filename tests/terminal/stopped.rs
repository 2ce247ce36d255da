//! A command that writes and is stopped by Ctrl-C: it says what was sent. The command itself, against a simulated cluster
//! that is served over loopback.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use windlass::sim::{Effect, Fault, On, SimCluster, SimOptions};

/// A served cluster, and a person with a home.
struct Served {
    sim: SimCluster,
    home: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Served {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        let (sim, url) = runtime.block_on(async {
            let sim = SimCluster::scenario("rolling", &SimOptions::live(1.0)).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let server = sim.clone();
            tokio::spawn(async move { server.serve(listener).await });
            (sim, url)
        });
        std::fs::write(home.path().join("kubeconfig"), sim.kubeconfig(&url)).unwrap();
        Self { sim, home, runtime }
    }

    fn undo(&self) -> Child {
        self.windlass(&["undo", "deploy/search", "-n", "shop", "--to-revision", "3", "--yes", "-o", "json"])
    }

    fn windlass(&self, arguments: &[&str]) -> Child {
        let below = |name: &str| self.home.path().join(name);
        Command::new(env!("CARGO_BIN_EXE_windlass"))
            .args(arguments)
            .env("KUBECONFIG", below("kubeconfig"))
            .env("XDG_CONFIG_HOME", below("config"))
            .env("XDG_STATE_HOME", below("state"))
            .env("XDG_CACHE_HOME", below("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Presses Ctrl-C and hears it out: exit code, document, complaints from then on.
fn stop(mut child: Child, mut complaints: impl Read) -> (Option<i32>, Value, String) {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut said = String::new();
    complaints.read_to_string(&mut said).unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let code = child.wait().unwrap().code();
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {said}")), said)
}

/// Reads what a command tells until a line holds `text`.
fn until(lines: &mut impl BufRead, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended without '{text}'");
    }
}

/// Presses Ctrl-C at a command whose lines are read; its exit code, its last line and its complaint.
fn stop_lines(mut child: Child, mut lines: impl BufRead) -> (Option<i32>, Value, String) {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let last = rest.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    (child.wait().unwrap().code(), last, said)
}

#[test]
fn ctrl_c_at_a_guard_says_that_nothing_guards_any_more() {
    let served = Served::start();
    let guard = ["guard", "deploy/frontend", "-n", "shop", "--rollout-timeout", "5m", "--for", "10m", "-o", "json"];
    let mut child = served.windlass(&guard);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    until(&mut lines, "\"armed\"");
    let (code, last, said) = stop_lines(child, lines);
    assert_eq!((code, last["outcome"].as_str()), (Some(130), Some("interrupted")), "{last} {said}");
    assert!(said.contains("nothing was changed; nothing guards deployment/frontend -n shop any more"), "{said}");
}

#[test]
fn ctrl_c_at_a_deploy_says_what_was_sent_and_that_nothing_guards_it() {
    let served = Served::start();
    let image = "frontend=registry.test/shop/frontend:4.0";
    let deploy = ["deploy", "deploy/frontend", "-n", "shop", "--image", image, "--for", "10m", "--yes", "-o", "json"];
    let mut child = served.windlass(&deploy);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    until(&mut lines, "\"armed\"");
    let (code, last, said) = stop_lines(child, lines);
    assert_eq!((code, last["outcome"].as_str()), (Some(130), Some("interrupted")), "{last} {said}");
    assert!(said.contains("the server took it") && said.contains("nothing guards deployment/frontend"), "{said}");
    let object = served.sim.object("deployments/shop/frontend").unwrap();
    assert_eq!(object["spec"]["template"]["spec"]["containers"][0]["image"], "registry.test/shop/frontend:4.0");
}

#[test]
fn ctrl_c_after_the_server_took_it_says_that_it_goes_on() {
    let served = Served::start();
    let mut child = served.undo();
    let mut complaints = BufReader::new(child.stderr.take().unwrap());
    until(&mut complaints, "accepted");
    let (code, document, said) = stop(child, complaints);
    assert_eq!((code, document["outcome"].as_str()), (Some(130), Some("applied")), "{said}");
    assert!(said.contains("windlass status deployment/search -n shop --wait"), "{said}");
    let image = served.sim.object("deployments/shop/search").unwrap();
    assert_eq!(image["spec"]["template"]["spec"]["containers"][0]["image"], "registry.test/shop/search:v41");
}

#[test]
fn ctrl_c_before_the_answer_says_that_it_is_not_known() {
    let served = Served::start();
    // It comes in, and no answer goes out.
    served.sim.fault(Fault::new(On::verb("patch"), Effect::Stall));
    let mut child = served.undo();
    let sent = async {
        while served.sim.count("patch") == 0 {
            tokio::task::yield_now().await;
        }
    };
    served.runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), sent).await.expect("it is sent") });
    let complaints = child.stderr.take().unwrap();
    let (code, document, said) = stop(child, complaints);
    assert_eq!((code, document["outcome"].as_str()), (Some(130), Some("unknown")), "{said}");
    assert!(said.contains("no answer came yet") && said.contains("windlass journal"), "{said}");
}
