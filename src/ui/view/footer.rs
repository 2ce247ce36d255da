//! The last line: keys that are possible now, from the key table.

use crate::app::gates::Gate;
use crate::app::keys::{Command, Scope};
use crate::app::layers::plan::Stage;
use crate::app::layers::text::Body;
use crate::app::layers::{Layer, PlanDialog};
use crate::app::model::Pane;
use crate::app::update::plan::way_back;
use crate::app::update::propose;
use crate::app::{Model, gates};
use crate::domain::{Kind, Verb};
use crate::ui::text::width;
use crate::ui::view::said::{count, shown};
use crate::ui::widgets::hints::{self, Hint};
use crate::ui::widgets::{Look, Slot, put};
use ratatui::buffer::Buffer;

/// Draws the footer.
pub fn draw(buffer: &mut Buffer, slot: Slot, model: &Model, look: Look<'_>) {
    let slot = slot.after(1);
    if let Some(Layer::Plan(dialog)) = model.top() {
        return plan(buffer, slot, model, dialog, look);
    }
    let pairs = pairs(model);
    let hints: Vec<Hint<'_>> = pairs.iter().map(|(key, label)| Hint { key, label }).collect();
    hints::draw(buffer, slot, &hints, look);
}

fn keyed(model: &Model, chain: &[Scope], commands: &[Command]) -> Vec<(String, String)> {
    commands
        .iter()
        .filter_map(|command| model.keys.hint(chain, *command))
        .map(|(key, hint)| (key.to_string(), hint.to_owned()))
        .collect()
}

/// The same with words of the place.
fn named(model: &Model, chain: &[Scope], commands: &[(Command, &str)]) -> Vec<(String, String)> {
    let key = |command| model.keys.hint(chain, command).map(|(key, _)| key.to_string());
    commands.iter().filter_map(|(command, word)| Some((key(*command)?, (*word).to_owned()))).collect()
}

