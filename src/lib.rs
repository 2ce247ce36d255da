//! windlass: a terminal release console.
//!
//! The rooms, lowest first; a room imports only from rooms above it in this list:
//! `domain` (the words as types), `config`, `strategy` (one file a strategy, pure), `guard`, `cluster` (Kubernetes),
//! `metrics`, `notify`, `action` (the only room that writes), `sim` (the simulated cluster), `app` (model and update),
//! `ui` (drawing), `tui` (the terminal) and `cli`.

pub mod action;
pub mod app;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod guard;
pub mod metrics;
pub mod notify;
pub mod sim;
pub mod strategy;
pub mod tui;
pub mod ui;
