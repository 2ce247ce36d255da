//! Taking back a write of ours: on the target as on any workload, on the Canary and the route field by field.

use super::forecast::of_template;
use super::target::{adopt, alone, template};
use super::verbs::{Seen, refused};
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{
    Call, Inverse, InversePart, InverseSteps, Operation, PlannedCall, ReadyInverse, Refusal, Wait,
};
use crate::domain::{Details, Direction, Intent, ObjectKey, Plan, RawObject, Verb};
use crate::strategy::Context;
use crate::strategy::workload::plan::{Draft, Part, finish, patch};
use crate::strategy::workload::template::same;
use crate::strategy::workload::{diff, revert as of_workload, template as templates};

/// The plan that applies a ready inverse.
pub fn plan(seen: &Seen<'_>, details: &Details, inverse: &ReadyInverse, context: &Context) -> Result<Plan, Refusal> {
    let intent = Intent::Revert(Box::new(inverse.clone()));
    let target = seen.target.map(|side| &side.workload.key);
    if Some(&inverse.target) == target {
        let alone = alone(seen, details, Verb::Revert)?;
        let plan = of_workload::plan(&alone.release, &alone.details, inverse, context)?;
        let images: Vec<_> = new_images(inverse);
        let version = crate::strategy::workload::version::version(&images);
        return Ok(adopt(seen, &intent, plan, of_template(seen, template(seen, &images), &version)));
    }
    let first = (&inverse.target, inverse.operations.as_str());
    let parts = std::iter::once(first).chain(inverse.also.iter().map(|part| (&part.target, part.operations.as_str())));
    let parts: Vec<Step<'_>> = parts.map(|(key, text)| step(seen, details, key, text)).collect::<Result<_, _>>()?;
    let changes = parts.iter().flat_map(|part| part.operations.iter().filter_map(|it| change(part.raw, it))).collect();
    let back = inverse_of(&parts, inverse.direction);
    let draft = Draft {
        title: inverse.words.to_string(),
        direction: inverse.direction,
        calls: parts.iter().map(Step::call).collect(),
        until: Wait::Accepted,
        inverse: back,
        forecast: Forecast { then: inverse.words.clone(), ..Forecast::default() },
        risk: if inverse.also.is_empty() { Risk::Low } else { Risk::High },
        diff: changes,
        needs: Vec::new(),
        kubectl: Vec::new(),
    };
    Ok(finish(seen.release, details, &intent, context, Part::Neither, draft))
}

struct Step<'a> {
    raw: &'a RawObject,
    operations: Vec<Operation>,
}

impl Step<'_> {
    fn call(&self) -> PlannedCall {
        let call =
            Call::JsonPatch { target: self.raw.key.clone(), subresource: None, operations: self.operations.clone() };
        patch(call, "only if it is still as that write left it")
    }
}

fn step<'a>(seen: &Seen<'_>, details: &'a Details, key: &ObjectKey, text: &str) -> Result<Step<'a>, Refusal> {
    let why = |why: &str| refused(seen, Verb::Revert, why);
    let raw = details.object(key).ok_or_else(|| Refusal::read_again(format!("{key} was not read; look at it anew")))?;
    let operations: Vec<Operation> = serde_json::from_str(text)
        .map_err(|_| why("the way back is not kept in full; look at the release and go back by hand"))?;
    let moved = operations.iter().find_map(|operation| match operation {
        Operation::Test { path, value } => {
            let now = raw.at(path);
            let holds = now.map_or(value.get() == "null", |now| same(now, value));
            (!holds).then_some(path)
        }
        Operation::Add { .. } | Operation::Replace { .. } | Operation::Remove { .. } => None,
    });
    match moved {
        Some(path) => Err(why(&format!("{path} of {key} changed since that write, so it can't be taken back exactly"))),
        None => Ok(Step { raw, operations }),
    }
}

fn change(raw: &RawObject, operation: &Operation) -> Option<crate::domain::plan::Change> {
    let new = match operation {
        Operation::Test { .. } => return None,
        Operation::Add { value, .. } | Operation::Replace { value, .. } => Some(value.get()),
        Operation::Remove { .. } => None,
    };
    let path = operation.path();
    let old = raw.at(path).map(serde_json::value::RawValue::get);
    (old != new).then(|| diff::value(path.trim_start_matches('/').replace('/', ".").as_str(), old, new))
}

fn inverse_of(parts: &[Step<'_>], direction: Direction) -> Inverse {
    let undone = |part: &Step<'_>| -> Vec<Operation> {
        let writes = part.operations.iter().filter(|operation| !matches!(operation, Operation::Test { .. }));
        writes.map(|operation| super::suspend::put_back(part.raw, operation.path())).collect()
    };
    let fenced = |part: &Step<'_>| -> Vec<String> {
        let tests = part.operations.iter().filter(|operation| matches!(operation, Operation::Test { .. }));
        tests.map(|operation| operation.path().to_owned()).filter(|path| path != "/metadata/uid").collect()
    };
    let Some((first, rest)) = parts.split_first() else { return Inverse::None { why: "nothing is written".into() } };
    let also = rest.iter().map(|part| InversePart {
        target: part.raw.key.clone(),
        operations: undone(part),
        fenced_on: fenced(part),
        subresource: None,
    });
    Inverse::Exact(InverseSteps {
        target: first.raw.key.clone(),
        operations: undone(first),
        fenced_on: fenced(first),
        subresource: None,
        also: also.collect(),
        words: "what that write did, again".into(),
        direction: direction.opposite(),
    })
}

fn new_images(inverse: &ReadyInverse) -> Vec<crate::domain::workload::Image> {
    let operations: Vec<Operation> = serde_json::from_str(&inverse.operations).unwrap_or_default();
    let template = operations.into_iter().find_map(|operation| match operation {
        Operation::Replace { path, value } | Operation::Add { path, value } if path == "/spec/template" => Some(value),
        _ => None,
    });
    let images = template.map(|template| templates::images(&template)).unwrap_or_default();
    let own = images.into_iter().filter(|image| image.list == "containers");
    own.map(|image| crate::domain::workload::Image { container: image.name.into(), reference: image.reference.into() })
        .collect()
}
