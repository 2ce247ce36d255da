//! The dialog that arms a guard, or ends one: its rules can be changed there, and what makes no sense is refused there.

use crate::action::guard::arm;
use crate::app::arming::Arming;
use crate::app::field::TextField;
use crate::app::guards::{Acts, GuardTerms};
use crate::app::scroll::Scroll;
use crate::app::sight::Sight;
use crate::config::{Config, HealthSettings, Origin, Written, no_address};
use crate::domain::guarding::{GuardSettings, OnBreach};
use crate::domain::intent::ReleaseId;
use crate::domain::{Release, Role, Str};
use crate::guard::{Check, Quantile, Rule, Rules, Terms, percent, seconds, with_terms};
use crate::strategy::Switched;
use jiff::SignedDuration;
use std::time::Duration;

/// How often an endpoint is asked that the settings do not know.
const ASKED_EVERY: Duration = Duration::from_secs(5);

/// How long a guard watches where nothing says otherwise.
const USUAL: SignedDuration = SignedDuration::from_mins(10);

/// A line of the dialog that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The highest share of failed requests.
    Errors,
    /// The highest p99.
    P99,
    /// The health endpoint.
    Health,
    /// How long it watches.
    For,
    /// The way back.
    Breach,
    /// Whether it asks.
    Acts,
}

impl Line {
    /// Every one, from above.
    pub const ALL: [Self; 6] = [Self::Errors, Self::P99, Self::Health, Self::For, Self::Breach, Self::Acts];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Errors => "error rate",
            Self::P99 => "p99",
            Self::Health => "health",
            Self::For => "for",
            Self::Breach => "on breach",
            Self::Acts => "acts",
        }
    }

    /// What stands there while nothing is typed, and how it is written.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Errors => "no limit; as 5%",
            Self::P99 => "no limit; as 500ms",
            Self::Health => "not asked; as svc/web:80/health or https://…",
            Self::For => "10m",
            Self::Breach | Self::Acts => "",
        }
    }
}

/// The dialog.
#[derive(Debug)]
pub struct GuardDialog {
    /// The release, fixed when the key was pressed.
    pub release: ReleaseId,
    /// The version that would be guarded.
    pub version: Str,
    /// What served, and is gone back to; empty where nothing is known.
    pub served: Str,
    /// What it may do.
    pub acts: Acts,
    /// The way back.
    pub on_breach: OnBreach,
    /// The ways back that this release has.
    pub ways: Vec<OnBreach>,
    /// What was typed: errors, p99, health endpoint, how long.
    pub typed: [TextField; 4],
    /// The line that takes the keys; `None`: `y` arms.
    pub at: Option<Line>,
    /// What is wrong with what was typed.
    pub problem: Option<Str>,
    /// Whether the release has a ladder to walk.
    pub ladder: bool,
    /// When `y` may be taken.
    pub arming: Arming,
    /// What of it was on the terminal: `y` waits for all of it.
    pub sight: Sight,
    /// How far it is scrolled.
    pub scroll: Scroll,
    /// What the settings say of the endpoint.
    known: Option<HealthSettings>,
    /// What the sources take their numbers over.
    window: SignedDuration,
}

impl GuardDialog {
    /// A dialog over `release`, with the rules of the settings; `switched` is our last switch of it. It shows the way back
    /// that the guard would take.
    pub fn new(release: &Release, switched: Option<&Switched>, config: &Config, revision: u64) -> Self {
        let lanes = arm(release, switched).ok();
        let shown = release.track(Role::Candidate).or_else(|| release.track(Role::Stable));
        let guarded = lanes.as_ref().map(|(guarded, _)| guarded.version.clone());
        let served = lanes.and_then(|(_, served)| served).map(|served| match served.revision {
            Some(revision) if release.traffic.is_none() => {
                format!("{} (revision {})", served.version, revision.0).into()
            }
            _ => served.version,
        });
        let mut arming = Arming::default();
        arming.changed(revision);
        let known = config.release(&release.key.namespace, &release.key.name).metrics.health;
        let ways = ways(release);
        let wanted = config.guard.on_breach;
        Self {
            release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
            version: guarded.or_else(|| Some(shown?.version.clone())).unwrap_or_default(),
            served: served.unwrap_or_default(),
            acts: Acts::default(),
            on_breach: if ways.contains(&wanted) { wanted } else { OnBreach::Undo },
            ways,
            typed: written(&config.guard, known.as_ref()).map(TextField::new),
            at: None,
            problem: None,
            ladder: release.step.is_some(),
            arming,
            sight: Sight::default(),
            scroll: Scroll::default(),
            known,
            window: config.metrics.window.try_into().unwrap_or(SignedDuration::MAX),
        }
    }

