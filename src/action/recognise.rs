//! Whether a call was done already: after its answer was lost, and in a plan that was interrupted.

use super::conflict::{self, intended};
use super::lost::{self, Found, Lost};
use super::progress::Progress;
use super::run::Run;
use crate::cluster::{ReadError, SendError};
use crate::domain::outcome::OutcomeKind;
use crate::domain::{Call, Outcome, RawObject, Timestamp};

impl Run {
    /// Looks for what became of the call whose answer was lost, which was sent at `at`; the object afterwards, or how far
    /// it could be told.
    pub(super) async fn look_after_lost_answer(
        &self,
        index: usize,
        call: &Call,
        at: Timestamp,
        error: &SendError,
    ) -> Result<Option<RawObject>, Outcome> {
        let inner = self.inner();
        inner.desk.lost(&self.id);
        self.tell(Progress::LookingAfterLostAnswer(index));
        let key = call.target();
        // After an answer nothing is on its way any more; a request that was cut off may still arrive.
        // Nothing tells what a proxy passed on, so nothing is gained by looking long.
        let long = matches!(error, SendError::Lost(_)) && !matches!(call, Call::ProxyPost { .. });
        let limit = if long { lost::LIMIT } else { lost::AFTER_AN_ANSWER };
        let manager = inner.cluster.field_manager();
        let lost = Lost { sent: at, own: inner.desk.wrote(key), manager, limit };
        match lost::look(&inner.cluster, call, &lost, inner.settings.snapshots.clone()).await {
            Found::Done(body) => {
                self.tell(Progress::Answered { index, warnings: Vec::new() });
                Ok(body)
            }
            Found::NotDone => {
                let reason = format!("not applied: {key} is as it was after the answer was lost ({error})");
                Err(Outcome::new(OutcomeKind::Failed, reason))
            }
            Found::Unknown(why) => {
                let reason =
                    format!("it was sent to {key} and no answer came; whether it was done is not known ({why})");
                Err(Outcome::new(OutcomeKind::Unknown, reason))
            }
        }
    }

    /// A fence that holds after a lost answer may be our own write: compare before calling it a conflict.
    pub(super) async fn compare_first(&self, call: &Call) -> Result<Option<RawObject>, Outcome> {
        if let Call::JsonPatch { operations, .. } = call
            && let Ok(object) = self.inner().cluster.read(call.target()).await
            && intended(operations, &object)
        {
            return Ok(Some(object));
        }
        let inner = self.inner();
        Err(conflict::explain(&inner.cluster, call, self.made, || inner.settings.clock.now()).await)
    }

    /// Whether a call of an interrupted plan was done before the interruption.
    pub(super) async fn done_already(&self, call: &Call) -> Option<Option<RawObject>> {
        let inner = self.inner();
        match (inner.cluster.read(call.target()).await, call) {
            (Ok(object), Call::JsonPatch { operations, .. }) => {
                inner.desk.read(&object, &inner.cluster.field_manager());
                intended(operations, &object).then_some(Some(object))
            }
            (Ok(object), Call::Delete { uid, .. }) => {
                (object.uid != *uid || object.at("/metadata/deletionTimestamp").is_some()).then_some(None)
            }
            (Err(ReadError::NotFound(_)), Call::Delete { .. }) => Some(None),
            _ => None,
        }
    }
}
