//! Reads once, without watching: for commands.

use super::clock::Clock;
use super::connect::Cluster;
use super::errors::{Away, ReadError};
use super::feed::later;
use super::index::scopes::Scope;
use super::index::{Index, View, WORKLOADS};
use super::kinds::with;
use super::lease;
use super::lister::Step;
use super::observe::ObserveOptions;
use super::read::{self, RawRevision};
use super::supervise::Plan;
use super::wire::strings::Interner;
use super::wire::{self, Item, Row};
use crate::domain::presence::Presences;
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Details, Kind, ObjectKey, Release, Snapshot, Str};
use crate::strategy;
use futures::FutureExt as _;
use futures::future::join_all;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long the Leases may take that say who steps a release.
const PRESENCE_LIMIT: Duration = Duration::from_secs(2);

/// What the state of releases is told from.
fn needed() -> impl Iterator<Item = Kind> {
    WORKLOADS.into_iter().chain([Kind::ReplicaSet, Kind::ControllerRevision]).chain(BESIDE)
}

impl Cluster {
    /// Lists once and derives: what `observe` would publish when everything is listed. Fails when nothing that roots
    /// releases can be read; what else can't be read is told by the kinds' status.
    pub async fn one_shot(&self, options: ObserveOptions) -> Result<Snapshot, ReadError> {
        let plan = Plan::of(self, &options.namespaces);
        let pool = Interner::default();
        let lists =
            needed().flat_map(|kind| plan.scopes(kind).into_iter().map(move |namespace| Scope { kind, namespace }));
        let lists = lists.map(|scope| self.scope_once(scope, &plan, &pool));
        let lease = lease::look(self, options.clock.now());
        // A server that does not even say who it is is not waited for by every list.
        let reached = async {
            match self.identify().await {
                Err(error @ (ReadError::Unreachable(_) | ReadError::Unauthorized(_))) => Err(error),
                _ => Ok(()),
            }
        };
        let ((), controllers, lists) = tokio::try_join!(reached, lease.map(Ok), join_all(lists).map(Ok))?;
        let mut index = Index::new(options.recorded, options.settings);
        index.set_controllers(controllers);
        let mut root_error = None;
        let mut root_read = false;
        let now = options.clock.now();
        for (scope, result) in lists.into_iter().flatten() {
            match take(&mut index, &scope, result, &options.clock) {
                None => root_read |= WORKLOADS.contains(&scope.kind),
                Some(error) if WORKLOADS.contains(&scope.kind) => drop(root_error.get_or_insert(error)),
                Some(_) => {}
            }
        }
        if let Some(error) = root_error.filter(|_| !root_read) {
            return Err(error);
        }
        index.derive(now);
        let view = View {
            cluster: self.identity(),
            connection: Connection::Live,
            namespaces: plan.namespaces().to_vec(),
            now,
        };
        Ok(index.snapshot(view))
    }

    /// Who steps which release, read once, in two seconds at most: nothing waits for it. Where it can't be read, it is not
    /// known.
    pub async fn presences(&self, options: &ObserveOptions) -> Presences {
        let plan = Plan::of(self, &options.namespaces);
        let pool = Interner::default();
        let scopes = plan.scopes(Kind::Lease).into_iter().map(|namespace| Scope { kind: Kind::Lease, namespace });
        let lists = join_all(scopes.clone().map(|scope| self.scope_once(scope, &plan, &pool)));
        let lists = timeout(PRESENCE_LIMIT, lists).await.unwrap_or_else(|_| {
            let late = || Err(ReadError::Unreachable(Away::silent("leases were not listed within 2 s")));
            scopes.map(|scope| vec![(scope, late())]).collect()
        });
        let mut index = Index::new(Arc::clone(&options.recorded), Arc::clone(&options.settings));
        for (scope, result) in lists.into_iter().flatten() {
            take(&mut index, &scope, result, &options.clock);
        }
        let now = options.clock.now();
        let view = View { cluster: self.identity(), connection: Connection::Live, namespaces: Vec::new(), now };
        index.snapshot(view).presence
    }

    /// One scope; a refused list over everything becomes one of each namespace that is known, else of the home namespace.
    /// Where all were asked for and none may be listed, the refusal of all stands: of the one that was tried for want of
    /// better nobody spoke.
    async fn scope_once(
        &self,
        scope: Scope,
        plan: &Plan,
        pool: &Interner,
    ) -> Vec<(Scope, Result<Vec<Item>, ReadError>)> {
        let result = self.list_once(&scope, plan, pool).await;
        if scope.namespace.is_some() || !matches!(result, Err(ReadError::Forbidden(_))) {
            return vec![(scope, result)];
        }
        let known = self.list_once(&Scope { kind: Kind::Namespace, namespace: None }, plan, pool).await;
        let known: Vec<Str> = known.unwrap_or_default().into_iter().map(|item| item.key.name).collect();
        let scopes = plan.wanted(&known).into_iter();
        let scopes = scopes.map(|namespace| Scope { kind: scope.kind, namespace: Some(namespace) });
        let lists = scopes.map(|scope| async {
            let result = self.list_once(&scope, plan, pool).await;
            (scope, result)
        });
        let lists = join_all(lists).await;
        let none = lists.iter().all(|(_, result)| matches!(result, Err(ReadError::Forbidden(_))));
        if none && plan.namespaces().is_empty() { vec![(scope, result)] } else { lists }
    }

