//! What the console has to say: errors stay until somebody acknowledged them, notes go with the next key. What a key was
//! answered stands before all of them until the next one: who pressed it looks for that.

use crate::domain::text::sanitize;
use crate::domain::{Str, Timestamp};
use std::collections::VecDeque;

/// How many are kept.
const KEPT: usize = 500;

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know; gone with the next key.
    Note,
    /// A write's outcome or a fact worth keeping in sight; stays until acknowledged.
    Warning,
    /// Something failed; stays until acknowledged.
    Error,
    /// A manager took back what was written, or writes stopped; stays until acknowledged, before all others.
    Alarm,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How grave.
    pub level: Level,
    /// One sentence.
    pub text: Str,
    /// When it was first said.
    pub at: Timestamp,
    /// How often it was said in a row.
    pub times: u32,
    /// Whether somebody took notice.
    pub acknowledged: bool,
    /// Whether the key that was just pressed is answered with it.
    pub answers: bool,
}

impl Message {
    /// Whether it waits for somebody to acknowledge it.
    pub fn is_open(&self) -> bool {
        !self.acknowledged && self.level > Level::Note
    }
}

/// All messages, the newest first.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    list: VecDeque<Message>,
    /// Whether a key is being taken: what is said meanwhile answers it.
    taking: bool,
    /// Whether an answer stood before others when that key was pressed: only what is seen is acknowledged.
    covered: bool,
}

impl Messages {
    /// Says something; the same sentence again only counts up.
    pub fn say(&mut self, level: Level, text: impl AsRef<str>, at: Timestamp) {
        let text = sanitize(text.as_ref());
        if let Some(last) = self.list.front_mut()
            && *last.text == *text
            && last.level == level
        {
            last.times = last.times.saturating_add(1);
            last.acknowledged = false;
            last.answers = self.taking;
            return;
        }
        let answers = self.taking;
        self.list.push_front(Message { level, text: text.into(), at, times: 1, acknowledged: false, answers });
        self.list.truncate(KEPT);
    }

    /// The newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Message> {
        self.list.iter()
    }

    /// The one to show in the line above the footer: what the last key was answered, unless something graver came since;
    /// else the gravest that nobody acknowledged, of equals the newest.
    pub fn shown(&self) -> Option<&Message> {
        let newest = self.list.iter().find(|message| !message.acknowledged);
        if let Some(answer) = newest.filter(|message| message.answers && message.level == Level::Note) {
            return Some(answer);
        }
        let open = self.list.iter().rev().filter(|message| !message.acknowledged);
        open.max_by_key(|message| message.level)
    }

    /// How many errors and alarms nobody acknowledged.
    pub fn open(&self) -> usize {
        self.list.iter().filter(|message| message.is_open()).count()
    }

    /// How many of them are open behind the one that is shown.
    pub fn behind(&self) -> usize {
        let graver = |message: &Message| message.level > Level::Note;
        self.open().saturating_sub(usize::from(self.shown().is_some_and(graver)))
    }

    /// Forgets the notes: called at every key. What is said until [`Messages::key_taken`] answers it.
    pub fn key_pressed(&mut self) {
        self.taking = true;
        self.covered = self.behind() > 0 && self.shown().is_some_and(|message| message.level == Level::Note);
        for message in self.list.iter_mut().filter(|message| message.level == Level::Note) {
            message.acknowledged = true;
        }
    }

    /// The key was taken: what is said from now on came by itself.
    pub const fn key_taken(&mut self) {
        self.taking = false;
    }

    /// Acknowledges the one that is shown; `false` when there is none, or when it was covered by an answer until this key.
    pub fn acknowledge_shown(&mut self) -> bool {
        if std::mem::take(&mut self.covered) {
            return false;
        }
        let Some(shown) = self.shown().cloned() else { return false };
        for message in self.list.iter_mut().filter(|message| **message == shown) {
            message.acknowledged = true;
        }
        true
    }

    /// Acknowledges every message of these words: what it told of is over.
    pub fn settle(&mut self, text: &str) {
        let text = sanitize(text);
        for message in self.list.iter_mut().filter(|message| *message.text == *text) {
            message.acknowledged = true;
        }
    }

    /// Acknowledges the message in this place.
    pub fn acknowledge(&mut self, place: usize) {
        if let Some(message) = self.list.get_mut(place) {
            message.acknowledged = true;
        }
    }

    /// Acknowledges all.
    pub fn acknowledge_all(&mut self) {
        for message in &mut self.list {
            message.acknowledged = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_in_sight_until_it_is_acknowledged_and_a_note_goes_with_the_next_key() {
        let mut messages = Messages::default();
        let now = Timestamp::UNIX_EPOCH;
        messages.say(Level::Error, "first \u{1b}[2Jerror", now);
        messages.say(Level::Note, "a note", now);
        assert_eq!(&*messages.shown().unwrap().text, "first [2Jerror");
        messages.key_pressed();
        assert_eq!(messages.open(), 1);
        assert!(messages.acknowledge_shown());
        assert!(messages.shown().is_none() && !messages.acknowledge_shown());
        assert_eq!(messages.iter().len(), 2, "nothing is lost");
    }

    #[test]
    fn what_a_key_was_answered_stands_before_an_error_until_the_next_key() {
        let now = Timestamp::UNIX_EPOCH;
        let shown = |messages: &Messages| messages.shown().map(|message| message.text.to_string()).unwrap_or_default();
        let mut messages = Messages::default();
        messages.say(Level::Error, "an error", now);
        messages.key_pressed();
        messages.say(Level::Note, "not now", now);
        messages.key_taken();
        assert_eq!((shown(&messages).as_str(), messages.behind()), ("not now", 1));
        messages.say(Level::Error, "a later error", now);
        assert_eq!((shown(&messages).as_str(), messages.behind()), ("a later error", 1), "it came after the answer");
        messages.acknowledge_shown();
        messages.key_pressed();
        messages.key_taken();
        assert_eq!((shown(&messages).as_str(), messages.behind()), ("an error", 0), "it comes back");
        messages.say(Level::Note, "by itself", now);
        assert_eq!(shown(&messages), "an error", "nobody pressed a key for that");
    }

    #[test]
    fn the_same_sentence_again_is_counted_and_the_list_has_an_end() {
        let mut messages = Messages::default();
        for _ in 0..3 {
            messages.say(Level::Error, "x", Timestamp::UNIX_EPOCH);
        }
        assert_eq!((messages.iter().len(), messages.iter().next().unwrap().times), (1, 3));
        for number in 0..2 * KEPT {
            messages.say(Level::Error, number.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(messages.iter().len(), KEPT);
    }
}
