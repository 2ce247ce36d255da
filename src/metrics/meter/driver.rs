//! The task behind a meter: follows the focus, runs the rounds, publishes what changed.

use super::targets::{Target, Targets};
use super::{Focus, MeterOptions};
use crate::config::HealthSettings;
use crate::domain::measurement::{Measured, Tick, TrackMeasured};
use crate::domain::{Measurements, Release, Snapshot, Str, Uid};
use crate::metrics::health;
use crate::metrics::lanes::Lanes;
use crate::metrics::source::{self, Asked, BoardFound, BoardQuestion, MetricSource, OwnErrors, Question, Trouble};
use jiff::SignedDuration;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

/// How many rounds run at a time.
const AT_ONCE: usize = 8;

/// How long one round may take, over all sources.
const ROUND: Duration = Duration::from_secs(15);

/// How long a change of the cluster may wait until it is looked at: new releases and namespaces.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// The task's state.
pub struct Driver {
    options: MeterOptions,
    sources: Arc<[Arc<dyn MetricSource>]>,
    published: watch::Sender<Arc<Measurements>>,
    looked_at: watch::Receiver<Focus>,
    focus: Focus,
    targets: Targets,
    rounds: JoinSet<(Target, u64, Ended)>,
    turns: Arc<Semaphore>,
    measured: HashMap<Uid, Arc<Measured>>,
    look_again: Option<Instant>,
}

/// What a round brought.
enum Ended {
    Release(Box<Question>, Asked),
    Namespace(Box<BoardQuestion>, Result<Option<BoardFound>, Trouble>),
    Health(Box<Question>, HealthSettings, Result<Tick, Trouble>),
}

impl Driver {
    pub fn new(
        options: MeterOptions,
        sources: Vec<Arc<dyn MetricSource>>,
        published: watch::Sender<Arc<Measurements>>,
        looked_at: watch::Receiver<Focus>,
    ) -> Self {
        Self {
            options,
            sources: sources.into(),
            published,
            looked_at,
            focus: Focus::default(),
            targets: Targets::default(),
            rounds: JoinSet::new(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            measured: HashMap::new(),
            look_again: None,
        }
    }

    /// Runs until the meter is dropped.
    pub async fn run(mut self) {
        loop {
            let wake = [self.targets.next(), self.look_again].into_iter().flatten().min();
            let watching = !self.focus.is_nothing();
            tokio::select! {
                changed = self.looked_at.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.refocus();
                }
                changed = self.options.snapshots.changed(), if watching && self.look_again.is_none() => {
                    if changed.is_err() {
                        return;
                    }
                    self.look_again = Some(Instant::now() + LOOK_AGAIN);
                }
                Some(ended) = self.rounds.join_next(), if !self.rounds.is_empty() => {
                    if let Ok((target, round, ended)) = ended
                        && self.targets.ended(&target, round)
                    {
                        self.take(ended);
                    }
                }
                () = at(wake) => {
                    if self.look_again.is_some_and(|when| when <= Instant::now()) {
                        self.follow();
                    }
                    self.begin_rounds();
                }
            }
        }
    }

    fn refocus(&mut self) {
        let focus = self.looked_at.borrow_and_update().clone();
        let shown = (self.span(), self.focus.judged);
        let opened = focus.releases.iter().any(|uid| self.focus.followed.contains(uid));
        self.focus = focus;
        self.follow();
        if opened || (self.span(), self.focus.judged) != shown {
            self.targets.restart();
        }
        self.begin_rounds();
    }

    /// Compares what is to be asked for with what there is.
    fn follow(&mut self) {
        self.look_again = None;
        let snapshot = self.options.snapshots.borrow_and_update().clone();
        self.targets.follow(&self.focus, &snapshot, &self.options.config);
        for (uid, measured) in self.measured.iter_mut().filter(|(_, measured)| measured.health.is_some()) {
            let release = snapshot.by_uid(uid);
            if release.is_some_and(|release| self.focus.endpoint(release, &self.options.config).is_none()) {
                // Nobody asks it any more: its last answers would look like new ones.
                *measured = Arc::new(Measured { health: None, ..(**measured).clone() });
            }
        }
        let gone = |uid: &Uid| snapshot.by_uid(uid).is_none();
        if self.measured.keys().any(gone) {
            self.measured.retain(|uid, _| snapshot.by_uid(uid).is_some());
            self.publish();
        }
    }

