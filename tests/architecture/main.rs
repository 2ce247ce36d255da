//! The rules that the compiler does not know: who may name whom, how long a file may be, what no file holds.
//! Each checker is itself tested on a small sample that breaks its rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the repository has failed")]

mod keys;
mod manners;
mod rooms;
mod source;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use source::Source;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files under `folder` whose names end in one of `endings`, with their texts, by path from the repository.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let shown = path.strip_prefix(repository()).unwrap().to_string_lossy().into_owned();
                found.push((shown, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The files of `src/` that are tests only: declared as `#[cfg(test)] mod name;`, and everything below them.
fn test_files(sources: &[(String, String)]) -> BTreeSet<String> {
    let mut modules = Vec::new();
    for (file, text) in sources {
        let stem = file.trim_end_matches(".rs");
        let folder = if matches!(file.as_str(), "src/lib.rs" | "src/main.rs") { "src" } else { stem };
        modules.extend(Source::read(text).test_modules.into_iter().map(|name| format!("{folder}/{name}")));
    }
    let below = |file: &str| {
        let stem = file.trim_end_matches(".rs");
        modules.iter().any(|module| Path::new(stem).starts_with(module))
    };
    sources.iter().map(|(file, _)| file.clone()).filter(|file| below(file)).collect()
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn crates() -> BTreeSet<String> {
    rooms::dependencies(include_str!("../../Cargo.toml"))
}

#[test]
fn a_room_names_only_rooms_below_it_and_its_own_crates() {
    let sources = files("src", &[".rs"]);
    let tests = test_files(&sources);
    let crates = crates();
    let wrong: Vec<String> = sources
        .iter()
        .filter(|(file, _)| !tests.contains(file) && !matches!(file.as_str(), "src/lib.rs" | "src/main.rs"))
        .flat_map(|(file, text)| rooms::violations(file.trim_start_matches("src/"), text, &crates))
        .collect();
    assert!(sources.len() > 20, "the sources were found");
    none(&wrong);
}

#[test]
fn every_file_keeps_the_manners() {
    let sources = files("src", &[".rs"]);
    let tests = test_files(&sources);
    let mut wrong: Vec<String> =
        sources.iter().flat_map(|(file, text)| manners::violations(file, text, tests.contains(file))).collect();
    for (file, text) in files("tests", &[".rs"]).iter().chain(&files("benches", &[".rs"])) {
        wrong.extend(manners::violations(file, text, true));
    }
    none(&wrong);
}

#[test]
fn no_sentence_names_an_action_by_a_key() {
    let sources = files("src", &[".rs"]);
    let tests = test_files(&sources);
    let wrong: Vec<String> =
        sources.iter().flat_map(|(file, text)| keys::named(file, text, tests.contains(file))).collect();
    none(&wrong);
}

#[test]
fn nothing_of_a_machine_or_a_workplace_is_in_the_repository() {
    let endings = [".rs", ".toml", ".md", ".yaml", ".yml", ".svg", ".snap", ".sh", "run"];
    let wrong: Vec<String> =
        files("", &endings).iter().flat_map(|(file, text)| manners::foreign_words(file, text)).collect();
    none(&wrong);
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    let agreed = [
        ".ci",
        ".git",
        ".gitignore",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "clippy.toml",
        "deny.toml",
        "proptest-regressions",
        "rustfmt.toml",
        "src",
        "target",
        "tests",
        "themes",
    ];
    let found = fs::read_dir(repository()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let strange: Vec<String> = found.filter(|name| !agreed.contains(&name.as_str())).collect();
    none(&strange);
}

// The checkers themselves.

fn rooms_say(file: &str, text: &str) -> Vec<String> {
    rooms::violations(file, text, &crates())
}

#[test]
fn a_room_that_names_one_above_it_is_caught_in_every_way_of_writing() {
    for text in [
        "use crate::ui::Theme;",
        "use crate::{domain::State, ui};",
        "use crate::{\n    domain::{State, Track},\n    app::{Model},\n};",
        "fn f() -> crate::app::Model {}",
        "use super::super::ui::Theme;",
        "mod inner { use super::super::super::ui::Theme; }",
        "macro!(crate::ui::x)",
    ] {
        let wrong = rooms_say("strategy/rolling.rs", text);
        assert_eq!(wrong.len(), 1, "{text}: {wrong:?}");
        assert!(wrong[0].contains("above it"), "{wrong:?}");
    }
}

#[test]
fn a_room_may_name_itself_and_those_below_it_and_its_tests_may_name_all() {
    for text in [
        "use crate::domain::State; use crate::strategy::Claim; use super::Claim;",
        "#[cfg(test)] mod tests { use crate::sim::Cluster; use kube::Client; }",
        "// crate::ui\n/* kube::Client */ fn f() { let x = \"crate::ui\"; let y = r#\"kube::\"crate::ui\"#; }",
        "fn f<'a>(x: &'a str) -> char { '\"' } // crate::ui",
        "use super::State; fn f() { super::g() }",
    ] {
        assert_eq!(rooms_say("strategy/rolling.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn text_that_only_looks_like_an_import_is_read_to_its_end() {
    for text in
        ["fn f<'a>() -> impl Sized + use<'a> { g(); h() }", "macro!(use { ; ; } use)", "use {", "use ;", "use a::{;}"]
    {
        let source = Source::read(text);
        assert!(!source.tokens.is_empty());
    }
}

#[test]
fn what_is_no_room_is_caught() {
    assert!(rooms_say("helpers/misc.rs", "")[0].contains("is no room"));
    assert!(rooms_say("ui/board.rs", "use crate::util::x;")[0].contains("is no room"));
}

#[test]
fn a_crate_outside_its_room_is_caught_in_every_way_of_writing() {
    for (file, text) in [
        ("ui/board.rs", "use kube::Client;"),
        ("ui/board.rs", "use kube as k;"),
        ("app/model.rs", "use ratatui::{Frame};"),
        ("app/model.rs", "#[derive(clap::Parser)] struct A;"),
        ("ui/board.rs", "fn f() { ::rustix::termios::isatty(x); }"),
        ("action/apply.rs", "use {std::fmt, k8s_openapi::api};"),
        ("domain/plan.rs", "use tokio::sync::watch;"),
        ("strategy/rolling.rs", "async fn f() { tokio::time::sleep(x).await }"),
        ("config/file.rs", "use serde_json::Value;"),
    ] {
        let wrong = rooms_say(file, text);
        assert_eq!(wrong.len(), 1, "{text}: {wrong:?}");
        assert!(wrong[0].contains("must not use"), "{wrong:?}");
    }
}

#[test]
fn a_crate_in_its_own_room_and_a_module_of_the_same_name_pass() {
    for (file, text) in [
        ("cluster/connect.rs", "use kube::Client; use k8s_openapi::api;"),
        ("ui/theme.rs", "use toml::Table; use ratatui::style::Style;"),
        ("app/model.rs", "mod toml; fn f() { toml::g() }"),
        ("app/model.rs", "use super::toml; fn f() { toml::g() }"),
        ("app/model.rs", "fn f() { object.kube::<u8>() }"),
    ] {
        assert_eq!(rooms_say(file, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn only_action_may_send() {
    for text in [
        "use crate::cluster::send::apply;",
        "use crate::cluster::{index, send};",
        "use crate::cluster;\nfn f() { cluster::send::x() }",
    ] {
        assert!(rooms_say("app/effects.rs", text).iter().any(|wrong| wrong.contains("only action")), "{text}");
        assert_eq!(rooms_say("action/apply.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn bad_manners_are_caught() {
    let long = "//\n".repeat(501);
    for (file, text, word) in [
        ("src/ui/board.rs", long.as_str(), "501 lines"),
        ("src/ui/mod.rs", "", "not foo/mod.rs"),
        ("src/main.rs", &"//\n".repeat(21), "20 is the most"),
        ("src/a.rs", concat!("// TO", "DO: later"), "unfinished"),
        ("src/a.rs", "#[allow(dead_code)] fn f() {}", "#[expect]"),
        ("src/a.rs", "#![allow(missing_docs)]", "#[expect]"),
        ("src/a.rs", "fn f() { g().unwrap() }", ".unwrap()"),
        ("src/a.rs", "fn f() { unsafe { g() } }", "unsafe"),
        ("src/a.rs", "fn f() { println!() }", "print macro"),
        ("tests/a.rs", "#[ignore] fn f() {}", "#[ignore]"),
        ("tests/a.rs", "#[ignore = \"slow\"] fn f() {}", "#[ignore]"),
    ] {
        let wrong = manners::violations(file, text, false);
        assert_eq!(wrong.len(), 1, "{file}: {wrong:?}");
        assert!(wrong[0].contains(word), "{wrong:?}");
    }
    let fine = "fn f() { x.unwrap_or_default() }\n#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }";
    assert_eq!(manners::violations("src/a.rs", fine, false), Vec::<String>::new());
    assert_eq!(manners::violations("tests/cluster.rs", "#[ignore] fn f() {}", true), Vec::<String>::new());
}

#[test]
fn a_key_in_a_sentence_is_caught() {
    for text in [
        "f(\"U goes back\")",
        "f(\"held; 'b' overrides it\")",
        "f(\"l shows the logs, e the events.\")",
        "f(\"it changed; press r to plan again\")",
        "f(r\"resume it first (P)\")",
    ] {
        assert_eq!(keys::named("src/a.rs", text, false).len(), 1, "{text}");
        assert!(keys::named("src/a.rs", text, true).is_empty(), "{text}");
    }
    for text in [
        "f(\"{UNDO} goes back\")",
        "// U goes back",
        "f(\"a URL has an env U\", 'b')",
        "#[cfg(test)]\nmod t { f(\"U goes\") }",
    ] {
        assert_eq!(keys::named("src/a.rs", text, false), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn foreign_words_are_caught() {
    for text in [concat!("see /wo", "rk/x"), concat!("as iss", "ue 3 says"), concat!("iss", "ue #12")] {
        assert_eq!(manners::foreign_words("README.md", text).len(), 1, "{text}");
    }
    assert!(manners::foreign_words("README.md", "an issue of 3 kinds; ReissueTicket5").is_empty());
}

#[test]
fn files_of_a_module_for_tests_are_tests() {
    let sources = [
        ("src/config.rs", "#[cfg(test)]\nmod tests;"),
        ("src/config/tests.rs", ""),
        ("src/config/tests/more.rs", ""),
        ("src/config/testsuite.rs", ""),
    ];
    let sources = sources.map(|(file, text)| (file.to_owned(), text.to_owned()));
    let found: Vec<String> = test_files(&sources).into_iter().collect();
    assert_eq!(found, ["src/config/tests.rs", "src/config/tests/more.rs"]);
}
