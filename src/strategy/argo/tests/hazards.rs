//! What Argo's plugin lets happen, one test each.

use crate::domain::Intent;
use crate::domain::plan::RefusalKind;
use crate::domain::said::{PROMOTE, RESUME, RETRY, SKIP, UNDO};
use crate::strategy::argo::world::{World, operations};
use serde_json::json;

const FULL: Intent = Intent::Promote { winner: None };
const ADVANCE: Intent = Intent::Advance { from: None, rule: None };

#[test]
fn while_pods_come_nothing_but_skip_skips_a_step() {
    let scaling = World::at_step(2, 20);
    for intent in [ADVANCE, Intent::Continue] {
        let (kind, why) = scaling.refused(&intent);
        assert_eq!(kind, RefusalKind::Refused);
        assert!(why.contains("does not stand at a pause") && why.contains(&SKIP.to_string()), "{why}");
    }
    let skip = scaling.planned(&Intent::Skip);
    assert!(skip.forecast.then.starts_with("leaves out 50 %"), "{}", skip.forecast.then);
}

#[test]
fn a_continue_while_held_by_hand_is_refused_since_the_pause_would_come_again() {
    let held = World::waiting().held();
    for intent in [ADVANCE, Intent::Continue, Intent::Skip, FULL] {
        let (kind, why) = held.refused(&intent);
        assert_eq!(kind, RefusalKind::Refused);
        assert!(why.contains(&format!("{RESUME} resumes it first")), "{why}");
    }
    assert!(held.plan(&Intent::Abort).is_ok(), "the way back is open");
}

#[test]
fn a_step_taken_by_somebody_in_between_fails_the_fence() {
    let plan = World::waiting().planned(&Intent::Skip);
    let index = World::at_pause(2, 20, 720);
    assert_eq!(index.shop.after(&plan).err().as_deref(), Some("/status/currentStepIndex"));
    let gone_on = World::waiting().status(|status| status["pauseConditions"] = json!(null));
    assert_eq!(gone_on.shop.after(&plan).err().as_deref(), Some("/status/pauseConditions"));
    assert_eq!(gone_on.refused(&Intent::Continue).0, RefusalKind::Unchanged);
}

#[test]
fn an_aborted_rollout_is_neither_stepped_nor_promoted() {
    let aborted = World::waiting().aborted(60, "");
    for intent in [ADVANCE, Intent::Continue, Intent::Skip] {
        let why = aborted.refused(&intent).1;
        assert!(why.contains("was aborted") && why.contains(&format!("{RETRY} tries v2 again")), "{why}");
    }
    let why = aborted.refused(&FULL).1;
    assert!(why.contains("the rejected v2 would get everything"), "{why}");
    assert_eq!(aborted.refused(&Intent::Abort).0, RefusalKind::Unchanged);
    let plan = World::waiting().planned(&FULL);
    assert_eq!(aborted.shop.after(&plan).err().as_deref(), Some("/status/abort"), "aborted in between");
}

#[test]
fn a_promotion_right_after_a_new_template_waits_until_it_was_seen() {
    let unseen = World::pay().with(|rollout| {
        rollout["metadata"]["generation"] = 2.into();
        rollout["metadata"]["managedFields"] = json!([{"manager": "kubectl-edit", "operation": "Update",
            "time": crate::strategy::testing::ago(1).to_string(), "fieldsV1": {"f:spec": {"f:template": {}}}}]);
    });
    for intent in [FULL, ADVANCE, Intent::Abort] {
        assert_eq!(unseen.refused(&intent).0, RefusalKind::ReadAgain);
    }
    let referenced = World::waiting().with(|rollout| {
        rollout["metadata"]["annotations"]["rollout.argoproj.io/workload-generation"] = "7".into();
        rollout["status"]["workloadObservedGeneration"] = "6".into();
    });
    assert_eq!(referenced.refused(&FULL).0, RefusalKind::ReadAgain);
}

#[test]
fn with_nothing_on_its_way_there_is_nothing_to_abort_or_promote() {
    for world in [World::pay(), World::front()] {
        let (kind, why) = world.refused(&Intent::Abort);
        assert_eq!(kind, RefusalKind::Refused);
        assert!(why.contains("nothing is on its way") && why.contains(&UNDO.to_string()), "{why}");
        assert_eq!(world.refused(&FULL).0, RefusalKind::Unchanged, "no silent success");
        assert!(world.refused(&Intent::Continue).1.contains("has taken over already"));
        assert!(world.refused(&Intent::Retry).1.contains("was not aborted"));
    }
}

#[test]
fn an_abort_says_that_the_template_stays_and_that_it_shows_as_degraded() {
    let plan = World::waiting().planned(&Intent::Abort);
    assert!(plan.forecast.warnings[0].contains("the template stays at v2"), "{:?}", plan.forecast.warnings);
    assert!(plan.forecast.warnings[0].contains(&format!("degraded until {UNDO} takes it back")));
}

#[test]
fn steps_edited_in_mid_run_fail_the_step_fence_since_the_controller_begins_again() {
    let plan = World::at_pause(3, 50, 2).planned(&Intent::Continue);
    let edited = World::at_step(0, 0)
        .with(|rollout| rollout["spec"]["strategy"]["canary"]["steps"] = json!([{"setWeight": 5}, {"pause": {}}]));
    assert_eq!(edited.shop.after(&plan).err().as_deref(), Some("/status/currentStepIndex"));
}

