use super::memory::{Memory, Remembered};
use super::*;
use crate::domain::forecast::Risk;
use crate::domain::intent::ReleaseId;
use crate::domain::journal::{Before, Event, KeptCall, Record};
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::{ReadyInverse, Wait};
use crate::domain::{Direction, Kind, ObjectKey, Outcome, Revision, Timestamp, Uid, Verb};
use std::os::unix::fs::PermissionsExt as _;

fn key() -> ObjectKey {
    ObjectKey::new(Kind::Deployment, "shop", "web")
}

fn entry(plan: &str, second: i64, event: Event) -> Entry {
    Entry { at: Timestamp::from_second(second).expect("in range"), plan: PlanId(plan.into()), event }
}

fn intent(plan: &str, second: i64, kept: Vec<KeptCall>) -> Entry {
    let record = Record {
        who: "ana".into(),
        context: "prod".into(),
        fingerprint: "id".into(),
        release: ReleaseId { key: key(), uid: Uid::new("u-1") },
        verb: Verb::Undo,
        direction: Direction::Back,
        title: "UNDO shop/web → revision 1".into(),
        calls: kept.iter().map(|_| "PATCH".into()).collect(),
        kept,
        waits: Vec::new(),
        closes: Vec::new(),
        changes: Vec::new(),
        until: Wait::Settled,
        before: Before { hash: Some("h2".into()), ..Before::default() },
        reason: "postgres://ana:hunter2@db/x is down".into(),
        risk: Risk::Low,
        rehearsal: false,
    };
    entry(plan, second, Event::Intent(Box::new(record)))
}

fn call(plan: &str, index: usize) -> Entry {
    entry(plan, 20, Event::Call { index, status: Some(200), answer: "ok".into() })
}

fn patch(text: &str) -> KeptCall {
    KeptCall::Patch { target: key(), operations: text.into(), subresource: None }
}

fn ended(plan: &str) -> Entry {
    entry(plan, 30, Event::Outcome(Outcome::new(OutcomeKind::Applied, "settled")))
}

#[tokio::test]
async fn lines_are_private_and_survive_a_torn_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("state");
    let journal = Journal::open(&home);
    journal.append(&intent("p1", 1, vec![patch("[]")])).await.expect("written");
    let file = journal.file().to_owned();
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&home).expect("there").permissions().mode() & 0o777, 0o700);
    let whole = std::fs::read(&file).expect("readable");
    std::fs::write(&file, [&whole[..], &whole[..whole.len() / 2]].concat()).expect("torn");
    let again = Journal::open(&home);
    assert_eq!(again.entries().expect("readable").len(), 1, "the torn line is skipped");
    again.append(&ended("p1")).await.expect("written");
    let entries = again.entries().expect("readable");
    assert_eq!(entries.len(), 2, "a line after a torn one is whole");
    assert_eq!(entries[1], ended("p1"));
}

#[tokio::test]
async fn secrets_stay_out_of_the_file_and_in_the_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(directory.path());
    let template = |env: &str| format!(r#"[{{"op":"replace","path":"/spec/template","value":{{"env":[{env}]}}}}]"#);
    let secret = template(r#"{"name":"DB_PASSWORD","value":"hunter2"}"#);
    let harmless = template(r#"{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}"#);
    journal.append(&intent("p1", 1, vec![patch(&secret), patch(&harmless)])).await.expect("written");
    let inverse = ReadyInverse {
        subresource: None,
        also: Vec::new(),
        of: PlanId("p1".into()),
        target: key(),
        operations: secret.clone(),
        words: "back".into(),
        direction: Direction::Forward,
        differs: "".into(),
    };
    journal.append(&entry("p1", 2, Event::Inverse(Box::new(inverse)))).await.expect("written");
    let text = std::fs::read_to_string(journal.file()).expect("readable");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("secretKeyRef"), "a reference to a Secret is no secret: {text}");
    let kept = journal.memory(|memory| memory.inverse_of(&Uid::new("u-1")).map(|inverse| inverse.operations.clone()));
    assert_eq!(kept, Some(secret), "this process can still take the write back");
}

#[tokio::test]
async fn a_plan_without_outcome_is_found_unless_somebody_runs_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(directory.path());
    for entry in [
        intent("done", 1, vec![patch("[]")]),
        ended("done"),
        intent("cut", 2, vec![patch("[]"), patch("[]")]),
        call("cut", 0),
    ] {
        journal.append(&entry).await.expect("written");
    }
    let running = journal.lock(&PlanId("cut".into())).expect("free");
    let other_process = Journal::open(directory.path());
    assert_eq!(other_process.unfinished().expect("readable"), vec![]);
    assert!(other_process.lock(&PlanId("cut".into())).is_err(), "two can't run one plan");
    drop(running);
    let found = other_process.unfinished().expect("readable");
    assert_eq!(found.iter().map(|plan| (&*plan.plan.0, plan.next_call())).collect::<Vec<_>>(), [("cut", Some(1))]);
}

