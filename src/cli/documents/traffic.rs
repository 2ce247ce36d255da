//! The `step` and `traffic` of a release in `kind: ReleaseList`.

use serde::Serialize;

use crate::domain::{
    Release, Role, Str, Timestamp,
    release::Step,
    said::clean,
    state::Verdict,
    traffic::Traffic,
    traffic::view::{Check, Countdown, Group, RuleSplit, Share, SwitchView, WaitingFor},
};

/// Where a release stands; `index` is what `advance --from-step` takes.
#[derive(Debug, Serialize)]
pub struct StepPart {
    index: Option<u32>,
    count: u32,
    weights: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rungs: Vec<RungPart>,
    since: Option<Timestamp>,
    next: String,
}

#[derive(Debug, Serialize)]
struct RungPart {
    what: String,
    weight: Option<u8>,
    waits: bool,
}

/// Where its traffic goes and who moves it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrafficPart {
    mover: &'static str,
    holder: Option<ObjectPart>,
    last_write: Option<WritePart>,
    waiting: Option<WaitingPart>,
    blocked: Option<String>,
    notices: Vec<String>,
    rules: Vec<RulePart>,
    switch: Option<SwitchPart>,
    groups: Vec<GroupPart>,
    countdowns: Vec<CountdownPart>,
    checks: Vec<CheckPart>,
}

#[derive(Debug, Serialize)]
struct ObjectPart {
    target: String,
    namespace: Str,
}

#[derive(Debug, Serialize)]
struct WritePart {
    by: String,
    at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WaitingPart {
    what: String,
    since: Option<Timestamp>,
}

/// A rule; `number` is what `--rule` takes.
#[derive(Debug, Serialize)]
struct RulePart {
    number: usize,
    name: Option<String>,
    route: ObjectPart,
    pointer: Str,
    host: String,
    requests: String,
    steered: bool,
    shares: Vec<SharePart>,
    mirrors: Vec<MirrorPart>,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct SharePart {
    role: Option<Role>,
    to: String,
    written: Option<i64>,
    asked: Option<u8>,
    actual: Option<u8>,
}

#[derive(Debug, Serialize)]
struct MirrorPart {
    to: String,
    percent: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SwitchPart {
    service: ObjectPart,
    key: String,
    live: String,
    other: Option<String>,
    preview: Option<ObjectPart>,
    addresses_moved: u32,
    addresses_left: u32,
    switched_at: Option<Timestamp>,
    took_seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
struct GroupPart {
    name: String,
    who: String,
    role: Option<Role>,
    version: String,
    route: ObjectPart,
    pointer: Str,
}

#[derive(Debug, Serialize)]
struct CountdownPart {
    what: String,
    due: Timestamp,
}

#[derive(Debug, Serialize)]
struct CheckPart {
    name: String,
    standing: String,
    verdict: Verdict,
    limit: String,
    values: Vec<ValuePart>,
    message: String,
}

#[derive(Debug, Serialize)]
struct ValuePart {
    at: Option<Timestamp>,
    value: String,
}

fn text(text: &str) -> String {
    clean(text).into_owned()
}

fn object(key: &crate::domain::ObjectKey) -> ObjectPart {
    ObjectPart { target: key.target(), namespace: key.namespace.clone() }
}

impl From<&Step> for StepPart {
    fn from(step: &Step) -> Self {
        let rung = |rung: &crate::domain::release::Rung| RungPart {
            what: text(&rung.words),
            weight: rung.weight,
            waits: rung.waits,
        };
        Self {
            index: step.index,
            count: step.count,
            weights: step.weights.clone(),
            rungs: step.rungs.iter().map(rung).collect(),
            since: step.since,
            next: text(&step.next),
        }
    }
}

impl TrafficPart {
    /// The part of `release`, when it has traffic.
    pub fn of(release: &Release) -> Option<Self> {
        release.traffic.as_deref().map(Self::from)
    }
}

impl From<&Traffic> for TrafficPart {
    fn from(traffic: &Traffic) -> Self {
        Self {
            mover: traffic.mover.word(),
            holder: traffic.holder.as_ref().map(object),
            last_write: traffic.last_write.as_ref().map(|(by, at)| WritePart { by: text(by), at: *at }),
            waiting: traffic
                .waiting
                .as_ref()
                .map(|WaitingFor { what, since }| WaitingPart { what: text(what), since: *since }),
            blocked: traffic.blocked.as_deref().map(text),
            notices: traffic.notices.iter().map(|notice| text(notice)).collect(),
            rules: (1..).zip(&traffic.rules).map(|(number, split)| rule(number, split)).collect(),
            switch: traffic.switch.as_ref().map(switch),
            groups: traffic.groups.iter().map(group).collect(),
            countdowns: traffic
                .countdowns
                .iter()
                .map(|Countdown { what, then, due }| {
                    let what = if then.is_empty() { text(what) } else { text(&format!("{what}; {then}")) };
                    CountdownPart { what, due: *due }
                })
                .collect(),
            checks: traffic.checks.iter().map(check).collect(),
        }
    }
}

fn rule(number: usize, rule: &RuleSplit) -> RulePart {
    let share = |share: &Share| SharePart {
        role: share.role,
        to: text(&share.to),
        written: share.written,
        asked: share.asked,
        actual: share.actual,
    };
    RulePart {
        number,
        name: rule.name.as_deref().map(text),
        route: object(&rule.route),
        pointer: rule.pointer.clone(),
        host: text(&rule.host),
        requests: text(&rule.requests),
        steered: rule.steered,
        shares: rule.shares.iter().map(share).collect(),
        mirrors: rule.mirrors.iter().map(|(to, percent)| MirrorPart { to: text(to), percent: *percent }).collect(),
        problem: rule.problem.as_deref().map(text),
    }
}

fn switch(view: &SwitchView) -> SwitchPart {
    SwitchPart {
        service: object(&view.service),
        key: text(&view.key),
        live: text(&view.live),
        other: view.other.as_deref().map(text),
        preview: view.preview.as_ref().map(object),
        addresses_moved: view.moved.0,
        addresses_left: view.moved.1,
        switched_at: view.switched_at,
        took_seconds: view.took.map(|took| took.as_secs_f64()),
    }
}

fn group(group: &Group) -> GroupPart {
    GroupPart {
        name: text(&group.name),
        who: text(&group.who),
        role: group.role,
        version: text(&group.version),
        route: object(&group.rule.0),
        pointer: group.rule.1.clone(),
    }
}

fn check(check: &Check) -> CheckPart {
    CheckPart {
        name: text(&check.name),
        standing: text(&check.standing),
        verdict: check.verdict,
        limit: text(&check.limit),
        values: check.values.iter().map(|(at, value)| ValuePart { at: *at, value: text(value) }).collect(),
        message: text(&check.message),
    }
}
