//! What pods and Services answer themselves, through the API server's proxy. GET only: anything else could change
//! something, and is a write.

use super::connect::Cluster;
use super::errors::{Away, ReadError};
use super::explain;
use super::kinds::{encode, object_path, with};
use super::request::{Failed, Request};
use crate::domain::{Kind, ObjectKey};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

/// No answer is read further than this: it is held in memory.
const LARGEST: usize = 32 << 20;

/// What is asked of a pod or Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The pod or Service.
    pub target: ObjectKey,
    /// `http` or `https`.
    pub scheme: String,
    /// Its port: a number, of a Service also a name; empty: a Service's only one.
    pub port: String,
    /// The path, which may have a query.
    pub path: String,
}

impl Address {
    /// A Service as settings write it, over HTTP: `svc/NAME:PORT/PATH`, in `namespace`, or in another one as
    /// `svc/NAME.NAMESPACE:PORT/PATH`; without a port it is `port`. `None`: it is not written so.
    pub fn of_service(text: &str, namespace: &str, port: &str) -> Option<Self> {
        let (host, path) = text.strip_prefix("svc/").map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
        let (host, port) = host.split_once(':').unwrap_or((host, port));
        let (name, namespace) = host.split_once('.').unwrap_or((host, namespace));
        // As pods write it: `web.shop.svc.cluster.local`.
        let namespace = namespace.split('.').next().unwrap_or(namespace);
        Some(Self {
            target: ObjectKey::new(Kind::Service, namespace, name),
            scheme: "http".into(),
            port: port.into(),
            path: path.into(),
        })
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxied {
    /// The HTTP status: the target's, or the API server's where it could not reach the target.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Proxied {
    /// Whether the API server says this itself, as a `Status`, and not the target.
    pub fn by_api_server(&self) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Typed {
            kind: String,
            api_version: String,
        }
        let typed: Option<Typed> = if self.status < 400 { None } else { serde_json::from_slice(&self.body).ok() };
        typed.is_some_and(|typed| typed.kind == "Status" && typed.api_version == "v1")
    }
}

/// A Service that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundService {
    /// Which one.
    pub key: ObjectKey,
    /// Its ports: name (empty without one) and number.
    pub ports: Vec<(String, u16)>,
}

impl Cluster {
    /// Asks a pod or Service. An error means that there was no answer at all, or none that we may have.
    pub async fn proxied(
        &self,
        address: &Address,
        query: &[(&str, &str)],
        limit: Duration,
    ) -> Result<Proxied, ReadError> {
        let request = Request::get(path(address, query)).any();
        let what = address.target.to_string();
        let response = self.pass(&request, limit).await.map_err(|failed| failed.of_read(&what))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LARGEST);
        match timeout(limit, body.collect()).await {
            Ok(Ok(body)) => Ok(Proxied { status, body: body.to_bytes() }),
            Ok(Err(error)) => Err(ReadError::Unreachable(Away::silent(format!(
                "The answer of {what} was cut off: {}.",
                explain::deepest(&*error)
            )))),
            Err(_) => Err(ReadError::Unreachable(Away::silent(format!("{what} stopped in the middle of its answer.")))),
        }
    }

    /// The Services with this label, in one namespace or in all: `app.kubernetes.io/name=prometheus`.
    pub async fn services_labelled(
        &self,
        label: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<FoundService>, ReadError> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default)]
            items: Vec<Item>,
        }
        #[derive(Deserialize)]
        struct Item {
            metadata: Metadata,
            #[serde(default)]
            spec: Spec,
        }
        #[derive(Deserialize)]
        struct Metadata {
            name: String,
            #[serde(default)]
            namespace: String,
        }
        #[derive(Default, Deserialize)]
        struct Spec {
            #[serde(default)]
            ports: Vec<Port>,
        }
        #[derive(Deserialize)]
        struct Port {
            #[serde(default)]
            name: String,
            #[serde(default)]
            port: u16,
        }
        let kind = Kind::Service;
        let path = with(with(self.list_path(kind, namespace), "labelSelector", label), "limit", "50");
        let list: List = self.json(Request::get(path), "the Services").await?;
        let service = |item: Item| FoundService {
            key: ObjectKey::new(kind, item.metadata.namespace, item.metadata.name),
            ports: item.spec.ports.into_iter().map(|port| (port.name, port.port)).collect(),
        };
        Ok(list.items.into_iter().map(service).collect())
    }

    async fn pass(&self, request: &Request, limit: Duration) -> Result<http::Response<kube::client::Body>, Failed> {
        let seen = self.link().generation;
        let response = self.raw(request, limit).await?;
        // The target may refuse us as well: only the API server's own refusal is a reason for new credentials.
        if response.status().as_u16() == 401 && self.renew(seen).await.is_ok() && self.link().generation > seen {
            return self.raw(request, limit).await;
        }
        Ok(response)
    }
}

