//! What is told is so, is told once, and is not cut while there is room for it.

use super::super::samples::traffic::{ab_test, argo, at, istio, with};
use super::super::samples::{ago, at_stuck, healthy, press, stuck};
use super::screen;
use crate::app::rights::Rights;
use crate::app::{Model, Msg, update};
use crate::domain::history::Evidence;
use crate::domain::intent::ReleaseId;
use crate::domain::journal::{Entry, Event, GuardLine};
use crate::domain::measurement::Reading;
use crate::domain::plan::PlanId;
use crate::domain::snapshot::{Absence, Connection};
use crate::domain::{Release, Role, State, Verb};
use std::sync::Arc;

fn connected(model: &mut Model, connection: Connection) {
    let mut snapshot = (*model.live).clone();
    snapshot.version += 1;
    snapshot.connection = connection;
    update(model, Msg::Snapshot(Arc::new(snapshot)));
}

#[test]
fn what_failed_stays_in_sight_until_it_is_acknowledged_although_it_is_over() {
    let mut model = at_stuck(80, 24, "");
    let away = |reason: &str| Connection::Away {
        since: ago(14),
        cause: Absence::Refused,
        reason: reason.into(),
        retry_at: ago(0),
    };
    connected(&mut model, away("prod-eu gave no answer within 2 s."));
    connected(&mut model, Connection::Live);
    let told = "the server answers again";
    assert!(screen(&model).contains(told), "{}", screen(&model));
    press(&mut model, "jk");
    assert!(screen(&model).contains(told), "a key is no acknowledgement");
    press(&mut model, "<Esc>");
    assert!(!screen(&model).contains(told), "{}", screen(&model));
}

#[test]
fn the_revision_that_was_left_is_not_told_to_be_the_way_back() {
    let mut release = stuck();
    let back_to = release.back_to;
    for entry in release.history.iter_mut().filter(|entry| Some(entry.revision) == back_to) {
        entry.evidence = Evidence::GivenUp { at: ago(9) };
    }
    let mut model = at(release, 80, 24);
    press(&mut model, "<Enter>5");
    let text = screen(&model);
    assert!(text.contains(" left ") && !text.contains("back to "), "{text}");
}

#[test]
fn a_guards_lines_are_told_by_the_release_and_not_by_an_id() {
    let mut model = at_stuck(80, 24, "");
    let key = stuck().key;
    let line = |what: &str, ended| {
        let line = GuardLine {
            who: "ana".into(),
            context: "prod-eu".into(),
            fingerprint: "f".into(),
            release: ReleaseId { key: key.clone(), uid: stuck().uid },
            what: what.into(),
            kept: None,
            ended,
        };
        Entry { at: ago(40), plan: PlanId("20261122T195456904-3acf-1".into()), event: Event::Guard(Box::new(line)) }
    };
    model.journal.entries = vec![line("armed for 10 min", false)];
    press(&mut model, ":journal<Enter>");
    let text = screen(&model);
    assert!(text.contains("not ended   GUARD shop/search") && text.contains("armed for 10 min"), "{text}");
    assert!(text.contains("ana") && !text.contains("3acf"), "{text}");
    model.journal.entries.push(line("kept", true));
    assert!(screen(&model).contains("ended       GUARD shop/search"), "{}", screen(&model));
}

#[test]
fn a_guard_of_somebody_who_may_not_go_back_says_that_it_can_only_tell() {
    let only = "it can only tell of a breach: you may not undo it";
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "B");
    assert!(!screen(&model).contains("only tell"), "{}", screen(&model));
    let denied = Verb::ALL.iter().map(|verb| (*verb, "patch deployments".into())).collect();
    model.rights.insert(stuck().uid, Rights { denied, ..Rights::default() });
    assert!(screen(&model).contains(only), "{}", screen(&model));
    press(&mut model, "<armed>y");
    press(&mut model, "B");
    assert!(screen(&model).contains(only), "{}", screen(&model));
    let mut read_only = at_stuck(80, 24, "read_only = true\n");
    press(&mut read_only, "B");
    assert!(screen(&read_only).contains("only tell of a breach: this console is read-only"), "{}", screen(&read_only));
}

#[test]
fn names_that_differ_in_their_middle_are_told_apart_while_other_columns_have_room() {
    let mut model = at(istio(), 80, 24);
    let mut snapshot = with(&model, istio(), 3);
    let one = |namespace: &str| {
        let mut release = Release { step: istio().step, ..healthy(namespace, "podinfo", "v1", 90) };
        release.strategy = crate::domain::release::StrategyKind("flagger");
        release.uid = crate::domain::Uid::new(namespace);
        Arc::new(release)
    };
    snapshot.releases = vec![one("flagger-gated"), one("flagger-promotion")];
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    let text = screen(&model);
    assert!(text.contains(" flagger-gated/podinfo ") && text.contains(" flagger-pro"), "{text}");
}

#[test]
fn a_narrow_screen_names_the_open_release() {
    for simulated in [false, true] {
        let mut model = at_stuck(40, 10, "");
        model.session.simulated = simulated;
        press(&mut model, "<Enter>");
        let text = screen(&model);
        let head: Vec<&str> = text.lines().take(2).filter(|line| line.contains("search")).collect();
        assert_eq!(head.len(), 1, "once, and not in two lines: {text}");
    }
}

#[test]
fn since_when_it_waits_is_told_once() {
    let told = |reason: &str| {
        let mut release = argo();
        release.state = State::Waiting;
        release.reason = reason.into();
        screen(&at(release, 120, 40)).lines().rev().take(5).collect::<String>()
    };
    let argo = told("Waits for a person for 12 min at step 1/6.");
    assert!(!argo.contains("since"), "{argo}");
    let other = told("Waits for a person at step 1/6.");
    assert!(other.contains("at step 1/6, since") && !other.contains("; waiting"), "{other}");
}

#[test]
fn a_test_is_by_rule_also_where_its_controller_tells_shares() {
    let mut release = ab_test();
    for track in &mut release.tracks {
        track.weight.actual = Some(if track.role == Role::Candidate { 100 } else { 0 });
    }
    let mut model = at(release, 80, 24);
    let board = screen(&model);
    assert!(!board.contains(" 100 "), "{board}");
    press(&mut model, "<Enter>2");
    let pane = screen(&model);
    assert!(pane.contains("by rule") && !pane.contains("100 %"), "{pane}");
}

#[test]
fn the_peak_is_no_lower_than_what_is_told_of_now() {
    let release = istio();
    let mut model = at(release.clone(), 80, 24);
    let mut measured = super::super::samples::measured::well(&release);
    for track in &mut measured.tracks {
        track.p99 = Reading::Value(0.777);
    }
    super::super::samples::measured::tell(&mut model, &release, measured);
    press(&mut model, "<Enter>4");
    assert!(screen(&model).contains("peak 777 ms"), "{}", screen(&model));
}
