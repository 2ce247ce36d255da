//! Every screen, as it is drawn.

mod gone;
mod hostile;
mod measured;
mod overlays;
mod plain_words;
mod presence;
mod reasons;
mod told;
mod traffic;
mod unread;
mod wide;

use super::samples::{at_stuck, config, console, identity, journal, now, press, stuck};
use crate::app::keys::KeyTable;
use crate::app::layers::Layer;
use crate::app::layers::plan::{Existence, Preview};
use crate::app::layers::release::Event;
use crate::app::messages::Level;
use crate::app::msg::WriteNews;
use crate::app::writes::Phase;
use crate::app::{Model, Msg, Session, layout, update};
use crate::domain::outcome::OutcomeKind;
use crate::domain::release::Role;
use crate::domain::snapshot::{Absence, Connection, KindStatus, Snapshot, Watch};
use crate::domain::{Age, Kind, ObjectKey, Outcome, State};
use crate::ui::glyphs;
use crate::ui::theme::{ColorLevel, Theme};
use crate::ui::widgets::{Look, testing};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

/// The screen as text.
fn screen(model: &Model) -> String {
    drawn_with(model, &glyphs::UNICODE)
}

fn drawn_with(model: &Model, set: &'static glyphs::Glyphs) -> String {
    let (width, height) = (model.size.width, model.size.height);
    let buffer = testing::buffer(width, height, set, |buffer, area, look| super::draw(buffer, area, model, look));
    let lines = testing::lines(&buffer);
    assert_eq!(lines.len(), if width == 0 { 0 } else { usize::from(height) });
    lines.join("\n")
}

/// Draws after `keys` at both design sizes.
fn at_both_sizes(name: &str, prepare: impl Fn(&mut Model), keys: &str) {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = at_stuck(width, height, "");
        prepare(&mut model);
        press(&mut model, keys);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen(&model));
    }
}

fn with_events(model: &mut Model) {
    let event = |seconds: i64, warning: bool, reason: &str, message: &str| Event {
        at: super::samples::ago(seconds),
        warning,
        about: "pod/search-6f9c7-x2x1v".into(),
        reason: reason.into(),
        message: message.into(),
        count: if warning { 12 } else { 1 },
        source: "kubelet".into(),
    };
    let events = vec![
        event(60, true, "BackOff", "Back-off pulling image \"reg/search:v42\""),
        event(380, false, "ScalingReplicaSet", "Scaled up replica set rs-42 to 2"),
    ];
    let uid = stuck().uid;
    update(model, Msg::Journal(Ok(Box::new(journal()))));
    update(model, Msg::Events(uid, Ok(events)));
}

#[test]
fn the_board_shows_the_worst_first_with_its_reason() {
    at_both_sizes("board", |_| {}, "");
}

#[test]
fn every_pane_of_a_release() {
    for (place, name) in ["versions", "traffic", "health", "error_rate", "history", "events"].into_iter().enumerate() {
        let mut model = at_stuck(80, 24, "");
        press(&mut model, "<Enter>");
        with_events(&mut model);
        press(&mut model, &(place + 1).to_string());
        insta::assert_snapshot!(format!("release_{name}_80x24"), screen(&model));
    }
    let mut model = at_stuck(120, 40, "");
    press(&mut model, "<Enter>");
    with_events(&mut model);
    insta::assert_snapshot!("release_all_120x40", screen(&model));
}

#[test]
fn a_plan_with_its_diff_and_what_is_known() {
    at_both_sizes("plan_undo", |_| {}, "U");
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U");
    let number = model.plans;
    update(&mut model, Msg::Preview(number, Preview::Accepted { warnings: vec![] }));
    let needs = vec![
        (ObjectKey::new(Kind::ConfigMap, "shop", "search-config"), Existence::Yes),
        (ObjectKey::new(Kind::Secret, "shop", "search-tls"), Existence::No),
    ];
    update(&mut model, Msg::Needs(number, needs));
    press(&mut model, "<armed>");
    insta::assert_snapshot!("plan_undo_known_80x24", screen(&model));
    press(&mut model, "G");
    insta::assert_snapshot!("plan_undo_scrolled_80x24", screen(&model));
}

