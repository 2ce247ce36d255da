//! Whether a rung has held long enough for the next one.

use super::judge::{State, Verdict, judge};
use super::numbers::{last_silence, points_since, requests_since, time_of};
use super::rules::{Check, Quantile, Rules};
use crate::domain::guarding::Bake;
use crate::domain::measurement::{Measured, TrackMeasured};
use crate::domain::text::count;
use crate::domain::{Release, Role, Str, Timestamp};
use jiff::SignedDuration;

/// How a rung stands before its gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baking {
    /// There is nothing to wait for: no gate is set, or no request goes to the candidate yet.
    Free,
    /// All that was asked for has come.
    Done,
    /// So much is still to come.
    Counting {
        /// Time; zero: none.
        time: SignedDuration,
        /// Requests; zero: none.
        requests: u64,
    },
    /// It does not count at all now: why, in one sentence.
    Held(Str),
}

impl Baking {
    /// Whether the next rung is open.
    pub const fn open(&self) -> bool {
        matches!(self, Self::Free | Self::Done)
    }

    /// As the pane says it: `gate: 4 min 10 s and 212 requests to go`; empty where there is no gate.
    pub fn words(&self) -> String {
        match self {
            Self::Free => String::new(),
            Self::Done => "gate: open".to_owned(),
            Self::Counting { .. } => format!("gate: {} to go", self.left()),
            Self::Held(why) => format!("gate: {why}"),
        }
    }

    /// Why an advance is held; `None` when it is not.
    pub fn holds(&self) -> Option<Str> {
        match self {
            Self::Free | Self::Done => None,
            Self::Counting { .. } => Some(format!("this rung has not baked: {} to go", self.left()).into()),
            Self::Held(why) => Some(format!("this rung does not bake: {why}").into()),
        }
    }

    fn left(&self) -> String {
        let Self::Counting { time, requests } = self else { return String::new() };
        let requests = match requests {
            0 => None,
            more => Some(count(*more, "request")),
        };
        let time = (*time > SignedDuration::ZERO).then(|| span(*time));
        [time, requests].into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

/// `4 min 10 s`, `2 h 5 min`, `12 s`; what is left of a second counts as one.
fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs() + i64::from(time.subsec_nanos() > 0);
    let (hours, minutes, rest) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// How the rung that `release` stands at bakes. A breach in the numbers holds it whether or not a gate is set; `configured`
/// says that rules were asked for, so that missing numbers hold it too.
pub fn baking(
    bake: Bake,
    (rules, configured): (&Rules, bool),
    release: &Release,
    measured: Option<&Measured>,
    now: Timestamp,
) -> Baking {
    let Some(candidate) = release.track(Role::Candidate) else { return Baking::Free };
    let takes = candidate.weight.asked.or(candidate.weight.actual).unwrap_or(0);
    if takes == 0 || release.step.is_none() {
        return Baking::Free;
    }
    let set = bake.time.is_some() || bake.requests.is_some();
    if let Some(why) = out_of_bounds(rules, set || configured, release, measured, now) {
        return Baking::Held(why);
    }
    if !set {
        return Baking::Free;
    }
    let step = release.step.as_ref();
    let waiting = release.waiting().and_then(|waiting| waiting.since);
    let Some(since) = step.and_then(|step| step.since).or(waiting) else {
        return Baking::Held("nothing tells since when it stands at this rung".into());
    };
    let track = measured.and_then(|measured| measured.named_track(&candidate.name).or(measured.track(Role::Candidate)));
    let since = measured.zip(track).map_or(since, |(measured, track)| well_since(rules, measured, track, since));
    let wanted = bake.requests.unwrap_or(0);
    let requests = match track {
        _ if wanted == 0 => 0,
        Some(track) => wanted.saturating_sub(requests_since(track, since)),
        None => return Baking::Held(format!("{wanted} requests are wanted, and nothing counts them").into()),
    };
    let time = bake.time.map_or(SignedDuration::ZERO, |time| time - now.duration_since(since));
    let time = time.max(SignedDuration::ZERO);
    if time == SignedDuration::ZERO && requests == 0 { Baking::Done } else { Baking::Counting { time, requests } }
}

/// Why the numbers hold the rung. Numbers in the first seconds after a change count here: a gate only waits.
fn out_of_bounds(
    rules: &Rules,
    wanted: bool,
    release: &Release,
    measured: Option<&Measured>,
    now: Timestamp,
) -> Option<Str> {
    // How often in a row is a matter of rolling back; one look is enough to wait.
    let mut once = rules.clone();
    once.rules.retain(|rule| rule.check.measures() || matches!(rule.check, Check::Health(_)));
    once.settle = SignedDuration::ZERO;
    for rule in &mut once.rules {
        rule.terms.in_a_row = 1;
    }
    let judgement = judge(&once, measured, release, &State::default(), now);
    match judgement.verdict {
        Verdict::Breach => Some(judgement.reason),
        Verdict::NoData | Verdict::Hold if wanted && !once.rules.is_empty() => Some(judgement.reason),
        Verdict::Ok | Verdict::NoData | Verdict::Hold => None,
    }
}

/// A time without numbers that is no longer than this is nothing yet: the points of a past lie up to so far apart.
const QUIET: SignedDuration = SignedDuration::from_secs(30);

/// Since when the numbers of this rung, which began at `since`, are known to be in bounds: the time counts from there.
/// p99 and the share of errors have a past; what other rules look at is known of this moment only.
fn well_since(rules: &Rules, measured: &Measured, track: &TrackMeasured, since: Timestamp) -> Timestamp {
    let past = track.judged_past();
    let is = |numbers: &[Option<f64>], place: usize, broken: &dyn Fn(f64) -> bool| {
        numbers.get(place).copied().flatten().is_some_and(broken)
    };
    let broken = |place: &usize| {
        rules.rules.iter().any(|rule| match rule.check {
            Check::ErrorsMax(max) => is(&past.errors, *place, &|share| share > max),
            Check::SuccessMin(min) => is(&past.errors, *place, &|share| 1.0 - share < min),
            Check::Latency(Quantile::P99, max) => is(&past.p99, *place, &|seconds| seconds > max),
            Check::Latency(Quantile::P50 | Quantile::P90, _)
            | Check::AgainstStable(_)
            | Check::Health(_)
            | Check::Restarts(_)
            | Check::Settled(_) => false,
        })
    };
    let breach = points_since(track, since).filter(broken).last();
    let patience = measured.every.saturating_mul(2).max(QUIET);
    let last = breach.max(last_silence(track, patience));
    last.and_then(|place| time_of(track, place)).map_or(since, |last| last.max(since))
}
