//! What a Rollout is shown as.

use crate::domain::release::{Role, Weight};
use crate::domain::said::{ABORT, CONTINUE, RETRY, UNDO};
use crate::domain::state::Verdict;
use crate::domain::traffic::view::Mover;
use crate::domain::{Kind, Release, State, Verb};
use crate::strategy::argo::world::World;
use crate::strategy::testing::{ago, context};
use serde_json::json;

fn shown(release: &Release) -> Vec<(Role, &str, Option<u8>, Option<u8>)> {
    let track = |track: &'_ crate::domain::release::Track| (track.role, track.weight);
    release
        .tracks
        .iter()
        .map(|it| {
            let (role, Weight { asked, actual }) = track(it);
            (role, &*it.version, asked, actual)
        })
        .collect()
}

#[test]
fn a_canary_that_waits_says_since_when_at_which_step_and_what_comes_next() {
    let release = World::waiting().release();
    assert_eq!(release.strategy.0, "argo-canary");
    assert_eq!((release.state, release.held), (State::Waiting, false));
    assert_eq!(&*release.reason, "Waits for a person for 12 min at step 1/6 with v2 at 20 %.");
    assert_eq!(&*release.remedy, format!("{CONTINUE} continues: 20 % → 50 %, then a pause of 10 s; {ABORT} aborts."));
    assert_eq!(release.since, Some(ago(720)));
    let waiting = release.waiting().expect("somebody is waited for");
    assert_eq!((&*waiting.what, waiting.since), ("a pause without an end, step 1/6", Some(ago(720))));
    let step = release.step.as_ref().expect("a ladder");
    assert_eq!((step.index, step.count, &step.weights[..]), (Some(1), 6, &[20, 50, 80][..]));
    let rungs: Vec<(&str, bool)> = step.rungs.iter().map(|rung| (&*rung.words, rung.waits)).collect();
    assert_eq!(rungs[..4], [("20 %", false), ("pause", true), ("50 %", false), ("pause 10s", false)]);
    assert_eq!(&*step.next, "20 % → 50 %, then a pause of 10 s");
    assert_eq!(
        shown(&release),
        [(Role::Stable, "v1", Some(80), Some(80)), (Role::Candidate, "v2", Some(20), Some(20))]
    );
    assert_eq!(release.why.split(':').next(), Some("an Argo Rollout"));
}

#[test]
fn asked_and_actual_weight_stay_apart_while_pods_come() {
    let world = World::at_step(2, 20);
    let release = world.release();
    assert_eq!(release.state, State::Progressing);
    assert!(release.reason.starts_with("Step 2/6: brings v2 to 50 %; 1 of 5 pods at v2"), "{}", release.reason);
    assert_eq!(
        shown(&release),
        [(Role::Stable, "v1", Some(50), Some(80)), (Role::Candidate, "v2", Some(50), Some(20))]
    );
    let unknown =
        world.status(|status| drop(status["canary"].as_object_mut().expect("an object").shift_remove("weights")));
    assert_eq!(unknown.release().tracks[1].weight, Weight { asked: Some(50), actual: None });
}

#[test]
fn without_a_router_the_pods_are_the_weight() {
    let release = World::bare().release();
    assert_eq!(shown(&release), [(Role::Stable, "v1", Some(100), Some(100))]);
    assert!(release.step.is_none());
    let traffic = release.traffic.as_ref().expect("traffic");
    assert!(traffic.notices.iter().any(|notice| notice.contains("no steps")), "{:?}", traffic.notices);
}

#[test]
fn at_rest_everything_is_with_the_stable_version() {
    let release = World::pay().release();
    assert_eq!((release.state, &*release.reason), (State::Healthy, "5 of 5 pods ready at v1."));
    assert_eq!(shown(&release), [(Role::Stable, "v1", Some(100), Some(100))]);
}

