//! The scenario file: what its keys mean.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Another embedded scenario that this one adds to.
    pub base: Option<String>,
    /// Namespaces, beside `default` and `kube-system`.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// How many nodes there are.
    #[serde(default = "four")]
    pub nodes: usize,
    /// How long before the start the controllers really run: revisions and changes younger than this are played, not
    /// laid out.
    #[serde(default = "quarter_hour")]
    pub replay: String,
    /// The projects whose custom resources the server has: `argo`, `flagger`, `gateway`, `istio`.
    #[serde(default)]
    pub crds: Vec<String>,
    #[serde(default)]
    pub access: Rights,
    #[serde(default)]
    pub workload: Vec<Workload>,
    /// Whole objects.
    #[serde(default)]
    pub object: Vec<Value>,
    /// Writes at set times.
    #[serde(default)]
    pub change: Vec<Change>,
    #[serde(default)]
    pub fault: Vec<FaultEntry>,
    /// Many workloads that are all alike.
    pub crowd: Option<Crowd>,
}

impl File {
    /// What the base has too, first.
    pub fn on(mut self, base: File) -> File {
        self.nodes = self.nodes.max(base.nodes);
        self.namespaces = [base.namespaces, self.namespaces].concat();
        self.crds = [base.crds, self.crds].concat();
        self.workload = [base.workload, self.workload].concat();
        self.object = [base.object, self.object].concat();
        self.change = [base.change, self.change].concat();
        self
    }
}

/// Many workloads of about the same number of pods, spread over namespaces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    pub namespaces: usize,
    pub workloads: usize,
    /// Unless the options ask for another number.
    pub pods: usize,
}

fn four() -> usize {
    4
}

fn quarter_hour() -> String {
    "15m".to_owned()
}

/// The rights of the scenario's own user.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rights {
    pub user: Option<String>,
    /// `admin`, `viewer` or `nobody`.
    pub level: Option<String>,
    pub without_namespaces: Vec<String>,
    pub without_kinds: Vec<String>,
}

/// A workload with its history.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub namespace: String,
    pub name: String,
    #[serde(default = "one")]
    pub replicas: i64,
    /// Merged into the spec.
    #[serde(default)]
    pub spec: Map<String, Value>,
    /// Merged into the only container.
    #[serde(default)]
    pub container: Map<String, Value>,
    /// Merged into the pod template's metadata.
    #[serde(default)]
    pub annotations: Map<String, Value>,
    /// Merged into the workload's own annotations.
    #[serde(default)]
    pub notes: Map<String, Value>,
    /// Whether there is a Service in front of it, and its requests a second.
    pub rps: Option<f64>,
    /// Oldest first.
    pub revisions: Vec<Revision>,
}

fn one() -> i64 {
    1
}

/// The kinds of workloads that a scenario can lay out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

/// One revision of a workload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// How long before the start it was rolled out; with a `+` after it.
    pub ago: String,
    pub image: String,
    /// The change-cause.
    pub cause: Option<String>,
    /// The manager that wrote it.
    #[serde(default = "deployer")]
    pub by: String,
    /// Merged into the workload's spec together with the image.
    #[serde(default)]
    pub spec: Map<String, Value>,
    /// Environment variables of the container.
    #[serde(default)]
    pub env: Map<String, Value>,
    /// Merged into the pod template's annotations.
    #[serde(default)]
    pub annotations: Map<String, Value>,
}

fn deployer() -> String {
    "ci-deployer".to_owned()
}

/// A merge patch on an object at a set time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Relative to the start: `-6m`, `+90s`.
    pub at: String,
    /// `Deployment shop/web`.
    pub target: String,
    #[serde(default = "deployer")]
    pub by: String,
    pub patch: Value,
}

/// A fault for some time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultEntry {
    /// From when on, relative to the start.
    pub at: String,
    /// For how long.
    #[serde(rename = "for")]
    pub lasts: String,
    pub verb: Option<String>,
    pub path: Option<String>,
    /// A status code, or:
    pub status: Option<u16>,
    pub retry_after: Option<u32>,
    /// `reset`, `stall`, `lost-answer`, `malformed`, `slow`.
    pub effect: Option<String>,
    /// How late for `slow`, how far for `ahead`.
    pub delay: Option<String>,
}
