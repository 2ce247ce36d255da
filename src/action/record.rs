//! What the journal keeps of a plan before its first call.

use super::engine::Inner;
use crate::domain::journal::{Before, KeptCall, Record};
use crate::domain::milestone::Midway;
use crate::domain::plan::{Operation, PlannedCall};
use crate::domain::{Call, ObjectKey, Plan, Str};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// The record of `plan`, of which the `chosen` calls are sent.
pub fn of(inner: &Inner, plan: &Plan, chosen: &[&PlannedCall], reason: &Str, rehearsal: bool) -> Record {
    Record {
        who: inner.settings.who.clone(),
        context: inner.cluster.identity().context.clone(),
        fingerprint: inner.fingerprint.id.clone(),
        release: plan.release.clone(),
        verb: plan.intent.verb(),
        direction: plan.direction,
        title: plan.title.clone(),
        calls: chosen.iter().map(|call| call.what.clone()).collect(),
        kept: chosen.iter().map(|call| kept(&call.call)).collect(),
        waits: waits(chosen),
        closes: closes(chosen),
        changes: plan.diff.clone(),
        until: plan.until,
        before: before(plan),
        reason: reason.clone(),
        risk: plan.risk,
        rehearsal,
    }
}

fn kept(call: &Call) -> KeptCall {
    let target = call.target().clone();
    match call {
        Call::JsonPatch { operations, subresource, .. } => match serde_json::to_string(operations) {
            Ok(operations) => KeptCall::Patch { target, operations, subresource: subresource.map(Str::from) },
            Err(_) => KeptCall::Left { target },
        },
        Call::Delete { uid, .. } => KeptCall::Delete { target, uid: uid.clone() },
        Call::Create { .. } => KeptCall::Left { target },
        Call::ProxyPost { scheme, port, path, body, .. } => KeptCall::Proxy {
            target,
            scheme: scheme.clone(),
            port: port.clone(),
            path: path.clone(),
            body: body.get().to_owned(),
        },
    }
}

/// What is waited for after each call; nothing at all where nothing is.
fn waits(chosen: &[&PlannedCall]) -> Vec<Option<Midway>> {
    if chosen.iter().all(|call| call.then.is_none()) {
        return Vec::new();
    }
    chosen.iter().map(|call| call.then.clone()).collect()
}

/// The places of the calls that end what an earlier one began.
pub fn closes(chosen: &[&PlannedCall]) -> Vec<usize> {
    let places = chosen.iter().enumerate().filter(|(_, call)| call.closes);
    places.map(|(index, _)| index).collect()
}

/// The template that the fence of a patch tests, with its object: what was there before.
pub fn tested_template(calls: &[(usize, Call)]) -> Option<(&ObjectKey, Arc<RawValue>)> {
    calls.iter().find_map(|(_, call)| match call {
        Call::JsonPatch { target, operations, .. } => operations.iter().find_map(|operation| match operation {
            Operation::Test { path, value } if path == "/spec/template" => Some((target, Arc::clone(value))),
            _ => None,
        }),
        Call::Delete { .. } | Call::Create { .. } | Call::ProxyPost { .. } => None,
    })
}

/// Where the release stands before the write, with the hash of the template that the fence tests.
fn before(plan: &Plan) -> Before {
    let calls: Vec<(usize, Call)> = plan.calls.iter().map(|call| call.call.clone()).enumerate().collect();
    let digest = tested_template(&calls).map(|(_, template)| Sha256::digest(template.get().as_bytes()));
    let template_sha256 = digest.map_or_else(String::new, |digest| {
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    });
    Before { template_sha256: template_sha256.into(), ..plan.before.clone() }
}
