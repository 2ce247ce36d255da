//! Reads the journal: what is no entry (a torn line, a line of a newer version) is skipped.

use crate::domain::journal::Entry;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

/// Every entry in the file, the oldest first; none when there is no file.
pub fn read(file: &Path) -> io::Result<Vec<Entry>> {
    let file = match File::open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Ok(Vec::new());
    }
    let mut entries = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        if let Ok(entry) = serde_json::from_slice(&line?) {
            entries.push(entry);
        }
    }
    Ok(entries)
}
