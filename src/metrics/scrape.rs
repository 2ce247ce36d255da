//! The pods' own `/metrics`, through the API server's proxy: works without any Prometheus. A few pods of each track
//! stand for all of it.

mod counters;
mod past;
mod place;

use super::meter::MeterOptions;
use super::source::{Answering, Found, MetricSource, Question, Trouble};
use crate::cluster::{Address, Cluster, ReadError};
use crate::config::Config;
use crate::domain::measurement::Reading;
use crate::domain::{Kind, ObjectKey, Str, Timestamp, Uid};
use counters::Counters;
use futures::future::join_all;
use jiff::SignedDuration;
use past::Past;
use place::{Place, Places};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// How many pods of a track are read.
const SAMPLED: usize = 3;

/// How long one pod may take to answer.
const LIMIT: Duration = Duration::from_secs(3);

/// How many pods are read at a time.
const AT_ONCE: usize = 6;

/// Before there is anything to compare with, the second reading comes so soon.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// The past of a release that nobody looks at is kept for so long.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(30);

/// The source.
#[derive(Debug)]
pub struct Scrape {
    cluster: Cluster,
    clock: crate::cluster::Clock,
    config: Arc<Config>,
    places: Places,
    turns: Semaphore,
    pasts: Mutex<HashMap<Uid, Past>>,
}

/// A pod that is to be read.
struct Sample {
    lane: usize,
    pod: Str,
    place: Place,
    heard: Heard,
}

/// What came of reading a pod in this round.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    /// Nothing yet, or the pod is gone.
    Silence,
    /// Its counters, if only that there are none yet.
    Counters,
    /// It has no metrics where they were looked for.
    NoMetrics,
    /// It could not be read.
    Failure(Trouble),
}

/// What a pod answers.
enum Page {
    Counters(Counters),
    NoMetrics,
    Gone,
}

impl MetricSource for Scrape {
    fn name(&self) -> &'static str {
        "scrape"
    }

    fn release<'a>(&'a self, question: &'a Question) -> Answering<'a, Option<Found>> {
        Box::pin(self.measure(question))
    }
}

impl Scrape {
    /// Reads nothing yet.
    pub fn new(options: &MeterOptions) -> Self {
        Self {
            cluster: options.cluster.clone(),
            clock: options.clock.clone(),
            config: Arc::clone(&options.config),
            places: Places::default(),
            turns: Semaphore::new(AT_ONCE),
            pasts: Mutex::default(),
        }
    }

    async fn measure(&self, question: &Question) -> Result<Option<Found>, Trouble> {
        let mut samples = self.samples(question).await;
        if samples.is_empty() {
            return Ok(None);
        }
        self.read(question, &mut samples.iter_mut().collect::<Vec<_>>()).await;
        let fresh = |sample: &Sample| {
            sample.heard == Heard::Counters && !self.with_past(question, |past| past.has_rates(&sample.pod))
        };
        let mut fresh: Vec<&mut Sample> = samples.iter_mut().filter(|sample| fresh(sample)).collect();
        if !fresh.is_empty() {
            sleep(SECOND_LOOK).await;
            self.read(question, &mut fresh).await;
        }
        self.note_places(question, &samples);
        let window = question.window;
        let now = self.clock.now();
        let lanes = &question.lanes;
        let found = self.with_past(question, |past| {
            let heard = |sample: &&Sample| sample.heard == Heard::Counters && past.has_rates(&sample.pod);
            let told: Vec<&Sample> = samples.iter().filter(heard).collect();
            // Pods that answer without any counter say nothing by themselves; next to those that count, they count 0.
            if !told.iter().any(|sample| past.counts(&sample.pod)) {
                return None;
            }
            let mut tally = past.tally(lanes, now, question.span);
            for (at, lane) in lanes.tracks.iter().enumerate() {
                let own: Vec<&&Sample> = told.iter().filter(|sample| sample.lane == at).collect();
                if own.is_empty() && !lane.ready.is_empty() {
                    tally.without(at, unread(samples.iter().filter(|sample| sample.lane == at)));
                }
                // The sample stands for every ready pod of the track.
                let scale = lane.ready.len() as f64 / own.len().max(1) as f64;
                for sample in own {
                    past.add(&sample.pod, now, window, scale, tally.now(at));
                }
            }
            past.note(now, &tally, question.span, lanes);
            let ready: usize = lanes.tracks.iter().map(|lane| lane.ready.len()).sum();
            let detail = format!("{} of {ready} {}", told.len(), if ready == 1 { "pod" } else { "pods" });
            let recent = question.recent.map(|span| past.recent(lanes, now, span)).unwrap_or_default();
            Some((tally, detail, recent))
        });
        self.forget(now);
        let Some((tally, detail, recent)) = found else {
            let failure = samples.into_iter().find_map(|sample| match sample.heard {
                Heard::Failure(trouble) => Some(trouble),
                Heard::Silence | Heard::Counters | Heard::NoMetrics => None,
            });
            return failure.map_or(Ok(None), Err);
        };
        let mut tracks = tally.finish(lanes, window);
        for (track, recent) in tracks.iter_mut().zip(recent) {
            track.recent = recent;
        }
        Ok(Some(Found { source: "scrape".into(), detail: detail.into(), tracks, named: Vec::new() }))
    }

