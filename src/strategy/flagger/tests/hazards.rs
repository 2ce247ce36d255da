//! The traps of steering Flagger from outside, one test each.

use super::plans::{posts, undo};
use super::world::{gated, hook, progressing, succeeded};
use crate::domain::plan::Plan;
use crate::domain::release::Role;
use crate::domain::said::ABORT;
use crate::domain::traffic::hook::HookKind;
use crate::domain::traffic::matching::{Condition, Match, On, Test};
use crate::domain::{Intent, Release, State, Verb};
use crate::strategy::testing::ago;
use std::sync::Arc;

fn warned(plan: &Plan, of: &str) -> bool {
    plan.forecast.warnings.iter().any(|warning| warning.contains(of))
}

fn noticed(release: &Release, of: &str) -> bool {
    release.traffic.as_ref().is_some_and(|traffic| traffic.notices.iter().any(|notice| notice.contains(of)))
}

fn weight(release: &Release) -> Option<u8> {
    release.track(Role::Candidate).and_then(|track| track.weight.asked)
}

#[test]
fn the_status_says_0_while_it_waits_for_the_promotion_and_the_route_has_the_weight() {
    let waiting = gated().phase("WaitingPromotion").weights(50, 50).set(|canary| {
        canary.status.weight = Some(0);
        canary.status.iterations = Some(-1);
    });
    let release = waiting.release();
    assert_eq!(weight(&release), Some(50));
    assert!(release.reason.contains("50 %"), "{}", release.reason);
}

#[test]
fn iterations_below_zero_are_none() {
    let gated = progressing().phase("WaitingPromotion").set(|canary| {
        canary.analysis.iterations = Some(10);
        canary.status.iterations = Some(-1);
    });
    let traffic = gated.release().traffic.expect("traffic");
    assert_eq!(&*traffic.checks[1].standing, "0 of 10");
}

#[test]
fn an_ab_test_has_groups_and_no_weight_in_its_status() {
    let mut cast = progressing().weights(0, 100).set(|canary| {
        let to_b = Condition { on: On::Header("x-group".into()), test: Test::Exact("b".into()), negated: false };
        canary.analysis.matches = vec![Match { name: None, conditions: vec![to_b] }];
        canary.analysis.iterations = Some(5);
        canary.status.iterations = Some(2);
        canary.status.weight = None;
    });
    let route = Arc::make_mut(cast.route.as_mut().expect("a route"));
    let mut rest = route.rules[0].clone();
    route.rules[0].matches = cast.canaries[0].analysis.matches.clone();
    rest.destinations.truncate(1);
    rest.pointer = "/spec/http/1".into();
    route.rules.push(rest);
    let release = cast.release();
    assert_eq!((weight(&release), &release.step), (Some(100), &None));
    let groups = &release.traffic.as_ref().expect("traffic").groups;
    let who: Vec<_> = groups.iter().map(|group| (group.role, &*group.version)).collect();
    assert_eq!(who, [(Some(Role::Candidate), "v2"), (Some(Role::Stable), "v1")]);
    assert_eq!(&*groups[1].who, "everyone else");
    assert_eq!(&*release.reason, "check 2 of 5 of v2.");
}

#[test]
fn traffic_left_on_a_failed_canary_is_told() {
    let left = progressing().phase("Failed").weights(0, 100);
    let release = left.release();
    assert!(noticed(&release, "100 % of the traffic is left"), "{:?}", release.traffic);
    assert!(left.plan(&Intent::Abort).expect_err("Flagger does nothing").overridable.is_some());
    assert!(left.broken_glass().is_ok());
}

#[test]
fn with_provider_kubernetes_nothing_is_split_and_nothing_is_switched() {
    let mut cast = progressing().set(|canary| canary.provider = Some("kubernetes".into()));
    cast.route = None;
    let release = cast.release();
    assert_eq!(release.track(Role::Stable).and_then(|track| track.weight.actual), Some(100));
    assert!(noticed(&release, "the users' Service selects the primary"));
    assert_eq!(&*release.reason, "check 0 of 10 of v2.");
    for intent in [Intent::Switch { to: None }, Intent::Abort] {
        assert!(cast.plan(&intent).is_err(), "{intent:?}");
    }
    assert!(cast.broken_glass().is_err(), "there is no route to write");
}

#[test]
fn a_run_held_by_its_traffic_gate_is_known_though_it_has_no_phase() {
    assert_eq!(gated().release().state, State::Progressing);
    let overdue = gated().set(|canary| canary.status.last_transition = Some(ago(40)));
    let release = overdue.release();
    assert_eq!(release.state, State::Waiting, "{}", release.reason);
    assert!(release.reason.contains("traffic gate"), "{}", release.reason);
    assert_eq!(release.waiting().and_then(|waiting| waiting.since), Some(ago(40)));
    // Without a gate, or while pods are missing, nobody is waited for.
    let no_gate = progressing().set(|canary| canary.status.last_transition = Some(ago(40)));
    assert_eq!(no_gate.release().state, State::Progressing);
    let no_pods = overdue.of_target(|world| world.counts(2, 2, 1));
    assert_eq!(no_pods.release().state, State::Progressing);
}

