//! Kubernetes' events about one release: one watch on its namespace, for as long as somebody listens.

use super::backoff::Backoff;
use super::connect::Cluster;
use super::errors::ReadError;
use super::feed::TOO_SHORT;
use super::kinds::{list_path, with};
use super::watching::SERVER_LIMIT;
use super::wire::field::{Field, composite};
use crate::domain::text::sanitize;
use crate::domain::{Kind, ObjectKey, Release, Str, Timestamp};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashSet;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// An event about an object of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// The event object's name: a later message with the same name replaces the earlier one.
    pub name: Str,
    /// When it happened last.
    pub at: Option<Timestamp>,
    /// What it is about: `Pod`.
    pub kind: Str,
    /// Its name.
    pub object: Str,
    /// One word.
    pub reason: Str,
    /// The text.
    pub message: Str,
    /// Whether it is a warning.
    pub warning: bool,
    /// How often it happened.
    pub count: u32,
    /// Who says so.
    pub source: Str,
}

/// What is told about events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventsMsg {
    /// All there are, oldest first; replaces what was told before.
    All(Vec<ClusterEvent>),
    /// One is new or happened again.
    One(ClusterEvent),
    /// They can't be read now, and why; what was told stays.
    Failing(Str),
}

/// Messages on their way; when nobody takes them the watch waits.
const MESSAGES: usize = 64;

impl Cluster {
    /// Follows the events about `release` until the receiver is dropped.
    pub fn events(&self, release: &Release) -> mpsc::Receiver<EventsMsg> {
        let (out, messages) = mpsc::channel(MESSAGES);
        let cluster = self.clone();
        let about = About::release(release);
        tokio::spawn(async move {
            tokio::select! {
                () = follow(&cluster, &about, &out) => {}
                () = out.closed() => {}
            }
        });
        messages
    }
}

async fn follow(cluster: &Cluster, about: &About, out: &mpsc::Sender<EventsMsg>) {
    let mut backoff = Backoff::default();
    let mut version = None;
    loop {
        let began = Instant::now();
        let result = round(cluster, about, out, &mut version).await;
        let worked = began.elapsed() >= TOO_SHORT;
        if worked {
            backoff.reset();
        }
        match result {
            Ok(()) if worked => continue,
            Ok(()) => {}
            // Listing again is the cure; a second time in a row it is not.
            Err(ReadError::Gone(_)) if backoff.is_fresh() => {
                version = None;
                backoff.next();
                continue;
            }
            Err(error) => {
                if !matches!(error, ReadError::Unreachable(_)) {
                    version = None;
                }
                if out.send(EventsMsg::Failing(error.to_string().into())).await.is_err() {
                    return;
                }
            }
        }
        sleep(backoff.next()).await;
    }
}

/// A list where there is no version yet, then a watch until it ends.
async fn round(
    cluster: &Cluster,
    about: &About,
    out: &mpsc::Sender<EventsMsg>,
    version: &mut Option<Str>,
) -> Result<(), ReadError> {
    if version.is_none() {
        *version = Some(list(cluster, about, out).await?);
    }
    watch(cluster, about, out, version).await
}

async fn list(cluster: &Cluster, about: &About, out: &mpsc::Sender<EventsMsg>) -> Result<Str, ReadError> {
    let mut events = Vec::new();
    let version =
        cluster.each_item(Kind::Event, (&about.root.namespace, None), |item| events.extend(read(item, about))).await?;
    events.sort_by_key(|event| event.at);
    out.send(EventsMsg::All(events)).await.ok();
    Ok(version.unwrap_or_else(|| "0".into()))
}

async fn watch(
    cluster: &Cluster,
    about: &About,
    out: &mpsc::Sender<EventsMsg>,
    version: &mut Option<Str>,
) -> Result<(), ReadError> {
    let from = version.clone().unwrap_or_else(|| "0".into());
    let path = with(list_path(Kind::Event, Some(&about.root.namespace)), "watch", "true");
    let path = with(with(path, "allowWatchBookmarks", "true"), "resourceVersion", &from);
    let path = with(path, "timeoutSeconds", &SERVER_LIMIT.as_secs().to_string());
    let mut watching = cluster.start_watch(Kind::Event, path).await?;
    loop {
        let mut found = Vec::new();
        let more = watching
            .each(|object, newer| {
                if let Some(newer) = newer {
                    *version = Some(newer);
                }
                found.extend(read(object, about));
            })
            .await?;
        for event in found {
            out.send(EventsMsg::One(event)).await.ok();
        }
        if !more {
            return Ok(());
        }
    }
}

/// Which objects belong to the release.
#[derive(Debug)]
struct About {
    root: ObjectKey,
    members: HashSet<(&'static str, Str)>,
}

impl About {
    fn release(release: &Release) -> Self {
        let members = release.members.iter().chain([&release.key]).map(|key| (key.kind.name(), key.name.clone()));
        let pods = release.tracks.iter().flat_map(|track| &track.pods).map(|pod| (Kind::Pod.name(), pod.name.clone()));
        Self { root: release.key.clone(), members: members.chain(pods).collect() }
    }

    fn covers(&self, kind: &str, name: &str) -> bool {
        let member = self.members.iter().any(|(known, member)| *known == kind && **member == *name);
        member || self.made_since(kind, name).unwrap_or(false)
    }

