//! Decides which watches there are: over all namespaces where that is allowed, else namespace by namespace.

use super::connect::Cluster;
use super::feed::{Ended, Feed, Message, Rows, Shared};
use super::index::ROOTS;
use super::index::scopes::Scope;
use super::observe::WATCHED;
use super::options::NamespaceScope;
use crate::domain::presence::LABEL;
use crate::domain::{Kind, Str, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, interval_at, timeout};

/// Up to so many namespaces are watched one by one: each costs a connection a kind.
const ONE_BY_ONE: usize = 5;

/// What a later list waits for earlier ones at most: a slow one must not hold up the rest.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a refused watch over everything is tried again while its namespaces are watched one by one.
const TRY_ALL_AGAIN: Duration = Duration::from_mins(5);

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The namespaces; empty: all.
    namespaces: Vec<Str>,
    /// Where nothing else is known to be readable.
    home: Str,
    /// Whether the Leases are watched that say who steps a release.
    presence: bool,
}

impl Plan {
    /// From the options of an observation.
    pub fn of(cluster: &Cluster, scope: &NamespaceScope) -> Self {
        let namespaces = match scope {
            NamespaceScope::Default => cluster.context_namespace().map(Str::from).into_iter().collect(),
            NamespaceScope::All => Vec::new(),
            NamespaceScope::List(names) => {
                let names: BTreeSet<Str> = names.iter().map(|name| Str::from(&**name)).collect();
                names.into_iter().collect()
            }
        };
        Self { namespaces, home: cluster.default_namespace().into(), presence: false }
    }

    /// A plan for reading single namespaces, without filters.
    pub fn nothing() -> Self {
        Self { namespaces: Vec::new(), home: "".into(), presence: false }
    }

    /// The same, with or without the Leases that say who steps a release.
    pub fn with_presence(self, presence: bool) -> Self {
        Self { presence, ..self }
    }

    /// The namespaces that were asked for; empty: all.
    pub fn namespaces(&self) -> &[Str] {
        &self.namespaces
    }

    /// The first watches of `kind`: one over all (`None`), or a few namespaces one by one.
    pub fn scopes(&self, kind: Kind) -> Vec<Option<Str>> {
        if kind.namespaced() && self.one_by_one() {
            self.namespaces.iter().cloned().map(Some).collect()
        } else {
            vec![None]
        }
    }

    /// The namespaces to read one by one where all may not be.
    pub fn wanted(&self, known: &[Str]) -> BTreeSet<Str> {
        if !self.namespaces.is_empty() {
            return self.namespaces.iter().cloned().collect();
        }
        if known.is_empty() { BTreeSet::from([self.home.clone()]) } else { known.iter().cloned().collect() }
    }

    /// What is kept of a read over all namespaces; `None`: everything.
    pub fn only(&self, kind: Kind) -> Option<Arc<HashSet<Str>>> {
        let some = kind.namespaced() && !self.namespaces.is_empty();
        some.then(|| Arc::new(self.namespaces.iter().cloned().collect()))
    }

    fn one_by_one(&self) -> bool {
        (1..=ONE_BY_ONE).contains(&self.namespaces.len())
    }

    /// What is watched, in the order in which lists are made.
    fn watched(&self) -> impl Iterator<Item = Kind> + use<> {
        WATCHED.into_iter().chain(self.presence.then_some(Kind::Lease))
    }
}

/// The label selector for `kind`: of the Leases only ours are read, never the nodes' or the controllers'.
pub fn selector(kind: Kind) -> Option<&'static str> {
    (kind == Kind::Lease).then_some(LABEL)
}

/// Starts every watch and keeps them in step with what may be read. Runs until the index is gone.
pub async fn run(shared: Shared, plan: Plan, known: watch::Receiver<Option<Vec<Str>>>) {
    if shared.out.send(Message::Looking(plan.namespaces.clone())).await.is_err() {
        return;
    }
    for kind in plan.watched() {
        for namespace in plan.scopes(kind) {
            shared.out.send(Message::Expect(Scope { kind, namespace })).await.ok();
        }
    }
    let (listed, first_lists) = mpsc::channel::<Kind>(WATCHED.len());
    let gate = Gate::new(first_lists);
    let mut kinds = JoinSet::new();
    for kind in plan.watched() {
        let watch = KindWatch { shared: shared.clone(), plan: plan.clone(), known: known.clone(), kind };
        let (gate, listed) = (gate.clone(), listed.clone());
        kinds.spawn(async move {
            if first(kind) {
                // Dropped with the first list: that opens the gate.
                watch.run(Some(listed)).await;
            } else {
                drop(listed);
                gate.wait().await;
                watch.run(None).await;
            }
        });
    }
    drop(listed);
    while kinds.join_next().await.is_some() {}
}

/// The lists that go first: what roots releases.
fn first(kind: Kind) -> bool {
    ROOTS.contains(&kind)
}

/// Opens when the first lists are there, or patience ends.
#[derive(Debug, Clone)]
struct Gate(watch::Receiver<bool>);

