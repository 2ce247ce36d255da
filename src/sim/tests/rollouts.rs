//! Controllers: what a rollout, an undo, a pause and a scale do, step by step as in the real ones.

use super::{condition, pass, rolling};
use crate::sim::{SimCluster, SimOptions};
use serde_json::{Value, json};

fn revision(object: &Value) -> &str {
    object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str().unwrap_or("")
}

fn image(object: &Value) -> &str {
    object["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or("")
}

/// The ReplicaSet that has an image.
fn set_of(sim: &SimCluster, wanted: &str) -> Value {
    sim.objects("replicasets", "shop").into_iter().find(|set| image(set).ends_with(wanted)).expect("there is one")
}

fn set_image(sim: &SimCluster, name: &str, tag: &str) {
    let changed = sim.edit(&format!("deployments/shop/{name}"), "ana", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] =
            json!(format!("registry.test/shop/{name}:{tag}"));
    });
    assert!(changed);
}

#[test]
fn the_slow_rollout_ends() {
    let sim = rolling();
    pass(&sim, 180);
    let web = sim.object("deployments/shop/web").unwrap();
    assert_eq!((&web["status"]["updatedReplicas"], &web["status"]["availableReplicas"]), (&json!(6), &json!(6)));
    assert_eq!(condition(&web, "Progressing"), "True NewReplicaSetAvailable");
    assert_eq!(revision(&web), "4");
}

#[test]
fn a_rolling_update_keeps_within_surge_and_unavailable() {
    let sim = rolling();
    pass(&sim, 180);
    set_image(&sim, "web", "v5");
    for _ in 0..400 {
        sim.advance(std::time::Duration::from_millis(250));
        let web = sim.object("deployments/shop/web").unwrap();
        let sets = sim.objects("replicasets", "shop");
        let wanted: i64 = sets
            .iter()
            .filter(|set| set["metadata"]["labels"]["app"] == "web")
            .map(|set| set["spec"]["replicas"].as_i64().unwrap())
            .sum();
        assert!(wanted <= 7, "six and one more: {wanted}");
        assert!(web["status"]["availableReplicas"].as_i64().unwrap() >= 5, "{:#}", web["status"]);
    }
    assert_eq!(sim.object("deployments/shop/web").unwrap()["status"]["updatedReplicas"], 6);
}

#[test]
fn an_undo_takes_the_old_replica_set_up_again_under_a_new_number() {
    let sim = rolling();
    let old = set_of(&sim, "cart:v87");
    assert_eq!(revision(&old), "2");
    sim.edit("deployments/shop/cart", "ana", |object| {
        let mut template = old["spec"]["template"].clone();
        template["metadata"]["labels"].as_object_mut().unwrap().shift_remove("pod-template-hash");
        object["spec"]["template"] = template;
    });
    pass(&sim, 60);
    let (cart, back) = (sim.object("deployments/shop/cart").unwrap(), set_of(&sim, "cart:v87"));
    assert_eq!(back["metadata"]["uid"], old["metadata"]["uid"]);
    assert_eq!((revision(&cart), revision(&back)), ("4", "4"));
    assert_eq!(back["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"], "2");
    assert_eq!(back["status"]["readyReplicas"], 4);
    // The cause of the Deployment, which the undo left as it was, is now that of the old ReplicaSet.
    assert_eq!(back["metadata"]["annotations"]["kubernetes.io/change-cause"], "cart v88: faster totals");
}

#[test]
fn right_after_a_change_the_replica_sets_run_ahead_of_the_deployment() {
    let sim = rolling();
    set_image(&sim, "cart", "v89");
    sim.advance(std::time::Duration::from_millis(10));
    assert_eq!(revision(&set_of(&sim, "cart:v89")), "4");
    assert_eq!(revision(&sim.object("deployments/shop/cart").unwrap()), "3");
    sim.advance(std::time::Duration::from_millis(50));
    assert_eq!(revision(&sim.object("deployments/shop/cart").unwrap()), "4");
}

