//! What Flagger and Argo Rollouts own is steered through them alone: every write key on every release of every scenario,
//! confirmed, and then the server's log of requests.

use crate::stage::{Stage, sim};
use serde_json::Value;
use std::collections::BTreeSet;
use windlass::sim::{Access, Level, SimCluster, scenarios};

/// Every key that writes, with what its form asks for, and the answer to its plan.
const KEYS: [&str; 15] = [
    "A<armed>y",
    "S<armed>y",
    "X<armed>y",
    "C<armed>y",
    "K<armed>y",
    "T<armed>y",
    "P<armed>y",
    "W<Ctrl-u>40<Enter><armed>y",
    "N<Ctrl-u>3<Enter><armed>y",
    "R<armed>y",
    "I9<Enter><armed>y",
    "U<armed>y",
    "U<armed><Right><armed>y",
    "Z<armed>y",
    "F<armed>y",
];

/// What may root a release.
const ROOTS: [&str; 9] = [
    "rollouts",
    "canaries",
    "virtualservices",
    "httproutes",
    "grpcroutes",
    "services",
    "deployments",
    "statefulsets",
    "daemonsets",
];

/// All objects of a kind, as `namespace/name`.
fn objects(sim: &SimCluster, plural: &str) -> Vec<(String, Value)> {
    let text = |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let named = |object: Value| (format!("{}/{}", text(&object, "namespace"), text(&object, "name")), object);
    sim.objects(plural, "").into_iter().map(named).collect()
}

/// Services and routes that a Rollout names: Argo writes their selectors and weights.
fn named_by_rollouts(sim: &SimCluster) -> BTreeSet<(String, String)> {
    let mut named = BTreeSet::new();
    for (rollout, object) in objects(sim, "rollouts") {
        let namespace = rollout.split('/').next().unwrap_or_default();
        let mut add = |plural: &str, name: &Value| {
            if let Some(name) = name.as_str() {
                named.insert((plural.to_owned(), format!("{namespace}/{name}")));
            }
        };
        let (canary, sides) = (&object["spec"]["strategy"]["canary"], &object["spec"]["strategy"]["blueGreen"]);
        for service in
            [&canary["canaryService"], &canary["stableService"], &sides["activeService"], &sides["previewService"]]
        {
            add("services", service);
        }
        add("virtualservices", &canary["trafficRouting"]["istio"]["virtualService"]["name"]);
    }
    named
}

/// Who owns the object that a request writes; `None` when nobody does.
fn owner(sim: &SimCluster, path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let at = parts.iter().position(|part| *part == "namespaces")?;
    let [namespace, plural, name] = parts.get(at + 1..at + 4)? else { return None };
    let group = if parts[1] == "apis" && parts[2].contains('.') { format!(".{}", parts[2]) } else { String::new() };
    let object = sim.object(&format!("{plural}{group}/{namespace}/{name}")).unwrap_or_default();
    let owners = object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
    let by = owners.iter().find(|owner| matches!(owner["kind"].as_str(), Some("Canary" | "Rollout")));
    let managed = &object["metadata"]["annotations"]["argo-rollouts.argoproj.io/managed-by-rollouts"];
    let named = named_by_rollouts(sim).contains(&((*plural).to_owned(), format!("{namespace}/{name}")));
    by.map(|owner| format!("{} {}", owner["kind"], owner["name"]))
        .or_else(|| managed.as_str().map(str::to_owned))
        .or_else(|| named.then(|| "a Rollout that names it".to_owned()))
}

/// Writes and dry runs alike.
fn written(sim: &SimCluster) -> BTreeSet<String> {
    let writes = sim.requests().into_iter().filter(|request| {
        matches!(request.verb.as_str(), "create" | "update" | "patch" | "delete")
            && !["reviews", "/events", "/proxy/", "/leases"].iter().any(|part| request.path.contains(part))
    });
    writes.map(|request| request.path.split('?').next().unwrap_or_default().to_owned()).collect()
}

async fn every_key(scenario: &str, prepare: impl FnOnce(&SimCluster)) -> (usize, Vec<String>) {
    let cluster = sim(scenario);
    prepare(&cluster);
    let names: BTreeSet<String> =
        ROOTS.iter().flat_map(|plural| objects(&cluster, plural)).map(|(name, _)| name).collect();
    let stage = Stage::on(&cluster).await;
    let (mut seen, mut touched) = (BTreeSet::new(), Vec::new());
    for name in &names {
        for keys in KEYS {
            stage.press("<Esc><Esc><Esc>").await;
            stage.press(&format!("/{name}<Enter>{keys}<Esc><Esc>")).await;
        }
        for path in written(&cluster) {
            if let Some(owner) = owner(&cluster, &path).filter(|_| !seen.contains(&path)) {
                touched.push(format!("{scenario}: a key on {name} wrote {path}, which is of {owner}"));
            }
            seen.insert(path);
        }
    }
    (seen.len(), touched)
}

/// Every third scenario, from the one at `first` on: three tests share the work.
async fn every_third(first: usize) {
    let mut touched = Vec::new();
    for scenario in scenarios().iter().skip(first).step_by(3).filter(|scenario| scenario.name != "large") {
        let (count, found) = every_key(scenario.name, |_| ()).await;
        assert!(count > 0, "{}: no key reached anything", scenario.name);
        touched.extend(found);
    }
    assert!(touched.is_empty(), "{touched:#?}");
}

#[tokio::test(start_paused = true)]
async fn no_key_on_any_release_writes_what_flagger_or_argo_own() {
    every_third(0).await;
}

#[tokio::test(start_paused = true)]
async fn no_key_in_the_next_third_of_the_scenarios_writes_it_either() {
    every_third(1).await;
}

#[tokio::test(start_paused = true)]
async fn no_key_in_the_last_third_of_the_scenarios_writes_it_either() {
    every_third(2).await;
}

#[tokio::test(start_paused = true)]
async fn nor_does_any_key_of_one_who_may_not_even_see_them() {
    let blind = |sim: &SimCluster| {
        let without_kinds = ["canaries", "rollouts"].map(str::to_owned).into();
        sim.set_access(Access { without_kinds, ..Access::new("ana", Level::Admin) });
    };
    for scenario in ["flagger", "argo", "argo-bluegreen"] {
        let (_, touched) = every_key(scenario, blind).await;
        assert!(touched.is_empty(), "{touched:#?}");
    }
}
