//! The README says what is: its keys are the table's. `WINDLASS_TEST_UPDATE=1 cargo test --test readme` writes it anew.

use std::{error::Error, fs, path::Path};

const BEGIN: &str = "<!-- keys: generated, do not edit -->\n";
const END: &str = "<!-- keys: end -->\n";

#[test]
fn the_keys_are_those_of_the_key_table() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("README.md has lost the mark before its keys")?;
    let (keys, after) = rest.split_once(END).ok_or("README.md has lost the mark after its keys")?;
    let current = windlass::app::keys::markdown();
    if keys == current {
        return Ok(());
    }
    if std::env::var_os("WINDLASS_TEST_UPDATE").is_some() {
        fs::write(&path, [before, BEGIN, current.as_str(), END, after].concat())?;
        return Ok(());
    }
    Err("the keys in README.md are not current: run WINDLASS_TEST_UPDATE=1 cargo test --test readme".into())
}
