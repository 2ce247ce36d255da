//! Which room may name which room and which outside crate.

use std::collections::BTreeSet;

use crate::source::Source;

/// The rooms, lowest first; each may name those before it.
pub const ROOMS: &[&str] = &[
    "domain", "config", "strategy", "guard", "cluster", "metrics", "notify", "action", "sim", "app", "ui", "tui", "cli",
];

/// Crates that belong to some rooms, and to no others.
const OWNED: &[(&[&str], &[&str])] = &[
    (&["kube", "k8s_openapi"], &["cluster", "sim"]),
    (&["ratatui"], &["ui", "tui"]),
    (&["rustix"], &["cluster", "tui"]),
    (&["clap", "clap_complete", "clap_mangen", "anyhow"], &["cli"]),
    (&["reqwest"], &["metrics", "notify"]),
    (&["directories"], &["config"]),
    (&["toml"], &["config", "sim", "ui"]),
    (&["json_patch"], &["sim"]),
    (&["tower", "hyper", "hyper_util"], &["cluster", "sim"]),
];

/// Rooms without IO, clock or runtime: these crates and no others.
const PURE: &[(&str, &[&str])] = &[
    ("domain", &["serde", "serde_json", "jiff", "thiserror"]),
    ("config", &["serde", "toml", "directories", "jiff", "thiserror"]),
    ("strategy", &["serde", "serde_json", "jiff", "thiserror"]),
    ("guard", &["serde", "serde_json", "jiff", "thiserror"]),
];

/// The outside crates that a manifest names under `[dependencies]`, as paths spell them.
pub fn dependencies(manifest: &str) -> BTreeSet<String> {
    let table: toml::Table = manifest.parse().unwrap();
    table["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect()
}

/// What is wrong with the paths of `file` (relative to `src/`, such as `ui/panes/traffic.rs`).
pub fn violations(file: &str, text: &str, crates: &BTreeSet<String>) -> Vec<String> {
    let module: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    let room = module[0];
    let Some(rank) = ROOMS.iter().position(|known| *known == room) else {
        return vec![format!("{file}: '{room}' is no room")];
    };
    let source = Source::read(text);
    // A module of its own, or one brought in by a path, hides a crate of the same name.
    let hidden: BTreeSet<&str> = source
        .paths
        .iter()
        .filter(|path| path.segments.len() > 1 && path.segments.first() != path.segments.last())
        .filter_map(|path| path.segments.last().map(String::as_str))
        .chain(source.tokens.windows(2).filter(|pair| pair[0].text == "mod").map(|pair| pair[1].text.as_str()))
        .collect();
    let mut wrong = Vec::new();
    for path in source.paths.iter().filter(|path| !path.test) {
        let first = path.segments[0].as_str();
        let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
        let outside = match first {
            "crate" => path.segments.get(1),
            "super" if supers == module.len() + path.depth => path.segments.get(supers),
            _ => None,
        };
        if let Some(named) = outside {
            match ROOMS.iter().position(|known| known == named) {
                None => wrong.push(format!("{file}:{}: crate::{named} is no room", path.line)),
                Some(other) if other > rank => {
                    wrong.push(format!("{file}:{}: {room} must not know {named}, which is above it", path.line));
                }
                Some(_) => {}
            }
        }
        let sends = path.segments.windows(2).any(|pair| pair[0] == "cluster" && pair[1] == "send");
        if sends && !matches!(room, "action" | "cluster") {
            wrong.push(format!("{file}:{}: only action may name cluster::send", path.line));
        }
        let is_crate = crates.contains(first) && !hidden.contains(first);
        if is_crate && !may_use(room, first) {
            wrong.push(format!("{file}:{}: {room} must not use {first}", path.line));
        }
    }
    wrong
}

fn may_use(room: &str, name: &str) -> bool {
    if let Some((_, allowed)) = PURE.iter().find(|(pure, _)| *pure == room) {
        return allowed.contains(&name);
    }
    OWNED.iter().filter(|(crates, _)| crates.contains(&name)).all(|(_, owners)| owners.contains(&room))
}
