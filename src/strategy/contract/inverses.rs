//! The way back of a write restores what was there, or says what differs; it is a plan of its own, and goes the other way.

use super::case::Case;
use super::cases::each;
use super::left_out::LeftOut;
use crate::domain::plan::{Call, Inverse, Operation, Plan, ReadyInverse};
use crate::domain::{Direction, Intent, ObjectKey, RawObject};
use crate::strategy::testing::shop::Shop;
use serde_json::{Map, Value};

/// The server's answers to the patches of a plan, and the shop afterwards.
fn sent(case: &Case, name: &str, plan: &Plan) -> (Shop, Vec<RawObject>) {
    let mut shop = case.shop.clone();
    let mut answers = Vec::new();
    for call in &plan.calls {
        shop = shop
            .after_calls(std::iter::once(&call.call))
            .unwrap_or_else(|path| panic!("{name}: {path} does not match"));
        if let Call::JsonPatch { target, .. } = &call.call {
            answers.push(shop.raw(target));
        }
    }
    (shop, answers)
}

fn operations(text: &str) -> Vec<Operation> {
    serde_json::from_str(text).expect("operations")
}

fn parts(ready: &ReadyInverse) -> impl Iterator<Item = (&ObjectKey, &str)> {
    let first = (&ready.target, ready.operations.as_str());
    std::iter::once(first).chain(ready.also.iter().map(|part| (&part.target, part.operations.as_str())))
}

/// An object without what says nothing: a flag that is off is as good as none.
fn plainly(object: &Value) -> Value {
    let tidy = |value: &Value| {
        let members = value.as_object().into_iter().flatten();
        let said =
            members.filter(|(_, value)| **value != Value::Bool(false) && !value.as_object().is_some_and(Map::is_empty));
        said.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()
    };
    let abort = object["status"]["abort"].as_bool().unwrap_or(false);
    Value::Array(vec![tidy(&object["spec"]).into(), tidy(&object["metadata"]["annotations"]).into(), abort.into()])
}

#[test]
fn a_way_back_restores_what_was_there_or_says_what_differs() {
    each(|case| {
        for (name, plan) in case.plans() {
            let (shop, answers) = sent(case, name, plan);
            let Some(ready) = plan.inverse.ready(&plan.id, &answers) else {
                let Inverse::None { why } = &plan.inverse else { panic!("{name}: its way back can't be made ready") };
                assert!(why.len() > 10, "{name}: no way back and no reason");
                continue;
            };
            assert_eq!(ready.direction, plan.direction.opposite(), "{name}");
            let exact = matches!(plan.inverse, Inverse::Exact(_));
            assert!(
                exact || !matches!(case.kind, "istio" | "gateway" | "ab-test"),
                "{name}: a route goes back exactly"
            );
            assert_eq!(exact, ready.differs.is_empty(), "{name}: a way back that is not exact says what differs");
            let mut back = shop;
            for (target, text) in parts(&ready) {
                back.apply(target, &operations(text)).unwrap_or_else(|path| panic!("{name}: {path} does not match"));
            }
            for call in plan.calls.iter().filter(|call| matches!(call.call, Call::JsonPatch { .. })) {
                let key = call.call.target();
                assert_eq!(plainly(&back.objects[key]), plainly(&case.shop.objects[key]), "{name}: {key}");
            }
        }
    });
}

#[test]
fn a_way_back_is_a_plan_of_its_own_and_refused_over_a_change() {
    let left_out = LeftOut::of("a way back is a plan of its own", &[]);
    each(|case| {
        for (name, plan) in case.plans() {
            let (shop, answers) = sent(case, name, plan);
            let Some(ready) = plan.inverse.ready(&plan.id, &answers) else { continue };
            let intent = Intent::Revert(Box::new(ready.clone()));
            let Some(release) = shop.rooted(&case.root).filter(|release| release.strategy.0 == case.kind) else {
                left_out.note(name, "the release is another one afterwards, as its plan says");
                continue;
            };
            let revert = match shop.plan(&release, &intent) {
                Ok(revert) => revert,
                Err(refusal) if case.broken && ready.direction == Direction::Forward => {
                    left_out.note(name, format!("it would go forward: {refusal}"));
                    continue;
                }
                Err(refusal) => panic!("{name}: {refusal}"),
            };
            assert_eq!(revert.direction, plan.direction.opposite(), "{name}");
            assert!(!revert.diff.is_empty(), "{name}: the way back shows what changes");
            let back = shop.after(&revert).unwrap_or_else(|path| panic!("{name}: {path} does not match"));
            for (key, _) in parts(&ready) {
                assert_eq!(plainly(&back.objects[key]), plainly(&case.shop.objects[key]), "{name}: {key}");
            }
            refused_over_a_change(name, case, &shop, &ready);
        }
    });
    left_out.print();
}

/// Somebody else writes where that write was: then it is not taken back as if nothing had happened.
fn refused_over_a_change(name: &str, case: &Case, shop: &Shop, ready: &ReadyInverse) {
    let written: Vec<String> = operations(&ready.operations)
        .into_iter()
        .filter_map(|operation| match operation {
            Operation::Test { path, .. } if path != "/metadata/uid" => Some(path),
            _ => None,
        })
        .collect();
    let mut moved = shop.clone();
    let object = moved.objects.get_mut(&ready.target).expect("there");
    for path in &written {
        let Some(place) = object.pointer_mut(path) else { continue };
        *place = match place.take() {
            Value::Bool(flag) => (!flag).into(),
            Value::Number(number) => (number.as_i64().unwrap_or_default() + 13).into(),
            Value::Object(mut members) => {
                members.insert("moved".into(), "on".into());
                members.into()
            }
            Value::Array(mut items) => {
                items[0]["moved"] = "on".into();
                items.into()
            }
            _ => "moved".into(),
        };
    }
    let Some(release) = moved.rooted(&case.root).filter(|release| release.strategy.0 == case.kind) else { return };
    let intent = Intent::Revert(Box::new(ready.clone()));
    assert!(moved.plan(&release, &intent).is_err(), "{name}: taken back over somebody else's change of {written:?}");
}
