//! Measurements: what the cluster's own sources tell of requests, errors and latency, asked for what is looked at.
//!
//! ```text
//! Snapshot, Focus ─► Meter ─► sources, in their order ─► Measurements (a watch channel)
//! ```

mod controllers;
mod credentials;
mod health;
mod http;
mod kubernetes;
mod lanes;
pub mod meter;
mod noise;
mod once;
mod prometheus;
mod quantile;
mod scrape;
mod source;
mod tally;

pub use health::service as health_service;
pub use meter::{Focus, Meter, MeterOptions};
pub use once::{is_told, measure};
pub use prometheus::service as prometheus_service;
