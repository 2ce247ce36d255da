//! The annotations by which a person says how a release is meant.

use crate::domain::Str;
use crate::domain::selector::Labels;

/// `windlass.dev/…` annotations of a workload, Service or route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// `windlass.dev/strategy`: which strategy the object is to be steered by.
    pub strategy: Option<Str>,
    /// `windlass.dev/ladder`: rising weights in per cent, `5,20,50,100`.
    pub ladder: Option<Vec<u8>>,
    /// `windlass.dev/switch-key`: the label that the sides of a blue-green release differ in.
    pub switch_key: Option<Str>,
    /// `windlass.dev/stable`: the side that is stable: a workload's name, a subset, or the value of the switch key.
    pub stable: Option<Str>,
    /// What is wrong with them, one sentence each.
    pub wrong: Vec<Str>,
}

/// Which strategy.
pub const STRATEGY: &str = "windlass.dev/strategy";
/// Which weights.
pub const LADDER: &str = "windlass.dev/ladder";
/// Which label the sides differ in.
pub const SWITCH_KEY: &str = "windlass.dev/switch-key";
/// Which source measures it, or `none`.
pub const METRICS: &str = "windlass.dev/metrics";
/// Which side is stable.
pub const STABLE: &str = "windlass.dev/stable";

/// The labels that the sides of a blue-green release usually differ in, the likeliest first.
pub const SWITCH_KEYS: [&str; 5] = ["color", "colour", "slot", "version", "track"];

/// The strategies that can be asked for.
pub const STRATEGIES: &[&str] = &[
    "rolling",
    "recreate",
    "on-delete",
    "blue-green",
    "replica-canary",
    "istio",
    "gateway",
    "ab-test",
    // A way to say: leave this Service or route alone.
    "none",
];

impl Marks {
    /// Reads the marks among an object's annotations; a bad value is named in `wrong` and left out.
    pub fn read(annotations: &Labels) -> Self {
        let mut marks = Self::default();
        let text = |key: &str| annotations.get(key).map(|value| value.trim()).filter(|value| !value.is_empty());
        if let Some(strategy) = text(STRATEGY) {
            if STRATEGIES.contains(&strategy) {
                marks.strategy = Some(strategy.into());
            } else {
                let known = STRATEGIES.join(", ");
                marks.wrong.push(format!("{STRATEGY} is '{strategy}', which is none of {known}").into());
            }
        }
        if let Some(list) = text(LADDER) {
            match ladder(list) {
                Ok(weights) => marks.ladder = Some(weights),
                Err(why) => marks.wrong.push(format!("{LADDER} is '{list}': {why}").into()),
            }
        }
        marks.switch_key = text(SWITCH_KEY).map(Str::from);
        marks.stable = text(STABLE).map(Str::from);
        marks
    }

    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These marks, and where they say nothing, what `other` says.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.strategy = self.strategy.or_else(|| other.strategy.clone());
        self.ladder = self.ladder.or_else(|| other.ladder.clone());
        self.switch_key = self.switch_key.or_else(|| other.switch_key.clone());
        self.stable = self.stable.or_else(|| other.stable.clone());
        self.wrong.extend(other.wrong.iter().cloned());
        self
    }
}

/// A ladder: rising weights from 1 to 100 that end at 100.
pub fn ladder(list: &str) -> Result<Vec<u8>, &'static str> {
    let weights: Result<Vec<u8>, _> =
        list.split(',').map(|weight| weight.trim().trim_end_matches('%').trim_end().parse()).collect();
    let weights = weights.map_err(|_| "it must be a list of whole numbers, such as 5,20,50,100")?;
    if weights.iter().any(|weight| !(1..=100).contains(weight)) {
        return Err("every weight must be between 1 and 100");
    }
    if !weights.is_sorted_by(|a, b| a < b) {
        return Err("the weights must rise");
    }
    if weights.last() != Some(&100) {
        return Err("the last weight must be 100");
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(pairs: &[(&str, &str)]) -> Marks {
        Marks::read(&pairs.iter().map(|(key, value)| (Str::from(*key), Str::from(*value))).collect())
    }

    #[test]
    fn marks_are_read_and_bad_values_are_named() {
        let good =
            marks(&[(STRATEGY, "blue-green"), (LADDER, "10, 50 %,100"), (SWITCH_KEY, "color"), (STABLE, "blue")]);
        assert_eq!(good.strategy.as_deref(), Some("blue-green"));
        assert_eq!(good.ladder.as_deref(), Some(&[10, 50, 100][..]));
        assert_eq!((good.switch_key.as_deref(), good.stable.as_deref()), (Some("color"), Some("blue")));
        assert!(good.wrong.is_empty() && marks(&[("other", "x")]).is_empty());
        let bad = marks(&[(STRATEGY, "magic"), (LADDER, "5,4,100")]);
        assert_eq!((bad.strategy, bad.ladder), (None, None));
        assert_eq!(bad.wrong.len(), 2);
        assert!(bad.wrong[1].contains("must rise"), "{}", bad.wrong[1]);
    }

    #[test]
    fn a_ladder_rises_to_a_hundred() {
        for bad in ["", "5,", "0,100", "5,101", "5,5,100", "5,50", "a,100", "-5,100"] {
            assert!(ladder(bad).is_err(), "{bad}");
        }
        assert_eq!(ladder("100"), Ok(vec![100]));
    }
}
