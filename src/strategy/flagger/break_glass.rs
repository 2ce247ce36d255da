//! The last resort: suspend Flagger, then write its route. Only with a reason, and only when neither a hook nor Flagger
//! itself takes the traffic back.

use super::forecast::canary_writes;
use super::phase::Phase;
use super::route::{role_of, weighted};
use super::suspend::{SUSPEND, merge};
use super::verbs::{Seen, of_phase, refused};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Inverse, InversePart, InverseSteps, Operation, Patch, Refusal, Wait, json, null};
use crate::domain::release::Role;
use crate::domain::said::{RESUME, UNDO};
use crate::domain::traffic::route::Rule;
use crate::domain::traffic::{Canary, Route};
use crate::domain::{Details, Direction, Intent, Plan, RawObject, Str, Verb};
use crate::strategy::Context;
use crate::strategy::taking_back::put_back;
use crate::strategy::workload::diff;
use crate::strategy::workload::plan::{Draft, Part, finish, patch};
use crate::strategy::workload::undo::truth;

/// Whether there is traffic on the canary that a write of the route takes away.
pub fn possible(seen: &Seen<'_>) -> Result<(), Str> {
    if !matches!(seen.phase, Phase::Progressing | Phase::WaitingPromotion | Phase::Failed) {
        return Err("no run has traffic on its canary".into());
    }
    let (Some(_), Some(weight)) = (rule(seen), seen.weight()) else {
        return Err("it has no route that the console reads".into());
    };
    if weight == 0 { Err("no traffic goes to its canary".into()) } else { Ok(()) }
}

fn rule<'a>(seen: &Seen<'a>) -> Option<(&'a Route, &'a Rule)> {
    let route = seen.route?;
    Some((route, rule_of(seen.canary, route)?))
}

/// The rule of its route that divides the traffic: what would be written.
pub fn rule_of<'a>(canary: &Canary, route: &'a Route) -> Option<&'a Rule> {
    let rule = weighted(canary, route)?;
    let has = |role| rule.destinations.iter().any(|to| role_of(canary, to) == Some(role));
    (has(Role::Stable) && has(Role::Candidate)).then_some(rule)
}

/// The plan: `spec.suspend`, then the route to the primary.
pub fn plan(seen: &Seen<'_>, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    possible(seen).map_err(|why| refused(seen, Verb::Abort, &why))?;
    let again = || Refusal::read_again(format!("the route of {} was not read; look at it anew", seen.release.key));
    let (route, rule) = rule(seen).ok_or_else(again)?;
    let raw = details.object(&route.meta.key).ok_or_else(again)?;
    let root = &details.root;
    let mut calls = Vec::new();
    if !seen.canary.suspend {
        let suspend = of_phase(root).test(SUSPEND).add(SUSPEND, truth(true)).call();
        calls.push(patch(suspend, "only if spec.suspend and the phase are as shown"));
    }
    let number = |weight: i64| json(&weight).unwrap_or_else(null);
    let wanted = |to: &crate::domain::traffic::route::Destination| match role_of(seen.canary, to) {
        Some(Role::Stable) => Some(100),
        Some(_) => Some(0),
        None => None,
    };
    let weights: Vec<(String, i64)> =
        rule.destinations.iter().filter_map(|to| Some((rule.weight_pointer(to.index), wanted(to)?))).collect();
    let fenced = Patch::of(raw).test(&rule.pointer);
    let call = weights.iter().fold(fenced, |patch, (path, weight)| patch.add(path, number(*weight))).call();
    let mut planned = patch(call, "only if its rule is as shown");
    planned.what =
        format!("PATCH {} {}/{}", route.meta.api_version, route.meta.key.kind.plural(), route.meta.key.name).into();
    calls.push(planned);
    let old = seen.users_are_on();
    let inverse = inverse(seen, raw, root, rule, &weights);
    let was = |share: Option<u8>| share.map_or_else(|| "?".to_owned(), |share| format!("{share} %"));
    let draft = Draft {
        title: format!("BREAK GLASS: Flagger suspended, all traffic to {old}"),
        direction: Direction::Back,
        calls,
        until: Wait::Accepted,
        inverse,
        forecast: Forecast {
            then: format!("all new requests go to {old} at once; Flagger stays suspended, and the canary's pods stay")
                .into(),
            takes: None,
            warnings: warnings(seen),
            ..Forecast::default()
        },
        risk: Risk::High,
        diff: vec![
            diff::value("spec.suspend", Some(&seen.canary.suspend.to_string()), Some("true")),
            diff::value("weight of the primary", Some(&was(seen.split.primary)), Some("100 %")),
            diff::value("weight of the canary", Some(&was(seen.split.candidate)), Some("0 %")),
        ],
        needs: Vec::new(),
        kubectl: vec![merge(&root.key, "{\"spec\":{\"suspend\":true}}")],
    };
    Ok(finish(seen.release, details, &Intent::Abort, context, Part::Neither, draft))
}

fn inverse(seen: &Seen<'_>, route: &RawObject, root: &RawObject, rule: &Rule, weights: &[(String, i64)]) -> Inverse {
    let back: Vec<Operation> = weights.iter().map(|(path, _)| put_back(route, path)).collect();
    let resume = InversePart {
        target: root.key.clone(),
        operations: vec![put_back(root, SUSPEND)],
        fenced_on: vec![SUSPEND.into()],
        subresource: None,
    };
    Inverse::Exact(InverseSteps {
        target: route.key.clone(),
        operations: back,
        fenced_on: vec![rule.pointer.to_string()],
        subresource: None,
        also: if seen.canary.suspend { Vec::new() } else { vec![resume] },
        words: "the weights as they were, and Flagger goes on".into(),
        direction: Direction::Forward,
    })
}

fn warnings(seen: &Seen<'_>) -> Vec<Str> {
    let mut warnings: Vec<Str> = vec!["this writes a route that Flagger owns".into()];
    let (old, new) = (seen.old_version(), seen.new_version());
    warnings.push(
        format!(
            "resumed as it is, the run of {new} begins again at its first weight: {UNDO} first ({old} on the target), then \
             {RESUME}"
        )
        .into(),
    );
    warnings.extend(canary_writes(seen));
    warnings
}
