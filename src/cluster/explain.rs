//! Turns what a connection or a server says into one sentence.

use super::errors::{Away, ReadError};
use crate::domain::snapshot::Absence;
use crate::domain::text::sanitize;
use serde::Deserialize;
use std::error::Error;
use std::io;
use std::time::Duration;

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing went out: the connection was not made.
    NotSent(Away),
    /// The request may have gone out.
    Lost(Away),
}

impl NoAnswer {
    /// Why.
    pub fn away(self) -> Away {
        match self {
            Self::NotSent(away) | Self::Lost(away) => away,
        }
    }
}

/// Explains a failed request to `server`.
pub fn no_answer(server: &str, error: &kube::Error) -> NoAnswer {
    let why = away(server, error);
    let unsent = matches!(error, kube::Error::Auth(_)) || chain(error).any(connecting);
    if unsent { NoAnswer::NotSent(why) } else { NoAnswer::Lost(why) }
}

fn connecting(error: &(dyn Error + 'static)) -> bool {
    // Only making a connection can be refused; one that is there is reset.
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(hyper_util::client::legacy::Error::is_connect)
        || error.downcast_ref::<io::Error>().is_some_and(refused)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        // An io::Error made from another error hides it from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn away(server: &str, error: &kube::Error) -> Away {
    let away = |cause, why| Away { cause, why };
    if let Some(tls) = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>()) {
        return away(Absence::Certificate, tls_sentence(server, tls));
    }
    let kind = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    for kind in kind {
        let (cause, what) = match kind {
            io::ErrorKind::ConnectionRefused => {
                (Absence::Refused, "refuses the connection: is the API server running?")
            }
            io::ErrorKind::TimedOut => (Absence::NoAnswer, "does not answer: check the network, VPN or proxy."),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => (Absence::NoAnswer, "cut the connection."),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionAborted => {
                (Absence::NoAnswer, "closed the connection.")
            }
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                (Absence::NoAnswer, "can't be reached: check the network, VPN or proxy.")
            }
            _ => continue,
        };
        return away(cause, format!("{server} {what}"));
    }
    let last = deepest(error);
    if last.contains("lookup address") || last.contains("dns error") {
        let why = format!("The name in {server} can't be resolved: check the server's address, VPN or DNS.");
        return Away::silent(why);
    }
    Away::silent(format!("{server} can't be reached: {last}."))
}

/// The innermost cause, in its own words.
pub fn deepest(error: &(dyn Error + 'static)) -> String {
    let last = chain(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    sanitize(last.trim_end_matches('.')).into_owned()
}

fn tls_sentence(server: &str, error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(bad) => {
            let what = match bad {
                Bad::UnknownIssuer | Bad::BadSignature => {
                    "is signed by an authority that the kubeconfig does not name: check certificate-authority"
                }
                Bad::Expired | Bad::ExpiredContext { .. } => "has expired",
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet: check this machine's clock",
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                    "is for another name: check the server's address or tls-server-name"
                }
                _ => return format!("The certificate of {server} is not accepted: {error}."),
            };
            format!("The certificate of {server} {what}.")
        }
        rustls::Error::AlertReceived(alert) => {
            format!("{server} refuses our TLS connection ({alert:?}): check the client certificate.")
        }
        _ => format!("No TLS connection to {server}: {error}."),
    }
}

/// A refusal in the API's form (`Status`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// `reason`: `Forbidden`, `Invalid`…
    pub reason: String,
    /// `message`, with only the tail of decoding errors.
    pub message: String,
    /// `details.causes[]`: field and message.
    pub causes: Vec<(String, String)>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    reason: String,
    message: String,
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    causes: Vec<Cause>,
    retry_after_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    field: String,
    message: String,
}

/// What servers written in Go answer to a plain request at a TLS port.
const PLAIN_TO_TLS: &str = "HTTP request to an HTTPS server";

