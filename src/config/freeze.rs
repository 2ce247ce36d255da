//! Change freezes: windows of time in which nothing goes forward. Pure; the time is passed in.
//!
//! A window is one of three, told by how its ends are written:
//! - once: `from = "2026-12-20 18:00"`, `to = "2027-01-04"` (a date alone means its first minute as a start, and its
//!   last as an end);
//! - weekly: `from = "fri 16:00"`, `to = "mon 06:00"`;
//! - daily: `from = "22:00"`, `to = "06:00"`, on the `days` on which it starts, or on all.
//!
//! Ends are clock times of the zone, so a window keeps its clock times when summer time begins or ends.

use std::fmt;

use jiff::{
    Span, Timestamp, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};

/// The configured windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Freeze {
    zone: TimeZone,
    windows: Vec<Window>,
}

/// One window, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name in the file.
    pub name: String,
    /// What a person is told, if anything was written.
    pub reason: Option<String>,
    /// The contexts that it holds in; empty: all.
    pub contexts: Vec<String>,
    when: When,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    Once { from: DateTime, to: DateTime },
    Weekly { from: (Weekday, Time), to: (Weekday, Time) },
    Daily { days: Vec<Weekday>, from: Time, to: Time },
}

/// Why nothing goes forward now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The window's name.
    pub window: String,
    /// The reason that the file gives.
    pub reason: Option<String>,
    /// The end of the window.
    pub until: Timestamp,
    end: String,
}

impl fmt::Display for Held {
    /// `change freeze 'weekend' until Mon 2026-11-23 06:00 (nobody is there)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "change freeze '{}' until {}", self.window, self.end)?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl Freeze {
    /// No windows.
    pub fn none() -> Self {
        Self { zone: TimeZone::UTC, windows: Vec::new() }
    }

    /// `windows` on the clocks of `zone`.
    pub fn new(zone: TimeZone, windows: Vec<Window>) -> Self {
        Self { zone, windows }
    }

    /// The windows that hold in the context `name`.
    #[must_use]
    pub fn in_context(&self, name: &str) -> Self {
        let holds = |window: &&Window| {
            window.contexts.is_empty() || window.contexts.iter().any(|pattern| super::pattern::matches(pattern, name))
        };
        Self { zone: self.zone.clone(), windows: self.windows.iter().filter(holds).cloned().collect() }
    }

    /// All windows.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Why nothing goes forward at `now`; of several windows, the one that ends last.
    pub fn holds(&self, now: Timestamp) -> Option<Held> {
        let local = now.to_zoned(self.zone.clone()).datetime();
        let ends = self.windows.iter().filter_map(|window| Some((window.when.end(local)?, window)));
        let (end, window) = ends.max_by_key(|(end, _)| *end)?;
        let until = self.zone.to_ambiguous_timestamp(end).compatible().unwrap_or(Timestamp::MAX);
        Some(Held {
            window: window.name.clone(),
            reason: window.reason.clone(),
            until,
            end: end.strftime("%a %Y-%m-%d %H:%M").to_string(),
        })
    }
}

