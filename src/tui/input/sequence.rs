//! What finished escape sequences mean. One that means nothing to us gives nothing.

use super::{Input, Pointer};
use crate::app::keypress::{KeyCode, KeyPress};

/// A control sequence: `ESC [`, `parameters`, `last`. Answers of the terminal to queries (cursor place, attributes,
/// colours) are none of the keys' forms and are all dropped here.
pub(super) fn control(parameters: &[u8], last: u8) -> Option<Input> {
    if let Some(mouse) = parameters.strip_prefix(b"<") {
        return pointer(mouse, last).map(Input::Pointer);
    }
    let numbers = numbers(parameters)?;
    let number = |index: usize| numbers.get(index).copied().unwrap_or(1);
    let code = match last {
        b'~' => tilde(number(0))?,
        b'Z' => return Some(Input::Key(KeyPress { shift: true, ..KeyPress::plain(KeyCode::Tab) })),
        // Keys with modifiers say 1 first; anything else is an answer (`CSI 24;80R`).
        _ if number(0) == 1 => letter(last)?,
        _ => return None,
    };
    Some(Input::Key(modified(code, number(1))))
}

/// A key of the cursor or function keys: its last letter, after `ESC O` or `ESC [`.
pub(super) const fn letter(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

/// A key of the Linux console: `ESC [ [ A` to `E` are F1 to F5.
pub(super) const fn console(last: u8) -> Option<KeyCode> {
    match last {
        b'A'..=b'E' => Some(KeyCode::F(last - b'A' + 1)),
        _ => None,
    }
}

/// A byte below the space, or DEL, as the key that sends it.
pub(super) const fn low(byte: u8) -> Option<KeyPress> {
    Some(match byte {
        b'\r' => KeyPress::plain(KeyCode::Enter),
        b'\t' => KeyPress::plain(KeyCode::Tab),
        0x7f => KeyPress::plain(KeyCode::Backspace),
        0 => KeyPress::ctrl(' '),
        1..=0x1a => KeyPress::ctrl((byte - 1 + b'a') as char),
        0x1c..=0x1f => KeyPress::ctrl((byte - 0x1c + b'4') as char),
        _ => return None,
    })
}

const fn tilde(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number as u8 - 10),
        17..=21 => KeyCode::F(number as u8 - 11),
        23 | 24 => KeyCode::F(number as u8 - 12),
        _ => return None,
    })
}

/// xterm's number for modifiers: 1 and a bit each for Shift, Alt, Ctrl.
const fn modified(code: KeyCode, number: u16) -> KeyPress {
    let bits = number.saturating_sub(1);
    KeyPress { code, shift: bits & 1 != 0, alt: bits & 2 != 0, ctrl: bits & 4 != 0 }
}

/// `1;5` as numbers; an empty one is 1. `None`: not of that form.
fn numbers(parameters: &[u8]) -> Option<Vec<u16>> {
    if parameters.is_empty() {
        return Some(Vec::new());
    }
    let text = std::str::from_utf8(parameters).ok()?;
    text.split(';').map(|part| if part.is_empty() { Some(1) } else { part.parse().ok() }).collect()
}

/// SGR mouse reports: `button;column;row`, from 1, and `M` for a press.
fn pointer(parameters: &[u8], last: u8) -> Option<Pointer> {
    let [button, column, row] = numbers(parameters)?.try_into().ok()?;
    let (column, row) = (column.checked_sub(1)?, row.checked_sub(1)?);
    match (button, last) {
        (0..=2, b'M') => Some(Pointer::Press(column, row)),
        (64, b'M') => Some(Pointer::Up(column, row)),
        (65, b'M') => Some(Pointer::Down(column, row)),
        _ => None,
    }
}
