//! A namespace of a test's own, with kubectl beside our engine.

use crate::kit;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use windlass::action::journal::Journal;
use windlass::action::{Consent, Engine, Policy, Progress, Settings};
use windlass::cluster::{Clock, Cluster, ObserveOptions};
use windlass::domain::plan::{Refusal, RefusalKind};
use windlass::domain::{Intent, Kind, ObjectKey, Outcome, Plan, Release};
use windlass::strategy::strategy;

/// A namespace, deleted at the end.
pub struct Room {
    pub name: String,
    pub cluster: Cluster,
    pub engine: Engine,
    _home: tempfile::TempDir,
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = Command::new(kubectl_path()).args(["delete", "namespace", &self.name, "--wait=false"]).output();
    }
}

/// Where kubectl is.
pub fn kubectl_path() -> PathBuf {
    std::env::var_os("WINDLASS_CONTROLPLANE_BIN")
        .map_or_else(|| "kubectl".into(), |bin| PathBuf::from(bin).join("kubectl"))
}

impl Room {
    /// A namespace `windlass-NAME-…` with these labels, and an engine of `who` for it.
    pub async fn new(name: &str, labels: &Value) -> Self {
        let cluster = kit::cluster().await;
        let home = tempfile::tempdir().expect("a directory");
        let engine = engine(&cluster, "ana", home.path());
        let name = format!("windlass-{name}-{}", std::process::id());
        let room = Self { name, cluster, engine, _home: home };
        let labels = if labels.is_null() { json!({}) } else { labels.clone() };
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": room.name, "labels": labels}});
        room.apply(&namespace);
        room
    }

    /// Starts the command itself in this namespace, as a person with a home of their own, who lives as long as it is kept.
    pub fn start_windlass(&self, arguments: &[&str]) -> (Child, tempfile::TempDir) {
        let home = tempfile::tempdir().expect("a directory");
        (self.start_windlass_in(home.path(), arguments), home)
    }

    /// Starts it as the person who lives in `home`.
    pub fn start_windlass_in(&self, home: &std::path::Path, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(["-n", &self.name]).args(arguments).envs(Self::person(home));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        child.expect("starts")
    }

    /// Runs the command itself.
    pub fn windlass(&self, arguments: &[&str]) -> Output {
        let (child, _home) = self.start_windlass(arguments);
        child.wait_with_output().expect("ends")
    }

