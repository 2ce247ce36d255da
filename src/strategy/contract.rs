//! What every strategy keeps to, shown on worlds of each kind of workload.

use super::testing::{World, apply, apply_operations, context, raw};
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::{Inverse, Operation, Refusal};
use crate::domain::workload::{Image, Limit, UpdateStrategy};
use crate::domain::{Direction, Intent, Kind, Plan, RawObject, Revision};
use serde_json::Value;

/// Every kind of workload in the middle of an update, by name.
fn worlds() -> Vec<(&'static str, World)> {
    let two = |world: World| {
        let world = world.revision(1, "v1", 500_000).with(|old| old.change_cause = Some("first && best".into()));
        world.revision(2, "v2", 300).pods(1, 3, true).pods(2, 1, true).counts(4, 1, 4)
    };
    let sets = UpdateStrategy::Ordered { partition: 0, parallel: false };
    let daemons = UpdateStrategy::Rolling { surge: Limit::Count(0), unavailable: Limit::Count(1) };
    vec![
        ("rolling Deployment", two(World::rolling(4))),
        ("paused Deployment", two(World::rolling(4)).set(|workload| workload.paused = true)),
        (
            "Deployment with a change-cause",
            two(World::rolling(4)).set(|workload| workload.change_cause = Some("second".into())),
        ),
        ("recreated Deployment", two(World::new(Kind::Deployment, UpdateStrategy::Recreate, 4))),
        ("StatefulSet", two(World::new(Kind::StatefulSet, sets, 4))),
        ("DaemonSet", two(World::new(Kind::DaemonSet, daemons, 4))),
        ("StatefulSet on delete", two(World::new(Kind::StatefulSet, UpdateStrategy::OnDelete, 4))),
        ("DaemonSet on delete", two(World::new(Kind::DaemonSet, UpdateStrategy::OnDelete, 4))),
    ]
}

fn intents() -> Vec<Intent> {
    let image = |reference: &str| Image { container: "app".into(), reference: reference.into() };
    vec![
        Intent::undo(),
        Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::Resume },
        Intent::Undo { to: UndoTo::Number(Revision(1)), paused: PausedUndo::StayPaused },
        Intent::Pause,
        Intent::Resume,
        Intent::Restart,
        Intent::SetImage(vec![image("reg/web:v3")]),
        Intent::Scale(7),
    ]
}

/// Every plan that the strategies make in these worlds. What is refused must say why; it is printed as a table.
#[expect(clippy::print_stdout, reason = "the table of what is not planned, and why")]
fn plans() -> Vec<(String, World, Plan)> {
    let mut plans = Vec::new();
    for (name, world) in worlds() {
        for intent in intents() {
            let case = format!("{name}: {:?}", intent.verb());
            match plan(&world, &intent) {
                Ok(plan) => plans.push((case, world.clone(), plan)),
                Err(refusal) => {
                    assert!(refusal.reason.len() > 10, "{case}: refused without a reason");
                    println!("not planned   {case:<50} {}", refusal.reason);
                }
            }
        }
    }
    assert!(plans.len() >= 8 * 4, "too few plans: {}", plans.len());
    plans
}

fn plan(world: &World, intent: &Intent) -> Result<Plan, Refusal> {
    world.strategy().plan(&world.release(), &world.details(), intent, &context())
}

fn spec(object: &RawObject) -> Value {
    let tree: Value = serde_json::from_str(object.text()).expect("valid JSON");
    // An absent `paused` is the same as false.
    let mut spec = tree["spec"].clone();
    spec.as_object_mut().expect("an object").retain(|key, value| key != "paused" || *value != Value::Bool(false));
    serde_json::json!([spec, tree["metadata"]["annotations"]])
}

#[test]
fn an_exact_inverse_restores_template_replicas_pause_and_change_cause() {
    for (case, world, plan) in plans() {
        let before = world.details().root;
        let after = apply(&before, &plan.calls[0].call).unwrap_or_else(|path| panic!("{case}: {path} does not match"));
        assert_ne!(spec(&before), spec(&after), "{case}: nothing changed");
        let ready =
            plan.inverse.ready(&plan.id, std::slice::from_ref(&after)).unwrap_or_else(|| panic!("{case}: no inverse"));
        let operations: Vec<Operation> = serde_json::from_str(&ready.operations).expect("operations");
        let back = apply_operations(&after, &operations).unwrap_or_else(|path| panic!("{case}: {path} does not match"));
        assert_eq!(spec(&before), spec(&back), "{case}");
        let exact = matches!(plan.inverse, Inverse::Exact(_));
        assert_eq!(exact, ready.differs.is_empty(), "{case}: a compensating inverse says what differs");
    }
}

