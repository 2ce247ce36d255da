//! `kind: ReleaseList`, from `status`.

use std::sync::Arc;

use serde::Serialize;

use super::{
    API_VERSION, MeasurementsPart,
    traffic::{StepPart, TrafficPart},
};
use crate::domain::{
    Direction, Measurements, Release, Snapshot, State, Str, Timestamp, Verb,
    management::Reverts,
    measurement::Measured,
    presence::Presences,
    release::{Action, Role, Weight},
    said::clean,
    state::Verdict,
};

/// The document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseList {
    api_version: &'static str,
    kind: &'static str,
    cluster: Cluster,
    as_of: Timestamp,
    stale: bool,
    items: Vec<ReleaseItem>,
}

#[derive(Debug, Serialize)]
struct Cluster {
    context: Str,
    server: Str,
    fingerprint: Str,
}

/// One release.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseItem {
    target: String,
    namespace: Str,
    strategy: &'static str,
    state: State,
    held: bool,
    reason: String,
    revision: Option<i64>,
    step: Option<StepPart>,
    traffic: Option<TrafficPart>,
    tracks: Vec<TrackPart>,
    health: HealthPart,
    /// Null where no source was asked, or none knows the release.
    measurements: Option<MeasurementsPart>,
    management: Option<ManagementPart>,
    /// Null where nobody is known to step it.
    presence: Option<PresencePart>,
    actions: Vec<ActionPart>,
}

#[derive(Debug, Serialize)]
struct TrackPart {
    role: Role,
    name: Str,
    revision: Option<i64>,
    images: Vec<Str>,
    weight: Weight,
    replicas: ReplicasPart,
}

#[derive(Debug, Serialize)]
struct ReplicasPart {
    desired: i32,
    ready: i32,
    updated: i32,
    available: i32,
}

#[derive(Debug, Serialize)]
struct HealthPart {
    verdict: Verdict,
    reasons: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ManagementPart {
    manager: &'static str,
    detail: Str,
    forecast: String,
}

/// Who steps the release now, or why that is not known.
#[derive(Debug, Serialize)]
struct PresencePart {
    by: Option<Str>,
    since: Option<Timestamp>,
    /// The last step, in words.
    step: Option<String>,
    /// Until when it counts without a renewal.
    until: Option<Timestamp>,
    unknown: Option<String>,
}

#[derive(Debug, Serialize)]
struct ActionPart {
    verb: Verb,
    direction: Direction,
    enabled: bool,
    why: String,
    consequence: String,
}

impl ReleaseList {
    /// The document for `releases` of `snapshot`, each with what can be done to it, and what was measured.
    pub fn new(
        snapshot: &Snapshot,
        releases: &[(Arc<Release>, Vec<Action>)],
        measurements: &Measurements,
        now: Timestamp,
    ) -> Self {
        let item = |(release, actions): &(Arc<Release>, Vec<Action>)| {
            ReleaseItem::new(
                release,
                actions,
                measurements.of(&release.uid).map(Arc::as_ref),
                (&snapshot.presence, now),
            )
        };
        Self {
            api_version: API_VERSION,
            kind: "ReleaseList",
            cluster: Cluster {
                context: snapshot.cluster.context.clone(),
                server: snapshot.cluster.server.clone(),
                fingerprint: snapshot.cluster.fingerprint.word.clone(),
            },
            as_of: snapshot.published,
            stale: snapshot.stale(now),
            items: releases.iter().map(item).collect(),
        }
    }
}

impl ReleaseItem {
    /// One release with what can be done to it, and what was measured.
    pub fn new(
        release: &Release,
        actions: &[Action],
        measured: Option<&Measured>,
        (presence, now): (&Presences, Timestamp),
    ) -> Self {
        let health = release.judged();
        Self {
            target: release.key.target(),
            namespace: release.key.namespace.clone(),
            strategy: release.strategy.0,
            state: release.state,
            held: release.held,
            reason: clean(&release.reason).into_owned(),
            revision: release.revision.map(|revision| revision.0),
            step: release.step.as_ref().map(StepPart::from),
            traffic: TrafficPart::of(release),
            tracks: release.tracks.iter().map(track).collect(),
            health: HealthPart {
                verdict: health.verdict,
                reasons: health.reasons.iter().map(|reason| clean(&reason.text).into_owned()).collect(),
            },
            measurements: measured.map(MeasurementsPart::from),
            management: release.management.first().map(|management| ManagementPart {
                manager: management.manager.word(),
                detail: management.name.clone(),
                forecast: forecast(management.template, &management.when),
            }),
            presence: presence_of(release, presence, now),
            actions: actions.iter().map(action).collect(),
        }
    }
}

fn presence_of(release: &Release, presence: &Presences, now: Timestamp) -> Option<PresencePart> {
    let nothing = PresencePart { by: None, since: None, step: None, until: None, unknown: None };
    if let Some(known) = presence.of(&release.key, now) {
        return Some(PresencePart {
            by: Some(clean(&known.holder).into()),
            since: Some(known.since),
            step: (!known.step.is_empty()).then(|| clean(&known.step).into_owned()),
            until: Some(known.lapses()),
            ..nothing
        });
    }
    let unknown = presence.unknown(&release.key.namespace).filter(|_| release.traffic.is_some())?;
    Some(PresencePart { unknown: Some(clean(unknown).into_owned()), ..nothing })
}

fn track(track: &crate::domain::Track) -> TrackPart {
    TrackPart {
        role: track.role,
        name: track.name.clone(),
        revision: track.revision.map(|revision| revision.0),
        images: track.images.iter().map(|image| image.reference.clone()).collect(),
        weight: track.weight,
        replicas: ReplicasPart {
            desired: track.replicas.desired,
            ready: track.replicas.ready,
            updated: track.replicas.updated,
            available: track.replicas.available,
        },
    }
}

fn action(action: &Action) -> ActionPart {
    ActionPart {
        verb: action.verb,
        direction: action.direction,
        enabled: action.enabled,
        why: clean(&action.why).into_owned(),
        consequence: clean(&action.consequence).into_owned(),
    }
}

/// What a manager will do to a changed template: `will revert it within 5 s to 5 min`.
fn forecast(template: Reverts, when: &str) -> String {
    let does = match template {
        Reverts::WillNot => return "will leave a changed template as it is".to_owned(),
        Reverts::May => "may revert a changed template",
        Reverts::Will => "will revert a changed template",
    };
    if when.is_empty() { does.to_owned() } else { format!("{does} {when}") }
}