#[test]
fn one_gate_for_all_places_is_told_before_it_is_opened() {
    let plan = gated().plan(&Intent::Continue).expect("a plan");
    assert!(warned(&plan, "the same gate holds the start and the promotion"), "{:?}", plan.forecast.warnings);
    let top = gated().weights(50, 50).set(|canary| canary.status.weight = Some(50));
    let plan = top.plan(&Intent::Continue).expect("a plan");
    assert!(warned(&plan, "it promotes") && plan.title.contains("promoted"), "{}", plan.title);
}

#[test]
fn an_opened_gate_is_always_closed_again() {
    for phase in ["Waiting", "Progressing", "WaitingPromotion"] {
        let plan = gated().phase(phase).plan(&Intent::Continue).expect("a plan");
        assert_eq!(posts(&plan), ["/gate/open", "/gate/close"], "{phase}");
        assert!(plan.calls.iter().filter_map(|call| call.then.as_ref()).all(|then| then.go_on), "{phase}");
        assert!(warned(&plan, "must be closed"), "{phase}");
    }
}

#[test]
fn a_gate_that_never_passes_or_is_answered_elsewhere_is_not_opened() {
    for (path, why) in [("/gate/halt", "never passes"), ("/approve", "can't open")] {
        let cast = progressing().set(|canary| {
            canary.analysis.webhooks = vec![hook("gate", HookKind::ConfirmTrafficIncrease, path)];
        });
        let refusal = cast.plan(&Intent::Continue).expect_err(path);
        assert!(refusal.reason.contains(why), "{}", refusal.reason);
        assert!(!cast.action(Verb::Advance).enabled);
        // Then a run is held by suspending it.
        let paused = cast.plan(&Intent::Pause).expect("a plan");
        assert!(posts(&paused).is_empty());
    }
}

#[test]
fn the_rollback_hook_is_not_asked_before_all_pods_are_ready_nor_when_the_analysis_is_skipped() {
    let starting = gated().of_target(|world| world.counts(2, 2, 1));
    let why = starting.plan(&Intent::Abort).expect_err("not asked").reason;
    assert!(why.contains("only when they are"), "{why}");
    let skipping = gated().set(|canary| canary.skip_analysis = true);
    let why = skipping.plan(&Intent::Abort).expect_err("not asked").reason;
    assert!(why.contains("asks no rollback hook"), "{why}");
    assert!(starting.broken_glass().is_ok() && skipping.broken_glass().is_ok(), "the glass is there for that");
    let why = gated().phase("Waiting").plan(&Intent::Abort).expect_err("not asked").reason;
    assert!(why.contains("nothing of v2 runs"), "{why}");
}

#[test]
fn a_rollback_gate_left_open_fails_every_later_run_so_it_is_closed() {
    let plan = gated().plan(&Intent::Abort).expect("a plan");
    assert_eq!(posts(&plan).last().map(String::as_str), Some("/rollback/close"));
    assert!(warned(&plan, "fails every later run"));
}

#[test]
fn a_suspended_run_rolls_nothing_back() {
    let plan = progressing().plan(&Intent::Pause).expect("a plan");
    assert!(warned(&plan, "rolls nothing back"));
    let held = progressing().set(|canary| canary.suspend = true).release();
    assert_eq!((held.state, held.held), (State::Waiting, true));
    assert!(held.traffic.as_ref().expect("traffic").countdowns.is_empty(), "no check comes");
    assert!(noticed(&held, "Suspended"));
}

#[test]
fn weights_written_past_flagger_are_refused_and_noticed() {
    let refusal = progressing().plan(&Intent::SetWeight { weight: 30, rule: None }).expect_err("Flagger's");
    assert!(refusal.reason.contains("the next one is 100 %"), "{}", refusal.reason);
    let by_hand = progressing().weights(60, 40).release();
    assert!(noticed(&by_hand, "The route says 40 %"), "{:?}", by_hand.traffic);
    assert_eq!(weight(&by_hand), Some(40));
    let steps = progressing().weights(93, 7).set(|canary| {
        canary.analysis.step_weight = None;
        canary.analysis.step_weights = vec![5, 20, 50];
    });
    assert!(steps.release().reason.contains("next 100 %"), "{}", steps.release().reason);
}

#[test]
fn an_undo_in_mid_run_starts_no_analysis_and_offers_the_abort_first() {
    let plan = gated().plan(&undo(1)).expect("a plan");
    assert!(plan.forecast.then.contains("goes on with the old code"), "{}", plan.forecast.then);
    assert!(warned(&plan, &format!("{ABORT} first")), "{:?}", plan.forecast.warnings);
    let reverted = progressing().of_target(|world| world.revision(3, "v1", 5).pods(3, 2, true));
    assert!(noticed(&reverted.release(), "goes on with the old code"));
}

