//! What the index hands to strategies.

use super::Index;
use crate::cluster::wire::Row;
use crate::cluster::wire::service::{Family, pod_mark};
use crate::domain::objects::{
    Autoscaler, Controllers, DisruptionBudget, Endpoints, Objects, Outage, RevisionObject, Service,
};
use crate::domain::pod::Pod;
use crate::domain::selector::{Labels, Selector};
use crate::domain::traffic::{AnalysisRun, Canary, DestinationRule, Rollout, Route, TrafficSettings};
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str, Uid};
use std::collections::HashSet;
use std::sync::Arc;

impl Objects for Index {
    fn workload(&self, key: &ObjectKey) -> Option<&Arc<Workload>> {
        self.store.workload(key)
    }

    fn revisions_of(&self, owner: &Uid) -> Vec<Arc<RevisionObject>> {
        self.store.revisions(owner)
    }

    fn pods_of(&self, owner: &Uid) -> Vec<Arc<Pod>> {
        self.store.pods(owner).cloned().collect()
    }

    fn services_selecting(&self, namespace: &str, labels: &Labels) -> Vec<Arc<Service>> {
        self.store.services(namespace, labels)
    }

    fn endpoints_of(&self, service: &ObjectKey) -> Option<Endpoints> {
        // A dual-stack Service lists every pod once a family: the fuller family counts.
        let mut families = [Endpoints::default(); 2];
        for slice in self.store.slices(service)? {
            let family = &mut families[usize::from(slice.family == Family::Second)];
            family.ready += slice.endpoints.ready;
            family.not_ready += slice.endpoints.not_ready;
        }
        families.into_iter().max_by_key(|family| family.ready + family.not_ready)
    }

    fn autoscaler_of(&self, key: &ObjectKey) -> Option<&Arc<Autoscaler>> {
        self.store.autoscaler(key)
    }

    fn budgets_selecting(&self, namespace: &str, labels: &Labels) -> Vec<Arc<DisruptionBudget>> {
        self.store.budgets(namespace, labels)
    }

    fn outage_of(&self, key: &ObjectKey) -> Option<Outage> {
        self.outages.of(&self.store.workload(key)?.uid)
    }

    fn settings(&self) -> Option<&TrafficSettings> {
        Some(&self.settings)
    }

    fn unread(&self, kind: Kind, namespace: &str) -> Option<Str> {
        self.scopes.unread(kind, namespace)
    }

    fn controllers(&self) -> Controllers {
        self.controllers
    }

    fn pods_listed(&self, namespace: &str) -> bool {
        self.scopes.all_listed(Kind::Pod) && self.unread(Kind::Pod, namespace).is_none()
    }

    fn service(&self, key: &ObjectKey) -> Option<&Arc<Service>> {
        self.store.service(key)
    }

    fn services_switching(&self, namespace: &str, labels: &Labels) -> Vec<Arc<Service>> {
        self.store.switching(namespace, labels)
    }

    fn workloads_selected(&self, namespace: &Str, selector: &Selector) -> Vec<Arc<Workload>> {
        let mut keys = self.store.selected(namespace, selector);
        keys.sort_unstable();
        keys.iter().filter_map(|key| self.store.workload(key).cloned()).collect()
    }

    fn route(&self, key: &ObjectKey) -> Option<&Arc<Route>> {
        match self.store.row(key)? {
            Row::Route(route) => Some(route),
            _ => None,
        }
    }

    fn routes_to(&self, service: &ObjectKey) -> Vec<Arc<Route>> {
        self.store.naming(service, None).filter_map(|key| self.route(key).cloned()).collect()
    }

    fn routes_delegating_to(&self, key: &ObjectKey) -> Vec<Arc<Route>> {
        self.store.naming(key, Some(Kind::VirtualService)).filter_map(|key| self.route(key).cloned()).collect()
    }

    fn routes_for_hosts_of(&self, route: &Route) -> Vec<Arc<Route>> {
        self.store.sharing_a_host(route).iter().filter_map(|key| self.route(key).cloned()).collect()
    }

    fn destination_rules_of(&self, service: &ObjectKey) -> Vec<Arc<DestinationRule>> {
        let keys = self.store.naming(service, Some(Kind::DestinationRule));
        keys.filter_map(|key| match self.store.row(key)? {
            // A Canary names the DestinationRules that it makes, but a DestinationRule only its host.
            Row::DestinationRule(rule) => Some(Arc::clone(rule)),
            _ => None,
        })
        .collect()
    }

    fn canary(&self, key: &ObjectKey) -> Option<&Arc<Canary>> {
        match self.store.row(key)? {
            Row::Canary(canary) => Some(canary),
            _ => None,
        }
    }

    fn canaries_naming(&self, key: &ObjectKey) -> Vec<Arc<Canary>> {
        self.store.naming(key, Some(Kind::Canary)).filter_map(|key| self.canary(key).cloned()).collect()
    }

    fn rollout(&self, key: &ObjectKey) -> Option<&Arc<Rollout>> {
        match self.store.row(key)? {
            Row::Rollout(rollout) => Some(rollout),
            _ => None,
        }
    }

    fn rollouts_naming(&self, key: &ObjectKey) -> Vec<Arc<Rollout>> {
        self.store.naming(key, Some(Kind::Rollout)).filter_map(|key| self.rollout(key).cloned()).collect()
    }

    fn runs_of(&self, owner: &Uid) -> Vec<Arc<AnalysisRun>> {
        let mut runs: Vec<Arc<AnalysisRun>> = self
            .store
            .runs(owner)
            .filter_map(|key| match self.store.row(key)? {
                Row::Run(run) => Some(Arc::clone(run)),
                _ => None,
            })
            .collect();
        runs.sort_unstable_by(|a, b| b.meta.created.cmp(&a.meta.created).then_with(|| b.meta.key.cmp(&a.meta.key)));
        runs
    }

    fn addresses_of(&self, service: &ObjectKey, pods: &[Arc<Pod>]) -> Endpoints {
        let marks: HashSet<u64> = pods.iter().map(|pod| pod_mark(&pod.name)).collect();
        let slices = self.store.slices(service).into_iter().flatten();
        // A dual-stack Service lists every pod once a family: each counts once.
        let (mut ready, mut not_ready) = (HashSet::new(), HashSet::new());
        for slice in slices {
            ready.extend(slice.ready.iter().filter(|mark| marks.contains(mark)));
            not_ready.extend(slice.not_ready.iter().filter(|mark| marks.contains(mark)));
        }
        let count = |marks: &HashSet<u64>| u32::try_from(marks.len()).unwrap_or(u32::MAX);
        Endpoints { ready: count(&ready), not_ready: count(&not_ready) }
    }

    fn any(&self, kind: Kind) -> bool {
        self.store.count(kind) > 0
    }
}
