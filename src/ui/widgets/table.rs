//! A table of any length of which only the visible rows are built.
//!
//! ```text
//!   STATE            RELEASE        HOW       STEP    % VERSIONS      READY ERR%
//! ▌▲ failed       6m shop/search    rolling             v41→v42 !pull  6/8  0.1
//! ```
//! When it gets narrow, whole columns are dropped, the least important first, so that the rest stays legible.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::{Look, Slot, put, put_line};
use crate::ui::text::{self, Align, Elide};

/// How wide a column is, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Always this wide.
    Fixed(u16),
    /// As wide as there is room, within these bounds; gets its room before the flexible ones.
    Between(u16, u16),
    /// At least `min`, and its share of what the others leave.
    Flex {
        /// The least.
        min: u16,
        /// Its share, set against the others'.
        share: u16,
    },
}

impl Width {
    const fn min(self) -> u16 {
        match self {
            Self::Fixed(cells) | Self::Between(cells, _) | Self::Flex { min: cells, .. } => cells,
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in the first line.
    pub title: &'static str,
    /// How wide it is.
    pub width: Width,
    /// Where its texts go.
    pub align: Align,
    /// What is left out of a text that is too long.
    pub elide: Elide,
    /// When there is too little room, the column with the lowest number goes first; 255 never goes.
    pub importance: u8,
}

impl Column {
    /// A column against the left, whose texts lose their ends when they are too long, and that never goes.
    pub const fn new(title: &'static str, width: Width) -> Self {
        Self { title, width, align: Align::Left, elide: Elide::End, importance: 255 }
    }

    /// The same against the right.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }

    /// The same with another way to leave out.
    #[must_use]
    pub const fn elided(self, elide: Elide) -> Self {
        Self { elide, ..self }
    }

    /// The same with an importance.
    #[must_use]
    pub const fn importance(self, importance: u8) -> Self {
        Self { importance, ..self }
    }
}

/// A row: one line a column, in the columns' order, and a style beneath them all.
#[derive(Debug, Clone, Default)]
pub struct Row<'a> {
    /// The cells; missing ones are empty.
    pub cells: Vec<Line<'a>>,
    /// The style beneath.
    pub style: Style,
}

/// A table.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// How many rows there are.
    pub len: usize,
    /// The first row that is shown.
    pub offset: usize,
    /// The selected row.
    pub selected: Option<usize>,
    /// Whether the names of the columns are shown.
    pub header: bool,
}

impl Table<'_> {
    /// How many rows an area of this height shows.
    pub fn visible(&self, height: u16) -> usize {
        usize::from(height.saturating_sub(u16::from(self.header)))
    }

    /// Draws; `row` is asked for the visible rows only. The first cell of each line is for the sign of selection.
    pub fn draw<'r>(&self, buffer: &mut Buffer, area: Rect, look: Look<'_>, mut row: impl FnMut(usize) -> Row<'r>) {
        let area = area.intersection(buffer.area);
        let places = lay_out(self.columns, area.width.saturating_sub(1));
        let slots = |y: u16| {
            let line = Slot::row(area, y).after(1);
            places.iter().map(move |place| place.map(|(x, cells)| line.after(usize::from(x)).first(usize::from(cells))))
        };
        if self.header {
            let style = look.theme.style("table.header");
            for (column, slot) in self.columns.iter().zip(slots(0)) {
                if let Some(slot) = slot {
                    put_cell(buffer, slot, &Line::styled(column.title, style), *column, look);
                }
            }
        }
        let first = u16::from(self.header);
        let shown = self.len.saturating_sub(self.offset).min(self.visible(area.height));
        for (y, index) in (first..).zip(self.offset..self.offset + shown) {
            let row = row(index);
            let line = Slot::row(area, y);
            buffer.set_style(line.area(), row.style);
            for ((column, slot), cell) in self.columns.iter().zip(slots(y)).zip(&row.cells) {
                if let Some(slot) = slot {
                    put_cell(buffer, slot, cell, *column, look);
                }
            }
            if self.selected == Some(index) {
                let selected = look.theme.style("row.selected");
                buffer.set_style(line.area(), selected);
                // Where the row is reversed, its mark is not: reversed it would stand on the wrong side.
                let mark = look.theme.style("row.mark").remove_modifier(Modifier::REVERSED);
                put(buffer, line.first(1), look.glyphs.selected, mark);
            }
        }
    }
}

