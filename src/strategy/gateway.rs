//! Gateway API: an HTTPRoute or `GRPCRoute` whose rules divide requests between backends.
//!
//! Source of the rules: Gateway API › HTTPRoute (`backendRefs[].weight` is a proportion of the rule's sum, an absent one is
//! 1, and filters stay with their rule). The Gateway's controller says in each parent's condition `Accepted`, with
//! `observedGeneration`, whether it took the route; a write waits for that where a controller reports.

use super::routes::claim::Wanted;
use super::routes::shape::Shape;
use super::routes::weighted::Weighted;
use crate::domain::Kind;
use crate::domain::release::StrategyKind;

/// The strategy of `HTTPRoutes` and `GRPCRoutes` with weights.
pub static GATEWAY: Weighted = Weighted {
    kind: StrategyKind("gateway"),
    wanted: Wanted {
        kinds: &[Kind::HttpRoute, Kind::GrpcRoute],
        shape: |shape| matches!(shape, Shape::Weights { .. }),
    },
};
