//! The server's dry run of a plan: advice beside the local diff, never a condition.

use super::engine::Engine;
use crate::cluster::{SendError, SendMode};
use crate::domain::said::REPLAN;
use crate::domain::{Plan, Str};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// After so long the dialog says that there is no answer yet.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// What the dry run says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// The server would take it.
    Accepted {
        /// What it warns about.
        warnings: Vec<Str>,
    },
    /// The server would refuse it: why.
    Refused(Str),
    /// It can't be tried: a webhook without dry-run support, a lost answer, a server in trouble.
    CannotBePreviewed(Str),
    /// Nothing for three seconds; the answer is told when it comes.
    NoAnswerYet,
}

impl Engine {
    /// Tries the plan's first call. One answer comes, after [`Preview::NoAnswerYet`] if it takes long. In read-only mode
    /// nothing is sent.
    pub fn previews(&self, plan: Arc<Plan>) -> mpsc::UnboundedReceiver<Preview> {
        let (out, receiver) = mpsc::unbounded_channel();
        let engine = self.clone();
        tokio::spawn(async move {
            let ask = engine.ask(&plan);
            tokio::pin!(ask);
            let answer = tokio::select! {
                answer = &mut ask => answer,
                () = sleep(PATIENCE) => {
                    let _ = out.send(Preview::NoAnswerYet);
                    tokio::select! {
                        answer = ask => answer,
                        () = out.closed() => return,
                    }
                }
            };
            let _ = out.send(answer);
        });
        receiver
    }

    /// The same with one answer, within three seconds.
    pub async fn preview(&self, plan: &Plan) -> Preview {
        tokio::time::timeout(PATIENCE, self.ask(plan)).await.unwrap_or(Preview::NoAnswerYet)
    }

    async fn ask(&self, plan: &Plan) -> Preview {
        if self.policy().read_only {
            return Preview::CannotBePreviewed("read-only: not even a dry run is sent".into());
        }
        let Some(first) = plan.calls.iter().find(|call| !call.optional) else {
            return Preview::Accepted { warnings: Vec::new() };
        };
        match self.inner.cluster.send(&first.call, SendMode::DryRun).await {
            Ok(answer) => Preview::Accepted { warnings: answer.warnings },
            Err(SendError::Fence | SendError::Conflict(_)) => {
                Preview::Refused(format!("it changed since it was read; {REPLAN} plans again").into())
            }
            Err(SendError::NotFound(_)) => Preview::Refused("it was deleted since it was read".into()),
            Err(
                SendError::Denied(why)
                | SendError::Invalid(why)
                | SendError::Forbidden(why)
                | SendError::Unauthorized(why),
            ) => Preview::Refused(why),
            Err(error) => Preview::CannotBePreviewed(error.to_string().into()),
        }
    }
}
