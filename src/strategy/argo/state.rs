//! What a Rollout is doing, why, and what to do about it: one sentence each.

use super::phase::{Phase, Told};
use super::view::View;
use super::{analysis, blocked, countdowns, steps, weight};
use crate::domain::history::HistoryEntry;
use crate::domain::said::{ABORT, CONTINUE, EVENTS, LOGS, RESUME, RETRY, SKIP, UNDO, YAML};
use crate::domain::traffic::rollout_steps::{PauseFor, RolloutStep};
use crate::domain::{Age, State, Str, Timestamp};
use crate::strategy::workload::blockers::{Group, STUCK_AFTER, stuck};
use crate::strategy::workload::state::Standing;
use crate::strategy::workload::words::{clip, count, stop};
use jiff::SignedDuration;

/// What the sentences are made from.
pub struct Seen<'a> {
    /// The Rollout.
    pub view: &'a View,
    /// Its phase.
    pub told: &'a Told,
    /// Why nothing goes forward.
    pub blocked: Option<&'a Str>,
    /// Troubled pods of the wanted version.
    pub new_groups: &'a [Group<'a>],
    /// Where an undo would go.
    pub back_to: Option<&'a HistoryEntry>,
}

/// The standing, the worst that holds.
pub fn standing(seen: &Seen<'_>) -> Standing {
    let mut standing = ending(seen)
        .or_else(|| unreadable(seen))
        .or_else(|| idle(seen))
        .or_else(|| down(seen))
        .or_else(|| degraded(seen))
        .or_else(|| stuck_pods(seen))
        .or_else(|| paused(seen))
        .or_else(|| progressing(seen))
        .unwrap_or_else(|| healthy(seen));
    standing.recheck_at = recheck(seen, &standing);
    let given_up = || {
        let degraded = seen.told.phase == Phase::Degraded && seen.told.settled;
        degraded || stuck(&seen.view.facts, seen.new_groups).0.is_some()
    };
    standing.stuck = standing.state == State::Failed || (standing.state == State::Down && given_up());
    standing
}

fn of(state: State, reason: &str, remedy: impl Into<Str>, since: Option<Timestamp>) -> Standing {
    Standing { state, reason: stop(reason).into(), remedy: remedy.into(), since, recheck_at: None, stuck: false }
}

fn ending(seen: &Seen<'_>) -> Option<Standing> {
    let since = seen.view.rollout.meta.deleting?;
    Some(of(State::Progressing, "It is being deleted", "", Some(since)))
}

/// Nobody reconciles it, or it can't be read: what its status says is old.
fn unreadable(seen: &Seen<'_>) -> Option<Standing> {
    let why = seen.blocked?;
    let remedy = if blocked::unseen_since(&seen.view.rollout).is_some() {
        format!(
            "Is the controller running, and does it mind this namespace and instance id? {EVENTS} shows the events."
        )
    } else {
        format!("{YAML} shows the object as it is.")
    };
    Some(of(State::Unknown, &capital(why), remedy, blocked::unseen_since(&seen.view.rollout)))
}

fn idle(seen: &Seen<'_>) -> Option<Standing> {
    let counts = seen.view.rollout.workload.replicas;
    match (counts.desired, counts.current) {
        (1.., _) => None,
        (_, 0) => Some(of(State::Idle, "Scaled to 0", "", None)),
        (_, left) => {
            Some(of(State::Progressing, &format!("Scaled to 0: {} still to end", count(left, "pod")), "", None))
        }
    }
}

fn down(seen: &Seen<'_>) -> Option<Standing> {
    let view = seen.view;
    if view.serving() > 0 || !view.facts.pods_listed {
        return None;
    }
    let (stuck_group, _) = stuck(&view.facts, seen.new_groups);
    let young = |at: Option<Timestamp>| at.is_some_and(|at| view.now().duration_since(at) < STUCK_AFTER);
    let starting = view.pods().all(|pod| young(pod.created)) && view.stand.first();
    if stuck_group.is_none() && (starting || young(view.rollout.meta.created)) {
        return None;
    }
    let none = format!("None of {} is ready", count(view.rollout.workload.replicas.desired, "pod"));
    let reason = match seen.new_groups.first() {
        Some(group) => format!("{none}: {}", group.sentence(false, view.now())),
        None => none,
    };
    let since = view.facts.outage.filter(|outage| outage.until.is_none()).map(|outage| outage.from);
    Some(of(State::Down, &reason, back(seen, &format!("{LOGS} shows the logs, {EVENTS} the events.")), since))
}

