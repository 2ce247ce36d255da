//! Queries of the settings, asked for each track: they take the place of what a preset would say.

use super::answer::{Answer, Row};
use super::client::{Client, Unanswered};
use super::template::fill;
use super::{POINTS, step};
use crate::config::{Queries, Written};
use crate::domain::measurement::{Reading, Series};
use crate::domain::{Str, Timestamp};
use crate::metrics::source::{Found, Question, Trouble, fine};
use jiff::SignedDuration;

/// Lays the own queries over `base`, and says the server's time. A query that the server refuses is named with its place
/// in the settings.
pub async fn measure(
    client: &Client,
    queries: &Queries,
    question: &Question,
    ahead: SignedDuration,
    mut base: Found,
) -> Result<(Found, Option<Timestamp>), Trouble> {
    let times = Times::of(question, ahead, (step(question.span), POINTS));
    let own = [(&queries.error_rate, "errors"), (&queries.latency, "p99"), (&queries.request_rate, "requests")];
    let own: Vec<&str> = own.iter().filter(|(query, _)| query.is_some()).map(|(_, name)| *name).collect();
    if own.len() < 3 {
        base.detail = format!("{}; own query for {}", base.detail, own.join(" and ")).into();
    }
    let gates = question.recent.map(|span| Times::of(question, ahead, fine(span)));
    let mut theirs = None;
    for (track, lane) in base.tracks.iter_mut().zip(&question.lanes.tracks) {
        let asked = |query: &Option<Written>| {
            let filled = query.as_ref().map(|written| {
                (
                    fill(&written.text, &question.lanes, lane, &question.release.key.name, question.window),
                    written.clone(),
                )
            });
            async {
                match filled {
                    Some((query, written)) => Some(ask(client, &query, &written, (&times, gates.as_ref())).await),
                    None => None,
                }
            }
        };
        let (errors, latency, rate) =
            tokio::join!(asked(&queries.error_rate), asked(&queries.latency), asked(&queries.request_rate));
        let answers = [&errors, &latency, &rate].into_iter().flatten().filter_map(|asked| asked.as_ref().ok());
        theirs = theirs.or(answers.filter_map(|asked| asked.theirs).next_back());
        if track.series.errors.len() != times.points() {
            track.series = Series { start: times.ours, step: times.step, ..Series::default() };
        }
        if let Some(gates) = gates.as_ref().filter(|gates| track.recent.errors.len() != gates.points()) {
            track.recent = Series { start: gates.ours, step: gates.step, ..Series::default() };
        }
        if let Some(asked) = errors.transpose()? {
            track.errors = asked.now.share("error_rate_query");
            track.series.errors = asked.past;
            track.recent.errors = asked.recent;
        }
        if let Some(asked) = latency.transpose()? {
            track.p99 = asked.now.positive("latency_query");
            track.series.p99 = asked.past;
            track.recent.p99 = asked.recent;
        }
        if let Some(asked) = rate.transpose()? {
            track.requests = asked.now.positive("request_rate_query");
            let requests = track.requests.value();
            track.samples = requests.map(|rate| (rate * question.window.as_secs_f64()).round() as u64);
            track.series.requests = asked.past;
            track.recent.requests = asked.recent;
        }
    }
    Ok((base, theirs))
}

/// One number of one track: now, and over the past.
struct Asked {
    now: Now,
    /// The server's time.
    theirs: Option<Timestamp>,
    past: Vec<Option<f64>>,
    /// The past for gates.
    recent: Vec<Option<f64>>,
}

/// What the query says now, before it is known what it should be.
pub struct Now(pub Reading);

impl Now {
    /// A share from 0 to 1.
    pub fn share(self, name: &str) -> Reading {
        match self.0 {
            Reading::Value(value) if !(0.0..=1.0).contains(&value) => {
                Reading::Unusable(format!("{name} gives {value}, where a share from 0 to 1 is needed").into())
            }
            reading => reading,
        }
    }

    fn positive(self, name: &str) -> Reading {
        match self.0 {
            Reading::Value(value) if value < 0.0 => Reading::Unusable(format!("{name} gives {value}").into()),
            reading => reading,
        }
    }
}

/// The times of the past.
struct Times {
    start: Timestamp,
    end: Timestamp,
    /// The start by our own clock.
    ours: Timestamp,
    step: SignedDuration,
    points: i32,
}

impl Times {
    fn of(question: &Question, ahead: SignedDuration, (step, points): (SignedDuration, i32)) -> Self {
        let end = question.now.checked_add(ahead).unwrap_or(question.now);
        let start = end.checked_sub(step * (points - 1)).unwrap_or(end);
        Self { start, end, ours: start.checked_sub(ahead).unwrap_or(start), step, points }
    }

    fn points(&self) -> usize {
        usize::try_from(self.points).unwrap_or_default()
    }

    fn spread(&self, row: Option<&Row>) -> Vec<Option<f64>> {
        let mut points = vec![None; self.points()];
        for (time, value) in row.iter().flat_map(|row| &row.points) {
            let passed = (time - self.start.as_duration().as_secs_f64()) / self.step.as_secs_f64();
            if let Some(point) = points.get_mut(passed.round().max(0.0) as usize) {
                *point = Some(*value).filter(|value| value.is_finite());
            }
        }
        points
    }
}

async fn ask(
    client: &Client,
    query: &str,
    written: &Written,
    (times, gates): (&Times, Option<&Times>),
) -> Result<Asked, Trouble> {
    let past = async |times: Option<&Times>| {
        let Some(times) = times else { return Vec::new() };
        let answer = client.range(query, times.start, times.end, times.step).await;
        answer.map(|answer| times.spread(answer.rows.first())).unwrap_or_default()
    };
    let (now, past, recent) = tokio::join!(client.query(query), past(Some(times)), past(gates));
    match now {
        Ok(now) => Ok(Asked { theirs: now.time(), now: Now(reading(&now, written)), past, recent }),
        Err(Unanswered::Query(said)) => {
            let why: Str = format!("the query at {} is refused: {said}", written.origin).into();
            Ok(Asked { now: Now(Reading::Unusable(why)), theirs: None, past: Vec::new(), recent: Vec::new() })
        }
        Err(other) => Err(other.into()),
    }
}

/// The one number of an answer.
pub fn reading(answer: &Answer, written: &Written) -> Reading {
    match answer.rows.as_slice() {
        [] => Reading::NoTraffic,
        [row] => row.points.last().map_or(Reading::NoTraffic, |(_, value)| Reading::of(*value)),
        rows => {
            let why = format!("the query at {} gives {} series: sum them up", written.origin, rows.len());
            Reading::Unusable(why.into())
        }
    }
}
