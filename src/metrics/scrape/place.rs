//! Where a pod serves its metrics: by the settings, by its annotations, else by its first port.

use crate::cluster::Cluster;
use crate::domain::{ObjectKey, RawObject, Str};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What has no metrics is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Scheme, port and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `http` or `https`.
    pub scheme: String,
    /// The port's number.
    pub port: String,
    /// The path, without the first `/`.
    pub path: String,
}

/// When it was looked for, and what was found.
type Known = (Instant, Option<Place>);

/// The places by track: its pods are all made from one template.
#[derive(Debug, Default)]
pub struct Places {
    known: Mutex<HashMap<(Str, Str), Known>>,
}

impl Place {
    /// `PORT/PATH` of the settings.
    pub fn written(text: &str) -> Option<Self> {
        let (port, path) = text.split_once('/').unwrap_or((text, "metrics"));
        (!port.is_empty()).then(|| Self { scheme: "http".into(), port: port.into(), path: path.into() })
    }

    /// What the pod itself says.
    fn told(pod: &RawObject) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Container {
            #[serde(default)]
            ports: Vec<Port>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Port {
            #[serde(default)]
            name: String,
            container_port: u16,
        }
        let notes: BTreeMap<String, String> = pod.value("/metadata/annotations").unwrap_or_default();
        let note = |name: &str| notes.get(&format!("prometheus.io/{name}")).cloned();
        if note("scrape").as_deref() == Some("false") {
            return None;
        }
        let containers: Vec<Container> = pod.value("/spec/containers").unwrap_or_default();
        let ports: Vec<Port> = containers.into_iter().flat_map(|container| container.ports).collect();
        let named = ports.iter().find(|port| port.name.contains("metrics") || port.name.contains("prom"));
        let port = named.or(ports.first()).map(|port| port.container_port.to_string());
        let path = note("path").unwrap_or_else(|| "metrics".into());
        Some(Self {
            scheme: note("scheme").unwrap_or_else(|| "http".into()),
            port: note("port").or(port)?,
            path: path.trim_start_matches('/').to_owned(),
        })
    }
}

impl Places {
    /// The place of `track`, told by its pod `pod`, which is read once.
    pub async fn of(&self, cluster: &Cluster, pod: &ObjectKey, track: &Str) -> Option<Place> {
        let name = (pod.namespace.clone(), track.clone());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some((asked, place)) = known
            && (place.is_some() || asked.elapsed() < LOOK_AGAIN)
        {
            return place;
        }
        // A pod that can't be read is asked again with the next round.
        let place = Place::told(&cluster.read(pod).await.ok()?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (Instant::now(), place.clone()));
        place
    }

    /// Notes that nothing useful is there.
    pub fn has_none(&self, namespace: &Str, track: &Str) {
        let name = (namespace.clone(), track.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (Instant::now(), None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use serde_json::{Value, json};

    fn told(annotations: Value, ports: Value) -> Option<(String, String, String)> {
        let pod =
            json!({"metadata": {"uid": "u", "annotations": annotations}, "spec": {"containers": [{"ports": ports}]}});
        let raw = serde_json::value::to_raw_value(&pod).unwrap();
        let raw = RawObject::new(ObjectKey::new(Kind::Pod, "shop", "web-1"), raw).unwrap();
        Place::told(&raw).map(|place| (place.scheme, place.port, place.path))
    }

    fn place(scheme: &str, port: &str, path: &str) -> (String, String, String) {
        (scheme.into(), port.into(), path.into())
    }

    #[test]
    fn annotations_go_before_ports_and_a_metrics_port_before_others() {
        let ports = json!([{"containerPort": 8080}, {"name": "http-metrics", "containerPort": 9102}]);
        let notes =
            json!({"prometheus.io/port": "9000", "prometheus.io/path": "/prom", "prometheus.io/scheme": "https"});
        assert_eq!(told(notes, ports.clone()), Some(place("https", "9000", "prom")));
        assert_eq!(told(json!({}), ports), Some(place("http", "9102", "metrics")));
        assert_eq!(told(json!({}), json!([{"containerPort": 8080}])), Some(place("http", "8080", "metrics")));
    }

    #[test]
    fn a_pod_that_does_not_want_it_and_one_without_ports_are_left_alone() {
        assert_eq!(told(json!({"prometheus.io/scrape": "false"}), json!([{"containerPort": 8080}])), None);
        assert_eq!(told(json!({}), json!([])), None);
    }

    #[test]
    fn the_settings_write_port_and_path() {
        let read = |text| Place::written(text).map(|place| (place.port, place.path));
        assert_eq!(read("8080/internal/metrics"), Some(("8080".into(), "internal/metrics".into())));
        assert_eq!(read("8080"), Some(("8080".into(), "metrics".into())));
        assert_eq!(read(""), None);
    }
}
