//! What the rules make of a release now.

use super::numbers::{Number, errors, latency};
use super::rest::{Rest, rest, rest_of};
use super::rules::{Against, Check, NoData, Rule, Rules, Terms, millis, percent, points};
use crate::domain::measurement::{Measured, TrackMeasured};
use crate::domain::pod::Pod;
use crate::domain::text::count;
use crate::domain::{Age, Release, Role, Str, Timestamp, Track};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a release stands under its rules; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// In bounds, on numbers that count.
    Ok,
    /// Not to be told yet: too early, too few, not often enough in a row.
    Hold,
    /// There are no numbers, or only old ones.
    NoData,
    /// A rule is broken.
    Breach,
}

impl Verdict {
    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Hold => "hold",
            Self::NoData => "no-data",
            Self::Breach => "breach",
        }
    }
}

/// What is watched of a release: one revision, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watched {
    /// The name of its track: it keeps it when it becomes the stable one.
    pub track: Str,
    /// Its pods' hash, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Str>,
}

/// What is remembered from one evaluation to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What is watched; an empty name: the candidate, else the stable track.
    #[serde(default)]
    pub watched: Watched,
    /// Since when numbers and the rollout count: armed, or the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Since when the rollout is on its way; `None` while it is at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<Timestamp>,
    /// Whether it came to rest since `since`: what moves after that is no rollout any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rested: bool,
    /// Restarts of its pods when it was armed, by the pods' identity; those without any are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub restarted: BTreeMap<Str, u32>,
    /// How many times in a row each rule was broken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub broken: BTreeMap<Str, u32>,
    /// The numbers that were counted last: the same ones count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Timestamp>,
}

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// What it makes of it.
    pub verdict: Verdict,
    /// With numbers.
    pub text: Str,
}

/// What all rules found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The worst verdict.
    pub verdict: Verdict,
    /// Its reason, in one sentence with numbers.
    pub reason: Str,
    /// Every rule's own.
    pub findings: Vec<Finding>,
    /// What the next evaluation starts from.
    pub state: State,
}

/// What `rules` make of `release` at `now`.
pub fn judge(
    rules: &Rules,
    measured: Option<&Measured>,
    release: &Release,
    state: &State,
    now: Timestamp,
) -> Judgement {
    let scene = Scene { measured, release, state, now };
    let own = scene.own_rest();
    let fresh = scene.fresh();
    let mut next = state.clone();
    let mut findings = Vec::with_capacity(rules.rules.len());
    for rule in &rules.rules {
        let found = scene.look(rules, rule, own.as_ref());
        findings.push(scene.count((rules, rule), found, fresh, &mut next));
    }
    match own {
        Some(Rest::Settled | Rest::Stands(_)) => (next.unsettled, next.rested) = (None, true),
        Some(Rest::Moves(_)) => next.unsettled = state.unsettled.or(Some(now)),
        Some(Rest::Failed(_)) | None => {}
    }
    if fresh {
        next.counted = measured.and_then(|measured| measured.at);
    }
    let worst = findings.iter().max_by_key(|finding| finding.verdict);
    let verdict = worst.map_or(Verdict::NoData, |finding| finding.verdict);
    let reason = match (verdict, worst) {
        (_, None) => "no rule is set".into(),
        (Verdict::Ok, _) => {
            findings.iter().map(|finding| &*finding.text).collect::<Vec<_>>().join(", ").as_str().into()
        }
        (_, Some(_)) => {
            let same = findings.iter().filter(|finding| finding.verdict == verdict);
            same.map(|finding| &*finding.text).collect::<Vec<_>>().join("; ").as_str().into()
        }
    };
    Judgement { verdict, reason, findings, state: next }
}

/// What one rule sees, before it is counted.
enum Seen {
    Within(String),
    Broken(String),
    NotYet(String),
    Nothing(String),
    /// Old numbers, whatever they say.
    Stale(String),
}

struct Scene<'a> {
    measured: Option<&'a Measured>,
    release: &'a Release,
    state: &'a State,
    now: Timestamp,
}