fn put_cell(buffer: &mut Buffer, slot: Slot, cell: &Line<'_>, column: Column, look: Look<'_>) {
    let width: usize = cell.spans.iter().map(|span| text::width(&span.content)).sum();
    let room = usize::from(slot.cells);
    if width > room && (column.elide != Elide::End) {
        // Only texts of one style are cut elsewhere than at their end.
        let whole: String = cell.spans.iter().map(|span| span.content.as_ref()).collect();
        let style = cell.spans.first().map_or(cell.style, |span| cell.style.patch(span.style));
        put(buffer, slot, &look.elide(&whole, room, column.elide), style);
        return;
    }
    let slot = match column.align {
        Align::Left => slot,
        Align::Right => slot.last(width),
    };
    put_line(buffer, slot, cell, look);
}

/// Where each column goes in `width` cells: its first cell and its width, one empty cell between two; `None` for a
/// column that was dropped.
pub fn lay_out(columns: &[Column], width: u16) -> Vec<Option<(u16, u16)>> {
    let mut shown: Vec<bool> = vec![true; columns.len()];
    let needed = |shown: &[bool]| {
        let own = columns.iter().zip(shown).filter(|(_, shown)| **shown);
        own.map(|(column, _)| u32::from(column.width.min()) + 1).sum::<u32>().saturating_sub(1)
    };
    while needed(&shown) > u32::from(width) {
        let droppable = (0..columns.len()).filter(|index| shown[*index] && columns[*index].importance < 255);
        // Of equal ones the last goes first.
        let Some(index) = droppable.rev().min_by_key(|index| columns[*index].importance) else { break };
        shown[index] = false;
    }
    let mut cells: Vec<u16> = columns.iter().map(|column| column.width.min()).collect();
    let mut free = u32::from(width).saturating_sub(needed(&shown)).try_into().unwrap_or(u16::MAX);
    grow_bounded(columns, &shown, &mut cells, &mut free);
    grow_flexible(columns, &shown, &mut cells, free);
    let mut x = 0u16;
    let mut places = Vec::with_capacity(columns.len());
    for (shown, cells) in shown.into_iter().zip(cells) {
        if !shown {
            places.push(None);
            continue;
        }
        // Columns that never go are cut off by the edge when there is no room for them at all.
        places.push(Some((x.min(width), cells.min(width.saturating_sub(x)))));
        x = x.saturating_add(cells).saturating_add(1);
    }
    places
}

/// Gives columns with bounds what they may have, the most important first.
fn grow_bounded(columns: &[Column], shown: &[bool], cells: &mut [u16], free: &mut u16) {
    let mut order: Vec<usize> = (0..columns.len()).filter(|index| shown[*index]).collect();
    order.sort_unstable_by_key(|index| (std::cmp::Reverse(columns[*index].importance), *index));
    for index in order {
        if let Width::Between(min, max) = columns[index].width {
            let more = max.saturating_sub(min).min(*free);
            cells[index] += more;
            *free -= more;
        }
    }
}

/// Shares what is left among the flexible columns; the last one gets the rest of the division.
fn grow_flexible(columns: &[Column], shown: &[bool], cells: &mut [u16], free: u16) {
    let share = |index: usize| match columns[index].width {
        Width::Flex { share, .. } if shown[index] => u32::from(share),
        _ => 0,
    };
    let mut shares: u32 = (0..columns.len()).map(share).sum();
    let mut left = u32::from(free);
    for (index, cells) in cells.iter_mut().enumerate() {
        let own = share(index);
        if own == 0 {
            continue;
        }
        let part = left * own / shares;
        *cells += part as u16;
        left -= part;
        shares -= own;
    }
}

