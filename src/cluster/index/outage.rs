//! Times without any ready pod, as the watch sees them.

use crate::domain::objects::Outage;
use crate::domain::{Timestamp, Uid};
use std::collections::HashMap;

/// Whether pods of a workload serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// A pod is ready.
    Yes,
    /// None is ready, and some are wanted.
    No,
    /// None is wanted.
    NotWanted,
}

/// What was seen of each workload.
#[derive(Debug, Default)]
pub struct Outages {
    seen: HashMap<Uid, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    serving: Serving,
    last: Option<Outage>,
}

impl Outages {
    /// Notes how a workload is now. An outage begins when a serving one stops; one that was never seen serving has
    /// none, since nobody knows when it began.
    pub fn note(&mut self, workload: &Uid, serving: Serving, now: Timestamp) {
        let seen = self.seen.entry(workload.clone()).or_insert(Seen { serving, last: None });
        match (seen.serving, serving) {
            (Serving::Yes, Serving::No) => seen.last = Some(Outage { from: now, until: None }),
            (Serving::No, Serving::Yes | Serving::NotWanted) => {
                if let Some(outage) = seen.last.as_mut().filter(|outage| outage.until.is_none()) {
                    outage.until = Some(now);
                }
            }
            _ => {}
        }
        seen.serving = serving;
    }

    /// The outage that runs, or the last one seen.
    pub fn of(&self, workload: &Uid) -> Option<Outage> {
        self.seen.get(workload)?.last
    }

    /// Forgets a workload.
    pub fn forget(&mut self, workload: &Uid) {
        self.seen.remove(workload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_runs_from_the_last_ready_pod_to_the_next() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let mut outages = Outages::default();
        let web = Uid::new("u");
        outages.note(&web, Serving::No, at(1));
        assert_eq!(outages.of(&web), None, "never seen serving");
        outages.note(&web, Serving::Yes, at(2));
        assert_eq!(outages.of(&web), None);
        outages.note(&web, Serving::No, at(5));
        outages.note(&web, Serving::No, at(6));
        assert_eq!(outages.of(&web), Some(Outage { from: at(5), until: None }));
        outages.note(&web, Serving::Yes, at(9));
        assert_eq!(outages.of(&web), Some(Outage { from: at(5), until: Some(at(9)) }));
        outages.note(&web, Serving::NotWanted, at(11));
        assert_eq!(outages.of(&web), Some(Outage { from: at(5), until: Some(at(9)) }), "scaling to 0 is none");
    }
}
