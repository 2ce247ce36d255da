//! Guards on a real API server, with a real Prometheus and the kit's traffic: `up --with prometheus,traffic`. The commands
//! themselves, as a pipeline runs them.

use crate::kit::{self, Namespace};
use crate::room::Room;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub fn prometheus() -> String {
    std::env::var("WINDLASS_TEST_PROMETHEUS").expect("WINDLASS_TEST_PROMETHEUS must name a Prometheus")
}

/// Runs the command in `namespace` as a person of its own, or with another kubeconfig; two minutes at most are its own
/// time-outs' matter.
pub fn windlass(namespace: &str, kubeconfig: Option<&Path>, arguments: &[&str]) -> Output {
    configured(namespace, kubeconfig, &[], arguments)
}

/// The same with settings of the environment.
fn configured(namespace: &str, kubeconfig: Option<&Path>, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    at_home(home.path(), namespace, kubeconfig, settings, arguments)
}

/// The same by a person who was here before.
pub fn at_home(
    home: &Path,
    namespace: &str,
    kubeconfig: Option<&Path>,
    settings: &[(&str, &str)],
    arguments: &[&str],
) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(["-n", namespace]).args(arguments).envs(Room::person(home));
    command.envs(settings.iter().copied());
    if let Some(kubeconfig) = kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    command.stdin(Stdio::null()).output().expect("runs")
}

pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Rules that judge quickly, over the tests' Prometheus.
pub fn guard<'a>(target: &'a str, prometheus: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let rules = [
        "guard",
        target,
        "--prometheus",
        prometheus,
        "--error-rate-max",
        "5%",
        "--min-requests",
        "20",
        "--breaches",
        "2",
        "--settle",
        "3s",
        "--window",
        "10s",
        "--every",
        "2s",
        "--for",
        "40s",
    ];
    rules.into_iter().chain(more.iter().copied()).collect()
}

pub fn deployment(name: &str, labels: &Value, version: &str, errors: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels, "annotations": {"sim/error-rate": errors}},
            "spec": {"containers": [
                {"name": "web", "image": format!("registry.test/web:{version}"), "ports": [{"containerPort": 8080}]},
            ]},
        }},
    })
}

fn service(name: &str, selector: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "annotations": {"sim/rps": "400"}},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]},
    })
}

pub fn settle(room: &Namespace, name: &str) {
    room.kubectl(&["rollout", "status", &format!("deployment/{name}"), "--timeout=120s"]);
}

pub fn image(room: &Namespace, name: &str) -> String {
    room.kubectl(&["get", "deployment", name, "-o", "jsonpath={.spec.template.spec.containers[0].image}"])
}

/// A Deployment behind a Service, which serves v1.
pub fn plain(name: &str) -> Namespace {
    let room = Namespace::new(name);
    let labels = json!({"app": "web"});
    room.apply(&service("web", &labels));
    room.apply(&deployment("web", &labels, "v1", "0"));
    settle(&room, "web");
    room
}

/// An Istio route at 5 % over a stable and a candidate Deployment.
pub fn istio(name: &str, candidate: &str) -> Namespace {
    let room = Namespace::new(name);
    room.apply(&service("web", &json!({"app": "web"})));
    let subset = |name: &str| json!({"name": name, "labels": {"track": name}});
    room.apply(&json!({
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "web"},
        "spec": {"host": "web", "subsets": [subset("stable"), subset("canary")]},
    }));
    room.apply(&deployment("web-stable", &json!({"app": "web", "track": "stable"}), "v1", "0"));
    settle(&room, "web-stable");
    room.apply(&deployment("web-canary", &json!({"app": "web", "track": "canary"}), "v2", candidate));
    settle(&room, "web-canary");
    let to = |subset: &str, weight: u32| json!({"destination": {"host": "web", "subset": subset}, "weight": weight});
    room.apply(&json!({
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "web"},
        "spec": {"hosts": ["web"], "http": [{"route": [to("stable", 95), to("canary", 5)]}]},
    }));
    room
}

