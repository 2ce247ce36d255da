//! What we may do: told before the press. An error is "not known", never "no".

use super::connect::Cluster;
use super::errors::ReadError;
use super::request::Request;
use crate::domain::intent::ReleaseId;
use crate::domain::{Kind, ObjectKey, Str};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;

/// The rights in one namespace, as far as the server tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    namespace: String,
    rules: Vec<Rule>,
    /// Questions that the server answered one by one.
    answers: HashMap<Question, bool>,
    /// Why the rules are not all known; `None` when they are.
    gap: Option<Str>,
}

type Question = (&'static str, Kind, Option<&'static str>);

/// Whether something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// It may.
    Yes,
    /// It may not; the permission that is missing: `patch deployments.apps in shop`.
    No(Str),
    /// The server did not tell, and why.
    Unknown(Str),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    verbs: Vec<String>,
    #[serde(default)]
    api_groups: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    resource_names: Vec<String>,
}

impl Rights {
    /// Which namespace they hold in.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether `verb` (`patch`, `delete`…) may be used on `kind`, or on its subresource.
    pub fn may(&self, verb: &'static str, kind: Kind, subresource: Option<&'static str>) -> Allowed {
        match self.answers.get(&(verb, kind, subresource)) {
            Some(true) => return Allowed::Yes,
            Some(false) => return Allowed::No(self.permission(verb, kind, subresource)),
            None => {}
        }
        let matching = || self.rules.iter().filter(|rule| rule.covers(verb, kind, subresource));
        if matching().any(|rule| rule.resource_names.is_empty()) {
            return Allowed::Yes;
        }
        if let Some(gap) = &self.gap {
            return Allowed::Unknown(gap.clone());
        }
        if matching().next().is_some() {
            return Allowed::Unknown("the right holds for some names only".into());
        }
        Allowed::No(self.permission(verb, kind, subresource))
    }

    fn permission(&self, verb: &str, kind: Kind, subresource: Option<&str>) -> Str {
        let group = if kind.group().is_empty() { String::new() } else { format!(".{}", kind.group()) };
        let sub = subresource.map(|name| format!("/{name}")).unwrap_or_default();
        format!("{verb} {}{group}{sub} in {}", kind.plural(), self.namespace).into()
    }
}

impl Rule {
    fn covers(&self, verb: &str, kind: Kind, subresource: Option<&str>) -> bool {
        let any = |list: &[String], wanted: &str| list.iter().any(|entry| entry == "*" || entry == wanted);
        let resource = match subresource {
            Some(name) => {
                any(&self.resources, &format!("{}/{name}", kind.plural()))
                    || self.resources.iter().any(|entry| *entry == format!("*/{name}"))
            }
            None => any(&self.resources, kind.plural()),
        };
        any(&self.verbs, verb) && any(&self.api_groups, kind.group()) && resource
    }
}

impl Cluster {
    /// Every right in `namespace` (SelfSubjectRulesReview): one call, for hints.
    pub async fn rights(&self, namespace: &str) -> Rights {
        #[derive(Deserialize)]
        struct Review {
            status: Status,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            #[serde(default)]
            resource_rules: Vec<Rule>,
            #[serde(default)]
            incomplete: bool,
            #[serde(default)]
            evaluation_error: String,
        }
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let request = Request::post(path, body.to_string().into_bytes());
        let answer = self.json::<Review>(request, &format!("our rights in {namespace}")).await;
        let known = Rights { namespace: namespace.into(), ..Rights::default() };
        match answer {
            Ok(Review { status }) => {
                let gap = status.incomplete.then(|| match &*status.evaluation_error {
                    "" => "the server does not know all our rights".into(),
                    error => Str::from(format!("the server does not know all our rights: {error}")),
                });
                Rights { rules: status.resource_rules, gap, ..known }
            }
            Err(error) => Rights { gap: Some(error.to_string().into()), ..known },
        }
    }

    /// The rights on one release: the rules of its namespace, and the server's own answer for the writes that plans
    /// make (SelfSubjectAccessReview), all asked at once.
    pub async fn may(&self, release: &ReleaseId) -> Rights {
        let key = &release.key;
        let pods = ObjectKey::new(Kind::Pod, key.namespace.clone(), "");
        let (mut rights, patch, scale, delete) = tokio::join!(
            self.rights(&key.namespace),
            self.may_once("patch", key, None),
            self.may_once("patch", key, Some("scale")),
            self.may_once("delete", &pods, None),
        );
        let asked = [
            (("patch", key.kind, None), patch),
            (("patch", key.kind, Some("scale")), scale),
            (("delete", Kind::Pod, None), delete),
        ];
        for (question, answer) in asked {
            if let Ok(allowed) = answer {
                rights.answers.insert(question, allowed);
            }
        }
        rights
    }

    async fn may_once(&self, verb: &str, key: &ObjectKey, subresource: Option<&str>) -> Result<bool, ReadError> {
        #[derive(Deserialize)]
        struct Review {
            status: Status,
        }
        #[derive(Deserialize)]
        struct Status {
            #[serde(default)]
            allowed: bool,
        }
        let attributes = json!({
            "verb": verb, "group": key.kind.group(), "version": key.kind.version(), "resource": key.kind.plural(),
            "subresource": subresource.unwrap_or_default(), "namespace": key.namespace, "name": key.name,
        });
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let review: Review = self.json(Request::post(path, body.to_string().into_bytes()), "our rights").await?;
        Ok(review.status.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Rule {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Rule { verbs: own(verbs), api_groups: own(groups), resources: own(resources), resource_names: own(names) }
    }

    #[test]
    fn a_right_is_told_from_the_rules_and_a_gap_is_never_a_no() {
        let mut rights = Rights {
            namespace: "shop".into(),
            rules: vec![
                rule(&["get", "patch"], &["apps"], &["deployments", "*/scale"], &[]),
                rule(&["patch"], &["apps"], &["statefulsets"], &["db"]),
            ],
            ..Rights::default()
        };
        assert_eq!(rights.may("patch", Kind::Deployment, None), Allowed::Yes);
        assert_eq!(rights.may("patch", Kind::DaemonSet, Some("scale")), Allowed::Yes);
        assert!(matches!(rights.may("patch", Kind::StatefulSet, None), Allowed::Unknown(_)));
        assert_eq!(rights.may("delete", Kind::Pod, None), Allowed::No("delete pods in shop".into()));
        let daemon_sets = rights.may("patch", Kind::DaemonSet, None);
        assert_eq!(daemon_sets, Allowed::No("patch daemonsets.apps in shop".into()));
        rights.gap = Some("webhook".into());
        assert_eq!(rights.may("delete", Kind::Pod, None), Allowed::Unknown("webhook".into()));
        rights.answers.insert(("delete", Kind::Pod, None), false);
        assert!(matches!(rights.may("delete", Kind::Pod, None), Allowed::No(_)));
    }
}
