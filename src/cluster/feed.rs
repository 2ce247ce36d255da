//! One supervised watch: lists, watches from there, and starts over whatever happens.

use super::backoff::Backoff;
use super::clock::Clock;
use super::connect::Cluster;
use super::errors::ReadError;
use super::index::scopes::Scope;
use super::kinds::with;
use super::lister::Step;
use super::watching::{Event, SERVER_LIMIT};
use super::wire::strings::Interner;
use super::wire::{self, Item};
use crate::domain::snapshot::Watch;
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep};

/// What a feed tells the index.
#[derive(Debug)]
pub enum Message {
    /// A list begins.
    ListBegins(Scope),
    /// Objects of a list under way.
    Rows(Scope, Vec<Item>),
    /// The list is complete.
    Listed(Scope),
    /// A watch told of these.
    Changes(Vec<Change>),
    /// How the watch is doing.
    Watch(Scope, Watch),
    /// There will be a watch.
    Expect(Scope),
    /// There is no such watch any more.
    Drop(Scope, Rows),
    /// Whether the server answers.
    Connection(crate::domain::snapshot::Connection),
    /// Whether the controllers answer.
    Controllers(crate::domain::objects::Controllers),
    /// The namespaces looked at; empty: all.
    Looking(Vec<Str>),
}

/// What becomes of the rows of a watch that ended for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// They are nobody's any more.
    Go,
    /// Another watch takes them over: what its first list does not name goes then.
    Stay,
}

/// One change of a watch.
#[derive(Debug)]
pub enum Change {
    /// New or other.
    Set(Item),
    /// Gone.
    Delete(ObjectKey),
}

/// What all feeds of an observer share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The cluster.
    pub cluster: Cluster,
    /// To the index.
    pub out: mpsc::Sender<Message>,
    /// Places for lists.
    pub lists: Arc<Semaphore>,
    /// Rises when every watch is to start again at once.
    pub again: watch::Receiver<u64>,
    /// Woken when a watch breaks: the server may be away.
    pub doubt: Arc<Notify>,
    /// Shared strings.
    pub pool: Interner,
    /// The time.
    pub clock: Clock,
}

/// One feed.
#[derive(Debug)]
pub struct Feed {
    /// What is shared.
    pub shared: Shared,
    /// Which kind, where.
    pub scope: Scope,
    /// Only these namespaces are taken, of a watch over all.
    pub only: Option<Arc<HashSet<Str>>>,
    /// Label selector.
    pub selector: Option<&'static str>,
    /// Whether a refusal ends the feed, since its caller has another way.
    pub may_give_up: bool,
    /// When rows that it takes over were last read; `None`: there are none.
    pub taken_over: Option<Timestamp>,
    /// Dropped when the first list is there, or was refused.
    pub listed: Option<mpsc::Sender<Kind>>,
}

/// Why a feed ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It may not list (and was told to give up then); when it was last live.
    Forbidden(Option<Timestamp>),
    /// The index is gone.
    NoIndex,
}

/// The index no longer listens.
#[derive(Debug)]
struct NoIndex;

/// How a round went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// The server ended the watch, as it does after a while.
    Ended,
    /// Every watch is to start again.
    Again,
}

/// What a feed remembers from round to round.
#[derive(Debug)]
struct State {
    /// Where to watch from; `None`: list first.
    version: Option<Str>,
    /// When it was last live.
    live_at: Option<Timestamp>,
    /// What the index was told.
    shown: Watch,
    /// Since when the server does not know a kind that it had.
    missing: Option<Instant>,
}

impl Default for State {
    fn default() -> Self {
        Self { version: None, live_at: None, shown: Watch::Listing, missing: None }
    }
}

impl State {
    /// Whether a kind that is not known was never there, or is gone for good: one answer is not believed, since a server
    /// that is being restarted may not have read its definitions yet.
    fn is_gone(&mut self) -> bool {
        self.live_at.is_none() || self.missing.get_or_insert_with(Instant::now).elapsed() >= LOOK_TWICE
    }
}

/// How long a refused or unknown kind is left alone: rights may be given and CRDs installed.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// How long a kind that was there is looked for before its rows go: its definition was deleted, and its objects with it.
const LOOK_TWICE: Duration = Duration::from_secs(10);

