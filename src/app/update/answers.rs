//! Answers of the cluster to what was asked for.

use super::{interrupted, propose, rest, write};
use crate::app::effect::Effect;
use crate::app::layers::choice::Subject;
use crate::app::layers::plan::{Check, Stage};
use crate::app::layers::release::Events;
use crate::app::layers::text::Body;
use crate::app::layers::{Choice, Layer, Logs, PlanDialog};
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::session::Session;
use crate::app::yaml;
use crate::domain::plan::Refusal;
use crate::domain::said::REPLAN;
use crate::domain::{Details, Direction, ObjectKey, RawObject, Snapshot, Str, Uid};
use std::sync::Arc;

/// Takes an answer.
pub fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Details(uid, answer) => return details(model, &uid, answer),
        Msg::DetailsLate(uid) => return late(model, &uid),
        Msg::Rights(uid, rights) => {
            let revision = model.revision;
            let others = model.rights.get(&uid) != Some(&rights);
            let shown = model.layers.iter_mut().filter_map(|layer| match layer {
                Layer::Plan(dialog) if others && dialog.release.uid == uid => Some(&mut dialog.sight),
                Layer::Guard(dialog) if others && dialog.release.uid == uid => Some(&mut dialog.sight),
                _ => None,
            });
            shown.for_each(|sight| sight.changed(revision));
            model.rights.insert(uid, rights);
        }
        Msg::Events(uid, answer) => events(model, &uid, &answer),
        Msg::Preview(number, answer) => on_dialog(model, number, |dialog| dialog.preview = answer),
        Msg::Needs(number, answer) => on_dialog(model, number, |dialog| dialog.needs = answer),
        Msg::Checked(number, answer) => {
            on_dialog(model, number, |dialog| {
                dialog.check = match answer {
                    Ok(said) => Check::Passed(said),
                    Err(why) => Check::Failed(why),
                }
            });
        }
        Msg::Managers(number, answer) => on_dialog(model, number, |dialog| dialog.managers = Some(answer)),
        Msg::Write(plan, news) => return write::take(model, &plan, news),
        Msg::Journal(Ok(journal)) => model.journal = journal.shortened(),
        Msg::Journal(Err(why)) => model.error(format!("the journal can't be read: {why}")),
        Msg::Logs(number, lines) => {
            if let Some(logs) = log(model, number) {
                logs.take(lines);
            }
        }
        Msg::LogsEnded(number, why) => {
            if let Some(logs) = log(model, number) {
                logs.ended = Some(why);
            }
        }
        Msg::Yaml(key, answer) => yaml_came(model, &key, answer),
        Msg::Contexts(answer) => contexts(model, answer),
        Msg::Switched(Ok(session)) => return switched(model, *session),
        Msg::Switched(Err(why)) => model.error(why),
        Msg::Who(who) => model.session.who = who,
        Msg::Elsewhere(why) => {
            model.say(Level::Alarm, &why);
            model.elsewhere = Some(why);
        }
        Msg::Interrupted(plans) => interrupted::found(model, plans),
        Msg::Say(level, text) => model.say(level, text),
        Msg::Key(_)
        | Msg::Paste(_)
        | Msg::Resize(_)
        | Msg::Flushed(..)
        | Msg::Tick
        | Msg::Snapshot(_)
        | Msg::Measured(_) => {}
        Msg::Guard(uid, news) => return super::guard::heard(model, &uid, *news),
    }
    Vec::new()
}

/// The open log, while it shows the request of this number: another run's lines would be told as this one's.
fn log(model: &mut Model, number: u32) -> Option<&mut Logs> {
    model.layers.iter_mut().rev().find_map(|layer| match layer {
        Layer::Logs(logs) if logs.number == number => Some(&mut **logs),
        _ => None,
    })
}

/// What the person confirms has this answer in it: it is to be seen first.
fn on_dialog(model: &mut Model, number: u32, change: impl FnOnce(&mut PlanDialog)) {
    let revision = model.revision;
    for layer in &mut model.layers {
        if let Layer::Plan(dialog) = layer
            && dialog.number == number
        {
            dialog.sight.changed(revision);
            return change(dialog);
        }
    }
}

fn details(model: &mut Model, uid: &Uid, answer: Result<Arc<Details>, Str>) -> Vec<Effect> {
    match &answer {
        Ok(details) => rest::keep(model, uid, details.clone()),
        Err(_) => rest::failed(model, uid),
    }
    finish_diff(model, uid, &answer);
    let Some(release) = waited_for(model, uid) else { return Vec::new() };
    match answer {
        Ok(details) => propose::plan(model, &release, &details),
        Err(why) => without_answer(model, &release, &why),
    }
}

