//! Who steps a release, in words.

use super::said::{clock, shown};
use crate::app::Model;
use crate::domain::ObjectKey;
use crate::domain::presence::Presence;

/// Who else steps the release rooted at `release`, in a sentence without its end.
pub fn somebody_else(model: &Model, release: &ObjectKey) -> Option<String> {
    let presence = model.stepped_by_another(release)?;
    let since = clock(presence.since, model);
    let last = if presence.step.is_empty() { String::new() } else { format!("; last: {}", shown(&presence.step)) };
    Some(format!("{} is stepping this release since {since}{last}", shown(&presence.holder)))
}

/// The same in a few words: `ana@desk steps it since 14:02`.
pub fn short(model: &Model, presence: &Presence) -> String {
    format!("{} steps it since {}", shown(&presence.holder), clock(presence.since, model))
}

/// The mark behind the release's name on the board: `@ana`.
pub fn mark(presence: &Presence) -> String {
    format!("@{}", shown(presence.who()))
}
