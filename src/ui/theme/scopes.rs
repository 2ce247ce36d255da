//! Every scope that a theme can style: what the code asks for, and what a theme file may name.
//!
//! A scope that a theme leaves out takes the style of the scope before its last dot: `ladder.done` that of `ladder`.

/// What a scope is drawn as; the contrast test asks of each what it must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It fills an area; texts are drawn on it.
    Surface,
    /// Text on the screen, on the selected row and in dialogs.
    Text,
    /// Text that stands on the named surface only.
    On(&'static str),
    /// Lines and the unlit part of bars: nothing is to be read from it.
    Ornament,
}

/// All scopes: name, use, and what it is for.
pub const SCOPES: &[(&str, Use, &str)] = &[
    ("screen", Use::Surface, "everything that is not styled otherwise"),
    ("text.strong", Use::Text, "what a line is about"),
    ("text.muted", Use::Text, "what matters less: ages, labels, what is not possible now"),
    ("text.number", Use::Text, "numbers that are compared"),
    ("header", Use::Surface, "the first line of the screen"),
    ("header.fingerprint", Use::On("header"), "the cluster's word, unless its context has a colour"),
    ("header.protected", Use::On("header"), "PROTECTED"),
    ("header.mode", Use::On("header"), "read-only, rehearsal, simulated"),
    ("header.live", Use::On("header"), "the connection when all is well"),
    ("header.stale", Use::On("header"), "the connection when it is away"),
    ("header.crumb", Use::On("header"), "where one is"),
    ("footer", Use::Text, "the line of keys"),
    ("key", Use::Text, "a key in a hint"),
    ("border", Use::Ornament, "the frame of a pane"),
    ("border.focused", Use::Ornament, "the frame of the pane that has the keys"),
    ("title", Use::Text, "the title in a frame"),
    ("title.detail", Use::Text, "the right side of a title"),
    ("tab", Use::Text, "a tab"),
    ("tab.active", Use::Text, "the tab that is open"),
    ("table.header", Use::Text, "the names of columns"),
    ("row.selected", Use::Surface, "the selected row"),
    ("row.mark", Use::Text, "the sign beside the selected row"),
    ("row.stale", Use::Text, "a row whose data is old"),
    ("state", Use::Text, "a state"),
    ("state.down", Use::Text, "down"),
    ("state.failed", Use::Text, "failed"),
    ("state.degraded", Use::Text, "degraded"),
    ("state.waiting", Use::Text, "waiting"),
    ("state.progressing", Use::Text, "progressing"),
    ("state.healthy", Use::Text, "healthy"),
    ("state.idle", Use::Text, "idle"),
    ("state.unknown", Use::Text, "unknown"),
    ("verdict.ok", Use::Text, "well, accepted"),
    ("verdict.warn", Use::Text, "deserves a look"),
    ("verdict.bad", Use::Text, "bad, refused"),
    ("verdict.unknown", Use::Text, "not known, not answered yet"),
    ("track.stable", Use::Text, "the stable track and its bar"),
    ("track.candidate", Use::Text, "the candidate track and its bar"),
    ("track.idle", Use::Text, "an idle track and its bar"),
    ("weight.bar", Use::Text, "the lit part of a bar without a track"),
    ("weight.empty", Use::Ornament, "the unlit part of a bar"),
    ("weight.mark", Use::Text, "the actual weight on a bar, where it is not the asked one"),
    ("weight.unequal", Use::Text, "two numbers that should be equal"),
    ("progress.bar", Use::Text, "the lit part of a progress bar"),
    ("progress.empty", Use::Ornament, "the unlit part of a progress bar"),
    ("ladder.done", Use::Text, "a rung that is behind"),
    ("ladder.current", Use::Text, "the rung one stands on"),
    ("ladder.ahead", Use::Text, "a rung to come"),
    ("ladder.line", Use::Ornament, "what joins the rungs"),
    ("spark", Use::Text, "a sparkline without a track"),
    ("spark.mark", Use::Text, "a moment marked on a sparkline"),
    ("diff.added", Use::Text, "what a change adds"),
    ("diff.removed", Use::Text, "what a change takes away"),
    ("diff.same", Use::Text, "what a change leaves"),
    ("diff.place", Use::Text, "where in the object a change is"),
    ("direction.back", Use::Text, "a verb that goes back"),
    ("direction.forward", Use::Text, "a verb that goes forward"),
    ("dialog", Use::Surface, "dialogs and lists over the screen"),
    ("dialog.border", Use::Ornament, "the frame of a dialog"),
    ("dialog.border.forward", Use::Ornament, "the frame of a plan that goes forward"),
    ("dialog.title", Use::On("dialog"), "the title of a dialog"),
    ("input", Use::Text, "text being typed"),
    ("input.placeholder", Use::Text, "what could be typed"),
    ("input.cursor", Use::Surface, "the cursor in a text field"),
    ("input.accepted", Use::Text, "a typed word that is the right one"),
    ("match", Use::Text, "letters that a search found"),
    ("banner", Use::Surface, "a line that stays until it is dealt with"),
    ("banner.alarm", Use::Surface, "such a line about something bad"),
    ("message.error", Use::Text, "an error"),
    ("message.warning", Use::Text, "a warning"),
    ("message.info", Use::Text, "news"),
    ("log.time", Use::Text, "the time of a log line"),
    ("log.pod", Use::Text, "the pod of a log line"),
    ("yaml.key", Use::Text, "a key in YAML"),
    ("yaml.text", Use::Text, "a text in YAML"),
    ("yaml.number", Use::Text, "a number, true, false or null in YAML"),
    ("yaml.comment", Use::Text, "a comment in YAML, or what was masked"),
    ("scroll", Use::Text, "where one is in a long text"),
];

/// Whether `scope` is one of them, or stands above one.
pub(super) fn known(scope: &str) -> bool {
    SCOPES
        .iter()
        .any(|(name, ..)| name.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_known_by_its_whole_name_or_by_what_stands_above_it() {
        assert!(known("state.failed") && known("state") && known("dialog.border"));
        assert!(!known("state.fail") && !known("stat") && !known("state.failed.more") && !known(""));
    }

    #[test]
    fn every_scope_is_listed_once_and_stands_on_a_surface_that_exists() {
        for (index, (name, used, _)) in SCOPES.iter().enumerate() {
            assert!(SCOPES[index + 1..].iter().all(|(other, ..)| other != name), "{name} is there twice");
            if let Use::On(surface) = used {
                assert!(SCOPES.iter().any(|(other, use_, _)| other == surface && *use_ == Use::Surface), "{surface}");
            }
        }
    }
}
