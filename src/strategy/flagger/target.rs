//! Changes of the target's template: undo, another image, the same template once more. Only the target is written, never
//! the primary: Flagger brings what the target holds to the primary, through an analysis.

use super::forecast::{Follows, Template, of_template};
use super::phase::Phase;
use super::verbs::{Seen, refused};
use crate::domain::intent::{PausedUndo, ReleaseId, UndoTo};
use crate::domain::plan::{Refusal, Wait};
use crate::domain::release::{Generation, Track};
use crate::domain::said::RESTART;
use crate::domain::traffic::view::Side;
use crate::domain::workload::Image;
use crate::domain::{Details, Intent, ObjectKey, Plan, Release, Revision, Str, Verb};
use crate::strategy::Context;
use crate::strategy::workload::forecast::ALL_DOWN;
use crate::strategy::workload::plan::titled;
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::clip;
use crate::strategy::workload::{image, restart as again, target as revisions, undo as back};
use std::collections::BTreeMap;

/// The target as a release of its own: what the plans of plain workloads are made from.
pub struct Alone {
    /// The release.
    pub release: Release,
    /// Its bytes.
    pub details: Details,
}

/// The target of `seen`, alone. Refused when its bytes were not read.
pub fn alone(seen: &Seen<'_>, details: &Details, verb: Verb) -> Result<Alone, Refusal> {
    let side = seen.target.ok_or_else(|| refused(seen, verb, "its target is not there"))?;
    let key = &side.workload.key;
    let again = || Refusal::read_again(format!("{key} was not read; look at {} anew", seen.release.key));
    let root = details.object(key).ok_or_else(again)?.clone();
    let release = seen.release;
    let mut track = release.tracks.iter().find(|track| track.name == key.name).cloned();
    if let Some(track) = &mut track {
        // The rollout of the target is not what users see: nothing is foretold from its pods.
        track.name = release.current().map_or_else(|| key.name.clone(), |entry| entry.object.name.clone());
    }
    Ok(Alone { release: as_workload(release, side, track), details: as_root(details, root, key, side) })
}

fn as_workload(release: &Release, side: &Side, track: Option<Track>) -> Release {
    let workload = &side.workload;
    Release {
        key: workload.key.clone(),
        uid: workload.uid.clone(),
        replicas: workload.replicas,
        update: workload.update.clone(),
        held: workload.paused,
        generation: Generation { spec: workload.generation, observed: workload.observed_generation },
        tracks: track.into_iter().collect(),
        autoscaler: side.autoscaler.clone(),
        traffic: None,
        step: None,
        ..release.clone()
    }
}

fn as_root(details: &Details, root: crate::domain::RawObject, key: &ObjectKey, side: &Side) -> Details {
    Details {
        root,
        revisions: details.revisions_of(key).clone(),
        others: BTreeMap::new(),
        histories: BTreeMap::new(),
        autoscaler: side.autoscaler.clone(),
        quotas: details.quotas.clone(),
        read_at: details.read_at,
        fresh: details.fresh,
    }
}

/// A plan of the target as one of the release.
pub fn adopt(seen: &Seen<'_>, intent: &Intent, plan: Plan, follows: Follows) -> Plan {
    let release = seen.release;
    let target = seen.target.map_or_else(|| release.key.name.clone(), |side| side.workload.key.name.clone());
    let (mut forecast, mut warnings) = (plan.forecast, follows.warnings);
    // Of what the workload alone would lead to only what concerns the template stays: its pods are Flagger's to scale.
    warnings.extend(forecast.warnings.into_iter().filter(|warning| **warning != *ALL_DOWN));
    forecast.then = follows.then.into();
    forecast.takes = follows.takes;
    forecast.warnings = warnings;
    Plan {
        release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
        intent: intent.clone(),
        title: format!("{} on its target {target}", titled(intent.verb(), &release.key.qualified(), &plan.goal)).into(),
        until: if seen.canary.suspend { Wait::Accepted } else { Wait::Observed },
        forecast,
        ..plan
    }
}

/// Back to an earlier template.
pub fn undo(
    seen: &Seen<'_>,
    details: &Details,
    (to, paused): (UndoTo, PausedUndo),
    context: &Context,
) -> Result<Plan, Refusal> {
    let intent = Intent::Undo { to, paused };
    let alone = alone(seen, details, Verb::Undo)?;
    let plan = back::plan(&alone.release, &alone.details, to, paused, context)?;
    let revision = revisions::resolve(&alone.release, &alone.details, to)?;
    let images = images_of(seen, revision);
    let follows = of_template(seen, template(seen, &images), &named(&images, revision));
    Ok(adopt(seen, &intent, plan, follows))
}

fn images_of(seen: &Seen<'_>, revision: Revision) -> Vec<Image> {
    seen.release.entry(revision).map(|entry| entry.images.clone()).unwrap_or_default()
}

fn named(images: &[Image], revision: Revision) -> String {
    if images.is_empty() { format!("revision {revision}") } else { clip(&version(images), 40) }
}

/// Whether these are the images that the primary serves.
pub fn template(seen: &Seen<'_>, images: &[Image]) -> Template {
    let same = seen.primary.is_some_and(|side| side.workload.images == images);
    if same { Template::Promoted } else { Template::New }
}

/// Other images.
pub fn set_image(seen: &Seen<'_>, details: &Details, images: &[Image], context: &Context) -> Result<Plan, Refusal> {
    let alone = alone(seen, details, Verb::SetImage)?;
    let plan = image::plan(&alone.release, &alone.details, images, context)?;
    let mut after: Vec<Image> = seen.target.map(|side| side.workload.images.clone()).unwrap_or_default();
    for image in &mut after {
        if let Some(new) = images.iter().find(|new| new.container == image.container) {
            image.reference = new.reference.clone();
        }
    }
    let follows = of_template(seen, template(seen, &after), &clip(&version(&after), 40));
    Ok(adopt(seen, &Intent::SetImage(images.to_vec()), plan, follows))
}

/// Why a failed run can't be tried again now.
pub fn can_retry(seen: &Seen<'_>) -> Result<(), Str> {
    match seen.phase {
        Phase::Failed if super::phase::target_is_promoted(seen.canary) => Err(format!(
            "the template of the failed run is taken back already; {RESTART} runs the analysis with the present one"
        )
        .into()),
        Phase::Failed => Ok(()),
        phase => Err(if phase.in_flight() {
            format!("the run is under way; {RESTART} starts it again").into()
        } else {
            "no run has failed".into()
        }),
    }
}

/// The failed run once more: an annotation of the template changes, so that Flagger takes it for a new one.
pub fn retry(seen: &Seen<'_>, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    can_retry(seen).map_err(|why| refused(seen, Verb::Retry, &why))?;
    restart(seen, details, &Intent::Retry, context)
}

/// A run with the same template.
pub fn restart(seen: &Seen<'_>, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let alone = alone(seen, details, intent.verb())?;
    let plan = again::plan(&alone.release, &alone.details, context)?;
    let follows = of_template(seen, Template::New, &seen.new_version());
    Ok(adopt(seen, intent, plan, follows))
}