#[test]
fn an_undo_after_success_starts_a_new_analysis() {
    let plan = succeeded().plan(&Intent::undo()).expect("a plan");
    assert!(plan.forecast.then.contains("a new analysis of v1: 5 steps, at least 1 min"), "{}", plan.forecast.then);
    assert!(warned(&plan, "users stay on web-primary at v2"), "{:?}", plan.forecast.warnings);
    let skipping = succeeded().set(|canary| canary.skip_analysis = true).plan(&Intent::undo()).expect("a plan");
    assert!(skipping.forecast.then.contains("without an analysis"), "{}", skipping.forecast.then);
}

#[test]
fn an_undo_after_a_failure_moves_nobody() {
    let plan = progressing().phase("Failed").weights(100, 0).plan(&undo(1)).expect("a plan");
    assert!(plan.forecast.then.contains("no analysis: users are on web-primary at v1"), "{}", plan.forecast.then);
}

#[test]
fn another_image_in_mid_run_starts_again_at_the_beginning() {
    let plan = progressing().plan(&Intent::SetImage(super::world::images("v3"))).expect("a plan");
    assert!(plan.forecast.then.starts_with("Flagger starts again within 10 s: v2 is left"), "{}", plan.forecast.then);
}

#[test]
fn a_start_gate_holds_even_a_skipped_analysis() {
    let refusal = gated().phase("Waiting").plan(&Intent::Promote { winner: None }).expect_err("asked anyway");
    assert!(refusal.reason.contains("start gate"), "{}", refusal.reason);
}

#[test]
fn a_promotion_before_all_pods_are_ready_is_refused() {
    let starting = progressing().of_target(|world| world.counts(2, 2, 1));
    let refusal = starting.plan(&Intent::Promote { winner: None }).expect_err("Flagger would not");
    assert!(refusal.reason.contains("not all ready"), "{}", refusal.reason);
    let advance = gated().of_target(|world| world.counts(2, 2, 1)).plan(&Intent::Continue).expect_err("asks no gate");
    assert!(advance.reason.contains("asks no gate before"), "{}", advance.reason);
}

#[test]
fn a_paused_target_stalls_the_run() {
    let paused = progressing().of_target(|world| world.set(|workload| workload.paused = true));
    assert!(noticed(&paused.release(), "is paused"));
}

#[test]
fn a_ladder_without_steps_never_advances() {
    let flat = progressing().set(|canary| canary.analysis.step_weight = Some(0));
    assert!(noticed(&flat.release(), "never gets beyond 0 %"));
    assert_eq!(flat.release().step, None);
}

#[test]
fn two_canaries_of_one_target_are_told() {
    let mut cast = progressing();
    let mut other = (*cast.canaries[0]).clone();
    other.meta.key.name = "web-2".into();
    cast.canaries.push(Arc::new(other));
    assert!(noticed(&cast.release(), "Canary web-2 has the same target"));
}

#[test]
fn a_git_managed_canary_gets_its_field_back_and_that_is_told() {
    let managed = progressing().set(|canary| {
        canary
            .meta
            .annotations
            .insert("argocd.argoproj.io/tracking-id".into(), "shop:flagger.app/Canary:shop/web".into());
    });
    for intent in [Intent::Pause, Intent::Promote { winner: None }] {
        assert!(warned(&managed.plan(&intent).expect("a plan"), "Argo CD 'shop'"), "{intent:?}");
    }
}

#[test]
fn a_release_without_any_check_passes_whatever_happens_and_that_is_told() {
    let blind = progressing().set(|canary| canary.analysis.metrics.clear());
    assert!(noticed(&blind.release(), "every version passes"));
    let skips = progressing().set(|canary| canary.skip_analysis = true);
    assert!(noticed(&skips.release(), "skipAnalysis is set"));
}

#[test]
fn the_time_of_a_failure_is_not_the_last_sign_of_life() {
    use crate::domain::workload::{Condition as Said, ConditionStatus};
    let failed = progressing().phase("Failed").weights(100, 0).set(|canary| {
        let (kind, reason) = ("Promoted".into(), "Failed".into());
        let (since, updated) = (Some(ago(900)), Some(ago(600)));
        canary.status.conditions =
            vec![Said { kind, status: ConditionStatus::False, reason, message: "".into(), since, updated }];
        // In Failed Flagger writes its status at every check.
        canary.status.last_transition = Some(ago(1));
    });
    assert_eq!(failed.release().since, Some(ago(600)));
}

#[test]
fn session_affinity_has_rules_by_cookie_before_the_weighted_one() {
    let mut cast = progressing().set(|canary| canary.analysis.affinity_cookie = Some("flagger".into()));
    let route = Arc::make_mut(cast.route.as_mut().expect("a route"));
    let mut sticky = route.rules[0].clone();
    route.rules[0].destinations[1].others = vec!["headers".into()];
    sticky.destinations[0].weight = Some(0);
    sticky.destinations[1].weight = Some(100);
    route.rules.push(sticky);
    assert_eq!(weight(&cast.release()), Some(20));
}
