//! What Flagger and Argo Rollouts own is steered through them alone: every write key on every release of every scenario,
//! confirmed, and then the server's log of requests.

use crate::stage::{Stage, sim};
use serde_json::Value;
use std::collections::BTreeSet;
use windlass::app::keys::{BINDINGS, Command};
use windlass::domain::{Kind, ObjectKey};
use windlass::sim::{Access, Level, SimCluster, scenarios};

/// Every key that writes, with what its form asks for, and the answer to its plan.
const KEYS: [&str; 16] = [
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
    "B<armed>y",
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
    let object = sim.object(&format!("{plural}{group}/{namespace}/{name}"));
    let object = object.unwrap_or_else(|| panic!("{path} was written, and is not found"));
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
            && !["accessreviews", "rulesreviews", "/events", "/proxy/", "/leases"]
                .iter()
                .any(|part| request.path.contains(part))
    });
    writes.map(|request| request.path.split('?').next().unwrap_or_default().to_owned()).collect()
}

/// Presses every key on a release that is open and nothing else, at a console and in a cluster of its own, so that it is on
/// its way in as the scenario has it; what was written.
async fn every_key_on(scenario: &str, release: &ObjectKey) -> (SimCluster, BTreeSet<String>) {
    let cluster = sim(scenario);
    let stage = Stage::opened(&cluster, release.clone()).await;
    let name = format!(" {} ", release.qualified());
    for keys in KEYS {
        stage.type_ahead("<Esc><Esc><Esc><Esc><Esc>");
        stage.press("<Enter>").await;
        let screen = stage.text();
        assert!(screen.lines().next().is_some_and(|header| header.contains(&name)), "{name}is not open:\n{screen}");
        stage.press(keys).await;
    }
    let paths = written(&cluster);
    (cluster, paths)
}

/// What a person steers a release of a controller by: its root and the workload that it names, as parts of paths.
fn steered_by(release: &ObjectKey, object: &Value) -> Vec<String> {
    let named = [&object["spec"]["targetRef"], &object["spec"]["workloadRef"]];
    let workloads = named.into_iter().filter_map(|named| named["name"].as_str()).map(|name| ("deployments", name));
    let all = std::iter::once((release.kind.plural(), &*release.name)).chain(workloads);
    all.map(|(plural, name)| format!("/namespaces/{}/{plural}/{name}/", release.namespace)).collect()
}

/// Steers every release of a controller by every key: each writes what it is steered by, and nothing that
/// the controller owns.
async fn steered(kind: Kind) {
    let (mut touched, mut unsteered) = (Vec::new(), Vec::new());
    // These are the shop once more, behind a server that fails, and for one who may not write.
    let again = |name: &str| ["flaky-api", "readonly", "large"].contains(&name);
    for scenario in scenarios().iter().map(|scenario| scenario.name).filter(|name| !again(name)) {
        for (place, object) in objects(&sim(scenario), kind.plural()) {
            let (namespace, name) = place.split_once('/').expect("a namespace and a name");
            let release = ObjectKey::new(kind, namespace, name);
            let (cluster, paths) = every_key_on(scenario, &release).await;
            let by = steered_by(&release, &object);
            if !paths.iter().any(|path| by.iter().any(|by| format!("{path}/").contains(by))) {
                unsteered.push(format!("{scenario}: {place}"));
            }
            let theirs = paths.iter().filter_map(|path| Some((path, owner(&cluster, path)?)));
            touched.extend(theirs.map(|(path, owner)| format!("{scenario}: {place}: {path} is of {owner}")));
        }
    }
    assert!(touched.is_empty(), "{touched:#?}");
    assert!(unsteered.is_empty(), "no key reached these: {unsteered:#?}");
}

#[tokio::test(start_paused = true)]
async fn every_canary_is_steered_by_itself_and_its_target_alone() {
    steered(Kind::Canary).await;
}

#[tokio::test(start_paused = true)]
async fn every_rollout_is_steered_by_itself_and_its_workload_alone() {
    steered(Kind::Rollout).await;
}

#[test]
fn every_key_that_writes_is_pressed() {
    for binding in BINDINGS.iter().filter(|binding| binding.command.writes() || binding.command == Command::Guard) {
        let pressed = |key: &&str| KEYS.iter().any(|keys| keys.starts_with(*key));
        assert!(binding.keys.iter().all(pressed), "{}", binding.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_controller_owns_is_known_as_its_own() {
    for (scenario, path, owned) in [
        ("flagger", "/apis/networking.istio.io/v1/namespaces/flagger/virtualservices/podinfo", true),
        ("flagger", "/apis/apps/v1/namespaces/flagger/deployments/podinfo-primary/scale", true),
        ("flagger", "/apis/apps/v1/namespaces/flagger/deployments/podinfo", false),
        ("argo", "/apis/networking.istio.io/v1/namespaces/argo-canary/virtualservices/pay?dryRun=All", true),
        ("argo-bluegreen", "/api/v1/namespaces/argo-bluegreen/services/front-active", true),
        ("argo-bluegreen", "/apis/argoproj.io/v1alpha1/namespaces/argo-bluegreen/rollouts/front", false),
    ] {
        assert_eq!(owner(&sim(scenario), path).is_some(), owned, "{path}");
    }
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
            // What only leads there is typed ahead: it is drawn once.
            stage.type_ahead(&format!("<Esc><Esc><Esc><Esc><Esc>/{name}<Enter>"));
            stage.press(keys).await;
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