/// The first row to show so that `selected` is visible among `visible` rows, moving as little as can be, and without
/// empty lines at the end while there are rows above.
pub fn scrolled(offset: usize, selected: Option<usize>, visible: usize, len: usize) -> usize {
    let last = len.saturating_sub(visible);
    let offset = offset.min(last);
    match selected {
        Some(row) if row < offset => row,
        Some(row) if visible > 0 && row >= offset + visible => (row + 1 - visible).min(last),
        _ => offset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn};
    use proptest::prelude::*;

    const COLUMNS: &[Column] = &[
        Column::new("STATE", Width::Fixed(8)),
        Column::new("RELEASE", Width::Flex { min: 8, share: 1 }).elided(Elide::Middle),
        Column::new("HOW", Width::Between(4, 7)).importance(10),
        Column::new("READY", Width::Fixed(5)).right().importance(20).elided(Elide::Never),
    ];

    fn row(index: usize) -> Row<'static> {
        let cells = ["failed".into(), format!("shop/checkout-{index}").into(), "rolling".into(), "6/8".into()];
        Row { cells: cells.into(), style: Style::new() }
    }

    fn table(offset: usize) -> Table<'static> {
        Table { columns: COLUMNS, len: 1_000_000, offset, selected: Some(1), header: true }
    }

    #[test]
    fn columns_are_aligned_and_the_selected_row_is_marked() {
        let lines = drawn(44, 4, |buffer, area, look| table(0).draw(buffer, area, look, row));
        assert_eq!(
            lines,
            [
                " STATE    RELEASE              HOW     READY",
                " failed   shop/checkout-0      rolling   6/8",
                "▌failed   shop/checkout-1      rolling   6/8",
                " failed   shop/checkout-2      rolling   6/8",
            ]
        );
    }

    #[test]
    fn only_the_visible_rows_are_built() {
        let mut built = Vec::new();
        drawn(40, 4, |buffer, area, look| {
            table(500).draw(buffer, area, look, |index| {
                built.push(index);
                row(index)
            });
        });
        assert_eq!(built, [500, 501, 502]);
    }

    #[test]
    fn narrow_tables_drop_the_least_important_columns_and_elide_names_in_the_middle() {
        let at = |width| drawn(width, 2, |buffer, area, look| table(0).draw(buffer, area, look, row))[1].clone();
        assert_eq!(at(30), " failed   shop…t-0 roll…   6/8");
        assert_eq!(at(26), " failed   shop/…ut-0   6/8");
        assert_eq!(at(18), " failed   shop…t-0");
        assert_eq!(at(12), " failed   s…");
    }

    #[test]
    fn a_number_that_does_not_fit_is_not_shown_cut() {
        let wide = |_| Row { cells: vec!["".into(), "".into(), "".into(), "1000/1000".into()], style: Style::new() };
        assert_eq!(drawn(60, 2, |buffer, area, look| table(0).draw(buffer, area, look, wide))[1], "");
    }

    #[test]
    fn the_selected_row_is_styled_over_the_styles_of_its_cells() {
        let drawn = crate::ui::widgets::testing::buffer(40, 4, &crate::ui::glyphs::UNICODE, |buffer, area, look| {
            table(0).draw(buffer, area, look, |_| Row {
                cells: vec![Line::styled("failed", look.theme.style("state.failed"))],
                style: Style::new(),
            });
            assert_eq!(buffer[(1, 2)].bg, look.theme.style("row.selected").bg.unwrap());
            assert_eq!(buffer[(1, 2)].fg, look.theme.style("state.failed").fg.unwrap());
        });
        assert_ne!(drawn[(39, 2)].bg, drawn[(39, 1)].bg);
    }

    #[test]
    fn scrolling_moves_as_little_as_it_can() {
        assert_eq!(scrolled(0, Some(3), 5, 10), 0);
        assert_eq!(scrolled(0, Some(5), 5, 10), 1);
        assert_eq!(scrolled(4, Some(2), 5, 10), 2);
        assert_eq!(scrolled(9, None, 5, 10), 5);
        assert_eq!(scrolled(3, Some(1), 5, 3), 0);
        assert_eq!(scrolled(0, Some(9), 0, 10), 0);
        assert_eq!(scrolled(7, None, 5, 0), 0);
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| table(999_998).draw(buffer, area, look, row));
    }

    proptest! {
        #[test]
        fn columns_never_overlap_and_never_leave_the_width(
            spec in proptest::collection::vec((0..3u8, 0..40u16, 0..40u16, any::<u8>()), 0..9),
            width in 0..200u16,
        ) {
            let columns: Vec<_> = spec.iter().map(|(kind, a, b, importance)| {
                let width = match kind { 0 => Width::Fixed(*a), 1 => Width::Between(*a, *b), _ => Width::Flex { min: *a, share: *b } };
                Column::new("", width).importance(*importance)
            }).collect();
            let mut end = 0;
            for (x, cells) in lay_out(&columns, width).into_iter().flatten() {
                prop_assert!(x >= end || cells == 0);
                prop_assert!(x + cells <= width);
                end = x + cells;
            }
        }
    }
}
