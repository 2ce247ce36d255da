//! The guards that this console has armed.

use crate::action::guard::{Evaluation, GuardNews};
use crate::config::HealthSettings;
use crate::domain::guarding::OnBreach;
use crate::domain::intent::ReleaseId;
use crate::domain::{Intent, Str, Uid};
use crate::guard::{Rules, Verdict};
use jiff::SignedDuration;
use std::collections::HashMap;

/// The armed guards, one a release.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    by_release: HashMap<Uid, Guard>,
}

/// On which terms a guard is armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acts {
    /// It asks: a breach opens the plan of the way back.
    #[default]
    Asks,
    /// It goes back by itself.
    GoesBack,
    /// It goes back by itself, and one step on when all is well.
    Steps,
}

impl Acts {
    /// What it does, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Asks => "asks: a breach opens the plan of the way back",
            Self::GoesBack => "automatic: a breach is taken back without asking",
            Self::Steps => "automatic, and on to the next rung when one has baked",
        }
    }
}

/// What a guard is armed with.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardTerms {
    /// What it may do.
    pub acts: Acts,
    /// The rules; checked.
    pub rules: Rules,
    /// How long it watches.
    pub watch: SignedDuration,
    /// The way back.
    pub on_breach: OnBreach,
    /// The health endpoint that is asked, where it is another one than the settings'.
    pub health: Option<HealthSettings>,
}

/// What a guard has asked about a breach.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Asked {
    /// Nothing: there is no breach, or it is new.
    #[default]
    Nothing,
    /// It told of it, and had no way back to propose.
    WithoutAWay,
    /// It proposed this write.
    For(Intent),
}

impl Asked {
    /// Whether a breach with this way back is to be asked about now: it is new, or goes on with another write.
    fn leaves(&self, back: Option<&Intent>) -> bool {
        match (self, back) {
            (Self::Nothing, _) | (Self::WithoutAWay, Some(_)) => true,
            (Self::For(asked), Some(back)) => asked != back,
            (Self::WithoutAWay | Self::For(_), None) => false,
        }
    }
}

/// An armed guard.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The release.
    pub release: ReleaseId,
    /// What it was armed with.
    pub terms: GuardTerms,
    /// What it watches, as it said itself; empty until then.
    pub armed: Str,
    /// The last look.
    pub look: Option<Evaluation>,
    /// What it asked last about the breach that goes on.
    pub asked: Asked,
}

impl Guard {
    /// The word behind the release's name on the board.
    pub fn word(&self) -> &'static str {
        match self.look.as_ref().map(|look| look.verdict) {
            Some(Verdict::Breach) => "breach",
            Some(Verdict::NoData) => "guard?",
            Some(Verdict::Ok | Verdict::Hold) | None => "guard",
        }
    }
}

impl Guards {
    /// A guard is armed.
    pub fn arm(&mut self, release: ReleaseId, terms: GuardTerms) {
        let uid = release.uid.clone();
        self.by_release.insert(uid, Guard { release, terms, armed: "".into(), look: None, asked: Asked::Nothing });
    }

    /// Whether no release is guarded.
    pub fn is_empty(&self) -> bool {
        self.by_release.is_empty()
    }

    /// The guard on a release.
    pub fn of(&self, release: &Uid) -> Option<&Guard> {
        self.by_release.get(release)
    }

    /// A guard has ended, or is not wanted any more.
    pub fn remove(&mut self, release: &Uid) -> Option<Guard> {
        self.by_release.remove(release)
    }

    /// All of them are gone: another cluster is shown.
    pub fn clear(&mut self) {
        self.by_release.clear();
    }

    /// The guards, by the names of their releases.
    pub fn all(&self) -> Vec<&Guard> {
        let mut all: Vec<&Guard> = self.by_release.values().collect();
        all.sort_unstable_by(|one, other| one.release.key.cmp(&other.release.key));
        all
    }

    /// Takes news; true when a breach is to be asked about: at the first look of it, and whenever the way back goes on with
    /// another write.
    pub fn take(&mut self, release: &Uid, news: &GuardNews) -> bool {
        let Some(guard) = self.by_release.get_mut(release) else { return false };
        match news {
            GuardNews::Armed(words) => guard.armed = words.clone(),
            GuardNews::Looked(look) => {
                guard.look = Some(look.clone());
                if look.verdict != Verdict::Breach {
                    guard.asked = Asked::Nothing;
                    return false;
                }
                let back = look.back.clone().and_then(Result::ok);
                if !guard.asked.leaves(back.as_ref()) {
                    return false;
                }
                guard.asked = back.map_or(Asked::WithoutAWay, Asked::For);
                return guard.terms.acts == Acts::Asks;
            }
            GuardNews::Ended(_) => drop(self.by_release.remove(release)),
            GuardNews::StandingBy(_) | GuardNews::Acting(_) | GuardNews::Said(_) => {}
        }
        false
    }
}
