//! What scripts read: the documents of `-o json` and `-o yaml`. Their form is part of the contract.

/// The `apiVersion` of every document.
pub const API_VERSION: &str = "windlass/v1";
