//! What lies over the board: one file a layer. Each holds its own state; the stack is in the Model.

pub mod chart;
pub mod choice;
pub mod form;
pub mod guard;
pub mod interrupted;
pub mod logs;
pub mod palette;
pub mod plan;
pub mod release;
pub mod text;

use super::keys::Scope;
use super::scroll::Scroll;
use crate::domain::Str;
pub use chart::ChartView;
pub use choice::Choice;
pub use form::Form;
pub use guard::GuardDialog;
pub use interrupted::Interrupted;
pub use logs::Logs;
pub use palette::Palette;
pub use plan::PlanDialog;
pub use release::ReleaseView;
pub use text::TextView;

/// Where one goes who leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// Out of the console.
    Out,
    /// To another context.
    Context(Str),
}

/// One layer.
#[derive(Debug)]
pub enum Layer {
    /// An open release with its panes.
    Release(Box<ReleaseView>),
    /// A plan that waits for a person, or runs.
    Plan(Box<PlanDialog>),
    /// What arms a guard, or ends one.
    Guard(Box<GuardDialog>),
    /// What must be typed before a plan can be made.
    Form(Box<Form>),
    /// All actions by name.
    Palette(Palette),
    /// The keys.
    Help(Scroll),
    /// The journal.
    Journal(Scroll),
    /// The messages.
    Messages(Scroll),
    /// A choice of context, namespaces or theme.
    Choice(Choice),
    /// Logs.
    Logs(Box<Logs>),
    /// A measurement, large.
    Chart(ChartView),
    /// YAML, or a diff.
    Text(Box<TextView>),
    /// Plans that were interrupted.
    Interrupted(Interrupted),
    /// Whether to leave although something is under way.
    Leaving {
        /// What is under way.
        because: String,
        /// Where to.
        to: Leave,
    },
}

impl Layer {
    /// The scopes in which a key is searched while this layer is on top.
    pub fn chain(&self) -> &'static [Scope] {
        let typing = match self {
            Self::Palette(_) | Self::Form(_) => true,
            Self::Choice(choice) => choice.typing,
            Self::Text(text) => text.find.is_some(),
            Self::Plan(plan) => plan.typing(),
            Self::Guard(guard) => guard.at.is_some(),
            Self::Release(_)
            | Self::Help(_)
            | Self::Journal(_)
            | Self::Messages(_)
            | Self::Logs(_)
            | Self::Chart(_)
            | Self::Interrupted(_)
            | Self::Leaving { .. } => false,
        };
        if typing {
            return super::model::INPUT;
        }
        match self {
            Self::Release(_) => Scope::CHAINS[1],
            Self::Plan(_) | Self::Guard(_) | Self::Interrupted(_) | Self::Leaving { .. } => Scope::CHAINS[2],
            Self::Logs(_) => Scope::CHAINS[4],
            Self::Messages(_) => Scope::CHAINS[5],
            Self::Choice(choice) if choice.marks() => Scope::CHAINS[6],
            Self::Chart(_) => Scope::CHAINS[8],
            Self::Help(_) | Self::Journal(_) | Self::Text(_) | Self::Choice(_) | Self::Palette(_) | Self::Form(_) => {
                Scope::CHAINS[3]
            }
        }
    }

    /// Whether the console under it is still drawn (a dialog), or it fills the screen.
    pub const fn is_dialog(&self) -> bool {
        matches!(
            self,
            Self::Plan(_)
                | Self::Guard(_)
                | Self::Form(_)
                | Self::Palette(_)
                | Self::Choice(_)
                | Self::Interrupted(_)
                | Self::Leaving { .. }
        )
    }
}
