//! Istio: a VirtualService whose rules divide requests between versions, told apart by subsets or by hosts of their own.
//!
//! Source of the rules: Istio › Virtual Service (the first rule that matches wins; weights of a rule sum to 100, and an
//! only destination may leave its weight out) and Destination Rule (a subset is the Service's pods with more labels). A
//! weight takes effect as soon as the proxies have it, in about a second; nothing reports when.

use super::routes::claim::Wanted;
use super::routes::shape::Shape;
use super::routes::weighted::Weighted;
use crate::domain::Kind;
use crate::domain::release::StrategyKind;

/// The strategy of VirtualServices with weights.
pub static ISTIO: Weighted = Weighted {
    kind: StrategyKind("istio"),
    wanted: Wanted { kinds: &[Kind::VirtualService], shape: |shape| matches!(shape, Shape::Weights { .. }) },
};
