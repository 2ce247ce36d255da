//! What is wrong with a configuration: every fault with its place, and what would be right.

use std::fmt;

use super::origin::Origin;

/// One fault, at one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {message}")]
pub struct Problem {
    /// Where the faulty value stands.
    pub origin: Origin,
    /// A sentence: what is wrong and what is allowed.
    pub message: String,
}

impl Problem {
    /// A fault at `origin`.
    pub fn new(origin: Origin, message: impl Into<String>) -> Self {
        Self { origin, message: message.into() }
    }
}

/// All faults of a configuration, in the order of their places. Shown one a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