    /// Pods and ReplicaSets that came after the release was opened have names that their controllers made.
    fn made_since(&self, kind: &str, name: &str) -> Option<bool> {
        let rest = name.strip_prefix(&*self.root.name)?.strip_prefix('-')?;
        let made = |part: &str| !part.is_empty() && part.bytes().all(|byte| SAFE.contains(&byte));
        let suffix = |part: &str| part.len() == 5 && made(part);
        Some(match (self.root.kind, kind) {
            (Kind::Deployment, "ReplicaSet") => made(rest),
            (Kind::Deployment, "Pod") => rest.split_once('-').is_some_and(|(hash, pod)| made(hash) && suffix(pod)),
            (Kind::StatefulSet, "Pod") => !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()),
            (Kind::DaemonSet, "Pod") => suffix(rest),
            _ => false,
        })
    }
}

/// The letters of generated names (`k8s.io/apimachinery/pkg/util/rand`): no vowels, so no words.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireEvent<'a> {
    #[serde(borrow)]
    metadata: Field<EventMeta<'a>>,
    #[serde(borrow)]
    involved_object: Field<Involved<'a>>,
    #[serde(borrow)]
    reason: Field<Cow<'a, str>>,
    #[serde(borrow)]
    message: Field<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Field<Cow<'a, str>>,
    count: Field<i64>,
    last_timestamp: Field<Timestamp>,
    event_time: Field<Timestamp>,
    #[serde(borrow)]
    series: Field<Series<'a>>,
    #[serde(borrow)]
    reporting_component: Field<Cow<'a, str>>,
    #[serde(borrow)]
    source: Field<Source<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EventMeta<'a> {
    #[serde(borrow)]
    name: Field<Cow<'a, str>>,
    creation_timestamp: Field<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Involved<'a> {
    #[serde(borrow)]
    kind: Field<Cow<'a, str>>,
    #[serde(borrow)]
    name: Field<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series<'a> {
    count: Field<i64>,
    last_observed_time: Field<Timestamp>,
    #[serde(skip)]
    borrows: std::marker::PhantomData<&'a ()>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    component: Field<Cow<'a, str>>,
}

composite!(EventMeta, Involved, Series, Source);

fn read(json: &[u8], about: &About) -> Option<ClusterEvent> {
    let wire: WireEvent<'_> = serde_json::from_slice(json).ok()?;
    let involved = wire.involved_object.ok()?;
    let (kind, object) = (involved.kind.ok()?, involved.name.ok()?);
    if !about.covers(&kind, &object) {
        return None;
    }
    let meta = wire.metadata.ok().unwrap_or_default();
    let series = wire.series.ok().unwrap_or_default();
    let text = |field: Field<Cow<'_, str>>| Str::from(&*sanitize(&field.ok().unwrap_or_default()));
    let times = [series.last_observed_time, wire.last_timestamp, wire.event_time, meta.creation_timestamp];
    let source = wire.source.ok().map(|source| text(source.component)).filter(|name| !name.is_empty());
    Some(ClusterEvent {
        name: text(meta.name),
        at: times.into_iter().find_map(Field::ok),
        kind: Str::from(&*sanitize(&kind)),
        object: Str::from(&*sanitize(&object)),
        warning: wire.kind.get().is_some_and(|kind| kind == "Warning"),
        reason: text(wire.reason),
        message: text(wire.message),
        count: series.count.ok().or(wire.count.ok()).and_then(|count| u32::try_from(count).ok()).unwrap_or(1).max(1),
        source: source.unwrap_or_else(|| text(wire.reporting_component)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(kind: Kind, name: &str) -> About {
        About { root: ObjectKey::new(kind, "shop", name), members: HashSet::new() }
    }

    #[test]
    fn objects_made_later_belong_by_their_generated_names() {
        let web = about(Kind::Deployment, "web");
        assert!(web.covers("ReplicaSet", "web-667848bb74") && web.covers("Pod", "web-667848bb74-4fxh4"));
        for other in ["web-api-7c9d8f-x7k2p", "web-api-x7k2p", "web-0", "website-667848bb74-4fxh4", "web"] {
            assert!(!web.covers("Pod", other), "{other}");
        }
        assert!(
            about(Kind::StatefulSet, "db").covers("Pod", "db-12")
                && !about(Kind::StatefulSet, "db").covers("Pod", "db-x")
        );
        assert!(about(Kind::DaemonSet, "agent").covers("Pod", "agent-9fvdm"));
    }

    #[test]
    fn an_event_is_read_from_its_old_and_its_new_fields() {
        let about = about(Kind::StatefulSet, "db");
        let old = br#"{"metadata":{"name":"e","creationTimestamp":"2025-01-01T00:00:00Z"},"involvedObject":{"kind":"Pod","name":"db-0"},
            "reason":"BackOff","message":"a\u001b[31mb","type":"Warning","count":3,"lastTimestamp":"2025-01-01T00:05:00Z","source":{"component":"kubelet"}}"#;
        let event = read(old, &about).expect("ours");
        assert_eq!((event.count, event.warning, &*event.source, &*event.message), (3, true, "kubelet", "a[31mb"));
        let new = br#"{"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"db-0"},"count":null,"eventTime":"2025-01-01T00:00:00.5Z",
            "lastTimestamp":null,"reportingComponent":"default-scheduler","source":{}}"#;
        let event = read(new, &about).expect("ours");
        assert_eq!((event.count, &*event.source, event.at.is_some()), (1, "default-scheduler", true));
        assert!(read(br#"{"involvedObject":{"kind":"Pod","name":"web-0"}}"#, &about).is_none());
    }
}
