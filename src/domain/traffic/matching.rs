//! Which requests a rule is for.

use crate::domain::Str;
use std::fmt;

/// One alternative of a rule: all of its conditions hold. A rule without any match takes every request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// Its name (Istio's `match[].name`), where it has one.
    pub name: Option<Str>,
    /// What must hold; empty: every request.
    pub conditions: Vec<Condition>,
}

/// One condition of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub on: On,
    /// How.
    pub test: Test,
    /// It must not hold (Istio's `withoutHeaders`).
    pub negated: bool,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// A header, by its lower-case name; not `cookie`.
    Header(Str),
    /// The `cookie` header.
    Cookie,
    /// A query parameter.
    Query(Str),
    /// The path.
    Path,
    /// The HTTP method, or a gRPC method as `service/method`.
    Method,
    /// The host asked for (Istio's `authority`, TLS: `sniHosts`).
    Host,
    /// The port.
    Port,
    /// Labels of the calling pod.
    Source,
    /// Something else, by the field's name.
    Other(Str),
}

/// How a condition looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is this.
    Exact(Str),
    /// It begins with this.
    Prefix(Str),
    /// It matches this regular expression.
    Regex(Str),
    /// It is there.
    Present,
}

impl Match {
    /// Whether it takes every request.
    pub fn is_everything(&self) -> bool {
        self.conditions.is_empty()
            || self.conditions.iter().all(|condition| {
                condition.on == On::Path && condition.test == Test::Prefix("/".into()) && !condition.negated
            })
    }

    /// Whether it tells users apart (header, cookie, query, calling pod), as an A/B test does, and not just paths.
    pub fn tells_users_apart(&self) -> bool {
        let by_user = |on: &On| matches!(on, On::Header(_) | On::Cookie | On::Query(_) | On::Source);
        self.conditions.iter().any(|condition| by_user(&condition.on))
    }
}

impl fmt::Display for Match {
    /// `header x-group is b and path /cart*`; empty when it takes every request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, condition) in self.conditions.iter().enumerate() {
            if place > 0 {
                f.write_str(" and ")?;
            }
            condition.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.negated { "not " } else { "" };
        match (&self.on, &self.test) {
            (On::Path, Test::Exact(path)) => write!(f, "{not}path {path}"),
            (On::Path, Test::Prefix(path)) => write!(f, "{not}path {path}*"),
            (on, Test::Exact(text)) => write!(f, "{on} {not}is {text}"),
            (on, Test::Prefix(text)) => write!(f, "{on} {not}begins with {text}"),
            (on, Test::Regex(text)) => write!(f, "{on} {not}matches {text}"),
            (on, Test::Present) => write!(f, "{on} is {not}there"),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header {name}"),
            Self::Cookie => f.write_str("cookie"),
            Self::Query(name) => write!(f, "query {name}"),
            Self::Path => f.write_str("path"),
            Self::Method => f.write_str("method"),
            Self::Host => f.write_str("host"),
            Self::Port => f.write_str("port"),
            Self::Source => f.write_str("caller"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// The alternatives in words, joined by "or"; empty when every request is meant.
pub fn words(matches: &[Match]) -> String {
    if matches.iter().any(Match::is_everything) {
        return String::new();
    }
    matches.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(on: On, test: Test) -> Condition {
        Condition { on, test, negated: false }
    }

    #[test]
    fn a_match_is_told_in_words_and_users_are_told_from_paths() {
        let beta = Match {
            name: None,
            conditions: vec![
                condition(On::Header("x-group".into()), Test::Exact("b".into())),
                condition(On::Path, Test::Prefix("/cart".into())),
            ],
        };
        let cookie =
            Match { conditions: vec![condition(On::Cookie, Test::Regex(".*v2.*".into()))], ..Match::default() };
        let all = Match { conditions: vec![condition(On::Path, Test::Prefix("/".into()))], ..Match::default() };
        assert_eq!(words(&[beta.clone(), cookie]), "header x-group is b and path /cart*, or cookie matches .*v2.*");
        assert_eq!(words(&[beta.clone(), all.clone()]), "");
        assert!(beta.tells_users_apart() && !all.tells_users_apart() && all.is_everything());
        assert!(Match::default().is_everything() && !beta.is_everything());
    }
}
