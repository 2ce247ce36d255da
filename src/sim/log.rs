//! What was asked of the simulated API server, for tests that count.

use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// How many requests are kept one by one.
const KEPT: usize = 10_000;

/// One request, after it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The simulated time.
    pub time: Timestamp,
    /// The verb as in rights: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: String,
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Who asked.
    pub user: String,
    /// The status code of the answer; 0 if there was none.
    pub code: u16,
    /// The `User-Agent`.
    pub agent: String,
}

impl Request {
    /// Whether it changed what is stored, or would have: a write that is neither a dry run nor a review.
    pub fn is_mutation(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection")
            && !self.path.contains("dryRun=All")
            && !self.path.contains("reviews")
    }
}

/// The last requests, and counts of all of them.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    pub requests: VecDeque<Request>,
    pub counts: BTreeMap<String, usize>,
    /// Writes that were carried out.
    pub persisted: usize,
}

impl RequestLog {
    pub fn note(&mut self, request: Request) {
        *self.counts.entry(request.verb.clone()).or_default() += 1;
        if request.is_mutation() && (200..300).contains(&request.code) {
            self.persisted += 1;
        }
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }
}
