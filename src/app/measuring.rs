//! What is measured, as the console uses it: what is looked at, over which time, and when new numbers change the screen.

mod reasons;

pub use reasons::health;

use super::layers::Layer;
use super::layout;
use super::model::Model;
use crate::config::Config;
use crate::domain::measurement::compare::{self, Difference};
use crate::domain::measurement::{Measured, Reading, TrackMeasured};
use crate::domain::release::Role;
use crate::domain::{Age, Measurements, Release, Timestamp, Uid};
use crate::guard::{Check, Quantile, Rules, Terms as RuleTerms};
use crate::metrics::Focus;
use jiff::SignedDuration;
use std::sync::Arc;

/// The most releases in mid-rollout that the board has asked for by themselves.
const FOLLOWED: usize = 8;

/// The time that charts and sparklines show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(usize);

impl Default for Span {
    fn default() -> Self {
        Self(1)
    }
}

impl Span {
    const MINUTES: [i64; 6] = [5, 15, 60, 360, 1_440, 10_080];

    /// The longest one that is no longer than `time`.
    pub fn up_to(time: std::time::Duration) -> Self {
        let fits = |minutes: &i64| u64::try_from(*minutes).is_ok_and(|minutes| minutes * 60 <= time.as_secs());
        Self(Self::MINUTES.iter().rposition(fits).unwrap_or(0))
    }

    /// A shorter one, or a longer one; the last stays.
    #[must_use]
    pub fn turned(self, longer: bool) -> Self {
        let place = if longer { self.0 + 1 } else { self.0.saturating_sub(1) };
        Self(place.min(Self::MINUTES.len() - 1))
    }

    /// How long it is.
    pub fn time(self) -> SignedDuration {
        SignedDuration::from_mins(Self::MINUTES[self.0])
    }

    /// `15 min`, `1 h`.
    pub fn words(self) -> String {
        Age(self.time()).words()
    }
}

/// What the numbers are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The highest share of failed requests, 0 to 1.
    pub errors: Option<f64>,
    /// The highest p99 in seconds.
    pub p99: Option<f64>,
    /// Fewer requests than this are too few to judge.
    pub least: u64,
}

impl Limits {
    /// What `[guard]` says, or the built-in limits.
    pub fn of(config: &Config) -> Self {
        Self::ruled(&Rules::from(&config.guard))
    }

    /// What the release is held to: by the guard that this console has armed on it, else by the settings.
    pub fn on(model: &Model, release: &Uid) -> Self {
        let guard = model.guards.of(release);
        guard.map_or_else(|| Self::of(&model.session.config), |guard| Self::ruled(&guard.terms.rules))
    }

    fn ruled(rules: &Rules) -> Self {
        let lowest = |of: fn(&Check) -> Option<f64>| rules.rules.iter().filter_map(|it| of(&it.check)).reduce(f64::min);
        Self {
            errors: lowest(|check| match check {
                Check::ErrorsMax(most) => Some(*most),
                Check::SuccessMin(least) => Some(1.0 - least),
                Check::Latency(..)
                | Check::AgainstStable(_)
                | Check::Health(_)
                | Check::Restarts(_)
                | Check::Settled(_) => None,
            }),
            p99: lowest(|check| match check {
                Check::Latency(Quantile::P99, most) => Some(*most),
                Check::Latency(Quantile::P50 | Quantile::P90, _)
                | Check::ErrorsMax(_)
                | Check::SuccessMin(_)
                | Check::AgainstStable(_)
                | Check::Health(_)
                | Check::Restarts(_)
                | Check::Settled(_) => None,
            }),
            least: rules.rules.first().map_or_else(RuleTerms::default, |rule| rule.terms).requests,
        }
    }
}

