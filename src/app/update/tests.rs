//! What keys do, and above all what they do not do.

mod guard;
mod history;
mod interrupted;
mod logs;
mod order;
mod rights;
mod said;
mod seen;
mod traffic;
mod went;

use super::propose::all_possible;
use crate::app::effect::Effect;
use crate::app::keys::Command;
use crate::app::layers::Layer;
use crate::app::layers::plan::{Other, Stage};
use crate::app::msg::WriteNews;
use crate::app::writes::Phase;
use crate::app::{Model, Msg, update};
use crate::domain::intent::{Override, UndoTo};
use crate::domain::outcome::OutcomeKind;
use crate::domain::snapshot::{Absence, Connection, Snapshot};
use crate::domain::{Intent, Outcome, Revision};
use crate::ui::view::samples::{ago, arm, at_stuck, console, in_sight, press, stuck, stuck_details};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

fn applied(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Apply(..))).count()
}

fn note(model: &Model) -> String {
    model.messages.shown().map(|message| message.text.to_string()).unwrap_or_default()
}

fn dialog(model: &Model) -> &crate::app::layers::PlanDialog {
    match model.top() {
        Some(Layer::Plan(dialog)) => dialog,
        other => panic!("no plan is open but {other:?}"),
    }
}

#[test]
fn an_undo_is_one_key_and_one_confirmation() {
    let mut model = at_stuck(80, 24, "");
    let effects = press(&mut model, "U<armed>y");
    assert_eq!(applied(&effects), 1);
    let Some(Effect::Apply(plan, terms)) = effects.last() else { panic!("{effects:?}") };
    assert!(plan.title.contains("revision 41"), "{}", plan.title);
    assert!(!terms.optional && terms.reason.is_empty());
}

#[test]
fn a_second_y_writes_nothing_more() {
    let mut model = at_stuck(80, 24, "");
    assert_eq!(applied(&press(&mut model, "U<armed>yyy<armed>y")), 1);
}

#[test]
fn keys_typed_before_the_dialog_was_seen_are_thrown_away() {
    let mut model = at_stuck(80, 24, "");
    assert_eq!(applied(&press(&mut model, "Uyyyy")), 0, "nothing was flushed yet");
    let revision = model.revision;
    let shown = in_sight(&model);
    update(&mut model, Msg::Flushed(revision, shown));
    assert_eq!(applied(&press(&mut model, "y")), 0, "flushed, and not quiet for 300 ms");
    model.tick += Duration::from_millis(298);
    assert_eq!(applied(&press(&mut model, "y")), 0, "the last y began the quiet anew, and 299 ms are too few");
    model.tick += Duration::from_millis(301);
    assert_eq!(applied(&press(&mut model, "y")), 1);
}

#[test]
fn a_flushed_frame_from_before_the_dialog_does_not_arm_it() {
    let mut model = at_stuck(80, 24, "");
    let before = model.revision;
    press(&mut model, "U");
    update(&mut model, Msg::Flushed(before, None));
    model.tick += Duration::from_secs(5);
    assert_eq!(applied(&press(&mut model, "y")), 0);
}

#[test]
fn enter_never_confirms_and_pasted_text_is_no_command() {
    let mut model = at_stuck(80, 24, "");
    assert_eq!(applied(&press(&mut model, "U<armed><Enter><armed><Enter>")), 0);
    arm(&mut model);
    let effects = update(&mut model, Msg::Paste("y".into()));
    assert_eq!(applied(&effects), 0);
    assert!(matches!(dialog(&model).stage, Stage::Ready(_)));
}

#[test]
fn another_revision_is_planned_anew_and_must_be_seen_first() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>");
    assert_eq!(dialog(&model).chosen, Some(Other::Revision(Revision(41))));
    assert_eq!(applied(&press(&mut model, "<Right>y")), 0, "the new plan was not seen yet");
    assert_eq!(dialog(&model).chosen, Some(Other::Revision(Revision(40))));
    let effects = press(&mut model, "<armed>y");
    let Some(Effect::Apply(plan, _)) = effects.last() else { panic!("{effects:?}") };
    assert!(plan.title.contains("revision 40"), "{}", plan.title);
}