#[test]
fn a_forward_plan_in_a_protected_context_asks_for_the_word() {
    let mut model = at_stuck(80, 24, "[contexts.\"prod-eu\"]\nprotected = true\n");
    press(&mut model, "R<armed>hero");
    insta::assert_snapshot!("plan_restart_protected_80x24", screen(&model));
    press(&mut model, "n<armed>");
    assert!(screen(&model).contains("unlocked"), "{}", screen(&model));
}

#[test]
fn a_confirmed_plan_shows_how_it_goes() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>y");
    let Some(Layer::Plan(dialog)) = model.top() else { panic!("the dialog is open") };
    let crate::app::layers::plan::Stage::Confirmed(plan) = dialog.stage.clone() else { panic!("confirmed") };
    update(&mut model, Msg::Write(plan.clone(), WriteNews::Reached(Phase::Accepted, "the server took it".into())));
    insta::assert_snapshot!("plan_running_80x24", screen(&model));
    let done = Outcome::new(OutcomeKind::Applied, "8 of 8 pods are ready");
    update(&mut model, Msg::Write(plan.clone(), WriteNews::Ended(done)));
    update(&mut model, Msg::Write(plan, WriteNews::Reverted("Argo CD 'search'".into())));
    insta::assert_snapshot!("plan_reverted_80x24", screen(&model));
}

#[test]
fn the_forms() {
    at_both_sizes("form_set_image", |_| {}, "I<End><Backspace>3");
    at_both_sizes("form_scale", |_| {}, "N<Ctrl-u>many<Enter>");
}

#[test]
fn every_list_over_the_console() {
    at_both_sizes("palette", |_| {}, ":");
    at_both_sizes("palette_typed", |_| {}, ":ns shop pay");
    at_both_sizes("help", |_| {}, "?");
    at_both_sizes("namespaces", |_| {}, ":namespaces<Enter>");
    at_both_sizes("themes", |_| {}, ":themes<Enter>j");
    at_both_sizes(
        "contexts",
        |model| {
            press(model, ":contexts<Enter>");
            let item = |name: &str, about: &str, current| crate::app::layers::choice::Item::new(name, about, current);
            let items =
                vec![item("prod-eu", "https://10.0.0.1:6443", true), item("stage", "https://10.0.0.2:6443", false)];
            update(model, Msg::Contexts(Ok(items)));
        },
        "",
    );
    at_both_sizes(
        "journal",
        |model| {
            update(model, Msg::Journal(Ok(Box::new(journal()))));
        },
        ":journal<Enter>",
    );
    at_both_sizes(
        "messages",
        |model| {
            for (level, text) in [
                (Level::Note, "copied as kubectl"),
                (
                    Level::Error,
                    "shop can't be listed: you need the right to list pods; ask for it, or choose other namespaces with :ns",
                ),
                (
                    Level::Alarm,
                    "Argo CD 'search' took back UNDO shop/search → revision 41: the template is the old one again",
                ),
            ] {
                update(model, Msg::Say(level, text.into()));
            }
        },
        ":messages<Enter>",
    );
}

#[test]
fn a_running_update_shows_how_far_it_is_how_long_it_takes_and_when_it_is_given_up() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut release = stuck();
        release.state = State::Progressing;
        release.reason = "rolling: 3 of 8 pods are at v42.".into();
        release.remedy = "".into();
        release.replicas.ready = 8;
        release.tracks[0].pods.truncate(5);
        let new = ["search-6f9c7-a", "search-6f9c7-b", "search-6f9c7-c"];
        let new = new.map(|name| super::samples::pod(name, "h42", None)).to_vec();
        release.tracks[1] = super::samples::track(Role::Candidate, "v42", 42, 37, new);
        release.tracks[0].weight.actual = Some(63);
        let progress = release.progress.as_mut().expect("an update");
        (progress.done, progress.estimate) = (3, Some(Age::seconds(40)));
        let mut model = super::samples::traffic::at(release, width, height);
        press(&mut model, "<Enter>");
        insta::assert_snapshot!(format!("release_moving_{width}x{height}"), screen(&model));
    }
}

#[test]
fn logs_yaml_and_diff() {
    at_both_sizes(
        "logs",
        |model| {
            press(model, "<Enter>jl");
            let line = |n: usize| crate::app::layers::logs::Line {
                pod: "search-6f9c7-x2x1v".into(),
                container: "app".into(),
                text: format!("03:11:{n:02} GET /search 200 {n} ms").into(),
            };
            let Some(Layer::Logs(logs)) = model.top() else { panic!("logs are open") };
            let number = logs.number;
            update(model, Msg::Logs(number, (0..30).map(line).collect()));
        },
        "",
    );
    at_both_sizes("diff", |_| {}, "d");
    at_both_sizes(
        "yaml",
        |model| {
            press(model, "y");
            let details = super::samples::stuck_details(now());
            let key = ObjectKey::new(Kind::Deployment, "shop", "search");
            update(model, Msg::Yaml(key, Ok(details.root)));
        },
        "",
    );
}

