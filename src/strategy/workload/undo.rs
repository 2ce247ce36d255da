//! Back to the template of an earlier revision, in one write that the server takes only if nobody touched the template.

use super::evidence;
use super::facts::alive;
use super::forecast::replacing;
use super::plan::{Draft, Part, finish, patch, same_object};
use super::version::{digests, spec_version, version};
use super::words::{clip, some_of};
use super::{diff, headroom, kubectl, needs, target, template};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::{Call, Inverse, InverseSteps, Operation, Patch, PlannedCall, Refusal, Wait, null};
use crate::domain::pod::Pod;
use crate::domain::release::Track;
use crate::domain::said::SET_IMAGE;
use crate::domain::workload::{Image, UpdateStrategy};
use crate::domain::{Details, Direction, Intent, Kind, Plan, RawObject, Release, Revision, Str};
use crate::strategy::Context;
use crate::strategy::taking_back::{PAUSED, TEMPLATE};
use serde_json::value::RawValue;
use std::sync::Arc;

/// The plan of an undo.
pub fn plan(
    release: &Release,
    details: &Details,
    to: UndoTo,
    paused: PausedUndo,
    context: &Context,
) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let intent = Intent::Undo { to, paused };
    let revision = target::resolve(release, details, to)?;
    let source = &details.revisions[&revision];
    let unreadable =
        || Refusal::because(format!("the template of revision {revision} of {} can't be read", release.key));
    let new = template::of_revision(source).ok_or_else(unreadable)?;
    let root = &details.root;
    let old = template::current(root).ok_or_else(unreadable)?;
    if template::same(old, &new) {
        if let Some(draft) = deletion(release, source, revision) {
            return Ok(finish(release, details, &intent, context, Part::Neither, draft));
        }
        return Err(Refusal::unchanged(format!("{} is at revision {revision} already", release.key)));
    }
    let change = Change { root, source, old, new: &new, resume: resumes(root, paused) };
    let goes_to = release.tracks.iter().find(|track| track.name == source.key.name);
    let entry = release.history.iter().find(|entry| entry.object == source.key);
    let images = template::own_images(&new);
    let replaced = replacing(release, details, goes_to, &version(&images));
    let held = is_paused(root) && !change.resume;
    let mut warnings: Vec<Str> = Vec::new();
    let in_the_way = broken_pods(release, source);
    warnings.extend(in_the_way.iter().map(|pod| {
        Str::from(format!("pod {} is broken and blocks the update: it must be deleted (second call)", pod.name))
    }));
    warnings.extend(same_tags(release, goes_to, old, &images));
    warnings.extend(replaced.warnings);
    let tree = template::parsed(&new).unwrap_or_default();
    warnings.extend(headroom::warnings(release, details, &tree));
    let forward = entry.is_some_and(|entry| entry.hash.is_some() && entry.hash == context.left_by_undo);
    warnings.extend(forward.then(|| forward_again(revision)));
    if let Some(entry) = entry {
        warnings.extend(nothing_known(entry, context));
    }
    let then = if held {
        format!("paused: nothing changes until it is resumed; then {}", replaced.then)
    } else {
        replaced.then
    };
    let first = in_the_way.first().map(|pod| format!("nothing until pod {} is deleted (second call); then ", pod.name));
    let then = first.unwrap_or_default() + &then;
    let mut calls = vec![patch(change.call(), "only if its template is as shown")];
    calls.extend(in_the_way.iter().map(|pod| delete(pod)));
    let mut commands = vec![kubectl::rollout(&release.key, "undo", Some(revision))];
    if is_paused(root) {
        commands.insert(
            0,
            "# kubectl undoes no paused deployment; resumed first, it rolls the pending template out".into(),
        );
    }
    commands.extend(in_the_way.iter().map(|pod| kubectl::delete(&pod.key())));
    let stays = held || matches!(release.update, UpdateStrategy::OnDelete);
    let draft = Draft {
        title: format!(
            "revision {revision}{}",
            if held {
                ", staying paused"
            } else if change.resume {
                ", and resume"
            } else {
                ""
            }
        ),
        direction: if forward { Direction::Forward } else { Direction::Back },
        calls,
        until: if stays { Wait::Observed } else { Wait::Settled },
        inverse: change.inverse(release, if forward { Direction::Back } else { Direction::Forward }),
        forecast: Forecast {
            then: then.into(),
            takes: replaced.takes.filter(|_| !held && in_the_way.is_empty()),
            warnings,
            ..Forecast::default()
        },
        risk: replaced.risk,
        diff: change.diff(),
        needs: needs::needs(&tree, &release.key.namespace),
        kubectl: commands,
    };
    Ok(finish(release, details, &intent, context, Part::Template, draft))
}

