//! Who steps which release now: what a Lease beside it says, so that a second person sees it before they act. It is a
//! notice and no fence: nothing is ever held by it.

use super::snapshot::{KindStatus, Watch};
use super::{Kind, ObjectKey, Str, Verb};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The label of these Leases: no other Lease is ever read.
pub const LABEL: &str = "windlass.dev/presence";

/// Its value.
pub const STEPPING: &str = "stepping";

/// The annotation with the release: `virtualservice/checkout`, in the Lease's namespace.
pub const RELEASE: &str = "windlass.dev/release";

/// The annotation with the last step in words.
pub const STEP: &str = "windlass.dev/step";

/// The annotation with the console: of two of the same person on the same machine each has its own.
pub const CONSOLE: &str = "windlass.dev/console";

/// The longest that a Lease counts without a renewal, whatever it says itself.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// One person at one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The release's root.
    pub release: ObjectKey,
    /// `ana@host`.
    pub holder: Str,
    /// Which console.
    pub console: Str,
    /// The last step in words: `ADVANCE shop/checkout`.
    pub step: Str,
    /// Since when, by the server's clock.
    pub since: Timestamp,
    /// When it was last said, by the server's clock.
    pub renewed: Timestamp,
    /// For how long that holds.
    pub holds: SignedDuration,
}

impl Presence {
    /// When it says nothing any more, unless it is renewed.
    pub fn lapses(&self) -> Timestamp {
        self.renewed.checked_add(self.holds.min(LONGEST)).unwrap_or(self.renewed)
    }

    /// Whether it still counts. One from the future by more than it holds was written by a clock that is wrong.
    pub fn lives(&self, now: Timestamp) -> bool {
        !self.holder.is_empty() && now < self.lapses() && self.renewed.duration_since(now) <= self.holds
    }

    /// The person without the machine: `ana`.
    pub fn who(&self) -> &str {
        self.holder.split_once('@').map_or(&*self.holder, |(who, _)| who)
    }
}

/// Everybody who is known to step a release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presences {
    held: Arc<BTreeMap<ObjectKey, Presence>>,
    /// How the watch of these Leases is doing; `None`: nobody looks.
    status: Option<KindStatus>,
}

impl Presences {
    /// What Leases said; of two about one release the one that was renewed last counts.
    pub fn new(all: impl IntoIterator<Item = Presence>, status: Option<KindStatus>) -> Self {
        let mut held: BTreeMap<ObjectKey, Presence> = BTreeMap::new();
        for presence in all {
            let newer = held.get(&presence.release).is_none_or(|other| other.renewed < presence.renewed);
            if newer {
                held.insert(presence.release.clone(), presence);
            }
        }
        Self { held: Arc::new(held), status }
    }

    /// The same under another watch's word.
    #[must_use]
    pub fn with_status(&self, status: Option<KindStatus>) -> Self {
        Self { held: Arc::clone(&self.held), status }
    }

    /// Whether nobody is known to.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Who steps the release rooted at `release`, as far as it still counts.
    pub fn of(&self, release: &ObjectKey, now: Timestamp) -> Option<&Presence> {
        self.held.get(release).filter(|presence| presence.lives(now))
    }

    /// Why it is not known who steps a release in `namespace`; `None` where it is known, or nobody looks.
    pub fn unknown(&self, namespace: &str) -> Option<&Str> {
        let status = self.status.as_ref()?;
        if let Some(denied) = status.denied.iter().find(|denied| *denied.namespace == *namespace) {
            return Some(&denied.reason);
        }
        match &status.watch {
            Watch::Forbidden { reason, .. } | Watch::Failing { reason, .. } => Some(reason),
            Watch::Listing | Watch::Live | Watch::Absent => None,
        }
    }
}

/// Whether `verb` on a release rooted at an object of kind `root` is a step that others should see. A release with
/// several tracks is walked: each of these verbs moves it from where the next one starts. A plain workload is not: a
/// write on it is one write, and its undo stays the one request that it is. Nor is what only changes a side's pods.
pub const fn steps(verb: Verb, root: Kind) -> bool {
    match verb {
        Verb::Advance
        | Verb::Switch
        | Verb::SetWeight
        | Verb::Abort
        | Verb::Promote
        | Verb::Continue
        | Verb::Skip
        | Verb::Retry => true,
        Verb::Undo | Verb::Pause | Verb::Resume | Verb::Revert => {
            !matches!(root, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
        }
        Verb::Restart | Verb::SetImage | Verb::Scale => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::snapshot::Denied;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn presence(holder: &str, renewed: i64, holds: i64) -> Presence {
        Presence {
            release: ObjectKey::new(Kind::VirtualService, "shop", "checkout"),
            holder: holder.into(),
            console: "1".into(),
            step: "".into(),
            since: at(0),
            renewed: at(renewed),
            holds: SignedDuration::from_secs(holds),
        }
    }

    #[test]
    fn a_lease_counts_until_it_lapses_and_one_that_nobody_holds_does_not() {
        assert!(presence("ana@desk", 100, 60).lives(at(159)));
        assert!(!presence("ana@desk", 100, 60).lives(at(160)), "it lapsed");
        assert!(!presence("", 100, 60).lives(at(101)), "it was given back");
        assert!(presence("ana@desk", 100, 60).lives(at(40)), "clocks differ");
        assert!(!presence("ana@desk", 100, 60).lives(at(39)), "by so much no clock differs");
        assert!(!presence("ana@desk", 100, 100_000_000).lives(at(100 + 3_600)), "whatever it says itself");
        assert_eq!((presence("ana@desk", 0, 1).who(), presence("ci", 0, 1).who()), ("ana", "ci"));
    }

    #[test]
    fn of_two_leases_about_one_release_the_newer_counts() {
        let all = [presence("ana@a", 100, 60), presence("ben@b", 110, 60), presence("eve@c", 90, 60)];
        let release = all[0].release.clone();
        let known = Presences::new(all, None);
        assert_eq!(&*known.of(&release, at(120)).expect("somebody").holder, "ben@b");
        assert!(known.of(&release, at(200)).is_none());
        assert!(known.unknown("shop").is_none(), "nobody looks");
    }

    #[test]
    fn where_leases_may_not_be_read_it_is_not_known_who_steps() {
        let status = |watch, denied| Some(KindStatus { watch, count: 0, denied });
        let denied = vec![Denied { namespace: "pay".into(), reason: "no".into(), since: None }];
        let some = Presences::new([], status(Watch::Live, denied));
        assert_eq!((some.unknown("pay").is_some(), some.unknown("shop").is_some()), (true, false));
        let none = some.with_status(status(Watch::Forbidden { reason: "no".into(), since: None }, Vec::new()));
        assert!(none.unknown("shop").is_some());
        assert!(none.with_status(status(Watch::Listing, Vec::new())).unknown("shop").is_none(), "it comes");
    }

    #[test]
    fn steps_are_what_moves_a_release_with_tracks() {
        assert!(steps(Verb::Advance, Kind::VirtualService) && steps(Verb::Switch, Kind::Service));
        assert!(steps(Verb::Undo, Kind::Canary) && steps(Verb::Revert, Kind::Rollout));
        assert!(!steps(Verb::Undo, Kind::Deployment) && !steps(Verb::Revert, Kind::StatefulSet));
        assert!(!steps(Verb::Scale, Kind::Rollout) && !steps(Verb::Restart, Kind::Canary));
    }
}
