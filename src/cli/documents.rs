//! What scripts read: the documents of `-o json` and `-o yaml`. Their form is part of the contract.

mod measurements;
mod outcome;
mod releases;
mod revisions;
mod traffic;

pub use measurements::MeasurementsPart;
pub use outcome::OutcomeDocument;
pub use releases::{ReleaseItem, ReleaseList};
pub use revisions::RevisionList;

/// The `apiVersion` of every document.
pub const API_VERSION: &str = "windlass/v1";
