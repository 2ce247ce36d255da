//! Other images for one or more containers, in one write on the object that holds the template.

use super::path::{Target, path};
use super::plan::Asked;
use super::undo::holder;
use crate::domain::intent::ReleaseId;
use crate::domain::plan::{Refusal, Wait};
use crate::domain::workload::Image;
use crate::domain::{Details, Plan, Release};
use crate::strategy::workload::forecast::ALL_DOWN;
use crate::strategy::workload::version::version;
use crate::strategy::workload::{image, template};

/// The plan of new images: that of a plain workload, with the way that the template takes here.
pub fn plan(asked: &Asked<'_>, images: &[Image]) -> Result<Plan, Refusal> {
    let holder = holder(asked)?;
    let old = template::current(holder);
    let mut after = old.map(template::own_images).unwrap_or_default();
    let stand_in = Release { key: holder.key.clone(), uid: holder.uid.clone(), ..asked.release.clone() };
    let details = Details { root: holder.clone(), ..asked.details.clone() };
    let mut plan = image::plan(&stand_in, &details, images, asked.context)?;
    for image in images {
        if let Some(container) = after.iter_mut().find(|container| container.container == image.container) {
            container.reference.clone_from(&image.reference);
        }
    }
    let known = asked.release.history.iter().find(|entry| entry.images == after);
    let mut target = Target::new(version(&after));
    if let Some(entry) = known {
        target.hash.clone_from(&entry.hash);
        target.created = entry.created;
        target.pods = entry.replicas.ready;
    }
    let way = path(asked.release, &target, asked.context.now);
    let way =
        way.ok_or_else(|| Refusal::because(format!("{} says neither canary nor blueGreen", asked.key().target())))?;
    plan.release = ReleaseId { key: asked.release.key.clone(), uid: asked.release.uid.clone() };
    plan.until = if way.alone && !asked.stand.held { Wait::Settled } else { Wait::Observed };
    plan.forecast.then = way.then.into();
    plan.forecast.takes = way.takes;
    plan.forecast.warnings.retain(|warning| **warning != *ALL_DOWN);
    plan.forecast.warnings.extend(way.warnings);
    if holder.key != *asked.key() {
        plan.forecast
            .warnings
            .insert(0, format!("its template is in {}: that is what is written", holder.key.target()).into());
    }
    Ok(plan)
}