/// What is looked at now: the open release, plans and charts on top of it; and at the board the releases that are on
/// their way from one version to another, as far as their namespace's numbers do not tell of them.
pub fn focus(model: &Model) -> Focus {
    let mut releases: Vec<Uid> = Vec::new();
    let mut add = |uid: &Uid| {
        if !releases.contains(uid) {
            releases.push(uid.clone());
        }
    };
    for layer in model.layers.iter().rev() {
        match layer {
            Layer::Release(view) => add(&view.release.uid),
            Layer::Chart(chart) => add(&chart.release.uid),
            Layer::Plan(dialog) => add(&dialog.release.uid),
            // A guard's dialog shows no numbers; what is armed is measured whatever is open.
            Layer::Guard(_)
            | Layer::Form(_)
            | Layer::Palette(_)
            | Layer::Help(_)
            | Layer::Journal(_)
            | Layer::Messages(_)
            | Layer::Choice(_)
            | Layer::Logs(_)
            | Layer::Text(_)
            | Layer::Interrupted(_)
            | Layer::Leaving { .. } => {}
        }
    }
    model.guards.all().iter().for_each(|guard| add(&guard.release.uid));
    let board = model.layers.iter().all(Layer::is_dialog);
    let mut followed = Vec::new();
    if board {
        let alone = |release: &&Arc<Release>| {
            release.track(Role::Candidate).is_some()
                && model.measured(&release.uid).is_none_or(|measured| unheard(measured, model.now))
        };
        followed.extend(seen(model).iter().filter(alone).take(FOLLOWED).map(|release| release.uid.clone()));
        followed.retain(|uid| !releases.contains(uid));
    }
    // The board shows no past.
    let span = (!board).then(|| model.span.time());
    let guards = model.guards.all();
    let asked = guards.iter().filter_map(|guard| Some((guard.release.uid.clone(), guard.terms.health.clone()?)));
    let windows = guards.iter().flat_map(|guard| &guard.terms.rules.rules).filter_map(|rule| rule.terms.window);
    Focus { releases, followed, board, span, judged: windows.max(), endpoints: asked.collect() }
}

/// Whether nobody but itself tells of the release: no source answers for its namespace.
fn unheard(measured: &Measured, now: Timestamp) -> bool {
    let silent = || measured.tracks.iter().all(|track| track.errors.value().or(track.requests.value()).is_none());
    match &*measured.source {
        "" | "scrape" => true,
        "prometheus" => false,
        // Kubernetes tells no numbers, a controller tells them now and then.
        _ => silent() || measured.stale(now),
    }
}

/// The releases in sight on the board: what is asked at every key goes over them, and not over two thousand.
fn seen(model: &Model) -> &[Arc<Release>] {
    let (rows, page) = (&model.board.rows, layout::board_rows(model));
    let first = model.board.scroll.first(rows.len(), page);
    &rows[first.min(rows.len())..(first + page).min(rows.len())]
}

/// Whether `new` would be drawn otherwise than what is there.
pub fn changes_the_screen(model: &Model, new: &Measurements) -> bool {
    if model.held.is_some() {
        return false;
    }
    let old = &model.measurements;
    match model.layers.iter().rev().find(|layer| !layer.is_dialog()) {
        Some(Layer::Release(view)) => other(old.of(&view.release.uid), new.of(&view.release.uid), model.now),
        Some(Layer::Chart(chart)) => other(old.of(&chart.release.uid), new.of(&chart.release.uid), model.now),
        Some(_) => false,
        None => {
            let limits = Limits::of(&model.session.config);
            let cell = |measurements: &Measurements, release: &Release| {
                board_cell(release, measurements.of(&release.uid).map(Arc::as_ref), limits, model.now)
            };
            any_source(old) != any_source(new)
                || seen(model).iter().any(|release| cell(old, release) != cell(new, release))
        }
    }
}

/// Whether two measurements of one release differ in anything that is shown; their age alone is shown only when it is
/// worth it.
fn other(old: Option<&Arc<Measured>>, new: Option<&Arc<Measured>>, now: Timestamp) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_some() != new.is_some() };
    if Arc::ptr_eq(old, new) {
        return false;
    }
    let mut newer = Measured { at: old.at, ..(**new).clone() };
    for (new, old) in newer.named.iter_mut().zip(&old.named) {
        new.at = old.at;
    }
    **old != newer || age(old, now) != age(new, now) || old.stale(now) != new.stale(now)
}