#[test]
fn a_skip_at_a_pause_ends_that_pause_only_and_leaves_the_index_to_the_controller() {
    let plan = World::waiting().planned(&Intent::Skip);
    assert_eq!(operations(&plan).last().map(String::as_str), Some("remove /status/pauseConditions"));
    assert!(!operations(&plan).iter().any(|operation| operation.starts_with("add /status/currentStepIndex")));
}

#[test]
fn a_hold_says_that_autoscaling_waits_too() {
    let plan = World::waiting().planned(&Intent::Pause);
    assert!(plan.forecast.warnings[0].contains("autoscaler") && plan.forecast.warnings[0].contains("deadline"));
}

#[test]
fn the_first_version_ever_follows_no_steps_and_has_no_way_back() {
    let first = World::pay().status(|status| {
        status["stableRS"] = "".into();
        status["phase"] = "Progressing".into();
    });
    for intent in [ADVANCE, Intent::Skip, Intent::Abort] {
        assert!(first.refused(&intent).1.contains("first version"), "{intent:?}");
    }
}

#[test]
fn a_hold_between_the_plan_and_its_confirmation_refuses_it_since_it_would_be_lost() {
    let held = World::waiting().held();
    for intent in [ADVANCE, Intent::Continue, Intent::Skip, FULL] {
        let plan = World::waiting().planned(&intent);
        assert_eq!(held.shop.after(&plan).err().as_deref(), Some("/spec/paused"), "{intent:?}");
    }
    assert!(held.shop.after(&World::waiting().planned(&Intent::Abort)).is_ok(), "the way back is not held up by it");
}

#[test]
fn a_template_that_the_controller_has_not_seen_refuses_what_was_meant_for_the_one_before() {
    let newer = World::waiting().with(|rollout| {
        rollout["metadata"]["generation"] = 3.into();
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] = "reg/pay:v3".into();
    });
    for intent in [FULL, Intent::Continue, Intent::Skip] {
        let plan = World::waiting().planned(&intent);
        assert_eq!(newer.shop.after(&plan).err().as_deref(), Some("/spec/template"), "{intent:?}");
    }
}

#[test]
fn who_wrote_the_strategy_in_mid_run_is_told_since_changed_steps_begin_again() {
    let written = |seconds: i64| {
        World::at_step(0, 0).with(|rollout| {
            rollout["metadata"]["managedFields"] = json!([{"manager": "kubectl-edit", "operation": "Update",
                "time": crate::strategy::testing::ago(seconds).to_string(),
                "fieldsV1": {"f:spec": {"f:strategy": {"f:canary": {"f:steps": {}}}}}}]);
        })
    };
    let notices = |world: &World| world.release().traffic.as_ref().expect("traffic").notices.clone();
    let told = notices(&written(40));
    let words = "kubectl-edit wrote its spec 40 s ago, in mid-run: with other steps v2 begins again at step 0";
    assert!(told.iter().any(|notice| &**notice == words), "{told:?}");
    let before = notices(&written(900));
    assert!(before.iter().all(|notice| !notice.contains("begins again")), "before v2: {before:?}");
}

#[test]
fn a_retry_says_that_everything_is_measured_anew() {
    let measured = World::waiting().aborted(60, "").with(|rollout| {
        rollout["spec"]["strategy"]["canary"]["steps"] = json!([{"setWeight": 20}, {"analysis": {}}]);
    });
    let plan = measured.planned(&Intent::Retry);
    assert!(plan.forecast.warnings.iter().any(|it| it.contains("measured anew")), "{:?}", plan.forecast.warnings);
    assert!(World::waiting().aborted(60, "").planned(&Intent::Retry).forecast.warnings.is_empty(), "no analysis");
}

#[test]
fn a_hold_says_that_nothing_switches_either() {
    let plan = World::preview().planned(&Intent::Pause);
    assert!(plan.forecast.then.contains("nothing switches to v2"), "{}", plan.forecast.then);
}

#[test]
fn without_steps_nothing_is_advanced_and_the_full_promotion_is_named() {
    let moving = World::bare().second(1);
    for intent in [ADVANCE, Intent::Continue] {
        let why = moving.refused(&intent).1;
        assert!(
            why.contains("does not stand at a pause") && why.contains(&format!("{PROMOTE} promotes fully")),
            "{why}"
        );
    }
    assert!(moving.refused(&Intent::Skip).1.contains("no steps to leave out"));
}

#[test]
fn a_controller_that_is_away_holds_no_way_back_up() {
    let away = World::waiting().with(|rollout| rollout["metadata"]["generation"] = 3.into());
    assert_eq!(away.refused(&FULL).0, RefusalKind::Refused);
    let release = away.release();
    let number = crate::domain::intent::UndoTo::Number(crate::domain::Revision(1));
    let undo = Intent::Undo { to: number, paused: crate::domain::intent::PausedUndo::StayPaused };
    for intent in [undo, Intent::Pause, Intent::Abort] {
        let plan = away.planned(&intent);
        assert!(plan.forecast.warnings[0].starts_with("no Argo Rollouts controller has looked"), "{intent:?}");
        assert!(away.shop.after(&plan).is_ok());
    }
    let abort = away.planned(&Intent::Abort);
    assert!(abort.forecast.warnings.iter().any(|it| it.contains("leaves the abort out")), "{:?}", abort.forecast);
    let actions = crate::strategy::strategy(release.strategy).expect("known").actions(&release, &away.shop.context());
    for action in actions {
        let open = action.direction == crate::domain::Direction::Back;
        assert_eq!(action.enabled, open, "{}: {}", action.verb, action.why);
        assert!(action.why.contains("no Argo Rollouts controller has looked"), "{}: {}", action.verb, action.why);
    }
}
