//! A new snapshot: the board takes it, the open release follows its object.

use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::domain::snapshot::Connection;
use crate::domain::{Age, Snapshot};
use std::sync::Arc;

/// Takes what the cluster published.
pub fn take(model: &mut Model, snapshot: Arc<Snapshot>) -> Vec<Effect> {
    // The final fingerprint comes with the server's first answer. That a context points elsewhere later is told apart,
    // and then what is shown keeps its name.
    if model.elsewhere.is_none() && snapshot.cluster != model.session.cluster {
        model.session.cluster = snapshot.cluster.clone();
    }
    tell_of_absence(model, &snapshot);
    model.live = snapshot;
    if model.held.is_none() {
        show(model);
    }
    start_on_target(model)
}

/// Why the server does not answer is told as long as it does not: once a reason, and no longer than it holds.
fn tell_of_absence(model: &mut Model, snapshot: &Snapshot) {
    let why = match &snapshot.connection {
        Connection::Away { reason, .. } => Some(reason.clone()),
        Connection::Connecting { .. } | Connection::Live => None,
    };
    if model.away == why {
        return;
    }
    if let Some(over) = model.away.take() {
        model.messages.settle(&model.keys.said(&over));
        if let (Connection::Away { since, cause, .. }, None) = (&model.live.connection, &why) {
            // It is over, and somebody should know that it was: what failed stays in sight until it is acknowledged.
            let long = Age::between(*since, model.now).words();
            let text = format!("the server answers again; it was away for {long}: {cause}");
            model.say(Level::Warning, text);
        }
    }
    if let Some(why) = &why {
        model.error(why);
    }
    model.away = why;
}

/// Shows the live snapshot on the board and in the open release.
pub fn show(model: &mut Model) {
    let snapshot = model.live.clone();
    let (now, tick) = (model.now, model.tick);
    model.board.take(&snapshot, tick);
    for layer in &mut model.layers {
        if let Layer::Chart(chart) = layer
            && let Some(release) = snapshot.by_uid(&chart.release.uid)
        {
            chart.release = release.clone();
        }
        let Layer::Release(view) = layer else { continue };
        match snapshot.by_uid(&view.release.uid) {
            Some(release) => view.follow(release.clone(), tick),
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
        model.board.choose(release.uid.clone());
        show(model);
        return super::release::open(model, release);
    }
    if model.live.complete() {
        model.session.start = None;
        model.error(format!("there is no {start}; the board shows what there is"));
    }
    Vec::new()
}
