//! Where the kinds live: paths of the API.

use crate::domain::{Kind, ObjectKey};
use std::fmt::Write as _;

/// The path of a kind's list in its usual version, over all namespaces or in one. For an optional kind see
/// `Cluster::list_path`.
pub fn list_path(kind: Kind, namespace: Option<&str>) -> String {
    list_path_in(kind.version(), kind, namespace)
}

/// The same in `version` of its group.
pub fn list_path_in(version: &str, kind: Kind, namespace: Option<&str>) -> String {
    let mut path = root(kind, version);
    if let Some(namespace) = namespace.filter(|namespace| kind.namespaced() && !namespace.is_empty()) {
        path.push_str("/namespaces/");
        path.push_str(&encode(namespace));
    }
    path.push('/');
    path.push_str(kind.plural());
    path
}

/// The path of one object in its kind's usual version. For an optional kind see `Cluster::object_path`.
pub fn object_path(key: &ObjectKey) -> String {
    object_path_in(key.kind.version(), key)
}

/// The same in `version` of its group.
pub fn object_path_in(version: &str, key: &ObjectKey) -> String {
    let mut path = list_path_in(version, key.kind, Some(&key.namespace));
    path.push('/');
    path.push_str(&encode(&key.name));
    path
}

fn root(kind: Kind, version: &str) -> String {
    if kind.group().is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", kind.group()) }
}

/// Adds `name=value` to the query of `path`.
pub fn with(mut path: String, name: &str, value: &str) -> String {
    path.push(if path.contains('?') { '&' } else { '?' });
    path.push_str(name);
    path.push('=');
    path.push_str(&encode(value));
    path
}

/// Percent-encodes all but what is unreserved in a URL (RFC 3986): names may come from a command line.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api_and_names_are_encoded() {
        let key = ObjectKey::new(Kind::Deployment, "shop", "web");
        assert_eq!(object_path(&key), "/apis/apps/v1/namespaces/shop/deployments/web");
        assert_eq!(list_path(Kind::Pod, None), "/api/v1/pods");
        assert_eq!(list_path(Kind::Namespace, Some("x")), "/api/v1/namespaces");
        assert_eq!(object_path(&ObjectKey::new(Kind::Pod, "a", "../x?y")), "/api/v1/namespaces/a/pods/..%2Fx%3Fy");
        assert_eq!(with(with("/p".into(), "a", "b=c"), "d", "é"), "/p?a=b%3Dc&d=%C3%A9");
    }
}
