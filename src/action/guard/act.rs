//! A guard's writes: kept before they are sent, so that none is done twice and none is lost.

use super::kept::{Kept, Pending, Way};
use super::lanes::{is_back, serves};
use super::post::Post;
use super::run::{Stop, Watch, settled, went_through};
use super::told::GuardNews;
use super::way::{Back, Leads, way_back};
use crate::action::progress::{Consent, News, Progress};
use crate::domain::journal::Event;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{Refusal, RefusalKind};
use crate::domain::{Direction, Intent, Outcome, Plan, Release, Snapshot, Str};
use crate::notify::Happened;
use crate::strategy::{Switched, strategy};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often a way back that is refused is planned anew; one that is not answered is tried for as long as there is time.
const TRIES: u32 = 5;

/// How long the pauses between two tries may become, in seconds.
const LONGEST_PAUSE: u64 = 5;

/// How long a release may take to show that it is back.
const SHOWN: Duration = Duration::from_secs(15);

/// How long a step that was taken may take to be seen.
const SEEN: Duration = Duration::from_secs(5);

/// What came of a write.
pub(super) enum Acted {
    /// It went one step on, or there was nothing to do: look again.
    Stepped,
    /// Not now: why. Look again.
    NotNow(Str),
    /// The guard has come to its end.
    Ended(Happened, Str),
    /// It was not rolled back: it is not allowed, or the server gave no answer for too long.
    NotBack(OutcomeKind, Str),
}

impl Watch {
    /// Decides on a write, keeps the decision, and carries it out.
    pub(super) async fn act(
        &mut self,
        post: &mut Post,
        kept: &mut Kept,
        release: &Release,
        (way, because): (Way, Str),
    ) -> Result<Acted, Stop> {
        let plan = self.engine.plan_id();
        kept.pending = Some(Pending { way, from: release.standing(), plan, because, at: Some(self.now()) });
        let written = self.keep(post, kept).await?;
        match way {
            // A step that nobody could find again is not taken.
            Way::On if !written => {
                kept.pending = None;
                Ok(Acted::NotNow("no step is taken while its state can't be kept".into()))
            }
            Way::On => self.step(post, kept, release).await,
            Way::Back => self.back(post, kept).await,
        }
    }

    /// Finds out what became of a write that was decided before an interruption, and finishes it.
    pub(super) async fn finish_pending(
        &mut self,
        post: &mut Post,
        kept: &mut Kept,
        release: &Release,
    ) -> Result<Acted, Stop> {
        let Some(pending) = kept.pending.clone() else { return Ok(Acted::Stepped) };
        // Our own journal knows best: an interrupted plan goes on from its next call.
        let unfinished = self.engine.unfinished().unwrap_or_default();
        if let Some(unfinished) = unfinished.iter().find(|unfinished| unfinished.plan == pending.plan) {
            self.say(GuardNews::Said(format!("finishes '{}'", unfinished.record.title).into()));
            match self.engine.go_on(unfinished, self.consent(&pending.because)) {
                Ok(news) => {
                    let outcome = self.hear(post, kept, news).await?;
                    // Of a way back of several writes this may have been the first: what is left is looked for.
                    let further = pending.way == Way::Back && !self.shown(kept).await;
                    if went_through(outcome.kind) && !further {
                        return self.done(post, kept, &pending, &outcome).await;
                    }
                }
                Err(refusal) => {
                    self.say(GuardNews::Said(refusal.reason.clone()));
                    let _ = self.engine.leave(unfinished).await;
                }
            }
        }
        match pending.way {
            // Decided by a guard that wrote by itself: this one asks, and its next look does.
            Way::Back if self.options.asks => {
                kept.pending = None;
                self.keep(post, kept).await?;
                Ok(Acted::NotNow("the way back was not taken before the interruption: it is asked for".into()))
            }
            Way::Back => self.back(post, kept).await,
            Way::On if self.was_done(&pending, release) => {
                let outcome = Outcome::new(OutcomeKind::Applied, "done before the interruption");
                self.done(post, kept, &pending, &outcome).await
            }
            Way::On => {
                // It was never sent: whether it still should be is for the next look.
                kept.pending = None;
                self.keep(post, kept).await?;
                Ok(Acted::NotNow("the step was not taken before the interruption".into()))
            }
        }
    }

