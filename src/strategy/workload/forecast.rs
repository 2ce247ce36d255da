//! What follows a write, worked out from the workload's own limits: surge, unavailable, replicas, partition, OnDelete,
//! OrderedReady, Recreate.

use super::progress::start_time;
use super::words::{clip, count, form};
use crate::domain::forecast::Risk;
use crate::domain::release::Track;
use crate::domain::workload::{Limit, UpdateStrategy};
use crate::domain::{Age, Details, Kind, Release, Str};
use jiff::SignedDuration;

/// What limits that let every pod go at once warn of. It is no matter where another controller replaces the pods.
pub const ALL_DOWN: &str = "maxUnavailable allows every pod to be down at once";

/// What replacing pods leads to.
#[derive(Debug, PartialEq)]
pub struct Replacing {
    /// One sentence without its stop.
    pub then: String,
    /// How long, when it can be told.
    pub takes: Option<SignedDuration>,
    /// What should be known.
    pub warnings: Vec<Str>,
    /// How much can go wrong.
    pub risk: Risk,
}

/// What follows when the template becomes one of `version`, of which the pods of `target` run already.
pub fn replacing(release: &Release, details: &Details, target: Option<&Track>, version: &str) -> Replacing {
    let desired = release.replicas.desired.max(0);
    let kept = target.map_or(0, |track| track.replicas.ready).clamp(0, desired);
    let changing = desired - kept;
    let pace = pace(release, details);
    let version = clip(version, 40);
    let stay = if kept > 0 { format!(", {kept} of {version} stay up") } else { String::new() };
    let of = |number: i32| {
        format!("{number} of {} {}", count(i64::from(desired), "pod"), form(i64::from(number), "changes", "change"))
    };
    if desired == 0 {
        let then = "no pod changes: it is scaled to 0".to_owned();
        return Replacing { then, takes: None, warnings: Vec::new(), risk: Risk::Low };
    }
    match release.update {
        UpdateStrategy::Rolling { surge, unavailable } => {
            let (extra, missing) = limits(release.key.kind, desired, surge, unavailable);
            let at_once = extra.saturating_add(missing).max(1);
            let takes = pace.map(|pace| rounds(changing, at_once, pace));
            let how = format!("up to {extra} extra and {missing} missing at a time");
            let then = format!("rolling: {}, {how}{stay}{}", of(changing), about(takes));
            let mut warnings = Vec::new();
            if missing >= desired && changing > 0 {
                warnings.push(ALL_DOWN.into());
            }
            let risk = if missing >= desired && changing > 0 { Risk::High } else { Risk::Medium };
            Replacing { then, takes, warnings, risk }
        }
        UpdateStrategy::Ordered { partition, parallel } => {
            let kept_back = partition.clamp(0, desired);
            let (from, to) = (desired - 1, kept_back);
            let changing = changing.min(desired - kept_back);
            let takes = pace.map(|pace| rounds(changing, 1, pace));
            let name = &release.key.name;
            let mut warnings: Vec<Str> = Vec::new();
            if kept_back > 0 {
                let pods = count(i64::from(kept_back), "pod");
                warnings.push(
                    format!("the partition {partition}: {pods} below it stay as they are until it is lowered").into(),
                );
            }
            if !parallel {
                warnings.push("OrderedReady: each pod must be ready before the next one changes".into());
            }
            let then = if kept_back >= desired {
                format!("no pod changes: the partition {partition} covers all {desired}")
            } else {
                let which = if from == to {
                    format!("only {name}-{from}")
                } else {
                    format!("one by one from {name}-{from} down to {name}-{to}")
                };
                format!("{which}: {}{stay}{}", of(changing), about(takes))
            };
            Replacing { then, takes, warnings, risk: Risk::Medium }
        }
        UpdateStrategy::Recreate => {
            let takes = pace;
            let gap = pace.map_or_else(
                || "a gap of unknown length".to_owned(),
                |pace| format!("a gap of about {}", Age(pace).words()),
            );
            let ending = count(i64::from(desired), "pod");
            let then =
                format!("recreate: all {ending} end before the first of {version} starts; {gap} without any ready pod");
            let warnings = vec!["nothing serves between the last old and the first new pod".into()];
            Replacing { then, takes, warnings, risk: Risk::High }
        }
        UpdateStrategy::OnDelete => {
            let pods = count(i64::from(changing), "pod");
            let (change, each) =
                (form(i64::from(changing), "changes", "change"), form(i64::from(changing), "it is", "each is"));
            let then = format!("OnDelete: {pods} {change} only when {each} deleted{stay}");
            let warnings = vec!["OnDelete: nothing happens until somebody deletes pods".into()];
            Replacing { then, takes: None, warnings, risk: Risk::Low }
        }
    }
}

