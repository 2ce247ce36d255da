//! The server refuses a write over somebody else's change and on another life of an object, and lets churn pass.

use super::cases::each;
use super::left_out::{Exception, LeftOut, except};
use crate::domain::Direction;
use crate::domain::plan::{Call, Operation, Plan};
use crate::domain::raw::unescape;
use crate::strategy::testing::raw;
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

fn tests(operations: &[Operation]) -> impl Iterator<Item = &str> {
    operations.iter().filter(|it| matches!(it, Operation::Test { .. })).map(Operation::path)
}

fn writes(operations: &[Operation]) -> impl Iterator<Item = &Operation> {
    operations.iter().filter(|it| !matches!(it, Operation::Test { .. }))
}

#[test]
fn every_patch_is_fenced_on_the_identity_and_on_what_was_shown() {
    each(|case| {
        for (name, plan) in case.plans() {
            assert!(!plan.calls.is_empty() && !plan.diff.is_empty(), "{name}: nothing is done, or not shown");
            let mut guarded = plan.direction == Direction::Back;
            for planned in &plan.calls {
                assert!(planned.fence.len() > 10, "{name}: the fence is told");
                match &planned.call {
                    Call::JsonPatch { operations, .. } => {
                        let tested: Vec<&str> = tests(operations).collect();
                        assert_eq!(tested.first(), Some(&"/metadata/uid"), "{name}");
                        assert!(tested.len() > 1, "{name}: fenced on nothing but the identity");
                        guarded |= writes(operations).next().is_none();
                    }
                    Call::ProxyPost { path, .. } => {
                        assert!(guarded, "{name}: {path} is posted before anything tests where it stands");
                    }
                    Call::Delete { .. } => {}
                    Call::Create { .. } => panic!("{name}: nothing is created"),
                }
            }
        }
    });
}

const OTHER_LIVES: &[Exception] = &[except(
    "argo-canary",
    "with its template elsewhere",
    None,
    "a Rollout names its workload, and no uid: the fence is of the bytes that were shown",
)];

#[test]
fn another_life_of_the_object_is_never_written() {
    let left_out = LeftOut::of("another life of the object is never written", OTHER_LIVES);
    each(|case| {
        let release = case.release();
        for (name, plan) in case.plans() {
            for call in &plan.calls {
                let Call::JsonPatch { target, .. } = &call.call else { continue };
                let mut shop = case.shop.clone();
                shop.objects.get_mut(target).expect("there")["metadata"]["uid"] = "another".into();
                assert_eq!(shop.after(plan).err().as_deref(), Some("/metadata/uid"), "{name}");
                let mut details = case.details().clone();
                let another = raw(target, &shop.objects[target]);
                if *target == release.key {
                    details.root = another;
                } else {
                    drop(details.others.insert(target.clone(), another));
                }
                let made = case.strategy().plan(&release, &details, &plan.intent, &case.shop.context());
                let refused = made.is_err() || left_out.names(case.kind, case.name, None, name);
                assert!(refused, "{name}: planned from bytes of another {target}");
            }
        }
    });
    left_out.print();
}

/// What somebody else may have written in the place of `old` meanwhile; `None` where our own write sets the same.
fn foreign(old: &Value, new: Option<&Value>) -> Option<Value> {
    let foreign = match old {
        Value::Bool(flag) => (!flag).into(),
        Value::Number(number) => (number.as_i64().unwrap_or_default() + 13).into(),
        Value::String(_) => "foreign".into(),
        Value::Null if new.is_some_and(Value::is_boolean) => true.into(),
        Value::Null => return None,
        Value::Array(items) => {
            let mut items = items.clone();
            items.push(json!({"foreign": true}));
            items.into()
        }
        Value::Object(members) => {
            let mut members = members.clone();
            members.insert("foreign".into(), true.into());
            members.into()
        }
    };
    (Some(&foreign) != new).then_some(foreign)
}