    fn begin_rounds(&mut self) {
        let due = self.targets.due();
        if due.is_empty() {
            return;
        }
        let snapshot = self.options.snapshots.borrow().clone();
        for target in due {
            let config = Arc::clone(&self.options.config);
            let of = |uid: &Uid| {
                let release = snapshot.by_uid(uid)?;
                Some((release, config.release(&release.key.namespace, &release.key.name).metrics))
            };
            let endpoint = match &target {
                Target::Health(uid) => snapshot.by_uid(uid).and_then(|release| self.focus.endpoint(release, &config)),
                Target::Release(_) | Target::Namespace(_) => None,
            };
            let pace = match &target {
                Target::Release(_) => config.metrics.interval,
                Target::Namespace(_) => config.metrics.refresh,
                Target::Health(_) => endpoint.as_ref().map_or(config.metrics.refresh, |endpoint| endpoint.interval),
            };
            let round = self.targets.begin(&target, pace);
            let running = match &target {
                Target::Release(uid) => {
                    of(uid).map(|(release, metrics)| self.begin_release(release, metrics.source.as_deref(), round))
                }
                Target::Namespace(name) => Some(self.begin_namespace(name, &snapshot, round)),
                Target::Health(uid) => {
                    let asked = snapshot.by_uid(uid).zip(endpoint);
                    asked.map(|(release, endpoint)| self.begin_health(release, endpoint, round))
                }
            };
            if let Some(running) = running {
                self.targets.runs(&target, running);
            }
        }
    }

    /// The time that charts show.
    fn span(&self) -> SignedDuration {
        self.focus.span.unwrap_or(signed(self.options.config.metrics.span))
    }

    fn question(&self, release: &Arc<Release>) -> Question {
        let settings = &self.options.config.metrics;
        let (now, span) = (self.options.clock.now(), self.span());
        let least = self.focus.judged.unwrap_or_default().max(signed(settings.span));
        Question {
            recent: source::recent(release, (span, least), now),
            release: Arc::clone(release),
            lanes: Lanes::of(release),
            window: signed(settings.window),
            span,
            now,
        }
    }

    /// `only`: the one source that the release's own settings name, or `none`.
    fn begin_release(&mut self, release: &Arc<Release>, only: Option<&str>, round: u64) -> AbortHandle {
        let question = self.question(release);
        // What the object says goes before what the settings say.
        let only = release.measured_by.as_deref().or(only);
        // Of what the board alone shows, Prometheus tells by namespace, with one query for all.
        let in_full = self.focus.releases.contains(&release.uid);
        let asked = |source: &&Arc<dyn MetricSource>| {
            only.is_none_or(|only| only == source.name()) && (in_full || !source.queries())
        };
        let sources: Arc<[_]> = self.sources.iter().filter(asked).cloned().collect();
        let target = Target::Release(release.uid.clone());
        self.spawn(target, round, async move {
            let asked = timeout(ROUND, source::ask(&sources, &question)).await.unwrap_or_else(|_| Asked::late(ROUND));
            Ended::Release(Box::new(question), asked)
        })
    }

    fn begin_health(&mut self, release: &Arc<Release>, health: HealthSettings, round: u64) -> AbortHandle {
        let question = self.question(release);
        let cluster = self.options.cluster.clone();
        self.spawn(Target::Health(release.uid.clone()), round, async move {
            let tick = health::ask(&cluster, &health, &question.release.key.namespace, question.now).await;
            Ended::Health(Box::new(question), health, tick)
        })
    }

    fn begin_namespace(&mut self, namespace: &Str, snapshot: &Snapshot, round: u64) -> AbortHandle {
        let here = snapshot.releases.iter().filter(|release| release.key.namespace == *namespace);
        let mut asked: Vec<(Option<Str>, (Uid, Lanes))> = Vec::new();
        let mut own: Vec<(Option<Str>, OwnErrors)> = Vec::new();
        for release in here {
            let settings = self.options.config.release(&release.key.namespace, &release.key.name).metrics;
            let only = release.measured_by.clone().or(settings.source.as_deref().map(Str::from));
            let (uid, lanes) = (release.uid.clone(), Lanes::of(release));
            match settings.queries.error_rate {
                // What it says of its own errors, one query for all can't tell.
                Some(query) => own.push((only, OwnErrors { uid, name: release.key.name.clone(), lanes, query })),
                None => asked.push((only, (uid, lanes))),
            }
        }
        let mut question = BoardQuestion {
            namespace: namespace.clone(),
            releases: Vec::new(),
            own: Vec::new(),
            window: signed(self.options.config.metrics.window),
            now: self.options.clock.now(),
        };
        let sources = Arc::clone(&self.sources);
        self.spawn(Target::Namespace(namespace.clone()), round, async move {
            let mut trouble = Ok(None);
            for source in &*sources {
                let meant = |only: &Option<Str>| only.as_deref().is_none_or(|only| only == source.name());
                question.releases = asked.iter().filter(|(only, _)| meant(only)).map(|(_, one)| one.clone()).collect();
                question.own = own.iter().filter(|(only, _)| meant(only)).map(|(_, one)| one.clone()).collect();
                if question.releases.is_empty() && question.own.is_empty() {
                    continue;
                }
                match timeout(ROUND, source.namespace(&question)).await {
                    Ok(Ok(Some(found))) => return Ended::Namespace(Box::new(question), Ok(Some(found))),
                    Ok(Ok(None)) | Err(_) => {}
                    Ok(Err(why)) => trouble = Err(why),
                }
            }
            Ended::Namespace(Box::new(question), trouble)
        })
    }

