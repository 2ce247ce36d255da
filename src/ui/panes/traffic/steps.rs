//! The ladder, the controller's steps, and what the next advance does.

use super::lines::{LABEL, Lines};
use crate::app::gates;
use crate::app::keys::Command;
use crate::app::update::propose;
use crate::domain::{Age, Role};
use crate::guard::Baking;
use crate::ui::panes::Drawn;
use crate::ui::text::Elide;
use crate::ui::view::said::{age_words, count, shown};
use crate::ui::widgets::ladder::Ladder;
use crate::ui::widgets::ticks::Tick;
use crate::ui::widgets::{Slot, put};
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::text::Span;

/// How many of a controller's steps are shown at once.
const WINDOW: usize = 7;

pub(super) fn ladder(buffer: &mut Buffer, slot: Slot, drawn: Drawn<'_>) {
    let (theme, look) = (drawn.look.theme, drawn.look);
    let Some(step) = &drawn.view.release.step else { return };
    let muted = theme.style("text.muted");
    let since = age_words(step.since, drawn.model.drawn_at());
    let here = if since.is_empty() { String::new() } else { format!("   this rung {since}") };
    if step.rungs.is_empty() && !step.weights.is_empty() {
        let slot = put(buffer, slot, &format!("{:<LABEL$}", "ladder"), muted);
        let asked = drawn.view.release.track(Role::Candidate).and_then(|track| track.weight.asked);
        let reached = asked.map(|asked| step.weights.iter().filter(|weight| **weight <= asked).count());
        let counted = step.index.and_then(|index| usize::try_from(index).ok()).or(reached);
        let at = counted.and_then(|index| index.checked_sub(1));
        let room = usize::from(slot.cells).saturating_sub(here.len());
        let rest = Ladder { rungs: &step.weights, at }.draw(buffer, slot.first(room), look);
        put(buffer, Slot { cells: rest.cells + here.len() as u16, ..rest }, &here, muted);
        return;
    }
    let slot = put(buffer, slot, &format!("{:<LABEL$}", "at"), muted);
    let at = step.index.and_then(|index| usize::try_from(index).ok());
    let words = match at {
        _ if step.count == 0 => "no steps".to_owned(),
        None => format!("one of {} steps, not known which", step.count),
        Some(at) => match step.rungs.get(at) {
            // By the controller's own number, which is what `--from-step` takes.
            Some(rung) => format!("step {at}/{}: {}", step.count, shown(&rung.words)),
            None => format!("the end of its {} steps", step.count),
        },
    };
    let room = usize::from(slot.cells).saturating_sub(here.len());
    let slot = put(buffer, slot, &look.elide(&words, room, Elide::End), Style::new());
    put(buffer, slot, &here.replace("this rung", "since"), muted);
}

/// What the next `A` does, in words; or why it can't.
pub(super) fn next(lines: &mut Lines<'_>, drawn: Drawn<'_>) {
    let (release, theme) = (&drawn.view.release, drawn.look.theme);
    let Some(step) = &release.step else { return };
    if release.traffic.as_ref().is_some_and(|traffic| traffic.blocked.is_some()) {
        // Why nothing goes on stands above.
        return;
    }
    match propose::possible(drawn.model, Command::Advance) {
        Some(Ok(consequence)) => {
            let key = drawn.model.keys.key_of("advance").map(|key| key.to_string()).unwrap_or_default();
            let words = if step.next.is_empty() { consequence } else { step.next.clone() };
            let words = drawn.look.said(&words).replace('→', drawn.look.glyphs.arrow);
            let room = lines.room().saturating_sub(key.len() + 2);
            let words = drawn.look.elide(&words, room, Elide::End).into_owned();
            lines.spans("next", vec![Span::styled(format!("{key}  "), theme.style("key")), Span::raw(words)]);
        }
        Some(Err(why)) => {
            let words = format!("no advance: {why}");
            lines.said("next", Tick::Plain, &words);
        }
        None => {}
    }
}

/// Whether this rung has baked, and what is still to come.
pub(super) fn gate(lines: &mut Lines<'_>, drawn: Drawn<'_>) {
    match gates::baking_shown(drawn.model, &drawn.view.release) {
        Baking::Free => {}
        Baking::Done => lines.said("gate", Tick::Ok, "met: this rung has baked"),
        Baking::Counting { time, requests } => {
            let time = (!time.is_zero()).then(|| Age(time).words());
            let requests = (requests > 0).then(|| count(requests, "request"));
            let left: Vec<String> = [time, requests].into_iter().flatten().collect();
            lines.said("gate", Tick::Pending, &format!("{} to go before the next rung", left.join(" and ")));
        }
        Baking::Held(why) => lines.said("gate", Tick::Bad, &format!("held: {why}")),
    }
}

/// A controller's steps by kind, those around the one it stands at.
pub(super) fn rungs(lines: &mut Lines<'_>, drawn: Drawn<'_>) {
    let (theme, glyphs) = (drawn.look.theme, drawn.look.glyphs);
    let Some(step) = drawn.view.release.step.as_ref().filter(|step| !step.rungs.is_empty()) else { return };
    let at = step.index.and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
    let first = at.saturating_sub(2).min(step.rungs.len().saturating_sub(WINDOW));
    let last = (first + WINDOW).min(step.rungs.len());
    let left_out =
        |count: usize| Span::styled(format!("  {} {count} more", glyphs.ellipsis), theme.style("text.muted"));
    if first > 0 {
        lines.spans("steps", vec![left_out(first)]);
    }
    for (place, rung) in step.rungs.iter().enumerate().take(last).skip(first) {
        let (sign, style) = match place.cmp(&at) {
            std::cmp::Ordering::Less => (glyphs.healthy, "ladder.done"),
            std::cmp::Ordering::Equal => (glyphs.crumb, "ladder.current"),
            std::cmp::Ordering::Greater => (" ", "ladder.ahead"),
        };
        let waits = if rung.waits { ", waits for a person" } else { "" };
        let words = format!("{sign} {place} {}{waits}", shown(&rung.words));
        let words = drawn.look.elide(&words, lines.room(), Elide::End).into_owned();
        lines.spans("steps", vec![Span::styled(words, theme.style(style))]);
    }
    if last < step.rungs.len() {
        lines.spans("steps", vec![left_out(step.rungs.len() - last)]);
    }
}
