//! A sparkline: one cell a value, the newest on the right.
//!
//! ```text
//! ▁▁▂▁▁▂▁│▁▂▁▁▃▁▁▁▂
//! ```

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Look, Slot, put};

/// A sparkline.
#[derive(Debug, Clone, Copy)]
pub struct Sparkline<'a> {
    /// The values, oldest first; `None` where nothing is known: its cell stays empty, which is not the same as 0.
    pub values: &'a [Option<f64>],
    /// The value of a full cell; `None`: the highest that is shown.
    pub full: Option<f64>,
    /// Values above this one are drawn in that style: over a limit.
    pub over: Option<(f64, Style)>,
    /// The indices of values at whose place a mark stands instead (a step was taken there).
    pub marks: &'a [usize],
    /// The style of the line.
    pub style: Style,
}

impl Sparkline<'_> {
    /// Draws as many of the newest values as there are cells.
    pub fn draw(&self, buffer: &mut Buffer, slot: Slot, look: Look<'_>) {
        let first = self.values.len().saturating_sub(usize::from(slot.cells));
        let shown = &self.values[first..];
        let known = shown.iter().flatten().copied().filter(|value| value.is_finite());
        let full = self.full.unwrap_or_else(|| known.fold(0.0, f64::max));
        for (place, value) in shown.iter().enumerate() {
            let cell = slot.after(place).first(1);
            if self.marks.contains(&(first + place)) {
                put(buffer, cell, look.glyphs.versus, look.theme.style("spark.mark"));
            } else if let Some(value) = value {
                let style = self.over.filter(|(limit, _)| value > limit).map_or(self.style, |(_, style)| style);
                put(buffer, cell, level(*value, full, look.glyphs.spark), style);
            }
        }
    }
}

/// The sign of a value: the lowest for nothing, the highest for `full` and more.
fn level<'g>(value: f64, full: f64, levels: &[&'g str]) -> &'g str {
    let top = levels.len().saturating_sub(1);
    let share = if full > 0.0 { (value / full).clamp(0.0, 1.0) } else { 0.0 };
    levels.get((share * top as f64).round() as usize).copied().unwrap_or(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::testing::{at_every_size, drawn};

    fn spark(values: &[Option<f64>], full: Option<f64>, marks: &[usize]) -> String {
        let line = Sparkline { values, full, over: None, marks, style: Style::new() };
        drawn(6, 1, |buffer, area, look| line.draw(buffer, Slot::row(area, 0), look)).remove(0)
    }

    #[test]
    fn levels_follow_the_values_and_the_newest_are_shown() {
        let values: Vec<_> = (0..8).map(|value| Some(f64::from(value))).collect();
        assert_eq!(spark(&values, None, &[]), "▃▄▅▆▇█");
        assert_eq!(spark(&values[..2], Some(7.0), &[]), "▁▂");
    }

    #[test]
    fn nothing_known_is_empty_and_nothing_measured_is_the_lowest_level() {
        assert_eq!(spark(&[Some(0.0), None, Some(0.0)], None, &[]), "▁ ▁");
        assert_eq!(spark(&[Some(f64::NAN), Some(1.0)], None, &[]), "▁█");
    }

    #[test]
    fn a_mark_stands_at_its_value_wherever_the_line_begins() {
        assert_eq!(spark(&[Some(1.0); 8], None, &[4]), "██│███");
    }

    #[test]
    fn what_is_over_the_limit_stands_out() {
        use ratatui::style::Color;
        let style = Style::new().fg(Color::Red);
        let line = Sparkline {
            values: &[Some(1.0), Some(6.0)],
            full: None,
            over: Some((5.0, style)),
            marks: &[],
            style: Style::new(),
        };
        let set = &crate::ui::glyphs::UNICODE;
        let buffer = crate::ui::widgets::testing::buffer(2, 1, set, |buffer, area, look| {
            line.draw(buffer, Slot::row(area, 0), look);
        });
        assert_eq!((buffer[(0, 0)].fg, buffer[(1, 0)].fg), (Color::Reset, Color::Red));
    }

    #[test]
    fn every_size_is_survived() {
        at_every_size(|buffer, area, look| {
            let values = [Some(f64::INFINITY), None, Some(-3.0), Some(f64::MAX)];
            Sparkline {
                values: &values,
                full: Some(-1.0),
                over: Some((0.0, Style::new())),
                marks: &[9],
                style: Style::new(),
            }
            .draw(buffer, Slot::row(area, 0), look);
        });
    }
}
