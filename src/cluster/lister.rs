//! Lists, streamed: one request, items cut out of the chunks as they come.

use super::connect::Cluster;
use super::errors::{Away, ReadError};
use super::explain;
use super::request::Request;
use super::splitter::Splitter;
use crate::domain::Str;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

/// How long the server may take to begin its answer: it collects the whole list first.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// How long it may pause within its answer.
const PAUSE_LIMIT: Duration = Duration::from_secs(15);

/// A list under way.
#[derive(Debug)]
pub struct Listing {
    body: Body,
    splitter: Splitter,
    what: String,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Items were handed out; more may come.
    More,
    /// The list is complete.
    End,
}

impl Cluster {
    /// Starts the list at `path`. `what` names it in errors.
    pub(super) async fn start_list(&self, path: String, what: String) -> Result<Listing, ReadError> {
        let response = match Box::pin(self.open(&Request::get(path), HEAD_LIMIT)).await {
            Ok(response) => response,
            Err(failed) => return Err(failed.of_read(&what)),
        };
        Ok(Listing { body: response.into_body(), splitter: Splitter::default(), what })
    }
}

impl Listing {
    /// Waits for the next chunk and hands each item that it completes to `item`.
    pub async fn step(&mut self, item: impl FnMut(&[u8])) -> Result<Step, ReadError> {
        match timeout(PAUSE_LIMIT, self.body.frame()).await {
            Err(_) => Err(self.cut("the server stopped sending")),
            Ok(None) => Ok(Step::End),
            Ok(Some(Err(error))) => Err(self.cut(&explain::deepest(&error))),
            Ok(Some(Ok(frame))) => {
                if let Some(chunk) = frame.data_ref() {
                    self.splitter.feed(chunk, item);
                }
                Ok(Step::More)
            }
        }
    }

    /// The version to watch from, after `step` gave the end; `None` where the server gave none.
    pub fn finish(self) -> Result<Option<Str>, ReadError> {
        self.finish_page().map(|(version, _)| version)
    }

    /// The same, and whether the server has more than it was asked for at once.
    pub fn finish_page(self) -> Result<(Option<Str>, bool), ReadError> {
        #[derive(Deserialize)]
        struct Shell {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata {
            #[serde(default)]
            resource_version: String,
            #[serde(default)]
            r#continue: String,
        }
        let what = self.what;
        let shell = self.splitter.finish();
        let shell =
            shell.ok_or_else(|| ReadError::Unreachable(Away::silent(format!("The list of {what} was cut off."))))?;
        let shell: Shell = serde_json::from_slice(&shell)
            .map_err(|error| ReadError::Unreadable(format!("The list of {what} can't be understood: {error}.")))?;
        let Metadata { resource_version, r#continue } = shell.metadata;
        Ok((Some(resource_version).filter(|version| !version.is_empty()).map(Str::from), !r#continue.is_empty()))
    }

    fn cut(&self, why: &str) -> ReadError {
        ReadError::Unreachable(Away::silent(format!("The list of {} was cut off: {why}.", self.what)))
    }
}
