//! What a key was answered is read, whatever else there is to say.

use super::note;
use crate::app::Msg;
use crate::app::messages::Level;
use crate::app::update;
use crate::ui::view::samples::{at_stuck, press};

#[test]
fn a_refused_key_says_why_while_an_error_or_an_alarm_stands_and_then_that_comes_back() {
    for (level, open) in [(Level::Warning, ""), (Level::Error, "<Enter>"), (Level::Alarm, "")] {
        let mut model = at_stuck(80, 24, "");
        press(&mut model, open);
        update(&mut model, Msg::Say(level, "the server answers again".into()));
        press(&mut model, "A");
        assert!(note(&model).contains("it needs a release with weights"), "{level:?}: {}", note(&model));
        assert_eq!(model.messages.behind(), 1);
        press(&mut model, "j");
        assert_eq!(note(&model), "the server answers again");
    }
}

#[test]
fn esc_acknowledges_what_is_in_sight_and_an_answer_is_only_taken_away() {
    let mut model = at_stuck(80, 24, "");
    model.error("an error");
    press(&mut model, "A<Esc>");
    assert_eq!(note(&model), "an error", "it was covered when the key was pressed");
    press(&mut model, "<Esc>");
    assert_eq!(note(&model), "");
}

#[test]
fn in_an_open_release_esc_goes_back_and_the_error_goes_along() {
    // The key that leaves must leave whatever stands below: who presses it twice would else be at another place than
    // they think.
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    model.error("an error");
    press(&mut model, "<Esc>");
    assert_eq!((model.layers.len(), note(&model).as_str()), (0, "an error"));
}
