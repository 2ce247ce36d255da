//! One guard from its claim to its end.

use super::GuardOptions;
use super::act::Acted;
use super::kept::{Ended, Kept, Lane, Way};
use super::lanes::{arm, carries, is_back, next_step};
use super::post::{self, Claim, HOLDS, Held, NotKept, Post};
use super::told::{Ending, Evaluation, GuardNews};
use crate::action::engine::Engine;
use crate::domain::guarding::OnBreach;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{PlanId, RefusalKind};
use crate::domain::snapshot::FRESH_LIMIT;
use crate::domain::{Measured, Release, Role, Str, Timestamp};
use crate::guard::{Judgement, State, Verdict, judge};
use crate::notify::{Happened, Notice, Numbers};
use crate::strategy::{Settled, strategy};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How long a release may take until it tells which revision it stands for.
const ARMING: Duration = Duration::from_secs(30);

/// For how long a rollback is told again to whoever asks for a guard over what it left.
const TOLD_AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// How often a guard that stands by looks at the Lease.
const STANDING_BY: Duration = Duration::from_secs(3);

/// How long the last notices may take.
const NOTICES: Duration = Duration::from_secs(30);

/// A running guard.
pub(super) struct Watch {
    pub(super) engine: Engine,
    pub(super) options: GuardOptions,
    news: mpsc::UnboundedSender<GuardNews>,
    notices: JoinSet<Vec<crate::notify::Failed>>,
    /// The last word on the rules, so that a journal tells changes only.
    told: Option<Verdict>,
}

/// Why a guard stops without having come to its end.
pub(super) enum Stop {
    /// It has come to its end.
    Ended(Ending),
    /// Another guard has taken over.
    Lost(Str),
    /// Nobody listens any more.
    Dropped,
}

impl Watch {
    /// A guard that has not begun.
    pub fn new(engine: Engine, options: GuardOptions, news: mpsc::UnboundedSender<GuardNews>) -> Self {
        Self { engine, options, news, notices: JoinSet::new(), told: None }
    }

    /// Runs to the end.
    pub async fn run(mut self) {
        let ending = loop {
            match self.watch().await {
                Stop::Ended(ending) => break ending,
                Stop::Dropped => return,
                Stop::Lost(by) => self.say(GuardNews::Said(format!("{by} guards this release now").into())),
            }
        };
        let mut notices = std::mem::take(&mut self.notices);
        let finish = async {
            while let Some(told) = notices.join_next().await {
                for failed in told.unwrap_or_default() {
                    self.say(GuardNews::Said(failed.to_string().into()));
                }
            }
        };
        if timeout(NOTICES, finish).await.is_err() {
            self.say(GuardNews::Said("not everybody could be told in time".into()));
        }
        self.say(GuardNews::Ended(ending));
    }

    pub(super) fn say(&self, news: GuardNews) {
        // Whoever stops listening stops the guard at its next look.
        let _ = self.news.send(news);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.engine.inner.settings.clock.now()
    }

    /// The release as it is now; `None`: it is gone, by a complete list.
    pub(super) async fn release(&self) -> Option<Arc<Release>> {
        let mut snapshots = self.options.snapshots.clone();
        let uid = &self.options.release.uid;
        loop {
            {
                let snapshot = snapshots.borrow_and_update();
                if let Some(release) = snapshot.by_uid(uid) {
                    return Some(release.clone());
                }
                if snapshot.complete() && snapshot.version > 0 {
                    return None;
                }
            }
            // An observation that ended has nothing more to tell.
            if !matches!(timeout(ARMING, snapshots.changed()).await, Ok(Ok(()))) {
                return None;
            }
        }
    }

    pub(super) fn measured(&self) -> Option<Arc<Measured>> {
        self.options.measurements.borrow().of(&self.options.release.uid).cloned()
    }

    /// Claims the post, and watches from there.
    async fn watch(&mut self) -> Stop {
        let name = match &self.options.name {
            Some(name) => PlanId(name.clone()),
            None => self.engine.plan_id(),
        };
        let (mut post, left) = match self.claim(&name).await {
            Ok(claimed) => claimed,
            Err(stop) => return stop,
        };
        let left = match left {
            Some(kept) if kept.ended.is_some() => {
                if let Some(ending) = self.told_again(&kept).await {
                    return Stop::Ended(ending);
                }
                None
            }
            left => left,
        };
        let kept = match left {
            Some(kept) => {
                let from = kept.pending.as_ref().map(|_| ", with a write under way").unwrap_or_default();
                self.say(GuardNews::Said(format!("goes on from guard {}{from}", kept.guard.0).into()));
                *kept
            }
            None => match self.armed(name).await {
                Ok(kept) => kept,
                Err(ending) => return Stop::Ended(ending),
            },
        };
        let words = self.words(&kept);
        if let Err(stop) = self.keep(&mut post, &kept).await {
            return stop;
        }
        post.note(&kept, &words, true).await;
        self.say(GuardNews::Armed(words.into()));
        self.rounds(post, kept).await
    }