/// Why an undo counts as a way forward, which whoever is refused it by a freeze or a protected context has to know.
pub fn forward_again(revision: Revision) -> Str {
    format!("the last undo went away from revision {revision}: this goes forward to it again").into()
}

/// Whether the root is a paused Deployment.
pub fn is_paused(root: &RawObject) -> bool {
    root.value::<bool>(PAUSED).unwrap_or(false)
}

fn resumes(root: &RawObject, paused: PausedUndo) -> bool {
    paused == PausedUndo::Resume && is_paused(root)
}

/// A template that takes another one's place, with what goes along with it.
struct Change<'a> {
    root: &'a RawObject,
    source: &'a RawObject,
    old: &'a RawValue,
    new: &'a Arc<RawValue>,
    resume: bool,
}

impl Change<'_> {
    fn call(&self) -> Call {
        let patch = Patch::of(self.root).test(TEMPLATE).replace(TEMPLATE, Arc::clone(self.new));
        let patch =
            self.change_cause(self.source, self.root).into_iter().fold(patch, |patch, operation| match operation {
                Operation::Remove { path } => patch.remove(&path),
                Operation::Add { path, value }
                | Operation::Replace { path, value }
                | Operation::Test { path, value } => patch.add(&path, value),
            });
        let patch = if self.resume { patch.replace(PAUSED, truth(false)) } else { patch };
        patch.call()
    }

    /// Sets the change-cause of `from` on an object that has the one of `on`, or removes it. A Deployment's controller
    /// copies the annotation to the ReplicaSet and never removes it, so a stale one would be told of the wrong revision.
    fn change_cause(&self, from: &RawObject, on: &RawObject) -> Option<Operation> {
        if self.root.key.kind != Kind::Deployment {
            return None;
        }
        let path = template::CHANGE_CAUSE.to_owned();
        match (from.at(template::CHANGE_CAUSE), on.at(template::CHANGE_CAUSE)) {
            (Some(new), Some(old)) if new.get() == old.get() => None,
            (Some(_), _) if self.root.at("/metadata/annotations").is_none() => None,
            (Some(new), _) => Some(Operation::Add { path, value: new.to_owned().into() }),
            (None, Some(_)) => Some(Operation::Remove { path }),
            (None, None) => None,
        }
    }

    fn inverse(&self, release: &Release, direction: Direction) -> Inverse {
        let mut operations = vec![Operation::Replace { path: TEMPLATE.into(), value: self.old.to_owned().into() }];
        operations.extend(self.change_cause(self.root, self.source));
        if self.resume {
            operations.push(Operation::Add { path: PAUSED.into(), value: truth(true) });
        }
        let back_to = spec_version(release);
        Inverse::Exact(InverseSteps {
            subresource: None,
            also: Vec::new(),
            target: self.root.key.clone(),
            operations,
            fenced_on: vec![TEMPLATE.into()],
            words: format!("back to {back_to} while the template is untouched").into(),
            direction,
        })
    }

    fn diff(&self) -> Vec<crate::domain::plan::Change> {
        let mut changes = diff::templates(self.old, self.new);
        let cause = |object: &RawObject| object.value::<String>(template::CHANGE_CAUSE);
        let (was, is) = (cause(self.root), cause(self.source));
        if self.root.key.kind == Kind::Deployment && was != is {
            let shown =
                |text: &Option<String>| text.as_ref().map(|text| clip(&crate::domain::mask::masked_text(text), 200));
            changes.push(diff::value("change-cause", shown(&was).as_deref(), shown(&is).as_deref()));
        }
        if self.resume {
            changes.push(diff::value("paused", Some("true"), Some("false")));
        }
        changes
    }
}

/// JSON `true` or `false`.
pub fn truth(value: bool) -> Arc<RawValue> {
    let text = if value { "true" } else { "false" };
    RawValue::from_string(text.to_owned()).map_or_else(|_| null(), Into::into)
}

