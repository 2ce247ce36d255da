//! What is odd about a Canary, and easily overlooked.

use super::gate;
use super::phase::{Phase, interval, splits_nothing, target_is_promoted};
use super::route::Told;
use super::scene::Scene;
use super::tracks::{same_as_primary, target_version};
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::hook::HookKind;
use crate::domain::{Age, Str};
use crate::strategy::workload::words::{clip, some_of};

/// A run that shows nothing of so many checks is one that nobody looks at.
const SILENT_AFTER: i32 = 3;

/// One sentence each, the weightiest first.
pub fn notices(scene: &Scene) -> Vec<Str> {
    let all = [
        rival(scene),
        left_on_canary(scene),
        moved_by_hand(scene),
        suspended(scene),
        silent(scene),
        paused_target(scene),
        old_code(scene),
        changed_config(scene),
        asked_again(scene),
        checked_on(scene),
        never_advances(scene),
        never_passes(scene),
        skips(scene),
        no_split(scene),
        no_ab_test(scene),
        unchecked(scene),
        shared_gate(scene),
        not_read(scene),
    ];
    all.into_iter().flatten().map(Str::from).collect()
}

fn rival(scene: &Scene) -> Option<String> {
    let other = scene.rivals.first()?;
    Some(format!("Canary {} has the same target: both steer it, and undo each other.", other.name))
}

fn left_on_canary(scene: &Scene) -> Option<String> {
    let share = scene.split.candidate.filter(|share| *share > 0 && scene.split.told == Told::ByRoute)?;
    (scene.phase == Phase::Failed)
        .then(|| format!("The run failed, and {share} % of the traffic is left on {}.", target_version(scene)))
}

/// Flagger writes route and status one after the other, so a difference alone is no proof: it counts once the last change
/// of the status is three seconds old.
fn moved_by_hand(scene: &Scene) -> Option<String> {
    let canary = &scene.canary;
    let (now, told) = (scene.split.candidate?, canary.status.weight?);
    let says = matches!(scene.phase, Phase::Progressing | Phase::Promoting)
        && scene.split.told == Told::ByRoute
        && canary.style() == CanaryStyle::Weighted;
    let settled = canary.status.last_transition.is_some_and(|at| scene.now.duration_since(at).as_secs() >= 3);
    if !says || !settled || i64::from(now) == told {
        return None;
    }
    let writer = scene.route.as_ref().and_then(|route| route.meta.traffic_writer());
    let who = writer.map(|writer| format!(" (written by {})", clip(&writer.manager, 40))).unwrap_or_default();
    Some(format!("The route says {now} %{who}, Flagger's status {told} %: Flagger goes on from the route."))
}

fn suspended(scene: &Scene) -> Option<String> {
    scene.canary.suspend.then(|| {
        "Suspended: Flagger looks at nothing, repairs nothing, and rolls nothing back on failing checks.".to_owned()
    })
}

/// Each check writes the status: a weight, an iteration or a failed check. Where a gate or pods are waited for it need not,
/// and then nothing can be told.
pub fn silent(scene: &Scene) -> Option<String> {
    let canary = &scene.canary;
    let target = &scene.target.as_ref()?.workload.replicas;
    let checks = scene.phase == Phase::Progressing && !canary.suspend && target.ready >= target.desired;
    if !checks || gate::ahead(canary, scene.split.candidate).is_some() {
        return None;
    }
    let (age, every) = (scene.now.duration_since(canary.status.last_transition?), interval(canary));
    let (long, often) = (Age(age).words(), Age(every).words());
    (age > every.saturating_mul(SILENT_AFTER))
        .then(|| format!("Flagger has changed nothing for {long}, and its checks come every {often}: does it run?"))
}

fn paused_target(scene: &Scene) -> Option<String> {
    let target = &scene.target.as_ref()?.workload;
    target.paused.then(|| {
        format!(
            "Deployment {} is paused: its new pods never come, and Flagger asks no gate and no rollback hook.",
            target.key.name
        )
    })
}

fn old_code(scene: &Scene) -> Option<String> {
    let target = &scene.target.as_ref()?.workload;
    let mid = scene.phase.can_roll_back() && same_as_primary(scene, &target.images) && !for_a_config(scene);
    mid.then(|| format!("The target is back at {}: this run goes on with the old code.", target_version(scene)))
}

