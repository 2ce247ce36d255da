//! Which series of which product belong to which track, and which are asked for.

use super::super::Row;
use super::super::preset::PRESETS;
use super::release;
use crate::domain::Kind;
use crate::domain::release::Role;
use crate::metrics::lanes::Lanes;
use crate::strategy::testing::shop::Shop;
use jiff::SignedDuration;

#[test]
fn a_release_of_one_workload_is_told_apart_by_revision() {
    let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000));
    let release = shop.release(Kind::Deployment, "web");
    let lanes = Lanes::of(&release);
    assert_eq!(lanes.tracks.len(), 1);
    let labels = [("destination_workload", "web"), ("pod_template_hash", "older")];
    let row =
        Row { labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), points: Vec::new() };
    assert_eq!(lanes.place(&(PRESETS[0].place)(&row)), Some(0), "the only track of its workload");
}

#[test]
fn each_presets_real_labels_find_the_track() {
    let mut lanes = Lanes::of(&release());
    for lane in &mut lanes.tracks {
        let candidate = lane.role == Role::Candidate;
        lane.services = vec![if candidate { "web-canary" } else { "web" }.into()];
    }
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Role);
    let table: [Case<'_>; 12] = [
        ("istio", &[("destination_workload", "web-canary"), ("destination_service_name", "web")], Role::Candidate),
        ("linkerd", &[("deployment", "web"), ("pod", "web-h1-0")], Role::Stable),
        ("nginx", &[("exported_service", "web"), ("canary", "")], Role::Stable),
        ("nginx", &[("exported_service", "web"), ("canary", "shop-web-canary-80")], Role::Candidate),
        ("nginx-own-labels", &[("service", "web")], Role::Stable),
        ("nginx-own-labels", &[("service", "web"), ("canary", "shop-web-canary-80")], Role::Candidate),
        ("traefik", &[("service", "shop-web-80@kubernetescrd")], Role::Stable),
        ("traefik", &[("service", "shop-web-canary-80@kubernetes")], Role::Candidate),
        ("contour", &[("envoy_cluster_name", "shop_web-canary_80")], Role::Candidate),
        ("http", &[("pod", "web-canary-h1-0")], Role::Candidate),
        ("http", &[("deployment", "web")], Role::Stable),
        ("http-kubernetes", &[("kubernetes_pod_name", "web-h1-2")], Role::Stable),
    ];
    for (name, labels, role) in table {
        let preset = PRESETS.iter().find(|preset| preset.name == name).unwrap();
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let row = Row { labels, points: Vec::new() };
        let found = lanes.place(&(preset.place)(&row)).map(|at| lanes.tracks[at].role);
        assert_eq!(found, Some(role), "{name}: {row:?}");
    }
}

#[test]
fn each_preset_knows_its_products_failures_and_its_units_of_time() {
    let table = [
        ("istio", ("response_code", "503", "404"), ("250", 0.25)),
        ("linkerd", ("classification", "failure", "success"), ("250", 0.25)),
        ("nginx", ("status", "502", "499"), ("0.25", 0.25)),
        ("nginx-own-labels", ("status", "502", "499"), ("0.25", 0.25)),
        ("traefik", ("code", "500", "302"), ("0.25", 0.25)),
        ("contour", ("envoy_response_code", "504", "200"), ("250", 0.25)),
        ("http", ("status_code", "500", "401"), ("0.25", 0.25)),
        ("http-kubernetes", ("code", "599", "200"), ("0.25", 0.25)),
    ];
    let row =
        |name: &str, value: &str| Row { labels: [(name.to_owned(), value.to_owned())].into(), points: Vec::new() };
    for (name, (label, bad, good), (bucket, seconds)) in table {
        for preset in PRESETS.iter().filter(|preset| preset.name == name) {
            let failed = [bad, good].map(|value| preset.failed(&row(label, value)));
            assert_eq!(failed, [Some(true), Some(false)], "{name}");
            assert_eq!(preset.failed(&row("le", bucket)), None, "{name}: it does not say");
            assert_eq!(preset.bound(&row("le", bucket)), Some(seconds), "{name}");
            assert_eq!(preset.bound(&row("le", "+Inf")), Some(f64::INFINITY), "{name}");
        }
    }
    assert!(
        PRESETS.iter().all(|preset| table.iter().any(|(name, ..)| *name == preset.name)),
        "each one is in the table"
    );
}

#[test]
fn of_one_release_no_preset_reads_the_whole_namespace() {
    let mut lanes = Lanes::of(&release());
    for lane in &mut lanes.tracks {
        lane.services = vec![if lane.role == Role::Candidate { "web-canary" } else { "web" }.into()];
    }
    let of = |name: &str, lanes: &Lanes| {
        let preset = PRESETS.iter().find(|preset| preset.name == name).unwrap();
        preset.rates(lanes, SignedDuration::from_mins(1))
    };
    for (name, matcher) in [
        ("istio", r#"destination_workload=~"web|web-canary""#),
        ("linkerd", r#"pod=~"(?:web|web-canary)-.+|""#),
        ("nginx", r#"exported_service=~"web|web-canary""#),
        ("nginx-own-labels", r#"{exported_namespace="",namespace="shop",service=~"web|web-canary"}"#),
        ("traefik", r#"service=~"shop-(web|web-canary)-.+@kubernetes.*""#),
        ("contour", r#"envoy_cluster_name=~"shop_(web|web-canary)_.+""#),
        ("http", r#"pod=~"(?:web|web-canary)-.+|""#),
        ("http-kubernetes", r#"kubernetes_pod_name=~"(?:web|web-canary)-.+|""#),
    ] {
        let query = of(name, &lanes);
        assert!(query.contains(matcher), "{name}: {query}");
    }
    // Without a Service there is nothing to choose by: what is read is placed afterwards.
    lanes.tracks.iter_mut().for_each(|lane| lane.services.clear());
    assert!(!of("nginx", &lanes).contains("exported_service=~"));
}
