//! What the configuration says of traffic, as strategies take it.

use super::Config;
use crate::domain::traffic::{Marks, TrafficSettings};
use std::collections::BTreeMap;

impl Config {
    /// The ladder of all releases, and the marks of those that have settings of their own.
    pub fn traffic(&self) -> TrafficSettings {
        let marks = self.releases.iter().map(|(name, settings)| {
            let stable = settings.stable.as_deref().map(Into::into);
            (name.as_str().into(), Marks { ladder: settings.ladder.clone(), stable, ..Marks::default() })
        });
        let releases: BTreeMap<_, _> = marks.collect();
        TrafficSettings { ladder: self.ladder.clone(), releases, ..TrafficSettings::default() }
    }
}
