//! The table with the user's own keys laid over it.

use super::command::Command;
use super::table::{BINDINGS, Binding, Scope};
use crate::app::keypress::KeyPress;
use crate::config;
use std::collections::HashMap;

/// Which press does what where.
#[derive(Debug, Clone)]
pub struct KeyTable {
    /// By the place in `BINDINGS`.
    keys: Vec<Vec<KeyPress>>,
    by_press: HashMap<(Scope, KeyPress), usize>,
}

impl Default for KeyTable {
    /// The built-in keys.
    fn default() -> Self {
        Self::index(BINDINGS.iter().map(built_in).collect())
    }
}

/// The built-in keys of a binding; a test sees that each can be read.
fn built_in(binding: &Binding) -> Vec<KeyPress> {
    binding.keys.iter().filter_map(|key| key.parse().ok()).collect()
}

impl KeyTable {
    /// The built-in keys with `wishes` of the configuration laid over them. The error holds every fault: an action
    /// that does not exist, a key that can't be read, a key with two meanings in one place.
    pub fn with(wishes: &[config::Binding]) -> Result<Self, config::Problems> {
        let mut problems = Vec::new();
        let mut keys: Vec<Vec<KeyPress>> = BINDINGS.iter().map(built_in).collect();
        let mut origins: Vec<Option<&config::Origin>> = vec![None; BINDINGS.len()];
        for wish in wishes {
            let Some(place) = BINDINGS.iter().position(|binding| binding.name == wish.action) else {
                let near =
                    crate::domain::nearest::suggestion(&wish.action, BINDINGS.iter().map(|binding| binding.name));
                let message = format!("'{}' is no action{near}; `windlass keys` lists them", wish.action);
                problems.push(config::Problem::new(wish.origin.clone(), message));
                continue;
            };
            let mut own = Vec::new();
            for key in &wish.keys {
                match key.parse() {
                    Ok(key) if never_confirms(BINDINGS[place].command, key) => problems.push(config::Problem::new(
                        wish.origin.clone(),
                        format!(
                            "'{key}' never confirms: it is pressed without looking; give '{}' another key",
                            wish.action
                        ),
                    )),
                    Ok(key) => own.push(key),
                    Err(wrong) => problems.push(config::Problem::new(wish.origin.clone(), format!("{wrong}"))),
                }
            }
            keys[place] = own;
            origins[place] = Some(&wish.origin);
        }
        // A wish takes its key away from nobody in silence: two meanings in one place are a fault.
        for (place, other, key) in clashes(&keys) {
            let (mine, theirs) = if origins[place].is_some() { (place, other) } else { (other, place) };
            let message = format!(
                "'{key}' would be both {} and {}; give one of them another key",
                BINDINGS[mine].name, BINDINGS[theirs].name
            );
            let origin = origins[mine].cloned().unwrap_or(config::Origin::Default);
            problems.push(config::Problem::new(origin, message));
        }
        if problems.is_empty() { Ok(Self::index(keys)) } else { Err(config::Problems(problems)) }
    }

    fn index(keys: Vec<Vec<KeyPress>>) -> Self {
        let mut by_press = HashMap::new();
        for (place, own) in keys.iter().enumerate() {
            for (key, scope) in
                own.iter().flat_map(|key| BINDINGS[place].scopes().iter().map(move |scope| (key, scope)))
            {
                by_press.insert((*scope, *key), place);
            }
        }
        Self { keys, by_press }
    }

    /// What `key` asks for in `chain`, the nearest scope first.
    pub fn find(&self, chain: &[Scope], key: KeyPress) -> Option<Command> {
        chain.iter().find_map(|scope| self.by_press.get(&(*scope, key))).map(|place| BINDINGS[*place].command)
    }

    /// The first key of the action `name`; none when it has none.
    pub fn key_of(&self, name: &str) -> Option<KeyPress> {
        let place = BINDINGS.iter().position(|binding| binding.name == name)?;
        self.keys[place].first().copied()
    }

    /// The first key for `command` in `chain`, with its hint.
    pub fn hint(&self, chain: &[Scope], command: Command) -> Option<(KeyPress, &'static str)> {
        chain.iter().find_map(|scope| {
            let place =
                BINDINGS.iter().position(|binding| binding.scopes().contains(scope) && binding.command == command)?;
            Some((*self.keys[place].first()?, BINDINGS[place].hint))
        })
    }

    /// Every binding with its keys, in the order of the help.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Binding, &[KeyPress])> {
        BINDINGS.iter().zip(self.keys.iter().map(Vec::as_slice))
    }
}

