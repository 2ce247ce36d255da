//! The dialog that arms a guard, or ends one.

use crate::app::arming::Arming;
use crate::app::guards::Acts;
use crate::domain::intent::ReleaseId;
use crate::domain::{Release, Role, Str};

/// The dialog.
#[derive(Debug)]
pub struct GuardDialog {
    /// The release, fixed when the key was pressed.
    pub release: ReleaseId,
    /// The version that would be guarded.
    pub version: Str,
    /// What served, and is gone back to; empty where nothing is known.
    pub served: Str,
    /// What it may do.
    pub acts: Acts,
    /// Whether the release has a ladder to walk.
    pub ladder: bool,
    /// When `y` may be taken.
    pub arming: Arming,
}

impl GuardDialog {
    /// A dialog over `release`.
    pub fn new(release: &Release, revision: u64) -> Self {
        let guarded = release.track(Role::Candidate).or_else(|| release.track(Role::Stable));
        let stable = release.track(Role::Stable).filter(|_| release.track(Role::Candidate).is_some());
        let before = release.back_to.and_then(|revision| release.entry(revision));
        let before = before.map(|entry| format!("revision {}", entry.revision.0).into());
        let mut arming = Arming::default();
        arming.changed(revision);
        Self {
            release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
            version: guarded.map(|track| track.version.clone()).unwrap_or_default(),
            served: stable.map(|track| track.version.clone()).or(before).unwrap_or_default(),
            acts: Acts::default(),
            ladder: release.step.is_some(),
            arming,
        }
    }
}
