//! The words of the product as types: what is (objects, releases, snapshot) and what will be done (plan, fence,
//! outcome). No IO, no clock, no Kubernetes crate.

pub mod age;
pub mod details;
pub mod direction;
pub mod doubt;
pub mod forecast;
pub mod guarding;
pub mod history;
pub mod identity;
pub mod ids;
pub mod intent;
pub mod journal;
pub mod kind;
pub mod management;
pub mod mask;
pub mod measurement;
pub mod milestone;
pub mod nearest;
pub mod objects;
pub mod outcome;
pub mod plan;
pub mod pod;
pub mod raw;
pub mod release;
pub mod selector;
pub mod snapshot;
pub mod state;
pub mod target;
pub mod text;
pub mod traffic;
pub mod wait;
pub mod workload;

pub use age::Age;
pub use details::Details;
pub use direction::{Direction, Verb};
pub use ids::{ObjectKey, Revision, Str, Uid};
pub use intent::Intent;
pub use jiff::Timestamp;
pub use kind::Kind;
pub use measurement::{Measured, Measurements};
pub use outcome::Outcome;
pub use plan::{Call, Plan};
pub use raw::RawObject;
pub use release::{Release, Role, Track};
pub use snapshot::Snapshot;
pub use state::State;
