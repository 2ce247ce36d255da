//! Keys of traffic.

use super::{applied, dialog, note};
use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::layers::plan::{Other, Stage};
use crate::app::model::Model;
use crate::app::{Msg, update};
use crate::domain::intent::{Override, Standing};
use crate::domain::release::{Release, Role};
use crate::domain::{Intent, Kind, ObjectKey, Str};
use crate::ui::view::samples::traffic::{ab_test, at, blue_green, details, istio, with};
use crate::ui::view::samples::{arm, at_stuck, console, press};
use std::sync::Arc;
use std::time::Duration;

/// Presses keys, and answers when the plan wants its objects.
fn planned(release: &Release, keys: &str) -> Model {
    let mut model = at(release.clone(), 80, 24);
    press(&mut model, keys);
    answer(&mut model, release);
    model
}

fn answer(model: &mut Model, release: &Release) {
    update(model, Msg::Details(release.uid.clone(), Ok(details(release))));
}

fn title(model: &Model) -> String {
    match &dialog(model).stage {
        Stage::Ready(plan) => plan.title.to_string(),
        other => panic!("no plan but {other:?}"),
    }
}

#[test]
fn each_key_of_traffic_opens_its_plan_and_writes_nothing() {
    for (key, verb) in [("A", "ADVANCE"), ("X", "ABORT"), ("F", "PROMOTE"), ("C", "CONTINUE"), ("K", "SKIP")] {
        let model = planned(&istio(), key);
        assert!(title(&model).starts_with(&format!("{verb} shop/checkout")), "{key}: {}", title(&model));
        assert!(matches!(dialog(&model).stage, Stage::Ready(_)));
    }
}

#[test]
fn an_advance_leaves_the_step_that_is_on_the_screen() {
    let model = planned(&istio(), "A");
    assert_eq!(dialog(&model).intent, Intent::Advance { from: Some(Standing::Step(2)), rule: None });
}

#[test]
fn a_key_without_a_verb_here_says_what_it_needs_and_one_that_is_off_says_why() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "A");
    assert_eq!(note(&model), "advance shop/search: it needs a release with weights; this one is rolling");
    press(&mut model, "S");
    assert!(note(&model).contains("it needs a release with two sides"), "{}", note(&model));
    let mut model = at(istio(), 80, 24);
    press(&mut model, "T");
    assert_eq!(note(&model), "retry shop/checkout: it was not aborted");
}

#[test]
fn a_weight_is_asked_for_and_only_one_from_0_to_100_makes_a_plan() {
    let mut model = at(istio(), 80, 24);
    press(&mut model, "W<Ctrl-u>101<Enter>");
    let Some(Layer::Form(form)) = model.top() else { panic!("the form is still open") };
    assert!(form.problem.as_deref().is_some_and(|problem| problem.contains("0 to 100")), "{:?}", form.problem);
    press(&mut model, "<Ctrl-u>35%<Enter>");
    answer(&mut model, &istio());
    assert_eq!(title(&model), "SET WEIGHT shop/checkout → 35 % of all");
    assert_eq!(applied(&press(&mut model, "<armed>y")), 1);
}

#[test]
fn the_arrows_choose_one_rule_of_several_and_each_plan_must_be_seen_first() {
    let mut model = planned(&istio(), "A");
    assert_eq!(applied(&press(&mut model, "<armed><Right>y")), 0);
    answer(&mut model, &istio());
    assert!(title(&model).ends_with("50 % of /spec/http/0"), "{}", title(&model));
    press(&mut model, "<armed><Right>");
    answer(&mut model, &istio());
    assert!(title(&model).ends_with("50 % of /spec/http/1"), "{}", title(&model));
    press(&mut model, "<armed><Right>");
    assert_eq!(note(&model), "this is the last rule");
    press(&mut model, "<Left>");
    answer(&mut model, &istio());
    press(&mut model, "<armed><Left>");
    assert_eq!(dialog(&model).intent, Intent::Advance { from: Some(Standing::Step(2)), rule: None });
}

