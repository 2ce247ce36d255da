//! The simulated cluster: the Kubernetes HTTP API over a store in memory, with small controllers on a virtual clock.
//!
//! The real client, its watches and its patches run over it, in one process ([`SimCluster::client`]) or through a
//! socket ([`SimCluster::serve`]). What it claims to do, tests on a real control plane confirm.

mod access;
mod clock;
mod controllers;
mod crds;
mod faults;
mod http;
mod ids;
mod json;
mod kinds;
mod loadtester;
mod log;
mod object;
mod refusal;
mod scenario;
mod selector;
mod serve;
mod service;
mod store;
mod tools;
mod traffic;
mod world;

#[cfg(test)]
mod tests;

pub use access::{Access, Level};
pub use clock::ClockMode;
pub use faults::{Effect, Fault, On};
pub use log::Request;
pub use scenario::{ScenarioInfo, SimError, scenarios};
pub use service::SimService;

use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};
use world::World;

/// How to start a simulated cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimOptions {
    /// How its time runs.
    pub clock: ClockMode,
    /// How many pods the scenario `large` has.
    pub pods: Option<usize>,
}

impl SimOptions {
    /// A cluster whose time stands still until a test advances it.
    pub fn manual() -> SimOptions {
        SimOptions { clock: ClockMode::Manual, pods: None }
    }

    /// A cluster that lives, at the given speed.
    pub fn live(speed: f64) -> SimOptions {
        SimOptions { clock: ClockMode::Follow { speed }, pods: None }
    }

    /// The same, with so many pods in the scenario `large`.
    #[must_use]
    pub fn pods(mut self, pods: usize) -> SimOptions {
        self.pods = Some(pods);
        self
    }
}

/// The way to the server, and how often all connections were cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    link: Link,
    cuts: u64,
}

/// Whether requests reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Up,
    /// Connections are refused, open ones are cut.
    Refused,
    /// Nothing is answered, and nothing is refused.
    Stalled,
}

/// A simulated cluster. Clones share it; it ends with the last of them.
#[derive(Clone)]
pub struct SimCluster {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    wake: Arc<Notify>,
    line: watch::Sender<Line>,
    name: String,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

impl std::fmt::Debug for SimCluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SimCluster").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl SimCluster {
    /// Starts an embedded scenario; [`scenarios`] lists them. With a clock that follows time it must be called within
    /// a tokio runtime, on which its controllers then run.
    pub fn scenario(name: &str, options: &SimOptions) -> Result<SimCluster, SimError> {
        let world = scenario::embedded(name, options)?;
        Ok(SimCluster::of(name, world, options))
    }

    /// Starts a scenario from the text of a file.
    pub fn from_toml(text: &str, options: &SimOptions) -> Result<SimCluster, SimError> {
        let world = scenario::from_text("scenario", text, options)?;
        Ok(SimCluster::of("scenario", world, options))
    }

    fn of(name: &str, mut world: World, options: &SimOptions) -> SimCluster {
        let follows = match options.clock {
            ClockMode::Manual => false,
            ClockMode::Follow { speed } => {
                world.clock.follow(speed);
                true
            }
        };
        let shared = Shared {
            world: Mutex::new(world),
            wake: Arc::new(Notify::new()),
            line: watch::Sender::new(Line { link: Link::Up, cuts: 0 }),
            name: name.to_owned(),
        };
        let sim = SimCluster { shared: Arc::new(shared) };
        if follows && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(service::drive(Arc::downgrade(&sim.shared), sim.shared.wake.clone()));
        }
        sim
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.with(|world| world.clock.target().max(world.now()))
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A panic in a test's closure leaves the world as it was between two writes.
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        work(&mut self.lock())
    }

    /// Has the driver look when the next work is due.
    fn wake(&self) {
        self.shared.wake.notify_one();
    }

    fn line(&self) -> watch::Receiver<Line> {
        self.shared.line.subscribe()
    }
}
