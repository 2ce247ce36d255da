//! Cuts the items of a list out of a response body as its chunks arrive.
//!
//! A list of 10,000 pods is 35 MB of JSON; it is never held as a whole: each item is handed out as soon as its last
//! byte has come, and what surrounds the items (kind, metadata) is kept as a small shell that is parsed at the end.

use memchr::{memchr2, memchr3};

/// Where the splitter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside the items: the bytes belong to the shell.
    Shell,
    /// In the items' array, between two items.
    Between,
    /// In an item.
    Item,
}

/// Whether the next byte is part of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    /// It is not.
    Outside,
    /// It is.
    Inside,
    /// It is, after a backslash.
    Escaped,
}

/// Splits one list; feed it every chunk in order.
#[derive(Debug)]
pub struct Splitter {
    place: Place,
    /// Open braces and brackets: of the shell, or of the item.
    depth: usize,
    text: Text,
    /// At depth 1 of the shell: the last complete string, which is a key when `[` follows.
    key: Vec<u8>,
    reading_key: bool,
    seen_items: bool,
    shell: Vec<u8>,
    carry: Vec<u8>,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            place: Place::Shell,
            depth: 0,
            text: Text::Outside,
            key: Vec::new(),
            reading_key: false,
            seen_items: false,
            shell: Vec::with_capacity(256),
            carry: Vec::new(),
        }
    }
}

impl Splitter {
    /// Takes a chunk and hands every item that it completes to `item`, byte for byte.
    pub fn feed(&mut self, chunk: &[u8], mut item: impl FnMut(&[u8])) {
        let mut at = 0;
        while at < chunk.len() {
            match self.place {
                Place::Shell => at = self.feed_shell(chunk, at),
                Place::Between => at = self.feed_between(chunk, at),
                Place::Item => at = self.feed_item(chunk, at, &mut item),
            }
        }
    }

    /// What surrounded the items, as a JSON object with an empty `items`; `None` when the body ended too early.
    pub fn finish(self) -> Option<Vec<u8>> {
        let complete =
            self.place == Place::Shell && self.depth == 0 && self.text == Text::Outside && !self.shell.is_empty();
        complete.then_some(self.shell)
    }