impl Gate {
    fn new(mut first_lists: mpsc::Receiver<Kind>) -> Self {
        let (open, opened) = watch::channel(false);
        tokio::spawn(async move {
            // Every sender is dropped when its list is there.
            timeout(PATIENCE, async { while first_lists.recv().await.is_some() {} }).await.ok();
            open.send_replace(true);
        });
        Self(opened)
    }

    async fn wait(mut self) {
        self.0.wait_for(|open| *open).await.ok();
    }
}

struct KindWatch {
    shared: Shared,
    plan: Plan,
    known: watch::Receiver<Option<Vec<Str>>>,
    kind: Kind,
}

impl KindWatch {
    /// Runs the watches of one kind. `listed` is dropped when the first list is there.
    async fn run(self, listed: Option<mpsc::Sender<Kind>>) {
        if self.kind.namespaced() && self.plan.one_by_one() {
            let mut feeds = JoinSet::new();
            for namespace in self.plan.namespaces.clone() {
                let feed = self.feed(Some(namespace), listed.clone());
                feeds.spawn(feed.run());
            }
            drop(listed);
            while feeds.join_next().await.is_some() {}
            return;
        }
        if !self.kind.namespaced() {
            self.feed(None, listed).run().await;
            return;
        }
        let mut listed = listed;
        loop {
            let mut over_all = self.feed(None, listed.take());
            over_all.may_give_up = true;
            let Ended::Forbidden(last_live) = over_all.run().await else { return };
            if !self.by_namespace(last_live).await {
                return;
            }
        }
    }

    /// Watches the namespaces one by one, as many as are known, until it is time to try all again. `false` once the
    /// index is gone. `last_live` is when the watch over all was: its rows stay, and are as old as that until they are
    /// listed anew.
    async fn by_namespace(&self, last_live: Option<Timestamp>) -> bool {
        let all = Scope { kind: self.kind, namespace: None };
        let mut known = self.known.clone();
        if known.wait_for(Option::is_some).await.is_err() {
            return false;
        }
        let mut feeds: JoinSet<Ended> = JoinSet::new();
        let mut running: BTreeMap<Str, AbortHandle> = BTreeMap::new();
        let mut try_all = interval_at(Instant::now() + TRY_ALL_AGAIN, TRY_ALL_AGAIN);
        loop {
            let wanted = self.plan.wanted(known.borrow_and_update().as_deref().unwrap_or_default());
            for namespace in &wanted {
                if running.contains_key(namespace) {
                    continue;
                }
                let feed = Feed { taken_over: last_live, ..self.feed(Some(namespace.clone()), None) };
                if self.shared.out.send(Message::Expect(feed.scope.clone())).await.is_err() {
                    return false;
                }
                running.insert(namespace.clone(), feeds.spawn(feed.run()));
            }
            // After the others are there: without any watch the kind would count as not expected at all.
            self.shared.out.send(Message::Drop(all.clone(), Rows::Stay)).await.ok();
            let gone: Vec<Str> = running.keys().filter(|namespace| !wanted.contains(*namespace)).cloned().collect();
            for namespace in gone {
                self.stop(&mut running, namespace, Rows::Go).await;
            }
            tokio::select! {
                changed = known.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                }
                _ = try_all.tick() => {
                    if self.all_allowed().await {
                        break;
                    }
                }
                ended = feeds.join_next(), if !feeds.is_empty() => {
                    if matches!(ended, Some(Ok(Ended::NoIndex))) {
                        return false;
                    }
                }
            }
        }
        // Rights were given meanwhile. The rows stay until the watch over all has listed.
        self.shared.out.send(Message::Expect(all)).await.ok();
        for namespace in running.keys().cloned().collect::<Vec<_>>() {
            self.stop(&mut running, namespace, Rows::Stay).await;
        }
        true
    }

    async fn stop(&self, running: &mut BTreeMap<Str, AbortHandle>, namespace: Str, rows: Rows) {
        if let Some(feed) = running.remove(&namespace) {
            feed.abort();
        }
        let scope = Scope { kind: self.kind, namespace: Some(namespace) };
        self.shared.out.send(Message::Drop(scope, rows)).await.ok();
    }

    async fn all_allowed(&self) -> bool {
        let path = super::kinds::with(self.shared.cluster.list_path(self.kind, None), "limit", "1");
        let path = match selector(self.kind) {
            Some(selector) => super::kinds::with(path, "labelSelector", selector),
            None => path,
        };
        self.shared.cluster.start_list(path, self.kind.plural().to_owned()).await.is_ok()
    }

    fn feed(&self, namespace: Option<Str>, listed: Option<mpsc::Sender<Kind>>) -> Feed {
        let only = namespace.is_none().then(|| self.plan.only(self.kind)).flatten();
        Feed {
            shared: self.shared.clone(),
            scope: Scope { kind: self.kind, namespace },
            only,
            selector: selector(self.kind),
            may_give_up: false,
            taken_over: None,
            listed,
        }
    }
}
