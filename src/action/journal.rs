//! The durable record: JSON lines in one file, written by one thread, readable by any number of processes.
//!
//! A line is on the disk (`fdatasync`) when `append` returns; a disk that does not answer within a second is an error and
//! not a wait. A process that is killed leaves at most one torn line at the end, which readers skip and the next writer
//! closes off.

pub mod locks;
pub mod masking;
pub mod memory;
pub mod reader;
pub mod unfinished;
mod writer;

pub use locks::PlanLock;
pub use unfinished::Unfinished;

use crate::domain::journal::Entry;
use crate::domain::plan::PlanId;
use crate::domain::said::plain;
use crate::strategy::Recorded;
use memory::Memory;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use writer::{FileSink, Sink, Writer};

/// How long the disk may take for a line.
pub const LIMIT: Duration = Duration::from_secs(1);

/// Why a line is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotJournalled {
    /// The disk did not answer within a second.
    #[error("the journal {} did not take the line within 1 s", path.display())]
    TooSlow {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("the journal {} can't be written: {why}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
}

/// The journal of this machine's user. Clones share it.
#[derive(Debug, Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    writer: Writer,
    memory: Arc<RwLock<Memory>>,
}

impl Journal {
    /// The journal in `directory` (made when missing, for its owner only). It opens even if the directory can't be used:
    /// that shows when a line is written.
    pub fn open(directory: &Path) -> Self {
        let file = directory.join("journal.jsonl");
        Self::with_sink(file.clone(), Box::new(FileSink::new(file)))
    }

    fn with_sink(file: PathBuf, sink: Box<dyn Sink>) -> Self {
        let memory = reader::read(&file).map(|entries| Memory::of(&entries)).unwrap_or_default();
        let inner = Inner { file, writer: Writer::start(sink), memory: Arc::new(RwLock::new(memory)) };
        Self { inner: Arc::new(inner) }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.inner.file
    }

    /// Writes one line, secret-like values left out, and waits until it is on the disk: a second at most.
    pub async fn append(&self, entry: &Entry) -> Result<(), NotJournalled> {
        self.memory_mut(|memory| memory.take(entry));
        let path = || self.inner.file.clone();
        let failed = |why: String| NotJournalled::Failed { path: path(), why };
        let line = serde_json::to_string(&masking::for_the_disk(entry)).map_err(|error| failed(error.to_string()))?;
        // Whoever reads it later has other keys, or none. The words need no escape in JSON.
        let line = plain(&line).into_owned();
        match self.inner.writer.write(line.into_bytes(), LIMIT).await {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(NotJournalled::TooSlow { path: path() }),
            result => result.map_err(|error| failed(error.to_string())),
        }
    }

    /// Every line that can be read, the oldest first. An absent file is an empty journal.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        reader::read(&self.inner.file)
    }

    /// What speaks for revisions, as strategies ask for it.
    pub fn recorded(&self) -> Arc<dyn Recorded + Send + Sync> {
        Arc::new(memory::Remembered(Arc::clone(&self.inner.memory)))
    }

    /// What is remembered of one release.
    pub fn memory<T>(&self, look: impl FnOnce(&Memory) -> T) -> T {
        look(&self.inner.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn memory_mut(&self, change: impl FnOnce(&mut Memory)) {
        change(&mut self.inner.memory.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes the lock of a plan that begins to run; it is held until the returned value is dropped.
    pub fn lock(&self, plan: &PlanId) -> Result<PlanLock, NotJournalled> {
        locks::lock(&self.inner.file, plan)
            .map_err(|error| NotJournalled::Failed { path: self.inner.file.clone(), why: error.to_string() })
    }

    /// Plans that began, have no outcome and are not running in any process: interrupted ones, the newest first.
    pub fn unfinished(&self) -> io::Result<Vec<Unfinished>> {
        let entries = self.entries()?;
        let found = unfinished::of(&entries);
        Ok(found.into_iter().filter(|plan| !locks::is_held(&self.inner.file, &plan.plan)).collect())
    }
}

#[cfg(test)]
mod tests;
