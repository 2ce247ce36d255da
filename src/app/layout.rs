//! How many lines each part of the screen has: one account for moving and for drawing.

use super::cells::{head, without_middle, wrap};
use super::layers::Layer;
use super::messages::Level;
use super::model::{Model, Size};

/// Lines of the board that are no rows: header, counters, column names, rule, two lines on the selected row, footer.
const BOARD_FRAME: u16 = 7;

/// Of these, the lines on the selected row that there are always.
const ABOUT_LINES: u16 = 2;

/// Lines around a pane: header, summary, tabs, two borders, two lines on the release, footer.
const PANE_FRAME: u16 = 8;

/// Lines around a list or a text: header, two borders, footer.
const OVERLAY_FRAME: u16 = 4;

/// The most of one message that is looked at: what is longer is read in the list of messages.
const LONGEST_MESSAGE: usize = 600;

/// The lines above the footer that a message takes, as they are drawn behind its sign; one, and empty, while the filter is
/// typed there. A reason is worth some lines; on a low screen the list is worth more.
pub fn message_lines(model: &Model) -> Vec<String> {
    if model.board.typing {
        return vec![String::new()];
    }
    let Some(message) = model.messages.shown() else { return Vec::new() };
    let most = match model.size.height {
        ..12 => 1,
        12..20 => 2,
        _ => 3,
    };
    // A cell before and behind the sign and one at the end; behind what stays, its age and how many more there are.
    let aside = match message.level {
        _ if model.messages.behind() > 0 => 22,
        Level::Note => 0,
        _ => 7,
    };
    let room = usize::from(model.size.width).saturating_sub(4 + aside).max(1);
    let times = if message.times > 1 { format!(" ({}x)", message.times) } else { String::new() };
    let text = format!("{}{times}", head(&message.text, LONGEST_MESSAGE));
    let mut lines = wrap(&text, room);
    if lines.len() > most {
        // A long name keeps its ends and leaves room for what is said of it.
        let words: Vec<_> = text.split(' ').map(|word| without_middle(word, room / 2)).collect();
        lines = wrap(&words.join(" "), room);
    }
    if lines.len() > most {
        // What does not fit is drawn with the sign of elision.
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(rest);
    }
    lines
}

/// Rows of releases in sight.
pub fn board_rows(model: &Model) -> usize {
    lines(model, BOARD_FRAME + about_lines(model) - ABOUT_LINES)
}

/// Lines on the selected release: more than the usual ones where the releases leave rows free, so that a reason is not cut
/// beside them. By all releases and not by those that a filter leaves: what is typed moves nothing.
pub fn about_lines(model: &Model) -> u16 {
    // Before anything was read nothing is cut, and how many there will be is not known.
    let free = match model.board.total {
        0 => 0,
        total => lines(model, BOARD_FRAME).saturating_sub(total),
    };
    ABOUT_LINES + (free as u16).min(2)
}

/// The heights of the three rows of panes that are shown at once; the second row's first pane is the traffic.
pub const fn grid_rows(height: u16, traffic: bool) -> [u16; 3] {
    let (first, second) = if traffic { (height * 3 / 10, height * 9 / 20) } else { (height * 2 / 5, height * 3 / 10) };
    [first, second, height - first - second]
}

/// The heights of the panes of one column: `rows`, but what one does not fill goes to those that have more to show, the
/// upper ones first. `wants`: the lines of each with its frame; `None`: as many as there are.
pub fn column(rows: [u16; 3], wants: [Option<u16>; 3]) -> [u16; 3] {
    let want = |place: usize| wants[place].unwrap_or(u16::MAX);
    let mut heights = rows;
    let mut free = 0;
    for (place, height) in heights.iter_mut().enumerate() {
        let spare = height.saturating_sub(want(place).max(LEAST_PANE));
        *height -= spare;
        free += spare;
    }
    for (place, height) in heights.iter_mut().enumerate() {
        let more = want(place).saturating_sub(*height).min(free);
        *height += more;
        free -= more;
    }
    heights[2] += free;
    heights
}

/// The least lines that a pane keeps beside others, with its frame: one that is empty now may fill in a moment.
const LEAST_PANE: u16 = 6;

/// Lines of a pane in sight.
pub fn pane_lines(model: &Model) -> usize {
    if model.size.shows_all_panes() {
        // Header, summary, two lines on the release, footer; three rows of two panes with two borders each.
        return (lines(model, 5) / 3).saturating_sub(2);
    }
    // Whoever else steps the release has a line of their own.
    let another = model.layers.iter().rev().find_map(|layer| match layer {
        Layer::Release(view) => model.stepped_by_another(&view.release.key),
        _ => None,
    });
    lines(model, PANE_FRAME + u16::from(another.is_some()))
}

/// Lines of a list or text over the screen in sight.
pub const fn overlay_lines(size: Size) -> usize {
    size.height.saturating_sub(OVERLAY_FRAME) as usize
}

fn lines(model: &Model, frame: u16) -> usize {
    usize::from(model.size.height.saturating_sub(frame).saturating_sub(message_lines(model).len() as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_does_not_push_the_reason_out_of_the_message_line() {
        for (height, shown) in [(10, 1), (24, 3)] {
            let mut model = crate::ui::view::samples::console(80, height, "");
            model.error(format!("deployment/{} in shop changed since you looked", "n".repeat(250)));
            let lines = message_lines(&model);
            assert!(lines.len() <= shown, "{lines:?}");
            let line = lines.join(" ");
            assert!(line.starts_with("deployment/nn") && line.contains("changed since you looked"), "{line}");
            assert!(crate::app::cells::width(&lines[0]) <= 80 - 4, "{line}");
        }
    }

    #[test]
    fn what_one_pane_of_a_column_does_not_fill_goes_to_those_that_have_more() {
        assert_eq!(column([20, 20, 20], [Some(40), Some(8), None]), [32, 8, 20]);
        assert_eq!(column([20, 20, 20], [Some(8), Some(9), None]), [8, 9, 43]);
        assert_eq!(column([20, 20, 20], [Some(3), Some(20), Some(20)]), [6, 20, 34]);
        assert_eq!(column([20, 20, 20], [Some(90), Some(90), Some(90)]), [20, 20, 20]);
        assert_eq!(column([3, 4, 5], [Some(2), Some(2), Some(2)]), [3, 4, 5]);
    }
}
