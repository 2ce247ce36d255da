//! Plans that are confirmed, and what becomes of them.

use crate::kit::{Console, deployment, image, sim};
use windlass::action::{Policy, Progress};
use windlass::domain::intent::{PausedUndo, UndoTo};
use windlass::domain::journal::Event;
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::workload::Image;
use windlass::domain::{Intent, Kind, ObjectKey, Revision, State};

#[tokio::test(start_paused = true)]
async fn an_undo_of_a_stuck_release_settles_and_is_recorded_as_good() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let search = deployment("search");
    let stuck =
        ana.release(&search, "stuck", |release| release.state == State::Failed && !release.history.is_empty()).await;
    let old = stuck.back_to.expect("a way back");
    let plan = ana.propose(&search, Intent::undo()).await.expect("a plan");
    let before = sim.mutations();
    let (outcome, heard) = ana.confirm(&plan).await;
    assert_eq!((outcome.kind, &*outcome.reason), (OutcomeKind::Applied, "applied and settled"));
    let milestones: Vec<_> = heard
        .iter()
        .filter(|news| !matches!(news, Progress::Waiting(_) | Progress::Answered { .. }))
        .cloned()
        .collect();
    assert_eq!(milestones, [Progress::Journalled, Progress::Sent(0), Progress::Accepted, Progress::Observed]);
    assert_eq!(image(&sim, "deployments/shop/search"), "registry.test/shop/search:v41");
    let cause = sim.object("deployments/shop/search").expect("there");
    let cause = cause.pointer("/metadata/annotations/kubernetes.io~1change-cause").cloned();
    assert_eq!(cause, Some("search v41: typo tolerance".into()));
    assert_eq!(sim.mutations() - before, 2, "one patch and one event");
    let release = ana.release(&search, "healthy", |release| release.state == State::Healthy).await;
    let entry = release.entry(old).expect("its number became an alias");
    assert!(entry.current && entry.revision > old);
    let events: Vec<Event> = ana.engine.journal().entries().expect("readable").into_iter().map(|it| it.event).collect();
    assert!(
        matches!(&events[0], Event::Intent(record) if record.before.template_sha256.len() == 64 && &*record.who == "ana")
    );
    assert!(events.iter().any(|event| matches!(event, Event::Settled { .. })));
    assert!(matches!(events.last(), Some(Event::Outcome(_))));
    let recorded = ana.engine.journal().recorded();
    assert!(recorded.settled_at(&release.uid, entry.hash.as_deref().expect("a hash")).is_some());
}

#[tokio::test(start_paused = true)]
async fn two_consoles_confirm_the_same_plan_and_one_is_told_who_was_first() {
    let sim = sim("rolling");
    let (ana, ben) = (Console::of(&sim, "ana").await, Console::of(&sim, "ben").await);
    let cart = deployment("cart");
    let theirs = ana.propose(&cart, Intent::undo()).await.expect("a plan");
    let mine = ben.propose(&cart, Intent::undo()).await.expect("a plan");
    let first = ben.confirm(&mine).await.0;
    let second = ana.confirm(&theirs).await.0;
    assert_eq!(first.kind, OutcomeKind::Applied);
    assert_eq!(second.kind, OutcomeKind::Conflict);
    assert!(second.reason.contains("its template, by ben (windlass)"), "{}", second.reason);
    assert!(second.reason.contains(" ago"), "{}", second.reason);
}

