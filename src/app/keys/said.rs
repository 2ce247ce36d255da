//! Actions in sentences, as the console calls them: by the keys that are set.

use super::remap::KeyTable;
use crate::domain::said::told;
use std::borrow::Cow;

impl KeyTable {
    /// `sentence` with the keys that are set. An action without a key can still be had by its name, from the palette.
    pub fn said<'a>(&self, sentence: &'a str) -> Cow<'a, str> {
        told(sentence, |spoken| {
            let key = self.key_of(spoken.action);
            key.map_or_else(|| format!(":{}", spoken.action), |key| key.to_string()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keys::BINDINGS;
    use crate::config;
    use crate::domain::said::{EVENTS, LOGS, OVERRIDE, REPLAN, RESUME, SPOKEN, UNDO};

    fn with(wishes: &[(&str, &[&str])]) -> KeyTable {
        let wish = |(action, keys): &(&str, &[&str])| config::Binding {
            action: (*action).to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            origin: config::Origin::Default,
        };
        KeyTable::with(&wishes.iter().map(wish).collect::<Vec<_>>()).expect("no clash")
    }

    #[test]
    fn sentences_tell_the_keys_that_are_set() {
        let keys = with(&[("undo", &["H"]), ("override", &["v"]), ("replan", &["F5"]), ("logs", &[])]);
        let told = [
            (format!("Back to: revision 41. {UNDO} undoes."), "Back to: revision 41. H undoes."),
            (format!("held; '{OVERRIDE}' overrides it"), "held; 'v' overrides it"),
            (
                format!("web changed since you looked; {REPLAN} plans again"),
                "web changed since you looked; F5 plans again",
            ),
            (format!("{LOGS} shows the logs, {EVENTS} the events."), ":logs shows the logs, e the events."),
            (format!("{RESUME} resumes it"), "P resumes it"),
            ("U undoes 'b' in an env U, press r".to_owned(), "U undoes 'b' in an env U, press r"),
        ];
        for (sentence, wanted) in told {
            assert_eq!(keys.said(&sentence), wanted);
        }
    }

    #[test]
    fn a_sentence_that_names_no_action_is_borrowed() {
        assert!(matches!(KeyTable::default().said("U undoes, 'b' overrides"), Cow::Borrowed(_)));
    }

    #[test]
    fn every_action_that_sentences_speak_of_is_in_the_table() {
        for spoken in SPOKEN {
            assert!(BINDINGS.iter().any(|binding| binding.name == spoken.action), "{spoken:?}");
        }
    }
}
