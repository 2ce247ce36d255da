//! The history of a release.

use crate::{
    cli::table::Table,
    domain::{Age, ObjectKey, Release, Timestamp, history::Evidence, history::HistoryEntry},
};

/// The table of `history`, newest first; `wide` adds the aliases and the objects' names. Where the release has several
/// workloads, it names the one whose revisions these are.
pub fn revisions_table(
    release: &Release,
    workload: Option<&ObjectKey>,
    entries: &[&HistoryEntry],
    wide: bool,
    now: Timestamp,
) -> Table {
    let mut heading = vec!["REVISION", "IMAGES", "AGE", "READY", "NOW", "EVIDENCE"];
    if workload.is_some() {
        heading.insert(1, "WORKLOAD");
    }
    if wide {
        heading.extend(["ALIASES", "NAME"]);
    }
    heading.push("CHANGE-CAUSE");
    let mut table = Table::new(heading);
    for entry in entries {
        let images: Vec<&str> = entry.images.iter().map(|image| &*image.reference).collect();
        let mut cells = vec![
            entry.revision.to_string(),
            images.join(", "),
            age(entry.created, now),
            entry.replicas.ready.to_string(),
            standing(release, entry),
            evidence(entry, now),
        ];
        if let Some(workload) = workload {
            cells.insert(1, workload.target());
        }
        if wide {
            let aliases: Vec<String> = entry.aliases.iter().map(ToString::to_string).collect();
            cells.extend([aliases.join(", "), entry.object.name.to_string()]);
        }
        cells.push(entry.change_cause.as_deref().unwrap_or_default().to_owned());
        table.row(cells);
    }
    table
}

/// All that is known of one revision, a line each.
pub fn revision_lines(
    release: &Release,
    workload: Option<&ObjectKey>,
    entry: &HistoryEntry,
    now: Timestamp,
) -> Vec<String> {
    let mut table = Table::new(["", ""]);
    let mut say = |what: &str, is: String| {
        if !is.is_empty() {
            table.row([what.to_owned(), is]);
        }
    };
    say("revision", entry.revision.to_string());
    say("aliases", entry.aliases.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    say("workload", workload.map(ObjectKey::target).unwrap_or_default());
    say("held by", entry.object.target());
    for image in &entry.images {
        say("image", image.to_string());
    }
    say("change-cause", entry.change_cause.as_deref().unwrap_or_default().to_owned());
    say("made", entry.created.map_or_else(String::new, |at| format!("{at}, {} ago", Age::between(at, now).words())));
    say("pods", format!("{}, {} ready", entry.replicas.current, entry.replicas.ready));
    say("now", standing(release, entry));
    say("evidence", evidence(entry, now));
    table.lines().into_iter().skip(1).collect()
}

fn standing(release: &Release, entry: &HistoryEntry) -> String {
    let marks =
        [(entry.current, "current"), (entry.serving, "serving"), (release.back_to == Some(entry.revision), "back to")];
    marks.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}

fn evidence(entry: &HistoryEntry, now: Timestamp) -> String {
    match &entry.evidence {
        Evidence::GivenUp { at } => format!("never settled, undone {} ago", Age::between(*at, now).words()),
        Evidence::None => String::new(),
        Evidence::Likely { served } => format!("likely good: served {}", served.words()),
        Evidence::Serving { ready } => format!("serving: {ready} ready"),
        Evidence::Recorded { at } => format!("last good: settled {} ago", Age::between(*at, now).words()),
    }
}

fn age(created: Option<Timestamp>, now: Timestamp) -> String {
    created.map_or_else(String::new, |at| Age::between(at, now).to_string())
}
