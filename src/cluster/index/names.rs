//! Which objects a row names: the way from a Service to its routes, from a Deployment to its Canary.

use crate::cluster::wire::Row;
use crate::domain::ObjectKey;

/// The objects that `row` names and that somebody may ask for by; an autoscaler's target and a slice's Service have maps
/// of their own.
pub fn names(row: &Row) -> Vec<ObjectKey> {
    let mut names = match row {
        Row::Route(route) => {
            let mut names = route.services();
            names.extend(route.delegates());
            names
        }
        Row::DestinationRule(rule) => rule.service.iter().cloned().collect(),
        Row::Canary(canary) => {
            let mut names = canary.generated();
            names.extend(canary.target_key());
            names.extend(canary.primary_key());
            names
        }
        Row::Rollout(rollout) => {
            let mut names = rollout.services();
            names.extend(rollout.routes());
            names.extend(rollout.template_key().filter(|key| *key != rollout.meta.key));
            names
        }
        Row::Workload(_)
        | Row::Revision(_)
        | Row::Pod(_)
        | Row::Service(_)
        | Row::Slice(_)
        | Row::Autoscaler(_)
        | Row::Budget(_)
        | Row::Namespace(_)
        | Row::Run(_)
        | Row::Presence(..) => return Vec::new(),
    };
    names.sort_unstable();
    names.dedup();
    names
}
