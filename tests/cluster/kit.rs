//! What every test needs: the cluster, a namespace of its own, kubectl, and waiting for a snapshot.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use windlass::cluster::{Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer};
use windlass::domain::{Kind, ObjectKey, Release, Snapshot};

/// How many kinds are watched: what every cluster has, and what traffic brings along.
pub const KINDS: usize = 18;

/// The kubeconfig in the environment variable `name`.
pub fn kubeconfig(name: &str) -> PathBuf {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} must name a kubeconfig")).into()
}

/// Options for the user whose kubeconfig the variable `name` names.
pub fn user(name: &str) -> ConnectOptions {
    ConnectOptions { kubeconfig: Some(kubeconfig(name)), ..ConnectOptions::default() }
}

/// Options for the administrator.
pub fn admin() -> ConnectOptions {
    user("WINDLASS_TEST_KUBECONFIG")
}

/// A connection as the administrator.
pub async fn cluster() -> Cluster {
    Cluster::connect(&admin()).await.expect("connects")
}

/// Observes these namespaces.
pub fn observe(cluster: &Cluster, namespaces: &[&str]) -> Observer {
    let names = namespaces.iter().map(|name| (*name).to_owned()).collect();
    cluster.observe(ObserveOptions { namespaces: NamespaceScope::List(names), ..ObserveOptions::default() })
}

/// Waits until a snapshot satisfies `wanted`; a minute at most.
pub async fn until(observer: &Observer, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = observer.snapshots.clone();
    let found = tokio::time::timeout(Duration::from_mins(1), snapshots.wait_for(|snapshot| wanted(snapshot)));
    let Ok(found) = found.await else {
        panic!("no snapshot in which {what}; the last: {:#?}", observer.snapshots.borrow());
    };
    Arc::clone(&found.expect("the observer lives"))
}

/// A Deployment's release.
pub fn deployment<'a>(snapshot: &'a Snapshot, namespace: &str, name: &str) -> Option<&'a Arc<Release>> {
    snapshot.by_key(&ObjectKey::new(Kind::Deployment, namespace, name))
}

/// A namespace of its own, removed at the end.
pub struct Namespace(pub String);

impl Namespace {
    /// Makes one whose name starts with `name`.
    pub fn new(name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let made = Self(name);
        kubectl(&["create", "namespace", &made.0]);
        made
    }

    /// Applies a manifest in it.
    pub fn apply(&self, manifest: &Value) {
        kubectl_with(&["-n", &self.0, "apply", "-f", "-"], &manifest.to_string());
    }

    /// Runs kubectl in it and gives what it prints.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        kubectl(&[&["-n", &self.0], arguments].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let mut command = kubectl_command();
        let removed = command.args(["delete", "namespace", &self.0, "--wait=false"]).stdout(Stdio::null()).status();
        if !std::thread::panicking() {
            assert!(removed.expect("kubectl runs").success());
        }
    }
}

fn kubectl_command() -> Command {
    let program = std::env::var_os("WINDLASS_CONTROLPLANE_BIN")
        .map_or_else(|| PathBuf::from("kubectl"), |folder| PathBuf::from(folder).join("kubectl"));
    let mut command = Command::new(program);
    command.env("KUBECONFIG", kubeconfig("WINDLASS_TEST_KUBECONFIG"));
    command
}

/// Runs kubectl as the administrator and gives what it prints.
pub fn kubectl(arguments: &[&str]) -> String {
    kubectl_with(arguments, "")
}

fn kubectl_with(arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut command = kubectl_command();
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("kubectl is there");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("kubectl reads");
    let output = child.wait_with_output().expect("kubectl ends");
    assert!(output.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs a script of the control-plane kit.
pub fn script(name: &str, arguments: &[&str]) -> String {
    let kit = std::env::var("WINDLASS_CONTROLPLANE").expect("WINDLASS_CONTROLPLANE names the control-plane kit");
    let mut command = Command::new(format!("{kit}/{name}"));
    let command = command.env("KUBECONFIG", kubeconfig("WINDLASS_TEST_KUBECONFIG")).args(arguments);
    let output = command.output().expect("the script runs");
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A Deployment of `replicas` pods of `image`.
pub fn web(image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image, "args": ["sh", "-c", "a && b < c"]}]},
            },
        },
    })
}
