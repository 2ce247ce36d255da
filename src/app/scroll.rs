//! A selection in a list, or a place in a text: how it moves, and what part is in sight.

use super::keys::Step;

/// A selected line and the first line in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scroll {
    /// The selected line.
    pub at: usize,
}

impl Scroll {
    /// Moves by `step` in `count` lines of which `page` are in sight.
    pub fn step(&mut self, step: Step, count: usize, page: usize) {
        let last = count.saturating_sub(1);
        let page = page.max(2);
        self.at = match step {
            Step::Down => self.at.saturating_add(1),
            Step::Up => self.at.saturating_sub(1),
            Step::Top => 0,
            Step::Bottom => last,
            Step::HalfDown => self.at.saturating_add(page / 2),
            Step::HalfUp => self.at.saturating_sub(page / 2),
            Step::PageDown => self.at.saturating_add(page - 1),
            Step::PageUp => self.at.saturating_sub(page - 1),
        }
        .min(last);
    }

    /// The first line in sight when `page` of `count` lines fit: the selected line is kept near the middle, so that
    /// what comes next is seen whichever way one moves.
    pub fn first(self, count: usize, page: usize) -> usize {
        if count <= page {
            return 0;
        }
        self.at.saturating_sub(page / 2).min(count - page)
    }

    /// The selected line, brought back into `count` lines.
    pub fn within(self, count: usize) -> usize {
        self.at.min(count.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_stays_inside_and_in_sight() {
        let mut scroll = Scroll::default();
        scroll.step(Step::Up, 5, 3);
        assert_eq!(scroll.at, 0);
        scroll.step(Step::Bottom, 5, 3);
        assert_eq!((scroll.at, scroll.first(5, 3)), (4, 2));
        scroll.step(Step::PageUp, 5, 3);
        assert_eq!((scroll.at, scroll.first(5, 3)), (2, 1));
        scroll.step(Step::Down, 0, 3);
        assert_eq!((scroll.at, scroll.first(0, 0)), (0, 0));
    }
}
