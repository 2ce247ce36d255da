//! Kubernetes itself: readiness, restarts, memory kills and probe failures are in the release's health already, so this
//! source has no numbers of its own; it says that there is nothing more.

use super::source::{Answering, Found, MetricSource, Question};

/// The source.
#[derive(Debug)]
pub struct Kubernetes;

impl MetricSource for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn release<'a>(&'a self, _question: &'a Question) -> Answering<'a, Option<Found>> {
        let found = Found {
            source: "kubernetes".into(),
            detail: "readiness, restarts and memory kills only: see the health".into(),
            ..Found::default()
        };
        Box::pin(std::future::ready(Ok(Some(found))))
    }
}
