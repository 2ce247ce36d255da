//! Stop a Deployment's rollout where it is, or let it go on.

use super::forecast::replacing;
use super::plan::{Draft, Part, finish, patch, pausable, same_object};
use super::undo::{is_paused, truth};
use super::version::spec_version;
use super::words::{clip, count};
use super::{diff, kubectl};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Inverse, InverseSteps, Operation, Patch, Refusal, Wait};
use crate::domain::release::Role;
use crate::domain::{Details, Direction, Intent, Plan, Release, State};
use crate::strategy::Context;
use crate::strategy::taking_back::PAUSED;

/// The plan of a pause or a resume.
pub fn plan(release: &Release, details: &Details, pause: bool, context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let key = &release.key;
    let intent = if pause { Intent::Pause } else { Intent::Resume };
    if !pausable(key.kind) {
        return Err(Refusal::because(format!("{key} can't be paused: only Deployments have spec.paused")));
    }
    let root = &details.root;
    if is_paused(root) == pause {
        let state = if pause { "paused" } else { "running" };
        return Err(Refusal::unchanged(format!("{key} is {state} already")));
    }
    let call = Patch::of(root).test(PAUSED).add(PAUSED, truth(pause)).call();
    let steps = InverseSteps {
        subresource: None,
        also: Vec::new(),
        target: root.key.clone(),
        operations: vec![Operation::Add { path: PAUSED.into(), value: truth(!pause) }],
        fenced_on: vec![PAUSED.into()],
        words: if pause { "resume it" } else { "pause it again" }.into(),
        direction: if pause { Direction::Forward } else { Direction::Back },
    };
    let inverse = if pause {
        Inverse::Exact(steps)
    } else {
        Inverse::Compensating { steps, differs: "pods replaced before it is paused again stay replaced".into() }
    };
    let (then, takes, risk) = if pause { (pods_stay(release), None, Risk::Low) } else { goes_on(release, details) };
    let shown = |paused: bool| if paused { "true" } else { "false" };
    let draft = Draft {
        title: String::new(),
        direction: if pause { Direction::Back } else { Direction::Forward },
        calls: vec![patch(call, if pause { "only if it is not paused" } else { "only if it is paused" })],
        until: if pause { Wait::Observed } else { Wait::Settled },
        inverse,
        forecast: Forecast { then: then.into(), takes, ..Forecast::default() },
        risk,
        diff: vec![diff::value("paused", Some(shown(!pause)), Some(shown(pause)))],
        needs: Vec::new(),
        kubectl: vec![kubectl::rollout(key, if pause { "pause" } else { "resume" }, None)],
    };
    Ok(finish(release, details, &intent, context, Part::Neither, draft))
}

fn pods_stay(release: &Release) -> String {
    let with_pods: Vec<_> = release.tracks.iter().filter(|track| track.replicas.current > 0).collect();
    // A restart has two revisions of one version: then their numbers tell them apart.
    let same = with_pods.windows(2).any(|two| two[0].version == two[1].version);
    let pods: Vec<String> = with_pods
        .iter()
        .map(|track| {
            let version = clip(&track.version, 40);
            match track.revision.filter(|_| same) {
                Some(revision) => format!("{} of revision {revision} ({version})", track.replicas.current),
                None => format!("{} of {version}", track.replicas.current),
            }
        })
        .collect();
    if pods.is_empty() {
        "no pod runs; the next change waits".into()
    } else {
        format!("pods stay as they are: {}", pods.join(", "))
    }
}

fn goes_on(release: &Release, details: &Details) -> (String, Option<jiff::SignedDuration>, Risk) {
    if release.state != State::Waiting && release.tracks.len() < 2 {
        let pods = count(i64::from(release.replicas.current), "pod");
        return (format!("nothing is pending: {pods} stay, and the next change rolls out at once"), None, Risk::Low);
    }
    let target = release.track(Role::Candidate);
    let replaced = replacing(release, details, target, &spec_version(release));
    (replaced.then, replaced.takes, replaced.risk)
}