    /// The field of the line that takes the keys, where it takes text.
    pub fn field(&mut self) -> Option<&mut TextField> {
        let place = Line::ALL.iter().position(|line| Some(*line) == self.at)?;
        self.typed.get_mut(place)
    }

    /// The next line, or the one before.
    pub fn move_on(&mut self, down: bool) {
        let Some(place) = Line::ALL.iter().position(|line| Some(*line) == self.at) else { return };
        let next = if down { (place + 1).min(Line::ALL.len() - 1) } else { place.saturating_sub(1) };
        self.at = Some(Line::ALL[next]);
    }

    /// Another way back, or another of what it may do, as the line at which it stands says; `automatic`: whether it may
    /// write at all.
    pub fn turn(&mut self, forward: bool, automatic: bool) {
        match self.at {
            Some(Line::Breach) => self.on_breach = turned(&self.ways, self.on_breach, forward),
            Some(Line::Acts) if automatic => {
                let steps = if self.ladder {
                    &[Acts::Asks, Acts::GoesBack, Acts::Steps][..]
                } else {
                    &[Acts::Asks, Acts::GoesBack]
                };
                self.acts = turned(steps, self.acts, forward);
            }
            _ => {}
        }
    }

    /// What the guard is armed with, or the first line that makes no sense and why.
    pub fn terms(&self, settings: &GuardSettings) -> Result<GuardTerms, (Line, Str)> {
        let [errors, p99, health, watch] = self.typed.each_ref().map(|field| field.text().trim());
        let mut rules = Rules::from(settings);
        let usual = rules.rules.first().map_or_else(Terms::default, |rule| rule.terms);
        let limit = |line: Line, text: &str, read: fn(&str) -> Result<f64, String>, check: fn(f64) -> Check| {
            if text.is_empty() {
                return Ok(None);
            }
            let (value, terms) = with_terms(text, usual, read).map_err(|why| (line, Str::from(why)))?;
            let rule = Rule { check: check(value), terms };
            let alone = Rules { rules: vec![rule.clone()], ..Rules::default() };
            alone.check(self.window).map_err(|wrong| (line, wrong.0))?;
            Ok(Some(rule))
        };
        let latency = Check::Latency(Quantile::P99, 0.0);
        let of = [
            (Check::ErrorsMax(0.0).name(), limit(Line::Errors, errors, percent, Check::ErrorsMax)?),
            (latency.name(), limit(Line::P99, p99, seconds, |most| Check::Latency(Quantile::P99, most))?),
        ];
        for (name, rule) in of {
            match rule {
                Some(rule) => rules.set(rule),
                None => rules.remove(name),
            }
        }
        let failures = Check::Health(settings.health_failures.unwrap_or(3));
        if health.is_empty() {
            rules.remove(failures.name());
        } else {
            if let Some(wrong) = no_address(health) {
                return Err((Line::Health, wrong.into()));
            }
            rules.set(Rule { check: failures, terms: usual });
        }
        let asked = Some(health).filter(|text| !text.is_empty());
        let asked = asked.filter(|text| self.known.as_ref().is_none_or(|known| known.address.text != **text));
        let endpoint = |text: &str| {
            let origin = Origin::Flag("the guard's dialog".to_owned());
            let interval = self.known.as_ref().map_or(ASKED_EVERY, |known| known.interval);
            HealthSettings::at(Written { text: text.to_owned(), origin }, interval, self.known.as_ref())
        };
        rules.check(self.window).map_err(|wrong| (Line::Errors, wrong.0))?;
        Ok(GuardTerms {
            acts: self.acts,
            rules,
            watch: span(watch).map_err(|why| (Line::For, why.into()))?,
            on_breach: self.on_breach,
            health: asked.map(endpoint),
        })
    }
}

