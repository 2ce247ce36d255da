//! Who steps a release, as scripts and people read it.

use serde_json::Value;

use super::run::{Home, Ran, sim};
use crate::sim::{Access, Level, SimCluster};

fn run(cluster: &SimCluster, arguments: &[&str]) -> Ran {
    Home::new().run_while_time_passes(cluster, &[arguments, &["-n", "shop", "--who", "ana"]].concat())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.complaints))
}

#[test]
fn a_pipelines_step_is_told_by_the_status_until_the_next_one_is_due() {
    let cluster = sim("istio");
    let ran = run(&cluster, &["advance", "vs/checkout", "--from-weight", "20", "--yes", "-o", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert_eq!(json(&ran)["plan"]["presence"]["lease"], "windlass-step-virtualservice-checkout");
    let status = Home::new().run_on(&cluster, &["status", "-n", "shop", "-o", "json"]);
    let list = json(&status);
    let presence = |target: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["target"] == target).unwrap()["presence"].clone()
    };
    let checkout = presence("virtualservice/checkout");
    assert!(checkout["by"].as_str().is_some_and(|by| by.starts_with("ana@")), "{checkout}");
    assert!(checkout["step"].as_str().is_some_and(|step| step.starts_with("ADVANCE")), "{checkout}");
    assert!(checkout["since"].is_string() && checkout["unknown"].is_null());
    assert_eq!(presence("virtualservice/search"), Value::Null);
    let table = Home::new().run_on(&cluster, &["status", "-n", "shop"]);
    let line = table.out.lines().find(|line| line.contains("virtualservice/checkout")).unwrap();
    assert!(line.contains("ana@") && line.contains(" steps it since "), "{line}");
    cluster.advance(std::time::Duration::from_mins(11));
    let status = Home::new().run_on(&cluster, &["status", "vs/checkout", "-n", "shop", "-o", "json"]);
    assert_eq!(json(&status)["items"][0]["presence"], Value::Null, "no further step came");
}

#[test]
fn a_command_that_ends_the_stepping_leaves_nothing_for_a_next_one() {
    let cluster = sim("istio");
    let status = || {
        let ran = Home::new().run_on(&cluster, &["status", "vs/checkout", "-n", "shop", "-o", "json"]);
        json(&ran)["items"][0]["presence"]["by"].clone()
    };
    assert_eq!(run(&cluster, &["set-weight", "vs/checkout", "40", "--yes"]).code, 0);
    assert!(status().as_str().is_some_and(|by| by.starts_with("ana@")), "{}", status());
    let ran = run(&cluster, &["abort", "vs/checkout", "--yes", "--no-wait"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert_eq!(status(), Value::Null, "all is on stable again");
}

#[test]
fn a_dry_run_lists_the_lease_and_who_steps_already_and_writes_none() {
    let cluster = sim("istio");
    let plan = ["set-weight", "vs/checkout", "40", "--dry-run", "client"];
    let ran = run(&cluster, &plan);
    assert!(ran.out.contains("presence Lease windlass-step-virtualservice-checkout will say who"), "{}", ran.out);
    assert!(!ran.out.contains("is stepping"), "{}", ran.out);
    assert!(cluster.objects("leases", "shop").is_empty());
    assert_eq!(run(&cluster, &["set-weight", "vs/checkout", "40", "--yes"]).code, 0);
    let plan = ["set-weight", "vs/checkout", "50", "--dry-run", "client"];
    let ours = run(&cluster, &plan);
    assert!(ours.out.contains("presence you step this release since"), "{}", ours.out);
    assert!(!ours.out.contains("is stepping"), "nobody else does: {}", ours.out);
    let ran = Home::new().run_on(&cluster, &[&plan[..], &["-n", "shop", "--who", "ben"]].concat());
    assert!(ran.out.contains("presence ana@") && ran.out.contains("is stepping this release since"), "{}", ran.out);
    let answered = Home::new().run_asked(&cluster, &["abort", "vs/checkout", "-n", "shop"], "n\n");
    assert!(answered.complaints.contains("is stepping this release since"), "{}", answered.complaints);
}

#[test]
fn without_the_right_a_pipelines_step_goes_through_and_says_that_presence_is_off() {
    let cluster = sim("istio");
    let mut access = Access::new("ana", Level::Admin);
    access.writes = Some(["virtualservices".to_owned()].into());
    cluster.set_access(access.clone());
    let ran = run(&cluster, &["advance", "vs/checkout", "--from-weight", "20", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert!(ran.complaints.contains("presence off: "), "{}", ran.complaints);
    let plan = run(&cluster, &["set-weight", "vs/checkout", "60", "--dry-run", "server", "-o", "json"]);
    let off = json(&plan)["plan"]["presence"]["off"].clone();
    assert!(off.as_str().is_some_and(|off| off.contains("create leases.coordination.k8s.io")), "{off}");
    access.without_kinds.insert("leases".to_owned());
    cluster.set_access(access);
    let status = Home::new().run_on(&cluster, &["status", "vs/checkout", "-n", "shop", "-o", "json"]);
    assert_eq!((status.code, &*status.complaints), (0, ""), "it is no complaint");
    let presence = json(&status)["items"][0]["presence"].clone();
    assert!(presence["unknown"].is_string() && presence["by"].is_null(), "{presence}");
}