impl Scene<'_> {
    /// Whether there are numbers that were not counted yet.
    fn fresh(&self) -> bool {
        let at = self.measured.and_then(|measured| measured.at);
        at.is_some() && at > self.state.counted
    }

    fn look(&self, rules: &Rules, rule: &Rule, own: Option<&Rest>) -> Seen {
        match rule.check {
            Check::Health(limit) => self.health(limit),
            Check::Restarts(most) => self.restarts(most),
            Check::Settled(within) => self.settled(within, own),
            Check::ErrorsMax(_) | Check::SuccessMin(_) | Check::Latency(..) | Check::AgainstStable(_) => {
                self.numbers(rules, rule)
            }
        }
    }

    /// Counts a breach, and says what the rule makes of it.
    fn count(&self, (rules, rule): (&Rules, &Rule), seen: Seen, fresh: bool, next: &mut State) -> Finding {
        let name = rule.check.name();
        let silent = matches!(seen, Seen::Nothing(_));
        let finding = |verdict, text: String| Finding { rule: name, verdict, text: text.into() };
        let counts = fresh || !rule.check.measures();
        let (broken, text) = match seen {
            Seen::Broken(text) => (true, text),
            Seen::Nothing(text) if rules.no_data == NoData::Breach && self.measurable(rules) => {
                (true, format!("{text}, which counts as a breach"))
            }
            seen => {
                let (verdict, text) = match seen {
                    Seen::Within(text) => (Verdict::Ok, text),
                    Seen::NotYet(text) => (Verdict::Hold, text),
                    Seen::Nothing(text) | Seen::Stale(text) | Seen::Broken(text) => (Verdict::NoData, text),
                };
                // Old numbers and numbers that do not count say nothing about those before them.
                if counts && verdict == Verdict::Ok {
                    next.broken.remove(name);
                }
                return finding(verdict, text);
            }
        };
        debug_assert!(broken, "everything else returned");
        let wanted = if rule.check.measures() || silent { rule.terms.in_a_row } else { 1 };
        let before = self.state.broken.get(name).copied().unwrap_or(0);
        // Without any numbers there is no time of theirs either: each look counts.
        let counts = counts || self.measured.is_none_or(|measured| measured.at.is_none());
        let times = if counts { before.saturating_add(1) } else { before.max(1) };
        next.broken.insert(name.into(), times);
        if times >= wanted {
            finding(Verdict::Breach, text)
        } else {
            finding(Verdict::Hold, format!("{text}, {times} of {wanted} times in a row"))
        }
    }

    /// The rules over a source's numbers.
    fn numbers(&self, rules: &Rules, rule: &Rule) -> Seen {
        let name = rule.check.name();
        let Some(measured) = self.measured else { return Seen::Nothing(format!("{name}: nothing is measured yet")) };
        let why = || measured.trouble.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        if measured.at.is_none() {
            return Seen::Nothing(format!("{name}: no numbers{}", why()));
        }
        let Some(track) = self.track(measured) else {
            return Seen::Nothing(format!("{name}: nothing is measured of {}", self.name()));
        };
        let seen = self.compare(measured, track, rule);
        if measured.stale(self.now) {
            let age = measured.age(self.now).unwrap_or(Age::seconds(0)).words();
            let last = match seen {
                Seen::Within(text)
                | Seen::Broken(text)
                | Seen::NotYet(text)
                | Seen::Nothing(text)
                | Seen::Stale(text) => text,
            };
            return Seen::Stale(format!("{last}, but that is {age} old{}: old numbers are not acted upon", why()));
        }
        match (seen, self.settling(rules)) {
            (Seen::Broken(text) | Seen::Within(text), Some(left)) => {
                Seen::NotYet(format!("{text}; it counts in {}", Age(left).words()))
            }
            (seen, _) => seen,
        }
    }

    /// How much longer numbers do not count; `None` when they do.
    fn settling(&self, rules: &Rules) -> Option<jiff::SignedDuration> {
        let left = rules.settle - self.now.duration_since(self.state.since?);
        (left > jiff::SignedDuration::ZERO).then_some(left)
    }

    /// Whether there could be numbers: it has settled down, and something is asked for it.
    fn measurable(&self, rules: &Rules) -> bool {
        let nothing = self.own_track().is_some_and(|track| track.weight.asked == Some(0));
        self.settling(rules).is_none() && !nothing
    }

    fn compare(&self, measured: &Measured, track: &TrackMeasured, rule: &Rule) -> Seen {
        let (name, terms) = (rule.check.name(), rule.terms);
        let number = match rule.check {
            Check::Latency(quantile, _) => latency(measured, track, quantile, terms),
            Check::ErrorsMax(_)
            | Check::SuccessMin(_)
            | Check::AgainstStable(_)
            | Check::Health(_)
            | Check::Restarts(_)
            | Check::Settled(_) => errors(measured, track, terms),
        };
        let (number, samples) = match number {
            Number::Is(number, samples) => (number, samples),
            Number::Missing(why) => return Seen::Nothing(format!("{name}: {why}")),
        };
        if let Some(few) = too_few(&rule.check, number, samples, terms) {
            return Seen::NotYet(few);
        }
        let of = of_requests(samples);
        let (broken, text) = match rule.check {
            Check::ErrorsMax(max) => {
                (number > max, format!("error rate {}{of} (limit {})", percent(number), percent(max)))
            }
            Check::SuccessMin(min) => {
                let success = 1.0 - number;
                (success < min, format!("success rate {}{of} (at least {})", percent(success), percent(min)))
            }
            Check::Latency(quantile, max) => {
                (number > max, format!("{} {}{of} (limit {})", quantile.word(), millis(number), millis(max)))
            }
            Check::AgainstStable(against) => return self.against(measured, (number, samples), against, terms),
            // They look at no numbers of a source.
            Check::Health(_) | Check::Restarts(_) | Check::Settled(_) => (false, name.to_owned()),
        };
        match (broken, samples) {
            // One request may be all there was: acted upon only where no number of them is asked for.
            (true, None) if terms.requests > 0 => Seen::NotYet(format!("{text}: {UNCOUNTED}")),
            (true, _) => Seen::Broken(text),
            (false, _) => Seen::Within(text),
        }
    }

    fn against(
        &self,
        measured: &Measured,
        (number, counted): (f64, Option<u64>),
        against: Against,
        terms: Terms,
    ) -> Seen {
        let of = of_requests(counted);
        let name = "error rate against stable";
        let stable = measured.track(Role::Stable).filter(|track| *track.name != *self.state.watched.track);
        let Some(stable) = stable else { return Seen::Within(format!("{name}: it is the stable one itself")) };
        let (base, samples) = match errors(measured, stable, terms) {
            Number::Is(base, samples) => (base, samples),
            Number::Missing(why) => return Seen::Nothing(format!("{name}: {why} on stable")),
        };
        if samples.is_some_and(|samples| samples < terms.requests) {
            let samples = samples.unwrap_or(0);
            return Seen::NotYet(format!("{name}: {samples} requests on stable: too few"));
        }
        let (limit, words) = match against {
            Against::Times(times) => (base * times, format!("{times} × {}", percent(base))),
            Against::Above(above) => (base + above, format!("{} and {}", percent(base), points(above))),
        };
        let text = format!("error rate {}{of}, stable {} (limit {words})", percent(number), percent(base));
        // Beside a stable one without errors a single one would be infinitely more.
        let failed = measured_failures(number, counted);
        if number > limit && failed.is_some_and(|failed| failed < LEAST_FAILED) {
            return Seen::NotYet(format!("{text}: fewer than {LEAST_FAILED} failed requests are too few to compare"));
        }
        if number > limit { Seen::Broken(text) } else { Seen::Within(text) }
    }

    fn health(&self, limit: u32) -> Seen {
        let check = self.measured.and_then(|measured| measured.health.as_ref());
        let why = check.and_then(|check| check.trouble.as_deref()).map(|why| why.trim_end_matches('.'));
        let Some(check) = check.filter(|check| !check.ticks.is_empty()) else {
            return Seen::Nothing(format!("health endpoint: {}", why.unwrap_or("no answer yet")));
        };
        if let Some(why) = why {
            return Seen::Stale(format!("health endpoint: {why}: old answers are not acted upon"));
        }
        let failing = u32::try_from(check.failing()).unwrap_or(u32::MAX);
        let said = check.ticks.last().map_or("", |tick| &*tick.said);
        let last = check.ticks.last().map(|tick| Age::between(tick.at, self.now));
        let silent = self.measured.is_some_and(|measured| {
            let limit = measured.every.max(check.every).checked_mul(4).unwrap_or(jiff::SignedDuration::MAX);
            last.is_some_and(|age| age.0 > limit.max(jiff::SignedDuration::from_secs(60)))
        });
        let times = if failing == 1 { "once".to_owned() } else { format!("{failing} times in a row") };
        match failing {
            _ if silent => Seen::Stale(format!(
                "health endpoint: the last answer ({said}) is {} old: old answers are not acted upon",
                last.unwrap_or(Age::seconds(0)).words()
            )),
            0 => Seen::Within(format!("health endpoint {said}")),
            failing if failing >= limit => {
                Seen::Broken(format!("health endpoint bad {times}, last {said} (limit {limit})"))
            }
            _ => Seen::NotYet(format!("health endpoint bad {times}, last {said}; {limit} are a breach")),
        }
    }

    fn restarts(&self, most: u32) -> Seen {
        let Some(track) = self.own_track() else {
            return Seen::NotYet(format!("restarts: {} has no pods", self.name()));
        };
        // Each pod by itself: one that took the place of another brings its own count.
        let before = |pod: &Pod| self.state.restarted.get(&pod.uid.0).copied().unwrap_or(0);
        let new = track.pods.iter().map(|pod| pod.restarts.saturating_sub(before(pod))).fold(0, u32::saturating_add);
        let text = format!("{} (limit {most})", count(new, "restart"));
        if new > most { Seen::Broken(text) } else { Seen::Within(text) }
    }

    /// How the rollout of what is watched stands.
    fn own_rest(&self) -> Option<Rest> {
        self.own_track().map_or_else(|| rest(self.release), |track| rest_of(self.release, &track.name))
    }

    fn settled(&self, within: jiff::SignedDuration, own: Option<&Rest>) -> Seen {
        let took = self.state.unsettled.map(|since| Age::between(since, self.now));
        match own {
            // The trouble of another side is waited out: taking this one back would send all of the traffic there.
            Some(Rest::Settled | Rest::Stands(_)) => match rest(self.release) {
                Some(Rest::Failed(what) | Rest::Moves(what)) => Seen::NotYet(format!("rollout: {what}")),
                Some(Rest::Stands(what)) => Seen::Within(format!("rollout: {what}")),
                Some(Rest::Settled) | None => Seen::Within("rollout settled".to_owned()),
            },
            Some(Rest::Failed(why)) => Seen::Broken(format!("the rollout does not come up: {why}")),
            Some(Rest::Moves(what)) => match took {
                // Once settled, a pod that is evicted or an autoscaler that adds some breaks no rollout.
                Some(took) if took.0 > within && !self.state.rested => {
                    Seen::Broken(format!("not settled after {} (limit {}): {what}", took.words(), Age(within).words()))
                }
                _ => Seen::NotYet(format!("rollout: {what}")),
            },
            None => Seen::Nothing(format!("rollout: nothing steers {}", self.release.key)),
        }
    }

    /// The numbers of what is watched.
    fn track<'m>(&self, measured: &'m Measured) -> Option<&'m TrackMeasured> {
        let name = &*self.state.watched.track;
        if !name.is_empty() {
            return measured.named_track(name);
        }
        measured.track(Role::Candidate).or_else(|| measured.track(Role::Stable))
    }

    fn own_track(&self) -> Option<&Track> {
        let name = &*self.state.watched.track;
        if !name.is_empty() {
            return self.release.tracks.iter().find(|track| &*track.name == name);
        }
        self.release.track(Role::Candidate).or_else(|| self.release.track(Role::Stable))
    }

    fn name(&self) -> String {
        let name = &*self.state.watched.track;
        if name.is_empty() { self.release.key.to_string() } else { name.to_owned() }
    }
}

