//! Who steps a release, in words.

use super::said::{clock, shown};
use crate::action::presence::holder;
use crate::app::Model;
use crate::domain::ObjectKey;
use crate::domain::presence::Presence;

/// Who else steps the release rooted at `release`, in a sentence without its end.
pub fn somebody_else(model: &Model, release: &ObjectKey) -> Option<String> {
    let presence = model.stepped_by_another(release)?;
    let since = clock(presence.since, model);
    let last = if presence.step.is_empty() { String::new() } else { format!("; last: {}", shown(&presence.step)) };
    if is_us(model, presence) {
        return Some(format!("you step this release since {since}, with another command or console{last}"));
    }
    Some(format!("{} is stepping this release since {since}{last}", shown(&presence.holder)))
}

/// The same in a few words: `ana@desk steps it since 14:02`.
pub fn short(model: &Model, presence: &Presence) -> String {
    if is_us(model, presence) {
        return format!("you step it elsewhere since {}", clock(presence.since, model));
    }
    format!("{} steps it since {}", shown(&presence.holder), clock(presence.since, model))
}

/// Whether it is the same person on the same machine, with another command or console.
fn is_us(model: &Model, presence: &Presence) -> bool {
    *presence.holder == *holder(&model.session.who)
}

/// The mark behind the release's name on the board: `@ana`.
pub fn mark(presence: &Presence) -> String {
    format!("@{}", shown(presence.who()))
}
