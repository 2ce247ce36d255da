//! No key does what was not shown: `y` waits until every line of a dialog was on the terminal.

use super::{applied, dialog, note};
use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::layers::plan::{Existence, Preview};
use crate::app::rights::Rights;
use crate::app::{Model, Msg, update};
use crate::domain::{Kind, ObjectKey};
use crate::ui::view::samples::{arm, at_stuck, in_sight, press};
use crate::ui::widgets::testing;

const SIZES: [(u16, u16); 4] = [(80, 24), (60, 16), (40, 10), (20, 5)];

fn screen(model: &Model) -> String {
    let buffer =
        testing::buffer(model.size.width, model.size.height, &crate::ui::glyphs::UNICODE, |buffer, area, look| {
            crate::ui::view::draw(buffer, area, model, look)
        });
    testing::lines(&buffer).join("\n")
}

/// Goes through the dialog with `key` until a line does not move any more; gives all that was shown.
fn through(model: &mut Model, key: &str) -> String {
    let mut all = screen(model);
    for _ in 0..300 {
        press(model, key);
        arm(model);
        all.push_str(&screen(model));
    }
    all
}

#[test]
fn a_way_back_takes_y_once_all_of_it_was_shown_at_every_size() {
    for (width, height) in SIZES {
        let mut model = at_stuck(width, height, "");
        press(&mut model, "U<armed>");
        let missing = dialog(&model).sight.missing();
        assert_eq!(missing > 0, width < 80, "{width}x{height}: {missing} lines are hidden");
        let early = applied(&press(&mut model, "y"));
        assert_eq!(early, usize::from(missing == 0), "{width}x{height}");
        if missing == 0 {
            continue;
        }
        assert!(note(&model).contains("not shown yet"), "{}", note(&model));
        let all = through(&mut model, "<PgDn>");
        for said in ["deployments", "v42", "v41", "inverse"] {
            assert!(all.contains(said), "{width}x{height} never shows {said}:\n{all}");
        }
        assert_eq!(applied(&press(&mut model, "y")), 1, "{width}x{height}: {}", screen(&model));
    }
}

#[test]
fn the_footer_says_how_much_is_still_to_be_shown() {
    let mut model = at_stuck(40, 10, "");
    press(&mut model, "U<armed>");
    let missing = dialog(&model).sight.missing();
    assert!(screen(&model).contains(&format!("{missing} more lines before y")), "{}", screen(&model));
    through(&mut model, "j");
    assert!(screen(&model).lines().last().is_some_and(|footer| footer.contains("y undo")), "{}", screen(&model));
}

#[test]
fn another_plan_must_be_shown_anew_and_another_width_shows_nothing_else() {
    let mut model = at_stuck(40, 10, "");
    press(&mut model, "U<armed>");
    through(&mut model, "j");
    press(&mut model, "<Right><armed>");
    assert_eq!(applied(&press(&mut model, "y")), 0, "{}", screen(&model));
    through(&mut model, "j");
    // Neither another width nor a message below it makes anything unseen; only what such a screen puts into words does.
    for (width, height) in [(33, 10), (47, 9)] {
        update(&mut model, Msg::Resize(crate::app::model::Size { width, height }));
        arm(&mut model);
        assert_eq!(dialog(&model).sight.missing(), 0, "{width}x{height}: {}", screen(&model));
    }
    assert_eq!(applied(&press(&mut model, "y")), 1, "{}", screen(&model));
}

