//! Where a person rests, the objects are read before they are asked for: a way back is then planned at once, and while
//! the API stalls it is planned from these bytes, and the fence decides.

use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::model::Model;
use crate::domain::snapshot::Connection;
use crate::domain::{Details, Uid};
use std::sync::Arc;
use std::time::Duration;

/// How long one release is in focus before its objects are read: who pages through the board reads nothing.
pub const AFTER: Duration = Duration::from_secs(1);

/// How long until a read that failed is made again.
const AGAIN: Duration = Duration::from_secs(10);

/// Releases whose objects are kept; each is some tens of kilobytes.
const KEPT: usize = 16;

/// The release that one rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rest {
    /// Which, in which state of its objects: generation and revisions tell what a plan would be made from.
    of: Option<(Uid, i64, usize)>,
    /// When they are read; `None` once they were asked for.
    due: Option<Duration>,
}

/// Notes what is in focus now.
pub fn look(model: &mut Model) {
    let now = model.focus().map(|release| (release.uid.clone(), release.generation.spec, release.history.len()));
    if model.rest.of != now {
        let due = now.is_some().then(|| model.tick + AFTER);
        model.rest = Rest { of: now, due };
    }
}

/// When the next read is due; `None` while nothing may be read for this: another layer may wait for its own answer.
pub fn wakes(model: &Model) -> Option<Duration> {
    let free = matches!(model.top(), None | Some(Layer::Release(_) | Layer::Chart(_)));
    let answers = matches!(model.live.connection, Connection::Live) && model.elsewhere.is_none();
    model.rest.due.filter(|_| free && answers)
}

/// Time passed.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    if wakes(model).is_none_or(|due| due > model.tick) {
        return Vec::new();
    }
    model.rest.due = None;
    let Some((uid, generation, revisions)) = model.rest.of.clone() else { return Vec::new() };
    let same = |details: &Arc<Details>| {
        details.fresh
            && details.root.value::<i64>("/metadata/generation") == Some(generation)
            && details.revisions.len() == revisions
    };
    match model.release(&uid).cloned() {
        Some(release) if !model.details.get(&uid).is_some_and(same) => vec![Effect::ReadDetails(release)],
        _ => Vec::new(),
    }
}

/// A read for `uid` failed.
pub fn failed(model: &mut Model, uid: &Uid) {
    if model.rest.of.as_ref().is_some_and(|(of, ..)| of == uid) && model.rest.due.is_none() {
        model.rest.due = Some(model.tick + AGAIN);
    }
}

/// Keeps what was read; of too many the one that was read first goes.
pub fn keep(model: &mut Model, uid: &Uid, details: Arc<Details>) {
    model.details.insert(uid.clone(), details);
    if model.details.len() > KEPT {
        let oldest = model.details.iter().filter(|(other, _)| *other != uid).min_by_key(|(_, details)| details.read_at);
        if let Some(oldest) = oldest.map(|(uid, _)| uid.clone()) {
            model.details.remove(&oldest);
        }
    }
}

/// What was read of `uid` is another object now; its bytes stay for a way back that gets no answer.
pub fn outdate(model: &mut Model, uid: &Uid) {
    if let Some(details) = model.details.get_mut(uid) {
        *details = Arc::new(Details { fresh: false, ..(**details).clone() });
    }
    if model.rest.of.as_ref().is_some_and(|(of, ..)| of == uid) {
        model.rest.due = Some(model.tick + AFTER);
    }
}
