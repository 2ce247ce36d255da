//! Sentences and hints that say what is so, and keys that do what they say.

use super::super::samples::traffic::{ab_test, argo, at, istio};
use super::super::samples::{at_stuck, press, stuck};
use super::screen;
use crate::app::layers::Layer;
use crate::app::layers::plan::Stage;
use crate::app::msg::WriteNews;
use crate::app::rights::Rights;
use crate::app::writes::Phase;
use crate::app::{Model, Msg, update};
use crate::domain::Verb;
use crate::domain::pod::Pod;
use crate::domain::state::Verdict;
use std::sync::Arc;

fn footer(model: &Model) -> String {
    screen(model).lines().last().unwrap_or_default().to_owned()
}

#[test]
fn who_may_not_write_is_offered_no_key_that_writes() {
    let mut model = at(istio(), 120, 40);
    assert!(footer(&model).contains("A advance") && footer(&model).contains("U undo"), "{}", footer(&model));
    let denied = Verb::ALL.iter().map(|verb| (*verb, "patch virtualservices".into())).collect();
    model.rights.insert(istio().uid, Rights { denied, ..Rights::default() });
    let keys = footer(&model);
    for write in ["A advance", "U undo", "X ", "W weight", "F promote"] {
        assert!(!keys.contains(write), "{keys}");
    }
}

#[test]
fn enter_is_hinted_only_where_it_opens_something() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    for (pane, opens) in [("1", true), ("2", false), ("3", false), ("4", false), ("5", true), ("6", false)] {
        press(&mut model, pane);
        assert_eq!(footer(&model).contains("Enter"), opens, "{pane}: {}", footer(&model));
    }
}

#[test]
fn an_ab_test_is_ended_and_a_step_has_one_key() {
    let test = footer(&at(ab_test(), 120, 40));
    assert!(test.contains("X end the test") && !test.contains("to stable"), "{test}");
    let step = footer(&at(argo(), 120, 40));
    assert!(!(step.contains("A advance") && step.contains("C continue")), "{step}");
}

#[test]
fn a_release_that_failed_is_not_well() {
    let mut release = stuck();
    release.health.verdict = Verdict::Ok;
    release.health.reasons.clear();
    let mut model = at(release, 80, 24);
    press(&mut model, "<Enter>3");
    let shown = screen(&model);
    assert!(shown.contains("✖ bad") && shown.contains("✖ 2 new pods can't pull"), "{shown}");
}

#[test]
fn a_restart_of_a_broken_template_says_that_it_mends_nothing() {
    let mut model = at_stuck(120, 40, "");
    press(&mut model, "R");
    let shown = screen(&model);
    assert!(shown.contains("2 pods of this template fail now (ImagePullBackOff)"), "{shown}");
}

#[test]
fn of_two_calls_the_answered_one_is_told() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>y");
    let Some(Layer::Plan(dialog)) = model.top() else { panic!("the dialog is open") };
    let Stage::Confirmed(plan) = dialog.stage.clone() else { panic!("confirmed") };
    for news in [
        WriteNews::Reached(Phase::Unanswered, "sending call 1".into()),
        WriteNews::Answered(0, "call 1 answered".into()),
        WriteNews::Reached(Phase::Unanswered, "sending call 2".into()),
    ] {
        update(&mut model, Msg::Write(plan.clone(), news));
    }
    assert!(screen(&model).contains("call 1 was answered; call 2: sent, no answer yet"), "{}", screen(&model));
}

#[test]
fn what_is_overridden_is_still_told_with_what_holds_it() {
    let freeze = "[freeze]\nzone = \"UTC\"\n[freeze.windows.night]\nfrom = \"00:00\"\nto = \"23:59\"\n";
    let mut model = at_stuck(120, 40, freeze);
    press(&mut model, "R<armed>");
    let why = "change freeze 'night'";
    assert!(screen(&model).contains(why), "{}", screen(&model));
    press(&mut model, "b");
    let shown = screen(&model);
    assert!(shown.contains(why) && shown.contains("'freeze' is overridden"), "{shown}");
}

#[test]
fn of_a_track_with_more_pods_than_are_followed_it_is_said_how_many_are_read() {
    let opened = |pods: usize| {
        let mut release = stuck();
        let one = Arc::clone(&release.tracks[0].pods[0]);
        let named = |place| Arc::new(Pod { name: format!("web-{place}").into(), ..(*one).clone() });
        release.tracks[0].pods = (0..pods).map(named).collect();
        release.tracks.truncate(1);
        let mut model = at(release, 120, 40);
        press(&mut model, "<Enter>1gl");
        let Some(Layer::Logs(logs)) = model.top() else { panic!("logs are open") };
        (logs.pods().len(), screen(&model))
    };
    let (read, shown) = opened(50);
    assert!(read == 20 && shown.contains("Logs of 20 of 50 pods of "), "{shown}");
    let (read, shown) = opened(20);
    assert!(read == 20 && shown.contains("Logs of 20 pods of "), "{shown}");
}
