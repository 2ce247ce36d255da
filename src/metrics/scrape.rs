//! The pods' own `/metrics`, through the API server's proxy: works without any Prometheus. A few pods of each track
//! stand for all of it.

mod counters;
mod past;
mod place;

use super::meter::MeterOptions;
use super::source::{Answering, Found, MetricSource, Question, Trouble};
use super::tally::Tally;
use crate::cluster::{Address, Cluster, ReadError};
use crate::config::Config;
use crate::domain::{Kind, ObjectKey, Str, Uid};
use counters::Counters;
use futures::future::join_all;
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
        let samples = self.samples(question).await;
        if samples.is_empty() {
            return Ok(None);
        }
        if !self.read(question, &samples).await? {
            return Ok(None);
        }
        let fresh = |past: &Past| samples.iter().all(|sample| !past.has_rates(&sample.pod));
        if self.with_past(question, |past| fresh(past)) {
            sleep(SECOND_LOOK).await;
            self.read(question, &samples).await?;
        }
        let window = question.window;
        let now = self.clock.now();
        let lanes = &question.lanes;
        let found = self.with_past(question, |past| {
            let mut tally = past.tally(lanes, now, question.span);
            let mut read = 0;
            for (at, lane) in lanes.tracks.iter().enumerate() {
                let own: Vec<&Sample> = samples.iter().filter(|sample| sample.lane == at).collect();
                read += own.len();
                // The sample stands for every ready pod of the track.
                let scale = lane.ready.len() as f64 / own.len().max(1) as f64;
                for sample in own {
                    past.add(&sample.pod, now, window, scale, tally.now(at));
                }
            }
            past.note(now, &tally, question.span, lanes);
            let ready: usize = lanes.tracks.iter().map(|lane| lane.ready.len()).sum();
            let detail = format!("{read} of {ready} {}", if ready == 1 { "pod" } else { "pods" });
            (tally.seen(), tally, detail)
        });
        let (seen, tally, detail) = found;
        let tracks = if seen { Tally::finish(&tally, lanes, window) } else { Vec::new() };
        Ok(seen.then(|| Found { source: "scrape".into(), detail: detail.into(), tracks, named: Vec::new() }))
    }

    /// The pods that stand for each track: those that were read before, then others by name.
    async fn samples(&self, question: &Question) -> Vec<Sample> {
        let key = &question.release.key;
        let configured = self.config.release(&key.namespace, &key.name).metrics.scrape;
        let mut samples = Vec::new();
        for (lane, track) in question.lanes.tracks.iter().enumerate() {
            let mut pods = track.ready.clone();
            pods.sort_by_key(|pod| (!self.with_past(question, |past| past.has_rates(pod)), pod.clone()));
            let Some(first) = pods.first() else { continue };
            let pod = ObjectKey::new(Kind::Pod, question.lanes.namespace.clone(), first.clone());
            let place = match &configured {
                Some(written) => Place::written(written),
                None => self.places.of(&self.cluster, &pod, &track.name).await,
            };
            let Some(place) = place else { continue };
            let sampled = pods.into_iter().take(SAMPLED);
            samples.extend(sampled.map(|pod| Sample { lane, pod, place: place.clone() }));
        }
        samples
    }

    /// Reads every sampled pod once. `false`: none of them has metrics that are known.
    async fn read(&self, question: &Question, samples: &[Sample]) -> Result<bool, Trouble> {
        let answers = join_all(samples.iter().map(|sample| self.pod(question, sample))).await;
        let now = self.clock.now();
        let mut failure = None;
        let mut any = false;
        for (sample, answer) in samples.iter().zip(answers) {
            match answer {
                Ok(Some(counters)) => {
                    any = true;
                    self.with_past(question, |past| past.read(&sample.pod, now, counters));
                }
                Ok(None) => {
                    let track = &question.lanes.tracks[sample.lane].name;
                    self.places.has_none(&question.lanes.namespace, track);
                }
                Err(trouble) => failure = Some(trouble),
            }
        }
        match failure {
            Some(trouble) if !any => Err(trouble),
            _ => Ok(any),
        }
    }

    async fn pod(&self, question: &Question, sample: &Sample) -> Result<Option<Counters>, Trouble> {
        let namespace = &question.lanes.namespace;
        let target = ObjectKey::new(Kind::Pod, namespace.clone(), sample.pod.clone());
        let Place { scheme, port, path } = sample.place.clone();
        let address = Address { target, scheme, port, path };
        // Never closed; without a permit the readings would only be less well spread.
        let _turn = self.turns.acquire().await;
        match self.cluster.proxied(&address, &[], LIMIT).await {
            Ok(answer) if answer.status == 200 => Ok(Counters::read(&String::from_utf8_lossy(&answer.body))),
            Ok(answer) if answer.status == 403 => Err(Trouble::new(format!(
                "Pods' metrics may not be read: the right to 'get pods/proxy' in {namespace} is missing."
            ))),
            Ok(answer) if matches!(answer.status, 500..) => {
                Err(Trouble::new(format!("Pod {} answers {} for its metrics.", sample.pod, answer.status)))
            }
            Ok(_) | Err(ReadError::NotFound(_)) => Ok(None),
            Err(error) => Err(Trouble::new(format!("Pod {} can't be asked for its metrics: {error}", sample.pod))),
        }
    }

    fn with_past<T>(&self, question: &Question, work: impl FnOnce(&mut Past) -> T) -> T {
        let mut pasts = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        work(pasts.entry(question.release.uid.clone()).or_default())
    }
}

#[cfg(test)]
mod tests;
