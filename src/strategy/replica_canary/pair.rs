//! Which Services have a stable and a candidate Deployment behind them. Two Deployments that merely share a label are no
//! canary: they must run the same image, and their names or a label must say that one is a version of the other.

use crate::domain::objects::{Objects, Service};
use crate::domain::traffic::marks::Marks;
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str};
use crate::strategy::traffic::plain::{is_plain, share_an_image};
use std::cmp::Reverse;
use std::sync::Arc;

/// A Service with the two Deployments that share its traffic.
#[derive(Debug)]
pub struct Pair {
    /// The Service that users come through.
    pub service: Arc<Service>,
    /// The Deployments, by name.
    pub workloads: [Arc<Workload>; 2],
    /// Other Services that select both of them, or one; by name.
    pub others: Vec<Arc<Service>>,
    /// What says that they belong together.
    evidence: Str,
}

const NEW: [&str; 2] = ["canary", "candidate"];
const OLD: [&str; 4] = ["stable", "primary", "baseline", "main"];
/// Labels whose values tell a canary from the rest.
const LABELS: [&str; 4] = ["track", "release", "role", "version"];

impl Pair {
    /// `service/web selects the pods of web and web-canary: …`.
    pub fn why(&self) -> String {
        let [a, b] = &self.workloads;
        let name = &self.service.key.name;
        format!("service/{name} selects the pods of {} and {}: {}", a.key.name, b.key.name, self.evidence)
    }
}

/// The pair that the Service or Deployment at `key` belongs to.
pub fn of(key: &ObjectKey, objects: &dyn Objects) -> Option<Pair> {
    match key.kind {
        Kind::Service => family(objects.service(key)?, objects),
        Kind::Deployment => {
            let labels = &objects.workload(key)?.template_labels;
            let services = objects.services_selecting(&key.namespace, labels);
            let holds = |pair: &Pair| pair.workloads.iter().any(|workload| workload.key == *key);
            services.iter().filter_map(|service| family(service, objects)).find(holds)
        }
        _ => None,
    }
}

/// The pair behind `service`, seen from the Service that users come through: of several that select both, the marked
/// one, else the one with the shortest name.
fn family(service: &Arc<Service>, objects: &dyn Objects) -> Option<Pair> {
    let ([a, b], _) = alone(service, objects)?;
    let namespace = &service.key.namespace;
    let of_a = objects.services_selecting(namespace, &a.template_labels);
    let of_b = objects.services_selecting(namespace, &b.template_labels);
    let both = of_a.iter().filter(|service| of_b.iter().any(|other| other.key == service.key));
    let mut roots: Vec<&Arc<Service>> = both.filter(|service| alone(service, objects).is_some()).collect();
    roots.sort_unstable_by_key(|service| {
        (Reverse(is_marked(service, objects)), service.key.name.len(), service.key.name.clone())
    });
    let root = Arc::clone(roots.first()?);
    let (workloads, evidence) = alone(&root, objects)?;
    let mut others: Vec<Arc<Service>> =
        of_a.iter().chain(&of_b).filter(|other| other.key != root.key).cloned().collect();
    others.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    others.dedup_by(|a, b| a.key == b.key);
    Some(Pair { service: root, workloads, others, evidence })
}

/// The Service's own marks, and where they say nothing, what the configuration says.
fn marks(service: &Service, objects: &dyn Objects) -> Marks {
    let own = service.marks();
    objects.settings().map_or_else(|| own.clone(), |settings| settings.marks(&service.key, &own))
}

fn is_marked(service: &Service, objects: &dyn Objects) -> bool {
    marks(service, objects).strategy.as_deref() == Some("replica-canary")
}

/// The two Deployments and what speaks for a pair, told from this Service alone.
fn alone(service: &Service, objects: &dyn Objects) -> Option<([Arc<Workload>; 2], Str)> {
    let own = marks(service, objects).strategy;
    let foreign = own.as_deref().is_some_and(|strategy| strategy != "replica-canary");
    if foreign || service.owner.is_some() || service.managed_by_rollout().is_some() {
        return None;
    }
    let selected = objects.workloads_selected(&service.key.namespace, &service.selector);
    let mut selected = selected.into_iter();
    let (Some(a), Some(b), None) = (selected.next(), selected.next(), selected.next()) else { return None };
    let of_workloads = [&a, &b].map(|workload| {
        let own = Marks::read(&workload.annotations);
        objects.settings().map_or_else(|| own.clone(), |settings| settings.marks(&workload.key, &own)).strategy
    });
    if of_workloads.iter().flatten().any(|strategy| &**strategy != "replica-canary") {
        return None;
    }
    let deployments = [&a, &b].into_iter().all(|it| it.key.kind == Kind::Deployment && is_plain(it, objects));
    if !deployments {
        return None;
    }
    let marked = own.is_some() || of_workloads.iter().any(Option::is_some);
    let evidence = if marked { "windlass.dev/strategy says so".into() } else { evidence(&a, &b)? };
    Some(([a, b], evidence))
}

/// What says that one is a version of the other.
fn evidence(a: &Arc<Workload>, b: &Arc<Workload>) -> Option<Str> {
    if !share_an_image([a, b]) {
        return None;
    }
    let ((stem_a, word_a), (stem_b, word_b)) = (stem(&a.key.name), stem(&b.key.name));
    if stem_a == stem_b {
        match (word_a, word_b) {
            (Some(Word::New), Some(Word::Old) | None) | (Some(Word::Old) | None, Some(Word::New)) => {
                return Some("the same image, and their names say that one is the canary".into());
            }
            (Some(Word::Version), Some(Word::Version)) => {
                return Some("the same image, and their names differ in the version alone".into());
            }
            _ => {}
        }
    }
    let is_new = |value: Option<&Str>| value.is_some_and(|value| NEW.contains(&&**value));
    let label = LABELS.into_iter().find(|label| {
        let (of_a, of_b) = (a.template_labels.get(*label), b.template_labels.get(*label));
        is_new(of_a) != is_new(of_b)
    })?;
    Some(format!("the same image, and label '{label}' says that one is the canary").into())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    New,
    Old,
    Version,
}

/// A name without the last part that tells a version: `web` and `canary` of `web-canary`.
fn stem(name: &str) -> (&str, Option<Word>) {
    let Some((stem, last)) = name.rsplit_once('-') else { return (name, None) };
    let digits = last.strip_prefix('v').unwrap_or_default();
    if NEW.contains(&last) {
        (stem, Some(Word::New))
    } else if OLD.contains(&last) {
        (stem, Some(Word::Old))
    } else if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
        (stem, Some(Word::Version))
    } else {
        (name, None)
    }
}
