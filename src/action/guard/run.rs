//! One guard from its first look to its end.

use super::GuardOptions;
use super::act::Acted;
use super::begin::ARMING;
use super::kept::{Ended, Kept, Lane, Way};
use super::lanes::{carries, is_back, next_step, takes};
use super::post::{NotKept, Post};
use super::told::{Ending, Evaluation, GuardNews};
use super::way::way_back;
use crate::action::desk::{Judge, Judging};
use crate::action::engine::Engine;
use crate::domain::guarding::OnBreach;
use crate::domain::outcome::OutcomeKind;
use crate::domain::snapshot::FRESH_LIMIT;
use crate::domain::{Measured, Release, Role, Str, Timestamp};
use crate::guard::{Baking, Finding, Judgement, Rest, Verdict, judge, rest};
use crate::notify::{Happened, Notice, Numbers};
use crate::strategy::{Settled, strategy};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long the last notices may take.
const NOTICES: Duration = Duration::from_secs(30);

/// A running guard.
pub(super) struct Watch {
    pub(super) engine: Engine,
    pub(super) options: GuardOptions,
    pub(super) news: mpsc::UnboundedSender<GuardNews>,
    /// What it knew when another guard took over.
    pub(super) lost: Option<Box<Kept>>,
    notices: JoinSet<Vec<crate::notify::Failed>>,
    /// The last word on the rules, so that a journal tells changes only.
    told: Option<Verdict>,
    /// The way back that gets no answer: since when it is tried, and whether anything of it was sent.
    pub(super) unheard: Option<(Timestamp, bool)>,
    /// How the rung baked when that last changed, and when it did.
    baked: Option<(Baking, Timestamp)>,
    /// The gate of the ladder holds by its rules, for a person's steps as for its own.
    _judging: Judging,
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
        let judge = Judge { rules: options.rules.clone(), measurements: options.measurements.clone() };
        let judging = Judging::begin(&engine.inner.desk, &options.release.uid, judge);
        Self {
            engine,
            options,
            news,
            lost: None,
            notices: JoinSet::new(),
            told: None,
            unheard: None,
            baked: None,
            _judging: judging,
        }
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

    /// Keeps the state; forward nothing happens without, back goes on.
    /// Says whether it is kept.
    pub(super) async fn keep(&mut self, post: &mut Post, kept: &Kept) -> Result<bool, Stop> {
        match post.keep(kept).await {
            Ok(()) => Ok(true),
            Err(NotKept::Lost(by)) => {
                self.lost = Some(Box::new(kept.clone()));
                Err(Stop::Lost(by))
            }
            Err(NotKept::Failed(why)) => {
                self.say(GuardNews::Said(format!("its state could not be kept: {why}").into()));
                Ok(false)
            }
        }
    }