/// The settings as they are typed.
fn written(settings: &GuardSettings, health: Option<&HealthSettings>) -> [String; 4] {
    let rules = Rules::from(settings).rules;
    let of = |find: fn(&Check) -> Option<String>| rules.iter().find_map(|rule| find(&rule.check)).unwrap_or_default();
    let errors = of(|check| match check {
        Check::ErrorsMax(share) => Some(format!("{}%", crate::guard::short(share * 100.0))),
        _ => None,
    });
    let p99 = of(|check| match check {
        Check::Latency(Quantile::P99, seconds) => Some(format!("{}ms", (seconds * 1_000.0).round())),
        _ => None,
    });
    let watch = settings.watch.unwrap_or(USUAL);
    [errors, p99, health.map(|health| health.address.text.clone()).unwrap_or_default(), format!("{watch:#}")]
}

/// The ways back that there are for `release`.
fn ways(release: &Release) -> Vec<OnBreach> {
    let switches = release.traffic.as_ref().is_some_and(|traffic| traffic.switch.is_some());
    let possible = |way: &OnBreach| match way {
        OnBreach::Undo | OnBreach::Hold => true,
        OnBreach::Abort => release.traffic.is_some(),
        OnBreach::SwitchBack => switches,
    };
    OnBreach::ALL.into_iter().filter(possible).collect()
}

/// The one after `now`, or the one before it; around the ends.
fn turned<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let place = all.iter().position(|one| *one == now).unwrap_or(0);
    let next = if forward { place + 1 } else { place + all.len().max(1) - 1 };
    all.get(next % all.len().max(1)).copied().unwrap_or(now)
}

/// How long it watches: `10m`, `1h 30m`; nothing typed is the usual time.
fn span(text: &str) -> Result<SignedDuration, String> {
    if text.is_empty() {
        return Ok(USUAL);
    }
    match text.parse::<SignedDuration>() {
        Ok(span) if span > SignedDuration::ZERO => Ok(span),
        Ok(_) => Err(format!("'{text}' is no time to watch for: write 10m or 1h")),
        Err(_) => Err(format!("'{text}' is no time: write 10m or 1h")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use crate::domain::{Direction, Kind};
    use crate::strategy::testing::now;
    use crate::strategy::testing::shop::Shop;

    /// A Service between an older and a younger side, with this one live.
    fn between_sides(live: &str) -> std::sync::Arc<Release> {
        let labels = |color: &'static str| [("app", "web"), ("color", color)];
        let image = |version: &'static str| {
            move |it: &mut serde_json::Value| {
                it["spec"]["template"]["spec"]["containers"][0]["image"] = format!("reg/web:{version}").into();
            }
        };
        let mut shop = Shop::default();
        for (color, version, age) in [("blue", "v1", 90_000), ("green", "v2", 900)] {
            let name = format!("web-{color}");
            shop = shop.deployment(&name, &labels(color), version, (2, age));
            shop = shop.set(Kind::Deployment, &name, image(version));
            shop = shop.set(Kind::ReplicaSet, &format!("{name}-h1"), image(version));
        }
        let pods = [format!("web-{live}-h1-0"), format!("web-{live}-h1-1")];
        let color = if live == "blue" { "blue" } else { "green" };
        shop.service("web", &labels(color))
            .addresses("web", &pods.each_ref().map(String::as_str))
            .release(Kind::Service, "web")
    }

    #[test]
    fn the_dialog_promises_the_way_back_that_the_guard_would_take() {
        let config = Config::resolve(&Sources::default()).expect("a configuration");
        let promised = |live: &str, switched: Option<(&str, &str)>| {
            let release = between_sides(live);
            let switched = switched.map(|(from, to)| Switched {
                from: from.into(),
                to: to.into(),
                direction: Direction::Forward,
                at: now(),
                took: None,
            });
            let dialog = GuardDialog::new(&release, switched.as_ref(), &config, 0);
            let (guarded, served) = arm(&release, switched.as_ref()).expect("it tells");
            assert_eq!(dialog.version, guarded.version);
            assert_eq!(dialog.served, served.map(|served| served.version).unwrap_or_default());
            (dialog.version.to_string(), dialog.served.to_string())
        };
        let back = ("v2".to_owned(), "v1".to_owned());
        assert_eq!(promised("green", Some(("blue", "green"))), back, "the side that was left");
        assert_eq!(promised("green", None), back, "the older one, whoever switched");
        assert_eq!(promised("blue", None), ("v1".to_owned(), String::new()), "never the one that is brought in");
    }
}
