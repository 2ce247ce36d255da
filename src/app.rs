//! The console's state and what changes it; no terminal, no drawing.

pub mod field;
pub mod keypress;
