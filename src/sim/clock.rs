//! The simulated cluster's time.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// How the simulated time runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockMode {
    /// It stands still until a test calls `SimCluster::advance`.
    Manual,
    /// It starts now and follows tokio's clock, `speed` times as fast.
    Follow {
        /// Simulated seconds a second.
        speed: f64,
    },
}

/// The time at which a manual clock starts.
pub fn manual_start() -> Timestamp {
    Timestamp::from_second(1_780_315_200).expect("a time in 2026")
}

/// Virtual time: where it stands, and where it should stand.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The time that controllers see. Moved by the queue only.
    pub now: Timestamp,
    anchor: Option<(Instant, Timestamp, f64)>,
}

impl Clock {
    pub fn at(now: Timestamp) -> Clock {
        Clock { now, anchor: None }
    }

    /// From now on the clock follows tokio's.
    pub fn follow(&mut self, speed: f64) {
        self.anchor = Some((Instant::now(), self.now, speed));
    }

    /// Where the time should stand by tokio's clock; unchanged for a manual clock.
    pub fn target(&self) -> Timestamp {
        match self.anchor {
            Some((since, start, speed)) => start + signed(since.elapsed().mul_f64(speed)),
            None => self.now,
        }
    }

    /// The tokio instant at which the virtual time will be `due`; none for a manual clock.
    pub fn instant_of(&self, due: Timestamp) -> Option<Instant> {
        let (since, start, speed) = self.anchor?;
        let ahead = Duration::try_from(due.duration_since(start)).unwrap_or_default();
        Some(since + ahead.div_f64(speed.max(1e-6)))
    }
}

/// A duration as jiff counts them; one too long for it is its maximum.
pub fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Whole seconds.
pub fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// Milliseconds.
pub fn millis(count: i64) -> SignedDuration {
    SignedDuration::from_millis(count)
}

/// Reads a duration as Go and the scenario files write it: `90s`, `5m`, `1h30m`, `3d`, `700ms`, with a sign.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim().trim_start_matches('+')),
    };
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    let total = SignedDuration::try_from_secs_f64(total).ok()?;
    Some(if negative { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_every_unit() {
        assert_eq!(duration("1h30m"), Some(seconds(5400)));
        assert_eq!(duration("-700ms"), Some(millis(-700)));
        assert_eq!(duration("2d"), Some(seconds(172_800)));
        assert_eq!(duration("5 minutes"), None);
    }
}
