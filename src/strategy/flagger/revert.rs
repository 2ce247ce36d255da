//! Taking back a write of ours: on the target as on any workload, on the Canary and the route field by field.

use super::forecast::of_template;
use super::target::{adopt, alone, template};
use super::verbs::Seen;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{ReadyInverse, Refusal, Undoing, Wait};
use crate::domain::{Details, Intent, Plan, Verb};
use crate::strategy::Context;
use crate::strategy::taking_back::{Kept, TEMPLATE, again, title};
use crate::strategy::workload::plan::{Draft, Part, finish};
use crate::strategy::workload::template::own_images;
use crate::strategy::workload::{revert as of_workload, version::version};

/// The plan that applies a ready inverse.
pub fn plan(seen: &Seen<'_>, details: &Details, inverse: &ReadyInverse, context: &Context) -> Result<Plan, Refusal> {
    let intent = Intent::Revert(Box::new(inverse.clone()));
    let target = seen.target.map(|side| &side.workload.key);
    if Some(&inverse.target) == target {
        let alone = alone(seen, details, Verb::Revert)?;
        let plan = of_workload::plan(&alone.release, &alone.details, inverse, context)?;
        let kept = read(details, inverse.first())?;
        let images = kept.sets(TEMPLATE).map(own_images).unwrap_or_default();
        let follows = of_template(seen, template(seen, &images), &version(&images));
        return Ok(adopt(seen, &intent, plan, follows));
    }
    let parts: Vec<Kept<'_>> = inverse.parts().map(|part| read(details, part)).collect::<Result<_, _>>()?;
    let draft = Draft {
        title: title(inverse),
        direction: inverse.direction,
        calls: parts.iter().map(Kept::call).collect(),
        until: Wait::Accepted,
        inverse: again(&parts, inverse.direction),
        forecast: Forecast { then: inverse.words.clone(), ..Forecast::default() },
        risk: if inverse.also.is_empty() { Risk::Low } else { Risk::High },
        diff: parts.iter().flat_map(Kept::changes).collect(),
        needs: Vec::new(),
        kubectl: Vec::new(),
    };
    Ok(finish(seen.release, details, &intent, context, Part::Neither, draft))
}

fn read<'a>(details: &'a Details, part: Undoing<'_>) -> Result<Kept<'a>, Refusal> {
    let unread = || Refusal::read_again(format!("{} was not read; look at it anew", part.target));
    let object = details.object(part.target).ok_or_else(unread)?;
    Kept::read(object, part, "look at the release and go back by hand")
}
