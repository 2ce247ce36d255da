//! The connection to one cluster: its clients, its identity, and who we are there.

use super::discovery::Served;
use super::errors::{ConnectError, ReadError};
use super::kubeconfig::{self, ContextInfo, Places};
use super::link::{self, Link, Renewals, Source};
use super::options::{ConnectOptions, NamespaceScope};
use super::request::Request;
use super::skew::Skew;
use crate::domain::Str;
use crate::domain::identity::{ClusterIdentity, Fingerprint};
use serde::Deserialize;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};

/// How long a call may take when `--request-timeout` does not say.
pub const CALL_LIMIT: Duration = Duration::from_secs(10);

/// One cluster. Cheap to clone; all clones share connections and credentials.
#[derive(Clone)]
pub struct Cluster {
    pub(super) inner: Arc<Inner>,
    who: Option<Str>,
}

pub(super) struct Inner {
    link: RwLock<Link>,
    source: Source,
    renewals: Mutex<Renewals>,
    identity: RwLock<Identity>,
    identifying: Mutex<()>,
    whoami: OnceCell<Str>,
    namespace: Option<String>,
    /// Limit of one call.
    pub(super) limit: Duration,
    scope: NamespaceScope,
    /// Which optional kinds the server has, and in which version.
    pub(super) served: Served,
    /// How far its clock is from this machine's.
    pub(super) skew: Skew,
}

