//! The step that a command leaves: named, so that a command that is sent twice takes one step.

use clap::Args;

use super::numbers::whole;
use super::{Exit, Failure};
use crate::domain::Release;
use crate::domain::intent::Standing;

/// `--from-step` and `--from-weight`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Leaving {
    /// The step that it leaves: `step.index` of `windlass status -o json`
    #[arg(long, value_name = "N", conflicts_with = "from_weight", value_parser = whole(0..=u32::MAX, "write the step's number, from 0"))]
    from_step: Option<u32>,
    /// The weight that it leaves, in per cent
    #[arg(long, value_name = "WEIGHT", value_parser = super::numbers::weight)]
    from_weight: Option<u8>,
}

impl Leaving {
    /// What was named.
    pub fn standing(self) -> Option<Standing> {
        self.from_step.map(Standing::Step).or(self.from_weight.map(Standing::Weight))
    }

    /// A usage error where nothing was named, nobody can be asked, and the release stands on steps.
    pub fn is_said(self, release: &Release, asks: bool) -> Result<(), Failure> {
        if self.standing().is_some() || asks || release.standing().is_none() {
            return Ok(());
        }
        Err(unsaid())
    }
}

/// What a command without a terminal needs.
pub fn unsaid() -> Failure {
    let sentence = "say which step it leaves with --from-step or --from-weight (`windlass status -o json` has step.index): \
                    without a terminal nothing is guessed";
    Failure::new(Exit::Usage, sentence)
}
