use super::note;
use crate::action::guard::{Ending, Evaluation, GuardNews};
use crate::app::effect::Effect;
use crate::app::guards::{Acts, GuardTerms};
use crate::app::layers::Layer;
use crate::app::layers::guard::Line;
use crate::app::{Model, Msg, gates, update};
use crate::domain::guarding::OnBreach;
use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::measurement::Reading;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::Refusal;
use crate::domain::{Intent, Revision, Uid};
use crate::guard::{Baking, Check, Quantile, Rule, Verdict};
use crate::ui::view::samples::{arm, at_stuck, measured, press, traffic};
use jiff::SignedDuration;

fn focused(model: &Model) -> Uid {
    model.focus().expect("selected").uid.clone()
}

fn looked(model: &mut Model, verdict: Verdict) -> Vec<Effect> {
    looked_with(model, verdict, Some(Ok(Intent::undo())))
}

fn looked_with(model: &mut Model, verdict: Verdict, back: Option<Result<Intent, Refusal>>) -> Vec<Effect> {
    let look = Evaluation {
        at: model.now,
        verdict,
        reason: "error rate 20 % of 840 requests (limit 5 %)".into(),
        findings: Vec::new(),
        weight: None,
        gate: "".into(),
        until: None,
        back: back.filter(|_| verdict == Verdict::Breach),
    };
    let uid = focused(model);
    update(model, Msg::Guard(uid, Box::new(GuardNews::Looked(look))))
}

/// A console whose selected release is guarded by asking.
fn guarded() -> Model {
    guarded_with("")
}

fn guarded_with(config: &str) -> Model {
    let mut model = at_stuck(80, 24, config);
    press(&mut model, "B");
    arm(&mut model);
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::Arm(_, terms)] if terms.acts == Acts::Asks), "{effects:?}");
    model
}

#[test]
fn a_guard_is_armed_by_a_seen_y_and_by_no_key_before() {
    let mut model = at_stuck(80, 24, "");
    let typed = press(&mut model, "By");
    assert!(!typed.iter().any(|effect| matches!(effect, Effect::Arm(..))), "typed ahead: {typed:?}");
    assert!(matches!(model.top(), Some(Layer::Guard(_))));
    arm(&mut model);
    assert!(press(&mut model, "p").is_empty());
    arm(&mut model);
    let effects = press(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::Arm(_, terms)] if terms.acts == Acts::GoesBack), "{effects:?}");
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
fn a_breach_proposes_what_served_when_it_was_armed_and_no_other_revision() {
    let mut model = guarded();
    let release = model.focus().expect("selected").clone();
    // Not where an undo goes by itself.
    let served = release.history.iter().find(|entry| !entry.current && Some(entry.revision) != release.back_to);
    let served = served.expect("a third revision").revision;
    let promised = Intent::Undo { to: UndoTo::Number(served), paused: PausedUndo::StayPaused };
    looked_with(&mut model, Verdict::Breach, Some(Ok(promised.clone())));
    let Some(Layer::Plan(dialog)) = model.top() else { panic!("{:?}", model.top()) };
    assert_eq!(dialog.intent, promised);
    press(&mut model, "<Esc>");
    looked_with(&mut model, Verdict::Breach, Some(Ok(promised)));
    assert!(model.top().is_none(), "it was asked about");
    let next = Intent::Undo { to: UndoTo::Number(Revision(1)), paused: PausedUndo::StayPaused };
    looked_with(&mut model, Verdict::Breach, Some(Ok(next.clone())));
    let Some(Layer::Plan(dialog)) = model.top() else { panic!("{:?}", model.top()) };
    assert_eq!(dialog.intent, next, "the way back has another write");
}

