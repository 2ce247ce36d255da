//! The link to a real API server goes bad: what is shown stays, says that it is old, and comes back by itself.

use crate::kit::{Namespace, admin, deployment, script, until};
use crate::proxy::Proxy;
use std::process::Command;
use windlass::cluster::{Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer};
use windlass::domain::Snapshot;
use windlass::domain::snapshot::Connection;

/// A namespace with one Deployment, observed through a proxy.
struct Scene {
    namespace: Namespace,
    proxy: Proxy,
    observer: Observer,
}

impl Scene {
    async fn set(name: &str) -> Self {
        let namespace = Namespace::new(name);
        namespace.kubectl(&["create", "deployment", "web", "--image=reg/web:v1", "--replicas=1"]);
        let direct = Cluster::connect(&admin()).await.expect("connects");
        let proxy = Proxy::before(&direct.identity().server).await;
        let observer = watch(&proxy.options(admin()), &namespace).await;
        let scene = Self { namespace, proxy, observer };
        scene.until("the Deployment is there", |snapshot| scene.has_web(snapshot)).await;
        scene.until("the link is live", |snapshot| snapshot.connection == Connection::Live).await;
        scene
    }

    async fn until(&self, what: &str, wanted: impl Fn(&Snapshot) -> bool) {
        until(&self.observer, what, wanted).await;
    }

    fn has_web(&self, snapshot: &Snapshot) -> bool {
        deployment(snapshot, &self.namespace.0, "web").is_some()
    }

    /// Away, and the row is still there.
    async fn goes_away(&self) {
        let away = |snapshot: &Snapshot| matches!(snapshot.connection, Connection::Away { .. });
        self.until("the link is away", away).await;
        assert!(self.has_web(&self.observer.snapshots.borrow()), "the row stays while the server is away");
    }

    /// Live, and what happened meanwhile or since is seen.
    async fn comes_back(&self, replicas: i32) {
        self.until("the link is live again", |snapshot| snapshot.connection == Connection::Live).await;
        self.sees(replicas).await;
    }

    async fn sees(&self, replicas: i32) {
        self.namespace.kubectl(&["scale", "deployment/web", &format!("--replicas={replicas}")]);
        self.until("the new number of replicas is shown", |snapshot| {
            deployment(snapshot, &self.namespace.0, "web").is_some_and(|web| web.replicas.desired == replicas)
        })
        .await;
    }
}

async fn watch(options: &ConnectOptions, namespace: &Namespace) -> Observer {
    let cluster = Cluster::connect(options).await.expect("connects");
    let namespaces = NamespaceScope::List(vec![namespace.0.clone()]);
    cluster.observe(ObserveOptions { namespaces, ..ObserveOptions::default() })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_stalled_link_is_marked_and_comes_back() {
    let scene = Scene::set("stalled").await;
    scene.proxy.stall();
    scene.goes_away().await;
    scene.proxy.clear();
    scene.comes_back(2).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_cut_link_is_marked_and_comes_back() {
    let scene = Scene::set("cut").await;
    scene.proxy.refuse();
    scene.goes_away().await;
    scene.proxy.clear();
    scene.comes_back(2).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn connections_that_went_silent_for_ever_are_left_for_new_ones() {
    let scene = Scene::set("silent").await;
    scene.proxy.bury();
    scene.goes_away().await;
    scene.comes_back(2).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster"]
async fn a_revoked_token_is_told_and_what_was_read_stays() {
    let namespace = Namespace::new("revoked");
    namespace.kubectl(&["create", "deployment", "web", "--image=reg/web:v1"]);
    namespace.kubectl(&["create", "serviceaccount", "ana"]);
    let account = format!("--serviceaccount={}:ana", namespace.0);
    namespace.kubectl(&["create", "rolebinding", "ana", "--clusterrole=view", &account]);
    let token = namespace.kubectl(&["create", "token", "ana"]).trim().to_owned();
    let observer = watch(&ConnectOptions { token: Some(token), ..admin() }, &namespace).await;
    until(&observer, "the Deployment is there", |snapshot| deployment(snapshot, &namespace.0, "web").is_some()).await;
    until(&observer, "the link is live", |snapshot| snapshot.connection == Connection::Live).await;
    namespace.kubectl(&["delete", "serviceaccount", "ana"]);
    let told = until(
        &observer,
        "the refused credentials are told",
        |snapshot| matches!(&snapshot.connection, Connection::Away { reason, .. } if reason.contains("credentials")),
    )
    .await;
    assert!(deployment(&told, &namespace.0, "web").is_some(), "the row stays");
}

/// An instance of the control plane that a test may break; removed at the end.
pub struct Instance(tempfile::TempDir);

impl Instance {
    /// Starts one.
    pub fn up() -> Self {
        let instance = Self(tempfile::tempdir().expect("a folder"));
        script("up", &["--dir", instance.dir()]);
        instance
    }

    /// Where it lives.
    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    fn dir(&self) -> &str {
        self.0.path().to_str().expect("a plain path")
    }

    fn api(&self, verb: &str) {
        script("api", &[verb, "--dir", self.dir()]);
    }

    /// Runs kubectl on it as the administrator and gives what it prints.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let config = self.0.path().join("kube/admin");
        let output = Command::new("kubectl").arg("--kubeconfig").arg(config).args(arguments).output().expect("runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        script("down", &["--dir", self.dir()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn a_killed_api_server_is_waited_for_and_the_watches_go_on_from_where_they_were() {
    let instance = Instance::up();
    instance.kubectl(&["create", "deployment", "web", "--image=reg/web:v1"]);
    let options =
        ConnectOptions { kubeconfig: Some(instance.0.path().join("kube/admin")), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&options).await.expect("connects");
    let observer = cluster.observe(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() });
    let web = |snapshot: &Snapshot| deployment(snapshot, "default", "web").is_some();
    until(&observer, "the Deployment is there", web).await;
    until(&observer, "the link is live", |snapshot| snapshot.connection == Connection::Live).await;
    instance.api("kill");
    let away = |snapshot: &Snapshot| matches!(snapshot.connection, Connection::Away { .. });
    let away = until(&observer, "the killed server is away", away).await;
    assert!(web(&away), "the row stays");
    instance.api("start");
    until(&observer, "the started server is live again", |snapshot| snapshot.connection == Connection::Live).await;
    instance.kubectl(&["create", "deployment", "api", "--image=reg/api:v1"]);
    until(&observer, "what came since is shown", |snapshot| {
        snapshot.connection == Connection::Live && deployment(snapshot, "default", "api").is_some()
    })
    .await;
    assert!(web(&observer.snapshots.borrow()), "the first one is still there");
}
