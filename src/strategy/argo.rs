//! What the canary and the blue-green of Argo Rollouts share: a Rollout with its ReplicaSets, analysis runs, Services and
//! routes, read into tracks, steps, state and traffic, and the plans that steer it.
//!
//! Argo has no server API: everything is a read or a patch of the Rollout. Its plugin sends those patches without any
//! precondition; here each is fenced and guarded against what the plugin lets happen.
//!
//! Sources: Argo Rollouts' documentation (Rollout specification, Rollback windows, Anti-affinity, Ephemeral metadata), its
//! controller's and its plugin's behaviour as seen on a real one.

pub mod actions;
pub mod analysis;
pub mod blocked;
pub mod claim;
pub mod countdowns;
pub mod fence;
pub mod gate;
pub mod go_on;
pub mod hold;
pub mod image;
pub mod kubectl;
pub mod path;
pub mod phase;
pub mod plan;
pub mod release;
pub mod restart;
pub mod revert;
pub mod settled;
pub mod split;
pub mod stand;
pub mod state;
pub mod steered;
pub mod steps;
pub mod template;
pub mod tracks;
pub mod traffic;
pub mod turn_back;
pub mod undo;
pub mod view;
pub mod weight;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub mod world;
