//! What a property does not ask of every case, with the reason, printed as a table. A line that nothing needs any more is
//! an error: no exception outlives its cause.

use crate::domain::Verb;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A line of the table: of which strategy, in what, which verb, and why.
pub struct Exception {
    /// The beginning of the strategy's name; empty: any.
    pub kind: &'static str,
    /// What happens to the world, or where it stands.
    pub on: &'static str,
    /// The verb; `None`: every one.
    pub verb: Option<Verb>,
    /// Why.
    pub why: &'static str,
}

/// One exception.
pub const fn except(kind: &'static str, on: &'static str, verb: Option<Verb>, why: &'static str) -> Exception {
    Exception { kind, on, verb, why }
}

/// The exceptions of one property, and what they were needed for.
pub struct LeftOut {
    property: &'static str,
    exceptions: &'static [Exception],
    needed: RefCell<BTreeMap<usize, Vec<String>>>,
    others: RefCell<Vec<(String, String)>>,
}

impl LeftOut {
    /// The table of `property`.
    pub const fn of(property: &'static str, exceptions: &'static [Exception]) -> Self {
        Self { property, exceptions, needed: RefCell::new(BTreeMap::new()), others: RefCell::new(Vec::new()) }
    }

    /// Whether the table names the case; it is noted as needed.
    pub fn names(&self, kind: &str, on: &str, verb: Option<Verb>, case: &str) -> bool {
        let fits = |exception: &Exception| {
            kind.starts_with(exception.kind)
                && on.contains(exception.on)
                && (exception.verb.is_none() || exception.verb == verb)
        };
        let Some(place) = self.exceptions.iter().position(fits) else { return false };
        self.needed.borrow_mut().entry(place).or_default().push(case.to_owned());
        true
    }

    /// Notes a case that can't be asked, with its reason.
    pub fn note(&self, case: &str, why: impl Into<String>) {
        self.others.borrow_mut().push((case.to_owned(), why.into()));
    }

    /// Prints the table; fails over a line that nothing needed.
    #[expect(clippy::print_stdout, reason = "the table of what is left out, and why")]
    pub fn print(&self) {
        let needed = self.needed.borrow();
        for (place, exception) in self.exceptions.iter().enumerate() {
            let cases = needed.get(&place);
            assert!(
                cases.is_some(),
                "{}: the exception for '{}' {:?} on '{}' is needed no more",
                self.property,
                exception.kind,
                exception.verb,
                exception.on
            );
            for case in cases.into_iter().flatten() {
                println!("left out of '{}'   {case:<70} {}", self.property, exception.why);
            }
        }
        for (case, why) in self.others.borrow().iter() {
            println!("left out of '{}'   {case:<70} {why}", self.property);
        }
    }
}
