//! Measurements on a real Prometheus, with a mesh's telemetry from the kit's traffic source.

use crate::kit::{self, Namespace};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use windlass::cluster::{Clock, Cluster, Observer};
use windlass::config::{Config, Sources};
use windlass::domain::measurement::{Measured, TrackMeasured};
use windlass::domain::release::Role;
use windlass::domain::{Measurements, Release};
use windlass::metrics::{Focus, Meter, MeterOptions};

/// A configuration of this text.
pub fn config(text: &str) -> Arc<Config> {
    let sources = Sources { file: Some(("config.toml".into(), text.to_owned())), ..Sources::default() };
    Arc::new(Config::resolve(&sources).expect("a good configuration"))
}

pub fn prometheus() -> String {
    std::env::var("WINDLASS_TEST_PROMETHEUS").expect("WINDLASS_TEST_PROMETHEUS must name a Prometheus")
}

pub fn meter(cluster: &Cluster, observer: &Observer, text: &str) -> Meter {
    Meter::start(MeterOptions {
        cluster: cluster.clone(),
        snapshots: observer.snapshots.clone(),
        config: config(text),
        clock: Clock::system(),
    })
}

fn deployment(name: &str, track: &str, notes: Value) -> Value {
    let labels = json!({"app": "web", "track": track});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": notes},
                "spec": {"containers": [
                    {"name": "web", "image": "registry.test/web:v1", "ports": [{"containerPort": 8080}]},
                ]},
            },
        },
    })
}

/// A weighted Istio route over a stable and a candidate Deployment.
pub fn seed(room: &Namespace, candidate: Value) {
    room.apply(&json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "annotations": {"sim/rps": "400"}},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }));
    let subset = |name: &str| json!({"name": name, "labels": {"track": name}});
    room.apply(&json!({
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "web"},
        "spec": {"host": "web", "subsets": [subset("stable"), subset("canary")]},
    }));
    room.apply(&deployment("web-stable", "stable", json!({"sim/error-rate": "0"})));
    room.apply(&deployment("web-canary", "canary", candidate));
    let to = |subset: &str, weight: u32| json!({"destination": {"host": "web", "subset": subset}, "weight": weight});
    room.apply(&json!({
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "web"},
        "spec": {"hosts": ["web"], "http": [{"route": [to("stable", 80), to("canary", 20)]}]},
    }));
}

pub async fn istio_release(observer: &Observer) -> Arc<Release> {
    let found = |release: &&Arc<Release>| release.strategy.0 == "istio" && release.tracks.len() == 2;
    let ready = |release: &Arc<Release>| release.tracks.iter().all(|track| track.replicas.ready == 2);
    let snapshot = kit::until(observer, "the route's two sides are ready", |snapshot| {
        snapshot.releases.iter().find(found).is_some_and(ready)
    });
    let snapshot = snapshot.await;
    Arc::clone(snapshot.releases.iter().find(found).expect("just seen"))
}

pub async fn until(meter: &mut Meter, what: &str, wanted: impl Fn(&Measurements) -> bool) -> Arc<Measurements> {
    let found = timeout(Duration::from_mins(1), meter.measurements.wait_for(|now| wanted(now))).await;
    let found = found.map(|found| Arc::clone(&found.expect("the meter lives")));
    found.unwrap_or_else(|_| panic!("never {what}: {:#?}", meter.measurements.borrow()))
}

fn errors(measured: &Measured, role: Role) -> Option<f64> {
    measured.track(role)?.errors.value()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a control plane"]
async fn a_bad_candidate_is_seen_within_ten_seconds() {
    let room = Namespace::new("metrics-bad");
    seed(&room, json!({"sim/error-rate": "0"}));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&room.0]);
    let release = istio_release(&observer).await;
    let mut meter = meter(&cluster, &observer, &format!("[metrics]\nprometheus = \"{}\"\n", prometheus()));
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    until(&mut meter, "both sides are measured and well", |now| {
        now.of(&release.uid)
            .is_some_and(|web| errors(web, Role::Stable) == Some(0.0) && errors(web, Role::Candidate) == Some(0.0))
    })
    .await;
    // The new pods take the old ones' place one by one; it counts from the first that answers.
    seed(&room, json!({"sim/error-rate": "0.2"}));
    kit::until(&observer, "a new pod is ready", |snapshot| {
        let new = snapshot.by_uid(&release.uid).and_then(|web| web.traffic.clone());
        new.is_some_and(|traffic| {
            traffic.rows.sides.iter().any(|side| {
                side.workload.replicas.updated >= 1 && side.workload.generation > 1 && side.workload.replicas.ready >= 2
            })
        })
    })
    .await;
    let seen = until(&mut meter, "the candidate's errors are seen", |now| {
        now.of(&release.uid).is_some_and(|web| errors(web, Role::Candidate).is_some_and(|errors| errors > 0.01))
    });
    let seen = timeout(Duration::from_secs(10), seen).await.expect("they are seen within ten seconds");
    let web = seen.of(&release.uid).expect("just seen");
    assert_eq!((&*web.source, errors(web, Role::Stable)), ("prometheus", Some(0.0)), "{web:?}");
    assert!(web.detail.starts_with("istio metrics of http://"), "{}", web.detail);
}

