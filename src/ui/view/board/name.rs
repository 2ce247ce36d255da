//! A release's name on the board, and what stands behind it: its kind, where another one has the same name, whether a guard
//! of this console watches it, and who else steps it.

use crate::app::Model;
use crate::app::board::bytes_of_name;
use crate::domain::Release;
use crate::ui::text::{Elide, width};
use crate::ui::view::presence;
use crate::ui::view::said::shown;
use crate::ui::widgets::Look;
use ratatui::text::{Line, Span};
use std::borrow::Cow;

/// Each mark, and the theme's style for it.
fn marks<'a>(release: &Release, model: &'a Model) -> impl Iterator<Item = (Cow<'a, str>, &'static str)> {
    let twin = model.board.twins.contains(&release.uid).then(|| (release.key.kind.singular().into(), "text.muted"));
    let guard = model.guards.of(&release.uid).map(|guard| {
        let word = guard.word();
        (word.into(), if word == "guard" { "text.muted" } else { "verdict.bad" })
    });
    let another = model.stepped_by_another(&release.key);
    let another = another.map(|another| (presence::mark(another).into(), "message.warning"));
    [twin, guard, another].into_iter().flatten()
}

/// The cells of the longest name with its marks. Where nobody has one, as nearly always, no release is looked at.
pub(super) fn longest_marked(model: &Model) -> usize {
    if model.guards.is_empty() && model.shown().presence.is_empty() && model.board.twins.is_empty() {
        return 0;
    }
    let marked = model.board.rows.iter().filter(|release| has_mark(release, model));
    marked.map(|release| bytes_of_name(release) + cells_of_marks(release, model)).max().unwrap_or(0)
}

fn has_mark(release: &Release, model: &Model) -> bool {
    model.guards.of(&release.uid).is_some()
        || model.stepped_by_another(&release.key).is_some()
        || (!model.board.twins.is_empty() && model.board.twins.contains(&release.uid))
}

/// How many cells they take behind the name.
fn cells_of_marks(release: &Release, model: &Model) -> usize {
    marks(release, model).map(|(mark, _)| width(&mark) + 1).sum()
}

/// The name with its marks, in `cells`: the name gives way, and never its marks.
pub(super) fn named(release: &Release, cells: usize, model: &Model, look: Look<'_>) -> Line<'static> {
    let name = format!("{}/{}", shown(&release.key.namespace), shown(&release.key.name));
    if !has_mark(release, model) {
        return Line::raw(name);
    }
    // A few letters of the name are worth more than a mark.
    let room = cells.saturating_sub(cells_of_marks(release, model)).max(cells.min(8));
    let mut line = Line::raw(look.elide(&name, room, Elide::Middle).into_owned());
    for (mark, style) in marks(release, model) {
        line.push_span(Span::styled(format!(" {mark}"), look.theme.style(style)));
    }
    line
}