    /// Waits for the post, as long as another guard holds it.
    async fn claim(&self, name: &PlanId) -> Result<(Box<Post>, Option<Box<Kept>>), Stop> {
        let mut seen: Option<(Held, Instant)> = None;
        let mut told: Option<Str> = None;
        loop {
            if self.news.is_closed() {
                return Err(Stop::Dropped);
            }
            let expired = seen.as_ref().filter(|(_, since)| since.elapsed() > HOLDS).map(|(held, _)| held);
            match Post::claim(&self.engine, &self.options.release, name, expired).await {
                Claim::Ours(post, kept, why) => {
                    if let Some(why) = why {
                        self.say(GuardNews::Said(why));
                    }
                    if let Some(ended) = kept.as_ref().and_then(|kept| kept.ended.as_ref()) {
                        let same = kept.as_ref().is_some_and(|kept| kept.guard == *name);
                        // We stood by and saw it end, or were started again under its name.
                        if same || told.is_some() {
                            return Err(Stop::Ended(ended.ending.clone()));
                        }
                    }
                    return Ok((post, kept));
                }
                Claim::Held(held) => {
                    if !held.by.is_empty() && told.as_ref() != Some(&held.by) {
                        told = Some(held.by.clone());
                        self.say(GuardNews::StandingBy(held.by.clone()));
                    }
                    if seen.as_ref().is_none_or(|(before, _)| before.version != held.version) {
                        seen = Some((held, Instant::now()));
                    }
                    sleep(STANDING_BY).await;
                }
            }
        }
    }

    /// The end of the guard before, where it took back what is to be guarded, and the release stands where it was left: a
    /// revision that was rolled back is not walked up again by itself, and whoever was killed at the end tells the end.
    async fn told_again(&self, before: &Kept) -> Option<Ending> {
        let ended = before.ended.as_ref()?;
        if !matches!(ended.ending.kind, OutcomeKind::Failed | OutcomeKind::Timeout) || self.options.lanes.is_some() {
            return None;
        }
        let release = self.release().await?;
        let (guarded, _) = arm(&release, None).ok()?;
        let same = guarded.track == before.guarded.track && guarded.hash == before.guarded.hash;
        let served = before.served.as_ref().is_some_and(|served| served.hash.is_some() && served.hash == guarded.hash);
        let lately = self.now().duration_since(ended.at) < TOLD_AGAIN;
        if !is_back(&release, &before.guarded) || !(same || (served && lately)) {
            return None;
        }
        let reason = format!("{} (by guard {}, which ended at {})", ended.ending.reason, before.guard.0, ended.at);
        Some(Ending { reason: reason.into(), ..ended.ending.clone() })
    }

    /// A guard that begins.
    async fn armed(&self, guard: PlanId) -> Result<Kept, Ending> {
        let gone = || Ending::of(Happened::Undecided, format!("{} is not there", self.options.release.key));
        let started = Instant::now();
        let (release, (guarded, served)) = loop {
            let release = self.release().await.ok_or_else(gone)?;
            if let Some(lanes) = self.options.lanes.clone() {
                break (release, lanes);
            }
            let switched = self.engine.context(&release.uid).switched;
            match arm(&release, switched.as_ref()) {
                Ok(lanes) => break (release, lanes),
                Err(refusal) if refusal.kind == RefusalKind::ReadAgain && started.elapsed() < ARMING => {
                    let mut snapshots = self.options.snapshots.clone();
                    let _ = timeout(Duration::from_secs(1), snapshots.changed()).await;
                }
                Err(refusal) => return Err(Ending::of(Happened::Undecided, refusal.reason)),
            }
        };
        let now = self.now();
        let restarts = restarts(&release, &guarded);
        let watched = crate::guard::Watched { track: guarded.track.clone(), hash: guarded.hash.clone() };
        Ok(Kept {
            guard,
            release: release.uid.clone(),
            who: self.engine.inner.settings.who.clone(),
            armed: now,
            guarded,
            served,
            until: None,
            state: State { watched, since: Some(now), restarts, ..State::default() },
            pending: None,
            steps: Vec::new(),
            ended: None,
        })
    }