/// Whether the run is for a changed ConfigMap or Secret: its template is the promoted one, and that alone starts none.
fn for_a_config(scene: &Scene) -> bool {
    scene.phase.in_flight() && target_is_promoted(&scene.canary) && !scene.canary.status.tracked.is_empty()
}

fn changed_config(scene: &Scene) -> Option<String> {
    let names: Vec<&str> = scene.canary.status.tracked.iter().map(|name| &**name).collect();
    for_a_config(scene).then(|| {
        format!(
            "The template is the promoted one: this run is for a change of what it tracks ({}).",
            clip(&some_of(&names, 3), 120)
        )
    })
}

/// While it is held before its first weight, every check asks these once more.
fn asked_again(scene: &Scene) -> Option<String> {
    let canary = &scene.canary;
    let gated = gate::ahead(canary, scene.split.candidate).is_some() && scene.phase == Phase::Progressing;
    let names: Vec<&str> = canary.hooks(&HookKind::PreRollout).map(|hook| &*hook.name).collect();
    let held = gated && scene.split.candidate == Some(0) && !names.is_empty();
    held.then(|| {
        format!("Held at 0 %, every check asks its pre-rollout hooks again ({}).", clip(&some_of(&names, 3), 120))
    })
}

/// A run that has passed still counts its checks, and is rolled back by them.
fn checked_on(scene: &Scene) -> Option<String> {
    let (canary, analysis) = (&scene.canary, &scene.canary.analysis);
    let checks = !analysis.metrics.is_empty() || canary.hooks(&HookKind::Rollout).next().is_some();
    (scene.phase == Phase::WaitingPromotion && checks && !canary.suspend).then(|| {
        format!(
            "While it waits for its promotion the checks go on: {} failed, and {} roll it back.",
            canary.status.failed_checks,
            canary.threshold()
        )
    })
}

fn never_advances(scene: &Scene) -> Option<String> {
    let canary = &scene.canary;
    let flat = canary.style() == CanaryStyle::Weighted && canary.ladder().is_empty() && !splits_nothing(canary);
    flat.then(|| "It has neither stepWeight nor stepWeights nor iterations: a run never gets beyond 0 %.".to_owned())
}

fn never_passes(scene: &Scene) -> Option<String> {
    let hook = scene.canary.analysis.webhooks.iter().find(|hook| hook.kind.holds() && hook.never_passes())?;
    Some(format!("Gate '{}' asks /gate/halt, which never passes.", clip(&hook.name, 40)))
}

fn skips(scene: &Scene) -> Option<String> {
    scene.canary.skip_analysis.then(|| {
        "skipAnalysis is set: every new version is promoted at once, and its rollback hook is not asked.".to_owned()
    })
}

fn no_split(scene: &Scene) -> Option<String> {
    splits_nothing(&scene.canary).then(|| {
        "Provider kubernetes: no traffic goes to the canary; the users' Service selects the primary, which is replaced at the end."
            .to_owned()
    })
}

fn no_ab_test(scene: &Scene) -> Option<String> {
    let asks = !scene.canary.analysis.matches.is_empty() && splits_nothing(&scene.canary);
    asks.then(|| "It asks for an A/B test, which provider kubernetes can't do: its matches are left out.".to_owned())
}

fn unchecked(scene: &Scene) -> Option<String> {
    let analysis = &scene.canary.analysis;
    let asked = |kind: &HookKind| matches!(kind, HookKind::Rollout | HookKind::PreRollout);
    let none = analysis.metrics.is_empty() && !analysis.webhooks.iter().any(|hook| asked(&hook.kind));
    (none && !scene.canary.skip_analysis).then(|| "It has neither metrics nor checks: every version passes.".to_owned())
}

fn shared_gate(scene: &Scene) -> Option<String> {
    let hold = gate::ahead(&scene.canary, scene.split.candidate)?;
    let others = hold.shared_with();
    (!others.is_empty()).then(|| format!("One gate holds {} and {} alike.", hold.place.what(), others.join(" and ")))
}

fn not_read(scene: &Scene) -> Option<String> {
    match scene.split.told {
        Told::ByRoute | Told::Nominal => None,
        Told::ByStatus => {
            Some("Its route is not one that the console reads: the weight is what Flagger's status tells.".to_owned())
        }
        Told::Nobody => {
            let started = !matches!(scene.phase, Phase::Unseen | Phase::Initializing);
            started.then(|| "Its route is not one that the console reads, so the weight is not known.".to_owned())
        }
    }
}
