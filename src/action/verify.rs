//! After the server took a write: accepted → observed → settled, told by the release's own strategy.

use super::drift::{Look, TemplateWatch};
use super::engine::Inner;
use super::progress::Progress;
use crate::domain::plan::Wait;
use crate::domain::release::Generation;
use crate::domain::{ObjectKey, RawObject, Release, Snapshot, Str, Uid, Verb};
use crate::strategy::workload::settled::settled as of_workload;
use crate::strategy::{Settled, strategy};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// A failure must last so long to be believed: right after a write the old failure still stands in the status.
const GRACE: Duration = Duration::from_secs(3);

/// How a wait ended.
#[derive(Debug)]
pub enum Verified {
    /// What was waited for has come.
    Reached(Option<Arc<Release>>),
    /// It will not come: why.
    Failed(Str),
    /// It did not come in time: what is missing.
    TimedOut(Str),
    /// This console turned to another cluster before it had settled.
    Unwatched,
    /// Another verb of ours took over.
    Overtaken(Verb),
    /// Somebody put the old template back.
    PutBack(Str),
    /// Somebody changed the template to something third.
    Changed(Str),
    /// The release is gone.
    Gone,
}

/// What is waited for.
#[derive(Debug)]
pub struct Target {
    /// The release.
    pub release: Uid,
    /// The written objects with the generation that our write made.
    pub written: Vec<Written>,
    /// The side that our switch made the live one: before the Service is seen so, nothing counts.
    pub switch_to: Option<Str>,
    /// How far.
    pub until: Wait,
    /// When to give up.
    pub deadline: Instant,
}

/// Follows the release until it is where the plan wants it.
pub async fn follow(
    inner: &Inner,
    target: &Target,
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    template: &mut Option<TemplateWatch>,
    hooks: (&mpsc::UnboundedSender<Progress>, &mut watch::Receiver<Option<Verb>>),
) -> Verified {
    let (news, overtaken) = hooks;
    let mut observed = false;
    let mut missing: Str = "the controller has not seen the change yet".into();
    let mut failing: Option<(Instant, Str)> = None;
    let mut seen = false;
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        let release = snapshot.by_uid(&target.release).cloned();
        seen |= release.is_some();
        let mut recheck = None;
        if let Some(release) = &release {
            if let Some(watch) = template {
                let look = watch.look(&inner.cluster, release).await;
                if look != Look::Same {
                    // A write of ours that is not answered yet may be who changed it.
                    inner.desk.quiet(&target.release).await;
                    if let Some(verb) = *overtaken.borrow() {
                        return Verified::Overtaken(verb);
                    }
                }
                match look {
                    Look::Same => {}
                    Look::PutBack(who) => return Verified::PutBack(who),
                    Look::Changed(who) => return Verified::Changed(who),
                }
            }
            let current = target.seen_by(release);
            // A write on a status makes no generation that a controller could have seen.
            if current && !observed && !matches!(target.until, Wait::Acted(_)) {
                observed = true;
                let _ = news.send(Progress::Observed);
            }
            if current && matches!(target.until, Wait::Accepted | Wait::Observed) {
                return Verified::Reached(Some(Arc::clone(release)));
            }
            if current {
                match target.state_of(release) {
                    Settled::Yes => return Verified::Reached(Some(Arc::clone(release))),
                    Settled::NotYet(what) => {
                        failing = None;
                        tell(news, &mut missing, what);
                    }
                    Settled::Failed(why) => {
                        let since = failing.as_ref().map_or_else(Instant::now, |(since, _)| *since);
                        if since.elapsed() >= GRACE {
                            return Verified::Failed(why);
                        }
                        recheck = Some(since + GRACE);
                        tell(news, &mut missing, why.clone());
                        failing = Some((since, why));
                    }
                }
            }
        } else if seen && snapshot.complete() {
            return Verified::Gone;
        }
        let wake = recheck.map_or(target.deadline, |recheck| recheck.min(target.deadline));
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() {
                return Verified::Unwatched;
            },
            () = sleep_until(wake) => if Instant::now() >= target.deadline {
                return Verified::TimedOut(with_blockers(&missing, release.as_deref()));
            },
            verb = taken_over(overtaken) => return Verified::Overtaken(verb),
        }
    }
}

