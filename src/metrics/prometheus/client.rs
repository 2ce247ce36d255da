//! One Prometheus server: where it is, how it is spoken to, and how often after it failed.

use super::answer::{self, Answer, Wrong};
use crate::domain::Timestamp;
use crate::metrics::meter::MeterOptions;
use crate::metrics::source::Trouble;
use jiff::SignedDuration;
use reqwest::Url;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long one query may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How many queries run at a time.
const AT_ONCE: usize = 4;

/// After failures: twice as long each time, up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A server.
#[derive(Debug)]
pub struct Client {
    way: Option<Way>,
    turns: Semaphore,
    pause: Mutex<Option<Pause>>,
}

#[derive(Debug)]
struct Way {
    base: Url,
    http: reqwest::Client,
}

/// The server failed, and is left alone for a while.
#[derive(Debug, Clone)]
struct Pause {
    failures: u32,
    until: Instant,
    why: Trouble,
}

impl Client {
    /// Speaks to nobody yet.
    pub fn new(options: &MeterOptions) -> Self {
        let url = options.config.metrics.prometheus.as_deref().and_then(|text| text.parse().ok());
        let way = url.and_then(|base| Some(Way { base, http: http().ok()? }));
        Self { way, turns: Semaphore::new(AT_ONCE), pause: Mutex::default() }
    }

    /// Whether there is a server to ask.
    pub const fn configured(&self) -> bool {
        self.way.is_some()
    }

    /// The server, as it is named in sentences: without user info.
    pub fn address(&self) -> String {
        self.way.as_ref().map(|way| shown(&way.base)).unwrap_or_default()
    }

    /// An instant query at the server's own time.
    pub async fn query(&self, query: &str) -> Result<Answer, Trouble> {
        self.get("api/v1/query", &[("query", query)], answer::read).await
    }

    /// A range query.
    pub async fn range(
        &self,
        query: &str,
        start: Timestamp,
        end: Timestamp,
        step: SignedDuration,
    ) -> Result<Answer, Trouble> {
        let seconds = |time: Timestamp| format!("{:.3}", time.as_duration().as_secs_f64());
        let (start, end, step) = (seconds(start), seconds(end), step.as_secs().to_string());
        let parameters = [("query", query), ("start", &start), ("end", &end), ("step", &step)];
        self.get("api/v1/query_range", &parameters, answer::read).await
    }

    /// Which of `names` are metrics with series.
    pub async fn metric_names(&self, names: &[&str]) -> Result<Vec<String>, Trouble> {
        let selector = format!("{{__name__=~\"{}\"}}", names.join("|"));
        self.get("api/v1/label/__name__/values", &[("match[]", &selector)], answer::names).await
    }

    async fn get<T>(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        read: impl Fn(u16, &[u8]) -> Result<T, Wrong>,
    ) -> Result<T, Trouble> {
        let Some(way) = &self.way else { return Err(Trouble::new("No Prometheus is configured.")) };
        if let Some(pause) = self.paused() {
            return Err(pause.why);
        }
        let turn = self.turns.acquire().await;
        let answer = timeout(LIMIT, way.get(path, parameters)).await;
        drop(turn);
        let wrong = match answer {
            Ok(Ok((status, body))) => match read(status, &body) {
                Ok(answer) => {
                    *self.pause.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    return Ok(answer);
                }
                Err(Wrong::Query(said)) => {
                    return Err(Trouble::new(format!("Prometheus at {} refuses the query: {said}.", self.address())));
                }
                Err(Wrong::Server(said)) => format!("answers {said}"),
                Err(Wrong::Form(said)) => format!("gives an answer that can't be used: {said}"),
            },
            Ok(Err(said)) => said,
            Err(_) => format!("gave no answer within {} s", LIMIT.as_secs()),
        };
        Err(self.failed(&wrong))
    }

    fn paused(&self) -> Option<Pause> {
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner).clone();
        pause.filter(|pause| Instant::now() < pause.until)
    }

    /// Notes a failure: queries that failed together count as one.
    fn failed(&self, wrong: &str) -> Trouble {
        let mut held = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = held.as_ref().filter(|pause| Instant::now() < pause.until) {
            return pause.why.clone();
        }
        let failures = held.as_ref().map_or(0, |pause| pause.failures) + 1;
        let wait = Duration::from_secs(5).saturating_mul(1 << failures.min(6).saturating_sub(1)).min(LONGEST_PAUSE);
        let address = self.address();
        let why = Trouble::new(format!("Prometheus at {address} {wrong}; asked again after {} s.", wait.as_secs()));
        // A little less than announced, so that the round at that moment is not put off by another one.
        *held = Some(Pause { failures, until: Instant::now() + wait.mul_f64(0.9), why: why.clone() });
        why
    }
}

impl Way {
    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<(u16, Vec<u8>), String> {
        let mut url = self.base.clone();
        let joined = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        url.query_pairs_mut().extend_pairs(parameters);
        let response = self.http.get(url).send().await.map_err(|error| innermost(&error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| innermost(&error))?;
        Ok((status, body.to_vec()))
    }
}

fn http() -> reqwest::Result<reqwest::Client> {
    // Fails when a provider is there already; then that one is used.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION"))).build()
}

/// An address without user info and query.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

/// The innermost cause: the outer ones repeat the URL, which may hold a secret.
fn innermost(error: &dyn Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    if text.contains("refused") {
        "refuses the connection: is it running?".into()
    } else {
        format!("can't be reached: {text}")
    }
}
