//! The `DestinationRules` behind a release.

use crate::domain::ObjectKey;
use crate::domain::objects::Objects;
use crate::domain::traffic::route::DestinationRule;
use std::sync::Arc;

/// The `DestinationRules` for any of the Services, each once, by key.
pub fn of_services(services: &[ObjectKey], objects: &dyn Objects) -> Vec<Arc<DestinationRule>> {
    let mut rules: Vec<_> = services.iter().flat_map(|service| objects.destination_rules_of(service)).collect();
    rules.sort_unstable_by(|a, b| a.meta.key.cmp(&b.meta.key));
    rules.dedup_by(|a, b| a.meta.key == b.meta.key);
    rules
}
