//! Which verbs the cluster lets us use on a release: asked when it comes into focus, told before the press.

use crate::domain::{Str, Verb};

/// What the cluster answered for one release. An error is "not known", never "no".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// Verbs that it forbids, with the permission that is missing: `patch deployments.apps`.
    pub denied: Vec<(Verb, Str)>,
    /// Why it could not be asked; `None` when it answered.
    pub unknown: Option<Str>,
    /// The permission to write Leases that is missing: without it nobody sees who steps a release.
    pub presence: Option<Str>,
}

impl Rights {
    /// The permission that `verb` lacks.
    pub fn lacks(&self, verb: Verb) -> Option<&Str> {
        self.denied.iter().find(|(denied, _)| *denied == verb).map(|(_, permission)| permission)
    }
}