    pub(super) async fn rounds(&mut self, mut post: Box<Post>, mut kept: Kept) -> Stop {
        let began = self.now();
        loop {
            if self.news.is_closed() {
                post.note(&kept, "stopped: nobody listens any more", true).await;
                return Stop::Dropped;
            }
            let Some(release) = self.release().await else {
                return self.end(post, kept, Happened::Undecided, "the release is gone").await;
            };
            if kept.pending.is_some() {
                match self.finish_pending(&mut post, &mut kept, &release).await {
                    Ok(Acted::Stepped) => continue,
                    Ok(Acted::Ended(happened, reason)) => return self.end(post, kept, happened, &reason).await,
                    Ok(Acted::NotBack(kind, why)) => return self.ended(post, kept, Ending::not_back(kind, why)).await,
                    Ok(Acted::NotNow(why)) => {
                        self.say(GuardNews::Said(why));
                        if let Err(stop) = self.pause(&mut post, &kept).await {
                            return stop;
                        }
                        continue;
                    }
                    Err(stop) => return stop,
                }
            }
            let next = next_step(&release, &kept.guarded);
            if is_back(&release, &kept.guarded) && (kept.took || next != Some(true)) {
                let reason = if carries(&release, &kept.guarded) {
                    format!("somebody else took {} back", kept.guarded.version)
                } else {
                    format!("another revision took the place of {}: it is guarded no more", kept.guarded.version)
                };
                return self.end(post, kept, Happened::Undecided, &reason).await;
            }
            kept.took |= takes(&release, &kept.guarded);
            let (judgement, heard) = self.look(&release, &kept);
            kept.state = judgement.state.clone();
            let (verdict, reason) = (judgement.verdict, judgement.reason.clone());
            let now = self.now();
            let step = if self.options.step_when_ok { next } else { None };
            let may_step = heard && step.is_some_and(|first| self.may_step(&release, &judgement, first));
            if kept.until.is_none() && step.is_none() && at_a_stop(&release) {
                kept.until = now.checked_add(self.options.watch).ok();
            }
            let baking = self.engine.baking(&release.uid);
            if self.baked.as_ref().is_none_or(|(before, _)| *before != baking) {
                self.baked = Some((baking.clone(), now));
            }
            // While its gate counts down it is on its way.
            let counted = self.baked.as_ref().map_or(began, |(_, at)| *at);
            let rung = kept.state.since.unwrap_or(kept.armed).max(began).max(counted);
            let stuck = kept.until.is_none() && now.duration_since(rung) > self.longest_rung(&release);
            let over = kept.until.is_some_and(|until| now >= until);
            self.tell(&release, &kept, judgement);
            if self.told != Some(verdict) {
                self.told = Some(verdict);
                post.note(&kept, &format!("{}: {reason}", verdict.word()), false).await;
            }
            let acted = match verdict {
                Verdict::Breach if self.options.on_breach != OnBreach::Hold && !self.options.asks => {
                    self.act(&mut post, &mut kept, &release, (Way::Back, reason.clone())).await
                }
                _ if may_step => self.act(&mut post, &mut kept, &release, (Way::On, reason.clone())).await,
                _ if over || stuck => {
                    let happened = match verdict {
                        Verdict::Ok if over => Happened::Kept,
                        Verdict::Breach => Happened::Breach,
                        Verdict::Ok | Verdict::Hold | Verdict::NoData => Happened::Undecided,
                    };
                    let held = baking.holds().filter(|_| verdict == Verdict::Ok && !over);
                    let reason = held.unwrap_or(reason);
                    return self.end(post, kept, happened, &reason).await;
                }
                _ => Ok(Acted::Stepped),
            };
            match acted {
                Ok(Acted::Stepped) => {}
                Ok(Acted::NotNow(why)) => self.say(GuardNews::Said(why)),
                Ok(Acted::Ended(happened, reason)) => return self.end(post, kept, happened, &reason).await,
                Ok(Acted::NotBack(kind, why)) => return self.ended(post, kept, Ending::not_back(kind, why)).await,
                Err(stop) => return stop,
            }
            if let Err(stop) = self.keep(&mut post, &kept).await {
                return stop;
            }
            if let Err(stop) = self.pause(&mut post, &kept).await {
                return stop;
            }
        }
    }

    /// How long it may stand at one rung without coming to rest or being stepped on; without an end where a controller is at
    /// work, which has deadlines of its own.
    fn longest_rung(&self, release: &Release) -> jiff::SignedDuration {
        if matches!(rest(release), Some(Rest::Stands(_))) && release.waiting().is_none() {
            return jiff::SignedDuration::MAX;
        }
        let bake = self.engine.inner.settings.traffic.guard.bake(&release.key).time.unwrap_or_default();
        let rollout = self.options.rules.rollout().unwrap_or(jiff::SignedDuration::from_mins(5));
        rollout.saturating_add(bake).saturating_add(self.options.watch)
    }

    /// How often the Lease is renewed while nothing else is to be done: twice in vain, and it still holds.
    pub(super) fn renew(&self) -> Duration {
        self.options.holds / 3
    }

    /// Until the next look; the Lease is renewed meanwhile.
    async fn pause(&mut self, post: &mut Post, kept: &Kept) -> Result<(), Stop> {
        let (mut left, renew) = (self.options.every, self.renew());
        while left > renew {
            sleep(renew).await;
            left = left.saturating_sub(renew);
            self.keep(post, kept).await?;
        }
        sleep(left).await;
        Ok(())
    }

    /// What the rules make of it now, and whether the cluster was heard of: objects that are old say nothing.
    fn look(&self, release: &Release, kept: &Kept) -> (Judgement, bool) {
        let now = self.now();
        let measured = self.measured();
        let judgement = judge(&self.options.rules, measured.as_deref(), release, &kept.state, now);
        let age = self.options.snapshots.borrow().age_in(release.key.kind, &release.key.namespace, now);
        if age <= FRESH_LIMIT {
            return (judgement, true);
        }
        let reason = format!("the cluster was not heard of for {}: nothing is done on what is old", age.words());
        let state = kept.state.clone();
        (Judgement { verdict: Verdict::NoData, reason: reason.into(), state, ..judgement }, false)
    }

