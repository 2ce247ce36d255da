//! What changes: the diff of two templates, a plan before it is confirmed, and what moved between two looks.

use std::collections::BTreeMap;

use super::forewarned::Forewarning;
use crate::domain::{
    Intent, Plan, Release, Revision, State,
    management::Management,
    plan::{Change, Inverse},
    pod::Cause,
    release::Role,
    said::clean,
};

/// The lines of a diff: the place, then what goes and what comes.
pub fn diff_lines(changes: &[Change]) -> Vec<String> {
    let mut lines = Vec::new();
    for change in changes {
        lines.push(clean(&change.place).into_owned());
        lines.extend(change.old.iter().map(|old| format!("  - {}", clean(old))));
        lines.extend(change.new.iter().map(|new| format!("  + {}", clean(new))));
    }
    lines
}

/// What becomes of the calls that a plan only offers: deletions of broken pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// They are sent, too.
    Sent,
    /// They are left out.
    Left,
}

/// A plan as a person sees it before the question: calls with their fences, diff, forecast, what `managers` do to it, way
/// back.
pub fn plan_lines(plan: &Plan, offered: Offered, managers: &[Management]) -> Vec<String> {
    let mut lines = vec![plan.title.to_string()];
    if let Intent::Advance { from: Some(from), .. } = &plan.intent {
        lines.push(format!("leaves   {from}"));
    }
    for (index, planned) in plan.calls.iter().enumerate() {
        let optional = match offered {
            Offered::Left if planned.optional => " (offered, not sent: --delete-broken-pods sends it)",
            Offered::Left | Offered::Sent => "",
        };
        let fence = if planned.fence.is_empty() { String::new() } else { format!(", {}", planned.fence) };
        lines.push(format!("  {} {}{fence}{optional}", index + 1, planned.what));
    }
    lines.extend(diff_lines(&plan.diff).into_iter().map(|line| format!("    {line}")));
    if !plan.forecast.then.is_empty() {
        lines.push(Forewarning::then(&plan.forecast.then).line());
    }
    lines.extend(plan.forecast.warnings.iter().map(|warning| Forewarning::warning(warning).line()));
    lines.extend(managers.iter().map(|by| Forewarning::reverts(by, plan.touches).line()));
    lines.push(match &plan.inverse {
        Inverse::Exact(steps) => format!("inverse  exact: {}", steps.words),
        Inverse::Compensating { steps, differs } => format!("inverse  {}, but {differs}", steps.words),
        Inverse::None { why } => format!("inverse  none: {why}"),
    });
    lines.into_iter().map(|line| clean(&line).into_owned()).collect()
}

/// What makes two looks at a release differ, for a line a change: not its texts, in which times run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    state: State,
    held: bool,
    revision: Option<Revision>,
    step: Option<u32>,
    counts: [i32; 4],
    tracks: Vec<(Role, String, i32)>,
    weights: Vec<(Option<u8>, Option<u8>)>,
    outage: bool,
    /// Why pods are not ready: a broken image changes no count for as long as it is tried.
    troubles: BTreeMap<Cause, usize>,
    stuck: bool,
}

impl Moved {
    /// What counts of `release`.
    pub fn of(release: &Release) -> Self {
        let replicas = release.replicas;
        let mut troubles = BTreeMap::new();
        for trouble in release.pods().filter(|pod| !pod.ready).filter_map(|pod| pod.trouble.as_ref()) {
            *troubles.entry(trouble.cause).or_default() += 1;
        }
        Self {
            state: release.state,
            held: release.held,
            revision: release.revision,
            step: release.step.as_ref().and_then(|step| step.index),
            counts: [replicas.desired, replicas.ready, replicas.updated, replicas.available],
            tracks: release
                .tracks
                .iter()
                .map(|track| (track.role, track.version.to_string(), track.replicas.ready))
                .collect(),
            weights: release.tracks.iter().map(|track| (track.weight.asked, track.weight.actual)).collect(),
            outage: release.outage.is_some_and(|outage| outage.until.is_none()),
            troubles,
            stuck: release.stuck,
        }
    }
}
