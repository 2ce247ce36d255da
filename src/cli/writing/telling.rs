//! How a write ends for who asked for it: the outcome as text or as a document, a sentence, and the exit code.

use super::{Announcing, DryRun, Wish};
use crate::{
    cli::{Exit, Failure, Session, documents::OutcomeDocument, output::Format},
    domain::{
        Outcome,
        outcome::OutcomeKind,
        plan::{Refusal, RefusalKind},
        said::clean,
    },
};

/// How a command ends that went no further than `outcome`.
pub fn ended(outcome: &Outcome) -> Result<Exit, Failure> {
    let exit = Exit::Write(outcome.kind);
    if exit.code() == 0 {
        return Ok(exit);
    }
    Err(Failure::new(exit, format!("{}: {}", outcome.kind, clean(&outcome.reason))))
}

/// Prints the outcome; what is no success is a sentence on standard error besides. `journal` is the file that holds the
/// record, if there is one.
pub fn tell(
    wish: &Wish<'_>,
    plan: Option<&Announcing>,
    outcome: &Outcome,
    journal: Option<String>,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let written = !matches!(outcome.kind, OutcomeKind::Unchanged | OutcomeKind::Refused | OutcomeKind::Unreachable)
        && wish.flags.dry_run != DryRun::Client;
    match wish.flags.output {
        format @ (Format::Json | Format::Yaml) => {
            let journal = journal.filter(|_| plan.is_some() && written);
            session.output.document(&OutcomeDocument::new(plan, outcome, journal), format)?;
        }
        Format::Name => {
            if let Some((plan, _)) = plan {
                session.output.line(&plan.release.key.target());
            }
        }
        Format::Table | Format::Wide if Exit::Write(outcome.kind).code() == 0 => {
            let said = outcome.reason.starts_with(outcome.kind.word());
            let line = if said { outcome.reason.to_string() } else { format!("{}: {}", outcome.kind, outcome.reason) };
            session.output.line(&clean(&line));
        }
        Format::Table | Format::Wide => {}
    }
    ended(outcome)
}

/// What became of a plan that was refused before there was one.
pub fn outcome_of_refusal(refusal: &Refusal) -> Outcome {
    let kind = match refusal.kind {
        RefusalKind::Unchanged => OutcomeKind::Unchanged,
        RefusalKind::Moved => OutcomeKind::Conflict,
        RefusalKind::Refused | RefusalKind::ReadAgain => OutcomeKind::Refused,
    };
    let reason = match refusal.overridable {
        Some(gate) => format!("{} (--override {} --reason TEXT)", refusal.reason, gate.word()).into(),
        None => refusal.reason.clone(),
    };
    Outcome::new(kind, reason)
}

/// A failure that is an outcome, too: scripts that read the document find it there.
pub fn outcome_of_failure(failure: &Failure) -> Option<Outcome> {
    let kind = match failure.exit {
        Exit::Write(kind) => kind,
        Exit::Unreachable => OutcomeKind::Unreachable,
        Exit::Forbidden => OutcomeKind::Forbidden,
        Exit::Refused => OutcomeKind::Refused,
        Exit::Failed => OutcomeKind::Failed,
        Exit::Done | Exit::Usage | Exit::NotInTime | Exit::Interrupted => return None,
    };
    Some(Outcome::new(kind, failure.sentence.as_str()))
}
