//! From a write key to a plan's dialog: whether the verb is possible, what it needs first, and the plan itself.

use crate::app::effect::{Ask, Effect};
use crate::app::keys::Command;
use crate::app::layers::choice::{Item, Subject};
use crate::app::layers::plan::{AGAIN_AFTER, Asker, Check, Preview, READ_AGAIN_LIMIT, Stage, Word, other_sides};
use crate::app::layers::text::{Against, Body};
use crate::app::layers::{Choice, Form, Layer, PlanDialog, TextView};
use crate::app::model::{Model, Pane};
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::management::Management;
use crate::domain::plan::{Refusal, RefusalKind};
use crate::domain::release::Action;
use crate::domain::said::REPLAN;
use crate::domain::snapshot::{FRESH_LIMIT, KindStatus, Watch};
use crate::domain::traffic::view::Side;
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Age, Details, Direction, Intent, Plan, Release, Revision, Role, State, Str, Uid, Verb};
use crate::strategy::workload::diff::templates;
use crate::strategy::workload::template;
use std::sync::Arc;

/// What a write command would do to the release in focus, or why it can't; `None` for commands that write nothing.
pub fn possible(model: &Model, command: Command) -> Option<Result<Str, Str>> {
    if !command.writes() {
        return None;
    }
    let Some(release) = model.focus() else { return Some(Err("no release is selected".into())) };
    Some(verb_for(model, release, &model.actions(release), command).map(|(_, consequence)| consequence))
}

/// Those of `commands` that can be asked for now: the verbs of the release are looked up once.
pub fn all_possible(model: &Model, commands: &[Command]) -> Vec<Command> {
    let Some(release) = model.focus() else { return Vec::new() };
    let actions = model.actions(release);
    let possible = |command: &&Command| verb_for(model, release, &actions, **command).is_ok();
    commands.iter().filter(possible).copied().collect()
}

/// The verb that a write key means on `release`, with what follows; or why not.
fn verb_for(model: &Model, release: &Arc<Release>, actions: &[Action], command: Command) -> Result<(Verb, Str), Str> {
    if command == Command::Revert {
        let (written, inverse) = model.to_take_back(release)?;
        may(model, written, Verb::Revert)?;
        return Ok((Verb::Revert, inverse.words.clone()));
    }
    if model.release(&release.uid).is_none() {
        return Err("it is gone: there is nothing to write to".into());
    }
    if command == Command::Undo
        && let Some(abort) = back_to_stable(model, release, actions)
    {
        may(model, release, Verb::Abort)?;
        return Ok((Verb::Abort, abort.consequence.clone()));
    }
    let offered: Vec<_> = command.verbs().iter().filter_map(|verb| actions.iter().find(|a| a.verb == *verb)).collect();
    let Some(action) = offered.iter().find(|action| action.enabled).or(offered.last()) else {
        return Err(format!("it needs {}; this one is {}", command.needs(), release.strategy.0).into());
    };
    // A missing right is the first reason: without it no other one can be mended.
    may(model, release, action.verb)?;
    if !action.enabled {
        // Held, and a person may override it: its plan says so, and asks for the reason.
        let held = command != Command::PauseResume && model.overridable(release, action.verb);
        if !held {
            return Err(action.why.clone());
        }
        return Ok((action.verb, action.why.clone()));
    }
    let consequence = if action.why.is_empty() {
        action.consequence.clone()
    } else {
        format!("{}; {}", action.consequence, action.why).into()
    };
    Ok((action.verb, consequence))
}

/// Whether the cluster lets us use `verb` on `release`, as far as it was asked; the error says what is missing.
fn may(model: &Model, release: &Release, verb: Verb) -> Result<(), Str> {
    match model.rights.get(&release.uid).and_then(|rights| rights.lacks(verb)) {
        Some(permission) => Err(format!("you may not: it needs the right to {permission}").into()),
        None => Ok(()),
    }
}

/// A right that one of `verbs` lacks may have been granted since it was asked for: the next press knows.
pub fn asks_again(model: &Model, uid: &Uid, verbs: &[Verb]) -> Vec<Effect> {
    let Some(release) = model.release(uid) else { return Vec::new() };
    if verbs.iter().all(|verb| may(model, release, *verb).is_ok()) {
        return Vec::new();
    }
    vec![Effect::AskRights(release.clone())]
}

