//! A pod's log: lines made up from the pod's age, the same on every read.

use super::Call;
use super::answer::Answer;
use super::route::Target;
use crate::sim::SimCluster;
use crate::sim::clock::seconds;
use crate::sim::ids::fnv;
use crate::sim::json::{Json, micro_stamp, time};
use crate::sim::object::Object;
use crate::sim::refusal::Refusal;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

/// One line every so many seconds.
const EVERY: i64 = 3;
/// No more lines than this are ever sent at once.
const MOST: i64 = 2_000;
/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What to show of a log.
#[derive(Debug, Clone)]
struct Excerpt {
    container: String,
    tail: Option<i64>,
    since: Option<i64>,
    timestamps: bool,
}

pub fn answer(sim: &SimCluster, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let (kind, found) = sim.with(|world| (world.store.kind(target.kind).clone(), world.store.get(&target.id())));
    let pod = found.ok_or_else(|| Refusal::not_found(&kind, &target.name))?;
    let value = pod.value();
    let names: Vec<&str> = value.list("/spec/containers").iter().map(|container| container.text("/name")).collect();
    let container = match call.query.get("container").filter(|name| !name.is_empty()) {
        Some(name) if names.contains(&name) => name.to_owned(),
        Some(name) => {
            return Err(Refusal::bad_request(format!("container {name} is not valid for pod {}", target.name)));
        }
        None if names.len() > 1 => {
            let listed = names.join(" ");
            return Err(Refusal::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{listed}]",
                target.name
            )));
        }
        None => names.first().copied().unwrap_or_default().to_owned(),
    };
    let number = |key: &str| call.query.number(key).map(|number| number as i64);
    let excerpt = Excerpt {
        container,
        tail: number("tailLines"),
        since: number("sinceSeconds"),
        timestamps: call.query.flag("timestamps"),
    };
    let (from, until) = life(&value, &excerpt.container, call.query.flag("previous"), sim.now(), &target.name)?;
    let text = lines(&pod, &value, &excerpt, from, until);
    if !call.query.flag("follow") {
        return Ok(Answer::text(200, text));
    }
    Ok(Answer::stream("text/plain", follow(sim.clone(), target.clone(), excerpt, text, (from, until))))
}

/// From when to when the container wrote, or why there is no log.
fn life(
    pod: &Value,
    container: &str,
    previous: bool,
    now: Timestamp,
    name: &str,
) -> Result<(Timestamp, Timestamp), Refusal> {
    let statuses = pod.list("/status/containerStatuses");
    let status = statuses.iter().find(|status| status.text("/name") == container);
    let waiting = || {
        let reason = status.map_or("ContainerCreating", |status| status.text("/state/waiting/reason"));
        let why = if reason.contains("Image") { "trying and failing to pull image" } else { "ContainerCreating" };
        Refusal::bad_request(format!("container {container:?} in pod {name:?} is waiting to start: {why}"))
    };
    let Some(status) = status else { return Err(waiting()) };
    let started = time(status.text("/state/running/startedAt"));
    let last = status.at("/lastState/terminated");
    let ended =
        time(last.text("/finishedAt")).map(|end| (time(last.text("/startedAt")).unwrap_or(end - seconds(2)), end));
    match (previous, started, ended) {
        (false, Some(started), _) => Ok((started, now)),
        (_, _, Some(ended)) => Ok(ended),
        (true, ..) => {
            Err(Refusal::bad_request(format!("previous terminated container {container:?} in pod {name:?} not found")))
        }
        (false, ..) => Err(waiting()),
    }
}

/// The lines written after `from` and not after `until`.
fn lines(pod: &Object, value: &Value, excerpt: &Excerpt, from: Timestamp, until: Timestamp) -> String {
    let total = until.duration_since(from).as_secs() / EVERY;
    let mut first = (total - MOST).max(0);
    if let Some(since) = excerpt.since {
        first = first.max(total - since / EVERY);
    }
    if let Some(tail) = excerpt.tail {
        first = first.max(total - tail + 1);
    }
    let crashed = value.list("/status/containerStatuses").iter().any(|status| status.count("/restartCount") > 0);
    let mut text = String::new();
    for place in first..=total {
        let at = from + seconds(place * EVERY);
        if excerpt.timestamps {
            let _ = write!(text, "{} ", micro_stamp(at));
        }
        let _ = writeln!(text, "{}", line(pod, &excerpt.container, place, crashed && place == total));
    }
    text
}

fn line(pod: &Object, container: &str, place: i64, last: bool) -> String {
    if last && place <= 1 {
        return "level=fatal msg=\"cannot start: required setting is missing\" exit=1".to_owned();
    }
    if place == 0 {
        return format!("level=info msg=\"{container} starting\" pod={}", pod.id.name);
    }
    let dice = fnv(format!("{}{place}", pod.uid).as_bytes());
    let path = ["/", "/cart", "/search?q=tea", "/items/42", "/checkout"][(dice % 5) as usize];
    let (code, level) = if dice.is_multiple_of(97) { (503, "warn") } else { (200, "info") };
    format!("level={level} msg=\"request\" method=GET path={path:?} status={code} duration={}ms", 3 + dice % 80)
}

fn follow(
    sim: SimCluster,
    target: Target,
    excerpt: Excerpt,
    text: String,
    (from, until): (Timestamp, Timestamp),
) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    let sent = until.duration_since(from).as_secs() / EVERY;
    futures::stream::unfold((Some(text), sent), move |(first, sent)| {
        let (sim, target, excerpt) = (sim.clone(), target.clone(), excerpt.clone());
        async move {
            if let Some(text) = first {
                return Some((Ok(Bytes::from(text)), (None, sent)));
            }
            loop {
                tokio::time::sleep(LOOK).await;
                let (found, now) = sim.with(|world| {
                    world.catch_up();
                    (world.store.get(&target.id()), world.now())
                });
                let pod = found?;
                let value = pod.value();
                let (from, until) = life(&value, &excerpt.container, false, now, &target.name).ok()?;
                let total = until.duration_since(from).as_secs() / EVERY;
                if total > sent {
                    let more = Excerpt { tail: Some(total - sent), since: None, ..excerpt };
                    return Some((Ok(Bytes::from(lines(&pod, &value, &more, from, until))), (None, total)));
                }
                if until != now {
                    return None;
                }
            }
        }
    })
}
