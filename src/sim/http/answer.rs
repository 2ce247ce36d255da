//! Answers: JSON, text, or a stream.

use crate::sim::json::encode;
use crate::sim::refusal::Refusal;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::Value;
use std::io;

/// The body of every answer. An error in it is a connection that was cut.
pub type SimBody = UnsyncBoxBody<Bytes, io::Error>;

/// An answer before it becomes an HTTP response.
pub struct Answer {
    code: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: SimBody,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Answer {
    pub fn json(code: u16, value: &Value) -> Answer {
        Answer::bytes(code, encode(value).into())
    }

    /// JSON text that is encoded already.
    pub fn bytes(code: u16, bytes: Bytes) -> Answer {
        Answer { code, headers: vec![(header::CONTENT_TYPE, JSON)], body: whole(bytes) }
    }

    pub fn text(code: u16, text: String) -> Answer {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        Answer { code, headers: vec![(header::CONTENT_TYPE, plain)], body: whole(text.into()) }
    }

    pub fn stream(content: &'static str, stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Answer {
        let content = HeaderValue::from_static(content);
        let body = StreamBody::new(stream.map(|chunk| chunk.map(Frame::data))).boxed_unsync();
        Answer { code: 200, headers: vec![(header::CONTENT_TYPE, content)], body }
    }

    /// Says that a stream is compressed.
    pub fn gzipped(mut self) -> Answer {
        self.headers.push((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        self
    }

    /// Adds a `Warning` header, as for unknown fields that are dropped.
    pub fn warn(mut self, text: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(&format!("299 - {text:?}")) {
            self.headers.push((header::WARNING, value));
        }
        self
    }

    pub fn refusal(refusal: &Refusal) -> Answer {
        let mut answer = Answer::json(refusal.code, &refusal.status());
        if let Some(seconds) = refusal.retry_after {
            answer.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        answer
    }

    /// A watch that starts with the news that its version is too old.
    pub fn expired_watch() -> Answer {
        let status = Refusal::expired("too old resource version").status();
        let mut line = encode(&serde_json::json!({"type": "ERROR", "object": status}));
        line.push(b'\n');
        Answer::bytes(200, line.into())
    }

    /// Adds the server's time, which ages are told by.
    pub fn dated(mut self, now: Timestamp) -> Answer {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
        if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
            self.headers.push((header::DATE, date));
        }
        self
    }

    pub fn code(&self) -> u16 {
        self.code
    }

    pub fn into_response(self) -> Response<SimBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

fn whole(bytes: Bytes) -> SimBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
