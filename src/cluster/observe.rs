//! Watches a cluster and publishes what is, until it is dropped.

use super::clock::Clock;
use super::connect::Cluster;
use super::feed::{Message, Shared};
use super::options::NamespaceScope;
use super::publish::Publisher;
use super::wire::strings::Interner;
use super::{lease, liveness, supervise};
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Kind, Snapshot, Str};
use crate::strategy::{NothingRecorded, Recorded};
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

/// What to watch.
#[derive(Debug, Clone)]
pub struct ObserveOptions {
    /// Which namespaces.
    pub namespaces: NamespaceScope,
    /// What our journal saw settle.
    pub recorded: Arc<dyn Recorded + Send + Sync>,
    /// What the configuration says of traffic.
    pub settings: Arc<TrafficSettings>,
    /// Whether to watch who steps which release.
    pub presence: bool,
    /// The time.
    pub clock: Clock,
}

impl Default for ObserveOptions {
    fn default() -> Self {
        Self {
            namespaces: NamespaceScope::Default,
            recorded: Arc::new(NothingRecorded),
            settings: Arc::default(),
            presence: false,
            clock: Clock::system(),
        }
    }
}

/// A running observation; dropping it stops every watch.
#[derive(Debug)]
pub struct Observer {
    /// What is, always the newest.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    tasks: JoinSet<()>,
}

/// Lists that run at a time.
const LISTS: usize = 4;

/// Messages on their way to the index. A list sends one a chunk; when the index falls behind, the lists wait.
const MESSAGES: usize = 256;

/// What is watched, in the order in which lists are made: what roots releases, then what they are made of.
pub const WATCHED: [Kind; 18] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Service,
    Kind::Rollout,
    Kind::Canary,
    Kind::VirtualService,
    Kind::HttpRoute,
    Kind::GrpcRoute,
    Kind::DestinationRule,
    Kind::AnalysisRun,
    Kind::ReplicaSet,
    Kind::Pod,
    Kind::ControllerRevision,
    Kind::Namespace,
    Kind::EndpointSlice,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
];

impl Observer {
    /// The number of tasks that work for it (a diagnostic).
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }
}

impl Cluster {
    /// Watches the cluster. Must be called within a tokio runtime.
    pub fn observe(&self, options: ObserveOptions) -> Observer {
        let (out, messages) = mpsc::channel::<Message>(MESSAGES);
        let (again, again_seen) = watch::channel(0);
        let (known, known_seen) = watch::channel(None::<Vec<Str>>);
        let now = options.clock.now();
        let (snapshots, seen) = watch::channel(Arc::new(Snapshot::empty(self.identity(), now)));
        let shared = Shared {
            cluster: self.clone(),
            out,
            lists: Arc::new(Semaphore::new(LISTS)),
            again: again_seen,
            doubt: Arc::new(Notify::new()),
            pool: Interner::default(),
            clock: options.clock.clone(),
        };
        let mut tasks = JoinSet::new();
        let publisher = Publisher::new(self.clone(), &options, snapshots, known);
        tasks.spawn(publisher.run(messages));
        tasks.spawn(liveness::run(shared.clone(), again));
        tasks.spawn(lease::run(shared.clone()));
        let plan = supervise::Plan::of(self, &options.namespaces);
        let plan = plan.with_presence(options.presence);
        tasks.spawn(supervise::run(shared, plan, known_seen));
        let cluster = self.clone();
        tasks.spawn(async move {
            cluster.identify().await.ok();
        });
        Observer { snapshots: seen, tasks }
    }
}