    fn spawn(&mut self, target: Target, round: u64, work: impl Future<Output = Ended> + Send + 'static) -> AbortHandle {
        let turns = Arc::clone(&self.turns);
        self.rounds.spawn(async move {
            // The semaphore is never closed; without a permit the round would only be less well ordered.
            let _turn = turns.acquire().await;
            (target, round, work.await)
        })
    }

    fn take(&mut self, ended: Ended) {
        match ended {
            Ended::Release(question, asked) => {
                let uid = question.release.uid.clone();
                let known = self.measured.get(&uid).map(Arc::as_ref);
                let told = |known: &Measured| self.sources.iter().any(|it| it.queries() && it.name() == &*known.source);
                if !self.focus.releases.contains(&uid) && known.is_some_and(told) {
                    // The query of its namespace has told of it meanwhile.
                    return;
                }
                let measured = asked.over(known, &question, signed(self.options.config.metrics.interval));
                self.note(uid, measured);
            }
            Ended::Health(question, settings, tick) => {
                let uid = question.release.uid.clone();
                let known = self.measured.get(&uid).map(Arc::as_ref);
                let check = health::with(known.and_then(|known| known.health.as_ref()), &settings, tick);
                let known = known.cloned();
                let every = signed(self.options.config.metrics.interval);
                let base = known.unwrap_or_else(|| Asked::default().over(None, &question, every));
                self.note(uid, Measured { health: Some(check), ..base });
            }
            Ended::Namespace(question, Ok(Some(found))) => self.take_board(&question, found),
            Ended::Namespace(_, Ok(None)) => {}
            Ended::Namespace(question, Err(Trouble(why))) => {
                for (uid, _) in &question.releases {
                    if let Some(known) = self.measured.get(uid).filter(|_| !self.focus.asks(uid)) {
                        let told = Measured { trouble: Some(why.clone()), ..(**known).clone() };
                        self.measured.insert(uid.clone(), Arc::new(told));
                    }
                }
            }
        }
        self.publish();
    }

    /// A release in focus has better numbers than the board's.
    fn take_board(&mut self, question: &BoardQuestion, found: BoardFound) {
        let every = signed(self.options.config.metrics.refresh);
        let mut tracks = found.tracks;
        let mut told: Vec<(&Uid, Vec<TrackMeasured>, SignedDuration)> = Vec::new();
        for (uid, lanes) in &question.releases {
            let tracks = tracks.remove(uid);
            // Of what was never measured, and is not now, nothing is to be said; nor of what is asked for by itself.
            if tracks.is_some() || self.measured.contains_key(uid) && !self.focus.asks(uid) {
                told.push((uid, tracks.unwrap_or_else(|| lanes.unmeasured()), every));
            }
        }
        told.extend(found.own.iter().map(|(uid, tracks, turns)| {
            (uid, tracks.clone(), every.saturating_mul(i32::try_from(*turns).unwrap_or(i32::MAX)))
        }));
        for (uid, tracks, every) in told {
            let known = self.measured.get(uid);
            if self.focus.releases.contains(uid) && known.is_some_and(|known| known.at.is_some()) {
                continue;
            }
            let measured = Measured {
                source: found.source.clone(),
                detail: found.detail.clone(),
                at: Some(question.now),
                every,
                window: question.window,
                tracks,
                named: Vec::new(),
                health: known.and_then(|known| known.health.clone()),
                trouble: None,
            };
            self.measured.insert(uid.clone(), Arc::new(measured));
        }
    }

    fn note(&mut self, uid: Uid, measured: Measured) {
        if self.measured.get(&uid).is_none_or(|known| **known != measured) {
            self.measured.insert(uid, Arc::new(measured));
        }
    }

    fn publish(&self) {
        self.published.send_if_modified(|now| {
            let same = now.releases.len() == self.measured.len()
                && self.measured.iter().all(|(uid, new)| now.of(uid).is_some_and(|old| Arc::ptr_eq(old, new)));
            if !same {
                *now = Arc::new(Measurements { version: now.version + 1, releases: self.measured.clone() });
            }
            !same
        });
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}
