//! How far this machine's clock is from the server's: ages, deadlines and "since a minute" are told from the objects' own
//! times, which are the server's, so they must be compared with the server's clock.

use super::clock::Clock;
use super::connect::Cluster;
use crate::domain::Timestamp;
use http::HeaderMap;
use http::header::DATE;
use jiff::SignedDuration;
use jiff::fmt::rfc2822::DateTimeParser;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A difference up to this is none: the header has whole seconds, and the answer took its way.
const NONE: SignedDuration = SignedDuration::from_secs(3);

/// By how many milliseconds the server's clock is ahead of this machine's; 0 until it was heard of.
#[derive(Debug, Default)]
pub struct Skew(AtomicI64);

impl Skew {
    /// Takes the `Date` of an answer that came at `now`, by this machine's clock.
    pub fn heard(&self, headers: &HeaderMap, now: Timestamp) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()) else { return };
        // The header tells the second that has begun: half of one is over, on the average.
        let ahead = date.duration_since(now).saturating_add(SignedDuration::from_millis(500));
        let ahead = if ahead.abs() <= NONE { SignedDuration::ZERO } else { ahead };
        self.0.store(i64::try_from(ahead.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    /// The server's time when this machine's is `now`.
    pub fn of_server(&self, now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::from_millis(self.0.load(Ordering::Relaxed))).unwrap_or(now)
    }
}

impl Cluster {
    /// The server's clock, as far as its answers told; the machine's until then.
    pub fn clock(&self) -> Clock {
        let inner = Arc::clone(&self.inner);
        Clock::new(move || inner.skew.of_server(Timestamp::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn after(date: &'static str, now: &str) -> i64 {
        let (skew, now): (Skew, Timestamp) = (Skew::default(), now.parse().unwrap());
        skew.heard(&HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))]), now);
        skew.of_server(now).duration_since(now).as_secs()
    }

    #[test]
    fn the_servers_clock_is_told_by_its_answers_and_small_differences_are_none() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(after(date, "1994-11-06T08:48:07Z"), 90, "this machine is behind");
        assert_eq!(after(date, "1994-11-06T08:51:07Z"), -89, "this machine is ahead");
        assert_eq!(after(date, "1994-11-06T08:49:39Z"), 0);
        assert_eq!(after("yesterday", "1994-11-06T08:51:07Z"), 0);
    }
}
