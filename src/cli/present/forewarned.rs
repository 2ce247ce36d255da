//! What of a plan must be known even where nobody is asked: `applied` alone would promise more than there will be.

use crate::domain::{
    Plan,
    management::{Management, Part},
    plan::Wait,
    said::clean,
};

/// One thing to know beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forewarning {
    label: &'static str,
    /// The sentence.
    pub sentence: String,
}

impl Forewarning {
    fn new(label: &'static str, sentence: &str) -> Self {
        Self { label, sentence: clean(sentence).into_owned() }
    }

    /// What happens next.
    pub fn then(sentence: &str) -> Self {
        Self::new("then", sentence)
    }

    /// What should be known before the press.
    pub fn warning(sentence: &str) -> Self {
        Self::new("warning", sentence)
    }

    /// Who takes a write back that touches `part`.
    pub fn reverts(by: &Management, part: Part) -> Self {
        Self::new("reverts", &by.sentence(part))
    }

    /// The line as it stands in a plan.
    pub fn line(&self) -> String {
        format!("{:8} {}", self.label, self.sentence)
    }
}

/// The warnings of `plan`, who will take it back, and, where nothing but the controller's look at it is waited for, what
/// follows after that.
pub fn forewarned(plan: &Plan) -> Vec<Forewarning> {
    let then = match plan.until {
        Wait::Observed => Some(&plan.forecast.then).filter(|then| !then.is_empty()),
        Wait::Accepted | Wait::Acted(_) | Wait::Settled => None,
    };
    let warnings = plan.forecast.warnings.iter().map(|warning| Forewarning::warning(warning));
    let reverts = plan.forecast.reverts.iter().map(|by| Forewarning::reverts(by, plan.touches));
    then.map(|then| Forewarning::then(then)).into_iter().chain(warnings).chain(reverts).collect()
}
