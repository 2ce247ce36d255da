//! What a change of a row concerns: the keys whose releases are derived again. Each is then asked whose it is, and every
//! release that has it as a member is derived too, so that only new relations have to be found here.

use super::store::Store;
use crate::cluster::wire::Row;
use crate::domain::objects::Service;
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey};

impl Store {
    /// What the change from `old` to `new` concerns; `None` stands for a row that was not there, or is gone.
    pub fn touched(&self, old: Option<&Row>, new: Option<&Row>) -> Vec<ObjectKey> {
        let mut keys = Vec::new();
        for row in [new, old].into_iter().flatten() {
            self.touched_by(row, &mut keys);
        }
        if let Some(workload) = relabelled(old, new) {
            let before = if let Some(Row::Workload(old)) = old { Some(&**old) } else { None };
            for workload in std::iter::once(workload).chain(before) {
                self.touch_services_of(workload, &mut keys);
            }
        }
        let appeared = old.is_none() || new.is_none();
        if let Some(row) = new.or(old).filter(|row| appeared && may_be_named(row)) {
            keys.extend(self.naming(&row.key(), None).cloned());
        }
        keys
    }

    fn touched_by(&self, row: &Row, keys: &mut Vec<ObjectKey>) {
        match row {
            Row::Workload(workload) => keys.push(workload.key.clone()),
            Row::Revision(revision) => keys.extend(revision.owner.iter().filter_map(|owner| self.owner(owner))),
            Row::Pod(pod) => keys.extend(pod.owner.iter().filter_map(|owner| self.owner(owner))),
            Row::Service(service) => {
                keys.push(service.key.clone());
                keys.extend(self.naming(&service.key, None).cloned());
                self.touch_selected(service, keys);
            }
            Row::Budget(budget) => keys.extend(self.selected(&budget.key.namespace, &budget.selector)),
            Row::Slice(slice) => {
                if let Some(service) = self.service(&slice.service) {
                    keys.push(slice.service.clone());
                    keys.extend(self.selected(&slice.service.namespace, &service.selector));
                }
            }
            Row::Autoscaler(autoscaler) => keys.push(autoscaler.target.clone()),
            Row::Namespace(_) | Row::Presence(..) => {}
            Row::Route(route) => {
                keys.push(route.meta.key.clone());
                keys.extend(route.delegates());
                keys.extend(self.naming(&route.meta.key, None).cloned());
                keys.extend(self.sharing_a_host(route));
                for service in route.services() {
                    self.touch_service(&service, keys);
                }
            }
            Row::DestinationRule(rule) => {
                if let Some(service) = &rule.service {
                    self.touch_service(service, keys);
                    keys.extend(self.naming(service, None).cloned());
                }
            }
            Row::Canary(_) | Row::Rollout(_) => {
                keys.push(row.key());
                for named in super::names::names(row) {
                    self.touch_service(&named, keys);
                }
            }
            Row::Run(run) => keys.extend(run.owner.as_ref().and_then(|owner| self.owner(owner))),
        }
    }

    /// The object itself and, of a Service, the workloads that it selects.
    fn touch_service(&self, key: &ObjectKey, keys: &mut Vec<ObjectKey>) {
        keys.push(key.clone());
        if let Some(service) = self.service(key) {
            self.touch_selected(service, keys);
        }
    }

    /// The workloads that a Service selects, those of its other sides included.
    fn touch_selected(&self, service: &Service, keys: &mut Vec<ObjectKey>) {
        let namespace = &service.key.namespace;
        keys.extend(self.selected(namespace, &service.selector));
        if let Some(key) = service.switch_key(self.switch_keys()) {
            keys.extend(self.selected(namespace, &service.common(&key)));
        }
    }

    /// The Services that select a workload, or would but for their switch key, and what names them.
    fn touch_services_of(&self, workload: &Workload, keys: &mut Vec<ObjectKey>) {
        let (namespace, labels) = (&workload.key.namespace, &workload.template_labels);
        let selecting = self.services(namespace, labels);
        for service in selecting.iter().chain(&self.switching(namespace, labels)) {
            keys.push(service.key.clone());
            keys.extend(self.naming(&service.key, None).cloned());
        }
    }
}

/// The workload whose template labels are other than before.
fn relabelled<'a>(old: Option<&'a Row>, new: Option<&'a Row>) -> Option<&'a Workload> {
    match (old, new) {
        (Some(Row::Workload(old)), Some(Row::Workload(new))) => {
            (old.template_labels != new.template_labels).then_some(&**new)
        }
        (None, Some(Row::Workload(only))) | (Some(Row::Workload(only)), None) => Some(only),
        _ => None,
    }
}

const fn may_be_named(row: &Row) -> bool {
    matches!(row, Row::Workload(_) | Row::Service(_) | Row::Route(_) | Row::Rollout(_))
}

/// The kinds that root releases: the plain workloads, and what stands above them.
pub const ROOTS: [Kind; 9] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Service,
    Kind::Rollout,
    Kind::Canary,
    Kind::VirtualService,
    Kind::HttpRoute,
    Kind::GrpcRoute,
];

/// The workloads that need no custom resource.
pub const WORKLOADS: [Kind; 3] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];
