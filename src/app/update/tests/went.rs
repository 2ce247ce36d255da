//! A release that goes while it is selected leaves its place to another one, and no key that was meant for it.

use super::note;
use crate::app::layers::Layer;
use crate::app::{Model, Msg, update};
use crate::domain::State;
use crate::ui::view::samples::{at_stuck, console, press, stuck};
use std::sync::Arc;

/// The cluster tells that the selected release is gone.
fn deleted(model: &mut Model) {
    let mut snapshot = (*model.live).clone();
    snapshot.releases.retain(|release| release.uid != stuck().uid);
    update(model, Msg::Snapshot(Arc::new(snapshot)));
}

fn selected(model: &Model) -> String {
    model.board.current().map(|release| release.key.qualified()).unwrap_or_default()
}

#[test]
fn a_write_key_for_a_release_that_went_opens_no_plan_of_the_one_in_its_place() {
    for key in ["R", "U", "N", "B", ":scale<Enter>"] {
        let mut model = at_stuck(80, 24, "");
        deleted(&mut model);
        let now = selected(&model);
        assert!(!now.is_empty() && now != "shop/search");
        press(&mut model, key);
        assert!(model.layers.is_empty(), "{key}: {:?}", model.top());
        let told = note(&model);
        assert!(told.starts_with("shop/search, which was selected,") && told.contains(&now), "{key}: {told}");
    }
    let mut model = at_stuck(80, 24, "");
    deleted(&mut model);
    press(&mut model, "NN");
    assert!(matches!(model.top(), Some(Layer::Form(_))), "{}", note(&model));
}

#[test]
fn a_filtered_row_that_nobody_moved_to_is_no_other_release_either() {
    let mut model = console(80, 24, "");
    press(&mut model, "/shop<Enter>");
    let first = selected(&model);
    let mut snapshot = (*model.live).clone();
    snapshot.releases.retain(|release| release.key.qualified() != first);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    press(&mut model, "R");
    assert!(model.layers.is_empty() && note(&model).starts_with(&first), "{}", note(&model));
}

#[test]
fn who_moves_the_cursor_or_filters_has_seen_where_it_is() {
    for keys in ["jN", "kN", "oN", "/shop<Enter>N"] {
        let mut model = at_stuck(80, 24, "");
        deleted(&mut model);
        press(&mut model, keys);
        assert!(matches!(model.top(), Some(Layer::Form(_))), "{keys}: {}", note(&model));
    }
}

#[test]
fn a_release_that_a_filter_hides_by_its_new_state_went_as_well() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "/ns:shop state:failed<Enter>");
    assert_eq!(selected(&model), "shop/search");
    let mut snapshot = (*model.live).clone();
    for release in &mut snapshot.releases {
        let other = if release.uid == stuck().uid { State::Healthy } else { State::Failed };
        Arc::make_mut(release).state = other;
    }
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    press(&mut model, "R");
    assert!(
        model.layers.is_empty() && note(&model).starts_with("shop/search, which was selected,"),
        "{}",
        note(&model)
    );
}

#[test]
fn a_held_screen_that_is_let_go_by_a_write_key_does_not_write_to_another_release() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, " ");
    deleted(&mut model);
    assert_eq!(selected(&model), "shop/search");
    press(&mut model, "R");
    assert!(model.layers.is_empty() && note(&model).contains("not on the board any more"), "{}", note(&model));
}

#[test]
fn an_open_release_takes_its_keys_whatever_the_board_below_it_does() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "/state:failed<Enter><Enter>");
    let mut snapshot = (*model.live).clone();
    for release in snapshot.releases.iter_mut().filter(|release| release.uid == stuck().uid) {
        Arc::make_mut(release).state = State::Degraded;
    }
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    press(&mut model, "R");
    assert!(matches!(model.top(), Some(Layer::Plan(dialog)) if dialog.release.uid == stuck().uid), "{}", note(&model));
}

#[test]
fn after_a_key_on_a_release_that_is_gone_the_board_still_has_a_selected_row() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    deleted(&mut model);
    press(&mut model, "R<Esc>");
    assert!(model.layers.is_empty() && !selected(&model).is_empty());
}
