//! What `update` wants done outside: values, which the runner turns into tasks.

use super::guards::GuardTerms;
use crate::action::gates::Preview;
use crate::action::journal::Unfinished;
use crate::domain::intent::{Override, ReleaseId};
use crate::domain::plan::PlanId;
use crate::domain::{ObjectKey, Plan, Release, Str, Uid};
use std::sync::Arc;

/// One thing to be done. A newer one of the same purpose takes the place of an older one that still runs.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Read the raw objects of a release: one round trip.
    ReadDetails(Arc<Release>),
    /// Ask what the cluster lets us do with a release.
    AskRights(Arc<Release>),
    /// Follow the cluster's events about a release.
    Events(Arc<Release>),
    /// Ask the server for its dry run.
    Preview(Ask),
    /// Look up whether what the new template needs is there.
    LookUp(Ask),
    /// Read the policies of those who manage the release.
    AskManagers(Ask),
    /// Run the preview check of a side.
    Check {
        /// The dialog and its plan.
        ask: Ask,
        /// What must answer well.
        check: Str,
        /// The side.
        side: Str,
    },
    /// Apply a confirmed plan.
    Apply(Arc<Plan>, Terms),
    /// Guard a release from now on.
    Arm(ReleaseId, Box<GuardTerms>),
    /// Guard it no more.
    Disarm(Uid),
    /// Send what is still missing of an interrupted plan.
    GoOn(Box<Unfinished>),
    /// Close an interrupted plan as it was found.
    LeaveInterrupted(Box<Unfinished>),
    /// Close an interrupted plan: this other one took it back.
    CloseInterrupted(Box<Unfinished>, PlanId),
    /// Read the journal.
    ReadJournal,
    /// Follow logs.
    Logs(LogsWanted),
    /// Read one object for its YAML.
    ReadYaml(ObjectKey),
    /// Read the names of the kubeconfig's contexts.
    ListContexts,
    /// Connect to another context.
    SwitchContext(Str),
    /// Show these namespaces; none: all.
    SwitchNamespaces(Vec<Str>),
    /// Put a text on the clipboard.
    Copy(String),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell.
    Suspend,
    /// Write the screen's text to a file.
    SaveScreen,
    /// Stop what runs for this purpose.
    Stop(Purpose),
    /// End the console.
    Quit,
}

/// What a dialog asks about its plan.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The dialog's number: the answer goes to it and to no other.
    pub number: u32,
    /// The plan.
    pub plan: Arc<Plan>,
}

/// On which terms a plan was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The person's reason; empty when none was given.
    pub reason: Str,
    /// Whether the offered second calls are sent.
    pub optional: bool,
    /// Whether the fingerprint word was typed.
    pub word: bool,
    /// The gates that were overridden.
    pub overrides: Vec<Override>,
    /// What the preview check said.
    pub preview: Preview,
}

/// Which logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsWanted {
    /// The number of the request: its answers carry it.
    pub number: u32,
    /// The release.
    pub release: ReleaseId,
    /// Its pods.
    pub pods: Vec<Str>,
    /// How many lines of the past, each pod.
    pub tail: u32,
    /// The container before its last restart.
    pub previous: bool,
    /// Stay for new lines.
    pub follow: bool,
}

/// What a task is for: one of each runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Reading details.
    Details,
    /// Asking for rights.
    Rights,
    /// Following events.
    Events,
    /// The dry run of the open plan.
    Preview,
    /// Looking up what the open plan needs.
    Needs,
    /// Reading what the managers do to the open plan's write.
    Managers,
    /// Running the open plan's preview check.
    Check,
    /// Reading the journal.
    Journal,
    /// Following logs.
    Logs,
    /// Reading YAML.
    Yaml,
    /// Listing contexts.
    Contexts,
    /// Connecting to another context, or other namespaces.
    Switch,
}

impl Effect {
    /// What it is for; `None` for what is done at once or must run to its end (a write is never cancelled).
    pub const fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::ReadDetails(_) => Some(Purpose::Details),
            Self::AskRights(_) => Some(Purpose::Rights),
            Self::Events(_) => Some(Purpose::Events),
            Self::Preview(_) => Some(Purpose::Preview),
            Self::LookUp(_) => Some(Purpose::Needs),
            Self::AskManagers(_) => Some(Purpose::Managers),
            Self::Check { .. } => Some(Purpose::Check),
            Self::ReadJournal => Some(Purpose::Journal),
            Self::Logs(_) => Some(Purpose::Logs),
            Self::ReadYaml(_) => Some(Purpose::Yaml),
            Self::ListContexts => Some(Purpose::Contexts),
            Self::SwitchContext(_) | Self::SwitchNamespaces(_) => Some(Purpose::Switch),
            Self::Apply(..)
            | Self::Arm(..)
            | Self::Disarm(_)
            | Self::GoOn(_)
            | Self::LeaveInterrupted(_)
            | Self::CloseInterrupted(..)
            | Self::Copy(_)
            | Self::Redraw
            | Self::Suspend
            | Self::SaveScreen
            | Self::Stop(_)
            | Self::Quit => None,
        }
    }
}
