//! Which Services switch between sides. Conservative: what merely looks alike stays what it is.

use crate::domain::objects::{Objects, Service};
use crate::domain::selector::Labels;
use crate::domain::traffic::marks::{Marks, SWITCH_KEYS};
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str};
use crate::strategy::traffic::plain::{is_plain, share_an_image};
use crate::strategy::workload::words::some_of;
use std::cmp::Reverse;
use std::sync::Arc;

/// A Service with the workloads that it can be switched between.
#[derive(Debug)]
pub struct Sides {
    /// The Service that users come through.
    pub service: Arc<Service>,
    /// The label that the sides differ in.
    pub key: Str,
    /// The sides by the label's value.
    pub workloads: Vec<(Str, Arc<Workload>)>,
    /// Other Services that select one side: previews, and those of one side each; by name.
    pub others: Vec<Arc<Service>>,
    /// Whether a person said so.
    marked: bool,
}

/// Labels that also tell apart what is no pair of sides: then the images must be of the same repository.
const AMBIGUOUS: [&str; 2] = ["version", "track"];

/// Words in the names of Services that are for looking at the idle side.
const PREVIEWS: [&str; 9] =
    ["preview", "idle", "staging", "test", "next", "inactive", "candidate", "canary", "standby"];

impl Sides {
    /// `selects app-blue and app-green by label 'color'`.
    pub fn why(&self) -> String {
        let names: Vec<&str> = self.workloads.iter().map(|(_, workload)| &*workload.key.name).collect();
        let marked = if self.marked { " (windlass.dev/strategy)" } else { "" };
        format!("service/{} picks one of {} by label '{}'{marked}", self.service.key.name, some_of(&names, 3), self.key)
    }

    /// The value that the Service selects.
    pub fn live(&self) -> &Str {
        &self.service.selector.labels[&self.key]
    }
}

/// The sides that the Service or workload at `key` belongs to.
pub fn of(key: &ObjectKey, objects: &dyn Objects) -> Option<Sides> {
    match key.kind {
        Kind::Service => family(objects.service(key)?, objects),
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {
            let labels = &objects.workload(key)?.template_labels;
            let services = objects.services_switching(&key.namespace, labels);
            let holds = |sides: &Sides| sides.workloads.iter().any(|(_, workload)| workload.key == *key);
            services.iter().filter_map(|service| family(service, objects)).find(holds)
        }
        _ => None,
    }
}

/// The sides of `service`, seen from the Service that users come through: this one, or another that picks one of the
/// same workloads by the same label.
fn family(service: &Arc<Service>, objects: &dyn Objects) -> Option<Sides> {
    let (key, workloads, _) = alone(service, objects)?;
    let common = service.common(&key);
    let labels = &workloads.first()?.1.template_labels;
    let same = |other: &Arc<Service>| key_of(other, objects).as_ref() == Some(&key) && other.common(&key) == common;
    let all: Vec<Arc<Service>> =
        objects.services_switching(&service.key.namespace, labels).into_iter().filter(same).collect();
    let root = root(&all, &workloads, objects)?;
    // The root's own marks count: they may leave it alone.
    let (key, workloads, marked) = alone(&root, objects)?;
    let others = all.into_iter().filter(|other| other.key != root.key).collect();
    Some(Sides { service: root, key, workloads, others, marked })
}

/// The Service's own marks, and where they say nothing, what the configuration says.
fn marks(service: &Service, objects: &dyn Objects) -> Marks {
    let own = service.marks();
    objects.settings().map_or_else(|| own.clone(), |settings| settings.marks(&service.key, &own))
}

/// The label that the sides of this Service differ in.
fn key_of(service: &Service, objects: &dyn Objects) -> Option<Str> {
    let usual = SWITCH_KEYS.into_iter().map(Str::from);
    let keys: Vec<Str> = marks(service, objects).switch_key.into_iter().chain(usual).collect();
    service.switch_key(&keys)
}

type Found = (Str, Vec<(Str, Arc<Workload>)>, bool);

/// The label, the sides and whether a person marked it, told from this Service alone.
fn alone(service: &Service, objects: &dyn Objects) -> Option<Found> {
    let marked = match marks(service, objects).strategy.as_deref() {
        Some("blue-green") => true,
        Some(_) => return None,
        None => false,
    };
    if service.owner.is_some() || service.managed_by_rollout().is_some() {
        return None;
    }
    let key = key_of(service, objects)?;
    let selected = objects.workloads_selected(&service.key.namespace, &service.common(&key));
    let mut workloads: Vec<(Str, Arc<Workload>)> = selected
        .into_iter()
        .filter_map(|workload| Some((workload.template_labels.get(&key)?.clone(), workload)))
        .filter(|(_, workload)| wanted(&workload.annotations))
        .collect();
    workloads.sort_unstable_by(|a, b| (&a.0, &a.1.key).cmp(&(&b.0, &b.1.key)));
    let distinct = workloads.windows(2).all(|pair| pair[0].0 != pair[1].0);
    let plain = workloads.iter().all(|(_, workload)| is_plain(workload, objects));
    let alike = marked || !AMBIGUOUS.contains(&&*key) || share_an_image(workloads.iter().map(|(_, workload)| workload));
    (workloads.len() > 1 && distinct && plain && alike).then_some((key, workloads, marked))
}

/// Whether the workload's own marks leave it to be a side.
fn wanted(annotations: &Labels) -> bool {
    Marks::read(annotations).strategy.is_none_or(|strategy| &*strategy == "blue-green")
}

/// The Service that users come through: the marked one, else the only one that is neither a preview nor named after a
/// side. Where several are left they must pick the same side: then the one with the shortest name.
fn root(services: &[Arc<Service>], workloads: &[(Str, Arc<Workload>)], objects: &dyn Objects) -> Option<Arc<Service>> {
    let marked = |service: &Service| marks(service, objects).strategy.as_deref() == Some("blue-green");
    let sides = || workloads.iter().map(|(value, workload)| (&**value, &*workload.key.name));
    let mut candidates: Vec<&Arc<Service>> =
        services.iter().filter(|service| marked(service) || is_front(&service.key.name, sides())).collect();
    candidates
        .sort_unstable_by_key(|service| (Reverse(marked(service)), service.key.name.len(), service.key.name.clone()));
    let first = *candidates.first()?;
    let agree = candidates.iter().all(|service| service.selector == first.selector);
    (marked(first) || agree).then(|| Arc::clone(first))
}

/// Whether a Service of this name may be one that users come through: it is no preview, and not named after one of
/// `sides` (the value of the label and the workload's name).
pub fn is_front<'a>(name: &str, mut sides: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    let parts: Vec<&str> = name.split(['-', '.', '_']).collect();
    let preview = parts.iter().any(|part| PREVIEWS.contains(part));
    let of_a_side = sides.any(|(value, workload)| parts.last() == Some(&value) || name == workload);
    !preview && !of_a_side
}
