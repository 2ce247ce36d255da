//! Pods that stand in the way, grouped by what is wrong with them.

use super::facts::{Facts, alive};
use super::words::{brackets, clip, count, form, since, stop};
use crate::domain::pod::{Cause, Pod, Trouble};
use crate::domain::release::Blocker;
use crate::domain::{Str, Timestamp};
use jiff::SignedDuration;
use std::sync::Arc;

/// How long a new pod may be in trouble before the release counts as failed.
pub const STUCK_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Pods in the same trouble.
#[derive(Debug)]
pub struct Group<'a> {
    /// What is wrong.
    pub cause: Cause,
    /// The pods, longest in trouble first.
    pub pods: Vec<(&'a Arc<Pod>, &'a Trouble)>,
}

impl Group<'_> {
    /// Since when the first of them is in trouble.
    pub fn since(&self) -> Option<Timestamp> {
        self.pods.iter().filter_map(|(pod, trouble)| started(pod, trouble)).min()
    }

    /// `2 new pods can't pull reg/search:v42 (ImagePullBackOff, 6 min).`
    pub fn sentence(&self, new: bool, now: Timestamp) -> String {
        let Some((pod, trouble)) = self.pods.first() else { return String::new() };
        let number = self.pods.len() as i64;
        let pods = count(number, if new { "new pod" } else { "pod" });
        let reason = (!trouble.reason.is_empty()).then(|| clip(&trouble.reason, 40));
        let age = since(self.since(), now);
        let told = |limit| {
            if trouble.message.is_empty() { String::new() } else { format!(": {}", clip(&trouble.message, limit)) }
        };
        let text = match self.cause {
            Cause::ImagePull => format!("{pods} can't pull {}{}", image_of(pod), brackets(&[reason, age])),
            Cause::CrashLoop => {
                let restarts = self.pods.iter().map(|(pod, _)| i64::from(pod.restarts)).max().unwrap_or(0);
                let restarts = (restarts > 0).then(|| count(restarts, "restart"));
                format!(
                    "{pods} {} again and again{}",
                    form(number, "crashes", "crash"),
                    brackets(&[reason, restarts, age])
                )
            }
            Cause::Unschedulable => {
                format!("{pods} {} no node{}{}", form(number, "fits", "fit"), brackets(&[reason, age]), told(100))
            }
            Cause::Config => format!("{pods} can't be created{}{}", brackets(&[reason, age]), told(100)),
            Cause::OutOfMemory => {
                format!(
                    "{pods} {} ended for using too much memory{}",
                    form(number, "was", "were"),
                    brackets(&[reason, age])
                )
            }
            Cause::NotReady => {
                format!(
                    "{pods} {} and {} not ready{}{}",
                    form(number, "runs", "run"),
                    form(number, "is", "are"),
                    brackets(&[reason, age]),
                    told(80)
                )
            }
            Cause::Evicted => format!(
                "{pods} {} evicted or failed{}{}",
                form(number, "was", "were"),
                brackets(&[reason, age]),
                told(80)
            ),
        };
        stop(&text)
    }
}

/// Since when a pod is in trouble: as Kubernetes tells, else since it was made.
pub fn started(pod: &Pod, trouble: &Trouble) -> Option<Timestamp> {
    trouble.since.or(pod.created)
}

/// Whether a trouble is one that a new pod does not come out of by waiting.
pub const fn sticks(cause: Cause) -> bool {
    match cause {
        Cause::ImagePull | Cause::CrashLoop | Cause::Unschedulable | Cause::Config | Cause::OutOfMemory => true,
        Cause::NotReady | Cause::Evicted => false,
    }
}

/// The troubled pods of the revision that the spec stands for, as `groups` tells.
pub fn new_groups(facts: &Facts) -> Vec<Group<'_>> {
    groups(facts, true)
}

/// The troubled pods of the other revisions, as `groups` tells.
pub fn old_groups(facts: &Facts) -> Vec<Group<'_>> {
    groups(facts, false)
}

/// Troubled pods that are not ready, grouped, the most pods first, then the worst cause.
fn groups(facts: &Facts, current: bool) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for pod in facts.lanes.iter().filter(|lane| lane.current == current).flat_map(|lane| &lane.pods) {
        let Some(trouble) = pod.trouble.as_ref().filter(|_| alive(pod) && !pod.ready) else { continue };
        match groups.iter_mut().find(|group| group.cause == trouble.cause) {
            Some(group) => group.pods.push((pod, trouble)),
            None => groups.push(Group { cause: trouble.cause, pods: vec![(pod, trouble)] }),
        }
    }
    for group in &mut groups {
        group.pods.sort_by_key(|(pod, trouble)| started(pod, trouble));
    }
    groups.sort_by_key(|group| (!sticks(group.cause), std::cmp::Reverse(group.pods.len()), group.cause));
    groups
}

/// The worst trouble of the current revision's pods that lasts for a minute or more, and when the next one will.
pub fn stuck<'a>(facts: &'a Facts, groups: &'a [Group<'a>]) -> (Option<&'a Group<'a>>, Option<Timestamp>) {
    let due = |group: &Group<'_>| group.since().and_then(|since| since.checked_add(STUCK_AFTER).ok());
    let sticking = || groups.iter().filter(|group| sticks(group.cause));
    let found = sticking().find(|group| due(group).is_some_and(|due| due <= facts.now));
    let next = sticking().filter_map(due).filter(|due| *due > facts.now).min();
    (found, next)
}

/// The rows of the "pods in the way" list.
pub fn blockers(groups: &[Group<'_>]) -> Vec<Blocker> {
    groups
        .iter()
        .flat_map(|group| &group.pods)
        .map(|(pod, trouble)| Blocker {
            pod: pod.name.clone(),
            reason: trouble.reason.clone(),
            message: trouble.message.clone(),
            since: started(pod, trouble),
        })
        .collect()
}

/// The image that could not be pulled: the first container that has none yet.
fn image_of(pod: &Pod) -> Str {
    let waiting = pod.containers.iter().find(|container| container.image_id.is_empty());
    let container = waiting.or_else(|| pod.containers.first());
    container.map_or_else(|| "its image".into(), |container| clip(&container.image, 80).into())
}
