//! Weights sum to 100, pods are kept, and nothing is written that another controller owns.

use super::case::Case;
use super::cases::{cases, each};
use crate::domain::intent::RuleRef;
use crate::domain::plan::{Call, Operation, Plan};
use crate::domain::{Intent, Kind, ObjectKey, Verb};
use serde_json::Value;

fn lists(object: &Value) -> Vec<Vec<i64>> {
    let rules =
        ["http", "tcp", "tls", "rules"].into_iter().filter_map(|list| object["spec"][list].as_array()).flatten();
    let destinations = rules.filter_map(|rule| rule["route"].as_array().or_else(|| rule["backendRefs"].as_array()));
    destinations.map(|list| list.iter().filter_map(|item| item["weight"].as_i64()).collect()).collect()
}

#[test]
fn the_weights_that_a_plan_touches_sum_to_a_hundred() {
    let mut touched = 0;
    each(|case| {
        for (name, plan) in case.plans().iter().cloned().chain(of_one_rule(case)) {
            let after = case.shop.after(&plan).unwrap_or_else(|path| panic!("{name}: {path} does not match"));
            let routes = plan.calls.iter().map(|call| call.call.target()).filter(|key| key.kind.is_route());
            for key in routes {
                let (before, after) = (lists(&case.shop.objects[key]), lists(&after.objects[key]));
                let changed = after.iter().filter(|weights| !weights.is_empty() && !before.contains(weights));
                for weights in changed {
                    touched += 1;
                    assert_eq!(weights.iter().sum::<i64>(), 100, "{name}: {weights:?}");
                }
            }
        }
    });
    assert!(touched > 20, "{touched} lists of weights were written");
}

/// The plans of each rule by itself.
fn of_one_rule(case: &Case) -> Vec<(String, Plan)> {
    let release = case.release();
    let splits = release.traffic.iter().flat_map(|traffic| &traffic.rules).filter(|split| split.steered);
    let rules = splits.filter(|split| split.route.kind.is_route());
    let rules = rules.map(|split| RuleRef { route: split.route.clone(), pointer: split.pointer.clone() });
    let intents = rules.flat_map(|rule| {
        let rule = Some(rule);
        [Intent::SetWeight { weight: 33, rule: rule.clone() }, Intent::Advance { from: None, rule }]
    });
    intents.filter_map(|intent| Some((format!("{}: {intent:?}", case.words()), case.plan(&intent).ok()?))).collect()
}

#[test]
fn a_replica_canary_keeps_the_sum_of_its_pods() {
    let mut kept = 0;
    for case in cases().iter().filter(|case| case.kind == "replica-canary") {
        let sum = |objects: &std::collections::BTreeMap<ObjectKey, Value>| -> i64 {
            let deployments = objects.iter().filter(|(key, _)| key.kind == Kind::Deployment);
            deployments.filter_map(|(_, object)| object["spec"]["replicas"].as_i64()).sum()
        };
        let sized = case.shop.objects.keys().any(|key| key.kind == Kind::HorizontalPodAutoscaler);
        for (name, plan) in case.plans() {
            let weighs = matches!(plan.intent.verb(), Verb::SetWeight | Verb::Advance | Verb::Abort | Verb::Promote);
            if !weighs {
                continue;
            }
            kept += 1;
            let after = case.shop.after(plan).expect("applies");
            let told =
                plan.forecast.warnings.iter().any(|warning| warning.contains("the sum of the pods does not stay"));
            assert!(sum(&after.objects) == sum(&case.shop.objects) || (sized && told), "{name}");
        }
    }
    assert!(kept > 8, "{kept} weights were planned");
}

/// What a strategy may write: the object, and the paths of it.
fn may_write(case: &Case, call: &Call, path: &str) -> bool {
    let (target, root) = (call.target(), &case.root);
    let release = case.release();
    let is_side = || {
        let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
        sides.map(|side| &side.workload.key).any(|key| key == target)
    };
    let of_workload =
        ["/spec/template", "/spec/replicas", "/spec/paused", "/metadata/annotations/kubernetes.io~1change-cause"];
    let workload = of_workload.iter().any(|own| path.starts_with(own));
    let status = matches!(call, Call::JsonPatch { subresource: Some(_), .. });
    match case.kind {
        "rolling" | "recreate" | "on-delete" => target == root && workload && !status,
        "istio" | "gateway" | "ab-test" => {
            !status && if target == root { path.starts_with("/spec/") } else { is_side() && workload }
        }
        "blue-green" => {
            !status && if target == root { path.starts_with("/spec/selector/") } else { is_side() && workload }
        }
        "replica-canary" => !status && is_side() && workload,
        "argo-canary" | "argo-blue-green" => {
            let asked = [
                "/status/pauseConditions",
                "/status/currentStepIndex",
                "/status/controllerPause",
                "/status/promoteFull",
                "/status/abort",
            ];
            match (target == root, status) {
                (true, true) => asked.contains(&path),
                (true, false) => workload || path == "/spec/restartAt",
                (false, _) => !status && target.kind == Kind::Deployment && path.starts_with("/spec/template"),
            }
        }
        "flagger" => match target.kind {
            Kind::Canary => target == root && !status && matches!(path, "/spec/suspend" | "/spec/skipAnalysis"),
            Kind::Deployment => {
                &*target.name == "web" && path.starts_with("/spec/template") || path.ends_with("change-cause")
            }
            // The glass was broken: `plans` overrides what can be overridden.
            Kind::VirtualService => !status && path.ends_with("/weight"),
            _ => false,
        },
        other => panic!("{other}: say here what it may write"),
    }
}

#[test]
fn nothing_is_written_but_what_is_the_strategys_to_write() {
    each(|case| {
        for (name, plan) in case.plans() {
            for planned in &plan.calls {
                let call = &planned.call;
                let target = call.target();
                match call {
                    Call::JsonPatch { operations, .. } => {
                        for operation in operations {
                            let (Operation::Add { path, .. }
                            | Operation::Replace { path, .. }
                            | Operation::Remove { path }) = operation
                            else {
                                continue;
                            };
                            assert!(may_write(case, call, path), "{name} writes {path} of {target}");
                        }
                    }
                    Call::Delete { .. } => assert_eq!((target.kind, planned.optional), (Kind::Pod, true), "{name}"),
                    Call::ProxyPost { .. } => {
                        assert_eq!((case.kind, &*target.name), ("flagger", "tester"), "{name} posts to {target}");
                    }
                    Call::Create { .. } => panic!("{name} creates {target}"),
                }
            }
        }
    });
}
