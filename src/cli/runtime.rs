//! The asynchronous runtime, started only by the commands that need one.

use std::future::Future;

use super::{Exit, Failure};

/// Runs `work` to its end on this thread.
pub fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    to_the_end(tokio::runtime::Builder::new_current_thread().enable_all().build(), work)
}

/// The runtime for a console: two threads, so that neither a burst of events nor a slow disk holds up a key.
pub fn run_wide<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    to_the_end(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build(), work)
}

fn to_the_end<T>(
    runtime: std::io::Result<tokio::runtime::Runtime>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Failed, format!("the runtime cannot be started: {error}")))?;
    let result = runtime.block_on(work);
    // A thread may still wait for a line that nobody will type.
    runtime.shutdown_background();
    result
}

/// Waits for `work`, or for Ctrl-C or a request to end, whichever comes first.
pub async fn until_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    unless_interrupted(work).await.unwrap_or_else(|| Err(Failure::silent(Exit::Interrupted)))
}

/// What `work` came to; `None` when Ctrl-C or a request to end came first.
pub async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = interrupted() => None,
    }
}

/// Waits for Ctrl-C or a request to end.
async fn interrupted() {
    // Without a handler the signal ends the process by itself, which is what is wanted then.
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return interrupt.await };
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
