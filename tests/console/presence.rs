//! A second console sees who steps a release: on the board, in the open release, and before its own step.

use crate::stage::{Person, Stage, writes};
use windlass::sim::{Access, Level};

async fn ben(stage: &Stage) -> Stage {
    Stage::with(&stage.sim, Person { config: "", who: "ben" }).await
}

#[tokio::test(start_paused = true)]
async fn who_steps_is_seen_by_the_other_console_and_not_by_ones_own() {
    let ana = Stage::at_traffic("istio", "checkout").await;
    let ben = ben(&ana).await;
    ana.press("A").await;
    ana.until("Lease windlass-step-virtualservice-checkout will say who steps it").await;
    assert_eq!(writes(&ana.sim), 0, "a plan writes nothing");
    ana.press("<armed>y").await;
    ana.until("accepted ✔").await;
    ben.until("@ana").await;
    ben.select("checkout").await;
    ben.until(" steps it since ").await;
    ben.press("<Enter>").await;
    ben.until("is stepping this release since").await;
    ben.press("X").await;
    ben.until("ABORT").await;
    ben.until("presence ▲ ana@").await;
    ana.press("<Esc>").await;
    ana.until("[2 Traffic]").await;
    ana.until_gone("ADVANCE").await;
    assert!(!ana.text().contains("is stepping this release"), "{}", ana.text());
    assert_eq!(writes(&ana.sim), 1);
    ben.press("<armed>y").await;
    ben.until("accepted ✔").await;
    ben.press("<Esc>").await;
    ben.until_gone("is stepping this release").await;
}

#[tokio::test(start_paused = true)]
async fn without_the_right_the_plan_says_that_presence_is_off_and_the_step_is_taken() {
    let ana = Stage::at_traffic("istio", "checkout").await;
    let mut access = Access::new("ana", Level::Admin);
    access.writes = Some(["virtualservices".to_owned()].into());
    access.without_kinds.insert("leases".to_owned());
    ana.sim.set_access(access);
    let ben = ben(&ana).await;
    assert!(!ben.text().contains("lease"), "the board does not speak of it:\n{}", ben.text());
    ben.select("checkout").await;
    ben.press("<Enter>A").await;
    ben.until("presence ? off: it needs 'create leases.coordination.k8s.io in").await;
    ben.press("G").await;
    ben.until("is not known: ").await;
    ben.press("<armed>y").await;
    ben.until("accepted ✔").await;
    assert!(ana.sim.objects("leases", "shop").is_empty());
}
