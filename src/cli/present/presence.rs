//! Who steps a release, as text.

use crate::{
    action::presence::Announced,
    domain::{
        ObjectKey, Timestamp,
        presence::{Presence, Presences},
        said::clean,
    },
};

/// Beside a plan that is a step: who steps the release already, and what is written so that others see this step, too.
pub fn presence_lines(
    known: &Presences,
    release: &ObjectKey,
    (us, announced): (&str, &Announced),
    now: Timestamp,
) -> Vec<String> {
    let mut lines = Vec::new();
    match (known.of(release, now), known.unknown(&release.namespace)) {
        (Some(presence), _) if *presence.holder == *us => {
            let since = at(presence.since);
            lines.push(format!("presence you step this release since {since}, with another command or console"));
        }
        (Some(presence), _) => {
            lines.push(format!("presence {} is stepping this release since {}", presence.holder, at(presence.since)));
        }
        (None, Some(why)) => lines.push(format!("presence whether somebody else steps it is not known: {why}")),
        (None, None) => {}
    }
    if *announced != Announced::No {
        lines.push(format!("presence {}", announced.words()));
    }
    lines.into_iter().map(|line| clean(&line).into_owned()).collect()
}

/// Who steps it, for a line on the release: `ana@desk steps it since 14:02Z`.
pub fn stepped(presence: &Presence) -> String {
    format!("{} steps it since {}", presence.holder, at(presence.since))
}

/// The clock time, in UTC as everywhere in these texts.
fn at(time: Timestamp) -> String {
    time.strftime("%H:%MZ").to_string()
}