    fn feed_shell(&mut self, chunk: &[u8], mut at: usize) -> usize {
        while at < chunk.len() {
            let byte = chunk[at];
            self.shell.push(byte);
            at += 1;
            if self.text != Text::Outside {
                self.shell_string(byte);
                continue;
            }
            match byte {
                b'"' => {
                    self.text = Text::Inside;
                    self.reading_key = self.depth == 1;
                    if self.reading_key {
                        self.key.clear();
                    }
                }
                b'[' if self.depth == 1 && self.key == b"items" && !self.seen_items => {
                    self.seen_items = true;
                    self.place = Place::Between;
                    self.depth += 1;
                    return at;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' if self.depth == 1 => self.key.clear(),
                _ => {}
            }
        }
        at
    }

    fn shell_string(&mut self, byte: u8) {
        self.text = match (self.text, byte) {
            (Text::Inside, b'"') => {
                self.text = Text::Outside;
                return;
            }
            (Text::Inside, b'\\') => Text::Escaped,
            _ => Text::Inside,
        };
        if self.reading_key {
            self.key.push(byte);
        }
    }

    /// Skips white space and commas; an item starts with whatever else comes.
    fn feed_between(&mut self, chunk: &[u8], mut at: usize) -> usize {
        while at < chunk.len() {
            match chunk[at] {
                b']' => {
                    self.shell.push(b']');
                    self.depth = 1;
                    self.key.clear();
                    self.place = Place::Shell;
                    return at + 1;
                }
                b',' | b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                _ => {
                    self.depth = 0;
                    self.place = Place::Item;
                    return at;
                }
            }
        }
        at
    }

    fn feed_item(&mut self, chunk: &[u8], start: usize, item: &mut impl FnMut(&[u8])) -> usize {
        let Some(end) = self.end_of_item(chunk, start) else {
            self.carry.extend_from_slice(&chunk[start..]);
            return chunk.len();
        };
        if self.carry.is_empty() {
            item(&chunk[start..end]);
        } else {
            self.carry.extend_from_slice(&chunk[start..end]);
            item(&self.carry);
            self.carry.clear();
        }
        self.place = Place::Between;
        end
    }

    /// The end of the item that runs through `chunk` from `at`; `None` when it goes on in the next chunk.
    fn end_of_item(&mut self, chunk: &[u8], mut at: usize) -> Option<usize> {
        while at < chunk.len() {
            if self.text == Text::Escaped {
                self.text = Text::Inside;
                at += 1;
                continue;
            }
            if self.text == Text::Inside {
                at += memchr2(b'"', b'\\', &chunk[at..])?;
                self.text = if chunk[at] == b'"' { Text::Outside } else { Text::Escaped };
                at += 1;
                continue;
            }
            if self.depth == 0 && !matches!(chunk[at], b'{' | b'[' | b'"') {
                // A bare number or word where an object belongs: it ends at the next delimiter.
                let end = memchr3(b',', b']', b'\n', &chunk[at..])?;
                return Some(at + end);
            }
            let byte = chunk[at];
            at += 1;
            match byte {
                b'"' => self.text = Text::Inside,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> (Vec<String>, Option<String>) {
        let mut splitter = Splitter::default();
        let mut items = Vec::new();
        for chunk in chunks {
            splitter.feed(chunk, |item| items.push(String::from_utf8_lossy(item).into_owned()));
        }
        (items, splitter.finish().map(|shell| String::from_utf8_lossy(&shell).into_owned()))
    }

    const LIST: &str = r#"{"kind":"PodList","metadata":{"resourceVersion":"12","items":["no"]},"items": [ {"a":"}\"]\\","b":[{},"["]} ,
        {"é":"\\\\"},{} ],"tail":{"items":[1]}}"#;

    #[test]
    fn items_come_out_byte_for_byte_wherever_the_chunks_end() {
        let whole = split(&[LIST.as_bytes()]);
        assert_eq!(whole.0, [r#"{"a":"}\"]\\","b":[{},"["]}"#, r#"{"é":"\\\\"}"#, "{}"]);
        let shell = whole.1.clone().expect("complete");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shell).expect("JSON"),
            serde_json::json!({"kind":"PodList","metadata":{"resourceVersion":"12","items":["no"]},"items":[],"tail":{"items":[1]}})
        );
        for cut in 0..LIST.len() {
            let (head, tail) = LIST.as_bytes().split_at(cut);
            assert_eq!(split(&[head, tail]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = LIST.as_bytes().chunks(1).collect();
        assert_eq!(split(&bytes), whole);
    }

    #[test]
    fn lists_without_items_and_cut_lists_are_told_apart() {
        assert_eq!(split(&[br#"{"metadata":{"resourceVersion":"1"},"items":null}"#]).0, Vec::<String>::new());
        assert!(split(&[br#"{"metadata":{"resourceVersion":"1"},"items":null}"#]).1.is_some());
        assert!(split(&[br#"{"items":[]}"#]).1.is_some());
        assert!(split(&[br#"{"items":[{"a":1},{"b""#]).1.is_none());
        assert!(split(&[br#"{"items":[{"a":1}]"#]).1.is_none());
        assert!(split(&[b""]).1.is_none());
    }

    proptest! {
        #[test]
        fn any_values_survive_any_chunks(
            texts in prop::collection::vec(".{0,12}", 0..6),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let items: Vec<serde_json::Value> =
                texts.iter().map(|text| serde_json::json!({"t": text, "list": [text, {"in": text}]})).collect();
            let body = serde_json::json!({"metadata": {"resourceVersion": "7"}, "items": items}).to_string();
            let mut splitter = Splitter::default();
            let mut seen = Vec::new();
            let mut rest = body.as_bytes();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (head, tail) = rest.split_at((*cut).min(rest.len()));
                splitter.feed(head, |item| seen.push(serde_json::from_slice::<serde_json::Value>(item).expect("JSON")));
                rest = tail;
            }
            prop_assert_eq!(seen, items);
            prop_assert!(splitter.finish().is_some());
        }

        #[test]
        fn no_bytes_make_it_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..8)) {
            let mut splitter = Splitter::default();
            splitter.feed(b"{\"items\":[", |_| {});
            for chunk in &chunks {
                splitter.feed(chunk, |_| {});
            }
            splitter.finish();
        }
    }
}