/// How many pods may be extra and missing at once. A DaemonSet rounds shares up, a Deployment's `maxUnavailable` is
/// rounded down, and where both are 0 one may be missing (the controllers' rules).
fn limits(kind: Kind, desired: i32, surge: Limit, unavailable: Limit) -> (i32, i32) {
    let extra = surge.rounded_up(desired).max(0);
    let missing = match kind {
        Kind::DaemonSet => unavailable.rounded_up(desired),
        _ => unavailable.rounded_down(desired),
    };
    let missing = missing.clamp(0, desired);
    if extra == 0 && missing == 0 { (0, 1) } else { (extra, missing) }
}

/// What one pod takes from creation to counting as available, from the pods that run; `None` when none tells.
fn pace(release: &Release, details: &Details) -> Option<SignedDuration> {
    let start = start_time(release.pods().map(AsRef::as_ref))?;
    let min_ready = details.root.value::<i64>("/spec/minReadySeconds").unwrap_or(0).clamp(0, 86_400);
    Some(start.max(SignedDuration::from_secs(1)) + SignedDuration::from_secs(min_ready))
}

fn rounds(changing: i32, at_once: i32, pace: SignedDuration) -> SignedDuration {
    let rounds = (i64::from(changing) + i64::from(at_once) - 1) / i64::from(at_once.max(1));
    SignedDuration::from_secs(pace.as_secs().max(1).saturating_mul(rounds.max(1)))
}

fn about(takes: Option<SignedDuration>) -> String {
    takes.map(|takes| format!("; about {}", Age(takes).words())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::domain::workload::{Limit, UpdateStrategy};
    use crate::domain::{Intent, Kind};
    use crate::strategy::testing::{World, context};

    #[test]
    fn a_forecast_follows_surge_unavailable_partition_and_replicas() {
        let told = |world: &World| {
            let plan = world.strategy().plan(&world.release(), &world.details(), &Intent::Restart, &context());
            plan.expect("a plan").forecast
        };
        let rolling = |surge, unavailable, desired| {
            let update = UpdateStrategy::Rolling { surge: Limit::Count(surge), unavailable: Limit::Count(unavailable) };
            let world = World::new(Kind::Deployment, update, desired).revision(1, "v1", 9_000).revision(2, "v2", 300);
            told(&world.pods(2, 2, true))
        };
        let ordered = |partition| {
            let world = World::new(Kind::StatefulSet, UpdateStrategy::Ordered { partition, parallel: false }, 4);
            told(&world.revision(1, "v1", 9_000).revision(2, "v2", 300).pods(2, 2, true))
        };
        let base = rolling(1, 0, 4);
        assert_eq!(&*base.then, "rolling: 4 of 4 pods change, up to 1 extra and 0 missing at a time; about 1 min");
        assert_ne!(base.then, rolling(2, 0, 4).then);
        assert_ne!(base.then, rolling(1, 1, 4).then);
        assert_ne!(base.then, rolling(1, 0, 8).then);
        assert!(rolling(4, 0, 4).takes < base.takes, "more surge is quicker");
        assert!(ordered(0).then.contains("web-3 down to web-0"), "{}", ordered(0).then);
        assert!(ordered(2).then.contains("web-3 down to web-2"), "{}", ordered(2).then);
        assert!(ordered(3).then.starts_with("only web-3: 1 of 4"), "{}", ordered(3).then);
        assert!(ordered(2).warnings.iter().any(|warning| warning.contains("partition 2")));
        assert!(ordered(4).then.contains("no pod changes"));
    }
}
