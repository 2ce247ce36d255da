//! Copying into the clipboard of the terminal in front of the person, through any number of SSH hops (OSC 52).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Copied;

/// Terminals drop longer sequences, in bytes after encoding.
const LIMIT: usize = 74_994;

/// The longest text that can be copied, in bytes.
const TEXT_LIMIT: usize = LIMIT / 4 * 3;

/// The sequence that copies `text`, or why there is none.
pub(super) fn sequence(text: &str) -> (Option<Vec<u8>>, Copied) {
    if text.len() > TEXT_LIMIT {
        return (None, Copied::TooLong { bytes: text.len(), limit: TEXT_LIMIT });
    }
    let sequence = format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text));
    (Some(sequence.into_bytes()), Copied::Sent(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_so_that_nothing_in_it_reaches_the_terminal() {
        let (sent, copied) = sequence("a\u{1b}]52;é");
        assert_eq!(sent.unwrap(), b"\x1b]52;c;YRtdNTI7w6k=\x07");
        assert_eq!(copied, Copied::Sent(8));
    }

    #[test]
    fn the_longest_text_fits_and_a_longer_one_is_refused_with_its_length() {
        let (sent, _) = sequence(&"x".repeat(TEXT_LIMIT));
        assert!(sent.unwrap().len() <= LIMIT + 16);
        let (sent, copied) = sequence(&"x".repeat(TEXT_LIMIT + 1));
        assert_eq!((sent, copied), (None, Copied::TooLong { bytes: TEXT_LIMIT + 1, limit: TEXT_LIMIT }));
    }
}
