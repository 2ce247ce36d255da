//! Logs of a pod or of a whole track, merged as they come.

use super::connect::Cluster;
use super::explain;
use super::kinds::{object_path, with};
use super::request::{Failed, Request};
use crate::domain::{ObjectKey, Str, Timestamp};
use bytes::{Buf as _, BytesMut};
use http_body_util::BodyExt as _;
use kube::client::Body;
use std::time::Duration;
use tokio::sync::mpsc;

/// Which logs.
#[derive(Debug, Clone, Default)]
pub struct LogRequest {
    /// The pods.
    pub pods: Vec<ObjectKey>,
    /// The container; every container where there are several and none is named.
    pub container: Option<Str>,
    /// Whether to go on as lines come.
    pub follow: bool,
    /// How many of the last lines of each container; `None`: all.
    pub tail: Option<u32>,
    /// Not older than this.
    pub since: Option<Duration>,
    /// Of the run before the last restart.
    pub previous: bool,
    /// With the time of each line.
    pub timestamps: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The pod.
    pub pod: Str,
    /// The container; empty where the pod has only one and none was named.
    pub container: Str,
    /// When it was written, where times were asked for.
    pub at: Option<Timestamp>,
    /// The text as the container wrote it: not safe to print as it is.
    pub text: Str,
}

/// What is told of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogMsg {
    /// A line.
    Line(LogLine),
    /// One container's log ended; why, where that is no plain end.
    Ended {
        /// The pod.
        pod: Str,
        /// One sentence.
        why: Option<Str>,
    },
}

/// Lines on their way; when nobody takes them the logs wait.
const LINES: usize = 1_024;

/// A longer line is cut in pieces.
const LONGEST: usize = 64 * 1_024;

impl Cluster {
    /// Reads logs until each ended, or the receiver is dropped. The channel closes when all ended.
    pub fn logs(&self, request: &LogRequest) -> mpsc::Receiver<LogMsg> {
        let (out, lines) = mpsc::channel(LINES);
        for pod in &request.pods {
            let (cluster, request, pod, out) = (self.clone(), request.clone(), pod.clone(), out.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = of_pod(&cluster, &pod, &request, &out) => {}
                    () = out.closed() => {}
                }
            });
        }
        lines
    }
}

async fn of_pod(cluster: &Cluster, pod: &ObjectKey, request: &LogRequest, out: &mpsc::Sender<LogMsg>) {
    let named = request.container.clone().unwrap_or_else(|| "".into());
    match open(cluster, pod, &named, request).await {
        Ok(body) => read(body, pod, &named, request, out).await,
        Err(failed) => match containers_in(&failed) {
            Some(containers) if named.is_empty() => {
                let each = containers.iter().map(|container| async move {
                    match open(cluster, pod, container, request).await {
                        Ok(body) => read(body, pod, container, request, out).await,
                        Err(failed) => ended(pod, Some(failed), out).await,
                    }
                });
                futures::future::join_all(each).await;
            }
            _ => ended(pod, Some(failed), out).await,
        },
    }
}

/// A pod of several containers is refused with their names: "choose one of: [app proxy]".
fn containers_in(failed: &Failed) -> Option<Vec<Str>> {
    let Failed::Refused(refused) = failed else { return None };
    let (_, rest) = refused.message.split_once("choose one of: [")?;
    let (names, _) = rest.split_once(']')?;
    Some(names.split_whitespace().map(Str::from).collect())
}

async fn open(cluster: &Cluster, pod: &ObjectKey, container: &str, request: &LogRequest) -> Result<Body, Failed> {
    let mut path = format!("{}/log", object_path(pod));
    if !container.is_empty() {
        path = with(path, "container", container);
    }
    for (name, on) in [("follow", request.follow), ("previous", request.previous), ("timestamps", request.timestamps)] {
        if on {
            path = with(path, name, "true");
        }
    }
    if let Some(tail) = request.tail {
        path = with(path, "tailLines", &tail.to_string());
    }
    if let Some(since) = request.since {
        path = with(path, "sinceSeconds", &since.as_secs().max(1).to_string());
    }
    let response = cluster.open(&Request::get(path).any().uncompressed(), cluster.inner.limit).await?;
    Ok(response.into_body())
}