    fn words(&self, kept: &Kept) -> String {
        let GuardOptions { rules, watch, on_breach, step_when_ok, .. } = &self.options;
        let back = match (&kept.served, on_breach) {
            (_, OnBreach::Hold) => "on breach it only says so".to_owned(),
            (Some(served), way) => format!("on breach {way} to {}", served.version),
            (None, way) => format!("on breach {way}, though nothing is known to go back to"),
        };
        let steps = if *step_when_ok { ", one step on whenever a rung has baked" } else { "" };
        let span = crate::domain::Age(*watch).words();
        format!(
            "guards {} {} for {span}: {}; {back}{steps}",
            self.options.release.key,
            kept.guarded.version,
            rules.words()
        )
    }

    /// Keeps the state; forward nothing happens without, back goes on.
    pub(super) async fn keep(&self, post: &mut Post, kept: &Kept) -> Result<(), Stop> {
        match post.keep(kept).await {
            Ok(()) => Ok(()),
            Err(NotKept::Lost(by)) => Err(Stop::Lost(by)),
            Err(NotKept::Failed(why)) => {
                self.say(GuardNews::Said(format!("its state could not be kept: {why}").into()));
                Ok(())
            }
        }
    }

    async fn rounds(&mut self, mut post: Box<Post>, mut kept: Kept) -> Stop {
        loop {
            if self.news.is_closed() {
                post.note(&kept, "stopped: nobody listens any more", true).await;
                return Stop::Dropped;
            }
            let Some(release) = self.release().await else {
                return self.end(post, kept, Happened::Undecided, "the release is gone".into()).await;
            };
            if kept.pending.is_some() {
                match self.finish_pending(&mut post, &mut kept, &release).await {
                    Ok(Acted::Stepped) => continue,
                    Ok(Acted::Ended(happened, reason)) => return self.end(post, kept, happened, reason).await,
                    Ok(Acted::NotNow(why)) => {
                        self.say(GuardNews::Said(why));
                        sleep(self.options.every).await;
                        continue;
                    }
                    Err(stop) => return stop,
                }
            }
            if is_back(&release, &kept.guarded) && next_step(&release, &kept.guarded) != Some(true) {
                let reason = if carries(&release, &kept.guarded) {
                    format!("somebody else took {} back", kept.guarded.version)
                } else {
                    format!("another revision took the place of {}: it is guarded no more", kept.guarded.version)
                };
                return self.end(post, kept, Happened::Undecided, reason.into()).await;
            }
            let judgement = self.look(&release, &kept);
            kept.state = judgement.state.clone();
            let (verdict, reason) = (judgement.verdict, judgement.reason.clone());
            let now = self.now();
            let step = if self.options.step_when_ok { next_step(&release, &kept.guarded) } else { None };
            if kept.until.is_none() && step.is_none() && settled(&release) {
                kept.until = now.checked_add(self.options.watch).ok();
            }
            self.tell(&release, &kept, judgement);
            if self.told != Some(verdict) {
                self.told = Some(verdict);
                post.note(&kept, &format!("{}: {reason}", verdict.word()), false).await;
            }
            let acted = match verdict {
                Verdict::Breach if self.options.on_breach != OnBreach::Hold => {
                    self.act(&mut post, &mut kept, &release, (Way::Back, reason.clone())).await
                }
                _ if step.is_some() && self.may_step(&release, verdict, step == Some(true)) => {
                    self.act(&mut post, &mut kept, &release, (Way::On, reason.clone())).await
                }
                _ if kept.until.is_some_and(|until| now >= until) => {
                    let happened = match verdict {
                        Verdict::Ok => Happened::Kept,
                        Verdict::Breach => Happened::Breach,
                        Verdict::Hold | Verdict::NoData => Happened::Undecided,
                    };
                    return self.end(post, kept, happened, reason).await;
                }
                _ => Ok(Acted::Stepped),
            };
            match acted {
                Ok(Acted::Stepped) => {}
                Ok(Acted::NotNow(why)) => self.say(GuardNews::Said(why)),
                Ok(Acted::Ended(happened, reason)) => return self.end(post, kept, happened, reason).await,
                Err(stop) => return stop,
            }
            if let Err(stop) = self.keep(&mut post, &kept).await {
                return stop;
            }
            sleep(self.options.every).await;
        }
    }

