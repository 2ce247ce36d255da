//! Releases as a table (`status`) and as one line each (`status --watch`).

use std::sync::Arc;

use crate::{
    cli::table::Table,
    domain::{
        Age, Release, Timestamp,
        presence::{Presence, Presences},
        release::Role,
    },
    ui::text::{Elide, elide},
};

use super::stepped;

/// The most cells of a name in a table that is not wide.
const LONGEST: usize = 48;

/// The table of `status`, worst first; `wide` adds where it stands in its history and who else steers it.
pub fn releases_table(releases: &[Arc<Release>], presence: &Presences, wide: bool, now: Timestamp) -> Table {
    let mut heading = vec!["NAMESPACE", "RELEASE", "STATE", "SINCE", "HOW", "STEP", "%", "VERSIONS", "READY"];
    if wide {
        heading.extend(["REVISION", "BACK TO", "HEALTH", "MANAGED BY"]);
    }
    heading.push("REASON");
    let mut table = Table::new(heading);
    for release in releases {
        // A name of 200 characters would push all else off the screen; wide has it in full.
        let name =
            |text: &str| if wide { text.to_owned() } else { elide(text, LONGEST, Elide::Middle, "…").into_owned() };
        let mut cells = vec![
            name(&release.key.namespace),
            name(&release.key.target()),
            state(release),
            release.since.map_or_else(String::new, |since| Age::between(since, now).to_string()),
            release.strategy.0.to_owned(),
            release.step_words(),
            weight(release),
            name(&versions(release)),
            release.replicas.ready_of_desired(),
        ];
        if wide {
            let number =
                |revision: Option<crate::domain::Revision>| revision.map_or_else(String::new, |it| it.to_string());
            let managers: Vec<&str> = release.management.iter().map(|management| management.manager.word()).collect();
            cells.extend([
                number(release.revision),
                number(release.back_to),
                verdict(release).to_owned(),
                managers.join(", "),
            ]);
        }
        cells.push(reason(release, presence.of(&release.key, now)));
        table.row(cells);
    }
    table
}

/// One line on one release as it is now: `shop/web (deployment)  progressing  v1→v2  3/4  reason`.
pub fn release_line(release: &Release, presence: Option<&Presence>) -> String {
    let text = [
        format!("{} ({})", release.key.qualified(), release.key.kind.singular()),
        state(release),
        release.step_words(),
        if weight(release).is_empty() { String::new() } else { format!("{} %", weight(release)) },
        versions(release),
        release.replicas.ready_of_desired(),
        reason(release, presence),
    ];
    let line = text.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("  ");
    crate::domain::said::clean(&line).into_owned()
}

/// The reason of its state, and who steps it.
fn reason(release: &Release, presence: Option<&Presence>) -> String {
    match presence.map(stepped) {
        Some(stepped) if release.reason.is_empty() => stepped,
        Some(stepped) => format!("{stepped}; {}", release.reason),
        None => release.reason.to_string(),
    }
}

fn state(release: &Release) -> String {
    let held = if release.held { ", held" } else { "" };
    format!("{}{held}", release.state)
}

/// The candidate's share, `20`, or `20≠12` where what is asked is not what is; of a plain workload none.
fn weight(release: &Release) -> String {
    let Some(candidate) =
        release.traffic.as_ref().filter(|it| !it.by_rule()).and_then(|_| release.track(Role::Candidate))
    else {
        return String::new();
    };
    match (candidate.weight.asked, candidate.weight.actual) {
        (Some(asked), Some(actual)) if asked != actual => format!("{asked}≠{actual}"),
        (Some(share), _) | (None, Some(share)) => share.to_string(),
        (None, None) => String::new(),
    }
}

/// `v41→v42` while two versions are there, else the one.
fn versions(release: &Release) -> String {
    let stable = release.track(Role::Stable);
    let candidate = release.track(Role::Candidate);
    match (stable, candidate) {
        (Some(stable), Some(candidate)) if !release.taken_over() => format!("{}→{}", stable.version, candidate.version),
        (Some(one), _) | (None, Some(one)) => one.version.to_string(),
        (None, None) => release.tracks.first().map_or_else(String::new, |track| track.version.to_string()),
    }
}

fn verdict(release: &Release) -> &'static str {
    use crate::domain::state::Verdict;
    match release.judged().verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Bad => "bad",
        Verdict::Unknown => "unknown",
    }
}
