//! What a release under Flagger is doing, why, and what to do about it: one sentence each.

use super::gate::{self, Hold};
use super::phase::{self, Phase, Run, interval, iterations, next_check, next_weight, style, target_is_promoted};
use super::route;
use super::scene::{Scene, ready};
use super::tracks::{same_as_primary, stable_version, target_version};
use super::verbs::STEERED;
use crate::domain::said::{ABORT, ADVANCE, EVENTS, LOGS, RESUME, RETRY, UNDO, YAML};
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::view::WaitingFor;
use crate::domain::{Age, State, Str, Timestamp};
use crate::strategy::workload::blockers::{new_groups, old_groups, stuck};
use crate::strategy::workload::facts::Facts;
use crate::strategy::workload::state::{self, Standing, View};
use crate::strategy::workload::words::{clip, count, stop};
use crate::strategy::workload::{health, phase as workload_phase};
use jiff::SignedDuration;

/// How long after the moment at which the next weight should have come a run counts as held: webhooks take their time.
const SLACK: SignedDuration = SignedDuration::from_secs(10);

/// A standing, and whom it waits for.
pub struct Stands {
    /// State, reason, remedy.
    pub standing: Standing,
    /// A person is waited for.
    pub waiting: Option<WaitingFor>,
}

fn look() -> String {
    format!("{YAML} shows the object as it is.")
}

/// Why nothing goes forward, one sentence; `None` when it may. Ways back stay open where what they write is readable.
pub fn blocked(scene: &Scene) -> Option<Str> {
    unsteered(scene).or_else(|| gone(scene))
}

/// What the console can't steer at all.
fn unsteered(scene: &Scene) -> Option<Str> {
    let canary = &scene.canary;
    let Some(target) = &canary.target else {
        return Some("It names no target (spec.targetRef), so Flagger does nothing with it.".into());
    };
    if &*canary.meta.api_version != STEERED {
        let version = clip(&canary.meta.api_version, 40);
        return Some(format!("The server has it as {version}; the console steers {STEERED} only.").into());
    }
    let unreadable =
        canary.meta.unreadable.iter().find(|field| field.starts_with("spec") || field.starts_with("status"));
    if let Some(field) = unreadable {
        return Some(format!("Its {} can't be read, so nothing goes forward.", clip(field, 60)).into());
    }
    if scene.target.is_some() {
        return None;
    }
    let words = clip(&target.words(), 80);
    Some(match canary.target_key().filter(|key| key.kind.is_workload()) {
        Some(_) => format!("Its target {words} does not exist.").into(),
        None => format!("Its target {words} is of a kind that the console does not steer.").into(),
    })
}

/// A Service that the route sends to and that is not there: what goes forward would go nowhere. While Flagger makes its
/// objects, or takes them away, they are not all there.
fn gone(scene: &Scene) -> Option<Str> {
    if matches!(scene.phase, Phase::Unseen | Phase::Initializing | Phase::Terminating) {
        return None;
    }
    // Without a single one of them they are not read yet.
    if scene.services_unread || scene.services.is_empty() {
        return None;
    }
    let rules = route::rules(&scene.canary, scene.route.as_deref()?, &scene.services);
    let problem = rules.into_iter().find_map(|rule| rule.problem)?;
    Some(format!("Its route goes nowhere: {problem}").into())
}

/// The standing of the scene.
pub fn stands(scene: &Scene) -> Stands {
    let of_primary = scene.primary.as_ref().map(workload_standing);
    let waiting = waiting(scene);
    let mut standing = odd(scene)
        .or_else(|| users_suffer(scene, of_primary.as_ref()))
        .or_else(|| gone(scene).map(|why| standing(scene, State::Degraded, &why, look())))
        .or_else(|| candidate_is_stuck(scene))
        .unwrap_or_else(|| by_phase(scene, of_primary.as_ref(), waiting.as_ref()));
    let candidate = scene.target.as_ref().map(workload_standing).and_then(|standing| standing.recheck_at);
    let primary = of_primary.and_then(|standing| standing.recheck_at);
    let times = [candidate, primary, next_check(&scene.canary, scene.now), held_from(scene)];
    standing.recheck_at = times.into_iter().flatten().filter(|at| *at > scene.now).min();
    Stands { standing, waiting }
}

