//! Locks of running plans: a plan without an outcome whose lock nobody holds was interrupted. The system gives a lock
//! back when its process ends, however it ends.

use crate::domain::plan::PlanId;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The lock of a running plan.
#[derive(Debug)]
pub struct PlanLock {
    path: PathBuf,
    _file: File,
}

impl Drop for PlanLock {
    fn drop(&mut self) {
        // A file that stays behind is harmless: it is not locked.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes the lock of `plan`; an error when another process runs it.
pub fn lock(journal: &Path, plan: &PlanId) -> io::Result<PlanLock> {
    let path = path_of(journal, plan);
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(PlanLock { path, _file: file }),
        Err(TryLockError::WouldBlock) => Err(io::Error::other("another windlass runs this plan")),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether some process runs `plan`. What can't be told counts as running: nothing is offered then.
pub fn is_held(journal: &Path, plan: &PlanId) -> bool {
    match File::open(path_of(journal, plan)) {
        Ok(file) => !matches!(file.try_lock(), Ok(())),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// A file beside the journal; a plan's name has no character that a path could misread.
fn path_of(journal: &Path, plan: &PlanId) -> PathBuf {
    let name: String = plan.0.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    journal.with_file_name("locks").join(format!("{name}.lock"))
}
