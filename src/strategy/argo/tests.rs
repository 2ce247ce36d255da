//! Rollouts in every state: what is shown, and what each verb does, refuses and foretells.

mod acted;
mod fenced;
mod hazards;
mod shown;
mod undone;
mod verbs;
