//! Every rule with its match and its shares, asked and actual apart, and where copies go.

use super::lines::Lines;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::{RuleSplit, Share};
use crate::ui::panes::Drawn;
use crate::ui::text::{Align, Elide, fit, width};
use crate::ui::view::said::shown;
use crate::ui::widgets::ticks::Tick;
use ratatui::style::Style;
use ratatui::text::Span;

pub(super) fn lines(lines: &mut Lines<'_>, traffic: &Traffic, drawn: Drawn<'_>) {
    let theme = drawn.look.theme;
    let rules = &traffic.rules;
    let routes = rules.iter().any(|rule| rule.route != rules[0].route);
    let hosts = rules.iter().any(|rule| rule.host != rules[0].host);
    let who: Vec<String> = (1..).zip(rules).map(|(number, rule)| name(number, rule, hosts)).collect();
    // The shares are what the line is for: what is elided first is who they are for.
    let wide = |rule| shares(rule, drawn).iter().map(|span| width(&span.content)).sum::<usize>();
    // Of a rule with a fault the fault says it.
    let aside = |rule: &RuleSplit| !rule.steered && traffic.groups.is_empty() && rule.problem.is_none();
    let needed = rules.iter().map(wide).max().unwrap_or(0) + 3;
    let left = lines.room().saturating_sub(needed).max(lines.room() / 3);
    let column = who.iter().map(|who| width(who)).max().unwrap_or(0).min(left);
    let mut last = None;
    for (rule, who) in rules.iter().zip(&who) {
        if routes && last != Some(&rule.route) {
            let heading = format!("{} {}", rule.route.kind, shown(&rule.route.qualified()));
            lines.spans("rules", vec![Span::styled(heading, theme.style("text.muted"))]);
            last = Some(&rule.route);
        }
        let style = if rule.steered { Style::new() } else { theme.style("text.muted") };
        let who = fit(who, column, Align::Left, Elide::Middle, drawn.look.glyphs.ellipsis);
        let mut spans = vec![Span::styled(who, style), Span::raw("   ")];
        spans.extend(shares(rule, drawn));
        if aside(rule) {
            spans.push(Span::styled("  shown only", theme.style("text.muted")));
        }
        lines.spans("rules", spans);
        for (to, percent) in &rule.mirrors {
            let share = percent.map_or_else(String::new, |percent| format!("{percent} % of "));
            let words = format!("  copies {share}its requests to {}", shown(to));
            lines.spans("rules", vec![Span::styled(words, theme.style("text.muted"))]);
        }
        if let Some(problem) = &rule.problem {
            lines.said("rules", Tick::Bad, &shown(problem));
        }
    }
}

/// `1 mobile: user-agent ~ .*Mobile.*`, `2 every request`.
fn name(number: usize, rule: &RuleSplit, hosts: bool) -> String {
    let requests = if rule.requests.is_empty() { "every request" } else { &rule.requests };
    let host = if hosts && !rule.host.is_empty() { format!("{} ", shown(&rule.host)) } else { String::new() };
    match &rule.name {
        Some(name) => format!("{number} {}: {host}{}", shown(name), shown(requests)),
        None => format!("{number} {host}{}", shown(requests)),
    }
}

/// `candidate 20, stable 80`; the candidate first, what gets nothing left out where something gets all.
fn shares(rule: &RuleSplit, drawn: Drawn<'_>) -> Vec<Span<'static>> {
    let theme = drawn.look.theme;
    let all = rule.shares.iter().any(|share| share.asked == Some(100));
    let mut shares: Vec<&Share> = rule.shares.iter().filter(|share| !all || share.asked != Some(0)).collect();
    shares.sort_by_key(|share| share.role != Some(crate::domain::Role::Candidate));
    let mut spans = Vec::new();
    for share in shares {
        if !spans.is_empty() {
            spans.push(Span::raw(", "));
        }
        let (word, style) = match share.role {
            Some(role) => (role.word().to_owned(), theme.track(role)),
            None => (shown(&share.to).into_owned(), Style::new()),
        };
        spans.push(Span::styled(format!("{word} "), style));
        spans.push(match (share.asked, share.actual) {
            (Some(asked), Some(actual)) if asked != actual => {
                Span::styled(format!("{asked}{}{actual}", drawn.look.glyphs.unequal), theme.style("weight.unequal"))
            }
            (Some(asked), _) => Span::raw(asked.to_string()),
            (None, Some(actual)) => Span::raw(actual.to_string()),
            (None, None) => Span::styled(share.written.map_or_else(|| "?".to_owned(), |it| format!("? ({it})")), style),
        });
    }
    if spans.is_empty() {
        spans.push(Span::styled("no destination", theme.style("text.muted")));
    }
    spans
}