#[tokio::test(start_paused = true)]
async fn ten_undos_back_to_back_alternate_and_never_go_to_the_wrong_revision() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let versions = ["registry.test/shop/cart:v87", "registry.test/shop/cart:v88"];
    for round in 0..10 {
        let intent = || Intent::Undo { to: UndoTo::Previous, paused: PausedUndo::StayPaused };
        let plan = loop {
            match ana.propose(&cart, intent()).await {
                Ok(plan) => break plan,
                Err(refusal) => assert_eq!(refusal.kind, windlass::domain::plan::RefusalKind::ReadAgain),
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        let consent = windlass::action::Consent { wait: None, ..Default::default() };
        let (outcome, _) = crate::kit::hear(&mut ana.engine.apply(plan, consent)).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        assert_eq!(image(&sim, "deployments/shop/cart"), versions[round % 2], "round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_template_with_shell_signs_is_fenced_and_restored_byte_for_byte() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let frontend = deployment("frontend");
    let command = |sim: &windlass::sim::SimCluster| {
        sim.object("deployments/shop/frontend")
            .expect("there")
            .pointer("/spec/template/spec/containers/0/command")
            .cloned()
    };
    let before = command(&sim);
    let outcome = ana.does(&frontend, Intent::undo()).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(image(&sim, "deployments/shop/frontend"), "registry.test/shop/frontend:3.0");
    assert_eq!(command(&sim), before);
}

#[tokio::test(start_paused = true)]
async fn z_takes_the_last_write_back_exactly() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let template = |sim: &windlass::sim::SimCluster| {
        sim.object("deployments/shop/cart").expect("there")["spec"]["template"].clone()
    };
    let before = template(&sim);
    assert_eq!(ana.does(&cart, Intent::undo()).await.kind, OutcomeKind::Applied);
    assert_ne!(template(&sim), before);
    let release = ana.release(&cart, "there", |_| true).await;
    let inverse = ana.engine.inverse_of(&release.uid).expect("ready");
    assert_eq!(ana.does(&cart, Intent::Revert(Box::new(inverse))).await.kind, OutcomeKind::Applied);
    assert_eq!(template(&sim), before);
}

#[tokio::test(start_paused = true)]
async fn a_paused_release_goes_back_both_ways() {
    for (paused, state) in [(PausedUndo::StayPaused, true), (PausedUndo::Resume, false)] {
        let sim = sim("rolling");
        let ana = Console::of(&sim, "ana").await;
        let checkout = deployment("checkout");
        let outcome = ana.does(&checkout, Intent::Undo { to: UndoTo::Best, paused }).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        let object = sim.object("deployments/shop/checkout").expect("there");
        assert_eq!(object.pointer("/spec/paused").and_then(serde_json::Value::as_bool).unwrap_or(false), state);
        assert_eq!(image(&sim, "deployments/shop/checkout"), "registry.test/shop/checkout:1.9.2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stateful_set_stuck_on_a_broken_pod_comes_back_with_the_second_call() {
    let sim = sim("statefulset");
    let ana = Console::of(&sim, "ana").await;
    let queue = ObjectKey::new(Kind::StatefulSet, "statefulset", "queue");
    let plan = ana.propose(&queue, Intent::undo()).await.expect("a plan");
    assert_eq!(plan.calls.iter().filter(|call| call.optional).count(), 1, "{:?}", plan.forecast.warnings);
    let consent = windlass::action::Consent { optional: true, ..Default::default() };
    let (outcome, heard) = crate::kit::hear(&mut ana.engine.apply(plan, consent)).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}: {heard:?}", outcome.reason);
    assert!(heard.contains(&Progress::Sent(1)));
    let release = ana.release(&queue, "healthy", |release| release.state == State::Healthy).await;
    assert_eq!(&*release.tracks[0].version, "v1");
}

#[tokio::test(start_paused = true)]
async fn pause_resume_restart_set_image_and_scale_do_what_they_say() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let at = |sim: &windlass::sim::SimCluster, pointer: &str| {
        sim.object("deployments/shop/cart").expect("there").pointer(pointer).cloned().unwrap_or_default()
    };
    let done =
        |outcome: windlass::domain::Outcome| assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    done(ana.does(&cart, Intent::Pause).await);
    assert_eq!(at(&sim, "/spec/paused"), true);
    ana.release(&cart, "held", |release| release.held).await;
    done(ana.does(&cart, Intent::Resume).await);
    ana.release(&cart, "running", |release| !release.held).await;
    done(ana.does(&cart, Intent::Restart).await);
    assert!(at(&sim, "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt").is_string());
    let container = at(&sim, "/spec/template/spec/containers/0/name").as_str().expect("a name").to_owned();
    let new = Image { container: container.as_str().into(), reference: "registry.test/shop/cart:v89".into() };
    done(ana.does(&cart, Intent::SetImage(vec![new])).await);
    assert_eq!(image(&sim, "deployments/shop/cart"), "registry.test/shop/cart:v89");
    done(ana.does(&deployment("catalog"), Intent::Scale(5)).await);
    assert_eq!(sim.object("deployments/shop/catalog").expect("there")["spec"]["replicas"], 5);
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_persists_nothing_and_says_planned() {
    let sim = sim("rolling");
    let ana = Console::with(&sim, "ana", Policy { rehearse: true, ..Policy::default() }).await;
    let before = sim.mutations();
    let outcome = ana.does(&deployment("search"), Intent::undo()).await;
    assert_eq!(outcome.kind, OutcomeKind::Planned);
    assert_eq!(sim.mutations(), before);
    assert_eq!(image(&sim, "deployments/shop/search"), "registry.test/shop/search:v42-bad");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_does_not_come_up_ends_with_the_pods_in_the_way() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let release = ana.release(&deployment("cart"), "there", |release| !release.tracks.is_empty()).await;
    let container = release.tracks[0].images[0].container.clone();
    let bad = Image { container, reference: "registry.test/shop/cart:v90-bad".into() };
    let outcome = ana.does(&deployment("cart"), Intent::SetImage(vec![bad])).await;
    assert_eq!(outcome.kind, OutcomeKind::Failed);
    assert!(outcome.reason.contains("can't pull registry.test/shop/cart:v90-bad"), "{}", outcome.reason);
    // Going back does not wait for anything.
    let back = ana.does(&deployment("cart"), Intent::Undo { to: UndoTo::Best, paused: PausedUndo::StayPaused }).await;
    assert_eq!(back.kind, OutcomeKind::Applied, "{}", back.reason);
}

#[tokio::test(start_paused = true)]
async fn a_back_verb_ends_the_waiting_of_our_own_unsettled_plan() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let web = deployment("web");
    let release = ana.release(&web, "there", |release| !release.tracks.is_empty()).await;
    let image = Image {
        container: release.tracks[0].images[0].container.clone(),
        reference: "registry.test/shop/web:v5".into(),
    };
    let forward = ana.propose(&web, Intent::SetImage(vec![image])).await.expect("a plan");
    let mut news = ana.engine.apply(forward, windlass::action::Consent::default());
    while !matches!(news.recv().await.expect("news"), Progress::Observed) {}
    let back =
        ana.propose(&web, Intent::Undo { to: UndoTo::Number(Revision(3)), paused: PausedUndo::StayPaused }).await;
    let (outcome, _) = ana.confirm(&back.expect("a plan")).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    let (first, _) = crate::kit::hear(&mut news).await;
    assert_eq!(first.kind, OutcomeKind::Applied);
    assert!(first.reason.contains("a later undo took over"), "{}", first.reason);
}

/// Nobody waits for pods that nobody deletes: the write is done once the controller saw it.
#[tokio::test(start_paused = true)]
async fn an_undo_of_what_changes_on_deletion_is_applied_and_then_waits_for_whoever_deletes_the_pods() {
    let sim = sim("statefulset");
    let ana = Console::of(&sim, "ana").await;
    let archive = ObjectKey::new(Kind::StatefulSet, "statefulset", "archive");
    let proxy = ObjectKey::new(Kind::DaemonSet, "daemonset", "proxy");
    for key in [archive, proxy] {
        let runs = async |state: State, version: &str| {
            let so = |release: &windlass::domain::Release| {
                release.state == state
                    && release.pods().count() > 0
                    && release.tracks.iter().any(|it| &*it.version == version)
            };
            ana.release(&key, version, so).await
        };
        let delete_pods = |release: &windlass::domain::Release| {
            for pod in release.pods() {
                assert!(sim.remove(&format!("pods/{}/{}", key.namespace, pod.key().name)));
            }
        };
        delete_pods(&*runs(State::Waiting, "v1").await);
        runs(State::Healthy, "v2").await;
        let outcome = ana.does(&key, Intent::undo()).await;
        assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        let waits = runs(State::Waiting, "v2").await;
        assert!(waits.reason.contains("wait to be deleted, then v1 comes"), "{}", waits.reason);
        delete_pods(&waits);
        runs(State::Healthy, "v1").await;
    }
}

#[tokio::test(start_paused = true)]
async fn images_of_several_containers_change_in_one_write_and_go_back_in_one() {
    let sim = sim("rolling");
    let containers =
        serde_json::json!([{"name": "app", "image": "reg/app:v1"}, {"name": "proxy", "image": "reg/proxy:v1"}]);
    let labels = serde_json::json!({"app": "pair"});
    let pair = serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "pair", "namespace": "shop"}, "spec": {"replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}}});
    assert!(sim.add(pair, "ana"));
    let images = || {
        let object = sim.object("deployments/shop/pair").expect("there");
        [0, 1].map(|place| object["spec"]["template"]["spec"]["containers"][place]["image"].clone())
    };
    let ana = Console::of(&sim, "ana").await;
    let key = deployment("pair");
    let uid = ana.release(&key, "healthy", |release| release.state == State::Healthy).await.uid.clone();
    let new = |name: &str| Image { container: name.into(), reference: format!("reg/{name}:v2").into() };
    let plan = ana.propose(&key, Intent::SetImage(vec![new("app"), new("proxy")])).await.expect("a plan");
    assert!(plan.title.contains("app") && plan.title.contains("proxy"), "{}", plan.title);
    assert_eq!(plan.calls.len(), 1, "{:?}", plan.calls);
    let before = sim.count("patch");
    assert_eq!(ana.confirm(&plan).await.0.kind, OutcomeKind::Applied);
    assert_eq!((sim.count("patch") - before, images()), (1, ["reg/app:v2".into(), "reg/proxy:v2".into()]));
    let inverse = ana.engine.inverse_of(&uid).expect("ready");
    assert_eq!(ana.does(&key, Intent::Revert(Box::new(inverse))).await.kind, OutcomeKind::Applied);
    assert_eq!((sim.count("patch") - before, images()), (2, ["reg/app:v1".into(), "reg/proxy:v1".into()]));
}
