//! One workload of a release with traffic, read as if it stood alone.

use crate::domain::objects::{Endpoints, Objects, Service};
use crate::domain::release::{Role, Track, Weight};
use crate::domain::traffic::view::Side;
use crate::domain::workload::Workload;
use crate::domain::{ObjectKey, Release, Revision, Str, Timestamp};
use crate::strategy::workload::version::{telling_digests, version};
use crate::strategy::{Derive, Strategy, on_delete, recreate, rolling};
use std::sync::Arc;

/// A workload and the release that it would be by itself: its pods, history, state and health.
#[derive(Debug, Clone)]
pub struct Part {
    /// The workload.
    pub workload: Arc<Workload>,
    /// The release that it would be.
    pub own: Arc<Release>,
}

/// The strategies of plain workloads.
static PLAIN: [&dyn Strategy; 3] = [&rolling::ROLLING, &recreate::RECREATE, &on_delete::ON_DELETE];

impl Part {
    /// Reads the workload at `key`; `None` when it is gone or nothing plain steers it.
    pub fn gather(key: &ObjectKey, objects: &dyn Objects, context: &Derive<'_>) -> Option<Self> {
        let workload = Arc::clone(objects.workload(key)?);
        let strategy = PLAIN.into_iter().find(|strategy| strategy.claims(key, objects).is_some())?;
        let own = Arc::new(strategy.derive(key, objects, context)?);
        Some(Self { workload, own })
    }

    /// The version that its template stands for.
    pub fn version(&self) -> Str {
        version(&self.workload.images)
    }

    /// The workload as one track: all of its pods, whatever their revision.
    pub fn track(&self, role: Role, weight: Weight) -> Track {
        let pods = self.own.pods().cloned().collect::<Vec<_>>();
        Track {
            role,
            name: self.workload.key.name.clone(),
            revision: self.own.revision,
            images: self.workload.images.clone(),
            version: self.version(),
            digests: telling_digests(&self.workload.images, &pods),
            weight,
            replicas: self.own.replicas,
            pods,
        }
    }

    /// The workload as a side, with the Services that select its pods only and its addresses.
    pub fn side(&self, role: Role, services: Vec<Arc<Service>>, endpoints: Endpoints) -> Side {
        Side {
            role,
            name: self.workload.key.name.clone(),
            workload: Arc::clone(&self.workload),
            own: Some(Arc::clone(&self.own)),
            autoscaler: self.own.autoscaler.clone(),
            services,
            endpoints,
        }
    }

    /// Since when its template is what it is.
    pub fn templated(&self) -> Templated {
        let entries = &self.own.history;
        let at = |revision: Option<Revision>| entries.iter().find(|entry| Some(entry.revision) == revision);
        let current = at(self.own.revision).filter(|entry| entry.images == self.workload.images);
        let template = current.map(|entry| entry.created);
        let same = entries.iter().skip_while(|entry| current.is_some_and(|current| entry.revision > current.revision));
        let same = same.take_while(|entry| entry.images == self.workload.images).filter_map(|entry| entry.created);
        // No revision stands for it yet: it was written just now. Without any history nothing but the workload tells.
        let unborn = if entries.is_empty() { self.workload.created } else { None };
        Templated {
            images: same.min().or(unborn).or_else(|| current.and_then(|entry| entry.created)),
            template: template.flatten().or(unborn),
        }
    }
}

/// Since when a workload's template is what it is; `None`: since just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Templated {
    /// Since when it has these images without a break: a restart changes the template, and not these.
    pub images: Option<Timestamp>,
    /// Since when it is this very template.
    pub template: Option<Timestamp>,
}