/// The keys that are possible now with their words, those that matter most first, the help last.
fn pairs(model: &Model) -> Vec<(String, String)> {
    let chain = model.chain();
    let commands: Vec<Command> = match model.top() {
        None if model.board.typing => vec![Command::Open, Command::Back],
        None => vec![Command::Open],
        // Elsewhere there is nothing that it could open.
        Some(Layer::Release(view)) if model.nothing_left(&view.release) => Vec::new(),
        Some(Layer::Release(view)) if matches!(view.pane, Pane::Versions | Pane::History) => vec![Command::Open],
        Some(Layer::Release(_)) => Vec::new(),
        Some(Layer::Form(form)) if form.fields.len() > 1 => vec![Command::Open, Command::NextPane, Command::Back],
        Some(Layer::Form(_) | Layer::Palette(_)) => vec![Command::Open, Command::Back],
        Some(Layer::Choice(choice)) if choice.marks() => {
            vec![Command::Open, Command::Mark, Command::All, Command::Filter, Command::Back]
        }
        Some(Layer::Choice(_)) => vec![Command::Open, Command::Filter, Command::Back],
        Some(Layer::Messages(_)) => vec![Command::Open, Command::Acknowledge, Command::Copy, Command::Back],
        Some(Layer::Logs(_)) => vec![
            Command::Follow,
            Command::Widen,
            Command::PreviousRun,
            Command::More,
            Command::Wrap,
            Command::Copy,
            Command::Back,
        ],
        Some(Layer::Text(view)) if matches!(view.body, Body::Yaml(_)) => {
            vec![Command::Filter, Command::Wrap, Command::Copy, Command::Back]
        }
        Some(Layer::Text(_) | Layer::Journal(_)) => vec![Command::Copy, Command::Back],
        Some(Layer::Help(_)) => vec![Command::Back],
        Some(Layer::Chart(_)) => vec![Command::NextPane, Command::Shorter, Command::Longer, Command::Back],
        Some(Layer::Interrupted(_)) => {
            let mut pairs = named(model, chain, &[(Command::Confirm, "go on"), (Command::Replan, "take back")]);
            // A letter decides; another key only leaves the list.
            for (letter, word) in [(true, "leave as it is"), (false, "later")] {
                let all = model.keys.rows().filter(|(binding, _)| binding.name == "leave").flat_map(|(_, keys)| keys);
                let key = all.into_iter().find(|key| key.text().is_some() == letter);
                pairs.extend(key.map(|key| (key.to_string(), word.to_owned())));
            }
            return pairs;
        }
        Some(Layer::Guard(dialog)) if dialog.at.is_none() && dialog.sight.missing() > 0 => {
            let key = model.keys.hint(chain, Command::Confirm).map(|(key, _)| key.to_string()).unwrap_or_default();
            let more = format!("{} before {key}", count(dialog.sight.missing(), "more line"));
            let mut pairs = vec![("PgDn".to_owned(), more)];
            pairs.extend(named(model, chain, &[(Command::Back, "leave")]));
            return pairs;
        }
        Some(Layer::Guard(dialog)) if model.guards.of(&dialog.release.uid).is_some() => {
            return named(model, chain, &[(Command::Confirm, "end the guard"), (Command::Back, "leave")]);
        }
        Some(Layer::Guard(dialog)) if dialog.at.is_some() => {
            let words = [(Command::Open, "take them"), (Command::NextPane, "next line"), (Command::Back, "leave")];
            return named(model, chain, &words);
        }
        Some(Layer::Guard(_)) => {
            let words = [
                (Command::Confirm, "arm"),
                (Command::Reason, "rules"),
                (Command::TogglePaused, "ask/automatic"),
                (Command::ToggleOptional, "also step"),
                (Command::Back, "leave"),
            ];
            return named(model, chain, &words);
        }
        Some(Layer::Leaving { .. }) => {
            return named(model, chain, &[(Command::Confirm, "leave all the same"), (Command::Back, "stay")]);
        }
        Some(Layer::Plan(_)) => Vec::new(),
    };
    let console = matches!(model.top(), None | Some(Layer::Release(_))) && !model.board.typing;
    let mut pairs = match model.top() {
        Some(Layer::Messages(_)) => {
            let mut pairs = keyed(model, chain, &commands);
            if let Some(first) = pairs.first_mut() {
                first.1 = "acknowledge".into();
            }
            pairs
        }
        None if console && model.board.rows.is_empty() => Vec::new(),
        _ => keyed(model, chain, &commands),
    };
    if console {
        pairs.extend(writes(model, chain));
        let rest: &[Command] = if model.focus().is_none() {
            &[Command::Filter, Command::Palette, Command::Quit, Command::Help]
        } else if model.layers.is_empty() {
            &[
                Command::Diff,
                Command::Logs,
                Command::Events,
                Command::Filter,
                Command::Palette,
                Command::Yaml,
                Command::Help,
            ]
        } else {
            &[
                Command::Diff,
                Command::Logs,
                Command::Chart,
                Command::NextPane,
                Command::Back,
                Command::Yaml,
                Command::Palette,
                Command::Help,
            ]
        };
        let comparable = model.focus().is_none_or(|release| propose::comparable(release));
        let left = model.focus().is_none_or(|release| !model.nothing_left(release));
        let offered = |command: &Command| match command {
            Command::Diff => comparable && left,
            Command::Logs | Command::Yaml => left,
            _ => true,
        };
        let rest: Vec<Command> = rest.iter().copied().filter(offered).collect();
        pairs.extend(keyed(model, chain, &rest));
    }
    // At the board the key leaves; elsewhere it goes back.
    if model.layers.is_empty() {
        for (key, label) in &mut pairs {
            if *label == "back" && model.keys.key_of("quit").is_some_and(|quit| quit.to_string() == *key) {
                *label = "quit".into();
            }
        }
    }
    pairs
}

/// Write keys that the release in focus takes now.
fn writes(model: &Model, chain: &[Scope]) -> Vec<(String, String)> {
    let offered = [
        Command::Advance,
        Command::Switch,
        Command::Continue,
        Command::Retry,
        Command::Abort,
        Command::SetWeight,
        Command::Promote,
        Command::Undo,
        Command::PauseResume,
        Command::Skip,
        Command::Revert,
    ];
    let possible = propose::all_possible(model, &offered);
    let both = possible.contains(&Command::Advance) && possible.contains(&Command::Continue);
    let steps_itself = model.focus().is_some_and(|release| release.key.kind == Kind::Rollout);
    let twice = if steps_itself { Command::Advance } else { Command::Continue };
    let hints = possible.into_iter().filter_map(|command| {
        // Where both are the same, the one that the release's own sentence names.
        if both && command == twice {
            return None;
        }
        let (key, hint) = model.keys.hint(chain, command)?;
        let test =
            model.focus().is_some_and(|release| release.traffic.as_ref().is_some_and(|it| !it.groups.is_empty()));
        let hint = if command == Command::Abort && test { "end the test" } else { hint };
        let held = model.focus().is_some_and(|release| release.held);
        let hint = if command == Command::PauseResume && held { "resume" } else { hint };
        // Pausing is worth a hint only while something moves.
        let moving = model.focus().is_some_and(|release| release.progress.is_some() || release.held);
        (command != Command::PauseResume || moving).then(|| (key.to_string(), hint.to_owned()))
    });
    hints.collect()
}

