//! What must be known before a key is pressed, and stands nowhere in Flagger's own status: one test each.

use super::plans::posts;
use super::world::{Cast, gated, hook, progressing, succeeded};
use crate::domain::plan::Plan;
use crate::domain::release::Role;
use crate::domain::traffic::hook::HookKind;
use crate::domain::traffic::matching::{Condition, Match, On, Test};
use crate::domain::traffic::route::Mirror;
use crate::domain::traffic::view::Check;
use crate::domain::workload::{Limit, UpdateStrategy};
use crate::domain::{Intent, Kind, ObjectKey, State};
use crate::strategy::testing::{World, ago};
use std::sync::Arc;

fn warned(plan: &Plan, of: &str) -> bool {
    plan.forecast.warnings.iter().any(|warning| warning.contains(of))
}

fn notices(cast: &Cast) -> Vec<String> {
    cast.release().traffic.as_ref().expect("traffic").notices.iter().map(ToString::to_string).collect()
}

fn noticed(cast: &Cast, of: &str) -> bool {
    notices(cast).iter().any(|notice| notice.contains(of))
}

fn check(cast: &Cast, name: &str) -> Check {
    let release = cast.release();
    let checks = &release.traffic.as_ref().expect("traffic").checks;
    checks.iter().find(|check| &*check.name == name).unwrap_or_else(|| panic!("no check {name}")).clone()
}

#[test]
fn failed_checks_are_counted_over_the_whole_run() {
    let failed = check(&progressing().set(|canary| canary.status.failed_checks = 2), "failed checks");
    assert_eq!((&*failed.standing, &*failed.limit), ("2 of 5", "5 roll back"));
    assert_eq!(&*failed.message, "counted over the whole run: a good check takes none away");
}

#[test]
fn a_gate_says_that_nobody_can_read_it_and_that_a_restart_closes_it() {
    let gate = check(&gated(), "traffic gate");
    assert!(gate.message.contains("nothing tells whether it is open"), "{}", gate.message);
    assert!(gate.message.contains("a restart of the load tester closes it"), "{}", gate.message);
    let elsewhere = gated().set(|canary| canary.analysis.webhooks[1].url = "https://ci.example.com/approve".into());
    assert!(check(&elsewhere, "traffic gate").message.is_empty(), "of another server nothing is known");
    let paused = gated().plan(&Intent::Pause).expect("a plan");
    assert_eq!((posts(&paused), &*paused.diff[0].old.clone().expect("told")), (vec!["/gate/close".into()], "as it is"));
}

#[test]
fn a_hook_that_confirms_only_holds_and_the_others_fail_the_check() {
    let all = gated().set(|canary| {
        canary.analysis.webhooks.push(hook("smoke test", HookKind::PreRollout, "/test"));
        canary.analysis.webhooks.push(hook("load test", HookKind::Rollout, "/load"));
    });
    for name in ["start gate", "traffic gate", "promotion gate"] {
        assert_eq!(&*check(&all, name).limit, "a no holds", "{name}");
    }
    for name in ["smoke test", "load test"] {
        assert_eq!(&*check(&all, name).limit, "a no is a failed check", "{name}");
    }
}

#[test]
fn pre_rollout_hooks_are_asked_again_while_it_is_held_before_its_first_weight() {
    let smoke = |cast: Cast| {
        cast.set(|canary| canary.analysis.webhooks.push(hook("smoke test", HookKind::PreRollout, "/test")))
    };
    let held = smoke(gated().weights(100, 0).set(|canary| canary.status.weight = Some(0)));
    assert!(noticed(&held, "every check asks its pre-rollout hooks again (smoke test)"), "{:?}", notices(&held));
    for elsewhere in [smoke(gated()), smoke(progressing().weights(100, 0)), gated().weights(100, 0)] {
        assert!(!noticed(&elsewhere, "pre-rollout"), "{:?}", notices(&elsewhere));
    }
}

#[test]
fn a_run_for_a_changed_config_is_told_as_one() {
    let same = progressing().of_target(|world| world.revision(3, "v1", 5).pods(3, 2, true)).set(|canary| {
        canary.status.tracked = vec!["configmap/web".into(), "secret/web-tls".into()];
        canary.status.last_applied = canary.status.last_promoted.clone();
    });
    assert!(
        noticed(&same, "for a change of what it tracks (configmap/web and secret/web-tls)"),
        "{:?}",
        notices(&same)
    );
    assert!(!noticed(&same, "old code"), "nobody took a template back");
    let new = progressing().set(|canary| canary.status.tracked = vec!["configmap/web".into()]);
    assert!(!noticed(&new, "tracks"), "this run is for a new template");
}

