//! The equivalent kubectl commands, for `c`, and for those who may not or would rather not use the console.

use crate::domain::{ObjectKey, Revision, Str};

/// `kubectl -n shop rollout undo deployment/web --to-revision=41`.
pub fn rollout(key: &ObjectKey, verb: &str, revision: Option<Revision>) -> Str {
    let to = revision.map(|revision| format!(" --to-revision={revision}")).unwrap_or_default();
    format!("kubectl{} rollout {verb} {}{to}", namespace(key), quoted(&key.target())).into()
}

/// `kubectl -n shop set image deployment/web app=reg/web:v2`.
pub fn set_image<'a>(key: &ObjectKey, images: impl Iterator<Item = (&'a str, &'a str)>) -> Str {
    let images: Vec<String> = images.map(|(container, image)| quoted(&format!("{container}={image}"))).collect();
    format!("kubectl{} set image {} {}", namespace(key), quoted(&key.target()), images.join(" ")).into()
}

/// `kubectl -n shop scale deployment/web --replicas=3`.
pub fn scale(key: &ObjectKey, from: i32, to: i32) -> Str {
    let target = quoted(&key.target());
    format!("kubectl{} scale {target} --current-replicas={from} --replicas={to}", namespace(key)).into()
}

/// `kubectl -n shop patch service/web --type=json -p '[…]'`.
pub fn patch(key: &ObjectKey, operations: &str) -> Str {
    let target = quoted(&key.target());
    format!("kubectl{} patch {target} --type=json -p {}", namespace(key), quoted(operations)).into()
}

/// `kubectl -n shop delete pod db-2`.
pub fn delete(key: &ObjectKey) -> Str {
    format!("kubectl{} delete {} {}", namespace(key), key.kind.singular(), quoted(&key.name)).into()
}

fn namespace(key: &ObjectKey) -> String {
    if key.namespace.is_empty() { String::new() } else { format!(" -n {}", quoted(&key.namespace)) }
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':' | '=' | '@' | ',');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    #[test]
    fn a_hostile_image_stays_one_word_of_the_shell() {
        let web = ObjectKey::new(Kind::Deployment, "shop", "web");
        assert_eq!(
            &*rollout(&web, "undo", Some(Revision(4))),
            "kubectl -n shop rollout undo deployment/web --to-revision=4"
        );
        assert_eq!(
            &*set_image(&web, [("app", "x; rm -rf '/'")].into_iter()),
            r"kubectl -n shop set image deployment/web 'app=x; rm -rf '\''/'\'''"
        );
    }
}