/// Pods that keep a StatefulSet from going back: not ready and in trouble, of another revision than the target. The
/// controller waits for them to become ready before it goes on, whatever the template says (Kubernetes documentation,
/// "Forced rollback").
fn broken_pods<'a>(release: &'a Release, source: &RawObject) -> Vec<&'a Arc<Pod>> {
    let UpdateStrategy::Ordered { parallel: false, .. } = release.update else { return Vec::new() };
    let others = release.tracks.iter().filter(|track| track.name != source.key.name);
    others.flat_map(|track| &track.pods).filter(|pod| alive(pod) && !pod.ready && pod.trouble.is_some()).collect()
}

/// The template is back already and a broken pod of another revision still blocks: its deletion alone is the way back.
fn deletion(release: &Release, source: &RawObject, revision: Revision) -> Option<Draft> {
    let in_the_way = broken_pods(release, source);
    let names: Vec<&str> = in_the_way.iter().map(|pod| &*pod.name).collect();
    if names.is_empty() {
        return None;
    }
    let pods = some_of(&names, 3);
    Some(Draft {
        title: format!("revision {revision}, by deleting {pods}"),
        direction: Direction::Back,
        calls: in_the_way.iter().map(|pod| PlannedCall { optional: false, ..delete(pod) }).collect(),
        until: Wait::Settled,
        inverse: Inverse::None { why: "a deleted pod does not come back; its controller makes a new one".into() },
        forecast: Forecast {
            then: format!("{pods} is made anew of revision {revision}, then the update goes on").into(),
            ..Forecast::default()
        },
        risk: Risk::Medium,
        diff: Vec::new(),
        needs: Vec::new(),
        kubectl: in_the_way.iter().map(|pod| kubectl::delete(&pod.key())).collect(),
    })
}

fn delete(pod: &Pod) -> PlannedCall {
    PlannedCall {
        call: Call::Delete { target: pod.key(), uid: pod.uid.clone() },
        what: format!("DELETE v1 pods/{}", pod.name).into(),
        fence: "only if it is still this pod".into(),
        optional: true,
        closes: false,
        then: None,
    }
}

/// Warns of a tag that stands in both templates: the server would pull whatever it points to now. Where the digest of the
/// revision's pods is known, it is offered.
fn same_tags(release: &Release, goes_to: Option<&Track>, old: &RawValue, images: &[Image]) -> Vec<Str> {
    let now = template::images(old);
    let runs = release.tracks.iter().filter(|track| Some(&track.name) != goes_to.map(|track| &track.name));
    let pods_now: Vec<Arc<Pod>> = runs.flat_map(|track| track.pods.iter().cloned()).collect();
    let (of_now, of_target) = (digests(&pods_now), goes_to.map(|track| digests(&track.pods)).unwrap_or_default());
    let mut warnings = Vec::new();
    for image in images {
        let same = now.iter().any(|it| *it.name == *image.container && *it.reference == *image.reference);
        let (theirs, ours) = (of_target.get(&image.container), of_now.get(&image.container));
        let differ = matches!((theirs, ours), (Some(theirs), Some(ours)) if theirs != ours);
        if !same || image.reference.contains('@') || !(image.mutable() || differ) {
            continue;
        }
        let reference = clip(&image.reference, 80);
        let digest = theirs.and_then(|digests| digests.first());
        let offer = digest.map_or_else(
            || "the digest that it ran is not known".to_owned(),
            |digest| {
                format!("to get that image set {}={}@{digest} ({SET_IMAGE})", image.container, name_of(&reference))
            },
        );
        warnings
            .push(format!("{reference} is the tag of both revisions: an undo may bring back nothing; {offer}").into());
    }
    warnings
}

/// A reference without its tag.
fn name_of(reference: &str) -> &str {
    let after_slash = reference.rfind('/').map_or(0, |slash| slash + 1);
    reference[after_slash..].find(':').map_or(reference, |colon| &reference[..after_slash + colon])
}

/// Warns of a revision for which nothing speaks, or that was undone.
pub fn nothing_known(entry: &crate::domain::history::HistoryEntry, context: &Context) -> Option<Str> {
    use crate::domain::history::Evidence;
    (matches!(entry.evidence, Evidence::None | Evidence::GivenUp { .. }) && !entry.current)
        .then(|| format!("{}: look at its diff first", evidence::in_words(entry, None, context.now)).into())
}