#[test]
fn what_came_after_the_frame_is_shown_before_y_counts() {
    let number = |model: &Model| dialog(model).number;
    let uid = |model: &Model| dialog(model).release.uid.clone();
    let answers: [fn(u32, crate::domain::Uid) -> Msg; 4] = [
        |number, _| Msg::Preview(number, Preview::Refused("exceeded quota".into())),
        |number, _| Msg::Needs(number, vec![(ObjectKey::new(Kind::Secret, "shop", "search-db"), Existence::No)]),
        |number, _| Msg::Managers(number, Vec::new()),
        |_, uid| Msg::Rights(uid, Rights { unknown: Some("no answer".into()), ..Rights::default() }),
    ];
    for answer in answers {
        let mut model = at_stuck(80, 40, "");
        press(&mut model, "U<armed>");
        // A frame from before it is still on its way.
        let (revision, shown) = (model.revision, in_sight(&model));
        let msg = answer(number(&model), uid(&model));
        update(&mut model, msg);
        let old = screen(&model);
        assert_eq!(applied(&press(&mut model, "y")), 0, "it was not shown: {old}");
        update(&mut model, Msg::Flushed(revision, shown));
        model.tick += std::time::Duration::from_secs(1);
        assert_eq!(applied(&press(&mut model, "y")), 0, "the frame does not have it: {old}");
        assert_eq!(applied(&press(&mut model, "<armed>y")), 1, "{}", screen(&model));
    }
}

#[test]
fn a_line_that_was_just_shown_is_given_the_time_to_be_read() {
    let mut model = at_stuck(80, 40, "");
    press(&mut model, "U<armed>");
    let number = dialog(&model).number;
    update(&mut model, Msg::Preview(number, Preview::Refused("exceeded quota".into())));
    let (revision, shown) = (model.revision, in_sight(&model));
    update(&mut model, Msg::Flushed(revision, shown));
    assert_eq!(applied(&press(&mut model, "y")), 0);
    assert_eq!(applied(&press(&mut model, "<armed>y")), 1);
}

#[test]
fn the_word_unlocks_nothing_that_was_not_shown() {
    for (width, height) in [(40, 10), (20, 6)] {
        let mut model = at_stuck(width, height, "[contexts.\"prod-eu\"]\nprotected = true\n");
        press(&mut model, "R<armed>heron<armed>");
        assert_eq!(applied(&press(&mut model, "y")), 0, "{width}x{height}");
        through(&mut model, "<Down>");
        assert_eq!(applied(&press(&mut model, "y")), 1, "{width}x{height}: {}", screen(&model));
    }
}

#[test]
fn what_holds_a_plan_is_told_before_what_of_it_was_not_shown() {
    let freeze = "[freeze]\nzone = \"UTC\"\n[freeze.windows.night]\nfrom = \"00:00\"\nto = \"23:59\"\n";
    let mut model = at_stuck(40, 10, freeze);
    assert_eq!(applied(&press(&mut model, "R<armed>y")), 0);
    assert!(dialog(&model).sight.missing() > 0 && note(&model).contains("change freeze"), "{}", note(&model));
    assert_eq!(applied(&press(&mut model, "<armed>b<armed>hotfix<Enter><armed>y")), 0, "{}", screen(&model));
    assert!(note(&model).contains("not shown yet"), "{}", note(&model));
    assert!(through(&mut model, "<PgDn>").contains("freeze 'night'"), "what is overridden is told: {}", screen(&model));
}

#[test]
fn what_is_done_is_told_where_no_frame_has_room_for_it() {
    let mut model = at_stuck(80, 8, "");
    press(&mut model, "U<armed>");
    assert!(through(&mut model, "<PgUp>").contains("UNDO shop/search → revision 41"), "{}", screen(&model));
}

#[test]
fn a_screen_without_room_takes_no_y() {
    let mut model = at_stuck(80, 2, "");
    press(&mut model, "U<armed>");
    through(&mut model, "j");
    assert_eq!(applied(&press(&mut model, "y")), 0);
}

#[test]
fn a_guard_is_armed_once_all_of_its_rules_were_shown() {
    for (width, height) in SIZES {
        let mut model = at_stuck(width, height, "");
        press(&mut model, "B<armed>");
        let early = press(&mut model, "y");
        if matches!(early.as_slice(), [Effect::Arm(..)]) {
            assert!(height >= 16, "{width}x{height}");
            continue;
        }
        assert!(height < 24, "{width}x{height}: {}", screen(&model));
        let all = through(&mut model, "<PgDn>");
        assert!(all.contains("on breach") && all.contains("told"), "{all}");
        assert!(matches!(press(&mut model, "y").as_slice(), [Effect::Arm(..)]), "{width}x{height}: {}", screen(&model));
        assert!(!matches!(model.top(), Some(Layer::Guard(_))));
    }
}
