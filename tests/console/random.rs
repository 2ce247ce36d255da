//! Random keys, those that write and confirm among them, at consoles that may change nothing: counted at the server.

use crate::stage::{Person, Stage, sim};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use windlass::sim::SimCluster;

/// What a hand may hit. `<armed>` is the pause after which a dialog takes its confirming key.
const KEYS: &[&str] = &[
    "j",
    "k",
    "G",
    "<Enter>",
    "<Esc>",
    "<Tab>",
    "5",
    "<Left>",
    "<Right>",
    "r",
    "n",
    "o",
    "d",
    "l",
    "x",
    "1",
    "<Esc><Esc>U<armed>y",
    "<Esc><Esc>R<armed>y",
    "<Esc><Esc>P<armed>y",
    "<Esc><Esc>X<armed>y",
    "<Esc><Esc>A<armed>y",
    "<Esc><Esc>S<armed>y",
    "<Esc><Esc>F<armed>y",
    "<Esc><Esc>Z<armed>y",
    "<Esc><Esc>N<Ctrl-u>3<Enter><armed>y",
    "<Esc><Esc>W50<Enter><armed>y",
    "<Esc><Esc>I<Right>9<Enter><armed>y",
    "<Esc><Esc>B<armed>y",
    "U",
    "b",
    "p",
    "<armed>",
    "y",
    "<armed>y",
];

const SCENARIOS: &[&str] = &["rolling", "istio", "bluegreen", "argo", "flagger"];

/// One console in its own time.
fn played(scenario: &str, config: &'static str, keys: &[&str]) -> SimCluster {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let stage = Stage::with(&sim(scenario), Person { config, who: "ana" }).await;
        for key in keys {
            stage.press(key).await;
        }
        stage.press("<armed>").await;
        stage.sim.clone()
    })
}

fn never(config: &'static str, cases: u32, counted: fn(&SimCluster) -> usize) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (select(SCENARIOS), proptest::collection::vec(select(KEYS), 20..60));
    let run = runner.run(&strategy, |(scenario, keys)| {
        prop_assert_eq!(counted(&played(scenario, config, &keys)), 0);
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

/// All that would change something, done or not, and every dry run, too.
fn sent(sim: &SimCluster) -> usize {
    let requests = sim.requests();
    requests.iter().filter(|request| request.is_mutation() || request.verb == "patch").count()
}

#[test]
fn whatever_is_pressed_a_read_only_console_sends_no_write() {
    never("read_only = true\n", 6, sent);
}

#[test]
fn whatever_is_pressed_a_rehearsal_changes_nothing() {
    never("rehearse = true\n", 6, SimCluster::mutations);
}

/// The same keys do write where they may: what is counted above is not nothing.
#[test]
fn the_same_keys_write_at_a_console_that_may() {
    assert!(played("rolling", "", KEYS).mutations() > 0);
}
