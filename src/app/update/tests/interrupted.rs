//! Interrupted plans: going on, taking back, leaving, and which of them are shown at all.

use super::note;
use crate::action::journal::Unfinished;
use crate::app::effect::Effect;
use crate::app::layers::plan::Stage;
use crate::app::layers::{Interrupted, Layer};
use crate::app::msg::WriteNews;
use crate::app::writes::Phase;
use crate::app::{Model, Msg, update};
use crate::domain::journal::Event;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{PlanId, ReadyInverse};
use crate::domain::{Direction, Outcome, Str};
use crate::ui::view::samples::{ago, arm, at_stuck, journal, press, stuck, stuck_details};
use std::collections::BTreeSet;
use std::sync::Arc;

fn unfinished(plan: &str) -> Unfinished {
    let record = journal().entries.into_iter().find_map(|entry| match entry.event {
        Event::Intent(record) => Some(*record),
        _ => None,
    });
    let inverse = ReadyInverse {
        of: PlanId(plan.into()),
        target: stuck().key,
        operations: format!(
            r#"[{{"op":"test","path":"/metadata/uid","value":"{}"}},{{"op":"add","path":"/spec/replicas","value":3}}]"#,
            stuck().uid.as_str()
        ),
        subresource: None,
        also: vec![],
        words: "back to 3 replicas".into(),
        direction: Direction::Back,
        differs: "".into(),
    };
    Unfinished {
        plan: PlanId(plan.into()),
        at: ago(540),
        record: record.expect("a record"),
        answered: BTreeSet::from([0]),
        inverse: Some(inverse),
    }
}

/// A console that was told of these plans, with the list of them open and armed.
fn told(plans: Vec<Unfinished>) -> Model {
    let mut model = at_stuck(80, 24, "");
    update(&mut model, Msg::Interrupted(plans));
    let mut list = Interrupted::default();
    list.arming.changed(model.revision);
    model.layers.push(Layer::Interrupted(list));
    arm(&mut model);
    model
}

#[test]
fn going_on_counts_as_an_unanswered_write_until_it_is_answered() {
    let mut model = told(vec![unfinished("old")]);
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::GoOn(plan)] if plan.plan.0 == "old".into()), "{effects:?}");
    let release = stuck().uid;
    assert!(model.writes.is_unanswered(&release));
    press(&mut model, "q");
    assert!(matches!(model.top(), Some(Layer::Leaving { because, .. }) if because.contains("UNDO shop/search")));
    press(&mut model, "<Esc>");
    update(&mut model, Msg::Write(PlanId("old".into()), WriteNews::Reached(Phase::Accepted, "taken".into())));
    assert!(!model.writes.is_unanswered(&release));
    let ended = Outcome::new(OutcomeKind::Applied, "settled");
    update(&mut model, Msg::Write(PlanId("old".into()), WriteNews::Ended(ended)));
    assert!(matches!(press(&mut model, "q").as_slice(), [Effect::Quit]), "nothing holds it any more");
}

#[test]
fn taking_back_closes_the_old_plan_once_its_way_back_was_applied() {
    let mut model = told(vec![unfinished("old"), unfinished("older")]);
    press(&mut model, "r");
    update(&mut model, Msg::Details(stuck().uid, Ok(Arc::new(stuck_details(ago(0))))));
    let Some(Layer::Plan(dialog)) = model.top() else { panic!("a plan is open: {}", note(&model)) };
    assert!(matches!(dialog.stage, Stage::Ready(_)), "{:?}", dialog.stage);
    arm(&mut model);
    let effects = press(&mut model, "y");
    let id = effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Apply(plan, _) => Some(plan.id.clone()),
            _ => None,
        })
        .expect("it is applied");
    let ended = |kind| WriteNews::Ended(Outcome::new(kind, "…"));
    assert_eq!(model.interrupted.len(), 2, "not before it is done");
    let effects = update(&mut model, Msg::Write(id.clone(), ended(OutcomeKind::Applied)));
    let closes = effects.iter().any(
        |effect| matches!(effect, Effect::CloseInterrupted(plan, by) if plan.plan.0 == Str::from("old") && *by == id),
    );
    assert!(closes, "{effects:?}");
    let left: Vec<&str> = model.interrupted.iter().map(|plan| &*plan.plan.0).collect();
    assert_eq!(left, ["older"], "'y' can't send what was taken back");
}

#[test]
fn a_way_back_that_was_refused_leaves_the_interrupted_plan_in_the_list() {
    let mut model = told(vec![unfinished("old")]);
    press(&mut model, "r");
    update(&mut model, Msg::Details(stuck().uid, Ok(Arc::new(stuck_details(ago(0))))));
    arm(&mut model);
    let effects = press(&mut model, "y");
    let Some(Effect::Apply(plan, _)) = effects.first() else { panic!("it is applied: {effects:?}") };
    let refused = WriteNews::Ended(Outcome::new(OutcomeKind::Conflict, "moved"));
    let effects = update(&mut model, Msg::Write(plan.id.clone(), refused));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::CloseInterrupted(..))));
    assert_eq!(model.interrupted.len(), 1);
}

#[test]
fn what_is_not_shown_is_not_called_gone() {
    let mut plan = unfinished("old");
    plan.record.release.key.namespace = "billing".into();
    plan.record.release.uid = crate::domain::Uid::new("elsewhere");
    let mut model = told(vec![plan]);
    press(&mut model, "r");
    let said = model.messages.iter().next().expect("a note").text.to_string();
    assert!(said.contains(":ns billing") && !said.contains("gone"), "{said}");
}

#[test]
fn a_plan_of_another_cluster_is_not_offered() {
    let mut plan = unfinished("old");
    plan.record.fingerprint = "another".into();
    let mut model = at_stuck(80, 24, "");
    update(&mut model, Msg::Interrupted(vec![plan, unfinished("here")]));
    assert_eq!(model.interrupted.len(), 1);
    assert_eq!(&*model.interrupted[0].plan.0, "here");
}

#[test]
fn n_leaves_it_as_it_is_and_escape_decides_later() {
    let mut model = told(vec![unfinished("old")]);
    assert!(press(&mut model, "<Esc>").is_empty());
    assert_eq!(model.interrupted.len(), 1);
    let mut model = told(vec![unfinished("old")]);
    let effects = press(&mut model, "n");
    assert!(matches!(effects.as_slice(), [Effect::LeaveInterrupted(_)]), "{effects:?}");
    assert!(model.interrupted.is_empty() && model.layers.is_empty());
}