#[test]
fn forward_verbs_of_a_protected_context_need_the_word_and_back_verbs_do_not() {
    let protected = "[contexts.\"prod-eu\"]\nprotected = true\n";
    let mut model = at_stuck(80, 24, protected);
    assert_eq!(applied(&press(&mut model, "R<armed>y<armed>y")), 0);
    assert_eq!(applied(&press(&mut model, "<Esc>R<armed>heron<armed>y")), 1);
    let mut model = at_stuck(80, 24, protected);
    assert_eq!(applied(&press(&mut model, "U<armed>y")), 1);
}

#[test]
fn a_wrong_word_is_corrected_with_backspace_and_letters_are_no_commands_meanwhile() {
    let mut model = at_stuck(80, 24, "[contexts.\"prod-eu\"]\nprotected = true\n");
    press(&mut model, "R<armed>herr<Backspace>on");
    assert!(!dialog(&model).locked());
    let mut model = at_stuck(80, 24, "[contexts.\"prod-eu\"]\nprotected = true\n");
    press(&mut model, "R<armed>n");
    assert!(matches!(model.top(), Some(Layer::Plan(_))), "'n' went into the word");
}

#[test]
fn read_only_opens_plans_and_sends_nothing_not_even_a_dry_run() {
    let mut model = at_stuck(80, 24, "read_only = true\n");
    let effects = press(&mut model, "U<armed>y");
    assert_eq!(applied(&effects), 0);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Preview(_))));
    assert!(note(&model).contains("read-only"), "{}", note(&model));
    assert!(
        press(&mut model, "c").iter().any(|effect| matches!(effect, Effect::Copy(text) if text.contains("kubectl")))
    );
}

#[test]
fn a_freeze_holds_forward_until_overridden_with_a_reason_and_never_back() {
    let freeze = "[freeze]\nzone = \"UTC\"\n[freeze.windows.night]\nfrom = \"00:00\"\nto = \"23:59\"\n";
    let mut model = at_stuck(80, 24, freeze);
    assert_eq!(applied(&press(&mut model, "U<armed>y")), 1, "back is open");
    let mut model = at_stuck(80, 24, freeze);
    assert_eq!(applied(&press(&mut model, "R<armed>y")), 0);
    assert!(note(&model).contains("change freeze 'night'"), "{}", note(&model));
    assert_eq!(applied(&press(&mut model, "<armed>b<armed><Enter><armed>y")), 0, "no reason yet");
    let effects = press(&mut model, "<armed>ehotfix<Enter><armed>y");
    let Some(Effect::Apply(_, terms)) = effects.last() else { panic!("{effects:?}") };
    assert!(terms.overrides == [Override::Freeze] && &*terms.reason == "hotfix");
}

#[test]
fn one_request_a_release_is_on_its_way_at_a_time() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>y<Esc>");
    assert_eq!(applied(&press(&mut model, "R<armed>y")), 0);
    assert!(note(&model).contains("still missing"), "{}", note(&model));
}

#[test]
fn a_back_verb_may_follow_our_own_plan_that_was_answered_and_has_not_settled() {
    let mut model = at_stuck(80, 24, "");
    let effects = press(&mut model, "R<armed>y<Esc>");
    let Some(Effect::Apply(plan, _)) = effects.iter().find(|effect| matches!(effect, Effect::Apply(..))) else {
        panic!()
    };
    let id = plan.id.clone();
    update(&mut model, Msg::Write(id, WriteNews::Reached(Phase::Accepted, "".into())));
    assert_eq!(applied(&press(&mut model, "U<armed>y")), 1);
}

#[test]
fn another_cluster_behind_the_same_console_stops_writes() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>");
    update(&mut model, Msg::Elsewhere("the context points to another cluster now".into()));
    arm(&mut model);
    assert_eq!(applied(&press(&mut model, "y")), 0);
    assert!(model.messages.iter().any(|message| message.text.contains("another cluster")));
}

