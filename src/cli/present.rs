//! What people read: releases, revisions, changes and outcomes as lines of text.

mod changes;
mod presence;
mod releases;
mod revisions;

pub use changes::{Moved, diff_lines, plan_lines};
pub use presence::{presence_lines, stepped};
pub use releases::{release_line, releases_table};
pub use revisions::{revision_lines, revisions_table};
