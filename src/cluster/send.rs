//! Writes: own bytes, one request, and an answer that says whether it was done. Only `action` calls it.

use super::connect::Cluster;
use super::errors::{Away, SendError};
use super::explain::{NoAnswer, Refused};
use super::kinds::{encode, object_path, with};
use super::request::{Failed, Request};
use crate::domain::plan::Operation;
use crate::domain::{Call, ObjectKey, RawObject, Str};
use http::Method;
use serde::Serialize;
use serde_json::value::RawValue;

/// Whether a write is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMode {
    /// It is done.
    Apply,
    /// The server says what it would do (`dryRun=All`).
    DryRun,
}

/// The server took a write.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The object afterwards; `None` when the server sent something else (a deletion's status).
    pub body: Option<RawObject>,
    /// What the server warns about.
    pub warnings: Vec<Str>,
}

impl Cluster {
    /// Sends one call. Never repeats it, but for credentials that were not accepted: then nothing was done.
    pub async fn send(&self, call: &Call, mode: SendMode) -> Result<Answer, SendError> {
        if let Some(why) = self.elsewhere() {
            return Err(SendError::NotSent(why.into()));
        }
        if let (Call::ProxyPost { target, .. }, SendMode::DryRun) = (call, mode) {
            let why = format!("a request to {target} can't be tried without being done");
            return Err(SendError::CannotDryRun(why.into()));
        }
        let request = self.request_of(call, mode).map_err(|error| {
            SendError::NotSent(format!("The call for {} can't be written: {error}.", call.target()).into())
        })?;
        match self.whole(&request).await {
            Ok(whole) => Ok(Answer {
                status: whole.status,
                body: object_in(call.target(), &whole.body),
                warnings: whole.warnings,
            }),
            Err(Failed::NoAnswer(NoAnswer::NotSent(away))) => Err(SendError::NotSent(away.why.into())),
            Err(Failed::NoAnswer(NoAnswer::Lost(Away { why, .. })) | Failed::Cut(_, why)) => {
                Err(SendError::Lost(why.into()))
            }
            Err(Failed::Refused(refused)) => Err(refusal(&refused)),
        }
    }

    fn request_of(&self, call: &Call, mode: SendMode) -> serde_json::Result<Request> {
        let manager = self.field_manager();
        let query = |path: String| {
            let path = with(with(path, "fieldManager", &manager), "fieldValidation", "Strict");
            if mode == SendMode::DryRun { with(path, "dryRun", "All") } else { path }
        };
        Ok(match call {
            Call::JsonPatch { target, subresource, operations } => {
                let mut path = self.object_path(target);
                if let Some(subresource) = subresource {
                    path.push('/');
                    path.push_str(subresource);
                }
                Request::write(Method::PATCH, query(path), "application/json-patch+json", body(operations)?)
            }
            Call::Create { target, body } => Request::post(
                query(self.list_path(target.kind, Some(&target.namespace))),
                body.get().as_bytes().to_vec(),
            ),
            Call::ProxyPost { target, scheme, port, path, body } => {
                Request::post(proxy_path(target, scheme, port, path), body.get().as_bytes().to_vec()).any()
            }
            Call::Delete { target, uid } => {
                // Options in the body hide those in the query.
                let options = DeleteOptions {
                    api_version: "v1",
                    kind: "DeleteOptions",
                    preconditions: Preconditions { uid: uid.as_str() },
                    dry_run: if mode == SendMode::DryRun { &["All"] } else { &[] },
                };
                let body = serde_json::to_vec(&options)?;
                Request::write(Method::DELETE, self.object_path(target), "application/json", body)
            }
        })
    }
}

/// `…/services/http:loadtester:80/proxy/gate/open`.
pub(super) fn proxy_path(service: &ObjectKey, scheme: &str, port: &str, path: &str) -> String {
    let name = format!("{scheme}:{}:{port}", service.name);
    let named = object_path(&ObjectKey::new(service.kind, service.namespace.clone(), name));
    let parts: Vec<String> = path.split('/').map(encode).collect();
    format!("{named}/proxy/{}", parts.join("/").trim_start_matches('/'))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeleteOptions<'a> {
    api_version: &'a str,
    kind: &'a str,
    preconditions: Preconditions<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dry_run: &'a [&'a str],
}

#[derive(Serialize)]
struct Preconditions<'a> {
    uid: &'a str,
}