#[test]
fn the_controllers_word_counts_only_for_the_generation_that_it_has_seen() {
    let ahead = World::pay().with(|rollout| rollout["metadata"]["generation"] = 2.into());
    let release = ahead.release();
    assert_eq!(release.state, State::Unknown, "nobody has looked at it for long: {}", release.reason);
    let writer = json!([{"manager": "kubectl-edit", "operation": "Update", "time": ago(2).to_string(),
        "apiVersion": "argoproj.io/v1alpha1", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:template": {}}}}]);
    let fresh = ahead.with(|rollout| rollout["metadata"]["managedFields"] = writer);
    let release = fresh.release();
    assert_eq!(release.state, State::Progressing, "{}", release.reason);
    assert!(release.reason.contains("has not seen the last change yet"), "{}", release.reason);
    let resumed = World::waiting().status(|status| status["pauseConditions"] = json!(null));
    assert_eq!(&*resumed.release().reason, "Going on from a pause.");
    let referenced = World::waiting().with(|rollout| {
        rollout["metadata"]["annotations"]["rollout.argoproj.io/workload-generation"] = "7".into();
        rollout["status"]["workloadObservedGeneration"] = "6".into();
    });
    assert_eq!(referenced.release().state, State::Progressing);
}

#[test]
fn a_timed_pause_counts_down_and_a_person_is_not_waited_for() {
    let release = World::at_pause(3, 50, 4).release();
    assert_eq!(release.state, State::Progressing);
    assert_eq!(&*release.reason, "A pause at step 3/6 with v2 at 50 % ends in 6 s.");
    assert!(release.waiting().is_none());
    let countdowns = &release.traffic.as_ref().expect("traffic").countdowns;
    assert_eq!(
        (&*countdowns[0].what, &*countdowns[0].then, countdowns[0].due),
        ("the pause ends", "50 % → 80 %, then a pause of 10 s", ago(-6))
    );
    assert_eq!(release.recheck_at, Some(ago(-1)), "the seconds are counted");
}

#[test]
fn an_aborted_one_says_why_and_both_ways_out() {
    let why = ": Step-based analysis phase error/failed: Metric \"success-rate\" assessed Failed due to failed (2) > failureLimit (1)";
    let release = World::waiting().aborted(300, why).release();
    assert_eq!(release.state, State::Failed);
    assert!(release.reason.starts_with("v2 was aborted 5 min ago: Step-based analysis"), "{}", release.reason);
    assert!(release.reason.ends_with("v1 serves."), "{}", release.reason);
    assert!(
        release.remedy.contains(&format!("{UNDO} takes the template back to v1"))
            && release.remedy.contains(&format!("{RETRY} tries v2 again"))
    );
    assert_eq!(shown(&release)[1], (Role::Candidate, "v2", Some(0), Some(0)));
    assert_eq!(release.since, Some(ago(300)));
    let young = World::waiting().aborted(3, why).release();
    assert!(young.reason.starts_with("v2 was aborted just now: Step"), "{}", young.reason);
}

#[test]
fn analysis_runs_are_shown_with_their_measurements_and_limits() {
    let world = World::at_step(1, 25).run("Running", &[("Successful", "[1]"), ("Failed", "[0.8]")], 1);
    let release = world.release();
    let checks = &release.traffic.as_ref().expect("traffic").checks;
    assert_eq!(checks.len(), 1);
    assert_eq!(&*checks[0].name, "success-rate (step 1)");
    assert_eq!(&*checks[0].standing, "running, 2 of 4 measured, 1 failed");
    assert_eq!(&*checks[0].limit, "result[0] >= 0.99; failures ≤ 1");
    assert_eq!(checks[0].verdict, Verdict::Warn);
    let values: Vec<&str> = checks[0].values.iter().map(|(_, value)| &**value).collect();
    assert_eq!(values, ["[1]", "[0.8]"]);
    let inconclusive =
        world.run("Inconclusive", &[("Inconclusive", "[0.98]")], 1).paused("InconclusiveAnalysisRun", 30);
    let release = inconclusive.release();
    assert_eq!(release.state, State::Waiting);
    assert_eq!(
        &*release.reason,
        "An analysis could not decide (analysis success-rate: inconclusive (last [0.98])): it waits for a person for 30 s."
    );
}

#[test]
fn a_blue_green_rollout_shows_its_sides_and_the_pods_that_are_kept() {
    let release = World::preview().release();
    assert_eq!(release.strategy.0, "argo-blue-green");
    assert_eq!(
        (release.state, &*release.reason),
        (State::Waiting, "v2 is ready beside v1 and waits for a person for 1 min.")
    );
    assert_eq!(
        shown(&release),
        [(Role::Stable, "v1", Some(100), Some(100)), (Role::Candidate, "v2", Some(0), Some(0))]
    );
    let traffic = release.traffic.as_ref().expect("traffic");
    assert_eq!(traffic.mover, Mover::Argo);
    let switch = traffic.switch.as_ref().expect("a switch");
    assert_eq!((&*switch.live, switch.other.as_deref()), ("h1", Some("h2")));
    assert_eq!(
        switch.preview.as_ref().map(crate::domain::ids::ObjectKey::target).as_deref(),
        Some("service/front-preview")
    );
    let switched = World::preview().status(|status| {
        status["phase"] = "Healthy".into();
        status["stableRS"] = "h2".into();
        status["blueGreen"]["activeSelector"] = "h2".into();
        status["pauseConditions"] = json!(null);
        status["controllerPause"] = json!(null);
    });
    let mut switched = switched;
    switched.shop = switched.shop.set(Kind::Service, "front-active", |service| {
        service["spec"]["selector"]["rollouts-pod-template-hash"] = "h2".into();
    });
    switched.shop = switched.shop.set(Kind::ReplicaSet, "front-h1", |set| {
        set["metadata"]["annotations"]["scale-down-deadline"] = ago(-12).to_string().into();
    });
    let release = switched.release();
    assert_eq!(shown(&release), [(Role::Stable, "v2", Some(100), Some(100)), (Role::Idle, "v1", None, Some(0))]);
    let countdowns = &release.traffic.as_ref().expect("traffic").countdowns;
    assert_eq!(
        (&*countdowns[0].what, &*countdowns[0].then, countdowns[0].due),
        ("the pods of v1 end", "until then going back to it is quick", ago(-12))
    );
}

#[test]
fn an_automatic_switch_is_counted_down() {
    let auto = World::preview().with(|rollout| {
        rollout["spec"]["strategy"]["blueGreen"]["autoPromotionEnabled"] = true.into();
        rollout["spec"]["strategy"]["blueGreen"]["autoPromotionSeconds"] = 90.into();
    });
    let release = auto.release();
    assert_eq!(
        (release.state, &*release.reason),
        (State::Progressing, "v2 is ready beside v1 and takes over in 30 s.")
    );
}

#[test]
fn a_route_that_somebody_else_wrote_is_told() {
    let release = World::waiting().route(35).release();
    let notices = &release.traffic.as_ref().expect("traffic").notices;
    assert_eq!(&*notices[0], "virtualservice/pay sends 35 % to pay-canary, and Argo set 20 %");
    let rule = &release.traffic.as_ref().expect("traffic").rules[0];
    assert!(!rule.steered, "Argo writes it, never the console");
    assert_eq!((rule.shares[1].asked, rule.shares[1].actual), (Some(35), Some(20)));
}

#[test]
fn what_nobody_reconciles_is_unknown_and_goes_nowhere_but_back() {
    let orphan = World::pay().with(|rollout| {
        rollout["metadata"]["labels"] = json!({"argo-rollouts.argoproj.io/controller-instance-id": "blue"});
        rollout["status"] = json!({});
    });
    let release = orphan.release();
    assert_eq!(release.state, State::Unknown);
    assert!(release.reason.contains("instance id 'blue'"), "{}", release.reason);
    let actions = crate::strategy::strategy(release.strategy).expect("registered").actions(&release, &context());
    let (back, forward): (Vec<_>, Vec<_>) =
        actions.iter().partition(|action| action.direction == crate::domain::Direction::Back);
    assert!(forward.iter().all(|action| !action.enabled && action.why.contains("instance id 'blue'")));
    let hold = back.iter().find(|action| action.verb == Verb::Pause).expect("listed");
    assert!(hold.enabled && hold.why.contains("instance id 'blue'"), "open, with a warning: {}", hold.why);
    let plan = orphan.planned(&crate::domain::Intent::Pause);
    assert!(plan.forecast.warnings[0].contains("instance id 'blue'"), "{:?}", plan.forecast.warnings);
    assert!(orphan.refused(&crate::domain::Intent::Restart).1.contains("instance id 'blue'"));
}

#[test]
fn an_invalid_spec_is_told_in_the_controllers_words_and_can_be_mended() {
    let invalid = World::waiting().status(|status| {
        status["phase"] = "Degraded".into();
        status["message"] = "InvalidSpec: x".into();
        status["conditions"] = json!([{"type": "InvalidSpec", "status": "True", "reason": "InvalidSpec",
            "message": "The Rollout \"pay\" is invalid: spec.strategy.canary.steps[1]"}]);
    });
    let release = invalid.release();
    assert_eq!(release.state, State::Failed);
    assert!(release.reason.starts_with("Its spec is invalid: The Rollout"), "{}", release.reason);
    let neither = World::pay().with(|rollout| rollout["spec"]["strategy"] = json!({}));
    let release = neither.release();
    assert_eq!((release.strategy.0, release.state), ("argo-canary", State::Unknown));
    assert!(release.reason.contains("neither canary nor blueGreen"), "{}", release.reason);
}

#[test]
fn its_services_routes_and_referenced_workload_are_no_releases_of_their_own() {
    let world = World::pay();
    let mut world = world.with(|rollout| {
        rollout["spec"]["workloadRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "pay"});
        drop(rollout["spec"].as_object_mut().expect("an object").shift_remove("template"));
    });
    world.shop = world.shop.deployment("pay", &[("app", "pay")], "v1", (0, 900));
    let keys: Vec<String> = world.shop.releases().iter().map(|release| release.key.target()).collect();
    assert_eq!(keys, ["rollout/pay"]);
    for (kind, name) in [(Kind::Service, "pay-canary"), (Kind::VirtualService, "pay"), (Kind::Deployment, "pay")] {
        assert_eq!(world.shop.release(kind, name).key.target(), "rollout/pay", "{name}");
    }
}

#[test]
fn every_verb_has_its_direction_and_a_disabled_one_says_why() {
    let worlds = [
        World::pay(),
        World::bare(),
        World::waiting(),
        World::at_step(2, 20),
        World::waiting().held(),
        World::waiting().aborted(60, ""),
        World::front(),
        World::preview(),
        World::pay().with(|rollout| rollout["metadata"]["generation"] = 9.into()),
    ];
    for world in worlds {
        let release = world.release();
        for action in crate::strategy::strategy(release.strategy).expect("registered").actions(&release, &context()) {
            let case = format!("{} {}: {}", world.name, release.reason, action.verb);
            assert_eq!(
                action.direction,
                action.verb.direction().unwrap_or(crate::domain::Direction::Forward),
                "{case}"
            );
            assert!(action.enabled || action.why.len() > 10, "{case} is disabled without a reason");
            assert!(!action.enabled || !action.consequence.is_empty(), "{case} does not say what follows");
            if action.verb == Verb::Undo && release.history.len() > 1 && release.state != State::Unknown {
                assert!(action.enabled, "{case}: {}", action.why);
            }
        }
    }
}

#[test]
fn what_an_experiment_and_a_plugin_are_at_stands_among_the_checks() {
    let checks = |world: &World| world.release().traffic.as_ref().expect("traffic").checks.clone();
    let steps = json!([{"setWeight": 20}, {"experiment": {"templates": [{"name": "baseline", "specRef": "stable"}]}},
        {"plugin": {"name": "shop/smoke"}}]);
    let at = |index| World::at_step(index, 20).with(|it| it["spec"]["strategy"]["canary"]["steps"] = steps.clone());
    let trying = at(1).status(|status| status["canary"]["currentExperiment"] = "pay-h2-2-1".into());
    let check = &checks(&trying)[0];
    assert_eq!((&*check.name, &*check.standing), ("experiment pay-h2-2-1 (step 1)", "under way"));
    let undecided = trying.paused("InconclusiveExperiment", 30);
    let check = &checks(&undecided)[0];
    assert_eq!((&*check.standing, check.verdict), ("could not decide", Verdict::Warn));
    let told = |phase: &str| {
        at(2).status(|status| {
            status["canary"]["stepPluginStatuses"] = json!([
                {"index": 2, "name": "shop/smoke", "operation": "Run", "phase": phase, "message": "3 of 9 pages"},
                {"index": 0, "name": "shop/other", "operation": "Run", "phase": "Successful"}]);
        })
    };
    let check = &checks(&told("Running"))[0];
    assert_eq!(
        (&*check.name, &*check.standing, &*check.message),
        ("plugin shop/smoke (step 2)", "running", "3 of 9 pages")
    );
    assert_eq!(checks(&told("Failed"))[0].verdict, Verdict::Bad);
    assert_eq!(checks(&told("Failed")).len(), 1, "only of the step that it stands at");
}
