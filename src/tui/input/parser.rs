//! From bytes to keys, with one aim above all: no remainder of an escape sequence ever becomes a key.
//!
//! A library's parser decides at the end of each read, so that an arrow key that a slow link cuts in two becomes `Esc`,
//! `[`, `A`; here `A` is a write key. So: a lone `ESC` waits a moment for its rest; after it was taken for the key, a
//! rest that comes late is still swallowed; a sequence that has begun ends only where it ends; answers of the terminal
//! (OSC, DCS) are swallowed whole.

use std::time::{Duration, Instant};

use super::Input;
use super::sequence;
use crate::app::keypress::{KeyCode, KeyPress};

/// How long after a lone Esc a `[` that comes by itself may be the start of its rest, and waits to be told from the key.
/// A `[` that comes with more in the same read is the start of its rest at any time.
const LATE: Duration = Duration::from_secs(2);

/// A paste that has been silent for this long can be left with Ctrl-C or Esc: its end was lost.
const PASTE_SILENCE: Duration = Duration::from_secs(2);

/// More than this of a paste is dropped, in bytes.
const PASTE_LIMIT: usize = 1 << 20;

/// More than this of a sequence's parameters is dropped, in bytes; no key is longer.
const SEQUENCE_LIMIT: usize = 64;

const PASTE_END: &[u8] = b"\x1b[201~";

/// Reads bytes as they come.
#[derive(Debug)]
pub struct Parser {
    state: State,
    /// How long a lone `ESC` waits for its rest.
    delay: Duration,
    /// The last thing was a lone `ESC`, at this time, that was taken for the key.
    escaped: Option<Instant>,
    last_byte: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Ground,
    /// The first bytes of a character.
    Utf8(Vec<u8>),
    /// After `ESC`, since then.
    Escape(Instant),
    /// After `[` or `O` that came by itself soon after a lone Esc: a key, or the start of a late rest.
    Doubt(u8, Instant),
    /// After `ESC [`.
    Control {
        parameters: Vec<u8>,
        fate: Fate,
    },
    /// After `ESC [ M`: so many bytes of an old mouse report are left.
    OldMouse(u8),
    /// After `ESC [ [`.
    Console(Fate),
    /// After `ESC O`.
    Single(Fate),
    /// In an answer of the terminal; whether its last byte was `ESC`.
    Answer {
        escape: bool,
    },
    Paste(Vec<u8>),
}

/// What becomes of a sequence once it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Take,
    /// It is the late rest of one whose Esc was taken for the key.
    Swallow,
}

impl Parser {
    /// A parser for a terminal whose lone `ESC` is the key after `delay`.
    pub fn new(delay: Duration) -> Self {
        Self { state: State::Ground, delay, escaped: None, last_byte: None }
    }

    /// Takes the bytes of one read; what they mean goes to `out`.
    pub fn feed(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<Input>) {
        self.expire(now, out);
        let silent = self.last_byte.is_none_or(|last| now.duration_since(last) >= PASTE_SILENCE);
        if matches!(self.state, State::Paste(_)) && silent && matches!(bytes, [0x03 | 0x1b]) {
            self.state = State::Ground;
            return;
        }
        self.last_byte = Some(now);
        for (index, byte) in bytes.iter().enumerate() {
            self.byte(*byte, index + 1 == bytes.len(), now, out);
        }
    }

    /// When [`Parser::expire`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Escape(since) | State::Doubt(_, since) => Some(since + self.delay),
            _ => None,
        }
    }

    /// Decides what has waited long enough.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Input>) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        match std::mem::replace(&mut self.state, State::Ground) {
            State::Escape(since) => {
                out.push(Input::Key(KeyPress::plain(KeyCode::Esc)));
                self.escaped = Some(since);
            }
            State::Doubt(byte, _) => out.push(Input::Key(KeyPress::char(byte as char))),
            other => self.state = other,
        }
    }

    fn byte(&mut self, byte: u8, last: bool, now: Instant, out: &mut Vec<Input>) {
        let state = std::mem::replace(&mut self.state, State::Ground);
        self.state = match state {
            State::Ground => self.ground(byte, last, now, out),
            State::Utf8(mut bytes) => {
                bytes.push(byte);
                character(bytes, out)
            }
            State::Escape(_) => escape(byte, now, out),
            State::Doubt(first, _) => match begin(first, Fate::Swallow) {
                State::Control { parameters, fate } => control(parameters, fate, byte, now, out),
                _ => single(Fate::Swallow, byte, now, out),
            },
            State::Control { parameters, fate } => control(parameters, fate, byte, now, out),
            State::OldMouse(left) if left > 1 => State::OldMouse(left - 1),
            State::OldMouse(_) => State::Ground,
            State::Console(fate) => {
                take(fate, sequence::console(byte).map(KeyPress::plain).map(Input::Key), out);
                State::Ground
            }
            State::Single(fate) => single(fate, byte, now, out),
            State::Answer { escape } => answer(escape, byte, now, out),
            State::Paste(text) => paste(text, byte, out),
        };
    }

    fn ground(&mut self, byte: u8, last: bool, now: Instant, out: &mut Vec<Input>) -> State {
        let escaped = self.escaped.take();
        let soon = escaped.is_some_and(|since| now.duration_since(since) < LATE);
        match byte {
            0x1b => State::Escape(now),
            b'[' | b'O' if soon && last => State::Doubt(byte, now),
            b'[' | b'O' | b']' | b'P' | b'_' if escaped.is_some() && !last => begin(byte, Fate::Swallow),
            b' '..=b'~' => {
                out.push(Input::Key(KeyPress::char(byte as char)));
                State::Ground
            }
            0xc2..=0xf4 => State::Utf8(vec![byte]),
            0x80..=0xff => State::Ground,
            _ => {
                out.extend(sequence::low(byte).map(Input::Key));
                State::Ground
            }
        }
    }
}

