//! Keeps one Lease: writes it, renews it while the release is stepped, and gives it back.

use super::{BETWEEN, Parting, Sessions, Stands, Step, Word, holder, lease_of};
use crate::action::engine::Inner;
use crate::action::lease::{self, Terms};
use crate::cluster::{ObserveOptions, ReadError, SendError, SendMode};
use crate::domain::intent::ReleaseId;
use crate::domain::plan::PlanId;
use crate::domain::presence::{CONSOLE, LABEL, RELEASE, STEP, STEPPING};
use crate::domain::{ObjectKey, RawObject, Str};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

/// How often the Lease is renewed: one small request a minute, for as long as somebody steps.
const RENEW: Duration = Duration::from_mins(1);

/// How soon a write that failed is tried again.
const AGAIN: Duration = Duration::from_secs(15);

/// How long after its last step a console still counts as stepping a release that stands between its ends.
const LINGERS: Duration = Duration::from_mins(30);

/// How soon it is looked where a step brought the release, where its plan did not wait for that.
const LOOK_SOON: Duration = Duration::from_secs(5);

/// How long a command that ends looks whether its step was the last one.
const LOOK: Duration = Duration::from_millis(600);

/// The longest title that is kept.
const LONGEST: usize = 200;

/// What came of a write.
#[derive(Debug)]
enum Wrote {
    /// It is there.
    Yes,
    /// Not now, and why.
    NotNow(Str),
    /// It may not be written, and why.
    Forbidden(Str),
    /// Somebody else steps the release by now.
    Lost,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Its plan has not come to its end.
    Runs,
    /// It has, and nobody saw where the release stands by then.
    Ended,
    /// The release was seen between its ends.
    Between,
}

/// Keeps the Lease of one release.
#[derive(Debug)]
pub(super) struct Keeper {
    inner: Arc<Inner>,
    release: ReleaseId,
    key: ObjectKey,
    holder: String,
    console: Str,
    /// How long it holds without a renewal.
    holds: Duration,
    /// The plan that took the last step.
    plan: PlanId,
    /// The step in words.
    step: String,
    stepped: Instant,
    /// Whether there is something to be kept; else nobody steps from here any more.
    active: bool,
    /// What became of the last step.
    last: Last,
    /// Whether the last step is not written yet: with it the Lease is ours, whoever has it.
    claims: bool,
    /// As the server answered last; `None`: not written yet.
    object: Option<RawObject>,
    /// Why it could not be written last.
    why: Option<Str>,
}

impl Keeper {
    pub(super) fn new(inner: Arc<Inner>, release: ReleaseId, step: Step, of: &Sessions) -> Self {
        let holder = holder(&inner.settings.who);
        let (key, console, holds) = (lease_of(&release.key), of.console.clone(), of.holds);
        let (stepped, plan, step) = (Instant::now(), step.plan, cut(&step.title));
        Self {
            inner,
            release,
            key,
            holder,
            console,
            holds,
            plan,
            step,
            stepped,
            active: true,
            last: Last::Runs,
            claims: true,
            object: None,
            why: None,
        }
    }

    /// Keeps it until the stepping is over.
    pub(super) async fn run(mut self, mut heard: mpsc::UnboundedReceiver<Word>) {
        let mut due = Instant::now();
        loop {
            if !self.active && self.inner.desk.presence.end(&self.release.uid, &heard) {
                return;
            }
            tokio::select! {
                biased;
                word = heard.recv() => match word {
                    Some(Word::Stepped(step)) => {
                        (self.plan, self.step) = (step.plan, cut(&step.title));
                        (self.stepped, due) = (Instant::now(), Instant::now());
                        (self.active, self.last, self.claims) = (true, Last::Runs, true);
                    }
                    Some(Word::Rests(plan, _)) if plan != self.plan => {}
                    Some(Word::Rests(_, stands)) => {
                        if stands == Some(Stands::Between) {
                            self.last = Last::Between;
                        } else if self.last == Last::Runs {
                            self.last = Last::Ended;
                        }
                        if stands == Some(Stands::AtAnEnd) && self.active {
                            self.take_what_is_there().await;
                            self.give_back().await;
                        }
                        if self.last == Last::Ended {
                            due = due.min(Instant::now() + LOOK_SOON);
                        }
                    }
                    Some(Word::Parting(parting, done)) => return self.part(parting, done).await,
                    None => return,
                },
                () = sleep_until(due), if self.active => due = Instant::now() + self.keep().await,
            }
        }
    }

    /// Writes or renews it, or gives it back; how long to wait from there.
    async fn keep(&mut self) -> Duration {
        if self.is_over() {
            self.give_back().await;
            return RENEW;
        }
        let first = self.claims;
        match self.write(self.holds).await {
            // The plan may have ended without waiting for where the step brings the release.
            Wrote::Yes if first && self.last != Last::Between => LOOK_SOON,
            Wrote::Yes => RENEW,
            Wrote::NotNow(_) => AGAIN,
            // What is refused now is tried again with the next step: rights may be given.
            Wrote::Forbidden(_) => LINGERS,
            // Theirs now. With our next step it is ours again.
            Wrote::Lost => {
                (self.active, self.object) = (false, None);
                RENEW
            }
        }
    }

    /// Whether nobody steps the release from here any more: long after the last step, or where the release was seen to
    /// stand at an end, by whomever it was brought there. A step that is not written yet may not be seen yet either.
    fn is_over(&self) -> bool {
        if self.last == Last::Runs || self.claims {
            return false;
        }
        let seen = self.inner.settings.snapshots.as_ref();
        let release = seen.and_then(|snapshots| snapshots.borrow().by_uid(&self.release.uid).cloned());
        self.stepped.elapsed() >= LINGERS || release.is_some_and(|release| Stands::of(&release) == Stands::AtAnEnd)
    }

