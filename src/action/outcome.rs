//! From an error of sending to a plan's outcome.

use crate::cluster::SendError;
use crate::domain::outcome::OutcomeKind;
use crate::domain::said::REPLAN;
use crate::domain::{ObjectKey, Outcome};

/// What a call that was not done means; `Fence` and `Lost` are looked into elsewhere and are here only as a last word.
pub fn of_error(error: &SendError, key: &ObjectKey) -> Outcome {
    let told = |kind, reason: String| Outcome::new(kind, reason);
    match error {
        SendError::NotSent(why) => told(OutcomeKind::Unreachable, format!("nothing was sent to {key}: {why}")),
        SendError::Lost(why) => told(OutcomeKind::Unknown, format!("it was sent to {key}, and no answer came: {why}")),
        SendError::Fence => {
            told(OutcomeKind::Conflict, format!("{key} changed since you looked; {REPLAN} plans again"))
        }
        SendError::Invalid(why) => {
            told(OutcomeKind::Failed, format!("the server found the change of {key} invalid: {why}"))
        }
        SendError::Denied(why) => told(OutcomeKind::Failed, format!("admission refused the change of {key}: {why}")),
        SendError::CannotDryRun(why) => {
            told(OutcomeKind::Failed, format!("{key} can't be tried without doing it: {why}"))
        }
        SendError::Forbidden(why) => told(OutcomeKind::Forbidden, why.to_string()),
        SendError::Unauthorized(why) => {
            told(OutcomeKind::Forbidden, format!("the server does not know who you are: {why}"))
        }
        SendError::NotFound(_) => told(OutcomeKind::Conflict, format!("{key} was deleted since you looked")),
        SendError::Conflict(why) => {
            told(OutcomeKind::Conflict, format!("{key} is not what you looked at any more: {why}"))
        }
        SendError::TooMany { retry_after } => {
            let when = retry_after.map_or_else(String::new, |after| format!(" in {} s", after.as_secs().max(1)));
            told(OutcomeKind::Failed, format!("the server asks to slow down, and did nothing; try {key} again{when}"))
        }
        SendError::Server { status, message } => {
            told(OutcomeKind::Unknown, format!("the server failed on {key} with {status}: {message}"))
        }
    }
}

/// Whether the write may have been done although no answer says so.
pub const fn may_be_done(error: &SendError) -> bool {
    matches!(error, SendError::Lost(_) | SendError::Server { .. })
}