/// `/api/v1/namespaces/shop/pods/http:web-1:8080/proxy/metrics?a=b`.
fn path(address: &Address, query: &[(&str, &str)]) -> String {
    let target = &address.target;
    let parts: Vec<&str> = [&*address.scheme, &target.name, &address.port].to_vec();
    let named = object_path(&ObjectKey::new(target.kind, target.namespace.clone(), parts.join(":")));
    let (path, own) = address.path.split_once('?').map_or((&*address.path, None), |(path, own)| (path, Some(own)));
    let encoded: Vec<String> = path.trim_start_matches('/').split('/').map(encode).collect();
    let whole = format!("{named}/proxy/{}", encoded.join("/"));
    let whole = own.map_or(whole.clone(), |own| format!("{whole}?{own}"));
    query.iter().fold(whole, |whole, (name, value)| with(whole, name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    #[test]
    fn what_the_api_server_says_is_told_from_what_the_target_says() {
        let answer = |status, body: &'static str| Proxied { status, body: Bytes::from_static(body.as_bytes()) };
        let refusal = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":403}"#;
        assert!(answer(403, refusal).by_api_server());
        assert!(!answer(403, "forbidden").by_api_server());
        assert!(!answer(403, r#"{"kind":"Status"}"#).by_api_server());
        assert!(!answer(200, refusal).by_api_server());
    }

    #[test]
    fn a_service_is_written_with_as_much_as_differs_from_what_is_usual() {
        let read = |text: &str| {
            Address::of_service(text, "shop", "80").map(|address| path(&address, &[]).split_off("/api/v1".len()))
        };
        let same = "/namespaces/shop/services/http%3Aweb%3A80/proxy/healthz?deep=1";
        for text in ["svc/web/healthz?deep=1", "svc/web:80/healthz?deep=1", "svc/web.shop.svc:80/healthz?deep=1"] {
            assert_eq!(read(text).as_deref(), Some(same), "{text}");
        }
        let other = "/namespaces/pay/services/http%3Aweb%3Aadmin/proxy/";
        assert_eq!(read("svc/web.pay.svc.cluster.local:admin").as_deref(), Some(other));
        assert_eq!(read("https://web/healthz"), None);
    }

    #[test]
    fn pods_and_services_are_reached_by_scheme_name_and_port() {
        let address = |kind, port: &str, path: &str| Address {
            target: ObjectKey::new(kind, "shop", "web"),
            scheme: "http".into(),
            port: port.into(),
            path: path.into(),
        };
        assert_eq!(
            path(&address(Kind::Pod, "8080", "/metrics?all=1"), &[]),
            "/api/v1/namespaces/shop/pods/http%3Aweb%3A8080/proxy/metrics?all=1"
        );
        assert_eq!(
            path(&address(Kind::Service, "web", "api/v1/query"), &[("query", "a{b=\"c\"}")]),
            "/api/v1/namespaces/shop/services/http%3Aweb%3Aweb/proxy/api/v1/query?query=a%7Bb%3D%22c%22%7D"
        );
    }

    #[tokio::test]
    async fn a_simulated_pod_tells_its_metrics_and_a_missing_one_that_it_is_not_there() {
        let options = crate::sim::SimOptions::manual();
        let sim = crate::sim::SimCluster::scenario("rolling", &options).unwrap();
        let cluster = Cluster::over(sim.client(), "test", &super::super::ConnectOptions::default()).await.unwrap();
        let observed = cluster.observe(super::super::ObserveOptions::default());
        let mut snapshots = observed.snapshots.clone();
        let ready = |snapshot: &std::sync::Arc<crate::domain::Snapshot>| {
            snapshot.releases.iter().flat_map(|release| release.pods()).any(|pod| pod.ready)
        };
        let snapshot = std::sync::Arc::clone(&snapshots.wait_for(ready).await.unwrap());
        let pod = snapshot.releases.iter().flat_map(|release| release.pods()).find(|pod| pod.ready).unwrap().key();
        let address = |target| Address { target, scheme: "http".into(), port: "8080".into(), path: "metrics".into() };
        let limit = Duration::from_secs(5);
        let answer = cluster.proxied(&address(pod.clone()), &[], limit).await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(String::from_utf8_lossy(&answer.body).contains("http_requests_total"));
        let nobody = ObjectKey::new(Kind::Pod, pod.namespace, "nobody");
        assert_eq!(cluster.proxied(&address(nobody), &[], limit).await.unwrap().status, 404);
    }
}
