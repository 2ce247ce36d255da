//! Commands as a person meets them: arguments and environment in; exit code, output and complaints out.

mod config;
mod pages;
mod run;
