//! One HTTP call: own bytes out, own bytes in, a limit on all of it.

use super::connect::Cluster;
use super::errors::{Away, ReadError};
use super::explain::{self, NoAnswer, Refused};
use crate::domain::Str;
use crate::domain::snapshot::Absence;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WARNING};
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use kube::client::Body;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;

/// Metadata of an object, without its contents.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Credentials that end so soon are renewed before the call.
const BEFORE_THE_END: SignedDuration = SignedDuration::from_secs(30);

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    path: String,
    accept: &'static str,
    content_type: Option<&'static str>,
    body: Bytes,
    compressed: bool,
}

impl Request {
    /// Reads `path` (with its query).
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            accept: "application/json",
            content_type: None,
            body: Bytes::new(),
            compressed: true,
        }
    }

    /// Posts JSON.
    pub fn post(path: impl Into<String>, body: Vec<u8>) -> Self {
        Self { method: Method::POST, content_type: Some("application/json"), body: body.into(), ..Self::get(path) }
    }

    /// Sends `body` with `method`.
    pub fn write(method: Method, path: String, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { method, content_type: Some(content_type), body: body.into(), ..Self::get(path) }
    }

    /// Asks for metadata only.
    pub const fn metadata_only(mut self) -> Self {
        self.accept = METADATA_ONLY;
        self
    }

    /// Asks for an uncompressed stream: newer servers compress each watch event apart, which is not decoded here.
    pub const fn uncompressed(mut self) -> Self {
        self.compressed = false;
        self
    }

    /// Takes any answer (logs are no JSON).
    pub const fn any(mut self) -> Self {
        self.accept = "*/*";
        self
    }

    /// Whether it could change anything; questions about rights are posted too, and change nothing.
    fn changes(&self) -> bool {
        let asks = self.method == Method::GET || self.path.contains("/selfsubject");
        !asks
    }

    fn build(&self) -> Result<http::Request<Body>, http::Error> {
        let mut request =
            http::Request::builder().method(self.method.clone()).uri(&self.path).header(ACCEPT, self.accept);
        if let Some(content_type) = self.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if !self.compressed {
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        request.body(Body::from(self.body.clone()))
    }
}

/// A whole answer with success.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The HTTP status.
    pub status: u16,
    /// `Warning` headers.
    pub warnings: Vec<Str>,
    /// The body.
    pub body: Bytes,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// No answer.
    NoAnswer(NoAnswer),
    /// An answer that is no success.
    Refused(Refused),
    /// The answer began (with this status) and was cut off.
    Cut(u16, String),
}

impl Failed {
    /// As the failure of a read of `what`.
    pub fn of_read(self, what: &str) -> ReadError {
        match self {
            Self::NoAnswer(answer) => ReadError::Unreachable(answer.away()),
            Self::Refused(refused) => refused.of_read(what),
            Self::Cut(_, why) => {
                ReadError::Unreachable(Away::silent(format!("The answer for {what} was cut off: {why}")))
            }
        }
    }
}

impl Cluster {
    /// Sends `request` and waits for the head of the answer; `limit` holds for that. Refused credentials are read
    /// again and the request is sent once more: a 401 means that it was not looked at.
    pub(super) async fn open(&self, request: &Request, limit: Duration) -> Result<Response<Body>, Failed> {
        let mut link = self.link();
        let soon = self.clock().now().checked_add(BEFORE_THE_END).unwrap_or(jiff::Timestamp::MAX);
        if link.expires.is_some_and(|expires| expires < soon) {
            self.renew(link.generation).await.map_err(|error| not_sent((&error).into()))?;
            self.same_cluster(request).await?;
            link = self.link();
        }
        match self.attempt(&link.client, request, limit).await {
            Err(Failed::Refused(refused)) if refused.status == 401 => {
                if let Err(error) = self.renew(link.generation).await {
                    let message = error.to_string();
                    return Err(Failed::Refused(Refused { message, ..refused }));
                }
                self.same_cluster(request).await?;
                self.attempt(&self.link().client, request, limit).await
            }
            result => result,
        }
    }

