//! What the cluster does not let us do is told, and asked anew whenever it is in the way.

use super::{applied, dialog, note};
use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::rights::Rights;
use crate::app::{Model, Msg, update};
use crate::domain::Verb;
use crate::domain::doubt::Doubt;
use crate::ui::view::samples::{at_stuck, press, stuck};
use std::sync::Arc;

fn lacking(verbs: &[Verb]) -> Rights {
    let denied = verbs.iter().map(|verb| (*verb, "patch deployments.apps".into())).collect();
    Rights { denied, ..Rights::default() }
}

fn told(model: &mut Model, rights: Rights) {
    update(model, Msg::Rights(stuck().uid, rights));
}

fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::AskRights(release) if release.uid == stuck().uid))
}

#[test]
fn a_key_that_lacks_its_right_has_it_asked_again_and_works_once_it_was_granted() {
    let mut model = at_stuck(80, 24, "");
    told(&mut model, lacking(&[Verb::Undo]));
    let effects = press(&mut model, "U");
    assert!(note(&model).contains("you may not"), "{}", note(&model));
    assert!(asks(&effects) && model.top().is_none(), "{effects:?}");
    told(&mut model, Rights::default());
    assert_eq!(applied(&press(&mut model, "U<armed>y")), 1, "{}", note(&model));
}

#[test]
fn what_is_refused_for_another_reason_asks_for_rights_only_while_none_are_known() {
    let mut model = at_stuck(80, 24, "");
    assert!(asks(&press(&mut model, "A")), "nobody opened it: the next press knows");
    told(&mut model, lacking(&[Verb::Undo]));
    let effects = press(&mut model, "A");
    assert!(!asks(&effects), "{effects:?}");
}

#[test]
fn a_plan_that_lacks_its_right_has_it_asked_again_by_y() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "U<armed>");
    told(&mut model, lacking(&[Verb::Undo]));
    let effects = press(&mut model, "<armed>y");
    assert!(asks(&effects) && applied(&effects) == 0, "{effects:?}");
    assert!(matches!(model.top(), Some(Layer::Plan(_))) && dialog(&model).plan().is_some());
    told(&mut model, Rights::default());
    assert_eq!(applied(&press(&mut model, "<armed>y")), 1, "{}", note(&model));
}

#[test]
fn a_right_that_is_missing_is_told_before_any_other_reason() {
    let mut model = at_stuck(80, 24, "");
    let mut snapshot = (*model.live).clone();
    for release in snapshot.releases.iter_mut().filter(|release| release.uid == stuck().uid) {
        // Nothing new is sent to a release of which it can't be told who steers it.
        Arc::make_mut(release).doubt = Some(Doubt::Unread("whether a Canary steers it can't be told".into()));
    }
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    for (key, verb) in [("R", Verb::Restart), ("I", Verb::SetImage), ("N", Verb::Scale)] {
        told(&mut model, Rights::default());
        press(&mut model, key);
        assert!(note(&model).contains("can't be told"), "{key}: {}", note(&model));
        told(&mut model, lacking(&[verb]));
        let effects = press(&mut model, key);
        assert!(note(&model).contains("you may not: it needs the right to patch"), "{key}: {}", note(&model));
        assert!(asks(&effects), "{key}");
    }
}