    async fn part(mut self, parting: Parting, done: oneshot::Sender<Option<Str>>) {
        match parting {
            Parting::Leaves => self.give_back().await,
            Parting::Ends if !self.active => {}
            Parting::Ends if self.was_the_last_step().await => {
                self.take_what_is_there().await;
                self.give_back().await;
            }
            // It holds so long already.
            Parting::Ends if self.holds >= BETWEEN && !self.claims && self.object.is_some() => {}
            Parting::Ends => drop(self.write(BETWEEN).await),
        }
        let _ = done.send(self.why);
    }

    /// Whether the release stands at an end, as far as that can be told in time: a command that does not wait, or whose plan
    /// waits for nobody, has not seen where its step brought it.
    async fn was_the_last_step(&self) -> bool {
        if self.last == Last::Between {
            return false;
        }
        let settings = &self.inner.settings;
        let options = ObserveOptions {
            settings: Arc::clone(&settings.traffic),
            recorded: self.inner.journal.recorded(),
            clock: settings.clock.clone(),
            ..ObserveOptions::default()
        };
        let read = Box::pin(self.inner.cluster.one_release_with(&self.release.key, &options));
        matches!(timeout(LOOK, read).await, Ok(Ok((release, _))) if Stands::of(&release) == Stands::AtAnEnd)
    }

    /// Our step brought the release to an end before it was written: then nobody steps it any more, whatever an earlier
    /// Lease says.
    async fn take_what_is_there(&mut self) {
        if self.claims
            && let Ok(object) = self.inner.cluster.read(&self.key).await
            && !lease::holder(&object).is_empty()
        {
            self.object = Some(object);
        }
    }

    /// Gives it back, where it is still ours.
    async fn give_back(&mut self) {
        self.active = false;
        let Some(object) = self.object.take() else { return };
        let terms = Terms { holder: "", holds: Duration::from_secs(1), now: self.inner.settings.clock.now() };
        let Some(call) = lease::written(&object, &terms, &[]) else { return };
        if let Err(error) = self.inner.cluster.send(&call, SendMode::Apply).await {
            tracing::info!(%error, "a Lease was not given back; it lapses");
        }
    }

    /// Writes or renews it for so long.
    async fn write(&mut self, holds: Duration) -> Wrote {
        let wrote = self.try_to_write(holds).await;
        self.why = match &wrote {
            Wrote::Yes | Wrote::Lost => None,
            Wrote::NotNow(why) | Wrote::Forbidden(why) => {
                tracing::info!(%why, lease = %self.key, "presence is off");
                Some(why.clone())
            }
        };
        wrote
    }

    async fn try_to_write(&mut self, holds: Duration) -> Wrote {
        let cluster = &self.inner.cluster;
        let held = self.object.is_some() && !self.claims;
        for again in [false, true] {
            let object = match (&self.object, again) {
                (object, false) => object.clone(),
                (_, true) => match cluster.read(&self.key).await {
                    Ok(object) if held && !self.is_ours(&object) => return Wrote::Lost,
                    Ok(object) => Some(object),
                    Err(ReadError::NotFound(_)) => None,
                    Err(ReadError::Forbidden(why)) => return Wrote::Forbidden(why.into()),
                    Err(error) => return Wrote::NotNow(error.to_string().into()),
                },
            };
            let terms = Terms { holder: &self.holder, holds, now: self.inner.settings.clock.now() };
            let release = self.release.key.target();
            let annotations = [(RELEASE, &*release), (CONSOLE, &*self.console), (STEP, &*self.step)];
            let call = match &object {
                Some(object) => lease::written(object, &terms, &annotations),
                None => lease::created(&self.key, &terms, self.metadata(&annotations)),
            };
            let Some(call) = call else { return Wrote::NotNow("the Lease can't be written as JSON".into()) };
            match cluster.send(&call, SendMode::Apply).await {
                Ok(answer) => {
                    (self.object, self.claims) = (answer.body, false);
                    return Wrote::Yes;
                }
                // It is there already, somebody wrote to it, it was deleted, or the answer was lost: look.
                Err(SendError::Fence | SendError::Conflict(_) | SendError::NotFound(_) | SendError::Lost(_))
                    if !again => {}
                Err(SendError::Forbidden(why) | SendError::Denied(why)) => return Wrote::Forbidden(why),
                Err(error) => return Wrote::NotNow(error.to_string().into()),
            }
        }
        Wrote::NotNow("its Lease changes all the time".into())
    }

    fn is_ours(&self, object: &RawObject) -> bool {
        let console: Option<String> =
            object.value(&format!("/metadata/annotations/{}", crate::domain::raw::escape(CONSOLE)));
        console.is_some_and(|console| *console == *self.console) && lease::holder(object) == self.holder
    }

    /// The label that it is found by, what it is about, and the release's root as its owner: it goes when that goes.
    fn metadata(&self, annotations: &[(&str, &str)]) -> Map<String, Value> {
        let root = &self.release.key;
        let annotations: Map<String, Value> =
            annotations.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        let owner = json!({"apiVersion": self.inner.cluster.api_version(root.kind), "kind": root.kind.name(),
            "name": root.name, "uid": self.release.uid});
        Map::from_iter([
            ("labels".to_owned(), json!({LABEL: STEPPING})),
            ("annotations".to_owned(), annotations.into()),
            ("ownerReferences".to_owned(), json!([owner])),
        ])
    }
}

fn cut(title: &str) -> String {
    title.chars().take(LONGEST).collect()
}
