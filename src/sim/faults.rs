//! Faults that tests and scripts put between a client and the simulated API server.

use jiff::Timestamp;
use std::time::Duration;

/// Which requests a fault meets; what is `None` matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct On {
    /// The verb as in rights: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: Option<String>,
    /// A part of the path with its query, such as `/pods` or `/namespaces/shop/`.
    pub path: Option<String>,
}

impl On {
    /// Every request.
    pub fn all() -> On {
        On::default()
    }

    /// Requests with this verb.
    pub fn verb(verb: &str) -> On {
        On { verb: Some(verb.to_owned()), path: None }
    }

    /// The same, narrowed to paths that hold `part`.
    #[must_use]
    pub fn path(mut self, part: &str) -> On {
        self.path = Some(part.to_owned());
        self
    }

    fn meets(&self, verb: &str, path: &str) -> bool {
        self.verb.as_ref().is_none_or(|wanted| wanted == verb)
            && self.path.as_ref().is_none_or(|part| path.contains(part))
    }
}

/// What happens to a request that a fault meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is answered with this status code; a watch gets 410 as an event, as from a real server.
    Status {
        /// The HTTP status code, 400 to 599.
        code: u16,
        /// Seconds for `Retry-After`.
        retry_after: Option<u32>,
    },
    /// The connection is cut before anything happens.
    Reset,
    /// It is never answered; a watch is accepted and stays silent.
    Stall,
    /// It is carried out, and then the connection is cut.
    LostAnswer,
    /// It is answered late.
    Slow(Duration),
    /// The first object of the answer has a status that is no object.
    Malformed,
    /// The clock that its answers tell is ahead by so much.
    Ahead(Duration),
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which requests it meets.
    pub on: On,
    /// What happens to them.
    pub effect: Effect,
    /// How many requests it meets before it is over; `None` is any number.
    pub times: Option<u32>,
    /// From when on, in simulated time; `None` is from now on.
    pub from: Option<Timestamp>,
    /// Until when, in simulated time; `None` is for ever.
    pub until: Option<Timestamp>,
}

impl Fault {
    /// A fault that meets every matching request from now on.
    pub fn new(on: On, effect: Effect) -> Fault {
        Fault { on, effect, times: None, from: None, until: None }
    }

    /// A fault that meets the next `count` matching requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Fault {
        self.times = Some(count);
        self
    }

    fn is_on(&self, now: Timestamp) -> bool {
        self.times != Some(0) && self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// The faults of a cluster; the first that meets a request counts.
#[derive(Debug, Clone, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect on a request, counted.
    pub fn meet(&mut self, verb: &str, path: &str, now: Timestamp) -> Option<Effect> {
        let fault = self.0.iter_mut().find(|fault| fault.is_on(now) && fault.on.meets(verb, path))?;
        if let Some(left) = &mut fault.times {
            *left -= 1;
        }
        Some(fault.effect.clone())
    }

    /// Whether a silence lies over open watches of this path.
    pub fn silences(&self, path: &str, now: Timestamp) -> bool {
        let stalls = |fault: &&Fault| fault.effect == Effect::Stall && fault.times.is_none() && fault.is_on(now);
        self.0.iter().filter(stalls).any(|fault| fault.on.meets("watch", path))
    }
}
