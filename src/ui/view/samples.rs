//! Releases and Models for the tests of drawing: built by the strategies from objects, so that the words are the real
//! ones.

use crate::app::journal::Journal;
use crate::app::keypress::KeyPress;
use crate::app::keys::KeyTable;
use crate::app::model::Size;
use crate::app::{Effect, Model, Msg, Session, update};
use crate::config::{Config, Sources};
use crate::domain::forecast::Risk;
use crate::domain::history::{Evidence, HistoryEntry, RevisionReplicas};
use crate::domain::identity::{ClusterIdentity, Fingerprint};
use crate::domain::intent::ReleaseId;
use crate::domain::journal::{Before, Entry, Event, Record};
use crate::domain::management::{Management, Manager, Reverts};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{Change, PlanId};
use crate::domain::pod::{Cause, ContainerRow, Phase, Pod, Trouble};
use crate::domain::release::{
    Blocker, Generation, Health, HealthReason, Progress, Release, Role, StrategyKind, Track, Weight,
};
use crate::domain::snapshot::{Connection, KindStatus, Snapshot, Watch};
use crate::domain::state::Verdict;
use crate::domain::workload::{Image, Limit, Replicas, UpdateStrategy};
use crate::domain::{
    Age, Details, Direction, Kind, ObjectKey, Outcome, RawObject, Revision, State, Str, Timestamp, Uid, Verb,
};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub mod measured;
pub mod traffic;

/// Sunday, 03:12 UTC.
pub fn now() -> Timestamp {
    "2026-11-22T03:12:00Z".parse().unwrap()
}

/// So many seconds before.
pub fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub fn image(tag: &str) -> Image {
    Image { container: "app".into(), reference: format!("reg/search:{tag}").into() }
}

pub fn pod(name: &str, hash: &str, trouble: Option<(Cause, &str)>) -> Arc<Pod> {
    Arc::new(Pod {
        namespace: "shop".into(),
        name: name.into(),
        uid: Uid::new(format!("uid-{name}")),
        owner: None,
        hash: Some(hash.into()),
        containers: vec![ContainerRow { name: "app".into(), image: "reg/search:v41".into(), image_id: "".into() }]
            .into(),
        node: Some("node-3".into()),
        phase: if trouble.is_some() { Phase::Pending } else { Phase::Running },
        ready: trouble.is_none(),
        ready_since: Some(ago(3_600)),
        restarts: u32::from(trouble.is_some()) * 4,
        trouble: trouble.map(|(cause, reason)| Trouble {
            cause,
            reason: reason.into(),
            message: "Back-off pulling image \"reg/search:v42\"".into(),
            since: Some(ago(360)),
        }),
        created: Some(ago(380)),
        deleting: None,
    })
}

fn replicas(desired: i32, ready: i32) -> Replicas {
    Replicas { desired, current: desired, ready, updated: desired, available: ready }
}

pub fn track(role: Role, tag: &str, revision: i64, share: u8, pods: Vec<Arc<Pod>>) -> Track {
    let ready = pods.iter().filter(|pod| pod.ready).count() as i32;
    let count = pods.len() as i32;
    Track {
        role,
        name: format!("rs-{revision}").into(),
        revision: Some(Revision(revision)),
        images: vec![image(tag)],
        version: tag.into(),
        digests: vec![],
        weight: Weight { asked: None, actual: Some(share) },
        replicas: replicas(count, ready),
        pods,
    }
}

fn entry(revision: i64, tag: &str, created: i64, evidence: Evidence) -> HistoryEntry {
    HistoryEntry {
        revision: Revision(revision),
        aliases: vec![],
        object: ObjectKey::new(Kind::ReplicaSet, "shop", format!("rs-{revision}")),
        hash: Some(format!("h{revision}").into()),
        images: vec![image(tag)],
        change_cause: Some(format!("search {tag}").into()),
        created: Some(ago(created)),
        replicas: RevisionReplicas::default(),
        current: false,
        serving: false,
        evidence,
    }
}

