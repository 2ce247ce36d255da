//! Rules by the names that people give them: their number in the pane, their own name, or their JSON pointer.

use super::view::{RuleSplit, Traffic};
use crate::domain::intent::RuleRef;

/// Why a name means no rule that can be steered. One sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// There is none, or no rule at all.
    #[error("there is no rule '{name}'; {there}")]
    Missing {
        /// As typed.
        name: String,
        /// What there is: `it has 1 (mobile), 2`.
        there: String,
    },
    /// Several have it.
    #[error("'{name}' names several rules: {}; write the number", .numbers.join(", "))]
    Ambiguous {
        /// As typed.
        name: String,
        /// Their numbers.
        numbers: Vec<String>,
    },
    /// It is shown, and not steered from here.
    #[error("rule {number} ({rule}) is shown only: no weight of this release stands in it")]
    NotSteered {
        /// Its number.
        number: usize,
        /// What it is, in words.
        rule: String,
    },
}

impl RuleSplit {
    /// What it is called beside its number: its name, else what it is for.
    pub fn called(&self) -> &str {
        match &self.name {
            Some(name) => name,
            None if self.requests.is_empty() => "every request",
            None => &self.requests,
        }
    }

    /// As an intent names it.
    pub fn reference(&self) -> RuleRef {
        RuleRef { route: self.route.clone(), pointer: self.pointer.clone() }
    }
}

impl Traffic {
    /// The rules that the console steers, with their numbers from 1 in the order of the pane.
    pub fn steered(&self) -> impl Iterator<Item = (usize, &RuleSplit)> {
        (1..).zip(&self.rules).filter(|(_, rule)| rule.steered)
    }

    /// The rule called `name`: its number, its own name, or its JSON pointer.
    pub fn rule_called(&self, name: &str) -> Result<RuleRef, RuleError> {
        let named = |number: usize, rule: &RuleSplit| {
            name.parse() == Ok(number) || rule.name.as_deref() == Some(name) || &*rule.pointer == name
        };
        let found: Vec<(usize, &RuleSplit)> =
            (1..).zip(&self.rules).filter(|(number, rule)| named(*number, rule)).collect();
        match found.as_slice() {
            [(_, rule)] if rule.steered => Ok(rule.reference()),
            [(number, rule)] => Err(RuleError::NotSteered { number: *number, rule: rule.called().to_owned() }),
            [] => {
                let there: Vec<String> =
                    self.steered().map(|(number, rule)| format!("{number} ({})", rule.called())).collect();
                let there = if there.is_empty() {
                    "it has none that is steered from here".to_owned()
                } else {
                    format!("it has {}", there.join(", "))
                };
                Err(RuleError::Missing { name: name.to_owned(), there })
            }
            several => Err(RuleError::Ambiguous {
                name: name.to_owned(),
                numbers: several.iter().map(|(number, _)| number.to_string()).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::traffic::view::Mover;
    use crate::domain::{Kind, ObjectKey};

    fn rule(name: Option<&str>, pointer: &str, steered: bool) -> RuleSplit {
        RuleSplit {
            route: ObjectKey::new(Kind::VirtualService, "shop", "web"),
            pointer: pointer.into(),
            host: "web".into(),
            name: name.map(Into::into),
            requests: "".into(),
            shares: vec![],
            mirrors: vec![],
            problem: None,
            steered,
        }
    }

    #[test]
    fn a_rule_is_named_by_number_name_or_pointer() {
        let traffic = Traffic {
            rules: vec![
                rule(Some("mobile"), "/spec/http/0", true),
                rule(None, "/spec/http/1", true),
                rule(Some("beta"), "/spec/http/2", false),
            ],
            ..Traffic::moved_by(Mover::Person)
        };
        for name in ["1", "mobile", "/spec/http/0"] {
            assert_eq!(&*traffic.rule_called(name).unwrap().pointer, "/spec/http/0", "{name}");
        }
        let said = |name: &str| traffic.rule_called(name).unwrap_err().to_string();
        assert_eq!(said("web"), "there is no rule 'web'; it has 1 (mobile), 2 (every request)");
        assert!(said("3").contains("rule 3 (beta) is shown only"), "{}", said("3"));
        assert!(said("0").contains("there is no rule '0'"));
    }

    #[test]
    fn a_name_that_two_rules_have_is_not_guessed_at() {
        let rules = vec![rule(Some("web"), "/spec/http/0", true), rule(Some("web"), "/spec/http/1", true)];
        let traffic = Traffic { rules, ..Traffic::moved_by(Mover::Person) };
        let said = traffic.rule_called("web").unwrap_err().to_string();
        assert_eq!(said, "'web' names several rules: 1, 2; write the number");
    }
}