/// What the workload alone would say.
fn workload_standing(facts: &Facts) -> Standing {
    let phase = workload_phase::phase(facts);
    let (new, old) = (new_groups(facts), old_groups(facts));
    state::standing(&View { facts, phase, new_groups: &new, old_groups: &old, back_to: None })
}

/// The health verdict: the primary serves, so it decides; before there is one, the target.
pub fn health(scene: &Scene) -> Option<crate::domain::release::Health> {
    let facts = scene.primary.as_ref().or(scene.target.as_ref())?;
    let standing = workload_standing(facts);
    Some(health::health(facts, workload_phase::phase(facts), standing.state, &standing.reason))
}

fn standing(scene: &Scene, state: State, reason: &str, remedy: impl Into<Str>) -> Standing {
    Standing {
        state,
        reason: stop(reason).into(),
        remedy: remedy.into(),
        since: phase::since(&scene.canary),
        recheck_at: None,
        stuck: state == State::Failed,
    }
}

fn odd(scene: &Scene) -> Option<Standing> {
    let canary = &scene.canary;
    if canary.meta.deleting.is_some() || scene.phase == Phase::Terminating {
        let reason =
            "The Canary is being deleted; the primary goes with it unless revertOnDeletion brings the target back";
        return Some(standing(scene, State::Progressing, reason, ""));
    }
    if let Some(why) = unsteered(scene) {
        let known = canary.target_key().is_some_and(|key| key.kind.is_workload());
        let state = if known && scene.target.is_none() { State::Failed } else { State::Unknown };
        return Some(standing(scene, state, &why, look()));
    }
    if scene.phase == Phase::Unknown {
        let word = clip(&canary.status.phase, 40);
        let reason = format!("Flagger says '{word}', which the console does not know");
        return Some(standing(scene, State::Unknown, &reason, look()));
    }
    None
}

fn users_suffer(scene: &Scene, primary: Option<&Standing>) -> Option<Standing> {
    let (facts, primary) = (scene.primary.as_ref()?, primary?);
    let rolling = scene.phase == Phase::Promoting;
    let bad = match primary.state {
        State::Down | State::Failed => true,
        State::Degraded => !rolling,
        State::Waiting | State::Progressing | State::Unknown | State::Healthy | State::Idle => false,
    };
    let name = &facts.workload.key.name;
    bad.then(|| Standing {
        state: primary.state,
        reason: format!("{name}, which users are served by: {}", primary.reason).into(),
        remedy: if rolling {
            format!("{UNDO} starts the way back on the target.").into()
        } else {
            primary.remedy.clone()
        },
        since: primary.since,
        recheck_at: None,
        stuck: primary.stuck,
    })
}

fn candidate_is_stuck(scene: &Scene) -> Option<Standing> {
    let facts = scene.target.as_ref().filter(|_| scene.phase.can_roll_back() || scene.phase == Phase::Promoting)?;
    let groups = new_groups(facts);
    let group = stuck(facts, &groups).0?;
    let limit = Age(scene.canary.progress_deadline).words();
    let reason = format!(
        "{} Users are on {}; Flagger rolls back when nothing moves for {limit}",
        group.sentence(true, scene.now),
        stable_version(scene)
    );
    Some(Standing {
        since: group.since(),
        ..standing(
            scene,
            State::Failed,
            &reason,
            format!("{UNDO} puts the old template back; {LOGS} shows the logs, {EVENTS} the events."),
        )
    })
}

