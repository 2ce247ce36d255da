//! Which release an object belongs to, when a route roots it.

use super::places::{self, Behind};
use super::shape::{Shape, shape};
use crate::domain::objects::Objects;
use crate::domain::traffic::Route;
use crate::domain::{Kind, ObjectKey};
use crate::strategy::{Claim, Rank};
use std::sync::Arc;

/// Which routes, and which of their shapes, a strategy is for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The kinds of routes.
    pub kinds: &'static [Kind],
    /// Whether a shape is the strategy's.
    pub shape: fn(&Shape) -> bool,
}

/// The claim on `key`: a route itself, or a Service or workload that one of these routes sends to.
pub fn claim(wanted: Wanted, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
    if !wanted.kinds.iter().any(|kind| objects.any(*kind)) {
        return None;
    }
    match key.kind {
        kind if wanted.kinds.contains(&kind) => of_route(wanted, objects.route(key)?, objects),
        Kind::Service => first(wanted, objects.routes_to(key), objects),
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => of_workload(wanted, key, objects),
        _ => None,
    }
}

fn of_route(wanted: Wanted, route: &Route, objects: &dyn Objects) -> Option<Claim> {
    if !wanted.kinds.contains(&route.meta.key.kind) {
        return None;
    }
    let shape = shape(route, objects).filter(wanted.shape)?;
    let (Shape::Weights { why } | Shape::Test { why }) = shape;
    let mut members = vec![route.meta.key.clone()];
    members.extend(route.services());
    members.extend(workloads(route, objects));
    Some(Claim { root: route.meta.key.clone(), members, rank: Rank::Route, why: why.into() })
}

/// The first by key, so that a Service or workload behind several routes always has the same root.
fn first(wanted: Wanted, routes: Vec<Arc<Route>>, objects: &dyn Objects) -> Option<Claim> {
    by_key(routes).iter().find_map(|route| of_route(wanted, route, objects))
}

fn of_workload(wanted: Wanted, key: &ObjectKey, objects: &dyn Objects) -> Option<Claim> {
    let labels = &objects.workload(key)?.template_labels;
    let services = objects.services_selecting(&key.namespace, labels);
    let routes = services.iter().flat_map(|service| objects.routes_to(&service.key));
    let routes = by_key(routes.filter(|route| wanted.kinds.contains(&route.meta.key.kind)).collect());
    routes.iter().find_map(|route| of_route(wanted, route, objects).filter(|claim| claim.members.contains(key)))
}

fn by_key(mut routes: Vec<Arc<Route>>) -> Vec<Arc<Route>> {
    routes.sort_unstable_by(|a, b| a.meta.key.cmp(&b.meta.key));
    routes.dedup_by(|a, b| a.meta.key == b.meta.key);
    routes
}

/// The workloads behind a route's places, those of subsets that no rule sends to among them.
fn workloads(route: &Route, objects: &dyn Objects) -> Vec<ObjectKey> {
    let mut places = places::of_route(route);
    places.extend(places::unused(route, objects));
    let behind = places.iter().map(|place| places::behind(place, &route.meta.key.namespace, objects));
    let mut keys: Vec<ObjectKey> = behind
        .filter_map(|behind| match behind {
            Behind::Workload(workload) => Some(workload.key.clone()),
            Behind::Missing(_) | Behind::Unclear(_) | Behind::Owned(_) => None,
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
