//! Whether kube-controller-manager works: its Lease in kube-system, which the manager that leads renews every two seconds.
//!
//! Managed clusters often hide it, and one without leader election has none: then nothing is told. The age is counted by
//! our own clock from what we saw, so that clocks apart are no alarm.

use super::connect::Cluster;
use super::errors::ReadError;
use super::feed::{Message, Shared};
use super::request::Request;
use crate::domain::Timestamp;
use crate::domain::objects::Controllers;
use jiff::SignedDuration;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::sleep;

const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager";

/// What it is called in sentences.
const LEASE: &str = "the controller manager's lease";

/// How often it is read, and how often where there is none.
const EVERY: Duration = Duration::from_secs(10);
const EVERY_WHERE_THERE_IS_NONE: Duration = Duration::from_mins(5);

/// So many readings in a row that show the same renewal are a silence: twice the usual lease of 15 s.
const SAME: u32 = 3;

/// A renewal that is so old at the first look is a silence, too; clocks are seldom so far apart.
const OLD: SignedDuration = SignedDuration::from_mins(2);

#[derive(Debug, Deserialize)]
struct Lease {
    spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default)]
    holder_identity: Option<String>,
    #[serde(default)]
    renew_time: Option<Timestamp>,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Seen {
    renewed: Option<Timestamp>,
    /// When we first saw that renewal.
    at: Option<Timestamp>,
    same: u32,
}

impl Seen {
    /// Takes a reading made at `now`.
    fn take(&mut self, lease: &Lease, now: Timestamp) -> Controllers {
        let held = lease.spec.holder_identity.as_ref().is_some_and(|holder| !holder.is_empty());
        let Some(renewed) = lease.spec.renew_time.filter(|_| held) else { return Controllers::Unknown };
        if self.renewed == Some(renewed) {
            self.same += 1;
        } else {
            let first = self.renewed.is_none();
            *self = Self { renewed: Some(renewed), at: Some(now), same: 0 };
            if first && now.duration_since(renewed) > OLD {
                self.at = Some(renewed);
                self.same = SAME;
            }
        }
        match self.at {
            Some(since) if self.same >= SAME => Controllers::Silent { since },
            _ => Controllers::Alive,
        }
    }

    /// A reading failed: renewals may have been missed.
    fn missed(&mut self) {
        self.same = 0;
    }
}

/// What one look tells: a renewal that is old already is a silence.
pub async fn look(cluster: &Cluster, now: Timestamp) -> Controllers {
    match cluster.json::<Lease>(Request::get(PATH), LEASE).await {
        Ok(lease) => Seen::default().take(&lease, now),
        Err(_) => Controllers::Unknown,
    }
}

/// Reads for ever, and tells what changed; a silence is told again and again, since its age is in sentences.
pub async fn run(shared: Shared) {
    let mut seen = Seen::default();
    let mut told = Controllers::Unknown;
    loop {
        let lease = shared.cluster.json::<Lease>(Request::get(PATH), LEASE).await;
        let mut pause = EVERY;
        let controllers = match lease {
            Ok(lease) => seen.take(&lease, shared.clock.now()),
            Err(ReadError::NotFound(_) | ReadError::Forbidden(_) | ReadError::Unreadable(_)) => {
                pause = EVERY_WHERE_THERE_IS_NONE;
                Controllers::Unknown
            }
            Err(_) => {
                seen.missed();
                told
            }
        };
        if controllers != told || matches!(controllers, Controllers::Silent { .. }) {
            told = controllers;
            if shared.out.send(Message::Controllers(controllers)).await.is_err() {
                return;
            }
        }
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn lease(renewed: i64) -> Lease {
        Lease { spec: Spec { holder_identity: Some("a".into()), renew_time: Some(at(renewed)) } }
    }

    #[test]
    fn a_lease_that_is_not_renewed_any_more_is_a_silence_by_our_own_clock() {
        let mut seen = Seen::default();
        // The server's clock is a minute behind ours.
        assert_eq!(seen.take(&lease(40), at(100)), Controllers::Alive);
        assert_eq!(seen.take(&lease(50), at(110)), Controllers::Alive);
        assert_eq!(seen.take(&lease(50), at(120)), Controllers::Alive);
        assert_eq!(seen.take(&lease(50), at(130)), Controllers::Alive);
        assert_eq!(seen.take(&lease(50), at(140)), Controllers::Silent { since: at(110) });
        assert_eq!(seen.take(&lease(91), at(150)), Controllers::Alive);
    }

    #[test]
    fn readings_that_failed_do_not_count_and_a_lease_that_is_old_at_once_does() {
        let mut seen = Seen::default();
        seen.take(&lease(50), at(50));
        seen.take(&lease(50), at(60));
        seen.take(&lease(50), at(70));
        seen.missed();
        assert_eq!(seen.take(&lease(50), at(130)), Controllers::Alive, "the server was away as well");
        assert_eq!(Seen::default().take(&lease(50), at(300)), Controllers::Silent { since: at(50) });
        let free = Lease { spec: Spec { holder_identity: Some(String::new()), renew_time: Some(at(50)) } };
        assert_eq!(Seen::default().take(&free, at(300)), Controllers::Unknown, "nobody leads");
    }
}
