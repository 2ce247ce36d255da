//! One Prometheus server: how it is asked, and how often after it failed.

use super::answer::{self, Answer, Wrong};
use super::place::{Places, Way};
use crate::domain::{Str, Timestamp};
use crate::metrics::http;
use crate::metrics::meter::MeterOptions;
use crate::metrics::source::Trouble;
use jiff::SignedDuration;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long one query may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How many queries run at a time.
const AT_ONCE: usize = 4;

/// After failures: twice as long each time, from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(1));

/// So many queries in a row may take too long before the server is taken to be away.
const SLOW: u32 = 8;

/// A server.
#[derive(Debug)]
pub struct Client {
    places: Places,
    turns: Semaphore,
    pause: Mutex<Option<Pause>>,
    /// How many queries took too long since the last answer.
    slow: AtomicU32,
}

/// The server failed, and is left alone for a while.
#[derive(Debug, Clone)]
struct Pause {
    failures: u32,
    until: Instant,
    why: Trouble,
}

/// Why a query has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// The server refuses the query, in its own words; asking again would not help.
    Query(String),
    /// Our credentials could not be read.
    Access(String),
    /// No usable answer, in words that follow the server's name.
    Away(String),
    /// It failed before and is left alone for now, or there is none: a whole sentence.
    Told(Trouble),
}

impl From<Unanswered> for Trouble {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Query(said) => Self::new(format!("Prometheus refuses the query: {said}.")),
            Unanswered::Access(said) => Self::new(format!("The credentials of [metrics] can't be read: {said}.")),
            Unanswered::Away(said) => Self::new(format!("Prometheus {said}.")),
            Unanswered::Told(trouble) => trouble,
        }
    }
}

impl Client {
    /// Speaks to nobody yet.
    pub fn new(options: &MeterOptions) -> Self {
        let places = Places::new(options.cluster.clone(), options.config.metrics.clone());
        Self { places, turns: Semaphore::new(AT_ONCE), pause: Mutex::default(), slow: AtomicU32::new(0) }
    }

    /// The server, as it is named in sentences; `None`: there is none to ask.
    pub async fn server(&self) -> Result<Option<Str>, Trouble> {
        match self.places.way().await {
            Ok(way) => Ok(way.map(|way| way.shown().into())),
            Err(wrong) => Err(Trouble::new(format!("Prometheus can't be asked: {wrong}."))),
        }
    }

    /// An instant query at the server's own time.
    pub async fn query(&self, query: &str) -> Result<Answer, Unanswered> {
        self.get("api/v1/query", &[("query", query)], answer::read).await
    }

    /// A range query.
    pub async fn range(
        &self,
        query: &str,
        start: Timestamp,
        end: Timestamp,
        step: SignedDuration,
    ) -> Result<Answer, Unanswered> {
        let seconds = |time: Timestamp| format!("{:.3}", time.as_duration().as_secs_f64());
        let (start, end, step) = (seconds(start), seconds(end), step.as_secs().to_string());
        let parameters = [("query", query), ("start", &start), ("end", &end), ("step", &step)];
        self.get("api/v1/query_range", &parameters, answer::read).await
    }

    /// Which of `names` are metrics with series.
    pub async fn metric_names(&self, names: &[&str]) -> Result<Vec<String>, Unanswered> {
        let selector = format!("{{__name__=~\"{}\"}}", names.join("|"));
        self.get("api/v1/label/__name__/values", &[("match[]", &selector)], answer::names).await
    }

    async fn get<T>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        read: impl Fn(u16, &[u8]) -> Result<T, Wrong>,
    ) -> Result<T, Unanswered> {
        if let Some(pause) = self.paused() {
            return Err(Unanswered::Told(pause.why));
        }
        let way = self.places.way().await.ok().flatten();
        let Some(way) = way else { return Err(Unanswered::Told(Trouble::new("There is no Prometheus to ask."))) };
        let headers = self.places.proof(&way).await?;
        // Never closed; without a permit the queries would only be less well spread.
        let turn = self.turns.acquire().await;
        let answer = timeout(LIMIT, self.places.get((&way, headers), path, query, LIMIT)).await;
        drop(turn);
        let said = match answer {
            Ok(Ok((status, body))) => match read(status, &body) {
                Ok(answer) => {
                    *self.held() = None;
                    self.slow.store(0, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(Wrong::Query(said)) => return Err(Unanswered::Query(said)),
                Err(Wrong::Slow(said)) => {
                    let said = format!("answers {said}");
                    if self.slowed() {
                        return Err(one_query(&way, &said));
                    }
                    said
                }
                Err(Wrong::Server(said)) => format!("answers {said}"),
                Err(Wrong::Form(said)) => format!("gives an answer that can't be used: {said}"),
            },
            // A query that is answered with too much says nothing of the others, either.
            Ok(Err(Unanswered::Away(said))) if said.contains(http::TOO_MUCH) => return Err(one_query(&way, &said)),
            Ok(Err(Unanswered::Away(said))) => said,
            Ok(Err(other)) => return Err(other),
            Err(_) => {
                let said = format!("gave no answer within {} s", LIMIT.as_secs());
                if self.slowed() {
                    return Err(one_query(&way, &said));
                }
                said
            }
        };
        Err(Unanswered::Told(self.failed(&way, &said)))
    }

    /// Notes a query that was too much for the server; whether the others are asked all the same.
    fn slowed(&self) -> bool {
        self.slow.fetch_add(1, Ordering::Relaxed) + 1 < SLOW
    }

    fn paused(&self) -> Option<Pause> {
        self.held().clone().filter(|pause| Instant::now() < pause.until)
    }

    /// Notes a failure: queries that failed together count as one.
    fn failed(&self, way: &Arc<Way>, said: &str) -> Trouble {
        let mut held = self.held();
        if let Some(pause) = held.as_ref().filter(|pause| Instant::now() < pause.until) {
            return pause.why.clone();
        }
        let failures = held.as_ref().map_or(0, |pause| pause.failures) + 1;
        let (first, last) = PAUSES;
        let wait = first.saturating_mul(1 << (failures - 1).min(6)).min(last);
        let (address, said) = (way.shown(), said.trim_end_matches('.'));
        let why = Trouble::new(format!("Prometheus at {address} {said}; asked again after {} s.", wait.as_secs()));
        // A little less than announced, so that the round at that moment is not put off by another one.
        *held = Some(Pause { failures, until: Instant::now() + wait.mul_f64(0.9), why: why.clone() });
        why
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Pause>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One query failed, and the server is asked others as before.
fn one_query(way: &Way, said: &str) -> Unanswered {
    Unanswered::Told(Trouble::new(format!("Prometheus at {} {}.", way.shown(), said.trim_end_matches('.'))))
}
