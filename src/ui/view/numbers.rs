//! Measured numbers as they are written: with units, never longer than a column, and words where there is none.

use super::said::shown;
use crate::app::measuring::{self, Span, Tone};
use crate::domain::measurement::compare::Difference;
use crate::domain::measurement::{Measured, Reading};
use crate::domain::{Age, Timestamp};
use crate::ui::widgets::Look;
use ratatui::style::Style;

/// A share of requests in per cent: `0.11 %`, `1.4 %`, `20 %`.
pub fn percent(share: f64) -> String {
    let number = share * 100.0;
    match number.abs() {
        whole if whole < 10.0 && whole.fract() == 0.0 => format!("{number:.0} %"),
        ..0.005 => "<0.01 %".to_owned(),
        ..0.995 => format!("{number:.2} %"),
        ..9.95 => format!("{number:.1} %"),
        ..100_000.0 => format!("{number:.0} %"),
        _ => format!("{number:.0e} %"),
    }
}

/// A time given in seconds: `182 ms`, `1.2 s`, `3 min`.
pub fn time(seconds: f64) -> String {
    let millis = seconds * 1_000.0;
    match millis.abs() {
        0.0 => "0 ms".to_owned(),
        ..0.95 => "<1 ms".to_owned(),
        ..9.95 => format!("{millis:.1} ms"),
        ..999.5 => format!("{millis:.0} ms"),
        ..99_950.0 => format!("{seconds:.1} s"),
        ..6_000_000.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{seconds:.0e} s"),
    }
}

/// A rate: `412/s`, `0.4/s`, `12k/s`.
pub fn rate(number: f64) -> String {
    format!("{}/s", short(number))
}

/// A number in four to five cells: `0.42`, `41`, `12k`, `3.4M`.
pub fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        ..0.01 => format!("{number:.0e}"),
        ..0.995 => format!("{number:.2}"),
        ..9.95 => format!("{number:.1}"),
        ..9_999.5 => format!("{number:.0}"),
        ..999_500.0 => format!("{:.0}k", number / 1e3),
        ..9.95e6 => format!("{:.1}M", number / 1e6),
        ..999.5e6 => format!("{:.0}M", number / 1e6),
        ..999.5e9 => format!("{:.0}G", number / 1e9),
        _ => format!("{number:.0e}"),
    }
}

/// A count with its thousands set apart: `74 880`; what is longer is shortened.
pub fn count(number: u64) -> String {
    if number >= 10_000_000 {
        return short(number as f64);
    }
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A reading by its form, or the word for why there is none.
pub fn reading(reading: &Reading, form: fn(f64) -> String) -> String {
    reading.value().map_or_else(|| reading.word().unwrap_or_default().to_owned(), form)
}

/// How a share stands against stable's: `+0.70 points`, `no clear difference`, `too few (41)`.
pub fn shares_apart(difference: Difference) -> String {
    match difference {
        Difference::By(by) => format!("{}{:.*} points", sign(by), usize::from(by.abs() < 0.0995), by.abs() * 100.0),
        other => apart(other),
    }
}

/// How a time stands against stable's: `+4 %`.
pub fn times_apart(difference: Difference) -> String {
    match difference {
        Difference::By(by) if by > 9.995 => format!("{} times", short(by + 1.0)),
        Difference::By(by) => format!("{}{:.0} %", sign(by), by.abs() * 100.0),
        other => apart(other),
    }
}

/// That the numbers tell no difference.
const UNCLEAR: &str = "no clear difference";

/// A difference in so many cells, the last of them empty: words that would be cut have a shorter form.
pub fn within(apart: &str, cells: usize) -> &str {
    if apart == UNCLEAR && cells <= UNCLEAR.len() { "not clear" } else { apart }
}

fn apart(difference: Difference) -> String {
    match difference {
        Difference::TooFew(few) => format!("too few ({few})"),
        Difference::Unclear => UNCLEAR.to_owned(),
        Difference::Unknown | Difference::By(_) => String::new(),
    }
}

const fn sign(by: f64) -> &'static str {
    if by < 0.0 { "-" } else { "+" }
}