/// The release `uid`, while the open dialog waits for its objects.
fn waited_for(model: &Model, uid: &Uid) -> Option<Arc<crate::domain::Release>> {
    let Some(Layer::Plan(dialog)) = model.top() else { return None };
    let waits = dialog.release.uid == *uid && matches!(dialog.stage, Stage::Reading);
    model.planned_for(uid, &dialog.intent).filter(|_| waits).cloned()
}

/// The objects did not come in time, and are still waited for: what goes forward is refused, and what goes back is
/// planned from older bytes. Without any it waits on: a slow link is no reason to refuse a way back.
fn late(model: &mut Model, uid: &Uid) -> Vec<Effect> {
    let Some(release) = waited_for(model, uid) else { return Vec::new() };
    let Some(Layer::Plan(dialog)) = model.layers.last_mut() else { return Vec::new() };
    let back = dialog.intent.verb().direction() != Some(Direction::Forward);
    if back && !model.details.contains_key(uid) {
        dialog.slow = true;
        return Vec::new();
    }
    without_answer(model, &release, "no answer within 2 s")
}

/// The objects could not be read in time: a back verb is planned from older bytes, and the fence decides; what goes
/// forward is refused.
fn without_answer(model: &mut Model, release: &Arc<crate::domain::Release>, why: &str) -> Vec<Effect> {
    let older =
        model.details.get(&release.uid).map(|details| Arc::new(Details { fresh: false, ..(**details).clone() }));
    let Some(Layer::Plan(dialog)) = model.layers.last_mut() else { return Vec::new() };
    let back = dialog.intent.verb().direction() != Some(Direction::Forward);
    if let Some(older) = older.filter(|_| back) {
        propose::plan(model, release, &older)
    } else {
        let key = &release.key;
        let reason = format!("{key} could not be read: {why}; '{REPLAN}' tries again");
        dialog.stage = Stage::Refused(Refusal::because(reason));
        Vec::new()
    }
}

/// A diff that waited for the objects.
fn finish_diff(model: &mut Model, uid: &Uid, answer: &Result<Arc<Details>, Str>) {
    let Some(Layer::Text(view)) = model.layers.last() else { return };
    let Body::ReadingDiff(release, against) = &view.body else { return };
    if release.uid != *uid {
        return;
    }
    let body = match answer {
        Ok(details) => propose::diff_body(model, release, details, against),
        Err(why) => Body::Problem(format!("{} could not be read: {why}", release.key).into()),
    };
    if let Some(Layer::Text(view)) = model.layers.last_mut() {
        view.body = body;
    }
}

fn events(model: &mut Model, uid: &Uid, answer: &Result<Vec<crate::app::layers::release::Event>, Str>) {
    for layer in &mut model.layers {
        if let Layer::Release(view) = layer
            && view.release.uid == *uid
        {
            view.events = match answer {
                Ok(list) => Events::Listed(list.clone()),
                Err(why) => Events::Unreadable(why.clone()),
            };
        }
    }
}

fn yaml_came(model: &mut Model, key: &ObjectKey, answer: Result<RawObject, Str>) {
    if let Some(Layer::Text(view)) = model.layers.last_mut()
        && matches!(&view.body, Body::Reading(wanted) if wanted == key)
    {
        view.body = match answer {
            Ok(object) => Body::Yaml(yaml::lines(&object)),
            Err(why) => Body::Problem(format!("{key} can't be read: {why}").into()),
        };
    }
}

fn contexts(model: &mut Model, answer: Result<Vec<crate::app::layers::choice::Item>, Str>) {
    if let Some(Layer::Choice(choice)) = model.layers.last_mut()
        && choice.subject == Subject::Contexts
    {
        match answer {
            Ok(items) => *choice = Choice::new(choice.subject, Some(items), choice.before.clone()),
            Err(why) => choice.problem = Some(why),
        }
    }
}

/// Another cluster, or other namespaces: nothing of the old one stays on the screen.
fn switched(model: &mut Model, session: Session) -> Vec<Effect> {
    let (now, word) = (model.now, session.cluster.fingerprint.word.clone());
    let same = session.cluster.fingerprint == model.session.cluster.fingerprint;
    // In other namespaces of the same context guards go on: what they watch is theirs to look at.
    let guards_end = !session.is_at(&model.session.cluster);
    model.live = Arc::new(Snapshot::empty(session.cluster.clone(), now));
    model.held = None;
    model.measurements = Arc::default();
    if guards_end {
        model.guards.clear();
    }
    model.layers.clear();
    model.board.selected = None;
    model.board.chosen = false;
    model.board.went = None;
    if !same {
        model.details.clear();
        model.rights.clear();
        let context = session.context_name().to_owned();
        model.say(Level::Note, format!("this is {word} now ({context})"));
    }
    model.session = session;
    model.elsewhere = None;
    model.interrupted.clear();
    super::snapshot::show(model);
    vec![Effect::ReadJournal]
}
