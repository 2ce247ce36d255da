//! What the configuration says about releases with traffic.

use super::marks::{Marks, SWITCH_KEYS};
use crate::domain::guarding::GuardSettings;
use crate::domain::{Direction, ObjectKey, Str};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Settings of traffic: the same for deriving and for planning.
#[derive(Debug, Clone, PartialEq)]
pub struct TrafficSettings {
    /// The ladder of releases that have no own one.
    pub ladder: Vec<u8>,
    /// How long the old side of a switch is kept before its scale-down is offered.
    pub keep_old: SignedDuration,
    /// Marks by `namespace/name` of a release's root or workload; annotations on the objects win.
    pub releases: BTreeMap<Str, Marks>,
    /// What must answer well before a side gets the traffic, by `namespace/name` of the release's root.
    pub preview_checks: BTreeMap<Str, Str>,
    /// Gates and rules.
    pub guard: GuardSettings,
}

impl Default for TrafficSettings {
    /// 5, 20, 50, 100; 30 minutes; no release of its own.
    fn default() -> Self {
        Self {
            ladder: vec![5, 20, 50, 100],
            keep_old: SignedDuration::from_mins(30),
            releases: BTreeMap::new(),
            preview_checks: BTreeMap::new(),
            guard: GuardSettings::default(),
        }
    }
}

impl TrafficSettings {
    /// The marks of the object at `key`: its own annotations, and where they say nothing, what the configuration says.
    pub fn marks(&self, key: &ObjectKey, own: &Marks) -> Marks {
        match self.releases.get(key.qualified().as_str()) {
            Some(configured) => own.clone().or(configured),
            None => own.clone(),
        }
    }

    /// What must answer well before traffic is switched to a side of `release`, and which side: a switch that goes
    /// forward has one where the configuration says so, whichever verb asks for it.
    pub fn preview_check(&self, release: &ObjectKey, direction: Direction, to: Option<&Str>) -> Option<(Str, Str)> {
        let to = to.filter(|_| direction == Direction::Forward)?;
        Some((self.preview_checks.get(release.qualified().as_str())?.clone(), to.clone()))
    }

    /// The labels that sides may differ in: the usual ones, and those that the configuration names.
    pub fn switch_keys(&self) -> Vec<Str> {
        let configured = self.releases.values().filter_map(|marks| marks.switch_key.clone());
        let mut keys: Vec<Str> = SWITCH_KEYS.into_iter().map(Str::from).collect();
        for key in configured {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    #[test]
    fn an_objects_own_marks_win_over_the_configuration() {
        let configured = Marks { stable: Some("blue".into()), switch_key: Some("lane".into()), ..Marks::default() };
        let settings =
            TrafficSettings { releases: BTreeMap::from([("shop/web".into(), configured)]), ..Default::default() };
        let own = Marks { stable: Some("green".into()), ..Marks::default() };
        let marks = settings.marks(&ObjectKey::new(Kind::Service, "shop", "web"), &own);
        assert_eq!((marks.stable.as_deref(), marks.switch_key.as_deref()), (Some("green"), Some("lane")));
        assert_eq!(settings.marks(&ObjectKey::new(Kind::Service, "shop", "other"), &own), own);
        assert!(settings.switch_keys().iter().any(|key| &**key == "lane"));
    }
}
