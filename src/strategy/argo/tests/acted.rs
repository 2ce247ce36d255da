//! When a write on the status has had its effect: not before the controller has looked, not with a weight on its way.

use crate::domain::Intent;
use crate::domain::intent::Standing;
use crate::domain::plan::{Act, RefusalKind};
use crate::strategy::argo::world::World;
use crate::strategy::{Settled, strategy};
use serde_json::json;

fn acted(world: &World, act: Act) -> Settled {
    let release = world.release();
    strategy(release.strategy).expect("known").acted(&release, act)
}

fn on_its_way(world: &World, act: Act) -> bool {
    matches!(acted(world, act), Settled::NotYet(_))
}

/// As the write leaves it, before the controller looks.
fn resumed() -> World {
    World::waiting().status(|status| drop(status.as_object_mut().expect("an object").shift_remove("pauseConditions")))
}

#[test]
fn a_step_is_left_once_it_rests_behind_it_with_the_weight_that_is_asked_for() {
    let leave = Act::LeaveStep(1);
    assert!(on_its_way(&World::waiting(), leave), "as it was before the write");
    assert!(on_its_way(&resumed(), leave), "the controller has not looked");
    assert!(on_its_way(&World::at_step(2, 20), leave), "it sets the weight");
    assert!(on_its_way(&World::at_step(3, 50), leave), "it comes to the pause");
    assert!(on_its_way(&World::at_pause(3, 20, 1), leave), "50 % is asked for, 20 % is there");
    assert_eq!(acted(&World::at_pause(3, 50, 1), leave), Settled::Yes);
    assert_eq!(acted(&World::pay(), leave), Settled::Yes, "it was promoted meanwhile");
    assert!(matches!(acted(&World::waiting().aborted(5, ""), leave), Settled::Failed(_)), "somebody aborted it");
}

#[test]
fn an_abort_is_done_once_the_stable_version_has_everything() {
    assert!(on_its_way(&World::waiting(), Act::Abort));
    let asked = World::waiting().status(|status| status["abort"] = true.into());
    assert!(on_its_way(&asked, Act::Abort), "the controller has not looked");
    assert_eq!(acted(&World::waiting().aborted(5, ""), Act::Abort), Settled::Yes);
}

#[test]
fn a_retry_is_done_once_it_rests_again() {
    let aborted = World::waiting().aborted(5, "");
    assert!(on_its_way(&aborted, Act::Retry));
    let cleared = aborted.status(|status| status["abort"] = false.into());
    assert!(on_its_way(&cleared, Act::Retry), "its status is that of the abort still");
    assert!(on_its_way(&World::at_step(0, 0), Act::Retry));
    assert_eq!(acted(&World::at_pause(1, 20, 1), Act::Retry), Settled::Yes);
}

#[test]
fn a_blue_green_one_has_gone_on_once_it_is_switched() {
    assert!(on_its_way(&World::preview(), Act::GoOn));
    assert_eq!(acted(&World::front(), Act::GoOn), Settled::Yes);
}

#[test]
fn who_names_the_step_that_somebody_just_left_is_in_conflict_and_not_done_already() {
    let advance = |from| Intent::Advance { from, rule: None };
    for from in [Standing::Step(1), Standing::Weight(20)] {
        let (kind, reason) = resumed().refused(&advance(Some(from)));
        assert_eq!(kind, RefusalKind::Moved, "{reason}");
    }
    assert_eq!(resumed().refused(&advance(None)).0, RefusalKind::Unchanged);
    assert_eq!(resumed().refused(&Intent::Continue).0, RefusalKind::Unchanged);
    let promoting = World::waiting().status(|status| status["promoteFull"] = json!(true));
    assert_eq!(promoting.refused(&advance(Some(Standing::Step(1)))).0, RefusalKind::Moved);
}

#[test]
fn an_outage_that_is_on_its_way_out_is_waited_for_and_one_that_lasts_is_a_failure() {
    let out = |world: World| {
        let pods = |pod: &mut serde_json::Value| {
            pod["status"]["conditions"] = json!([{"type": "Ready", "status": "False"}]);
        };
        let names: Vec<String> = (0..5).map(|n| format!("pay-h1-{n}")).collect();
        let mut world = world.status(|status| {
            status["phase"] = "Progressing".into();
            for field in ["readyReplicas", "availableReplicas"] {
                status[field] = 0.into();
            }
        });
        for name in names {
            world.shop = world.shop.set(crate::domain::Kind::Pod, &name, pods);
        }
        world
    };
    let on_its_way_out = out(World::pay());
    let release = on_its_way_out.release();
    assert_eq!(release.state, crate::domain::State::Down, "{}", release.reason);
    let settled = |release: &crate::domain::Release| strategy(release.strategy).expect("known").settled(release);
    assert!(matches!(settled(&release), Settled::NotYet(_)), "pods start: {:?}", settled(&release));
    let lasting = out(World::pay()).status(|status| {
        status["phase"] = "Degraded".into();
        status["message"] = "ProgressDeadlineExceeded: timed out".into();
    });
    assert!(matches!(settled(&lasting.release()), Settled::Failed(_)), "{:?}", lasting.release().state);
}
