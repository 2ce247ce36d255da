//! Who else steps a release, as it is drawn.

use super::screen;
use crate::app::model::Model;
use crate::app::{Msg, update};
use crate::domain::presence::{Presence, Presences};
use crate::ui::view::samples::traffic::{at, details, istio};
use crate::ui::view::samples::{ago, press};
use jiff::SignedDuration;
use std::sync::Arc;

/// A console of this width at a release that `console` steps.
fn stepped(console: &str, width: u16, height: u16) -> Model {
    let mut model = at(istio(), width, height);
    model.session.console = "ours".into();
    let presence = Presence {
        release: istio().key,
        holder: "ana@desk\u{1b}[31m".into(),
        console: console.into(),
        step: "ADVANCE shop/checkout → 5 → 20 %".into(),
        since: ago(720),
        renewed: ago(20),
        holds: SignedDuration::from_secs(150),
    };
    let mut snapshot = (*model.live).clone();
    snapshot.version += 1;
    snapshot.presence = Presences::new([presence], None);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    model
}

#[test]
fn whoever_else_steps_is_told_on_the_board_in_the_release_and_in_the_plan() {
    let mut model = stepped("theirs", 80, 24);
    let board = screen(&model);
    assert!(board.contains("shop/checkout @ana") && board.contains(" steps it since "), "{board}");
    assert!(!board.contains('\u{1b}'), "it is made fit to be drawn");
    press(&mut model, "<Enter>2");
    let open = screen(&model);
    assert!(open.contains("is stepping this release since ") && open.contains("last: ADVANCE"), "{open}");
    assert!(open.contains("go to 1.9.3"), "the reason stays: {open}");
    press(&mut model, "A");
    update(&mut model, Msg::Details(istio().uid, Ok(details(&istio()))));
    press(&mut model, "<armed>");
    let plan = screen(&model);
    assert!(plan.contains("presence ▲ ana@desk"), "{plan}");
}

#[test]
fn ones_own_step_is_no_warning_and_what_lapsed_is_nothing() {
    let mut model = stepped("ours", 120, 40);
    assert!(!screen(&model).contains("@ana"), "{}", screen(&model));
    press(&mut model, "<Enter>");
    assert!(screen(&model).contains("you since ") && !screen(&model).contains("is stepping"), "{}", screen(&model));
    let mut model = stepped("theirs", 80, 24);
    assert!(screen(&model).contains("@ana"), "{}", screen(&model));
    model.now = ago(-200);
    assert!(!screen(&model).contains("@ana"), "{}", screen(&model));
}
