//! How often the screen is drawn when no key asks for it.
//!
//! News after a quiet time comes in twos and threes (the answer to a write, then what its controller makes of it; the
//! first rows, then the rest), and each of them is wanted at once; a steady stream of news is read no faster than a few
//! times a second, and a slow link has to carry each picture. So drawings are a supply of [`BURST`] that fills up by one
//! every [`CALM`]. What answers a person's own key takes from it and never waits for it.

use std::time::Duration;

use tokio::time::Instant;

/// The time between two drawings under a steady stream.
const CALM: Duration = Duration::from_millis(200);

/// The least time between two drawings that no key asked for.
const QUICK: Duration = Duration::from_millis(16);

/// How many drawings are in supply after a quiet time.
const BURST: u32 = 16;

/// When the next drawing may be.
#[derive(Debug, Default)]
pub struct Pace {
    drawn_at: Option<Instant>,
    /// When the supply will be full again.
    full_at: Option<Instant>,
}

impl Pace {
    /// A drawing was made, for whatever reason.
    pub fn drew(&mut self, now: Instant) {
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + CALM;
        // Keys may draw more often than that, but news never wait for longer than one refill.
        self.full_at = Some(full_at.min(now + CALM * BURST));
        self.drawn_at = Some(now);
    }

    /// The soonest time for what a person waits for.
    pub fn answer(&self, now: Instant) -> Instant {
        self.after(QUICK, now)
    }

    /// The soonest time for news.
    pub fn news(&self, now: Instant) -> Instant {
        let supplied = self.full_at.and_then(|at| at.checked_sub(CALM * (BURST - 1)));
        self.after(QUICK, now).max(supplied.unwrap_or(now))
    }

    /// The soonest time that is `pause` after the last drawing.
    pub fn after(&self, pause: Duration, now: Instant) -> Instant {
        self.drawn_at.map_or(now, |drawn| (drawn + pause).max(now))
    }
}
