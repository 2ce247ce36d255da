//! A server whose certificate goes bad under a running console, as when it expires or its authority is changed.

use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use windlass::cluster::{Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer};
use windlass::domain::Snapshot;
use windlass::domain::snapshot::Connection;
use windlass::sim::{SimCluster, SimOptions};

/// Someone who signs certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("plain names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// What a server on loopback presents, good until the end of `year`.
    fn signs(&self, year: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let chain = vec![params.signed_by(&key, &self.issuer).expect("signed").der().clone()];
        let key = key.serialize_der().try_into().expect("a private key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        Arc::new(config.expect("a pair"))
    }
}

/// A simulated cluster behind TLS. A new certificate ends every connection, as a restart with it does.
struct Front {
    url: String,
    certificate: watch::Sender<Arc<ServerConfig>>,
}

impl Front {
    async fn before(sim: &SimCluster, first: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("https://{}", listener.local_addr().expect("bound"));
        let (certificate, mut presented) = watch::channel(first);
        let sim = sim.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = TlsAcceptor::from(presented.borrow_and_update().clone());
                let service = TowerToHyperService::new(sim.service());
                let mut replaced = presented.clone();
                tokio::spawn(async move {
                    let served = async {
                        let Ok(stream) = acceptor.accept(socket).await else { return };
                        let io = TokioIo::new(stream);
                        let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
                    };
                    tokio::select! {
                        () = served => {}
                        _ = replaced.changed() => {}
                    }
                });
            }
        });
        Self { url, certificate }
    }
}

async fn until(observer: &Observer, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = observer.snapshots.clone();
    let found = tokio::time::timeout(Duration::from_mins(1), snapshots.wait_for(|snapshot| wanted(snapshot))).await;
    let found = found.unwrap_or_else(|_| panic!("never: {what}; {:?}", observer.snapshots.borrow().connection));
    Arc::clone(&found.expect("observed"))
}

fn why(snapshot: &Snapshot) -> &str {
    match &snapshot.connection {
        Connection::Away { reason, .. } => reason,
        _ => "",
    }
}

#[tokio::test]
async fn a_certificate_that_goes_bad_in_mid_session_is_told_and_a_good_one_is_taken_again() {
    let sim = SimCluster::scenario("rolling", &SimOptions::live(1.0)).expect("starts");
    let (ours, others) = (Authority::new(), Authority::new());
    let front = Front::before(&sim, ours.signs(2099)).await;
    let folder = tempfile::tempdir().expect("a directory");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &ours.pem).expect("written");
    let options = ConnectOptions {
        server: Some(front.url.clone()),
        certificate_authority: Some(ca),
        token: Some("user:ana".into()),
        ..ConnectOptions::default()
    };
    let cluster = Cluster::connect(&options).await.expect("connects");
    let observer = cluster.observe(ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() });
    let live = |snapshot: &Snapshot| snapshot.complete() && snapshot.connection == Connection::Live;
    let before = until(&observer, "all is read", live).await;
    assert!(!before.releases.is_empty());
    for (bad, word) in [(ours.signs(2021), "expired"), (others.signs(2099), "authority")] {
        front.certificate.send_replace(bad);
        let away = until(&observer, word, |snapshot| why(snapshot).contains("certificate")).await;
        assert!(why(&away).contains(word), "{}", why(&away));
        assert_eq!(away.releases.len(), before.releases.len(), "what was read stays");
        front.certificate.send_replace(ours.signs(2099));
        until(&observer, "it is live again", live).await;
    }
}