#[test]
fn with_several_other_sides_s_asks_which() {
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "S");
    let Some(Layer::Choice(choice)) = model.top() else { panic!("a list of sides") };
    let names: Vec<_> = choice.items.iter().flatten().map(|item| item.name.to_string()).collect();
    assert_eq!(names, ["blue", "grey"], "the live side is none of them");
    press(&mut model, "j<Enter>");
    assert_eq!(dialog(&model).intent, Intent::Switch { to: Some("grey".into()) });
}

#[test]
fn a_refusal_that_may_be_overridden_is_planned_anew_and_needs_a_reason() {
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "S<Enter>");
    answer(&mut model, &blue_green());
    assert!(
        matches!(&dialog(&model).stage, Stage::Refused(refusal) if refusal.overridable == Some(Override::FewerPods))
    );
    press(&mut model, "<armed>b");
    answer(&mut model, &blue_green());
    assert!(title(&model).contains("SWITCH shop/frontend → blue"), "{}", title(&model));
    arm(&mut model);
    press(&mut model, "<Enter>");
    assert_eq!(applied(&press(&mut model, "<armed>y")), 0);
    assert_eq!(note(&model), "'fewer-pods' is overridden: type the reason ('e')");
    press(&mut model, "ehotfix<Enter>");
    assert_eq!(applied(&press(&mut model, "<armed>y")), 1);
}

#[test]
fn while_traffic_is_split_an_undo_offers_the_traffic_first_and_the_template_second() {
    let mut model = planned(&Release { history: crate::ui::view::samples::stuck().history, ..istio() }, "U");
    assert_eq!(dialog(&model).intent, Intent::Abort);
    assert_eq!(dialog(&model).chosen, Some(Other::Stable));
    press(&mut model, "<armed><Right>");
    assert!(matches!(dialog(&model).intent, Intent::Undo { .. }), "{:?}", dialog(&model).intent);
    let all = Release {
        history: crate::ui::view::samples::stuck().history,
        tracks: istio().tracks.into_iter().filter(|track| track.role == Role::Stable).collect(),
        ..istio()
    };
    let model = planned(&all, "U");
    assert!(matches!(dialog(&model).intent, Intent::Undo { .. }), "nothing is split");
}

#[test]
fn sides_are_scaled_one_at_a_time() {
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "N<Down><Ctrl-u>0<Down><Ctrl-u>0<Enter>");
    let Some(Layer::Form(form)) = model.top() else { panic!("the form is still open") };
    assert!(form.problem.as_deref().is_some_and(|problem| problem.contains("one side at a time")));
    press(&mut model, "<Ctrl-u>3<Enter>");
    answer(&mut model, &blue_green());
    assert_eq!(title(&model), "SCALE shop/frontend → blue to 0");
}

#[test]
fn the_winner_of_an_ab_test_is_one_arrow_away() {
    let mut model = planned(&ab_test(), "F");
    press(&mut model, "<armed><Right>");
    answer(&mut model, &ab_test());
    assert_eq!(title(&model), "PROMOTE shop/landing → A");
}