/// The byte after `ESC`.
fn escape(byte: u8, now: Instant, out: &mut Vec<Input>) -> State {
    match byte {
        b'[' | b'O' | b']' | b'P' | b'X' | b'^' | b'_' => return begin(byte, Fate::Take),
        0x1b => {
            out.push(Input::Key(KeyPress::plain(KeyCode::Esc)));
            return State::Escape(now);
        }
        b' '..=b'~' => out.push(Input::Key(KeyPress { alt: true, ..KeyPress::char(byte as char) })),
        0xc2..=0xf4 => return State::Utf8(vec![byte]),
        _ => out.extend(sequence::low(byte).map(|key| Input::Key(KeyPress { alt: true, ..key }))),
    }
    State::Ground
}

/// The state after the byte that follows `ESC` and begins a sequence.
fn begin(byte: u8, fate: Fate) -> State {
    match byte {
        b'[' => State::Control { parameters: Vec::new(), fate },
        b'O' => State::Single(fate),
        _ => State::Answer { escape: false },
    }
}

fn control(mut parameters: Vec<u8>, fate: Fate, byte: u8, now: Instant, out: &mut Vec<Input>) -> State {
    match byte {
        b'[' if parameters.is_empty() => State::Console(fate),
        b'M' if parameters.is_empty() => State::OldMouse(3),
        b'~' if parameters == b"200" => State::Paste(Vec::new()),
        0x40..=0x7e => {
            take(fate, sequence::control(&parameters, byte), out);
            State::Ground
        }
        0x20..=0x3f => {
            if parameters.len() < SEQUENCE_LIMIT {
                parameters.push(byte);
            }
            State::Control { parameters, fate }
        }
        _ => broken_off(byte, now, out),
    }
}

fn single(fate: Fate, byte: u8, now: Instant, out: &mut Vec<Input>) -> State {
    if !(0x20..=0x7e).contains(&byte) {
        return broken_off(byte, now, out);
    }
    take(fate, sequence::letter(byte).map(KeyPress::plain).map(Input::Key), out);
    State::Ground
}

fn answer(escape: bool, byte: u8, now: Instant, out: &mut Vec<Input>) -> State {
    match byte {
        0x07 => State::Ground,
        0x1b => State::Answer { escape: true },
        // Not its end, so the escape began something new.
        b'[' | b'O' | b']' | b'P' if escape => begin(byte, Fate::Take),
        // Its end (`\`), or something that is no part of it.
        0x20.. if escape => State::Ground,
        0x20.. => State::Answer { escape: false },
        _ => broken_off(byte, now, out),
    }
}

/// A control character within a sequence ends it: Ctrl-C must work whatever came before.
fn broken_off(byte: u8, now: Instant, out: &mut Vec<Input>) -> State {
    if byte == 0x1b {
        return State::Escape(now);
    }
    if byte < 0x20 {
        out.extend(sequence::low(byte).map(Input::Key));
    }
    State::Ground
}

fn take(fate: Fate, input: Option<Input>, out: &mut Vec<Input>) {
    if fate == Fate::Take {
        out.extend(input);
    }
}

/// The state with one more byte of a character; what is no character is dropped.
fn character(bytes: Vec<u8>, out: &mut Vec<Input>) -> State {
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            out.extend(text.chars().filter(|c| !c.is_control()).map(KeyPress::char).map(Input::Key));
            State::Ground
        }
        Err(error) if error.error_len().is_none() => State::Utf8(bytes),
        Err(_) => State::Ground,
    }
}

fn paste(mut text: Vec<u8>, byte: u8, out: &mut Vec<Input>) -> State {
    text.push(byte);
    if text.ends_with(PASTE_END) {
        text.truncate(text.len() - PASTE_END.len());
        out.push(Input::Paste(String::from_utf8_lossy(&text).into_owned()));
        return State::Ground;
    }
    if text.len() > PASTE_LIMIT {
        // The end must still be found: only a byte before a possible beginning of it can go.
        text.remove(PASTE_LIMIT - PASTE_END.len());
    }
    State::Paste(text)
}

#[cfg(test)]
mod tests;
