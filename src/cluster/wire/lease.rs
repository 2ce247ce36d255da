//! Leases that say who steps a release; all others are none of ours.

use super::field::{Field, composite};
use super::meta::Meta;
use super::service::key;
use super::strings::Pool;
use crate::domain::presence::{CONSOLE, LABEL, Presence, RELEASE, STEP};
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use jiff::SignedDuration;
use serde::Deserialize;
use std::borrow::Cow;

/// A Lease as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireLease<'a> {
    /// `metadata`.
    #[serde(borrow)]
    pub metadata: Field<Meta<'a>>,
    #[serde(borrow)]
    spec: Field<LeaseSpec<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LeaseSpec<'a> {
    #[serde(borrow)]
    holder_identity: Field<Cow<'a, str>>,
    acquire_time: Field<Timestamp>,
    renew_time: Field<Timestamp>,
    lease_duration_seconds: Field<i64>,
}

composite!(LeaseSpec);

/// The row of a Lease with its own key; `None` for one without our label, without a renewal, and about nothing we know.
pub fn presence(wire: WireLease<'_>, pool: &mut Pool) -> Option<(ObjectKey, Presence)> {
    let meta = wire.metadata.ok().unwrap_or_default();
    meta.label(LABEL)?;
    let (kind, name) = meta.annotation(RELEASE)?.split_once('/')?;
    let spec = wire.spec.ok().unwrap_or_default();
    let renewed = spec.renew_time.ok()?;
    let key = key(Kind::Lease, &meta, pool);
    let text = |name| Str::from(meta.annotation(name).unwrap_or_default());
    let presence = Presence {
        release: ObjectKey::new(Kind::from_word(kind)?, key.namespace.clone(), name),
        holder: spec.holder_identity.get().map_or("", |holder| holder).into(),
        console: text(CONSOLE),
        step: text(STEP),
        since: spec.acquire_time.ok().unwrap_or(renewed),
        renewed,
        holds: SignedDuration::from_secs(spec.lease_duration_seconds.ok().unwrap_or_default().max(0)),
    };
    Some((key, presence))
}

#[cfg(test)]
mod tests {
    use super::super::{Row, read};
    use super::*;
    use serde_json::{Value, json};

    fn row(lease: &Value) -> Option<Presence> {
        let item = read(Kind::Lease, lease.to_string().as_bytes(), &mut Pool::default()).expect("it has a name");
        match item.row {
            Some(Row::Presence(_, presence)) => Some(Presence::clone(&presence)),
            _ => None,
        }
    }

    #[test]
    fn a_lease_with_our_label_tells_who_steps_what_since_when() {
        let mut lease = json!({
            "metadata": {"name": "windlass-step-virtualservice-checkout", "namespace": "shop",
                "labels": {LABEL: "stepping"},
                "annotations": {RELEASE: "virtualservice/checkout", STEP: "ADVANCE shop/checkout", CONSOLE: "c1"}},
            "spec": {"holderIdentity": "ana@desk", "leaseDurationSeconds": 150,
                "acquireTime": "2025-01-01T14:02:00.000000Z", "renewTime": "2025-01-01T14:05:00.000000Z"},
        });
        let presence = row(&lease).expect("ours");
        assert_eq!(presence.release, ObjectKey::new(Kind::VirtualService, "shop", "checkout"));
        assert_eq!((&*presence.holder, &*presence.console), ("ana@desk", "c1"));
        assert_eq!(presence.since, "2025-01-01T14:02:00Z".parse().expect("a time"));
        assert_eq!(presence.lapses(), "2025-01-01T14:07:30Z".parse().expect("a time"));
        lease["metadata"]["annotations"][RELEASE] = "checkout".into();
        assert!(row(&lease).is_none(), "about nothing we know");
        lease["metadata"]["annotations"][RELEASE] = "virtualservice/checkout".into();
        lease["spec"]["renewTime"] = 7.into();
        assert!(row(&lease).is_none(), "it was never renewed");
        let node = json!({"metadata": {"name": "node-1", "namespace": "kube-node-lease"},
            "spec": {"holderIdentity": "node-1", "renewTime": "2025-01-01T14:05:00.000000Z"}});
        assert!(row(&node).is_none(), "a node's");
    }
}