/// What was measured, for whoever runs it with --nocapture.
pub fn told(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{what}");
}

/// The value of `query` at that moment as Prometheus' own answer has it.
pub async fn by_hand(query: &str, at: windlass::domain::Timestamp) -> f64 {
    by_hand_at(&prometheus(), query, at).await
}

/// The same of a Prometheus at `server`.
pub async fn by_hand_at(server: &str, query: &str, at: windlass::domain::Timestamp) -> f64 {
    let address = format!("{server}/api/v1/query");
    let output = tokio::process::Command::new("curl")
        .args([
            "-sfG",
            &address,
            "--data-urlencode",
            &format!("query={query}"),
            "--data-urlencode",
            &format!("time={at}"),
        ])
        .output()
        .await
        .expect("curl runs");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let value = &answer["data"]["result"][0]["value"][1];
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{query} gives {answer}"))
}

/// The queries of one track, by hand.
pub struct Queries {
    /// Requests a second.
    pub all: String,
    /// Of these, the failed ones.
    pub failed: String,
    /// Half, nine tenths, and 99 of 100 of the requests take no longer than so many seconds.
    pub quantiles: [String; 3],
}

/// How far the candidate's numbers are apart from the same queries by hand: the farthest of each of five looks, the
/// smallest first.
pub async fn apart(meter: &mut Meter, release: &Release, detail: &str, queries: &Queries) -> Vec<f64> {
    let of = |now: &Measurements| -> Option<TrackMeasured> {
        // Until Prometheus has read the new pods, the pods themselves answer.
        let web = now.of(&release.uid).filter(|web| web.detail.starts_with(detail))?;
        let track = web.track(Role::Candidate)?.clone();
        (track.samples? > 500 && track.p99.value().is_some()).then_some(track)
    };
    let (mut apart_by, mut last): (Vec<f64>, _) = (Vec::new(), None);
    while apart_by.len() < 5 {
        let at = |now: &Measurements| now.of(&release.uid).and_then(|web| web.at);
        let now = until(meter, "the candidate is measured anew", |now| of(now).is_some() && at(now) > last).await;
        last = at(&now);
        let (track, at) = (of(&now).expect("just seen"), last.expect("measured"));
        let all = by_hand(&queries.all, at).await;
        let ours = [&track.requests, &track.errors, &track.p50, &track.p90, &track.p99];
        let [p50, p90, p99] = &queries.quantiles;
        let theirs = [
            all,
            by_hand(&queries.failed, at).await / all,
            by_hand(p50, at).await,
            by_hand(p90, at).await,
            by_hand(p99, at).await,
        ];
        let apart = ours.iter().zip(theirs).map(|(ours, theirs)| {
            let ours = ours.value().unwrap_or_else(|| panic!("{track:?}"));
            (ours - theirs).abs() / theirs
        });
        apart_by.push(apart.fold(0.0, f64::max));
    }
    // A sample that comes in late may move one of them.
    apart_by.sort_by(f64::total_cmp);
    told(&format!("apart from the same queries by hand: {apart_by:?}"));
    apart_by
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a control plane"]
async fn the_numbers_are_those_of_the_same_queries_by_hand() {
    let room = Namespace::new("metrics-numbers");
    seed(&room, json!({"sim/error-rate": "0.3", "sim/latency-ms": "120"}));
    let cluster = kit::cluster().await;
    let observer = kit::observe(&cluster, &[&room.0]);
    let release = istio_release(&observer).await;
    let text = format!("[metrics]\nprometheus = \"{}\"\ninterval = \"1s\"\n", prometheus());
    let mut meter = meter(&cluster, &observer, &text);
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    let series = format!("destination_workload_namespace=\"{}\",destination_workload=\"web-canary\"", room.0);
    let series = |more: &str| format!("{{reporter=\"destination\",{series}{more}}}[1m]");
    let quantile = |q: f64| {
        let buckets = format!("istio_request_duration_milliseconds_bucket{}", series(""));
        format!("histogram_quantile({q}, sum by (le) (rate({buckets}))) / 1000")
    };
    let queries = Queries {
        all: format!("sum(rate(istio_requests_total{}))", series("")),
        failed: format!("sum(rate(istio_requests_total{}))", series(",response_code=~\"5..\"")),
        quantiles: [0.5, 0.9, 0.99].map(quantile),
    };
    let apart_by = apart(&mut meter, &release, "istio metrics", &queries).await;
    assert!(apart_by[2] < 0.01, "half of the looks are closer than 1 %: {apart_by:?}");
}