/// The footer of a plan: what holds it, or the key that applies it; that key is bright only when it counts.
fn plan(buffer: &mut Buffer, slot: Slot, model: &Model, dialog: &PlanDialog, look: Look<'_>) {
    let chain = Scope::CHAINS[2];
    let mut slot = slot;
    let mut commands: Vec<Command> = Vec::new();
    if let (Stage::Ready(plan), Some((key, _))) = (&dialog.stage, model.keys.hint(chain, Command::Confirm)) {
        let word = verb_word(plan.intent.verb());
        if let Some(gate) = gates::gate(model, dialog, plan) {
            // The dialog says why at length; here is what can be done about it.
            match &gate {
                Gate::Closed(_) => {
                    slot = put(buffer, slot, "nothing can be sent", look.theme.style("verdict.warn")).after(2);
                }
                Gate::WordMissing(_) => {
                    slot = put(buffer, slot, &shown(&gate.sentence()), look.theme.style("verdict.warn")).after(2);
                }
                Gate::Overridable(_) => commands.push(Command::Override),
                Gate::ReasonMissing(_) => commands.push(Command::Reason),
            }
        } else if dialog.arming.is_seen() && dialog.sight.missing() > 0 {
            let more =
                format!("{} {} before {key}", look.glyphs.more_below, count(dialog.sight.missing(), "more line"));
            let short = format!("{}{} before {key}", look.glyphs.more_below, dialog.sight.missing());
            let more = if width(&more) <= usize::from(slot.cells) { more } else { short };
            slot = put(buffer, slot, &more, look.theme.style("verdict.warn")).after(2);
        } else {
            let armed = dialog.arming.armed(model.tick) && dialog.sight.whole();
            let (key_style, style) = if armed {
                (look.theme.style("key"), look.theme.direction(plan.direction))
            } else {
                (look.theme.style("text.muted"), look.theme.style("text.muted"))
            };
            slot = put(buffer, slot, &key.to_string(), key_style);
            slot = put(buffer, slot.after(1), word, style).after(2);
        }
        slot = others(buffer, slot, dialog, look);
        if plan.calls.iter().any(|call| call.optional) {
            commands.push(Command::ToggleOptional);
        }
        if plan.intent.verb() == Verb::Undo
            && model.release(&dialog.release.uid).is_some_and(|release| release.resumes_with_an_undo())
        {
            commands.push(Command::TogglePaused);
        }
    }
    if dialog.typing_reason {
        let hints = [Hint { key: "Enter", label: "keep the reason" }];
        return hints::draw(buffer, slot, &hints, look);
    }
    if let Stage::Refused(refusal) = &dialog.stage {
        slot = others(buffer, slot, dialog, look);
        if refusal.overridable.is_some() {
            commands.push(Command::Override);
        }
    }
    // Letters go into the word while it is typed: what they would do else is no key now.
    let word = gates::takes_word(model, dialog);
    if !matches!(dialog.stage, Stage::Confirmed(_) | Stage::Reading) {
        commands.push(Command::Copy);
        commands.push(Command::Replan);
    }
    if matches!(dialog.stage, Stage::Ready(_)) && !commands.contains(&Command::Reason) {
        commands.push(Command::Reason);
    }
    if word {
        commands.clear();
    }
    if way_back(model, dialog).is_some() {
        commands.push(Command::Revert);
    }
    commands.push(Command::Back);
    let pairs = keyed(model, chain, &commands);
    let hints: Vec<Hint<'_>> = pairs.iter().map(|(key, label)| Hint { key, label }).collect();
    hints::draw(buffer, slot, &hints, look);
}

/// `←→ other revision`, where there is another one.
fn others(buffer: &mut Buffer, slot: Slot, dialog: &PlanDialog, look: Look<'_>) -> Slot {
    let Some(last) = dialog.choices.last().filter(|_| dialog.choices.len() > 1) else { return slot };
    let slot = put(buffer, slot, look.glyphs.left_right, look.theme.style("key"));
    put(buffer, slot.after(1), &format!("other {}", last.noun()), look.theme.style("footer")).after(2)
}

/// The verb as `y` applies it.
const fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Undo => "undo",
        Verb::Pause => "pause",
        Verb::Resume => "resume",
        Verb::Restart => "restart",
        Verb::SetImage => "set the image",
        Verb::Scale => "scale",
        Verb::Revert => "take back",
        Verb::Advance => "advance",
        Verb::Switch => "switch",
        Verb::SetWeight => "set the weight",
        Verb::Abort => "abort",
        Verb::Promote => "promote",
        Verb::Continue => "continue",
        Verb::Skip => "skip the step",
        Verb::Retry => "retry",
    }
}
