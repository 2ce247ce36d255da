//! The steps of an Argo Rollout's canary, by kind.

use super::matching::Match;
use crate::domain::{Str, Timestamp};
use jiff::SignedDuration;

/// One entry of `spec.strategy.canary.steps`.
#[derive(Debug, Clone, PartialEq)]
pub enum RolloutStep {
    /// `setWeight`.
    SetWeight(i64),
    /// `pause`.
    Pause(PauseFor),
    /// `setCanaryScale`.
    SetScale {
        /// `weight`.
        weight: Option<i64>,
        /// `replicas`.
        replicas: Option<i64>,
        /// `matchTrafficWeight`.
        match_traffic: bool,
    },
    /// `analysis`: the templates' names.
    Analysis(Vec<Str>),
    /// `experiment`.
    Experiment {
        /// The templates' names.
        templates: Vec<Str>,
        /// `duration`.
        duration: Option<SignedDuration>,
    },
    /// `setHeaderRoute`; without a match it takes the route away.
    HeaderRoute {
        /// Its name.
        name: Str,
        /// Which requests go to the canary.
        matches: Vec<Match>,
    },
    /// `setMirrorRoute`.
    MirrorRoute {
        /// Its name.
        name: Str,
        /// Which requests are copied.
        matches: Vec<Match>,
        /// Which share of them.
        percentage: Option<i64>,
    },
    /// `plugin`.
    Plugin(Str),
    /// One that the console does not know, by its field's name; empty when it could not be read.
    Other(Str),
}

/// How long a pause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseFor {
    /// Until a person goes on.
    Person,
    /// So long.
    Time(SignedDuration),
    /// A duration that could not be read.
    Unreadable,
}

impl RolloutStep {
    /// The step in words: `20 %`, `pause 5m`, `pause`, `analysis success-rate`.
    pub fn words(&self) -> String {
        match self {
            Self::SetWeight(weight) => format!("{weight} %"),
            Self::Pause(PauseFor::Person) => "pause".into(),
            Self::Pause(PauseFor::Time(duration)) => format!("pause {}", short(*duration)),
            Self::Pause(PauseFor::Unreadable) => "pause ?".into(),
            Self::SetScale { match_traffic: true, .. } => "scale as traffic".into(),
            Self::SetScale { replicas: Some(1), .. } => "scale to 1 pod".into(),
            Self::SetScale { replicas: Some(replicas), .. } => format!("scale to {replicas} pods"),
            Self::SetScale { weight: Some(weight), .. } => format!("scale to {weight} %"),
            Self::SetScale { .. } => "scale".into(),
            Self::Analysis(templates) => listed("analysis", templates),
            Self::Experiment { templates, .. } => listed("experiment", templates),
            Self::HeaderRoute { name, matches } if matches.is_empty() => format!("header route {name} off"),
            Self::HeaderRoute { name, .. } => format!("header route {name}"),
            Self::MirrorRoute { name, matches, percentage } if matches.is_empty() && percentage.is_none() => {
                format!("mirror {name} off")
            }
            Self::MirrorRoute { name, .. } => format!("mirror {name}"),
            Self::Plugin(name) => format!("plugin {name}"),
            Self::Other(name) if name.is_empty() => "?".into(),
            Self::Other(name) => name.to_string(),
        }
    }

    /// The weight that it sets, in per cent of 100.
    pub fn weight(&self) -> Option<u8> {
        match self {
            Self::SetWeight(weight) => u8::try_from((*weight).clamp(0, 100)).ok(),
            Self::Pause(_)
            | Self::SetScale { .. }
            | Self::Analysis(_)
            | Self::Experiment { .. }
            | Self::HeaderRoute { .. }
            | Self::MirrorRoute { .. }
            | Self::Plugin(_)
            | Self::Other(_) => None,
        }
    }
}

fn listed(what: &str, names: &[Str]) -> String {
    if names.is_empty() { what.into() } else { format!("{what} {}", names.join(", ")) }
}

/// `5m`, `1h30m`, `45s`.
pub fn short(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    let mut text = String::new();
    for (number, unit) in [(hours, 'h'), (minutes, 'm'), (seconds, 's')] {
        if number > 0 {
            text.push_str(&number.to_string());
            text.push(unit);
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// A duration as Argo and Flagger take it: whole seconds (`30`, also as a string), or Go's form (`1h30m`, `1.5h`,
/// `500ms`).
pub fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return (seconds >= 0).then(|| SignedDuration::from_secs(seconds));
    }
    let mut rest = text;
    let mut total: f64 = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match rest.get(..end)? {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" | "µs" => 0.000_001,
            "ns" => 0.000_000_001,
            _ => return None,
        };
        rest = rest.get(end..)?;
        total += number * unit;
    }
    (!text.is_empty()).then(|| SignedDuration::try_from_secs_f64(total).ok()).flatten()
}

/// A pause that the controller has noted (`status.pauseConditions[]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseCondition {
    /// `CanaryPauseStep`, `BlueGreenPause`, `InconclusiveAnalysisRun`, `InconclusiveExperiment`.
    pub reason: Str,
    /// Since when.
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let seconds = |text| duration(text).map(|duration| duration.as_millis());
        assert_eq!(seconds("30"), Some(30_000));
        assert_eq!(seconds("1h30m"), Some(5_400_000));
        assert_eq!(seconds("1.5m"), Some(90_000));
        assert_eq!(seconds("500ms"), Some(500));
        assert_eq!(seconds("0s"), Some(0));
        for bad in ["", "-5", "5x", "m", "5 m", "1h2", "NaNs", "1e400s", "99999999999999999999h"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_step_is_told_in_words() {
        let minutes = |minutes| RolloutStep::Pause(PauseFor::Time(SignedDuration::from_mins(minutes)));
        assert_eq!(minutes(90).words(), "pause 1h30m");
        assert_eq!(RolloutStep::Pause(PauseFor::Person).words(), "pause");
        assert_eq!(RolloutStep::Analysis(vec!["a".into(), "b".into()]).words(), "analysis a, b");
        assert_eq!(RolloutStep::HeaderRoute { name: "h".into(), matches: vec![] }.words(), "header route h off");
        assert_eq!(RolloutStep::SetWeight(1 << 40).weight(), Some(100));
    }
}
