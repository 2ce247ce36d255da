//! The verdict, and what speaks for it, the weightiest first.
//!
//! ```text
//! ┌ ✖ bad ────────────────────────────────────────────────────────────────────┐
//! │ ✖ 2 new pods can't pull reg/search:v42 (ImagePullBackOff)                 │
//! │ ▲ 6 of 8 pods are ready                                                    │
//! │ endpoint  ●●●●●○●●●● 200, svc/search:80/health                             │
//! │ managed   Argo CD 'search' will put a changed template back within 5 min   │
//! └────────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{Content, Drawn};
use crate::app::measuring::{self, Limits};
use crate::domain::management::{Management, Reverts};
use crate::domain::measurement::HealthCheck;
use crate::domain::release::HealthReason;
use crate::domain::state::Verdict;
use crate::domain::workload::ConditionStatus;
use crate::ui::text::wrap;
use crate::ui::view::said::{age, count, shown};
use crate::ui::view::unread;
use crate::ui::widgets::{Look, Slot, put, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let (verdict, _) = judged(drawn);
    let word = match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "deserves a look",
        Verdict::Bad => "bad",
        Verdict::Unknown => "not known",
    };
    Content { title: format!("{} {word}", drawn.look.glyphs.verdict(verdict)), detail: String::new() }
}

/// How wide the labels are.
const LABEL: usize = 10;

/// How many answers of a health endpoint are shown.
const TICKS: usize = 20;

/// One line or paragraph of the pane.
struct Said {
    sign: &'static str,
    style: Style,
    label: &'static str,
    text: String,
}

/// How many lines it has.
pub(super) fn lines(drawn: Drawn<'_>, cells: usize) -> usize {
    let lead = |said: &Said| if said.label.is_empty() { 2 } else { LABEL };
    all(drawn).iter().map(|said| wrap(&said.text, cells.saturating_sub(lead(said)).max(1)).len()).sum()
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let skip = drawn.view.scrolls[crate::app::model::Pane::Health.place()].at;
    let mut row = 0;
    for said in all(drawn).iter().skip(skip) {
        if row >= area.height {
            break;
        }
        let slot = Slot::row(area, row).after(1);
        let start = if said.label.is_empty() {
            put(buffer, slot, said.sign, said.style).after(1)
        } else {
            put(buffer, slot, &format!("{:<LABEL$}", said.label), drawn.look.theme.style("text.muted"))
        };
        let below = Rect { x: start.x, y: start.y, width: start.cells.saturating_sub(1), height: area.height - row };
        row += put_wrapped(buffer, below, &said.text, Style::new(), drawn.look).max(1);
    }
}

fn all(drawn: Drawn<'_>) -> Vec<Said> {
    let (release, look) = (&drawn.view.release, drawn.look);
    let (_, reasons) = judged(drawn);
    let mut all: Vec<Said> = reasons
        .iter()
        .map(|reason| Said {
            sign: look.glyphs.verdict(reason.verdict),
            style: look.theme.verdict(reason.verdict),
            label: "",
            text: shown(&reason.text).into_owned(),
        })
        .collect();
    let mut labelled = |label: &'static str, text: String| {
        all.push(Said { sign: "", style: Style::new(), label, text });
    };
    if let Some(check) = drawn.model.measured(&release.uid).and_then(|measured| measured.health.as_ref()) {
        labelled("endpoint", ticks(check, look));
    }
    if let Some(outage) = release.outage {
        let text = match outage.until {
            None => format!("no pod is ready since {}", age(Some(outage.from), drawn.model.drawn_at())),
            Some(until) => {
                let gap = crate::domain::Age::between(outage.from, until).words();
                format!("no pod was ready for {gap}, until {} ago", age(Some(until), drawn.model.drawn_at()))
            }
        };
        labelled("downtime", text);
    }
    if let Some(hpa) = &release.autoscaler {
        let trouble = hpa.conditions.iter().find(|condition| {
            condition.status == ConditionStatus::False && matches!(&*condition.kind, "AbleToScale" | "ScalingActive")
        });
        let mut text = format!("HPA {} wants {} ({} to {})", shown(&hpa.key.name), hpa.desired, hpa.min, hpa.max);
        if let Some(trouble) = trouble {
            text = format!("{text}; {}: {}", trouble.reason, shown(&trouble.message));
        }
        labelled("scales", text);
    }
    for budget in &release.budgets {
        let text = format!(
            "PDB {} allows {} now ({} healthy, {} wanted)",
            shown(&budget.key.name),
            count(budget.allowed, "disruption"),
            budget.healthy,
            budget.wanted
        );
        labelled("budget", text);
    }
    for management in &release.management {
        labelled("managed", managed(management));
    }
    for why in unread::of_release(drawn.model.shown(), release, drawn.model.drawn_at()) {
        labelled("unread", why);
    }
    for field in &release.unreadable {
        labelled("unread", format!("{} could not be read", shown(field)));
    }
    all
}

/// The verdict and its reasons, with what is measured.
fn judged(drawn: Drawn<'_>) -> (Verdict, Vec<HealthReason>) {
    let release = &drawn.view.release;
    let measured = drawn.model.measured(&release.uid).map(AsRef::as_ref);
    measuring::health(release, measured, Limits::on(drawn.model, &release.uid), drawn.model.drawn_at())
}

/// The last answers of the health endpoint, the newest on the right, and what the newest said.
fn ticks(check: &HealthCheck, look: Look<'_>) -> String {
    let first = check.ticks.len().saturating_sub(TICKS);
    let row: String =
        check.ticks[first..].iter().map(|tick| if tick.ok { look.glyphs.tick } else { look.glyphs.tick_bad }).collect();
    let address = shown(&check.address);
    match check.ticks.last() {
        Some(last) => format!("{row} {}, {address}", shown(&last.said)),
        None => format!("not asked yet, {address}"),
    }
}

fn managed(management: &Management) -> String {
    let will = match management.template.max(management.replicas) {
        Reverts::Will => "will put changes back",
        Reverts::May => "may put changes back",
        Reverts::WillNot => "leaves changes alone",
    };
    let when = if management.when.is_empty() { String::new() } else { format!(" {}", shown(&management.when)) };
    format!("{} {will}{when} ({})", shown(&management.who()), shown(&management.evidence))
}
