//! The tracks, and under each its live pods.
//!
//! ```text
//! ┌ 8 pods wanted, 6 ready ───────────────────────── up to 2 extra, 0 missing ┐
//! │ candidate v42  revision 42   2 pods, 0 ready                             │
//! │   search-6f9c7-x2x1v        ✖ ImagePullBackOff 6m   0   node-3        6m │
//! │ stable    v41  revision 41   6 pods, 6 ready                             │
//! └──────────────────────────────────────────────────────────────────────────┘
//! ```
//! During an update pods are seen moving from one track to the other.

use super::{Content, Drawn};
use crate::app::layers::release::{VersionRow, version_rows};
use crate::app::scroll::Scroll;
use crate::domain::pod::Pod;
use crate::domain::release::{Release, Track};
use crate::domain::workload::UpdateStrategy;
use crate::domain::{Kind, State};
use crate::ui::text::{Elide, width};
use crate::ui::view::said::{age, count, pod_words, shown, version};
use crate::ui::widgets::bar::ProgressBar;
use crate::ui::widgets::table::{Column, Width, lay_out};
use crate::ui::widgets::{Slot, put, put_line, put_wrapped};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

const COLUMNS: [Column; 5] = [
    Column::new("POD", Width::Between(14, 30)).elided(Elide::Middle),
    Column::new("", Width::Flex { min: 21, share: 1 }),
    Column::new("RESTARTS", Width::Fixed(4)).right().importance(60),
    Column::new("NODE", Width::Between(8, 30)).elided(Elide::Middle).importance(30),
    Column::new("AGE", Width::Fixed(4)).right().importance(80),
];

/// Of so many lines it is looked at how much room they need.
const MEASURED: usize = 200;

pub(super) fn title(drawn: Drawn<'_>) -> Content {
    let release = &drawn.view.release;
    let desired = release.replicas.desired;
    let detail = match &release.update {
        UpdateStrategy::Rolling { surge, unavailable } => {
            format!("surge {surge}, unavailable {unavailable}")
        }
        UpdateStrategy::Ordered { partition: 0, parallel } => {
            if *parallel {
                "in parallel".to_owned()
            } else {
                "one by one, from the highest".to_owned()
            }
        }
        UpdateStrategy::Ordered { partition, .. } => format!("partition {partition}"),
        UpdateStrategy::Recreate => "recreate: all end before new ones start".to_owned(),
        UpdateStrategy::OnDelete => "a pod changes when it is deleted".to_owned(),
    };
    let wanted = count(usize::try_from(desired).unwrap_or(0), "pod");
    Content { title: format!("{wanted} wanted, {} ready", release.replicas.ready), detail }
}

/// How far an update is that goes on by itself, or got stuck on its way.
pub(super) fn moving(release: &Release) -> Option<ProgressBar> {
    let progress = release.progress.as_ref().filter(|_| !release.held && release.state != State::Waiting)?;
    let number = |count| u32::try_from(count).unwrap_or(0);
    (progress.total > 0).then(|| ProgressBar { done: number(progress.done), total: number(progress.total) })
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, drawn: Drawn<'_>) {
    let view = drawn.view;
    let rows = version_rows(&view.release);
    if rows.is_empty() {
        let muted = drawn.look.theme.style("text.muted");
        let why = drawn.unread(Kind::Pod).unwrap_or_else(|| "there are no pods".to_owned());
        let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        put_wrapped(buffer, inside, &why, muted, drawn.look);
        return;
    }
    let area = drawn.says_old(buffer, area, Kind::Pod);
    let at = view.version_place(&rows);
    let first = Scroll { at }.first(rows.len(), usize::from(area.height));
    // What a pod is doing has its room before the names: of pods, that is what one looks for.
    let mut columns = COLUMNS;
    let doing = rows.iter().take(MEASURED).filter_map(|row| match row {
        VersionRow::Pod(_, pod) => Some(2 + width(&pod_words(pod, drawn.model.drawn_at()))),
        VersionRow::Track(_) => None,
    });
    columns[1].width = Width::Flex { min: doing.max().unwrap_or(0).clamp(21, 32) as u16, share: 1 };
    let places = lay_out(&columns, area.width.saturating_sub(4));
    for (y, place) in (0..area.height).zip(first..rows.len()) {
        let slot = Slot::row(area, y);
        match rows[place] {
            VersionRow::Track(track) => heading(buffer, slot.after(1), track, drawn),
            VersionRow::Pod(_, pod) => {
                let cells = cells(pod, drawn);
                let inside = slot.after(3);
                for ((place, (text, style)), column) in places.iter().zip(&cells).zip(&COLUMNS) {
                    let Some((x, width)) = *place else { continue };
                    let slot = inside.after(usize::from(x)).first(usize::from(width));
                    let text = drawn.look.elide(text, usize::from(width), column.elide);
                    let slot = if column.align == crate::ui::text::Align::Right {
                        slot.last(crate::ui::text::width(&text))
                    } else {
                        slot
                    };
                    put(buffer, slot, &text, *style);
                }
            }
        }
        if place == at && drawn.focused {
            put(buffer, slot.first(1), drawn.look.glyphs.selected, drawn.look.theme.style("row.mark"));
            buffer.set_style(slot.area(), drawn.look.theme.style("row.selected"));
        }
    }
}

