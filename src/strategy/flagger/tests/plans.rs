//! What is planned: calls, fences, ways back.

use super::world::{Cast, gated, hook, images, progressing, succeeded};
use crate::domain::intent::{PausedUndo, Standing, UndoTo};
use crate::domain::milestone::Milestone;
use crate::domain::plan::{Call, Inverse, Operation, RefusalKind};
use crate::domain::traffic::hook::HookKind;
use crate::domain::{Direction, Intent, Kind, ObjectKey, Plan, Revision};
use crate::strategy::testing::{apply, apply_operations, context, raw};
use crate::strategy::{Context, Strategy, flagger::Flagger};
use serde_json::Value;

/// One of every wish.
pub fn intents() -> Vec<Intent> {
    vec![
        Intent::Advance { from: None, rule: None },
        Intent::Continue,
        Intent::Promote { winner: None },
        Intent::Skip,
        Intent::Abort,
        Intent::Pause,
        Intent::Resume,
        Intent::undo(),
        undo(1),
        Intent::Retry,
        Intent::Restart,
        Intent::SetImage(images("v3")),
        Intent::Scale(5),
        Intent::Switch { to: None },
        Intent::SetWeight { weight: 30, rule: None },
    ]
}

pub fn undo(revision: i64) -> Intent {
    Intent::Undo { to: UndoTo::Number(Revision(revision)), paused: PausedUndo::StayPaused }
}

/// The paths that are posted to the load tester, in order.
pub fn posts(plan: &Plan) -> Vec<String> {
    let path = |call: &crate::domain::plan::PlannedCall| match &call.call {
        Call::ProxyPost { path, .. } => Some(path.to_string()),
        Call::JsonPatch { .. } | Call::Delete { .. } | Call::Create { .. } => None,
    };
    plan.calls.iter().filter_map(path).collect()
}

fn casts() -> Vec<(&'static str, Cast)> {
    vec![
        ("progressing", progressing()),
        ("gated", gated()),
        ("waiting", gated().phase("Waiting")),
        ("promotion", gated().phase("WaitingPromotion").weights(50, 50)),
        ("promoting", progressing().phase("Promoting")),
        ("succeeded", succeeded()),
        ("failed", progressing().phase("Failed").weights(100, 0)),
        ("suspended", progressing().set(|canary| canary.suspend = true)),
    ]
}