#[test]
fn what_holds_ways_forward_holds_no_way_back_that_a_guard_promised() {
    let config = "[freeze]\nzone = \"UTC\"\n[freeze.windows.night]\nfrom = \"00:00\"\nto = \"23:59\"\n\
                  [contexts.\"prod-eu\"]\nprotected = true\n";
    // Pods of what served come first: of a person that is a way forward.
    let promised = Intent::Scale(4);
    let mut model = guarded_with(config);
    looked_with(&mut model, Verdict::Breach, Some(Ok(promised.clone())));
    let effects = press(&mut model, "<armed>y");
    assert!(matches!(effects.as_slice(), [Effect::Apply(plan, _)] if plan.intent == promised), "{}", note(&model));
    let mut model = at_stuck(80, 24, config);
    let release = model.focus().expect("selected").clone();
    update::propose::open(&mut model, &release, promised);
    assert!(press(&mut model, "<armed>y").is_empty(), "of a person it is held");
}

#[test]
fn a_y_that_would_end_a_guard_arms_none_when_that_one_has_just_ended() {
    let mut model = guarded();
    press(&mut model, "B<armed>");
    let uid = focused(&model);
    let ending = Ending { kind: OutcomeKind::Applied, happened: None, reason: "its time is over".into() };
    update(&mut model, Msg::Guard(uid, Box::new(GuardNews::Ended(ending))));
    assert!(press(&mut model, "y").is_empty(), "what y means now was not seen");
    arm(&mut model);
    assert!(matches!(press(&mut model, "y").as_slice(), [Effect::Arm(..)]));
}

#[test]
fn a_breach_without_a_way_back_says_why() {
    let mut model = guarded();
    looked_with(&mut model, Verdict::Breach, Some(Err(Refusal::because("v3 is in the history no more"))));
    assert!(model.top().is_none(), "{:?}", model.top());
    assert!(note(&model).contains("there is no way back to propose: v3 is in the history no more"), "{}", note(&model));
}

#[test]
fn a_way_back_that_is_not_open_yet_is_not_called_none() {
    let mut model = guarded();
    looked_with(&mut model, Verdict::Breach, Some(Err(Refusal::moved("no pod of blue is ready yet"))));
    let told = note(&model);
    assert!(told.contains("proposed as soon as it is open: no pod of blue is ready yet"), "{told}");
    looked_with(&mut model, Verdict::Breach, Some(Ok(Intent::Scale(4))));
    assert!(matches!(model.top(), Some(Layer::Plan(_))), "and then it is: {:?}", model.top());
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

fn dialog(model: &Model) -> &crate::app::layers::GuardDialog {
    match model.top() {
        Some(Layer::Guard(dialog)) => dialog,
        other => panic!("no dialog of a guard: {other:?}"),
    }
}

/// What the guard was armed with that `keys` typed into its dialog ask for.
fn armed_with(keys: &str) -> GuardTerms {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "B");
    arm(&mut model);
    press(&mut model, &format!("e{keys}<Enter>"));
    assert_eq!(dialog(&model).problem, None);
    assert!(press(&mut model, "y").is_empty(), "what was taken is to be seen first");
    arm(&mut model);
    let effects = press(&mut model, "y");
    let [Effect::Arm(_, terms)] = effects.as_slice() else { panic!("{effects:?}") };
    let uid = focused(&model);
    let asked = crate::app::measuring::focus(&model).endpoints;
    assert_eq!(asked.first().map(|(asked, _)| asked.clone()), terms.health.as_ref().map(|_| uid.clone()));
    assert_eq!(crate::app::measuring::Limits::on(&model, &uid).p99, terms.rules.rules.iter().find_map(p99));
    GuardTerms::clone(terms)
}

fn p99(rule: &Rule) -> Option<f64> {
    match rule.check {
        Check::Latency(_, seconds) => Some(seconds),
        _ => None,
    }
}

