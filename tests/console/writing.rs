//! Plans from the key to the settled release.

use crate::stage::{Stage, image, sim, writes};
use std::time::Duration;

const SEARCH: &str = "deployments/shop/search";

#[tokio::test(start_paused = true)]
async fn an_undo_is_one_request_after_the_confirmation_and_is_followed_until_it_settled() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.press("U").await;
    stage.until("dry run  ✔ accepted").await;
    assert_eq!(writes(&stage.sim), 0, "nothing is written before the confirmation");
    stage.press("<armed>y").await;
    stage.until("settled  ✔ applied").await;
    assert_eq!(writes(&stage.sim), 1);
    assert_eq!(image(&stage.sim, SEARCH), "registry.test/shop/search:v41");
}

#[tokio::test(start_paused = true)]
async fn z_takes_the_last_write_back_exactly() {
    let stage = Stage::on(&sim("rolling")).await;
    let template = |stage: &Stage| stage.sim.object(SEARCH).and_then(|it| it.pointer("/spec/template").cloned());
    let before = template(&stage);
    stage.select("search").await;
    stage.press("U<armed>y").await;
    stage.until("settled  ✔ applied").await;
    stage.press("<Esc>Z").await;
    stage.until("REVERT").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(template(&stage), before);
}

#[tokio::test(start_paused = true)]
async fn another_revision_is_one_arrow_away() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.press("U").await;
    stage.until("dry run  ✔ accepted").await;
    stage.press("<Right>").await;
    stage.until("revision 2").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(image(&stage.sim, SEARCH), "registry.test/shop/search:v40");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_is_paused_and_resumed_with_the_same_key() {
    let stage = Stage::on(&sim("rolling")).await;
    let paused = |stage: &Stage| stage.sim.object("deployments/shop/web").and_then(|it| it["spec"]["paused"].as_bool());
    stage.select("web").await;
    stage.press("P<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(paused(&stage), Some(true));
    stage.press("<Esc>").await;
    stage.until("held").await;
    stage.press("P").await;
    stage.until("RESUME").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_ne!(paused(&stage), Some(true));
}

#[tokio::test(start_paused = true)]
async fn images_and_replicas_are_typed_and_then_confirmed() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("frontend").await;
    stage.press("N<Ctrl-u>5<Enter>").await;
    stage.until("SCALE shop/frontend").await;
    assert_eq!(writes(&stage.sim), 0, "Enter only makes the plan");
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    let replicas = stage.sim.object("deployments/shop/frontend").map(|it| it["spec"]["replicas"].clone());
    assert_eq!(replicas, Some(5.into()));
    stage.press("<Esc>I<Ctrl-u>registry.test/shop/frontend:3.2<Enter>").await;
    stage.until("+ registry.test/shop/frontend:3.2").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(image(&stage.sim, "deployments/shop/frontend"), "registry.test/shop/frontend:3.2");
}

