//! Commands that step traffic, as a pipeline uses them.

use serde_json::Value;

use super::run::{Home, Ran, sim};
use crate::sim::SimCluster;

const CHECKOUT: &str = "virtualservices.networking.istio.io/shop/checkout";

/// The candidate's weight in each rule.
fn candidate(cluster: &SimCluster) -> Vec<i64> {
    let route = cluster.object(CHECKOUT).unwrap();
    let rules = route["spec"]["http"].as_array().unwrap();
    rules.iter().map(|rule| rule["route"][1]["weight"].as_i64().unwrap()).collect()
}

fn status(cluster: &SimCluster) -> Value {
    let ran = Home::new().run_on(cluster, &["status", "vs/checkout", "-n", "shop", "-o", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    list["items"][0].clone()
}

fn run(cluster: &SimCluster, arguments: &[&str]) -> Ran {
    Home::new().run_while_time_passes(cluster, &[arguments, &["-n", "shop", "--yes"]].concat())
}

#[test]
fn a_script_takes_its_step_from_the_status_and_a_second_advance_from_it_is_no_skip() {
    let cluster = sim("istio");
    let item = status(&cluster);
    let step = item["step"]["index"].as_u64().unwrap().to_string();
    assert!(item["step"]["weights"].as_array().is_some_and(|weights| weights.len() > 1), "{item}");
    let first = run(&cluster, &["advance", "vs/checkout", "--from-step", &step]);
    assert_eq!(first.code, 0, "{}", first.complaints);
    let once = candidate(&cluster);
    let again = run(&cluster, &["advance", "vs/checkout", "--from-step", &step, "-o", "json"]);
    assert_eq!(again.code, 3, "{}", again.out);
    let outcome: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(outcome["outcome"], "conflict", "{outcome}");
    assert_eq!(candidate(&cluster), once);
    let next = status(&cluster)["step"]["index"].as_u64().unwrap();
    assert_eq!(next.to_string(), (step.parse::<u64>().unwrap() + 1).to_string());
}

#[test]
fn the_status_says_where_traffic_goes_and_who_moves_it() {
    let item = status(&sim("istio"));
    let traffic = &item["traffic"];
    assert_eq!(traffic["mover"], "a person");
    assert_eq!(traffic["holder"]["target"], "virtualservice/checkout");
    let rules = traffic["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 2, "{traffic}");
    assert_eq!((&rules[1]["number"], &rules[1]["name"]), (&2.into(), &"everyone".into()));
    let asked: Vec<_> = rules[1]["shares"].as_array().unwrap().iter().map(|share| share["asked"].clone()).collect();
    assert_eq!(asked, [80, 20]);
    assert_eq!(item["strategy"], "istio");
}

#[test]
fn a_rule_is_weighed_by_its_name_and_one_that_is_not_there_is_told_with_those_that_are() {
    let cluster = sim("istio");
    let ran = run(&cluster, &["set-weight", "vs/checkout", "40", "--rule", "mobile"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert_eq!(candidate(&cluster), [40, 20]);
    let wrong = run(&cluster, &["set-weight", "vs/checkout", "40", "--rule", "desktop"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.complaints.contains("it has 1 (mobile), 2 (everyone)"), "{}", wrong.complaints);
    assert_eq!(run(&cluster, &["set-weight", "vs/checkout", "101"]).code, 2);
}

#[test]
fn an_abort_goes_back_to_stable_and_done_twice_it_is_no_failure() {
    let cluster = sim("istio");
    let ran = run(&cluster, &["abort", "vs/checkout", "-o", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    let outcome: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&outcome["outcome"], &outcome["plan"]["direction"]), (&"applied".into(), &"back".into()));
    assert_eq!(candidate(&cluster), [0, 0]);
    let again = run(&cluster, &["abort", "vs/checkout"]);
    assert!(matches!(again.code, 0 | 3), "{}: {}", again.code, again.complaints);
    assert_eq!(candidate(&cluster), [0, 0]);
}

#[test]
fn on_a_terminal_an_advance_shows_the_step_that_it_leaves() {
    let cluster = sim("istio");
    let step = status(&cluster)["step"]["index"].to_string();
    let arguments = ["advance", "vs/checkout", "-n", "shop", "--no-wait"];
    let ran = Home::new().run_asked(&cluster, &arguments, "n\n");
    assert_eq!(ran.code, 3, "{}", ran.complaints);
    assert!(ran.complaints.contains(&format!("leaves   step {step}\n")), "{}", ran.complaints);
    assert!(ran.complaints.contains("numbers  not measured"), "nobody may take it for checked: {}", ran.complaints);
    assert_eq!(candidate(&cluster), [5, 20]);
}

#[test]
fn a_side_with_fewer_pods_is_switched_to_only_with_a_reason() {
    let cluster = sim("bluegreen");
    let unsaid = run(&cluster, &["switch", "svc/cart"]);
    assert_eq!((unsaid.code, unsaid.complaints.contains("--to")), (2, true), "{}", unsaid.complaints);
    let held = run(&cluster, &["switch", "svc/cart", "--to", "green"]);
    assert_eq!(held.code, 3, "{}", held.complaints);
    assert!(held.complaints.contains("--override fewer-pods"), "{}", held.complaints);
    let color =
        |cluster: &SimCluster| cluster.object("services/shop/cart").unwrap()["spec"]["selector"]["color"].clone();
    assert_eq!(color(&cluster), "blue");
    let loud = run(
        &cluster,
        &["switch", "svc/cart", "--to", "green", "--override", "fewer-pods", "--reason", "night", "--no-wait"],
    );
    assert_eq!(loud.code, 0, "{}", loud.complaints);
    assert_eq!(color(&cluster), "green");
}

#[test]
fn a_preview_check_that_fails_holds_a_switch_and_one_that_answers_well_does_not() {
    let check = |check: &str| {
        let cluster = sim("bluegreen");
        let config = format!("[releases.\"bluegreen/app\"]\npreview_check = \"{check}\"\n");
        let arguments = ["switch", "svc/app", "--to", "green", "-n", "bluegreen", "--yes", "--no-wait"];
        let ran = Home::with_config(&config).run_on(&cluster, &arguments);
        (
            ran.code,
            ran.complaints,
            cluster.object("services/bluegreen/app").unwrap()["spec"]["selector"]["color"].clone(),
        )
    };
    let (code, said, color) = check("echo smoke of $WINDLASS_SIDE; exit 1");
    assert_eq!((code, color), (3, "blue".into()), "{said}");
    assert!(said.contains("the preview check failed") && said.contains("smoke of"), "{said}");
    let (code, said, color) = check("true");
    assert_eq!((code, color), (0, "green".into()), "{said}");
}

/// What is asked of a Rollout, and the outcome.
fn of_rollout(cluster: &SimCluster, arguments: &[&str]) -> (u8, String, String) {
    let arguments = [&[arguments[0], "rollout/pay"], &arguments[1..], &["-n", "argo-canary", "--yes"]].concat();
    let ran = Home::new().run_while_time_passes(cluster, &[&arguments[..], &["-o", "json"]].concat());
    let outcome =
        serde_json::from_str::<Value>(&ran.out).unwrap_or_default()["outcome"].as_str().unwrap_or("").to_owned();
    (ran.code, outcome, ran.complaints)
}

/// The step that Argo stands at, and the weight of its candidate.
fn of_argo(cluster: &SimCluster) -> (u64, i64) {
    let rollout = cluster.object("rollouts/argo-canary/pay").unwrap();
    let route = cluster.object("virtualservices/argo-canary/pay").unwrap();
    (
        rollout["status"]["currentStepIndex"].as_u64().unwrap(),
        route["spec"]["http"][0]["route"][1]["weight"].as_i64().unwrap(),
    )
}

#[test]
fn a_rollouts_step_is_left_once_by_whatever_verb_however_often_it_is_sent() {
    for verb in ["advance", "continue", "skip"] {
        let cluster = sim("argo");
        assert_eq!(of_argo(&cluster), (1, 20));
        let unsaid = of_rollout(&cluster, &[verb]);
        assert_eq!(unsaid.0, 2, "{verb}: {}", unsaid.2);
        assert!(unsaid.2.contains("--from-step"), "{verb}: {}", unsaid.2);
        assert_eq!(of_argo(&cluster), (1, 20), "{verb}");
        let first = of_rollout(&cluster, &[verb, "--from-step", "1"]);
        assert_eq!((first.0, &*first.1), (0, "applied"), "{verb}: {}", first.2);
        let (step, weight) = of_argo(&cluster);
        assert!(step > 1 && weight >= 50, "{verb}: step {step}, {weight} %");
        let again = of_rollout(&cluster, &[verb, "--from-step", "1"]);
        assert_eq!((again.0, &*again.1), (3, "conflict"), "{verb}: {}", again.2);
    }
}

#[test]
fn a_rollout_without_steps_to_name_asks_for_none() {
    let cluster = sim("argo-bluegreen");
    let ran = Home::new().run_on(&cluster, &["skip", "rollout/front", "-n", "argo-bluegreen", "--yes"]);
    assert_eq!(ran.code, 3, "{}", ran.complaints);
    assert!(ran.complaints.contains("has no steps"), "{}", ran.complaints);
}

#[test]
fn a_target_resolves_to_its_canary_and_what_flagger_makes_is_refused_with_the_canary_named() {
    let cluster = sim("flagger");
    let run = |target: &str| {
        let arguments = ["undo", target, "--to-revision", "previous", "-n", "flagger", "--yes", "--no-wait"];
        Home::new().run_on(&cluster, &arguments)
    };
    let image = |name: &str| {
        let object = cluster.object(&format!("deployments/flagger/{name}")).unwrap();
        object["spec"]["template"]["spec"]["containers"][0]["image"].clone()
    };
    let before = image("podinfo-primary");
    for generated in ["deploy/podinfo-primary", "vs/podinfo", "svc/podinfo-canary"] {
        let ran = run(generated);
        assert_eq!(ran.code, 3, "{generated}: {}", ran.complaints);
        assert!(ran.complaints.contains("steer canary/podinfo"), "{generated}: {}", ran.complaints);
    }
    assert_eq!(image("podinfo-primary"), before);
    let ran = run("deploy/podinfo");
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert!(ran.complaints.contains("deployment/podinfo in flagger is part of canary/podinfo"), "{}", ran.complaints);
    assert_eq!(image("podinfo"), "registry.test/shop/podinfo:v2");
}