    async fn list_once(&self, scope: &Scope, plan: &Plan, pool: &Interner) -> Result<Vec<Item>, ReadError> {
        if !self.serves(scope.kind).await? {
            return Err(ReadError::NotFound(format!("the server has no {}", scope.kind.plural())));
        }
        self.list_known(scope, plan, pool).await
    }

    async fn list_known(&self, scope: &Scope, plan: &Plan, pool: &Interner) -> Result<Vec<Item>, ReadError> {
        let mut path = self.list_path(scope.kind, scope.namespace.as_deref());
        if let Some(selector) = super::supervise::selector(scope.kind) {
            path = with(path, "labelSelector", selector);
        }
        let mut listing = self.start_list(path, scope.kind.plural().to_owned()).await?;
        let only = scope.namespace.is_none().then(|| plan.only(scope.kind)).flatten();
        let mut items = Vec::new();
        let mut take = |json: &[u8]| {
            let item = wire::read(scope.kind, json, &mut pool.lock());
            let wanted = |item: &Item| only.as_ref().is_none_or(|only| only.contains(&item.key.namespace));
            items.extend(item.filter(wanted));
        };
        while listing.step(&mut take).await? == Step::More {}
        listing.finish()?;
        Ok(items)
    }

    /// One release with what a plan is made from: in one round trip for a plain workload (the identity is asked for
    /// beside it), in two where the object turns out to belong to a release of several.
    pub async fn one_release(&self, key: &ObjectKey) -> Result<(Release, Details), ReadError> {
        self.one_release_with(key, &ObserveOptions::default()).await
    }

    /// The same, with what our journal knows and its own clock.
    pub async fn one_release_with(
        &self,
        key: &ObjectKey,
        options: &ObserveOptions,
    ) -> Result<(Release, Details), ReadError> {
        let pool = Interner::default();
        let plan = Plan::nothing();
        let scope = |kind| Scope { kind, namespace: Some(key.namespace.clone()) };
        let beside: Vec<Scope> = BESIDE.into_iter().chain(siblings(key.kind)).map(scope).collect();
        let lists = join_all(beside.iter().map(|scope| Box::pin(self.list_at_once(scope, &plan, &pool))));
        let first = self.rows_and_revisions(key, Few::Some, &pool);
        let quotas = self.quotas(&key.namespace);
        // Without the release there is nothing to tell: a server that does not answer for it is not waited for by lists.
        let (identity, first) = (self.identify().map(Ok), first.map(Ok));
        let reads = async { tokio::try_join!(self.read(key), identity, first, lists.map(Ok), quotas.map(Ok)) };
        // Asked beside the rest, so that a list that is refused finds the answer; nothing else waits for it.
        let ahead = async {
            self.serves(Kind::Rollout).await.ok();
            std::future::pending::<Infallible>().await
        };
        let (root, _, first, lists, quotas) = tokio::select! {
            read = reads => read?,
            never = ahead => match never {},
        };
        let first = first?;
        let own = wire::read(root.key.kind, root.text().as_bytes(), &mut pool.lock());
        // In a namespace of many it is worth a second request: theirs may be megabytes.
        let Found { items: revision_items, own: revisions, .. } = match selector_of(own.as_ref()) {
            Some(selector) if first.more => self.rows_and_revisions(key, Few::Selected(&selector), &pool).await?,
            _ if first.more => self.rows_and_revisions(key, Few::All, &pool).await?,
            _ => first,
        };
        let mut index = Index::new(Arc::clone(&options.recorded), Arc::clone(&options.settings));
        let mut fill = |scope: Scope, items: Result<Vec<Item>, ReadError>| {
            index.scopes.expect(scope.clone());
            index.scopes.start_list(&scope);
            match items {
                Ok(items) => {
                    index.apply_listed(&scope, items);
                    index.listed(&scope);
                }
                Err(error) => {
                    index.scopes.set(&scope, failed(&error, &options.clock));
                }
            }
        };
        fill(scope(key.kind.revisions()), Ok(revision_items));
        for (scope, items) in beside.into_iter().zip(lists) {
            // What was read by itself is as new as the list, and there even where listing is not allowed.
            let items = if scope.kind == key.kind {
                let others = items.unwrap_or_default().into_iter().filter(|item| item.key != *key);
                Ok(others.chain(own.clone()).collect())
            } else {
                items
            };
            fill(scope, items);
        }
        index.derive(options.clock.now());
        let unknown = || ReadError::Unreadable(format!("{key} is no release that windlass knows how to steer."));
        let of = strategy::root_of(key, &index).ok_or_else(unknown)?;
        let release = index.release(&of).ok_or_else(unknown)?;
        let details = if of == *key && release.traffic.is_none() {
            Details { quotas, ..read::details(root, &revisions, release.autoscaler.clone(), self.clock().now()) }
        } else {
            Box::pin(self.details(release)).await?
        };
        Ok((Release::clone(release), details))
    }

