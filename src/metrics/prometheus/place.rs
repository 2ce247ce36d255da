//! Where Prometheus is: as the settings say, or as a Service of the cluster that is looked for once.

use super::client::Unanswered;
use crate::cluster::{Address, Cluster, FoundService};
use crate::config::MetricSettings;
use crate::domain::{Kind, ObjectKey};
use crate::metrics::{credentials, http};
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The labels that installations of Prometheus put on its Service: the charts and Istio's addon, the operator's own
/// Service, older manifests.
const LABELS: [&str; 3] = ["app.kubernetes.io/name=prometheus", "operated-prometheus=true", "app=prometheus"];

/// Where it is looked for when the Services of the whole cluster may not be listed.
const NAMESPACES: [&str; 4] = ["monitoring", "istio-system", "prometheus", "observability"];

/// After a search without result it is looked for again.
const SEARCH_AGAIN: Duration = Duration::from_mins(5);

/// The way to a server.
#[derive(Debug)]
pub enum Way {
    /// By its URL.
    Direct {
        /// The URL, whose path is that of Prometheus' root.
        base: Box<Url>,
        /// The connections.
        http: reqwest::Client,
    },
    /// Through the API server's proxy.
    Service(Address),
}

/// Finds the way, and keeps it.
#[derive(Debug)]
pub struct Places {
    cluster: Cluster,
    settings: MetricSettings,
    found: Mutex<Option<(Instant, Option<Arc<Way>>)>>,
    proof: Mutex<Option<(Instant, HeaderMap)>>,
}

/// For so long a credential that was read is used: a command that prints one may take seconds.
const PROVEN_FOR: Duration = Duration::from_mins(1);

impl Places {
    pub fn new(cluster: Cluster, settings: MetricSettings) -> Self {
        Self { cluster, settings, found: Mutex::default(), proof: Mutex::default() }
    }

    /// The way to the server; `None`: there is none, or none that we may look for.
    pub async fn way(&self) -> Result<Option<Arc<Way>>, String> {
        let mut found = self.found.lock().await;
        if let Some((asked, way)) = &*found
            && (way.is_some() || asked.elapsed() < SEARCH_AGAIN)
        {
            return Ok(way.clone());
        }
        let way = match self.settings.prometheus.as_deref() {
            Some("none") => None,
            Some(address) => Some(self.told(address)?),
            None => self.search().await.map(Way::Service),
        };
        let way = way.map(Arc::new);
        *found = Some((Instant::now(), way.clone()));
        Ok(way)
    }

    /// The way that the settings name.
    fn told(&self, address: &str) -> Result<Way, String> {
        if let Some(service) = Address::of_service(address, "monitoring", "9090") {
            return Ok(Way::Service(service));
        }
        let base: Url =
            address.parse().map_err(|error| format!("'{address}' of metrics.prometheus is no URL: {error}"))?;
        if self.settings.proxied == Some(true) {
            return Ok(Way::Service(behind_proxy(&base)));
        }
        Ok(Way::Direct { base: Box::new(base), http: http::client(&self.settings.access)? })
    }

    async fn search(&self) -> Option<Address> {
        for label in LABELS {
            match self.cluster.services_labelled(label, None).await {
                Ok(services) => {
                    if let Some(address) = best(services) {
                        return Some(address);
                    }
                }
                Err(_) => return self.search_by_namespace().await,
            }
        }
        None
    }

    async fn search_by_namespace(&self) -> Option<Address> {
        for namespace in NAMESPACES {
            let services = self.cluster.services_labelled(LABELS[0], Some(namespace)).await.unwrap_or_default();
            if let Some(address) = best(services) {
                return Some(address);
            }
        }
        None
    }

    /// What proves to the server who we are: read once a minute, and anew once it was refused.
    pub async fn proof(&self, way: &Way) -> Result<HeaderMap, Unanswered> {
        if matches!(way, Way::Service(_)) {
            return Ok(HeaderMap::new());
        }
        let mut proof = self.proof.lock().await;
        if let Some((read, headers)) = &*proof
            && read.elapsed() < PROVEN_FOR
        {
            return Ok(headers.clone());
        }
        let headers = credentials::headers(&self.settings.access).await.map_err(Unanswered::Access)?;
        *proof = Some((Instant::now(), headers.clone()));
        Ok(headers)
    }