/// Raw values are written byte for byte: a `test` compares them as the server encodes them.
fn body(operations: &[Operation]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(operations)
}

fn object_in(key: &ObjectKey, body: &[u8]) -> Option<RawObject> {
    let text = String::from_utf8(body.to_vec()).ok()?;
    RawObject::new(key.clone(), RawValue::from_string(text).ok()?)
}

fn refusal(refused: &Refused) -> SendError {
    let message: Str = sentence(refused).into();
    match refused.status {
        400 if refused.message.contains("does not support dry run") => SendError::CannotDryRun(message),
        401 => SendError::Unauthorized(message),
        403 if is_missing_right(&refused.message) => SendError::Forbidden(message),
        404 => SendError::NotFound(message),
        409 => SendError::Conflict(message),
        429 => SendError::TooMany { retry_after: refused.retry_after },
        _ if is_denied(refused) => SendError::Denied(message),
        422 if refused.causes.is_empty() => SendError::Fence,
        400 | 413 | 415 | 422 => SendError::Invalid(message),
        403 => SendError::Denied(message),
        // The gateway gave up waiting: whether it was done is not known.
        504 => SendError::Lost(message),
        status => SendError::Server { status, message },
    }
}

fn sentence(refused: &Refused) -> String {
    if refused.message.is_empty() {
        return format!("the server answered {} without a message", refused.status);
    }
    refused.message.clone()
}

/// The authorizer's words, as opposed to an admission plugin's.
fn is_missing_right(message: &str) -> bool {
    message.contains(" cannot ") && message.contains("User \"")
}

/// Policies answer 422 (or the code they name), webhooks any code they like, quotas 403.
fn is_denied(refused: &Refused) -> bool {
    let message = &refused.message;
    message.contains("denied request") || message.contains("denied the request") || message.contains("exceeded quota")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str, causes: &[(&str, &str)]) -> SendError {
        let causes = causes.iter().map(|(field, why)| ((*field).to_owned(), (*why).to_owned())).collect();
        refusal(&Refused { status, message: message.into(), causes, ..Refused::default() })
    }

    #[test]
    fn a_refusal_tells_fence_validation_policy_and_rights_apart() {
        let fence = "the server rejected our request due to an error in our request";
        assert_eq!(refused(422, fence, &[]), SendError::Fence);
        assert!(matches!(refused(422, "invalid", &[("spec.replicas", "negative")]), SendError::Invalid(_)));
        let policy =
            "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no";
        assert!(matches!(refused(422, policy, &[("", "no")]), SendError::Denied(_)));
        assert!(matches!(refused(403, "admission webhook \"w\" denied the request: no", &[]), SendError::Denied(_)));
        let rights = "deployments.apps \"web\" is forbidden: User \"ana\" cannot patch resource \"deployments\"";
        assert!(matches!(refused(403, rights, &[]), SendError::Forbidden(_)));
        let dry = "admission webhook \"w\" does not support dry run";
        assert!(matches!(refused(400, dry, &[]), SendError::CannotDryRun(_)));
        assert!(matches!(refused(409, "uid", &[]), SendError::Conflict(_)));
        assert!(matches!(refused(504, "timeout", &[]), SendError::Lost(_)));
        assert!(matches!(refused(503, "away", &[]), SendError::Server { status: 503, .. }));
    }

    #[test]
    fn a_service_is_reached_by_scheme_name_and_port() {
        let tester = ObjectKey::new(crate::domain::Kind::Service, "test", "loadtester");
        assert_eq!(
            proxy_path(&tester, "http", "80", "/gate/open"),
            "/api/v1/namespaces/test/services/http%3Aloadtester%3A80/proxy/gate/open"
        );
        assert!(proxy_path(&tester, "http", "80", "gate/a b?c").ends_with("/proxy/gate/a%20b%3Fc"));
    }

    #[test]
    fn values_go_out_byte_for_byte() {
        let value = RawValue::from_string(r#""a \u0026\u0026 b""#.into()).expect("JSON");
        let operations = [Operation::Test { path: "/spec".into(), value: value.into() }];
        let body = String::from_utf8(body(&operations).expect("JSON")).expect("UTF-8");
        assert_eq!(body, r#"[{"op":"test","path":"/spec","value":"a \u0026\u0026 b"}]"#);
    }
}
