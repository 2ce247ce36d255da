//! A plan survives the journal, what is opened is closed, and a write is not taken for done before it was.

use super::cases::each;
use crate::domain::milestone::Midway;
use crate::domain::plan::{Call, Operation, PlannedCall, Wait};
use crate::strategy::Settled;
use jiff::SignedDuration;

#[test]
fn a_plans_calls_and_waits_are_read_from_the_journal_as_they_were_written() {
    each(|case| {
        for (name, plan) in case.plans() {
            for call in &plan.calls {
                if let Call::JsonPatch { operations, .. } = &call.call {
                    let text = serde_json::to_string(operations).expect("writable");
                    let read: Vec<Operation> = serde_json::from_str(&text).expect("readable");
                    assert_eq!(format!("{read:?}"), format!("{operations:?}"), "{name}");
                }
                let text = serde_json::to_string(&call.then).expect("writable");
                let read: Option<Midway> = serde_json::from_str(&text).expect("readable");
                assert_eq!(read, call.then, "{name}");
            }
            let text = serde_json::to_string(&plan.until).expect("writable");
            assert_eq!(serde_json::from_str::<Wait>(&text).ok(), Some(plan.until), "{name}");
        }
    });
}

/// Whether a call opens what must be closed, and whether a later one closes it.
fn opens(call: &PlannedCall) -> Option<String> {
    match &call.call {
        Call::ProxyPost { target, path, .. } => Some(format!("{target}{}", path.strip_suffix("/open")?)),
        Call::JsonPatch { target, operations, .. } => operations.iter().find_map(|operation| match operation {
            Operation::Add { path, value } if path == "/spec/skipAnalysis" && value.get() == "true" => {
                Some(format!("{target}{path}"))
            }
            _ => None,
        }),
        Call::Delete { .. } | Call::Create { .. } => None,
    }
}

fn closes(call: &PlannedCall, opened: &str) -> bool {
    match &call.call {
        Call::ProxyPost { target, path, .. } => {
            path.strip_suffix("/close").is_some_and(|gate| opened == format!("{target}{gate}"))
        }
        Call::JsonPatch { target, operations, .. } => operations.iter().any(|operation| match operation {
            Operation::Add { path, value } => value.get() == "false" && opened == format!("{target}{path}"),
            Operation::Remove { path } => opened == format!("{target}{path}"),
            Operation::Test { .. } | Operation::Replace { .. } => false,
        }),
        Call::Delete { .. } | Call::Create { .. } => false,
    }
}

#[test]
fn what_a_plan_opens_it_closes_within_two_intervals_whatever_comes() {
    let mut opened = 0;
    each(|case| {
        for (name, plan) in case.plans() {
            for (place, call) in plan.calls.iter().enumerate() {
                let Some(what) = opens(call) else { continue };
                opened += 1;
                let later = &plan.calls[place + 1..];
                let close = later.iter().position(|call| closes(call, &what));
                let close = close.unwrap_or_else(|| panic!("{name}: {what} stays open"));
                assert!(
                    later[close].closes,
                    "{name}: the engine is told that this closes, and sends it whatever comes"
                );
                let waits = plan.calls[place..=place + close].iter().filter_map(|call| call.then.as_ref());
                let waits: Vec<_> = waits.collect();
                assert_eq!(waits.len(), 1, "{name}: one wait while {what} is open");
                // The cases check every 10 s; where the interval can't be read, every minute is what Flagger does.
                let limit = if case.name.contains("interval") { 160 } else { 60 };
                assert!(waits[0].go_on && waits[0].limit <= SignedDuration::from_secs(limit), "{name}: {:?}", waits[0]);
            }
        }
    });
    assert!(opened > 5, "{opened} gates were opened");
}

#[test]
fn a_release_as_it_was_before_the_write_never_counts_as_acted_upon() {
    let mut asked = 0;
    each(|case| {
        let release = case.release();
        for (name, plan) in case.plans() {
            let Wait::Acted(act) = plan.until else { continue };
            asked += 1;
            assert_ne!(case.strategy().acted(&release, act), Settled::Yes, "{name}");
        }
    });
    assert!(asked > 5, "{asked} controllers were asked through their status");
}