#[test]
fn bars_move_when_their_numbers_change_and_only_then() {
    let mut model = at(istio(), 80, 24);
    press(&mut model, "<Enter>2");
    let wakes = |model: &Model| crate::app::wake::next(model).map(|at| at.saturating_sub(model.tick));
    let share = |model: &Model| match model.top() {
        Some(Layer::Release(view)) => {
            view.share("checkout-v2", view.release.tracks[1].weight.asked.unwrap(), model.tick)
        }
        other => panic!("the release is open, not {other:?}"),
    };
    let same = Arc::new(with(&model, istio(), 3));
    update(&mut model, Msg::Snapshot(same));
    assert_eq!(share(&model).round() as u8, 20);
    assert!(wakes(&model) > Some(Duration::from_millis(200)), "nothing moves");
    let mut moved = istio();
    moved.tracks[1].weight.asked = Some(50);
    let moved = Arc::new(with(&model, moved, 4));
    update(&mut model, Msg::Snapshot(moved));
    assert_eq!((share(&model).round() as u8, wakes(&model)), (20, Some(Duration::from_millis(100))));
    model.tick += Duration::from_millis(250);
    assert_eq!(share(&model).round() as u8, 35);
    model.tick += Duration::from_millis(250);
    assert_eq!(share(&model).round() as u8, 50);
    assert!(wakes(&model) > Some(Duration::from_millis(200)), "it has come to rest");
}

#[test]
fn a_release_that_is_gone_meanwhile_is_not_switched() {
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "S");
    let gone = Arc::new(with(&model, istio(), 3));
    update(&mut model, Msg::Snapshot(gone));
    let effects = press(&mut model, "<Enter>");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::ReadDetails(_))));
    assert!(note(&model).contains("gone"), "{}", note(&model));
}

#[test]
fn a_preview_check_holds_a_switch_until_it_answers_well_or_is_overridden() {
    let checked = |answer: Result<Str, Str>| {
        let config = "[releases.\"shop/frontend\"]\npreview_check = \"svc/frontend-preview:80/\"\n";
        let mut model = console(80, 24, config);
        let snapshot = Arc::new(with(&model, blue_green(), 2));
        update(&mut model, Msg::Snapshot(snapshot));
        press(&mut model, "gS<Enter>");
        answer_both(&mut model);
        press(&mut model, "<armed>b");
        let effects = answer_both(&mut model);
        press(&mut model, "<armed>hotfix<Enter>");
        let asked = effects.iter().any(|effect| matches!(effect, Effect::Check { side, .. } if &**side == "blue"));
        assert!(asked, "{effects:?}");
        assert_eq!(applied(&press(&mut model, "<armed>y")), 0, "it has not answered");
        let number = dialog(&model).number;
        update(&mut model, Msg::Checked(number, answer));
        model
    };
    assert_eq!(applied(&press(&mut checked(Ok("answered 200".into())), "<armed>y")), 1);
    let mut failed = checked(Err("answered 503".into()));
    assert_eq!(applied(&press(&mut failed, "<armed>y")), 0);
    assert!(note(&failed).contains("the preview check failed: answered 503"), "{}", note(&failed));
    assert_eq!(applied(&press(&mut failed, "b<armed><Enter><armed>y")), 1, "the reason was typed before");
}

fn answer_both(model: &mut Model) -> Vec<Effect> {
    update(model, Msg::Details(blue_green().uid, Ok(details(&blue_green()))))
}

#[test]
fn what_was_overridden_for_one_side_is_not_overridden_for_another() {
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "S<Enter>");
    answer(&mut model, &blue_green());
    press(&mut model, "<armed>b");
    answer(&mut model, &blue_green());
    press(&mut model, "<armed>hotfix<Enter>");
    assert_eq!(dialog(&model).overrides, [Override::FewerPods]);
    press(&mut model, "<armed><Right>");
    assert_eq!(dialog(&model).intent, Intent::Switch { to: Some("grey".into()) });
    assert!(dialog(&model).overrides.is_empty(), "{:?}", dialog(&model).overrides);
}

#[test]
fn an_undo_offers_to_resume_what_it_writes_and_not_the_run_of_a_canary_that_is_suspended() {
    let offers = |kind, held| {
        let key = ObjectKey::new(kind, "shop", "search");
        Release { key, held, ..crate::ui::view::samples::stuck() }.resumes_with_an_undo()
    };
    assert!(offers(Kind::Deployment, true) && offers(Kind::Rollout, true) && !offers(Kind::Deployment, false));
    assert!(!offers(Kind::Canary, true));
}
