//! Actions in sentences. A sentence names an action by its constant, and who tells the sentence says what it is called
//! there: the console by the key that is set, everything else by a command.
//!
//! ```text
//! format!("{UNDO} goes back")  ──►  console  U goes back
//!                              └─►  plain    `windlass undo` goes back
//! ```

use super::text::sanitize;
use std::borrow::Cow;
use std::fmt;

/// Stands before and after an action's name in a sentence. No text can hold it by right (Unicode keeps it for use within
/// one program), and `text::sanitize` strips it.
pub const MARK: char = '\u{fdd0}';

/// An action that sentences speak of. Its `Display` is the marked name.
#[derive(Debug, PartialEq, Eq)]
pub struct Spoken {
    /// What it is called between the marks.
    pub name: &'static str,
    /// The action's name in the table of keys, where that is another.
    pub action: &'static str,
    /// What it is called where there are no keys: on the command line, in notices, in the journal.
    pub plain: &'static str,
}

const fn spoken(name: &'static str, plain: &'static str) -> Spoken {
    Spoken { name, action: name, plain }
}

macro_rules! spoken {
    ($($constant:ident = $value:expr;)*) => {
        $(#[doc = concat!("What `", stringify!($constant), "` is called.")] pub const $constant: Spoken = $value;)*

        /// Every action that sentences speak of.
        pub static SPOKEN: &[Spoken] = &[$($constant),*];
    };
}

spoken! {
    UNDO = spoken("undo", "`windlass undo`");
    ADVANCE = spoken("advance", "`windlass advance`");
    SWITCH = spoken("switch", "`windlass switch`");
    ABORT = spoken("abort", "`windlass abort`");
    SET_WEIGHT = spoken("set-weight", "`windlass set-weight`");
    PROMOTE = spoken("promote", "`windlass promote`");
    CONTINUE = spoken("continue", "`windlass continue`");
    SKIP = spoken("skip", "`windlass skip`");
    RETRY = spoken("retry", "`windlass retry`");
    PAUSE = spoken("pause", "`windlass pause`");
    RESUME = Spoken { name: "resume", action: "pause", plain: "`windlass resume`" };
    RESTART = spoken("restart", "`windlass restart`");
    SET_IMAGE = spoken("set-image", "`windlass set-image`");
    SCALE = spoken("scale", "`windlass scale`");
    GUARD = spoken("guard", "`windlass guard`");
    REVERT = spoken("revert", "the console");
    DIFF = spoken("diff", "`windlass diff`");
    LOGS = spoken("logs", "`windlass logs`");
    EVENTS = spoken("events", "`windlass`");
    YAML = spoken("yaml", "`kubectl get -o yaml`");
    CONFIRM = spoken("confirm", "`--yes`");
    OVERRIDE = spoken("override", "`--override`");
    REASON = spoken("reason", "`--reason`");
    REPLAN = spoken("replan", "the same command");
    COPY_KUBECTL = spoken("copy-kubectl", "`--dry-run`");
    TOGGLE_PAUSED = spoken("toggle-paused", "the console");
    TOGGLE_OPTIONAL = spoken("toggle-optional", "the console");
    LEAVE = spoken("leave", "the console");
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{}{MARK}", self.name)
    }
}

/// `sentence` with what `words` calls the actions in it. Borrowed where it names none. A mark around anything else is
/// left out.
pub fn told<'a, 'w>(sentence: &'a str, words: impl Fn(&'static Spoken) -> Cow<'w, str>) -> Cow<'a, str> {
    let Some((before, mut rest)) = sentence.split_once(MARK) else { return Cow::Borrowed(sentence) };
    let mut told = before.to_owned();
    loop {
        let named = rest.split_once(MARK).and_then(|(name, after)| Some((named(name)?, after)));
        let after = match named {
            Some((spoken, after)) => {
                told.push_str(&words(spoken));
                after
            }
            None => rest,
        };
        let Some((before, next)) = after.split_once(MARK) else {
            told.push_str(after);
            return Cow::Owned(told);
        };
        told.push_str(before);
        rest = next;
    }
}

fn named(name: &str) -> Option<&'static Spoken> {
    SPOKEN.iter().find(|spoken| spoken.name == name)
}

/// `sentence` for where there are no keys.
pub fn plain(sentence: &str) -> Cow<'_, str> {
    told(sentence, |spoken| Cow::Borrowed(spoken.plain))
}

/// The same, fit to be printed: without what could steer a terminal.
pub fn clean(sentence: &str) -> Cow<'_, str> {
    match plain(sentence) {
        Cow::Borrowed(sentence) => sanitize(sentence),
        Cow::Owned(sentence) => Cow::Owned(sanitize(&sentence).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::sanitize_lines;

    #[test]
    fn a_sentence_names_its_actions_as_the_place_calls_them() {
        let sentence = format!("{UNDO} goes back, {RESUME} resumes it; not so {UNDO}");
        assert_eq!(plain(&sentence), "`windlass undo` goes back, `windlass resume` resumes it; not so `windlass undo`");
        let told = told(&sentence, |spoken| spoken.action.into());
        assert_eq!(told, "undo goes back, pause resumes it; not so undo");
    }

    #[test]
    fn a_sentence_that_names_none_is_borrowed() {
        assert!(matches!(plain("U and `undo` are words"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_mark_that_is_not_ours_is_left_out_and_takes_nothing_with_it() {
        for (sentence, wanted) in [
            (format!("a{MARK}b {UNDO} c"), "ab `windlass undo` c"),
            (format!("{MARK}rm -rf{MARK} x"), "rm -rf x"),
            (format!("{UNDO}{MARK}"), "`windlass undo`"),
            (format!("{MARK}{MARK}{MARK}"), ""),
            (format!("cut {MARK}und"), "cut und"),
        ] {
            assert_eq!(plain(&sentence), wanted);
        }
    }

    #[test]
    fn text_of_the_cluster_cannot_name_an_action() {
        let hostile = format!("{UNDO} goes back");
        assert_eq!((&*sanitize(&hostile), &*sanitize_lines(&hostile)), ("undo goes back", "undo goes back"));
    }

    #[test]
    fn no_two_have_one_name() {
        let names: std::collections::BTreeSet<_> = SPOKEN.iter().map(|spoken| spoken.name).collect();
        assert_eq!(names.len(), SPOKEN.len());
    }
}
