//! What can't be done says why, and the reason is read to its end on the smallest screen.

use super::super::said::versions_within;
use super::super::samples::{at_stuck, healthy, press, stuck};
use super::screen;
use crate::app::layers::Layer;
use crate::app::messages::Level;
use crate::app::{Model, Msg, update};
use crate::domain::release::Role;
use crate::ui::glyphs;
use std::sync::Arc;

#[test]
fn the_new_version_and_what_is_wrong_with_it_are_the_last_to_be_cut() {
    let mut release = stuck();
    let set = |release: &mut crate::domain::Release, role, version: &str| {
        for track in release.tracks.iter_mut().filter(|track| track.role == role) {
            track.version = version.into();
            track.images.clear();
            track.digests.clear();
        }
    };
    set(&mut release, Role::Stable, "1.8.1");
    set(&mut release, Role::Candidate, "1.9.0");
    let within = |release: &crate::domain::Release, cells| versions_within(release, cells, &glyphs::UNICODE);
    assert_eq!(within(&release, 20), "1.8.1→1.9.0 !pull");
    assert_eq!(within(&release, 15), "1…1→1.9.0 !pull");
    assert_eq!(within(&release, 13), "→1.9.0 !pull");
    set(&mut release, Role::Candidate, "2026-11-22-main-4f9a1c7");
    assert_eq!(within(&release, 25), "→2026-11-22-main-4f9a1c7!");
    for cells in 9..40 {
        let text = within(&release, cells);
        assert!(text.contains('!') && crate::ui::text::width(&text) <= cells, "{cells}: {text}");
    }
}

#[test]
fn a_diff_is_hinted_only_where_there_is_something_to_compare_with() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    let footer = |model: &Model| screen(model).lines().last().unwrap_or_default().to_owned();
    assert!(footer(&model).contains("d diff"), "{}", footer(&model));
    let Some(Layer::Release(view)) = model.layers.last_mut() else { panic!("no release") };
    let mut release = (*view.release).clone();
    release.history.truncate(1);
    release.back_to = None;
    view.release = release.into();
    assert!(!footer(&model).contains("d diff"), "{}", footer(&model));
}

#[test]
fn the_name_of_a_release_is_cut_in_its_middle_before_the_header_loses_it() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    let Some(Layer::Release(view)) = model.layers.last_mut() else { panic!("no release") };
    let mut release = (*view.release).clone();
    release.key.name = format!("start-{}-end", "long-".repeat(40)).as_str().into();
    view.release = release.into();
    let shown = screen(&model);
    let header = shown.lines().next().unwrap_or_default();
    assert!(header.contains("shop/start-") && header.contains("…") && header.contains("-end"), "{header}");
    assert!(header.contains("live"), "{header}");
}

/// The words of the screen, one space between them, frames left out.
fn words(model: &Model) -> String {
    let text = screen(model).replace(['│', '─', '·'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const LONG: &str = "search is steered by Flagger, which would put the image back within a minute; \
                    suspend its Canary first with P, or ask the owners of shop/search in the channel that its runbook names";

#[test]
fn the_selected_action_of_the_palette_tells_its_whole_reason() {
    for (width, height) in [(80, 24), (80, 40), (60, 16)] {
        let mut model = at_stuck(width, height, "");
        press(&mut model, ":");
        let Some(Layer::Palette(palette)) = model.layers.last_mut() else { panic!("no palette") };
        palette.items[0].why_not = Some(LONG.into());
        assert!(words(&model).contains(LONG), "{width}x{height}\n{}", screen(&model));
        press(&mut model, "<Down>");
        assert!(!words(&model).contains(LONG), "the reason is of the selected action");
    }
}

#[test]
fn a_message_takes_the_lines_that_its_sentence_needs() {
    for level in [Level::Note, Level::Warning, Level::Alarm] {
        let mut model = at_stuck(80, 24, "");
        let now = model.now;
        model.messages.say(level, LONG, now);
        assert!(words(&model).contains(LONG), "{level:?}\n{}", screen(&model));
    }
}

#[test]
fn a_message_without_end_leaves_the_board_its_room() {
    let mut model = at_stuck(80, 24, "");
    let now = model.now;
    model.messages.say(Level::Error, "it goes on and on ".repeat(200), now);
    let shown = screen(&model);
    assert!(shown.contains("STATE") && shown.contains("…") && shown.lines().count() == 24, "{shown}");
}

const UNPULLED: &str = "2 pods can't pull registry.example/never-there-at-all/of-this-team/checkout-frontend-service:v9.3.1 \
                        (ImagePullBackOff, 6 min), and 1 more waits for a node that has room for it.";

#[test]
fn an_image_goes_without_its_middle_before_a_reason_goes_without_its_end() {
    for keys in ["", "<Enter>"] {
        let mut model = at_stuck(80, 24, "");
        let mut snapshot = (*model.live).clone();
        // A full board leaves two lines for the reason and the remedy.
        let many = (0..40).map(|number| healthy("shop", &format!("many-{number}"), "v1", 900).into());
        snapshot.releases.extend(many.collect::<Vec<_>>());
        for release in &mut snapshot.releases {
            if release.uid == stuck().uid {
                Arc::make_mut(release).reason = UNPULLED.into();
            }
        }
        update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
        press(&mut model, keys);
        let told = words(&model);
        assert!(
            told.contains("can't pull reg") && told.contains("v9.3.1 (ImagePullBackOff, 6 min)"),
            "{}",
            screen(&model)
        );
        assert!(keys.is_empty() || told.contains("room for it."), "{}", screen(&model));
    }
}

#[test]
fn what_is_left_out_at_the_end_of_a_sentence_ends_it() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    let Some(Layer::Release(view)) = model.layers.last_mut() else { panic!("no release") };
    Arc::make_mut(&mut view.release).reason = "the server says: it was deall….".into();
    assert!(words(&model).contains("it was deall…"), "{}", screen(&model));
    assert!(!screen(&model).contains("…."), "{}", screen(&model));
}

#[test]
fn a_screen_that_is_held_still_tells_no_newer_ages() {
    for keys in [" ", "<Enter> ", "<Enter>5 ", "<Enter>6 "] {
        let mut model = at_stuck(80, 24, "");
        press(&mut model, keys);
        let body = |model: &Model| screen(model).lines().skip(1).collect::<Vec<_>>().join("\n");
        let before = body(&model);
        model.now += jiff::SignedDuration::from_secs(90);
        assert_eq!(body(&model), before, "{keys}");
    }
}

#[test]
fn what_is_still_to_be_acknowledged_is_told_without_colour() {
    let mut model = at_stuck(80, 24, "");
    model.error("the first");
    press(&mut model, "<Esc>");
    model.error("the second");
    press(&mut model, ":messages<Enter>");
    let shown = screen(&model);
    let line = |text: &str| shown.lines().find(|line| line.contains(text)).unwrap_or_default().to_owned();
    assert!(line("the second").contains(" open ") && !line("the first").contains(" open "), "{shown}");
}
