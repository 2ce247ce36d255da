//! What the index hands to strategies.

use super::Index;
use crate::cluster::wire::service::Family;
use crate::domain::objects::{Autoscaler, DisruptionBudget, Endpoints, Objects, Outage, RevisionObject, Service};
use crate::domain::pod::Pod;
use crate::domain::selector::{Labels, Selector};
use crate::domain::traffic::{AnalysisRun, Canary, DestinationRule, Rollout, Route};
use crate::domain::workload::Workload;
use crate::domain::{Kind, ObjectKey, Str, Uid};
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

    fn pods_listed(&self) -> bool {
        self.scopes.all_listed(Kind::Pod)
    }

    fn service(&self, _: &ObjectKey) -> Option<&Arc<Service>> {
        None
    }

    fn services_switching(&self, _: &str, _: &Labels) -> Vec<Arc<Service>> {
        Vec::new()
    }

    fn workloads_selected(&self, _: &Str, _: &Selector) -> Vec<Arc<Workload>> {
        Vec::new()
    }

    fn route(&self, _: &ObjectKey) -> Option<&Arc<Route>> {
        None
    }

    fn routes_to(&self, _: &ObjectKey) -> Vec<Arc<Route>> {
        Vec::new()
    }

    fn routes_delegating_to(&self, _: &ObjectKey) -> Vec<Arc<Route>> {
        Vec::new()
    }

    fn destination_rules_of(&self, _: &ObjectKey) -> Vec<Arc<DestinationRule>> {
        Vec::new()
    }

    fn canary(&self, _: &ObjectKey) -> Option<&Arc<Canary>> {
        None
    }

    fn canaries_naming(&self, _: &ObjectKey) -> Vec<Arc<Canary>> {
        Vec::new()
    }

    fn rollout(&self, _: &ObjectKey) -> Option<&Arc<Rollout>> {
        None
    }

    fn rollouts_naming(&self, _: &ObjectKey) -> Vec<Arc<Rollout>> {
        Vec::new()
    }

    fn runs_of(&self, _: &Uid) -> Vec<Arc<AnalysisRun>> {
        Vec::new()
    }

    fn addresses_of(&self, _: &ObjectKey, _: &[Arc<Pod>]) -> Endpoints {
        Endpoints::default()
    }

    fn any(&self, _: Kind) -> bool {
        false
    }
}
