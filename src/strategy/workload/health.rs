//! The health verdict of a workload, with its reasons in order of weight.

use super::blockers::{Group, STUCK_AFTER, new_groups, old_groups, sticks};
use super::facts::{Facts, Lane};
use super::phase::Phase;
use super::words::{clip, count, form, stop};
use crate::domain::objects::{Controllers, Endpoints, Service};
use crate::domain::release::{Health, HealthReason};
use crate::domain::state::Verdict;
use crate::domain::workload::ConditionStatus;
use crate::domain::{Age, State, Str, Timestamp};
use jiff::SignedDuration;
use std::sync::Arc;

/// Restarts of a pod from which on they are worth a look.
const RESTARTS_WORTH_A_LOOK: u32 = 3;

/// The verdict: the worst of its reasons; unknown when pods were not read and nothing else speaks.
pub fn health(facts: &Facts, phase: Phase, state: State, reason: &Str) -> Health {
    let mut reasons = vec![readiness(facts, state, reason)];
    reasons.extend(troubles(facts, &reasons[0].text));
    reasons.extend(conditions(facts));
    reasons.extend(restarts(facts));
    reasons.extend(outage(facts));
    reasons.extend(addresses(facts));
    reasons.extend(controllers(facts));
    reasons.extend(autoscaler(facts));
    reasons.extend(budgets(facts));
    if phase == Phase::Unobserved {
        let generation = facts.workload.generation;
        reasons.push(warn(format!("The controller has not seen generation {generation} yet.")));
    }
    Health::of(reasons)
}

fn reason(verdict: Verdict, text: impl Into<Str>) -> HealthReason {
    HealthReason { verdict, text: text.into() }
}

fn warn(text: impl Into<Str>) -> HealthReason {
    reason(Verdict::Warn, text)
}

fn readiness(facts: &Facts, state: State, why: &Str) -> HealthReason {
    let (ready, desired) = (facts.ready(), facts.workload.replicas.desired);
    let counted = || {
        if ready > desired {
            // Old and new pods together.
            return format!("{} ready, {desired} wanted.", count(i64::from(ready), "pod"));
        }
        format!("{ready} of {} ready.", count(i64::from(desired), "pod"))
    };
    match state {
        State::Down | State::Failed => reason(Verdict::Bad, why.clone()),
        State::Degraded => reason(if ready < desired { Verdict::Bad } else { Verdict::Warn }, why.clone()),
        State::Unknown => reason(Verdict::Unknown, why.clone()),
        State::Waiting | State::Progressing if ready < desired => warn(counted()),
        State::Idle => reason(Verdict::Ok, "Scaled to 0."),
        State::Waiting | State::Progressing | State::Healthy => reason(Verdict::Ok, counted()),
    }
}

/// What keeps pods from being ready, also while the state says nothing of it yet: in the middle of a rollout the new
/// pods' trouble is what the verdict turns on. What `told` says already is not said twice.
fn troubles(facts: &Facts, told: &Str) -> Vec<HealthReason> {
    let of = |new: bool, lanes: Vec<Group<'_>>| {
        let old_enough = move |group: &Group<'_>| {
            let since = group.since().map(|since| facts.now.duration_since(since));
            // A probe that has not answered yet is how every pod begins.
            sticks(group.cause) || since.is_some_and(|since| since >= STUCK_AFTER)
        };
        let several = facts.lanes.len() > 1;
        let told = told.clone();
        lanes
            .into_iter()
            .filter(old_enough)
            .filter_map(move |group| {
                let said = |new| told.contains(group.sentence(new, facts.now).trim_end_matches('.'));
                let verdict = if sticks(group.cause) { Verdict::Bad } else { Verdict::Warn };
                (!said(true) && !said(false)).then(|| reason(verdict, group.sentence(new && several, facts.now)))
            })
            .collect::<Vec<_>>()
    };
    let mut reasons = of(true, new_groups(facts));
    reasons.extend(of(false, old_groups(facts)));
    reasons
}

