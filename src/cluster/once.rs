//! Reads once, without watching: for commands.

use super::clock::Clock;
use super::connect::Cluster;
use super::errors::ReadError;
use super::feed::later;
use super::index::scopes::Scope;
use super::index::{Index, ROOTS, View};
use super::kinds::{list_path, with};
use super::lister::Step;
use super::observe::ObserveOptions;
use super::read::{self, RawRevision, revision_kind};
use super::supervise::Plan;
use super::wire::strings::Interner;
use super::wire::{self, Item};
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Details, Kind, ObjectKey, RawObject, Release, Snapshot, Str};
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// What the state of releases is told from.
const NEEDED: [Kind; 9] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Pod,
    Kind::ControllerRevision,
    Kind::HorizontalPodAutoscaler,
    Kind::Service,
    Kind::PodDisruptionBudget,
];

impl Cluster {
    /// Lists once and derives: what `observe` would publish when everything is listed. Fails when nothing that roots
    /// releases can be read; what else can't be read is told by the kinds' status.
    pub async fn one_shot(&self, options: ObserveOptions) -> Result<Snapshot, ReadError> {
        let plan = Plan::of(self, &options.namespaces, options.selector.as_deref());
        let pool = Interner::default();
        let lists = NEEDED
            .iter()
            .flat_map(|kind| plan.scopes(*kind).into_iter().map(|namespace| Scope { kind: *kind, namespace }));
        let lists = lists.map(|scope| self.scope_once(scope, &plan, &pool));
        let (identified, lists) = tokio::join!(self.identify(), join_all(lists));
        if let Err(error @ (ReadError::Unreachable(_) | ReadError::Unauthorized(_))) = identified {
            return Err(error);
        }
        let mut index = Index::new(options.recorded, options.settings);
        let mut root_error = None;
        let mut root_read = false;
        let now = options.clock.now();
        for (scope, result) in lists.into_iter().flatten() {
            index.scopes.expect(scope.clone());
            index.scopes.start_list(&scope);
            match result {
                Ok(items) => {
                    index.scopes.set(&scope, Watch::Live);
                    index.apply_listed(&scope, items);
                    index.listed(&scope);
                    root_read |= ROOTS.contains(&scope.kind);
                }
                Err(error) => {
                    index.scopes.set(&scope, failed(&error, &options.clock));
                    if ROOTS.contains(&scope.kind) {
                        root_error.get_or_insert(error);
                    }
                }
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

    /// One scope; a refused list over everything becomes one of the home namespace.
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
        join_all(lists).await
    }

    async fn list_once(&self, scope: &Scope, plan: &Plan, pool: &Interner) -> Result<Vec<Item>, ReadError> {
        let mut path = list_path(scope.kind, scope.namespace.as_deref());
        if let Some(selector) = plan.selector(scope.kind) {
            path = with(path, "labelSelector", &selector);
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

    /// One release with what a plan is made from, in one round trip (the identity is asked for beside it).
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
        let namespace = Some(key.namespace.clone());
        let beside = [Kind::Pod, Kind::HorizontalPodAutoscaler, Kind::Service, Kind::PodDisruptionBudget];
        let plan = Plan::nothing();
        let beside = beside.map(|kind| Scope { kind, namespace: namespace.clone() });
        let lists = join_all(beside.iter().map(|scope| self.list_once(scope, &plan, &pool)));
        let (_, root, revisions, lists) = tokio::join!(self.identify(), self.read(key), self.revisions(key), lists);
        let (root, revisions) = (root?, revisions?);
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
        let item = |raw: &RawObject| wire::read(raw.key.kind, raw.text().as_bytes(), &mut pool.lock());
        fill(Scope { kind: key.kind, namespace: namespace.clone() }, Ok(item(&root).into_iter().collect()));
        let of_revisions = |found: &RawRevision| item(&found.raw);
        let revision_items = revisions.iter().filter_map(of_revisions).collect();
        fill(Scope { kind: revision_kind(key.kind), namespace: namespace.clone() }, Ok(revision_items));
        for (scope, items) in beside.into_iter().zip(lists) {
            fill(scope, items);
        }
        index.derive(options.clock.now());
        let release = index
            .release(key)
            .ok_or_else(|| ReadError::Unreadable(format!("{key} is no release that windlass knows how to steer.")))?;
        let details = read::details(root, revisions, release.autoscaler.clone());
        Ok((Release::clone(release), details))
    }
}

fn failed(error: &ReadError, clock: &Clock) -> Watch {
    let now = clock.now();
    match error {
        ReadError::Forbidden(reason) => Watch::Forbidden { reason: reason.as_str().into() },
        ReadError::NotFound(_) => Watch::Absent,
        other => Watch::Failing { since: now, reason: other.to_string().into(), retry_at: later(now, Duration::ZERO) },
    }
}