    /// Forgets the releases that nobody has looked at for a while.
    fn forget(&self, now: Timestamp) {
        let mut pasts = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        pasts.retain(|_, past| past.last().is_none_or(|last| now.duration_since(last) <= FORGOTTEN));
    }

    /// A track of which every sampled pod has no metrics, and never had, is left alone for a while.
    fn note_places(&self, question: &Question, samples: &[Sample]) {
        for (at, track) in question.lanes.tracks.iter().enumerate() {
            let mut own = samples.iter().filter(|sample| sample.lane == at).peekable();
            let nothing = |sample: &Sample| {
                sample.heard == Heard::NoMetrics && !self.with_past(question, |past| past.knows(&sample.pod))
            };
            if own.peek().is_some() && own.all(nothing) {
                self.places.has_none(&question.lanes.namespace, &track.name);
            }
        }
    }

    /// The pods that stand for each track: those that were read before, then others by name.
    async fn samples(&self, question: &Question) -> Vec<Sample> {
        let key = &question.release.key;
        let configured = self.config.release(&key.namespace, &key.name).metrics.scrape;
        let mut samples = Vec::new();
        for (lane, track) in question.lanes.tracks.iter().enumerate() {
            let mut pods = track.ready.clone();
            pods.sort_unstable_by_key(|pod| (!self.with_past(question, |past| past.has_rates(pod)), pod.clone()));
            let Some(first) = pods.first() else { continue };
            let pod = ObjectKey::new(Kind::Pod, question.lanes.namespace.clone(), first.clone());
            let place = match &configured {
                Some(written) => Place::written(written),
                None => self.places.of(&self.cluster, &pod, &track.name).await,
            };
            let Some(place) = place else { continue };
            let sampled = pods.into_iter().take(SAMPLED);
            samples.extend(sampled.map(|pod| Sample { lane, pod, place: place.clone(), heard: Heard::Silence }));
        }
        samples
    }

    /// Reads each of these pods once.
    async fn read(&self, question: &Question, samples: &mut [&mut Sample]) {
        let answers = join_all(samples.iter().map(|sample| self.pod(question, sample))).await;
        let now = self.clock.now();
        for (sample, answer) in samples.iter_mut().zip(answers) {
            sample.heard = match answer {
                Ok(Page::Counters(counters)) => {
                    self.with_past(question, |past| past.read(&sample.pod, now, counters));
                    Heard::Counters
                }
                Ok(Page::NoMetrics) => Heard::NoMetrics,
                Ok(Page::Gone) => Heard::Silence,
                Err(trouble) => Heard::Failure(trouble),
            };
        }
    }

    async fn pod(&self, question: &Question, sample: &Sample) -> Result<Page, Trouble> {
        let namespace = &question.lanes.namespace;
        let target = ObjectKey::new(Kind::Pod, namespace.clone(), sample.pod.clone());
        let Place { scheme, port, path } = sample.place.clone();
        let address = Address { target, scheme, port, path };
        // Never closed; without a permit the readings would only be less well spread.
        let _turn = self.turns.acquire().await;
        let answer = match self.cluster.proxied(&address, &[], LIMIT).await {
            Ok(answer) => answer,
            Err(ReadError::NotFound(_)) => return Ok(Page::Gone),
            Err(error) => {
                return Err(Trouble::new(format!("Pod {} can't be asked for its metrics: {error}", sample.pod)));
            }
        };
        match (answer.status, answer.by_api_server()) {
            (200, _) => {
                let text = String::from_utf8_lossy(&answer.body);
                // Counters with labels come with the first request.
                let none_yet = || counters::may_be_metrics(&text).then(Counters::default);
                Ok(Counters::read(&text).or_else(none_yet).map_or(Page::NoMetrics, Page::Counters))
            }
            (404, true) => Ok(Page::Gone),
            (403, true) => Err(Trouble::new(format!(
                "Pods' metrics may not be read: the right to 'get pods/proxy' in {namespace} is missing."
            ))),
            (401 | 403 | 500.., _) => {
                Err(Trouble::new(format!("Pod {} answers {} for its metrics.", sample.pod, answer.status)))
            }
            _ => Ok(Page::NoMetrics),
        }
    }

    fn with_past<T>(&self, question: &Question, work: impl FnOnce(&mut Past) -> T) -> T {
        let mut pasts = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        work(pasts.entry(question.release.uid.clone()).or_default())
    }
}

/// Why there is nothing of a track, by its sampled pods.
fn unread<'a>(mut samples: impl Iterator<Item = &'a Sample>) -> Reading {
    let failure = samples.find_map(|sample| match &sample.heard {
        Heard::Failure(Trouble(why)) => Some(why.clone()),
        Heard::Silence | Heard::Counters | Heard::NoMetrics => None,
    });
    failure.map_or(Reading::NoSource, Reading::Unusable)
}

#[cfg(test)]
mod tests;
