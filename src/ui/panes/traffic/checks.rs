//! What happens by itself and when, and what a controller measured.

use super::lines::Lines;
use crate::domain::Age;
use crate::domain::state::Verdict;
use crate::domain::traffic::Traffic;
use crate::ui::panes::Drawn;
use crate::ui::text::{Align, Elide, fit, width};
use crate::ui::view::said::shown;
use crate::ui::widgets::ticks::Tick;
use ratatui::style::Style;
use ratatui::text::Span;

/// How many of the last values are shown.
const VALUES: usize = 5;

pub(super) fn countdowns(lines: &mut Lines<'_>, traffic: &Traffic, drawn: Drawn<'_>) {
    let now = drawn.model.drawn_at();
    for countdown in &traffic.countdowns {
        let what = &countdown.what;
        let words = if countdown.due > now {
            format!("{what} in {}", Age::between(now, countdown.due).words())
        } else {
            format!("{what}: due now")
        };
        let then = &countdown.then;
        let words = if then.is_empty() { words } else { format!("{words}; {then}") };
        lines.said("due", Tick::Plain, &words);
    }
}

/// `✔ request-success-rate  ≥ 99 %   99.8 99.7 99.9   Running`.
pub(super) fn lines(lines: &mut Lines<'_>, traffic: &Traffic, drawn: Drawn<'_>) {
    let look = drawn.look;
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0).min(24);
    let names = widest(&mut traffic.checks.iter().map(|check| width(&shown(&check.name))));
    let limits = widest(&mut traffic.checks.iter().map(|check| width(&shown(&check.limit))));
    for check in &traffic.checks {
        let sign = look.glyphs.verdict(check.verdict);
        let style = look.theme.verdict(check.verdict);
        let ellipsis = look.glyphs.ellipsis;
        let values: Vec<_> = check.values.iter().rev().take(VALUES).map(|(_, value)| shown(value)).collect();
        let values: Vec<&str> = values.iter().rev().map(|value| &**value).collect();
        let measured = if values.is_empty() { "no value yet".to_owned() } else { values.join(" ") };
        let limit = fit(&shown(&check.limit), limits, Align::Left, Elide::Middle, ellipsis);
        let standing = shown(&check.standing);
        let named = fit(&shown(&check.name), names, Align::Left, Elide::Middle, ellipsis);
        let tail = format!("  {limit}  {measured}  {standing}");
        // How it stands is what counts: what does not fit beside it stands below.
        let fits = width(sign) + 1 + width(&named) + width(&tail) <= lines.room();
        let (tail, below) = if fits {
            (tail, None)
        } else {
            (format!("  {standing}"), Some(format!("{}  {measured}", shown(&check.limit))))
        };
        lines.spans(
            "checks",
            vec![
                Span::styled(format!("{sign} "), style),
                Span::raw(named),
                Span::styled(tail, if check.verdict == Verdict::Bad { style } else { Style::new() }),
            ],
        );
        if let Some(below) = below {
            lines.said("checks", Tick::Plain, &format!("  {below}"));
        }
        if !check.message.is_empty() {
            lines.said("checks", Tick::Plain, &format!("  {}", check.message));
        }
    }
}
