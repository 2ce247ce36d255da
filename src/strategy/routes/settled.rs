//! Whether a route and the workloads behind it have come to rest.

use super::notices::{refused, reports};
use crate::domain::Release;
use crate::strategy::Settled;
use crate::strategy::traffic::standing;

/// What is still missing. Where a controller reports, its parents must have taken this generation.
pub fn settled(release: &Release) -> Settled {
    let route = release.traffic.as_ref().and_then(|traffic| traffic.rows.routes.first());
    if let Some(route) = route.filter(|route| reports(route.meta.key.kind)) {
        if let Some(why) = refused(&route.parents, route.meta.generation).into_iter().next() {
            return Settled::Failed(why);
        }
        if route.accepted() == Some(false) {
            return Settled::NotYet("its Gateway has not accepted this generation yet".into());
        }
    }
    standing::settled(release)
}
