//! An undo that does not get on for a broken pod in its way: the command that deletes the pod.

use super::Wish;
use crate::{
    action::Engine,
    cli::reading::Reading,
    domain::{
        Call, Intent, Outcome, Plan, Verb,
        intent::{PausedUndo, UndoTo},
        outcome::OutcomeKind,
    },
    strategy::{Context, strategy},
};

/// `outcome`, with the command that goes on where it was an undo which broken pods hold up.
pub async fn with_way_on(
    outcome: Outcome,
    wish: &Wish<'_>,
    plan: &Plan,
    reading: &Reading,
    engine: &Engine,
) -> Outcome {
    let ended_early = matches!(outcome.kind, OutcomeKind::Failed | OutcomeKind::Timeout);
    if wish.optional || !ended_early || plan.intent.verb() != Verb::Undo {
        return outcome;
    }
    match way_on(wish, reading, engine).await {
        Some(command) => {
            let reason = outcome.reason.trim_end_matches('.');
            Outcome::new(outcome.kind, format!("{reason}; `{command}` deletes what is in the way"))
        }
        None => outcome,
    }
}

/// The undo to where it stands now, which deletes the pods in its way; `None` where none are. The number is read anew: an
/// undo gives the revision of a StatefulSet a new one, and the old number names nothing any more.
async fn way_on(wish: &Wish<'_>, reading: &Reading, engine: &Engine) -> Option<String> {
    let opened = reading.open(wish.target).await.ok()?;
    let release = &opened.release;
    let revision = release.history.iter().find(|entry| entry.current)?.revision;
    let intent = Intent::Undo { to: UndoTo::Number(revision), paused: PausedUndo::StayPaused };
    let context = Context { overrides: Vec::new(), ..engine.context(&release.uid) };
    let plan = strategy(release.strategy)?.plan(release, &opened.details, &intent, &context).ok()?;
    let deletes = plan.calls.iter().any(|planned| matches!(planned.call, Call::Delete { .. }));
    let (target, namespace) = (release.key.target(), &release.key.namespace);
    deletes.then(|| format!("windlass undo {target} -n {namespace} --to-revision {revision} --delete-broken-pods"))
}
