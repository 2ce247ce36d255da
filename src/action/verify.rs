//! After the server took a write: accepted → observed → settled, told by the release's own strategy.

use super::drift::{Look, TemplateWatch};
use super::engine::Inner;
use super::progress::Progress;
use crate::domain::plan::Wait;
use crate::domain::{Release, Snapshot, Str, Uid, Verb};
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
    /// The generation that our write made.
    pub generation: i64,
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
                match watch.look(&inner.cluster, release).await {
                    Look::Same => {}
                    Look::PutBack(who) => return Verified::PutBack(who),
                    Look::Changed(who) => return Verified::Changed(who),
                }
            }
            let current =
                release.generation.observed >= target.generation && release.generation.spec >= target.generation;
            if current && !observed {
                observed = true;
                let _ = news.send(Progress::Observed);
            }
            if current && target.until != Wait::Settled {
                return Verified::Reached(Some(Arc::clone(release)));
            }
            if current {
                match state_of(release) {
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
                return Verified::TimedOut("the cluster is not watched any more".into());
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

fn state_of(release: &Release) -> Settled {
    strategy(release.strategy)
        .map_or_else(|| Settled::Failed("nothing steers it any more".into()), |strategy| strategy.settled(release))
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
