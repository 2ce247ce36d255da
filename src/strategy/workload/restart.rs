//! New pods of the same template: the annotation that kubectl uses, in one fenced write.

use super::forecast::replacing;
use super::plan::{Draft, Part, finish, patch, same_object};
use super::undo::is_paused;
use super::version::spec_version;
use super::words::{clip, count, form};
use super::{diff, kubectl, template};
use crate::domain::forecast::Forecast;
use crate::domain::plan::{Inverse, InverseSteps, Operation, Patch, Refusal, Wait, json};
use crate::domain::pod::Cause;
use crate::domain::said::RESUME;
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Direction, Intent, Plan, Release, Role, Str};
use crate::strategy::Context;
use crate::strategy::taking_back::TEMPLATE;
use std::collections::BTreeMap;

const ANNOTATIONS: &str = "/spec/template/metadata/annotations";
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// The plan of a restart.
pub fn plan(release: &Release, details: &Details, context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let (key, root) = (&release.key, &details.root);
    if is_paused(root) {
        return Err(Refusal::because(format!("{key} is paused, so a restart would wait; resume it first ({RESUME})")));
    }
    let unreadable = || Refusal::because(format!("the template of {key} can't be read"));
    let old = template::current(root).ok_or_else(unreadable)?;
    let now = context.now.round(jiff::Unit::Second).unwrap_or(context.now).to_string();
    let path = format!("{ANNOTATIONS}/{}", crate::domain::raw::escape(RESTARTED_AT));
    let was = root.value::<String>(&path);
    let patch_of = Patch::of(root).test(TEMPLATE);
    let has = |path: &str| root.at(path).is_some_and(|value| value.get().starts_with('{'));
    let call = if has(ANNOTATIONS) {
        patch_of.add(&path, json(&now).ok_or_else(unreadable)?)
    } else if has("/spec/template/metadata") {
        patch_of.add(ANNOTATIONS, json(&BTreeMap::from([(RESTARTED_AT, &now)])).ok_or_else(unreadable)?)
    } else {
        return Err(unreadable());
    };
    let mut replaced = replacing(release, details, None, &spec_version(release));
    replaced.warnings.extend(fails_again(release));
    let draft = Draft {
        title: String::new(),
        direction: Direction::Forward,
        calls: vec![patch(call.call(), "only if its template is as shown")],
        until: if release.update == UpdateStrategy::OnDelete { Wait::Observed } else { Wait::Settled },
        inverse: Inverse::Exact(InverseSteps {
            subresource: None,
            also: Vec::new(),
            target: root.key.clone(),
            operations: vec![Operation::Replace { path: TEMPLATE.into(), value: old.to_owned().into() }],
            fenced_on: vec![TEMPLATE.into()],
            words: "back to the template before; pods are replaced again".into(),
            direction: Direction::Back,
        }),
        forecast: Forecast {
            then: replaced.then.into(),
            takes: replaced.takes,
            warnings: replaced.warnings,
            ..Forecast::default()
        },
        risk: replaced.risk,
        diff: vec![diff::value(&format!("annotation {RESTARTED_AT}"), was.as_deref(), Some(&now))],
        needs: Vec::new(),
        kubectl: vec![kubectl::rollout(key, "restart", None)],
    };
    Ok(finish(release, details, &Intent::Restart, context, Part::Template, draft))
}

/// What a restart does not mend: pods of the very template that the new ones are made from fail.
fn fails_again(release: &Release) -> Option<Str> {
    let current = release.current().map(|entry| entry.revision);
    let own = |track: &&crate::domain::Track| current.is_some() && track.revision == current;
    let track = release.tracks.iter().find(own).or_else(|| release.track(Role::Candidate))?;
    // Evicted is who was in the way of others.
    let troubles = track.pods.iter().filter(|pod| !pod.ready).filter_map(|pod| pod.trouble.as_ref());
    let troubles: Vec<_> = troubles.filter(|trouble| trouble.cause != Cause::Evicted).collect();
    let first = troubles.first()?;
    let number = troubles.len() as i64;
    let (pods, fail) = (count(number, "pod"), form(number, "fails", "fail"));
    let why = clip(&first.reason, 40);
    Some(
        format!("{pods} of this template {fail} now ({why}): the new ones are made from it and will fail the same way")
            .into(),
    )
}
