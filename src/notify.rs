//! Who is told of what a guard did: a Slack channel, any URL that takes JSON, a program.
//!
//! ```text
//! Notice ─► Notifier ─► slack, webhook, command; each by itself, tried again with growing pauses
//! ```
//! A notice that fails is told about and stops nothing. URLs and headers are secrets: they are in no error and no log.

mod channel;
mod command;
mod http;
mod notice;

pub use channel::{Failed, Notifier, Unusable};
pub use notice::{Happened, Notice, Numbers};

#[cfg(test)]
mod tests;
