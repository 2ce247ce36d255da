//! Flagger's Canaries in small worlds: what is shown, what is planned, and the hazards.

mod hazards;
mod plans;
mod shown;
mod words;
mod world;
