//! The embedded scenarios: each is laid out, and what is settled stays so.

use super::{pass, rolling};
use crate::sim::{SimCluster, SimError, SimOptions, scenarios};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use std::time::Duration;

#[test]
fn every_scenario_can_be_laid_out_and_runs_for_ten_minutes() {
    for scenario in scenarios() {
        let sim = SimCluster::scenario(scenario.name, &SimOptions::manual().pods(2000)).unwrap();
        assert!(!sim.objects("pods", "").is_empty());
        pass(&sim, 600);
    }
}

#[test]
fn two_runs_of_a_scenario_are_the_same() {
    let (a, b) = (rolling(), rolling());
    pass(&a, 120);
    for _ in 0..240 {
        b.advance(Duration::from_millis(500));
    }
    assert_eq!(a.objects("pods", ""), b.objects("pods", ""));
}

#[test]
fn what_is_settled_is_left_alone_by_its_controllers() {
    let sim = rolling();
    let settled = ["cart", "catalog", "mailer", "frontend", "worker", "import"];
    let versions = |sim: &SimCluster| {
        let objects = ["deployments", "replicasets", "pods"].into_iter().flat_map(|plural| sim.objects(plural, "shop"));
        let kept = objects.filter(|object| settled.iter().any(|name| object["metadata"]["labels"]["app"] == *name));
        kept.map(|object| object["metadata"]["resourceVersion"].clone()).collect::<Vec<_>>()
    };
    let before = versions(&sim);
    assert!(before.len() > 25, "{}", before.len());
    sim.resync();
    pass(&sim, 600);
    assert_eq!(versions(&sim), before);
}

/// A small crowd of 50 releases.
async fn crowd(pods: usize) -> SimCluster {
    let text = "nodes = 40\n[crowd]\nnamespaces = 10\nworkloads = 50\npods = 500";
    let sim = SimCluster::from_toml(text, &SimOptions::manual().pods(pods)).unwrap();
    let client = sim.client();
    assert_eq!(Api::<Pod>::all(client.clone()).list(&ListParams::default()).await.unwrap().items.len(), pods);
    assert_eq!(Api::<Deployment>::all(client).list(&ListParams::default()).await.unwrap().items.len(), 50);
    sim
}

#[tokio::test]
async fn a_crowd_is_as_large_as_asked_for_and_its_controllers_know_it() {
    let sim = crowd(100).await;
    let version = sim.version();
    sim.resync();
    pass(&sim, 60);
    assert_eq!(sim.version(), version, "nothing had to be put right");
    sim.edit("deployments/scale-03/svc-0003", "ana", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/scale/svc-0003:v3".into();
    });
    pass(&sim, 60);
    let status = &sim.object("deployments/scale-03/svc-0003").unwrap()["status"];
    assert_eq!((&status["updatedReplicas"], &status["readyReplicas"]), (&2.into(), &2.into()));
}

#[tokio::test(start_paused = true)]
async fn a_live_cluster_follows_the_clock_at_its_speed() {
    let sim = SimCluster::scenario("recreate", &SimOptions::live(10.0)).unwrap();
    let start = sim.now();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(sim.now().duration_since(start).as_secs(), 60);
    assert_eq!(sim.object("deployments/recreate/worker").unwrap()["status"]["readyReplicas"], 3);
}

#[tokio::test]
async fn a_kubeconfig_leads_to_the_served_cluster() {
    let sim = rolling();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn({
        let sim = sim.clone();
        async move { sim.serve(listener).await }
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&sim.kubeconfig(&url)).unwrap();
    let config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default()).await.unwrap();
    let client = kube::Client::try_from(config).unwrap();
    let pods = Api::<Pod>::all(client).list(&ListParams::default()).await.unwrap();
    assert_eq!(pods.items.len(), sim.objects("pods", "").len());
    server.abort();
}

#[test]
fn mistakes_in_a_scenario_are_told_with_their_place() {
    let unknown = SimCluster::scenario("nope", &SimOptions::manual()).unwrap_err();
    assert!(unknown.to_string().starts_with("there is no scenario 'nope'; there are: shop, bad-canary"), "{unknown}");
    let typo = SimCluster::from_toml("nodez = 3", &SimOptions::manual()).unwrap_err();
    assert!(matches!(&typo, SimError::File { .. }) && typo.to_string().contains("line 1"), "{typo}");
    let fault = "[[fault]]\nat = \"1s\"\nfor = \"1s\"\neffect = \"explode\"";
    let fault = SimCluster::from_toml(fault, &SimOptions::manual()).unwrap_err();
    assert!(fault.to_string().contains("there are reset, stall"), "{fault}");
}
