//! Holding a run, and letting it go on.

use super::forecast::canary_writes;
use super::gate::{self, kubectl, turn};
use super::phase::{Phase, interval};
use super::verbs::{Seen, of_phase, refused, unchanged};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Inverse, InverseSteps, Refusal, Wait};
use crate::domain::said::ADVANCE;
use crate::domain::traffic::hook::Gate;
use crate::domain::{Age, Details, Direction, Intent, ObjectKey, Plan, Str, Verb};
use crate::strategy::Context;
use crate::strategy::taking_back::put_back;
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, Part, finish, patch};
use crate::strategy::workload::undo::truth;

/// Where Flagger is told to look away.
pub const SUSPEND: &str = "/spec/suspend";

/// How a run is held.
pub enum Hold {
    /// By closing the gates of its weights: checks go on, and still roll back.
    Gates(Vec<Gate>),
    /// By `spec.suspend`: nothing is looked at any more.
    Suspend,
}

/// How it can be held now, or why it can't.
pub fn possible(seen: &Seen<'_>) -> Result<Hold, Str> {
    if seen.canary.suspend {
        return Err("it is suspended already".into());
    }
    let gates = gate::of_weights(seen.canary).filter(|_| seen.phase == Phase::Progressing);
    // A run that stands at its gate is held: what is left is to suspend it.
    Ok(match gates.filter(|_| seen.traffic.waiting.is_none()) {
        Some(gates) => Hold::Gates(gates),
        None => Hold::Suspend,
    })
}

/// What holding does, in words.
pub fn consequence(seen: &Seen<'_>, hold: &Hold) -> String {
    match hold {
        Hold::Gates(_) => "its gate is closed: no further weight; checks go on and still roll back".into(),
        Hold::Suspend if seen.phase.in_flight() => {
            "suspended: all stays as it is, and failing checks don't roll back".into()
        }
        Hold::Suspend => "suspended: the next change waits".into(),
    }
}

/// The plan that holds.
pub fn pause(seen: &Seen<'_>, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    let hold = possible(seen).map_err(|why| unchanged(seen, Verb::Pause, &why))?;
    let draft = match &hold {
        Hold::Gates(gates) => close(seen, gates),
        Hold::Suspend => set(seen, details, true),
    };
    Ok(finish(seen.release, details, &Intent::Pause, context, Part::Neither, draft))
}

/// The plan that lets it go on.
pub fn resume(seen: &Seen<'_>, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    if !seen.canary.suspend {
        let why = if seen.traffic.waiting.is_some() {
            format!("it is not suspended: {ADVANCE} lets the next step through")
        } else {
            "it is not suspended".to_owned()
        };
        return Err(if seen.traffic.waiting.is_some() {
            refused(seen, Verb::Resume, &why)
        } else {
            unchanged(seen, Verb::Resume, &why)
        });
    }
    let draft = set(seen, details, false);
    Ok(finish(seen.release, details, &Intent::Resume, context, Part::Neither, draft))
}

fn close(seen: &Seen<'_>, gates: &[Gate]) -> Draft {
    let weight = seen.weight().map_or_else(|| "where it is".to_owned(), |weight| format!("at {weight} %"));
    let hold = gate::ahead(seen.canary, seen.weight());
    let words = hold.map_or_else(|| "gate".into(), |hold| hold.words());
    Draft {
        title: format!("held {weight}"),
        direction: Direction::Back,
        calls: gates.iter().map(|gate| turn(seen.canary, gate, false)).collect(),
        until: Wait::Accepted,
        inverse: Inverse::None { why: format!("{ADVANCE} opens the gate for the next weight").into() },
        forecast: Forecast {
            then: format!("from the next check on it stays {weight}; the checks go on, and still roll back").into(),
            takes: Some(interval(seen.canary)),
            warnings: vec!["a check that is under way may still let one weight through".into()],
            ..Forecast::default()
        },
        risk: Risk::Low,
        diff: vec![diff::value(&words, Some("as it is"), Some("closed"))],
        needs: Vec::new(),
        kubectl: gates.iter().map(|gate| kubectl(seen.canary, gate, false)).collect(),
    }
}

fn set(seen: &Seen<'_>, details: &Details, on: bool) -> Draft {
    let root = &details.root;
    let call = of_phase(root).test(SUSPEND).add(SUSPEND, truth(on)).call();
    let mut warnings: Vec<Str> = Vec::new();
    if on && seen.phase.in_flight() {
        warnings.push("while suspended Flagger rolls nothing back, whatever the metrics say".into());
        warnings.push("drift is not repaired, and a new template waits".into());
    }
    let back_on_zero = !on && seen.phase == Phase::Progressing && seen.weight() == Some(0);
    if back_on_zero {
        warnings.push(format!("the run of {} begins again at its first weight", seen.new_version()).into());
    }
    warnings.extend(canary_writes(seen));
    let direction = if on { Direction::Back } else { Direction::Forward };
    Draft {
        title: if on { "suspended".into() } else { String::new() },
        direction,
        calls: vec![patch(call, "only if spec.suspend and the phase are as shown")],
        until: Wait::Accepted,
        inverse: Inverse::Exact(InverseSteps {
            target: root.key.clone(),
            operations: vec![put_back(root, SUSPEND)],
            fenced_on: vec![SUSPEND.into()],
            subresource: None,
            also: Vec::new(),
            words: if on { "Flagger goes on".into() } else { "suspended again".into() },
            direction: direction.opposite(),
        }),
        forecast: Forecast {
            then: then(seen, on).into(),
            takes: Some(interval(seen.canary)).filter(|_| !on),
            warnings,
            ..Forecast::default()
        },
        risk: if on { Risk::Low } else { Risk::Medium },
        diff: vec![diff::value("spec.suspend", Some(&seen.canary.suspend.to_string()), Some(&on.to_string()))],
        needs: Vec::new(),
        kubectl: vec![merge(&root.key, &format!("{{\"spec\":{{\"suspend\":{on}}}}}"))],
    }
}

fn then(seen: &Seen<'_>, on: bool) -> String {
    let weight = seen.weight().map_or_else(String::new, |weight| format!(" at {weight} %"));
    let within = Age(interval(seen.canary)).words();
    match (on, seen.phase.in_flight()) {
        (true, true) => {
            format!("the run stops in {}{weight}: pods and traffic stay as they are", super::phase::word(seen.canary))
        }
        (true, false) => "a new template on the target waits until it is resumed".into(),
        (false, true) => format!("within {within} the run goes on in {}{weight}", super::phase::word(seen.canary)),
        (false, false) => format!("Flagger looks at the target again within {within}"),
    }
}

/// `kubectl -n shop patch canary podinfo --type merge -p …`.
pub fn merge(key: &ObjectKey, patch: &str) -> Str {
    format!("kubectl -n {} patch {} {} --type merge -p '{patch}'", key.namespace, key.kind.singular(), key.name).into()
}
