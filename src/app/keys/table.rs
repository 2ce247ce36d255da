//! The table itself.

use super::command::{Command, Step};
use crate::app::model::Pane;

/// Where a binding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere, also while typing.
    Always,
    /// Wherever there are lines to move through and nothing is typed.
    Lines,
    /// The board and an open release.
    Console,
    /// The board only.
    Board,
    /// An open release only.
    Release,
    /// A plan's dialog.
    Plan,
    /// Any list or text laid over the console.
    Overlay,
    /// A text field with a list under it.
    Input,
    /// A chart.
    Chart,
    /// Logs.
    Logs,
    /// The messages.
    Messages,
    /// The namespaces.
    Namespaces,
}

impl Scope {
    /// Every scope, in the order of the help.
    pub const ALL: [Self; 12] = [
        Self::Lines,
        Self::Console,
        Self::Board,
        Self::Release,
        Self::Plan,
        Self::Overlay,
        Self::Input,
        Self::Chart,
        Self::Logs,
        Self::Messages,
        Self::Namespaces,
        Self::Always,
    ];

    /// The chains in which scopes are searched, the nearest first: one for each sort of layer. A key has one meaning
    /// in a chain.
    pub const CHAINS: [&'static [Self]; 9] = [
        &[Self::Board, Self::Console, Self::Lines, Self::Always],
        &[Self::Release, Self::Console, Self::Lines, Self::Always],
        &[Self::Plan, Self::Lines, Self::Always],
        &[Self::Overlay, Self::Lines, Self::Always],
        &[Self::Logs, Self::Overlay, Self::Lines, Self::Always],
        &[Self::Messages, Self::Overlay, Self::Lines, Self::Always],
        &[Self::Namespaces, Self::Overlay, Self::Lines, Self::Always],
        &[Self::Input, Self::Always],
        &[Self::Chart, Self::Overlay, Self::Lines, Self::Always],
    ];

    /// The heading in the help.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::Lines => "Move",
            Self::Console => "Board and release",
            Self::Board => "Board",
            Self::Release => "Release",
            Self::Plan => "Plan",
            Self::Overlay => "Lists and texts",
            Self::Input => "While typing",
            Self::Chart => "Chart",
            Self::Logs => "Logs",
            Self::Messages => "Messages",
            Self::Namespaces => "Namespaces",
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub struct Binding {
    /// What it does.
    pub command: Command,
    /// Its name in `[keys]` and in the palette.
    pub name: &'static str,
    /// Where it counts.
    pub scope: Scope,
    /// The built-in keys; none: only by name, from the palette.
    pub keys: &'static [&'static str],
    /// One or two words for the footer.
    pub hint: &'static str,
    /// A sentence for the help.
    pub about: &'static str,
}

impl Binding {
    /// The places where it counts: that in which the help lists it, and where else what it asks for is offered. What was
    /// confirmed is taken back from its result, too.
    pub const fn scopes(&self) -> &[Scope] {
        match self.command {
            Command::Revert => &[Scope::Console, Scope::Plan],
            _ => std::slice::from_ref(&self.scope),
        }
    }
}

const fn row(
    command: Command,
    name: &'static str,
    scope: Scope,
    keys: &'static [&'static str],
    words: (&'static str, &'static str),
) -> Binding {
    Binding { command, name, scope, keys, hint: words.0, about: words.1 }
}

