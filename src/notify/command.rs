//! A program that gets the notice on its input.

use super::http::Trouble;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How long it may take; then it is ended.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs `run` with `input`. A program that fails is not run again: what it did by then is not known.
pub async fn run(run: &[String], input: String) -> Result<(), Trouble> {
    let [program, arguments @ ..] = run else { return Err(Trouble::Final("no program is named".to_owned())) };
    let failed = |what: &str, error: &dyn std::fmt::Display| Trouble::Final(format!("{program} {what}: {error}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed("can't be started", &error))?;
    let ended = tokio::time::timeout(LIMIT, async {
        if let Some(mut pipe) = child.stdin.take() {
            // A program that does not read its input may still do its work.
            let _ = pipe.write_all(input.as_bytes()).await;
        }
        child.wait().await
    });
    match ended.await {
        Err(_) => Err(Trouble::Final(format!("{program} did not end within 30 s"))),
        Ok(Err(error)) => Err(failed("can't be waited for", &error)),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(Trouble::Final(format!("{program} ended with {status}"))),
    }
}
