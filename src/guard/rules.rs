//! What a guard holds a release to.

use crate::domain::guarding::GuardSettings;
use crate::domain::measurement::TrackMeasured;
use crate::domain::text::count;
use crate::domain::{Age, Str};
use jiff::SignedDuration;

/// The past of rules and gates goes no further back: the further, the costlier.
pub const FURTHEST: SignedDuration = SignedDuration::from_hours(6);

/// Rules, and the times around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The rules, in the order in which they are told.
    pub rules: Vec<Rule>,
    /// Numbers of this long after a change do not count: new pods are slow at first.
    pub settle: SignedDuration,
    /// How long the way back may take until it has settled.
    pub undo: SignedDuration,
    /// What no data is.
    pub no_data: NoData,
}

/// One rule with its terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What is looked at.
    pub check: Check,
    /// On which terms.
    pub terms: Terms,
}

/// What a rule looks at, and its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
    /// The highest share of failed requests, 0 to 1.
    ErrorsMax(f64),
    /// The lowest share of requests that did not fail, 0 to 1.
    SuccessMin(f64),
    /// The longest time that a quantile of the requests may take, in seconds.
    Latency(Quantile, f64),
    /// The share of failed requests against the stable track's.
    AgainstStable(Against),
    /// So many bad answers of the health endpoint in a row.
    Health(u32),
    /// More restarts than so many since the guard was armed.
    Restarts(u32),
    /// The rollout settles within this time.
    Settled(SignedDuration),
}

/// A quantile that sources tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantile {
    /// Half of the requests are quicker.
    P50,
    /// Nine of ten are.
    P90,
    /// 99 of 100 are.
    P99,
}

/// How the candidate may compare to stable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against {
    /// At most so many times stable's share of errors.
    Times(f64),
    /// At most so much above stable's share of errors, 0 to 1.
    Above(f64),
}

/// On which terms a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The time that its number is taken over; `None`: the source's own window.
    pub window: Option<SignedDuration>,
    /// Fewer requests than this are too few to judge.
    pub requests: u64,
    /// So many evaluations in a row.
    pub in_a_row: u32,
}

impl Default for Terms {
    /// The source's window, 50 requests, twice in a row.
    fn default() -> Self {
        Self { window: None, requests: 50, in_a_row: 2 }
    }
}

/// What no data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoData {
    /// It holds: nothing goes forward, nothing is undone.
    #[default]
    Hold,
    /// It is a breach.
    Breach,
}

impl Default for Rules {
    /// Error rate at most 5 %, settled within 5 minutes, 30 s to settle, 3 minutes for the way back, no data holds.
    fn default() -> Self {
        let rule = |check| Rule { check, terms: Terms::default() };
        Self {
            rules: vec![rule(Check::ErrorsMax(0.05)), rule(Check::Settled(SignedDuration::from_mins(5)))],
            settle: SignedDuration::from_secs(30),
            undo: SignedDuration::from_mins(3),
            no_data: NoData::Hold,
        }
    }
}

impl Quantile {
    /// `p99`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
        }
    }

    /// The reading of this quantile.
    pub const fn of(self, track: &TrackMeasured) -> &crate::domain::measurement::Reading {
        match self {
            Self::P50 => &track.p50,
            Self::P90 => &track.p90,
            Self::P99 => &track.p99,
        }
    }
}

