//! In History the row that is selected is the one that is meant.

use super::{dialog, note};
use crate::app::layers::Layer;
use crate::app::layers::plan::Other;
use crate::domain::Revision;
use crate::ui::view::samples::{at_stuck, press};

#[test]
fn the_row_that_runs_is_neither_gone_back_to_nor_compared_once_it_was_chosen() {
    for key in ["U", "d", "<Enter>"] {
        let mut model = at_stuck(80, 24, "");
        // The cursor stands on the revision to go back to; the one above it runs.
        press(&mut model, &format!("<Enter>5k{key}"));
        assert!(matches!(model.top(), Some(Layer::Release(_))), "{key}: {:?}", model.top());
        assert!(note(&model).starts_with("revision 42 is what runs now in shop/search;"), "{key}: {}", note(&model));
        press(&mut model, &format!("j{key}"));
        assert!(!matches!(model.top(), Some(Layer::Release(_))), "{key}: {}", note(&model));
    }
}

#[test]
fn before_the_cursor_was_moved_the_best_founded_revision_is_meant() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>5U");
    assert_eq!(dialog(&model).chosen, Some(Other::Revision(Revision(41))));
}
