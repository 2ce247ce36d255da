//! The dialog that arms a guard, or ends one.

use crate::action::guard::arm;
use crate::app::arming::Arming;
use crate::app::guards::Acts;
use crate::domain::intent::ReleaseId;
use crate::domain::{Release, Role, Str};
use crate::strategy::Switched;

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
    /// A dialog over `release`; `switched` is our last switch of it. It shows the way back that the guard would take.
    pub fn new(release: &Release, switched: Option<&Switched>, revision: u64) -> Self {
        let lanes = arm(release, switched).ok();
        let shown = release.track(Role::Candidate).or_else(|| release.track(Role::Stable));
        let guarded = lanes.as_ref().map(|(guarded, _)| guarded.version.clone());
        let served = lanes.and_then(|(_, served)| served).map(|served| match served.revision {
            Some(revision) if release.traffic.is_none() => {
                format!("{} (revision {})", served.version, revision.0).into()
            }
            _ => served.version,
        });
        let mut arming = Arming::default();
        arming.changed(revision);
        Self {
            release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
            version: guarded.or_else(|| Some(shown?.version.clone())).unwrap_or_default(),
            served: served.unwrap_or_default(),
            acts: Acts::default(),
            ladder: release.step.is_some(),
            arming,
        }
    }
}
