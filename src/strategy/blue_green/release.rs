//! Puts a blue-green release together.

use super::sides::{self, Sides};
use super::standing::{self, View};
use super::times::{self, Kept, LastSwitch};
use crate::domain::objects::{Endpoints, Objects, Service};
use crate::domain::release::{Generation, Role, StrategyKind, Weight};
use crate::domain::traffic::percentages;
use crate::domain::traffic::view::{Countdown, Mover, RuleSplit, Share, SwitchView, Traffic};
use crate::domain::{ObjectKey, Release, Str, Timestamp};
use crate::strategy::Derive;
use crate::strategy::traffic::part::Part;
use crate::strategy::traffic::standing::health;
use crate::strategy::workload::managers;
use jiff::SignedDuration;
use std::sync::Arc;

/// A side as it is read: the role, the value of the label, the workload, its addresses.
struct Read {
    role: Role,
    name: Str,
    part: Part,
    endpoints: Endpoints,
}

/// The release rooted at the Service `root`.
pub fn derive(kind: StrategyKind, root: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Release> {
    let sides = sides::of(root, objects).filter(|sides| sides.service.key == *root)?;
    let service = &sides.service;
    let parts: Vec<(Str, Part)> = sides
        .workloads
        .iter()
        .filter_map(|(value, workload)| Some((value.clone(), Part::gather(&workload.key, objects, context)?)))
        .collect();
    let last = times::last(&sides, context);
    let kept = last.as_ref().and_then(|last| times::kept(last, &parts, context));
    let mut read: Vec<Read> = parts
        .into_iter()
        .map(|(name, part)| Read {
            role: if name == *sides.live() { Role::Stable } else { Role::Idle },
            endpoints: objects.addresses_of(root, &part.own.pods().cloned().collect::<Vec<_>>()),
            name,
            part,
        })
        .collect();
    read.sort_unstable_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
    let all = objects.endpoints_of(root).unwrap_or_default();
    let switch = switch_view(&sides, &read, all, last.as_ref());
    let refs: Vec<(Role, Str, &Part)> = read.iter().map(|side| (side.role, side.name.clone(), &side.part)).collect();
    let view = View { sides: &sides, parts: &refs, switch: &switch, kept: kept.as_ref(), now: context.now };
    let standing = standing::standing(&view);
    let weighed: Vec<(Role, u8, &Part)> =
        read.iter().map(|side| (side.role, share_asked(side.role), &side.part)).collect();
    let health = health(&weighed, vec![standing::of_addresses(&switch)]);
    let lead = read.iter().find(|side| side.role == Role::Stable).or_else(|| read.first())?.part.own.clone();
    let actual = actual(&read);
    let traffic = traffic(&sides, &read, &actual, switch, kept.as_ref(), context);
    Some(Release {
        key: root.clone(),
        uid: service.uid.clone(),
        strategy: kind,
        why: sides.why().into(),
        state: standing.state,
        held: lead.held,
        reason: standing.reason,
        remedy: standing.remedy,
        since: standing.since,
        recheck_at: recheck(&read, kept.as_ref(), context.now),
        stuck: lead.stuck,
        selector: "".into(),
        tracks: tracks(&read, &actual),
        revision: lead.revision,
        change_cause: lead.change_cause.clone(),
        step: None,
        traffic: Some(Arc::new(traffic)),
        replicas: lead.replicas,
        update: lead.update.clone(),
        progress: lead.progress.clone(),
        outage: lead.outage,
        history: lead.history.clone(),
        back_to: lead.back_to,
        health,
        management: managers::joined(
            managers::of((&**service).into()),
            read.iter().flat_map(|side| &side.part.own.management),
        ),
        writers: service.writers.clone(),
        autoscaler: lead.autoscaler.clone(),
        budgets: lead.budgets.clone(),
        services: std::iter::once(service).chain(&sides.others).cloned().collect(),
        members: members(&sides, &read),
        generation: Generation::default(),
        unreadable: lead.unreadable.clone(),
        measured_by: None,
        pods_unread: None,
        doubt: None,
    })
}

fn share_asked(role: Role) -> u8 {
    if role == Role::Stable { 100 } else { 0 }
}

/// What really goes to each side: its ready addresses.
fn actual(read: &[Read]) -> Vec<Option<u8>> {
    percentages(&read.iter().map(|side| Some(i64::from(side.endpoints.ready))).collect::<Vec<_>>(), 0)
}

fn tracks(read: &[Read], actual: &[Option<u8>]) -> Vec<crate::domain::release::Track> {
    let track = |(side, actual): (&Read, &Option<u8>)| {
        let weight = Weight { asked: Some(share_asked(side.role)), actual: *actual };
        let mut track = side.part.track(side.role, weight);
        track.name = side.name.clone();
        track
    };
    read.iter().zip(actual).map(track).collect()
}

fn switch_view(sides: &Sides, read: &[Read], all: Endpoints, last: Option<&LastSwitch>) -> SwitchView {
    let number = |endpoints: Endpoints| endpoints.ready + endpoints.not_ready;
    let own = read.iter().find(|side| side.role == Role::Stable).map_or(0, |side| number(side.endpoints));
    let mut idle = read.iter().filter(|side| side.role != Role::Stable);
    let other = idle.next().filter(|_| idle.next().is_none()).map(|side| side.name.clone());
    let is_preview = |service: &&Arc<Service>| service.selector.labels.get(&sides.key) != Some(sides.live());
    SwitchView {
        service: sides.service.key.clone(),
        key: sides.key.clone(),
        live: sides.live().clone(),
        other,
        preview: sides.others.iter().find(is_preview).map(|service| service.key.clone()),
        moved: (own, number(all).saturating_sub(own)),
        switched_at: last.map(|last| last.at),
        took: last.and_then(|last| last.took),
    }
}

fn traffic(
    sides: &Sides,
    read: &[Read],
    actual: &[Option<u8>],
    switch: SwitchView,
    kept: Option<&Kept>,
    context: &Derive<'_>,
) -> Traffic {
    let service = &sides.service;
    let managers = managers::of((&**service).into());
    let gitops = managers.iter().map(|management| management.manager).find(|manager| manager.is_gitops());
    let share = |(side, actual): (&Read, &Option<u8>)| Share {
        role: Some(side.role),
        to: side.part.workload.key.name.clone(),
        written: None,
        asked: Some(share_asked(side.role)),
        actual: *actual,
    };
    let rule = RuleSplit {
        route: service.key.clone(),
        pointer: "".into(),
        host: service.key.name.clone(),
        name: None,
        requests: "".into(),
        shares: read.iter().zip(actual).map(share).collect(),
        mirrors: Vec::new(),
        problem: None,
        steered: true,
    };
    let countdowns = kept.map(|kept| Countdown {
        what: format!("the scale-down of {} is offered", kept.side).into(),
        then: "".into(),
        due: kept.until,
    });
    let mut traffic = Traffic::moved_by(gitops.map_or(Mover::Person, Mover::GitOps));
    traffic.holder = Some(service.key.clone());
    let writers = service.writers.iter().filter(|writer| writer.touches.traffic);
    traffic.last_write = writers.max_by_key(|writer| writer.at).map(|writer| (writer.manager.clone(), writer.at));
    traffic.rules = vec![rule];
    traffic.countdowns = countdowns.into_iter().collect();
    traffic.notices = notices(sides, kept, context.now);
    traffic.rows.sides = read
        .iter()
        .map(|side| {
            let selects = |other: &&Arc<Service>| other.selector.labels.get(&sides.key) == Some(&side.name);
            let services = sides.others.iter().filter(selects).cloned().collect();
            let mut row = side.part.side(side.role, services, side.endpoints);
            row.name = side.name.clone();
            row
        })
        .collect();
    traffic.switch = Some(switch);
    traffic
}

fn notices(sides: &Sides, kept: Option<&Kept>, now: Timestamp) -> Vec<Str> {
    let wrong = sides.service.marks().wrong;
    let names = || sides.workloads.iter().map(|(value, workload)| (&**value, &*workload.key.name));
    let fronts = sides.others.iter().filter(|other| sides::is_front(&other.key.name, names()));
    let twins = fronts.filter(|other| other.selector == sides.service.selector).map(|twin| {
        let name = &twin.key.name;
        format!("service/{name} selects {} too and is not switched with it.", sides.live()).into()
    });
    let due = kept.filter(|kept| kept.until <= now);
    let offer = due.map(|kept| {
        format!(
            "{} can be scaled down; nothing does so by itself, and until then switching back is instant.",
            kept.side
        )
        .into()
    });
    wrong.into_iter().chain(twins).chain(offer).collect()
}

/// The time at which the old side's scale-down is offered, the next minute of the countdown, or what a side waits for.
fn recheck(read: &[Read], kept: Option<&Kept>, now: Timestamp) -> Option<Timestamp> {
    let counting = kept.filter(|kept| kept.until > now).map(|kept| {
        let left = kept.until.duration_since(now);
        let minute = left.as_secs().rem_euclid(60).max(1);
        now + SignedDuration::from_secs(if left.as_secs() < 60 { left.as_secs().max(1) } else { minute })
    });
    read.iter().filter_map(|side| side.part.own.recheck_at).chain(counting).filter(|at| *at > now).min()
}

fn members(sides: &Sides, read: &[Read]) -> Vec<ObjectKey> {
    let services = std::iter::once(&sides.service).chain(&sides.others).map(|service| service.key.clone());
    services.chain(read.iter().flat_map(|side| side.part.own.members.iter().cloned())).collect()
}
