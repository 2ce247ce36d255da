//! Which objects belong to a Canary.

use crate::domain::objects::Objects;
use crate::domain::traffic::Canary;
use crate::domain::traffic::meta::owning_canary;
use crate::domain::{Kind, ObjectKey, Str};
use crate::strategy::{Claim, Rank};
use std::sync::Arc;

/// The claim on a Canary or on what belongs to it.
pub fn claim(key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
    if !objects.any(Kind::Canary) {
        return None;
    }
    let canary = match key.kind {
        Kind::Canary => Arc::clone(objects.canary(key)?),
        Kind::Deployment
        | Kind::DaemonSet
        | Kind::Service
        | Kind::VirtualService
        | Kind::DestinationRule
        | Kind::HttpRoute => objects.canaries_naming(key).into_iter().find(|it| belongs(it, key, objects))?,
        _ => return None,
    };
    let mut members = vec![canary.meta.key.clone()];
    let named = canary.target_key().into_iter().chain(canary.primary_key()).chain(canary.generated());
    members.extend(named.filter(|key| exists(key, objects) && belongs(&canary, key, objects)));
    Some(Claim { root: canary.meta.key.clone(), members, rank: Rank::Flagger, why: why(&canary) })
}

/// Why it is shown as Flagger's.
pub fn why(canary: &Canary) -> Str {
    match &canary.target {
        Some(target) => format!("Canary {} targets {}", canary.meta.key.name, target.words()).into(),
        None => format!("Canary {} names no target", canary.meta.key.name).into(),
    }
}

/// Whether the object at `key`, which has a name that the Canary gives, is really its own. Flagger takes over a workload
/// or Service of such a name that nobody owns; a route counts when it leads to the candidate.
pub fn belongs(canary: &Canary, key: &ObjectKey, objects: &dyn Objects) -> bool {
    if canary.target_key().as_ref() == Some(key) {
        return true;
    }
    let me = &canary.meta.key;
    let owned = |owner| owning_canary(owner, &key.namespace).as_ref() == Some(me);
    let started = !canary.status.phase.is_empty();
    match key.kind {
        Kind::Deployment | Kind::DaemonSet => objects
            .workload(key)
            .is_none_or(|workload| owned(workload.owner.as_ref()) || (started && workload.owner.is_none())),
        Kind::Service => objects
            .service(key)
            .is_none_or(|service| owned(service.owner.as_ref()) || (started && service.owner.is_none())),
        Kind::VirtualService | Kind::HttpRoute => objects
            .route(key)
            .is_none_or(|route| owned(route.meta.owner.as_ref()) || super::route::weighted(canary, route).is_some()),
        Kind::DestinationRule => {
            let apex = canary.apex().map(|apex| ObjectKey::new(Kind::Service, me.namespace.clone(), apex.clone()));
            let named =
                canary.generated().into_iter().filter(|it| it.kind == Kind::Service && Some(it) != apex.as_ref());
            named.into_iter().any(|service| objects.destination_rules_of(&service).iter().any(|it| it.meta.key == *key))
        }
        _ => false,
    }
}

/// Whether there is such an object.
pub fn exists(key: &ObjectKey, objects: &dyn Objects) -> bool {
    match key.kind {
        Kind::Service => objects.service(key).is_some(),
        kind if kind.is_route() => objects.route(key).is_some(),
        // Rules are found by their Service: `belongs` looks.
        Kind::DestinationRule => true,
        _ => objects.workload(key).is_some(),
    }
}