    /// What the rules make of it now. Objects that were not heard of for long say nothing.
    fn look(&self, release: &Release, kept: &Kept) -> Judgement {
        let now = self.now();
        let measured = self.measured();
        let judgement = judge(&self.options.rules, measured.as_deref(), release, &kept.state, now);
        let age = self.options.snapshots.borrow().age_of(release.key.kind, now);
        if age <= FRESH_LIMIT {
            return judgement;
        }
        let reason = format!("the cluster was not heard of for {}: nothing is done on what is old", age.words());
        Judgement { verdict: Verdict::NoData, reason: reason.into(), state: kept.state.clone(), ..judgement }
    }

    fn tell(&self, release: &Release, kept: &Kept, judgement: Judgement) {
        self.say(GuardNews::Looked(Evaluation {
            at: self.now(),
            verdict: judgement.verdict,
            reason: judgement.reason,
            findings: judgement.findings,
            weight: release.track(Role::Candidate).and_then(|track| track.weight.asked),
            gate: self.engine.baking(&release.uid).words().into(),
            until: kept.until,
        }));
    }

    /// Whether the next step may be taken: in bounds and baked; the first one needs pods only, since nothing can be
    /// measured of what gets no request.
    fn may_step(&self, release: &Release, verdict: Verdict, first: bool) -> bool {
        if !settled(release) {
            return false;
        }
        first || (verdict == Verdict::Ok && self.engine.baking(&release.uid).open())
    }

    async fn end(&mut self, mut post: Box<Post>, mut kept: Kept, happened: Happened, reason: Str) -> Stop {
        let mut ending = Ending::of(happened, reason.clone());
        if happened == Happened::Kept {
            ending.reason = format!("{} is kept: {reason}", kept.guarded.version).into();
        }
        kept.pending = None;
        kept.ended = Some(Ended { at: self.now(), ending: ending.clone() });
        post.note(&kept, &format!("ended: {}", ending.reason), true).await;
        if let Err(Stop::Lost(by)) = self.keep(&mut post, &kept).await {
            self.say(GuardNews::Said(format!("{by} holds its Lease now").into()));
        }
        self.notify(&kept, happened, &reason);
        Stop::Ended(ending)
    }

    /// Tells those who are to be told, without waiting for them.
    pub(super) fn notify(&mut self, kept: &Kept, happened: Happened, reason: &Str) {
        if self.options.notifier.nobody() {
            return;
        }
        let back = matches!(happened, Happened::RolledBack | Happened::NotSettled | Happened::NotRolledBack);
        let to = kept.served.as_ref().filter(|_| back).map(|served| served.version.clone()).unwrap_or_default();
        let to = if happened == Happened::Stepped { kept.steps.last().cloned().unwrap_or_default() } else { to };
        let notice = Notice {
            happened,
            release: self.options.release.key.clone(),
            cluster: self.engine.inner.cluster.identity().context.clone(),
            from: kept.guarded.version.clone(),
            to,
            reason: reason.clone(),
            numbers: self.numbers(&kept.guarded),
            who: kept.who.clone(),
            at: self.now(),
            guard: kept.guard.0.clone(),
        };
        let notifier = self.options.notifier.clone();
        self.notices.spawn(async move { notifier.tell(&notice).await });
    }

    fn numbers(&self, guarded: &Lane) -> Numbers {
        let Some(measured) = self.measured() else { return Numbers::default() };
        let Some(track) = measured.named_track(&guarded.track) else { return Numbers::default() };
        Numbers {
            error_rate: track.errors.value(),
            p99_seconds: track.p99.value(),
            requests_per_second: track.requests.value(),
            samples: track.samples,
        }
    }
}

/// Whether the release has come to rest.
pub(super) fn settled(release: &Release) -> bool {
    strategy(release.strategy).is_some_and(|strategy| strategy.settled(release) == Settled::Yes)
}

fn restarts(release: &Release, guarded: &Lane) -> u32 {
    let track = release.tracks.iter().find(|track| track.name == guarded.track);
    track.map_or(0, |track| track.pods.iter().map(|pod| pod.restarts).fold(0, u32::saturating_add))
}

impl Engine {
    /// Who guards a release, as its Lease says: `ana@host/…`, and what is guarded; `None`: nobody, or it can't be told.
    pub async fn guarded_by(&self, release: &crate::domain::ObjectKey) -> Option<(Str, Option<Lane>)> {
        let held = post::holder(self, release).await?;
        Some((held.by, held.kept.map(|kept| kept.guarded)))
    }
}

/// Maps how a write ended to how the guard goes on.
pub(super) const fn went_through(kind: OutcomeKind) -> bool {
    matches!(kind, OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Timeout)
}
