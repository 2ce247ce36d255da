//! When a plan counts as done.

use serde::{Deserialize, Serialize};

/// When a plan counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// Once the server took it.
    Accepted,
    /// Once the controller saw the new generation.
    Observed,
    /// Once the controller has done what its status was asked for, as the strategy tells: such a write makes no new
    /// generation, and the release may well end up waiting for a person again, or failed as was wanted.
    Acted(Act),
    /// Once the strategy says that every wanted pod of the new template is available.
    #[default]
    Settled,
}

/// What a controller was asked for through its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// To leave the step with this index: what follows it has its weight, and it rests there.
    LeaveStep(u32),
    /// To go on from where it stands, which is no step.
    GoOn,
    /// To abort: the stable version has everything.
    Abort,
    /// To begin an aborted version again.
    Retry,
}