impl Check {
    /// The rule's name: what its breaches are counted under.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ErrorsMax(_) => "error rate",
            Self::SuccessMin(_) => "success rate",
            Self::Latency(quantile, _) => quantile.word(),
            Self::AgainstStable(_) => "error rate against stable",
            Self::Health(_) => "health endpoint",
            Self::Restarts(_) => "restarts",
            Self::Settled(_) => "rollout",
        }
    }

    /// Whether it looks at a source's numbers.
    pub const fn measures(&self) -> bool {
        matches!(self, Self::ErrorsMax(_) | Self::SuccessMin(_) | Self::Latency(..) | Self::AgainstStable(_))
    }

    /// In words: `error rate at most 5 %`.
    pub fn words(&self) -> String {
        match self {
            Self::ErrorsMax(max) => format!("error rate at most {}", percent(*max)),
            Self::SuccessMin(min) => format!("success rate at least {}", percent(*min)),
            Self::Latency(quantile, max) => format!("{} at most {}", quantile.word(), millis(*max)),
            Self::AgainstStable(Against::Times(times)) => format!("error rate at most {times} × stable's"),
            Self::AgainstStable(Against::Above(above)) => {
                format!("error rate at most {} above stable's", points(*above))
            }
            Self::Health(failures) => format!("fewer than {failures} bad answers of the health endpoint in a row"),
            Self::Restarts(most) => format!("at most {}", count(*most, "restart")),
            Self::Settled(within) => format!("settled within {}", Age(*within).words()),
        }
    }
}

/// Rules that make no sense: why, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub Str);

impl Rules {
    /// Replaces the rule of the same name, or adds one.
    pub fn set(&mut self, rule: Rule) {
        match self.rules.iter_mut().find(|have| have.check.name() == rule.check.name()) {
            Some(have) => *have = rule,
            None => self.rules.push(rule),
        }
    }

    /// Leaves out the rule called `name`.
    pub fn remove(&mut self, name: &str) {
        self.rules.retain(|rule| rule.check.name() != name);
    }

    /// Whether these rules can be meant over sources that take their numbers over `window`: the first rule that can't is
    /// told with the reason.
    pub fn check(&self, window: SignedDuration) -> Result<(), Wrong> {
        let wrong = |why: String| Err(Wrong(why.into()));
        for Rule { check, terms } in &self.rules {
            let name = check.name();
            match check {
                Check::ErrorsMax(share) | Check::SuccessMin(share) if !(0.0..=1.0).contains(share) => {
                    return wrong(format!("{name}: {} is no share; it lies between 0 % and 100 %", percent(*share)));
                }
                Check::Latency(_, seconds) if !seconds.is_finite() || *seconds <= 0.0 => {
                    return wrong(format!("{name}: {} is no time that a request can take", millis(*seconds)));
                }
                Check::AgainstStable(Against::Times(times)) if !times.is_finite() || *times < 1.0 => {
                    return wrong(format!("{name}: {times} times stable's; write 1 or more, as in 2x"));
                }
                Check::AgainstStable(Against::Above(above)) if !(0.0..=1.0).contains(above) => {
                    return wrong(format!("{name}: {} above stable's; write 0 % to 100 %", points(*above)));
                }
                Check::Health(0) => return wrong(format!("{name}: 0 bad answers in a row would always be a breach")),
                Check::Settled(within) if *within <= SignedDuration::ZERO => {
                    return wrong(format!("{name}: it can't settle within {}", Age(*within).words()));
                }
                _ => {}
            }
            if terms.in_a_row == 0 {
                return wrong(format!("{name}: 0 evaluations in a row would always be a breach"));
            }
            if terms.window.is_some_and(|window| window <= SignedDuration::ZERO) {
                return wrong(format!("{name}: a window must be longer than nothing"));
            }
            if terms.window.is_some_and(|window| window > FURTHEST) {
                return wrong(format!("{name}: a window can't be longer than {}", Age(FURTHEST).words()));
            }
            match (check, terms.window) {
                (Check::Latency(Quantile::P50 | Quantile::P90, _), Some(_)) => {
                    return wrong(format!(
                        "{name}: it has no past to take a window of, as p99 and the error rate have"
                    ));
                }
                (_, Some(own)) if own < window => {
                    return wrong(format!(
                        "{name}: a window of {} is shorter than the {} that every number is taken over (metrics.window)",
                        Age(own).words(),
                        Age(window).words()
                    ));
                }
                _ => {}
            }
        }
        let errors = self.rules.iter().find_map(|rule| match rule.check {
            Check::ErrorsMax(max) => Some(max),
            _ => None,
        });
        let success = self.rules.iter().find_map(|rule| match rule.check {
            Check::SuccessMin(min) => Some(min),
            _ => None,
        });
        // Of all requests, what fails and what succeeds is everything: a minimum above what the maximum leaves open makes
        // the maximum mean nothing.
        if let (Some(errors), Some(success)) = (errors, success)
            && success > 1.0 - errors + 1e-9
        {
            return wrong(format!(
                "success rate: at least {} contradicts the error rate of at most {}; one of them is enough",
                percent(success),
                percent(errors)
            ));
        }
        let quantile = |wanted: Quantile| {
            self.rules.iter().find_map(|rule| match rule.check {
                Check::Latency(quantile, max) if quantile == wanted => Some(max),
                _ => None,
            })
        };
        let pairs = [(Quantile::P50, Quantile::P90), (Quantile::P90, Quantile::P99), (Quantile::P50, Quantile::P99)];
        for (low, high) in pairs {
            if let (Some(below), Some(above)) = (quantile(low), quantile(high))
                && below > above
            {
                return wrong(format!(
                    "{}: at most {} lies above the {} for {}, which is never quicker",
                    low.word(),
                    millis(below),
                    millis(above),
                    high.word()
                ));
            }
        }
        if self.settle < SignedDuration::ZERO || self.undo <= SignedDuration::ZERO {
            return wrong("the times to settle and for the way back can't be negative".to_owned());
        }
        Ok(())
    }