/// A plain release, all well.
pub fn healthy(namespace: &str, name: &str, tag: &str, age: i64) -> Release {
    let key = ObjectKey::new(Kind::Deployment, namespace, name);
    let pods = (0..3).map(|n| pod(&format!("{name}-6d4-{n}"), "h1", None)).collect();
    Release {
        uid: Uid::new(format!("uid-{namespace}-{name}")),
        strategy: StrategyKind("rolling"),
        why: "a Deployment".into(),
        state: State::Healthy,
        held: false,
        reason: "3 of 3 pods are ready.".into(),
        remedy: "".into(),
        since: Some(ago(age)),
        recheck_at: None,
        stuck: false,
        selector: "".into(),
        tracks: vec![track(Role::Stable, tag, 1, 100, pods)],
        revision: Some(Revision(1)),
        change_cause: None,
        step: None,
        traffic: None,
        replicas: replicas(3, 3),
        update: UpdateStrategy::Rolling { surge: Limit::Percent(25), unavailable: Limit::Percent(25) },
        progress: None,
        outage: None,
        history: vec![HistoryEntry { current: true, ..entry(1, tag, age, Evidence::None) }],
        back_to: None,
        health: Health {
            verdict: Verdict::Ok,
            reasons: vec![HealthReason { verdict: Verdict::Ok, text: "3 of 3 pods are ready".into() }],
        },
        management: vec![],
        writers: vec![],
        autoscaler: None,
        budgets: vec![],
        services: vec![],
        members: vec![key.clone()],
        generation: Generation { spec: 7, observed: 7 },
        unreadable: vec![],
        measured_by: None,
        pods_unread: None,
        doubt: None,
        key,
    }
}

/// A release in the middle of an update whose new pods can't pull their image.
pub fn stuck() -> Release {
    let bad = Some((Cause::ImagePull, "ImagePullBackOff"));
    let new = vec![pod("search-6f9c7-x2x1v", "h42", bad), pod("search-6f9c7-zq8rt", "h42", bad)];
    let old = (0..6).map(|n| pod(&format!("search-5d8b-{n}k2j"), "h41", None)).collect();
    let mut history = vec![
        HistoryEntry { current: true, ..entry(42, "v42", 380, Evidence::None) },
        HistoryEntry { serving: true, ..entry(41, "v41", 259_200, Evidence::Serving { ready: 6 }) },
        entry(40, "v40", 900_000, Evidence::Likely { served: Age::seconds(640_000) }),
    ];
    history[0].replicas = RevisionReplicas { current: 2, ready: 0 };
    history[1].replicas = RevisionReplicas { current: 6, ready: 6 };
    Release {
        state: State::Failed,
        reason: "2 new pods can't pull reg/search:v42 (ImagePullBackOff, 6 min).".into(),
        remedy: "Back to: revision 41, v41, still serving (6 pods). U undoes.".into(),
        since: Some(ago(360)),
        tracks: vec![track(Role::Stable, "v41", 41, 100, old), track(Role::Candidate, "v42", 42, 0, new)],
        revision: Some(Revision(42)),
        replicas: replicas(8, 6),
        progress: Some(Progress {
            done: 0,
            total: 8,
            deadline: Some(now() + SignedDuration::from_secs(240)),
            estimate: None,
            blockers: vec![Blocker {
                pod: "search-6f9c7-x2x1v".into(),
                reason: "ImagePullBackOff".into(),
                message: "Back-off pulling image".into(),
                since: Some(ago(360)),
            }],
        }),
        history,
        back_to: Some(Revision(41)),
        health: Health {
            verdict: Verdict::Bad,
            reasons: vec![
                HealthReason { verdict: Verdict::Bad, text: "2 new pods can't pull reg/search:v42".into() },
                HealthReason { verdict: Verdict::Warn, text: "6 of 8 pods are ready".into() },
            ],
        },
        management: vec![Management {
            manager: Manager::ArgoCd,
            name: "search".into(),
            evidence: "annotation argocd.argoproj.io/tracking-id".into(),
            template: Reverts::Will,
            replicas: Reverts::WillNot,
            when: "within 5 s to 5 min".into(),
            first: Some("argocd app set search --sync-policy none".into()),
        }],
        ..healthy("shop", "search", "v42", 360)
    }
}

