//! When the Service was switched last, and how long the old side is kept.

use super::sides::Sides;
use crate::domain::{Direction, Str, Timestamp};
use crate::strategy::Derive;
use crate::strategy::traffic::part::Part;
use jiff::SignedDuration;

/// The last switch, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSwitch {
    /// When.
    pub at: Timestamp,
    /// The side that was live before, unless a way back left it.
    pub from: Option<Str>,
    /// How long the addresses took to follow.
    pub took: Option<SignedDuration>,
}

/// The side that was live before, while it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub side: Str,
    /// When its scale-down is offered.
    pub until: Timestamp,
}

/// A selector that was written so soon after the Service was made is the first one, and no switch.
const FIRST: SignedDuration = SignedDuration::from_secs(2);

/// The last switch: our journal's, else what managedFields tell of the selector.
pub fn last(sides: &Sides, context: &Derive<'_>) -> Option<LastSwitch> {
    let service = &sides.service;
    if let Some(ours) = context.recorded.last_switch(&service.uid).filter(|ours| ours.to == *sides.live()) {
        let from = (ours.direction != Direction::Back).then_some(ours.from);
        return Some(LastSwitch { at: ours.at, from, took: ours.took });
    }
    let writers = service.writers.iter().filter(|writer| writer.touches.traffic);
    let at = writers.filter_map(|writer| writer.at).max()?;
    if service.created.is_none_or(|created| at.duration_since(created) <= FIRST) {
        return None;
    }
    let mut others = sides.workloads.iter().map(|(value, _)| value).filter(|value| *value != sides.live());
    let from = others.next().filter(|_| others.next().is_none()).cloned();
    Some(LastSwitch { at, from, took: None })
}

/// The old side and until when it is kept; `None` when it has no pods any more, or has a new template already: then it is
/// the next version, and not the old one.
pub fn kept(last: &LastSwitch, parts: &[(Str, Part)], context: &Derive<'_>) -> Option<Kept> {
    let from = last.from.as_ref()?;
    let (_, part) = parts.iter().find(|(value, _)| value == from)?;
    let old = part.templated().template.is_some_and(|since| since <= last.at);
    let until = last.at.checked_add(context.settings.keep_old).ok()?;
    (old && part.workload.replicas.desired > 0).then(|| Kept { side: from.clone(), until })
}
