//! The only room that writes: allow → preview → apply → verify → journal.

pub mod journal;

pub use journal::Journal;
