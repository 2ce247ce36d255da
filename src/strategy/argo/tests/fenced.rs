//! What an Argo write is fenced on beside what every write is.

use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::workload::Image;
use crate::domain::{Intent, Kind, ObjectKey, Plan, Revision};
use crate::strategy::argo::world::World;

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

#[test]
fn every_write_but_a_scale_is_fenced_on_the_version_or_the_template() {
    for (case, world, plan) in plans() {
        let key = ObjectKey::new(Kind::Rollout, "shop", world.name);
        let mut moved = world.clone();
        let rollout = moved.shop.objects.get_mut(&key).expect("there");
        rollout["status"]["currentPodHash"] = "h9".into();
        rollout["spec"]["template"]["metadata"]["labels"]["x"] = "y".into();
        let fenced = moved.shop.after(&plan).err();
        assert_eq!(fenced.is_none(), matches!(plan.intent, Intent::Scale(_)), "{case}: {fenced:?}");
    }
}
