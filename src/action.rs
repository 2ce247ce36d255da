//! The only room that writes: allow → preview → apply → verify → journal.
//!
//! An [`Engine`] is made for one cluster. What it is handed is a finished plan; it sends that plan's calls as they are,
//! tells how they go, and follows the release until what the plan waits for has come.

mod check;
mod closing;
pub mod conflict;
mod desk;
mod drift;
pub mod engine;
mod event;
pub mod gates;
pub mod guard;
pub mod journal;
mod lease;
mod lost;
mod midway;
mod outcome;
mod owners;
pub mod presence;
pub mod preview;
pub mod progress;
mod recognise;
mod record;
pub mod resume;
pub mod rights;
mod run;
mod verify;

pub use desk::Desks;
pub use engine::{Engine, Gauges, Settings};
pub use gates::Policy;
pub use journal::Journal;
pub use preview::Preview;
pub use progress::{Consent, News, Progress};
