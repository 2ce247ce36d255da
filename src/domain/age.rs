//! How long ago, in the shortest form that still helps.

use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// A span since some moment, shown with one unit: `4s`, `2m`, `3h`, `9d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(pub SignedDuration);

impl Age {
    /// The span from `then` to `now`; never negative (clocks apart show as zero).
    pub fn between(then: Timestamp, now: Timestamp) -> Self {
        Self(now.duration_since(then).max(SignedDuration::ZERO))
    }

    /// An age of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(SignedDuration::from_secs(seconds))
    }

    /// In words, for sentences: `4 s`, `2 min`, `3 h`, `9 d`.
    pub fn words(self) -> String {
        let (number, unit) = self.parts();
        let unit = if unit == "m" { "min" } else { unit };
        format!("{number} {unit}")
    }

    /// How many characters the short form has, without making it.
    pub const fn cells(self) -> usize {
        let digits = match self.parts().0.unsigned_abs().checked_ilog10() {
            Some(digits) => digits as usize + 1,
            None => 1,
        };
        digits + 1
    }

    const fn parts(self) -> (i64, &'static str) {
        let seconds = self.0.as_secs();
        match seconds {
            ..60 => (seconds, "s"),
            60..3_600 => (seconds / 60, "m"),
            3_600..172_800 => (seconds / 3_600, "h"),
            _ => (seconds / 86_400, "d"),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = self.parts();
        write!(f, "{number}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit_and_is_never_negative() {
        let shown = |s| Age::seconds(s).to_string();
        assert_eq!([shown(0), shown(59), shown(60), shown(3_599)], ["0s", "59s", "1m", "59m"]);
        assert_eq!([shown(3_600), shown(172_799), shown(172_800)], ["1h", "47h", "2d"]);
        assert_eq!(Age::seconds(120).words(), "2 min");
        for seconds in [0, 9, 10, 59, 60, 600, 3_600, 36_000, 172_800, 86_400_000] {
            assert_eq!(Age::seconds(seconds).cells(), shown(seconds).len(), "{seconds} s");
        }
        let later = Timestamp::from_second(100).expect("in range");
        assert_eq!(Age::between(later, Timestamp::UNIX_EPOCH), Age::seconds(0));
    }
}
