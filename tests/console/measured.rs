//! What is measured, from the pods' counters to the screen and to what it holds back.

use crate::stage::{Stage, sim, writes};
use serde_json::json;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_is_seen_within_seconds_holds_the_advance_and_goes_back_by_one_key() {
    let stage = Stage::on(&sim("bad-canary")).await;
    stage.select("checkout").await;
    stage.press("<Enter>4").await;
    let seen = tokio::time::timeout(Duration::from_secs(10), stage.until("✖ 20 %")).await;
    assert!(seen.is_ok(), "{}", stage.text());
    stage.until("scrape").await;
    assert!(stage.text().contains("+20 points"), "{}", stage.text());
    stage.press("A").await;
    stage.until("held     ✖").await;
    stage.press("<armed>y").await;
    assert_eq!(writes(&stage.sim), 0, "{}", stage.text());
    // Nothing holds who leaves the ladder on purpose, and the numbers stand in the plan.
    stage.press("<Esc>F").await;
    stage.until("numbers  ✖ this rung does not bake: error rate").await;
    stage.press("<Esc>X<armed>y").await;
    stage.until("accepted ✔").await;
    let route = stage.sim.object("virtualservices/shop/checkout").expect("there");
    let weights: Vec<_> = (0..2).map(|place| route["spec"]["http"][0]["route"][place]["weight"].clone()).collect();
    assert_eq!(weights, [json!(100), json!(0)]);
    stage.press("<Esc>").await;
    // Its numbers go with the requests: no traffic is a word.
    stage.until("no traffic").await;
}

#[tokio::test(start_paused = true)]
async fn the_board_tells_the_errors_of_what_is_on_its_way() {
    let stage = Stage::on(&sim("bad-canary")).await;
    stage.until("ERR%").await;
    stage.until_row("shop/checkout", "+20").await;
    stage.until_row("efront", "0.").await;
}