/// While traffic is split, the first way back is the traffic's: the template comes second. In History the selected
/// revision is meant.
fn back_to_stable<'a>(model: &Model, release: &Release, actions: &'a [Action]) -> Option<&'a Action> {
    if matches!(model.top(), Some(Layer::Release(view)) if view.pane == Pane::History) {
        return None;
    }
    let share = release.track(Role::Candidate).and_then(|track| track.weight.asked.max(track.weight.actual));
    // After a switch the side that was left is the first way back, while it has pods.
    let kept = release.tracks.iter().any(|track| track.role == Role::Idle && track.replicas.ready > 0);
    let switched = release.traffic.as_ref().is_some_and(|traffic| traffic.switch.is_some()) && kept;
    let split = release.traffic.is_some() && (switched || share.is_some_and(|share| share > 0));
    actions.iter().find(|action| action.verb == Verb::Abort && action.enabled && split)
}

/// A write key on the release in focus.
pub fn key(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(focus) = model.focus().cloned() else {
        model.note("no release is selected");
        return Vec::new();
    };
    model.board.choose_shown(&focus.uid);
    let name = focus.key.qualified();
    // What a write of ours ended is still shown where it was open, and can be taken back from there.
    let known = if command == Command::Revert { model.last_known(&focus.uid) } else { model.release(&focus.uid) };
    let Some(release) = known.cloned() else {
        model.note(format!("{name} is gone: there is nothing to write to"));
        return Vec::new();
    };
    let actions = model.actions(&release);
    let verb = match verb_for(model, &release, &actions, command) {
        Ok((verb, _)) => verb,
        Err(why) => {
            let word = command.verbs().last().map_or("this", |verb| verb.word());
            // What is missing may be what has not been read yet.
            let listing = |status: &KindStatus| matches!(status.watch, Watch::Listing);
            let why = if model.shown().kinds.values().any(listing) {
                format!("the cluster is still being read; so far: {why}")
            } else {
                why.to_string()
            };
            model.note(format!("{word} {name}: {why}"));
            return match command {
                // Nobody has opened it, nor planned anything on it: the next press knows.
                _ if !model.rights.contains_key(&release.uid) => vec![Effect::AskRights(release)],
                Command::Revert => asks_again(model, &release.uid, &[Verb::Revert]),
                // Its first choice may be the traffic's.
                Command::Undo => asks_again(model, &release.uid, &[Verb::Undo, Verb::Abort]),
                _ => asks_again(model, &release.uid, command.verbs()),
            };
        }
    };
    if verb == Verb::Undo
        && let Some(why) = chose_what_runs(model)
    {
        model.note(why);
        return Vec::new();
    }
    let intent = match verb {
        Verb::Undo => Intent::Undo { to: undo_to(model), paused: PausedUndo::StayPaused },
        Verb::Pause => Intent::Pause,
        Verb::Resume => Intent::Resume,
        Verb::Restart => Intent::Restart,
        Verb::Scale => return open_form(model, Form::scale(&release)),
        Verb::SetImage => {
            let images = spec_images(&release);
            return open_form(model, Form::set_image(&release, &images));
        }
        Verb::Revert => {
            let Ok((written, inverse)) = model.to_take_back(&release) else { return Vec::new() };
            let (written, intent) = (written.clone(), Intent::Revert(Box::new(inverse.clone())));
            return open(model, &written, intent);
        }
        Verb::Advance => Intent::Advance { from: release.standing(), rule: None },
        Verb::Switch => match other_sides(&release).as_slice() {
            [] | [_] => Intent::Switch { to: None },
            several => return choose_side(model, &release, several),
        },
        Verb::SetWeight => return open_form(model, Form::weight(&release)),
        Verb::Abort if command == Command::Undo => {
            let mut revisions = PlanDialog::new(&release, Intent::undo(), 0, model.tick).choices;
            let undo = actions.iter().any(|action| action.verb == Verb::Undo && action.enabled);
            revisions.retain(|_| undo);
            let effects = open(model, &release, Intent::Abort);
            if let Some(Layer::Plan(dialog)) = model.layers.last_mut() {
                dialog.choices = revisions;
                dialog.stable_first();
            }
            return effects;
        }
        Verb::Abort => Intent::Abort,
        Verb::Promote => Intent::Promote { winner: None },
        Verb::Continue => Intent::Continue,
        Verb::Skip => Intent::Skip,
        Verb::Retry => Intent::Retry,
    };
    open(model, &release, intent)
}

