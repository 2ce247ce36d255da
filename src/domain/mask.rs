//! Secrets that hide in plain values: told by the name beside them, or by the shape of a URL.

use serde_json::Value;
use std::borrow::Cow;

/// What stands where a secret-like value was.
pub const MASK: &str = "••••••";

/// Words that make a name secret-like when one of its parts is, or ends in, such a word.
const WORDS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "token",
    "secret",
    "key",
    "dsn",
    "credential",
    "credentials",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
];

/// Whether a variable, argument or annotation of this name holds a secret: `DB_PASSWORD`, `apiToken`, `sentry-dsn`.
/// `KEYBOARD` and `monkey` do not: the word must stand as a part of its own (or end the name after another word).
pub fn secret_like(name: &str) -> bool {
    parts(name).iter().any(|part| {
        WORDS.contains(&part.as_str())
            || ["password", "passwd", "token", "secret"]
                .iter()
                .any(|word| part.ends_with(word) || part.starts_with(word))
            || part.strip_suffix('s').is_some_and(|singular| WORDS.contains(&singular))
    })
}

/// The parts of a name in lower case: split at what is no letter or digit, and where camel case starts a new word.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            parts.push(String::new());
        }
        if c.is_alphanumeric() {
            parts.last_mut().expect("there is always one part").extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase() || c.is_ascii_digit();
    }
    parts
}

/// `value` with what is secret masked: all of it under a secret-like `name`, else the user info of every URL in it and
/// what stands behind `password=` and the like.
pub fn masked<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if secret_like(name) && !value.is_empty() {
        return Cow::Borrowed(MASK);
    }
    masked_text(value)
}

/// A free text with the user info of every URL in it, and what stands behind `password=` and the like, masked.
pub fn masked_text(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains('=') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '&' | '?')) {
        out.push_str(&masked_piece(piece));
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

fn masked_piece(piece: &str) -> Cow<'_, str> {
    if let Some((name, rest)) = piece.split_once('=')
        && !name.contains("://")
        && secret_like(name)
    {
        let value =
            rest.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '&' | '?'));
        if value.is_empty() {
            return Cow::Borrowed(piece);
        }
        return Cow::Owned(format!("{name}={MASK}{}", &rest[value.len()..]));
    }
    let Some((scheme, rest)) = piece.split_once("://") else { return Cow::Borrowed(piece) };
    let authority_end = rest.find(['/', '#']).unwrap_or(rest.len());
    let Some(at) = rest[..authority_end].rfind('@').or_else(|| rest.rfind('@')) else { return Cow::Borrowed(piece) };
    Cow::Owned(format!("{scheme}://{MASK}{}", &rest[at..]))
}

/// Masks every text of `value` by the name beside it: a variable's own name (`{"name": …, "value": …}`), else the key.
pub fn mask_values(value: &mut Value) {
    mask(value, "");
}

fn mask(value: &mut Value, name: &str) {
    match value {
        Value::String(text) => {
            let shown = masked(name, text).into_owned();
            *text = shown;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, name)),
        Value::Object(members) => {
            let variable = members.get("name").and_then(Value::as_str).map(str::to_owned);
            for (key, member) in members.iter_mut() {
                match (key.as_str(), &variable, &*member) {
                    ("value", Some(variable), Value::String(_)) => mask(member, variable),
                    // Names of objects and of keys in them are no secrets: `secretName`, `secretKeyRef`.
                    (_, _, Value::String(_)) if plain(key) => mask(member, ""),
                    (_, _, Value::String(_)) => mask(member, key),
                    _ => mask(member, ""),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Keys of the Kubernetes API that sound secret and hold names.
fn plain(key: &str) -> bool {
    matches!(key, "key" | "secretName" | "topologyKey" | "secret" | "automountServiceAccountToken")
        || key.ends_with("Ref")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_secret_like_by_its_parts_and_not_by_chance() {
        for name in [
            "DB_PASSWORD",
            "apiToken",
            "SENTRY_DSN",
            "client-secret",
            "AWS_ACCESS_KEY_ID",
            "key",
            "PGPASSWORD",
            "tokens",
        ] {
            assert!(secret_like(name), "{name}");
        }
        for name in ["KEYBOARD", "monkey", "TIMEOUT", "PASSAGE", "dsname", ""] {
            assert!(!secret_like(name), "{name}");
        }
    }

    #[test]
    fn a_url_loses_its_user_info_and_nothing_else() {
        assert_eq!(
            masked("DATABASE", "postgres://ana:s3cr3t@db:5432/shop?x=1"),
            format!("postgres://{MASK}@db:5432/shop?x=1")
        );
        assert_eq!(masked("URL", "http://plain/path"), "http://plain/path");
        assert_eq!(masked("X", "amqp://a:p/w@d@host/v"), format!("amqp://{MASK}@host/v"));
        assert_eq!(masked("TOKEN", "abc"), MASK);
        assert_eq!(masked("TOKEN", ""), "");
    }

    #[test]
    fn a_secret_in_an_argument_is_masked_where_it_stands() {
        assert_eq!(masked_text("--db-password=hunter2 --verbose=true"), format!("--db-password={MASK} --verbose=true"));
        assert_eq!(masked_text("a=b"), "a=b");
    }
}
