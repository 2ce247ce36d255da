//! Releases that split traffic, one of each sort.

use super::{ago, console, healthy, now, pod, track};
use crate::app::model::Model;
use crate::app::{Msg, update};
use crate::domain::objects::Endpoints;
use crate::domain::release::{Release, Role, Rung, Step, Track, Weight};
use crate::domain::state::Verdict;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::{Check, Countdown, Group, Mover, RuleSplit, Share, Side, SwitchView, WaitingFor};
use crate::domain::workload::{Limit, Replicas, UpdateStrategy, Workload};
use crate::domain::{Details, Kind, ObjectKey, RawObject, State, Str, Uid};
use crate::strategy::sampled::{SAMPLE, workload};
use jiff::SignedDuration;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey::new(kind, "shop", name)
}

fn lane(role: Role, name: &str, version: &str, weight: (Option<u8>, Option<u8>), pods: usize) -> Track {
    let pods = (0..pods).map(|n| pod(&format!("{name}-7c9-{n}"), name, None)).collect();
    let mut track = track(role, version, 1, 0, pods);
    track.name = name.into();
    track.weight = Weight { asked: weight.0, actual: weight.1 };
    track
}

fn share(role: Role, to: &str, asked: u8) -> Share {
    Share { role: Some(role), to: to.into(), written: Some(asked.into()), asked: Some(asked), actual: None }
}

/// One rule of the route `checkout`.
pub fn rule(number: usize, requests: &str, candidate: u8) -> RuleSplit {
    RuleSplit {
        route: key(Kind::VirtualService, "checkout"),
        pointer: format!("/spec/http/{number}").into(),
        host: "checkout.shop".into(),
        name: None,
        requests: requests.into(),
        shares: vec![
            share(Role::Stable, "checkout-v1", 100 - candidate),
            share(Role::Candidate, "checkout-v2", candidate),
        ],
        mirrors: vec![],
        problem: None,
        steered: true,
    }
}

fn release(name: &str, kind: Kind, tracks: Vec<Track>, traffic: Traffic) -> Release {
    let key = key(kind, name);
    Release {
        uid: Uid::new(format!("uid-{name}")),
        members: vec![key.clone()],
        key,
        strategy: SAMPLE,
        why: "its rules send to two subsets of checkout".into(),
        state: State::Waiting,
        reason: "20 % go to 1.9.3, and the next rung waits.".into(),
        since: Some(ago(720)),
        tracks,
        traffic: Some(Arc::new(traffic)),
        ..healthy("shop", name, "1.9.2", 720)
    }
}

/// An Istio canary at 20 %, with a rule of its own for mobile users.
pub fn istio() -> Release {
    let (by, at) = ("ana (windlass)", Some(ago(720)));
    let mut traffic = Traffic {
        holder: Some(key(Kind::VirtualService, "checkout")),
        last_write: Some((by.into(), at)),
        rules: vec![rule(0, "user-agent ~ .*Mobile.*", 20), rule(1, "", 0)],
        waiting: Some(WaitingFor { what: "the next rung".into(), since: at }),
        ..Traffic::moved_by(Mover::Person)
    };
    traffic.rules[1].mirrors = vec![("checkout-v2".into(), Some(10.0))];
    let tracks = vec![
        lane(Role::Stable, "checkout-v1", "1.9.2", (Some(80), None), 9),
        lane(Role::Candidate, "checkout-v2", "1.9.3", (Some(20), None), 3),
    ];
    let step = Step {
        since: at,
        next: "20 → 50 % of checkout.shop, 2 rules, by Istio".into(),
        ..Step::on_ladder(vec![5, 20, 50, 100], Some(20))
    };
    Release { step: Some(step), ..release("checkout", Kind::VirtualService, tracks, traffic) }
}

fn side(role: Role, name: &str, ready: i32) -> Side {
    let replicas = Replicas { desired: 3, current: 3, ready, updated: 3, available: ready };
    let workload = Workload {
        key: key(Kind::Deployment, name),
        uid: Uid::new(format!("uid-{name}")),
        generation: 1,
        observed_generation: 1,
        paused: false,
        update: UpdateStrategy::Rolling { surge: Limit::Percent(25), unavailable: Limit::Percent(25) },
        replicas,
        ..workload()
    };
    Side {
        role,
        name: name.into(),
        workload: Arc::new(workload),
        autoscaler: None,
        services: vec![],
        endpoints: Endpoints::default(),
        own: None,
    }
}

