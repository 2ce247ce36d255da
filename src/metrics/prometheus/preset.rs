//! The metrics that known products emit: their names, labels, and what they call a failure.

use super::answer::Row;
use crate::domain::Str;
use crate::metrics::lanes::{Lanes, Place};
use jiff::SignedDuration;

/// A family of metrics.
#[derive(Debug)]
pub struct Preset {
    /// Its name in the settings.
    pub name: &'static str,
    /// The counter of requests.
    pub requests: &'static str,
    /// The histogram of durations, without `_bucket`.
    durations: &'static str,
    /// How many of the histogram's units make a second.
    per_second: f64,
    /// The matchers that choose a namespace's series, as `NS` stands for its name.
    namespace: &'static str,
    /// What tells one release's series from the rest of its namespace's.
    one: One,
    /// The labels that tell tracks apart.
    by: &'static [&'static str],
    /// The labels that say how a request ended, the first that is there.
    outcome: &'static [&'static str],
    /// Whose a series is.
    pub place: fn(&Row) -> Place<'_>,
}

/// The label that one release's series are chosen by.
#[derive(Debug, Clone, Copy)]
enum One {
    /// It holds the workload.
    Workload(&'static str),
    /// It holds the pod, whose name begins with the workload's; series without it are taken, too.
    Pod(&'static str),
    /// It holds a Service in this form, in which `NS` is the namespace and `NAMES` any of the tracks' Services.
    Service(&'static str, &'static str),
}

/// The presets, in the order in which they are tried.
pub static PRESETS: &[Preset] = &[
    // Istio's standard metrics; its Prometheus configurations add the pod's labels.
    Preset {
        name: "istio",
        requests: "istio_requests_total",
        durations: "istio_request_duration_milliseconds",
        per_second: 1_000.0,
        namespace: r#"reporter="destination",destination_workload_namespace="NS""#,
        one: One::Workload("destination_workload"),
        by: &["destination_workload", "destination_service_name", "rollouts_pod_template_hash", "pod_template_hash"],
        outcome: &["response_code"],
        place: |row| Place {
            workload: row.label("destination_workload"),
            hash: hash(row),
            service: row.label("destination_service_name"),
            ..Place::default()
        },
    },
    // Linkerd's proxy metrics: a workload's kind is the label's name.
    Preset {
        name: "linkerd",
        requests: "response_total",
        durations: "response_latency_ms",
        per_second: 1_000.0,
        namespace: r#"direction="inbound",namespace="NS""#,
        one: One::Pod("pod"),
        by: &["deployment", "statefulset", "daemonset", "pod", "pod_template_hash"],
        outcome: &["classification"],
        place: |row| Place {
            workload: first(row, &["deployment", "statefulset", "daemonset"]),
            hash: hash(row),
            pod: row.label("pod"),
            ..Place::default()
        },
    },
    // ingress-nginx: `canary` is empty for the main ingress; `exported_…` where Prometheus keeps its own labels.
    Preset {
        name: "nginx",
        requests: "nginx_ingress_controller_requests",
        durations: "nginx_ingress_controller_request_duration_seconds",
        per_second: 1.0,
        namespace: r#"exported_namespace="NS""#,
        one: One::Service("exported_service", "NAMES"),
        by: &["exported_service", "canary"],
        outcome: &["status"],
        place: |row| Place {
            service: row.label("exported_service"),
            canary: Some(row.label("canary").is_some()),
            ..Place::default()
        },
    },
    // The same where the scrape keeps ingress-nginx's own labels. With `exported_…` beside them they are the scrape's, and
    // name the controller.
    Preset {
        name: "nginx-own-labels",
        requests: "nginx_ingress_controller_requests",
        durations: "nginx_ingress_controller_request_duration_seconds",
        per_second: 1.0,
        namespace: r#"exported_namespace="",namespace="NS""#,
        one: One::Service("service", "NAMES"),
        by: &["service", "canary"],
        outcome: &["status"],
        place: |row| Place {
            service: row.label("service"),
            canary: Some(row.label("canary").is_some()),
            ..Place::default()
        },
    },
    // Traefik: `shop-web-80@kubernetescrd`.
    Preset {
        name: "traefik",
        requests: "traefik_service_requests_total",
        durations: "traefik_service_request_duration_seconds",
        per_second: 1.0,
        namespace: r#"service=~"NS-.+@kubernetes.*""#,
        one: One::Service("service", "NS-(NAMES)-.+@kubernetes.*"),
        by: &["service"],
        outcome: &["code"],
        place: |row| Place { prefixed: row.label("service").and_then(traefik_service), ..Place::default() },
    },
    // Contour's Envoy: `shop_web_80`.
    Preset {
        name: "contour",
        requests: "envoy_cluster_upstream_rq",
        durations: "envoy_cluster_upstream_rq_time",
        per_second: 1_000.0,
        namespace: r#"envoy_cluster_name=~"NS_.+""#,
        one: One::Service("envoy_cluster_name", "NS_(NAMES)_.+"),
        by: &["envoy_cluster_name"],
        outcome: &["envoy_response_code"],
        place: |row| Place { service: row.label("envoy_cluster_name").and_then(contour_service), ..Place::default() },
    },
    // What programs count by themselves, with the labels of the Prometheus operator's scrapes.
    Preset {
        name: "http",
        requests: "http_requests_total",
        durations: "http_request_duration_seconds",
        per_second: 1.0,
        namespace: r#"namespace="NS""#,
        one: One::Pod("pod"),
        by: &["deployment", "pod", "pod_template_hash", "rollouts_pod_template_hash"],
        outcome: &["code", "status", "status_code", "response_code"],
        place: |row| Place {
            workload: row.label("deployment"),
            hash: hash(row),
            pod: row.label("pod"),
            ..Place::default()
        },
    },
    // The same with the labels of Prometheus' own example for Kubernetes.
    Preset {
        name: "http-kubernetes",
        requests: "http_requests_total",
        durations: "http_request_duration_seconds",
        per_second: 1.0,
        namespace: r#"kubernetes_namespace="NS""#,
        one: One::Pod("kubernetes_pod_name"),
        by: &["kubernetes_pod_name", "pod_template_hash", "rollouts_pod_template_hash"],
        outcome: &["code", "status", "status_code", "response_code"],
        place: |row| Place { hash: hash(row), pod: row.label("kubernetes_pod_name"), ..Place::default() },
    },
];

impl Preset {
    /// Requests a second of one release's tracks, by how they ended.
    pub fn rates(&self, lanes: &Lanes, window: SignedDuration) -> String {
        self.rated(self.requests, &self.matchers(lanes), self.outcome, window)
    }

    /// Requests a second of everything in a namespace.
    pub fn rates_in(&self, namespace: &Str, window: SignedDuration) -> String {
        self.rated(self.requests, &self.namespaced(namespace), self.outcome, window)
    }

    /// The histogram's buckets of one release's tracks.
    pub fn buckets(&self, lanes: &Lanes, window: SignedDuration) -> String {
        self.rated(&format!("{}_bucket", self.durations), &self.matchers(lanes), &["le"], window)
    }

    fn rated(&self, metric: &str, matchers: &str, more: &[&str], window: SignedDuration) -> String {
        let by: Vec<&str> = self.by.iter().chain(more).copied().collect();
        format!("sum by ({}) (rate({metric}{{{matchers}}}[{}s]))", by.join(","), window.as_secs())
    }

    fn namespaced(&self, namespace: &str) -> String {
        self.namespace.replace("NS", namespace)
    }

    fn matchers(&self, lanes: &Lanes) -> String {
        let namespace = self.namespaced(&lanes.namespace);
        let (label, pattern) = match self.one {
            One::Workload(label) => (label, lanes.workloads().join("|")),
            One::Pod(label) => (label, format!("(?:{})-.+|", lanes.workloads().join("|"))),
            One::Service(label, form) => {
                let mut names: Vec<&str> =
                    lanes.tracks.iter().flat_map(|lane| &lane.services).map(|name| &**name).collect();
                names.sort_unstable();
                names.dedup();
                if names.is_empty() {
                    return namespace;
                }
                (label, form.replace("NS", &lanes.namespace).replace("NAMES", &names.join("|")))
            }
        };
        format!("{namespace},{label}=~\"{pattern}\"")
    }

    /// Whether the series counts failures: a code of the 500s, gRPC's included by meshes, or Linkerd's word. `None`:
    /// it does not say how its requests ended.
    pub fn failed(&self, row: &Row) -> Option<bool> {
        let outcome = first(row, self.outcome)?;
        Some(outcome == "failure" || outcome.starts_with('5'))
    }

    /// The upper bound of a bucket in seconds.
    pub fn bound(&self, row: &Row) -> Option<f64> {
        row.label("le")?.parse().ok().map(|bound: f64| bound / self.per_second)
    }
}

fn first<'a>(row: &'a Row, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| row.label(name))
}

fn hash(row: &Row) -> Option<&str> {
    first(row, &["rollouts_pod_template_hash", "pod_template_hash"])
}

/// `shop-web-canary-80@kubernetescrd` → `shop-web-canary`: only who knows the namespace can tell where it ends.
fn traefik_service(name: &str) -> Option<&str> {
    let (name, _) = name.split_once('@')?;
    name.rsplit_once('-').map(|(name, _port)| name)
}

/// `shop_web-canary_80` → `web-canary`: neither namespaces nor Services have underscores.
fn contour_service(name: &str) -> Option<&str> {
    name.split('_').nth(1)
}
