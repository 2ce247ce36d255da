//! Whether the server answers: a small call over a connection of its own.

use super::connect::Cluster;
use super::errors::{Away, ReadError};
use super::feed::{Message, Shared, later};
use super::request::{Failed, Request};
use crate::domain::Timestamp;
use crate::domain::snapshot::{Absence, Connection};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often the probe runs, how long it may take, and how often it runs while the server is away. Every 3 s, as the
/// design has it, with a limit of 2 s would keep the promise "stale within 5 s" to the second, and break it on a busy
/// machine: a server that stops answering right after an answer is known after 4.5 s so, for one request of a few bytes
/// more in 15 s.
const EVERY: Duration = Duration::from_millis(2_500);
const LIMIT: Duration = Duration::from_secs(2);
const EVERY_WHILE_AWAY: Duration = Duration::from_secs(1);

/// Probes for ever and tells the index what changed. The first answer after an absence makes new connections and
/// starts every watch again.
pub async fn run(shared: Shared, again: watch::Sender<u64>) {
    let mut last_answer: Option<Timestamp> = None;
    let mut shown: Option<Connection> = None;
    let began = shared.clock.now();
    loop {
        let answer = ask(&shared.cluster).await;
        let now = shared.clock.now();
        let connection = match &answer {
            Ok(()) => {
                last_answer = Some(now);
                Connection::Live
            }
            Err(error) => Connection::Away {
                since: last_answer.unwrap_or(began),
                cause: absence(error),
                reason: error.to_string().into(),
                retry_at: later(now, EVERY_WHILE_AWAY),
            },
        };
        let back = connection == Connection::Live && matches!(shown, Some(Connection::Away { .. }));
        if back {
            shared.cluster.reconnect();
            again.send_modify(|round| *round += 1);
        }
        if shown.as_ref() != Some(&connection) {
            if shared.out.send(Message::Connection(connection.clone())).await.is_err() {
                return;
            }
            shown = Some(connection);
        }
        if answer.is_ok() {
            tokio::select! {
                () = sleep(EVERY) => {}
                () = shared.doubt.notified() => {}
            }
        } else {
            sleep(EVERY_WHILE_AWAY).await;
        }
    }
}

/// The kind of reason, in a word.
fn absence(error: &ReadError) -> Absence {
    match error {
        ReadError::Unauthorized(_) | ReadError::Forbidden(_) => Absence::Login,
        ReadError::OtherCluster(_) => Absence::Elsewhere,
        ReadError::Server { status, .. } => Absence::Status(*status),
        ReadError::TooMany { .. } => Absence::Status(429),
        ReadError::NotFound(_) => Absence::Status(404),
        ReadError::Gone(_) => Absence::Status(410),
        ReadError::Unreachable(away) => away.cause,
        ReadError::Unreadable(_) => Absence::NoAnswer,
    }
}

/// Any answer will do but two: that the credentials are not accepted, and that this is another cluster now.
async fn ask(cluster: &Cluster) -> Result<(), ReadError> {
    if let Some(why) = cluster.elsewhere() {
        return Err(ReadError::OtherCluster(why));
    }
    let generation = cluster.link().generation;
    let answer = timeout(LIMIT, cluster.probe(&Request::get("/version"), LIMIT)).await;
    match answer {
        Ok(Err(Failed::Refused(refused))) if refused.status == 401 => {
            let message = match cluster.renew(generation).await {
                Ok(()) => refused.message.clone(),
                Err(error) => error.to_string(),
            };
            Err(super::explain::Refused { message, ..refused }.of_read("the server's version"))
        }
        // A gateway that answers for a server which is away.
        Ok(Err(Failed::Refused(refused))) if refused.status >= 500 => Err(refused.of_read("the server's version")),
        Ok(Ok(_) | Err(Failed::Refused(_))) => Ok(()),
        Ok(Err(failed)) => Err(failed.of_read("the server's version")),
        Err(_) => {
            let server = cluster.identity().server.clone();
            Err(ReadError::Unreachable(Away::silent(format!("{server} gave no answer within {} s.", LIMIT.as_secs()))))
        }
    }
}