fn by_phase(scene: &Scene, primary: Option<&Standing>, waiting: Option<&WaitingFor>) -> Standing {
    let canary = &scene.canary;
    let (old, new) = (stable_version(scene), target_version(scene));
    if canary.suspend && scene.phase.in_flight() {
        let reason = format!(
            "Suspended in {} with {}: nothing moves, and failing checks don't roll back",
            phase::word(canary),
            share(scene)
        );
        return standing(scene, State::Waiting, &reason, format!("{RESUME} resumes it."));
    }
    if let Some(waiting) = waiting {
        let reason = match scene.phase.run() {
            Some(Run::Waiting) => format!("{new} waits for {}: none of its pods runs", waiting.what),
            Some(Run::WaitingPromotion) => format!("{new} has passed and waits for {}: {}", waiting.what, share(scene)),
            Some(Run::Progressing | Run::Promotion) | None => format!("{} waits for {}", share(scene), waiting.what),
        };
        let reason = format!("{reason}{}", failed_checks(scene));
        return standing(scene, State::Waiting, &reason, remedy_of_gate(scene));
    }
    match scene.phase {
        Phase::Unseen => unseen(scene),
        Phase::Initializing => {
            let name = canary.primary_key().map_or_else(|| "the primary".into(), |key| key.name);
            standing(scene, State::Progressing, &format!("Flagger is making {name}"), "")
        }
        Phase::Progressing | Phase::Waiting | Phase::WaitingPromotion => progressing(scene, &new),
        Phase::Promoting => {
            let counts = scene.primary.as_ref().map(|facts| facts.workload.replicas).unwrap_or_default();
            let pods = count(i64::from(counts.desired), "pod");
            let updated = counts.updated.clamp(0, counts.desired.max(0));
            let reason = format!("{new} is promoted: {updated} of {pods} of the primary replaced; {}", share(scene));
            standing(scene, State::Progressing, &reason, "")
        }
        Phase::Finalising => {
            standing(scene, State::Progressing, &format!("All users are on {new}; the canary's pods end"), "")
        }
        Phase::Failed if !target_is_promoted(canary) => {
            let left = scene.split.candidate.filter(|share| *share > 0);
            let traffic = left.map(|share| format!(", and {share} % of the traffic is left on it")).unwrap_or_default();
            let reason = format!("{new} was rolled back{traffic}; users are on {old}");
            standing(
                scene,
                State::Failed,
                &reason,
                format!("{UNDO} puts the old template back; {RETRY} tries again; {EVENTS} shows why."),
            )
        }
        Phase::Initialized | Phase::Succeeded | Phase::Failed | Phase::Terminating | Phase::Unknown => {
            at_rest(scene, primary, &new)
        }
    }
}

fn unseen(scene: &Scene) -> Standing {
    let canary = &scene.canary;
    let long = SignedDuration::from_secs(interval(canary).as_secs().saturating_mul(2) + 60);
    let silent = canary.meta.created.is_some_and(|at| scene.now.duration_since(at) > long);
    if silent {
        let reason = "Flagger has said nothing about it: does it run, and watch this namespace?";
        return standing(scene, State::Unknown, reason, "kubectl logs of Flagger tell.");
    }
    standing(scene, State::Progressing, "Flagger has not looked at it yet", "")
}

fn progressing(scene: &Scene, new: &str) -> Standing {
    let canary = &scene.canary;
    let counts = scene.target.as_ref().map(|facts| facts.workload.replicas).unwrap_or_default();
    if !scene.target_ready() {
        let (ready, pods) = (counts.ready.min(counts.desired), count(i64::from(counts.desired), "pod"));
        let reason = format!("{ready} of {pods} of {new} ready; the analysis goes on when all are");
        return standing(scene, State::Progressing, &reason, "");
    }
    let how = match style(canary) {
        CanaryStyle::Weighted => {
            let next = scene.split.candidate.and_then(|weight| next_weight(canary, weight));
            let next = next.map_or_else(|| "then the promotion".to_owned(), |next| format!("next {next} %"));
            format!("{}, {next}", share(scene))
        }
        CanaryStyle::AbTest | CanaryStyle::BlueGreen => {
            let done = canary.status.iterations.unwrap_or(0).max(0);
            format!("check {} of {} of {new}", done.min(iterations(canary)), iterations(canary))
        }
    };
    standing(scene, State::Progressing, &format!("{how}{}", failed_checks(scene)), "")
}