pub fn weights(room: &Namespace) -> String {
    room.kubectl(&["get", "virtualservice", "web", "-o", "jsonpath={.spec.http[0].route[*].weight}"])
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_bad_revision_of_a_deployment_is_rolled_back_by_itself() {
    let room = plain("guard-plain");
    room.apply(&deployment("web", &json!({"app": "web"}), "v2", "0.2"));
    let prometheus = prometheus();
    let ended = windlass(&room.0, None, &guard("deploy/web", &prometheus, &[]));
    let told = told(&ended);
    assert_eq!(ended.status.code(), Some(1), "{told}");
    assert!(told.contains("breach") && told.contains("rolled back to v1, and settled"), "{told}");
    assert_eq!(image(&room, "web"), "registry.test/web:v1");
    let lease =
        room.kubectl(&["get", "lease", "windlass-guard-deployment-web", "-o", "jsonpath={.metadata.annotations}"]);
    assert!(lease.contains("ended"), "{lease}");
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_bad_candidate_on_istio_weights_loses_its_traffic_by_itself() {
    let room = istio("guard-istio-bad", "0.2");
    let prometheus = prometheus();
    let ended = windlass(&room.0, None, &guard("vs/web", &prometheus, &[]));
    assert_eq!((ended.status.code(), &*weights(&room)), (Some(1), "100 0"), "{}", told(&ended));
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_bad_side_of_a_service_is_switched_back_by_itself() {
    let room = Namespace::new("guard-blue-green");
    let labels = |color: &str| json!({"app": "web", "color": color});
    room.apply(&deployment("web-blue", &labels("blue"), "v1", "0"));
    settle(&room, "web-blue");
    room.apply(&deployment("web-green", &labels("green"), "v2", "0.2"));
    settle(&room, "web-green");
    room.apply(&service("web", &labels("blue")));
    let home = tempfile::tempdir().expect("a directory");
    let switched = at_home(home.path(), &room.0, None, &[], &["switch", "svc/web", "--to", "green", "--yes"]);
    assert_eq!(switched.status.code(), Some(0), "{}", told(&switched));
    let prometheus = prometheus();
    let arguments = guard("svc/web", &prometheus, &["--on-breach", "switch-back"]);
    let ended = at_home(home.path(), &room.0, None, &[], &arguments);
    let live = room.kubectl(&["get", "service", "web", "-o", "jsonpath={.spec.selector.color}"]);
    assert_eq!((ended.status.code(), &*live), (Some(1), "blue"), "{}", told(&ended));
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_good_candidate_walks_from_5_to_100_under_the_rules() {
    let room = istio("guard-istio-good", "0");
    let prometheus = prometheus();
    let more = ["--step-when-ok", "--bake", "6s", "--bake-requests", "50", "-o", "json"];
    let ended = windlass(&room.0, None, &guard("vs/web", &prometheus, &more));
    assert_eq!((ended.status.code(), &*weights(&room)), (Some(0), "0 100"), "{}", told(&ended));
    let lines: Vec<Value> =
        String::from_utf8_lossy(&ended.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut seen: Vec<i64> = lines.iter().filter_map(|line| line["weight"].as_i64()).collect();
    seen.dedup();
    assert_eq!(seen, [5, 20, 50], "each rung was looked at, and none was left out");
    assert_eq!(lines.last().expect("lines")["outcome"], "kept");
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_bad_candidate_holds_an_advance_until_that_is_overridden() {
    let room = istio("guard-hold", "0.2");
    let prometheus = prometheus();
    let rules =
        ["--prometheus", &prometheus, "--window", "10s", "--every", "2s", "--min-requests", "20", "--settle", "1s"];
    let watched: Vec<&str> =
        ["guard", "vs/web", "--on-breach", "hold", "--for", "20s"].into_iter().chain(rules).collect();
    let ended = windlass(&room.0, None, &watched);
    assert_eq!((ended.status.code(), &*weights(&room)), (Some(3), "95 5"), "{}", told(&ended));
    assert!(told(&ended).contains("gate: error rate"), "{}", told(&ended));
    let settings = [
        ("WINDLASS_METRICS_PROMETHEUS", &*prometheus),
        ("WINDLASS_METRICS_WINDOW", "10s"),
        ("WINDLASS_GUARD_ERROR_RATE", "5"),
        ("WINDLASS_GUARD_MIN_REQUESTS", "20"),
    ];
    let advance = ["advance", "vs/web", "--from-weight", "5", "--yes", "--no-wait"];
    let held = configured(&room.0, None, &settings, &advance);
    assert_eq!((held.status.code(), &*weights(&room)), (Some(3), "95 5"), "{}", told(&held));
    assert!(told(&held).contains("does not bake: error rate"), "{}", told(&held));
    let meant = [&advance[..], &["--override", "bake", "--reason", "known"]].concat();
    let meant = configured(&room.0, None, &settings, &meant);
    assert_eq!((meant.status.code(), &*weights(&room)), (Some(0), "80 20"), "{}", told(&meant));
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn deploy_sets_the_image_guards_it_and_takes_it_back() {
    let room = plain("guard-deploy");
    let prometheus = prometheus();
    let mut arguments = guard("deploy/web", &prometheus, &["--image", "web=registry.test/web:v2", "--yes"]);
    arguments[0] = "deploy";
    let ended = windlass(&room.0, None, &arguments);
    assert_eq!((ended.status.code(), &*image(&room, "web")), (Some(0), "registry.test/web:v2"), "{}", told(&ended));
    // The next one fails: its pods' annotation stays with the template.
    let bad = json!({"spec": {"template": {"metadata": {"annotations": {"sim/error-rate": "0.2"}}}}});
    room.kubectl(&["patch", "deployment", "web", "-p", &bad.to_string()]);
    settle(&room, "web");
    arguments.retain(|argument| !argument.starts_with("web="));
    let place = arguments.iter().position(|argument| *argument == "--image").expect("there");
    arguments.insert(place + 1, "web=registry.test/web:v3");
    let ended = windlass(&room.0, None, &arguments);
    assert_eq!((ended.status.code(), &*image(&room, "web")), (Some(1), "registry.test/web:v2"), "{}", told(&ended));
}

/// The name of everything that is printed for the Deployment `web`.
pub const ACCOUNT: &str = "windlass-guard-deployment-web";

/// A printed Job that was applied, and a kubeconfig with a token of its `ServiceAccount` and nothing else.
pub struct Job {
    pub kubeconfig: PathBuf,
    /// As its container runs.
    pub arguments: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Job {
    /// `account` is the name of all that was printed.
    pub fn applied(room: &Namespace, account: &str, printed: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("job.yaml");
        std::fs::write(&file, printed).expect("written");
        kit::kubectl(&["apply", "-f", file.to_str().expect("plain")]);
        let read = ["get", "job", account, "-o", "jsonpath={.spec.template.spec.containers[0].args}"];
        let token = room.kubectl(&["create", "token", account]).trim().to_owned();
        let config = kit::kubectl(&["config", "view", "--raw", "--minify", "-o", "json"]);
        let mut config: Value = serde_json::from_str(&config).expect("JSON");
        config["users"][0]["user"] = json!({ "token": token });
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, config.to_string()).expect("written");
        Self { kubeconfig, arguments: serde_json::from_str(&room.kubectl(&read)).expect("a list"), _folder: folder }
    }

    /// Runs what its container runs, as its `ServiceAccount`.
    pub fn run(&self) -> Output {
        let home = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(self.arguments.iter().map(|argument| argument.replace("$(GUARD_NAME)", "job-1")));
        command.envs(Room::person(home.path())).env("KUBECONFIG", &self.kubeconfig);
        command.stdin(Stdio::null()).output().expect("runs")
    }
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn the_printed_job_has_the_rights_that_a_guard_needs_to_its_end() {
    let room = plain("guard-job");
    room.apply(&deployment("web", &json!({"app": "web"}), "v2", "0.2"));
    settle(&room, "web");
    let prometheus = prometheus();
    let printed = windlass(
        &room.0,
        None,
        &guard("deploy/web", &prometheus, &["--print-job", "--image", "registry.test/windlass:1"]),
    );
    assert_eq!(printed.status.code(), Some(0), "{}", told(&printed));
    let job = Job::applied(&room, ACCOUNT, &printed.stdout);
    assert!(job.arguments.contains(&"--error-rate-max=5%".to_owned()), "{:?}", job.arguments);
    let ended = windlass(&room.0, Some(&job.kubeconfig), &guard("deploy/web", &prometheus, &[]));
    let told = told(&ended);
    assert_eq!((ended.status.code(), &*image(&room, "web")), (Some(1), "registry.test/web:v1"), "{told}");
    assert!(!told.contains("local journal only"), "it may write its Lease: {told}");
    // It may not do what a guard does not do.
    for (verb, what) in
        [("delete", "deployments/web"), ("patch", "deployments/other"), ("get", "secrets"), ("list", "nodes")]
    {
        let asked = format!("system:serviceaccount:{}:{ACCOUNT}", room.0);
        let answer = std::panic::catch_unwind(|| room.kubectl(&["auth", "can-i", verb, what, "--as", &asked]));
        assert!(answer.is_err(), "{verb} {what} is refused: {answer:?}");
    }
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn the_printed_job_of_a_route_has_the_rights_to_take_its_traffic_back() {
    let room = istio("guard-job-route", "0.2");
    let prometheus = prometheus();
    let print = guard("vs/web", &prometheus, &["--print-job", "--image", "registry.test/windlass:1"]);
    let printed = windlass(&room.0, None, &print);
    assert_eq!(printed.status.code(), Some(0), "{}", told(&printed));
    let job = Job::applied(&room, "windlass-guard-virtualservice-web", &printed.stdout);
    let ended = job.run();
    let told = told(&ended);
    assert_eq!((ended.status.code(), &*weights(&room)), (Some(1), "100 0"), "{told}");
    assert!(!told.contains("local journal only"), "it may write its Lease: {told}");
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn deploy_walks_a_route_up_with_a_good_image_and_leaves_it_with_a_bad_one() {
    let deploy = |room: &Namespace| {
        let prometheus = prometheus();
        let more = ["--image", "web=registry.test/web:v3", "--step-when-ok", "--bake", "6s", "--yes"];
        let mut arguments = guard("vs/web", &prometheus, &more);
        arguments[0] = "deploy";
        windlass(&room.0, None, &arguments)
    };
    let good = istio("guard-deploy-route", "0");
    let ended = deploy(&good);
    assert_eq!((ended.status.code(), &*weights(&good)), (Some(0), "0 100"), "{}", told(&ended));
    assert_eq!(
        (&*image(&good, "web-canary"), &*image(&good, "web-stable")),
        ("registry.test/web:v3", "registry.test/web:v1")
    );
    let bad = istio("guard-deploy-route-bad", "0.2");
    let ended = deploy(&bad);
    assert_eq!((ended.status.code(), &*weights(&bad)), (Some(1), "100 0"), "{}", told(&ended));
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn deploy_switches_a_service_to_a_good_image_and_back_from_a_bad_one() {
    let room = Namespace::new("guard-deploy-sides");
    let labels = |color: &str| json!({"app": "web", "color": color});
    room.apply(&service("web", &labels("blue")));
    room.apply(&deployment("web-blue", &labels("blue"), "v1", "0"));
    settle(&room, "web-blue");
    room.apply(&deployment("web-green", &labels("green"), "v1", "0"));
    settle(&room, "web-green");
    let live = || room.kubectl(&["get", "service", "web", "-o", "jsonpath={.spec.selector.color}"]);
    let prometheus = prometheus();
    let home = tempfile::tempdir().expect("a directory");
    let deploy = |image: &str| {
        let image = format!("web=registry.test/web:{image}");
        let mut arguments = guard("svc/web", &prometheus, &["--image", &image, "--yes"]);
        arguments[0] = "deploy";
        at_home(home.path(), &room.0, None, &[], &arguments)
    };
    let good = deploy("v2");
    assert_eq!((good.status.code(), &*live()), (Some(0), "green"), "{}", told(&good));
    assert_eq!(image(&room, "web-green"), "registry.test/web:v2");
    // Blue is the idle side now, and the next image that it gets fails: its pods' annotation stays with the template.
    let bad = json!({"spec": {"template": {"metadata": {"annotations": {"sim/error-rate": "0.2"}}}}});
    room.kubectl(&["patch", "deployment", "web-blue", "-p", &bad.to_string()]);
    settle(&room, "web-blue");
    let bad = deploy("v3");
    assert_eq!((bad.status.code(), &*live()), (Some(1), "green"), "{}", told(&bad));
    assert!(told(&bad).contains("rolled back to v2, and settled"), "{}", told(&bad));
}