/// Whether `key` must not be what `command` is asked for by: Enter, where it would write.
fn never_confirms(command: Command, key: KeyPress) -> bool {
    (command == Command::Confirm || command.writes()) && "Enter".parse() == Ok(key)
}

/// Pairs of bindings that share a key in one chain.
fn clashes(keys: &[Vec<KeyPress>]) -> Vec<(usize, usize, KeyPress)> {
    let together =
        |one: Scope, two: Scope| Scope::CHAINS.iter().any(|chain| chain.contains(&one) && chain.contains(&two));
    let mut found = Vec::new();
    for place in 0..keys.len() {
        for other in place + 1..keys.len() {
            let meet = |one: &Scope| BINDINGS[other].scopes().iter().any(|two| together(*one, *two));
            if !BINDINGS[place].scopes().iter().any(meet) {
                continue;
            }
            found.extend(keys[place].iter().filter(|key| keys[other].contains(key)).map(|key| (place, other, *key)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(action: &str, keys: &[&str]) -> config::Binding {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        config::Binding { action: action.to_owned(), keys, origin: config::Origin::Default }
    }

    #[test]
    fn every_built_in_key_can_be_read_and_has_one_meaning_in_a_place() {
        for binding in BINDINGS {
            assert_eq!(built_in(binding).len(), binding.keys.len(), "{}", binding.name);
        }
        let keys: Vec<_> = BINDINGS.iter().map(built_in).collect();
        assert_eq!(clashes(&keys), []);
    }

    #[test]
    fn names_are_unique_since_the_configuration_goes_by_them() {
        for (place, binding) in BINDINGS.iter().enumerate() {
            assert!(BINDINGS[place + 1..].iter().all(|other| other.name != binding.name), "{}", binding.name);
        }
    }

    #[test]
    fn a_write_needs_a_capital_letter_and_enter_never_writes() {
        for binding in BINDINGS.iter().filter(|binding| binding.command.writes()) {
            assert!(binding.keys.iter().all(|key| key.chars().all(char::is_uppercase)), "{}", binding.name);
        }
        let confirm: Vec<_> = BINDINGS.iter().filter(|binding| binding.command == Command::Confirm).collect();
        assert_eq!(confirm.len(), 1);
        assert_eq!(confirm[0].keys, ["y"]);
    }

    #[test]
    fn enter_cannot_be_made_to_confirm_or_to_write() {
        for action in ["confirm", "undo"] {
            let problems = KeyTable::with(&[wish(action, &["Enter"])]).unwrap_err().to_string();
            assert!(problems.contains("'Enter' never confirms"), "{problems}");
        }
    }

    #[test]
    fn a_wish_replaces_the_keys_of_its_action() {
        let table = KeyTable::with(&[wish("undo", &["Ctrl-r", "F2"])]).unwrap();
        let board = Scope::CHAINS[0];
        assert_eq!(table.find(board, "F2".parse().unwrap()), Some(Command::Undo));
        assert_eq!(table.find(board, KeyPress::char('U')), None);
        assert_eq!(table.key_of("undo").unwrap().to_string(), "Ctrl-r");
    }

    #[test]
    fn a_key_with_two_meanings_in_one_place_is_named_with_both() {
        let problems = KeyTable::with(&[wish("restart", &["U"])]).unwrap_err().to_string();
        assert!(problems.contains("'U' would be both restart and undo"), "{problems}");
        assert!(KeyTable::with(&[wish("restart", &["y"])]).is_err(), "y shows YAML on the board");
        assert!(KeyTable::with(&[wish("follow", &["U"])]).is_ok(), "logs and the board never meet");
    }

    #[test]
    fn an_action_that_does_not_exist_is_named_with_its_nearest() {
        let problems = KeyTable::with(&[wish("undoo", &["U"]), wish("undo", &["Hyper-x"])]).unwrap_err().to_string();
        assert!(problems.contains("did you mean 'undo'") && problems.contains("'Hyper-x' is no key"), "{problems}");
    }

    #[test]
    fn what_was_done_is_taken_back_from_its_result_with_the_same_key_as_elsewhere() {
        let table = KeyTable::with(&[wish("revert", &["H"])]).unwrap();
        for chain in [Scope::CHAINS[0], Scope::CHAINS[1], Scope::CHAINS[2]] {
            assert_eq!(table.find(chain, KeyPress::char('H')), Some(Command::Revert));
            assert_eq!(table.hint(chain, Command::Revert).unwrap().0.to_string(), "H");
        }
        let problems = KeyTable::with(&[wish("revert", &["b"])]).unwrap_err().to_string();
        assert!(problems.contains("'b' would be both revert and override"), "{problems}");
    }
}
