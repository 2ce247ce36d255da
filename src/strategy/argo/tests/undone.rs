//! Undo and new images: which template is written where, and which way it takes.

use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::{Call, RefusalKind, Wait};
use crate::domain::said::{CONTINUE, RETRY};
use crate::domain::workload::Image;
use crate::domain::{Intent, Kind, ObjectKey, Revision};
use crate::strategy::argo::world::{World, operations};
use crate::strategy::testing::ago;
use serde_json::json;

fn to(number: i64) -> Intent {
    Intent::Undo { to: UndoTo::Number(Revision(number)), paused: PausedUndo::StayPaused }
}

/// v3 everywhere; v1 and v2 are scaled to 0.
fn third() -> World {
    let world = World::pay().set(1, "v1", (0, 400_000)).set(2, "v2", (0, 90_000)).set(3, "v3", (5, 9_000));
    let mut world = world.with(|rollout| {
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] = "reg/pay:v3".into();
        for field in ["currentPodHash", "stableRS"] {
            rollout["status"][field] = "h3".into();
        }
    });
    // Pods of the laid out first version are gone.
    world.shop.objects.retain(|key, _| !(key.kind == Kind::Pod && key.name.starts_with("pay-h1")));
    world
}

#[test]
fn going_back_to_stable_in_mid_run_skips_the_steps() {
    let world = World::waiting();
    let plan = world.planned(&Intent::undo());
    assert_eq!(operations(&plan), ["test /metadata/uid", "test /spec/template", "replace /spec/template"]);
    assert_eq!(&*plan.forecast.then, "skips its steps: v1 is the stable version and gets everything back at once");
    assert_eq!(plan.until, Wait::Settled);
    let after = world.after(&plan);
    let template = &after["spec"]["template"];
    assert_eq!(template["metadata"]["labels"], json!({"app": "pay"}), "less the hash label");
    assert_eq!(template["spec"]["containers"][0]["image"], "reg/pay:v1");
    assert_eq!(&*plan.diff[0].place, "container pay  image");
}

#[test]
fn going_back_to_an_older_version_is_all_steps_again_and_says_how_long() {
    let world = third();
    let plan = world.planned(&to(2));
    assert_eq!(&*plan.forecast.then, "all 6 steps again, at least 20 s, 1 wait for a person");
    assert_eq!((plan.until, plan.forecast.takes), (Wait::Observed, None));
    assert!(plan.forecast.warnings.iter().any(|warning| warning.contains("step by step")));
    let timed = world.clone().with(|rollout| {
        rollout["spec"]["strategy"]["canary"]["steps"] =
            json!([{"setWeight": 10}, {"pause": {"duration": "40m"}}, {"analysis": {}}]);
    });
    let plan = timed.planned(&to(2));
    assert_eq!(&*plan.forecast.then, "all 3 steps again, at least 40 min, 1 analysis");
    assert_eq!((plan.until, plan.forecast.takes.map(|takes| takes.as_mins())), (Wait::Settled, Some(40)));
}

#[test]
fn within_the_rollback_window_the_steps_are_skipped_and_outside_they_are_not() {
    let window =
        |revisions: i64| third().with(|rollout| rollout["spec"]["rollbackWindow"] = json!({"revisions": revisions}));
    let then = |world: World, number: i64| world.planned(&to(number)).forecast.then.to_string();
    assert!(
        then(window(1), 2).starts_with("skips its 6 steps and analyses (rollback window of 1 revision): v2"),
        "{}",
        then(window(1), 2)
    );
    assert!(then(window(1), 1).starts_with("all 6 steps again"), "one revision lies between");
    assert!(then(window(2), 1).starts_with("skips its 6 steps"));
}

#[test]
fn a_blue_green_side_that_is_still_there_is_back_at_once() {
    let mut world = World::front().set(2, "v2", (3, 300)).with(|rollout| {
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] = "reg/front:v2".into();
        for field in ["currentPodHash", "stableRS"] {
            rollout["status"][field] = "h2".into();
        }
        rollout["status"]["blueGreen"]["activeSelector"] = "h2".into();
    });
    world.shop = world.shop.set(Kind::ReplicaSet, "front-h1", |set| {
        set["metadata"]["annotations"]["scale-down-deadline"] = ago(-12).to_string().into();
    });
    let plan = world.planned(&to(1));
    assert_eq!(
        &*plan.forecast.then,
        "instant: the 3 pods of v1 still run for 12 s more, and all traffic switches to them"
    );
    world.shop = world.shop.set(Kind::ReplicaSet, "front-h1", |set| set["status"]["availableReplicas"] = 0.into());
    let plan = world.planned(&to(1));
    assert_eq!(
        &*plan.forecast.then,
        format!("3 pods of v1 start beside the live ones, then it waits for a person ({CONTINUE})")
    );
    assert_eq!(plan.until, Wait::Observed);
}