#[test]
fn a_paused_deployment_waits_and_goes_on_when_resumed() {
    let sim = rolling();
    let checkout = sim.object("deployments/shop/checkout").unwrap();
    assert_eq!(condition(&checkout, "Progressing"), "Unknown DeploymentPaused");
    assert!(checkout["status"]["updatedReplicas"].is_null(), "{:#}", checkout["status"]);
    assert_eq!(checkout["metadata"]["generation"], checkout["status"]["observedGeneration"]);
    sim.edit("deployments/shop/checkout", "ana", |object| object["spec"]["paused"] = json!(false));
    pass(&sim, 60);
    let checkout = sim.object("deployments/shop/checkout").unwrap();
    assert_eq!(checkout["status"]["updatedReplicas"], 5);
    assert_eq!(condition(&checkout, "Progressing"), "True NewReplicaSetAvailable");
}

#[test]
fn a_paused_deployment_can_be_scaled() {
    let sim = rolling();
    sim.edit("deployments/shop/checkout", "ana", |object| object["spec"]["replicas"] = json!(8));
    pass(&sim, 30);
    assert_eq!(set_of(&sim, "checkout:1.9.2")["status"]["readyReplicas"], 8);
}

#[test]
fn scaling_in_mid_rollout_keeps_the_proportions() {
    let sim = rolling();
    let counts = |sim: &SimCluster| {
        let count = |tag: &str| set_of(sim, tag)["spec"]["replicas"].as_i64().unwrap();
        (count("search:v41"), count("search:v42-bad"))
    };
    assert_eq!(counts(&sim), (6, 4), "a quarter is missing, a quarter is too much");
    sim.edit("deployments/shop/search", "ana", |object| object["spec"]["replicas"] = json!(16));
    pass(&sim, 5);
    assert_eq!(counts(&sim), (12, 8));
}

#[test]
fn a_bad_image_ends_in_its_deadline_and_an_undo_heals_it() {
    let sim = rolling();
    let search = sim.object("deployments/shop/search").unwrap();
    assert_eq!(condition(&search, "Progressing"), "False ProgressDeadlineExceeded");
    assert_eq!(condition(&search, "Available"), "True MinimumReplicasAvailable");
    let good = set_of(&sim, "search:v41");
    sim.edit("deployments/shop/search", "ana", |object| {
        let mut template = good["spec"]["template"].clone();
        template["metadata"]["labels"].as_object_mut().unwrap().shift_remove("pod-template-hash");
        object["spec"]["template"] = template;
    });
    pass(&sim, 60);
    let search = sim.object("deployments/shop/search").unwrap();
    assert_eq!(search["status"]["readyReplicas"], 8);
    assert_eq!(condition(&search, "Progressing"), "True NewReplicaSetAvailable");
}

#[test]
fn recreate_has_a_gap_without_pods() {
    let sim = SimCluster::scenario("recreate", &SimOptions::manual()).unwrap();
    let ready = |sim: &SimCluster| {
        sim.object("deployments/recreate/worker").unwrap()["status"]["readyReplicas"].as_i64().unwrap_or(0)
    };
    let mut seen = vec![];
    for _ in 0..60 {
        pass(&sim, 1);
        seen.push(ready(&sim));
    }
    let gap = seen.iter().filter(|ready| **ready == 0).count();
    assert!((8..30).contains(&gap), "{seen:?}");
    assert_eq!(seen.last(), Some(&3));
    let pods = sim.objects("pods", "recreate");
    let worker = pods.iter().filter(|pod| pod["metadata"]["labels"]["app"] == "worker");
    assert!(worker.clone().all(|pod| pod["metadata"]["labels"]["version"] == "v3"), "no old pod is left");
}

#[test]
fn the_history_is_cut_at_its_limit() {
    let sim = rolling();
    sim.edit("deployments/shop/catalog", "ana", |object| object["spec"]["revisionHistoryLimit"] = json!(2));
    pass(&sim, 30);
    let sets = sim.objects("replicasets", "shop");
    let mut left: Vec<_> =
        sets.iter().filter(|set| set["metadata"]["labels"]["app"] == "catalog").map(revision).collect();
    left.sort_unstable();
    assert_eq!(left, ["3", "4", "5"]);
}

#[test]
fn a_quota_stops_a_rollout_and_says_so() {
    let sim = SimCluster::scenario("stuck", &SimOptions::manual()).unwrap();
    let full = sim.object("deployments/quota/full").unwrap();
    assert_eq!(condition(&full, "ReplicaFailure"), "True FailedCreate");
    assert_eq!(condition(&full, "Progressing"), "False ProgressDeadlineExceeded");
    let events = sim.objects("events", "quota");
    assert!(
        events
            .iter()
            .any(|event| event["message"].as_str().unwrap().contains("exceeded quota: pods, requested: pods=1"))
    );
}