/// A blue-green release that was switched a moment ago, with a third side.
pub fn blue_green() -> Release {
    let mut traffic = Traffic {
        holder: Some(key(Kind::Service, "frontend")),
        last_write: Some(("ana (windlass)".into(), Some(ago(240)))),
        switch: Some(SwitchView {
            service: key(Kind::Service, "frontend"),
            key: "color".into(),
            live: "green".into(),
            other: Some("blue".into()),
            preview: Some(key(Kind::Service, "frontend-preview")),
            moved: (2, 1),
            switched_at: Some(ago(240)),
            took: Some(SignedDuration::from_millis(2_100)),
        }),
        countdowns: vec![Countdown {
            what: "scale-down of blue is offered".into(),
            then: "".into(),
            due: now() + SignedDuration::from_mins(26),
        }],
        ..Traffic::moved_by(Mover::Person)
    };
    traffic.rows.sides = vec![side(Role::Stable, "green", 3), side(Role::Idle, "blue", 3), side(Role::Idle, "grey", 1)];
    let tracks = vec![
        lane(Role::Stable, "green", "v3.1", (Some(100), Some(67)), 3),
        lane(Role::Idle, "blue", "v3.0", (Some(0), Some(33)), 3),
    ];
    let mut release = release("frontend", Kind::Service, tracks, traffic);
    release.state = State::Healthy;
    release.reason = "green (v3.1) is live; blue is kept for 26 min.".into();
    release
}

/// An A/B test with two groups.
pub fn ab_test() -> Release {
    let group = |name: &str, who: &str, role: Role, version: &str, pointer: &str| Group {
        name: name.into(),
        who: who.into(),
        matches: vec![],
        role: Some(role),
        version: version.into(),
        rule: (key(Kind::VirtualService, "landing"), pointer.into()),
    };
    let traffic = Traffic {
        holder: Some(key(Kind::VirtualService, "landing")),
        last_write: Some(("kubectl-edit".into(), Some(ago(90_000)))),
        groups: vec![
            group("A", "everyone else", Role::Stable, "2.0", "/spec/http/1"),
            group("B", "header x-group is b", Role::Candidate, "2.1", "/spec/http/0"),
        ],
        ..Traffic::moved_by(Mover::Person)
    };
    let tracks = vec![
        lane(Role::Stable, "landing-a", "2.0", (None, None), 6),
        lane(Role::Candidate, "landing-b", "2.1", (None, None), 3),
    ];
    release("landing", Kind::VirtualService, tracks, traffic)
}

/// An Argo canary at a pause, with an analysis that measures.
pub fn argo() -> Release {
    let rung = |words: &str, weight: Option<u8>, waits: bool| Rung { words: words.into(), weight, waits };
    let values = ["0.98", "0.99", "1"].map(|value| (Some(ago(60)), Str::from(value)));
    let traffic = Traffic {
        holder: Some(key(Kind::Rollout, "cart")),
        last_write: Some(("rollouts-controller".into(), Some(ago(40)))),
        countdowns: vec![Countdown {
            what: "the pause ends".into(),
            then: "".into(),
            due: now() + SignedDuration::from_secs(26),
        }],
        waiting: Some(WaitingFor { what: "a pause without an end".into(), since: Some(ago(10_800)) }),
        checks: vec![
            Check {
                name: "success-rate".into(),
                standing: "Running".into(),
                verdict: Verdict::Ok,
                limit: "result[0] >= 0.95".into(),
                values: values.to_vec(),
                message: "".into(),
            },
            Check {
                name: "latency".into(),
                standing: "Error".into(),
                verdict: Verdict::Bad,
                limit: "result <= 500".into(),
                values: vec![],
                message: "the metric could not be measured: no such host".into(),
            },
        ],
        notices: vec!["The Service cart-canary selects no pod of the canary.".into()],
        ..Traffic::moved_by(Mover::Argo)
    };
    let tracks = vec![
        lane(Role::Stable, "cart-5f", "v88", (Some(90), Some(92)), 5),
        lane(Role::Candidate, "cart-6d", "v89", (Some(10), Some(8)), 1),
    ];
    let step = Step {
        index: Some(1),
        count: 9,
        weights: vec![10, 20, 50],
        rungs: vec![
            rung("10 %", Some(10), false),
            rung("pause", None, true),
            rung("20 %", Some(20), false),
            rung("analysis success-rate", None, false),
            rung("header route x-canary", None, false),
            rung("pause 5m", None, false),
            rung("50 %", Some(50), false),
            rung("experiment baseline", None, false),
            rung("plugin notify", None, false),
        ],
        since: Some(ago(10_800)),
        next: "".into(),
    };
    Release { step: Some(step), ..release("cart", Kind::Rollout, tracks, traffic) }
}

