//! The first line: which cluster this is, and how live.
//!
//! ```text
//!  heron PROTECTED   ns shop pay (2)   prod-eu                    live   03:12 UTC
//! ```
//! When it gets narrow, what matters least goes first; the fingerprint word never goes.

use super::said::shown;
use crate::app::Model;
use crate::app::layers::Layer;
use crate::domain::Age;
use crate::domain::snapshot::{Connection, LIVE_LIMIT, Watch};
use crate::ui::text::{self, Elide};
use crate::ui::widgets::{Look, Slot, fill, put};
use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// One thing of the header.
struct Part {
    text: String,
    style: Style,
    /// Stands on the right.
    right: bool,
    /// Tells how safe it is to write.
    grave: bool,
    /// May be cut in its middle.
    cuts: bool,
}

/// Draws the header.
pub fn draw(buffer: &mut Buffer, slot: Slot, model: &Model, look: Look<'_>) {
    fill(buffer, slot.area(), look.theme.style("screen").patch(look.theme.style("header")));
    let (cells, gap) = (usize::from(slot.cells), gap(usize::from(slot.cells)));
    let parts = kept(model, cells, look);
    let mut left = slot.after(1);
    for (place, part) in parts.iter().filter(|part| !part.right).enumerate() {
        // The word and its protection belong together; the rest stands apart.
        let between = match place {
            0 => 0,
            1 if model.session.protected() => 1,
            _ => gap,
        };
        left = left.after(between);
        left = put(buffer, left, &part.text, part.style);
    }
    let rights: Vec<&Part> = parts.iter().filter(|part| part.right).collect();
    let wide: usize = rights.iter().map(|part| text::width(&part.text) + gap).sum::<usize>().saturating_sub(gap - 1);
    let mut right = slot.last(wide);
    for part in rights {
        right = put(buffer, right, &part.text, part.style).after(gap);
    }
}

/// Whether a header of so many cells has room for the name of the open release.
pub(super) fn names_release(model: &Model, cells: usize, look: Look<'_>) -> bool {
    kept(model, cells, look).iter().any(|part| part.cuts)
}

/// How far its parts stand apart.
const fn gap(cells: usize) -> usize {
    if cells < 70 { 2 } else { 3 }
}

/// The parts that have room in so many cells.
fn kept(model: &Model, cells: usize, look: Look<'_>) -> Vec<Part> {
    let mut parts = parts(model, look);
    shorten(&mut parts, cells, look);
    let mut room = cells;
    let mut full = false;
    let mut first = true;
    parts.retain(|part| {
        let needed = text::width(&part.text) + if first { 1 } else { gap(cells) };
        // What tells how safe it is to write goes in its order: nothing takes the room of what matters more.
        let fits = first || (needed <= room && !(full && part.grave));
        full |= !fits && part.grave;
        first = false;
        if fits {
            room = room.saturating_sub(needed);
        }
        fits
    });
    parts
}

/// The fewest cells of a name that still tell something.
const SHORTEST_NAME: usize = 16;

/// A long name is cut in its middle before it is left out: all that matters more keeps its room.
fn shorten(parts: &mut [Part], cells: usize, look: Look<'_>) {
    let Some(place) = parts.iter().position(|part| part.cuts) else { return };
    let before: usize = parts[..place].iter().map(|part| text::width(&part.text) + 3).sum();
    let room = cells.saturating_sub(before + 4);
    if room >= SHORTEST_NAME {
        parts[place].text = look.elide(&parts[place].text, room, Elide::Middle).into_owned();
    }
}

/// What the header holds, what matters most first.
fn parts(model: &Model, look: Look<'_>) -> Vec<Part> {
    let theme = look.theme;
    let session = &model.session;
    let make = |text: String, scope: &str, right: bool| Part {
        text,
        style: theme.style(scope),
        right,
        grave: scope.starts_with("header.") && scope != "header.crumb",
        cuts: scope == "header.crumb",
    };
    let word = shown(&session.cluster.fingerprint.word).into_owned();
    let mut parts = vec![Part {
        text: word,
        style: theme.fingerprint(session.context.color.as_deref()),
        right: false,
        grave: true,
        cuts: false,
    }];
    if session.protected() {
        parts.push(make("PROTECTED".to_owned(), "header.protected", false));
    }
    let switches =
        [(session.read_only(), "read-only"), (session.rehearse(), "rehearsal"), (session.simulated, "simulated")];
    for (_, mode) in switches.into_iter().filter(|(on, _)| *on) {
        parts.push(make(mode.to_owned(), "header.mode", false));
    }
    let (connection, well) = connection(model);
    parts.push(make(connection, if well { "header.live" } else { "header.stale" }, true));
    if let Some(Layer::Release(view)) = model.layers.iter().find(|layer| matches!(layer, Layer::Release(_))) {
        let crumb = format!("{} {}", look.glyphs.crumb, shown(&view.release.key.qualified()));
        parts.push(make(crumb, "header.crumb", false));
    } else {
        parts.push(make(namespaces(model), "header.crumb", false));
    }
    parts.push(make(shown(session.context_name()).into_owned(), "header", false));
    let clock = model.now.to_zoned(model.zone.clone()).strftime("%H:%M %Z").to_string();
    parts.push(make(clock, "header", true));
    parts
}

fn namespaces(model: &Model) -> String {
    let names = &model.shown().namespaces;
    match names.len() {
        0 => "all namespaces".to_owned(),
        1 => format!("ns {}", shown(&names[0])),
        count => {
            let first: Vec<_> = names.iter().take(2).map(|name| shown(name)).collect();
            let more = if count > 2 { " …" } else { "" };
            format!("ns {}{more} ({count})", first.join(" "))
        }
    }
}

/// How live what is shown is, and whether that is well.
fn connection(model: &Model) -> (String, bool) {
    let snapshot = &model.live;
    if let Some(held) = &model.held {
        return (format!("held still {}", Age::between(held.since, model.now)), false);
    }
    match &snapshot.connection {
        Connection::Connecting { since } => (format!("connecting {}", Age::between(*since, model.now)), false),
        Connection::Away { since, cause, retry_at, .. } => {
            // A part of a second is a second: who is told nothing can't know that it is tried at all.
            let wait = retry_at.duration_since(model.now).as_millis();
            let again = match u64::try_from(wait).unwrap_or(0).div_ceil(1_000) {
                0 => ", trying".to_owned(),
                seconds => format!(", again in {}", Age::seconds(i64::try_from(seconds).unwrap_or(i64::MAX))),
            };
            (format!("away {}: {cause}{again}", Age::between(*since, model.now)), false)
        }
        Connection::Live => {
            let age = snapshot.age(model.now);
            if age > LIVE_LIMIT {
                return (format!("stale {age}"), false);
            }
            let reading = snapshot.kinds.values().any(|kind| matches!(kind.watch, Watch::Listing));
            (if reading { "reading".to_owned() } else { "live".to_owned() }, true)
        }
    }
}
