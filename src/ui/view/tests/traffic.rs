//! Releases that split traffic, as they are drawn.

use super::{drawn_with, screen};
use crate::app::{Msg, update};
use crate::domain::release::Release;
use crate::ui::glyphs;
use crate::ui::theme::{ColorLevel, Theme};
use crate::ui::view::samples::press;
use crate::ui::view::samples::traffic::{ab_test, argo, at, blocked, blue_green, details, hostile, istio};
use crate::ui::widgets::{Look, testing};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

fn all() -> [(&'static str, Release); 5] {
    [("istio", istio()), ("blue_green", blue_green()), ("ab_test", ab_test()), ("argo", argo()), ("blocked", blocked())]
}

#[test]
fn where_traffic_goes() {
    for (name, release) in all() {
        let mut model = at(release, 80, 24);
        press(&mut model, "<Enter>2");
        insta::assert_snapshot!(format!("traffic_{name}_80x24"), screen(&model));
    }
    for (name, release) in [("istio", istio()), ("argo", argo())] {
        let mut model = at(release, 120, 40);
        press(&mut model, "<Enter>2");
        insta::assert_snapshot!(format!("traffic_{name}_120x40"), screen(&model));
    }
    let mut model = at(argo(), 80, 24);
    press(&mut model, "<Enter>2");
    insta::assert_snapshot!("traffic_ascii_80x24", drawn_with(&model, &glyphs::ASCII));
    press(&mut model, "G");
    insta::assert_snapshot!("traffic_scrolled_80x24", screen(&model));
}

#[test]
fn without_colour_nothing_is_lost() {
    let mut model = at(istio(), 80, 24);
    press(&mut model, "<Enter>2");
    let coloured = screen(&model);
    let theme = Theme::bundled(ColorLevel::None);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    crate::ui::view::draw(
        &mut buffer,
        Rect::new(0, 0, 80, 24),
        &model,
        Look { theme: &theme, glyphs: &glyphs::UNICODE, keys: None },
    );
    assert_eq!(testing::lines(&buffer).join("\n"), coloured);
}

#[test]
fn a_board_of_traffic() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = at(istio(), width, height);
        let mut snapshot = (*model.live).clone();
        snapshot.version = 9;
        snapshot.releases = all().map(|(_, release)| Arc::new(release)).into_iter().take(4).collect();
        update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
        insta::assert_snapshot!(format!("board_traffic_{width}x{height}"), screen(&model));
    }
}

#[test]
fn the_dialogs_of_traffic() {
    let mut model = at(istio(), 80, 24);
    press(&mut model, "A");
    update(&mut model, Msg::Details(istio().uid, Ok(details(&istio()))));
    press(&mut model, "<armed>");
    insta::assert_snapshot!("plan_advance_80x24", screen(&model));
    let mut model = at(istio(), 80, 24);
    press(&mut model, "W");
    insta::assert_snapshot!("form_weight_80x24", screen(&model));
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "S");
    insta::assert_snapshot!("sides_80x24", screen(&model));
    press(&mut model, "<Enter>");
    update(&mut model, Msg::Details(blue_green().uid, Ok(details(&blue_green()))));
    insta::assert_snapshot!("plan_switch_refused_80x24", screen(&model));
    let mut model = at(blue_green(), 80, 24);
    press(&mut model, "N");
    insta::assert_snapshot!("form_sides_80x24", screen(&model));
}

#[test]
fn text_of_the_cluster_steers_nothing_at_any_size() {
    for (width, height) in [(80, 24), (120, 40), (60, 16), (20, 6), (3, 3), (1, 1)] {
        for keys in ["", "<Enter>2", "<Enter>2G", "A", "W", "S"] {
            let mut model = at(hostile(), width, height);
            press(&mut model, keys);
            for set in [&glyphs::UNICODE, &glyphs::ASCII] {
                let text = drawn_with(&model, set);
                assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{width}x{height} {keys}");
                assert!(!text.contains(['\u{202e}', '\u{200b}']), "{width}x{height} {keys}");
            }
        }
    }
}
