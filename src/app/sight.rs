//! What of a dialog was on the terminal. No key does what was not shown: `y` counts only once every line was, at once or
//! one after the other.

use super::scroll::Scroll;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// A dialog that takes `y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The plan of this number.
    Plan(u32),
    /// A guard's dialog.
    Guard,
    /// The list of interrupted plans.
    Interrupted,
}

/// A line by what it says, and the how many-th that says so.
type Line = (u64, u32);

/// The lines of the topmost dialog, and which of them a frame shows in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InSight {
    /// Whose lines they are.
    pub of: Of,
    lines: Vec<Line>,
    shown: Vec<bool>,
    page: usize,
}

impl InSight {
    /// These lines, of which those in `range` are on the screen; a line that `fits` is false of is cut at its end there,
    /// and so not shown.
    pub fn new(of: Of, texts: &[String], range: &Range<usize>, fits: impl Fn(&str) -> bool) -> Self {
        let shown = texts.iter().enumerate().map(|(place, text)| range.contains(&place) && fits(text));
        Self { of, lines: named(texts), shown: shown.collect(), page: range.len() }
    }
}

/// Every line by what it says without its numbers: a time that goes on makes no line another one. What a plan does never
/// changes by a number alone without being planned anew, and then nothing of it was seen.
fn named(texts: &[String]) -> Vec<Line> {
    let mut times: HashMap<u64, u32> = HashMap::new();
    let line = |text: &String| {
        let mut hasher = DefaultHasher::new();
        text.chars().filter(|c| !c.is_ascii_digit()).for_each(|c| c.hash(&mut hasher));
        let name = hasher.finish();
        let time = times.entry(name).or_default();
        *time += 1;
        (name, *time)
    };
    texts.iter().map(line).collect()
}

/// What of one dialog reached the terminal so far.
#[derive(Debug, Default)]
pub struct Sight {
    seen: HashSet<Line>,
    /// Of the last frame; `None` before the first.
    missing: Option<usize>,
    count: usize,
    page: usize,
}

impl Sight {
    /// Its contents are others: nothing of them was seen.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// A frame that shows this reached the terminal.
    pub fn take(&mut self, frame: &InSight) {
        let shown = frame.lines.iter().zip(&frame.shown).filter(|(_, shown)| **shown);
        self.seen.extend(shown.map(|(line, _)| *line));
        self.missing = Some(frame.lines.iter().filter(|line| !self.seen.contains(line)).count());
        (self.count, self.page) = (frame.lines.len(), frame.page);
    }

    /// Whether every line was on the terminal.
    pub fn whole(&self) -> bool {
        self.missing == Some(0)
    }

    /// How many lines were not, by the last frame; none where no frame came yet.
    pub fn missing(&self) -> usize {
        self.missing.unwrap_or(0)
    }

    /// How many lines will not have been once `frame` is on the terminal.
    pub fn left_by(&self, frame: &InSight) -> usize {
        let lines = frame.lines.iter().zip(&frame.shown);
        lines.filter(|(line, shown)| !**shown && !self.seen.contains(*line)).count()
    }

    /// Moves by `step` through what the last frame had, so that no line is passed over.
    pub fn step(&self, scroll: &mut Scroll, step: super::keys::Step) {
        let last = self.count.saturating_sub(self.page);
        // From the last place that there is, whatever was typed beyond it.
        scroll.at = scroll.at.min(last);
        scroll.step(step, last + 1, self.page);
    }

    /// What to say to a `y` that came too early; `None`: it may be taken.
    pub fn refuses(&self) -> Option<String> {
        if self.whole() {
            return None;
        }
        Some(match self.missing() {
            0 => "'y' is taken once it was shown".to_owned(),
            _ if self.page == 0 => "the window is too small to show what 'y' would do".to_owned(),
            1 => "1 line of it was not shown yet: PgDn and PgUp go there, then 'y' is taken".to_owned(),
            more => format!("{more} lines of it were not shown yet: PgDn and PgUp go there, then 'y' is taken"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keys::Step;

    fn frame(texts: &[&str], range: Range<usize>) -> InSight {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        InSight::new(Of::Plan(1), &texts, &range, |text| text.len() < 20)
    }

    #[test]
    fn it_is_whole_once_every_line_was_on_the_terminal() {
        let lines = ["- v41", "+ v42", "- v41", "then"];
        let mut sight = Sight::default();
        assert!(!sight.whole() && sight.refuses().is_some());
        sight.take(&frame(&lines, 0..2));
        assert_eq!((sight.missing(), sight.whole()), (2, false), "the third line says what the first says");
        assert_eq!(sight.left_by(&frame(&lines, 2..4)), 0);
        sight.take(&frame(&lines, 2..4));
        assert!(sight.whole() && sight.refuses().is_none());
        sight.forget();
        assert!(!sight.whole());
    }

    #[test]
    fn a_line_that_is_cut_was_not_shown_and_a_new_one_must_be() {
        let mut sight = Sight::default();
        sight.take(&frame(&["a line much longer than its room"], 0..1));
        assert_eq!(sight.missing(), 1);
        sight.forget();
        sight.take(&frame(&["held for 12 min", "asked"], 0..2));
        sight.take(&frame(&["held for 13 min", "asked"], 0..1));
        assert!(sight.whole(), "time alone makes no new line");
        sight.take(&frame(&["held for 13 min", "refused"], 0..1));
        assert_eq!(sight.missing(), 1);
    }

    #[test]
    fn a_page_passes_over_no_line() {
        let lines: Vec<String> = (0..40).map(|place| "x".repeat(place % 19)).collect();
        let (mut sight, mut scroll) = (Sight::default(), Scroll::default());
        for _ in 0..40 {
            let range = scroll.at..(scroll.at + 3).min(40);
            sight.take(&InSight::new(Of::Guard, &lines, &range, |_| true));
            sight.step(&mut scroll, Step::PageDown);
        }
        assert!(sight.whole(), "{} lines were passed over", sight.missing());
    }
}