fn conditions(facts: &Facts) -> Vec<HealthReason> {
    let told = |kind: &str, bad: ConditionStatus, verdict| {
        let condition = facts.workload.condition(kind).filter(|condition| condition.status == bad)?;
        let text = if condition.message.is_empty() { &condition.reason } else { &condition.message };
        Some(reason(verdict, stop(&format!("{kind}: {}", clip(text, 160)))))
    };
    [
        told("Available", ConditionStatus::False, Verdict::Bad),
        told("ReplicaFailure", ConditionStatus::True, Verdict::Bad),
        told("Progressing", ConditionStatus::False, Verdict::Bad),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn restarts(facts: &Facts) -> Option<HealthReason> {
    let pods = || facts.lanes.iter().flat_map(Lane::live);
    let most = pods().max_by_key(|pod| pod.restarts).filter(|pod| pod.restarts >= RESTARTS_WORTH_A_LOOK)?;
    let total: i64 = pods().map(|pod| i64::from(pod.restarts)).sum();
    let times = count(total, "restart");
    Some(warn(format!("{times}, most of them of pod {} ({}).", most.name, most.restarts)))
}

fn outage(facts: &Facts) -> Option<HealthReason> {
    let outage = facts.outage?;
    Some(match outage.until {
        None => reason(Verdict::Bad, format!("No ready pod for {}.", Age::between(outage.from, facts.now).words())),
        Some(until) => {
            // Not how long ago: a release at rest is not derived again, and the sentence would grow old.
            let lasted = Age::between(outage.from, until).words();
            reason(Verdict::Ok, format!("The last time without a ready pod lasted {lasted}."))
        }
    })
}

/// How long EndpointSlices may trail the pods.
const ADDRESSES_TRAIL: SignedDuration = SignedDuration::from_secs(10);

/// Pods that have been ready for so long that their addresses must be there.
fn addressed(facts: &Facts) -> impl Iterator<Item = Timestamp> {
    facts.lanes.iter().flat_map(Lane::live).filter(|pod| pod.ready).filter_map(|pod| pod.ready_since)
}

/// When the addresses of pods that became ready just now must be there.
pub fn addresses_due(facts: &Facts) -> Option<Timestamp> {
    let ready = u32::try_from(facts.ready()).unwrap_or(0);
    let missing = facts.endpoints.iter().flatten().any(|endpoints| endpoints.ready < ready);
    addressed(facts).map(|since| since + ADDRESSES_TRAIL).filter(|due| missing && *due > facts.now).min()
}

/// Whether the ready pods are reached through the Services. A Service may select other pods, too: too few addresses for
/// ours alone is what can be told for sure.
fn addresses(facts: &Facts) -> Vec<HealthReason> {
    let ready = addressed(facts).filter(|since| facts.now.duration_since(*since) >= ADDRESSES_TRAIL).count();
    let told = |(service, endpoints): (&Arc<Service>, &Option<Endpoints>)| {
        let (name, addresses) = (&service.key.name, endpoints.as_ref()?.ready);
        let pods = count(ready as i64, "ready pod");
        Some(match addresses {
            0 if ready > 0 => {
                reason(Verdict::Bad, format!("Service {name} has no ready address: nothing reaches {pods} through it."))
            }
            some if (some as usize) < ready => {
                warn(format!("Service {name} has {} for {pods}.", ready_addresses(some)))
            }
            0 => return None,
            some => reason(Verdict::Ok, format!("Service {name} has {}.", ready_addresses(some))),
        })
    };
    facts.services.iter().zip(&facts.endpoints).filter_map(told).collect()
}

fn ready_addresses(number: u32) -> String {
    format!("{number} ready {}", form(i64::from(number), "address", "addresses"))
}

fn controllers(facts: &Facts) -> Option<HealthReason> {
    match facts.controllers {
        Controllers::Unknown => None,
        Controllers::Alive => Some(reason(Verdict::Ok, "The controller manager renews its lease.")),
        Controllers::Silent { since } => Some(reason(Verdict::Bad, stop(&silent(since, facts.now)))),
    }
}

/// How that sentence begins.
pub const SILENT: &str = "The controller manager's lease";

/// One sentence about a controller manager that is silent, without its stop.
pub fn silent(since: Timestamp, now: Timestamp) -> String {
    format!("{SILENT} is {} old: nothing will roll out", Age::between(since, now).words())
}

fn autoscaler(facts: &Facts) -> Vec<HealthReason> {
    let Some(hpa) = &facts.autoscaler else { return Vec::new() };
    let failing = |kind: &str| {
        let condition = hpa.conditions.iter().find(|condition| &*condition.kind == kind)?;
        (condition.status == ConditionStatus::False)
            .then(|| warn(stop(&format!("HPA {}: {}", hpa.key.name, clip(&condition.message, 120)))))
    };
    let mut reasons: Vec<HealthReason> =
        [failing("AbleToScale"), failing("ScalingActive")].into_iter().flatten().collect();
    if hpa.desired >= hpa.max && hpa.max > hpa.min {
        reasons.push(warn(format!("HPA {} is at its limit of {}.", hpa.key.name, count(i64::from(hpa.max), "pod"))));
    }
    reasons
}

fn budgets(facts: &Facts) -> Vec<HealthReason> {
    let spent = facts.budgets.iter().filter(|budget| budget.allowed <= 0 && budget.wanted > 0);
    spent
        .map(|budget| {
            let (healthy, wanted) = (i64::from(budget.healthy), budget.wanted);
            let are = form(healthy, "is", "are");
            let text =
                format!("PDB {} allows no eviction now ({healthy} {are} healthy, {wanted} wanted).", budget.key.name);
            let verdict = if budget.healthy < budget.wanted { Verdict::Warn } else { Verdict::Ok };
            reason(verdict, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::objects::{Autoscaler, DisruptionBudget};
    use crate::domain::pod::Cause;
    use crate::domain::selector::Selector;
    use crate::domain::workload::Condition;
    use crate::domain::{Kind, ObjectKey, Release, Uid};
    use crate::strategy::Settled;
    use crate::strategy::testing::{World, ago, autoscaler, budget};
    use crate::strategy::workload::settled::settled;

    fn three(ready: u32) -> World {
        let mut world = World::rolling(3).revision(1, "v1", 9_000).pods(1, 3, true);
        let service = Service::selecting(
            ObjectKey::new(Kind::Service, "shop", "web"),
            Uid::new("uid-service"),
            Selector::default(),
        );
        world.services = vec![(Arc::new(service), Endpoints { ready, not_ready: 3 - ready })];
        world
    }

    fn says(release: &Release, verdict: Verdict, text: &str) -> bool {
        release.health.reasons.iter().any(|reason| reason.verdict == verdict && reason.text.contains(text))
    }

    #[test]
    fn ready_pods_that_no_service_reaches_are_told() {
        assert!(says(&three(3).release(), Verdict::Ok, "Service web has 3 ready addresses."));
        assert!(says(&three(2).release(), Verdict::Warn, "Service web has 2 ready addresses for 3 ready pods."));
        let none = three(0).release();
        assert!(says(&none, Verdict::Bad, "no ready address: nothing reaches 3 ready pods"), "{:?}", none.health);
        assert_eq!(none.health.verdict, Verdict::Bad);
    }

    #[test]
    fn an_autoscaler_at_its_limit_and_one_that_can_not_scale_are_told() {
        let told = |desired: i32, conditions: Vec<Condition>| {
            let hpa = Autoscaler { conditions, ..autoscaler(desired, 9) };
            World { autoscaler: Some(Arc::new(hpa)), ..three(3) }.release()
        };
        let limit = "HPA web is at its limit of 9 pods.";
        assert!(says(&told(9, Vec::new()), Verdict::Warn, limit));
        let within = told(8, Vec::new());
        assert!(!says(&within, Verdict::Warn, "HPA web"), "{:?}", within.health);
        let condition = |kind: &str, status| Condition {
            kind: kind.into(),
            status,
            reason: "FailedGetResourceMetric".into(),
            message: "no metrics came".into(),
            since: None,
            updated: None,
        };
        for kind in ["ScalingActive", "AbleToScale"] {
            let release = told(4, vec![condition(kind, ConditionStatus::False)]);
            assert!(says(&release, Verdict::Warn, "HPA web: no metrics came."), "{:?}", release.health);
            let release = told(4, vec![condition(kind, ConditionStatus::True)]);
            assert!(!says(&release, Verdict::Warn, "HPA web"), "{:?}", release.health);
        }
    }

    #[test]
    fn a_budget_that_allows_no_eviction_is_told_and_is_bad_news_only_below_what_is_wanted() {
        let told = |allowed: i32, healthy: i32| {
            let budget = DisruptionBudget { healthy, ..budget(allowed, 3) };
            World { budgets: vec![Arc::new(budget)], ..three(3) }.release()
        };
        let text = |rest: &str| format!("PDB web allows no eviction now ({rest}, 3 wanted).");
        assert!(says(&told(0, 3), Verdict::Ok, &text("3 are healthy")));
        assert!(says(&told(0, 1), Verdict::Warn, &text("1 is healthy")));
        let open = told(1, 3);
        assert!(!says(&open, Verdict::Ok, "PDB web") && !says(&open, Verdict::Warn, "PDB web"), "{:?}", open.health);
    }

    #[test]
    fn addresses_may_trail_the_pods_for_a_moment_and_are_looked_at_again() {
        let mut world = three(0);
        world.pods.iter_mut().for_each(|pod| Arc::make_mut(pod).ready_since = Some(ago(2)));
        let release = world.release();
        assert_eq!(release.health.verdict, Verdict::Ok, "{:?}", release.health);
        assert_eq!(release.recheck_at, Some(ago(-8)));
    }

    #[test]
    fn in_the_middle_of_a_rollout_the_new_pods_trouble_is_the_weightiest_reason() {
        let moving = |cause, reason: &str, seconds| {
            let world = World::rolling(3).revision(1, "v1", 9_000).revision(2, "v2", 20).pods(1, 3, true);
            world.pods(2, 1, false).counts(4, 1, 3).trouble(cause, reason, seconds).release()
        };
        let crashing = moving(Cause::CrashLoop, "CrashLoopBackOff", 20);
        assert_eq!(crashing.state, State::Progressing, "{}", crashing.reason);
        let first = &crashing.health.reasons[0];
        assert_eq!(first.verdict, Verdict::Bad);
        assert_eq!(&*first.text, "1 new pod crashes again and again (CrashLoopBackOff, 20 s).");
        let failed = moving(Cause::CrashLoop, "CrashLoopBackOff", 90);
        let said = |release: &Release| {
            release.health.reasons.iter().filter(|reason| reason.text.contains("again and again")).count()
        };
        assert_eq!((failed.state, said(&failed)), (State::Failed, 1), "{:?}", failed.health);
        let probed = moving(Cause::NotReady, "Unready", 20);
        assert_eq!(probed.health.verdict, Verdict::Ok, "every pod begins so: {:?}", probed.health);
    }

    #[test]
    fn a_silent_controller_manager_is_told_in_the_health_the_state_and_the_wait() {
        let behind = |controllers| {
            let world = World::rolling(3).revision(1, "v1", 9_000).pods(1, 3, true);
            let mut world = world.set(|workload| workload.observed_generation = 2);
            world.controllers = controllers;
            world.release()
        };
        let silent = behind(Controllers::Silent { since: ago(180) });
        let sentence = "controller manager's lease is 3 min old: nothing will roll out";
        assert!(says(&silent, Verdict::Bad, sentence), "{:?}", silent.health);
        assert!(silent.reason.contains(sentence), "{}", silent.reason);
        assert!(matches!(settled(&silent), Settled::NotYet(why) if why.contains(sentence)));
        let alive = behind(Controllers::Alive);
        assert!(says(&alive, Verdict::Ok, "renews its lease") && !alive.reason.contains("lease"), "{}", alive.reason);
        assert!(!behind(Controllers::Unknown).health.reasons.iter().any(|reason| reason.text.contains("lease")));
    }
}