    /// Whether a step was taken: the journal says so, or the release has left the rung that it was to leave.
    fn was_done(&self, pending: &Pending, release: &Release) -> bool {
        let entries = self.engine.journal().entries().unwrap_or_default();
        let ended = entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Outcome(outcome) if entry.plan == pending.plan => Some(outcome.kind),
            _ => None,
        });
        match ended {
            Some(kind) if went_through(kind) => true,
            _ => pending.from.is_some() && release.standing() != pending.from,
        }
    }

    /// One step on, from the step that was seen.
    async fn step(&mut self, post: &mut Post, kept: &mut Kept, release: &Release) -> Result<Acted, Stop> {
        let Some(pending) = kept.pending.clone() else { return Ok(Acted::Stepped) };
        let intent = Intent::Advance { from: pending.from, rule: None };
        let outcome = match self.planned(release, &intent, &pending, None).await {
            Ok(plan) => self.apply(post, kept, plan, &pending.because).await?,
            Err(refusal) => outcome_of(&refusal),
        };
        if went_through(outcome.kind) {
            return self.done(post, kept, &pending, &outcome).await;
        }
        kept.pending = None;
        self.keep(post, kept).await?;
        match outcome.kind {
            // Whether it arrived is found out by looking.
            OutcomeKind::Unknown => {
                kept.pending = Some(pending);
                self.keep(post, kept).await?;
                Ok(Acted::NotNow(outcome.reason))
            }
            OutcomeKind::Planned => Ok(Acted::Ended(Happened::Undecided, rehearsed("step on"))),
            OutcomeKind::Applied
            | OutcomeKind::Unchanged
            | OutcomeKind::Failed
            | OutcomeKind::Partial
            | OutcomeKind::Refused
            | OutcomeKind::Conflict
            | OutcomeKind::Timeout
            | OutcomeKind::Forbidden
            | OutcomeKind::Unreachable => Ok(Acted::NotNow(format!("no step was taken: {}", outcome.reason).into())),
        }
    }

    /// Back to what served, as often as it takes while the objects move.
    async fn back(&mut self, post: &mut Post, kept: &mut Kept) -> Result<Acted, Stop> {
        let Some(mut pending) = kept.pending.clone() else { return Ok(Acted::Stepped) };
        let deadline = Instant::now() + self.limit();
        let mut why: Str;
        let (mut refused, mut pause) = (0, 0);
        loop {
            let Some(release) = self.release().await else {
                return Ok(Acted::Ended(Happened::NotRolledBack, "the release is gone".into()));
            };
            if is_back(&release, &kept.guarded) {
                return self.settle(post, kept, &pending, deadline).await;
            }
            let mut pods = false;
            let planned = match way_back(&release, kept, self.options.on_breach) {
                Ok(Some(back)) => {
                    pods = back.leads == Leads::Pods;
                    self.planned(&release, &back.intent, &pending, Some((&back, kept))).await
                }
                Ok(None) => return Ok(Acted::Ended(Happened::Breach, pending.because)),
                Err(refusal) => Err(refusal),
            };
            let read_again = planned.as_ref().is_err_and(|refusal| refusal.kind == RefusalKind::ReadAgain);
            let outcome = match planned {
                Ok(plan) => self.apply(post, kept, plan, &pending.because).await?,
                Err(refusal) => outcome_of(&refusal),
            };
            why = outcome.reason.clone();
            let unanswered = read_again || matches!(outcome.kind, OutcomeKind::Unreachable | OutcomeKind::Unknown);
            // Somebody's own request on the release may not be answered yet: the engine waits for that.
            let busy = self.engine.is_unanswered(&release.uid);
            let started = pods && went_through(outcome.kind);
            let moved = unanswered || busy || started || outcome.kind == OutcomeKind::Conflict;
            match outcome.kind {
                // The traffic follows once they are ready.
                _ if started => {}
                OutcomeKind::Applied | OutcomeKind::Timeout => {
                    return self.done(post, kept, &pending, &outcome).await;
                }
                // It was sent and did not hold, or came up badly.
                OutcomeKind::Failed | OutcomeKind::Partial if self.went_back(kept).await => {
                    let reason = format!("{}; rolled back, and not well: {why}", pending.because);
                    return Ok(Acted::Ended(Happened::NotSettled, reason.into()));
                }
                OutcomeKind::Planned => return Ok(Acted::Ended(Happened::Breach, rehearsed("roll back"))),
                OutcomeKind::Forbidden => {
                    let reason = format!("{}; it may not be rolled back: {why}", pending.because);
                    return Ok(Acted::NotBack(OutcomeKind::Forbidden, reason.into()));
                }
                OutcomeKind::Refused if self.engine.policy().read_only => break,
                OutcomeKind::Unchanged
                | OutcomeKind::Conflict
                | OutcomeKind::Unknown
                | OutcomeKind::Unreachable
                | OutcomeKind::Refused
                | OutcomeKind::Failed
                | OutcomeKind::Partial => {}
            }
            let (since, sent) = self.unheard.unwrap_or((self.now(), false));
            self.unheard = Some((since, sent || outcome.kind == OutcomeKind::Unknown));
            refused += u32::from(!moved);
            if refused >= TRIES {
                break;
            }
            if Instant::now() >= deadline {
                if unanswered && self.gives_up(kept) {
                    let (_, sent) = self.unheard.unwrap_or((self.now(), false));
                    let (kind, what) = if sent {
                        (OutcomeKind::Unknown, "was sent back, and nobody knows what came of it")
                    } else {
                        (OutcomeKind::Unreachable, "could not be sent back")
                    };
                    let reason =
                        format!("{}; it {what}: {why}. Run again, the guard goes on from here", pending.because);
                    return Ok(Acted::NotBack(kind, reason.into()));
                }
                if unanswered {
                    // Nothing says that it can't be done: the next look tries again.
                    return Ok(Acted::NotNow(format!("not rolled back yet: {why}").into()));
                }
                break;
            }
            self.say(GuardNews::Said(format!("not rolled back yet: {why}; it is tried again").into()));
            pause = LONGEST_PAUSE.min(pause + 1);
            sleep(Duration::from_secs(pause)).await;
            // Another plan has another name, and it is kept before it is sent.
            pending.plan = self.engine.plan_id();
            pending.at = Some(self.now());
            kept.pending = Some(pending.clone());
            self.keep(post, kept).await?;
        }
        let reason = format!("{}; it could not be rolled back: {why}", pending.because);
        Ok(Acted::Ended(Happened::NotRolledBack, reason.into()))
    }

    /// Whether a way back that gets no answer was tried for long enough: for twice as long as it may take, and not before
    /// the guard's own time is over.
    fn gives_up(&self, kept: &Kept) -> bool {
        let Some((since, _)) = self.unheard else { return false };
        let over = kept.until.or_else(|| kept.armed.checked_add(self.options.watch).ok()).unwrap_or(since);
        self.now().duration_since(over.max(since)) >= self.options.rules.undo.saturating_mul(2)
    }

    async fn went_back(&self, kept: &Kept) -> bool {
        match self.release().await {
            Some(release) => is_back(&release, &kept.guarded),
            None => true,
        }
    }

    /// It is back already: waits until it has settled.
    async fn settle(
        &mut self,
        post: &mut Post,
        kept: &mut Kept,
        pending: &Pending,
        deadline: Instant,
    ) -> Result<Acted, Stop> {
        let mut snapshots = self.options.snapshots.clone();
        while Instant::now() < deadline {
            if self.release().await.is_some_and(|release| settled(&release)) {
                let outcome = Outcome::new(OutcomeKind::Applied, "applied and settled");
                return self.done(post, kept, pending, &outcome).await;
            }
            self.keep(post, kept).await?;
            let _ = timeout(self.renew(), snapshots.changed()).await;
        }
        let outcome = Outcome::new(OutcomeKind::Timeout, "it has not settled");
        self.done(post, kept, pending, &outcome).await
    }

    /// Waits a moment until the release shows that it has left the rung: the next look is at the new one.
    async fn left(&self, pending: &Pending) {
        let (mut snapshots, uid) = (self.options.snapshots.clone(), &self.options.release.uid);
        let left = |snapshot: &Snapshot| {
            snapshot.by_uid(uid).is_none_or(|release| pending.from.is_none() || release.standing() != pending.from)
        };
        let _ = timeout(SEEN, snapshots.wait_for(|snapshot| left(snapshot))).await;
    }

    /// Whether the release shows that what served serves again: an observation may be a moment behind.
    async fn shown(&self, kept: &Kept) -> bool {
        let mut snapshots = self.options.snapshots.clone();
        let deadline = Instant::now() + SHOWN;
        loop {
            let Some(release) = self.release().await else { return false };
            if is_back(&release, &kept.guarded) && serves(&release, kept) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            let _ = timeout(Duration::from_secs(1), snapshots.changed()).await;
        }
    }

    /// The write went through.
    async fn done(
        &mut self,
        post: &mut Post,
        kept: &mut Kept,
        pending: &Pending,
        outcome: &Outcome,
    ) -> Result<Acted, Stop> {
        let served = kept.served.as_ref().map_or_else(|| "what served before".into(), |served| served.version.clone());
        if pending.way == Way::Back {
            if !self.shown(kept).await {
                let reason =
                    format!("{}; sent back, and the release does not show that {served} serves", pending.because);
                return Ok(Acted::Ended(Happened::Undecided, reason.into()));
            }
            let (happened, how) = if outcome.kind == OutcomeKind::Timeout {
                (Happened::NotSettled, format!("rolled back to {served}, and not settled: {}", outcome.reason))
            } else {
                (Happened::RolledBack, format!("rolled back to {served}, and settled"))
            };
            return Ok(Acted::Ended(happened, format!("{}; {how}", pending.because).into()));
        }
        let now = self.now();
        let from = pending.from.map_or_else(|| "?".to_owned(), |from| from.to_string());
        kept.steps.push(format!("left {from}").into());
        kept.pending = None;
        kept.until = None;
        // The numbers of another rung begin anew.
        kept.state.since = Some(now);
        (kept.state.unsettled, kept.state.rested, kept.took) = (None, false, true);
        kept.state.broken.clear();
        self.keep(post, kept).await?;
        post.note(kept, &format!("one step on: left {from}, {}", outcome.reason), true).await;
        self.left(pending).await;
        self.notify(kept, Happened::Stepped, &pending.because);
        Ok(Acted::Stepped)
    }

    /// The plan for `intent`, from objects that are read now; `back` on the way back.
    pub(super) async fn planned(
        &self,
        release: &Release,
        intent: &Intent,
        pending: &Pending,
        back: Option<(&Back, &Kept)>,
    ) -> Result<Arc<Plan>, Refusal> {
        let strategy = strategy(release.strategy)
            .ok_or_else(|| Refusal::because(format!("{} is not steered by this version", release.key)))?;
        let details = self.engine.inner.cluster.details(release).await;
        let details = details.map_err(|error| Refusal::read_again(error.to_string()))?;
        let context = self.engine.context(&release.uid);
        let mut context = crate::strategy::Context { plan_id: pending.plan.clone(), ..context };
        let Some((back, kept)) = back else {
            return strategy.plan(release, &details, intent, &context).map(Arc::new);
        };
        // What served when the guard was armed is the way back, whatever this journal remembers of other writes.
        context.left_by_undo = None;
        context.overrides.clone_from(&self.options.overrides);
        if let (Intent::Switch { .. }, Some(served)) = (intent, &kept.served) {
            let (from, to) = (served.track.clone(), kept.guarded.track.clone());
            let direction = Direction::Forward;
            context.switched = Some(Switched { from, to, direction, at: context.now, took: None });
        }
        back.stamped(strategy.plan(release, &details, intent, &context)?).map(Arc::new)
    }

    fn consent(&self, because: &Str) -> Consent {
        let why = &self.options.reason;
        let reason = if why.is_empty() { format!("guard: {because}") } else { format!("guard ({why}): {because}") };
        let (word, wait) = (self.options.word, Some(self.limit()));
        Consent { reason: reason.into(), word, wait, presence: false, ..Consent::default() }
    }

    fn limit(&self) -> Duration {
        Duration::try_from(self.options.rules.undo).unwrap_or(Duration::from_secs(180))
    }

    async fn apply(&self, post: &mut Post, kept: &Kept, plan: Arc<Plan>, because: &Str) -> Result<Outcome, Stop> {
        self.say(GuardNews::Acting(plan.title.clone()));
        post.note(kept, &format!("{}: {because}", plan.title), true).await;
        let news = self.engine.apply(plan, self.consent(because));
        self.hear(post, kept, news).await
    }

    /// Listens until the outcome, and holds the post meanwhile.
    async fn hear(&self, post: &mut Post, kept: &Kept, mut news: News) -> Result<Outcome, Stop> {
        let mut renew = tokio::time::interval(self.renew());
        renew.tick().await;
        loop {
            tokio::select! {
                told = news.recv() => match told {
                    Some(Progress::Done(outcome)) => return Ok(outcome),
                    Some(Progress::Waiting(what)) => self.say(GuardNews::Said(format!("waiting: {what}").into())),
                    Some(Progress::NotJournalled(why)) => {
                        self.say(GuardNews::Said(format!("not journalled: {why}").into()));
                    }
                    Some(Progress::Accepted) => self.say(GuardNews::Said("accepted".into())),
                    Some(_) => {}
                    None => return Ok(Outcome::new(OutcomeKind::Unknown, "the write ended without an outcome")),
                },
                // A write that was sent is followed to its end, whoever holds the post by then.
                _ = renew.tick() => drop(post.keep(kept).await),
            }
        }
    }
}

fn rehearsed(what: &str) -> Str {
    format!("rehearsal: it would {what} now; nothing was changed").into()
}

fn outcome_of(refusal: &Refusal) -> Outcome {
    let kind = match refusal.kind {
        RefusalKind::Unchanged => OutcomeKind::Unchanged,
        RefusalKind::Moved => OutcomeKind::Conflict,
        RefusalKind::Refused | RefusalKind::ReadAgain => OutcomeKind::Refused,
    };
    Outcome::new(kind, refusal.reason.clone())
}