#[test]
fn what_the_controller_added_to_a_template_is_not_written_back() {
    let mut world = World::waiting();
    world.shop = world.shop.set(Kind::ReplicaSet, "pay-h1", |set| {
        set["metadata"]["annotations"]["rollout.argoproj.io/ephemeral-metadata"] = r#"{"labels":{"role":"stable"}}"#.into();
        set["spec"]["template"]["metadata"]["labels"]["role"] = "stable".into();
        set["spec"]["template"]["spec"]["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchExpressions": [
                {"key": "rollouts-pod-template-hash", "operator": "NotIn", "values": ["h2"]}]}}]}});
    });
    let after = world.after(&world.planned(&Intent::undo()));
    let template = &after["spec"]["template"];
    assert_eq!(template["metadata"]["labels"], json!({"app": "pay"}));
    assert!(template["spec"]["affinity"].is_null(), "{template}");
}

#[test]
fn a_referenced_workload_is_what_is_written() {
    let mut world = World::waiting().with(|rollout| {
        rollout["spec"]["workloadRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "pay-base"});
        drop(rollout["spec"].as_object_mut().expect("an object").shift_remove("template"));
    });
    world.shop = world.shop.deployment("pay-base", &[("app", "pay")], "v2", (0, 900));
    let plan = world.planned(&Intent::undo());
    let Call::JsonPatch { target, .. } = &plan.calls[0].call else { panic!("a patch") };
    assert_eq!(target, &ObjectKey::new(Kind::Deployment, "shop", "pay-base"));
    assert_eq!(operations(&plan), ["test /metadata/uid", "test /spec/template", "replace /spec/template"]);
    assert!(plan.forecast.warnings[0].contains("its template is in deployment/pay-base"));
    assert_eq!(plan.release.key.target(), "rollout/pay");
    let image = Intent::SetImage(vec![Image { container: "app".into(), reference: "reg/pay:v3".into() }]);
    let plan = world.planned(&image);
    assert_eq!(plan.calls[0].call.target().target(), "deployment/pay-base");
    assert_eq!(plan.release.key.target(), "rollout/pay");
    let pod_template = world.with(|rollout| rollout["spec"]["workloadRef"]["kind"] = "PodTemplate".into());
    assert!(pod_template.refused(&Intent::undo()).1.contains("PodTemplate/pay-base"));
}

#[test]
fn the_same_revision_is_unchanged_and_a_missing_one_is_named() {
    let world = World::waiting();
    assert_eq!(world.refused(&to(2)), (RefusalKind::Unchanged, "rollout/pay is at revision 2 already".into()));
    assert_eq!(world.refused(&to(7)).1, "rollout/pay has no revision 7; it has 2 and 1");
    let aborted = World::waiting().aborted(60, "");
    assert!(aborted.refused(&to(2)).1.contains(&format!("{RETRY} tries it again")));
    let unseen = world.with(|rollout| rollout["metadata"]["generation"] = 3.into());
    let recent = unseen.with(|rollout| {
        rollout["metadata"]["managedFields"] = json!([{"manager": "x", "operation": "Update", "time": ago(1).to_string(), "fieldsV1": {"f:spec": {}}}]);
    });
    assert_eq!(recent.refused(&Intent::undo()).0, RefusalKind::ReadAgain);
    assert!(recent.plan(&to(1)).is_ok(), "a named revision needs no settled numbers");
}

#[test]
fn an_undo_after_an_abort_goes_to_stable_and_its_inverse_brings_the_template_back() {
    let world = World::waiting().aborted(60, "");
    let plan = world.planned(&Intent::undo());
    assert!(plan.forecast.then.contains("v1 is the stable version"), "{}", plan.forecast.then);
    let shop = world.shop.after(&plan).expect("applies");
    let ready = plan.inverse.ready(&plan.id, &[shop.raw(&plan.release.key)]).expect("exact");
    assert!(ready.differs.is_empty());
    let undone = World { shop, ..world.clone() };
    let back = undone.planned(&Intent::Revert(Box::new(ready)));
    assert_eq!(undone.after(&back)["spec"]["template"], world.shop.objects[&plan.release.key]["spec"]["template"]);
    assert!(!back.diff.is_empty());
}

#[test]
fn new_images_foretell_the_steps() {
    let image =
        |reference: &str| Intent::SetImage(vec![Image { container: "pay".into(), reference: reference.into() }]);
    let plan = World::pay().planned(&image("reg/pay:v2"));
    assert_eq!(&*plan.forecast.then, "all 6 steps, at least 20 s, 1 wait for a person");
    assert_eq!(plan.until, Wait::Observed);
    let back = World::waiting().planned(&image("reg/pay:v1"));
    assert!(back.forecast.then.starts_with("skips its steps: v1 is the stable version"), "{}", back.forecast.then);
    let bare = World::bare()
        .planned(&Intent::SetImage(vec![Image { container: "bare".into(), reference: "reg/bare:v2".into() }]));
    assert_eq!(&*bare.forecast.then, "no steps: v2 takes over as fast as its 4 pods come");
}