/// Every binding, in the order of the help.
pub static BINDINGS: &[Binding] = &[
    row(Command::Move(Step::Down), "down", Scope::Lines, &["j", "Down"], ("down", "one line down")),
    row(Command::Move(Step::Up), "up", Scope::Lines, &["k", "Up"], ("up", "one line up")),
    row(Command::Move(Step::Top), "top", Scope::Lines, &["g", "Home"], ("top", "to the first line")),
    row(Command::Move(Step::Bottom), "bottom", Scope::Lines, &["G", "End"], ("bottom", "to the last line")),
    row(Command::Move(Step::HalfDown), "half-down", Scope::Lines, &["Ctrl-d"], ("half down", "half a screen down")),
    row(Command::Move(Step::HalfUp), "half-up", Scope::Lines, &["Ctrl-u"], ("half up", "half a screen up")),
    row(Command::Move(Step::PageDown), "page-down", Scope::Lines, &["PgDn"], ("page down", "a screen down")),
    row(Command::Move(Step::PageUp), "page-up", Scope::Lines, &["PgUp"], ("page up", "a screen up")),
    row(
        Command::Undo,
        "undo",
        Scope::Console,
        &["U"],
        ("undo", "back to an earlier revision; in History to the selected one"),
    ),
    row(
        Command::Advance,
        "advance",
        Scope::Console,
        &["A"],
        ("advance", "one step further on the ladder, from the step that is shown"),
    ),
    row(
        Command::Switch,
        "switch",
        Scope::Console,
        &["S"],
        ("switch", "traffic to the other side of a blue-green release"),
    ),
    row(
        Command::Abort,
        "abort",
        Scope::Console,
        &["X"],
        ("to stable", "traffic back to what served before; of an A/B test its end"),
    ),
    row(Command::SetWeight, "set-weight", Scope::Console, &["W"], ("weight", "another weight for the candidate")),
    row(
        Command::Promote,
        "promote",
        Scope::Console,
        &["F"],
        ("promote", "everything to the candidate, or to the winner of an A/B test"),
    ),
    row(Command::Continue, "continue", Scope::Console, &["C"], ("continue", "on from the pause that it stands at")),
    row(Command::Skip, "skip", Scope::Console, &["K"], ("skip", "leave out the step that it stands at")),
    row(Command::Retry, "retry", Scope::Console, &["T"], ("retry", "once more after an abort or a failure")),
    row(
        Command::PauseResume,
        "pause",
        Scope::Console,
        &["P"],
        ("pause", "stop the rollout where it is, or let it go on"),
    ),
    row(
        Command::Restart,
        "restart",
        Scope::Console,
        &["R"],
        ("restart", "replace every pod by a new one of the same template"),
    ),
    row(
        Command::SetImage,
        "set-image",
        Scope::Console,
        &["I"],
        ("image", "change the image of one or more containers"),
    ),
    row(Command::Scale, "scale", Scope::Console, &["N"], ("scale", "change the number of replicas")),
    row(
        Command::Guard,
        "guard",
        Scope::Console,
        &["B"],
        ("guard", "watch a release under rules: a breach asks, or is taken back by itself"),
    ),
    row(Command::Revert, "revert", Scope::Console, &["Z"], ("take back", "take back my last write on this release")),
    row(
        Command::Diff,
        "diff",
        Scope::Console,
        &["d"],
        ("diff", "what changes on the way back; in History against the spec"),
    ),
    row(Command::Logs, "logs", Scope::Console, &["l"], ("logs", "logs of the selected pod, or of a whole track")),
    row(
        Command::Events,
        "events",
        Scope::Console,
        &["e"],
        ("events", "events, controller messages and the journal in one time line"),
    ),
    row(
        Command::Chart,
        "chart",
        Scope::Console,
        &["m"],
        ("chart", "one measurement large, with the times of our own writes and of the rollout's steps"),
    ),
    row(Command::Yaml, "yaml", Scope::Console, &["y"], ("YAML", "the object as YAML, secret-like values masked")),
    row(Command::Copy, "copy", Scope::Console, &["c"], ("copy", "copy the release's target and images (OSC 52)")),
    row(
        Command::Hold,
        "hold",
        Scope::Console,
        &["Space"],
        ("hold still", "hold the screen still, or let it go on; write keys let it go first"),
    ),
    row(
        Command::Palette,
        "palette",
        Scope::Console,
        &[":"],
        ("all", "all actions by name; also :ctx NAME, :ns NAME, :q"),
    ),
    row(Command::Help, "help", Scope::Console, &["?"], ("help", "this help")),
    row(
        Command::Journal,
        "journal",
        Scope::Console,
        &[],
        ("journal", "what was written from here, and what became of it"),
    ),
    row(
        Command::Messages,
        "messages",
        Scope::Console,
        &[],
        ("messages", "errors and notes; errors stay until acknowledged"),
    ),
    row(
        Command::Interrupted,
        "interrupted",
        Scope::Console,
        &[],
        ("interrupted", "plans of an earlier console that were interrupted: go on, take back, or leave"),
    ),
    row(Command::Contexts, "contexts", Scope::Console, &[], ("contexts", "switch to another cluster")),
    row(Command::Namespaces, "namespaces", Scope::Console, &[], ("namespaces", "which namespaces are shown")),
    row(Command::Themes, "themes", Scope::Console, &[], ("themes", "colours, tried while you choose")),
    row(Command::Quit, "quit", Scope::Console, &["q"], ("back", "back; at the board, leave")),
    row(Command::Open, "open", Scope::Board, &["Enter"], ("open", "open the selected release")),
    row(
        Command::Filter,
        "filter",
        Scope::Board,
        &["/"],
        ("filter", "filter: words, ns:shop, state:waiting, how:rolling"),
    ),
    row(Command::Sort, "sort", Scope::Board, &["o"], ("sort", "sort by worst, name, newest change, or strategy")),
    row(Command::Back, "clear", Scope::Board, &["Esc"], ("clear", "clear the filter, or acknowledge the error shown")),
    row(Command::NextPane, "next-pane", Scope::Release, &["Tab"], ("pane", "the next pane")),
    row(Command::PreviousPane, "previous-pane", Scope::Release, &["Shift-Tab"], ("pane", "the pane before")),
    row(Command::Pane(Pane::Versions), "versions", Scope::Release, &["1"], ("versions", "the tracks and their pods")),
    row(Command::Pane(Pane::Traffic), "traffic", Scope::Release, &["2"], ("traffic", "where traffic goes")),
    row(Command::Pane(Pane::Health), "health", Scope::Release, &["3"], ("health", "the verdict and its reasons")),
    row(Command::Pane(Pane::Errors), "error-rate", Scope::Release, &["4"], ("errors", "stable against candidate")),
    row(
        Command::Pane(Pane::History),
        "history",
        Scope::Release,
        &["5"],
        ("history", "revisions, and where to go back to"),
    ),
    row(Command::Pane(Pane::Events), "time-line", Scope::Release, &["6"], ("events", "what happened, newest first")),
    row(
        Command::Shorter,
        "shorter",
        Scope::Release,
        &["["],
        ("shorter", "measurements over a shorter time: 15 min, 5 min"),
    ),
    row(
        Command::Longer,
        "longer",
        Scope::Release,
        &["]"],
        ("longer", "measurements over a longer time: 1 h, 6 h, 1 d, 7 d"),
    ),
    row(
        Command::Open,
        "details",
        Scope::Release,
        &["Enter"],
        ("details", "logs of the pod, diff of the revision, or the whole event"),
    ),
    row(Command::Back, "back", Scope::Release, &["Esc"], ("board", "back to the board")),
    row(
        Command::Confirm,
        "confirm",
        Scope::Plan,
        &["y"],
        ("apply", "apply the plan; takes no key until the dialog was shown and 300 ms were quiet"),
    ),
    row(
        Command::OtherBefore,
        "other-before",
        Scope::Plan,
        &["Left"],
        ("other", "plan for the revision, side, rule or winner before in the list"),
    ),
    row(
        Command::OtherNext,
        "other-next",
        Scope::Plan,
        &["Right"],
        ("other", "plan for the next revision, side, rule or winner in the list"),
    ),
    row(
        Command::TogglePaused,
        "toggle-paused",
        Scope::Plan,
        &["p"],
        ("stay paused/resume", "whether a paused workload also resumes"),
    ),
    row(
        Command::ToggleOptional,
        "toggle-optional",
        Scope::Plan,
        &["o"],
        ("second call", "whether the offered second call is sent"),
    ),
    row(
        Command::Override,
        "override",
        Scope::Plan,
        &["b"],
        ("override", "override what may be overridden, with a reason"),
    ),
    row(Command::Reason, "reason", Scope::Plan, &["e"], ("reason", "type a reason for the journal")),
    row(Command::Replan, "replan", Scope::Plan, &["r"], ("plan again", "read the objects again and plan anew")),
    row(
        Command::Copy,
        "copy-kubectl",
        Scope::Plan,
        &["c"],
        ("copy as kubectl", "copy the equivalent kubectl commands"),
    ),
    row(
        Command::Back,
        "leave",
        Scope::Plan,
        &["Esc", "n"],
        ("leave", "leave without writing; a running write goes on"),
    ),
    row(Command::Open, "choose", Scope::Overlay, &["Enter"], ("choose", "take the selected line")),
    row(Command::Back, "close", Scope::Overlay, &["Esc", "q"], ("close", "close")),
    row(Command::Filter, "find", Scope::Overlay, &["/"], ("find", "show only lines with a word")),
    row(Command::Copy, "copy-text", Scope::Overlay, &["c"], ("copy", "copy the text (OSC 52)")),
    row(Command::Wrap, "wrap", Scope::Overlay, &["w"], ("wrap", "wrap or cut long lines")),
    row(Command::Move(Step::Down), "input-down", Scope::Input, &["Down"], ("down", "the next line")),
    row(Command::Move(Step::Up), "input-up", Scope::Input, &["Up"], ("up", "the line before")),
    row(
        Command::NextPane,
        "input-next",
        Scope::Input,
        &["Tab"],
        ("next field", "the next field, or the selected name"),
    ),
    row(Command::PreviousPane, "input-previous", Scope::Input, &["Shift-Tab"], ("field before", "the field before")),
    row(Command::Open, "input-accept", Scope::Input, &["Enter"], ("accept", "take what was typed")),
    row(Command::Back, "input-leave", Scope::Input, &["Esc"], ("leave", "leave the field")),
    row(
        Command::NextPane,
        "chart-next",
        Scope::Chart,
        &["Tab", "Right"],
        ("next", "the next measurement: errors, p99, requests, named ones"),
    ),
    row(
        Command::PreviousPane,
        "chart-previous",
        Scope::Chart,
        &["Shift-Tab", "Left"],
        ("before", "the measurement before"),
    ),
    row(Command::Shorter, "chart-shorter", Scope::Chart, &["["], ("shorter", "a shorter time")),
    row(Command::Longer, "chart-longer", Scope::Chart, &["]"], ("longer", "a longer time")),
    row(Command::Chart, "chart-close", Scope::Chart, &["m"], ("close", "close the chart")),
    row(Command::Follow, "follow", Scope::Logs, &["f"], ("follow", "follow new lines, or stand still")),
    row(
        Command::PreviousRun,
        "previous-run",
        Scope::Logs,
        &["p"],
        ("previous run", "the container before its last restart"),
    ),
    row(Command::More, "more", Scope::Logs, &["+"], ("more", "ten times more of the past")),
    row(Command::Widen, "widen", Scope::Logs, &["Tab"], ("pod/track", "the pod or its whole track")),
    row(Command::Acknowledge, "acknowledge", Scope::Messages, &["a"], ("acknowledge all", "acknowledge all errors")),
    row(Command::Mark, "mark", Scope::Namespaces, &["Space"], ("mark", "mark or unmark")),
    row(Command::All, "all-namespaces", Scope::Namespaces, &["a"], ("all", "all namespaces")),
    row(
        Command::Cancel,
        "cancel",
        Scope::Always,
        &["Ctrl-c"],
        ("cancel", "leave what is open; twice within 2 s ends the console"),
    ),
    row(Command::Redraw, "redraw", Scope::Always, &["Ctrl-l"], ("redraw", "draw everything anew")),
    row(Command::Suspend, "suspend", Scope::Always, &["Ctrl-z"], ("suspend", "back to the shell; `fg` returns")),
    row(
        Command::SaveScreen,
        "save-screen",
        Scope::Always,
        &["Ctrl-s"],
        ("save screen", "write the screen's text to a file"),
    ),
];
