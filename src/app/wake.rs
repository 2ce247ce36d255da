//! When the picture changes by time alone: an age grows, the clock turns, a dialog arms. Between those moments nothing
//! is drawn.

use super::layers::Layer;
use super::layout;
use super::measuring;
use super::model::Model;
use super::update::{plan, rest};
use crate::domain::snapshot::{Connection, Watch};
use crate::domain::{Age, Timestamp};
use std::time::Duration;

/// The tick at which the picture changes next, if nothing else happens; `None` only when it never would.
pub fn next(model: &Model) -> Option<Duration> {
    let dialogs = model.layers.iter().filter_map(|layer| match layer {
        Layer::Plan(dialog) => plan::wakes(dialog).filter(|at| *at > model.tick),
        Layer::Release(view) => view.motion.as_ref().and_then(|motion| motion.next(model.tick)),
        Layer::Guard(dialog) => dialog.arming.armed_at().filter(|at| *at > model.tick),
        Layer::Interrupted(list) => list.arming.armed_at().filter(|at| *at > model.tick),
        _ => None,
    });
    let texts = model.tick + until_a_text_changes(model);
    let order = if model.held.is_none() { model.board.next_order() } else { None };
    dialogs.chain(rest::wakes(model)).chain([texts]).chain(order).min()
}

/// How long until an age or a clock time on the screen is another one.
fn until_a_text_changes(model: &Model) -> Duration {
    let now = model.now;
    let mut wait = to_the_minute(now);
    let mut since = |then: Option<Timestamp>| {
        if let Some(then) = then {
            wait = wait.min(age_changes_in(then, now));
        }
    };
    match &model.live.connection {
        Connection::Live => {
            for status in model.live.kinds.values() {
                if let Watch::Failing { since: then, .. } | Watch::Forbidden { since: Some(then), .. } = &status.watch {
                    since(Some(*then));
                }
                since(status.denied.iter().filter_map(|denied| denied.since).min());
            }
        }
        Connection::Connecting { since: then } | Connection::Away { since: then, .. } => since(Some(*then)),
    }
    since(model.held.as_ref().map(|held| held.since));
    since(model.messages.shown().map(|message| message.at));
    let measured = model.layers.iter().rev().find(|layer| !layer.is_dialog()).and_then(|layer| match layer {
        Layer::Release(view) => model.measured(&view.release.uid),
        Layer::Chart(chart) => model.measured(&chart.release.uid),
        _ => None,
    });
    let aged = measured.and_then(|measured| measuring::wakes(measured, now));
    match model.layers.iter().rev().find(|layer| !layer.is_dialog()) {
        Some(Layer::Release(view)) => {
            let release = &view.release;
            since(release.since);
            since(view.gone);
            since(release.step.as_ref().and_then(|step| step.since));
            if let Some(traffic) = &release.traffic {
                since(traffic.last_write.as_ref().and_then(|(_, at)| *at));
                since(traffic.waiting.as_ref().and_then(|waiting| waiting.since));
                since(traffic.switch.as_ref().and_then(|switch| switch.switched_at));
            }
            for pod in release.pods() {
                since(pod.created);
                since(pod.trouble.as_ref().and_then(|trouble| trouble.since));
            }
            for entry in &release.history {
                since(entry.created);
            }
            if let crate::app::layers::release::Events::Listed(events) = &view.events {
                for event in events {
                    since(Some(event.at));
                }
            }
        }
        None => {
            let rows = &model.board.rows;
            let page = layout::board_rows(model);
            let first = model.board.scroll.first(rows.len(), page);
            for release in rows.iter().skip(first).take(page) {
                since(release.stands_since());
            }
        }
        Some(_) => {}
    }
    for write in model.writes.running() {
        since(Some(write.since));
    }
    wait = aged.and_then(|aged| Duration::try_from(aged).ok()).map_or(wait, |aged| wait.min(aged));
    if let Some(Layer::Release(view)) = model.layers.iter().rev().find(|layer| !layer.is_dialog())
        && let Some(traffic) = &view.release.traffic
    {
        if let crate::guard::Baking::Counting { time, .. } = super::gates::baking_shown(model, &view.release) {
            wait = wait.min(countdown_changes_in(now.checked_add(time).unwrap_or(now), now));
        }
        for countdown in &traffic.countdowns {
            wait = wait.min(countdown_changes_in(countdown.due, now));
        }
    }
    wait
}

fn to_the_minute(now: Timestamp) -> Duration {
    let into = now.as_millisecond().rem_euclid(60_000);
    Duration::from_millis(60_000 - into as u64)
}

/// How long until the shown form of an age is another one: seconds for a minute, minutes for an hour…
fn age_changes_in(then: Timestamp, now: Timestamp) -> Duration {
    let age = Age::between(then, now).0;
    let unit = match age.as_secs() {
        ..60 => 1_000,
        60..3_600 => 60_000,
        3_600..172_800 => 3_600_000,
        _ => 86_400_000,
    };
    let into = age.as_millis().rem_euclid(unit);
    Duration::from_millis((unit - into) as u64)
}

/// The same for the time that is left until `due`; a minute when it is over.
fn countdown_changes_in(due: Timestamp, now: Timestamp) -> Duration {
    let left = Age::between(now, due).0;
    if left.is_zero() {
        return Duration::from_mins(1);
    }
    let unit = match left.as_secs() {
        ..60 => 1_000,
        60..3_600 => 60_000,
        _ => 3_600_000,
    };
    let into = left.as_millis().rem_euclid(unit);
    Duration::from_millis(if into == 0 { unit } else { into } as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn an_age_is_drawn_again_only_when_its_text_changes() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let ago = |seconds: i64| now - SignedDuration::from_secs(seconds);
        assert_eq!(age_changes_in(ago(5), now), Duration::from_secs(1));
        assert_eq!(age_changes_in(ago(90), now), Duration::from_secs(30));
        assert_eq!(age_changes_in(ago(3_600), now), Duration::from_hours(1));
        assert_eq!(age_changes_in(now + SignedDuration::from_secs(9), now), Duration::from_secs(1));
        assert_eq!(to_the_minute(Timestamp::from_second(60).unwrap()), Duration::from_mins(1));
    }
}
