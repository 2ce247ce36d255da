//! Taking back a write of ours with the inverse that was made ready for it.

use super::forecast::replacing;
use super::plan::{Draft, Part, finish, same_object};
use super::{needs, template};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{ReadyInverse, Refusal, Wait};
use crate::domain::said::UNDO;
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Details, Intent, Plan, Release};
use crate::strategy::Context;
use crate::strategy::taking_back::{Kept, REPLICAS, TEMPLATE, again, title};

/// The plan that applies a ready inverse.
pub fn plan(release: &Release, details: &Details, inverse: &ReadyInverse, context: &Context) -> Result<Plan, Refusal> {
    same_object(release, details)?;
    let (key, root) = (&release.key, &details.root);
    if inverse.target != *key {
        return Err(Refusal::because(format!("that write was on {}, not on {key}", inverse.target)));
    }
    let kept = Kept::read(root, inverse.first(), &format!("{UNDO} goes back by revision"))?;
    let new_template = kept.sets(TEMPLATE);
    let (then, takes, warnings, risk) = match new_template {
        Some(new) => {
            let images = template::own_images(new);
            let version = super::version::version(&images);
            let target = release.tracks.iter().find(|track| track.images == images);
            let replaced = replacing(release, details, target, &version);
            (replaced.then, replaced.takes, replaced.warnings, replaced.risk)
        }
        None => (inverse.words.to_string(), None, Vec::new(), Risk::Low),
    };
    let part = match (new_template, kept.written().any(|operation| operation.path() == REPLICAS)) {
        (Some(_), _) => Part::Template,
        (None, true) => Part::Replicas,
        (None, false) => Part::Neither,
    };
    let parsed = new_template.and_then(template::parsed).unwrap_or_default();
    let draft = Draft {
        title: title(inverse),
        direction: inverse.direction,
        calls: vec![kept.call()],
        until: if release.update == UpdateStrategy::OnDelete || part == Part::Neither {
            Wait::Observed
        } else {
            Wait::Settled
        },
        diff: kept.changes(),
        inverse: again(&[kept], inverse.direction),
        forecast: Forecast { then: then.into(), takes, warnings, ..Forecast::default() },
        risk,
        needs: needs::needs(&parsed, &key.namespace),
        kubectl: Vec::new(),
    };
    Ok(finish(release, details, &Intent::Revert(Box::new(inverse.clone())), context, part, draft))
}
