//! The lines of a chart with their axes. Braille where the terminal has it, else one sign a cell.

use crate::domain::Timestamp;
use crate::ui::panes::errors::within;
use crate::ui::text::width;
use crate::ui::widgets::{Look, Slot, put};
use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line, Points as Dots};

/// How wide the numbers of the axis are.
const AXIS: u16 = 9;

/// The signs of the lines where there is no braille.
const SIGNS: [&str; 4] = ["*", "o", "x", "%"];

/// The sign of the line at `place`, for the legend.
pub(super) fn sign(place: usize, look: Look<'_>) -> &str {
    if look.glyphs.spark[0].is_ascii() { SIGNS[place % SIGNS.len()] } else { look.glyphs.bar_full }
}

/// One line of the chart.
pub(super) struct Points<'a> {
    /// When its first point was, and from point to point.
    pub start: Timestamp,
    pub step: SignedDuration,
    pub values: &'a [Option<f64>],
    pub style: Style,
}

/// A chart.
pub(super) struct Plot<'a, C> {
    /// The lines.
    pub lines: Vec<Points<'a>>,
    /// The time on the left, and on the right.
    pub from: Timestamp,
    pub to: Timestamp,
    /// Where the limit is drawn.
    pub limit: Option<f64>,
    /// Moments to mark.
    pub marks: Vec<Timestamp>,
    /// How a number is written.
    pub form: fn(f64) -> String,
    /// How a time is written.
    pub clock: C,
}

