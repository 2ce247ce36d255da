//! What a plan's dialog says before it is confirmed.

use crate::action::presence::{Announced, announced};
use crate::app::Model;
use crate::app::gates::{self, Gate};
use crate::app::layers::PlanDialog;
use crate::app::layers::plan::{Check, Existence, Preview, Stage};
use crate::domain::intent::{Override, PausedUndo};
use crate::domain::management::Reverts;
use crate::domain::plan::{Change, Inverse};
use crate::domain::said::{COPY_KUBECTL, OVERRIDE, TOGGLE_OPTIONAL, TOGGLE_PAUSED};
use crate::domain::{Direction, Intent, Kind, Plan, Str, Verb};
use crate::ui::overlays::dialog::Paragraph;
use crate::ui::text::{Align, Elide, fit, width, wrap};
use crate::ui::view::presence::somebody_else;
use crate::ui::view::said::shown;
use crate::ui::widgets::Look;
use crate::ui::widgets::ticks::Tick;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// How wide the labels on the left are.
const LABEL: usize = 9;

/// Every paragraph of the dialog, `cells` wide at most.
pub(super) fn paragraphs(
    model: &Model,
    dialog: &PlanDialog,
    plan: &Plan,
    cells: usize,
    look: Look<'_>,
) -> Vec<Paragraph> {
    let theme = look.theme;
    let mut paragraphs = calls(dialog, plan, cells, look);
    if let Some(why) = gates::gate(model, dialog, plan).as_ref().and_then(Gate::why) {
        paragraphs.push(labelled("held", Tick::Bad, why, cells, look));
    } else if !dialog.overrides.is_empty() {
        let told = |gate: &Override| match gates::holding(model, dialog, plan, *gate) {
            Some(why) => format!("{} ({why})", overridden(*gate)),
            None => overridden(*gate).to_owned(),
        };
        let overridden: Vec<String> = dialog.overrides.iter().map(told).collect();
        let form = if overridden.len() == 1 { "is" } else { "are" };
        let text = format!("{} {form} overridden, with the reason below", overridden.join(" and "));
        paragraphs.push(labelled("override", Tick::Warn, &text, cells, look));
    }
    if let Some(why) = measured_against(model, plan) {
        paragraphs.push(labelled("numbers", Tick::Bad, &why, cells, look));
    }
    if let Some(another) = somebody_else(model, &plan.release.key).filter(|_| plan.steps()) {
        paragraphs.push(labelled("presence", Tick::Warn, &another, cells, look));
    }
    paragraphs.push(vec![Line::default()]);
    if plan.diff.is_empty() {
        paragraphs.push(vec![Line::styled(" no field changes", theme.style("text.muted"))]);
    }
    paragraphs.extend(diff(&plan.diff, cells, look));
    paragraphs.push(vec![Line::default()]);
    if plan.blind {
        let text = "sent blind: the objects could not be read just now; the server's own check of the fence decides";
        paragraphs.push(labelled("fresh", Tick::Warn, text, cells, look));
    }
    let (tick, text) = preview(&dialog.preview, model);
    paragraphs.push(labelled("dry run", tick, &text, cells, look));
    match &dialog.check {
        Check::None => {}
        Check::Running => paragraphs.push(labelled("check", Tick::Pending, "asked", cells, look)),
        Check::Passed(said) => paragraphs.push(labelled("check", Tick::Ok, said, cells, look)),
        Check::Failed(why) => paragraphs.push(labelled("check", Tick::Bad, why, cells, look)),
    }
    if !plan.forecast.then.is_empty() {
        paragraphs.push(labelled("then", Tick::Plain, &plan.forecast.then, cells, look));
    }
    for warning in &plan.forecast.warnings {
        paragraphs.push(labelled("note", Tick::Warn, warning, cells, look));
    }
    paragraphs.extend(reverts(dialog, plan, cells, look));
    paragraphs.extend(needs(dialog, plan, cells, look));
    if let Intent::Advance { from: Some(from), .. } = &plan.intent {
        let text = format!("{from}, as it stands on the screen; elsewhere it is a conflict and never a skip");
        paragraphs.push(labelled("leaves", Tick::Plain, &text, cells, look));
    }
    if let Intent::Undo { paused, .. } = &plan.intent
        && model.release(&plan.release.uid).is_some_and(|release| release.resumes_with_an_undo())
    {
        let text = match paused {
            PausedUndo::StayPaused => format!("it stays paused; '{TOGGLE_PAUSED}' also resumes it, in the same write"),
            PausedUndo::Resume => format!("the same write also resumes it; '{TOGGLE_PAUSED}' leaves it paused"),
        };
        paragraphs.push(labelled("paused", Tick::Plain, &text, cells, look));
    }
    let (tick, text) = inverse(&plan.inverse);
    paragraphs.push(labelled("inverse", tick, &text, cells, look));
    paragraphs.extend(presence(model, plan, cells, look));
    if let Some(why) = model.rights.get(&plan.release.uid).and_then(|rights| rights.unknown.as_ref()) {
        paragraphs.push(labelled("rights", Tick::Unknown, &format!("not known: {why}"), cells, look));
    }
    paragraphs
}