    /// After the client was made anew: a write waits until it is known to go to the same cluster.
    async fn same_cluster(&self, request: &Request) -> Result<(), Failed> {
        if !request.changes() {
            return Ok(());
        }
        self.compare_identity().await;
        self.elsewhere().map_or(Ok(()), |why| Err(not_sent(Away { cause: Absence::Elsewhere, why })))
    }

    /// Sends `request` over the probe's own connection. Any answer will do, so there is no second attempt.
    pub(super) async fn probe(&self, request: &Request, limit: Duration) -> Result<Response<Body>, Failed> {
        self.attempt(&self.link().probe, request, limit).await
    }

    async fn attempt(
        &self,
        client: &kube::Client,
        request: &Request,
        limit: Duration,
    ) -> Result<Response<Body>, Failed> {
        let response = self.answered(client, request, limit).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = timeout(limit, response.into_body().collect()).await;
        let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(Failed::Refused(Refused::read(status, retry_after, &body)))
    }

    /// Sends `request` once and gives the head of whatever answers.
    pub(super) async fn raw(&self, request: &Request, limit: Duration) -> Result<Response<Body>, Failed> {
        self.answered(&self.link().client, request, limit).await
    }

    async fn answered(
        &self,
        client: &kube::Client,
        request: &Request,
        limit: Duration,
    ) -> Result<Response<Body>, Failed> {
        let server = self.identity().server.clone();
        let built = request
            .build()
            .map_err(|error| not_sent(Away::silent(format!("'{}' is no address: {error}", request.path))))?;
        match timeout(limit, client.send(built)).await {
            Ok(Ok(response)) => {
                self.inner.skew.heard(response.headers(), jiff::Timestamp::now());
                Ok(response)
            }
            Ok(Err(error)) => Err(Failed::NoAnswer(explain::no_answer(&server, &error))),
            Err(_) => {
                let why = format!("{server} gave no answer within {} s.", limit.as_secs_f32());
                Err(Failed::NoAnswer(NoAnswer::Lost(Away::silent(why))))
            }
        }
    }

    /// Sends `request` and reads the whole answer, all within the limit of a call.
    pub(super) async fn whole(&self, request: &Request) -> Result<Whole, Failed> {
        let limit = self.inner.limit;
        // Boxed: callers join several of these, and the client's future is large.
        let response = Box::pin(self.open(request, limit)).await?;
        let status = response.status().as_u16();
        let warnings = warnings(response.headers());
        let server = self.identity().server.clone();
        match timeout(limit, response.into_body().collect()).await {
            Ok(Ok(body)) => Ok(Whole { status, warnings, body: body.to_bytes() }),
            Ok(Err(error)) => Err(Failed::Cut(status, explain::no_answer(&server, &error).away().why)),
            Err(_) => Err(Failed::Cut(status, format!("{server} stopped in the middle of its answer."))),
        }
    }

    /// Reads JSON. `what` names it in errors.
    pub(super) async fn json<T: DeserializeOwned>(&self, request: Request, what: &str) -> Result<T, ReadError> {
        let whole = self.whole(&request).await.map_err(|failed| failed.of_read(what))?;
        serde_json::from_slice(&whole.body)
            .map_err(|error| ReadError::Unreadable(format!("The answer for {what} can't be understood: {error}.")))
    }
}

fn not_sent(away: Away) -> Failed {
    Failed::NoAnswer(NoAnswer::NotSent(away))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// `Warning: 299 - "text"`: the texts.
fn warnings(headers: &HeaderMap) -> Vec<Str> {
    let text = |value: &HeaderValue| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let quoted = value.split_once('"').map_or(&*value, |(_, rest)| rest.strip_suffix('"').unwrap_or(rest));
        Str::from(explain::tail(&quoted.replace("\\\"", "\"")))
    };
    headers.get_all(WARNING).iter().map(text).collect()
}
