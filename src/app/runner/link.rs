//! The cluster that is shown: what observes it, and the engine that writes to it.

use super::{Connected, News, say};
use crate::action::{Desks, Engine, Gauges, Journal, Policy, Settings};
use crate::app::layers::choice::Item;
use crate::app::msg::Msg;
use crate::app::session::Session;
use crate::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope, ObserveOptions, Observer, PluginTalk};
use crate::config::{Config, Freeze};
use crate::domain::identity::ClusterIdentity;
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Measurements, Snapshot, Str};
use crate::metrics::{Meter, MeterOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

/// How long the server may take to tell which cluster it is, before the console goes on with what it knows.
const IDENTITY_LIMIT: Duration = Duration::from_secs(3);

/// Where the console is at home.
#[derive(Debug)]
pub struct Home {
    /// The cluster that it starts on.
    pub cluster: Cluster,
    /// The namespaces that it starts with.
    pub scope: NamespaceScope,
    /// The journal.
    pub journal: Journal,
    /// How other contexts are reached; `None`: there is this cluster only (the simulated one).
    pub elsewhere: Option<ConnectOptions>,
    /// The name that was given for writing (`--who`, the configuration); else the cluster's own name for us counts.
    pub who: Option<Str>,
    /// The name of the machine's user, when the cluster tells none.
    pub user: Str,
    /// Where pictures of the screen are written.
    pub screens: PathBuf,
    /// What is under way, a cluster.
    pub desks: Desks,
}

/// A cluster under observation. Dropping it ends the observation, once the writes that run there have come to their end.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) cluster: Cluster,
    engine: Arc<Lazy>,
    forwards: [AbortHandle; 2],
    pub(super) meter: Arc<Meter>,
    observer: Arc<Observer>,
}

/// The engine, made once the cluster has told who it is and who we are.
#[derive(Debug)]
pub(super) struct Lazy {
    cell: OnceCell<Engine>,
    cluster: Cluster,
    journal: Journal,
    desks: Desks,
    policy: Policy,
    freeze: Freeze,
    traffic: Arc<TrafficSettings>,
    who: Option<Str>,
    user: Str,
    clock: Clock,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    measurements: watch::Receiver<Arc<Measurements>>,
    out: mpsc::Sender<News>,
}

impl Lazy {
    /// The engine.
    pub(super) async fn get(&self) -> Engine {
        self.cell.get_or_init(|| self.make()).await.clone()
    }

    /// What is, and what is measured: what a guard looks at.
    pub(super) fn seen(&self) -> (watch::Receiver<Arc<Snapshot>>, watch::Receiver<Arc<Measurements>>) {
        (self.snapshots.clone(), self.measurements.clone())
    }

    async fn make(&self) -> Engine {
        // An engine keeps the fingerprint that it was made with, so the final one is waited for.
        let _ = tokio::time::timeout(IDENTITY_LIMIT, self.cluster.identify()).await;
        let who = if let Some(who) = &self.who {
            who.clone()
        } else {
            let told = tokio::time::timeout(IDENTITY_LIMIT, self.cluster.whoami()).await;
            told.ok().flatten().unwrap_or_else(|| self.user.clone())
        };
        say(&self.out, Msg::Who(who.clone())).await;
        let settings = Settings {
            policy: self.policy,
            freeze: self.freeze.clone(),
            who,
            clock: self.clock.clone(),
            snapshots: Some(self.snapshots.clone()),
            traffic: Arc::clone(&self.traffic),
        };
        let engine = Engine::at(&self.desks, &self.cluster, self.journal.clone(), settings);
        engine.look_at(Gauges { measurements: Some(self.measurements.clone()), release: None });
        engine
    }
}

impl Link {
    /// Observes `cluster` and tells every snapshot.
    pub(super) fn start(
        home: &Home,
        cluster: Cluster,
        scope: NamespaceScope,
        clock: &Clock,
        session: &Session,
        out: &mpsc::Sender<News>,
    ) -> Self {
        let options = ObserveOptions {
            namespaces: scope,
            recorded: home.journal.recorded(),
            settings: Arc::clone(&session.traffic),
            presence: true,
            clock: clock.clone(),
        };
        let observer = cluster.observe(options);
        let policy =
            Policy { read_only: session.read_only(), rehearse: session.rehearse(), protected: session.protected() };
        let meter = Arc::new(Meter::start(MeterOptions {
            cluster: cluster.clone(),
            snapshots: observer.snapshots.clone(),
            config: Arc::clone(&session.config),
            clock: clock.clone(),
        }));
        let engine = Arc::new(Lazy {
            cell: OnceCell::new(),
            cluster: cluster.clone(),
            journal: home.journal.clone(),
            desks: home.desks.clone(),
            policy,
            freeze: session.config.freeze.in_context(&session.cluster.context),
            traffic: Arc::clone(&session.traffic),
            who: home.who.clone(),
            user: home.user.clone(),
            clock: clock.clone(),
            snapshots: observer.snapshots.clone(),
            measurements: meter.measurements.clone(),
            out: out.clone(),
        });
        let forwards = [
            forward(observer.snapshots.clone(), cluster.clone(), engine.clone(), out.clone()),
            measures(meter.measurements.clone(), out.clone()),
        ];
        Self { cluster, engine, forwards, meter, observer: Arc::new(observer) }
    }