/// That others will see who takes this step, and whether they can be seen.
fn presence(model: &Model, plan: &Plan, cells: usize, look: Look<'_>) -> Vec<Paragraph> {
    let release = &plan.release;
    let missing = model.rights.get(&release.uid).and_then(|rights| rights.presence.as_ref());
    let mut paragraphs = match announced(plan, gates::policy(model), missing) {
        Announced::No => return Vec::new(),
        announced @ Announced::Lease(_) => vec![labelled("presence", Tick::Plain, &announced.words(), cells, look)],
        announced @ Announced::Off(_) => vec![labelled("presence", Tick::Unknown, &announced.words(), cells, look)],
    };
    if let Some(why) = model.shown().presence.unknown(&release.key.namespace) {
        let text = format!("whether somebody else steps it is not known: {why}");
        paragraphs.push(labelled("", Tick::Unknown, &text, cells, look));
    }
    paragraphs
}

/// What a dialog without a plan says.
pub(super) fn without_plan(dialog: &PlanDialog, cells: usize, look: Look<'_>) -> Vec<Line<'static>> {
    match &dialog.stage {
        Stage::Refused(refusal) => {
            let mut lines = labelled("refused", Tick::Bad, &refusal.reason, cells, look);
            if refusal.overridable.is_some() {
                let next = format!("'{OVERRIDE}' does it all the same, with a reason");
                lines.extend(labelled("", Tick::Plain, &next, cells, look));
            }
            if !refusal.kubectl.is_empty() {
                lines.push(Line::default());
                lines.push(Line::styled(
                    look.said(&format!("as kubectl ('{COPY_KUBECTL}' copies):")).into_owned(),
                    look.theme.style("text.muted"),
                ));
                lines.extend(refusal.kubectl.iter().map(|command| Line::raw(format!("  {}", shown(command)))));
            }
            lines
        }
        Stage::Reading | Stage::Ready(_) | Stage::Confirmed(_) => {
            let slow = if dialog.slow { "no answer within 2 s, still " } else { "" };
            let text = format!("{slow}reading {}", dialog.release.key);
            labelled("plan", Tick::Pending, &text, cells, look)
        }
    }
}

fn calls(dialog: &PlanDialog, plan: &Plan, cells: usize, look: Look<'_>) -> Vec<Paragraph> {
    let theme = look.theme;
    let mut paragraphs = Vec::new();
    for (place, call) in plan.calls.iter().enumerate() {
        let left_out = call.optional && !dialog.optional;
        let style = if left_out { theme.style("text.muted") } else { theme.style("text.strong") };
        let choice = match (call.optional, dialog.optional) {
            (false, _) => String::new(),
            (true, false) => format!("; offered, not sent: '{TOGGLE_OPTIONAL}' adds it"),
            (true, true) => format!("; added: '{TOGGLE_OPTIONAL}' leaves it out"),
        };
        let what = format!("{} {}", place + 1, shown(&call.what));
        let fence = format!("{}{}", shown(&call.fence), look.said(&choice));
        if width(&what) + 3 + width(&fence) <= cells {
            paragraphs.push(vec![Line::from(vec![
                Span::styled(what, style),
                Span::raw("   "),
                Span::styled(fence, theme.style("text.muted")),
            ])]);
        } else {
            // Nothing of what is sent is left out: where it is too long it has more lines.
            let fence = wrap(&fence, cells.saturating_sub(2)).into_iter();
            let fence = fence.map(|part| Line::styled(format!("  {part}"), theme.style("text.muted")));
            let what = wrap(&what, cells).into_iter().map(|part| Line::styled(part, style));
            paragraphs.push(what.chain(fence).collect());
        }
    }
    paragraphs
}

/// The changed places: where on the left, what it was and what it becomes on the right.
pub(super) fn diff(changes: &[Change], cells: usize, look: Look<'_>) -> Vec<Paragraph> {
    let theme = look.theme;
    let widest = changes.iter().map(|change| width(&shown(&change.place))).max().unwrap_or(0);
    let place_cells = widest.min(cells.saturating_sub(24).min(46));
    // A place that would be cut stands on lines of its own, above what it was and what it becomes.
    let stacked = widest > place_cells;
    let place_cells = if stacked { 0 } else { place_cells };
    let value_cells = cells.saturating_sub(place_cells + 5).max(8);
    let mut paragraphs = Vec::new();
    for change in changes {
        let mut lines = Vec::new();
        let mut place = fit(&shown(&change.place), place_cells, Align::Left, Elide::Never, look.glyphs.ellipsis);
        if stacked {
            let parts = wrap(&shown(&change.place), cells.saturating_sub(1)).into_iter();
            lines.extend(parts.map(|part| Line::styled(format!(" {part}"), theme.style("diff.place"))));
        }
        let sides = [("-", &change.old, "diff.removed"), ("+", &change.new, "diff.added")];
        for (sign, value, scope) in sides {
            let Some(value) = value else { continue };
            let value = crate::domain::text::sanitize_lines(value);
            for (part_place, part) in wrap(&value, value_cells).into_iter().enumerate() {
                let sign = if part_place == 0 { sign } else { " " };
                lines.push(Line::from(vec![
                    Span::styled(format!(" {place}  "), theme.style("diff.place")),
                    Span::styled(format!("{sign} {part}"), theme.style(scope)),
                ]));
                place = " ".repeat(place_cells);
            }
        }
        paragraphs.push(lines);
    }
    paragraphs
}

/// A label with what was found, wrapped beside it.
pub(super) fn labelled(label: &str, tick: Tick, text: &str, cells: usize, look: Look<'_>) -> Paragraph {
    let (sign, style) = tick.sign(look);
    let sign = if sign.is_empty() { String::new() } else { format!("{sign} ") };
    let indent = LABEL + width(&sign);
    let parts = wrap(&look.said(text), cells.saturating_sub(indent).max(12));
    let text_style = if tick == Tick::Bad { style } else { Style::new() };
    let mut lines = Vec::new();
    for (place, part) in parts.into_iter().enumerate() {
        let spans = if place == 0 {
            vec![
                Span::styled(format!("{label:<LABEL$}"), look.theme.style("text.muted")),
                Span::styled(sign.clone(), style),
                Span::styled(part, text_style),
            ]
        } else {
            vec![Span::raw(" ".repeat(indent)), Span::styled(part, text_style)]
        };
        lines.push(Line::from(spans));
    }
    lines
}

/// What the numbers say against a plan that leaves the ladder: nothing holds it, and a person should know.
fn measured_against(model: &Model, plan: &Plan) -> Option<Str> {
    let leaves = plan.direction == Direction::Forward && plan.intent.verb() == Verb::Promote;
    let release = model.release(&plan.release.uid).filter(|_| leaves)?;
    gates::baking_shown(model, release).holds()
}

/// What held the plan until a person overrode it.
const fn overridden(gate: Override) -> &'static str {
    match gate {
        Override::Bake => "the rung's gate",
        Override::Freeze => "the change freeze",
        Override::FewerPods => "the lack of ready pods",
        Override::PreviewCheck => "the preview check",
        Override::BreakGlass => "the controller's ownership",
    }
}