#[test]
fn an_advance_opens_the_gate_until_the_weight_moves_and_closes_it_again() {
    let plan = gated().plan(&Intent::Advance { from: Some(Standing::Weight(20)), rule: None }).expect("a plan");
    assert_eq!(posts(&plan), ["/gate/open", "/gate/close"]);
    let open = &plan.calls[1];
    let Call::ProxyPost { target, scheme, port, body, .. } = &open.call else { panic!("a post") };
    assert_eq!(*target, ObjectKey::new(Kind::Service, "test", "tester"));
    assert_eq!((&**scheme, &**port, body.get()), ("http", "80", r#"{"name":"web","namespace":"shop"}"#));
    let then = open.then.as_ref().expect("it is waited for");
    assert!(then.go_on, "a gate that was opened is closed, come what may");
    let Milestone::Any(ends) = &then.until else { panic!("any of") };
    assert!(ends.contains(&Milestone::WeightAbove(20)));
    assert!(!then.until.reached(&gated().release()) && then.until.reached(&gated().weights(70, 30).release()));
    assert_eq!((plan.direction, &*plan.title), (Direction::Forward, "ADVANCE shop/web → 20 % → 30 % on v2"));
}

#[test]
fn an_advance_from_elsewhere_is_a_conflict() {
    let from = |from| gated().plan(&Intent::Advance { from: Some(from), rule: None }).map(|_| ());
    let moved = from(Standing::Weight(10)).expect_err("it stands at 20 %");
    assert!(moved.reason.contains("20 %, not at 10 %"), "{}", moved.reason);
    assert_eq!(moved.kind, RefusalKind::Moved, "somebody else took that step: a conflict");
    assert!(from(Standing::Step(2)).is_err());
    assert_eq!(from(Standing::Weight(20)).map_err(|refusal| refusal.reason), Ok(()));
}

#[test]
fn a_continue_or_skip_that_names_the_weight_it_leaves_is_a_conflict_elsewhere() {
    for intent in [Intent::Continue, Intent::Skip] {
        let leaving = |leaves| {
            let named = Context { leaves: Some(leaves), ..context() };
            gated().plan_with(&intent, &named).map(|_| ())
        };
        let moved = leaving(Standing::Weight(10)).expect_err("it stands at 20 %");
        assert_eq!(moved.kind, RefusalKind::Moved, "{}", moved.reason);
        assert!(leaving(Standing::Step(2)).is_err());
        assert_eq!(leaving(Standing::Weight(20)).map_err(|refusal| refusal.reason), Ok(()));
    }
}

#[test]
fn the_gates_before_the_first_weight_and_behind_the_last_are_told_from_those_weights() {
    let start = gated().phase("Waiting").weights(100, 0);
    let first = gated().weights(100, 0);
    let top = gated().weights(50, 50);
    let promotion = gated().phase("WaitingPromotion").weights(50, 50);
    let index = |cast: &Cast| cast.release().step.and_then(|step| step.index);
    assert_eq!([&start, &first, &top, &promotion].map(index), [Some(0), None, None, Some(5)]);
    let advance = |from| Intent::Advance { from: Some(from), rule: None };
    let (step, weight) = (Standing::Step, Standing::Weight);
    let kind = |cast: &Cast, intent: &Intent, leaves| {
        let named = Context { leaves, ..context() };
        cast.plan_with(intent, &named).err().map(|refusal| (refusal.kind, refusal.reason))
    };
    // Each command twice: as soon as the first one has passed its gate, the second one is a conflict.
    for (intent, leaves, here, behind) in [
        (Intent::Continue, Some(weight(0)), &start, &first),
        (Intent::Continue, Some(step(0)), &start, &first),
        (advance(step(0)), None, &start, &first),
        (Intent::Continue, Some(weight(50)), &top, &promotion),
        (advance(weight(50)), None, &top, &promotion),
        (advance(step(5)), None, &promotion, &top),
        (Intent::Continue, Some(step(5)), &promotion, &start),
    ] {
        assert_eq!(kind(here, &intent, leaves), None, "{intent:?} {leaves:?}");
        let again = kind(behind, &intent, leaves).expect("it has moved");
        assert_eq!(again.0, RefusalKind::Moved, "{intent:?} {leaves:?}: {}", again.1);
    }
    assert_eq!(kind(&first, &advance(weight(0)), None), None, "the first weight is left by its name");
    let early = kind(&start, &advance(weight(0)), None).expect("it stands before its start");
    assert!(early.0 == RefusalKind::Moved && early.1.contains("step 0 (--from-step)"), "{}", early.1);
    let ungated = progressing().weights(100, 0).set(|canary| {
        canary.analysis.webhooks = vec![hook("traffic gate", HookKind::ConfirmTrafficIncrease, "/gate/check")];
    });
    assert_eq!(kind(&ungated, &Intent::Continue, Some(weight(0))), None, "no start gate can be meant");
}

#[test]
fn a_gate_is_opened_behind_a_fence_on_phase_and_weight() {
    let cast = gated();
    let plan = cast.plan(&Intent::Continue).expect("a plan");
    let root = cast.details().root;
    assert_eq!(
        apply(&root, &plan.calls[0].call).map(|after| after.text() == root.text()),
        Ok(true),
        "it changes nothing"
    );
    let moved = |pointer: &str, value: Value| {
        let mut tree: Value = serde_json::from_str(root.text()).expect("valid JSON");
        *tree.pointer_mut(pointer).expect("there") = value;
        apply(&raw(&root.key, &tree), &plan.calls[0].call).err()
    };
    assert_eq!(moved("/status/canaryWeight", 30.into()).as_deref(), Some("/status/canaryWeight"));
    assert_eq!(moved("/status/phase", "Failed".into()).as_deref(), Some("/status/phase"));
    assert_eq!(moved("/metadata/uid", "other".into()).as_deref(), Some("/metadata/uid"));
}

#[test]
fn the_start_and_the_promotion_have_their_own_ends() {
    let until = |phase: &str, then: &str| {
        let plan = gated().phase(phase).plan(&Intent::Continue).expect("a plan");
        let until = plan.calls[1].then.as_ref().expect("waited for").until.clone();
        until.reached(&gated().phase(then).release())
    };
    assert!(until("Waiting", "Progressing") && !until("Waiting", "Waiting"));
    assert!(until("WaitingPromotion", "Promoting") && !until("WaitingPromotion", "WaitingPromotion"));
    let promoted = gated().phase("WaitingPromotion").plan(&Intent::Promote { winner: None }).expect("a plan");
    assert_eq!(posts(&promoted), ["/gate/open", "/gate/close"]);
}

#[test]
fn an_abort_opens_the_rollback_gate_until_the_run_has_failed_and_closes_it() {
    let plan = gated().plan(&Intent::Abort).expect("a plan");
    assert_eq!(posts(&plan), ["/rollback/open", "/rollback/close"]);
    assert_eq!(plan.direction, Direction::Back);
    let then = plan.calls[0].then.as_ref().expect("waited for");
    assert!(
        then.go_on && then.until.reached(&gated().phase("Failed").release()) && !then.until.reached(&gated().release())
    );
    let suspended = gated().set(|canary| canary.suspend = true).plan(&Intent::Abort).expect("a plan");
    assert_eq!(suspended.calls.len(), 3, "a suspended Canary is resumed for it");
    assert!(suspended.calls[0].then.is_none() && suspended.calls[1].then.is_some());
}

#[test]
fn without_a_gate_a_run_is_suspended_and_resumed_as_it_was() {
    let cast = progressing();
    let plan = cast.plan(&Intent::Pause).expect("a plan");
    let root = cast.details().root;
    let after = apply(&root, &plan.calls[0].call).expect("applies");
    assert_eq!(after.value::<bool>("/spec/suspend"), Some(true));
    let ready = plan.inverse.ready(&plan.id, std::slice::from_ref(&after)).expect("a way back");
    let operations: Vec<Operation> = serde_json::from_str(&ready.operations).expect("operations");
    assert_eq!(apply_operations(&after, &operations).map(|back| back.text().to_owned()), Ok(root.text().to_owned()));
    let held = cast.set(|canary| canary.suspend = true);
    let resume = held.plan(&Intent::Resume).expect("a plan");
    assert_eq!(resume.direction, Direction::Forward);
    let after = apply(&held.details().root, &resume.calls[0].call).expect("applies");
    assert_eq!(after.value::<bool>("/spec/suspend"), Some(false));
}

#[test]
fn a_revert_of_a_suspend_is_a_plan_of_its_own() {
    let cast = progressing();
    let plan = cast.plan(&Intent::Pause).expect("a plan");
    let after = apply(&cast.details().root, &plan.calls[0].call).expect("applies");
    let ready = plan.inverse.ready(&plan.id, std::slice::from_ref(&after)).expect("a way back");
    let held = cast.set(|canary| canary.suspend = true);
    let intent = Intent::Revert(Box::new(ready));
    let back = held.plan(&intent).expect("a plan");
    assert_eq!((back.direction, back.calls.len()), (Direction::Forward, 1));
    assert!(!back.diff.is_empty());
    let moved = progressing();
    assert!(moved.plan(&intent).is_err(), "somebody resumed it since");
}

#[test]
fn an_undo_writes_the_target_and_its_revert_restores_it() {
    let cast = succeeded();
    let plan = cast.plan(&undo(1)).expect("a plan");
    assert_eq!(plan.calls.len(), 1);
    let target = ObjectKey::new(Kind::Deployment, "shop", "web");
    assert_eq!(*plan.calls[0].call.target(), target);
    assert_eq!(plan.release.key.kind, Kind::Canary, "the journal has it under the release");
    let before = cast.details().others[&target].clone();
    let after = apply(&before, &plan.calls[0].call).expect("applies");
    assert!(after.text().contains("reg/web:v1"));
    let ready = plan.inverse.ready(&plan.id, std::slice::from_ref(&after)).expect("a way back");
    let mut details = cast.details();
    details.others.insert(target.clone(), after.clone());
    let back = Flagger.plan(&cast.release(), &details, &Intent::Revert(Box::new(ready)), &context()).expect("a plan");
    let restored = apply(&after, &back.calls[0].call).expect("applies");
    assert_eq!(restored.at("/spec").map(|s| s.get().to_owned()), before.at("/spec").map(|s| s.get().to_owned()));
    let mut tree: Value = serde_json::from_str(before.text()).expect("valid JSON");
    tree["spec"]["template"]["metadata"]["labels"]["x"] = "y".into();
    assert_eq!(apply(&raw(&target, &tree), &plan.calls[0].call).err().as_deref(), Some("/spec/template"));
}

#[test]
fn what_is_planned_touches_only_the_canary_the_target_and_the_load_tester() {
    let mut plans = 0;
    for (name, cast) in casts() {
        for intent in intents() {
            let Ok(plan) = cast.plan(&intent) else { continue };
            plans += 1;
            for call in &plan.calls {
                let key = call.call.target();
                let allowed = [
                    ObjectKey::new(Kind::Canary, "shop", "web"),
                    ObjectKey::new(Kind::Deployment, "shop", "web"),
                    ObjectKey::new(Kind::Service, "test", "tester"),
                ];
                assert!(allowed.contains(key), "{name}: {intent:?} writes {key}");
                let Call::JsonPatch { operations, subresource, .. } = &call.call else { continue };
                assert_eq!(*subresource, None, "{name}: Flagger's status is its own");
                for operation in operations {
                    let path = match operation {
                        Operation::Test { .. } => continue,
                        Operation::Add { path, .. } | Operation::Replace { path, .. } | Operation::Remove { path } => {
                            path
                        }
                    };
                    let own = match key.kind {
                        Kind::Canary => path == "/spec/suspend" || path == "/spec/skipAnalysis",
                        _ => {
                            path.starts_with("/spec/template")
                                || path.starts_with("/metadata/annotations/kubernetes.io~1change-cause")
                        }
                    };
                    assert!(own, "{name}: {intent:?} writes {path} of {key}");
                }
            }
        }
    }
    assert!(plans > 35, "too few plans: {plans}");
}

#[test]
fn the_glass_is_broken_only_on_demand_and_the_way_out_is_exact() {
    let cast = progressing();
    let refusal = cast.plan(&Intent::Abort).expect_err("it has no rollback hook");
    assert!(refusal.overridable.is_some() && refusal.reason.contains("no rollback hook"), "{}", refusal.reason);
    let plan = cast.broken_glass().expect("a plan");
    let details = cast.details();
    let route = ObjectKey::new(Kind::VirtualService, "shop", "web");
    assert_eq!(
        plan.calls.iter().map(|call| call.call.target().kind).collect::<Vec<_>>(),
        [Kind::Canary, Kind::VirtualService]
    );
    let canary = apply(&details.root, &plan.calls[0].call).expect("applies");
    let vs = apply(&details.others[&route], &plan.calls[1].call).expect("applies");
    assert_eq!(canary.value::<bool>("/spec/suspend"), Some(true));
    let weight = |place: usize| vs.value::<i64>(&format!("/spec/http/0/route/{place}/weight"));
    assert_eq!((weight(0), weight(1)), (Some(100), Some(0)));
    let ready = plan.inverse.ready(&plan.id, &[canary, vs.clone()]).expect("a way back");
    assert_eq!((&ready.target, ready.also.len(), ready.direction), (&route, 1, Direction::Forward));
    let operations: Vec<Operation> = serde_json::from_str(&ready.operations).expect("operations");
    let back = apply_operations(&vs, &operations).expect("applies");
    assert_eq!(back.text(), details.others[&route].text());
    let mut moved: Value = serde_json::from_str(details.others[&route].text()).expect("valid JSON");
    moved["spec"]["http"][0]["timeout"] = "1s".into();
    assert_eq!(apply(&raw(&route, &moved), &plan.calls[1].call).err().as_deref(), Some("/spec/http/0"));
}

#[test]
fn a_rollback_hook_that_helps_leaves_the_glass_whole() {
    let plan = gated().broken_glass().expect("a plan");
    assert!(plan.calls.iter().all(|call| call.call.target().kind != Kind::VirtualService));
    let nothing_there = progressing().weights(100, 0).broken_glass().expect_err("no traffic on the canary");
    assert!(nothing_there.overridable.is_none(), "{}", nothing_there.reason);
}

#[test]
fn a_skipped_analysis_is_set_back_to_what_it_was() {
    let cast = progressing();
    let plan = cast.plan(&Intent::Promote { winner: None }).expect("a plan");
    let root = cast.details().root;
    let on = apply(&root, &plan.calls[0].call).expect("applies");
    assert_eq!(on.value::<bool>("/spec/skipAnalysis"), Some(true));
    let then = plan.calls[0].then.as_ref().expect("waited for");
    assert!(then.go_on && then.until.reached(&succeeded().release()) && !then.until.reached(&cast.release()));
    let off = apply(&on, &plan.calls[1].call).expect("applies");
    assert_eq!(off.text(), root.text());
    assert!(matches!(plan.inverse, Inverse::None { .. }));
}

#[test]
fn a_retry_is_a_new_annotation_of_the_targets_template() {
    let cast = progressing().phase("Failed").weights(100, 0);
    let plan = cast.plan(&Intent::Retry).expect("a plan");
    assert_eq!(*plan.calls[0].call.target(), ObjectKey::new(Kind::Deployment, "shop", "web"));
    assert!(plan.forecast.then.contains("new analysis of v2"), "{}", plan.forecast.then);
    assert!(progressing().plan(&Intent::Retry).is_err() && succeeded().plan(&Intent::Retry).is_err());
}