fn heading(buffer: &mut Buffer, slot: Slot, track: &Track, drawn: Drawn<'_>) {
    let theme = drawn.look.theme;
    let muted = theme.style("text.muted");
    let mut line = Line::from(vec![
        Span::styled(format!("{:<9} ", track.role.word()), theme.track(track.role)),
        Span::styled(version(track), theme.style("text.strong")),
    ]);
    if let Some(revision) = track.revision {
        line.push_span(Span::styled(format!("  revision {revision}"), muted));
    }
    let pods = usize::try_from(track.replicas.current).unwrap_or(0).max(track.pods.len());
    line.push_span(Span::raw(format!("  {}, {} ready", count(pods, "pod"), track.replicas.ready)));
    if let Some(share) = track.weight.actual.filter(|_| !drawn.view.release.by_rule()) {
        line.push_span(Span::styled(format!("  {share} %"), muted));
    }
    // What was changed, where the numbers leave room for a part of it that says something.
    let room = usize::from(slot.cells).saturating_sub(line.width() + 3);
    if let Some(cause) = drawn.view.release.cause_of(track).filter(|_| room >= 10) {
        let cause = drawn.look.elide(&shown(cause), room, Elide::End).into_owned();
        line.push_span(Span::styled(format!("  {cause}"), muted));
    }
    put_line(buffer, slot, &line, drawn.look);
}

fn cells(pod: &Pod, drawn: Drawn<'_>) -> [(String, Style); 5] {
    let (now, look) = (drawn.model.drawn_at(), drawn.look);
    let muted = look.theme.style("text.muted");
    let gone = drawn.view.gone.is_some();
    let (sign, style) = match (&pod.trouble, pod.ready, pod.deleting) {
        // Nobody knows any more how it is.
        _ if gone => (look.glyphs.unknown, muted),
        (_, _, Some(_)) => (look.glyphs.idle, muted),
        (Some(_), false, None) => (look.glyphs.down, look.theme.style("verdict.bad")),
        (Some(_), true, None) => (look.glyphs.failed, look.theme.style("verdict.warn")),
        (None, true, None) => (look.glyphs.healthy, look.theme.style("verdict.ok")),
        (None, false, None) => (look.glyphs.progressing, look.theme.style("state.progressing")),
    };
    let restarts = match pod.restarts {
        0 => (String::new(), muted),
        number => (format!("{number}x"), look.theme.style("verdict.warn")),
    };
    [
        (shown(&pod.name).into_owned(), Style::new()),
        (format!("{sign} {}{}", if gone { "was " } else { "" }, pod_words(pod, now)), style),
        restarts,
        (pod.node.as_deref().map(|node| shown(node).into_owned()).unwrap_or_default(), muted),
        (age(pod.created, now), muted),
    ]
}
