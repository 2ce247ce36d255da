//! What a person types to name a release: `deploy/web`, `statefulsets.apps/db`, or just `web`; with the namespace before it
//! `shop/deploy/web` or `shop/web`.

use super::nearest::suggestion;
use super::{Kind, ObjectKey, Release, Snapshot};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A name for a release, as typed: an object's kind and name, or a bare name, and the namespace where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The namespace, when it was typed with the name.
    pub namespace: Option<String>,
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
        "'{word}/{name}' names no kind of object that windlass knows{near}; write deploy/{name}, sts/{name} or ds/{name}"
    )]
    Kind {
        /// The word.
        word: String,
        /// What stands after the slash.
        name: String,
        /// `; did you mean 'x'?`, or nothing.
        near: String,
    },
    /// There is nothing to go by.
    #[error("'{0}' names no object; write KIND/NAME, as in deploy/web, or a release's name, and NAMESPACE/ before it")]
    Form(String),
    /// No release has that name.
    #[error("there is no release '{target}' {scope}{next}")]
    Missing {
        /// As typed.
        target: Target,
        /// Where was looked: `in shop`, `in any namespace`.
        scope: String,
        /// `; did you mean 'x'?`, where else to look, or nothing.
        next: String,
    },
    /// Several have.
    #[error("'{target}' names several releases: {}; say which, as NAMESPACE/KIND/NAME", candidates.join(", "))]
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
        let kind_of = |word: &str, name: &str| {
            Kind::from_word(word).ok_or_else(|| TargetError::Kind {
                near: suggestion(word, Kind::ALL.iter().map(|kind| kind.singular())),
                word: word.to_owned(),
                name: name.to_owned(),
            })
        };
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [name] => Ok(Self { namespace: None, kind: None, name: name_of(name)? }),
            [first, name] if Kind::from_word(first).is_none() && is_namespace(first) => {
                Ok(Self { namespace: Some((*first).to_owned()), kind: None, name: name_of(name)? })
            }
            [word, name] if !word.is_empty() => {
                let name = name_of(name)?;
                Ok(Self { namespace: None, kind: Some(kind_of(word, &name)?), name })
            }
            [namespace, word, name] if is_namespace(namespace) && !word.is_empty() => {
                let name = name_of(name)?;
                Ok(Self { namespace: Some((*namespace).to_owned()), kind: Some(kind_of(word, &name)?), name })
            }
            _ => Err(no_object()),
        }
    }
}

/// Whether a namespace can be called so: letters, digits and, between them, `-`.
fn is_namespace(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63 && text.chars().all(|c| plain(c) || c == '-') && text.starts_with(plain) && text.ends_with(plain)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        match self.kind {
            Some(kind) => write!(f, "{}/{}", kind.singular(), self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Target {
    /// The one release of `snapshot` that this names: by its root, else by one of its members.
    pub fn find(&self, snapshot: &Snapshot) -> Result<Found, TargetError> {
        let named = |key: &ObjectKey| {
            self.kind.is_none_or(|kind| kind == key.kind)
                && self.namespace.as_ref().is_none_or(|namespace| *key.namespace == **namespace)
                && *key.name == *self.name
        };
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
                let scope = match (&self.namespace, snapshot.namespaces.as_slice()) {
                    (Some(namespace), _) => format!("in {namespace}"),
                    (None, []) => "in any namespace".to_owned(),
                    (None, some) => format!("in {}", some.join(", ")),
                };
                let elsewhere = match (&self.namespace, self.kind) {
                    (Some(word), None) => {
                        let kind = suggestion(word, Kind::ALL.iter().map(|kind| kind.singular()));
                        format!("; '{word}' is read as a namespace, as it is no kind that windlass knows{kind}")
                    }
                    (None, _) if near.is_empty() && !snapshot.namespaces.is_empty() => {
                        "; -A looks in all namespaces".to_owned()
                    }
                    _ => String::new(),
                };
                Err(TargetError::Missing { target: self.clone(), scope, next: near + &elsewhere })
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
        assert_eq!(read("shop/deploy/web"), "shop/deployment/web");
        assert_eq!(read("shop/web"), "shop/web");
        assert_eq!("shop/web".parse::<Target>().unwrap().namespace.as_deref(), Some("shop"));
        // A kind's word is a kind, and such a namespace is written before it.
        assert_eq!("svc/web".parse::<Target>().unwrap().namespace, None);
        assert_eq!(read("svc/svc/web"), "svc/service/web");
    }

    #[test]
    fn what_names_nothing_is_told_with_what_to_write() {
        let told = |text: &str| text.parse::<Target>().unwrap_err().to_string();
        assert_eq!(
            told("shop/deploymnt/web"),
            "'deploymnt/web' names no kind of object that windlass knows; did you mean 'deployment'?; \
             write deploy/web, sts/web or ds/web"
        );
        assert!(told("Deploymnt/web").contains("names no kind"), "no namespace is called so");
        for text in ["", "/", "/web", "deploy/", "shop//web", "a/deploy/b/c", "a b", "Shop/deploy/web"] {
            assert!(told(text).contains("names no object"), "{text}: {}", told(text));
        }
    }
}