/// A route that may not be written.
pub fn blocked() -> Release {
    let mut release = istio();
    let mut traffic = release.traffic.as_deref().cloned().unwrap_or_else(|| Traffic::moved_by(Mover::Person));
    traffic.blocked = Some("VirtualService checkout-old in shop is for the same host checkout.shop".into());
    traffic.rules[0].problem = Some("its weights sum to 90".into());
    traffic.rules[1].steered = false;
    release.traffic = Some(Arc::new(traffic));
    release
}

/// Text of a cluster that wants to steer the terminal, everywhere.
pub fn hostile() -> Release {
    let evil: Str = format!("\u{1b}[2J\u{202e}{}漢字\u{200b}\n\t\u{7}", "x".repeat(3_000)).into();
    let mut release = argo();
    let mut traffic = release.traffic.as_deref().cloned().unwrap_or_else(|| Traffic::moved_by(Mover::Argo));
    traffic.last_write = Some((evil.clone(), Some(ago(1))));
    traffic.notices = vec![evil.clone(); 3];
    traffic.blocked = Some(evil.clone());
    traffic.waiting = Some(WaitingFor { what: evil.clone(), since: None });
    traffic.countdowns = vec![Countdown { what: evil.clone(), then: evil.clone(), due: ago(9) }];
    let mut bad = rule(0, &evil, 20);
    bad.name = Some(evil.clone());
    bad.host = evil.clone();
    bad.problem = Some(evil.clone());
    bad.mirrors = vec![(evil.clone(), Some(f64::NAN)), (evil.clone(), None)];
    bad.shares[0].to = evil.clone();
    bad.shares[0].role = None;
    bad.shares[1].asked = None;
    traffic.rules = vec![bad, RuleSplit { shares: vec![], ..rule(1, "", 0) }];
    for check in &mut traffic.checks {
        check.name = evil.clone();
        check.limit = evil.clone();
        check.message = evil.clone();
        check.values = vec![(None, evil.clone()); 9];
    }
    traffic.groups = (0..7)
        .map(|n| Group {
            name: evil.clone(),
            who: evil.clone(),
            matches: vec![],
            role: (n % 2 == 0).then_some(Role::Idle),
            version: evil.clone(),
            rule: (key(Kind::VirtualService, "x"), evil.clone()),
        })
        .collect();
    release.traffic = Some(Arc::new(traffic));
    if let Some(step) = &mut release.step {
        step.next = evil.clone();
        step.rungs[0].words = evil.clone();
        step.index = Some(u32::MAX);
    }
    release.tracks[0].version = evil;
    release
}

/// A console with `release` alone on the board, its objects at hand.
pub fn at(release: Release, width: u16, height: u16) -> Model {
    let mut model = console(width, height, "");
    let snapshot = Arc::new(with(&model, release.clone(), 2));
    update(&mut model, Msg::Snapshot(snapshot));
    model.board.choose(release.uid);
    let snapshot = model.live.clone();
    model.board.take(&snapshot, model.tick);
    model
}

/// The sample's snapshot with `release` as its only one.
pub fn with(model: &Model, release: Release, version: u64) -> crate::domain::Snapshot {
    let mut snapshot = (*model.live).clone();
    snapshot.version = version;
    snapshot.releases = vec![Arc::new(release)];
    snapshot
}

/// The raw objects behind `release`.
pub fn details(release: &Release) -> Arc<Details> {
    let value = json!({"metadata": {"uid": release.uid.as_str(), "generation": 7},
        "spec": {"http": [{"route": [{"weight": 80}, {"weight": 20}]}]}});
    let text = serde_json::value::to_raw_value(&value).unwrap();
    Arc::new(Details {
        root: RawObject::new(release.key.clone(), text).unwrap(),
        revisions: BTreeMap::new(),
        others: BTreeMap::new(),
        histories: BTreeMap::new(),
        autoscaler: None,
        quotas: Vec::new(),
        read_at: ago(0),
        fresh: true,
    })
}
