//! What the strategies of routes share: which workloads a route's destinations mean, what kind of release its rules make,
//! and the plans that move weights, repoint rules and take them back.
//!
//! ```text
//! VirtualService ── http[], tls[], tcp[] ── route[].destination ── Service (+ subset) ──► workload
//! HTTPRoute, GRPCRoute ── rules[] ── backendRefs[] ── Service ──► workload
//! ```
//! Sources: Istio › Virtual Service and Destination Rule (an only destination may leave its weight out; weights of a rule
//! sum to 100), Gateway API › HTTPRoute (weights are proportions, an absent one is 1).

pub mod abort;
pub mod actions;
pub mod claim;
pub mod diff;
pub mod draft;
pub mod hosts;
pub mod notices;
pub mod places;
pub mod plan;
pub mod reading;
pub mod release;
pub mod revert;
pub mod settled;
pub mod shape;
pub mod undo;
pub mod weighted;
pub mod weights;

#[cfg(test)]
pub mod tests;