#[test]
fn the_selection_sticks_to_the_release_and_not_to_its_row() {
    let mut model = at_stuck(80, 24, "");
    let selected = model.board.selected.clone();
    let mut snapshot = (*model.live).clone();
    snapshot.releases.retain(|release| &*release.key.name != "ledger");
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    assert_eq!(model.board.selected, selected);
    assert_eq!(model.board.current().map(|release| release.uid.clone()), selected);
}

#[test]
fn a_held_screen_stands_still_and_a_write_key_lets_it_go() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, " ");
    let rows = model.board.rows.len();
    let mut snapshot = (*model.live).clone();
    snapshot.releases.truncate(2);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    assert_eq!(model.board.rows.len(), rows);
    press(&mut model, "U");
    assert!(model.held.is_none() && model.board.rows.len() == 2);
}

#[test]
fn without_objects_at_hand_the_dialog_opens_at_once_and_plans_when_they_come() {
    let mut model = console(80, 24, "");
    model.board.choose(stuck().uid);
    let snapshot = model.live.clone();
    model.board.take(&snapshot, model.tick);
    let effects = press(&mut model, "U");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadDetails(_))));
    assert!(matches!(dialog(&model).stage, Stage::Reading));
    update(&mut model, Msg::Details(stuck().uid, Ok(Arc::new(stuck_details(ago(0))))));
    assert!(matches!(dialog(&model).stage, Stage::Ready(_)));
}

#[test]
fn without_an_answer_back_is_sent_blind_and_forward_is_refused() {
    let opened = |key: &str| {
        let mut model = at_stuck(80, 24, "");
        let old = stuck_details(ago(600));
        let uid = stuck().uid;
        update(&mut model, Msg::Details(uid.clone(), Ok(Arc::new(old))));
        let mut snapshot = (*model.live).clone();
        snapshot.connection =
            Connection::Away { since: ago(60), cause: Absence::Refused, reason: "refused".into(), retry_at: ago(0) };
        update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
        let effects = press(&mut model, key);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadDetails(_))));
        update(&mut model, Msg::Details(uid, Err("no answer within 2 s".into())));
        model
    };
    let mut model = opened("U");
    assert!(dialog(&model).plan().is_some_and(|plan| plan.blind));
    assert_eq!(applied(&press(&mut model, "<armed>y")), 1);
    let mut model = opened("R");
    assert!(matches!(dialog(&model).stage, Stage::Refused(_)));
    assert_eq!(applied(&press(&mut model, "<armed>y")), 0);
}

#[test]
fn answers_to_an_earlier_plan_of_the_dialog_are_dropped() {
    use crate::app::layers::plan::Preview;
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>");
    let first = model.plans;
    press(&mut model, "<Right>");
    update(&mut model, Msg::Preview(first, Preview::Refused("of the first".into())));
    assert_eq!(dialog(&model).preview, Preview::Asked);
}

#[test]
fn a_write_key_that_is_not_possible_says_why() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "A");
    assert!(note(&model).contains("it needs a release with weights"), "{}", note(&model));
    press(&mut model, "Z");
    assert!(note(&model).contains("nothing to take back"), "{}", note(&model));
    assert!(model.layers.is_empty());
}

#[test]
fn in_history_an_undo_takes_the_selected_revision() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>5jU");
    assert!(matches!(dialog(&model).intent, Intent::Undo { to: UndoTo::Number(Revision(40)), .. }));
}

#[test]
fn scale_and_set_image_are_typed_first_and_then_planned() {
    let mut model = at_stuck(80, 24, "");
    assert_eq!(applied(&press(&mut model, "N5<Enter>")), 0, "Enter only makes the plan");
    assert_eq!(dialog(&model).intent, Intent::Scale(5));
    press(&mut model, "<Esc>I<Ctrl-u>reg/search:v43<Enter>");
    let plan = dialog(&model).plan().expect("a plan");
    assert!(plan.diff.iter().any(|change| change.new.as_deref() == Some("reg/search:v43")), "{:?}", plan.diff);
}

