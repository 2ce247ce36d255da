//! Commands as a person meets them: arguments and environment in; exit code, output and complaints out.

mod bad_input;
mod config;
mod flags;
mod guarding;
mod kubeconfig;
mod outcomes;
mod pages;
mod presence;
mod reading;
mod run;
mod starting;
mod stepping;
mod watching;
mod writing;
