//! The console's state and what changes it; no terminal, no drawing.
//!
//! ```text
//! key, snapshot, answer ─► Msg ─► update(&mut Model, Msg) ─► Vec<Effect> ─► runner ─► Msg …
//! ```
//! `update` is synchronous and does no IO; time comes in with every message.

pub mod arming;
pub mod board;
pub mod cells;
pub mod console;
pub mod effect;
pub mod field;
pub mod filter;
pub mod gates;
pub mod guards;
pub mod journal;
pub mod keypress;
pub mod keys;
pub mod layers;
pub mod layout;
pub mod marks;
pub mod measuring;
pub mod messages;
pub mod model;
pub mod msg;
pub mod rights;
pub mod runner;
pub mod scroll;
pub mod session;
pub mod sight;
pub mod timeline;
pub mod update;
pub mod wake;
pub mod writes;
pub mod yaml;

pub use console::{Console, Setup, Wish};
pub use effect::Effect;
pub use model::Model;
pub use msg::Msg;
pub use session::Session;
pub use update::update;