#[test]
fn leaving_asks_once_while_a_write_has_no_answer() {
    let mut model = at_stuck(80, 24, "");
    let effects = press(&mut model, "U<armed>y<Esc>q");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    assert!(matches!(model.top(), Some(Layer::Leaving { .. })));
    assert!(press(&mut model, "y").iter().any(|effect| matches!(effect, Effect::Quit)));
    let mut model = console(80, 24, "");
    assert!(press(&mut model, "q").iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn ctrl_c_twice_within_two_seconds_ends_and_once_does_not() {
    let mut model = console(80, 24, "");
    let quits = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Quit));
    assert!(!quits(&press(&mut model, "<Ctrl-c>")));
    model.tick += Duration::from_secs(3);
    assert!(!quits(&press(&mut model, "<Ctrl-c>")));
    assert!(quits(&press(&mut model, "<Ctrl-c>")));
}

#[test]
fn a_failed_write_stays_in_sight_until_acknowledged() {
    let mut model = at_stuck(80, 24, "");
    let effects = press(&mut model, "U<armed>y<Esc>");
    let Some(Effect::Apply(plan, _)) = effects.iter().find(|effect| matches!(effect, Effect::Apply(..))) else {
        panic!()
    };
    let outcome = Outcome::new(OutcomeKind::Conflict, "somebody moved the template");
    update(&mut model, Msg::Write(plan.id.clone(), WriteNews::Ended(outcome)));
    press(&mut model, "jk");
    assert!(note(&model).contains("conflict"), "{}", note(&model));
    press(&mut model, "<Esc>");
    assert!(model.messages.shown().is_none());
}

#[test]
fn the_filter_takes_words_and_fields() {
    let shown = |filter: &str| {
        let mut model = console(80, 24, "");
        press(&mut model, &format!("/{filter}<Enter>"));
        model.board.rows.iter().map(|release| release.key.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(shown("ledg"), ["ledger"]);
    assert_eq!(shown("ns:pay"), ["ledger", "api"]);
    assert_eq!(shown("state:failed"), ["search"]);
    assert_eq!(shown("state:held"), ["cart"]);
    assert_eq!(shown("how:recreate"), ["ledger"]);
    assert_eq!(shown("ns:shop wrk3"), ["worker-3"]);
}

#[test]
fn a_namespace_that_does_not_exist_is_told_and_what_is_shown_stays() {
    let mut model = console(80, 24, "");
    let known = model.live.known_namespaces.clone();
    assert!(known.iter().any(|name| &**name == "shop"), "{known:?}");
    let effects = press(&mut model, ":ns shpo<Enter>");
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(note(&model), "there is no namespace 'shpo' in prod-eu; did you mean 'shop'?");
    assert!(press(&mut model, ":ns shop elsewhere<Enter>").is_empty());
    let words = "there is no namespace 'elsewhere' in prod-eu; :namespaces lists those that there are";
    assert_eq!(note(&model), words);
    assert!(matches!(press(&mut model, ":ns shop<Enter>")[..], [Effect::SwitchNamespaces(_)]));
    // Where namespaces may not be listed, it is tried.
    let unknown = Snapshot { known_namespaces: Vec::new(), ..(*model.live).clone() };
    update(&mut model, Msg::Snapshot(Arc::new(unknown)));
    assert!(matches!(press(&mut model, ":ns elsewhere<Enter>")[..], [Effect::SwitchNamespaces(_)]));
}

#[test]
fn a_write_that_ends_after_a_switch_is_told_with_the_context_that_it_was_sent_in() {
    let mut model = at_stuck(80, 24, "");
    let effects = press(&mut model, "U<armed>y");
    let Some(Effect::Apply(plan, _)) = effects.last().cloned() else { panic!("{effects:?}") };
    update(&mut model, Msg::Write(plan.id.clone(), WriteNews::Reached(Phase::Accepted, "the server took it".into())));
    let there =
        crate::domain::identity::ClusterIdentity { context: "staging".into(), ..(*model.session.cluster).clone() };
    let session = model.session.on(Arc::new(there));
    update(&mut model, Msg::Switched(Ok(Box::new(session))));
    let outcome = Outcome::new(OutcomeKind::Applied, "settled");
    update(&mut model, Msg::Write(plan.id.clone(), WriteNews::Ended(outcome)));
    let told = note(&model);
    assert!(told.contains("revision 41 in prod-eu: applied (settled)"), "{told}");
}

#[test]
fn a_release_that_is_gone_stays_open_and_takes_no_write() {
    let mut model = at_stuck(80, 24, "");
    let writes = [Command::Undo, Command::PauseResume];
    assert_eq!(all_possible(&model, &writes), writes);
    press(&mut model, "<Enter>");
    let mut snapshot: Snapshot = (*model.live).clone();
    snapshot.releases.retain(|release| release.uid != stuck().uid);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    let Some(Layer::Release(view)) = model.top() else { panic!() };
    assert!(view.gone.is_some());
    assert_eq!(all_possible(&model, &writes), []);
    press(&mut model, "U");
    assert!(note(&model).contains("is gone"), "{}", note(&model));
}

/// Keys that a hand may hit, those that write and confirm among them, and what may come between.
fn happenings() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..60)
}

