//! What the configuration says of traffic, as strategies take it.

use super::Config;
use crate::domain::traffic::{Marks, TrafficSettings};
use std::collections::BTreeMap;

impl Config {
    /// The ladder of all releases, and the marks of those that have settings of their own.
    pub fn traffic(&self) -> TrafficSettings {
        let marks = self.releases.iter().map(|(name, settings)| {
            let marks = Marks {
                strategy: settings.strategy.as_deref().map(Into::into),
                ladder: settings.ladder.clone(),
                switch_key: settings.switch_key.as_deref().map(Into::into),
                stable: settings.stable.as_deref().map(Into::into),
                ..Marks::default()
            };
            (name.as_str().into(), marks)
        });
        let releases: BTreeMap<_, _> = marks.collect();
        let built_in = TrafficSettings::default();
        let keep_old = self.keep_old.and_then(|span| span.try_into().ok()).unwrap_or(built_in.keep_old);
        let checks = self.releases.iter().filter_map(|(name, settings)| {
            let check = settings.preview_check.as_deref()?;
            Some((name.as_str().into(), check.into()))
        });
        TrafficSettings {
            ladder: self.ladder.clone(),
            keep_old,
            releases,
            preview_checks: checks.collect(),
            guard: self.guard.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use crate::domain::{Kind, ObjectKey};
    use jiff::SignedDuration;

    #[test]
    fn what_the_file_says_of_a_release_reaches_its_strategy() {
        let text = "[ladder]\nsteps = [10, 100]\nkeep_old = \"5m\"\n[releases.\"shop/web\"]\nstrategy = \"blue-green\"\n\
                    switch_key = \"lane\"\nstable = \"blue\"\nladder = [50, 100]\n";
        let sources = Sources { file: Some(("config.toml".into(), text.into())), ..Sources::default() };
        let settings = Config::resolve(&sources).unwrap().traffic();
        assert_eq!((settings.ladder.as_slice(), settings.keep_old), (&[10, 100][..], SignedDuration::from_mins(5)));
        let marks = settings.marks(&ObjectKey::new(Kind::Service, "shop", "web"), &Marks::default());
        let said = (marks.strategy.as_deref(), marks.switch_key.as_deref(), marks.stable.as_deref());
        assert_eq!(said, (Some("blue-green"), Some("lane"), Some("blue")));
        assert_eq!(marks.ladder.as_deref(), Some(&[50, 100][..]));
        let built_in = Config::default().traffic();
        let guard = built_in.guard.clone();
        assert_eq!(built_in, TrafficSettings { guard, ..TrafficSettings::default() }, "as it is built in");
    }

    #[test]
    fn a_strategy_that_does_not_exist_is_told_with_its_line() {
        let text = "[releases.\"shop/web\"]\nstrategy = \"magic\"\n";
        let sources = Sources { file: Some(("config.toml".into(), text.into())), ..Sources::default() };
        let told = Config::resolve(&sources).unwrap_err().to_string();
        assert!(told.contains("config.toml:2") && told.contains("blue-green"), "{told}");
    }
}
