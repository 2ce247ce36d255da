//! What of a dialog was on the terminal. No key does what was not shown: `y` counts only once every line was, at once or
//! one after the other, and while nothing has come since the frame that is there.

use super::scroll::Scroll;
use crate::domain::said::CONFIRM;
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

/// One thing that is said, however many lines it takes: by its letters, and the how many-th that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Said(u64, u32);

/// One of the lines of what is said: which, of how many.
type Part = (Said, usize, usize);

/// A paragraph of a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Paragraph {
    said: Said,
    /// Without its digits: a time that goes on.
    loosely: u64,
    /// Of each of its lines, whether the frame shows it in full.
    shown: Vec<bool>,
}

/// The paragraphs of the topmost dialog, and which of their lines a frame shows in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InSight {
    /// Whose they are.
    pub of: Of,
    paragraphs: Vec<Paragraph>,
    page: usize,
}

impl InSight {
    /// These paragraphs, each with the texts of its lines. Of all lines those in `range` are on the screen; one that `fits`
    /// is false of is cut at its end there, and so not shown.
    pub fn new(of: Of, texts: &[Vec<String>], range: &Range<usize>, fits: impl Fn(&str) -> bool) -> Self {
        let mut times: HashMap<u64, u32> = HashMap::new();
        let mut line = 0;
        let paragraph = |lines: &Vec<String>| {
            let letters = || lines.iter().flat_map(|text| text.chars()).filter(|c| !c.is_whitespace());
            let name = hashed(letters());
            let time = times.entry(name).or_default();
            *time += 1;
            let first = line;
            line += lines.len();
            let shown = lines.iter().enumerate().map(|(place, text)| range.contains(&(first + place)) && fits(text));
            Paragraph {
                said: Said(name, *time),
                loosely: hashed(letters().filter(|c| !c.is_ascii_digit())),
                shown: shown.collect(),
            }
        };
        Self { of, paragraphs: texts.iter().map(paragraph).collect(), page: range.len() }
    }

    fn lines(&self) -> usize {
        self.paragraphs.iter().map(|paragraph| paragraph.shown.len()).sum()
    }
}

fn hashed(letters: impl Iterator<Item = char>) -> u64 {
    let mut hasher = DefaultHasher::new();
    letters.for_each(|c| c.hash(&mut hasher));
    hasher.finish()
}

/// What of one dialog reached the terminal so far.
#[derive(Debug, Default)]
pub struct Sight {
    /// What was shown in full, however wide the screen was.
    whole: HashSet<Said>,
    /// Lines of what was not.
    parts: HashSet<Part>,
    /// Of the last frame, without its digits.
    last: Vec<(Said, u64)>,
    /// Of the last frame; `None` before the first, and while something came that no frame shows yet.
    missing: Option<usize>,
    /// The first revision whose frame shows what came last.
    since: u64,
    count: usize,
    page: usize,
}

impl Sight {
    /// Its contents are others: nothing of them was seen.
    pub fn forget(&mut self) {
        *self = Self { since: self.since, ..Self::default() };
    }

    /// Something came in `revision` that belongs to it: what is on the terminal is not what `y` would confirm.
    pub fn changed(&mut self, revision: u64) {
        (self.missing, self.since) = (None, revision);
    }

    /// A frame that shows this, of the Model's `revision`, reached the terminal; gives whether something of it had not been
    /// on the terminal before.
    pub fn take(&mut self, frame: &InSight, revision: u64) -> bool {
        let heirs = self.heirs(frame);
        let (mut new, mut missing) = (false, 0);
        for paragraph in &frame.paragraphs {
            let mut unseen = 0;
            for (place, shown) in paragraph.shown.iter().enumerate() {
                let saw = self.saw(paragraph, place, &heirs);
                if *shown || saw {
                    new |= !saw;
                    self.parts.insert((paragraph.said, place, paragraph.shown.len()));
                } else {
                    unseen += 1;
                }
            }
            if unseen == 0 {
                self.whole.insert(paragraph.said);
            }
            missing += unseen;
        }
        self.last = frame.paragraphs.iter().map(|paragraph| (paragraph.said, paragraph.loosely)).collect();
        self.missing = (revision >= self.since).then_some(missing);
        (self.count, self.page) = (frame.lines(), frame.page);
        new
    }

    /// Whether this line of a paragraph was on the terminal, or of what it is the heir.
    fn saw(&self, paragraph: &Paragraph, place: usize, heirs: &HashMap<Said, Said>) -> bool {
        let of = |said: &Said| self.whole.contains(said) || self.parts.contains(&(*said, place, paragraph.shown.len()));
        of(&paragraph.said) || heirs.get(&paragraph.said).is_some_and(of)
    }

    /// What took the place of something and says the same but for its digits was seen as that was: a time that goes on is
    /// nothing new. What came beside something is.
    fn heirs(&self, frame: &InSight) -> HashMap<Said, Said> {
        let before: HashSet<Said> = self.last.iter().map(|(said, _)| *said).collect();
        let now: HashSet<Said> = frame.paragraphs.iter().map(|paragraph| paragraph.said).collect();
        let mut changed: HashMap<u64, (Vec<Said>, Vec<Said>)> = HashMap::new();
        for (said, loosely) in self.last.iter().filter(|(said, _)| !now.contains(said)) {
            changed.entry(*loosely).or_default().0.push(*said);
        }
        for come in frame.paragraphs.iter().filter(|paragraph| !before.contains(&paragraph.said)) {
            changed.entry(come.loosely).or_default().1.push(come.said);
        }
        let instead = changed.into_values().filter(|(gone, come)| gone.len() == come.len());
        instead.flat_map(|(gone, come)| come.into_iter().zip(gone)).collect()
    }

