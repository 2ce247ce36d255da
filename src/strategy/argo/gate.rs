//! What must hold before a verb is sent: the plugin of Argo asks none of this, and the controller then does something
//! else than was meant, or nothing at all. Told from the row for the list of actions, and again from the bytes that a
//! plan is made from.

use super::stand::Stand;
use crate::domain::plan::Refusal;
use crate::domain::said::{CONTINUE, PROMOTE, RESUME, RETRY, SKIP, UNDO};
use crate::domain::traffic::Rollout;
use crate::domain::traffic::rollout::RolloutStrategy;
use crate::domain::traffic::rollout_steps::RolloutStep;
use crate::domain::{Str, Verb};

/// What the questions are asked of.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// The Rollout, for its spec.
    pub rollout: &'a Rollout,
    /// Where it stands.
    pub stand: &'a Stand,
    /// The version on its way, in words.
    pub new: &'a str,
    /// The stable version, in words.
    pub stable: &'a str,
}

impl Gate<'_> {
    /// Whether `verb` does what it says, asked for now.
    pub fn allows(&self, verb: Verb) -> Result<(), Refusal> {
        match verb {
            Verb::Advance => self.moving("advance").and_then(|()| self.at_a_pause()),
            Verb::Continue => self.moving("continue").and_then(|()| self.waits()),
            Verb::Skip => self.moving("skip").and_then(|()| self.has_a_step()),
            Verb::Promote => self.promotes(),
            Verb::Abort => self.aborts(),
            Verb::Retry => self.retries(),
            Verb::Pause => self.pauses(),
            Verb::Resume => self.resumes(),
            Verb::Restart | Verb::Undo | Verb::SetImage | Verb::Scale | Verb::Revert => Ok(()),
            Verb::SetWeight => Err(no(format!(
                "Argo sets the weight of {} by its steps: {CONTINUE} goes on from a pause, {SKIP} leaves a step out, {PROMOTE} promotes fully",
                self.name()
            ))),
            Verb::Switch => Err(self.switches()),
        }
    }

    fn name(&self) -> String {
        self.rollout.meta.key.target()
    }

    fn blue_green(&self) -> bool {
        matches!(self.rollout.strategy, RolloutStrategy::BlueGreen(_))
    }

    /// Something is on its way that a person may move on.
    fn moving(&self, what: &str) -> Result<(), Refusal> {
        let (name, new) = (self.name(), self.new);
        if !self.stand.observed {
            return Err(self.unseen());
        }
        if self.stand.aborted {
            return Err(no(format!(
                "{name} was aborted, and the controller would put it back to its first step: {RETRY} tries {new} again, {UNDO} takes \
                 the template back to {}",
                self.stable
            )));
        }
        if self.stand.first() {
            return Err(no(format!("{name} brings up its first version: no steps are followed and none can be taken")));
        }
        if !self.stand.in_flight() {
            return Err(no(format!("nothing is on its way: {new} has taken over already")));
        }
        if self.stand.promoting {
            return Err(Refusal::unchanged(format!("{name} is being promoted fully already")));
        }
        if self.stand.held {
            return Err(no(format!(
                "{name} is held by hand (spec.paused), and a {what} would be lost: {RESUME} resumes it first{}",
                if self.stand.at_a_pause() { format!(", then {CONTINUE} continues") } else { String::new() }
            )));
        }
        if self.stand.resumed() {
            return Err(Refusal::unchanged(format!("{name} goes on from its pause already")));
        }
        Ok(())
    }

    fn unseen(&self) -> Refusal {
        Refusal::read_again(format!(
            "the controller has not seen the last change of {} yet, and would lose this; try again in a moment",
            self.name()
        ))
    }

    /// Advance: the next rung, only from a pause.
    fn at_a_pause(&self) -> Result<(), Refusal> {
        if self.stand.at_a_pause() {
            return Ok(());
        }
        let step = self.step().map_or_else(String::new, |(number, of, step)| {
            format!(" at step {number}/{of} ({})", super::steps::words(step))
        });
        if self.stand.inconclusive() {
            return Err(no(format!(
                "{} does not stand at a pause but at an analysis that could not decide{step}: {SKIP} leaves it out, {CONTINUE} \
                 measures again",
                self.name()
            )));
        }
        let skip = if self.rollout.steps().is_empty() {
            format!("{PROMOTE} promotes fully")
        } else {
            format!("{SKIP} leaves the step out")
        };
        Err(no(format!("{} does not stand at a pause{step}: it goes on by itself; {skip}", self.name())))
    }

    /// Continue: from a pause, or from an analysis that could not decide.
    fn waits(&self) -> Result<(), Refusal> {
        if self.stand.inconclusive() { Ok(()) } else { self.at_a_pause() }
    }

    fn step(&self) -> Option<(usize, usize, &RolloutStep)> {
        let (steps, index) = (self.rollout.steps(), self.stand.index?);
        Some((index, steps.len(), steps.get(index)?))
    }

    fn has_a_step(&self) -> Result<(), Refusal> {
        let name = self.name();
        if self.blue_green() {
            return Err(no(format!("{name} is blue-green and has no steps: {CONTINUE} switches it")));
        }
        if self.rollout.steps().is_empty() {
            return Err(no(format!("{name} has no steps to leave out")));
        }
        if self.step().is_none() {
            return Err(no(format!("all steps of {name} are done: {} takes over once its pods are ready", self.new)));
        }
        Ok(())
    }

    fn promotes(&self) -> Result<(), Refusal> {
        let (name, new) = (self.name(), self.new);
        if !self.stand.observed {
            return Err(self.unseen());
        }
        if self.stand.promoting {
            return Err(Refusal::unchanged(format!("{name} is being promoted fully already")));
        }
        if !self.stand.in_flight() {
            return Err(Refusal::unchanged(format!("{new} has everything already: nothing is on its way in {name}")));
        }
        if self.stand.aborted {
            return Err(no(format!(
                "{name} was aborted: promoted now, the rejected {new} would get everything; {RETRY} tries it again first"
            )));
        }
        if self.stand.held {
            return Err(no(format!("{name} is held by hand (spec.paused): {RESUME} resumes it first")));
        }
        Ok(())
    }

    fn aborts(&self) -> Result<(), Refusal> {
        let name = self.name();
        if self.stand.aborted && self.stand.in_flight() {
            return Err(Refusal::unchanged(format!("{name} is aborted already")));
        }
        if !self.stand.observed {
            return Err(self.unseen());
        }
        if self.stand.first() {
            return Err(no(format!("{name} brings up its first version: there is none to go back to")));
        }
        if !self.stand.in_flight() {
            return Err(no(format!(
                "nothing is on its way: {} has everything, and an abort would only mark {name} as degraded; {UNDO} goes back to \
                 an earlier revision",
                self.new
            )));
        }
        Ok(())
    }

    fn retries(&self) -> Result<(), Refusal> {
        if self.stand.aborted {
            return if self.stand.observed { Ok(()) } else { Err(self.unseen()) };
        }
        Err(no(format!("{} was not aborted: there is nothing to try again", self.name())))
    }

    fn pauses(&self) -> Result<(), Refusal> {
        let held = || Refusal::unchanged(format!("{} is held already", self.name()));
        if self.stand.held { Err(held()) } else { Ok(()) }
    }

    fn resumes(&self) -> Result<(), Refusal> {
        if self.stand.held {
            return Ok(());
        }
        let then = if self.stand.at_a_pause() {
            format!(": it stands at a pause step; {CONTINUE} continues")
        } else {
            String::new()
        };
        Err(Refusal::unchanged(format!("{} is not held by hand{then}", self.name())))
    }

    fn switches(&self) -> Refusal {
        let name = self.name();
        if !self.blue_green() {
            return no(format!("{name} has no sides to switch: Argo shifts its weight step by step"));
        }
        if self.stand.in_flight() && self.stand.at_a_pause() {
            return no(format!("Argo switches {name}: {CONTINUE} lets it switch to {}", self.new));
        }
        no(format!("Argo switches {name} when a new version is ready: {UNDO} brings an earlier revision back"))
    }
}

fn no(reason: impl Into<Str>) -> Refusal {
    Refusal::because(reason)
}
