//! The API goes away and comes back: the screen stays, says so, and goes on.

use crate::stage::{Person, Stage, image, sim, writes};
use std::time::Duration;
use windlass::sim::{Access, Effect, Fault, Level, On, Request, SimCluster};
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
async fn a_way_back_from_the_board_opens_blind_while_the_api_stalls() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.quiet(Duration::from_secs(2)).await;
    stage.sim.stall();
    stage.quiet(Duration::from_secs(30)).await;
    stage.press("U").await;
    stage.until("sent blind").await;
    stage.press("<Esc>R").await;
    stage.until("refused").await;
}

#[tokio::test(start_paused = true)]
async fn a_way_back_from_ones_own_write_opens_blind_while_the_api_stalls_and_its_fence_holds() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("frontend").await;
    stage.press("I<Ctrl-u>registry.test/shop/frontend:bad<Enter>").await;
    stage.until("PATCH").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    stage.press("<Esc>").await;
    // The rollout goes on by itself: the objects are read again as it changes them.
    stage.quiet(Duration::from_secs(20)).await;
    stage.sim.stall();
    stage.quiet(Duration::from_secs(30)).await;
    stage.press("U").await;
    stage.until("sent blind").await;
    stage.sim.back();
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(image(&stage.sim, "deployments/shop/frontend"), "registry.test/shop/frontend:3.1");
}

#[tokio::test(start_paused = true)]
async fn a_slow_link_is_no_reason_to_refuse_a_way_back() {
    let stage = Stage::on(&sim("rolling")).await;
    let slow = Effect::Slow(Duration::from_secs(4));
    stage.sim.fault(Fault::new(On::verb("list").path("/replicasets?"), slow));
    stage.press("/search<Enter>U").await;
    stage.until("still reading").await;
    stage.until("PATCH").await;
    assert!(!stage.text().contains("sent blind"), "read at last:\n{}", stage.text());
    stage.press("<Esc>/frontend<Enter>R").await;
    stage.until("refused").await;
}

#[tokio::test(start_paused = true)]
async fn who_pages_through_the_board_reads_nothing_and_who_rests_reads_once() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.quiet(Duration::from_secs(5)).await;
    let details = || {
        let of_one = |request: &&Request| request.verb == "get" && request.path.contains("/deployments/");
        stage.sim.requests().iter().filter(of_one).count()
    };
    let before = details();
    for _ in 0..5 {
        stage.press("jjjkkk").await;
    }
    assert_eq!(details(), before);
    stage.select("frontend").await;
    stage.quiet(Duration::from_secs(60)).await;
    assert_eq!(details(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_told_with_what_to_do_until_it_is_accepted_again() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.sim.revoke_token("user:ana");
    stage.until("not logged in").await;
    stage.until("log in again").await;
    assert!(stage.text().contains("shop/frontend"), "rows stay:\n{}", stage.text());
    stage.sim.renew_token("user:ana");
    stage.until("   live   ").await;
    stage.until_gone("log in again").await;
}

#[tokio::test(start_paused = true)]
async fn rights_that_end_in_mid_session_make_the_screen_old_and_hold_what_goes_forward() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("frontend").await;
    stage.sim.set_access(Access::new("demo", Level::Nobody));
    stage.until("stale").await;
    stage.until("? healthy").await;
    stage.until("not read: ").await;
    stage.quiet(Duration::from_mins(1)).await;
    stage.press("R").await;
    stage.until("refused").await;
    assert_eq!(writes(&stage.sim), 0);
    stage.press("<Esc>").await;
    stage.sim.set_access(Access::new("demo", Level::Admin));
    stage.until("   live   ").await;
    stage.until_gone("not read: ").await;
    stage.until("✔ healthy").await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_or_a_namespace_that_is_refused_and_a_server_that_asks_to_wait_are_named_on_the_board() {
    let cluster = sim("rolling");
    cluster.set_access(Access { without_kinds: ["pods".to_owned()].into(), ..Access::new("demo", Level::Viewer) });
    let stage = Stage::on(&cluster).await;
    stage.until("not read: pods (forbidden)").await;
    drop(stage);
    let cluster = sim("rolling");
    let access = Access { without_namespaces: ["pay".to_owned()].into(), ..Access::new("demo", Level::Viewer) };
    cluster.set_access(access);
    let stage = Stage::on(&cluster).await;
    stage.until("not read: ns pay (forbidden)").await;
    drop(stage);
    let stage = Stage::on(&sim("rolling")).await;
    for verb in ["list", "watch"] {
        let slow = Effect::Status { code: 429, retry_after: Some(17) };
        stage.sim.fault(Fault::new(On::verb(verb).path("/pods"), slow));
    }
    stage.until("not read: pods (again in 1").await;
    stage.sim.heal();
    stage.until_gone("not read: ").await;
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
