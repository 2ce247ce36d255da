//! A dialog whose lines scroll, and that takes `y` once all of them were shown.
//!
//! ```text
//! ┌ UNDO shop/search → revision 41 ──── heron prod-eu ┐      heron prod-eu  ▼ 9
//! │ 1 PATCH apps/v1 deployments/search                 │      1 PATCH apps/v1 de
//! │ ▲ 0 above  ▼ 9 below (j k)  9 before y             │      ployments/search
//! └────────────────────────────────────────────────────┘
//! ```
//! Where there are few rows the frame goes, for what is asked counts for more.

use crate::app::sight::{InSight, Of, Sight};
use crate::ui::text::{Elide, width, wrap};
use crate::ui::view::said::count;
use crate::ui::widgets::pane::{Frame, Pane};
use crate::ui::widgets::scroll::ScrollText;
use crate::ui::widgets::{Look, Slot, fill, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// The least rows with which a dialog has a frame.
const FRAMED: u16 = 7;

/// What belongs together in a dialog: one thing that is said, in as many lines as that takes.
pub(super) type Paragraph = Vec<Line<'static>>;

/// The place of a dialog.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The room that there is.
    pub area: Rect,
    /// The widest that it may be drawn.
    pub widest: u16,
    /// How many rows below its lines are for what is typed.
    pub inputs: usize,
    /// The line from which on it is shown.
    pub top: usize,
}

impl Place {
    fn wide(self) -> u16 {
        self.widest.min(self.area.width)
    }

    /// How many cells a line of it has.
    pub fn cells(self) -> usize {
        let around = if self.area.height >= FRAMED { 4 } else { 2 };
        usize::from(self.wide().saturating_sub(around))
    }
}

/// A dialog laid out: where its lines go, and which of them are in sight.
pub(super) struct Laid {
    /// Its lines; none is wider than its room.
    lines: Vec<Line<'static>>,
    /// How many of them each paragraph has.
    parts: Vec<usize>,
    title: String,
    detail: String,
    /// The room that it stands in.
    area: Rect,
    outer: Rect,
    framed: bool,
    head: Option<Rect>,
    body: Rect,
    /// What is below the lines, for what is typed.
    pub below: Rect,
    text: ScrollText,
    more: bool,
}

/// What stands on a dialog's frame.
pub(super) struct Titles {
    /// What it is about.
    pub title: String,
    /// Where; this is never what gives way.
    pub detail: String,
}

