//! The controllers: each looks at one object at a time and moves the cluster one step towards its spec.

mod argo;
pub mod common;
mod daemonset;
mod deployment;
mod endpoints;
mod flagger;
mod garbage;
mod hpa;
mod kubelet;
mod pdb;
pub mod pods;
pub mod replicaset;
pub mod revisions;
mod routes;
mod scheduler;
mod statefulset;
mod traffic;

pub use kubelet::address;

use super::object::Id;
use super::store::{Change, Store};
use super::world::World;

/// A small controller. It keeps no state of its own: all it knows is in the objects.
pub trait Controller: Sync {
    /// What other controllers and the queue call it.
    fn name(&self) -> &'static str;
    /// The objects of this controller that a change may concern.
    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id>;
    /// Looks at one object and does what is due.
    fn reconcile(&self, world: &mut World, id: &Id);
}

/// Every controller of the simulated cluster.
pub static CONTROLLERS: &[&dyn Controller] = &[
    &deployment::DeploymentController,
    &replicaset::ReplicaSetController,
    &statefulset::StatefulSetController,
    &daemonset::DaemonSetController,
    &scheduler::Scheduler,
    &kubelet::Kubelet,
    &endpoints::EndpointSliceController,
    &hpa::AutoscalerController,
    &pdb::BudgetController,
    &routes::RouteController,
    &garbage::GarbageCollector,
    &argo::ArgoController,
    &flagger::FlaggerController,
    &traffic::TrafficController,
];