fn preview(preview: &Preview, model: &Model) -> (Tick, String) {
    match preview {
        Preview::NotAsked if model.session.read_only() => {
            (Tick::Unknown, "not asked: read-only sends no patch at all".to_owned())
        }
        Preview::NotAsked => (Tick::Unknown, "not asked".to_owned()),
        Preview::Asked => (Tick::Pending, "asked".to_owned()),
        Preview::Accepted { warnings } if warnings.is_empty() => (Tick::Ok, "accepted".to_owned()),
        Preview::Accepted { warnings } => (Tick::Warn, format!("accepted, with a warning: {}", warnings.join("; "))),
        Preview::Refused(why) => (Tick::Bad, format!("refused: {why}")),
        Preview::CannotTell(why) => (Tick::Unknown, format!("cannot be previewed: {why}")),
        Preview::NoAnswerYet => (Tick::Unknown, "no answer yet".to_owned()),
    }
}

/// What each manager does to the write: by its own policy once that was read, till then by its marks.
fn reverts(dialog: &PlanDialog, plan: &Plan, cells: usize, look: Look<'_>) -> Vec<Paragraph> {
    let known = dialog.managers.as_ref();
    let mut paragraphs = Vec::new();
    for management in known.unwrap_or(&plan.forecast.reverts) {
        let tick = match management.on(plan.touches) {
            Reverts::Will => Tick::Bad,
            Reverts::May => Tick::Warn,
            Reverts::WillNot => Tick::Ok,
        };
        paragraphs.push(labelled("reverts", tick, &management.sentence(plan.touches), cells, look));
    }
    paragraphs
}