#[tokio::test]
async fn what_settled_under_our_eyes_is_recorded_over_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(directory.path());
    let settled = entry("p1", 9, Event::Settled { hash: "h1".into(), revision: None });
    for entry in [intent("p1", 1, vec![]), settled, ended("p1")] {
        journal.append(&entry).await.expect("written");
    }
    for journal in [journal, Journal::open(directory.path())] {
        let recorded = journal.recorded();
        assert_eq!(recorded.settled_at(&Uid::new("u-1"), "h1"), Timestamp::from_second(9).ok());
        assert_eq!(recorded.settled_at(&Uid::new("u-1"), "h2"), None);
        let left = journal.memory(|memory| memory.left_by_undo(&Uid::new("u-1")).cloned());
        assert_eq!(left.as_deref(), Some("h2"), "the undo left h2: going there again is forward");
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_not_a_loss_of_the_program() {
    let full = PathBuf::from("/dev/full");
    let journal = Journal::with_sink(full.clone(), Box::new(FileSink::new(full)));
    let error = journal.append(&ended("p1")).await.expect_err("full");
    assert!(matches!(error, NotJournalled::Failed { .. }), "{error}");
}

#[tokio::test]
async fn a_journal_that_was_removed_or_put_aside_under_a_running_console_begins_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(directory.path());
    let lines = || journal.entries().expect("readable").len();
    journal.append(&ended("p1")).await.expect("written");
    std::fs::rename(journal.file(), directory.path().join("journal.1")).expect("put aside");
    journal.append(&ended("p2")).await.expect("written");
    assert_eq!(lines(), 1);
    std::fs::remove_dir_all(directory.path()).expect("removed");
    journal.append(&ended("p3")).await.expect("written");
    assert_eq!(lines(), 1);
}

struct Hangs(std::sync::mpsc::Receiver<()>);