    /// The variables of a person who lives in `home`.
    pub fn person(home: &std::path::Path) -> [(&'static str, PathBuf); 4] {
        [
            ("KUBECONFIG", kit::kubeconfig("WINDLASS_TEST_KUBECONFIG")),
            ("XDG_CONFIG_HOME", home.join("config")),
            ("XDG_STATE_HOME", home.join("state")),
            ("XDG_CACHE_HOME", home.join("cache")),
        ]
    }

    /// Runs kubectl in this namespace; its output, whatever it returns.
    pub fn try_kubectl(&self, args: &[&str]) -> Result<String, String> {
        let out = Command::new(kubectl_path())
            .env("KUBECONFIG", kit::kubeconfig("WINDLASS_TEST_KUBECONFIG"))
            .args(["-n", &self.name])
            .args(args)
            .output()
            .expect("kubectl runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
    }

    /// The same for what must succeed.
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.try_kubectl(args).unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// Applies an object.
    pub fn apply(&self, object: &Value) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), object.to_string()).expect("written");
        let path = file.path().to_str().expect("a plain path").to_owned();
        self.kubectl(&["apply", "-f", &path]);
    }

    /// A workload of `kind` that runs `image`, with more annotations on its template and more of its spec.
    pub fn workload(&self, kind: Kind, name: &str, image: &str, annotations: &Value, spec: &Value) {
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": kind.name(),
            "metadata": {"name": name, "namespace": self.name},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}, "annotations": annotations},
                    "spec": {"containers": [{"name": "app", "image": image, "command": ["sh", "-c", "a && b < c > d"]}]},
                },
            },
        });
        if kind == Kind::StatefulSet {
            object["spec"]["serviceName"] = name.into();
        }
        if kind != Kind::DaemonSet {
            object["spec"]["replicas"] = 3.into();
        }
        for (field, value) in spec.as_object().into_iter().flatten() {
            object["spec"][field] = value.clone();
        }
        self.apply(&object);
    }

    /// Rolls `version` out (image tag, change-cause) and waits for it when it is one that comes up.
    pub fn roll(&self, kind: Kind, name: &str, version: &str) {
        self.start_roll(kind, name, version);
        if !version.contains("bad") && !version.contains("crash") {
            self.settle(kind, name);
        }
    }

    /// Rolls out without waiting: image and change-cause in one write, as a pipeline does.
    pub fn start_roll(&self, kind: Kind, name: &str, version: &str) {
        let cause = format!("{name} {version}");
        let patch = json!({
            "metadata": {"annotations": {"kubernetes.io/change-cause": cause}},
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": image(version)}]}}},
        });
        self.kubectl(&["patch", kind.plural(), name, "--type=strategic", "-p", &patch.to_string()]);
    }

    /// Waits as kubectl does.
    pub fn settle(&self, kind: Kind, name: &str) {
        self.kubectl(&["rollout", "status", &format!("{}/{name}", kind.singular()), "--timeout=120s"]);
    }

    /// Looks until a pod of it is in trouble; for two minutes at most, and not faster than anybody could tell.
    pub async fn breaks(&self, kind: Kind, name: &str) {
        let looking = async {
            while !self.release(kind, name).await.pods().any(|pod| !pod.ready && pod.trouble.is_some()) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(2), looking).await.expect("a pod breaks");
    }

    /// `kubectl rollout history`, its name left out.
    pub fn history(&self, kind: Kind, name: &str) -> Vec<String> {
        let text = self.kubectl(&["rollout", "history", &format!("{}/{name}", kind.singular())]);
        let lines = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
        lines.map(|line| line.replace(name, "NAME").split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// One field of an object, by JSON pointer.
    pub fn field(&self, kind: Kind, name: &str, pointer: &str) -> Value {
        let text = self.kubectl(&["get", kind.plural(), name, "-o", "json", "--show-managed-fields=false"]);
        let object: Value = serde_json::from_str(&text).expect("JSON");
        object.pointer(pointer).cloned().unwrap_or_default()
    }

    /// The image that the spec asks for.
    pub fn image(&self, kind: Kind, name: &str) -> String {
        self.field(kind, name, "/spec/template/spec/containers/0/image").as_str().expect("an image").to_owned()
    }

    /// The release as it is now.
    pub async fn release(&self, kind: Kind, name: &str) -> Release {
        let key = ObjectKey::new(kind, self.name.as_str(), name);
        Box::pin(self.cluster.one_release_with(&key, &ObserveOptions::default())).await.expect("readable").0
    }

    /// Plans, reading again while the controller is at work.
    pub async fn propose(&self, kind: Kind, name: &str, intent: Intent) -> Result<Arc<Plan>, Refusal> {
        self.propose_as(&self.engine, kind, name, intent).await
    }

    /// The same for another engine.
    pub async fn propose_as(
        &self,
        engine: &Engine,
        kind: Kind,
        name: &str,
        intent: Intent,
    ) -> Result<Arc<Plan>, Refusal> {
        let key = ObjectKey::new(kind, self.name.as_str(), name);
        let again = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let (release, details) =
                Box::pin(self.cluster.one_release_with(&key, &ObserveOptions::default())).await.expect("readable");
            let context = engine.context(&release.uid);
            let planned = strategy(release.strategy).expect("known").plan(&release, &details, &intent, &context);
            match planned {
                Err(refusal) if refusal.kind == RefusalKind::ReadAgain && tokio::time::Instant::now() < again => {}
                planned => return planned.map(Arc::new),
            }
        }
    }

    /// Plans and confirms.
    pub async fn does(&self, kind: Kind, name: &str, intent: Intent) -> Outcome {
        self.does_with(kind, name, intent, Consent::default()).await
    }

    /// The same on other terms.
    pub async fn does_with(&self, kind: Kind, name: &str, intent: Intent, consent: Consent) -> Outcome {
        let plan = self.propose(kind, name, intent).await.expect("a plan");
        confirm(&self.engine, plan, consent).await
    }
}

/// Confirms, and waits for the outcome.
pub async fn confirm(engine: &Engine, plan: Arc<Plan>, consent: Consent) -> Outcome {
    let mut news = engine.apply(plan, consent);
    while let Some(progress) = news.recv().await {
        if let Progress::Done(outcome) = progress {
            return outcome;
        }
    }
    panic!("no outcome");
}

/// An engine of `who`, with a journal in `home`.
pub fn engine(cluster: &Cluster, who: &str, home: &std::path::Path) -> Engine {
    let settings = Settings {
        policy: Policy::default(),
        freeze: windlass::config::Freeze::none(),
        who: who.into(),
        clock: Clock::system(),
        snapshots: None,
        traffic: Arc::default(),
    };
    Engine::new(cluster, Journal::open(home), settings)
}

/// The reference of a version.
pub fn image(version: &str) -> String {
    format!("registry.test/shop/app:{version}")
}
