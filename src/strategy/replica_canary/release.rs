//! Puts a replica canary together.

use super::actions::step;
use super::counts::share;
use super::pair::{self, Pair};
use super::standing;
use super::weight::Two;
use crate::domain::objects::{Endpoints, Objects};
use crate::domain::release::{Generation, Role, Step, StrategyKind, Track, Weight};
use crate::domain::traffic::percentages;
use crate::domain::traffic::view::{Mover, RuleSplit, Share, Traffic};
use crate::domain::{ObjectKey, Release, Str};
use crate::strategy::Derive;
use crate::strategy::traffic::part::Part;
use crate::strategy::traffic::roles::{Contender, roles};
use crate::strategy::traffic::standing::{health, of_parts, replicas};
use crate::strategy::workload::managers;
use std::sync::Arc;

/// A side as it is read.
struct Read {
    role: Role,
    part: Part,
    asked: Option<u8>,
    endpoints: Endpoints,
}

/// The release rooted at the Service `root`.
pub fn derive(kind: StrategyKind, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
    let pair = pair::of(root, objects).filter(|pair| pair.service.key == *root)?;
    let service = &pair.service;
    let marks = context.settings.marks(root, &service.marks());
    let read = read(&pair, marks.stable.as_deref(), objects, context)?;
    let weighed: Vec<(Role, u8, &Part)> =
        read.iter().map(|side| (side.role, side.asked.unwrap_or(0), &side.part)).collect();
    let actual = percentages(&read.iter().map(|side| Some(i64::from(side.endpoints.ready))).collect::<Vec<_>>(), 0);
    let ladder = marks.ladder.clone().unwrap_or_else(|| context.settings.ladder.clone());
    let mut traffic = traffic(&pair, &read, &actual);
    traffic.notices.splice(0..0, marks.wrong);
    let rows = traffic.rows.sides.clone();
    let two = Two { stable: rows.first()?, candidate: rows.get(1)? };
    traffic
        .notices
        .extend(two.autoscaler().map(|owner| Str::from(format!("{owner}: no weight can be set by replicas."))));
    let since = standing::since(&two);
    let standing = of_parts(&weighed).unwrap_or_else(|| standing::at_rest(&two, &ladder, since));
    traffic.waiting = standing::waiting(standing.state, since);
    let coming = two.coming().is_ok();
    let mut rungs = Step::on_ladder(ladder.clone(), if coming { two.asked() } else { Some(100) });
    rungs.since = since;
    rungs.next =
        two.next(&ladder).filter(|_| coming).map_or_else(|| "".into(), |(rung, pods)| step(&two, rung, pods).into());
    let lead = if two.candidate.role == Role::Candidate { &read[1].part.own } else { &read[0].part.own };
    let all: Vec<Part> = read.iter().map(|side| side.part.clone()).collect();
    Some(Release {
        key: root.clone(),
        uid: service.uid.clone(),
        strategy: kind,
        why: pair.why().into(),
        state: standing.state,
        held: lead.held,
        reason: standing.reason,
        remedy: standing.remedy,
        since: standing.since,
        recheck_at: read.iter().filter_map(|side| side.part.own.recheck_at).min(),
        stuck: read.iter().any(|side| side.part.own.stuck),
        selector: "".into(),
        tracks: tracks(&read, &actual),
        revision: lead.revision,
        change_cause: lead.change_cause.clone(),
        step: Some(rungs),
        traffic: Some(Arc::new(traffic)),
        replicas: replicas(&all),
        update: lead.update.clone(),
        progress: lead.progress.clone(),
        outage: read[0].part.own.outage,
        history: lead.history.clone(),
        back_to: lead.back_to,
        health: health(&weighed, Vec::new()),
        management: managers::joined(Vec::new(), read.iter().flat_map(|side| &side.part.own.management)),
        writers: service.writers.clone(),
        autoscaler: read.iter().find_map(|side| side.part.own.autoscaler.clone()),
        budgets: read[0].part.own.budgets.clone(),
        services: std::iter::once(service).chain(&pair.others).cloned().collect(),
        members: members(&pair, &read),
        generation: Generation::default(),
        unreadable: lead.unreadable.clone(),
        measured_by: None,
        pods_unread: None,
        doubt: None,
    })
}

/// The two sides, the stable one first.
fn read(pair: &Pair, marked: Option<&str>, objects: &dyn Objects, context: &Derive<'_>) -> Option<Vec<Read>> {
    let [a, b] = [&pair.workloads[0], &pair.workloads[1]].map(|it| Part::gather(&it.key, objects, context));
    let parts = [a?, b?];
    let desired = [0, 1].map(|place| parts[place].workload.replicas.desired);
    let asked = [share(desired[0], desired[1]), share(desired[1], desired[0])];
    let contenders = [0, 1].map(|place| Contender {
        names: vec![parts[place].workload.key.name.clone()],
        templated: parts[place].templated(),
        asked: asked[place],
        ready: parts[place].own.replicas.ready,
    });
    let roles = roles(&contenders, marked);
    let mut read: Vec<Read> = parts
        .into_iter()
        .zip(asked)
        .zip(roles)
        .map(|((part, asked), role)| {
            let pods: Vec<_> = part.own.pods().cloned().collect();
            Read { role, endpoints: objects.addresses_of(&pair.service.key, &pods), part, asked }
        })
        .collect();
    read.sort_by_key(|side| side.role);
    Some(read)
}

fn tracks(read: &[Read], actual: &[Option<u8>]) -> Vec<Track> {
    let track = |(side, actual): (&Read, &Option<u8>)| {
        side.part.track(side.role, Weight { asked: side.asked, actual: *actual })
    };
    read.iter().zip(actual).map(track).collect()
}

fn traffic(pair: &Pair, read: &[Read], actual: &[Option<u8>]) -> Traffic {
    let service = &pair.service;
    let share = |(side, actual): (&Read, &Option<u8>)| Share {
        role: Some(side.role),
        to: side.part.workload.key.name.clone(),
        written: None,
        asked: side.asked,
        actual: *actual,
    };
    let mut managers = read.iter().flat_map(|side| &side.part.own.management).map(|management| management.manager);
    let mut traffic = Traffic::moved_by(managers.find(|by| by.is_gitops()).map_or(Mover::Person, Mover::GitOps));
    traffic.holder = Some(service.key.clone());
    let writers = read.iter().flat_map(|side| &side.part.workload.writers).filter(|writer| writer.touches.replicas);
    traffic.last_write = writers.max_by_key(|writer| writer.at).map(|writer| (writer.manager.clone(), writer.at));
    traffic.rules = vec![RuleSplit {
        route: service.key.clone(),
        pointer: "".into(),
        host: service.key.name.clone(),
        name: None,
        requests: "".into(),
        shares: read.iter().zip(actual).map(share).collect(),
        mirrors: Vec::new(),
        problem: None,
        steered: true,
    }];
    traffic.rows.sides = read
        .iter()
        .map(|side| {
            let labels = &side.part.workload.template_labels;
            let others = pair.others.iter().filter(|other| other.selector.matches(labels)).cloned();
            side.part.side(side.role, others.collect(), side.endpoints)
        })
        .collect();
    traffic
}

fn members(pair: &Pair, read: &[Read]) -> Vec<ObjectKey> {
    let services = std::iter::once(&pair.service).chain(&pair.others).map(|service| service.key.clone());
    services.chain(read.iter().flat_map(|side| side.part.own.members.iter().cloned())).collect()
}