#[test]
fn the_rules_are_typed_in_the_dialog_and_the_guard_is_armed_with_them() {
    let terms =
        armed_with("<Ctrl-u>2%,breaches=3<Tab>250ms<Tab>svc/search:80/health<Tab><Ctrl-u>1h<Tab><Right><Tab><Right>");
    let of = |name: &str| terms.rules.rules.iter().find(|rule| rule.check.name() == name).expect("there");
    assert_eq!((of("error rate").check, of("error rate").terms.in_a_row), (Check::ErrorsMax(0.02), 3));
    assert_eq!(of("p99").check, Check::Latency(Quantile::P99, 0.25));
    assert_eq!(of("health endpoint").check, Check::Health(3));
    assert_eq!(terms.health.as_ref().map(|health| &*health.address.text), Some("svc/search:80/health"));
    assert_eq!((terms.watch, terms.acts), (SignedDuration::from_hours(1), Acts::GoesBack));
    assert_eq!(terms.on_breach, OnBreach::Hold, "a plain workload has no traffic and no sides: undo or hold");
    // Without a limit there is no rule.
    let none = armed_with("<Ctrl-u>");
    assert!(none.rules.rules.iter().all(|rule| rule.check.name() != "error rate"), "{:?}", none.rules);
}

#[test]
fn the_rules_of_an_armed_guard_hold_the_gate_that_the_pane_shows_until_it_is_ended() {
    let release = traffic::istio();
    let mut model = traffic::at(release.clone(), 100, 40);
    let mut measured = measured::well(&release);
    measured.tracks[1].errors = Reading::Value(0.03);
    measured::tell(&mut model, &release, measured);
    assert_eq!(gates::baking_shown(&model, &release), Baking::Free, "3 % are within the settings' 5 %");
    press(&mut model, "B");
    arm(&mut model);
    press(&mut model, "e<Ctrl-u>2%<Enter>");
    arm(&mut model);
    assert!(matches!(press(&mut model, "y").as_slice(), [Effect::Arm(..)]), "{}", note(&model));
    let held = "this rung does not bake: error rate 3 % of 18720 requests (limit 2 %)";
    assert_eq!(gates::baking_shown(&model, &release).holds().as_deref(), Some(held));
    let baking = gates::baking(&model, &release.uid).expect("it is there");
    assert_eq!(baking.holds().as_deref(), Some(held));
    press(&mut model, "B");
    arm(&mut model);
    assert!(matches!(press(&mut model, "y").as_slice(), [Effect::Disarm(_)]), "{}", note(&model));
    assert_eq!(gates::baking_shown(&model, &release), Baking::Free);
}

#[test]
fn what_makes_no_sense_is_refused_in_the_dialog_where_it_stands_and_nothing_is_armed() {
    let cases = [
        ("<Ctrl-u>500%", Line::Errors, "500 % is no share"),
        ("<Ctrl-u>-5%", Line::Errors, "-5 % is no share"),
        ("<Ctrl-u>five", Line::Errors, "no share of requests"),
        ("<Ctrl-u>5%,window=20s", Line::Errors, "20 s is shorter than the 1 min"),
        ("<Tab>0ms", Line::P99, "no time that a request can take"),
        ("<Tab>fast", Line::P99, "no time of a request"),
        ("<Tab><Tab>search:80", Line::Health, "must begin with"),
        ("<Tab><Tab>https://", Line::Health, "names no place"),
        ("<Tab><Tab><Tab><Ctrl-u>soon", Line::For, "'soon' is no time"),
        ("<Tab><Tab><Tab><Ctrl-u>0s", Line::For, "no time to watch for"),
    ];
    for (keys, line, why) in cases {
        let mut model = at_stuck(80, 24, "");
        press(&mut model, "B");
        arm(&mut model);
        press(&mut model, &format!("e{keys}<Enter>"));
        let told = dialog(&model).problem.clone().unwrap_or_default();
        assert!(told.contains(why), "{keys}: {told}");
        assert_eq!(dialog(&model).at, Some(line), "{keys}");
        arm(&mut model);
        assert!(press(&mut model, "y").is_empty(), "{keys}: a letter of the field");
        assert!(press(&mut model, "<Esc>").is_empty());
        let uid = focused(&model);
        assert!(model.guards.of(&uid).is_none(), "{keys}");
    }
}