const KEYS: &[&str] = &[
    "j",
    "k",
    "g",
    "G",
    "<Enter>",
    "<Esc>",
    "<Tab>",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "/",
    "o",
    ":",
    "?",
    "d",
    "y",
    "l",
    "e",
    "c",
    " ",
    "q",
    "n",
    "r",
    "b",
    "p",
    "U",
    "P",
    "R",
    "I",
    "N",
    "Z",
    "A",
    "x",
    "<Left>",
    "<Right>",
    "<Backspace>",
    "<Ctrl-c>",
    "<Ctrl-d>",
    "<Ctrl-u>",
    "<PgDn>",
    "<Shift-Tab>",
    "w",
    "f",
    "+",
    "a",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_sequence_of_keys_writes_without_an_armed_y(happenings in happenings()) {
        let mut model = at_stuck(80, 24, "");
        for byte in happenings {
            let place = usize::from(byte) % (KEYS.len() + 4);
            let effects = match KEYS.get(place) {
                Some(key) => {
                    let armed_y = *key == "y"
                        && matches!(model.top(), Some(Layer::Plan(dialog)) if dialog.arming.armed(model.tick + Duration::from_millis(1)));
                    let effects = press(&mut model, key);
                    prop_assert!(armed_y || applied(&effects) == 0, "{key} wrote");
                    effects
                }
                None if place == KEYS.len() => { arm(&mut model); Vec::new() }
                None if place == KEYS.len() + 1 => {
                    let size = crate::app::model::Size { width: u16::from(byte), height: u16::from(byte) / 4 };
                    update(&mut model, Msg::Resize(size))
                }
                None if place == KEYS.len() + 2 => update(&mut model, Msg::Paste("y\ny".into())),
                None => update(&mut model, Msg::Tick),
            };
            prop_assert!(applied(&effects) <= 1);
            let (width, height) = (model.size.width, model.size.height);
            crate::ui::widgets::testing::buffer(width, height, &crate::ui::glyphs::UNICODE, |buffer, area, look| {
                crate::ui::view::draw(buffer, area, &model, look)
            });
        }
    }

    #[test]
    fn keys_without_any_flushed_frame_never_write(keys in proptest::collection::vec(0..KEYS.len(), 0..80)) {
        let mut model = at_stuck(80, 24, "");
        for key in keys {
            model.tick += Duration::from_millis(700);
            prop_assert_eq!(applied(&press(&mut model, KEYS[key])), 0);
        }
    }
}
