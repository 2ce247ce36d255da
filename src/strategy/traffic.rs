//! What the strategies that shift traffic share: the workloads of a release with their part in it, the ladder, shares in
//! per cent, health and state over several workloads, and the template verbs on one of them.

pub mod ladder;
pub mod part;
pub mod plain;
pub mod roles;
pub mod rules;
pub mod standing;
pub mod template;
