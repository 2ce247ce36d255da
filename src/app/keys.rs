//! The one table of keys: from it come what a press does, the footer's hints, the help, `windlass keys` and the README.
//!
//! ```text
//! press ──► scopes of the top layer, the nearest first ──► Command
//! ```

mod command;
mod listing;
mod remap;
mod said;
mod table;

pub use command::{Command, Step};
pub use listing::{HELP_COLUMNS, HelpLine, Section, help, markdown, sections};
pub use remap::KeyTable;
pub use table::{BINDINGS, Binding, Scope};