/// How old the numbers are, in steps of five seconds; `None` while they are as young as the source's pace makes them.
pub fn age(measured: &Measured, now: Timestamp) -> Option<Age> {
    let age = measured.age(now)?;
    if age.0 <= measured.every.max(SignedDuration::from_secs(5)) {
        return None;
    }
    let seconds = age.0.as_secs();
    Some(Age::seconds(if seconds < 60 { seconds / 5 * 5 } else { seconds }))
}

/// When the numbers were taken, in the form that their age changes in: for the time of the next drawing.
pub fn wakes(measured: &Measured, now: Timestamp) -> Option<SignedDuration> {
    let age = measured.age(now)?.0;
    let quiet = measured.every.max(SignedDuration::from_secs(5));
    if age <= quiet {
        return Some(quiet - age + SignedDuration::from_secs(1));
    }
    let step = if age.as_secs() < 60 { 5 } else { 60 };
    Some(SignedDuration::from_secs(step - age.as_secs() % step))
}

/// Whether anything at all is measured.
pub fn any_source(measurements: &Measurements) -> bool {
    measurements.releases.values().any(|measured| measured.at.is_some())
}

/// How a number is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Within bounds, or not judged.
    Plain,
    /// It says little: unknown, old, too few.
    Muted,
    /// Worse than stable.
    Warn,
    /// Over the limit.
    Bad,
}

/// The error rate of `release` in four cells: `4.5` of all its requests, `+0.7` worse than stable, `none` without traffic,
/// `few` requests, `old`, `?` not known. Whatever is over the limit is marked as bad, and written like everything else.
pub fn board_cell(release: &Release, measured: Option<&Measured>, limits: Limits, now: Timestamp) -> (String, Tone) {
    let Some(measured) = measured.filter(|measured| measured.at.is_some()) else { return ("?".into(), Tone::Muted) };
    if measured.stale(now) {
        return ("old".into(), Tone::Muted);
    }
    let tracks = serving(release, measured);
    let track = |role| tracks.iter().copied().find(|track| track.role == role);
    let bad = tracks.iter().any(|track| over(track, limits));
    if let (Some(stable), Some(candidate)) = (track(Role::Stable), track(Role::Candidate))
        && let Difference::By(by) = compare::errors(stable, candidate, limits.least)
        && by >= 0.0005
    {
        return (format!("+{}", points(by)), if bad { Tone::Bad } else { Tone::Warn });
    }
    let valued: Vec<(f64, f64)> = tracks
        .iter()
        .filter_map(|track| Some((track.errors.value()?, track.requests.value().unwrap_or(1.0).max(1e-9))))
        .collect();
    if valued.is_empty() {
        let silent = tracks.iter().any(|track| track.errors == Reading::NoTraffic);
        return (if silent { "none" } else { "?" }.into(), Tone::Muted);
    }
    let samples: Option<u64> = tracks.iter().filter(|track| track.errors.value().is_some()).map(|t| t.samples).sum();
    if !bad && samples.is_some_and(|samples| samples < limits.least) {
        return ("few".into(), Tone::Muted);
    }
    let weight: f64 = valued.iter().map(|(_, requests)| requests).sum();
    let mean = valued.iter().map(|(errors, requests)| errors * requests).sum::<f64>() / weight;
    (points(mean), if bad { Tone::Bad } else { Tone::Plain })
}

