//! Measurements: what the cluster's own sources tell of requests, errors and latency, asked for what is looked at.
//!
//! ```text
//! Snapshot, Focus ─► Meter ─► sources, in their order ─► Measurements (a watch channel)
//! ```

pub mod meter;

pub use meter::{Focus, Meter, MeterOptions};
