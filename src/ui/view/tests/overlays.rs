//! Dialogs and endings that a person meets when something went wrong, at both design sizes.

use super::{at_both_sizes, at_stuck, now, press, screen, stuck};
use crate::action::journal::Unfinished;
use crate::app::layers::plan::Stage;
use crate::app::layers::{Interrupted, Layer};
use crate::app::msg::WriteNews;
use crate::app::writes::Phase;
use crate::app::{Model, Msg, update};
use crate::domain::journal::Event;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::PlanId;
use crate::domain::snapshot::{Absence, Connection};
use crate::domain::{Details, Outcome};
use crate::ui::view::samples::{ago, journal, stuck_details};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

fn away(model: &mut Model) {
    let mut snapshot = (*model.live).clone();
    snapshot.connection = Connection::Away {
        since: ago(40),
        cause: Absence::Login,
        reason: "The server does not accept our credentials for the server's version (Unauthorized): log in again."
            .into(),
        retry_at: now() + SignedDuration::from_secs(1),
    };
    update(model, Msg::Snapshot(Arc::new(snapshot)));
}

#[test]
fn a_board_whose_server_is_away() {
    at_both_sizes("board_away", away, "");
}

#[test]
fn a_guard_is_armed_and_ended() {
    at_both_sizes("guard_dialog", |_| {}, "B");
    at_both_sizes("guard_dialog_of_a_guarded_release", |_| {}, "B<armed>yB");
}

#[test]
fn leaving_with_a_guard_and_an_unanswered_write() {
    at_both_sizes("leaving", |_| {}, "B<armed>yU<armed>y<Esc>q");
}

#[test]
fn an_interrupted_plan_is_offered() {
    let interrupted = |model: &mut Model| {
        let record = journal().entries.into_iter().find_map(|entry| match entry.event {
            Event::Intent(record) => Some(*record),
            _ => None,
        });
        let plan = Unfinished {
            plan: PlanId("old".into()),
            at: ago(540),
            record: record.expect("a record"),
            answered: BTreeSet::new(),
            inverse: None,
        };
        update(model, Msg::Interrupted(vec![plan]));
    };
    at_both_sizes("interrupted_told", interrupted, "");
    let open = |model: &mut Model| {
        interrupted(model);
        model.layers.push(Layer::Interrupted(Interrupted::default()));
    };
    at_both_sizes("interrupted", open, "");
}

#[test]
fn a_plan_that_is_sent_blind() {
    let blind = |model: &mut Model| {
        let old = Details { fresh: false, ..stuck_details(ago(600)) };
        update(model, Msg::Details(stuck().uid, Ok(Arc::new(old))));
        away(model);
        press(model, "U");
        update(model, Msg::Details(stuck().uid, Err("no answer within 2 s".into())));
        let Some(Layer::Plan(dialog)) = model.top() else { panic!("a plan is open") };
        assert!(dialog.plan().is_some_and(|plan| plan.blind), "{:?}", dialog.stage);
    };
    at_both_sizes("plan_blind", blind, "");
}

#[test]
fn a_plan_whose_objects_are_late_and_one_that_is_refused() {
    let mut model = at_stuck(80, 24, "");
    model.details.clear();
    press(&mut model, "U");
    update(&mut model, Msg::DetailsLate(stuck().uid));
    assert!(screen(&model).contains("still reading"), "{}", screen(&model));
    let refused = |model: &mut Model| {
        model.details.clear();
        press(model, "R");
        update(model, Msg::DetailsLate(stuck().uid));
        let Some(Layer::Plan(dialog)) = model.top() else { panic!("a plan is open") };
        assert!(matches!(dialog.stage, Stage::Refused(_)));
    };
    at_both_sizes("plan_refused", refused, "");
}

#[test]
fn every_ending_of_a_plan_that_is_no_success() {
    let endings = [
        ("conflict", OutcomeKind::Conflict, "the object moved: its template, by ben (kubectl), 3 s ago; plan it again"),
        ("unknown", OutcomeKind::Unknown, "it was sent and no answer came; whether it was done is not known"),
        ("partial", OutcomeKind::Partial, "1 of its calls done, then: the pod could not be deleted: forbidden"),
        ("timeout", OutcomeKind::Timeout, "applied, and not settled in time: 2 pods still to be replaced"),
        ("failed", OutcomeKind::Failed, "applied, and it does not come up: 2 new pods can't pull reg/search:v41"),
    ];
    for (name, kind, reason) in endings {
        let ended = |model: &mut Model| {
            press(model, "U<armed>y");
            let Some(Layer::Plan(dialog)) = model.top() else { panic!("a plan is open") };
            let Stage::Confirmed(id) = dialog.stage.clone() else { panic!("{:?}", dialog.stage) };
            let sent = WriteNews::Reached(Phase::Unanswered, "sending call 1".into());
            update(model, Msg::Write(id.clone(), sent));
            if matches!(kind, OutcomeKind::Failed | OutcomeKind::Timeout) {
                let taken = WriteNews::Reached(Phase::Observed, "the controller saw it".into());
                update(model, Msg::Write(id.clone(), taken));
            }
            update(model, Msg::Write(id, WriteNews::Ended(Outcome::new(kind, reason))));
        };
        at_both_sizes(&format!("plan_{name}"), ended, "");
    }
}

/// The promise of the journal: what could not be written down is said where it is confirmed.
#[test]
fn a_plan_that_is_not_journalled_says_so() {
    let not_journalled = |model: &mut Model| {
        press(model, "U<armed>y");
        let Some(Layer::Plan(dialog)) = model.top() else { panic!("a plan is open") };
        let Stage::Confirmed(id) = dialog.stage.clone() else { panic!("{:?}", dialog.stage) };
        update(model, Msg::Write(id.clone(), WriteNews::NotJournalled("no space left on device".into())));
        update(model, Msg::Write(id, WriteNews::Reached(Phase::Accepted, "the server took it".into())));
        assert!(screen(model).contains("not journalled"), "{}", screen(model));
    };
    at_both_sizes("plan_not_journalled", not_journalled, "");
}

#[test]
fn below_a_dialog_no_half_of_what_it_covers_is_left() {
    for (keys, height) in [("U", 24), ("<Enter>U", 24), ("<Enter>5U", 30), ("N", 24), ("<Enter>N", 16)] {
        let mut model = at_stuck(80, height, "");
        press(&mut model, keys);
        let shown = screen(&model);
        let lines: Vec<&str> = shown.lines().collect();
        let end = lines.iter().position(|line| line.trim_start().starts_with('└')).unwrap_or_default();
        let footer = lines.len() - 1;
        assert!(end + 1 >= footer || lines[end + 1].trim().is_empty(), "{keys}\n{shown}");
        let below = lines[end + 1..footer].iter().filter(|line| !line.trim().is_empty()).count();
        assert!(below == 0 || below >= 4, "{keys}: {below} rows are left\n{shown}");
    }
}