impl Window {
    /// Reads a window; the error says what is wrong with its ends or its days.
    pub fn parse(name: &str, from: &str, to: &str, days: &[String]) -> Result<Self, String> {
        let days = days
            .iter()
            .map(|day| {
                weekday(day).ok_or_else(|| format!("'{day}' is no day: write mon, tue, wed, thu, fri, sat or sun"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let when = match (moment(from), moment(to)) {
            (None, _) => return Err(format!("'{from}' is no moment: {MOMENT}")),
            (_, None) => return Err(format!("'{to}' is no moment: {MOMENT}")),
            (Some(Moment::Clock(from)), Some(Moment::Clock(to))) => When::Daily { days, from, to },
            _ if !days.is_empty() => return Err("'days' goes with clock times only, as in from = \"22:00\"".to_owned()),
            (Some(Moment::Weekly(from_day, from)), Some(Moment::Weekly(to_day, to))) => {
                When::Weekly { from: (from_day, from), to: (to_day, to) }
            }
            (Some(Moment::Dated(from, _)), Some(Moment::Dated(_, to))) if from < to => When::Once { from, to },
            (Some(Moment::Dated(..)), Some(Moment::Dated(..))) => return Err("it ends before it starts".to_owned()),
            _ => return Err("'from' and 'to' must be written in the same form".to_owned()),
        };
        Ok(Self { name: name.to_owned(), reason: None, contexts: Vec::new(), when })
    }
}

impl When {
    /// The end of the occurrence that `now` lies in.
    fn end(&self, now: DateTime) -> Option<DateTime> {
        match self {
            Self::Once { from, to } => (*from <= now && now < *to).then_some(*to),
            Self::Weekly { from, to } => (-7..=0).find_map(|offset| {
                let start_day = now.date().checked_add(Span::new().days(offset)).ok()?;
                (start_day.weekday() == from.0).then_some(())?;
                let days = i64::from(from.0.until(to.0));
                let days = if days == 0 && to.1 <= from.1 { 7 } else { days };
                within(now, start_day, from.1, to.1, days)
            }),
            Self::Daily { days, from, to } => (-1..=0).find_map(|offset| {
                let start_day = now.date().checked_add(Span::new().days(offset)).ok()?;
                (days.is_empty() || days.contains(&start_day.weekday())).then_some(())?;
                within(now, start_day, *from, *to, i64::from(to <= from))
            }),
        }
    }
}

/// The end of the window that starts on `start_day` and ends `days` later, if `now` lies in it.
fn within(now: DateTime, start_day: Date, from: Time, to: Time, days: i64) -> Option<DateTime> {
    let start = start_day.to_datetime(from);
    let end = start_day.checked_add(Span::new().days(days)).ok()?.to_datetime(to);
    (start <= now && now < end).then_some(end)
}

const MOMENT: &str = "write \"22:00\", \"fri 16:00\", \"2026-12-20\" or \"2026-12-20 18:00\"";

enum Moment {
    Clock(Time),
    Weekly(Weekday, Time),
    /// As a start and as an end: they differ for a date without a time.
    Dated(DateTime, DateTime),
}

fn moment(text: &str) -> Option<Moment> {
    if let Some(time) = clock(text) {
        return Some(Moment::Clock(time));
    }
    let (day, time) = text.split_once(' ').map_or((text, None), |(day, time)| (day, Some(time.trim())));
    if let Some(day) = weekday(day) {
        return Some(Moment::Weekly(day, clock(time?)?));
    }
    let date: Date = day.parse().ok()?;
    match time {
        None => Some(Moment::Dated(
            date.to_datetime(Time::midnight()),
            date.checked_add(1.day()).ok()?.to_datetime(Time::midnight()),
        )),
        Some(time) => {
            let at = date.to_datetime(clock(time)?);
            Some(Moment::Dated(at, at))
        }
    }
}

/// `22:00` or `22:00:00`; `24:00` is midnight.
fn clock(text: &str) -> Option<Time> {
    if text == "24:00" {
        return Some(Time::midnight());
    }
    text.contains(':').then_some(())?;
    Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text)).ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let text = text.to_lowercase();
    DAYS.iter().find(|(name, _)| *name == text || name[..3] == text).map(|(_, day)| *day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(zone: &str, from: &str, to: &str, days: &[&str]) -> Freeze {
        let days: Vec<String> = days.iter().map(ToString::to_string).collect();
        Freeze::new(TimeZone::get(zone).unwrap(), vec![Window::parse("w", from, to, &days).unwrap()])
    }

    fn at(moment: &str) -> Timestamp {
        moment.parse().unwrap()
    }

    #[test]
    fn a_weekly_window_holds_from_its_first_minute_to_its_last_and_over_the_week_s_end() {
        let weekend = freeze("UTC", "fri 16:00", "mon 06:00", &[]);
        // 2026-11-20 is a Friday.
        for (moment, held) in [
            ("2026-11-20T15:59:59Z", false),
            ("2026-11-20T16:00:00Z", true),
            ("2026-11-22T12:00:00Z", true),
            ("2026-11-23T05:59:59Z", true),
            ("2026-11-23T06:00:00Z", false),
        ] {
            assert_eq!(weekend.holds(at(moment)).is_some(), held, "{moment}");
        }
        let held = weekend.holds(at("2026-11-22T12:00:00Z")).unwrap();
        assert_eq!(held.until, at("2026-11-23T06:00:00Z"));
        assert_eq!(held.to_string(), "change freeze 'w' until Mon 2026-11-23 06:00");
    }

    #[test]
    fn a_weekly_window_that_ends_as_it_starts_is_the_whole_week() {
        let always = freeze("UTC", "wed 10:00", "wed 10:00", &[]);
        assert!(always.holds(at("2026-11-25T09:59:00Z")).is_some());
        assert!(always.holds(at("2026-11-25T10:00:00Z")).is_some());
    }

    #[test]
    fn a_daily_window_over_midnight_belongs_to_the_day_on_which_it_starts() {
        let nights = freeze("UTC", "22:00", "06:00", &["fri"]);
        assert!(nights.holds(at("2026-11-20T23:00:00Z")).is_some());
        assert!(nights.holds(at("2026-11-21T05:00:00Z")).is_some(), "the night that began on Friday");
        assert!(nights.holds(at("2026-11-21T23:00:00Z")).is_none(), "the night that begins on Saturday");
        assert!(nights.holds(at("2026-11-20T05:00:00Z")).is_none(), "the night that began on Thursday");
    }

    #[test]
    fn a_dated_window_includes_its_last_date() {
        let year_end = freeze("UTC", "2026-12-20 18:00", "2027-01-02", &[]);
        assert!(year_end.holds(at("2026-12-20T17:59:00Z")).is_none());
        assert!(year_end.holds(at("2027-01-02T23:59:00Z")).is_some());
        assert!(year_end.holds(at("2027-01-03T00:00:00Z")).is_none());
    }

    #[test]
    fn clock_times_are_those_of_the_zone() {
        let evening = freeze("Europe/Berlin", "18:00", "24:00", &[]);
        assert!(evening.holds(at("2026-11-20T17:30:00Z")).is_some());
        assert!(evening.holds(at("2026-07-20T16:30:00Z")).is_some(), "summer time");
        assert!(evening.holds(at("2026-11-20T16:30:00Z")).is_none());
        assert_eq!(evening.holds(at("2026-11-20T17:30:00Z")).unwrap().until, at("2026-11-20T23:00:00Z"));
    }

    #[test]
    fn a_window_of_one_context_does_not_hold_in_another() {
        let mut window = Window::parse("w", "00:00", "24:00", &[]).unwrap();
        window.contexts = vec!["prod-*".into()];
        window.reason = Some("sale".into());
        let freeze = Freeze::new(TimeZone::UTC, vec![window]);
        let now = at("2026-11-20T17:30:00Z");
        let held = freeze.in_context("prod-eu").holds(now).unwrap();
        assert_eq!(held.to_string(), "change freeze 'w' until Sat 2026-11-21 00:00 (sale)");
        assert!(freeze.in_context("staging").holds(now).is_none());
    }

    #[test]
    fn of_two_windows_the_one_that_ends_last_is_told() {
        let windows = ["20:00", "21:00"].map(|to| Window::parse(to, "10:00", to, &[]).unwrap());
        let held = Freeze::new(TimeZone::UTC, windows.to_vec()).holds(at("2026-11-20T17:30:00Z")).unwrap();
        assert_eq!(held.window, "21:00");
    }

    #[test]
    fn ends_that_cannot_be_meant_are_refused() {
        let refused = |from: &str, to: &str, days: &[String]| Window::parse("w", from, to, days).unwrap_err();
        assert!(refused("noon", "22:00", &[]).contains("'noon' is no moment"));
        assert!(refused("22:00", "mon 06:00", &[]).contains("same form"));
        assert!(refused("2026-12-20", "2026-12-01", &[]).contains("ends before it starts"));
        assert!(refused("fri 16:00", "mon 06:00", &["fri".into()]).contains("clock times only"));
        assert!(refused("22:00", "23:00", &["fry".into()]).contains("'fry' is no day"));
    }
}
