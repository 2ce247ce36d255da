//! In which order the board's rows stand, and for how long.

use crate::app::{Model, Msg, update, wake};
use crate::domain::State;
use crate::domain::snapshot::Snapshot;
use crate::ui::view::samples::{console, press};
use std::sync::Arc;
use std::time::Duration;

fn names(model: &Model) -> Vec<String> {
    model.board.rows.iter().map(|release| release.key.name.to_string()).collect()
}

/// The cluster tells that `name` is in `state` now.
fn becomes(model: &mut Model, name: &str, state: State) {
    let mut snapshot: Snapshot = (*model.live).clone();
    for release in &mut snapshot.releases {
        if &*release.key.name == name {
            Arc::make_mut(release).state = state;
        }
    }
    update(model, Msg::Snapshot(Arc::new(snapshot)));
}

fn healthy(model: &Model) -> Vec<String> {
    let healthy = |release: &&Arc<crate::domain::Release>| release.state == State::Healthy;
    model.board.rows.iter().filter(healthy).map(|release| release.key.name.to_string()).collect()
}

#[test]
fn rows_that_need_nobody_take_another_place_once_their_state_has_lasted_and_together() {
    let mut model = console(80, 24, "");
    model.tick = Duration::from_secs(10);
    let (first, second) = (healthy(&model)[0].clone(), healthy(&model)[1].clone());
    let before = names(&model);
    becomes(&mut model, &second, State::Progressing);
    assert_eq!(names(&model), before, "it may be for a moment");
    assert_eq!(model.board.next_order(), Some(Duration::from_secs(12)));
    assert!(wake::next(&model).is_some_and(|at| at <= Duration::from_secs(12)));
    model.tick = Duration::from_secs(11);
    becomes(&mut model, &first, State::Progressing);
    model.tick = Duration::from_secs(12);
    update(&mut model, Msg::Tick);
    assert_ne!(names(&model), before, "the one that has lasted stands under its own state");
    assert_eq!(model.board.next_order(), Some(Duration::from_secs(14)), "and the other waits for the next time");
    model.tick = Duration::from_secs(14);
    update(&mut model, Msg::Tick);
    let state_of = |model: &Model| model.board.rows.iter().map(|release| release.state).collect::<Vec<_>>();
    assert!(state_of(&model).is_sorted(), "{:?}", state_of(&model));
    assert_eq!(model.board.next_order(), None);
}

#[test]
fn a_row_that_needs_somebody_rises_at_once() {
    let mut model = console(80, 24, "");
    model.tick = Duration::from_secs(10);
    let some = healthy(&model);
    becomes(&mut model, &some[1], State::Progressing);
    model.tick += Duration::from_millis(100);
    becomes(&mut model, &some[0], State::Down);
    let downs = model.board.rows.iter().take_while(|release| release.state == State::Down);
    assert!(downs.map(|release| release.key.name.to_string()).any(|name| name == some[0]));
}

#[test]
fn who_sorts_or_filters_sees_every_row_in_its_own_place() {
    let mut model = console(80, 24, "");
    model.tick = Duration::from_secs(10);
    let some = healthy(&model);
    becomes(&mut model, &some[0], State::Progressing);
    model.tick += Duration::from_millis(100);
    becomes(&mut model, &some[1], State::Progressing);
    press(&mut model, "oooo");
    assert!(model.board.rows.iter().map(|release| release.state).is_sorted());
}

#[test]
fn what_is_healthy_stands_by_name() {
    let model = console(80, 24, "");
    let key = |release: &Arc<crate::domain::Release>| (release.key.namespace.clone(), release.key.name.clone());
    let rows = model.board.rows.iter().filter(|release| release.state == State::Healthy).map(key);
    assert!(rows.is_sorted());
}

#[test]
fn releases_that_are_degraded_for_a_moment_move_no_row_however_many_they_are() {
    let mut model = console(80, 24, "");
    model.tick = Duration::from_secs(10);
    let (before, some) = (names(&model), healthy(&model));
    for round in 0..20 {
        let name = &some[round % some.len()];
        becomes(&mut model, name, State::Degraded);
        assert_eq!(names(&model), before, "round {round}");
        model.tick += Duration::from_secs(1);
        becomes(&mut model, name, State::Healthy);
        update(&mut model, Msg::Tick);
        assert_eq!(names(&model), before, "round {round}");
    }
}

#[test]
fn what_the_rows_need_together_follows_every_change_and_the_filter_hides_no_count() {
    let mut model = console(80, 24, "");
    let all = model.board.extent.clone();
    assert_eq!(all.states.iter().sum::<usize>(), model.board.total);
    for state in State::ALL {
        let there = model.board.rows.iter().filter(|release| release.state == state).count();
        assert_eq!(all.states[state.place()], there, "{state}");
    }
    let some = healthy(&model)[0].clone();
    let mut snapshot: Snapshot = (*model.live).clone();
    for release in snapshot.releases.iter_mut().filter(|release| *release.key.name == *some) {
        let release = Arc::make_mut(release);
        release.state = State::Idle;
        release.replicas.desired = 12_000;
        release.since = Some(crate::domain::Timestamp::UNIX_EPOCH);
    }
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    let now = model.board.extent.clone();
    assert_eq!(now.states[State::Idle.place()], all.states[State::Idle.place()] + 1);
    assert_eq!((now.pods, now.oldest), (12_000, Some(crate::domain::Timestamp::UNIX_EPOCH)));
    press(&mut model, "/");
    for letter in "no-such-release".chars() {
        press(&mut model, &letter.to_string());
    }
    assert!(model.board.rows.is_empty());
    let hidden = &model.board.extent;
    assert_eq!((hidden.states, hidden.pods, hidden.longest_name), (now.states, 0, 0));
}

#[test]
fn a_name_typed_in_full_has_the_cursor_wherever_its_row_stands() {
    let mut model = console(80, 24, "");
    let mut snapshot: Snapshot = (*model.live).clone();
    let rename = |model: &Model, place: usize| model.board.rows[place].uid.clone();
    // The worst one matches as well, and stands first.
    let (first, last) = (rename(&model, 0), rename(&model, model.board.rows.len() - 1));
    for release in &mut snapshot.releases {
        let name = if release.uid == first { "to-delete" } else { "todelete" };
        if release.uid == first || release.uid == last {
            let release = Arc::make_mut(release);
            (release.key.namespace, release.key.name) = ("lab".into(), name.into());
        }
    }
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    for typed in ["todelete", "lab/todelete", "LAB/ToDelete"] {
        press(&mut model, &format!("<Esc>gg/{typed}"));
        assert_eq!(names(&model), ["to-delete", "todelete"], "{typed}: the rows keep their order");
        assert_eq!(model.board.selected.as_ref(), Some(&last), "{typed}");
    }
    press(&mut model, "<Enter><Enter>");
    assert!(model.focus().is_some_and(|release| release.uid == last));
    press(&mut model, "<Esc><Esc>gg/lab/todelet");
    assert_eq!(model.board.selected.as_ref(), Some(&first), "a part of a name says nothing");
}