impl Refused {
    /// Reads the body of an answer that is no success.
    pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let parsed: Status = serde_json::from_slice(body).unwrap_or_default();
        let details = parsed.details.unwrap_or_default();
        let message = if parsed.message.is_empty() {
            let text = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
            if text.trim_start().starts_with('<') { String::new() } else { text }
        } else {
            parsed.message
        };
        Self {
            status,
            reason: parsed.reason,
            message: tail(&message),
            causes: details.causes.into_iter().map(|cause| (cause.field, tail(&cause.message))).collect(),
            retry_after: retry_after.or(details.retry_after_seconds.map(Duration::from_secs)),
        }
    }

    /// The refusal of a read of `what`.
    pub fn of_read(self, what: &str) -> ReadError {
        let message = if self.message.is_empty() { "no message".to_owned() } else { self.message };
        let message = message.trim_end_matches('.');
        if self.status == 400 && message.contains(PLAIN_TO_TLS) {
            let why = format!(
                "The server speaks TLS and was asked for {what} without: write https:// in its address (--server, or server \
                 in the kubeconfig)."
            );
            return ReadError::Unreachable(Away::silent(why));
        }
        match self.status {
            401 => ReadError::Unauthorized(format!(
                "The server does not accept our credentials for {what} ({message}): log in again."
            )),
            403 => ReadError::Forbidden(format!("We may not read {what}: {message}.")),
            404 => ReadError::NotFound(format!("There is no {what}: {message}.")),
            410 => ReadError::Gone(format!("The version of {what} that we have is too old: {message}.")),
            429 => ReadError::TooMany {
                retry_after: self.retry_after,
                why: format!("The server asks to slow down reading {what}."),
            },
            status => ReadError::Server { status, why: format!("The server answered {status} for {what}: {message}.") },
        }
    }
}

/// Cuts what goes before the sentence in errors that carry the whole object, env values included.
pub fn tail(message: &str) -> String {
    let cut = ["strict decoding error:", "json: cannot unmarshal", "unable to decode"]
        .iter()
        .find_map(|mark| message.rfind(mark).map(|at| &message[at..]))
        .unwrap_or(message);
    let text = sanitize(cut.trim());
    let end = text.floor_char_boundary(1_000);
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tail_of_a_decoding_error_is_kept() {
        let secret = r#"Deployment in version "v1" cannot be handled: {"env":[{"value":"hunter2"}]}: strict decoding error: unknown field "spec.x""#;
        let refused = Refused::read(400, None, serde_json::json!({"message": secret}).to_string().as_bytes());
        assert_eq!(refused.message, r#"strict decoding error: unknown field "spec.x""#);
    }

    #[test]
    fn what_keeps_a_server_away_is_told_from_the_error_itself() {
        let of = |error: io::Error| away("https://x", &kube::Error::Service(Box::new(error)));
        let tls = |error: rustls::Error| of(io::Error::other(error));
        let bad = |bad| tls(rustls::Error::InvalidCertificate(bad));
        let io = |kind: io::ErrorKind| of(kind.into());
        let told = [
            (bad(rustls::CertificateError::Expired), Absence::Certificate),
            (bad(rustls::CertificateError::UnknownIssuer), Absence::Certificate),
            (bad(rustls::CertificateError::Revoked), Absence::Certificate),
            (tls(rustls::Error::AlertReceived(rustls::AlertDescription::BadCertificate)), Absence::Certificate),
            (tls(rustls::Error::DecryptError), Absence::Certificate),
            (io(io::ErrorKind::ConnectionRefused), Absence::Refused),
            (io(io::ErrorKind::TimedOut), Absence::NoAnswer),
            (io(io::ErrorKind::ConnectionReset), Absence::NoAnswer),
        ];
        for (away, wanted) in told {
            assert_eq!(away.cause, wanted, "{away}");
        }
    }

    #[test]
    fn a_plain_request_to_a_tls_port_is_answered_with_what_to_write() {
        let refused = Refused::read(400, None, b"Client sent an HTTP request to an HTTPS server.\n");
        let ReadError::Unreachable(away) = refused.of_read("namespace kube-system") else {
            panic!("it is unreachable")
        };
        assert!(away.why.contains("write https:// in its address"), "{away}");
        let other = Refused::read(400, None, b"limit is no number").of_read("pods");
        assert!(matches!(other, ReadError::Server { status: 400, .. }));
    }

    #[test]
    fn a_refusal_is_read_from_a_status_and_from_anything_else() {
        let body = br#"{"kind":"Status","reason":"Invalid","message":"m","details":{"retryAfterSeconds":3,"causes":[{"field":"spec.x","message":"bad"}]}}"#;
        let refused = Refused::read(422, None, body);
        assert_eq!((&*refused.reason, refused.retry_after), ("Invalid", Some(Duration::from_secs(3))));
        assert_eq!(refused.causes, [("spec.x".to_owned(), "bad".to_owned())]);
        assert_eq!(Refused::read(502, None, b"<html>").message, "");
        assert!(matches!(Refused::read(429, None, b"").of_read("pods"), ReadError::TooMany { .. }));
    }
}