#[test]
fn an_inverse_is_a_plan_of_its_own_and_goes_the_other_way() {
    for (case, world, plan) in plans() {
        let after = apply(&world.details().root, &plan.calls[0].call).expect("applies");
        let ready = plan.inverse.ready(&plan.id, std::slice::from_ref(&after)).expect("ready");
        let release = world.release();
        let details = crate::domain::Details { root: after, ..world.details() };
        let revert = world.strategy().plan(&release, &details, &Intent::Revert(Box::new(ready)), &context());
        let revert = revert.unwrap_or_else(|refusal| panic!("{case}: {refusal}"));
        assert_ne!(revert.direction, plan.direction, "{case}");
        assert!(!revert.diff.is_empty(), "{case}: the way back shows what changes");
        let mut tree: Value = serde_json::from_str(details.root.text()).expect("valid JSON");
        tree["spec"]["template"]["moved"] = true.into();
        tree["spec"]["replicas"] = 99.into();
        tree["spec"]["paused"] = (!tree["spec"]["paused"].as_bool().unwrap_or(false)).into();
        let details = crate::domain::Details { root: raw(&world.workload.key, &tree), ..details };
        let moved = world.strategy().plan(&release, &details, &revert.intent, &context());
        assert!(moved.is_err(), "{case}: a way back over somebody else's change must be refused");
    }
}

#[test]
fn a_fence_refuses_what_changed_since_and_leaves_the_rest_alone() {
    for (case, world, plan) in plans() {
        let call = &plan.calls[0].call;
        let tree: Value = serde_json::from_str(world.details().root.text()).expect("valid JSON");
        let changed = |change: fn(&mut Value)| {
            let mut tree = tree.clone();
            change(&mut tree);
            apply(&raw(&world.workload.key, &tree), call).err()
        };
        let another_life = changed(|tree| tree["metadata"]["uid"] = "another".into());
        assert_eq!(another_life.as_deref(), Some("/metadata/uid"), "{case}");
        let template = changed(|tree| tree["spec"]["template"]["metadata"]["labels"]["x"] = "y".into());
        let replicas = changed(|tree| tree["spec"]["replicas"] = 55.into());
        let paused =
            changed(|tree| tree["spec"]["paused"] = (!tree["spec"]["paused"].as_bool().unwrap_or(false)).into());
        let status = changed(|tree| tree["status"]["observedGeneration"] = 99.into());
        let expected = match plan.intent {
            Intent::Undo { .. } | Intent::Restart | Intent::SetImage(_) | Intent::Revert(_) => [true, false, false],
            Intent::Scale(_) => [false, true, false],
            Intent::Pause | Intent::Resume => [false, false, true],
            other => panic!("{case}: {other:?} is not of a plain workload"),
        };
        assert_eq!([template.is_some(), replicas.is_some(), paused.is_some()], expected, "{case}");
        assert_eq!(status, None, "{case}: status churns in mid-rollout and must not refuse a write");
    }
}

#[test]
fn every_verb_has_a_direction_and_a_disabled_one_says_why() {
    for (name, world) in worlds() {
        let release = world.release();
        for action in world.strategy().actions(&release, &context()) {
            let case = format!("{name}: {}", action.verb);
            assert_eq!(Some(action.direction), action.verb.direction(), "{case}");
            assert!(action.enabled || !action.why.is_empty(), "{case} is disabled without a reason");
            assert!(!action.enabled || !action.consequence.is_empty(), "{case} does not say what follows");
        }
    }
}

#[test]
fn the_way_back_is_open_in_every_state() {
    for (name, world) in worlds() {
        let broken = [
            world.clone().counts(0, 0, 0),
            world.clone().set(|workload| workload.observed_generation = 1),
            world.clone().set(|workload| workload.paused = true),
            world.set(|workload| workload.unreadable.push("status.conditions".into())),
        ];
        for world in broken {
            let actions = world.strategy().actions(&world.release(), &context());
            let undo = actions.iter().find(|action| action.verb == crate::domain::Verb::Undo).expect("undo");
            assert!(undo.enabled && undo.direction == Direction::Back, "{name}: {}", undo.why);
            let named = Intent::Undo { to: UndoTo::Number(Revision(1)), paused: PausedUndo::StayPaused };
            assert!(plan(&world, &named).is_ok(), "{name}: a named revision needs no settled numbers");
        }
    }
}

#[test]
fn a_forecast_follows_surge_unavailable_partition_and_replicas() {
    let told = |world: &World| plan(world, &Intent::Restart).expect("a plan").forecast;
    let rolling = |surge, unavailable, desired| {
        let update = UpdateStrategy::Rolling { surge: Limit::Count(surge), unavailable: Limit::Count(unavailable) };
        let world = World::new(Kind::Deployment, update, desired).revision(1, "v1", 9_000).revision(2, "v2", 300);
        told(&world.pods(2, 2, true))
    };
    let ordered = |partition| {
        let world = World::new(Kind::StatefulSet, UpdateStrategy::Ordered { partition, parallel: false }, 4);
        told(&world.revision(1, "v1", 9_000).revision(2, "v2", 300).pods(2, 2, true))
    };
    let base = rolling(1, 0, 4);
    assert_eq!(&*base.then, "rolling: 4 of 4 pods change, up to 1 extra and 0 missing at a time; about 1 min");
    assert_ne!(base.then, rolling(2, 0, 4).then);
    assert_ne!(base.then, rolling(1, 1, 4).then);
    assert_ne!(base.then, rolling(1, 0, 8).then);
    assert!(rolling(4, 0, 4).takes < base.takes, "more surge is quicker");
    assert!(ordered(0).then.contains("web-3 down to web-0"), "{}", ordered(0).then);
    assert!(ordered(2).then.contains("web-3 down to web-2"), "{}", ordered(2).then);
    assert!(ordered(2).warnings.iter().any(|warning| warning.contains("partition 2")));
    assert!(ordered(4).then.contains("no pod changes"));
}
