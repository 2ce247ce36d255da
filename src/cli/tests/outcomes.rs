//! What a write tells of itself at its end, as text and as `kind: Outcome`.

use serde_json::Value;

use super::run::{Home, Ran, sim};

const UNDO: [&str; 8] = ["undo", "deploy/search", "-n", "shop", "--to-revision", "3", "--yes", "--no-wait"];

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn the_outcome_names_no_journal_that_could_not_be_written() {
    let home = Home::new();
    home.write("state", "a file where the folder should be");
    let ran = home.run_on(&sim("rolling"), &[&UNDO[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, 0, "going back needs no journal: {}", ran.complaints);
    assert!(ran.complaints.contains("not journalled: "), "{}", ran.complaints);
    assert_eq!(document(&ran)["journal"], Value::Null);
}
