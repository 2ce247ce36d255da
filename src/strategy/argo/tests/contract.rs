//! What every strategy keeps to, on Rollouts in every state.

use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::{Inverse, Operation};
use crate::domain::workload::Image;
use crate::domain::{Direction, Intent, Kind, ObjectKey, Plan, Revision, Verb};
use crate::strategy::argo::world::World;
use crate::strategy::testing::{apply_operations, context, raw};
use serde_json::{Value, json};

fn worlds() -> Vec<(&'static str, World)> {
    vec![
        ("canary at rest", World::pay()),
        ("canary without steps", World::bare()),
        ("canary at a pause", World::waiting()),
        ("canary moving", World::at_step(2, 20)),
        ("canary held", World::waiting().held()),
        ("canary aborted", World::waiting().aborted(60, "")),
        ("canary undecided", World::at_step(1, 20).paused("InconclusiveAnalysisRun", 30)),
        ("blue-green at rest", World::front()),
        ("blue-green with a preview", World::preview()),
    ]
}

fn intents() -> Vec<Intent> {
    let image = Image { container: "pay".into(), reference: "reg/pay:v9".into() };
    vec![
        Intent::undo(),
        Intent::Undo { to: UndoTo::Number(Revision(1)), paused: PausedUndo::Resume },
        Intent::Pause,
        Intent::Resume,
        Intent::Restart,
        Intent::SetImage(vec![image]),
        Intent::Scale(7),
        Intent::Advance { from: None, rule: None },
        Intent::Continue,
        Intent::Skip,
        Intent::Promote { winner: None },
        Intent::Abort,
        Intent::Retry,
        Intent::Switch { to: None },
        Intent::SetWeight { weight: 50, rule: None },
    ]
}

fn plans() -> Vec<(String, World, Plan)> {
    let mut plans = Vec::new();
    for (name, world) in worlds() {
        for intent in intents() {
            let case = format!("{name}: {}", intent.verb());
            match world.plan(&intent) {
                Ok(plan) => plans.push((case, world.clone(), plan)),
                Err(refusal) => assert!(refusal.reason.len() > 10, "{case}: refused without a reason"),
            }
        }
    }
    assert!(plans.len() > 40, "too few plans: {}", plans.len());
    plans
}

/// What a write of ours may change, defaults apart.
fn part(object: &Value) -> Value {
    let spec = &object["spec"];
    let flag = |value: &Value| value.as_bool().unwrap_or(false);
    json!([
        spec["template"],
        spec["replicas"],
        flag(&spec["paused"]),
        spec["restartAt"],
        flag(&object["status"]["abort"])
    ])
}

#[test]
fn an_inverse_restores_what_it_says_and_goes_the_other_way() {
    for (case, world, plan) in plans() {
        let shop = world.shop.after(&plan).unwrap_or_else(|path| panic!("{case}: {path} does not match"));
        let answers: Vec<_> = plan.calls.iter().map(|call| shop.raw(call.call.target())).collect();
        let Some(ready) = plan.inverse.ready(&plan.id, &answers) else {
            assert!(
                matches!(&plan.inverse, Inverse::None { why } if why.len() > 10),
                "{case}: no way back and no reason"
            );
            continue;
        };
        assert_ne!(ready.direction, plan.direction, "{case}");
        let operations: Vec<Operation> = serde_json::from_str(&ready.operations).expect("operations");
        let back = apply_operations(&answers[0], &operations).unwrap_or_else(|path| panic!("{case}: {path}"));
        let back: Value = serde_json::from_str(back.text()).expect("valid JSON");
        let before = &world.shop.objects[&plan.release.key];
        if plan.calls.len() == 1 && !matches!(plan.intent, Intent::Undo { paused: PausedUndo::Resume, .. }) {
            assert_eq!(part(&back), part(before), "{case}");
        }
        let exact = matches!(plan.inverse, Inverse::Exact(_));
        assert_eq!(exact, ready.differs.is_empty(), "{case}: a compensating inverse says what differs");
    }
}

#[test]
fn every_write_is_fenced_on_the_identity_and_the_version_or_template() {
    for (case, world, plan) in plans() {
        for call in &plan.calls {
            assert!(call.fence.len() > 10, "{case}: the fence is told");
        }
        let key = ObjectKey::new(Kind::Rollout, "shop", world.name);
        let mut other = world.clone();
        other.shop.objects.get_mut(&key).expect("there")["metadata"]["uid"] = "another".into();
        assert_eq!(other.shop.after(&plan).err().as_deref(), Some("/metadata/uid"), "{case}");
        let mut moved = world.clone();
        let rollout = moved.shop.objects.get_mut(&key).expect("there");
        rollout["status"]["currentPodHash"] = "h9".into();
        rollout["spec"]["template"]["metadata"]["labels"]["x"] = "y".into();
        let fenced = moved.shop.after(&plan).err();
        assert_eq!(fenced.is_none(), matches!(plan.intent, Intent::Scale(_)), "{case}: {fenced:?}");
        // Counts and conditions churn in mid-rollout and refuse nothing.
        let mut churned = world.clone();
        let status = &mut churned.shop.objects.get_mut(&key).expect("there")["status"];
        status["availableReplicas"] = 77.into();
        status["conditions"] = json!([{"type": "Progressing", "status": "True"}]);
        assert!(churned.shop.after(&plan).is_ok(), "{case}");
    }
}

#[test]
fn a_stale_look_is_refused_or_fenced_but_never_applied_to_another_life() {
    for (case, world, plan) in plans() {
        let release = world.release();
        let mut details = world.shop.details(&release);
        let mut tree: Value = serde_json::from_str(details.root.text()).expect("valid JSON");
        tree["metadata"]["uid"] = "another".into();
        details.root = raw(&release.key, &tree);
        let strategy = crate::strategy::strategy(release.strategy).expect("registered");
        assert!(strategy.plan(&release, &details, &plan.intent, &context()).is_err(), "{case}");
    }
}

#[test]
fn no_guard_closes_a_way_back_while_something_is_on_its_way() {
    let moving = [World::waiting(), World::at_step(2, 20), World::waiting().held(), World::preview()];
    for world in moving {
        let release = world.release();
        let actions = crate::strategy::strategy(release.strategy).expect("registered").actions(&release, &context());
        for verb in [Verb::Abort, Verb::Undo] {
            let action = actions.iter().find(|action| action.verb == verb).expect("offered");
            assert!(action.enabled && action.direction == Direction::Back, "{verb}: {}", action.why);
        }
        assert!(world.plan(&Intent::Abort).is_ok() && world.plan(&Intent::undo()).is_ok());
    }
}

#[test]
fn nothing_but_the_rollout_and_its_template_is_ever_written() {
    for (case, _, plan) in plans() {
        for call in &plan.calls {
            assert_eq!(call.call.target().kind, Kind::Rollout, "{case}: Argo owns the rest");
        }
    }
}
