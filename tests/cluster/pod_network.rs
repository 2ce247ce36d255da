//! Measurements that need pods which answer: run where the API server's proxy reaches them (the kit's
//! `up --pod-network`, through its `inside`).

use crate::guard::{self, ACCOUNT, Job, deployment, image, plain, settle, windlass};
use crate::kit::{self, Namespace};
use crate::metrics::{Queries, apart, config, istio_release, meter, prometheus, seed, told, until};
use serde_json::json;
use windlass::domain::Measurements;
use windlass::domain::measurement::{Measured, TrackMeasured};
use windlass::domain::release::Role;
use windlass::metrics::Focus;

/// The candidate, once its numbers rest on a whole window.
fn candidate(measured: Option<&Measured>) -> Option<&TrackMeasured> {
    let track = measured?.track(Role::Candidate)?;
    (track.p99.value().is_some() && track.errors.value().is_some()).then_some(track)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a control plane whose pods answer"]
async fn the_pods_own_counters_agree_with_the_traffic_that_they_get() {
    let room = Namespace::new("metrics-scrape");
    // 400 requests a second, a fifth of them to the candidate's two pods, a fifth of which fail.
    seed(&room, json!({"sim/error-rate": "0.2", "sim/latency-ms": "120"}));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&room.0]);
    let release = istio_release(&observer).await;
    let text = "[metrics]\nsources = [\"scrape\"]\nwindow = \"20s\"\ninterval = \"2s\"\n";
    let mut meter = meter(&cluster, &observer, text);
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    let whole = |now: &Measurements| candidate(now.of(&release.uid).map(AsRef::as_ref)).is_some();
    until(&mut meter, "the candidate is measured", whole).await;
    let at = |now: &Measurements| now.of(&release.uid).and_then(|web| web.at);
    let first = at(&meter.measurements.borrow()).expect("measured");
    let over = |now: &Measurements| at(now).is_some_and(|at| at.duration_since(first).as_secs() > 20);
    until(&mut meter, "a whole window has passed", over).await;
    let (mut requests, mut errors, mut last, mut now) = (Vec::new(), Vec::new(), None, None);
    while requests.len() < 5 {
        let new = until(&mut meter, "it is measured anew", |now| whole(now) && at(now) > last).await;
        last = at(&new);
        let track = candidate(new.of(&release.uid).map(AsRef::as_ref)).expect("just seen").clone();
        requests.push(track.requests.value().expect("measured"));
        errors.push(track.errors.value().expect("measured"));
        now = Some(new);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    told(&format!("requests a second of 80: {requests:?}, errors of 0.2: {errors:?}"));
    let close = |ours: f64, truth: f64| (ours - truth).abs() / truth < 0.05;
    assert!(close(median(&mut requests), 80.0), "{requests:?}");
    assert!(close(median(&mut errors), 0.2), "{errors:?}");
    let now = now.expect("measured");
    let web = now.of(&release.uid).expect("just seen");
    assert_eq!((&*web.source, &*web.detail), ("scrape", "4 of 4 pods"));
    let p50 = candidate(Some(web)).and_then(|track| track.p50.value()).expect("measured");
    assert!((0.1..0.15).contains(&p50), "half of them within 120 ms: {p50}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a control plane whose pods answer"]
async fn the_programs_own_counters_in_prometheus_are_those_of_the_same_queries_by_hand() {
    let room = Namespace::new("metrics-generic");
    seed(&room, json!({"sim/error-rate": "0.3", "sim/latency-ms": "120"}));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&room.0]);
    let release = istio_release(&observer).await;
    // By the labels of Prometheus' own example for Kubernetes, as the kit scrapes pods.
    let text = format!(
        "[metrics]\nprometheus = \"{}\"\npreset = \"http-kubernetes\"\nsources = [\"prometheus\"]\ninterval = \"1s\"\n",
        prometheus()
    );
    let mut meter = meter(&cluster, &observer, &text);
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    let series = format!("kubernetes_namespace=\"{}\",kubernetes_pod_name=~\"web-canary-.+\"", room.0);
    let quantile = |q: f64| {
        let buckets = format!("http_request_duration_seconds_bucket{{{series}}}[1m]");
        format!("histogram_quantile({q}, sum by (le) (rate({buckets})))")
    };
    let queries = Queries {
        all: format!("sum(rate(http_requests_total{{{series}}}[1m]))"),
        failed: format!("sum(rate(http_requests_total{{{series},code=~\"5..\"}}[1m]))"),
        quantiles: [0.5, 0.9, 0.99].map(quantile),
    };
    let apart_by = apart(&mut meter, &release, "http-kubernetes metrics", &queries).await;
    assert!(apart_by[2] < 0.01, "half of the looks are closer than 1 %: {apart_by:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a control plane whose pods answer"]
