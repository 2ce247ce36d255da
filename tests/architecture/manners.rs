//! What no file may hold, whatever its room.

use crate::source::Source;

/// The most lines that a file may have.
const LONGEST: usize = 500;

/// What is wrong with the form of a source file; `file` is relative to the repository, `tests_only` one that holds tests and nothing else.
pub fn violations(file: &str, text: &str, tests_only: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST {
        wrong.push(format!("{file}: {lines} lines, {LONGEST} is the most"));
    }
    if file.ends_with("/mod.rs") {
        wrong.push(format!("{file}: a module is foo.rs beside foo/, not foo/mod.rs"));
    }
    if file == "src/main.rs" && lines > 20 {
        wrong.push(format!("{file}: {lines} lines, 20 is the most; the library does the work"));
    }
    for (index, line) in text.lines().enumerate() {
        for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")] {
            if line.contains(word) {
                wrong.push(format!("{file}:{}: '{word}' says that something is unfinished", index + 1));
            }
        }
    }
    let source = Source::read(text);
    for (at, token) in source.tokens.iter().enumerate() {
        let before = |offset: usize| at.checked_sub(offset).map_or("", |at| source.tokens[at].text.as_str());
        let after = source.tokens.get(at + 1).map_or("", |token| token.text.as_str());
        let in_test = tests_only || source.test_lines.contains(&token.line);
        let complaint = match token.text.as_str() {
            "allow" if before(1) == "[" && matches!(before(2), "#" | "!") => {
                Some("#[allow]; write #[expect] with a reason")
            }
            "unsafe" if before(1) != "(" => Some("unsafe"),
            "unwrap" if before(1) == "." && after == "(" && !in_test => Some(".unwrap()"),
            "todo" | "unimplemented" | "dbg" if after == "!" => Some("a macro for unfinished work"),
            "println" | "print" | "eprintln" | "eprint" if after == "!" && !in_test => {
                Some("a print macro; the command line has its own output")
            }
            "ignore" if before(1) == "[" && before(2) == "#" && !file.starts_with("tests/cluster") => {
                Some("#[ignore], which only the tests on a real cluster may have")
            }
            _ => None,
        };
        wrong.extend(complaint.map(|what| format!("{file}:{}: {what}", token.line)));
    }
    wrong
}

/// Words that belong to somebody's machine or workplace and not to the project.
pub fn foreign_words(file: &str, text: &str) -> Vec<String> {
    let words = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/tmp", "/w/"),
        concat!("/home", "/"),
        concat!("index.", "crates.io"),
        concat!("proxy.", "golang.org"),
        concat!("pypi", ".org"),
        concat!("registry.npm", "js"),
        concat!("repo1.", "maven"),
        concat!("deb.", "debian"),
    ];
    let mut wrong = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for word in words {
            if lower.contains(word) {
                wrong.push(format!("{file}:{}: '{word}'", index + 1));
            }
        }
        let numbered = |word: &str| {
            lower.match_indices(word).any(|(at, _)| {
                let rest = lower[at + word.len()..].trim_start_matches(['#', ' ']);
                rest.starts_with(|c: char| c.is_ascii_digit()) && rest.len() < lower.len() - at - word.len()
            })
        };
        if numbered(concat!("iss", "ue")) {
            wrong.push(format!("{file}:{}: a number of the tracker; say what it is about", index + 1));
        }
    }
    wrong
}
