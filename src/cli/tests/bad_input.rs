//! What is wrong in itself is shown for what it is: nothing goes forward, and the reason is said.

use serde_json::Value;

use super::run::{Home, sim};

/// Every release of the scenario.
fn items() -> Vec<Value> {
    let status = Home::new().run_on(&sim("bad-input"), &["status", "-n", "shop", "-o", "json"]);
    assert_eq!((status.code, &*status.complaints), (0, ""));
    let list: Value = serde_json::from_str(&status.out).unwrap();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn each_wrong_object_is_a_release_on_which_nothing_goes_forward() {
    let items = items();
    for (target, strategy, why) in [
        ("virtualservice/cart", "istio", "are both for cart.shop.example: which one counts is not defined"),
        ("virtualservice/search", "istio", "DestinationRule search has no subset 'v2'"),
        ("grpcroute/mail", "gateway", "only as gateway.networking.k8s.io/v1alpha2, an older form"),
        ("canary/recommend", "flagger", "Its target Deployment/recommend does not exist."),
    ] {
        let item = items.iter().find(|item| item["target"] == target).unwrap_or_else(|| panic!("{target}: {items:#?}"));
        assert_eq!(item["strategy"], strategy, "{item:#}");
        assert!(item["reason"].as_str().unwrap().contains(why), "{target}: {}", item["reason"]);
        assert!(matches!(item["state"].as_str(), Some("degraded" | "failed")), "{target}: {}", item["state"]);
        for verb in ["advance", "promote"] {
            let action = item["actions"].as_array().unwrap().iter().find(|action| action["verb"] == verb).unwrap();
            assert_eq!(action["enabled"], false, "{target}: {action}");
            assert!(action["why"].as_str().unwrap().contains(why.trim_end_matches('.')), "{target}: {action}");
        }
    }
}

#[test]
fn the_way_back_from_a_wrong_route_is_open() {
    let cluster = sim("bad-input");
    let ran = Home::new().run_while_time_passes(&cluster, &["abort", "vs/cart", "-n", "shop", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    let route = cluster.object("virtualservices.networking.istio.io/shop/cart").unwrap();
    assert_eq!(route["spec"]["http"][0]["route"][1]["weight"], 0);
}

#[test]
fn two_images_for_one_container_are_a_wrong_command_line() {
    let cluster = sim("rolling");
    let set = ["set-image", "deploy/cart", "cart=registry.test/a:1", "cart=registry.test/b:2"];
    let deploy = ["deploy", "deploy/cart", "--image", "cart=registry.test/a:1", "--image", "cart=registry.test/b:2"];
    for arguments in [&set[..], &deploy[..]] {
        let ran = Home::new().run_on(&cluster, &[arguments, &["-n", "shop", "--yes"]].concat());
        assert_eq!(ran.code, 2, "{}", ran.complaints);
        assert!(ran.complaints.contains("'cart' is given two images"), "{}", ran.complaints);
    }
    assert_eq!(cluster.requests().len(), 0);
}

#[test]
fn to_wait_and_not_to_wait_is_a_wrong_command_line() {
    let cluster = sim("rolling");
    for flags in [["--wait", "--no-wait"], ["--no-wait", "--wait"]] {
        let undo = ["undo", "deploy/search", "-n", "shop", "--to-revision", "3", "--yes"];
        let ran = Home::new().run_on(&cluster, &[&undo[..], &flags].concat());
        assert_eq!((ran.code, cluster.requests().len()), (2, 0), "{}", ran.complaints);
        assert!(ran.complaints.contains("--no-wait"), "{}", ran.complaints);
    }
}

#[test]
fn a_kind_and_a_name_in_two_words_are_answered_with_the_one_to_write() {
    for arguments in [
        &["status", "deploy", "web", "-n", "shop"][..],
        &["-n", "shop", "history", "deploy", "web"],
        &["undo", "deploy", "web", "--to-revision", "3", "--yes"],
        &["scale", "deploy", "web", "3"],
        &["set-image", "deploy", "web", "web=registry.test/web:1"],
        &["deploy", "deploy", "web", "--image", "web=registry.test/web:1"],
    ] {
        let ran = Home::new().run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.complaints);
        assert_eq!(ran.complaints, "windlass: write deploy/web: a release is named in one word\n", "{arguments:?}");
    }
    for other in [
        &["deploy", "web", "-n", "shop"][..],
        &["status", "deploy", "--bogus"],
        &["set-image", "deploy/web", "web"],
        &["set-image", "deploy", "web=registry.test/web:1", "web"],
    ] {
        let ran = Home::new().run(other);
        assert_eq!(ran.code, 2, "{other:?}: {}", ran.complaints);
        assert!(!ran.complaints.contains("in one word"), "{other:?}: {}", ran.complaints);
    }
}
