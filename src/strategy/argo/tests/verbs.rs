//! What each verb sends, with its fence, and what it foretells.

use crate::domain::intent::Standing;
use crate::domain::plan::{Act, Call, RefusalKind, Wait};
use crate::domain::said::{CONTINUE, PROMOTE, SKIP};
use crate::domain::{Direction, Intent};
use crate::strategy::argo::world::{World, operations};
use serde_json::{Value, json};

fn on_status(plan: &crate::domain::Plan) -> bool {
    matches!(&plan.calls[0].call, Call::JsonPatch { subresource: Some("status"), .. })
}

#[test]
fn continue_clears_the_pause_fenced_on_version_step_and_this_very_pause() {
    let world = World::waiting();
    let plan = world.planned(&Intent::Continue);
    assert_eq!(
        operations(&plan),
        [
            "test /metadata/uid",
            "test /status/currentPodHash",
            "test /status/currentStepIndex",
            "test /status/pauseConditions",
            "test /spec/paused",
            "test /spec/template",
            "remove /status/pauseConditions"
        ]
    );
    assert!(on_status(&plan));
    assert_eq!(&*plan.calls[0].what, "PATCH argoproj.io/v1alpha1 rollouts/pay/status");
    assert_eq!(&*plan.title, "CONTINUE shop/pay → step 1 → 2 of 6");
    assert_eq!(&*plan.forecast.then, "20 % → 50 %, then a pause of 10 s; to the end, at least 20 s");
    assert_eq!((plan.direction, plan.until), (Direction::Forward, Wait::Acted(Act::LeaveStep(1))));
    let changes: Vec<String> =
        plan.diff.iter().map(|change| format!("{} {:?} {:?}", change.place, change.old, change.new)).collect();
    assert_eq!(
        changes,
        [r#"step Some("1/6: pause") Some("2/6: 50 %")"#, r#"weight of pay.example.com Some("20 %") Some("50 %")"#]
    );
    assert!(world.after(&plan)["status"]["pauseConditions"].is_null());
}

#[test]
fn another_pause_of_the_same_step_is_another_pause() {
    let seen = World::waiting();
    let plan = seen.planned(&Intent::Continue);
    let later = World::at_pause(1, 20, 700);
    assert_eq!(later.shop.after(&plan).err().as_deref(), Some("/status/pauseConditions"));
    let moved = World::at_pause(3, 50, 720);
    assert_eq!(moved.shop.after(&plan).err().as_deref(), Some("/status/currentStepIndex"));
    let other = World::waiting().status(|status| status["currentPodHash"] = "h3".into());
    assert_eq!(other.shop.after(&plan).err().as_deref(), Some("/status/currentPodHash"));
}

#[test]
fn advance_names_the_step_that_it_leaves_and_elsewhere_is_refused() {
    let advance = |from| Intent::Advance { from, rule: None };
    let world = World::waiting();
    for from in [None, Some(Standing::Step(1)), Some(Standing::Weight(20))] {
        assert_eq!(
            operations(&world.planned(&advance(from))).last().map(String::as_str),
            Some("remove /status/pauseConditions")
        );
    }
    assert_eq!(
        world.refused(&advance(Some(Standing::Step(3)))).1,
        "rollout/pay stands at step 1, not at 3: somebody moved it"
    );
    assert!(world.refused(&advance(Some(Standing::Weight(50)))).1.contains("asked for 20 %, not for 50 %"));
    let moving = World::at_step(2, 20);
    let why = moving.refused(&advance(None)).1;
    assert_eq!(
        why,
        format!(
            "rollout/pay does not stand at a pause at step 2/6 (50 %): it goes on by itself; {SKIP} leaves the step out"
        )
    );
}

#[test]
fn skip_sets_the_index_and_cancels_what_the_step_began() {
    let world = World::at_step(2, 20);
    let plan = world.planned(&Intent::Skip);
    assert_eq!(
        operations(&plan),
        [
            "test /metadata/uid",
            "test /status/currentPodHash",
            "test /status/currentStepIndex",
            "test /status/pauseConditions",
            "test /spec/paused",
            "test /spec/template",
            "add /status/currentStepIndex 3"
        ]
    );
    assert!(plan.forecast.warnings[0].contains("weight is not waited for"), "{:?}", plan.forecast.warnings);
    let analysis = World::at_step(0, 0).with(|rollout| {
        rollout["spec"]["strategy"]["canary"]["steps"] =
            json!([{"analysis": {"templates": [{"templateName": "rate"}]}}, {"setWeight": 75}]);
    });
    let plan = analysis.planned(&Intent::Skip);
    assert_eq!(&*plan.forecast.then, "leaves out analysis rate; 0 % → 75 %, then it takes over");
    assert!(plan.forecast.warnings[0].contains("analysis is cancelled"));
    let done = World::at_step(6, 80);
    assert!(done.refused(&Intent::Skip).1.contains("all steps of rollout/pay are done"));
    let stepless = World::bare().set(2, "v2", (1, 60)).status(|status| status["currentPodHash"] = "h2".into());
    assert!(stepless.refused(&Intent::Skip).1.contains("no steps"));
    let advance = stepless.refused(&Intent::Advance { from: None, rule: None }).1;
    assert!(advance.contains(&format!("it goes on by itself; {PROMOTE} promotes fully")), "{advance}");
}

#[test]
fn promoting_fully_tells_how_much_it_leaves_out() {
    let plan = World::waiting().planned(&Intent::Promote { winner: None });
    assert_eq!(
        operations(&plan),
        [
            "test /metadata/uid",
            "test /status/currentPodHash",
            "test /status/abort",
            "test /spec/paused",
            "test /spec/template",
            "add /status/promoteFull true"
        ]
    );
    assert!(on_status(&plan));
    assert_eq!(&*plan.forecast.then, "skips 5 steps: v2 gets 100 % once its 5 pods are available");
    let later = World::at_pause(3, 50, 2).planned(&Intent::Promote { winner: None });
    assert!(later.forecast.then.starts_with("skips 3 steps:"), "{}", later.forecast.then);
    let other = World::waiting().refused(&Intent::Promote { winner: Some("v9".into()) });
    assert_eq!(other.1, "'v9' is not on its way in rollout/pay; only v2 can be promoted");
    let sides = World::preview().planned(&Intent::Promote { winner: None });
    assert!(sides.forecast.then.starts_with("all traffic switches to v2 once its 3 pods are available"));
}

#[test]
fn abort_and_retry_are_each_others_way_back_and_foretell_the_steps_again() {
    let world = World::waiting();
    let plan = world.planned(&Intent::Abort);
    assert_eq!(
        operations(&plan),
        ["test /metadata/uid", "test /status/currentPodHash", "test /status/abort", "add /status/abort true"]
    );
    assert_eq!((plan.direction, &*plan.title), (Direction::Back, "ABORT shop/pay → v2, back to v1"));
    assert_eq!(&*plan.forecast.then, "v1 gets everything at once; the pods of v2 end after 30 s");
    let ready = plan.inverse.ready(&plan.id, &[answer(&world, &plan)]).expect("a way back");
    assert_eq!((ready.subresource.as_deref(), ready.direction), (Some("status"), Direction::Forward));
    let aborted = World { shop: world.shop.after(&plan).expect("applies"), ..world.clone() };
    let retry = aborted.planned(&Intent::Revert(Box::new(ready)));
    assert!(on_status(&retry));
    assert_eq!(aborted.after(&retry)["status"]["abort"], false);
    let aborted = World::waiting().aborted(300, "");
    let retry = aborted.planned(&Intent::Retry);
    assert_eq!(&*retry.forecast.then, "v2 from the first step: all 6 steps again, at least 20 s, 1 wait for a person");
    assert_eq!(retry.forecast.takes, None, "a person is waited for");
    let timed = aborted.with(|rollout| {
        rollout["spec"]["strategy"]["canary"]["steps"] =
            json!([{"setWeight": 10}, {"pause": {"duration": "30m"}}, {"setWeight": 40}, {"pause": {"duration": "10m"}}]);
    });
    let retry = timed.planned(&Intent::Retry);
    assert_eq!(&*retry.forecast.then, "v2 from the first step: all 4 steps again, at least 40 min");
    assert_eq!(retry.forecast.takes.map(|takes| takes.as_mins()), Some(40));
}

fn answer(world: &World, plan: &crate::domain::Plan) -> crate::domain::RawObject {
    let shop = world.shop.after(plan).expect("applies");
    shop.raw(&plan.release.key)
}

#[test]
fn pause_and_resume_write_the_spec_and_say_that_a_pause_step_stays() {
    let world = World::waiting();
    let plan = world.planned(&Intent::Pause);
    assert!(!on_status(&plan));
    assert_eq!(
        operations(&plan),
        [
            "test /metadata/uid",
            "test /status/currentPodHash",
            "test /status/abort",
            "test /spec/paused",
            "add /spec/paused true"
        ]
    );
    let held = world.held();
    assert_eq!(held.refused(&Intent::Pause).0, RefusalKind::Unchanged);
    let plan = held.planned(&Intent::Resume);
    assert_eq!(
        &*plan.forecast.then,
        format!("it still stands at its pause, step 1: {CONTINUE} continues it or its time is over")
    );
    assert_eq!(held.after(&plan)["spec"]["paused"], false);
    let why = World::waiting().refused(&Intent::Resume);
    assert_eq!(
        why,
        (
            RefusalKind::Unchanged,
            format!("rollout/pay is not held by hand: it stands at a pause step; {CONTINUE} continues")
        )
    );
}

#[test]
fn restart_sets_the_time_and_scale_the_number() {
    let world = World::pay();
    let plan = world.planned(&Intent::Restart);
    assert!(operations(&plan).last().is_some_and(|last| last.starts_with("add /spec/restartAt \"2027-")));
    assert!(World::pay().held().refused(&Intent::Restart).1.contains("resume it first"));
    let plan = world.planned(&Intent::Scale(8));
    assert_eq!(world.after(&plan)["spec"]["replicas"], 8);
}

#[test]
fn a_blue_green_switch_is_a_continue_and_tells_how_long_the_old_side_stays() {
    let plan = World::preview().planned(&Intent::Continue);
    assert_eq!(operations(&plan).last().map(String::as_str), Some("remove /status/pauseConditions"));
    assert_eq!(&*plan.forecast.then, "all traffic switches to v2 at once; v1 is kept for 15 s");
    let switch = World::preview().refused(&Intent::Switch { to: None }).1;
    assert_eq!(switch, format!("Argo switches rollout/front: {CONTINUE} lets it switch to v2"));
    assert!(World::preview().refused(&Intent::SetWeight { weight: 5, rule: None }).1.contains("by its steps"));
    assert!(World::preview().refused(&Intent::Skip).1.contains(&format!("has no steps: {CONTINUE} switches it")));
}

#[test]
fn an_analysis_that_could_not_decide_is_measured_again_or_left_out() {
    let world = World::at_step(1, 20).run("Inconclusive", &[], 1).paused("InconclusiveAnalysisRun", 30);
    let again = world.planned(&Intent::Continue);
    assert_eq!(&*again.forecast.then, "a new analysis run begins");
    assert!(again.forecast.warnings[0].contains(&format!("{SKIP} goes past it")));
    let past = world.planned(&Intent::Skip);
    let after = world.after(&past);
    let told = |field: &str| after["status"][field].clone();
    assert_eq!(
        [told("pauseConditions"), told("controllerPause"), told("currentStepIndex")],
        [Value::Null, json!(false), json!(2)]
    );
    let advance = world.refused(&Intent::Advance { from: None, rule: None }).1;
    assert!(advance.contains("could not decide") && advance.contains(&format!("{SKIP} leaves it out")), "{advance}");
}

#[test]
fn an_abort_tells_what_changes_also_where_no_traffic_moves() {
    let changes = |world: World| {
        let plan = world.planned(&Intent::Abort);
        plan.diff.iter().map(|it| format!("{} {:?} {:?}", it.place, it.old, it.new)).collect::<Vec<_>>()
    };
    assert_eq!(changes(World::waiting()), [r#"weight of v2 Some("20 %") Some("0 %")"#]);
    assert_eq!(changes(World::preview()), [r#"aborted Some("false") Some("true")"#]);
}
