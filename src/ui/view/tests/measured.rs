//! What is measured, as it is drawn.

use super::{drawn_with, screen};
use crate::app::{Msg, update};
use crate::domain::measurement::{Reading, TrackMeasured};
use crate::domain::release::Role;
use crate::ui::glyphs;
use crate::ui::theme::{ColorLevel, Theme};
use crate::ui::view::samples::measured::{breach, hostile, measured, named, tell, track, well};
use crate::ui::view::samples::traffic::{ab_test, argo, at, blue_green, istio};
use crate::ui::view::samples::{ago, journal, press};
use crate::ui::widgets::{Look, testing};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

#[test]
fn the_error_rate_pane_sets_stable_against_candidate() {
    for (width, height) in [(80, 24), (120, 40)] {
        for (name, measured) in [("well", well(&istio())), ("breach", breach(&istio()))] {
            let mut model = at(istio(), width, height);
            press(&mut model, "<Enter>4");
            tell(&mut model, &istio(), measured);
            insta::assert_snapshot!(format!("errors_{name}_{width}x{height}"), screen(&model));
        }
    }
}

#[test]
fn what_is_not_known_is_a_word_with_what_to_do() {
    let mut model = at(istio(), 80, 24);
    press(&mut model, "<Enter>4");
    assert!(screen(&model).contains("Not measured yet"), "{}", screen(&model));
    let mut nothing = measured(vec![TrackMeasured::unknown(Role::Stable, "checkout-v1".into(), Reading::NoSource)]);
    (nothing.source, nothing.at) = ("".into(), None);
    tell(&mut model, &istio(), nothing);
    let text = screen(&model);
    assert!(text.contains("no source") && text.contains("metrics.prometheus") && !text.contains("0 %  "), "{text}");
    let mut few = well(&istio());
    few.tracks[1].samples = Some(41);
    few.tracks[1].errors = Reading::Value(3.0 / 41.0);
    tell(&mut model, &istio(), few);
    let text = screen(&model);
    assert!(text.contains("too few (41)") && text.contains("41 few"), "{text}");
    let mut silent = well(&istio());
    silent.tracks[1] = TrackMeasured::unknown(Role::Candidate, silent.tracks[1].name.clone(), Reading::NoTraffic);
    tell(&mut model, &istio(), silent);
    let text = screen(&model);
    assert!(text.contains("no traffic"), "{text}");
    let mut old = well(&istio());
    old.at = Some(ago(95));
    old.trouble = Some("Prometheus at svc/prometheus:9090 gave no answer within 5 s.".into());
    tell(&mut model, &istio(), old);
    insta::assert_snapshot!("errors_stale_80x24", screen(&model));
}

#[test]
fn one_track_and_many_groups_have_a_form_of_their_own() {
    let mut alone = blue_green();
    alone.tracks.truncate(1);
    let mut model = at(alone.clone(), 80, 24);
    press(&mut model, "<Enter>4");
    tell(&mut model, &alone, well(&alone));
    insta::assert_snapshot!("errors_alone_80x24", screen(&model));
    let mut model = at(ab_test(), 80, 24);
    press(&mut model, "<Enter>4");
    let mut groups = well(&ab_test());
    groups.tracks.push(track(Role::Idle, "third", (20.0, 0.004, 0.3), 800));
    groups.named = vec![named("conversion", 3.1, 3.4, "no clear difference (two-proportion test)")];
    tell(&mut model, &ab_test(), groups);
    insta::assert_snapshot!("errors_groups_80x24", screen(&model));
    press(&mut model, "2");
    insta::assert_snapshot!("traffic_groups_measured_80x24", screen(&model));
}

#[test]
fn health_tells_what_is_measured_by_its_weight() {
    let mut model = at(istio(), 80, 24);
    press(&mut model, "<Enter>3");
    tell(&mut model, &istio(), breach(&istio()));
    insta::assert_snapshot!("health_breach_80x24", screen(&model));
    let text = drawn_with(&model, &glyphs::ASCII);
    assert!(text.contains("++++++++++xx 503"), "{text}");
}

#[test]
fn the_board_has_a_column_of_errors_once_anything_is_measured() {
    let mut model = at(istio(), 80, 24);
    assert!(!screen(&model).contains("ERR%"), "{}", screen(&model));
    tell(&mut model, &istio(), breach(&istio()));
    let text = screen(&model);
    assert!(text.contains("ERR%") && text.contains("  20"), "{text}");
    tell(&mut model, &istio(), well(&istio()));
    assert!(screen(&model).contains(" 0.1"), "{}", screen(&model));
}

