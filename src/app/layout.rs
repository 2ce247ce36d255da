//! How many lines each part of the screen has: one account for moving and for drawing.

use super::model::{Model, Size};

/// Lines of the board that are no rows: header, counters, column names, rule, two lines on the selected row, footer.
const BOARD_FRAME: u16 = 7;

/// Lines around a pane: header, summary, tabs, two borders, two lines on the release, footer.
const PANE_FRAME: u16 = 8;

/// Lines around a list or a text: header, two borders, footer.
const OVERLAY_FRAME: u16 = 4;

/// Whether a line above the footer is taken by a message or a question.
pub fn has_message(model: &Model) -> bool {
    model.messages.shown().is_some() || model.board.typing
}

/// Rows of releases in sight.
pub fn board_rows(model: &Model) -> usize {
    lines(model, BOARD_FRAME)
}

/// The heights of the three rows of panes that are shown at once; the second row's first pane is the traffic.
pub const fn grid_rows(height: u16, traffic: bool) -> [u16; 3] {
    let (first, second) = if traffic { (height * 3 / 10, height * 9 / 20) } else { (height * 2 / 5, height * 3 / 10) };
    [first, second, height - first - second]
}

/// Lines of a pane in sight.
pub fn pane_lines(model: &Model) -> usize {
    if model.size.shows_all_panes() {
        // Header, summary, two lines on the release, footer; three rows of two panes with two borders each.
        return (lines(model, 5) / 3).saturating_sub(2);
    }
    lines(model, PANE_FRAME)
}

/// Lines of a list or text over the screen in sight.
pub const fn overlay_lines(size: Size) -> usize {
    size.height.saturating_sub(OVERLAY_FRAME) as usize
}

fn lines(model: &Model, frame: u16) -> usize {
    usize::from(model.size.height.saturating_sub(frame).saturating_sub(u16::from(has_message(model))))
}
