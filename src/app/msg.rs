//! What can happen to the console.

use super::journal::Journal;
use super::keypress::KeyPress;
use super::layers::choice::Item;
use super::layers::logs::Line;
use super::layers::plan::{Existence, Preview};
use super::layers::release::Event;
use super::messages::Level;
use super::model::Size;
use super::rights::Rights;
use super::session::Session;
use super::sight::InSight;
use super::writes::Phase;
use crate::action::guard::GuardNews;
use crate::action::journal::Unfinished;
use crate::domain::management::Management;
use crate::domain::plan::PlanId;
use crate::domain::{Details, Measurements, ObjectKey, Outcome, RawObject, Snapshot, Str, Uid};
use std::sync::Arc;

/// One thing that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyPress),
    /// Text was pasted: never a command.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// A frame that showed this revision of the Model reached the terminal, and these lines of the topmost dialog.
    Flushed(u64, Option<Box<InSight>>),
    /// Time passed.
    Tick,
    /// The cluster changed.
    Snapshot(Arc<Snapshot>),
    /// What is measured.
    Measured(Arc<Measurements>),
    /// What a guard of this console tells.
    Guard(Uid, Box<GuardNews>),
    /// The raw objects of a release, or why they could not be read.
    Details(Uid, Result<Arc<Details>, Str>),
    /// The raw objects of a release have not come in time, and are still waited for.
    DetailsLate(Uid),
    /// What we may do with a release.
    Rights(Uid, Rights),
    /// Events about a release, or why they can't be read.
    Events(Uid, Result<Vec<Event>, Str>),
    /// The server's dry run for the dialog of this number.
    Preview(u32, Preview),
    /// What the plan of the dialog of this number needs.
    Needs(u32, Vec<(ObjectKey, Existence)>),
    /// What the managers do to the write of the dialog of this number, by their own policies.
    Managers(u32, Vec<Management>),
    /// What the preview check of the dialog of this number said, or why it failed.
    Checked(u32, Result<Str, Str>),
    /// How a confirmed plan goes.
    Write(PlanId, WriteNews),
    /// The journal, or why it can't be read.
    Journal(Result<Box<Journal>, Str>),
    /// Lines for the log of this number.
    Logs(u32, Vec<Line>),
    /// The log of this number ended, with the reason.
    LogsEnded(u32, Str),
    /// An object for its YAML, or why it can't be read.
    Yaml(ObjectKey, Result<RawObject, Str>),
    /// The kubeconfig's contexts, or why they can't be read.
    Contexts(Result<Vec<Item>, Str>),
    /// Another cluster or other namespaces are shown now, or why not.
    Switched(Result<Box<Session>, Str>),
    /// Under which name we write.
    Who(Str),
    /// The context points to another cluster than the one that is shown: why nothing is written any more.
    Elsewhere(Str),
    /// Plans of this cluster that were interrupted.
    Interrupted(Vec<Unfinished>),
    /// Something to be said.
    Say(Level, Str),
}

impl Msg {
    /// Whether a person waits for it: what their own key asked for, and each step of what they confirmed.
    pub const fn is_answer(&self) -> bool {
        match self {
            Self::Details(..)
            | Self::DetailsLate(_)
            | Self::Rights(..)
            | Self::Events(..)
            | Self::Preview(..)
            | Self::Needs(..)
            | Self::Managers(..)
            | Self::Checked(..)
            | Self::Journal(_)
            | Self::Yaml(..)
            | Self::Contexts(_)
            | Self::Switched(_) => true,
            Self::Write(_, news) => match news {
                WriteNews::Reached(..)
                | WriteNews::Answered(..)
                | WriteNews::NotJournalled(_)
                | WriteNews::Ended(_)
                | WriteNews::Reverted(_) => true,
                // It follows the pods, which come and go as they like.
                WriteNews::Said(_) => false,
            },
            Self::Key(_)
            | Self::Paste(_)
            | Self::Resize(_)
            | Self::Flushed(..)
            | Self::Tick
            | Self::Snapshot(_)
            | Self::Measured(_)
            | Self::Guard(..)
            | Self::Logs(..)
            | Self::LogsEnded(..)
            | Self::Who(_)
            | Self::Elsewhere(_)
            | Self::Interrupted(_)
            | Self::Say(..) => false,
        }
    }
}

/// News of a confirmed plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteNews {
    /// It is as far as this now, in words.
    Reached(Phase, Str),
    /// It goes on, in words: the pods in the way, a look after a lost answer.
    Said(Str),
    /// The server answered this call, of several, in words.
    Answered(usize, Str),
    /// The journal could not be written: why. A back verb goes on.
    NotJournalled(Str),
    /// It came to its end.
    Ended(Outcome),
    /// A manager put the template back.
    Reverted(Str),
}
