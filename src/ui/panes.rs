//! The panes of an open release: one file each; a new one is its file and one line here.

pub(in crate::ui) mod errors;
mod events;
mod health;
mod history;
mod traffic;
mod versions;

use crate::app::Model;
use crate::app::layers::ReleaseView;
use crate::app::model::Pane;
use crate::ui::widgets::Look;
use crate::ui::widgets::pane::{self, Frame};
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

/// What a pane draws.
struct Content {
    title: String,
    detail: String,
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
    let content = title(drawn);
    // Beside others a pane says which one it is; alone, the tabs do.
    let name = if model.size.shows_all_panes() {
        format!("{} {}  {}", pane.place() + 1, pane.title(), content.title)
    } else {
        content.title
    };
    let frame = if focused { Frame::Focused } else { Frame::Pane };
    let frame = pane::Pane { title: name.trim_end(), detail: &content.detail, frame };
    let inside = frame.draw(buffer, area, look);
    if inside.width > 0 && inside.height > 0 {
        body(buffer, inside, drawn);
    }
}
