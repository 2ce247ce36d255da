//! Taking back a write of ours with the inverse that was made ready for it.

use super::fence::ABORT;
use super::path::{Target, path};
use super::plan::{Asked, finish, finish_template};
use crate::domain::Plan;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Act, ReadyInverse, Refusal, Undoing, Wait};
use crate::domain::said::UNDO;
use crate::strategy::taking_back::{Kept, TEMPLATE, again, title};
use crate::strategy::workload::version::version;
use crate::strategy::workload::{needs, plan::Draft, template};

/// The plan that applies a ready inverse.
pub fn plan(asked: &Asked<'_>, inverse: &ReadyInverse) -> Result<Plan, Refusal> {
    let parts: Vec<Kept<'_>> = inverse.parts().map(|part| read(asked, part)).collect::<Result<_, _>>()?;
    let Some(first) = parts.first() else {
        return Err(Refusal::because(format!("nothing of {} is to be taken back", asked.key().target())));
    };
    let new_template = first.sets(TEMPLATE);
    let way = new_template.and_then(|new| {
        let images = template::own_images(new);
        let mut target = Target::new(version(&images));
        if let Some(entry) = asked.release.history.iter().find(|entry| entry.images == images) {
            target.hash.clone_from(&entry.hash);
            target.created = entry.created;
            target.pods = entry.replicas.ready;
        }
        path(asked.release, &target, asked.context.now)
    });
    let tree = new_template.and_then(template::parsed).unwrap_or_default();
    let draft = Draft {
        title: title(inverse),
        direction: inverse.direction,
        inverse: again(&parts, inverse.direction),
        until: match &way {
            Some(way) if way.alone && !asked.stand.held => Wait::Settled,
            _ if first.on_status() => asks(first).map_or(Wait::Accepted, Wait::Acted),
            _ => Wait::Observed,
        },
        calls: parts.iter().map(Kept::call).collect(),
        forecast: Forecast {
            then: way.as_ref().map_or_else(|| inverse.words.clone(), |way| way.then.as_str().into()),
            takes: way.as_ref().and_then(|way| way.takes),
            warnings: way.map(|way| way.warnings).unwrap_or_default(),
            ..Forecast::default()
        },
        risk: if new_template.is_some() { Risk::Medium } else { Risk::Low },
        diff: parts.iter().flat_map(Kept::changes).collect(),
        needs: needs::needs(&tree, &asked.key().namespace),
        kubectl: Vec::new(),
    };
    if new_template.is_some() { finish_template(asked, draft) } else { finish(asked, draft) }
}

fn read<'a>(asked: &Asked<'a>, part: Undoing<'_>) -> Result<Kept<'a>, Refusal> {
    let (target, name) = (part.target, asked.key().target());
    let object = asked.details.object(target);
    let object =
        object.ok_or_else(|| Refusal::because(format!("that write was on {target}, which is no part of {name}")))?;
    Kept::read(object, part, &format!("{UNDO} goes back by revision"))
}

/// What the controller is asked for by a write on the status.
fn asks(kept: &Kept<'_>) -> Option<Act> {
    kept.sets(ABORT).map(|value| if value.get() == "true" { Act::Abort } else { Act::Retry })
}
