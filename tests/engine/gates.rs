//! What is not sent, and why.

use crate::kit::{Console, deployment, sim};
use std::sync::Arc;
use windlass::action::journal::Journal;
use windlass::action::{Consent, Policy, Preview, Progress};
use windlass::domain::outcome::OutcomeKind;
use windlass::domain::{Intent, Plan};
use windlass::sim::{Effect, Fault, On};

#[tokio::test(start_paused = true)]
async fn read_only_sends_nothing_not_even_a_dry_run() {
    let sim = sim("rolling");
    let ana = Console::with(&sim, "ana", Policy { read_only: true, ..Policy::default() }).await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("plans still open");
    assert!(!plan.diff.is_empty(), "with their diff");
    assert!(matches!(ana.engine.preview(&plan).await, Preview::CannotBePreviewed(_)));
    let (outcome, _) = ana.confirm(&plan).await;
    assert_eq!(outcome.kind, OutcomeKind::Refused);
    assert_eq!(sim.count("patch") + sim.count("create") + sim.count("delete"), 0);
    let refusal = ana.engine.allow(&plan, &Consent::default()).expect_err("read-only");
    assert!(!refusal.kubectl.is_empty(), "c still copies the commands");
}

#[tokio::test(start_paused = true)]
async fn a_protected_context_and_old_bytes_hold_what_goes_forward_and_never_what_goes_back() {
    let sim = sim("rolling");
    let ana = Console::with(&sim, "ana", Policy { protected: true, ..Policy::default() }).await;
    let back = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    let forward = ana.propose(&deployment("search"), Intent::Restart).await.expect("a plan");
    let blind = |plan: &Arc<Plan>| Plan { blind: true, ..Plan::clone(plan) };
    let given = Consent { word: true, ..Consent::default() };
    assert!(ana.engine.allow(&forward, &given).is_ok());
    assert!(ana.engine.allow(&blind(&back), &Consent::default()).is_ok(), "sent blind, the fence decides");
    assert!(ana.engine.allow(&blind(&forward), &given).is_err());
    let without_word = ana.confirm(&forward).await.0;
    assert_eq!(without_word.kind, OutcomeKind::Refused);
    assert!(without_word.reason.contains("protected"), "{}", without_word.reason);
    assert_eq!(ana.confirm(&back).await.0.kind, OutcomeKind::Applied, "back needs no word");
}

#[tokio::test(start_paused = true)]
async fn a_preview_tells_four_things_apart() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    assert!(matches!(ana.engine.preview(&plan).await, Preview::Accepted { .. }));
    sim.fault(Fault::new(On::verb("patch"), Effect::Slow(std::time::Duration::from_secs(6))).times(1));
    let mut answers = ana.engine.previews(Arc::clone(&plan));
    assert_eq!(answers.recv().await, Some(Preview::NoAnswerYet));
    assert!(matches!(answers.recv().await, Some(Preview::Accepted { .. })), "the late answer is told too");
    sim.fault(Fault::new(On::verb("patch"), Effect::Status { code: 503, retry_after: None }).times(1));
    assert!(matches!(ana.engine.preview(&plan).await, Preview::CannotBePreviewed(_)));
    let ben = Console::of(&sim, "ben").await;
    assert_eq!(ben.does(&deployment("search"), Intent::undo()).await.kind, OutcomeKind::Applied);
    assert!(matches!(ana.engine.preview(&plan).await, Preview::Refused(_)), "the fence is tried too");
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_back_goes_on_and_forward_does_not() {
    let sim = sim("rolling");
    // A file where the directory should be: nothing can be written below it.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let journal = Journal::open(&file.path().join("below"));
    let ana = Console::with_journal(&sim, "ana", Policy::default(), journal).await;
    let forward = ana.propose(&deployment("search"), Intent::Restart).await.expect("a plan");
    let before = sim.mutations();
    let (outcome, _) = ana.confirm(&forward).await;
    assert_eq!(outcome.kind, OutcomeKind::Refused);
    assert!(outcome.reason.contains("journal"), "{}", outcome.reason);
    assert_eq!(sim.mutations(), before);
    let back = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    let (outcome, heard) = ana.confirm(&back).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
    assert_eq!(heard.iter().filter(|news| matches!(news, Progress::NotJournalled(_))).count(), 1, "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_request_waits_for_the_answer_to_the_first() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let plan = ana.propose(&deployment("search"), Intent::undo()).await.expect("a plan");
    let other = ana.propose(&deployment("search"), Intent::Pause).await.expect("a plan");
    sim.fault(Fault::new(On::verb("patch"), Effect::Slow(std::time::Duration::from_secs(5))).times(1));
    let mut first = ana.engine.apply(plan, Consent::default());
    while !matches!(first.recv().await.expect("news"), Progress::Sent(0)) {}
    assert!(ana.engine.is_unanswered(&other.release.uid));
    assert_eq!(ana.confirm(&other).await.0.kind, OutcomeKind::Refused);
    assert_eq!(crate::kit::hear(&mut first).await.0.kind, OutcomeKind::Applied);
    assert!(!ana.engine.is_unanswered(&other.release.uid));
}
