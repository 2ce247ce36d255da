//! Measurements, gate and guard in the console itself, by keys in a pseudo terminal, over a real Prometheus.

use crate::by_hand::Console;
use crate::guard::{at_home, istio, prometheus, told, weights};
use std::time::Duration;

fn settings(prometheus: &str) -> [(&'static str, &str); 4] {
    [
        ("WINDLASS_METRICS_PROMETHEUS", prometheus),
        ("WINDLASS_METRICS_WINDOW", "10s"),
        ("WINDLASS_GUARD_MIN_REQUESTS", "20"),
        ("WINDLASS_GUARD_SETTLE", "3s"),
    ]
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_bad_candidate_is_seen_in_the_pane_holds_the_key_and_is_overridden_with_a_reason() {
    let room = istio("guard-keys", "0.2");
    let prometheus = prometheus();
    let mut console = Console::open_with(&room.0, "vs/web", "A advance", &settings(&prometheus));
    console.types("4");
    assert!(console.comes(Duration::from_secs(10), "✖ 20 %"), "seen as it is, and over its limit");
    console.shows("┌ prometheus ");
    console.plans("A", "ADVANCE");
    console.shows("held     ✖");
    // The key that confirms is answered with what holds it, and sends nothing.
    console.presses("y", |screen| screen.contents().contains("'b'"));
    assert_eq!(weights(&room), "95 5");
    console.overrides("known to be bad", "error rate");
    console.confirms("ADVANCE");
    assert_eq!(weights(&room), "80 20");
    let journal = told(&at_home(console.home(), &room.0, None, &[], &["journal", "-o", "json"]));
    assert!(journal.contains("known to be bad"), "{journal}");
}

#[test]
#[ignore = "needs a control plane with prometheus and traffic"]
fn a_guard_that_is_armed_by_key_with_typed_rules_takes_a_bad_candidate_back_by_itself() {
    let room = istio("guard-armed", "0.2");
    let prometheus = prometheus();
    let mut console = Console::open_with(&room.0, "vs/web", "A advance", &settings(&prometheus));
    console.types("B");
    console.shows("GUARD");
    console.presses("e", |screen| screen.contents().contains("Enter takes them"));
    // From the start of the line: a second press may stand there.
    console.types("\x15500%\r");
    console.shows("500 % is no share");
    console.types("\x155%,requests=20,breaches=2\t\t\t\x155m\t\t\x1b[C\r");
    console.shows("e changes the rules");
    console.presses("y", |screen| !screen.contents().contains("┌ GUARD "));
    assert!(console.comes(Duration::from_secs(120), "rolled back"), "it ends by itself");
    assert_eq!(weights(&room), "100 0");
}
