//! One POST of JSON, and whether it is worth another try.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use std::fmt;
use std::time::Duration;

/// How long one try may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A server that asks for more patience than this is tried earlier all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is never shown.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub const fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Why a notice did not arrive, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It will not arrive another time either.
    Final(String),
    /// It may, after a while.
    Passing {
        /// Why not this time.
        why: String,
        /// What the server asks for.
        wait: Option<Duration>,
    },
}

/// Whether `text` is a URL that can be posted to.
pub fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Posts `body` to `url`.
pub async fn post(url: &Secret, authorization: Option<&Secret>, body: String) -> Result<(), Trouble> {
    let unusable =
        |error: reqwest::Error| Trouble::Final(format!("the request can't be made: {}", error.without_url()));
    // Redirects are not followed: a POST with a secret goes where it was sent and nowhere else.
    let client = Client::builder()
        .timeout(LIMIT)
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(unusable)?;
    let mut request = client.post(&url.0).header(CONTENT_TYPE, "application/json").body(body);
    if let Some(header) = authorization {
        request = request.header(AUTHORIZATION, &header.0);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_builder() => return Err(unusable(error)),
        Err(error) if error.is_timeout() => return Err(passing("no answer within 10 s".to_owned(), None)),
        Err(error) if error.is_connect() => return Err(passing("it can't be reached".to_owned(), None)),
        Err(error) => return Err(passing(error.without_url().to_string(), None)),
    };
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let why = format!("it answered {}", status.as_u16());
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return Err(passing(why, asked.map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT))));
    }
    Err(Trouble::Final(why))
}

const fn passing(why: String, wait: Option<Duration>) -> Trouble {
    Trouble::Passing { why, wait }
}
