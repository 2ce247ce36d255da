//! Scenarios: clusters described in a file, laid out with a past, and ready to run.

mod build;
mod crowd;
mod file;
mod workload;

use super::clock::{ClockMode, manual_start};
use super::object::{Id, Object};
use super::world::{Actor, World};
use super::{SimOptions, json::Json};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What went wrong with a scenario.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// There is no embedded scenario of that name.
    #[error("there is no scenario '{name}'; there are: {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A scenario file cannot be read.
    #[error("scenario '{name}' cannot be read: {source}")]
    File {
        /// The scenario.
        name: String,
        /// What the reader says, with the line.
        source: Box<toml::de::Error>,
    },
    /// A scenario asks for something that cannot be.
    #[error("scenario '{name}' cannot be laid out: {why}; mend its file")]
    Layout {
        /// The scenario.
        name: String,
        /// What is wrong.
        why: String,
    },
}

/// An embedded scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScenarioInfo {
    /// Its name, as `demo --scenario` takes it.
    pub name: &'static str,
    /// What there is to see, in one line.
    pub about: &'static str,
    text: &'static str,
}

/// Declares the scenarios of `tests/scenarios`.
macro_rules! scenarios {
    ($($name:literal $about:literal;)*) => {
        static SCENARIOS: &[ScenarioInfo] = &[$(ScenarioInfo {
            name: $name,
            about: $about,
            text: include_str!(concat!("../../tests/scenarios/", $name, ".toml")),
        }),*];
    };
}

scenarios! {
    "shop" "one shop with a release of every kind: routes, blue-green, canaries, an A/B test, Flagger, Argo, plain workloads";
    "bad-canary" "a canary of which every fifth request fails, beside one that is slower and one that is well";
    "rolling" "a shop with a dozen releases: one rolling out, one stuck, one crash-looping, one recreated, one held";
    "stuck" "everything that keeps a rollout from ending: image, crash, probe, room, quota, an ordered StatefulSet";
    "recreate" "Deployments that stop all old pods first, one of them in its gap, one down";
    "statefulset" "StatefulSets and DaemonSets: rolling, at a partition, waiting for deletion, stuck";
    "bluegreen" "Services that switch between two sides, one just switched, one held, and a canary by replicas";
    "istio" "Istio routes: a canary between two rungs, one by hosts with a mirror, one by TCP, one with a fault";
    "gateway" "Gateway API routes: a canary with a header rule, weights of any sum, a route that its parent refuses";
    "abtest" "A/B tests: a cookie and a header choose the version";
    "bad-input" "routes and a Canary that are wrong: two for one host, no target, an older form, a subset that is gone";
    "argo" "Argo Rollouts, canary: one waits for a person, one was aborted by its analysis, one runs its timed steps";
    "argo-bluegreen" "Argo Rollouts, blue-green: one waits for a person beside its preview, one switches by itself";
    "large" "2,000 releases with 10,000 pods, or as many as are asked for";
    "flaky-api" "the shop behind an API server that fails in many ways, one after the other";
    "readonly" "the shop, for someone who may only look";
    "flagger" "Canaries that Flagger steers: weights, gates, an A/B test, blue-green without a mesh, one rolled back";
}

/// The embedded scenarios; the first is the default.
pub fn scenarios() -> &'static [ScenarioInfo] {
    SCENARIOS
}

static LAID_OUT: LazyLock<Mutex<BTreeMap<&'static str, World>>> = LazyLock::new(Mutex::default);

/// Lays out an embedded scenario.
pub fn embedded(name: &str, options: &SimOptions) -> Result<World, SimError> {
    let found = find(name)?;
    if options.clock != ClockMode::Manual || options.pods.is_some() {
        return from_text(name, found.text, options);
    }
    // A manual clock always starts at the same time, so the layout is always the same: it is made once a process.
    let mut laid_out = LAID_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(world) = laid_out.get(found.name) {
        return Ok(world.clone());
    }
    let world = from_text(name, found.text, options)?;
    laid_out.insert(found.name, world.clone());
    Ok(world)
}

fn find(name: &str) -> Result<&'static ScenarioInfo, SimError> {
    SCENARIOS.iter().find(|scenario| scenario.name == name).ok_or_else(|| SimError::Unknown {
        name: name.to_owned(),
        known: SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", "),
    })
}

/// Lays out a scenario from its file's text.
pub fn from_text(name: &str, text: &str, options: &SimOptions) -> Result<World, SimError> {
    let file = read(name, text)?;
    let start = match options.clock {
        ClockMode::Manual => manual_start(),
        ClockMode::Follow { .. } => jiff::Timestamp::now(),
    };
    let mut world = World::new(name, start);
    let layout = |why| SimError::Layout { name: name.to_owned(), why };
    build::lay_out(&mut world, &file, start).map_err(layout)?;
    if let Some(crowd) = &file.crowd {
        crowd::add(&mut world, crowd, options.pods, start).map_err(layout)?;
    }
    Ok(world)
}

fn read(name: &str, text: &str) -> Result<file::File, SimError> {
    let file: file::File =
        toml::from_str(text).map_err(|source| SimError::File { name: name.to_owned(), source: Box::new(source) })?;
    match &file.base {
        None => Ok(file),
        Some(base) => {
            let below = read(base, find(base)?.text)?;
            Ok(file.on(below))
        }
    }
}

/// Creates an object from its full manifest; a status is written after it, as a controller would.
pub fn add(world: &mut World, manifest: Value, manager: &str) -> Result<Arc<Object>, String> {
    let (api, kind) = (manifest.text("/apiVersion").to_owned(), manifest.text("/kind").to_owned());
    let kind = world.store.kind_of(&api, &kind).ok_or_else(|| format!("no kind {kind:?} in {api:?}"))?;
    let id = Id::new(kind, manifest.text("/metadata/namespace"), manifest.text("/metadata/name"));
    let status = manifest.at("/status").clone();
    let created = world.create(&id, manifest, Actor::main(manager)).map_err(|refusal| refusal.message)?;
    let custom = world.store.kind(kind).is_custom() && world.store.kind(kind).has_status();
    if !custom || status.is_null() {
        return Ok(created);
    }
    let written = world.modify(&id, Actor::status(manager), |object| object.put("/status", status));
    Ok(written.unwrap_or(created))
}