/// What the new template needs: what is missing first, the rest in one line.
fn needs(dialog: &PlanDialog, plan: &Plan, cells: usize, look: Look<'_>) -> Vec<Paragraph> {
    if plan.needs.is_empty() {
        return Vec::new();
    }
    if dialog.needs.is_empty() {
        return vec![labelled("needs", Tick::Pending, "looking up what the template refers to", cells, look)];
    }
    let name = |key: &crate::domain::ObjectKey| format!("{} {}", kind_words(key.kind), key.name);
    let mut paragraphs = Vec::new();
    let mut there = Vec::new();
    for (key, existence) in &dialog.needs {
        match existence {
            Existence::Yes => there.push(name(key)),
            Existence::No => {
                paragraphs.push(labelled("needs", Tick::Bad, &format!("{} is gone", name(key)), cells, look));
            }
            Existence::Unknown(why) => {
                paragraphs.push(labelled("needs", Tick::Unknown, &format!("{}: {why}", name(key)), cells, look));
            }
        }
    }
    if !there.is_empty() {
        paragraphs.push(labelled("needs", Tick::Ok, &there.join(", "), cells, look));
    }
    paragraphs
}

const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::ConfigMap => "config map",
        Kind::PersistentVolumeClaim => "volume claim",
        Kind::ServiceAccount => "service account",
        other => other.singular(),
    }
}

fn inverse(inverse: &Inverse) -> (Tick, String) {
    match inverse {
        Inverse::Exact(steps) => (Tick::Plain, format!("exact: {}", steps.words)),
        Inverse::Compensating { steps, differs } => (Tick::Warn, format!("{}; what differs: {differs}", steps.words)),
        Inverse::None { why } => (Tick::Warn, format!("none: {why}")),
    }
}
