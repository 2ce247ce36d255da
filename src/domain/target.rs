//! What a person types to name a release: `deploy/web`, `statefulsets.apps/db`, or just `web`.

use super::nearest::suggestion;
use super::{Kind, ObjectKey, Release, Snapshot};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A name for a release, as typed: an object's kind and name, or a bare name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind, unless the name stands alone.
    pub kind: Option<Kind>,
    /// The name.
    pub name: String,
}

/// Why a typed target names nothing, or more than one release. One sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The word before the slash is no kind.
    #[error(
        "'{word}/{name}' names no kind of object that windlass knows{near}; write deploy/{name}, sts/{name} or ds/{name}{namespace}"
    )]
    Kind {
        /// The word.
        word: String,
        /// What stands after the slash.
        name: String,
        /// `; did you mean 'x'?`, or nothing.
        near: String,
        /// A hint for those who wrote a namespace there.
        namespace: String,
    },
    /// There is nothing to go by.
    #[error("'{0}' names no object; write KIND/NAME, as in deploy/web, or a release's name")]
    Form(String),
    /// No release has that name.
    #[error("there is no release '{target}' {scope}{near}{elsewhere}")]
    Missing {
        /// As typed.
        target: Target,
        /// Where was looked: `in shop`, `in any namespace`.
        scope: String,
        /// `; did you mean 'x'?`, or nothing.
        near: String,
        /// Where else to look, or nothing.
        elsewhere: &'static str,
    },
    /// Several have.
    #[error("'{target}' names several releases: {}; say which, with -n where the namespaces differ", candidates.join(", "))]
    Ambiguous {
        /// As typed.
        target: Target,
        /// What it may mean: `deployment/web in shop`.
        candidates: Vec<String>,
    },
}

/// The release that a target names.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The release.
    pub release: Arc<Release>,
    /// The object that was typed, when it is a member of the release and not its root.
    pub member: Option<ObjectKey>,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let no_object = || TargetError::Form(text.to_owned());
        let name_of = |name: &str| {
            let plain = !name.is_empty() && !name.contains('/') && !name.contains(char::is_whitespace);
            plain.then(|| name.to_owned()).ok_or_else(no_object)
        };
        let Some((word, name)) = text.split_once('/') else {
            return Ok(Self { kind: None, name: name_of(text)? });
        };
        let name = name_of(name)?;
        match Kind::from_word(word) {
            Some(kind) => Ok(Self { kind: Some(kind), name }),
            None if word.is_empty() => Err(no_object()),
            None => Err(TargetError::Kind {
                near: suggestion(word, Kind::ALL.iter().map(|kind| kind.singular())),
                namespace: format!(", and a namespace as in -n {word}"),
                word: word.to_owned(),
                name,
            }),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{}/{}", kind.singular(), self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Target {
    /// The one release of `snapshot` that this names: by its root, else by one of its members.
    pub fn find(&self, snapshot: &Snapshot) -> Result<Found, TargetError> {
        let named = |key: &ObjectKey| self.kind.is_none_or(|kind| kind == key.kind) && *key.name == *self.name;
        let mut matching: Vec<Found> = snapshot
            .releases
            .iter()
            .filter(|release| named(&release.key))
            .map(|release| Found { release: Arc::clone(release), member: None })
            .collect();
        if matching.is_empty() {
            matching.extend(snapshot.releases.iter().filter_map(|release| {
                let pods = || release.pods().map(|pod| pod.key());
                let member = release.members.iter().cloned().chain(pods()).find(&named)?;
                Some(Found { release: Arc::clone(release), member: Some(member) })
            }));
        }
        match (matching.pop(), matching.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => {
                let near = suggestion(&self.name, snapshot.releases.iter().map(|release| &*release.key.name));
                let (scope, elsewhere) = match snapshot.namespaces.as_slice() {
                    [] => ("in any namespace".to_owned(), ""),
                    some => (
                        format!("in {}", some.join(", ")),
                        if near.is_empty() { "; -A looks in all namespaces" } else { "" },
                    ),
                };
                Err(TargetError::Missing { target: self.clone(), scope, near, elsewhere })
            }
            (Some(last), false) => {
                let candidates = matching.iter().chain([&last]).map(|one| one.release.key.to_string()).collect();
                Err(TargetError::Ambiguous { target: self.clone(), candidates })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_in_every_form_that_kubectl_takes() {
        let read = |text: &str| text.parse::<Target>().unwrap().to_string();
        assert_eq!(read("deploy/web"), "deployment/web");
        assert_eq!(read("deployment.apps/web"), "deployment/web");
        assert_eq!(read("deployments.v1.apps/web"), "deployment/web");
        assert_eq!(read("sts/db"), "statefulset/db");
        assert_eq!(read("ds/agent"), "daemonset/agent");
        assert_eq!(read("svc/web"), "service/web");
        assert_eq!(read("web"), "web");
    }

    #[test]
    fn what_names_nothing_is_told_with_what_to_write() {
        let told = |text: &str| text.parse::<Target>().unwrap_err().to_string();
        assert_eq!(
            told("deploymnt/web"),
            "'deploymnt/web' names no kind of object that windlass knows; did you mean 'deployment'?; \
             write deploy/web, sts/web or ds/web, and a namespace as in -n deploymnt"
        );
        for text in ["", "/", "/web", "deploy/", "deploy/a/b", "a b"] {
            assert!(told(text).contains("names no object"), "{text}: {}", told(text));
        }
    }
}
