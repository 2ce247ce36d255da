//! Small words for sentences.

use crate::domain::text::sanitize;
use crate::domain::{Age, Timestamp};

// Counts are said as everywhere.
pub use crate::domain::text::count;

/// The form of a verb for so many: `is` or `are`.
pub const fn form<'a>(number: i64, one: &'a str, many: &'a str) -> &'a str {
    if number == 1 { one } else { many }
}

/// At most `limit` characters of a text from the cluster, safe to draw; what is left out shows as `…`.
pub fn clip(text: &str, limit: usize) -> String {
    let text = sanitize(text);
    let mut chars = text.trim().chars();
    let head: String = chars.by_ref().take(limit).collect();
    if chars.next().is_none() { head } else { format!("{}…", head.trim_end()) }
}

/// A sentence's end: one full stop, whatever the text ended in.
pub fn stop(text: &str) -> String {
    format!("{}.", text.trim_end_matches(['.', ' ', ':', ';']))
}

/// `6 min` since `then`, in words; `None` for less than a second or no time at all.
pub fn since(then: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let age = Age::between(then?, now);
    (age >= Age::seconds(1)).then(|| age.words())
}

/// The parts joined with commas in brackets, with a space before; nothing when there is none.
pub fn brackets(parts: &[Option<String>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// `a`, `a and b`, `a, b and 3 more`.
pub fn some_of(names: &[&str], limit: usize) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] if names.len() <= limit => format!("{} and {last}", all.join(", ")),
        _ => format!("{} and {} more", names[..limit].join(", "), names.len() - limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lists_and_long_texts_read_as_people_write_them() {
        assert_eq!((count(1, "pod"), count(0, "pod")), ("1 pod".into(), "0 pods".into()));
        assert_eq!(some_of(&["a", "b"], 3), "a and b");
        assert_eq!(some_of(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(clip("a\u{1b}[2Jlong text", 6), "a[2Jlo…");
        assert_eq!(brackets(&[None, Some("x".into()), Some("y".into())]), " (x, y)");
        assert_eq!(stop("why: quota. "), "why: quota.");
    }
}