    /// Asks the server.
    pub async fn get(
        &self,
        (way, headers): (&Way, HeaderMap),
        path: &str,
        query: &[(&str, &str)],
        limit: Duration,
    ) -> Result<(u16, Vec<u8>), Unanswered> {
        match way {
            Way::Direct { base, http } => {
                let mut url = (**base).clone();
                let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
                url.set_path(&joined);
                url.query_pairs_mut().extend_pairs(query);
                let (status, body) = http::get(http, url, headers).await.map_err(Unanswered::Away)?;
                if matches!(status, 401 | 403) {
                    *self.proof.lock().await = None;
                }
                Ok((status, body))
            }
            Way::Service(service) => {
                let path = format!("{}/{path}", service.path.trim_end_matches('/'));
                let address = Address { path, ..service.clone() };
                let answer = self.cluster.proxied(&address, query, limit).await;
                let answer = answer.map_err(|error| Unanswered::Away(format!("can't be reached: {error}")))?;
                Ok((answer.status, answer.body.to_vec()))
            }
        }
    }
}

impl Way {
    /// The server, as it is named in sentences: without user info.
    pub fn shown(&self) -> String {
        match self {
            Self::Direct { base, .. } => http::shown(base),
            Self::Service(address) => {
                let port = if address.port.is_empty() { String::new() } else { format!(":{}", address.port) };
                format!("svc/{}.{}{port}", address.target.name, address.target.namespace)
            }
        }
    }
}

/// The Service behind a URL as pods use it: `http://prometheus.monitoring.svc:9090/path`.
fn behind_proxy(url: &Url) -> Address {
    let host = url.host_str().unwrap_or_default();
    let mut parts = host.split('.');
    let (name, namespace) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("default"));
    let port = url.port_or_known_default().unwrap_or(80).to_string();
    address(name, namespace, url.scheme(), &port, url.path())
}

fn address(name: &str, namespace: &str, scheme: &str, port: &str, path: &str) -> Address {
    Address {
        target: ObjectKey::new(Kind::Service, namespace, name),
        scheme: scheme.into(),
        port: port.into(),
        path: path.trim_matches('/').into(),
    }
}

/// The likeliest of several: not one of its companions, in the usual namespace, with the usual port.
fn best(mut services: Vec<FoundService>) -> Option<Address> {
    let companion =
        |name: &str| ["alertmanager", "exporter", "pushgateway", "operator"].iter().any(|no| name.contains(no));
    services.retain(|service| !companion(&service.key.name) && !service.ports.is_empty());
    let port = |service: &FoundService| {
        let ports = &service.ports;
        let usual = |(name, number): &&(String, u16)| {
            *number == 9090 || matches!(name.as_str(), "http-web" | "web" | "http" | "http-prometheus" | "server")
        };
        ports.iter().find(usual).map(|(_, number)| *number)
    };
    services.sort_unstable_by_key(|service| {
        let home = &*service.key.namespace != "monitoring";
        (port(service).is_none(), home, service.key.clone())
    });
    let chosen = services.first()?;
    let number = port(chosen).unwrap_or(chosen.ports[0].1);
    Some(address(&chosen.key.name, &chosen.key.namespace, "http", &number.to_string(), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(namespace: &str, name: &str, ports: &[(&str, u16)]) -> FoundService {
        let ports = ports.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect();
        FoundService { key: ObjectKey::new(Kind::Service, namespace, name), ports }
    }

    #[test]
    fn the_likeliest_of_several_services_is_taken() {
        let found = best(vec![
            service("monitoring", "prometheus-alertmanager", &[("web", 9093)]),
            service("istio-system", "prometheus", &[("http", 9090)]),
            service("monitoring", "prometheus-operated", &[("grpc", 10901), ("http-web", 9090)]),
        ]);
        let found = found.unwrap();
        assert_eq!((&*found.target.name, &*found.port), ("prometheus-operated", "9090"));
        assert_eq!(best(vec![service("m", "prometheus-server", &[("http", 80)])]).unwrap().port, "80");
        assert_eq!(best(vec![service("m", "node-exporter", &[("metrics", 9100)])]), None);
    }

    #[test]
    fn a_service_may_be_named_or_meant_by_its_url() {
        let named = Address::of_service("svc/prometheus/prom", "monitoring", "9090").unwrap();
        assert_eq!(Way::Service(named).shown(), "svc/prometheus.monitoring:9090");
        let url: Url = "http://prom.mon.svc.cluster.local:80/x/".parse().unwrap();
        let meant = behind_proxy(&url);
        assert_eq!((&*meant.target.name, &*meant.target.namespace, &*meant.path), ("prom", "mon", "x"));
    }
}
