//! The API goes away and comes back: the screen stays, says so, and goes on.

use crate::stage::{Person, Stage, sim};
use std::time::Duration;
use windlass::sim::SimCluster;
use windlass::tui::Ending;

#[tokio::test(start_paused = true)]
async fn the_screen_stays_when_the_api_goes_away_and_is_live_again_when_it_is_back() {
    for goes in [SimCluster::away, SimCluster::stall] {
        let stage = Stage::on(&sim("rolling")).await;
        goes(&stage.sim);
        let gone = tokio::time::Instant::now();
        stage.until("away").await;
        assert!(gone.elapsed() < Duration::from_secs(5), "{:?}", gone.elapsed());
        assert!(stage.text().contains("shop/frontend"), "rows stay:\n{}", stage.text());
        stage.quiet(Duration::from_mins(1)).await;
        stage.sim.back();
        stage.until("   live   ").await;
    }
}

#[tokio::test(start_paused = true)]
async fn forward_is_refused_while_the_api_is_away_and_back_opens_blind() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.press("<Enter>").await;
    stage.quiet(Duration::from_secs(2)).await;
    stage.sim.away();
    stage.quiet(Duration::from_secs(30)).await;
    stage.press("R").await;
    stage.until("refused").await;
    stage.press("<Esc>U").await;
    stage.until("sent blind").await;
}

#[tokio::test(start_paused = true)]
async fn quitting_and_the_second_ctrl_c_end_the_console() {
    let cluster = sim("rolling");
    let stage = Stage::on(&cluster).await;
    stage.press("q").await;
    assert_eq!(stage.ended().await, Ending::Quit);
    let stage = Stage::with(&cluster, Person { config: "", who: "ben" }).await;
    stage.press("<Ctrl-c><Ctrl-c>").await;
    assert_eq!(stage.ended().await, Ending::Quit);
}