/// How long Leases that may not be read are left alone: where not all may be, each namespace is asked, and a mere reader
/// of releases often may not read them at all.
const ASK_AGAIN_FOR_PRESENCE: Duration = Duration::from_mins(10);

/// A watch that ended sooner did not do its work.
pub const TOO_SHORT: Duration = Duration::from_secs(1);

impl Feed {
    /// Runs until the index is gone, or it may give up and does.
    pub async fn run(mut self) -> Ended {
        let mut state = State { live_at: self.taken_over, ..State::default() };
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            let round = self.round(&mut state).await;
            if began.elapsed() >= TOO_SHORT {
                backoff.reset();
            }
            let wait = match round {
                Err(NoIndex) => return Ended::NoIndex,
                Ok(Ok(Round::Again)) => continue,
                Ok(Ok(Round::Ended)) if began.elapsed() >= TOO_SHORT => continue,
                Ok(Ok(Round::Ended)) => backoff.next(),
                Ok(Err(ReadError::Forbidden(_))) if self.may_give_up => return Ended::Forbidden(state.live_at),
                Ok(Err(error)) => {
                    let (wait, watch) = self.after(error, &mut state, &mut backoff);
                    if self.tell(&mut state, watch).await.is_err() {
                        return Ended::NoIndex;
                    }
                    wait
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = again(&mut self.shared.again) => backoff.reset(),
            }
        }
    }

    /// A list where there is no version yet, then a watch. The inner result is the server's.
    async fn round(&mut self, state: &mut State) -> Result<Result<Round, ReadError>, NoIndex> {
        if state.version.is_none() {
            let listed = self.list(state.live_at.is_none()).await?;
            self.listed = None;
            match listed {
                // A server that gives no version: "0" is any version, and the watch begins with what there is.
                Ok(listed) => state.version = Some(listed.unwrap_or_else(|| "0".into())),
                Err(error) => return Ok(Err(error)),
            }
            (state.live_at, state.missing) = (Some(self.shared.clock.now()), None);
            self.show(state, Watch::Live).await?;
        }
        self.watch(state).await
    }

    /// What to do about an error: how long to wait, and what to show meanwhile.
    fn after(&self, error: ReadError, state: &mut State, backoff: &mut Backoff) -> (Duration, Watch) {
        let now = self.shared.clock.now();
        let wait = match &error {
            ReadError::Gone(_) => {
                state.version = None;
                if backoff.is_fresh() {
                    // Listing again is the cure; a second time in a row it is not.
                    backoff.next();
                    return (Duration::ZERO, state.shown.clone());
                }
                backoff.next()
            }
            ReadError::Forbidden(_) => {
                state.version = None;
                if self.scope.kind == Kind::Lease { ASK_AGAIN_FOR_PRESENCE } else { ASK_AGAIN }
            }
            ReadError::NotFound(_) => {
                state.version = None;
                if state.is_gone() { ASK_AGAIN } else { LOOK_TWICE }
            }
            ReadError::TooMany { retry_after, .. } => retry_after.unwrap_or_else(|| backoff.next()),
            ReadError::Unreachable(_) | ReadError::Unauthorized(_) => {
                self.shared.doubt.notify_one();
                backoff.next()
            }
            ReadError::Server { .. } | ReadError::Unreadable(_) | ReadError::OtherCluster(_) => backoff.next(),
        };
        let watch = match error {
            ReadError::Forbidden(reason) => Watch::Forbidden { reason: reason.into(), since: state.live_at },
            ReadError::NotFound(_) if state.is_gone() => Watch::Absent,
            other => Watch::Failing {
                since: state.live_at.unwrap_or(now),
                reason: other.to_string().into(),
                retry_at: later(now, wait),
            },
        };
        (wait, watch)
    }