impl<C: Fn(Timestamp) -> String> Plot<'_, C> {
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, look: Look<'_>) {
        if area.width < AXIS + 8 || area.height < 4 {
            return;
        }
        let muted = look.theme.style("text.muted");
        let body = Rect { x: area.x + AXIS + 1, width: area.width - AXIS - 1, height: area.height - 1, ..area };
        let ascii = look.glyphs.spark[0].is_ascii();
        // Two dots a cell with braille: as many points as can be told apart.
        let fine = usize::from(body.width) * if ascii { 1 } else { 2 };
        let lines: Vec<(Vec<Option<f64>>, Style)> = self
            .lines
            .iter()
            .map(|line| (within((line.start, line.step), line.values, (self.from, self.to), fine), line.style))
            .collect();
        let top = self.top(&lines);
        let wide = fine.max(2) as f64 - 1.0;
        let color = |style: Style| style.fg.unwrap_or(Color::Reset);
        let limit_color = color(look.theme.style("verdict.bad"));
        let canvas = Canvas::default()
            .marker(if ascii { Marker::Dot } else { Marker::Braille })
            .x_bounds([0.0, wide])
            .y_bounds([0.0, top])
            .paint(|context| {
                if let Some(limit) = self.limit.filter(|limit| *limit <= top) {
                    // Dashed, so that it is no track's line where there are no colours.
                    let dashes: Vec<(f64, f64)> = (0..fine).filter(|x| x % 4 < 2).map(|x| (x as f64, limit)).collect();
                    context.draw(&Dots { coords: &dashes, color: limit_color });
                    context.layer();
                }
                for (values, style) in &lines {
                    let mut last: Option<(f64, f64)> = None;
                    for (x, value) in values.iter().enumerate() {
                        let Some(value) = value else {
                            last = None;
                            continue;
                        };
                        let point = (x as f64, value.clamp(0.0, top));
                        let from = last.unwrap_or(point);
                        context.draw(&Line::new(from.0, from.1, point.0, point.1, color(*style)));
                        last = Some(point);
                    }
                    context.layer();
                }
            });
        canvas.render(body, buffer);
        if ascii {
            plain(buffer, body, &lines, top);
        }
        self.axes(buffer, area, (top, if ascii { 1 } else { 4 }), look);
        self.marked(buffer, body, look);
        let times = Slot::row(area, area.height - 1).after(usize::from(AXIS) + 1);
        put(buffer, times, &(self.clock)(self.from), muted);
        let end = (self.clock)(self.to);
        put(buffer, times.last(width(&end)), &end, muted);
    }

    /// The number at the upper edge: above all that is drawn, the limit included.
    fn top(&self, lines: &[(Vec<Option<f64>>, Style)]) -> f64 {
        let values = lines.iter().flat_map(|(values, _)| values).flatten().copied();
        let highest = values.fold(self.limit.map_or(0.0, |limit| limit * 1.1), f64::max);
        if highest > 0.0 && highest < f64::MAX / 4.0 { highest * 1.05 } else { highest.clamp(1.0, f64::MAX / 4.0) }
    }

    fn axes(&self, buffer: &mut Buffer, area: Rect, (top, dots): (f64, u16), look: Look<'_>) {
        let muted = look.theme.style("text.muted");
        let rows = area.height - 1;
        for row in 0..rows {
            put(
                buffer,
                Slot::row(area, row).after(usize::from(AXIS)),
                look.glyphs.border.vertical,
                look.theme.style("border"),
            );
        }
        let mut label = |row: u16, value: f64, style: Style| {
            let text = (self.form)(value);
            put(buffer, Slot::row(area, row).first(usize::from(AXIS) - 1).last(width(&text)), &text, style);
        };
        // In which row a value is drawn: as many dots above each other as a cell has.
        let at =
            |value: f64| (f64::from(rows * dots - 1) * (1.0 - (value / top).clamp(0.0, 1.0))).round() as u16 / dots;
        label(0, top, muted);
        label(rows - 1, 0.0, muted);
        if let Some(limit) = self.limit {
            // The limit is worth more than the edge's number where they meet.
            let row = at(limit).min(rows.saturating_sub(2));
            put(buffer, Slot::row(area, row).first(usize::from(AXIS) - 1), &" ".repeat(usize::from(AXIS) - 1), muted);
            let text = (self.form)(limit);
            put(
                buffer,
                Slot::row(area, row).first(usize::from(AXIS) - 1).last(width(&text)),
                &text,
                look.theme.style("verdict.bad"),
            );
        }
    }

    /// Each moment's number stands at its place, with a line below it where nothing else is.
    fn marked(&self, buffer: &mut Buffer, body: Rect, look: Look<'_>) {
        let whole = self.to.duration_since(self.from).as_secs_f64();
        for (number, at) in self.marks.iter().enumerate() {
            let part = at.duration_since(self.from).as_secs_f64() / whole;
            if !(0.0..=1.0).contains(&part) {
                continue;
            }
            let x = ((part * f64::from(body.width)) as u16).min(body.width - 1);
            let style = look.theme.style("spark.mark");
            for row in 1..body.height {
                let cell = &buffer[(body.x + x, body.y + row)];
                if matches!(cell.symbol(), " " | "\u{2800}") {
                    put(buffer, Slot::row(body, row).after(usize::from(x)).first(1), look.glyphs.versus, style);
                }
            }
            put(buffer, Slot::row(body, 0).after(usize::from(x)).first(1), &(number + 1).to_string(), style);
        }
    }
}

/// Without braille the first line is drawn with one sign and the next with another, so that they are told apart
/// without colour; the limit is a dashed line.
fn plain(buffer: &mut Buffer, body: Rect, lines: &[(Vec<Option<f64>>, Style)], top: f64) {
    for y in body.top()..body.bottom() {
        for x in body.left()..body.right() {
            let cell = &mut buffer[(x, y)];
            if !cell.symbol().is_ascii() {
                cell.set_symbol("-");
            }
        }
    }
    for ((values, style), sign) in lines.iter().zip(SIGNS.into_iter().cycle()) {
        for (x, value) in values.iter().enumerate().take(usize::from(body.width)) {
            let Some(value) = value else { continue };
            let row = (f64::from(body.height - 1) * (1.0 - (value / top).clamp(0.0, 1.0))).round() as u16;
            buffer[(body.x + x as u16, body.y + row)].set_symbol(sign).set_style(*style);
        }
    }
}