#[test]
fn an_ab_test_that_the_provider_can_not_make_is_told() {
    let header = Condition { on: On::Header("x-group".into()), test: Test::Exact("b".into()), negated: false };
    let asked = progressing().set(|canary| {
        canary.provider = Some("kubernetes".into());
        canary.analysis.matches = vec![Match { name: None, conditions: vec![header] }];
        canary.analysis.iterations = Some(5);
    });
    assert!(noticed(&asked, "asks for an A/B test, which provider kubernetes can't do"), "{:?}", notices(&asked));
    let istio = asked.set(|canary| canary.provider = None);
    assert!(!noticed(&istio, "A/B test"), "{:?}", notices(&istio));
}

#[test]
fn copies_of_requests_are_shown_beside_the_rule_that_makes_them() {
    let mut cast = progressing();
    let route = Arc::make_mut(cast.route.as_mut().expect("a route"));
    let service = Some(ObjectKey::new(Kind::Service, "shop", "web-canary"));
    route.rules[0].mirrors = vec![Mirror { host: "web-canary".into(), service, subset: None, percent: Some(10.0) }];
    let release = cast.release();
    let rule = &release.traffic.as_ref().expect("traffic").rules[0];
    assert_eq!(rule.mirrors, [("web-canary".into(), Some(10.0))]);
}

#[test]
fn a_service_that_is_gone_is_told_at_the_rule_that_sends_there() {
    let mut cast = progressing();
    cast.services.retain(|service| &*service.key.name != "web-canary");
    let release = cast.release();
    let rule = &release.traffic.as_ref().expect("traffic").rules[0];
    assert_eq!(rule.problem.as_deref(), Some("Service web-canary does not exist."));
}

#[test]
fn a_route_of_another_kind_leaves_the_weight_to_the_status() {
    for provider in ["linkerd", "nginx", "contour"] {
        let mut cast = progressing().set(|canary| canary.provider = Some(provider.into()));
        cast.route = None;
        assert!(noticed(&cast, "the weight is what Flagger's status tells"), "{provider}: {:?}", notices(&cast));
        let release = cast.release();
        let weight = release.track(Role::Candidate).expect("there").weight;
        assert_eq!((weight.asked, weight.actual), (Some(20), None), "{provider}: nobody measured it");
        assert!(cast.broken_glass().is_err(), "{provider}: a route that is not read is not written");
        let untold = cast.set(|canary| canary.status.weight = None);
        assert!(noticed(&untold, "so the weight is not known"), "{provider}: {:?}", notices(&untold));
    }
}

#[test]
fn the_gate_of_the_weights_is_one_of_weighted_runs_only() {
    let beside = gated().set(|canary| {
        canary.analysis.iterations = Some(10);
        canary.status.last_transition = Some(ago(300));
    });
    let refusal = beside.plan(&Intent::Continue).expect_err("it is not asked in this style");
    assert!(refusal.reason.contains("no gate here"), "{}", refusal.reason);
    assert!(beside.release().waiting().is_none(), "nobody is waited for");
    let paused = beside.plan(&Intent::Pause).expect("a plan");
    assert!(posts(&paused).is_empty(), "closed, it would hold nothing: it is suspended");
}

#[test]
fn a_run_held_by_its_gate_is_still_rolled_back_by_failing_checks() {
    let held = gated().plan(&Intent::Pause).expect("a plan").forecast.then;
    assert!(held.contains("it stays at 20 %; the checks go on, and still roll back"), "{held}");
    let suspended = progressing().plan(&Intent::Pause).expect("a plan");
    assert!(warned(&suspended, "Flagger rolls nothing back"), "{:?}", suspended.forecast.warnings);
    assert!(!suspended.forecast.then.contains("roll back"), "{}", suspended.forecast.then);
}

#[test]
fn failing_checks_are_counted_while_a_run_waits_for_its_promotion() {
    let waiting = gated().phase("WaitingPromotion").weights(50, 50).set(|canary| canary.status.failed_checks = 2);
    let told = "While it waits for its promotion the checks go on: 2 failed, and 5 roll it back.";
    assert!(noticed(&waiting, told), "{:?}", notices(&waiting));
    let suspended = waiting.clone().set(|canary| canary.suspend = true);
    let unchecked = waiting.set(|canary| canary.analysis.metrics.clear());
    for elsewhere in [gated(), suspended, unchecked] {
        assert!(!noticed(&elsewhere, "the checks go on"), "{:?}", notices(&elsewhere));
    }
}