fn degraded(seen: &Seen<'_>) -> Option<Standing> {
    let (view, told) = (seen.view, seen.told);
    if told.phase != Phase::Degraded || !told.settled {
        return None;
    }
    if let Some(why) = blocked::invalid(view) {
        return Some(of(
            State::Failed,
            &format!("Its spec is invalid: {why}"),
            back(seen, &format!("Mend it; {YAML} shows it.")),
            None,
        ));
    }
    if view.stand.aborted {
        return Some(aborted(seen));
    }
    let (stuck_group, _) = stuck(&view.facts, seen.new_groups);
    let message = clip(&told.message, 160);
    let worst = stuck_group.or(seen.new_groups.first()).map(|group| group.sentence(true, view.now()));
    let reason = if message.contains("ProgressDeadlineExceeded") {
        let worst = worst.unwrap_or_else(|| pods(view));
        format!("The progress deadline is exceeded: {worst}")
    } else {
        worst.unwrap_or(message)
    };
    let since = view.rollout.workload.condition("Progressing").and_then(|condition| condition.since);
    Some(of(State::Failed, &reason, back(seen, &format!("{LOGS} shows the logs, {EVENTS} the events.")), since))
}

/// `v3 was aborted 12 min ago: analysis success-rate: failed (last [0.8]); v2 serves 100 %.`
fn aborted(seen: &Seen<'_>) -> Standing {
    let view = seen.view;
    let (new, stable) = (view.new_version(), view.stable_version());
    let at = view.rollout.status.aborted_at;
    // The first seconds are told anew only later: a number would stand there that is not so.
    let ago = at.map(|at| Age::between(at, view.now())).map(|age| match age {
        age if age < Age::seconds(10) => " just now".to_owned(),
        age => format!(" {} ago", age.words()),
    });
    let ago = ago.unwrap_or_default();
    let why = analysis::telling(view).iter().find(|run| analysis::bad(run)).map(|run| analysis::why(run));
    let why = why.or_else(|| told_by_controller(&seen.told.message)).map(|why| format!(": {why}")).unwrap_or_default();
    let reason = format!("{new} was aborted{ago}{why}; {stable} serves");
    let remedy = format!(
        "{UNDO} takes the template back to {stable}, and it is healthy again; {RETRY} tries {new} again from the first step."
    );
    of(State::Failed, &reason, remedy, at)
}

/// What the controller says beside the plain fact of the abort.
fn told_by_controller(message: &str) -> Option<String> {
    let rest = message.strip_prefix("RolloutAborted: ")?;
    let rest = rest
        .strip_prefix("Rollout aborted update to revision ")
        .map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([':', ' ']));
    (!rest.is_empty()).then(|| clip(rest, 140))
}

fn stuck_pods(seen: &Seen<'_>) -> Option<Standing> {
    let view = seen.view;
    let moving = view.stand.in_flight() || view.stand.first() || seen.told.phase == Phase::Progressing;
    let (group, _) = stuck(&view.facts, seen.new_groups);
    let group = group.filter(|_| moving)?;
    let reason = group.sentence(view.facts.lanes.len() > 1, view.now());
    Some(of(State::Failed, &reason, back(seen, &format!("{LOGS} shows the logs, {EVENTS} the events.")), group.since()))
}

