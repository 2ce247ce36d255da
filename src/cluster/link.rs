//! The clients behind a `Cluster`: made from the kubeconfig, and made again when credentials end or connections die.

use super::errors::ConnectError;
use super::explain;
use super::kubeconfig::{self, Chosen, Places};
use super::options::{ConnectOptions, PluginTalk, Waiting};
use super::plugin::{self, Credential};
use super::transport;
use crate::domain::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::{Client, Config};
use sha2::{Digest as _, Sha256};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// Credentials are renewed at most so often: a server that refuses them always would be asked for ever.
const RENEW_AT_MOST_EVERY: Duration = Duration::from_secs(5);

/// A client with what belongs to it.
#[derive(Clone)]
pub struct Link {
    /// For everything but the probe.
    pub client: Client,
    /// For the liveness probe: its own connection.
    pub probe: Client,
    /// Rises with every rebuild.
    pub generation: u64,
    /// When its credentials end.
    pub expires: Option<Timestamp>,
}

/// Where clients come from.
pub enum Source {
    /// Handed in (the simulated cluster, tests): never rebuilt.
    Fixed,
    /// The kubeconfig, read again at every renewal.
    Kubeconfig {
        /// The flags, pinned to the context of the first connection.
        options: Box<ConnectOptions>,
        /// The configuration of the present clients, credentials included.
        config: RwLock<Box<Config>>,
    },
}

/// A first connection's parts.
pub struct Made {
    /// The clients.
    pub link: Link,
    /// How to make them again.
    pub source: Source,
    /// The context's name.
    pub context: String,
    /// The server's URL.
    pub server: String,
    /// Server and authority, as an identity where the cluster's own can't be read.
    pub fallback_id: String,
    /// The namespace that the context names.
    pub namespace: Option<String>,
}

/// Makes the first clients. Runs the credential plugin; sends nothing to the server.
pub async fn make(options: &ConnectOptions) -> Result<Made, ConnectError> {
    // Fails when another library installed a provider first; then that one is used.
    rustls::crypto::ring::default_provider().install_default().ok();
    let chosen = kubeconfig::choose(options, &Places::of_process()).await?;
    let context = chosen.context.clone();
    let namespace = chosen.namespace.clone();
    let (config, expires) = with_credentials(chosen, options.plugin, options.waiting.as_ref()).await?;
    let link = link(&config, &context, 1, expires)?;
    let pinned = match options.server {
        Some(_) => options.clone(),
        None if context == "in-cluster" => options.clone(),
        None => ConnectOptions { context: Some(context.clone()), ..options.clone() },
    };
    let options = Box::new(ConnectOptions { plugin: PluginTalk::Silent, waiting: None, ..pinned });
    Ok(Made {
        link,
        server: config.cluster_url.to_string().trim_end_matches('/').to_owned(),
        fallback_id: fallback_id(&config),
        source: Source::Kubeconfig { options, config: RwLock::new(Box::new(config)) },
        context,
        namespace,
    })
}

impl Source {
    /// Reads the kubeconfig again, runs the plugin again and makes new clients.
    pub async fn renew(&self, old: &Link, context: &str) -> Result<Link, ConnectError> {
        let Self::Kubeconfig { options, config: held } = self else { return Ok(old.clone()) };
        let chosen = kubeconfig::choose(options, &Places::of_process()).await?;
        let (config, expires) = with_credentials(chosen, PluginTalk::Silent, None).await?;
        let link = link(&config, context, old.generation + 1, expires)?;
        **held.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(link)
    }

    /// New connections with the same credentials: the pooled ones may have died with the network.
    pub fn reconnect(&self, old: &Link, context: &str) -> Result<Link, ConnectError> {
        let Self::Kubeconfig { config, .. } = self else { return Ok(old.clone()) };
        let config = config.read().unwrap_or_else(PoisonError::into_inner).clone();
        link(&config, context, old.generation + 1, old.expires)
    }

    /// The identity of server and authority now; `None` for a client that was handed in.
    pub fn fallback_id(&self) -> Option<String> {
        let Self::Kubeconfig { config, .. } = self else { return None };
        Some(fallback_id(&config.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Keeps renewals apart.
#[derive(Debug, Default)]
pub struct Renewals {
    last: Option<(Instant, Result<(), ConnectError>)>,
}

impl Renewals {
    /// The result of a renewal that was just tried, which holds for whoever asks now too.
    pub fn recent(&self) -> Option<Result<(), ConnectError>> {
        let (at, result) = self.last.as_ref()?;
        (at.elapsed() < RENEW_AT_MOST_EVERY).then(|| result.clone())
    }

    /// Notes a result.
    pub fn note(&mut self, result: Result<(), ConnectError>) {
        self.last = Some((Instant::now(), result));
    }
}

async fn with_credentials(
    chosen: Chosen,
    talk: PluginTalk,
    waiting: Option<&Waiting>,
) -> Result<(Config, Option<Timestamp>), ConnectError> {
    let Chosen { mut config, plugin, .. } = chosen;
    let Some(plugin) = plugin else { return Ok((config, None)) };
    // client-go too prefers a token or certificate that is written into the kubeconfig.
    if config.auth_info.token.is_some() {
        return Ok((config, None));
    }
    let limit = if talk == PluginTalk::Interactive { plugin::PERSON_LIMIT } else { plugin::LIMIT };
    let Credential { token, certificate, expires } = plugin::run(&plugin, talk, limit, waiting).await?;
    config.auth_info.token = token.map(Into::into);
    if let Some((certificate, key)) = certificate {
        config.auth_info.client_certificate_data = Some(STANDARD.encode(certificate));
        config.auth_info.client_key_data = Some(STANDARD.encode(key).into());
    }
    Ok((config, expires))
}

fn link(config: &Config, context: &str, generation: u64, expires: Option<Timestamp>) -> Result<Link, ConnectError> {
    let client = || transport::client(config).map_err(|error| broken(context, &error));
    Ok(Link { client: client()?, probe: client()?, generation, expires })
}

fn broken(context: &str, error: &kube::Error) -> ConnectError {
    let context = context.to_owned();
    let why = explain::deepest(error);
    match error {
        kube::Error::RustlsTls(_) => {
            ConnectError::Credentials { what: "client certificate or authority", context, why }
        }
        kube::Error::Auth(_) => ConnectError::Credentials { what: "credentials", context, why },
        _ => ConnectError::Other { context, why },
    }
}

fn fallback_id(config: &Config) -> String {
    let mut hash = Sha256::new();
    for certificate in config.root_cert.iter().flatten() {
        hash.update(certificate);
    }
    let hash = hash.finalize().iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    format!("{} {hash:016x}", config.cluster_url)
}
