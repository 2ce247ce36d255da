//! The read side over the simulated cluster, through the real client, in tokio's paused time.

mod connecting;
mod customs;
mod faults;
mod kit;
mod namespaces;
mod observing;
mod once;
mod writing;