fn at_rest(scene: &Scene, primary: Option<&Standing>, new: &str) -> Standing {
    let Some(primary) = primary else {
        let reason = "It has no primary yet";
        return standing(scene, State::Progressing, reason, "");
    };
    let target = scene.target.as_ref().map(|facts| &facts.workload);
    let pending = target.is_some_and(|target| !same_as_primary(scene, &target.images)) && scene.phase != Phase::Failed;
    if pending && scene.canary.suspend {
        let reason = format!("Suspended with {new} pending");
        return standing(
            scene,
            State::Waiting,
            &reason,
            format!("{RESUME} resumes it; {UNDO} takes the new template back."),
        );
    }
    if pending {
        let within = Age(interval(&scene.canary)).words();
        return standing(scene, State::Progressing, &format!("{new} is set: Flagger looks at it within {within}"), "");
    }
    let failed = if scene.phase == Phase::Failed {
        "; the last release was rolled back, and its template is taken back"
    } else {
        ""
    };
    let remedy: Str = if scene.canary.suspend {
        format!("Suspended: {RESUME} lets the next change in.").into()
    } else {
        primary.remedy.clone()
    };
    let reason = format!("{}{failed}", primary.reason.trim_end_matches('.'));
    Standing {
        reason: stop(&reason).into(),
        remedy,
        recheck_at: None,
        stuck: primary.stuck,
        state: primary.state,
        since: phase::since(&scene.canary),
    }
}

/// `30 % of the traffic on v2`.
fn share(scene: &Scene) -> String {
    let new = target_version(scene);
    match (style(&scene.canary), scene.split.candidate) {
        (CanaryStyle::AbTest, Some(share)) if share > 0 => format!("the test group on {new}"),
        (CanaryStyle::AbTest, _) => format!("nobody on {new}"),
        (_, Some(share)) => format!("{share} % of the traffic on {new}"),
        (_, None) => format!("an unknown share of the traffic on {new}"),
    }
}

fn failed_checks(scene: &Scene) -> String {
    match (scene.canary.status.failed_checks, scene.canary.threshold()) {
        (..=0, _) => String::new(),
        (failed, threshold) => format!("; {failed} of {threshold} allowed checks failed"),
    }
}

fn remedy_of_gate(scene: &Scene) -> Str {
    let back = if gate::of_rollback(&scene.canary).is_some() && scene.phase.can_roll_back() {
        format!("; {ABORT} rolls back")
    } else {
        String::new()
    };
    let hold = gate::ahead(&scene.canary, scene.split.candidate);
    match hold.map(|hold| (hold.gates(), hold.place)) {
        Some((Ok(_), place)) => format!("{ADVANCE} lets {} through{back}.", place.what()).into(),
        Some((Err(why), _)) => format!("{why}{back}.").into(),
        None => "Its hooks were changed since: Flagger asks again at the next check.".into(),
    }
}

/// What the run waits for, where it waits for a person.
fn waiting(scene: &Scene) -> Option<WaitingFor> {
    let canary = &scene.canary;
    let hold = gate::ahead(canary, scene.split.candidate);
    let named =
        |hold: Option<Hold<'_>>, otherwise: &str| hold.map_or_else(|| Str::from(otherwise), |hold| hold.words());
    let since = phase::since(canary);
    match scene.phase.run()? {
        Run::Waiting => Some(WaitingFor { what: named(hold, "confirm-rollout"), since }),
        Run::WaitingPromotion => Some(WaitingFor { what: named(hold, "confirm-promotion"), since }),
        Run::Progressing if held_from(scene).is_some_and(|from| from <= scene.now) => {
            Some(WaitingFor { what: named(hold, "confirm-traffic-increase"), since: canary.status.last_transition })
        }
        Run::Progressing | Run::Promotion => {
            canary.suspend.then(|| WaitingFor { what: "a resume".into(), since: None })
        }
    }
}

/// From when on a run in Progressing counts as held by its gate. Flagger has no phase for it and tells it in an event only;
/// but a check that is not held changes the status, so one that is overdue is held.
fn held_from(scene: &Scene) -> Option<Timestamp> {
    let canary = &scene.canary;
    if scene.phase != Phase::Progressing || canary.suspend {
        return None;
    }
    gate::ahead(canary, scene.split.candidate)?;
    let (target, primary) = (&scene.target.as_ref()?, scene.primary.as_ref()?);
    if !ready(&target.workload) || !ready(&primary.workload) {
        return None;
    }
    let last_pod =
        target.lanes.iter().flat_map(super::super::workload::facts::Lane::live).filter_map(|pod| pod.ready_since).max();
    let from = canary.status.last_transition?.max(last_pod.unwrap_or(canary.status.last_transition?));
    from.checked_add(interval(canary) + SLACK).ok()
}
