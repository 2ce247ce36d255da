//! kubectl takes `deploy web`, this program `deploy/web`: who writes the first is told the second.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};

use super::commands;
use crate::domain::{Kind, target::Target};

/// What to write instead, where `told` complains of a name that stands alone behind its kind.
pub fn hint(told: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let complained = [ContextKind::InvalidArg, ContextKind::InvalidValue].into_iter();
    let complained: Vec<&str> = complained
        .filter_map(|kind| match told.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let words: Vec<&str> = arguments.iter().skip(1).filter_map(|word| OsStr::to_str(word)).collect();
    // The name of a command may be that of a kind, too: `windlass deploy web` is a command with its target.
    let behind = words.iter().position(|word| commands::is_name(word)).map_or(0, |place| place + 1);
    let words = &words[behind..];
    // A command that takes more than its target may read the name as that, and complain of what comes behind.
    let complains_later = |place: usize| place == 0 && words.iter().skip(2).any(|word| complained.contains(word));
    let (kind, name) = words.windows(2).enumerate().find_map(|(place, pair)| match pair {
        [kind, name] if Kind::from_word(kind).is_some() && is_plain(name) => {
            (complained.contains(name) || complains_later(place)).then_some((*kind, *name))
        }
        _ => None,
    })?;
    let target = format!("{kind}/{name}");
    target.parse::<Target>().is_ok().then(|| format!("write {target}: a release is named in one word"))
}

/// Whether an object may be called so: no flag, no `CONTAINER=IMAGE`, nothing with a kind before it.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(plain) && name.chars().all(|c| plain(c) || matches!(c, '-' | '.'))
}
