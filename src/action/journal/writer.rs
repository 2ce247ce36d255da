//! The one thread that writes the journal: a disk that hangs hangs this thread and nothing else.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

/// Where lines go.
pub trait Sink: Send + 'static {
    /// Writes one line and returns once it is durable.
    fn write(&mut self, line: &[u8]) -> io::Result<()>;
}

struct Job {
    line: Vec<u8>,
    done: mpsc::Sender<io::Result<()>>,
}

/// The handle of the writing thread; the thread ends with it.
#[derive(Debug)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(mut sink: Box<dyn Sink>) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = move || {
            for job in queue {
                // Nobody waits any more after a second; the line is written all the same.
                let _ = job.done.send(sink.write(&job.line));
            }
        };
        // Without a thread the queue is dropped, and every write fails with a reason.
        let _ = std::thread::Builder::new().name("journal".into()).spawn(work);
        Self { jobs }
    }

    /// Writes a line (its break is added) and waits for `limit` at most; `TimedOut` says that it may still be written.
    pub async fn write(&self, mut line: Vec<u8>, limit: Duration) -> io::Result<()> {
        line.push(b'\n');
        let (done, answer) = mpsc::channel();
        let gone = || io::Error::other("its writer has ended");
        self.jobs.send(Job { line, done }).map_err(|_| gone())?;
        // A blocking task and not a timer: the disk runs on the real clock, also where a test's clock stands still.
        let waited = tokio::task::spawn_blocking(move || answer.recv_timeout(limit)).await;
        match waited.map_err(io::Error::other)? {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }
}

/// A file that only its owner may read, opened at the first line.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    file: Option<File>,
}

impl FileSink {
    /// Lines go to the end of `path`.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    fn open(&self) -> io::Result<File> {
        if let Some(directory) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&self.path)
    }

    /// Whether the path still leads to the open file.
    fn is_still(&self, file: &File) -> bool {
        let (Ok(open), Ok(named)) = (file.metadata(), std::fs::metadata(&self.path)) else { return false };
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }

    fn put(file: &File, line: &[u8]) -> io::Result<()> {
        // A process that was killed in the middle of a line left it without its break: close it off. One write call puts
        // break and line at the end of the file together, so that other processes' lines are never cut in two.
        let mut whole = Vec::with_capacity(line.len() + 1);
        if torn(file)? {
            whole.push(b'\n');
        }
        whole.extend_from_slice(line);
        (&*file).write_all(&whole)?;
        file.sync_data()
    }
}

fn torn(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    Ok(last != [b'\n'])
}

impl Sink for FileSink {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        // A file that was removed, or put aside by name, takes lines that nobody finds.
        let file = match self.file.take() {
            Some(file) if self.is_still(&file) => file,
            _ => self.open()?,
        };
        // After a failure the file is opened anew at the next line: the directory may be back by then.
        Self::put(&file, line)?;
        self.file = Some(file);
        Ok(())
    }
}
