//! The signs that the screen is drawn with: one set in Unicode, one in ASCII.
//!
//! A sign never stands for something alone: the word stands beside it. Every sign is one cell wide in its set.

use crate::domain::State;
use crate::domain::state::Verdict;

/// Lines of a border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Border {
    /// `─`
    pub horizontal: &'static str,
    /// `│`
    pub vertical: &'static str,
    /// `┌`
    pub top_left: &'static str,
    /// `┐`
    pub top_right: &'static str,
    /// `└`
    pub bottom_left: &'static str,
    /// `┘`
    pub bottom_right: &'static str,
}

/// A set of signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// A release that is down; also a thing that is bad or refused.
    pub down: &'static str,
    /// A failed release; also a warning.
    pub failed: &'static str,
    /// A degraded release.
    pub degraded: &'static str,
    /// A release that waits.
    pub waiting: &'static str,
    /// A release that moves; also a thing under way.
    pub progressing: &'static str,
    /// A healthy release; also a thing that is well or accepted.
    pub healthy: &'static str,
    /// A release scaled to 0.
    pub idle: &'static str,
    /// Not known.
    pub unknown: &'static str,
    /// Beside the selected row.
    pub selected: &'static str,
    /// The lit part of a bar.
    pub bar_full: &'static str,
    /// The unlit part of a bar.
    pub bar_empty: &'static str,
    /// The place on a bar where the actual value is, when it is not the asked one.
    pub bar_mark: &'static str,
    /// The levels of a sparkline, lowest first.
    pub spark: &'static [&'static str],
    /// A limit over a sparkline.
    pub limit: &'static str,
    /// A health endpoint that answered well.
    pub tick: &'static str,
    /// A health endpoint that did not.
    pub tick_bad: &'static str,
    /// What joins the rungs of a ladder.
    pub rung: &'static str,
    /// From one thing to another.
    pub arrow: &'static str,
    /// Between two places of a path.
    pub crumb: &'static str,
    /// Between two values that are set against each other.
    pub versus: &'static str,
    /// Not equal.
    pub unequal: &'static str,
    /// Between the words of a list.
    pub dot: &'static str,
    /// Stands for what was left out of a text.
    pub ellipsis: &'static str,
    /// From … to, between numbers.
    pub range: &'static str,
    /// Two keys that go back and forth.
    pub left_right: &'static str,
    /// There is more above.
    pub more_above: &'static str,
    /// There is more below.
    pub more_below: &'static str,
    /// Borders.
    pub border: Border,
}

/// For terminals that draw these signs one cell wide.
pub const UNICODE: Glyphs = Glyphs {
    down: "✖",
    failed: "▲",
    degraded: "◐",
    waiting: "‖",
    progressing: "◌",
    healthy: "✔",
    idle: "○",
    unknown: "?",
    selected: "▌",
    bar_full: "█",
    bar_empty: "░",
    bar_mark: "▓",
    spark: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    limit: "┈",
    tick: "●",
    tick_bad: "○",
    rung: "──",
    arrow: "→",
    crumb: "▸",
    versus: "│",
    unequal: "≠",
    dot: "·",
    ellipsis: "…",
    range: "–",
    left_right: "←/→",
    more_above: "↑",
    more_below: "↓",
    border: Border {
        horizontal: "─",
        vertical: "│",
        top_left: "┌",
        top_right: "┐",
        bottom_left: "└",
        bottom_right: "┘",
    },
};

/// For every terminal.
pub const ASCII: Glyphs = Glyphs {
    down: "X",
    failed: "!",
    degraded: "~",
    waiting: "=",
    progressing: "*",
    healthy: "+",
    idle: "o",
    unknown: "?",
    selected: ">",
    bar_full: "#",
    bar_empty: ".",
    bar_mark: "|",
    spark: &["_", ".", "-", "=", "+", "*", "#", "@"],
    limit: ":",
    tick: "+",
    tick_bad: "x",
    rung: "--",
    arrow: "->",
    crumb: ">",
    versus: "|",
    unequal: "!=",
    dot: "-",
    ellipsis: "~",
    range: "-",
    left_right: "Left/Right",
    more_above: "^",
    more_below: "v",
    border: Border {
        horizontal: "-",
        vertical: "|",
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
    },
};

impl Glyphs {
    /// The set to draw with. `ascii` was asked for; `ambiguous_width` is how wide the terminal draws characters that
    /// Unicode calls ambiguous (most of ours are); `locale` tells whether the terminal's characters are UTF-8.
    pub const fn choose(ascii: bool, ambiguous_width: u8, locale: Charset) -> &'static Self {
        if ascii || ambiguous_width == 2 || matches!(locale, Charset::Other) { &ASCII } else { &UNICODE }
    }

    /// The sign of a state.
    pub const fn state(&self, state: State) -> &'static str {
        match state {
            State::Down => self.down,
            State::Failed => self.failed,
            State::Degraded => self.degraded,
            State::Waiting => self.waiting,
            State::Progressing => self.progressing,
            State::Healthy => self.healthy,
            State::Idle => self.idle,
            State::Unknown => self.unknown,
        }
    }

    /// The sign of a verdict.
    pub const fn verdict(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Ok => self.healthy,
            Verdict::Warn => self.failed,
            Verdict::Bad => self.down,
            Verdict::Unknown => self.unknown,
        }
    }
}

/// What the locale says about the terminal's characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// Something else, or `C`.
    Other,
}

impl Charset {
    /// Reads the locale as the C library does: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty
    /// counts. None set at all: UTF-8, as in most containers, where nothing is set and the terminal is a modern one.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let Some(locale) = locale else { return Self::Utf8 };
        let locale = locale.to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { Self::Utf8 } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn charset(variables: &[(&str, &str)]) -> Charset {
        Charset::of(&|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        assert_eq!(charset(&[]), Charset::Utf8);
        assert_eq!(charset(&[("LANG", "en_GB.UTF-8")]), Charset::Utf8);
        assert_eq!(charset(&[("LANG", "en_GB.utf8"), ("LC_ALL", "C")]), Charset::Other);
        assert_eq!(charset(&[("LANG", "C"), ("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8")]), Charset::Utf8);
        assert_eq!(charset(&[("LANG", "de_DE.ISO-8859-1")]), Charset::Other);
    }

    #[test]
    fn ascii_is_drawn_when_asked_for_and_where_signs_are_wide_or_the_locale_is_not_utf8() {
        assert_eq!(Glyphs::choose(false, 1, Charset::Utf8), &UNICODE);
        for set in [
            Glyphs::choose(true, 1, Charset::Utf8),
            Glyphs::choose(false, 2, Charset::Utf8),
            Glyphs::choose(false, 1, Charset::Other),
        ] {
            assert_eq!(set, &ASCII);
        }
    }

    #[test]
    fn every_state_has_a_sign_of_its_own_one_cell_wide_and_ascii_is_ascii() {
        for set in [UNICODE, ASCII] {
            let signs: std::collections::BTreeSet<_> = State::ALL.iter().map(|state| set.state(*state)).collect();
            assert_eq!(signs.len(), State::ALL.len());
            assert!(signs.iter().all(|sign| sign.width() == 1));
            assert!(set.spark.iter().all(|level| level.width() == 1));
        }
        assert!(format!("{ASCII:?}").is_ascii());
    }
}
