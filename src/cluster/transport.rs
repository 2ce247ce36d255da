//! The HTTP client: kube's layers over a connector of our own.
//!
//! kube's connector leaves Nagle's algorithm on: the first request after a TLS handshake then waits a round trip for the
//! acknowledgement of the handshake's last part. It also has no keepalive, so a dead link is found by time-outs only.

use http::HeaderValue;
use http::header::USER_AGENT;
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt as _};
use kube::{Client, Config};
use std::time::Duration;
use tower::{BoxError, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

/// How long making a connection (TCP and TLS) may take; below the limit of a call, so that "not sent" is known.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A silent connection is asked for a sign of life after so long, and so often.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// An unused connection is closed after so long: gateways forget theirs after a minute or more.
const IDLE: Duration = Duration::from_secs(50);

/// A client with its own connections.
pub fn client(config: &Config) -> Result<Client, kube::Error> {
    let mut config = config.clone();
    // kube's own retry replays writes too, and hides 503 from the liveness probe.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_LIMIT);
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("windlass/", env!("CARGO_PKG_VERSION")))));
    if config.proxy_url.is_some() {
        // Tunnels are kube's: the connection to the proxy is short, so that Nagle's algorithm costs little.
        return Client::try_from(config);
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(tcp)?);
    connector.set_connect_timeout(config.connect_timeout);
    let http = legacy::Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build::<_, Body>(connector);
    let gzip = DecompressionLayer::new().no_br().no_deflate().no_zstd().gzip(!config.disable_compression);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(gzip)
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace))
}
