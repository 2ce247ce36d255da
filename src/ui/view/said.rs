//! Texts of the cluster made fit to be drawn, and the short words that several parts of the screen use.

use crate::app::Model;
use crate::domain::pod::{Cause, Pod};
use crate::domain::release::{Release, Role, Track};
use crate::domain::text::sanitize;
use crate::domain::workload::short_digest;
use crate::domain::{Age, Timestamp};
use crate::ui::glyphs::Glyphs;
use crate::ui::text::{Elide, elide, width};
use std::borrow::Cow;

pub use crate::domain::text::count;

/// The most characters of one text that are looked at for one line: a 100 kB annotation costs no more than this.
const LONGEST: usize = 600;

/// `text` without what could steer a terminal, and no longer than any line needs.
pub fn shown(text: &str) -> Cow<'_, str> {
    sanitize(longest(text))
}

/// As much of `text` as is looked at.
pub fn longest(text: &str) -> &str {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

/// How long ago, in a few cells; empty when not known.
pub fn age(then: Option<Timestamp>, now: Timestamp) -> String {
    then.map(|then| Age::between(then, now).to_string()).unwrap_or_default()
}

/// How long ago, for sentences; empty when not known.
pub fn age_words(then: Option<Timestamp>, now: Timestamp) -> String {
    then.map(|then| Age::between(then, now).words()).unwrap_or_default()
}

/// When: the clock time of a moment of the last day, else the day.
pub fn clock(then: Timestamp, model: &Model) -> String {
    let form = if Age::between(then, model.now) < Age::seconds(86_400) { "%H:%M" } else { "%-d %b" };
    then.to_zoned(model.zone.clone()).strftime(form).to_string()
}

/// The version of a track: a tag that may move shows the digest that runs.
pub fn version(track: &Track) -> String {
    let mutable = track.images.iter().any(crate::domain::workload::Image::mutable);
    let version = shown(&track.version);
    match track.digests.first() {
        Some(digest) if mutable || track.digests.len() > 1 => {
            let more = if track.digests.len() > 1 { format!("+{}", track.digests.len() - 1) } else { String::new() };
            format!("{version}@{}{more}", shown(short_digest(digest)))
        }
        _ => version.into_owned(),
    }
}

/// The versions of a release in a cell of so many: what is new, and what is wrong with it, is the last to be cut.
pub fn versions_within(release: &Release, cells: usize, glyphs: &Glyphs) -> String {
    let whole = versions(release, glyphs);
    let over = width(&whole).saturating_sub(cells);
    let stable = release.track(Role::Stable).or(release.tracks.first()).map(version).unwrap_or_default();
    let Some(rest) = whole.strip_prefix(&stable).filter(|rest| over > 0 && !rest.is_empty()) else { return whole };
    let cut = |text: &str, cells| elide(text, cells, Elide::Middle, glyphs.ellipsis).into_owned();
    if rest.starts_with(glyphs.arrow) {
        // From the old version two characters with the sign tell enough; fewer tell nothing.
        let left = width(&stable).saturating_sub(over);
        let head = if left >= 3 { cut(&stable, left) } else { String::new() };
        let (new, marks) = rest.split_once(' ').map_or((rest, ""), |(new, marks)| (new, marks));
        let mut marks = if marks.is_empty() { String::new() } else { format!(" {marks}") };
        let mut room = cells.saturating_sub(width(&head) + width(&marks));
        if width(new) > room && marks.starts_with(" !") {
            // The state and the reason say what is wrong, too: here the version counts for more.
            "!".clone_into(&mut marks);
            room = cells.saturating_sub(width(&head) + 1);
        }
        return format!("{head}{}{marks}", cut(new, room.max(width(glyphs.arrow) + 3)));
    }
    // One version with marks, or with the one that is kept: what runs is what counts.
    let room = cells.saturating_sub(width(rest));
    if room >= 3 { format!("{}{rest}", cut(&stable, room)) } else { cut(&stable, cells) }
}

/// The versions of a release in one cell: `v41→v42 !pull`, `v55`, `v1→v2 held`.
pub fn versions(release: &Release, glyphs: &Glyphs) -> String {
    let stable = release.track(Role::Stable).or(release.tracks.first());
    let candidate = release.track(Role::Candidate);
    let mut text = match (stable, candidate) {
        (Some(stable), Some(candidate)) if stable.name != candidate.name && !release.taken_over() => {
            format!("{}{}{}", version(stable), glyphs.arrow, version(candidate))
        }
        (Some(stable), None) if release.track(Role::Idle).is_some() => {
            // The side that is kept, in brackets: one switch away.
            let kept = release.track(Role::Idle).map(version).unwrap_or_default();
            format!("{} ({kept})", version(stable))
        }
        (Some(track), _) | (None, Some(track)) => version(track),
        (None, None) => String::new(),
    };
    let pods = candidate.or(stable).into_iter().flat_map(|track| &track.pods);
    if let Some(cause) = pods.filter_map(|pod| pod.trouble.as_ref()).map(|trouble| trouble.cause).min() {
        text.push_str(" !");
        text.push_str(cause_word(cause));
    }
    if release.held {
        text.push_str(" held");
    }
    text
}

/// What is wrong with a pod, in a few letters.
pub const fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::ImagePull => "pull",
        Cause::CrashLoop => "crash",
        Cause::Unschedulable => "sched",
        Cause::Config => "config",
        Cause::OutOfMemory => "oom",
        Cause::NotReady => "probe",
        Cause::Evicted => "evicted",
    }
}

/// What a pod is doing, in a few words.
pub fn pod_words(pod: &Pod, now: Timestamp) -> String {
    use crate::domain::pod::Phase;
    if pod.deleting.is_some() {
        return format!("ending {}", age(pod.deleting, now));
    }
    if let Some(trouble) = &pod.trouble {
        let since = age(trouble.since, now);
        return format!("{} {since}", shown(&trouble.reason)).trim_end().to_owned();
    }
    if pod.ready {
        return "ready".to_owned();
    }
    match pod.phase {
        Phase::Pending => "pending",
        Phase::Running => "starting",
        Phase::Succeeded => "ended",
        Phase::Failed => "failed",
        Phase::Unknown => "unknown",
    }
    .to_owned()
}
