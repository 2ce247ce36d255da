//! What a confirmed plan tells while it runs, and on which terms it was confirmed.

use super::desk::WAIT;
use super::gates::Preview;
use crate::cluster::SendMode;
use crate::domain::intent::Override;
use crate::domain::{Outcome, Str};
use std::time::Duration;
use tokio::sync::mpsc;

/// News of a running plan, in order; [`Progress::Done`] comes once, and after it at most a [`Progress::RevertedBy`].
pub type News = mpsc::UnboundedReceiver<Progress>;

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The intent is on the disk.
    Journalled,
    /// It is not, and the plan goes back, so it goes on without: why.
    NotJournalled(Str),
    /// The call of this number (from 0) is on its way.
    Sent(usize),
    /// Its answer was lost: we look at the object instead.
    LookingAfterLostAnswer(usize),
    /// It was answered with success.
    Answered {
        /// Its number.
        index: usize,
        /// What the server warns about.
        warnings: Vec<Str>,
    },
    /// The server took every call.
    Accepted,
    /// The controller saw the change.
    Observed,
    /// What is still missing, in a few words; told when it changes.
    Waiting(Str),
    /// The end.
    Done(Outcome),
    /// After the end: this manager took the write back.
    RevertedBy(Str),
}

/// The terms on which a person (or a pipeline) confirmed a plan.
#[derive(Debug, Clone)]
pub struct Consent {
    /// The person's reason; empty when none was given.
    pub reason: Str,
    /// Whether the offered second calls are sent.
    pub optional: bool,
    /// Whether the fingerprint word was given: a protected context asks for it before forward verbs.
    pub word: bool,
    /// The gates that were overridden, with the reason above: a freeze, a rung that has not baked.
    pub overrides: Vec<Override>,
    /// What the preview check of a switch said to whoever confirmed.
    pub preview: Preview,
    /// Whether it is meant, or only tried.
    pub mode: SendMode,
    /// How long to wait for what the plan waits for; `None`: not at all.
    pub wait: Option<Duration>,
    /// Whether a step is announced to others: a person takes it, or a pipeline. A guard has its own Lease.
    pub presence: bool,
}

impl Default for Consent {
    fn default() -> Self {
        Self {
            reason: "".into(),
            optional: false,
            word: false,
            overrides: Vec::new(),
            preview: Preview::Free,
            mode: SendMode::Apply,
            wait: Some(WAIT),
            presence: true,
        }
    }
}
