//! Owns the index: takes the feeds' messages, derives what they touched, publishes snapshots.

use super::clock::Clock;
use super::connect::Cluster;
use super::feed::{Change, Message, Rows};
use super::index::{Index, View};
use super::observe::ObserveOptions;
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Kind, Snapshot, Str};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// Snapshots are at least so far apart: faster than any screen, slow enough to gather a burst.
const APART: Duration = Duration::from_millis(16);

/// Messages that are taken in before the time is looked at again.
const BURST: usize = 512;

/// The longest sleep towards a release's recheck: the clock may run faster than tokio's (a simulated cluster's does).
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The task's state.
#[derive(Debug)]
pub struct Publisher {
    index: Index,
    cluster: Cluster,
    clock: Clock,
    snapshots: watch::Sender<Arc<Snapshot>>,
    known: watch::Sender<Option<Vec<Str>>>,
    connection: Connection,
    looking: Vec<Str>,
    changed: bool,
    next: Instant,
}

impl Publisher {
    /// A publisher with an empty index. `known` is told the namespaces once they are listed (`None` before that).
    pub fn new(
        cluster: Cluster,
        options: &ObserveOptions,
        snapshots: watch::Sender<Arc<Snapshot>>,
        known: watch::Sender<Option<Vec<Str>>>,
    ) -> Self {
        let clock = options.clock.clone();
        let connection = Connection::Connecting { since: clock.now() };
        Self {
            index: Index::new(Arc::clone(&options.recorded), Arc::clone(&options.settings)),
            cluster,
            clock,
            snapshots,
            known,
            connection,
            looking: Vec::new(),
            changed: false,
            next: Instant::now(),
        }
    }

    /// Runs until every feed is gone.
    pub async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut burst = Vec::with_capacity(BURST);
        loop {
            let wake = self.until_wake();
            tokio::select! {
                // Publishing first: under a steady stream of messages it must come to its turn.
                biased;
                () = sleep_until(self.next), if self.changed => self.publish(),
                count = messages.recv_many(&mut burst, BURST) => {
                    if count == 0 {
                        return;
                    }
                    for message in burst.drain(..) {
                        self.take(message);
                    }
                }
                () = sleep(wake.unwrap_or(LOOK_AGAIN)), if wake.is_some() => {
                    self.index.wake(self.clock.now());
                    self.changed |= self.index.is_dirty();
                }
            }
        }
    }

    fn until_wake(&self) -> Option<Duration> {
        let due = self.index.next_wake()?;
        let left = due.duration_since(self.clock.now());
        Some(Duration::try_from(left).unwrap_or(Duration::ZERO).clamp(Duration::from_millis(5), LOOK_AGAIN))
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::ListBegins(scope) => self.index.scopes.start_list(&scope),
            Message::Rows(scope, items) => self.index.apply_listed(&scope, items),
            Message::Listed(scope) => {
                self.index.listed(&scope);
                self.changed = true;
                if scope.kind == Kind::Namespace {
                    self.tell_namespaces();
                }
            }
            Message::Changes(changes) => {
                for change in changes {
                    self.change(change);
                }
            }
            Message::Watch(scope, watch) => {
                let namespaces_denied =
                    scope.kind == Kind::Namespace && matches!(watch, Watch::Forbidden { .. } | Watch::Absent);
                if namespaces_denied && self.known.borrow().is_none() {
                    self.known.send_replace(Some(Vec::new()));
                }
                self.changed |= self.index.watch(&scope, watch);
            }
            Message::Expect(scope) => {
                self.index.scopes.expect(scope);
                self.changed = true;
            }
            Message::Drop(scope, rows) => {
                match rows {
                    Rows::Go => self.index.drop_scope(&scope),
                    Rows::Stay => self.index.forget_scope(&scope),
                }
                self.changed = true;
            }
            Message::Connection(connection) => {
                self.connection = connection;
                self.changed = true;
            }
            Message::Controllers(controllers) => self.index.set_controllers(controllers),
            Message::Looking(namespaces) => {
                self.looking = namespaces;
                self.changed = true;
            }
        }
        self.changed |= self.index.is_dirty();
    }

    fn change(&mut self, change: Change) {
        let kind = match &change {
            Change::Set(item) => item.key.kind,
            Change::Delete(key) => key.kind,
        };
        match change {
            Change::Set(item) => self.index.apply(item),
            Change::Delete(key) => self.index.delete(&key),
        }
        if kind == Kind::Namespace {
            self.changed = true;
            self.tell_namespaces();
        }
    }

    fn tell_namespaces(&self) {
        let mut names = self.index.namespaces();
        names.sort_unstable();
        self.known.send_if_modified(|known| {
            let other = known.as_ref() != Some(&names);
            if other {
                *known = Some(names);
            }
            other
        });
    }

    fn publish(&mut self) {
        let now = self.clock.now();
        self.index.wake(now);
        self.index.derive(now);
        let view = View {
            cluster: self.cluster.identity(),
            connection: self.connection.clone(),
            namespaces: self.looking.clone(),
            now,
        };
        let snapshot = Arc::new(self.index.snapshot(view));
        self.snapshots.send_replace(snapshot);
        self.changed = false;
        self.next = Instant::now() + APART;
    }
}