#[test]
fn a_chart_shows_one_measurement_with_what_was_written_meanwhile() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = at(istio(), width, height);
        let mut journal = journal();
        for entry in &mut journal.entries {
            if let crate::domain::journal::Event::Intent(record) = &mut entry.event {
                record.release.uid = istio().uid;
                record.title = "ADVANCE shop/checkout → 20 % of all".into();
            }
        }
        update(&mut model, Msg::Journal(Ok(Box::new(journal))));
        press(&mut model, "<Enter>m]");
        tell(&mut model, &istio(), breach(&istio()));
        insta::assert_snapshot!(format!("chart_errors_{width}x{height}"), screen(&model));
        if width == 80 {
            insta::assert_snapshot!("chart_ascii_80x24", drawn_with(&model, &glyphs::ASCII));
            press(&mut model, "<Tab>[[");
            insta::assert_snapshot!("chart_p99_80x24", screen(&model));
        }
    }
    let mut model = at(argo(), 80, 24);
    press(&mut model, "m");
    assert!(screen(&model).contains("Nothing is measured"), "{}", screen(&model));
    let mut with_named = well(&argo());
    with_named.named = vec![named("conversion", 3.1, 3.4, "no clear difference (two-proportion test)")];
    tell(&mut model, &argo(), with_named);
    press(&mut model, "<Left>");
    insta::assert_snapshot!("chart_named_80x24", screen(&model));
    press(&mut model, "<Esc>");
    assert!(model.layers.is_empty());
}

#[test]
fn numbers_that_are_drawn_alike_draw_nothing() {
    let mut model = at(istio(), 80, 24);
    tell(&mut model, &istio(), well(&istio()));
    let drawn = model.revision;
    let mut next = well(&istio());
    next.at = Some(crate::ui::view::samples::now());
    next.tracks[0].series.errors.clear();
    tell(&mut model, &istio(), next.clone());
    assert_eq!(model.revision, drawn, "the board shows the same number");
    press(&mut model, "<Enter>4");
    let drawn = model.revision;
    next.at = Some(ago(1));
    tell(&mut model, &istio(), next);
    assert_eq!(model.revision, drawn, "only the time of measuring is another one");
    tell(&mut model, &istio(), breach(&istio()));
    assert!(model.revision > drawn);
    press(&mut model, "<Space>");
    let (drawn, before) = (model.revision, screen(&model));
    tell(&mut model, &istio(), well(&istio()));
    assert_eq!((model.revision, screen(&model)), (drawn, before), "a held screen holds its numbers too");
    press(&mut model, "<Space>");
    assert!(screen(&model).contains("0.14 %"), "{}", screen(&model));
}

#[test]
fn absurd_numbers_and_texts_are_drawn_at_every_size() {
    for release in [istio(), ab_test(), argo()] {
        for (width, height) in [(80, 24), (120, 40), (60, 16), (20, 6), (3, 3), (1, 1)] {
            for keys in ["", "<Enter>2", "<Enter>3", "<Enter>4", "<Enter>4G", "m", "m<Tab>", "m<Left>", "m]]]]"] {
                let mut model = at(release.clone(), width, height);
                tell(&mut model, &release, hostile(&release));
                press(&mut model, keys);
                for set in [&glyphs::UNICODE, &glyphs::ASCII] {
                    let text = drawn_with(&model, set);
                    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{width}x{height} {keys}");
                    assert!(!text.contains(['\u{202e}', '\u{200b}']), "{width}x{height} {keys}");
                    assert!(set != &glyphs::ASCII || !text.contains('\u{2800}'), "{width}x{height} {keys}");
                }
            }
        }
    }
}

#[test]
fn without_colour_the_measurements_lose_nothing() {
    for keys in ["<Enter>4", "<Enter>3", "m"] {
        let mut model = at(istio(), 80, 24);
        press(&mut model, keys);
        tell(&mut model, &istio(), breach(&istio()));
        let coloured = screen(&model);
        let theme = Theme::bundled(ColorLevel::None);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        let look = Look { theme: &theme, glyphs: &glyphs::UNICODE, keys: None };
        crate::ui::view::draw(&mut buffer, Rect::new(0, 0, 80, 24), &model, look);
        assert_eq!(testing::lines(&buffer).join("\n"), coloured);
        assert!(coloured.contains("✖ 20 %") || keys == "<Enter>3", "{coloured}");
    }
}

#[test]
fn what_is_looked_at_is_the_open_release_or_at_the_board_what_moves() {
    let mut model = at(istio(), 80, 24);
    let focus = crate::app::measuring::focus(&model);
    assert!(focus.board && focus.releases.is_empty() && focus.followed == [istio().uid], "{focus:?}");
    let releases = [(istio().uid, std::sync::Arc::new(well(&istio())))].into();
    model.measurements = std::sync::Arc::new(crate::domain::Measurements { version: 1, releases });
    assert_eq!(crate::app::measuring::focus(&model).followed, [], "its namespace's numbers tell of it");
    press(&mut model, "<Enter>");
    let focus = crate::app::measuring::focus(&model);
    assert!(!focus.board && focus.releases == [istio().uid], "{focus:?}");
}

#[test]
fn a_guards_mark_takes_no_letters_from_the_name_while_another_column_has_room() {
    let mut model = at(istio(), 80, 24);
    tell(&mut model, &istio(), well(&istio()));
    press(&mut model, "B<armed>y");
    assert!(screen(&model).contains(" shop/checkout guard "), "{}", screen(&model));
}