fn set(tree: &mut Value, path: &str, value: Value) {
    if let Some(place) = tree.pointer_mut(path) {
        *place = value;
        return;
    }
    let (parent, last) = path.rsplit_once('/').expect("a pointer");
    if let Some(Value::Object(parent)) = tree.pointer_mut(parent) {
        parent.insert(unescape(last), value);
    }
}

const OVERWRITTEN: &[Exception] = &[];

#[test]
fn a_change_of_what_is_written_refuses_the_write() {
    let left_out = LeftOut::of("a change of what is written refuses the write", OVERWRITTEN);
    let mut lost = Vec::new();
    each(|case| {
        for (name, plan) in case.plans() {
            let mut seen = Vec::new();
            for call in &plan.calls {
                let Call::JsonPatch { target, operations, .. } = &call.call else { continue };
                if seen.contains(&target) || writes(operations).next().is_none() {
                    continue;
                }
                seen.push(target);
                for write in writes(operations) {
                    let path = write.path();
                    if path.ends_with("/kubernetes.io~1change-cause") {
                        left_out.note(&format!("{name}: {path}"), "the reason goes with the template, which is fenced");
                        continue;
                    }
                    let new = match write {
                        Operation::Add { value, .. } | Operation::Replace { value, .. } => {
                            serde_json::from_str(value.get()).ok()
                        }
                        Operation::Remove { .. } | Operation::Test { .. } => None,
                    };
                    let old = case.shop.objects[target].pointer(path).cloned().unwrap_or_default();
                    let Some(value) = foreign(&old, new.as_ref()) else { continue };
                    let mut shop = case.shop.clone();
                    set(shop.objects.get_mut(target).expect("there"), path, value);
                    if shop.after(plan).is_ok() {
                        lost.push(format!("{name}: {path} of {target}"));
                    }
                }
            }
        }
    });
    assert!(lost.is_empty(), "writes over somebody else's change:\n{}", lost.join("\n"));
    left_out.print();
}

/// What controllers write all the time, and annotations of others.
fn churned(mut shop: Shop) -> Shop {
    for object in shop.objects.values_mut() {
        object["metadata"]["annotations"]["example.com/seen"] = "now".into();
        object["metadata"]["generation"] = 77.into();
        object["metadata"]["resourceVersion"] = "77".into();
        if object["status"].is_object() {
            object["status"]["conditions"] = json!([{"type": "Available", "status": "True", "reason": "x"}]);
            for count in
                ["replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "failedChecks", "iterations"]
            {
                object["status"][count] = 77.into();
            }
        }
    }
    shop
}

#[test]
fn churn_refuses_nothing() {
    let mut refused = Vec::new();
    each(|case| {
        let churned = churned(case.shop.clone());
        for (name, plan) in case.plans() {
            if let Err(path) = churned.after(plan) {
                refused.push(format!("{name}: {path}"));
            }
        }
    });
    assert!(refused.is_empty(), "refused by churn:\n{}", refused.join("\n"));
}

#[test]
fn an_autoscaler_at_work_refuses_nothing_but_another_number_of_pods() {
    each(|case| {
        let mut scaled = case.shop.clone();
        for (_, object) in scaled.objects.iter_mut().filter(|(_, object)| object["spec"]["replicas"].is_number()) {
            object["spec"]["replicas"] = 55.into();
        }
        for (name, plan) in case.plans() {
            let sizes = plan.calls.iter().any(|call| match &call.call {
                Call::JsonPatch { operations, .. } => writes(operations).any(|it| it.path() == "/spec/replicas"),
                Call::Delete { .. } | Call::Create { .. } | Call::ProxyPost { .. } => false,
            });
            assert_eq!(scaled.after(plan).is_err(), sizes, "{name}");
        }
    });
}

#[test]
fn a_plan_says_what_kubectl_would_be() {
    each(|case| {
        for (name, Plan { kubectl, .. }) in case.plans() {
            assert!(!kubectl.is_empty() && kubectl.iter().all(|line| !line.is_empty()), "{name}");
        }
    });
}