#[tokio::test(start_paused = true)]
async fn of_two_consoles_with_the_same_plan_one_applies_and_the_other_meets_the_fence() {
    let cluster = sim("rolling");
    let ana = Stage::on(&cluster).await;
    let ben = Stage::with(&cluster, crate::stage::Person { config: "", who: "ben" }).await;
    for stage in [&ana, &ben] {
        stage.select("search").await;
        stage.press("U").await;
        stage.until("dry run  ✔ accepted").await;
    }
    ben.press("<armed>y").await;
    ben.until("accepted ✔").await;
    ana.press("<armed>y").await;
    ana.until("conflict").await;
    let patched = |it: &&windlass::sim::Request| it.is_mutation() && it.verb == "patch" && it.code == 200;
    assert_eq!(cluster.requests().iter().filter(patched).count(), 1);
    assert!(ana.text().contains("ben"), "{}", ana.text());
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_puts_the_template_back_raises_an_alarm_with_its_name() {
    let stage = Stage::on(&sim("rolling")).await;
    let before = stage.sim.object(SEARCH).expect("it is there");
    stage.select("search").await;
    stage.press("U<armed>y").await;
    stage.until("settled  ✔ applied").await;
    stage.quiet(Duration::from_secs(3)).await;
    stage
        .sim
        .edit(SEARCH, "argocd-controller", |object| object["spec"]["template"] = before["spec"]["template"].clone());
    stage.until("ALARM").await;
    assert!(stage.text().to_lowercase().contains("argo"), "{}", stage.text());
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_in_the_journal_and_in_the_time_line() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.press("U<armed>y").await;
    stage.until("settled  ✔ applied").await;
    stage.press("<Esc>:journal<Enter>").await;
    stage.until("applied     UNDO shop/search").await;
    stage.press("<Esc>e").await;
    stage.until("ana: applied and settled").await;
    // What the pods did since stands above it, a screen of lines or more.
    while !stage.text().contains("UNDO shop/search") {
        let before = stage.text();
        stage.press("<PgDn>").await;
        assert_ne!(stage.text(), before, "the time line ends without the undo");
    }
}

/// What is under way is known to the console, not to the namespaces that are shown: a way back ends our own wait there.
#[tokio::test(start_paused = true)]
async fn after_a_switch_of_namespaces_an_undo_still_ends_the_wait_of_ones_own_write() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("frontend").await;
    stage.press("I<Ctrl-u>registry.test/shop/frontend:4-bad<Enter><armed>y").await;
    stage.until("accepted ✔").await;
    stage.press("<Esc>:ns shop<Enter>").await;
    stage.until("ns shop").await;
    stage.until("frontend").await;
    stage.press("/frontend<Enter>").await;
    stage.press("U<armed>y").await;
    stage.until("accepted ✔").await;
    let told = || std::fs::read_to_string(stage.home().join("journal.jsonl")).unwrap_or_default();
    stage.quiet(Duration::from_secs(30)).await;
    assert!(told().contains("a later undo took over"), "{}", told());
    assert!(!told().contains("changed the template"), "{}", told());
}

#[tokio::test(start_paused = true)]
async fn p_in_an_undo_of_a_held_release_resumes_it_in_the_same_write() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("checkout").await;
    stage.press("U").await;
    stage.until("it stays paused; 'p'").await;
    stage.press("<armed>p").await;
    stage.until("the same write also resumes it").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    let checkout = stage.sim.object("deployments/shop/checkout").expect("it is there");
    assert_ne!(checkout["spec"]["paused"], true);
    assert_eq!(image(&stage.sim, "deployments/shop/checkout"), "registry.test/shop/checkout:1.9.2");
    assert_eq!(writes(&stage.sim), 1);
}

#[tokio::test(start_paused = true)]
async fn o_in_an_undo_also_deletes_the_broken_pod_and_without_it_nothing_is_deleted() {
    for (key, deleted) in [("", 0), ("o", 1)] {
        let stage = Stage::on(&sim("statefulset")).await;
        stage.select("queue").await;
        stage.press("U").await;
        stage.until("dry run  ✔ accepted").await;
        stage.press(&format!("<armed>{key}<armed>y")).await;
        stage.until(if deleted > 0 { "settled  ✔ applied" } else { "accepted ✔" }).await;
        assert_eq!((stage.sim.count("delete"), writes(&stage.sim)), (deleted, 1 + deleted), "{key}");
    }
}

/// The dialog ends with the write, and the board says what is left to do and that it was done.
#[tokio::test(start_paused = true)]
async fn an_undo_of_what_changes_on_deletion_ends_at_once_and_the_board_waits_for_the_pods() {
    let stage = Stage::on(&sim("statefulset")).await;
    stage.select("archive").await;
    stage.until("3 pods of v1 wait to be deleted, then v2 comes").await;
    for pod in ["archive-0", "archive-1", "archive-2"] {
        assert!(stage.sim.remove(&format!("pods/statefulset/{pod}")));
    }
    stage.until("3 of 3 pods ready at v2").await;
    stage.press("U").await;
    stage.until("OnDelete: nothing happens until somebody deletes pods").await;
    stage.press("<armed>y").await;
    stage.until("applied").await;
    stage.press("<Esc>").await;
    stage.until("3 pods of v2 wait to be deleted, then v1 comes").await;
    assert_eq!((stage.sim.count("delete"), writes(&stage.sim)), (0, 1));
}
