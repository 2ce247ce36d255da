//! Who may do what in the simulated cluster.

use super::kinds::Kind;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A user's rights, as coarse as the scenarios need them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The user's name.
    pub user: String,
    /// What the user may do.
    pub level: Level,
    /// Namespaces in which the user may do nothing; lists of all namespaces are refused then.
    pub without_namespaces: BTreeSet<String>,
    /// Kinds, by plural, that the user may not see.
    pub without_kinds: BTreeSet<String>,
    /// What an administrator may write, where that is not everything: `deployments`, `services/proxy`, or
    /// `test:services/proxy` in one namespace.
    pub writes: Option<BTreeSet<String>>,
}

/// How much a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    Admin,
    /// Reading everything but Secrets.
    Viewer,
    /// Nothing but asking who one is.
    Nobody,
}

impl Access {
    /// A user with the rights of a level everywhere.
    pub fn new(user: &str, level: Level) -> Access {
        Access {
            user: user.to_owned(),
            level,
            without_namespaces: BTreeSet::new(),
            without_kinds: BTreeSet::new(),
            writes: None,
        }
    }

    /// Whether a request is allowed; an empty namespace means all of them.
    pub fn allows(&self, verb: &str, plural: &str, subresource: &str, namespace: &str) -> bool {
        let closed = self.without_namespaces.contains(namespace)
            || (namespace.is_empty() && !self.without_namespaces.is_empty() && is_namespaced(plural));
        if closed || self.without_kinds.contains(plural) {
            return false;
        }
        match self.level {
            Level::Admin => {
                let reads = matches!(verb, "get" | "list" | "watch") || plural.ends_with("reviews");
                reads || self.writes.as_ref().is_none_or(|writes| may_write(writes, plural, subresource, namespace))
            }
            Level::Viewer => matches!(verb, "get" | "list" | "watch") && plural != "secrets" && subresource != "proxy",
            Level::Nobody => false,
        }
    }

    /// Why a request is refused, in the API server's words.
    pub fn refusal(&self, verb: &str, kind: &Kind, subresource: &str, namespace: &str) -> String {
        let resource =
            if subresource.is_empty() { kind.plural.to_string() } else { format!("{}/{subresource}", kind.plural) };
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {namespace:?}")
        };
        format!("User {:?} cannot {verb} resource {resource:?} in API group {:?} {place}", self.user, kind.group)
    }

    /// The rules for a `SelfSubjectRulesReview` of a namespace.
    pub fn rules(&self, namespace: &str) -> Value {
        let reviews = json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io", "authentication.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"]});
        if self.without_namespaces.contains(namespace) {
            return json!([reviews]);
        }
        match self.level {
            Level::Nobody => json!([reviews]),
            Level::Admin => match &self.writes {
                None => json!([reviews, {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]),
                Some(writes) => {
                    let here = |entry: &String| match entry.split_once(':') {
                        Some((place, resource)) => (place == namespace).then(|| resource.to_owned()),
                        None => Some(entry.clone()),
                    };
                    let resources: Vec<String> = writes.iter().filter_map(here).collect();
                    json!([
                        reviews,
                        {"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]},
                        {"verbs": ["*"], "apiGroups": ["*"], "resources": resources},
                    ])
                }
            },
            Level::Viewer => json!([
                reviews,
                {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": [
                    "configmaps", "endpoints", "events", "namespaces", "nodes", "persistentvolumeclaims", "pods", "pods/log",
                    "pods/status", "resourcequotas", "serviceaccounts", "services",
                ]},
                {"verbs": ["get", "list", "watch"], "resources": ["*"], "apiGroups": [
                    "apps", "autoscaling", "policy", "discovery.k8s.io", "coordination.k8s.io", "apiextensions.k8s.io",
                ]},
            ]),
        }
    }
}

fn may_write(writes: &BTreeSet<String>, plural: &str, subresource: &str, namespace: &str) -> bool {
    let resource = if subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{subresource}") };
    writes.contains(&resource) || writes.contains(&format!("{namespace}:{resource}"))
}

fn is_namespaced(plural: &str) -> bool {
    !matches!(plural, "namespaces" | "nodes" | "customresourcedefinitions")
}

/// The bearer tokens that the server knows, and who a request without one is.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub default: Access,
    tokens: BTreeMap<String, Level>,
    revoked: BTreeSet<String>,
}

/// The token in the kubeconfig that `demo --serve` prints: the scenario's own user.
pub const DEFAULT_TOKEN: &str = "simulated";

impl Default for Accounts {
    fn default() -> Accounts {
        let levels = [("admin", Level::Admin), ("viewer", Level::Viewer), ("nobody", Level::Nobody)];
        Accounts {
            default: Access::new("demo", Level::Admin),
            tokens: levels.into_iter().map(|(name, level)| (name.to_owned(), level)).collect(),
            revoked: BTreeSet::new(),
        }
    }
}

impl Accounts {
    /// Makes a token invalid.
    pub fn revoke(&mut self, token: &str) {
        self.revoked.insert(token.to_owned());
    }

    /// Makes a token valid again.
    pub fn renew(&mut self, token: &str) {
        self.revoked.remove(token);
    }

    /// Who a request is from; none if its token is not valid. Any `user:NAME` is NAME with the scenario's rights.
    pub fn identify(&self, authorization: Option<&str>, impersonated: Option<&str>) -> Option<Access> {
        let token = match authorization {
            None => DEFAULT_TOKEN,
            Some(header) => header.strip_prefix("Bearer ")?.trim(),
        };
        if self.revoked.contains(token) {
            return None;
        }
        let mut access = match token.strip_prefix("user:") {
            Some(user) => Access { user: user.to_owned(), ..self.default.clone() },
            None if token == DEFAULT_TOKEN => self.default.clone(),
            None => Access::new(token, *self.tokens.get(token)?),
        };
        if let Some(user) = impersonated {
            user.clone_into(&mut access.user);
        }
        Some(access)
    }
}