    /// How long a rollout may take; `None`: no rule says.
    pub fn rollout(&self) -> Option<SignedDuration> {
        self.rules.iter().find_map(|rule| match rule.check {
            Check::Settled(within) => Some(within),
            _ => None,
        })
    }

    /// All rules in words.
    pub fn words(&self) -> String {
        self.rules.iter().map(|rule| rule.check.words()).collect::<Vec<_>>().join(", ")
    }
}

/// A share in per cent: `5 %`, `0.25 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", short(share * 100.0))
}

/// A difference of shares, in points: `1 point`, `2.5 points`.
pub fn points(share: f64) -> String {
    let number = short(share * 100.0);
    if number == "1" { "1 point".to_owned() } else { format!("{number} points") }
}

/// Seconds as `480 ms` or `2.4 s`.
pub fn millis(seconds: f64) -> String {
    if seconds < 1.0 { format!("{} ms", short(seconds * 1_000.0)) } else { format!("{} s", short(seconds)) }
}

/// At most two digits behind the point, and none that say nothing; small numbers keep one that tells.
pub fn short(number: f64) -> String {
    let digits = if number.abs() >= 10.0 { 1 } else { 2 };
    let text = format!("{number:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

impl From<&GuardSettings> for Rules {
    /// The built-in rules, with what the configuration says instead.
    fn from(settings: &GuardSettings) -> Self {
        let usual = Terms::default();
        let terms = Terms {
            requests: settings.min_requests.unwrap_or(usual.requests),
            in_a_row: settings.breaches.unwrap_or(usual.in_a_row),
            ..usual
        };
        let built_in = Self::default();
        let mut rules = Self {
            settle: settings.settle.unwrap_or(built_in.settle),
            undo: settings.undo.unwrap_or(built_in.undo),
            no_data: if settings.no_data_is_breach { NoData::Breach } else { NoData::Hold },
            rules: built_in.rules.into_iter().map(|rule| Rule { terms, ..rule }).collect(),
        };
        let asked = [
            settings.error_rate.map(|rate| Check::ErrorsMax(rate / 100.0)),
            settings.success_rate.map(|rate| Check::SuccessMin(rate / 100.0)),
            settings.latency.map(|most| Check::Latency(Quantile::P99, most.as_secs_f64())),
            settings.health_failures.map(Check::Health),
            settings.restarts.map(Check::Restarts),
            settings.rollout.map(Check::Settled),
        ];
        // A minimum alone says what a maximum would.
        if settings.success_rate.is_some() && settings.error_rate.is_none() {
            rules.remove("error rate");
        }
        for check in asked.into_iter().flatten() {
            rules.set(Rule { check, terms });
        }
        rules
    }
}