    /// A list where the server is asked for an optional kind straight away in its usual version, without asking first
    /// whether it has it: only a refusal costs the question.
    async fn list_at_once(&self, scope: &Scope, plan: &Plan, pool: &Interner) -> Result<Vec<Item>, ReadError> {
        match self.list_known(scope, plan, pool).await {
            Err(ReadError::NotFound(_)) if scope.kind.optional() => self.list_once(scope, plan, pool).await,
            result => result,
        }
    }

    /// The rows of revisions in the namespace of `key`, and the bytes of its own.
    async fn rows_and_revisions(&self, key: &ObjectKey, few: Few<'_>, pool: &Interner) -> Result<Found, ReadError> {
        let kind = key.kind.revisions();
        let path = self.list_path(kind, Some(&key.namespace));
        let path = match few {
            Few::Some => with(path, "limit", FIRST),
            Few::Selected(selector) => with(path, "labelSelector", selector),
            Few::All => path,
        };
        let mut listing = self.start_list(path, format!("{} in {}", kind.plural(), key.namespace)).await?;
        let (mut items, mut own) = (Vec::new(), Vec::new());
        let mut take = |json: &[u8]| {
            items.extend(wire::read(kind, json, &mut pool.lock()));
            own.extend(read::revision(kind, &[key], json));
        };
        while listing.step(&mut take).await? == Step::More {}
        let (_, more) = listing.finish_page()?;
        Ok(Found { items, own, more })
    }
}

/// How many revisions of a namespace are read at first, beside all else: as many as are quick on any link.
const FIRST: &str = "100";

/// Which revisions of a namespace.
#[derive(Debug, Clone, Copy)]
enum Few<'a> {
    /// The first ones.
    Some,
    /// Those that a selector selects.
    Selected(&'a str),
    /// All.
    All,
}

/// Revisions that were read.
#[derive(Debug)]
struct Found {
    items: Vec<Item>,
    /// The bytes of those of the object that is read.
    own: Vec<RawRevision>,
    /// Whether the server has more.
    more: bool,
}

/// The selector of a workload's row, as a query.
fn selector_of(item: Option<&Item>) -> Option<String> {
    match item?.row.as_ref()? {
        Row::Workload(workload) => workload.selector.query(),
        Row::Rollout(rollout) => rollout.workload.selector.query(),
        _ => None,
    }
}

/// What is read of a namespace beside one object and the revisions.
const BESIDE: [Kind; 12] = [
    Kind::Pod,
    Kind::HorizontalPodAutoscaler,
    Kind::Service,
    Kind::PodDisruptionBudget,
    Kind::EndpointSlice,
    Kind::Rollout,
    Kind::Canary,
    Kind::VirtualService,
    Kind::HttpRoute,
    Kind::GrpcRoute,
    Kind::DestinationRule,
    Kind::AnalysisRun,
];

/// The workloads that may belong to the same release as an object of `kind`.
fn siblings(kind: Kind) -> Vec<Kind> {
    if WORKLOADS.contains(&kind) { vec![kind] } else { WORKLOADS.to_vec() }
}

/// Takes what a list gave, or gives back why it gave nothing.
fn take(index: &mut Index, scope: &Scope, result: Result<Vec<Item>, ReadError>, clock: &Clock) -> Option<ReadError> {
    index.scopes.expect(scope.clone());
    index.scopes.start_list(scope);
    match result {
        Ok(items) => {
            index.scopes.set(scope, Watch::Live);
            index.apply_listed(scope, items);
            index.listed(scope);
            None
        }
        Err(error) => {
            index.scopes.set(scope, failed(&error, clock));
            Some(error)
        }
    }
}

fn failed(error: &ReadError, clock: &Clock) -> Watch {
    let now = clock.now();
    match error {
        ReadError::Forbidden(reason) => Watch::Forbidden { reason: reason.as_str().into(), since: None },
        ReadError::NotFound(_) => Watch::Absent,
        other => Watch::Failing { since: now, reason: other.to_string().into(), retry_at: later(now, Duration::ZERO) },
    }
}
