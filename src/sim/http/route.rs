//! What a request's path and query mean.

use crate::sim::kinds::{KindId, NAMESPACES, PODS};
use crate::sim::object::Id;
use crate::sim::store::Store;
use http::Method;

/// The parameters of a query, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Query {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let split = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        };
        Query(pairs.map(split).collect())
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(have, _)| have == key).map(|(_, value)| value.as_str())
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }

    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }
}

/// Undoes percent encoding, and `+` for a blank.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    Discovery(Discovery),
    /// A review that is answered and not stored, by its kind.
    Review(&'static str),
    Object(Target),
    Unknown,
}

/// A question about the server itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discovery {
    Version,
    Health,
    Core,
    Groups,
    Group(String),
    Resources(String, String),
    /// Where the descriptions of groups are.
    Descriptions,
    /// What a group and version can do.
    Description(String, String),
}

/// An object, a collection, or a subresource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub kind: KindId,
    pub namespace: String,
    pub name: String,
    pub sub: String,
    /// What follows the subresource, as in a proxy's path.
    pub rest: String,
}

impl Target {
    pub fn id(&self) -> Id {
        Id::new(self.kind, &self.namespace, &self.name)
    }

    pub fn is_pod(&self) -> bool {
        self.kind == PODS
    }
}

impl Route {
    /// The verb as in rights.
    pub fn verb(&self, method: &Method, query: &Query) -> &'static str {
        let collection = matches!(self, Route::Object(target) if target.name.is_empty());
        match method.as_str() {
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" if collection => "deletecollection",
            "DELETE" => "delete",
            _ if query.flag("watch") && matches!(self, Route::Object(_)) => "watch",
            _ if collection => "list",
            _ => "get",
        }
    }
}

const REVIEWS: [(&str, &str); 3] = [
    ("selfsubjectreviews", "SelfSubjectReview"),
    ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
];

pub fn route(store: &Store, path: &str) -> Route {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["version"] => Route::Discovery(Discovery::Version),
        ["healthz" | "livez" | "readyz", ..] => Route::Discovery(Discovery::Health),
        ["openapi", "v3"] => Route::Discovery(Discovery::Descriptions),
        ["openapi", "v3", "api", version] => {
            Route::Discovery(Discovery::Description(String::new(), (*version).to_owned()))
        }
        ["openapi", "v3", "apis", group, version] => {
            Route::Discovery(Discovery::Description((*group).to_owned(), (*version).to_owned()))
        }
        ["api"] => Route::Discovery(Discovery::Core),
        ["apis"] => Route::Discovery(Discovery::Groups),
        ["apis", group] => Route::Discovery(Discovery::Group((*group).to_owned())),
        ["api", "v1"] => Route::Discovery(Discovery::Resources(String::new(), "v1".to_owned())),
        ["apis", group, version] => Route::Discovery(Discovery::Resources((*group).to_owned(), (*version).to_owned())),
        ["apis", "authorization.k8s.io" | "authentication.k8s.io", _, plural] => {
            REVIEWS.iter().find(|(name, _)| name == plural).map_or(Route::Unknown, |(_, kind)| Route::Review(kind))
        }
        ["api", "v1", rest @ ..] => object(store, "", "v1", rest),
        ["apis", group, version, rest @ ..] => object(store, group, version, rest),
        _ => Route::Unknown,
    }
}

fn object(store: &Store, group: &str, version: &str, parts: &[&str]) -> Route {
    let (namespace, parts) = match parts {
        ["namespaces", name, "status" | "finalize", ..] => return named(NAMESPACES, "", &["", name, "status"]),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        _ => ("", parts),
    };
    let Some(kind) = parts.first().and_then(|plural| store.find_kind(group, version, plural)) else {
        return Route::Unknown;
    };
    named(kind, namespace, parts)
}

fn named(kind: KindId, namespace: &str, parts: &[&str]) -> Route {
    let part = |place: usize| parts.get(place).map(|part| decode(part)).unwrap_or_default();
    Route::Object(Target {
        kind,
        namespace: namespace.to_owned(),
        name: part(1),
        sub: part(2),
        rest: parts.get(3..).unwrap_or_default().join("/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_objects_collections_and_subresources() {
        let store = Store::new();
        let target = |path: &str| match route(&store, path) {
            Route::Object(target) => target,
            other => panic!("{path}: {other:?}"),
        };
        let scale = target("/apis/apps/v1/namespaces/shop/deployments/web/scale");
        assert_eq!((scale.namespace.as_str(), scale.name.as_str(), scale.sub.as_str()), ("shop", "web", "scale"));
        assert_eq!(target("/api/v1/namespaces/shop").name, "shop");
        assert_eq!(target("/api/v1/pods").namespace, "");
        assert_eq!(target("/api/v1/namespaces/a/pods/b:8080/proxy/metrics").rest, "metrics");
        assert_eq!(route(&store, "/apis/nope/v1/things"), Route::Unknown);
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("&labelSelector=app%3Dweb%2Ctier+in+%28a%29&watch=true");
        assert_eq!(query.get("labelSelector"), Some("app=web,tier in (a)"));
        assert!(query.flag("watch"));
    }
}
