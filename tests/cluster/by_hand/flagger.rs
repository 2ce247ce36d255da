//! A Canary of Flagger, with and without gates.

use super::{Console, Person};
use crate::flagger::{
    ALL_GATES, NOT_OPEN, candidate_is_ready, initialised, looked_twice, moved, open_the_gate, phase, weights,
};
use crate::room::{Room, image};
use serde_json::{Value, json};
use windlass::domain::Kind;

fn set_image(room: &Room, version: &str) {
    room.kubectl(&["set", "image", "deployment/web", &format!("app={}", image(version))]);
}

async fn at_25(name: &str) -> Room {
    let room = initialised(name, &[]).await;
    set_image(&room, "v2");
    moved(&room, (75, 25)).await;
    room
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger"]
async fn a_flagger_canary_by_commands() {
    let room = at_25("by-command-fl").await;
    let person = Person::new(&room);
    let status = person.status("canary/web");
    assert_eq!((status["strategy"].as_str(), status["step"]["index"].as_u64()), (Some("flagger"), None));
    person.does(&["pause", "canary/web"]);
    assert_eq!(room.field(Kind::Canary, "web", "/spec/suspend"), true);
    let now = person.status("canary/web")["tracks"][1]["weight"]["asked"].to_string();
    assert!(person.may_not(&["advance", "canary/web", "--from-weight", &now]).contains("suspended"));
    assert!(person.may_not(&["abort", "canary/web"]).contains("break-glass"));
    person.does(&["abort", "canary/web", "--override", "break-glass", "--reason", "a test"]);
    assert_eq!(weights(&room), (100, 0));
    person.does(&["resume", "canary/web"]);
    person.does(&["promote", "canary/web", "--no-wait"]);
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(Kind::Deployment, "web-primary"), image("v2"));
    person.does(&["undo", "canary/web", "--to-revision", "1", "--no-wait"]);
    assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger"]
async fn a_flagger_canary_by_keys() {
    let room = at_25("by-key-fl").await;
    let mut console = Console::open(&room, "canary/web", "F promote");
    console.does("P", "PAUSE");
    assert_eq!(room.field(Kind::Canary, "web", "/spec/suspend"), true);
    console.does("P", "RESUME");
    console.shows("F promote");
    console.does("F", "PROMOTE");
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(Kind::Deployment, "web-primary"), image("v2"));
    console.shows("healthy");
    console.plans("U", "UNDO");
    console.shows("revision 1");
    console.confirms("UNDO");
    assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
    console.quit();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger"]
async fn the_glass_of_a_flagger_canary_is_broken_by_keys() {
    let room = initialised("by-key-glass", &[]).await;
    // Typing the reason takes a while, and a plan that Flagger's next step overtakes is not written to its end.
    let slower = json!({"spec": {"analysis": {"interval": "20s"}}}).to_string();
    room.kubectl(&["patch", "canary", "web", "--type=merge", "-p", &slower]);
    let mut console = Console::open(&room, "canary/web", "? help");
    set_image(&room, "v2");
    moved(&room, (75, 25)).await;
    console.shows("25 %");
    console.shows("X to stable");
    console.plans("X", "ABORT");
    console.shows("b override");
    console.overrides("it burns", "this writes a route that Flagger owns");
    console.confirms("ABORT");
    assert_eq!((room.field(Kind::Canary, "web", "/spec/suspend"), weights(&room)), (true.into(), (100, 0)));
    console.plans("U", "UNDO");
    console.shows("registry.test/shop/app:v1");
    console.confirms("UNDO");
    assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
    console.does("P", "RESUME");
    assert_eq!(room.field(Kind::Canary, "web", "/spec/suspend"), false);
    console.quit();
    phase(&room, &["Succeeded"]).await;
    assert_eq!((room.image(Kind::Deployment, "web-primary"), weights(&room)), (image("v1"), (100, 0)));
}

/// A run that chooses by header and counts its checks instead of shifting weight.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster with Flagger"]
async fn an_ab_test_of_flagger_by_commands() {
    let room = initialised("by-command-flab", &[]).await;
    let chosen = json!([{"headers": {"x-canary": {"exact": "insider"}}}]);
    let analysis = json!({"iterations": 30, "match": chosen, "maxWeight": null, "stepWeight": null});
    room.kubectl(&[
        "patch",
        "canary",
        "web",
        "--type=merge",
        "-p",
        &json!({"spec": {"analysis": analysis}}).to_string(),
    ]);
    set_image(&room, "v2");
    let person = Person::new(&room);
    moved(&room, (0, 100)).await;
    let status = person.status("canary/web");
    assert_eq!((status["strategy"].as_str(), status["state"].as_str()), (Some("flagger"), Some("progressing")));
    assert!(status["reason"].as_str().is_some_and(|reason| reason.ends_with(" of 30 of v2.")), "{}", status["reason"]);
    let rule = &status["traffic"]["rules"][0];
    assert_eq!(
        (rule["requests"].as_str(), rule["shares"][1]["actual"].as_u64()),
        (Some("header x-canary is insider"), Some(100))
    );
    person.does(&["pause", "canary/web"]);
    assert_eq!(room.field(Kind::Canary, "web", "/spec/suspend"), true);
    assert!(person.may_not(&["abort", "canary/web"]).contains("break-glass"));
    person.does(&["abort", "canary/web", "--override", "break-glass", "--reason", "a test"]);
    assert_eq!(weights(&room), (100, 0));
    person.does(&["resume", "canary/web"]);
    person.does(&["promote", "canary/web", "--no-wait"]);
    phase(&room, &["Succeeded"]).await;
    assert_eq!(room.image(Kind::Deployment, "web-primary"), image("v2"));
}

/// Lets the analysis start, and waits for its pods.
async fn starts(room: &Room, person: &Person<'_>) {
    phase(room, &["Waiting"]).await;
    assert_eq!(person.status("canary/web")["state"], "waiting");
    person.does(&["continue", "canary/web", "--from-weight", "0"]);
    phase(room, &["Progressing"]).await;
    candidate_is_ready(room).await;
    assert_eq!(weights(room), (100, 0), "the gate was closed behind it");
    let again = person.may_not(&["continue", "canary/web", "--from-weight", "0"]);
    assert!(again.contains("it has started since"), "{again}");
    assert_eq!(weights(room), (100, 0), "what passed the start passes no weight");
}

/// What needs the gates of a load tester.
mod gated {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a cluster with Flagger and its load tester"]
    async fn a_gated_flagger_canary_by_commands() {
        let room = initialised("by-command-flg", &ALL_GATES).await;
        let person = Person::new(&room);
        set_image(&room, "v2");
        starts(&room, &person).await;
        let step = ["advance", "canary/web", "--from-weight", "0"];
        person.does(&step);
        assert_eq!(weights(&room), (75, 25));
        assert!(person.may_not(&step).contains("25 %, not at 0 %"));
        person.does(&["abort", "canary/web"]);
        assert_eq!((room.field(Kind::Canary, "web", "/status/phase"), weights(&room)), ("Failed".into(), (100, 0)));
        person.does(&["retry", "canary/web", "--no-wait"]);
        starts(&room, &person).await;
        assert!(person.may_not(&["skip", "canary/web", "--from-weight", "25"]).contains("0 %, not at 25 %"));
        person.does(&["skip", "canary/web", "--from-weight", "0"]);
        assert_eq!(phase(&room, &["Succeeded"]).await, "Succeeded");
        assert_eq!((room.image(Kind::Deployment, "web-primary"), weights(&room)), (image("v2"), (100, 0)));
        assert_eq!(room.field(Kind::Canary, "web", "/spec/skipAnalysis"), Value::Null, "as it was");
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a cluster with Flagger and its load tester"]
    async fn a_run_is_held_by_its_gate_taken_to_the_top_and_through_the_promotion_gate_by_commands() {
        let room = initialised("by-command-flp", &ALL_GATES).await;
        let person = Person::new(&room);
        set_image(&room, "v2");
        starts(&room, &person).await;
        open_the_gate(&room);
        moved(&room, (75, 25)).await;
        person.does(&["pause", "canary/web"]);
        assert_ne!(room.field(Kind::Canary, "web", "/spec/suspend"), true, "the gate holds it");
        // A check that was under way may have let one weight through.
        looked_twice(&room, NOT_OPEN).await;
        let held = weights(&room);
        looked_twice(&room, NOT_OPEN).await;
        assert_eq!(weights(&room), held, "no look lets it any further");
        assert_eq!(room.field(Kind::Canary, "web", "/status/phase"), "Progressing");
        for weight in (held.1..50).step_by(25) {
            person.does(&["advance", "canary/web", "--from-weight", &weight.to_string()]);
        }
        assert_eq!(weights(&room), (50, 50));
        assert_eq!(room.image(Kind::Deployment, "web-primary"), image("v1"), "at the top it waits for a person");
        person.does(&["continue", "canary/web", "--from-weight", "50"]);
        phase(&room, &["Succeeded"]).await;
        assert_eq!((room.image(Kind::Deployment, "web-primary"), weights(&room)), (image("v2"), (100, 0)));
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a cluster with Flagger and its load tester"]
    async fn a_run_that_waits_for_its_promotion_is_let_through_by_commands() {
        let room = initialised("by-command-flw", &[("confirm-promotion", "/gate/check")]).await;
        let person = Person::new(&room);
        set_image(&room, "v2");
        phase(&room, &["WaitingPromotion"]).await;
        let status = person.status("canary/web");
        assert_eq!((status["state"].as_str(), weights(&room)), (Some("waiting"), (50, 50)), "{status}");
        person.does(&["continue", "canary/web", "--from-weight", "50"]);
        phase(&room, &["Succeeded"]).await;
        assert_eq!((room.image(Kind::Deployment, "web-primary"), weights(&room)), (image("v2"), (100, 0)));
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs a cluster with Flagger and its load tester"]
    async fn a_gated_flagger_canary_by_keys() {
        let room = initialised("by-key-flg", &ALL_GATES).await;
        set_image(&room, "v2");
        phase(&room, &["Waiting"]).await;
        let mut console = Console::open(&room, "canary/web", "A advance");
        console.shows("waits for gate");
        console.does("C", "CONTINUE");
        phase(&room, &["Progressing"]).await;
        console.shows("0 % → 25 % of web");
        console.does("A", "ADVANCE");
        assert_eq!(weights(&room), (75, 25));
        console.does("X", "ABORT");
        assert_eq!((room.field(Kind::Canary, "web", "/status/phase"), weights(&room)), ("Failed".into(), (100, 0)));
        console.does("U", "UNDO");
        assert_eq!(room.image(Kind::Deployment, "web"), image("v1"));
        console.quit();
    }
}
