//! What can't be read is named where its absence shows.

use super::{console, now, press, screen, stuck};
use crate::app::{Model, Msg, update};
use crate::domain::Kind;
use crate::domain::snapshot::{Absence, Connection, Denied, KindStatus, Snapshot, Watch};
use crate::ui::view::samples::ago;
use jiff::SignedDuration;
use std::sync::Arc;

fn with(change: impl FnOnce(&mut Snapshot)) -> Model {
    let mut model = console(80, 24, "");
    let mut snapshot = (*model.live).clone();
    change(&mut snapshot);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    model
}

fn failing(kind: Kind) -> impl Fn(&mut Snapshot) {
    move |snapshot| {
        let watch = Watch::Failing {
            since: ago(12),
            reason: "The server asks to slow down reading pods.".into(),
            retry_at: now() + SignedDuration::from_secs(9),
        };
        snapshot.kinds.insert(kind, KindStatus { watch, count: 9, denied: vec![] });
    }
}

fn forbidden(kind: Kind, since: Option<jiff::Timestamp>) -> impl Fn(&mut Snapshot) {
    move |snapshot| {
        let watch = Watch::Forbidden { reason: "We may not read it.".into(), since };
        snapshot.kinds.insert(kind, KindStatus { watch, count: 9, denied: vec![] });
    }
}

#[test]
fn the_board_names_every_kind_and_namespace_that_is_not_read() {
    assert!(!screen(&console(80, 24, "")).contains("not read"));
    let text = screen(&with(|snapshot| {
        failing(Kind::Pod)(snapshot);
        forbidden(Kind::ReplicaSet, None)(snapshot);
        let denied = Denied { namespace: "pay".into(), reason: "We may not.".into(), since: None };
        snapshot.kinds.insert(Kind::Service, KindStatus { watch: Watch::Live, count: 1, denied: vec![denied] });
    }));
    let rule = text.lines().find(|line| line.contains("not read")).expect(&text);
    for part in ["pods (again in 9s)", "replicasets (forbidden)", "ns pay (forbidden)"] {
        assert!(rule.contains(part), "{part} in {rule}");
    }
    let head = text.lines().next().unwrap();
    assert!(head.contains("stale 12s"), "{head}");
    let all = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::Pod];
    let text = screen(&with(|snapshot| all.into_iter().for_each(|kind| forbidden(kind, None)(snapshot))));
    assert!(text.contains("not read: deployments, statefulsets and 3 more (forbidden)"), "{text}");
    // Who may not list namespaces misses nothing that is looked at.
    assert!(!screen(&with(forbidden(Kind::Namespace, None))).contains("not read"));
}

#[test]
fn rows_of_a_right_that_ended_are_old_and_marked() {
    let healthy = "✔ healthy";
    assert!(screen(&console(80, 24, "")).contains(healthy));
    let text = screen(&with(forbidden(Kind::Deployment, Some(ago(7_200)))));
    assert!(text.lines().next().unwrap().contains("stale 2h"), "{text}");
    assert!(text.contains("? healthy") && !text.contains(healthy), "{text}");
    // Of one namespace: only its rows.
    let text = screen(&with(|snapshot| {
        let denied = vec![Denied { namespace: "pay".into(), reason: "no".into(), since: Some(ago(90)) }];
        snapshot.kinds.insert(Kind::Deployment, KindStatus { watch: Watch::Live, count: 9, denied });
    }));
    let marked = |name: &str| text.lines().find(|line| line.contains(name)).is_some_and(|line| line.contains("? "));
    assert!(marked("pay/ledger") && !marked("shop/frontend"), "{text}");
    assert!(text.lines().next().unwrap().contains("stale 1m"), "{text}");
}

#[test]
fn the_panes_of_a_release_say_what_of_it_is_not_read() {
    let mut model = with(failing(Kind::Pod));
    press(&mut model, "<Enter>");
    let versions = screen(&model);
    assert!(versions.contains("pods can't be read: The server asks to slow down"), "{versions}");
    press(&mut model, "3");
    assert!(screen(&model).contains("Tried again in 9s."), "{}", screen(&model));
    let mut model = with(forbidden(Kind::ReplicaSet, None));
    press(&mut model, "<Enter>5");
    assert!(screen(&model).contains("replicasets can't be read: We may not"), "{}", screen(&model));
    // Nothing read at all: the reason stands where the rows would.
    let mut model = with(|snapshot| {
        forbidden(Kind::Pod, None)(snapshot);
        let mut release = stuck();
        release.tracks.clear();
        snapshot.releases = vec![Arc::new(release)];
    });
    press(&mut model, "<Enter>");
    assert!(screen(&model).contains("pods can't be read: We may not read it."), "{}", screen(&model));
}

#[test]
fn why_the_server_is_away_stays_in_sight_until_it_is_back() {
    let away = |cause, reason: &str| {
        let reason = reason.to_owned();
        move |snapshot: &mut Snapshot| {
            let retry_at = now() + SignedDuration::from_secs(1);
            snapshot.connection = Connection::Away { since: ago(14), cause, reason: (&*reason).into(), retry_at };
        }
    };
    let mut model = with(away(Absence::Refused, "https://x refuses the connection: is the API server running?"));
    let text = screen(&model);
    assert!(text.lines().next().unwrap().contains("away 14s: refused, again in 1s"), "{text}");
    assert!(text.contains("is the API server running?"), "{text}");
    let mut snapshot = (*model.live).clone();
    away(Absence::Login, "The server does not accept our credentials: log in again.")(&mut snapshot);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot.clone())));
    update(&mut model, Msg::Snapshot(Arc::new(snapshot.clone())));
    press(&mut model, "j");
    let text = screen(&model);
    assert!(text.contains("log in again.") && !text.contains("is the API server running?"), "{text}");
    assert_eq!(model.messages.open(), 1, "one reason at a time, told once");
    snapshot.connection = Connection::Live;
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    assert_eq!(model.messages.open(), 1, "that it is over is told, and stays in sight until it is acknowledged");
    assert!(!screen(&model).contains("log in again."), "nothing is to be done about it any more");
    let text = screen(&model);
    assert!(text.contains("the server answers again; it was away for") && text.contains(": not logged in"), "{text}");
    assert_eq!(model.messages.iter().len(), 3, "and both are in the list of messages still");
}

#[test]
fn while_the_server_is_away_the_header_says_when_it_is_tried_again() {
    for (millis, says) in [(2_000, "away 14s: refused, again in 2s"), (300, ", again in 1s"), (-5, ", trying")] {
        let retry_at = now() + SignedDuration::from_millis(millis);
        let (since, cause, reason) = (ago(14), Absence::Refused, "refused".into());
        let model = with(|snapshot| snapshot.connection = Connection::Away { since, cause, reason, retry_at });
        let shown = screen(&model);
        assert!(shown.lines().next().is_some_and(|header| header.contains(says)), "{shown}");
    }
}