struct Identity {
    shown: Arc<ClusterIdentity>,
    /// Whether `shown` was confirmed by the server (or the server does not tell).
    settled: Settled,
    /// The identity that the context points to now, where it is another one.
    moved: Option<Str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// Not asked yet, or not answered.
    No,
    /// By the kube-system namespace's UID.
    ByUid,
    /// By server and authority: the namespace may not be read.
    ByServer,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("identity", &self.identity()).field("who", &self.who).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Reads the kubeconfig, gets credentials and prepares the clients. Nothing is sent yet: the first call makes the
    /// connection, so that a command needs no round trip more than its own. `check` tells whether the server answers.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let made = link::make(options).await?;
        let shown = ClusterIdentity {
            context: made.context.into(),
            server: made.server.into(),
            fingerprint: Fingerprint::of(&made.fallback_id),
        };
        Ok(Self::of(made.link, made.source, shown, made.namespace, options))
    }

    /// Over a client that is there already: the simulated cluster, and tests.
    pub async fn over(client: kube::Client, context: &str, options: &ConnectOptions) -> Result<Self, ConnectError> {
        let namespace = Some(client.default_namespace().to_owned()).filter(|name| name != "default");
        let link = Link { probe: client.clone(), client, generation: 1, expires: None };
        let shown =
            ClusterIdentity { context: context.into(), server: context.into(), fingerprint: Fingerprint::of(context) };
        let cluster = Self::of(link, Source::Fixed, shown, namespace, options);
        cluster.identify().await.ok();
        Ok(cluster)
    }

    fn of(
        link: Link,
        source: Source,
        shown: ClusterIdentity,
        namespace: Option<String>,
        options: &ConnectOptions,
    ) -> Self {
        let identity = Identity { shown: Arc::new(shown), settled: Settled::No, moved: None };
        let inner = Inner {
            link: RwLock::new(link),
            source,
            renewals: Mutex::default(),
            identity: RwLock::new(identity),
            identifying: Mutex::default(),
            whoami: OnceCell::new(),
            namespace,
            limit: options.request_timeout.filter(|limit| !limit.is_zero()).unwrap_or(CALL_LIMIT),
            scope: options.namespaces.clone(),
            served: Served::default(),
            skew: Skew::default(),
        };
        Self { inner: Arc::new(inner), who: None }
    }

    /// The same cluster, writing as `windlass-who` (the field manager's name).
    #[must_use]
    pub fn with_who(&self, who: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), who: Some(who.into()) }
    }

    /// The contexts of the kubeconfig, by name.
    #[expect(clippy::unused_async, reason = "callers await it as every other question to a cluster")]
    pub async fn contexts(options: &ConnectOptions) -> Result<Vec<ContextInfo>, ConnectError> {
        kubeconfig::contexts(options, &Places::of_process())
    }

    /// Which cluster this is. Until the first answer came the fingerprint is that of server and authority; `identify`
    /// waits for the final one.
    pub fn identity(&self) -> Arc<ClusterIdentity> {
        self.inner.identity.read().unwrap_or_else(PoisonError::into_inner).shown.clone()
    }

    /// The namespace for names without one: the context's, else `default`.
    pub fn default_namespace(&self) -> &str {
        match &self.inner.scope {
            NamespaceScope::List(names) if names.len() == 1 => &names[0],
            _ => self.inner.namespace.as_deref().unwrap_or("default"),
        }
    }

    /// The namespaces that the flags ask for.
    pub fn scope(&self) -> &NamespaceScope {
        &self.inner.scope
    }

    /// The namespace that the context names.
    pub fn context_namespace(&self) -> Option<&str> {
        self.inner.namespace.as_deref()
    }

    /// The field manager of our writes: `windlass-WHO`, at most 128 characters.
    pub fn field_manager(&self) -> String {
        let who = self.who.as_deref().unwrap_or("unknown");
        let printable: String = who.chars().filter(|c| !c.is_control()).collect();
        let name = format!("windlass-{printable}");
        name.chars().take(128).collect()
    }

    /// Asks the server whether it answers, and settles the identity.
    pub async fn check(&self) -> Result<Arc<ClusterIdentity>, ConnectError> {
        match self.identify().await {
            Ok(identity) => Ok(identity),
            Err(ReadError::Unauthorized(why)) => Err(ConnectError::Unauthorized(why)),
            Err(error) => Err(ConnectError::Unreachable(error.to_string())),
        }
    }

    /// The identity as the server tells it (the kube-system namespace's UID); asked once. Where that may not be read,
    /// server and authority stand for it.
    pub async fn identify(&self) -> Result<Arc<ClusterIdentity>, ReadError> {
        let _alone = self.inner.identifying.lock().await;
        if self.settled() != Settled::No {
            return Ok(self.identity());
        }
        let id = self.kube_system_uid().await?;
        let mut identity = self.inner.identity.write().unwrap_or_else(PoisonError::into_inner);
        identity.settled = if id.is_some() { Settled::ByUid } else { Settled::ByServer };
        if let Some(id) = id {
            let fingerprint = Fingerprint::of(&id);
            identity.shown = Arc::new(ClusterIdentity { fingerprint, ..(*identity.shown).clone() });
        }
        Ok(identity.shown.clone())
    }

    /// Whether the context has come to point to another cluster: its identity then.
    pub fn moved(&self) -> Option<Str> {
        self.inner.identity.read().unwrap_or_else(PoisonError::into_inner).moved.clone()
    }

    /// Why nothing may be written any more: the context has come to point to another cluster.
    pub fn elsewhere(&self) -> Option<String> {
        let now = Fingerprint::of(&self.moved()?);
        let shown = self.identity();
        Some(format!(
            "Context '{}' points to another cluster now ({} before, {} now): start again to look at that one.",
            shown.context, shown.fingerprint.word, now.word
        ))
    }

    /// Our name in the cluster (SelfSubjectReview); asked once. `None` where the server does not tell.
    pub async fn whoami(&self) -> Option<Str> {
        self.inner.whoami.get_or_try_init(|| self.ask_who()).await.ok().cloned()
    }

    async fn ask_who(&self) -> Result<Str, ReadError> {
        #[derive(Deserialize)]
        struct Review {
            status: Status,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            user_info: User,
        }
        #[derive(Deserialize)]
        struct User {
            username: Str,
        }
        let body = br#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let review: Review = self.json(Request::post(path, body.to_vec()), "our own name").await?;
        Ok(review.status.user_info.username)
    }

    fn settled(&self) -> Settled {
        self.inner.identity.read().unwrap_or_else(PoisonError::into_inner).settled
    }

    /// `None` where the namespace may not be read or does not exist.
    async fn kube_system_uid(&self) -> Result<Option<String>, ReadError> {
        #[derive(Deserialize)]
        struct Namespace {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            uid: String,
        }
        let request = Request::get("/api/v1/namespaces/kube-system").metadata_only();
        match self.json::<Namespace>(request, "namespace kube-system").await {
            Ok(namespace) => Ok(Some(namespace.metadata.uid)),
            Err(ReadError::Forbidden(_) | ReadError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn link(&self) -> Link {
        self.inner.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace_link(&self, link: Link) {
        *self.inner.link.write().unwrap_or_else(PoisonError::into_inner) = link;
    }

    /// Reads the credentials again and makes new clients, unless somebody just did. `seen` is the generation of the
    /// client that was refused.
    pub(super) async fn renew(&self, seen: u64) -> Result<(), ConnectError> {
        let mut renewals = self.inner.renewals.lock().await;
        let old = self.link();
        if old.generation > seen {
            return Ok(());
        }
        if let Some(recent) = renewals.recent() {
            return recent;
        }
        let context = self.identity().context.clone();
        let result = self.inner.source.renew(&old, &context).await.map(|link| self.replace_link(link));
        renewals.note(result.clone());
        drop(renewals);
        if result.is_ok() {
            self.recheck_identity();
        }
        result
    }

    /// Makes new connections with the same credentials, after the network was away.
    pub(super) fn reconnect(&self) {
        let old = self.link();
        let context = self.identity().context.clone();
        match self.inner.source.reconnect(&old, &context) {
            Ok(link) => self.replace_link(link),
            Err(error) => tracing::warn!(%error, "the clients could not be made again"),
        }
        self.recheck_identity();
    }

    /// Looks in the background whether the rebuilt client still talks to the same cluster.
    fn recheck_identity(&self) {
        let cluster = self.clone();
        tokio::spawn(async move { cluster.compare_identity().await });
    }

    /// Looks whether the rebuilt client still talks to the cluster that is shown; what can't be read changes nothing.
    pub(super) async fn compare_identity(&self) {
        let settled = self.settled();
        let now = match settled {
            Settled::No => return,
            Settled::ByUid => match self.kube_system_uid().await {
                Ok(Some(uid)) => uid,
                Ok(None) | Err(_) => return,
            },
            Settled::ByServer => match self.inner.source.fallback_id() {
                Some(id) => id,
                None => return,
            },
        };
        let mut identity = self.inner.identity.write().unwrap_or_else(PoisonError::into_inner);
        let same = *identity.shown.fingerprint.id == *now;
        identity.moved = (!same).then(|| now.into());
    }
}
