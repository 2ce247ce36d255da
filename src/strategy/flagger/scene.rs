//! Everything about one Canary, looked up once.

use super::claim::{belongs, exists};
use super::phase::Phase;
use super::route::{self, Split};
use crate::domain::objects::{Objects, Service};
use crate::domain::release::Role;
use crate::domain::traffic::Canary;
use crate::domain::traffic::route::{DestinationRule, Route};
use crate::domain::traffic::view::Side;
use crate::domain::{Kind, ObjectKey, Timestamp};
use crate::strategy::workload::facts::Facts;
use std::sync::Arc;

/// A Canary with what belongs to it.
pub struct Scene {
    /// The Canary.
    pub canary: Arc<Canary>,
    /// Where it stands.
    pub phase: Phase,
    /// The target with its revisions and pods.
    pub target: Option<Facts>,
    /// The workload that holds the stable version.
    pub primary: Option<Facts>,
    /// The route.
    pub route: Option<Arc<Route>>,
    /// Its `DestinationRules`.
    pub destination_rules: Vec<Arc<DestinationRule>>,
    /// Its Services: the users' one, the primary's, the candidate's.
    pub services: Vec<Arc<Service>>,
    /// Whether Services can't be listed there: then one that is not known is not known to be gone.
    pub services_unread: bool,
    /// Other Canaries with the same target.
    pub rivals: Vec<ObjectKey>,
    /// What primary and candidate get.
    pub split: Split,
    /// The time.
    pub now: Timestamp,
}

impl Scene {
    /// Looks everything up; `None` when the Canary is gone.
    pub fn gather(root: &ObjectKey, objects: &dyn Objects, now: Timestamp) -> Option<Self> {
        let canary = Arc::clone(objects.canary(root)?);
        let target_key = canary.target_key().filter(|key| key.kind.is_workload());
        let target = target_key.as_ref().and_then(|key| Facts::gather(key, objects, now));
        let primary_key = canary.primary_key().filter(|key| key.kind.is_workload() && belongs(&canary, key, objects));
        let primary = primary_key.and_then(|key| Facts::gather(&key, objects, now));
        let route = route::find(&canary, objects);
        let generated = canary.generated();
        let own_services = generated.iter().filter(|key| key.kind == Kind::Service && belongs(&canary, key, objects));
        let services: Vec<_> = own_services.filter_map(|key| objects.service(key)).cloned().collect();
        let rules = services.iter().flat_map(|service| objects.destination_rules_of(&service.key));
        let rivals = target_key
            .iter()
            .flat_map(|key| objects.canaries_naming(key))
            .filter(|other| other.meta.key != *root && other.target_key() == target_key);
        Some(Self {
            phase: Phase::of(&canary),
            split: route::split(&canary, route.as_deref()),
            services_unread: objects.unread(Kind::Service, &root.namespace).is_some(),
            destination_rules: rules.filter(|rule| generated.contains(&rule.meta.key)).collect(),
            rivals: rivals.map(|other| other.meta.key.clone()).collect(),
            canary,
            target,
            primary,
            route,
            services,
            now,
        })
    }

    /// Every object that was looked at, and those that are named and do not exist yet.
    pub fn members(&self, objects: &dyn Objects) -> Vec<ObjectKey> {
        let canary = &self.canary;
        let mut members = vec![canary.meta.key.clone()];
        members.extend(canary.target_key());
        members.extend(canary.primary_key().filter(|key| self.primary.is_some() || !exists(key, objects)));
        members.extend(self.services.iter().map(|service| service.key.clone()));
        members.extend(self.route.iter().map(|route| route.meta.key.clone()));
        members.extend(self.destination_rules.iter().map(|rule| rule.meta.key.clone()));
        for facts in self.target.iter().chain(&self.primary) {
            members.extend(facts.lanes.iter().filter_map(|lane| Some(lane.object.as_ref()?.key.clone())));
            members.extend(facts.autoscaler.iter().map(|autoscaler| autoscaler.key.clone()));
        }
        members
    }

    /// Its workloads with their part, stable first.
    pub fn sides(&self, objects: &dyn Objects) -> Vec<Side> {
        let users = self.services.first();
        let side = |role: Role, facts: &Facts| {
            let pods: Vec<_> = facts.lanes.iter().flat_map(|lane| lane.pods.iter().cloned()).collect();
            Side {
                role,
                name: facts.workload.key.name.clone(),
                workload: Arc::clone(&facts.workload),
                // Its template is changed for Flagger, which brings it in: see `target`.
                own: None,
                autoscaler: facts.autoscaler.clone(),
                services: facts.services.clone(),
                endpoints: users.map(|service| objects.addresses_of(&service.key, &pods)).unwrap_or_default(),
            }
        };
        let primary = self.primary.iter().map(|facts| side(Role::Stable, facts));
        let target = self.target.iter().map(|facts| side(self.target_role(), facts));
        primary.chain(target).collect()
    }

    /// What the target is to the release now.
    pub fn target_role(&self) -> Role {
        match (&self.primary, self.phase.in_flight()) {
            (None, _) => Role::Stable,
            (Some(_), true) => Role::Candidate,
            (Some(_), false) => Role::Idle,
        }
    }

    /// Whether the target's pods are those that were asked for: Flagger asks no gate and no rollback hook before.
    pub fn target_ready(&self) -> bool {
        self.target.as_ref().is_some_and(|facts| ready(&facts.workload))
    }
}

/// Whether every wanted pod of a workload is of its template and available.
pub fn ready(workload: &crate::domain::workload::Workload) -> bool {
    let counts = workload.replicas;
    workload.observed()
        && counts.desired > 0
        && counts.updated >= counts.desired
        && counts.current <= counts.updated
        && counts.available.max(counts.ready) >= counts.desired
}
