//! Flagger: looks at each Canary once an interval and moves its run one step, in the order in which the real one does.
//! Providers: `istio` (when none is named) and `kubernetes`.

mod analysis;
mod canary;
mod objects;
mod run;
mod status;

use super::Controller;
use super::common::template_hash;
use crate::sim::clock::seconds;
use crate::sim::json::Json;
use crate::sim::kinds::DEPLOYMENTS;
use crate::sim::object::Id;
use crate::sim::store::{Change, Store};
use crate::sim::world::World;
use canary::{Canary, ready};

/// The controller.
pub struct FlaggerController;

const NAME: &str = "flagger";

impl Controller for FlaggerController {
    fn name(&self) -> &'static str {
        NAME
    }

    /// A new Canary is looked at; from then on the clock decides, whatever changes.
    fn concerned(&self, change: &Change, store: &Store) -> Vec<Id> {
        let kind = store.kind(change.after.id.kind);
        let is_new = change.before.is_none() && !change.deleted;
        if is_new && kind.group == "flagger.app" && kind.kind == "Canary" {
            vec![change.after.id.clone()]
        } else {
            vec![]
        }
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(canary) = Canary::read(world, id) else { return };
        world.later(NAME, id, seconds(canary.interval()));
        if let Err(why) = tick(world, &canary) {
            canary.warn(world, &why);
        }
    }
}

/// One check. An error ends it and is told in an event.
fn tick(world: &mut World, canary: &Canary) -> Result<(), String> {
    if canary.value.flag("/spec/suspend") {
        return Ok(());
    }
    let target = canary.target(world)?;
    let hash = template_hash(target.at("/spec/template"), 0);
    objects::services(world, canary, &target)?;
    objects::primary(world, canary, &target)?;
    let skips = canary.value.flag("/spec/skipAnalysis");
    let fresh = matches!(canary.phase(), "" | "Initializing");
    if fresh {
        status::initializing(world, canary);
        if !skips {
            ready(world, &canary.primary_id(), canary.deadline()).map_err(|stuck| stuck.why)?;
        }
    }
    objects::apex(world, canary, &target)?;
    if fresh {
        objects::scale(world, canary, 0);
    }
    objects::route(world, canary)?;
    if fresh {
        status::sync(world, canary, "Initialized", &hash);
        canary.say(world, &format!("Initialization done! {}.{}", canary.name(), canary.id.namespace));
        return Ok(());
    }
    if canary.phase() == "Failed" {
        // So that the template of the failed run is known; the time of the last transition moves with it.
        status::touch(world, canary, &hash);
    }
    let changed = canary.is_new(&hash);
    if !canary.in_flight() && !changed {
        return Ok(());
    }
    if !skips {
        ready(world, &canary.primary_id(), canary.deadline()).map_err(|stuck| stuck.why)?;
    }
    if !canary.in_flight() || canary.phase() == "Waiting" {
        run::start(world, canary, &hash);
        return Ok(());
    }
    run::go_on(world, canary, &hash, changed)
}

/// The Deployments' place among the kinds.
const TARGETS: crate::sim::kinds::KindId = DEPLOYMENTS;
