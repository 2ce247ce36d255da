//! News of confirmed plans.

use crate::app::effect::Effect;
use crate::app::layers::Layer;
use crate::app::layers::plan::Stage;
use crate::app::messages::Level;
use crate::app::model::Model;
use crate::app::msg::WriteNews;
use crate::app::writes::Phase;
use crate::domain::Intent;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::PlanId;

/// Takes news of `plan`.
pub fn take(model: &mut Model, plan: &PlanId, news: WriteNews) -> Vec<Effect> {
    let now = model.now;
    // Its way back, its outcome and who took it back are in the journal.
    let ended = matches!(news, WriteNews::Ended(_) | WriteNews::Reverted(_) | WriteNews::Reached(Phase::Accepted, _));
    let open = model.layers.iter().any(
        |layer| matches!(layer, Layer::Plan(dialog) if matches!(&dialog.stage, Stage::Confirmed(id) if id == plan)),
    );
    let Some(write) = model.writes.of_plan_mut(plan) else {
        match news {
            WriteNews::Reached(phase, _) => model.writes.resumed_reached(plan, phase),
            WriteNews::Ended(_) => model.writes.resumed_reached(plan, Phase::Ended),
            WriteNews::Said(_) | WriteNews::Answered(..) | WriteNews::NotJournalled(_) | WriteNews::Reverted(_) => {}
        }
        return if ended { vec![Effect::ReadJournal] } else { Vec::new() };
    };
    let elsewhere = write.context != model.session.cluster.context;
    let title =
        if elsewhere { format!("{} in {}", write.plan.title, write.context).into() } else { write.plan.title.clone() };
    let mut closes = None;
    match news {
        WriteNews::Reached(phase, words) => {
            write.phase = write.phase.max(phase);
            write.reached = write.reached.max(phase);
            write.steps.push((now, words));
        }
        WriteNews::Answered(call, words) => {
            write.answered = write.answered.max(call + 1);
            write.steps.push((now, words));
        }
        WriteNews::Said(words) => {
            if write.steps.last().is_none_or(|(_, last)| *last != words) {
                write.steps.push((now, words));
            }
        }
        WriteNews::NotJournalled(why) => {
            write.not_journalled = Some(why.clone());
            model.say(Level::Warning, format!("{title} is not in the journal: {why}"));
        }
        WriteNews::Ended(outcome) => {
            write.phase = Phase::Ended;
            write.outcome = Some(outcome.clone());
            let uid = write.plan.release.uid.clone();
            let settled = matches!(outcome.kind, OutcomeKind::Applied | OutcomeKind::Unchanged);
            if let (Intent::Revert(inverse), true) = (&write.plan.intent, settled) {
                let (of, by) = (inverse.of.clone(), write.plan.id.clone());
                closes = super::interrupted::taken_back(model, &of, &by);
            }
            // What a next plan is made from is another object now.
            super::rest::outdate(model, &uid);
            let level = match outcome.kind {
                OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Planned => Level::Note,
                OutcomeKind::Timeout | OutcomeKind::Refused => Level::Warning,
                OutcomeKind::Failed
                | OutcomeKind::Partial
                | OutcomeKind::Conflict
                | OutcomeKind::Forbidden
                | OutcomeKind::Unreachable
                | OutcomeKind::Unknown => Level::Error,
            };
            if !open || level > Level::Note {
                model.say(level, format!("{title}: {} ({})", outcome.kind, outcome.reason));
            }
        }
        WriteNews::Reverted(by) => {
            write.reverted_by = Some(by.clone());
            model.say(Level::Alarm, format!("{by} took back {title}: the template is the old one again"));
        }
    }
    let read = ended.then_some(Effect::ReadJournal);
    closes.into_iter().chain(read).collect()
}
