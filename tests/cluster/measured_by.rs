//! What controllers measure by themselves, in `status -o json` and in the pane, held against their own objects and against
//! Prometheus.

use crate::by_hand::{Console, Person};
use crate::flagger::{checked, moved};
use crate::metrics::{by_hand, by_hand_at, prometheus, told};
use crate::room::{Room, image};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use windlass::domain::{Kind, Timestamp};

/// What `status -o json` tells of a named measurement.
fn named(status: &Value, name: &str) -> Option<Value> {
    let all = status["measurements"]["named"].as_array()?;
    all.iter().find(|named| named["name"] == name).cloned()
}

/// Asks until it tells something; two minutes at most.
async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let end = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The numbers in the line of the pane that begins with `name`.
fn numbers(screen: &str, name: &str) -> Vec<f64> {
    let line = screen.lines().find_map(|line| line.split_once(name)).map(|(_, rest)| rest).unwrap_or_default();
    line.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|text| text.parse().ok()).collect()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= other.abs() * 0.01
}

/// A Rollout whose analysis goes on and on, of a version that fails a fifth of its requests.
async fn analysed(name: &str) -> (Room, String) {
    let room = Room::new(name, &Value::Null).await;
    let service = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "annotations": {"sim/rps": "400"}},
            "spec": {"selector": {"app": "pay"}, "ports": [{"port": 80, "targetPort": 8080}]}})
    };
    room.apply(&service("pay-stable"));
    room.apply(&service("pay-canary"));
    let to = |host: &str, weight: u8| json!({"destination": {"host": host}, "weight": weight});
    room.apply(&json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "pay"},
        "spec": {"hosts": ["pay.test"], "http": [{"name": "primary",
            "route": [to("pay-stable", 100), to("pay-canary", 0)]}]}}));
    let of = |more: &str| {
        let series =
            format!("destination_service_name=\"pay-canary\",destination_workload_namespace=\"{}\"", room.name);
        format!("sum(rate(istio_requests_total{{{series}{more}}}[20s]))")
    };
    let query = format!("{} / {}", of(",response_code!~\"5.*\""), of(""));
    room.apply(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "well"},
        "spec": {"metrics": [{"name": "success-rate", "initialDelay": "10s", "interval": "4s", "count": 500,
            "failureLimit": 400, "successCondition": "len(result) > 0 && result[0] >= 0.95",
            "provider": {"prometheus": {"address": prometheus(), "query": query}}}]}}));
    let rollout = |version: &str, errors: &str| {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "pay"}, "spec": {
            "replicas": 4, "selector": {"matchLabels": {"app": "pay"}},
            "strategy": {"canary": {"stableService": "pay-stable", "canaryService": "pay-canary",
                "trafficRouting": {"istio": {"virtualService": {"name": "pay", "routes": ["primary"]}}},
                "steps": [{"setWeight": 25}, {"analysis": {"templates": [{"templateName": "well"}]}}]}},
            "template": {"metadata": {"labels": {"app": "pay"}, "annotations": {"sim/error-rate": errors}},
                "spec": {"containers": [{"name": "app", "image": image(version)}]}}}})
    };
    room.apply(&rollout("v1", "0"));
    until("the first version is healthy", async || {
        (room.field(Kind::Rollout, "pay", "/status/phase") == "Healthy").then_some(())
    })
    .await;
    room.apply(&rollout("v2", "0.2"));
    (room, query)
}

