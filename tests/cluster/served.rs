//! `windlass demo --serve` as kubectl meets it: it reads, watches and patches the simulated cluster as a real one.

use crate::room::{Room, kubectl_path};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A simulated cluster in a process of its own, with the kubeconfig that it printed.
struct Served {
    child: Child,
    home: tempfile::TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts it, and waits until it says that it serves.
    fn start(speed: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let printed = std::fs::File::create(home.path().join("kubeconfig")).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(["demo", "--scenario", "rolling", "--serve", "0", "--speed", speed]);
        command.envs(Room::person(home.path())).stdin(Stdio::null()).stdout(printed).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let told = child.stderr.take().expect("piped");
        let served = Self { child, home };
        let told = BufReader::new(told).lines().next().expect("it says where").expect("text");
        assert!(told.starts_with("serving the simulated cluster 'rolling' on http://127.0.0.1:"), "{told}");
        served
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(kubectl_path());
        command.arg("--kubeconfig").arg(self.home.path().join("kubeconfig")).args(["-n", "shop"]).args(arguments);
        command
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(arguments).output().expect("kubectl runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

#[test]
#[ignore = "needs kubectl"]
fn kubectl_gets_watches_and_patches_what_the_demo_serves_and_meets_its_fences() {
    let served = Served::start("1");
    let listed = served.kubectl(&["get", "deployments", "-o", "name"]).expect("listed");
    assert!(listed.lines().any(|name| name == "deployment.apps/cart"), "{listed}");

    let replicas = "-o=jsonpath={.spec.replicas}{\"\\n\"}";
    let mut watching = served.command(&["get", "deployment", "cart", "--watch", replicas]);
    let mut watching = watching.stdout(Stdio::piped()).spawn().expect("kubectl starts");
    let mut seen = BufReader::new(watching.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(seen.next().as_deref(), Some("4"));
    let fenced = r#"[{"op": "test", "path": "/spec/replicas", "value": 4},
        {"op": "replace", "path": "/spec/replicas", "value": 6}]"#;
    let patch = ["patch", "deployment", "cart", "--type=json", "-p", fenced];
    served.kubectl(&patch).expect("the fence holds");
    assert!(seen.any(|line| line == "6"), "the watch ended before the change came");
    watching.kill().expect("ended");
    watching.wait().expect("ended");

    // As the real server answers it.
    let refused = served.kubectl(&patch).expect_err("what it tests is no longer so");
    assert!(refused.contains("the server rejected our request due to an error in our request"), "{refused}");
    assert_eq!(served.kubectl(&["get", "deployment", "cart", replicas]), Ok("6\n".into()));
}