impl Sink for Hangs {
    fn write(&mut self, _: &[u8]) -> io::Result<()> {
        // Returns only when the test ends.
        let _ = self.0.recv();
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_costs_a_second_and_no_more() {
    let (release, hung) = std::sync::mpsc::channel();
    let journal = Journal::with_sink(PathBuf::from("/nowhere"), Box::new(Hangs(hung)));
    let error = journal.append(&ended("p1")).await.expect_err("too slow");
    assert_eq!(error, NotJournalled::TooSlow { path: "/nowhere".into() });
    drop(release);
}

/// The intent of a plan by this verb, with the revision and hash that it leaves.
fn of(plan: &str, second: i64, verb: Verb, revision: i64, hash: &str) -> Entry {
    let Event::Intent(record) = intent(plan, second, vec![]).event else { unreachable!("an intent") };
    let before = Before { revision: Some(Revision(revision)), hash: Some(hash.into()), ..Before::default() };
    entry(plan, second, Event::Intent(Box::new(Record { verb, before, ..*record })))
}

#[tokio::test]
async fn what_we_brought_and_undid_before_it_settled_is_given_up() {
    let given_up = |entries: &[Entry], hash: &str| {
        Remembered(Arc::new(RwLock::new(Memory::of(entries)))).given_up_at(&Uid::new("u-1"), hash)
    };
    let brought = [of("p1", 1, Verb::SetImage, 2, "h2"), call("p1", 0)];
    let undone = [of("p2", 3, Verb::Undo, 3, "h3"), call("p2", 0)];
    let settled = [entry("p1", 2, Event::Settled { hash: "h3".into(), revision: None })];
    let all = |parts: &[&[Entry]]| parts.concat();
    assert_eq!(given_up(&all(&[&brought, &undone]), "h3"), Timestamp::from_second(3).ok());
    assert_eq!(given_up(&all(&[&brought, &undone]), "h2"), None);
    assert_eq!(given_up(&all(&[&brought, &settled, &undone]), "h3"), None, "it had settled");
    assert_eq!(given_up(&all(&[&brought[..1], &undone]), "h3"), None, "it was never applied");
    let others = [of("p2", 3, Verb::Undo, 4, "h4")];
    assert_eq!(given_up(&all(&[&brought, &others]), "h4"), None, "somebody else brought revision 4");
    let again = [entry("p2", 9, Event::Settled { hash: "h3".into(), revision: None })];
    assert_eq!(given_up(&all(&[&brought, &undone, &again]), "h3"), None, "it came back, and settled");
}

#[test]
fn what_an_undo_leaves_is_known_from_the_answer_on_and_not_left_where_the_undo_came_to_nothing() {
    let undo = |outcome: Option<OutcomeKind>| {
        let mut memory = Memory::default();
        let mut all = vec![of("p1", 1, Verb::Undo, 3, "h3"), call("p1", 0)];
        all.extend(outcome.map(|kind| entry("p1", 9, Event::Outcome(Outcome::new(kind, "")))));
        for entry in &all {
            memory.take(entry);
        }
        Remembered(Arc::new(RwLock::new(memory))).undone_at(&Uid::new("u-1"), "h3").is_some()
    };
    assert!(undo(None), "its release is derived while it settles");
    assert!(undo(Some(OutcomeKind::Applied)));
    assert!(!undo(Some(OutcomeKind::Failed)));
    assert!(undo(Some(OutcomeKind::Unknown)), "the server took it, and nobody saw more");
}

#[test]
fn where_the_last_way_back_came_from_is_left_and_not_where_a_way_forward_did() {
    let undo = |plan: &str, second, hash: &str, direction, kind| {
        let Event::Intent(record) = of(plan, second, Verb::Undo, 3, hash).event else { unreachable!("an intent") };
        let intent = entry(plan, second, Event::Intent(Box::new(Record { direction, ..*record })));
        [intent, call(plan, 0), entry(plan, second + 1, Event::Outcome(Outcome::new(kind, "")))]
    };
    let left = |parts: &[&[Entry]]| Memory::of(&parts.concat()).left_by_undo(&Uid::new("u-1")).map(ToString::to_string);
    let away = undo("p1", 1, "bad", Direction::Back, OutcomeKind::Applied);
    assert_eq!(left(&[&away]).as_deref(), Some("bad"));
    let again = undo("p2", 5, "good", Direction::Forward, OutcomeKind::Applied);
    assert_eq!(left(&[&away, &again]), None, "from the bad one every way is back");
    let told = Remembered(Arc::new(RwLock::new(Memory::of(&[away.clone(), again].concat()))));
    assert_eq!(told.undone_at(&Uid::new("u-1"), "good"), None, "nobody went back from it");
    let failed = undo("p3", 9, "worse", Direction::Back, OutcomeKind::Failed);
    assert_eq!(
        left(&[&away, &failed]).as_deref(),
        Some("worse"),
        "it never settled: what came after is no reason for it"
    );
    let settled =
        [of("p0", 7, Verb::SetImage, 2, "x"), entry("p0", 8, Event::Settled { hash: "worse".into(), revision: None })];
    assert_eq!(left(&[&away, &settled, &failed]).as_deref(), Some("bad"), "it had served");
}

#[test]
fn an_undo_that_was_never_taken_leaves_what_an_earlier_one_told() {
    let again = |kind| [of("p2", 20, Verb::Undo, 3, "h3"), entry("p2", 21, Event::Outcome(Outcome::new(kind, "")))];
    for kind in [OutcomeKind::Conflict, OutcomeKind::Forbidden, OutcomeKind::Failed, OutcomeKind::Refused] {
        let mut memory = Memory::of(&[of("p1", 1, Verb::Undo, 3, "h3"), call("p1", 0)]);
        for entry in &again(kind) {
            memory.take(entry);
        }
        let told = Remembered(Arc::new(RwLock::new(memory)));
        assert!(told.undone_at(&Uid::new("u-1"), "h3").is_some(), "{kind:?}");
    }
}
