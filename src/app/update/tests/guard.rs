use super::note;
use crate::action::guard::{Ending, Evaluation, GuardNews};
use crate::app::effect::Effect;
use crate::app::guards::Acts;
use crate::app::layers::Layer;
use crate::app::{Model, Msg, update};
use crate::domain::Uid;
use crate::domain::outcome::OutcomeKind;
use crate::guard::Verdict;
use crate::ui::view::samples::{arm, at_stuck, press};

fn focused(model: &Model) -> Uid {
    model.focus().expect("selected").uid.clone()
}

fn looked(model: &mut Model, verdict: Verdict) -> Vec<Effect> {
    let look = Evaluation {
        at: model.now,
        verdict,
        reason: "error rate 20 % of 840 requests (limit 5 %)".into(),
        findings: Vec::new(),
        weight: None,
        gate: "".into(),
        until: None,
    };
    let uid = focused(model);
    update(model, Msg::Guard(uid, Box::new(GuardNews::Looked(look))))
}

/// A console whose selected release is guarded by asking.
fn guarded() -> Model {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "B");
    arm(&mut model);
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::Arm(_, Acts::Asks)]), "{effects:?}");
    model
}

#[test]
fn a_guard_is_armed_by_a_seen_y_and_by_no_key_before() {
    let mut model = at_stuck(80, 24, "");
    assert!(press(&mut model, "By").is_empty(), "typed ahead");
    assert!(matches!(model.top(), Some(Layer::Guard(_))));
    arm(&mut model);
    assert!(press(&mut model, "p").is_empty());
    arm(&mut model);
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::Arm(_, Acts::GoesBack)]), "{effects:?}");
    let uid = focused(&model);
    assert_eq!(model.guards.of(&uid).map(crate::app::guards::Guard::word), Some("guard"), "it stands on the board");
}

#[test]
fn a_breach_opens_the_way_back_once_and_writes_nothing() {
    let mut model = guarded();
    assert!(looked(&mut model, Verdict::Ok).is_empty());
    assert!(model.top().is_none());
    let effects = looked(&mut model, Verdict::Breach);
    assert!(matches!(model.top(), Some(Layer::Plan(_))), "{:?}", model.top());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Apply(..))), "{effects:?}");
    press(&mut model, "<Esc>");
    looked(&mut model, Verdict::Breach);
    assert!(model.top().is_none(), "it asks once about a breach that goes on");
    let uid = focused(&model);
    assert_eq!(model.guards.of(&uid).map(crate::app::guards::Guard::word), Some("breach"));
}

#[test]
fn leaving_asks_once_while_a_guard_is_armed_and_a_guard_can_be_ended() {
    let mut model = guarded();
    assert!(press(&mut model, "q").is_empty());
    assert!(
        matches!(model.top(), Some(Layer::Leaving { because, .. }) if because.contains("is guarded by this console"))
    );
    press(&mut model, "<Esc>B");
    arm(&mut model);
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::Disarm(_)]), "{effects:?}");
    assert!(matches!(press(&mut model, "q").as_slice(), [Effect::Quit]));
}

#[test]
fn the_end_of_a_guard_is_told_and_frees_the_release() {
    let mut model = guarded();
    let uid = focused(&model);
    let ending = Ending { kind: OutcomeKind::Failed, happened: None, reason: "rolled back to v41, and settled".into() };
    update(&mut model, Msg::Guard(uid.clone(), Box::new(GuardNews::Ended(ending))));
    assert!(note(&model).contains("rolled back to v41"), "{}", note(&model));
    assert!(model.guards.of(&uid).is_none());
}

#[test]
fn other_namespaces_keep_the_guards_and_another_context_asks_first() {
    let mut model = guarded();
    let uid = focused(&model);
    let effects = press(&mut model, ":ns pay<Enter>");
    assert!(matches!(effects.as_slice(), [.., Effect::SwitchNamespaces(_)]), "{effects:?}");
    let session = model.session.clone();
    update(&mut model, Msg::Switched(Ok(Box::new(session))));
    assert!(model.guards.of(&uid).is_some(), "it goes on");

    let effects = press(&mut model, ":ctx staging<Enter>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::SwitchContext(_))), "{effects:?}");
    assert!(
        matches!(model.top(), Some(Layer::Leaving { because, .. }) if because.contains("is guarded by this console"))
    );
    assert!(press(&mut model, "<Esc>").is_empty());
    press(&mut model, ":ctx staging<Enter>");
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::SwitchContext(name)] if **name == *"staging"), "{effects:?}");
    let mut session = model.session.clone();
    let mut identity = (*session.cluster).clone();
    identity.context = "staging".into();
    session.cluster = std::sync::Arc::new(identity);
    update(&mut model, Msg::Switched(Ok(Box::new(session))));
    assert!(model.guards.of(&uid).is_none());
}
