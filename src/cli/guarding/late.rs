//! What a deploy does with an image that never came up: there is nothing to guard yet, and it is taken back all the same.

use std::time::Duration;

use super::GuardFlags;
use crate::{
    action::guard::Lane,
    cli::{
        Exit, Failure, Session,
        reading::Reading,
        writing::{self, Wish, WriteFlags, cut_short::Way},
    },
    domain::{
        Intent, Outcome, Release, Str,
        intent::{PausedUndo, UndoTo},
        outcome::OutcomeKind,
        target::Target,
        workload::Image,
    },
    notify::{Happened, Notice, Numbers},
    strategy::workload::version::version,
};

/// How long a notice may take at the end.
const NOTICE: Duration = Duration::from_secs(30);

/// An image that was set and did not come up.
pub struct Late<'a> {
    /// The release as it was asked for.
    pub target: &'a Target,
    /// How it was to be guarded.
    pub guard: &'a GuardFlags,
    /// How it was to be written.
    pub flags: &'a WriteFlags,
    /// The release before it was set.
    pub release: &'a Release,
    /// What served then.
    pub served: Option<&'a Lane>,
    /// The images.
    pub images: &'a [Image],
    /// Why it is late.
    pub why: String,
    /// Where it is kept how far the way back has come.
    pub way: &'a Way,
}

impl Late<'_> {
    /// Takes the image back where that is `wanted`, tells who is to be told, and ends with the exit code of a guard.
    pub async fn take_back(self, wanted: bool, reading: &Reading, session: &mut Session) -> Result<Exit, Failure> {
        let outcome = if wanted { Some(self.write(reading, session).await?) } else { None };
        let (kind, happened, how) = match &outcome {
            None => (OutcomeKind::Refused, Happened::Breach, "it is left as it is".to_owned()),
            Some(Outcome { kind: OutcomeKind::Applied | OutcomeKind::Unchanged, .. }) => {
                (OutcomeKind::Failed, Happened::RolledBack, "the image was taken back, and that settled".to_owned())
            }
            Some(Outcome { kind: OutcomeKind::Timeout, reason }) => {
                (OutcomeKind::Timeout, Happened::NotSettled, format!("the image was taken back: {reason}"))
            }
            Some(Outcome { kind: OutcomeKind::Forbidden, reason }) => {
                (OutcomeKind::Forbidden, Happened::NotRolledBack, format!("it may not be taken back: {reason}"))
            }
            Some(outcome) => {
                let how = format!("it could not be taken back ({}): {}", outcome.kind, outcome.reason);
                (OutcomeKind::Refused, Happened::NotRolledBack, how)
            }
        };
        let sentence = format!("{}: {}; {how}", happened.word(), self.why);
        self.tell((happened, &sentence), reading, session).await;
        Err(Failure::new(Exit::Write(kind), sentence))
    }

    /// One workload goes back to what served; of several the write itself is reverted, which moves no traffic.
    async fn write(&self, reading: &Reading, session: &mut Session) -> Result<Outcome, Failure> {
        session.output.aside(&format!("{}; it is taken back\n", self.why));
        let served = self.served.and_then(|served| served.revision).filter(|_| self.release.traffic.is_none());
        let intent = |release: &Release| match served {
            Some(revision) => {
                let paused = if release.held { PausedUndo::Resume } else { PausedUndo::StayPaused };
                Ok(Intent::Undo { to: UndoTo::Number(revision), paused })
            }
            None => {
                let inverse = reading.journal.memory(|memory| memory.inverse_of(&release.uid).cloned());
                let none = || Failure::new(Exit::Refused, "the write's way back is not in the journal");
                Ok(Intent::Revert(Box::new(inverse.ok_or_else(none)?)))
            }
        };
        let limit = self.guard.undo_limit(&reading.config.guard);
        // It was agreed to with the deploy.
        let flags = WriteFlags { yes: true, no_wait: false, timeout: limit, ..self.flags.clone() };
        writing::carry_out(
            &Wish { target: self.target, intent: &intent, leaves: None, optional: false, flags: &flags },
            reading,
            self.way,
            session,
        )
        .await
    }

    async fn tell(&self, (happened, reason): (Happened, &str), reading: &Reading, session: &mut Session) {
        let Ok(notifier) = self.guard.notifier(&reading.config, session) else { return };
        if notifier.nobody() {
            return;
        }
        let to = self.served.map(|served| served.version.clone()).unwrap_or_default();
        let notice = Notice {
            happened,
            release: self.release.key.clone(),
            cluster: reading.cluster.identity().context.clone(),
            from: version(self.images),
            to,
            reason: reason.into(),
            numbers: Numbers::default(),
            who: writing::who(reading, session).await,
            at: reading.options.clock.now(),
            guard: Str::from("deploy"),
        };
        match tokio::time::timeout(NOTICE, notifier.tell(&notice)).await {
            Ok(failed) => failed.iter().for_each(|failed| session.output.complain(&failed.to_string())),
            Err(_) => session.output.complain("not everybody could be told in time"),
        }
    }
}
