//! Plans of an earlier console that were interrupted: go on, take back, or leave as found.

use crate::app::arming::Arming;
use crate::app::scroll::Scroll;
use crate::app::sight::Sight;

/// The list of interrupted plans, which are in the Model.
#[derive(Debug, Default)]
pub struct Interrupted {
    /// The selected one.
    pub scroll: Scroll,
    /// When `y` may be taken.
    pub arming: Arming,
    /// Whether what `y` would send was on the terminal.
    pub sight: Sight,
}
