//! Measurements: what the cluster's own sources tell of requests, errors and latency, asked for what is looked at.
//!
//! ```text
//! Snapshot, Focus ─► Meter ─► sources, in their order ─► Measurements (a watch channel)
//! ```

mod lanes;
pub mod meter;
mod prometheus;
mod quantile;
mod source;
mod tally;

pub use meter::{Focus, Meter, MeterOptions};
