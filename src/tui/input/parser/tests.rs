use super::*;
use crate::tui::input::Pointer;
use proptest::prelude::*;

const DELAY: Duration = Duration::from_millis(50);

/// What `reads` mean, each so many milliseconds after the one before; names of keys, pastes in quotes.
fn read(reads: &[(u64, &[u8])]) -> Vec<String> {
    let (mut parser, mut now, mut out) = (Parser::new(DELAY), Instant::now(), Vec::new());
    for (after, bytes) in reads {
        now += Duration::from_millis(*after);
        parser.expire(now, &mut out);
        parser.feed(bytes, now, &mut out);
    }
    parser.expire(now + Duration::from_mins(1), &mut out);
    out.into_iter()
        .map(|input| match input {
            Input::Key(key) => key.to_string(),
            Input::Paste(text) => format!("{text:?}"),
            Input::Pointer(pointer) => format!("{pointer:?}"),
        })
        .collect()
}

fn keys(bytes: &[u8]) -> Vec<String> {
    read(&[(0, bytes)])
}

#[test]
fn characters_and_control_keys_are_what_they_are() {
    assert_eq!(keys("aU é漢?".as_bytes()), ["a", "U", "Space", "é", "漢", "?"]);
    assert_eq!(
        keys(b"\r\t\x7f\x03\x04\x1a\x0c"),
        ["Enter", "Tab", "Backspace", "Ctrl-c", "Ctrl-d", "Ctrl-z", "Ctrl-l"]
    );
}

#[test]
fn sequences_are_the_keys_that_send_them() {
    for (bytes, key) in [
        (&b"\x1b[A"[..], "Up"),
        (b"\x1bOB", "Down"),
        (b"\x1b[1;5C", "Ctrl-Right"),
        (b"\x1b[5~", "PgUp"),
        (b"\x1b[6;2~", "Shift-PgDn"),
        (b"\x1b[Z", "Shift-Tab"),
        (b"\x1bOP", "F1"),
        (b"\x1b[15~", "F5"),
        (b"\x1b[17~", "F6"),
        (b"\x1b[24~", "F12"),
        (b"\x1b[[B", "F2"),
        (b"\x1bx", "Alt-x"),
        (b"\x1b[H", "Home"),
        (b"\x1b[3~", "Del"),
    ] {
        assert_eq!(keys(bytes), [key]);
    }
    assert_eq!(
        keys(b"\x1b[<0;3;4M\x1b[<0;3;4m\x1b[<65;1;1M"),
        [format!("{:?}", Pointer::Press(2, 3)), format!("{:?}", Pointer::Down(0, 0))]
    );
}

#[test]
fn a_lone_escape_is_the_key_after_a_moment() {
    assert_eq!(keys(b"\x1b"), ["Esc"]);
    assert_eq!(keys(b"\x1b\x1b"), ["Esc", "Esc"]);
    assert_eq!(read(&[(0, b"\x1b"), (60, b"j")]), ["Esc", "j"]);
}

#[test]
fn a_sequence_that_is_cut_anywhere_gives_its_key_or_nothing_and_never_a_letter() {
    for sequence in
        [&b"\x1b[A"[..], b"\x1b[1;5C", b"\x1bOA", b"\x1b[6~", b"\x1b[<0;10;20M", b"\x1b]11;rgb:AAAA/BBBB/CCCC\x07"]
    {
        for cut in 1..sequence.len() {
            for pause in [1, 60, 1500, 60_000] {
                let got = read(&[(0, &sequence[..cut]), (pause, &sequence[cut..])]);
                let harmless = got.is_empty() || got == ["Esc"] || got == keys(sequence);
                assert!(harmless, "{:?} cut at {cut} for {pause} ms: {got:?}", String::from_utf8_lossy(sequence));
            }
        }
    }
}

#[test]
fn keys_after_escape_are_keys_when_a_person_types_them() {
    assert_eq!(read(&[(0, b"\x1b"), (300, b"["), (300, b"A")]), ["Esc", "[", "A"]);
    assert_eq!(read(&[(0, b"\x1b"), (300, b"O"), (300, b"j")]), ["Esc", "O", "j"]);
    assert_eq!(read(&[(0, b"\x1b"), (300, b"j"), (300, b"[B")]), ["Esc", "j", "[", "B"]);
}

#[test]
fn answers_of_the_terminal_are_swallowed_whole() {
    for bytes in [
        &b"\x1b]11;rgb:1e1e/AAAA/2e2e\x07"[..],
        b"\x1b]11;rgb:1e1e/AAAA/2e2e\x1b\\",
        b"\x1bP>|XTerm(390)\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[?64;1;2c",
        b"\x1b[24;80R",
        b"\x1b[?2026;2$y",
        b"\x1b[I\x1b[O",
        b"\x1b[8;24;80t",
        b"\x1b[M AU",
    ] {
        assert_eq!(keys(bytes), [""; 0], "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn pasted_text_is_one_paste_whatever_it_holds_and_however_it_comes() {
    assert_eq!(keys(b"\x1b[200~U\ry\x1b[A\x03\x1b[201~j"), ["\"U\\ry\\u{1b}[A\\u{3}\"", "j"]);
    assert_eq!(read(&[(0, b"\x1b[20"), (900, b"0~one"), (900, b" two\x1b[2"), (900, b"01~")]), ["\"one two\""]);
    let mut long = b"\x1b[200~".to_vec();
    long.extend(vec![b'U'; PASTE_LIMIT * 2]);
    long.extend(b"\x1b[201~k");
    assert_eq!(keys(&long).len(), 2);
}

#[test]
fn a_paste_whose_end_was_lost_can_be_left() {
    assert_eq!(read(&[(0, b"\x1b[200~U"), (5000, b"\x03"), (100, b"j")]), ["j"]);
    assert_eq!(read(&[(0, b"\x1b[200~U"), (100, b"\x03"), (100, b"j")]), [""; 0]);
}

#[test]
fn ctrl_c_works_within_any_sequence() {
    for start in [&b"\x1b["[..], b"\x1b[1;", b"\x1bO", b"\x1b]11;", b"\x1bP"] {
        assert_eq!(read(&[(0, start), (10, b"\x03")]), ["Ctrl-c"]);
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_survived_and_no_control_character_comes_out(
        reads in proptest::collection::vec((0..3000u64, proptest::collection::vec(any::<u8>(), 0..20)), 0..20),
    ) {
        let (mut parser, mut now, mut out) = (Parser::new(DELAY), Instant::now(), Vec::new());
        for (after, bytes) in reads {
            now += Duration::from_millis(after);
            parser.feed(&bytes, now, &mut out);
        }
        for input in out {
            if let Input::Key(KeyPress { code: KeyCode::Char(c), .. }) = input {
                prop_assert!(!c.is_control());
            }
        }
    }
}