/// The raw objects behind `stuck`.
pub fn stuck_details(read_at: Timestamp) -> Details {
    let template = |tag: &str, timeout: &str| {
        json!({"metadata": {"labels": {"app": "search"}}, "spec": {"containers": [{"name": "app",
            "image": format!("reg/search:{tag}"), "env": [{"name": "SEARCH_TIMEOUT", "value": timeout},
            {"name": "DB_PASSWORD", "value": format!("secret-{tag}")}], "envFrom": [{"configMapRef": {"name": "search-config"}}]}]}})
    };
    let raw = |kind: Kind, name: &str, value: serde_json::Value| {
        let text = serde_json::value::to_raw_value(&value).unwrap();
        RawObject::new(ObjectKey::new(kind, "shop", name), text).unwrap()
    };
    let root = json!({"metadata": {"uid": "uid-shop-search", "generation": 7,
        "annotations": {"deployment.kubernetes.io/revision": "42"}},
        "spec": {"replicas": 8, "template": template("v42", "2s")}, "status": {"observedGeneration": 7}});
    let revision = |number: i64, tag: &str, timeout: &str| {
        let value = json!({"metadata": {"uid": format!("uid-rs-{number}"), "annotations": {"deployment.kubernetes.io/revision": number.to_string()}},
            "spec": {"template": template(tag, timeout)}});
        (Revision(number), raw(Kind::ReplicaSet, &format!("rs-{number}"), value))
    };
    Details {
        root: raw(Kind::Deployment, "search", root),
        revisions: BTreeMap::from([revision(42, "v42", "2s"), revision(41, "v41", "5s"), revision(40, "v40", "5s")]),
        others: BTreeMap::new(),
        histories: BTreeMap::new(),
        autoscaler: None,
        quotas: Vec::new(),
        read_at,
        fresh: true,
    }
}

/// A cluster with releases in many states.
pub fn snapshot() -> Snapshot {
    let down = Release {
        state: State::Down,
        strategy: StrategyKind("recreate"),
        replicas: replicas(2, 0),
        reason: "no pod is ready for 2 min.".into(),
        since: Some(ago(120)),
        ..healthy("pay", "ledger", "v7", 120)
    };
    let held = Release {
        held: true,
        state: State::Waiting,
        reason: "paused by a person, with a change pending.".into(),
        remedy: "P resumes it.".into(),
        since: Some(ago(10_800)),
        ..healthy("shop", "cart", "v88", 10_800)
    };
    let moving = Release {
        state: State::Progressing,
        replicas: replicas(5, 4),
        since: Some(ago(40)),
        reason: "3 of 5 pods are new.".into(),
        progress: Some(Progress {
            done: 3,
            total: 5,
            deadline: None,
            estimate: Some(Age::seconds(40)),
            blockers: vec![],
        }),
        tracks: vec![
            track(Role::Stable, "v12", 12, 50, vec![pod("api-1", "a", None), pod("api-2", "a", None)]),
            track(Role::Candidate, "v13", 13, 50, vec![pod("api-3", "b", None), pod("api-4", "b", None)]),
        ],
        ..healthy("pay", "api", "v13", 40)
    };
    let latest = {
        let mut release = healthy("shop", "frontend", "latest", 172_800);
        release.tracks[0].images = vec![Image { container: "app".into(), reference: "reg/frontend:latest".into() }];
        release.tracks[0].digests = vec!["sha256:1f2e3d4c5b6a".into()];
        release
    };
    let mut releases = vec![down, stuck(), held, moving, latest];
    releases.extend((0..4).map(|n| healthy("shop", &format!("worker-{n}"), "v55", 800_000 + n)));
    let identity = identity();
    let mut snapshot = Snapshot::empty(identity, now());
    snapshot.version = 1;
    snapshot.releases = releases.into_iter().map(Arc::new).collect();
    let live = |count| KindStatus { watch: Watch::Live, count, denied: vec![] };
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::Pod] {
        snapshot.kinds.insert(kind, live(9));
    }
    snapshot.connection = Connection::Live;
    snapshot.namespaces = vec!["shop".into(), "pay".into()];
    snapshot.known_namespaces = ["default", "pay", "shop"].map(Str::from).to_vec();
    snapshot
}