async fn a_prometheus_in_the_cluster_is_found_and_asked_through_the_api_server() {
    let room = Namespace::new("metrics-found");
    seed(&room, json!({"sim/error-rate": "0.2"}));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&room.0]);
    let release = istio_release(&observer).await;
    assert_eq!(config("").metrics.prometheus, None);
    let mut meter = meter(&cluster, &observer, "");
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    let found = |now: &Measurements| {
        let web = now.of(&release.uid).map(AsRef::as_ref);
        web.is_some_and(|web| &*web.source == "prometheus")
            && candidate(web).is_some_and(|track| track.errors.value() > Some(0.1))
    };
    let now = until(&mut meter, "the candidate's errors are seen", found).await;
    let web = now.of(&release.uid).expect("just seen");
    assert_eq!(&*web.detail, "istio metrics of svc/prometheus.monitoring:9090");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a control plane whose pods answer"]
async fn a_health_endpoint_behind_a_service_is_followed() {
    let room = Namespace::new("metrics-health");
    seed(&room, json!({}));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&room.0]);
    let release = istio_release(&observer).await;
    let text = format!(
        "[releases.\"{}\"]\nhealth_url = \"svc/web:80/health\"\nhealth_interval = \"1s\"\n",
        release.key.qualified()
    );
    let mut meter = meter(&cluster, &observer, &text);
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    let last = |now: &Measurements, ok: bool, said: &str| {
        let tick = now.of(&release.uid).and_then(|web| web.health.as_ref()?.ticks.last().cloned());
        tick.is_some_and(|tick| tick.ok == ok && &*tick.said == said)
    };
    until(&mut meter, "it answers well", |now| last(now, true, "200")).await;
    for pod in room.kubectl(&["get", "pods", "-o", "name"]).lines() {
        room.kubectl(&["annotate", pod, "sim/health=503"]);
    }
    until(&mut meter, "it is not well", |now| last(now, false, "503")).await;
}

/// What a Job in another namespace than the release's left.
struct Bound;

impl Drop for Bound {
    fn drop(&mut self) {
        let bound = ["-n", "monitoring", "delete", "role,rolebinding", ACCOUNT, "--ignore-not-found"];
        let _ = std::panic::catch_unwind(|| kit::kubectl(&bound));
    }
}

#[test]
#[ignore = "needs a control plane whose pods answer"]
fn a_printed_job_asks_a_prometheus_in_the_cluster_with_its_own_rights_to_the_end() {
    let room = plain("guard-job-found");
    room.apply(&deployment("web", &json!({"app": "web"}), "v2", "0.2"));
    settle(&room, "web");
    let rules = ["--min-requests", "20", "--settle", "3s", "--window", "10s", "--every", "2s", "--for", "40s"];
    let print = ["guard", "deploy/web", "--health-url", "svc/web:80/health", "--print-job", "--image", "x.test/w:1"];
    let printed = windlass(&room.0, None, &[&print[..], &rules].concat());
    assert_eq!(printed.status.code(), Some(0), "{}", guard::told(&printed));
    let _bound = Bound;
    let job = Job::applied(&room, ACCOUNT, &printed.stdout);
    let through = "--prometheus=svc/prometheus.monitoring:9090".to_owned();
    assert!(job.arguments.contains(&through), "{:?}", job.arguments);
    let can = |arguments: &[&str]| {
        let asked = format!("system:serviceaccount:{}:{ACCOUNT}", room.0);
        let arguments = [&["auth", "can-i"], arguments, &["--as", &asked]].concat();
        std::panic::catch_unwind(|| kit::kubectl(&arguments)).is_ok()
    };
    assert!(can(&["get", "services/http:prometheus:9090", "--subresource=proxy", "-n", "monitoring"]));
    assert!(can(&["get", "services/http:web:80", "--subresource=proxy", "-n", &room.0]));
    assert!(!can(&["get", "services/http:other:80", "--subresource=proxy", "-n", "monitoring"]));
    assert!(!can(&["create", "services/http:prometheus:9090", "--subresource=proxy", "-n", "monitoring"]));
    let ended = job.run();
    let told = guard::told(&ended);
    assert_eq!((ended.status.code(), &*image(&room, "web")), (Some(1), "registry.test/web:v1"), "{told}");
    assert!(told.contains("of the health endpoint in a row") && told.contains("error rate"), "{told}");
    assert!(!told.contains("local journal only"), "it may write its Lease: {told}");
}