/// So many failed requests are compared with stable's.
const LEAST_FAILED: f64 = 3.0;

/// Why a number is not acted upon.
const UNCOUNTED: &str = "how many requests it rests on is not told, and a guard that asks for none (0) acts on it";

fn of_requests(samples: Option<u64>) -> String {
    samples.map(|samples| format!(" of {}", count(samples, "request"))).unwrap_or_default()
}

/// How many requests failed, where they are counted.
fn measured_failures(share: f64, samples: Option<u64>) -> Option<f64> {
    Some((share * samples? as f64).round())
}

/// A sample that is too small to be judged, called so.
fn too_few(check: &Check, number: f64, samples: Option<u64>, terms: Terms) -> Option<String> {
    let samples = samples.filter(|samples| *samples < terms.requests)?;
    let needed = terms.requests;
    Some(match check {
        Check::Latency(quantile, _) => {
            let samples = count(samples, "request");
            format!("{} {} of {samples}: too few ({needed} are needed)", quantile.word(), millis(number))
        }
        Check::ErrorsMax(_)
        | Check::SuccessMin(_)
        | Check::AgainstStable(_)
        | Check::Health(_)
        | Check::Restarts(_)
        | Check::Settled(_) => {
            let failed = (number * samples as f64).round() as u64;
            let (errors, samples) = (count(failed, "error"), count(samples, "request"));
            format!("{errors} of {samples}: too few ({needed} are needed)")
        }
    })
}