async fn read(mut body: Body, pod: &ObjectKey, container: &str, request: &LogRequest, out: &mpsc::Sender<LogMsg>) {
    let container = Str::from(container);
    let mut buffer = BytesMut::new();
    loop {
        let frame = body.frame().await;
        let last = !matches!(frame, Some(Ok(_)));
        if let Some(Ok(frame)) = &frame
            && let Some(chunk) = frame.data_ref()
        {
            buffer.extend_from_slice(chunk);
        }
        while let Some(line) = next_line(&mut buffer, last) {
            let line = line_of(&line, pod, &container, request.timestamps);
            if out.send(LogMsg::Line(line)).await.is_err() {
                return;
            }
        }
        match frame {
            Some(Ok(_)) => {}
            None => return ended(pod, None, out).await,
            Some(Err(error)) => {
                let why = format!("The log of {pod} broke off: {}.", explain::deepest(&error));
                out.send(LogMsg::Ended { pod: pod.name.clone(), why: Some(why.into()) }).await.ok();
                return;
            }
        }
    }
}

fn next_line(buffer: &mut BytesMut, last: bool) -> Option<BytesMut> {
    if let Some(end) = memchr::memchr(b'\n', buffer).filter(|end| *end <= LONGEST) {
        let line = buffer.split_to(end);
        buffer.advance(1);
        return Some(line);
    }
    if buffer.len() > LONGEST {
        return Some(buffer.split_to(LONGEST));
    }
    (last && !buffer.is_empty()).then(|| buffer.split())
}

fn line_of(line: &[u8], pod: &ObjectKey, container: &Str, timestamps: bool) -> LogLine {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let stamped =
        timestamps.then(|| text.split_once(' ').and_then(|(at, rest)| Some((at.parse().ok()?, rest)))).flatten();
    let (at, text) = stamped.map_or((None, text), |(at, rest): (Timestamp, &str)| (Some(at), rest));
    LogLine { pod: pod.name.clone(), container: container.clone(), at, text: text.into() }
}

async fn ended(pod: &ObjectKey, failed: Option<Failed>, out: &mpsc::Sender<LogMsg>) {
    let why = failed.map(|failed| Str::from(failed.of_read(&format!("log of {pod}")).to_string()));
    out.send(LogMsg::Ended { pod: pod.name.clone(), why }).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::explain::Refused;
    use crate::domain::Kind;

    #[test]
    fn lines_come_out_whole_long_ones_in_pieces_and_the_last_without_its_end() {
        let mut buffer = BytesMut::from("one\ntwo\r\nthr");
        assert_eq!(next_line(&mut buffer, false).as_deref(), Some(&b"one"[..]));
        assert_eq!(next_line(&mut buffer, false).as_deref(), Some(&b"two\r"[..]));
        assert_eq!(next_line(&mut buffer, false), None);
        assert_eq!(next_line(&mut buffer, true).as_deref(), Some(&b"thr"[..]));
        assert_eq!(next_line(&mut buffer, true), None);
        let mut long = BytesMut::from(&vec![b'x'; LONGEST + 5][..]);
        assert_eq!(next_line(&mut long, false).map(|line| line.len()), Some(LONGEST));
        assert_eq!(next_line(&mut long, false), None);
    }

    #[test]
    fn a_stamped_line_gives_its_time_and_any_bytes_give_text() {
        let pod = ObjectKey::new(Kind::Pod, "shop", "web-1");
        let line = line_of(b"2025-01-01T00:00:00.123Z hello \xff\r", &pod, &"app".into(), true);
        assert_eq!((&*line.text, line.at.is_some()), ("hello \u{fffd}", true));
        assert_eq!(&*line_of(b"no time", &pod, &"app".into(), true).text, "no time");
    }

    #[test]
    fn containers_are_read_from_the_refusal() {
        let message = "a container name must be specified for pod p, choose one of: [app proxy]".to_owned();
        let failed = Failed::Refused(Refused { status: 400, message, ..Refused::default() });
        assert_eq!(containers_in(&failed), Some(vec!["app".into(), "proxy".into()]));
    }
}