    fn tell(&self, release: &Release, kept: &Kept, judgement: Judgement) {
        let asks = self.options.asks && judgement.verdict == Verdict::Breach && !is_back(release, &kept.guarded);
        let back = if asks { way_back(release, kept, self.options.on_breach).transpose() } else { None };
        self.say(GuardNews::Looked(Evaluation {
            at: self.now(),
            verdict: judgement.verdict,
            reason: judgement.reason,
            findings: judgement.findings,
            weight: release.track(Role::Candidate).and_then(|track| track.weight.asked),
            gate: self.engine.baking(&release.uid).words().into(),
            until: kept.until,
            back: back.map(|back| back.map(|back| back.intent)),
        }));
    }

    /// Whether the next step may be taken: in bounds and baked. Nothing can be measured of what gets no request, so the
    /// first one needs no measurements; whatever else is told must be well.
    fn may_step(&self, release: &Release, judgement: &Judgement, first: bool) -> bool {
        if judgement.verdict == Verdict::Breach || !at_a_stop(release) {
            return false;
        }
        if first {
            let since = judgement.state.since.unwrap_or(Timestamp::MIN);
            let counts = self.now().duration_since(since) >= self.options.rules.settle;
            let measured = |name| {
                let rule = self.options.rules.rules.iter().find(|rule| rule.check.name() == name);
                rule.is_some_and(|rule| rule.check.measures())
            };
            let well = |finding: &Finding| match finding.verdict {
                Verdict::Ok => true,
                // What is no measurement can be told of what gets no request, too: a health endpoint must have answered.
                Verdict::NoData => measured(finding.rule),
                // A small sample is none; what is measured already is waited for until it counts.
                Verdict::Hold => counts && measured(finding.rule),
                Verdict::Breach => false,
            };
            return judgement.findings.iter().all(well) && judgement.state.broken.is_empty();
        }
        judgement.verdict == Verdict::Ok && self.engine.baking(&release.uid).open()
    }

    async fn end(&mut self, post: Box<Post>, kept: Kept, happened: Happened, reason: &str) -> Stop {
        let reason = match happened {
            Happened::Kept => format!("{} is kept: {reason}", kept.guarded.version),
            _ => reason.to_owned(),
        };
        self.ended(post, kept, Ending::of(happened, reason)).await
    }

    async fn ended(&mut self, mut post: Box<Post>, mut kept: Kept, ending: Ending) -> Stop {
        kept.pending = None;
        kept.ended = Some(Ended { at: self.now(), ending: ending.clone() });
        post.note(&kept, &format!("ended: {}", ending.reason), true).await;
        if let Err(Stop::Lost(by)) = self.keep(&mut post, &kept).await {
            self.say(GuardNews::Said(format!("{by} holds its Lease now").into()));
        }
        self.notify(&kept, ending.happened.unwrap_or(Happened::Undecided), &ending.reason);
        Stop::Ended(ending)
    }

    /// Tells those who are to be told, without waiting for them.
    pub(super) fn notify(&mut self, kept: &Kept, happened: Happened, reason: &Str) {
        if self.options.notifier.nobody() {
            return;
        }
        let back = matches!(happened, Happened::RolledBack | Happened::NotSettled | Happened::NotRolledBack);
        let to = kept.served.as_ref().filter(|_| back).map(|served| served.version.clone()).unwrap_or_default();
        let to = if happened == Happened::Stepped { self.share(&kept.guarded) } else { to };
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

    /// What is asked for the guarded revision now: `25 %`; empty where there is no weight.
    fn share(&self, guarded: &Lane) -> Str {
        let snapshot = self.options.snapshots.borrow();
        let release = snapshot.by_uid(&self.options.release.uid);
        let track = release.and_then(|release| release.tracks.iter().find(|track| track.name == guarded.track));
        track.and_then(|track| track.weight.asked).map(|asked| format!("{asked} %").into()).unwrap_or_default()
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

/// Whether it stands where it stays: settled, or its controller waits for a person.
fn at_a_stop(release: &Release) -> bool {
    release.waiting().is_some() || rest(release) == Some(Rest::Settled)
}

/// Whether the release has come to rest.
pub(super) fn settled(release: &Release) -> bool {
    strategy(release.strategy).is_some_and(|strategy| strategy.settled(release) == Settled::Yes)
}

/// Maps how a write ended to how the guard goes on.
pub(super) const fn went_through(kind: OutcomeKind) -> bool {
    matches!(kind, OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Timeout)
}