fn paused(seen: &Seen<'_>) -> Option<Standing> {
    let view = seen.view;
    if view.stand.held
        && (view.stand.in_flight() || view.rollout.workload.replicas.updated < view.rollout.workload.replicas.desired)
    {
        let reason = format!("Held by hand {}", place(view));
        let then = if view.stand.at_a_pause() { format!(", then {CONTINUE} continues") } else { String::new() };
        let back = undo_words(seen);
        return Some(of(State::Waiting, &reason, format!("{RESUME} resumes it{then}{back}."), since(view)));
    }
    if seen.told.phase != Phase::Paused || !seen.told.settled || view.stand.held {
        return None;
    }
    let since = since(view);
    let age = since.map(|since| format!(" for {}", Age::between(since, view.now()).words())).unwrap_or_default();
    if view.stand.inconclusive() {
        let why = analysis::telling(view).iter().find(|run| analysis::bad(run)).map(|run| analysis::why(run));
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        let reason = format!("An analysis could not decide{why}: it waits for a person{age}");
        let remedy = format!("{SKIP} goes past it, {CONTINUE} measures again, {ABORT} aborts.");
        return Some(of(State::Waiting, &reason, remedy, since));
    }
    if view.blue_green() {
        let (new, stable) = (view.new_version(), view.stable_version());
        return Some(match countdowns::switch_at(view) {
            Some(due) => {
                let left = Age::between(view.now(), due).words();
                let reason = format!("{new} is ready beside {stable} and takes over in {left}");
                of(State::Progressing, &reason, format!("{CONTINUE} switches now, {ABORT} aborts."), since)
            }
            None => {
                let reason = format!("{new} is ready beside {stable} and waits for a person{age}");
                of(State::Waiting, &reason, format!("{CONTINUE} switches all traffic to {new}, {ABORT} aborts."), since)
            }
        });
    }
    let after = view.stand.index.map(|index| steps::after(&view.rollout, &view.stand, index + 1)).unwrap_or_default();
    if let Some(due) = countdowns::pause_end(view) {
        let left = Age::between(view.now(), due).words();
        let reason = format!("A pause {} ends in {left}", place(view));
        return Some(of(
            State::Progressing,
            &reason,
            format!("Then {after}; {CONTINUE} goes on now, {ABORT} aborts."),
            since,
        ));
    }
    let reason = format!("Waits for a person{age} {}", place(view));
    let remedy = if unreadable_pause(view) {
        format!("Its duration can't be read; {CONTINUE} goes on, {ABORT} aborts.")
    } else {
        format!("{CONTINUE} continues: {after}; {ABORT} aborts.")
    };
    Some(of(State::Waiting, &reason, remedy, since))
}

fn unreadable_pause(view: &View) -> bool {
    let step = view.stand.index.and_then(|index| view.rollout.steps().get(index));
    matches!(step, Some(RolloutStep::Pause(PauseFor::Unreadable)))
}

/// Since when it stands: the oldest pause condition.
fn since(view: &View) -> Option<Timestamp> {
    let paused = view.rollout.status.pauses.iter().filter_map(|pause| pause.since).min();
    paused.or_else(|| view.rollout.workload.condition("Paused").and_then(|condition| condition.since))
}

/// `at step 1/6 with v3 at 20 %`: the number that Argo has for the step, which is what `--from-step` takes.
pub fn place(view: &View) -> String {
    let new = view.new_version();
    let weight = weight::asked(&view.rollout, &view.stand);
    let at = weight.map(|weight| format!("with {new} at {weight} %")).unwrap_or_default();
    let steps = view.rollout.steps().len();
    match view.stand.index {
        Some(index) if steps > 0 && index < steps => format!("at step {index}/{steps} {at}"),
        _ if at.is_empty() => format!("with {}", pods(view)),
        _ => at,
    }
}

/// `4 of 5 pods at v13, 4 available`.
fn pods(view: &View) -> String {
    let counts = view.rollout.workload.replicas;
    let (ready, existing) = view.current().map_or((counts.available, counts.updated), |lane| {
        (lane.ready(view.facts.pods_listed), lane.existing(view.facts.pods_listed))
    });
    let wanted = count(counts.desired, "pod");
    format!("{existing} of {wanted} at {}, {ready} ready", view.new_version())
}