/// What the numbers are taken over, and how far back the past goes: `over 1 min · past 15 min`.
pub fn times(measured: Option<&Measured>, past: Span, look: Look<'_>) -> String {
    let past = past.words();
    match measured.filter(|measured| measured.at.is_some()) {
        Some(measured) => format!("over {} {} past {past}", Age(measured.window).words(), look.glyphs.dot),
        None => format!("past {past}"),
    }
}

/// Where the numbers come from and how old they are: `prometheus, svc/prometheus:9090, 40 s old`; the fullest form that
/// fits `cells`.
pub fn source(measured: Option<&Measured>, now: Timestamp, cells: usize) -> String {
    let Some(measured) = measured.filter(|measured| !measured.source.is_empty()) else { return "no source".to_owned() };
    let name = shown(&measured.source).into_owned();
    let age = match (measured.at, measuring::age(measured, now)) {
        (None, _) => return "no source".to_owned(),
        (_, None) => String::new(),
        (_, Some(age)) if measured.stale(now) => format!(", stale, {} old", age.words()),
        (_, Some(age)) => format!(", {} old", age.words()),
    };
    let detail = shown(&measured.detail);
    let full = if detail.is_empty() { format!("{name}{age}") } else { format!("{name}, {detail}{age}") };
    if crate::ui::text::width(&full) <= cells { full } else { format!("{name}{age}") }
}

/// How a number of this tone looks.
pub fn toned(tone: Tone, look: Look<'_>) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Muted => look.theme.style("text.muted"),
        Tone::Warn => look.theme.style("verdict.warn"),
        Tone::Bad => look.theme.style("verdict.bad"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units_and_stay_short_however_absurd_they_are() {
        assert_eq!([percent(0.0011), percent(0.014), percent(0.2), percent(0.0)], ["0.11 %", "1.4 %", "20 %", "0 %"]);
        assert_eq!(percent(0.05), "5 %");
        assert_eq!(percent(0.000_001), "<0.01 %");
        assert_eq!([time(0.182), time(1.24), time(0.0004), time(300.0)], ["182 ms", "1.2 s", "<1 ms", "5 min"]);
        assert_eq!([rate(412.0), rate(0.4), rate(12_345.0)], ["412/s", "0.40/s", "12k/s"]);
        assert_eq!([count(41), count(74_880), count(9_999_999)], ["41", "74 880", "9 999 999"]);
        for absurd in [1e300, -1e300, 1e-300, f64::MAX, f64::MIN_POSITIVE] {
            for text in [percent(absurd), time(absurd), rate(absurd), short(absurd)] {
                assert!(text.len() <= 10, "{text}");
            }
        }
        assert!(count(u64::MAX).len() <= 6);
    }

    #[test]
    fn differences_are_words_where_nothing_can_be_told() {
        assert_eq!(shares_apart(Difference::By(0.199)), "+20 points");
        assert_eq!(shares_apart(Difference::By(0.007)), "+0.7 points");
        assert_eq!(shares_apart(Difference::TooFew(41)), "too few (41)");
        assert_eq!(times_apart(Difference::By(0.04)), "+4 %");
        assert_eq!(times_apart(Difference::By(-0.5)), "-50 %");
        assert_eq!(times_apart(Difference::By(40.0)), "41 times");
        assert_eq!(times_apart(Difference::Unclear), "no clear difference");
    }

    #[test]
    fn words_that_would_be_cut_have_a_shorter_form() {
        assert_eq!(
            (within("no clear difference", 20), within("no clear difference", 19)),
            ("no clear difference", "not clear")
        );
        assert_eq!(within("+20 points", 5), "+20 points");
    }
}
