//! Errors as the API server says them: `Status` objects.

use super::kinds::Kind;
use serde_json::{Value, json};

/// A request that the API server refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    pub details: Box<Value>,
    /// Seconds for the `Retry-After` header.
    pub retry_after: Option<u32>,
}

impl Refusal {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, reason, message: message.into(), details: Value::Null.into(), retry_after: None }
    }

    fn about(mut self, kind: &Kind, name: &str) -> Refusal {
        *self.details = json!({"name": name, "group": kind.group, "kind": kind.plural});
        if kind.group.is_empty() {
            *self.details = json!({"name": name, "kind": kind.plural});
        }
        if name.is_empty() {
            *self.details = json!({"group": kind.group, "kind": kind.plural});
            if kind.group.is_empty() {
                *self.details = json!({"kind": kind.plural});
            }
        }
        self
    }

    /// The refusal with a given status code and the words that the API server has for it.
    pub fn of_code(code: u16) -> Refusal {
        match code {
            401 => Refusal::unauthorized(),
            403 => Refusal::new(403, "Forbidden", "forbidden: the scenario refuses this request"),
            404 => Refusal::no_such_path(),
            409 => Refusal::new(
                409,
                "Conflict",
                "the object has been modified; please apply your changes to the latest version and try again",
            ),
            410 => Refusal::expired("too old resource version"),
            422 => {
                let message = "Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater \
                               than or equal to 0";
                let cause = json!({"reason": "FieldValueInvalid", "message": message, "field": "spec.replicas"});
                Refusal { details: json!({"causes": [cause]}).into(), ..Refusal::new(422, "Invalid", message) }
            }
            429 => Refusal {
                retry_after: Some(1),
                ..Refusal::new(429, "TooManyRequests", "Too many requests, please try again later.")
            },
            503 => Refusal::new(503, "ServiceUnavailable", "apiserver is shutting down"),
            504 => Refusal::new(504, "Timeout", "Timeout: request did not complete within the allotted timeout"),
            _ => Refusal::new(code, "InternalError", "Internal error occurred: etcdserver: leader changed"),
        }
    }

    pub fn unauthorized() -> Refusal {
        Refusal::new(401, "Unauthorized", "Unauthorized")
    }

    pub fn no_such_path() -> Refusal {
        let message = "the server could not find the requested resource";
        Refusal { details: json!({}).into(), ..Refusal::new(404, "NotFound", message) }
    }

    pub fn not_found(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(404, "NotFound", format!("{} {name:?} not found", kind.qualified())).about(kind, name)
    }

    pub fn exists(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.qualified())).about(kind, name)
    }

    pub fn stale(kind: &Kind, name: &str) -> Refusal {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to \
             the latest version and try again",
            kind.qualified()
        );
        Refusal::new(409, "Conflict", message).about(kind, name)
    }

    /// A write whose body names another uid than the object has.
    pub fn uid_differs(kind: &Kind, name: &str, wanted: &str, actual: &str) -> Refusal {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: Precondition failed: UID in precondition: {wanted}, UID in \
             object meta: {actual}",
            kind.qualified()
        );
        Refusal::new(409, "Conflict", message).about(kind, name)
    }

    /// A deletion that was meant for another object of the same name.
    pub fn replaced(kind: &Kind, name: &str, wanted: &str, actual: &str) -> Refusal {
        let titled = kind.title();
        let message = format!(
            "Operation cannot be fulfilled on {titled} {name:?}: the UID in the precondition ({wanted}) does not match the UID \
             in record ({actual}). The object might have been deleted and then recreated"
        );
        let mut refusal = Refusal::new(409, "Conflict", message).about(kind, name);
        refusal.details["kind"] = json!(kind.kind);
        refusal
    }

    pub fn forbidden(kind: &Kind, name: &str, why: &str) -> Refusal {
        let message = if name.is_empty() {
            format!("{} is forbidden: {why}", kind.qualified())
        } else {
            format!("{} {name:?} is forbidden: {why}", kind.qualified())
        };
        Refusal::new(403, "Forbidden", message).about(kind, name)
    }

    /// A patch that could not be applied: a failed `test`, or a path that is missing. The server doesn't say which.
    pub fn unpatchable() -> Refusal {
        let mut refusal =
            Refusal::new(422, "Invalid", "the server rejected our request due to an error in our request");
        *refusal.details = json!({});
        refusal
    }

    /// Failed validation: `(field, reason, message)` each.
    pub fn invalid(kind: &Kind, name: &str, causes: &[(String, &str, String)]) -> Refusal {
        let listed: Vec<_> = causes.iter().map(|(field, _, message)| format!("{field}: {message}")).collect();
        let listed = if listed.len() == 1 { listed[0].clone() } else { format!("[{}]", listed.join(", ")) };
        let title = kind.title();
        let mut refusal = Refusal::new(422, "Invalid", format!("{title} {name:?} is invalid: {listed}"));
        let causes: Vec<_> = causes
            .iter()
            .map(|(field, reason, message)| json!({"reason": reason, "message": message, "field": field}))
            .collect();
        *refusal.details = json!({"name": name, "group": kind.group, "kind": kind.kind, "causes": causes});
        refusal
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "BadRequest", message)
    }

    pub fn method() -> Refusal {
        let message = "the server does not allow this method on the requested resource";
        Refusal { details: json!({}).into(), ..Refusal::new(405, "MethodNotAllowed", message) }
    }

    /// A patch of a kind that the server does not take.
    pub fn patch_type() -> Refusal {
        Refusal {
            details: json!({}).into(),
            ..Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
        }
    }

    /// A body in an encoding that the server does not read.
    pub fn media_type(sent: &str) -> Refusal {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: application/json; this was {sent}"
        );
        Refusal::new(415, "UnsupportedMediaType", message)
    }

    /// A patch whose result cannot be read; the message carries the whole object, as the real server's does.
    pub fn unreadable_patch(object: &Value, why: &str) -> Refusal {
        let message = format!("Invalid value: {:?}: {why}", object.to_string());
        let mut refusal = Refusal::new(422, "Invalid", format!(" \"\" is invalid: patch: {message}"));
        *refusal.details = json!({"causes": [{"reason": "FieldValueInvalid", "message": message, "field": "patch"}]});
        refusal
    }

    pub fn manager_too_long() -> Refusal {
        let long = "Too long: may not be more than 128 bytes";
        let mut refusal =
            Refusal::new(422, "Invalid", format!("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: {long}"));
        *refusal.details = json!({
            "group": "meta.k8s.io", "kind": "PatchOptions",
            "causes": [{"reason": "FieldValueTooLong", "message": long, "field": "fieldManager"}],
        });
        refusal
    }

    pub fn expired(message: impl Into<String>) -> Refusal {
        Refusal::new(410, "Expired", message)
    }

    /// The `Status` object.
    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason,
        });
        if !self.details.is_null() {
            status["details"] = (*self.details).clone();
        }
        if let Some(seconds) = self.retry_after {
            status["details"]["retryAfterSeconds"] = json!(seconds);
        }
        status["code"] = json!(self.code);
        status
    }
}
