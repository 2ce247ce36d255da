//! Traffic from the key to the weights in the objects.

use crate::stage::{Stage, sim, writes};
use serde_json::Value;
use windlass::sim::SimCluster;

const CHECKOUT: &str = "virtualservices.networking.istio.io/shop/checkout";
const STOREFRONT: &str = "httproutes.gateway.networking.k8s.io/shop/storefront";
const LANDING: &str = "virtualservices.networking.istio.io/shop/landing";

/// The weights in an object, rule by rule; an absent one as -1.
fn weights(sim: &SimCluster, path: &str) -> Vec<Vec<i64>> {
    let object = sim.object(path).expect("it is there");
    let rules = object.pointer("/spec/http").or(object.pointer("/spec/rules")).and_then(Value::as_array).cloned();
    let of = |rule: &Value| {
        let list = rule.get("route").or(rule.get("backendRefs")).and_then(Value::as_array).cloned();
        list.unwrap_or_default().iter().map(|it| it.get("weight").and_then(Value::as_i64).unwrap_or(-1)).collect()
    };
    rules.unwrap_or_default().iter().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn an_advance_takes_every_rule_one_rung_further_in_one_request() {
    let stage = Stage::at_traffic("istio", "checkout").await;
    stage.until("ladder").await;
    stage.press("A").await;
    stage.until("ADVANCE").await;
    stage.until("dry run  ✔ accepted").await;
    assert_eq!(writes(&stage.sim), 0, "nothing is written before the confirmation");
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    let after = weights(&stage.sim, CHECKOUT);
    assert!(after.iter().all(|rule| rule.iter().sum::<i64>() == 100), "{after:?}");
    assert_ne!(after, [[95, 5], [80, 20]]);
    assert_eq!(writes(&stage.sim), 1);
}

#[tokio::test(start_paused = true)]
async fn one_rule_of_several_is_one_arrow_away() {
    let stage = Stage::at_traffic("istio", "checkout").await;
    stage.press("W").await;
    stage.until("SET WEIGHT").await;
    stage.press("<Ctrl-u>40<Enter>").await;
    stage.until("dry run  ✔ accepted").await;
    stage.press("<armed><Right>").await;
    stage.until("dry run  ✔ accepted").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(weights(&stage.sim, CHECKOUT), [[60, 40], [80, 20]]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_goes_back_to_stable_and_z_takes_it_back_again() {
    let stage = Stage::at_traffic("istio", "checkout").await;
    stage.press("X<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(weights(&stage.sim, CHECKOUT), [[100, 0], [100, 0]]);
    stage.press("<Esc>Z").await;
    stage.until("REVERT").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(weights(&stage.sim, CHECKOUT), [[95, 5], [80, 20]]);
}

#[tokio::test(start_paused = true)]
async fn undo_offers_the_traffic_first_while_it_is_split() {
    let stage = Stage::at_traffic("istio", "checkout").await;
    stage.press("U").await;
    stage.until("ABORT").await;
    stage.until("other revision").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(weights(&stage.sim, CHECKOUT), [[100, 0], [100, 0]]);
}

#[tokio::test(start_paused = true)]
async fn a_promotion_gives_the_candidate_everything() {
    let stage = Stage::at_traffic("gateway", "storefront").await;
    stage.press("F<armed>y").await;
    stage.until("accepted ✔").await;
    let after = weights(&stage.sim, STOREFRONT);
    assert!(after.iter().all(|rule| rule[0] == 0 && rule[1] > 0), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_advance_keeps_filters_and_waits_for_its_parent() {
    let stage = Stage::at_traffic("gateway", "storefront").await;
    let filters = |sim: &SimCluster| {
        sim.object(STOREFRONT).and_then(|route| route.pointer("/spec/rules/1/filters").cloned()).expect("filters")
    };
    let before = filters(&stage.sim);
    stage.press("A<armed>y").await;
    stage.until("✔ applied").await;
    assert_eq!(filters(&stage.sim), before);
    assert_ne!(weights(&stage.sim, STOREFRONT), [[1, 1], [95, 5]]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_ab_test_removes_its_rule_and_a_winner_gets_all() {
    let stage = Stage::at_traffic("abtest", "landing").await;
    stage.until("groups").await;
    stage.press("X<armed>y").await;
    stage.until("accepted ✔").await;
    let rules = stage.sim.object(LANDING).and_then(|it| it.pointer("/spec/http").cloned()).expect("rules");
    assert_eq!(rules.as_array().map(Vec::len), Some(1), "{rules}");
    assert_eq!(rules.pointer("/0/route/0/destination/host").and_then(Value::as_str), Some("landing-a"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_as_it_should_be_is_shown_and_not_written() {
    let stage = Stage::at_traffic("istio", "cart").await;
    stage.until("blocked").await;
    stage.press("A").await;
    stage.until("advance shop/cart").await;
    stage.press("W").await;
    stage.until("set-weight shop/cart").await;
    stage.press("X").await;
    stage.until("abort shop/cart: no workload stands behind this route").await;
    assert!(!stage.text().contains("goes back"), "{}", stage.text());
    assert_eq!(writes(&stage.sim), 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_people_who_advance_the_same_step_one_is_told_that_it_moved() {
    let cluster = sim("istio");
    let ana = Stage::on(&cluster).await;
    let ben = Stage::with(&cluster, crate::stage::Person { config: "", who: "ben" }).await;
    for stage in [&ana, &ben] {
        stage.select("checkout").await;
        stage.press("A").await;
        stage.until("dry run  ✔ accepted").await;
    }
    ana.press("<armed>y").await;
    ana.until("accepted ✔").await;
    let once = weights(&cluster, CHECKOUT);
    ben.press("<armed>y").await;
    ben.until("conflict").await;
    assert_eq!(weights(&cluster, CHECKOUT), once, "a step is never skipped");
}

/// What a Service selects on.
fn selected(sim: &SimCluster, service: &str, key: &str) -> String {
    let service = sim.object(&format!("services/{service}")).expect("it is there");
    service.pointer(&format!("/spec/selector/{key}")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_switch_reaches_every_address_and_the_same_key_goes_back() {
    let stage = Stage::at_traffic("bluegreen", "bluegreen/app").await;
    stage.until("color: blue gets everything").await;
    stage.press("S<armed>y").await;
    stage.until("settled  ✔ applied").await;
    assert_eq!(selected(&stage.sim, "bluegreen/app", "color"), "green");
    stage.press("<Esc>").await;
    stage.until("all 3 belong to green").await;
    stage.press("S<armed>y").await;
    stage.until("settled  ✔ applied").await;
    assert_eq!(selected(&stage.sim, "bluegreen/app", "color"), "blue");
}

#[tokio::test(start_paused = true)]
async fn after_a_switch_undo_goes_back_once_and_what_was_left_is_no_way_back() {
    let stage = Stage::at_traffic("bluegreen", "bluegreen/app").await;
    let color = || selected(&stage.sim, "bluegreen/app", "color");
    for (key, heading, live) in [("S", "┌ SWITCH", "green"), ("U", "┌ ABORT", "blue")] {
        stage.press(key).await;
        stage.until(heading).await;
        stage.until("dry run  ✔ accepted").await;
        stage.press("<armed>y").await;
        stage.until("settled  ✔").await;
        assert_eq!(color(), live);
        stage.press("<Esc>").await;
        stage.until_gone(heading).await;
    }
    stage.press("X").await;
    stage.until("nothing was switched that could be taken back").await;
    assert_eq!(color(), "blue");
}

#[tokio::test(start_paused = true)]
async fn a_held_switch_says_why_and_is_overridden_with_a_reason_only() {
    let stage = Stage::at_traffic("bluegreen", "shop/cart").await;
    stage.press("S").await;
    stage.until("refused  ✖").await;
    stage.press("<armed>b").await;
    stage.until("dry run  ✔ accepted").await;
    stage.press("<armed><Enter><armed>y").await;
    stage.until("type the reason").await;
    assert_eq!(selected(&stage.sim, "shop/cart", "color"), "blue");
    stage.press("<armed>enight<Enter><armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(selected(&stage.sim, "shop/cart", "color"), "green");
}

#[tokio::test(start_paused = true)]
async fn a_canary_by_replicas_goes_up_before_stable_goes_down() {
    let stage = Stage::at_traffic("bluegreen", "shop/search").await;
    let replicas = |stage: &Stage, name: &str| {
        let object = stage.sim.object(&format!("deployments/shop/{name}"));
        object.and_then(|object| object["spec"]["replicas"].as_i64()).expect("replicas")
    };
    stage.press("A<armed>y").await;
    stage.until("accepted ✔").await;
    stage.until("settled  ✔ applied").await;
    assert_eq!((replicas(&stage, "search-canary"), replicas(&stage, "search")), (2, 8));
    assert_eq!(writes(&stage.sim), 2);
}

#[tokio::test(start_paused = true)]
async fn the_history_of_a_route_says_whose_revisions_it_holds() {
    let stage = Stage::at_traffic("istio", "checkout").await;
    stage.press("5").await;
    stage.until("2 revisions of checkout-v2").await;
}

#[tokio::test(start_paused = true)]
async fn a_write_is_taken_back_from_the_dialog_that_offers_it() {
    let stage = Stage::at_traffic("istio", "checkout").await;
    let before = weights(&stage.sim, CHECKOUT);
    stage.press("X<armed>y").await;
    stage.until("Z take back").await;
    stage.press("Z").await;
    stage.until("┌ REVERT shop/checkout").await;
    assert_ne!(weights(&stage.sim, CHECKOUT), before, "nothing is written before it is confirmed");
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(weights(&stage.sim, CHECKOUT), before);
}

#[tokio::test(start_paused = true)]
async fn what_ended_an_ab_test_is_taken_back_from_its_result_from_its_pane_and_from_what_the_test_became() {
    let rules = |stage: &Stage| stage.sim.object(LANDING).and_then(|it| it.pointer("/spec/http").cloned());
    for from in ["result", "pane", "row"] {
        let stage = Stage::on(&sim("abtest")).await;
        stage.select("landing").await;
        if from == "pane" {
            stage.press("<Enter>").await;
            stage.until("1 Versions").await;
        }
        let before = rules(&stage);
        stage.press("F").await;
        stage.until("┌ PROMOTE shop/landing").await;
        stage.press("<armed>y").await;
        stage.until("Z take back").await;
        assert_ne!(rules(&stage), before);
        if from != "result" {
            stage.press("<Esc>").await;
            stage.until_gone("┌ PROMOTE").await;
            stage.until(if from == "pane" { "gone" } else { "shop/landing-b" }).await;
            stage.until("Z take back").await;
        }
        stage.press("Z").await;
        stage.until("┌ REVERT shop/landing ").await;
        stage.until("dry run  ✔ accepted").await;
        stage.press("<armed>y").await;
        stage.until("accepted ✔").await;
        assert_eq!(rules(&stage), before);
    }
}

#[tokio::test(start_paused = true)]
async fn d_on_a_split_release_compares_with_what_x_goes_back_to() {
    let stage = Stage::at_traffic("bad-canary", "checkout").await;
    stage.press("d").await;
    stage.until("shop/checkout: 1.9.3 against 1.9.2").await;
    stage.until("- registry.test/shop/checkout:1.9.3").await;
    stage.until("+ registry.test/shop/checkout:1.9.2").await;
}

#[tokio::test(start_paused = true)]
async fn a_test_of_a_controller_is_told_by_rule_and_not_as_a_share_of_everything() {
    let stage = Stage::at_traffic("flagger", "flagger/search").await;
    stage.until("by rule").await;
    let row = stage.text();
    assert!(!row.contains("100 %   "), "{row}");
}
