//! Label selectors on the command line, checked before anything is asked of a server.
//!
//! Source of the grammar: Labels and Selectors in the Kubernetes documentation.

/// The selector as it was typed, when a server can read it; else what is wrong with it, and how one is written.
pub fn selector(text: &str) -> Result<String, String> {
    match parts(text).and_then(|parts| parts.into_iter().try_for_each(requirement)) {
        Ok(()) => Ok(text.to_owned()),
        Err(wrong) => {
            Err(format!("{wrong}; write app=web, 'app in (web,api)', app!=web, app or '!app', with commas between"))
        }
    }
}

/// What stands between the commas that are outside of brackets.
fn parts(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut open, mut start) = (Vec::new(), false, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' if open => return Err("a bracket stands within brackets".to_owned()),
            '(' => open = true,
            ')' if !open => return Err("a bracket is closed that was not opened".to_owned()),
            ')' => open = false,
            ',' if !open => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if open {
        return Err("a bracket is not closed".to_owned());
    }
    parts.push(&text[start..]);
    Ok(parts)
}

/// `key`, `!key`, `key=value` (also `==`, `!=`, `<`, `>`), `key in (…)` or `key notin (…)`.
fn requirement(part: &str) -> Result<(), String> {
    let part = part.trim();
    if let Some(bare) = part.strip_prefix('!') {
        return key(bare.trim());
    }
    if let Some((before, values_of)) = part.split_once('(') {
        let mut words = before.split_whitespace();
        let (Some(name), Some("in" | "notin"), None) = (words.next(), words.next(), words.next()) else {
            return Err(format!("'{part}' has brackets without 'in' or 'notin'"));
        };
        let Some(values) = values_of.strip_suffix(')') else {
            return Err(format!("something follows the bracket of '{part}'"));
        };
        key(name)?;
        return values.split(',').map(str::trim).try_for_each(value);
    }
    let at = part.find(['=', '!', '<', '>']);
    let Some(at) = at else { return key(part) };
    let (name, rest) = part.split_at(at);
    let sign = ["==", "!=", "=", "<", ">"].into_iter().find(|sign| rest.starts_with(sign));
    let Some(sign) = sign else { return Err(format!("'{part}' compares with nothing that is known")) };
    key(name.trim())?;
    value(rest[sign.len()..].trim())
}

/// A label's key: a name, or a name with a domain before it.
fn key(text: &str) -> Result<(), String> {
    let (domain, name) = text.split_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    let fits = domain.is_none_or(|domain| !domain.is_empty() && domain.len() <= 253 && word(domain));
    if fits && !name.is_empty() && name.len() <= 63 && word(name) {
        return Ok(());
    }
    Err(if text.is_empty() { "a label's name is missing".to_owned() } else { format!("'{text}' is no label's name") })
}

fn value(text: &str) -> Result<(), String> {
    if text.is_empty() || (text.len() <= 63 && word(text)) {
        return Ok(());
    }
    Err(format!("'{text}' is no label's value"))
}

/// Letters, digits and, between them, `-`, `_` and `.`.
fn word(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_selector_passes_as_it_was_typed() {
        for good in [
            "app=web",
            "app==web,tier!=back",
            "app in (web, api),!legacy",
            "example.com/team notin (a)",
            "app",
            "size>3",
            "app=",
            "app = web",
        ] {
            assert_eq!(selector(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_no_server_reads_is_answered_with_what_is_wrong() {
        for (bad, told) in [
            ("app in (", "a bracket is not closed"),
            ("app web", "'app web' is no label's name"),
            ("app in web", "'app in web' is no label's name"),
            ("(a)", "'(a)' has brackets without 'in' or 'notin'"),
            ("app=we b", "'we b' is no label's value"),
            ("a=b,", "a label's name is missing"),
            ("", "a label's name is missing"),
            ("a)", "a bracket is closed that was not opened"),
            ("-a=b", "'-a' is no label's name"),
        ] {
            let error = selector(bad).unwrap_err();
            assert!(error.starts_with(&format!("{told}; write app=web")), "{bad}: {error}");
        }
    }
}
