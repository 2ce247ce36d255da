//! Where commands write: standard output that goes quiet when nobody reads it any more, and one-sentence complaints.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde::Serialize;

use super::{Exit, Failure, table::Table};
use crate::domain::said::plain;
use crate::domain::text::{Escapes, escape_document, sanitize_lines};

/// How a command shows what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// The same with more columns.
    Wide,
    /// JSON, as documented.
    Json,
    /// The same as YAML.
    Yaml,
    /// One `kind/name` a line.
    Name,
}

/// The flag that chooses it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FormatFlag {
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
}

/// Standard output and standard error of a command.
pub struct Output {
    out: Box<dyn Write + Send>,
    complaints: Box<dyn Write + Send>,
    closed: bool,
    ascii: bool,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Output {
    /// The process's own.
    pub fn of_process() -> Self {
        Self::to(io::stdout(), io::stderr())
    }

    /// Writes to `out`, and complaints to `complaints`.
    pub fn to(out: impl Write + Send + 'static, complaints: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), complaints: Box::new(complaints), closed: false, ascii: false }
    }

    /// From here on, our own signs (arrows, ellipses, rules) are written with ASCII, for terminals that draw no others.
    pub fn draw_ascii(&mut self) {
        self.ascii = true;
    }

    /// Writes `text` as it is, our own signs aside where the terminal has none. A reader that has gone is no fault of ours: the rest is dropped without a word.
    pub fn text(&mut self, text: &str) {
        self.verbatim(&signs(text, self.ascii));
    }

    /// Writes `text` byte for byte: a document, or what a program wrote into its log.
    pub fn verbatim(&mut self, text: &str) {
        if !self.closed {
            self.closed = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
        }
    }

    /// Writes `line` and a line break.
    pub fn line(&mut self, line: &str) {
        self.text(&[line, "\n"].concat());
    }

    /// Writes a table. Its signs are put in their ASCII form before columns are measured.
    pub fn table(&mut self, table: &Table) {
        let ascii = self.ascii;
        let table = if ascii { &table.clone().map(|cell| signs(cell, ascii).into_owned()) } else { table };
        self.text(&[table.lines().join("\n").as_str(), "\n"].concat());
    }

    /// Whether nobody reads any more, so that a command that goes on for ever may end.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Writes a sentence to standard error.
    pub fn complain(&mut self, sentence: &str) {
        // Nothing can be done, and nobody told, when standard error is closed, too.
        let _ = self.complaints.write_all(["windlass: ", &signs(sentence, self.ascii), "\n"].concat().as_bytes());
        let _ = self.complaints.flush();
    }

    /// Writes a line to standard error that is no complaint: a question, a warning, progress.
    pub fn aside(&mut self, text: &str) {
        let _ = self.complaints.write_all(signs(text, self.ascii).as_bytes());
        let _ = self.complaints.flush();
    }

    /// Writes `value` as JSON or YAML. What could steer a terminal is written by its number, so that nothing is lost.
    pub fn document(&mut self, value: &impl Serialize, format: Format) -> Result<(), Failure> {
        // One form for both, and one writer of each.
        let value = &serde_json::to_value(value).map_err(|error| unwritable("JSON", &error))?;
        let escapes = if format == Format::Yaml { Escapes::Yaml } else { Escapes::Json };
        if format == Format::Yaml {
            let text = serde_saphyr::to_string(value).map_err(|error| unwritable("YAML", &error))?;
            // YAML writes numbers of characters in double quotes alone: where one is needed, all of it takes the flow form.
            if matches!(sanitize_lines(&text), Cow::Borrowed(_)) {
                self.verbatim(&text);
                return Ok(());
            }
        }
        let text = serde_json::to_string_pretty(value).map_err(|error| unwritable("JSON", &error))?;
        self.verbatim(&[&escape_document(&text, escapes), "\n"].concat());
        Ok(())
    }

    /// Writes what clap has to say: help and version to standard output, complaints to standard error.
    pub(super) fn told_by_clap(&mut self, told: &clap::Error) -> Exit {
        let text = told.render().to_string();
        if told.use_stderr() {
            self.aside(&text);
            Exit::Usage
        } else {
            self.text(&text);
            Exit::Done
        }
    }
}

/// `value` as one line of JSON, for documents that come one by one; what could steer a terminal is written by its number.
pub fn json_line(value: &impl Serialize) -> Result<String, Failure> {
    let value = serde_json::to_value(value).map_err(|error| unwritable("JSON", &error))?;
    let text = serde_json::to_string(&value).map_err(|error| unwritable("JSON", &error))?;
    // Marks of actions become words before: they are characters that no document shows.
    Ok(escape_document(&plain(&text), Escapes::Json).into_owned())
}

fn unwritable(format: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("the answer cannot be written as {format}: {error}"))
}