fn progressing(seen: &Seen<'_>) -> Option<Standing> {
    let (view, told) = (seen.view, seen.told);
    if told.phase != Phase::Progressing {
        return None;
    }
    let message = clip(&told.message, 140);
    let step = view.stand.index.and_then(|index| view.rollout.steps().get(index));
    let running = step.filter(|_| view.stand.in_flight() && told.settled).map(|step| match step {
        RolloutStep::SetWeight(_) => format!("brings {} to {}", view.new_version(), step.words()),
        other => steps::words(other),
    });
    let reason = match running {
        _ if view.stand.promoting => format!("Promoting {} fully: {}", view.new_version(), pods(view)),
        Some(running) => {
            let place = view.stand.index.unwrap_or(0);
            format!("Step {place}/{}: {running}; {}", view.rollout.steps().len(), pods(view))
        }
        None if told.settled => format!("{}: {}", capital(&message), pods(view)),
        None => capital(&message),
    };
    let trouble = seen.new_groups.iter().find(|group| group.cause != crate::domain::pod::Cause::NotReady);
    let reason = trouble.map_or(reason.clone(), |group| format!("{reason}; {}", group.sentence(true, view.now())));
    let began = view
        .rollout
        .status
        .started_at
        .or_else(|| view.current().and_then(|lane| lane.live().filter_map(|pod| pod.created).min()));
    Some(of(State::Progressing, &reason, "", began))
}

fn healthy(seen: &Seen<'_>) -> Standing {
    let view = seen.view;
    let (serving, desired) = (view.serving(), view.rollout.workload.replicas.desired);
    let counted = format!("{serving} of {} ready at {}", count(desired, "pod"), view.new_version());
    let young = |at: Option<Timestamp>| at.is_some_and(|at| view.now().duration_since(at) < STUCK_AFTER);
    let starting = view.pods().filter(|pod| !pod.ready).all(|pod| pod.trouble.is_none() && young(pod.created));
    if serving < desired && view.facts.pods_listed {
        let worst = seen.new_groups.first().map(|group| group.sentence(false, view.now()));
        let reason = worst.map_or(counted.clone(), |worst| format!("{counted}: {worst}"));
        let state = if starting { State::Progressing } else { State::Degraded };
        return of(state, &reason, format!("{LOGS} shows the logs, {EVENTS} the events."), None);
    }
    let remedy = if view.stand.held { format!("Held: {RESUME} lets the next change roll out.") } else { String::new() };
    let since = view.pods().filter(|pod| pod.ready).filter_map(|pod| pod.ready_since).max();
    of(State::Healthy, &counted, remedy, view.rollout.status.finished_at.or(since))
}

fn back(seen: &Seen<'_>, otherwise: &str) -> String {
    let stable = seen.view.stand.in_flight();
    match seen.back_to {
        Some(entry) if stable => format!(
            "{UNDO} goes back to revision {}, {}, which Argo keeps as stable; {ABORT} aborts.",
            entry.revision,
            seen.view.stable_version()
        ),
        Some(entry) => format!("Back to: revision {} ({UNDO}).", entry.revision),
        None => otherwise.to_owned(),
    }
}

fn undo_words(seen: &Seen<'_>) -> String {
    seen.back_to.map(|entry| format!("; {UNDO} goes back to revision {}", entry.revision)).unwrap_or_default()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// When the state or a number in its sentence changes without any event.
fn recheck(seen: &Seen<'_>, standing: &Standing) -> Option<Timestamp> {
    let (view, now) = (seen.view, seen.view.now());
    let (_, next_stuck) = stuck(&view.facts, seen.new_groups);
    let unseen = blocked::unseen_since(&view.rollout).and_then(|since| since.checked_add(blocked::UNSEEN_AFTER).ok());
    let ticking = countdowns::pause_end(view).or_else(|| countdowns::switch_at(view));
    let second = ticking.and_then(|due| {
        let left = due.duration_since(now).as_secs();
        let step = if left > 3_600 {
            3_600
        } else if left > 60 {
            60
        } else {
            1
        };
        now.checked_add(SignedDuration::from_secs(step)).ok()
    });
    let young = view.pods().filter(|pod| !pod.ready).filter_map(|pod| pod.created?.checked_add(STUCK_AFTER).ok());
    let minute = standing.since.and_then(|since| {
        let age = now.duration_since(since).as_secs().max(0);
        let unit = if age < 60 {
            10
        } else if age < 3_600 {
            60
        } else {
            3_600
        };
        let told = matches!(standing.state, State::Down | State::Failed | State::Waiting | State::Unknown);
        told.then(|| now.checked_add(SignedDuration::from_secs(unit - age.rem_euclid(unit))).ok())?
    });
    let times = [next_stuck, unseen, second, minute, young.min()];
    times.into_iter().flatten().filter(|at| *at > now).min()
}
