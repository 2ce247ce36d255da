//! What is looked at: rows, panes, logs, YAML, diffs, namespaces.

use crate::stage::{Stage, sim};
use windlass::tui::Pointer;

#[tokio::test(start_paused = true)]
async fn the_board_shows_the_worst_first_and_says_what_to_do() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.until("!pull").await;
    stage.until("✖ down").await;
    let text = stage.text();
    let place = |name: &str| text.find(name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    assert!(place("pay/ledger") < place("shop/search") && place("shop/search") < place("shop/frontend"), "{text}");
    assert!(text.contains("simulated"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_release_shows_its_pods_its_history_and_its_events() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.press("<Enter>").await;
    stage.until("ImagePullBackOff").await;
    stage.press("5").await;
    stage.until("back to v41").await;
    stage.press("6").await;
    stage.until("Back-off pulling image").await;
    stage.press("3").await;
    stage.until("can't pull").await;
}

#[tokio::test(start_paused = true)]
async fn logs_yaml_and_diff_are_one_key_away() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("frontend").await;
    stage.press("<Enter>jl").await;
    stage.until("level=info").await;
    stage.press("<Esc>y").await;
    stage.until("kind: Deployment").await;
    stage.press("<Esc><Esc>").await;
    stage.select("search").await;
    stage.press("d").await;
    stage.until("+ registry.test/shop/search:v41").await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_are_switched_without_a_restart() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.until("shop/frontend").await;
    stage.press(":ns pay<Enter>").await;
    stage.until("ns pay").await;
    stage.until("pay/ledger").await;
    stage.until_gone("shop/frontend").await;
    stage.press(":ns all<Enter>").await;
    stage.until("shop/frontend").await;
}

#[tokio::test(start_paused = true)]
async fn during_an_update_pods_are_seen_moving_from_one_track_to_the_other() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("web").await;
    stage.press("<Enter>").await;
    stage.until("candidate v4").await;
    stage.until("6 pods, 6 ready  100 %").await;
    stage.until_gone("candidate").await;
}

#[tokio::test(start_paused = true)]
async fn the_wheel_moves_as_the_arrows_do_and_a_press_does_nothing() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.press("g").await;
    // The name alone: the rest of a row moves with the clock.
    let selected = || {
        let text = stage.text();
        let row = text.lines().find(|line| line.starts_with('▌'))?;
        row.split_whitespace().find(|word| word.contains('/')).map(ToOwned::to_owned)
    };
    let first = selected();
    assert!(first.is_some(), "{}", stage.text());
    stage.point(Pointer::Press(3, 9)).await;
    assert_eq!(selected(), first);
    stage.point(Pointer::Down(3, 9)).await;
    let second = selected();
    assert_ne!(second, first);
    stage.press("k").await;
    assert_eq!(selected(), first);
    stage.press("j").await;
    stage.point(Pointer::Up(3, 9)).await;
    assert_eq!(selected(), first);
}
