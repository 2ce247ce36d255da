//! What people read: releases, revisions, changes and outcomes as lines of text.

mod changes;
mod forewarned;
mod presence;
mod releases;
mod revisions;

pub use changes::{Moved, Offered, diff_lines, plan_lines};
pub use forewarned::forewarned;
pub use presence::{presence_lines, stepped};
pub use releases::{release_line, releases_table};
pub use revisions::{revision_lines, revisions_table};
