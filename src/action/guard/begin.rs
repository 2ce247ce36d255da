//! How a guard begins: the post, what an interrupted one left there, and what it is armed on.

use super::GuardOptions;
use super::kept::{Kept, Lane, Pending, Way};
use super::lanes::{arm, carries, is_back, serves};
use super::post::{Claim, Held, Post};
use super::run::{Stop, Watch};
use super::told::{Ending, GuardNews};
use super::way::way_back;
use crate::domain::guarding::OnBreach;
use crate::domain::intent::Override;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{PlanId, Refusal, RefusalKind};
use crate::domain::{Intent, Release, Str};
use crate::guard::State;
use crate::notify::Happened;
use crate::strategy::Switched;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long a release may take until it tells which revision it stands for.
pub(super) const ARMING: Duration = Duration::from_secs(30);

/// For how long a rollback is told again to whoever asks for a guard over what it left: a pipeline that tries once more at
/// once does not walk up what was just taken back.
const TOLD_AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// How often a guard that stands by looks at the Lease.
const STANDING_BY: Duration = Duration::from_secs(3);

/// A decision that was kept for so long and never sent is made anew.
const OLD: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

impl Watch {
    /// Claims the post, and watches from there.
    pub(super) async fn watch(&mut self) -> Stop {
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
            Some(kept) => self.still_holds(kept).await,
            // Nobody took it over: its Lease is gone.
            None => self.lost.take().filter(|lost| lost.ended.is_none()),
        };
        post.answer_for(left.as_ref().map_or(&name, |kept| &kept.guard));
        let kept = match left {
            Some(kept) => {
                let from = kept.pending.as_ref().map(|_| ", with a write under way").unwrap_or_default();
                self.say(GuardNews::Said(format!("goes on from guard {}{from}", kept.guard.0).into()));
                *kept
            }
            None => match self.armed(name).await {
                Ok(kept) => kept,
                Err(ending) => {
                    post.leave().await;
                    return Stop::Ended(ending);
                }
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
        let (mut told, mut why): (Option<Str>, Option<Str>) = (None, None);
        loop {
            if self.news.is_closed() {
                return Err(Stop::Dropped);
            }
            let expired = seen.as_ref().filter(|(held, since)| since.elapsed() > held.holds).map(|(held, _)| held);
            match Post::claim(&self.engine, &self.options, name, expired).await {
                Claim::Ours(post, kept, why) => {
                    if let Some(why) = why {
                        self.say(GuardNews::Said(why));
                    }
                    if let Some(ended) = kept.as_ref().and_then(|kept| kept.ended.as_ref()) {
                        let same = kept.as_ref().is_some_and(|kept| kept.guard == *name);
                        // We stood by and saw it end, lost the post to it, or were started again under its name.
                        if same || told.is_some() || self.lost.is_some() {
                            return Err(Stop::Ended(ended.ending.clone()));
                        }
                    }
                    return Ok((post, kept));
                }
                Claim::Held(held) => {
                    if held.why != why {
                        why = held.why.clone();
                        if let Some(why) = &why {
                            self.say(GuardNews::Said(format!("waits: {why}").into()));
                        }
                    }
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

    /// What an interrupted guard left, where it still stands for the release as it is: what it guarded is there, or its
    /// way back was under way. What is past is counted anew.
    async fn still_holds(&self, mut kept: Box<Kept>) -> Option<Box<Kept>> {
        let same = |lane: &Lane| lane.track == kept.guarded.track && lane.hash == kept.guarded.hash;
        if self.options.lanes.as_ref().is_some_and(|(guarded, _)| !same(guarded)) {
            return None;
        }
        let release = self.release().await?;
        let (there, back) = (carries(&release, &kept.guarded), is_back(&release, &kept.guarded));
        let now = self.now();
        if let Some(pending) = &kept.pending {
            let sent = self.engine.journal().entries().unwrap_or_default().iter().any(|it| it.plan == pending.plan);
            let old = pending.at.is_none_or(|at| now.duration_since(at) > OLD);
            if pending.way == Way::Back && back {
                return serves(&release, &kept).then_some(kept);
            }
            if pending.way == Way::Back && old && !sent {
                // Yesterday's breach takes nothing back today: the rules look again.
                kept.pending = None;
                kept.state.broken.clear();
            }
        }
        // Taken back by somebody, it is not walked up again; else there is nothing to go on with.
        let over = back && !(kept.took && self.options.step_when_ok) && kept.pending.is_none();
        if !there || over {
            return None;
        }
        if kept.until.is_some_and(|until| now >= until) {
            kept.until = None;
        }
        Some(kept)
    }

    /// The end of the guard before, where it took back what is to be guarded, and the release stands where it was left: a
    /// revision that was rolled back is not walked up again by itself, and whoever was killed at the end tells the end.
    async fn told_again(&self, before: &Kept) -> Option<Ending> {
        let ended = before.ended.as_ref()?;
        // Under a name of its own it is begun on purpose: what ended under the same one was told already.
        let meant = self.options.lanes.is_some() || self.options.name.is_some();
        if !matches!(ended.ending.kind, OutcomeKind::Failed | OutcomeKind::Timeout) || meant {
            return None;
        }
        let (release, (guarded, _)) = self.told(None).await.ok()?;
        let same = guarded.track == before.guarded.track && guarded.hash == before.guarded.hash;
        let served = before.served.as_ref().is_some_and(|served| served.hash.is_some() && served.hash == guarded.hash);
        let lately = self.now().duration_since(ended.at) < TOLD_AGAIN;
        if !is_back(&release, &before.guarded) || !(same || served) || !lately {
            return None;
        }
        let anew = ended.at.checked_add(TOLD_AGAIN).map_or(String::new(), |at| format!(" from {at}"));
        let reason = format!(
            "{} (by guard {}, which ended at {}; it is guarded anew{anew}, or now under a name of its own)",
            ended.ending.reason, before.guard.0, ended.at
        );
        Some(Ending { reason: reason.into(), ..ended.ending.clone() })
    }

    /// The release, and what would be guarded on it, once it tells that: at a first look it may not yet.
    async fn told(&self, switched: Option<&Switched>) -> Result<(Arc<Release>, (Lane, Option<Lane>)), Str> {
        let started = Instant::now();
        let mut snapshots = self.options.snapshots.clone();
        loop {
            // What is looked at now is known; only what comes after it is worth another look.
            snapshots.mark_unchanged();
            let gone = || Str::from(format!("{} is not there", self.options.release.key));
            let release = self.release().await.ok_or_else(gone)?;
            if let Some(lanes) = self.options.lanes.clone() {
                return Ok((release, lanes));
            }
            match arm(&release, switched) {
                Ok(lanes) => return Ok((release, lanes)),
                Err(refusal) if refusal.kind == RefusalKind::ReadAgain && started.elapsed() < ARMING => {
                    if let Ok(Err(_)) = timeout(Duration::from_secs(1), snapshots.changed()).await {
                        return Err(refusal.reason);
                    }
                }
                Err(refusal) => return Err(refusal.reason),
            }
        }
    }

    /// A guard that begins.
    async fn armed(&self, guard: PlanId) -> Result<Kept, Ending> {
        let switched = self.engine.context(&self.options.release.uid).switched;
        let told = self.told(switched.as_ref()).await;
        let (release, (guarded, served)) = told.map_err(|why| Ending::of(Happened::Undecided, why))?;
        let now = self.now();
        let restarted = restarted(&release, &guarded);
        let watched = crate::guard::Watched { track: guarded.track.clone(), hash: guarded.hash.clone() };
        let kept = Kept {
            guard,
            release: release.uid.clone(),
            who: self.engine.inner.settings.who.clone(),
            armed: now,
            guarded,
            served,
            until: None,
            state: State { watched, since: Some(now), restarted, ..State::default() },
            pending: None,
            took: false,
            steps: Vec::new(),
            ended: None,
        };
        if let Some(why) = self.no_way_back(&release, &kept).await {
            if self.options.lanes.is_none() && !self.options.asks {
                let reason = format!("nothing is guarded: {why}; with hold on a breach it only watches");
                return Err(Ending::of(Happened::Undecided, reason));
            }
            // Its version is there already, or a person decides: watched without a way back it is better off than not at all.
            self.say(GuardNews::Said(format!("there is no way back: {why}").into()));
        }
        Ok(kept)
    }

    /// Why what it should do in a breach can't be done, as far as that is known before.
    async fn no_way_back(&self, release: &Release, kept: &Kept) -> Option<Str> {
        let refused = |refusal: Refusal| (refusal.kind == RefusalKind::Refused).then_some(refusal.reason);
        let back = match way_back(release, kept, self.options.on_breach) {
            Ok(back) => back?,
            Err(refusal) => return refused(refusal),
        };
        // Of a Canary, before its traffic comes, no plan tells it.
        let rows = release.traffic.as_ref().map(|traffic| &traffic.rows).filter(|_| back.intent == Intent::Abort);
        let glass = self.options.overrides.contains(&Override::BreakGlass);
        match rows.and_then(|rows| crate::strategy::flagger::taken_back(rows, glass)) {
            Some(Err(why)) => return Some(why),
            Some(Ok(())) if glass => return None,
            Some(Ok(())) | None => {}
        }
        if is_back(release, &kept.guarded) {
            // There is nothing to take back yet.
            return None;
        }
        let plan = self.engine.plan_id();
        let pending = Pending { way: Way::Back, from: None, plan, because: "".into(), at: None };
        self.planned(release, &back.intent, &pending, Some((&back, kept))).await.err().and_then(refused)
    }

    fn words(&self, kept: &Kept) -> String {
        let GuardOptions { rules, watch, on_breach, step_when_ok, .. } = &self.options;
        let back = match (&kept.served, on_breach) {
            (_, OnBreach::Hold) => "on breach it only says so".to_owned(),
            (Some(served), way) if self.options.asks => format!("a breach asks: {way} to {}", served.version),
            (Some(served), way) => format!("on breach {way} to {}", served.version),
            (None, way) => format!("on breach {way}, though nothing is known to go back to"),
        };
        let steps = if *step_when_ok { ", one step on whenever a rung has baked" } else { "" };
        let glass = if self.options.overrides.contains(&Override::BreakGlass) {
            ", breaking the glass where nothing else takes the traffic back"
        } else {
            ""
        };
        let span = crate::domain::Age(*watch).words();
        format!(
            "guards {} {} for {span}: {}; {back}{glass}{steps}",
            self.options.release.key,
            kept.guarded.version,
            rules.words()
        )
    }
}

fn restarted(release: &Release, guarded: &Lane) -> std::collections::BTreeMap<Str, u32> {
    let track = release.tracks.iter().find(|track| track.name == guarded.track);
    let pods = track.into_iter().flat_map(|track| &track.pods).filter(|pod| pod.restarts > 0);
    pods.map(|pod| (pod.uid.0.clone(), pod.restarts)).collect()
}