/// The measurements of the run, as kubectl reads them: when each began, and its value.
fn measurements(room: &Room) -> Vec<(Timestamp, f64)> {
    let runs: Value = serde_json::from_str(&room.kubectl(&["get", "analysisruns", "-o", "json"])).expect("JSON");
    let list = runs["items"][0]["status"]["metricResults"][0]["measurements"].clone();
    let read = |one: &Value| {
        let value = one["value"].as_str()?.trim_matches(['[', ']']).parse().ok()?;
        Some((one["startedAt"].as_str()?.parse().ok()?, value))
    };
    list.as_array().into_iter().flatten().filter_map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Argo Rollouts, prometheus and traffic"]
async fn an_analysis_runs_measurements_are_those_of_its_object_and_of_prometheus() {
    let (room, query) = analysed("measured-argo").await;
    until("five measurements", async || (measurements(&room).len() >= 5).then_some(())).await;
    let person = Person::new(&room);
    let status = person.status("rollout/pay");
    let told_of = named(&status, "success-rate").unwrap_or_else(|| panic!("{status:#}"));
    let theirs = measurements(&room);
    let value = told_of["values"][0]["value"].as_f64().expect("a number");
    assert!(theirs.iter().any(|(_, theirs)| (theirs - value).abs() < 1e-9), "{value} of {theirs:?}");
    assert_eq!((&told_of["min"], &told_of["max"]), (&json!(0.95), &Value::Null), "{told_of}");
    assert_eq!((&told_of["verdict"], &told_of["source"]), (&json!("Running"), &json!("argo")), "{told_of}");
    assert!(told_of["values"][0]["role"] == "candidate" && told_of["at"].is_string(), "{told_of}");
    // The same query by hand. The run tells its moments in whole seconds: the closest look within that second counts.
    let mut apart = Vec::new();
    for (at, value) in &theirs {
        let mut closest = f64::INFINITY;
        for part in 0..5 {
            let at = at.checked_add(jiff::SignedDuration::from_millis(part * 250)).expect("soon");
            closest = closest.min((by_hand(&query, at).await - value).abs() / value);
        }
        apart.push(closest);
    }
    apart.sort_by(f64::total_cmp);
    told(&format!("apart from the same query by hand: {apart:?}"));
    assert!(apart[apart.len() / 2] < 0.01, "half of them are closer than 1 %: {apart:?}");
    // And in the pane, over its limit.
    let mut console = Console::open(&room, "rollout/pay", "X to stable");
    console.types("4");
    // Once the tracks are measured, too, it stands at the pane's end.
    let told_all = |text: &str| text.contains("success-rate") && text.contains("at least 0.95");
    console.presses("jjjj", |screen| told_all(&screen.contents()));
    let shown = numbers(&console.screen(), "success-rate");
    let theirs = measurements(&room);
    let first = *shown.first().unwrap_or_else(|| panic!("{}", console.screen()));
    assert!(theirs.iter().any(|(_, theirs)| (theirs - first).abs() < 0.006), "{first} of {theirs:?}");
    assert!(
        console.screen().lines().any(|line| line.contains("success-rate") && line.contains('✖')),
        "below its limit"
    );
}

/// A Prometheus that reads Flagger's own metrics, ended with the test.
struct OfFlagger {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for OfFlagger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl OfFlagger {
    async fn start() -> Self {
        let of = |name: &str| PathBuf::from(std::env::var_os(name).unwrap_or_else(|| panic!("{name} is set")));
        let ports = std::fs::read_to_string(of("WINDLASS_CONTROLPLANE_DIR").join("env")).expect("the kit's ports");
        let flagger = ports.split("p_flagger=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("its port");
        let folder = tempfile::tempdir().expect("a directory");
        let config = folder.path().join("prometheus.yaml");
        let text = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: flagger\n  honor_labels: true\n  \
             static_configs: [{{targets: ['127.0.0.1:{flagger}']}}]\n"
        );
        std::fs::write(&config, text).expect("written");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(of("WINDLASS_CONTROLPLANE_BIN").join("prometheus"));
        command.arg("--config.file").arg(&config).args(["--web.listen-address", &address]);
        command.arg("--storage.tsdb.path").arg(folder.path().join("data"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        let started = Self { child, address: format!("http://{address}"), _folder: folder };
        until("Prometheus is ready", async || {
            let ready = format!("{}/-/ready", started.address);
            Command::new("curl").args(["-sf", &ready]).output().is_ok_and(|out| out.status.success()).then_some(())
        })
        .await;
        started
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger, prometheus and traffic"]
async fn flaggers_checks_have_the_values_that_it_exports_and_the_limits_of_its_object() {
    let metrics = json!([
        {"name": "request-success-rate", "thresholdRange": {"min": 50}, "interval": "20s"},
        {"name": "request-duration", "thresholdRange": {"max": 20}, "interval": "20s"},
    ]);
    let room = checked("measured-fl", &[], &metrics).await;
    // It fails its check each time, and is to be looked at meanwhile.
    room.kubectl(&["patch", "canary", "web", "--type=merge", "-p", r#"{"spec":{"analysis":{"threshold":90}}}"#]);
    let of_flagger = OfFlagger::start().await;
    let patch = json!({"spec": {"template": {
        "metadata": {"annotations": {"sim/error-rate": "0.2", "sim/latency-ms": "120"}},
        "spec": {"containers": [{"name": "app", "image": image("v2")}]}}}});
    room.kubectl(&["patch", "deployment", "web", "-p", &patch.to_string()]);
    moved(&room, (75, 25)).await;
    let exported = |metric: &str| {
        let of = format!("namespace=\"{}\",metric=\"{metric}\"", room.name);
        format!("flagger_canary_metric_analysis{{{of}}}")
    };
    let home = tempfile::tempdir().expect("a directory");
    let status = || {
        let settings = [("WINDLASS_METRICS_PROMETHEUS", of_flagger.address.as_str())];
        let output =
            crate::guard::at_home(home.path(), &room.name, None, &settings, &["status", "canary/web", "-o", "json"]);
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        document["items"][0].clone()
    };
    let has_both = |status: &Value| {
        let value = |name: &str| named(status, name)?["values"][0]["value"].as_f64();
        value("request-success-rate").filter(|rate| *rate < 99.0).zip(value("request-duration"))
    };
    // Flagger writes them at each check: a look before and one after that agree are of the same one.
    let (rate, duration, now) = until("a look between two checks", async || {
        let at = || Timestamp::now();
        has_both(&status())?;
        let before = (
            by_hand_at(&of_flagger.address, &exported("request-success-rate"), at()).await,
            by_hand_at(&of_flagger.address, &exported("request-duration"), at()).await,
        );
        let now = status();
        let (rate, duration) = has_both(&now)?;
        let after = by_hand_at(&of_flagger.address, &exported("request-success-rate"), at()).await;
        close(before.0, after).then_some(((rate, before.0), (duration, before.1), now))
    })
    .await;
    told(&format!("success rate {rate:?}, duration {duration:?} (ms of s)"));
    assert!(close(rate.0, rate.1), "{rate:?}");
    assert!(close(duration.0, duration.1 * 1_000.0), "milliseconds, as its limit: {duration:?}");
    let limits = |name: &str| {
        let it = named(&now, name).expect("there");
        (it["min"].as_f64(), it["max"].as_f64(), it["unit"].clone(), it["verdict"].clone(), it["source"].clone())
    };
    let of_rate = (Some(50.0), None, json!("%"), json!("within its limits"), json!("flagger"));
    assert_eq!(limits("request-success-rate"), of_rate, "{now}");
    let of_duration = (None, Some(20.0), json!("ms"), json!("above its limit"), json!("flagger"));
    assert_eq!(limits("request-duration"), of_duration, "{now}");
    let settings = [("WINDLASS_METRICS_PROMETHEUS", of_flagger.address.as_str())];
    let mut console = Console::open_with(&room.name, "canary/web", "U undo", &settings);
    console.types("4");
    let told_all =
        |text: &str| ["request-success-rate", "at least 50", "above its limit"].iter().all(|it| text.contains(it));
    console.presses("jjjj", |screen| told_all(&screen.contents()));
    // Flagger itself says so: it counts failed checks, until they are too many.
    let failed = |room: &Room| room.field(Kind::Canary, "web", "/status/failedChecks").as_i64() > Some(0);
    let status = room.field(Kind::Canary, "web", "/status");
    assert!(failed(&room) || status["phase"] == "Failed", "its duration is above its limit: {status}");
}
