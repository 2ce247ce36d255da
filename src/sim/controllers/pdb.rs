//! The status of PodDisruptionBudgets: how many pods may be taken away.

use super::Controller;
use super::common::scaled;
use super::pods::Pod;
use crate::sim::json::Json;
use crate::sim::kinds::{BUDGETS, PODS};
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::world::{Actor, CONTROLLER_MANAGER, World};

pub struct BudgetController;

impl Controller for BudgetController {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        match change.after.id.kind {
            BUDGETS if !change.deleted => vec![change.after.id.clone()],
            PODS => {
                let all = store.list(BUDGETS, &change.after.id.namespace, None);
                all.filter(|budget| budget.selects(&change.after)).map(|budget| budget.id.clone()).collect()
            }
            _ => vec![],
        }
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(budget) = world.store.get(id) else { return };
        let value = budget.value();
        let pods = world.store.list(PODS, &id.namespace, None).filter(|pod| budget.selects(pod));
        let pods: Vec<Pod> =
            pods.map(|object| Pod { object: object.clone(), value: object.value() }).filter(Pod::is_active).collect();
        let expected = pods.len() as i64;
        let healthy = pods.iter().filter(|pod| pod.is_ready()).count() as i64;
        let wanted = if value.at("/spec/minAvailable").is_null() {
            expected - scaled(value.at("/spec/maxUnavailable"), expected, true)
        } else {
            scaled(value.at("/spec/minAvailable"), expected, true)
        };
        world.modify(id, Actor::status(CONTROLLER_MANAGER), |value| {
            let mut status = value.at("/status").clone();
            status.put("/expectedPods", expected);
            status.put("/currentHealthy", healthy);
            status.put("/desiredHealthy", wanted.max(0));
            status.put("/disruptionsAllowed", (healthy - wanted).max(0));
            status.put("/observedGeneration", value.at("/metadata/generation").clone());
            value.put("/status", status);
        });
    }
}
