//! How each watch is doing, put together a kind.

use crate::domain::snapshot::{Denied, KindStatus, Watch};
use crate::domain::{Kind, Str};
use std::collections::BTreeMap;

/// One watch: a kind in one namespace, or in all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The kind.
    pub kind: Kind,
    /// The namespace; `None`: all.
    pub namespace: Option<Str>,
}

#[derive(Debug)]
struct State {
    watch: Watch,
    /// The number of the list under way, or of the last one.
    list: u32,
    /// Whether a list was ever complete.
    listed: bool,
}

/// The state of every watch.
#[derive(Debug, Default)]
pub struct Scopes {
    states: BTreeMap<Scope, State>,
    /// The number of the newest list of all: a watch that takes over from others has the higher one.
    lists: u32,
}

impl Scopes {
    /// Says that there will be a watch.
    pub fn expect(&mut self, scope: Scope) {
        self.states.entry(scope).or_insert(State { watch: Watch::Listing, list: 0, listed: false });
    }

    /// Says that there is none any more.
    pub fn drop(&mut self, scope: &Scope) {
        self.states.remove(scope);
    }

    /// Starts a list and gives it its number.
    pub fn start_list(&mut self, scope: &Scope) {
        if let Some(state) = self.states.get_mut(scope) {
            self.lists += 1;
            state.list = self.lists;
        }
    }

    /// The number of the scope's list.
    pub fn list(&self, scope: &Scope) -> u32 {
        self.states.get(scope).map_or(0, |state| state.list)
    }

    /// Notes that the list is complete. Whether it was the first one.
    pub fn listed(&mut self, scope: &Scope) -> bool {
        self.states.get_mut(scope).is_some_and(|state| !std::mem::replace(&mut state.listed, true))
    }

    /// Notes how a watch is doing. Whether that is new.
    pub fn set(&mut self, scope: &Scope, watch: Watch) -> bool {
        match self.states.get_mut(scope) {
            Some(state) if state.watch != watch => {
                state.watch = watch;
                true
            }
            _ => false,
        }
    }

    /// Whether the first list of this watch is complete, or will never come.
    pub fn is_listed(&self, scope: &Scope) -> bool {
        self.states.get(scope).is_some_and(done)
    }

    /// Whether every first list of `kind` is complete, or will never come.
    pub fn all_listed(&self, kind: Kind) -> bool {
        let mut states = self.of(kind).peekable();
        states.peek().is_some() && states.all(|(_, state)| done(state))
    }

    /// Whether any list of `kind` was complete.
    pub fn any_listed(&self, kind: Kind) -> bool {
        self.of(kind).any(|(_, state)| state.listed)
    }

    /// Why the objects of `kind` in `namespace` are not known although the server has the kind.
    pub fn unread(&self, kind: Kind, namespace: &str) -> Option<Str> {
        let mut reason = None;
        for (scope, state) in self.of(kind) {
            if scope.namespace.as_deref().is_some_and(|scope| scope != namespace) {
                continue;
            }
            reason = Some(unread(state, kind)?);
        }
        reason
    }

    /// The watches of `kind` whose objects are not known although the server has the kind.
    pub fn all_unread(&self, kind: Kind) -> Vec<Scope> {
        self.of(kind).filter(|(_, state)| unread(state, kind).is_some()).map(|(scope, _)| scope.clone()).collect()
    }

    /// The kinds that are watched.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.states.keys().map(|scope| scope.kind).collect();
        kinds.dedup();
        kinds
    }

    /// How `kind` is doing over all its watches: what is worst of those that may be read.
    pub fn status(&self, kind: Kind, count: usize) -> KindStatus {
        let denied: Vec<Denied> = self
            .of(kind)
            .filter_map(|(scope, state)| match &state.watch {
                Watch::Forbidden { reason, since } => {
                    Some(Denied { namespace: scope.namespace.clone()?, reason: reason.clone(), since: *since })
                }
                _ => None,
            })
            .collect();
        let rank = |watch: &Watch| match watch {
            Watch::Failing { since, .. } => (4, Some(std::cmp::Reverse(*since))),
            Watch::Listing => (3, None),
            Watch::Live => (2, None),
            Watch::Absent => (1, None),
            Watch::Forbidden { since, .. } => (0, since.map(std::cmp::Reverse)),
        };
        let worst = self.of(kind).map(|(_, state)| &state.watch).max_by_key(|watch| rank(watch));
        let watch = worst.cloned().unwrap_or(Watch::Listing);
        let denied = if matches!(watch, Watch::Forbidden { .. }) { Vec::new() } else { denied };
        KindStatus { watch, count, denied }
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = (&Scope, &State)> {
        let first = Scope { kind, namespace: None };
        self.states.range(first..).take_while(move |(scope, _)| scope.kind == kind)
    }
}