/// More than one side could get the traffic: which one.
fn choose_side(model: &mut Model, release: &Release, sides: &[Str]) -> Vec<Effect> {
    let about = |name: &Str| {
        let track = release.tracks.iter().find(|track| track.name == *name);
        track.map_or_else(String::new, |track| {
            format!("{}, {} of {} ready", track.version, track.replicas.ready, track.replicas.desired)
        })
    };
    let items = sides.iter().map(|name| Item::new(name.clone(), about(name), false)).collect();
    let mut choice = Choice::new(Subject::Sides, Some(items), "");
    choice.release = Some(release.uid.clone());
    model.layers.push(Layer::Choice(choice));
    Vec::new()
}

fn open_form(model: &mut Model, form: Form) -> Vec<Effect> {
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// The images of the spec: those of the revision that it stands for.
fn spec_images(release: &Release) -> Vec<crate::domain::workload::Image> {
    release
        .current()
        .map(|entry| entry.images.clone())
        .or_else(|| release.tracks.last().map(|track| track.images.clone()))
        .unwrap_or_default()
}

/// What to say where a person chose the row of History that runs now: there is nothing to go back to or to compare with,
/// and another revision is not what they chose. Before they moved the cursor there, the best-founded one is meant.
fn chose_what_runs(model: &Model) -> Option<String> {
    let Some(Layer::Release(view)) = model.top() else { return None };
    let entry = view.release.history.get(view.revision_place())?;
    let chosen = view.pane == Pane::History && view.revision.is_some();
    let runs = chosen && entry.current && undo_to(model) == UndoTo::Best;
    runs.then(|| {
        format!(
            "revision {} is what runs now in {}; choose another row of History",
            entry.revision,
            view.release.key.qualified()
        )
    })
}

/// In History an undo goes to the selected revision, elsewhere to the best-founded one.
fn undo_to(model: &Model) -> UndoTo {
    match model.top() {
        Some(Layer::Release(view)) if view.pane == Pane::History => {
            let entry = view.release.history.get(view.revision_place());
            // An ordered update that a broken pod blocks has its template already: then its deletion is the way back.
            let ordered = matches!(view.release.update, UpdateStrategy::Ordered { parallel: false, .. });
            let blocked = ordered && view.release.state == State::Failed;
            entry.filter(|entry| !entry.current || blocked).map_or(UndoTo::Best, |entry| UndoTo::Number(entry.revision))
        }
        _ => UndoTo::Best,
    }
}

/// Opens the dialog for `intent`: with its plan when the objects are at hand, else while they are read.
pub fn open(model: &mut Model, release: &Arc<Release>, intent: Intent) -> Vec<Effect> {
    opened(model, release, intent, Asker::Person)
}

/// The same for the way back that a guard promised: as where it writes by itself, nothing that holds what goes forward
/// holds it.
pub fn open_promised(model: &mut Model, release: &Arc<Release>, intent: Intent) -> Vec<Effect> {
    opened(model, release, intent, Asker::Guard)
}

fn opened(model: &mut Model, release: &Arc<Release>, intent: Intent, by: Asker) -> Vec<Effect> {
    model.plans += 1;
    let mut dialog = PlanDialog::new(release, intent, model.plans, model.tick);
    dialog.by = by;
    model.layers.push(Layer::Plan(Box::new(dialog)));
    let mut effects = plan_or_read(model, release);
    // What was told before may not be so any more.
    effects.push(Effect::AskRights(release.clone()));
    effects
}

/// Plans the open dialog from fresh objects, or has them read.
pub fn plan_or_read(model: &mut Model, release: &Arc<Release>) -> Vec<Effect> {
    match usable(model, release) {
        Some(details) => plan(model, release, &details),
        None => read(model, release),
    }
}

/// Has the objects read for the open dialog.
pub fn read(model: &mut Model, release: &Arc<Release>) -> Vec<Effect> {
    let revision = model.revision;
    if let Some(Layer::Plan(dialog)) = model.layers.last_mut() {
        dialog.stage = Stage::Reading;
        dialog.slow = false;
        dialog.arming.changed(revision);
    }
    vec![Effect::ReadDetails(release.clone())]
}

/// The details at hand, if they are as fresh as what is on the screen: the watch is live, the spec has not moved since
/// they were read, and they hold the same revisions.
fn usable(model: &Model, release: &Release) -> Option<Arc<Details>> {
    if release.traffic.is_some() {
        // Several objects, some of which count no generations: what is at hand can't be told to be what is shown.
        return None;
    }
    let details = model.details.get(&release.uid).filter(|details| details.fresh)?;
    let watched = model.live.age_in(release.key.kind, &release.key.namespace, model.now) <= FRESH_LIMIT;
    let just_read = Age::between(details.read_at, model.now) <= FRESH_LIMIT;
    let generation = details.root.value::<i64>("/metadata/generation").unwrap_or(0);
    let same_revisions = release.history.iter().all(|entry| details.revisions.contains_key(&entry.revision))
        && details.revisions.len() == release.history.len();
    let same = generation == release.generation.spec && same_revisions;
    ((watched && same) || (just_read && generation >= release.generation.spec)).then(|| details.clone())
}

/// Makes the plan of the open dialog from `details`.
pub fn plan(model: &mut Model, release: &Arc<Release>, details: &Arc<Details>) -> Vec<Effect> {
    let Some(Layer::Plan(dialog)) = model.layers.last() else { return Vec::new() };
    let (number, opened) = (dialog.number, dialog.opened);
    let overrides = dialog.overrides.clone();
    let context = crate::strategy::Context { overrides, ..model.planning_context(release, number) };
    let Some(strategy) = crate::strategy::strategy(release.strategy) else { return Vec::new() };
    let made = strategy.plan(release, details, &dialog.intent, &context);
    let made = match dialog.by {
        Asker::Guard => made.map(as_promised),
        Asker::Person => made,
    };
    let chosen = chosen_revision(release, details, &dialog.intent).or_else(|| match dialog.intent {
        // The revisions may be those of a member, whose numbers the release has in its history.
        Intent::Undo { to: UndoTo::Best, .. } => release.back_to,
        _ => None,
    });
    if let Err(refusal) = &made
        && refusal.kind == RefusalKind::ReadAgain
        && model.tick.saturating_sub(opened) < READ_AGAIN_LIMIT
    {
        let again = model.tick + AGAIN_AFTER;
        if let Some(Layer::Plan(dialog)) = model.layers.last_mut() {
            dialog.stage = Stage::Reading;
            dialog.again = Some(again);
        }
        return Vec::new();
    }
    let made = match made {
        Ok(plan) if plan.blind && plan.direction == Direction::Forward => Err(Refusal::because(format!(
            "{} could not be read just now, and what goes forward is not sent blind; '{REPLAN}' tries again",
            release.key
        ))
        .with_kubectl(plan.kubectl)),
        other => other,
    };
    let wanted = model.session.protected().then(|| model.session.cluster.fingerprint.word.clone());
    let revision = model.revision;
    let Some(Layer::Plan(dialog)) = model.layers.last_mut() else { return Vec::new() };
    dialog.arming.changed(revision);
    dialog.choose(chosen);
    dialog.needs.clear();
    dialog.managers = None;
    dialog.preview = Preview::NotAsked;
    dialog.check = Check::None;
    dialog.word = None;
    match made {
        Err(refusal) => {
            dialog.stage = Stage::Refused(refusal);
            Vec::new()
        }
        Ok(plan) => {
            if plan.direction == Direction::Forward {
                dialog.word = wanted.map(|wanted| Word { wanted, typed: String::new() });
            }
            let plan = Arc::new(plan);
            dialog.stage = Stage::Ready(plan.clone());
            let check = context.settings.preview_check(&release.key, plan.direction, plan.switches_to());
            ask(dialog, model.session.read_only(), check, &plan)
        }
    }
}

/// A guard's way back was compared with what served. An abort leads to what the release calls stable, which was not: its
/// strategy says which way that goes.
fn as_promised(plan: Plan) -> Plan {
    let direction = if plan.intent == Intent::Abort { plan.direction } else { Direction::Back };
    Plan { direction, ..plan }
}

/// What is asked about a new plan. Read-only sends no patch at all, so it asks for no dry run either.
fn ask(dialog: &mut PlanDialog, read_only: bool, check: Option<(Str, Str)>, plan: &Arc<Plan>) -> Vec<Effect> {
    let asked = || Ask { number: dialog.number, plan: plan.clone() };
    let mut effects = Vec::new();
    if !plan.needs.is_empty() {
        effects.push(Effect::LookUp(asked()));
    }
    if !plan.blind && plan.forecast.reverts.iter().any(Management::has_policy) {
        effects.push(Effect::AskManagers(asked()));
    }
    if let Some((check, side)) = check.filter(|_| !read_only) {
        effects.push(Effect::Check { ask: asked(), check, side });
        dialog.check = Check::Running;
    }
    if !read_only && !plan.blind {
        effects.push(Effect::Preview(asked()));
        dialog.preview = Preview::Asked;
    }
    effects
}

/// The revision that an undo goes to, as its plan resolves it.
fn chosen_revision(release: &Release, details: &Details, intent: &Intent) -> Option<Revision> {
    let Intent::Undo { to, .. } = intent else { return None };
    crate::strategy::workload::target::resolve(release, details, *to).ok()
}

/// What `d` shows, with its title: what changes on the way back, which is the other side's template while traffic is split
/// between workloads of ours; in History the spec against the selected revision.
fn compared(model: &Model, release: &Release) -> Option<(String, Against)> {
    let name = release.key.qualified();
    if back_to_stable(model, release, &model.actions(release)).is_some()
        && let Some((from, to)) = sides(release)
    {
        let version = |role| release.track(role).map_or_else(|| role.word().into(), |track| track.version.clone());
        let title = format!("{name}: {} against {}", version(from.role), version(to.role));
        return Some((title, Against::Workload(from.workload.key.clone(), to.workload.key.clone())));
    }
    let to = match undo_to(model) {
        UndoTo::Best => release.back_to,
        UndoTo::Number(revision) => Some(revision),
        UndoTo::Previous | UndoTo::LastGood => None,
    }?;
    Some((format!("{name}: the spec against revision {to}"), Against::Revision(to)))
}

/// The side that is left on the way back to stable, and the stable one: where their templates are nobody else's.
fn sides(release: &Release) -> Option<(&Side, &Side)> {
    let traffic = release.traffic.as_ref()?;
    let own = |role| traffic.side(role).filter(|side| side.own.is_some());
    Some((own(Role::Candidate)?, own(Role::Stable)?))
}

/// Whether there is anything to compare.
pub fn comparable(release: &Release) -> bool {
    release.back_to.is_some() || release.history.len() > 1 || sides(release).is_some()
}

/// `d`: what changes on the way back; in History between the spec and the selected revision.
pub fn diff(model: &mut Model, release: &Arc<Release>) -> Vec<Effect> {
    if let Some(why) = chose_what_runs(model) {
        model.note(why);
        return Vec::new();
    }
    let Some((title, against)) = compared(model, release) else {
        model.note(format!("{} has no other revision to compare with", release.key.qualified()));
        return Vec::new();
    };
    if let Some(details) = usable(model, release) {
        let body = diff_body(model, release, &details, &against);
        model.layers.push(Layer::Text(Box::new(TextView::new(title, body))));
        Vec::new()
    } else {
        let body = Body::ReadingDiff(release.clone(), against);
        model.layers.push(Layer::Text(Box::new(TextView::new(title, body))));
        vec![Effect::ReadDetails(release.clone())]
    }
}

/// The diff itself.
pub fn diff_body(model: &Model, release: &Release, details: &Details, against: &Against) -> Body {
    let to = match against {
        Against::Revision(to) => *to,
        Against::Workload(from, to) => {
            let template = |key| details.object(key).and_then(template::current);
            return match (template(from), template(to)) {
                (Some(from), Some(to)) => Body::Diff(templates(from, to)),
                (None, _) => Body::Problem(format!("{from} could not be read").into()),
                (_, None) => Body::Problem(format!("{to} could not be read").into()),
            };
        }
    };
    let intent = Intent::Undo { to: UndoTo::Number(to), paused: PausedUndo::StayPaused };
    let Some(strategy) = crate::strategy::strategy(release.strategy) else { return Body::Diff(Vec::new()) };
    // A difference is looked at, not written: no doubt about who steers the release hides it.
    match strategy.0.plan(release, details, &intent, &model.planning_context(release, 0)) {
        Ok(plan) => Body::Diff(plan.diff),
        Err(refusal) if refusal.kind == RefusalKind::Unchanged => Body::Diff(Vec::new()),
        Err(refusal) => Body::Problem(refusal.reason),
    }
}