    /// Whether every line was on the terminal, and nothing has come since.
    pub fn whole(&self) -> bool {
        self.missing == Some(0)
    }

    /// How many lines were not, by the last frame; none where no frame came yet.
    pub fn missing(&self) -> usize {
        self.missing.unwrap_or(0)
    }

    /// How many lines will not have been once `frame` is on the terminal.
    pub fn left_by(&self, frame: &InSight) -> usize {
        let heirs = self.heirs(frame);
        let unseen = |paragraph: &Paragraph| {
            let lines = paragraph.shown.iter().enumerate();
            lines.filter(|(place, shown)| !**shown && !self.saw(paragraph, *place, &heirs)).count()
        };
        frame.paragraphs.iter().map(unseen).sum()
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
            0 if self.count > 0 => format!("it changed just now: '{CONFIRM}' is taken once that was shown"),
            0 => format!("'{CONFIRM}' is taken once it was shown"),
            _ if self.page == 0 => format!("the window is too small to show what '{CONFIRM}' would do"),
            1 => format!("1 line of it was not shown yet: PgDn and PgUp go there, then '{CONFIRM}' is taken"),
            more => format!("{more} lines of it were not shown yet: PgDn and PgUp go there, then '{CONFIRM}' is taken"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keys::Step;

    /// A frame of `page` lines from `top` on, over paragraphs whose lines are parted by `|`.
    fn frame(paragraphs: &[&str], range: Range<usize>) -> InSight {
        let lines = |paragraph: &&str| paragraph.split('|').map(ToOwned::to_owned).collect();
        let texts: Vec<Vec<String>> = paragraphs.iter().map(lines).collect();
        InSight::new(Of::Plan(1), &texts, &range, |text| text.len() < 20)
    }

    fn seen(frames: &[InSight]) -> Sight {
        let mut sight = Sight::default();
        for frame in frames {
            sight.take(frame, 0);
        }
        sight
    }

    #[test]
    fn it_is_whole_once_every_line_was_on_the_terminal() {
        let lines = ["- v41", "+ v42", "- v41", "then"];
        let mut sight = Sight::default();
        assert!(!sight.whole() && sight.refuses().is_some());
        sight.take(&frame(&lines, 0..2), 0);
        assert_eq!((sight.missing(), sight.whole()), (2, false), "the third line says what the first says");
        assert_eq!(sight.left_by(&frame(&lines, 2..4)), 0);
        sight.take(&frame(&lines, 2..4), 0);
        assert!(sight.whole() && sight.refuses().is_none());
        sight.forget();
        assert!(!sight.whole());
    }

    #[test]
    fn a_line_that_is_cut_was_not_shown_and_a_new_one_must_be() {
        let mut sight = Sight::default();
        sight.take(&frame(&["a line much longer than its room"], 0..1), 0);
        assert_eq!(sight.missing(), 1);
        sight.forget();
        sight.take(&frame(&["held for 12 min", "asked"], 0..2), 0);
        assert!(!sight.take(&frame(&["held for 13 min", "asked"], 0..1), 0), "nothing of it is new");
        assert!(sight.whole(), "time alone makes no new line");
        sight.take(&frame(&["held for 13 min", "refused"], 0..1), 0);
        assert_eq!(sight.missing(), 1);
    }

    #[test]
    fn what_differs_by_its_digits_only_is_not_seen_with_what_it_stands_beside() {
        let before = frame(&["secret db-2 is gone", "then"], 0..2);
        let beside = frame(&["secret db-1 is gone", "secret db-2 is gone", "then"], 1..3);
        let sight = seen(&[before.clone(), beside]);
        assert_eq!(sight.missing(), 1, "db-1 was never shown");
        let instead = frame(&["secret db-1 is gone", "then"], 1..2);
        assert!(seen(&[before, instead]).whole());
    }

    #[test]
    fn what_was_seen_stays_so_when_its_lines_are_folded_anew() {
        let sight = seen(&[frame(&["1 PATCH deployments|  if as shown", "then"], 0..3)]);
        assert_eq!(sight.left_by(&frame(&["1 PATCH|deployments|  if|as shown", "then"], 4..5)), 0);
        let half = seen(&[frame(&["1 PATCH deployments|  if as shown", "then"], 0..1)]);
        assert_eq!(half.left_by(&frame(&["1 PATCH|deployments|  if|as shown", "then"], 4..5)), 4, "half is not seen");
    }

    #[test]
    fn what_came_since_the_frame_must_be_on_the_terminal_first() {
        let mut sight = seen(&[frame(&["dry run asked"], 0..1)]);
        sight.changed(7);
        assert!(!sight.whole() && sight.refuses().is_some_and(|why| why.contains("changed")));
        sight.take(&frame(&["dry run asked"], 0..1), 6);
        assert!(!sight.whole(), "a frame from before it that was still on its way does not show it");
        assert!(sight.take(&frame(&["dry run refused"], 0..1), 7), "it is new");
        assert!(sight.whole());
    }

    #[test]
    fn a_page_passes_over_no_line() {
        let lines: Vec<Vec<String>> = (0..40).map(|place| vec!["x".repeat(place % 19)]).collect();
        let (mut sight, mut scroll) = (Sight::default(), Scroll::default());
        for _ in 0..40 {
            let range = scroll.at..(scroll.at + 3).min(40);
            sight.take(&InSight::new(Of::Guard, &lines, &range, |_| true), 0);
            sight.step(&mut scroll, Step::PageDown);
        }
        assert!(sight.whole(), "{} lines were passed over", sight.missing());
    }
}