    async fn list(&self, first: bool) -> Result<Result<Option<Str>, ReadError>, NoIndex> {
        let kind = self.scope.kind;
        match self.shared.cluster.serves(kind).await {
            Ok(true) => {}
            Ok(false) => return Ok(Err(ReadError::NotFound(format!("the server has no {}", kind.plural())))),
            Err(error) => return Ok(Err(error)),
        }
        let Ok(_place) = self.shared.lists.acquire().await else { return Err(NoIndex) };
        let mut path = self.path();
        if first {
            // Any version the server has at hand, as client-go's informers ask first: the watch brings what is newer.
            path = with(path, "resourceVersion", "0");
        }
        let mut listing = match self.shared.cluster.start_list(path, self.what()).await {
            Ok(listing) => listing,
            Err(error) => return Ok(Err(error)),
        };
        self.send(Message::ListBegins(self.scope.clone())).await?;
        loop {
            let mut items = Vec::new();
            let step = listing.step(|item| items.extend(self.read(item))).await;
            if !items.is_empty() {
                self.send(Message::Rows(self.scope.clone(), items)).await?;
            }
            match step {
                Ok(Step::More) => {}
                Ok(Step::End) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
        let version = match listing.finish() {
            Ok(version) => version,
            Err(error) => return Ok(Err(error)),
        };
        self.send(Message::Listed(self.scope.clone())).await?;
        Ok(Ok(version))
    }

    fn read(&self, json: &[u8]) -> Option<Item> {
        let item = wire::read(self.scope.kind, json, &mut self.shared.pool.lock())?;
        self.wanted(&item.key).then_some(item)
    }

    fn wanted(&self, key: &ObjectKey) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&key.namespace))
    }

    async fn watch(&mut self, state: &mut State) -> Result<Result<Round, ReadError>, NoIndex> {
        let from = state.version.clone().unwrap_or_else(|| "0".into());
        let path = with(with(self.path(), "watch", "true"), "allowWatchBookmarks", "true");
        let path = with(with(path, "resourceVersion", &from), "timeoutSeconds", &SERVER_LIMIT.as_secs().to_string());
        let cluster = self.shared.cluster.clone();
        let started = tokio::select! {
            started = cluster.start_watch(self.scope.kind, path) => started,
            () = again(&mut self.shared.again) => return Ok(Ok(Round::Again)),
        };
        let mut watching = match started {
            Ok(watching) => watching,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            state.live_at = Some(self.shared.clock.now());
            self.show(state, Watch::Live).await?;
            let mut events = Vec::new();
            let next = tokio::select! {
                next = watching.next(&self.shared.pool, &mut events) => next,
                () = again(&mut self.shared.again) => return Ok(Ok(Round::Again)),
            };
            let changes = self.take(events, state);
            if !changes.is_empty() {
                self.send(Message::Changes(changes)).await?;
            }
            match next {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(Round::Ended)),
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    fn take(&self, events: Vec<Event>, state: &mut State) -> Vec<Change> {
        let mut changes = Vec::with_capacity(events.len());
        for event in events {
            if let Some(newer) = event.version() {
                state.version = Some(newer.clone());
            }
            match event {
                Event::Changed(item) if self.wanted(&item.key) => changes.push(Change::Set(item)),
                Event::Deleted(key, _) if self.wanted(&key) => changes.push(Change::Delete(key)),
                Event::Changed(_) | Event::Deleted(..) | Event::Bookmark(_) | Event::Unreadable(_) => {}
            }
        }
        changes
    }

    fn path(&self) -> String {
        let path = self.shared.cluster.list_path(self.scope.kind, self.scope.namespace.as_deref());
        match &self.selector {
            Some(selector) => with(path, "labelSelector", selector),
            None => path,
        }
    }

    fn what(&self) -> String {
        match &self.scope.namespace {
            Some(namespace) => format!("{} in {namespace}", self.scope.kind.plural()),
            None => self.scope.kind.plural().to_owned(),
        }
    }

    /// Tells how it is after an error. Of a kind that the server has no more there is no object, either.
    async fn tell(&self, state: &mut State, watch: Watch) -> Result<(), NoIndex> {
        if watch == Watch::Absent && state.live_at.take().is_some() {
            state.missing = None;
            self.send(Message::ListBegins(self.scope.clone())).await?;
            self.send(Message::Listed(self.scope.clone())).await?;
        }
        self.show(state, watch).await
    }

    async fn show(&self, state: &mut State, watch: Watch) -> Result<(), NoIndex> {
        if state.shown == watch {
            return Ok(());
        }
        state.shown = watch.clone();
        self.send(Message::Watch(self.scope.clone(), watch)).await
    }

    async fn send(&self, message: Message) -> Result<(), NoIndex> {
        self.shared.out.send(message).await.map_err(|_| NoIndex)
    }
}

/// Waits until every watch is to start again; for ever once nobody can say so.
async fn again(signal: &mut watch::Receiver<u64>) {
    if signal.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// `now` and a while.
pub fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