    /// The engine, once it is there.
    pub(super) fn engine(&self) -> Arc<Lazy> {
        self.engine.clone()
    }

    /// What keeps the observation going: held by a write until its end, wherever the console has gone meanwhile.
    pub(super) fn observer(&self) -> Arc<Observer> {
        self.observer.clone()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for task in &self.forwards {
            task.abort();
        }
    }
}

/// Hands every snapshot on, the newest when several wait, and says when the context has come to point elsewhere.
fn forward(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    cluster: Cluster,
    engine: Arc<Lazy>,
    out: mpsc::Sender<News>,
) -> AbortHandle {
    let task = tokio::spawn(async move {
        let mut told = false;
        let mut known = false;
        // Ends with this task: what it finds belongs to this cluster.
        let mut looking = JoinSet::new();
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let first = snapshot.version > 0 && !std::mem::replace(&mut known, snapshot.version > 0);
            if let (false, Some(why)) = (told, cluster.elsewhere()) {
                told = true;
                say(&out, Msg::Elsewhere(why.into())).await;
            }
            if out.send(News::Msg(Msg::Snapshot(snapshot))).await.is_err() {
                return;
            }
            if first {
                // The cluster answers: now it can tell who we are, and interrupted plans can be looked for.
                let (engine, out) = (engine.clone(), out.clone());
                looking.spawn(async move { super::tasks::interrupted(&engine.get().await, &out).await });
            }
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    });
    task.abort_handle()
}

/// Hands every publication of measurements on, the newest when several wait.
fn measures(mut measurements: watch::Receiver<Arc<Measurements>>, out: mpsc::Sender<News>) -> AbortHandle {
    let task = tokio::spawn(async move {
        while measurements.changed().await.is_ok() {
            let newest = measurements.borrow_and_update().clone();
            say(&out, Msg::Measured(newest)).await;
        }
    });
    task.abort_handle()
}

/// Lists the kubeconfig's contexts; the simulated cluster is alone.
pub(super) async fn contexts(options: Option<ConnectOptions>, now: Arc<ClusterIdentity>, out: mpsc::Sender<News>) {
    let answer = match options {
        None => Ok(vec![Item::new(now.context.clone(), now.server.clone(), true)]),
        Some(options) => Cluster::contexts(&options).await.map_err(|error| error.to_string().into()).map(|contexts| {
            let item = |context: crate::cluster::ContextInfo| {
                let server = context.server.unwrap_or_default();
                let current = *context.name == *now.context;
                Item::new(context.name, server, current)
            };
            contexts.into_iter().map(item).collect()
        }),
    };
    say(&out, Msg::Contexts(answer)).await;
}

/// How another context is reached than the one that was named on the command line: what belongs to that one stays behind.
/// Whom one stands for (`--as`) goes along: it narrows what may be done, and nobody gets more by a switch.
fn towards(options: ConnectOptions, name: &str, namespaces: NamespaceScope) -> ConnectOptions {
    ConnectOptions {
        context: Some(name.to_owned()),
        cluster: None,
        user: None,
        server: None,
        token: None,
        certificate_authority: None,
        insecure_skip_tls_verify: false,
        namespaces,
        plugin: PluginTalk::Silent,
        ..options
    }
}

/// Connects to another context, with the namespaces that are configured for it.
pub(super) async fn switch(options: Option<ConnectOptions>, config: Arc<Config>, name: Str, out: mpsc::Sender<News>) {
    let Some(options) = options else {
        let why = format!("there is no context {name} here: the simulated cluster stands alone");
        return say(&out, Msg::Switched(Err(why.into()))).await;
    };
    let configured = config.context(&name).namespaces;
    let scope = if configured.is_empty() { NamespaceScope::Default } else { NamespaceScope::List(configured) };
    let options = towards(options, &name, scope.clone());
    match Cluster::connect(&options).await {
        Err(error) => say(&out, Msg::Switched(Err(error.to_string().into()))).await,
        Ok(cluster) => {
            let _ = tokio::time::timeout(IDENTITY_LIMIT, cluster.identify()).await;
            let _ = out.send(News::Connected(Box::new(Connected { cluster, scope }))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_first_context_does_not_follow_into_the_next_one() {
        let first = ConnectOptions {
            context: Some("dev".into()),
            cluster: Some("dev".into()),
            user: Some("admin".into()),
            server: Some("https://dev".into()),
            token: Some("secret".into()),
            certificate_authority: Some("/ca".into()),
            insecure_skip_tls_verify: true,
            impersonate: Some("viewer".into()),
            kubeconfig: Some("/config".into()),
            ..ConnectOptions::default()
        };
        let next = towards(first, "prod", NamespaceScope::All);
        assert_eq!(next.context.as_deref(), Some("prod"));
        let left = (next.cluster, next.user, next.server, next.token, next.certificate_authority);
        assert_eq!(left, (None, None, None, None, None));
        assert!(!next.insecure_skip_tls_verify, "the next server is verified");
        assert_eq!(next.impersonate.as_deref(), Some("viewer"), "nobody gets more rights by switching");
        assert!(next.kubeconfig.is_some());
    }
}
