//! A new snapshot: the board takes it, the open release follows its object, and a changed identity stops writes.

use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::domain::Snapshot;
use std::sync::Arc;

/// Takes what the cluster published.
pub fn take(model: &mut Model, snapshot: Arc<Snapshot>) -> Vec<Effect> {
    let same_cluster = snapshot.cluster.fingerprint == model.session.cluster.fingerprint;
    if !same_cluster && model.live.cluster.fingerprint == model.session.cluster.fingerprint {
        let (was, is) = (&model.session.cluster.fingerprint.word, &snapshot.cluster.fingerprint.word);
        let text = format!(
            "this is another cluster now ({is}, it was {was}): nothing is written any more; choose it anew with :ctx"
        );
        model.messages.say(Level::Alarm, text, model.now);
    }
    model.live = snapshot;
    if model.held.is_none() {
        show(model);
    }
    start_on_target(model)
}

/// Shows the live snapshot on the board and in the open release.
pub fn show(model: &mut Model) {
    let snapshot = model.live.clone();
    model.board.take(&snapshot);
    let now = model.now;
    for layer in &mut model.layers {
        let Layer::Release(view) = layer else { continue };
        match snapshot.by_uid(&view.release.uid) {
            Some(release) => {
                view.release = release.clone();
                view.gone = None;
            }
            // Only a complete list can tell that something is gone.
            None if snapshot.complete() => view.gone = view.gone.or(Some(now)),
            None => {}
        }
    }
}

/// Opens the release that the console was started on, once it is there.
fn start_on_target(model: &mut Model) -> Vec<Effect> {
    let Some(start) = model.session.start.clone() else { return Vec::new() };
    if let Some(release) = model.live.owning(&start).cloned() {
        model.session.start = None;
        model.board.selected = Some(release.uid.clone());
        show(model);
        return super::release::open(model, release);
    }
    if model.live.complete() {
        model.session.start = None;
        model.error(format!("there is no {start}; the board shows what there is"));
    }
    Vec::new()
}
