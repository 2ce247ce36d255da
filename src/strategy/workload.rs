//! What rolling, recreate and on-delete share: a workload with its revisions and pods, read into tracks, state, progress,
//! history and health, and the plans that change it.

pub mod actions;
pub mod blockers;
pub mod diff;
pub mod evidence;
pub mod facts;
pub mod forecast;
pub mod headroom;
pub mod health;
pub mod image;
pub mod kubectl;
pub mod managers;
pub mod needs;
pub mod pause;
pub mod phase;
pub mod places;
pub mod plain;
pub mod plan;
pub mod progress;
pub mod release;
pub mod restart;
pub mod revert;
pub mod scale;
pub mod settled;
pub mod state;
pub mod target;
pub mod template;
pub mod tracks;
pub mod undo;
pub mod unmade;
pub mod version;
pub mod words;

#[cfg(test)]
mod tests;