/// `text` with actions by their commands, and with our own signs as ASCII where `ascii` asks for it. What came from the
/// cluster keeps its characters.
fn signs(text: &str, ascii: bool) -> Cow<'_, str> {
    match plain(text) {
        Cow::Borrowed(text) => own_signs(text, ascii),
        Cow::Owned(text) => Cow::Owned(own_signs(&text, ascii).into_owned()),
    }
}

fn own_signs(text: &str, ascii: bool) -> Cow<'_, str> {
    const SIGNS: [(char, &str); 11] = [
        ('→', "->"),
        ('…', "..."),
        ('≠', "!="),
        ('≤', "<="),
        ('≥', ">="),
        ('─', "-"),
        ('├', "|"),
        ('└', "`"),
        ('•', "*"),
        ('›', ">"),
        ('►', ">"),
    ];
    if !ascii || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        match SIGNS.iter().find(|(own, _)| *own == sign) {
            Some((_, plain)) => written.push_str(plain),
            None => written.push(sign),
        }
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn where_the_terminal_has_ascii_alone_tables_and_sentences_use_it_and_columns_still_align() {
        let (out, told) = (Written::default(), Written::default());
        let mut output = Output::to(out.clone(), told.clone());
        output.draw_ascii();
        let mut table = Table::new(["NAME", "VERSIONS", "STATE"]);
        table.row(["web".into(), "v1→v2".into(), "ok".into()]);
        table.row(["longer…".into(), "v1".into(), "ok".into()]);
        output.table(&table);
        output.complain("weight ≤ 100 → refused");
        let text = |written: &Written| String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text(&out), "NAME       VERSIONS  STATE\nweb        v1->v2    ok\nlonger...  v1        ok\n");
        assert_eq!(text(&told), "windlass: weight <= 100 -> refused\n");
    }

    #[test]
    fn no_document_steers_a_terminal_and_none_loses_a_character() {
        let hostile = "\u{1b}[2J\u{9b}31m\u{7f} \u{202e}live\u{2066} \u{200b}\u{feff}\u{e0041} C:\\u 'é' 漢\n\ttail";
        let value = serde_json::json!({"changeCause": hostile, hostile: ["plain", hostile]});
        let written = |format| {
            let out = Written::default();
            Output::to(out.clone(), io::sink()).document(&value, format).unwrap();
            String::from_utf8(out.0.lock().unwrap().clone()).unwrap()
        };
        let (json, yaml) = (written(Format::Json), written(Format::Yaml));
        for text in [&json, &yaml, &json_line(&value).unwrap()] {
            assert_eq!(sanitize_lines(text), text.as_str());
            assert!(text.contains('漢'), "what is harmless stays: {text}");
        }
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
        assert_eq!(serde_saphyr::from_str::<serde_json::Value>(&yaml).unwrap(), value);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json_line(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn a_document_keeps_every_character() {
        let out = Written::default();
        let mut output = Output::to(out.clone(), io::sink());
        output.draw_ascii();
        output.document(&"v1→v2", Format::Json).unwrap();
        assert_eq!(out.0.lock().unwrap().as_slice(), "\"v1→v2\"\n".as_bytes());
    }
}