#[test]
fn a_suspended_canary_takes_a_new_template_in_only_once_it_is_resumed() {
    let pause = progressing().plan(&Intent::Pause).expect("a plan");
    assert!(warned(&pause, "a new template waits"), "{:?}", pause.forecast.warnings);
    let held = progressing().set(|canary| canary.suspend = true);
    let image = held.plan(&Intent::SetImage(super::world::images("v3"))).expect("a plan");
    assert!(image.forecast.then.starts_with("nothing: Flagger is suspended"), "{}", image.forecast.then);
}

#[test]
fn a_run_that_is_resumed_at_0_percent_begins_again_at_its_first_weight() {
    let held = progressing().set(|canary| canary.suspend = true);
    let resumed = held.clone().weights(100, 0).plan(&Intent::Resume).expect("a plan");
    assert!(warned(&resumed, "the run of v2 begins again at its first weight"), "{:?}", resumed.forecast.warnings);
    assert!(!warned(&held.plan(&Intent::Resume).expect("a plan"), "begins again"), "at 20 % it goes on");
}

#[test]
fn a_skipped_analysis_gives_the_old_version_everything_first() {
    let plan = progressing().plan(&Intent::Skip).expect("a plan");
    assert!(warned(&plan, "canary users see v1 until the primary is replaced"), "{:?}", plan.forecast.warnings);
    assert!(warned(&plan, "not one step of it: v2 goes to everyone"), "{:?}", plan.forecast.warnings);
    let promoted = progressing().plan(&Intent::Promote { winner: None }).expect("a plan");
    assert!(!warned(&promoted, "not one step"), "promote says so itself: {:?}", promoted.forecast.warnings);
    let mut unsplit = progressing().set(|canary| canary.provider = Some("kubernetes".into()));
    unsplit.route = None;
    let plan = unsplit.plan(&Intent::Skip).expect("a plan");
    assert!(!warned(&plan, "canary users"), "there are none: {:?}", plan.forecast.warnings);
}

#[test]
fn a_run_that_nobody_looks_at_any_more_is_told_once_three_checks_are_missing() {
    let since = |seconds| progressing().set(|canary| canary.status.last_transition = Some(ago(seconds)));
    let every = super::super::phase::interval(progressing().canary()).as_secs();
    assert!(!noticed(&since(3 * every), "does it run?"), "{:?}", notices(&since(3 * every)));
    assert!(noticed(&since(3 * every + 1), "its checks come every"), "{:?}", notices(&since(3 * every + 1)));
    let countdowns = |cast: &Cast| cast.release().traffic.as_ref().expect("traffic").countdowns.len();
    let told = (countdowns(&since(3 * every)), countdowns(&since(3 * every + 1)));
    assert_eq!(told, (1, 0), "nothing counts down to a check that does not come");
    let suspended = since(9 * every).set(|canary| canary.suspend = true);
    let held = gated().set(|canary| canary.status.last_transition = Some(ago(9 * every)));
    let slow = since(9 * every).of_target(|world| world.counts(2, 2, 1));
    for quiet in [suspended, held, slow] {
        assert!(!noticed(&quiet, "does it run?"), "{:?}", notices(&quiet));
    }
}

#[test]
fn a_daemon_set_that_is_parked_by_its_node_selector_is_no_version_of_its_own() {
    let update = UpdateStrategy::Rolling { surge: Limit::Count(0), unavailable: Limit::Count(1) };
    let daemon = |world: World| {
        let mut world = world.set(|workload| {
            workload.key.kind = Kind::DaemonSet;
            workload.update = update.clone();
        });
        for pod in &mut world.pods {
            Arc::make_mut(pod).owner = Some(world.workload.uid.clone());
        }
        world
    };
    let mut cast = succeeded().of_target(daemon).set(|canary| {
        canary.target.as_mut().expect("a target").kind = "DaemonSet".into();
    });
    cast.primary = cast.primary.map(daemon);
    let release = cast.release();
    assert_eq!((release.state, release.tracks.len()), (State::Healthy, 1), "{}", release.reason);
    assert_eq!(release.tracks[0].name, "web-primary".into());
    let undo = cast.plan(&Intent::undo()).expect("a plan");
    assert_eq!(undo.calls[0].call.target().target(), "daemonset/web");
}