/// The tracks whose requests count: what gets no traffic any more still has those of the last minutes, and they say nothing
/// of what is served now. All of them where none would be left.
fn serving<'a>(release: &Release, measured: &'a Measured) -> Vec<&'a TrackMeasured> {
    let left = |track: &&TrackMeasured| {
        let own = release.tracks.iter().find(|own| own.name == track.name);
        let share = own.and_then(|own| own.weight.asked.or(own.weight.actual));
        share == Some(0) && !release.by_rule()
    };
    let serving: Vec<_> = measured.tracks.iter().filter(|track| !left(track)).collect();
    if serving.is_empty() { measured.tracks.iter().collect() } else { serving }
}

/// Whether enough requests of the track fail to break the limit.
pub fn over(track: &TrackMeasured, limits: Limits) -> bool {
    let enough = track.samples.is_none_or(|samples| samples >= limits.least);
    let Some(limit) = limits.errors.filter(|_| enough) else { return false };
    track.errors.value().is_some_and(|errors| errors > limit)
}

/// Whether the track's p99 breaks the limit.
pub fn slow(track: &TrackMeasured, limits: Limits) -> bool {
    let enough = track.samples.is_none_or(|samples| samples >= limits.least);
    let Some(limit) = limits.p99.filter(|_| enough) else { return false };
    track.p99.value().is_some_and(|p99| p99 > limit)
}

