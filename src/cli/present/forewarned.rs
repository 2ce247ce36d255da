//! What of a plan must be known even where nobody is asked: `applied` alone would promise more than there will be.

use crate::domain::{Plan, plan::Wait, said::clean};

/// One thing to know beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forewarning {
    label: &'static str,
    /// The sentence.
    pub sentence: String,
}

impl Forewarning {
    /// The line as it stands in a plan.
    pub fn line(&self) -> String {
        format!("{:8} {}", self.label, self.sentence)
    }
}

/// The warnings of `plan`, who will take it back, and, where nothing but the controller's look at it is waited for, what
/// follows after that.
pub fn forewarned(plan: &Plan) -> Vec<Forewarning> {
    let told = |label, sentence: &str| Forewarning { label, sentence: clean(sentence).into_owned() };
    let then = match plan.until {
        Wait::Observed => Some(&plan.forecast.then).filter(|then| !then.is_empty()),
        Wait::Accepted | Wait::Acted(_) | Wait::Settled => None,
    };
    let then = then.map(|then| told("then", then));
    let warnings = plan.forecast.warnings.iter().map(|warning| told("warning", warning));
    let reverts = plan.forecast.reverts.iter().map(|management| told("reverts", &management.sentence(plan.touches)));
    then.into_iter().chain(warnings).chain(reverts).collect()
}
