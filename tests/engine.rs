//! The write side over the simulated cluster, through the real client: fences, lost answers, verification, the journal.

#[path = "engine/applying.rs"]
mod applying;
#[path = "engine/closing.rs"]
mod closing;
#[path = "engine/endings.rs"]
mod endings;
#[path = "engine/faults.rs"]
mod faults;
#[path = "engine/feed.rs"]
mod feed;
#[path = "engine/gates.rs"]
mod gates;
#[path = "engine/guard.rs"]
mod guard;
#[path = "engine/guarded.rs"]
mod guarded;
#[path = "engine/interrupted.rs"]
mod interrupted;
#[path = "engine/killed.rs"]
mod killed;
#[path = "engine/kit.rs"]
mod kit;
#[path = "engine/midway.rs"]
mod midway;
#[path = "engine/presence.rs"]
mod presence;
#[path = "engine/rechecked.rs"]
mod rechecked;
#[path = "engine/rights.rs"]
mod rights;
#[path = "engine/sides.rs"]
mod sides;
#[path = "engine/tls.rs"]
mod tls;
#[path = "engine/watching.rs"]
mod watching;