/// Waits for another verb of ours; for ever when none can come any more.
async fn taken_over(overtaken: &mut watch::Receiver<Option<Verb>>) -> Verb {
    if let Ok(verb) = overtaken.wait_for(Option::is_some).await
        && let Some(verb) = *verb
    {
        return verb;
    }
    std::future::pending().await
}

impl Target {
    /// Whether the release is derived from what we wrote, and its controllers have seen it.
    fn seen_by(&self, release: &Release) -> bool {
        let live = release.traffic.as_ref().and_then(|traffic| traffic.switch.as_ref()).map(|switch| &switch.live);
        self.written.iter().all(|written| written.observed_by(release))
            && self.switch_to.as_ref().is_none_or(|to| live.is_none_or(|live| live == to))
    }

    /// Whether it has come to rest: the release by its strategy, and every workload that we wrote.
    fn state_of(&self, release: &Release) -> Settled {
        let Some(strategy) = strategy(release.strategy) else {
            return Settled::Failed("nothing steers it any more".into());
        };
        if let Wait::Acted(act) = self.until {
            return strategy.acted(release, act);
        }
        let settled = strategy.settled(release);
        if settled != Settled::Yes {
            return settled;
        }
        let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
        let mut ours = sides.filter(|side| self.written.iter().any(|written| written.key == side.workload.key));
        let moving = ours.find_map(|side| Some(of_workload(side.own.as_ref()?)).filter(|state| *state != Settled::Yes));
        moving.unwrap_or(Settled::Yes)
    }
}

/// An object that we wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Which.
    pub key: ObjectKey,
    /// `metadata.generation` of the server's answer; 0 for kinds without one.
    pub generation: i64,
}

impl Written {
    /// Whether the release is derived from the object as we wrote it.
    pub fn seen_by(&self, release: &Release) -> bool {
        release.generation_of(&self.key).is_none_or(|generation| generation.spec >= self.generation)
    }

    /// The same, and its controller has seen it too.
    fn observed_by(&self, release: &Release) -> bool {
        let seen = |generation: Generation| generation.spec.min(generation.observed) >= self.generation;
        release.generation_of(&self.key).is_none_or(seen)
    }
}

/// What the server's answers tell of the written objects.
pub fn written(answers: &[RawObject]) -> Vec<Written> {
    let generation = |answer: &RawObject| answer.value("/metadata/generation").unwrap_or(0);
    answers.iter().map(|answer| Written { key: answer.key.clone(), generation: generation(answer) }).collect()
}

fn tell(news: &mpsc::UnboundedSender<Progress>, missing: &mut Str, what: Str) {
    if *missing != what {
        let _ = news.send(Progress::Waiting(what.clone()));
        *missing = what;
    }
}

/// What is missing, with the pods in the way.
fn with_blockers(missing: &str, release: Option<&Release>) -> Str {
    let blockers = release
        .and_then(|release| release.progress.as_ref())
        .map(|progress| &progress.blockers[..])
        .unwrap_or_default();
    let named: Vec<String> =
        blockers.iter().take(3).map(|blocker| format!("{} ({})", blocker.pod, blocker.reason)).collect();
    if named.is_empty() {
        return missing.into();
    }
    let more = if blockers.len() > 3 { format!(" and {} more", blockers.len() - 3) } else { String::new() };
    let what = missing.trim_end_matches('.');
    let text = format!("{what}; in the way: {}{more}", named.join(", "));
    crate::domain::text::sanitize(&text).as_ref().into()
}