const fn done(state: &State) -> bool {
    state.listed || matches!(state.watch, Watch::Forbidden { .. } | Watch::Absent)
}

/// Why the objects of a watch are not known; `None` when they are, when there are none to be, and while they come.
fn unread(state: &State, kind: Kind) -> Option<Str> {
    let plural = kind.plural();
    match &state.watch {
        Watch::Forbidden { .. } => Some(format!("you may not list {plural}").into()),
        Watch::Failing { reason, .. } if !state.listed => {
            Some(format!("{plural} can't be listed ({})", reason.trim_end_matches('.')).into())
        }
        Watch::Failing { .. } | Watch::Listing | Watch::Live | Watch::Absent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn scope(namespace: &str) -> Scope {
        Scope { kind: Kind::Pod, namespace: Some(namespace.into()) }
    }

    fn forbidden() -> Watch {
        Watch::Forbidden { reason: "no".into(), since: None }
    }

    #[test]
    fn a_kind_is_unread_where_it_may_not_be_listed_or_never_was() {
        let mut scopes = Scopes::default();
        let canaries = |namespace: Option<&str>| Scope { kind: Kind::Canary, namespace: namespace.map(Into::into) };
        assert_eq!(scopes.unread(Kind::Canary, "a"), None, "nobody asked");
        scopes.expect(canaries(None));
        assert_eq!(scopes.unread(Kind::Canary, "a"), None, "it comes");
        scopes.set(&canaries(None), Watch::Forbidden { reason: "no".into(), since: None });
        assert!(scopes.unread(Kind::Canary, "a").expect("unread").contains("may not list canaries"));
        scopes.expect(canaries(Some("a")));
        scopes.set(&canaries(Some("a")), Watch::Live);
        assert_eq!(scopes.unread(Kind::Canary, "a"), None, "one watch that reads it is enough");
        assert!(scopes.unread(Kind::Canary, "b").is_some());
        scopes.drop(&canaries(None));
        let failing = Watch::Failing { since: Timestamp::UNIX_EPOCH, reason: "503.".into(), retry_at: Timestamp::MAX };
        scopes.expect(canaries(Some("b")));
        scopes.set(&canaries(Some("b")), failing.clone());
        assert_eq!(scopes.unread(Kind::Canary, "b").as_deref(), Some("canaries can't be listed (503)"));
        assert_eq!(scopes.all_unread(Kind::Canary), [canaries(Some("b"))]);
        scopes.listed(&canaries(Some("b")));
        assert_eq!(scopes.unread(Kind::Canary, "b"), None, "rows stay when a watch fails");
        scopes.set(&canaries(Some("b")), Watch::Absent);
        assert_eq!(scopes.unread(Kind::Canary, "b"), None, "where there are none, none steers");
    }

    #[test]
    fn denied_namespaces_are_named_while_others_are_read() {
        let mut scopes = Scopes::default();
        for namespace in ["a", "b"] {
            scopes.expect(scope(namespace));
        }
        scopes.expect(Scope { kind: Kind::Service, namespace: None });
        assert_eq!(scopes.status(Kind::Pod, 0).watch, Watch::Listing);
        scopes.set(&scope("a"), forbidden());
        assert!(scopes.set(&scope("b"), Watch::Live) && !scopes.set(&scope("b"), Watch::Live));
        assert!(!scopes.all_listed(Kind::Pod));
        assert!(scopes.listed(&scope("b")) && !scopes.listed(&scope("b")));
        assert!(scopes.all_listed(Kind::Pod) && !scopes.all_listed(Kind::Service));
        let status = scopes.status(Kind::Pod, 7);
        let denied = Denied { namespace: "a".into(), reason: "no".into(), since: None };
        assert_eq!((status.watch, status.count, status.denied), (Watch::Live, 7, vec![denied]));
        let failing = Watch::Failing { since: Timestamp::UNIX_EPOCH, reason: "x".into(), retry_at: Timestamp::MAX };
        scopes.set(&scope("b"), failing.clone());
        assert_eq!(scopes.status(Kind::Pod, 7).watch, failing);
        scopes.set(&scope("b"), forbidden());
        assert!(matches!(scopes.status(Kind::Pod, 0).watch, Watch::Forbidden { since: None, .. }));
        let lost = Watch::Forbidden { reason: "no more".into(), since: Some(Timestamp::UNIX_EPOCH) };
        scopes.set(&scope("a"), lost.clone());
        assert_eq!(
            scopes.status(Kind::Pod, 3).watch,
            lost,
            "what was read once and may be no more counts before the rest"
        );
    }
}
