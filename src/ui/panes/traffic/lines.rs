//! Words under a label, wrapped beside it.

use crate::ui::panes::Drawn;
use crate::ui::text::{width, wrap};
use crate::ui::widgets::ticks::Tick;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// How wide the labels on the left are.
pub(super) const LABEL: usize = 10;

/// Lines of words, in the order in which they are added. Under the same label the label stands once.
pub(super) struct Lines<'a> {
    drawn: Drawn<'a>,
    cells: usize,
    all: Vec<Line<'static>>,
    last: &'static str,
}

impl<'a> Lines<'a> {
    pub fn new(drawn: Drawn<'a>, cells: usize) -> Self {
        Self { drawn, cells, all: Vec::new(), last: "" }
    }

    /// How many cells there are beside the label.
    pub fn room(&self) -> usize {
        self.cells.saturating_sub(LABEL)
    }

    /// A line between two parts; one at most.
    pub fn gap(&mut self) {
        if self.all.last().is_none_or(|line| !line.spans.is_empty()) {
            self.all.push(Line::default());
        }
        self.last = "";
    }

    /// A sign and a sentence, with the keys that are set.
    pub fn said(&mut self, label: &'static str, tick: Tick, text: &str) {
        let (sign, style) = tick.sign(self.drawn.look);
        let sign = if sign.is_empty() { String::new() } else { format!("{sign} ") };
        let indent = width(&sign);
        let text = self.drawn.look.said(text);
        for (place, part) in wrap(&text, self.room().saturating_sub(indent).max(8)).into_iter().enumerate() {
            let lead = if place == 0 { sign.clone() } else { " ".repeat(indent) };
            self.spans(label, vec![Span::styled(lead, style), Span::raw(part)]);
        }
    }

    /// A sentence without a label.
    pub fn plain(&mut self, text: &str) {
        let style = self.drawn.look.theme.style("text.muted");
        let parts = wrap(text, self.cells.max(8));
        self.all.extend(parts.into_iter().filter(|part| !part.is_empty()).map(|part| Line::styled(part, style)));
    }

    /// A line of several styles.
    pub fn spans(&mut self, label: &'static str, mut spans: Vec<Span<'static>>) {
        let shown = if label == self.last { "" } else { label };
        self.last = label;
        let style = if label.is_empty() { Style::new() } else { self.drawn.look.theme.style("text.muted") };
        spans.insert(0, Span::styled(format!("{shown:<LABEL$}"), style));
        self.all.push(Line::from(spans));
    }

    pub fn finish(self) -> Vec<Line<'static>> {
        self.all
    }
}