pub fn identity() -> Arc<ClusterIdentity> {
    Arc::new(ClusterIdentity {
        context: "prod-eu".into(),
        server: "https://127.0.0.1:6443".into(),
        fingerprint: Fingerprint { id: "uid".into(), word: "heron".into(), colour: 3 },
    })
}

/// The configuration with `text` as its file.
pub fn config(text: &str) -> Config {
    let sources = Sources { file: Some(("config.toml".into(), text.to_owned())), ..Sources::default() };
    Config::resolve(&sources).unwrap()
}

/// A console at the sample's cluster, where `config` is the configuration's text.
pub fn console(width: u16, height: u16, config_text: &str) -> Model {
    let mut session = Session::new(Arc::new(config(config_text)), identity(), "ana");
    session.themes = ["default", "light", "mono"].map(Str::from).to_vec();
    let mut model = Model::new(session, Arc::new(KeyTable::default()), now(), TimeZone::UTC);
    model.size = Size { width, height };
    update(&mut model, Msg::Snapshot(Arc::new(snapshot())));
    model
}

/// Presses keys; `<armed>` shows the frame and lets 300 ms pass. Gives the effects of all of them.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (place, part) in keys.split("<armed>").enumerate() {
        if place > 0 {
            arm(model);
        }
        for key in KeyPress::sequence(part).unwrap() {
            model.tick += Duration::from_millis(1);
            effects.extend(update(model, Msg::Key(key)));
        }
    }
    effects
}

/// What a frame shows of the topmost dialog.
pub fn in_sight(model: &Model) -> Option<Box<crate::app::sight::InSight>> {
    let theme = crate::ui::theme::Theme::bundled(crate::ui::theme::ColorLevel::None);
    let look = crate::ui::widgets::Look { theme: &theme, glyphs: &crate::ui::glyphs::UNICODE, keys: None };
    super::in_sight(model, look).map(Box::new)
}

/// The frame reached the terminal, and 300 ms passed.
pub fn arm(model: &mut Model) {
    model.tick += Duration::from_millis(20);
    let revision = model.revision;
    let shown = in_sight(model);
    update(model, Msg::Flushed(revision, shown));
    model.tick += Duration::from_millis(300);
}

/// A console with the stuck release selected and its objects read.
pub fn at_stuck(width: u16, height: u16, config_text: &str) -> Model {
    let mut model = console(width, height, config_text);
    let uid = stuck().uid;
    model.board.choose(uid.clone());
    let snapshot = model.live.clone();
    model.board.take(&snapshot, model.tick);
    update(&mut model, Msg::Details(uid, Ok(Arc::new(stuck_details(ago(1))))));
    model
}

/// Lines of a journal: an undo that was applied, and a scale that met a fence.
pub fn journal() -> Journal {
    let record = |verb: Verb, title: &str| {
        let key = ObjectKey::new(Kind::Deployment, "shop", "search");
        Event::Intent(Box::new(Record {
            who: "ana".into(),
            context: "prod-eu".into(),
            fingerprint: "uid".into(),
            release: ReleaseId { key, uid: stuck().uid },
            verb,
            direction: Direction::Back,
            title: title.into(),
            calls: vec!["PATCH apps/v1 deployments/search".into()],
            kept: vec![],
            waits: vec![],
            closes: vec![],
            changes: vec![Change { place: "image".into(), old: None, new: None }],
            before: Before::default(),
            reason: "pages fail".into(),
            risk: Risk::Medium,
            rehearsal: false,
            until: crate::domain::plan::Wait::Settled,
        }))
    };
    let line = |plan: &str, seconds: i64, event: Event| Entry { at: ago(seconds), plan: PlanId(plan.into()), event };
    let outcome = |kind, reason: &str| Event::Outcome(Outcome::new(kind, reason));
    let entries = vec![
        line("1", 7_200, record(Verb::Undo, "UNDO shop/search → revision 40")),
        line("1", 7_150, outcome(OutcomeKind::Applied, "8 of 8 pods are new and ready")),
        line("2", 600, record(Verb::Scale, "SCALE shop/search → 10 replicas")),
        line("2", 599, outcome(OutcomeKind::Conflict, "replicas moved from 8 to 9, by hpa, 3 s before")),
    ];
    Journal { entries, ..Journal::default() }
}
