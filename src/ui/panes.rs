//! The panes of an open release: one file each; a new one is its file and one line here.

pub(in crate::ui) mod errors;
mod events;
mod health;
mod history;
mod traffic;
mod versions;

use crate::app::Model;
use crate::app::layers::ReleaseView;
use crate::app::layers::release::version_rows;
use crate::app::model::Pane;
use crate::domain::Kind;
use crate::domain::snapshot::{Connection, Watch};
use crate::ui::text::Elide;
use crate::ui::view::unread;
use crate::ui::widgets::pane::{self, Frame};
use crate::ui::widgets::{Look, Slot, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What a pane draws from.
#[derive(Clone, Copy)]
struct Drawn<'a> {
    model: &'a Model,
    view: &'a ReleaseView,
    look: Look<'a>,
    /// Whether the keys go to this pane.
    focused: bool,
}

impl Drawn<'_> {
    /// Why what a pane shows of `kind` is missing or old, in a sentence.
    fn unread(self, kind: Kind) -> Option<String> {
        let snapshot = self.model.shown();
        unread::reading_of(snapshot, kind, &self.view.release.key.namespace, self.model.now)
    }

    /// Says above what a pane shows of `kind` that it is old; gives the room below.
    fn says_old(self, buffer: &mut Buffer, area: Rect, kind: Kind) -> Rect {
        let snapshot = self.model.shown();
        let listing = snapshot.kinds.get(&kind).is_some_and(|status| status.watch == Watch::Listing);
        // While nothing is read at all, the header and the message say so.
        let told = matches!(snapshot.connection, Connection::Live) && !listing && area.height > 3;
        let Some(why) = self.unread(kind).filter(|_| told) else { return area };
        let slot = Slot::row(area, 0).after(1);
        let text = self.look.elide(&why, usize::from(slot.cells).saturating_sub(1), Elide::End);
        put(buffer, slot, &text, self.look.theme.style("message.warning"));
        Rect { y: area.y + 1, height: area.height - 1, ..area }
    }
}

/// What a pane draws.
struct Content {
    title: String,
    detail: String,
}

/// How many lines a pane of this width has with its frame, where others would use what it leaves; `None`: it shows as many
/// as there is room for.
pub fn wants(model: &Model, view: &ReleaseView, pane: Pane, width: u16, look: Look<'_>) -> Option<u16> {
    let drawn = Drawn { model, view, look, focused: view.pane == pane };
    let cells = usize::from(width.saturating_sub(4));
    let lines = match pane {
        // In steps: pods that come and go move nothing.
        Pane::Versions => version_rows(&view.release).len().next_multiple_of(4),
        Pane::Traffic => traffic::lines(drawn, cells),
        Pane::Health => health::lines(drawn, cells),
        Pane::Errors => errors::lines(drawn, cells),
        Pane::History => history::lines(drawn),
        Pane::Events => return None,
    };
    Some(u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2))
}

/// Draws one pane with its frame.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, view: &ReleaseView, pane: Pane, look: Look<'_>) {
    type Title = fn(Drawn<'_>) -> Content;
    type Body = fn(&mut Buffer, Rect, Drawn<'_>);
    let focused = view.pane == pane;
    let drawn = Drawn { model, view, look, focused };
    let (title, body): (Title, Body) = match pane {
        Pane::Versions => (versions::title, versions::draw),
        Pane::Traffic => (traffic::title, traffic::draw),
        Pane::Health => (health::title, health::draw),
        Pane::Errors => (errors::title, errors::draw),
        Pane::History => (history::title, history::draw),
        Pane::Events => (events::title, events::draw),
    };
    let mut content = title(drawn);
    // What was told meanwhile stays true; all else is of something that is no more.
    if view.gone.is_some() && pane != Pane::Events {
        content.title = format!("last seen: {}", content.title);
    }
    // Beside others a pane says which one it is; alone, the tabs do.
    let name = if model.size.shows_all_panes() {
        format!("{} {}  {}", pane.place() + 1, pane.title(), content.title)
    } else {
        content.title
    };
    let frame = if focused { Frame::Focused } else { Frame::Pane };
    let frame = pane::Pane { title: name.trim_end(), detail: &content.detail, frame };
    let moves = pane == Pane::Versions && view.gone.is_none();
    let progress = if moves { versions::moving(&view.release) } else { None };
    let inside = frame.draw_moving(buffer, area, progress, look);
    if inside.width > 0 && inside.height > 0 {
        body(buffer, inside, drawn);
    }
}
