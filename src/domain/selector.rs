//! Label selectors.

use super::Str;
use std::collections::BTreeMap;

/// Labels of an object.
pub type Labels = BTreeMap<Str, Str>;

/// A label selector: all requirements hold (Kubernetes' `LabelSelector`). An empty one matches nothing here, since
/// a Service or workload without a selector selects no pods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// `matchLabels`, or a Service's map.
    pub labels: Labels,
    /// `matchExpressions`.
    pub expressions: Vec<Requirement>,
}

/// One `matchExpressions` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: Str,
    /// How the value is tested.
    pub operator: Operator,
    /// The values of `In` and `NotIn`.
    pub values: Vec<Str>,
}

/// How a requirement tests a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The value is one of the values.
    In,
    /// The key is absent, or its value is none of the values.
    NotIn,
    /// The key is present.
    Exists,
    /// The key is absent.
    DoesNotExist,
}

impl Selector {
    /// A selector of equalities only.
    pub fn of(labels: Labels) -> Self {
        Self { labels, expressions: Vec::new() }
    }

    /// As the query of a list (`app=web,tier in (a,b),!old`); `None` for one that selects nothing.
    pub fn query(&self) -> Option<String> {
        let equal = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let all: Vec<String> = equal.chain(self.expressions.iter().map(Requirement::query)).collect();
        (!all.is_empty()).then(|| all.join(","))
    }

    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        if self.labels.is_empty() && self.expressions.is_empty() {
            return false;
        }
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn query(&self) -> String {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::In => format!("{key} in ({values})"),
            Operator::NotIn => format!("{key} notin ({values})"),
            Operator::Exists => key.to_string(),
            Operator::DoesNotExist => format!("!{key}"),
        }
    }

    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| (Str::from(*key), Str::from(*value))).collect()
    }

    #[test]
    fn an_empty_selector_matches_nothing_and_every_requirement_must_hold() {
        let web = labels(&[("app", "web"), ("color", "blue")]);
        assert!(!Selector::default().matches(&web));
        assert!(Selector::of(labels(&[("app", "web")])).matches(&web));
        let not_blue =
            Requirement { key: "color".into(), operator: Operator::NotIn, values: vec!["blue".into(), "red".into()] };
        let selector = Selector { labels: labels(&[("app", "web")]), expressions: vec![not_blue] };
        assert!(!selector.matches(&web));
        assert!(selector.matches(&labels(&[("app", "web"), ("color", "green")])));
        assert_eq!(selector.query().as_deref(), Some("app=web,color notin (blue,red)"));
        let bare = |operator| Requirement { key: "old".into(), operator, values: vec![] };
        let expressions = vec![bare(Operator::Exists), bare(Operator::DoesNotExist)];
        assert_eq!(Selector { expressions, ..Selector::default() }.query().as_deref(), Some("old,!old"));
        assert_eq!(Selector::default().query(), None);
    }
}
