//! When a dialog takes its confirming key: its frame was flushed to the terminal, and since then no key came for
//! 300 ms. So a key that was typed before the dialog could be seen never confirms it.

use std::time::Duration;

/// How long no key may come before `y` counts.
pub const QUIET: Duration = Duration::from_millis(300);

/// The arming of one dialog. What is shown is named by the Model's revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arming {
    /// Its contents are not on the terminal yet; the first frame of at least this revision shows them.
    #[default]
    Unseen,
    /// The first frame of at least this revision shows it.
    Awaiting(u64),
    /// It is seen; the last key came at this moment.
    Seen(Duration),
}

impl Arming {
    /// Its contents changed: they are to be seen first.
    pub fn changed(&mut self, revision: u64) {
        *self = Self::Awaiting(revision);
    }

    /// A frame of `revision` reached the terminal at `tick`.
    pub fn flushed(&mut self, revision: u64, tick: Duration) {
        if matches!(self, Self::Awaiting(wanted) if revision >= *wanted) {
            *self = Self::Seen(tick);
        }
    }

    /// Something of it was shown that had not been: the quiet begins anew, and what waits for `y` is still seen.
    pub fn told_more(&mut self, tick: Duration) {
        self.key(tick);
    }

    /// A key came. `true` when it may be taken as a command; keys from before the dialog was seen may not.
    pub fn key(&mut self, tick: Duration) -> bool {
        match self {
            Self::Seen(last) => {
                *last = tick;
                true
            }
            Self::Unseen | Self::Awaiting(_) => false,
        }
    }

    /// Whether `y` counts at `tick`.
    pub fn armed(self, tick: Duration) -> bool {
        matches!(self, Self::Seen(last) if tick.saturating_sub(last) >= QUIET)
    }

    /// Whether its contents are on the terminal.
    pub const fn is_seen(self) -> bool {
        matches!(self, Self::Seen(_))
    }

    /// When it will be armed if no key comes.
    pub fn armed_at(self) -> Option<Duration> {
        match self {
            Self::Seen(last) => Some(last + QUIET),
            Self::Unseen | Self::Awaiting(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn nothing_arms_before_its_own_frame_was_flushed() {
        let mut arming = Arming::default();
        arming.changed(7);
        assert!(!arming.key(ms(10)) && !arming.armed(ms(10_000)));
        arming.flushed(6, ms(20));
        assert!(!arming.armed(ms(10_000)), "an older frame does not show it");
        arming.flushed(7, ms(1_000));
        assert!(!arming.armed(ms(1_299)) && arming.armed(ms(1_300)));
    }

    #[test]
    fn every_key_starts_the_quiet_anew_and_a_change_the_whole_way() {
        let mut arming = Arming::Awaiting(1);
        arming.flushed(1, ms(0));
        assert!(arming.key(ms(250)));
        assert!(!arming.armed(ms(400)) && arming.armed(ms(550)));
        arming.changed(9);
        assert!(!arming.armed(ms(9_000)));
    }
}