#[test]
fn an_ordered_stateful_set_stays_stuck_on_its_broken_pod_even_after_an_undo() {
    let sim = SimCluster::scenario("stuck", &SimOptions::manual()).unwrap();
    let good = sim.objects("controllerrevisions", "stuck").into_iter().find(|revision| {
        revision["metadata"]["name"].as_str().unwrap().starts_with("ordered-") && revision["revision"] == 1
    });
    let mut template = good.unwrap()["data"]["spec"]["template"].clone();
    assert_eq!(template.as_object_mut().unwrap().shift_remove("$patch"), Some(json!("replace")));
    sim.edit("statefulsets/stuck/ordered", "ana", |object| object["spec"]["template"] = template);
    pass(&sim, 120);
    let state = |sim: &SimCluster| {
        sim.object("pods/stuck/ordered-2").unwrap()["status"]["containerStatuses"][0]["ready"].clone()
    };
    assert_eq!(state(&sim), false, "the controller waits for the broken pod");
    sim.remove("pods/stuck/ordered-2");
    pass(&sim, 60);
    assert_eq!(state(&sim), true);
    let set = sim.object("statefulsets/stuck/ordered").unwrap();
    assert_eq!(set["status"]["currentRevision"], set["status"]["updateRevision"]);
    assert_eq!(set["status"]["readyReplicas"], 3);
}

#[test]
fn a_stateful_set_is_updated_from_the_top_down_to_its_partition() {
    let sim = SimCluster::scenario("statefulset", &SimOptions::manual()).unwrap();
    let versions: Vec<_> = sim
        .objects("pods", "statefulset")
        .iter()
        .filter(|pod| pod["metadata"]["labels"]["app"] == "cache")
        .map(|pod| pod["metadata"]["labels"]["version"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(versions, ["7.0", "7.0", "7.2", "7.2"]);
    let archive = sim.object("statefulsets/statefulset/archive").unwrap();
    assert!(archive["status"]["updatedReplicas"].is_null(), "it waits for someone to delete its pods");
    sim.remove("pods/statefulset/archive-1");
    pass(&sim, 30);
    assert_eq!(sim.object("pods/statefulset/archive-1").unwrap()["metadata"]["labels"]["version"], "v2");
}

#[test]
fn a_daemon_set_replaces_its_pods_one_by_one() {
    let sim = SimCluster::scenario("statefulset", &SimOptions::manual()).unwrap();
    for _ in 0..90 {
        pass(&sim, 1);
        let agent = sim.object("daemonsets/daemonset/agent").unwrap();
        assert!(agent["status"]["numberUnavailable"].as_i64().unwrap_or(0) <= 1, "{:#}", agent["status"]);
    }
    assert_eq!(sim.object("daemonsets/daemonset/agent").unwrap()["status"]["updatedNumberScheduled"], 4);
}

#[test]
fn what_a_deleted_deployment_owned_goes_too() {
    let sim = rolling();
    sim.remove("deployments/shop/cart");
    pass(&sim, 30);
    for plural in ["replicasets", "pods"] {
        let left = sim.objects(plural, "shop");
        assert!(left.iter().all(|object| object["metadata"]["labels"]["app"] != "cart"), "{plural}");
    }
}

#[test]
fn endpoints_follow_the_pods_that_are_ready() {
    let sim = rolling();
    let ready = |sim: &SimCluster| {
        let slices = sim.objects("endpointslices", "shop");
        let slice =
            slices.iter().find(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == "search").unwrap();
        slice["endpoints"].as_array().unwrap().iter().filter(|endpoint| endpoint["conditions"]["ready"] == true).count()
    };
    assert_eq!(ready(&sim), 6);
    let pods = sim.objects("pods", "shop");
    let pod = pods
        .iter()
        .find(|pod| pod["metadata"]["labels"]["app"] == "search" && pod["status"]["phase"] == "Running")
        .unwrap();
    sim.remove(&format!("pods/shop/{}", pod["metadata"]["name"].as_str().unwrap()));
    sim.advance(std::time::Duration::from_millis(50));
    assert_eq!(ready(&sim), 5, "a pod on its way out is not ready");
}
