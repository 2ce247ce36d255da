//! An open release that is gone: what is left on the screen is what was last seen, and says so.
//!
//! ```text
//!  rolling  ? gone 12 s ago  last seen: healthy, v1, 3/3 ready
//! ```

use super::said::{shown, versions};
use crate::app::Model;
use crate::app::keys::Command;
use crate::app::layers::ReleaseView;
use crate::app::update::propose;
use crate::domain::{Age, State, Timestamp};
use crate::ui::widgets::Look;
use ratatui::text::Span;

/// What the summary says instead of a state that nothing has any more.
pub fn summary(model: &Model, view: &ReleaseView, gone: Timestamp, look: Look<'_>) -> Vec<Span<'static>> {
    let release = &view.release;
    let since = Age::between(gone, model.now).words();
    let was = format!(
        "  last seen: {}, {}, {} ready",
        release.state.word(),
        versions(release, look.glyphs),
        release.replicas.ready_of_desired()
    );
    vec![
        Span::styled(format!("{} gone {since} ago", look.glyphs.unknown), look.theme.state(State::Unknown)),
        Span::styled(was, look.theme.style("text.muted")),
    ]
}

/// Why there is nothing more to tell: what became of its object.
pub fn reason(model: &Model, view: &ReleaseView) -> String {
    let (key, name) = (&view.release.key, shown(&view.release.key.qualified()).into_owned());
    match model.live.owning(key) {
        Some(other) if other.key == *key => {
            format!("{name} was deleted and made anew; this is what was last seen of the one before.")
        }
        Some(other) => {
            let holder = other.key.qualified();
            format!("{name} belongs to {} now; this is what was last seen of it alone.", shown(&holder))
        }
        None => format!("{name} is gone; what is left here is what was last seen of it."),
    }
}

/// The next key: what takes back the write that ended it, else the way to the board.
pub fn next(model: &Model, look: Look<'_>) -> String {
    let revert = propose::possible(model, Command::Revert);
    match (revert, model.keys.key_of("revert"), model.keys.key_of("back")) {
        (Some(Ok(words)), Some(key), _) => format!("{key} {}", look.said(&words)),
        (_, _, Some(key)) => format!("{key} goes back to the board, which shows what there is."),
        (_, _, None) => String::new(),
    }
}