/// A share in points of a hundred, three cells wide: `0.1`, `9.9`, `20`, `100`.
fn points(share: f64) -> String {
    let points = (share * 100.0).clamp(-999.0, 999.0);
    if points.abs() < 9.95 { format!("{points:.1}") } else { format!("{points:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::view::samples::healthy;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn track(role: Role, errors: Reading, samples: Option<u64>) -> TrackMeasured {
        let base = TrackMeasured::unknown(role, role.word().into(), Reading::Value(10.0));
        TrackMeasured { errors, samples, ..base }
    }

    fn measured(tracks: Vec<TrackMeasured>) -> Measured {
        Measured {
            source: "scrape".into(),
            detail: "".into(),
            at: Some(at(1_000)),
            every: SignedDuration::from_secs(5),
            window: SignedDuration::from_mins(1),
            tracks,
            named: vec![],
            health: None,
            trouble: None,
        }
    }

    fn cell(tracks: Vec<TrackMeasured>) -> (String, Tone) {
        let limits = Limits { errors: Some(0.05), p99: None, least: 50 };
        let release = healthy("shop", "checkout", "v1", 900);
        board_cell(&release, Some(&measured(tracks)), limits, at(1_001))
    }

    #[test]
    fn the_boards_cell_is_a_number_or_a_word_and_never_a_zero_for_nothing() {
        let stable = |errors| track(Role::Stable, Reading::Value(errors), Some(10_000));
        let candidate = |errors, samples| track(Role::Candidate, Reading::Value(errors), Some(samples));
        assert_eq!(cell(vec![stable(0.001)]), ("0.1".into(), Tone::Plain));
        assert_eq!(cell(vec![stable(0.001), candidate(0.008, 5_000)]), ("+0.7".into(), Tone::Warn));
        assert_eq!(cell(vec![stable(0.001), candidate(0.2, 5_000)]), ("+20".into(), Tone::Bad));
        assert_eq!(cell(vec![stable(0.2), candidate(0.2, 5_000)]), ("20".into(), Tone::Bad), "of all of them");
        assert_eq!(cell(vec![stable(0.001), candidate(0.2, 41)]).1, Tone::Plain, "41 requests break no limit");
        assert_eq!(cell(vec![track(Role::Stable, Reading::NoTraffic, None)]), ("none".into(), Tone::Muted));
        assert_eq!(cell(vec![track(Role::Stable, Reading::NoSource, None)]), ("?".into(), Tone::Muted));
        assert_eq!(cell(vec![track(Role::Stable, Reading::Value(0.3), Some(3))]), ("few".into(), Tone::Muted));
        let limits = Limits { errors: None, p99: None, least: 0 };
        let release = healthy("shop", "checkout", "v1", 900);
        assert_eq!(board_cell(&release, None, limits, at(0)).0, "?");
        assert_eq!(board_cell(&release, Some(&measured(vec![stable(0.1)])), limits, at(2_000)).0, "old");
        let huge = cell(vec![track(Role::Stable, Reading::Value(1e300), None)]).0;
        assert!(huge.len() <= 4, "{huge}");
    }

    #[test]
    fn a_candidate_without_traffic_tells_nothing_of_what_is_served() {
        let mut release = healthy("shop", "checkout", "v1", 900);
        let tracks = vec![
            track(Role::Stable, Reading::Value(0.001), Some(10_000)),
            track(Role::Candidate, Reading::Value(0.2), Some(5_000)),
        ];
        release.tracks = vec![release_track(Role::Stable, 100), release_track(Role::Candidate, 0)];
        let limits = Limits { errors: Some(0.05), p99: None, least: 50 };
        let told = |release: &Release| board_cell(release, Some(&measured(tracks.clone())), limits, at(1_001));
        assert_eq!(told(&release), ("0.1".into(), Tone::Plain), "it was aborted");
        release.tracks[1].weight.asked = Some(20);
        assert_eq!(told(&release), ("+20".into(), Tone::Bad));
    }

    /// A track as the release has it, called as the measured one of its role.
    fn release_track(role: Role, share: u8) -> crate::domain::release::Track {
        let track = crate::ui::view::samples::track(role, "v1", 1, share, vec![]);
        crate::domain::release::Track { name: role.word().into(), ..track }
    }

    #[test]
    fn a_release_is_followed_as_long_as_nobody_tells_of_its_namespace() {
        let of = |source: &str, errors: Reading, second| {
            let mut measured = measured(vec![track(Role::Candidate, errors, None)]);
            measured.tracks[0].requests = measured.tracks[0].errors.clone();
            unheard(&Measured { source: source.into(), ..measured }, at(second))
        };
        let value = Reading::Value(0.1);
        // A candidate that was not ready at the first look: Kubernetes alone answered.
        for source in ["", "scrape", "kubernetes", "flagger", "argo"] {
            assert!(of(source, Reading::NoSource, 1_001), "{source}");
        }
        assert!(!of("prometheus", Reading::NoSource, 1_001));
        assert!(!of("flagger", value.clone(), 1_001) && of("flagger", value, 2_000));
    }

    #[test]
    fn the_limits_are_the_guards() {
        let of = |text: &str| {
            let sources = crate::config::Sources { file: Some(("c".into(), text.to_owned())), ..Default::default() };
            Limits::of(&Config::resolve(&sources).unwrap())
        };
        assert_eq!(of(""), Limits { errors: Some(0.05), p99: None, least: 50 });
        let own = of("[guard]\nerror_rate = 2\nlatency = \"500ms\"\nmin_requests = 10\n");
        assert_eq!(own, Limits { errors: Some(0.02), p99: Some(0.5), least: 10 });
    }

    #[test]
    fn numbers_are_given_an_age_only_when_a_round_was_missed() {
        let mut measured = measured(vec![]);
        assert_eq!(age(&measured, at(1_005)), None);
        assert_eq!(age(&measured, at(1_013)), Some(Age::seconds(10)));
        assert_eq!(wakes(&measured, at(1_013)), Some(SignedDuration::from_secs(2)));
        measured.at = None;
        assert_eq!((age(&measured, at(0)), wakes(&measured, at(0))), (None, None));
    }

    #[test]
    fn the_window_ends_at_its_shortest_and_at_its_longest() {
        assert_eq!(Span::up_to(std::time::Duration::from_mins(50)), Span::default());
        assert_eq!(Span::up_to(std::time::Duration::ZERO).words(), "5 min");
        let mut span = Span::default();
        assert_eq!(span.words(), "15 min");
        for _ in 0..9 {
            span = span.turned(false);
        }
        assert_eq!(span.words(), "5 min");
        for _ in 0..9 {
            span = span.turned(true);
        }
        assert_eq!(span.words(), "7 d");
    }
}