#[test]
fn the_smallest_useful_terminal() {
    let mut model = at_stuck(60, 16, "");
    insta::assert_snapshot!("board_60x16", screen(&model));
    press(&mut model, "U");
    insta::assert_snapshot!("plan_60x16", screen(&model));
}

#[test]
fn ascii_signs_draw_nothing_but_ascii() {
    let mut model = at_stuck(80, 24, "");
    insta::assert_snapshot!("board_ascii_80x24", drawn_with(&model, &glyphs::ASCII));
    for keys in ["U", "<Esc><Enter>", "2", "3", "4", "5", "6", "<Esc>?", "<Esc>:", "<Esc>d"] {
        press(&mut model, keys);
        let text = drawn_with(&model, &glyphs::ASCII);
        let strange: Vec<char> = text.chars().filter(|c| !c.is_ascii() && *c != '•').collect();
        assert!(strange.is_empty(), "{strange:?} after {keys}:\n{text}");
    }
}

#[test]
fn without_colours_the_states_are_still_told_by_sign_and_word() {
    let model = at_stuck(80, 24, "");
    let theme = Theme::bundled(ColorLevel::None);
    let area = Rect::new(0, 0, 80, 24);
    let mut buffer = Buffer::empty(area);
    super::draw(&mut buffer, area, &model, Look { theme: &theme, glyphs: &glyphs::UNICODE, keys: None });
    insta::assert_snapshot!("board_mono_80x24", testing::lines(&buffer).join("\n"));
    let coloured = |color| !matches!(color, ratatui::style::Color::Reset);
    assert!(buffer.content.iter().all(|cell| !coloured(cell.fg) && !coloured(cell.bg)));
}

#[test]
fn the_header_keeps_what_matters_when_it_gets_narrow() {
    let mut model = console(80, 24, "read_only = true\nrehearse = true\n[contexts.\"prod-eu\"]\nprotected = true\n");
    let first = |model: &Model| screen(model).lines().next().unwrap_or_default().to_owned();
    assert_eq!(first(&model), " heron PROTECTED   read-only   rehearsal   ns shop pay (2)   prod-eu       live");
    model.size.width = 40;
    assert_eq!(first(&model), " heron PROTECTED  read-only  rehearsal");
    model.size.width = 8;
    assert_eq!(first(&model), " heron");
}

#[test]
fn a_stale_or_held_screen_says_since_when() {
    let mut model = console(80, 24, "");
    let mut snapshot = (*model.live).clone();
    snapshot.connection = Connection::Away {
        since: super::samples::ago(14),
        cause: Absence::Login,
        reason: "the server does not accept our credentials: log in again".into(),
        retry_at: now() + jiff::SignedDuration::from_secs(3),
    };
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    assert!(screen(&model).lines().next().unwrap().contains("away 14s: not logged in, again in 3s"));
    press(&mut model, " ");
    assert!(screen(&model).lines().next().unwrap().contains("held still 0s"));
}

#[test]
fn an_empty_board_says_why_it_is_empty() {
    let empty = |change: &dyn Fn(&mut Snapshot)| {
        let mut model = console(80, 24, "");
        let mut snapshot = (*model.live).clone();
        snapshot.releases.clear();
        change(&mut snapshot);
        update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
        screen(&model)
    };
    let text = empty(&|_| {});
    assert!(text.contains("there is no Deployment, StatefulSet, DaemonSet or Rollout in shop, pay"), "{text}");
    let forbidden = Watch::Forbidden { reason: "no".into(), since: None };
    let text = empty(&|snapshot| {
        let status = KindStatus { watch: forbidden.clone(), count: 0, denied: vec![] };
        snapshot.kinds.insert(Kind::Deployment, status);
    });
    assert!(text.contains("you may not list deployments here"), "{text}");
    let text = empty(&|snapshot| snapshot.connection = Connection::Connecting { since: now() });
    assert!(text.contains("connecting to https://127.0.0.1:6443"), "{text}");
    let mut model = console(80, 24, "");
    press(&mut model, "/nothing-like-it<Enter>");
    let text = screen(&model);
    assert!(text.contains("no release matches 'nothing-like-it' (9 are hidden)"), "{text}");
}