impl Laid {
    /// Lays `paragraphs` out.
    pub fn new(place: Place, paragraphs: Vec<Paragraph>, titles: Titles, look: Look<'_>) -> Self {
        let Place { area, inputs, top, .. } = place;
        let (wide, cells) = (place.wide(), place.cells());
        let mut paragraphs: Vec<Paragraph> = paragraphs.into_iter().map(|lines| folded(lines, cells)).collect();
        let Titles { title, detail } = titles;
        // The title says what is done; where it is cut, or has no frame to stand in, the first lines say it in full.
        let framed = area.height >= FRAMED;
        let title_cells = usize::from(wide).saturating_sub(width(&detail) + 8);
        let short = look.elide(&title, title_cells, Elide::Middle).into_owned();
        if !framed || short != title {
            let strong = look.theme.style("text.strong");
            let whole = wrap(&title, cells).into_iter().map(|part| Line::styled(part, strong));
            paragraphs.insert(0, whole.collect());
        }
        let parts: Vec<usize> = paragraphs.iter().map(Vec::len).collect();
        let lines: Vec<Line<'static>> = paragraphs.into_iter().flatten().collect();
        let outer = super::top(area, wide, lines.len() + inputs);
        let inside = if framed {
            let (width, height) = (outer.width.saturating_sub(4), outer.height.saturating_sub(2));
            Rect { x: outer.x + 2.min(outer.width), y: outer.y + 1, width, height }
        } else {
            Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), ..area }
        };
        let inputs = (inputs as u16).min(inside.height.saturating_sub(1));
        let head = u16::from(!framed && inside.height - inputs >= 2);
        let room = inside.height - inputs - head;
        let over = lines.len() > usize::from(room);
        // What does not fit is said on a line of its own, where that leaves some for what it is.
        let more = over && room >= 3;
        let height = room - u16::from(more);
        let body = Rect { y: inside.y + head, height, ..inside };
        Self {
            text: ScrollText { len: lines.len(), top, left: 0 }.clamped(height),
            lines,
            parts,
            title: short,
            detail,
            framed,
            area,
            outer: if framed { outer } else { area },
            head: (head > 0).then_some(Rect { height: 1, ..inside }),
            below: Rect { y: body.y + height, height: inside.height - head - height, ..inside },
            body,
            more,
        }
    }

    /// What of it a frame shows.
    pub fn in_sight(&self, of: Of) -> InSight {
        let mut lines = self.lines.iter().map(ToString::to_string);
        let texts: Vec<Vec<String>> = self.parts.iter().map(|parts| lines.by_ref().take(*parts).collect()).collect();
        let range = self.text.top..(self.text.top + usize::from(self.body.height)).min(self.lines.len());
        let room = usize::from(self.body.width);
        InSight::new(of, &texts, &range, |text| width(text) <= room)
    }

    /// Where `line` is drawn, while it is in sight.
    pub fn slot_of(&self, line: usize) -> Option<Slot> {
        let row = line.checked_sub(self.text.top).filter(|row| *row < usize::from(self.body.height))?;
        Some(Slot::row(self.body, row as u16))
    }

    /// Draws it; `sight` with what its lines are of: the lines are counted that were not shown yet. Gives the room that is
    /// left below.
    pub fn draw(
        &mut self,
        buffer: &mut Buffer,
        frame: Frame,
        sight: Option<(&Sight, Of)>,
        arrows: &str,
        look: Look<'_>,
    ) -> Rect {
        let missing = sight.map_or(0, |(sight, of)| sight.left_by(&self.in_sight(of)));
        let (above, under) =
            (self.text.top, self.lines.len().saturating_sub(self.text.top + usize::from(self.body.height)));
        let glyphs = look.glyphs;
        let scroll = look.theme.style("scroll");
        super::part(buffer, self.area, self.outer, look);
        match self.head {
            None if self.framed => {
                Pane { title: &self.title, detail: &self.detail, frame }.draw(buffer, self.outer, look);
            }
            None => fill(buffer, self.outer, look.theme.style("screen").patch(look.theme.style("dialog"))),
            Some(head) => {
                fill(buffer, self.outer, look.theme.style("screen").patch(look.theme.style("dialog")));
                let rest = if above + under == 0 {
                    String::new()
                } else {
                    format!(" {}{above} {}{under}", glyphs.more_above, glyphs.more_below)
                };
                let slot = Slot::row(head, 0);
                let room = usize::from(slot.cells).saturating_sub(width(&rest));
                put(
                    buffer,
                    slot.first(room),
                    &look.elide(&self.detail, room, Elide::End),
                    look.theme.style("dialog.title"),
                );
                put(buffer, slot.last(width(&rest)), &rest, scroll);
            }
        }
        let mut lines = std::mem::take(&mut self.lines);
        self.text.draw(buffer, self.body, look, |place| std::mem::take(&mut lines[place]));
        if !self.more || self.below.height == 0 {
            return self.below;
        }
        let mut words = format!("{} {above} above  {} {under} below ({arrows})", glyphs.more_above, glyphs.more_below);
        if missing > 0 {
            let short = format!("{} {under}  {} before y", glyphs.more_below, count(missing, "line"));
            words = format!("{words}  {} before y", count(missing, "line"));
            if width(&words) > usize::from(self.below.width) {
                words = short;
            }
        }
        put(buffer, Slot::row(self.below, 0), &words, scroll);
        Rect { y: self.below.y + 1, height: self.below.height - 1, ..self.below }
    }
}

/// The same lines, none wider than `cells`: nobody confirms what was cut off.
fn folded(lines: Vec<Line<'static>>, cells: usize) -> Vec<Line<'static>> {
    if cells == 0 || lines.iter().all(|line| line.width() <= cells) {
        return lines;
    }
    let fold = |line: Line<'static>| {
        if line.width() <= cells {
            return vec![line];
        }
        let style = line.spans.last().map_or(Style::new(), |span| line.style.patch(span.style));
        wrap(&line.to_string(), cells).into_iter().map(|part| Line::styled(part, style)).collect()
    };
    lines.into_iter().flat_map(fold).collect()
}