#[test]
fn reading_is_told_with_its_progress() {
    let mut model = console(80, 24, "");
    let mut snapshot = (*model.live).clone();
    snapshot.kinds.insert(Kind::Pod, KindStatus { watch: Watch::Listing, count: 812, denied: vec![] });
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    assert!(screen(&model).contains("reading 812 pods"));
}

#[test]
fn hostile_text_of_the_cluster_reaches_no_cell() {
    let nasty = "\u{1b}[2J\u{202e}evil\u{200b}\u{9b}31m\u{7}\n\t漢字é\u{301}";
    let mut release = stuck();
    release.key.name = nasty.into();
    release.reason = nasty.repeat(5_000).into();
    release.remedy = nasty.into();
    release.unreadable = vec![nasty.into()];
    release.history[1].change_cause = Some(nasty.into());
    release.tracks[0].version = nasty.into();
    release.management[0].name = nasty.into();
    let mut model = at_stuck(80, 24, "");
    let mut snapshot = (*model.live).clone();
    snapshot.releases = vec![Arc::new(release)];
    snapshot.namespaces = vec![nasty.into()];
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    for keys in ["", "<Enter>", "2", "3", "5", "6", "U", "<Esc>l", "<Esc>y", "<Esc>d", "<Esc>:", "<Esc>I", "<Esc>?"] {
        press(&mut model, keys);
        let text = screen(&model);
        let bad: Vec<char> =
            text.chars().filter(|c| *c != '\n' && (c.is_control() || matches!(c, '\u{200b}' | '\u{202e}'))).collect();
        assert!(bad.is_empty(), "{bad:?} after {keys}");
    }
}

#[test]
fn every_screen_survives_every_size() {
    for keys in
        ["", "<Enter>", "<Enter>5", "U", "I", "N", ":", "?", "d", "y", "l", ":messages<Enter>", ":themes<Enter>", "/x"]
    {
        let mut model = at_stuck(80, 24, "");
        press(&mut model, keys);
        for width in [0, 1, 2, 3, 7, 20, 59, 80, 121, 250] {
            for height in [0, 1, 2, 3, 4, 5, 8, 16, 41] {
                model.size = crate::app::model::Size { width, height };
                screen(&model);
                layout::board_rows(&model);
            }
        }
    }
}

#[test]
fn a_console_before_anything_was_read_draws_too() {
    let session = Session::new(Arc::new(config("")), identity(), "ana");
    let model = Model::new(session, Arc::new(KeyTable::default()), now(), TimeZone::UTC);
    insta::assert_snapshot!("connecting_80x24", screen(&model));
}

#[test]
fn at_80_columns_numbers_are_left_out_whole_and_never_cut() {
    let mut release = stuck();
    release.state = State::Progressing;
    release.reason = "2 new pods can't pull registry.example.com/shop/search:v42-hotfix (ImagePullBackOff, 6 min); \
                      2 of 8 pods at v42, 6 available."
        .into();
    release.remedy = "".into();
    release.tracks[1].version = "v42-hotfix".into();
    release.history[1].aliases = vec![crate::domain::Revision(38)];
    let snapshot = Snapshot { releases: vec![Arc::new(release)], version: 2, ..super::samples::snapshot() };
    let mut model = console(80, 24, "");
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    press(&mut model, "<Enter>");
    let text = screen(&model);
    let summary = text.lines().nth(1).unwrap_or_default();
    assert!(summary.ends_with("6/8 ready  0/8 new"), "{summary}");
    assert!(text.contains("6 available."), "the reason has a second line: {text}");
    press(&mut model, "5");
    let text = screen(&model);
    assert!(text.contains("41 back to v41 "), "the version stays, and its earlier number is told elsewhere: {text}");
    assert!(text.contains("was 38"), "{text}");
}

#[test]
fn the_counters_of_a_filtered_board_are_all_there() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "/search<Enter>");
    let text = screen(&model);
    let counters = text.lines().nth(1).unwrap_or_default();
    assert!(!counters.contains('…') && counters.contains("/search"), "{counters}");
    assert!(counters.contains("healthy") || counters.contains('✔'), "{counters}");
}
