//! Prometheus: presets for the metrics that products emit, and own queries, for one release or a whole namespace.

mod answer;
mod business;
mod client;
mod grouped;
mod own;
mod place;
mod preset;
mod template;

use super::lanes::Lanes;
use super::source::{Answering, BoardFound, BoardQuestion, Found, MetricSource, Question, Trouble, fine};
use super::tally::Tally;
use crate::cluster::{Address, Cluster};
use crate::config::{Config, MetricSettings};
use crate::domain::measurement::{Series, TrackMeasured};
use crate::domain::{Str, Timestamp, Uid};
use answer::Answer;
pub use answer::Row;
pub use client::{Client, Unanswered};
use grouped::{Batch, Turns};
use jiff::SignedDuration;
use preset::{PRESETS, Preset};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The Service that Prometheus is reached through, as the settings say or as it is found in the cluster; `None`: it is a
/// URL, there is none, or it can't be looked for.
pub async fn service(cluster: &Cluster, settings: &MetricSettings) -> Option<Address> {
    match &*place::Places::new(cluster.clone(), settings.clone()).way().await.ok()?? {
        place::Way::Service(address) => Some(address.clone()),
        place::Way::Direct { .. } => None,
    }
}

/// How many points a series has at most.
const POINTS: i32 = 60;

/// How long it is held for known which metrics there are.
const KNOWN_FOR: Duration = Duration::from_mins(5);

/// The source.
#[derive(Debug)]
pub struct Prometheus {
    client: Arc<Client>,
    config: Arc<Config>,
    known: Mutex<Known>,
}

/// What was learned of the server.
#[derive(Debug, Default)]
struct Known {
    /// The presets of which there is any series, and when that was asked.
    present: Option<(Instant, Vec<&'static Preset>)>,
    /// Which of them has series of a namespace's releases, by its place in `present`.
    chosen: HashMap<Str, usize>,
    /// Which of them has series of a release that was asked by itself.
    found: HashMap<Uid, usize>,
    /// Whose own query is asked next.
    turns: Turns,
    /// How far the server's clock is ahead of ours, once it has answered.
    ahead: Option<SignedDuration>,
}

impl MetricSource for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn queries(&self) -> bool {
        true
    }

    fn release<'a>(&'a self, question: &'a Question) -> Answering<'a, Option<Found>> {
        Box::pin(self.measure(question))
    }

    fn namespace<'a>(&'a self, question: &'a BoardQuestion) -> Answering<'a, Option<BoardFound>> {
        Box::pin(self.survey(question))
    }
}

impl Prometheus {
    /// Asks nothing yet.
    pub fn new(client: Arc<Client>, config: Arc<Config>) -> Self {
        Self { client, config, known: Mutex::default() }
    }

    async fn measure(&self, question: &Question) -> Result<Option<Found>, Trouble> {
        let Some(server) = self.client.server().await? else { return Ok(None) };
        let key = &question.release.key;
        let settings = self.config.release(&key.namespace, &key.name).metrics;
        let queries = settings.queries.or(&self.config.metrics.queries);
        let whole = queries.error_rate.is_some() && queries.latency.is_some() && queries.request_rate.is_some();
        let mut found = if whole { None } else { self.by_preset(question, &server).await? };
        if !queries.is_empty() {
            let ahead = self.known().ahead.unwrap_or_default();
            let base = found.take().unwrap_or_else(|| Found {
                source: "prometheus".into(),
                detail: format!("own queries to {server}").into(),
                tracks: question.lanes.unmeasured(),
                named: Vec::new(),
            });
            let (own, theirs) = own::measure(&self.client, &queries, question, ahead, base).await?;
            self.note_clock(theirs, question.now);
            found = Some(own);
        }
        let named = business::measure(&self.client, &settings.business, question).await?;
        if !named.is_empty() {
            let only = || Found { source: "prometheus".into(), detail: server.clone(), ..Found::default() };
            found.get_or_insert_with(only).named.extend(named);
        }
        Ok(found)
    }

    async fn by_preset(&self, question: &Question, server: &str) -> Result<Option<Found>, Trouble> {
        let present = self.present().await?;
        let (namespace, uid) = (&question.lanes.namespace, &question.release.uid);
        let first = {
            let known = self.known();
            known.found.get(uid).or(known.chosen.get(namespace)).copied().unwrap_or(0)
        };
        for turn in 0..present.len() {
            let at = (first + turn) % present.len();
            let preset = present[at];
            let query = preset.rates(&question.lanes, question.window);
            let answer = self.client.query(&query).await?;
            self.note_clock(answer.time(), question.now);
            let mut tally = Tally::new(&question.lanes);
            for row in &answer.rows {
                count(preset, &question.lanes, row, &mut tally);
            }
            if !tally.seen() {
                continue;
            }
            // One release speaks for itself, and not for its namespace.
            self.known().found.insert(uid.clone(), at);
            let (tracks, warning) = self.in_full(preset, question, tally).await;
            let warning = answer.warning.or(warning);
            let partly = warning.map(|warning| format!(", answered in part: {warning}")).unwrap_or_default();
            let detail = format!("{} metrics of {server}{partly}", preset.name).into();
            return Ok(Some(Found { source: "prometheus".into(), detail, tracks, named: Vec::new() }));
        }
        Ok(None)
    }

    /// Latency and the past, once it is known which metrics the release has. What of it can't be had is missing, and
    /// why is told: the numbers of this moment stand without it.
    async fn in_full(
        &self,
        preset: &Preset,
        question: &Question,
        mut tally: Tally,
    ) -> (Vec<TrackMeasured>, Option<Str>) {
        let lanes = &question.lanes;
        let shown = (step(question.span), POINTS);
        let gates = async {
            match question.recent {
                Some(span) => Some(self.past(preset, question, fine(span)).await),
                None => None,
            }
        };
        let buckets = preset.buckets(lanes, question.window);
        let (now, past, recent) = tokio::join!(self.client.query(&buckets), self.past(preset, question, shown), gates);
        let (mut warning, now) = told(now);
        for row in &now.rows {
            let (Some(lane), Some(bound)) = (lanes.place(&(preset.place)(row)), preset.bound(row)) else { continue };
            for (_, rate) in &row.points {
                tally.now(lane).bucket(bound, *rate);
            }
        }
        let mut tracks = tally.finish(lanes, question.window);
        let (past, why) = past;
        warning = warning.or(why);
        for (track, series) in tracks.iter_mut().zip(past) {
            track.series = series;
        }
        if let Some((recent, why)) = recent {
            warning = warning.or(why);
            for (track, series) in tracks.iter_mut().zip(recent) {
                track.recent = series;
            }
        }
        (tracks, warning)
    }

    /// The tracks' past over so many points, and why some of it is missing.
    async fn past(
        &self,
        preset: &Preset,
        question: &Question,
        (step, points): (SignedDuration, i32),
    ) -> (Vec<Series>, Option<Str>) {
        let lanes = &question.lanes;
        let ahead = self.known().ahead.unwrap_or_default();
        let end = question.now.checked_add(ahead).unwrap_or(question.now);
        let start = end.checked_sub(step * (points - 1)).unwrap_or(end);
        let (rates, buckets) = (preset.rates(lanes, question.window), preset.buckets(lanes, question.window));
        let (rates, buckets) =
            tokio::join!(self.client.range(&rates, start, end, step), self.client.range(&buckets, start, end, step),);
        let ((why, rates), (why_not, buckets)) = (told(rates), told(buckets));
        let ours = start.checked_sub(ahead).unwrap_or(start);
        let mut tally = Tally::new(lanes).with_past(ours, step, usize::try_from(points).unwrap_or_default());
        let point = |time: f64| {
            let passed = time - start.as_duration().as_secs_f64();
            (passed / step.as_secs_f64()).round().max(0.0) as usize
        };
        for row in &rates.rows {
            let Some(lane) = lanes.place(&(preset.place)(row)) else { continue };
            let failed = preset.failed(row);
            for (time, rate) in &row.points {
                if let Some(counted) = tally.past(lane, point(*time)) {
                    counted.add(*rate, failed);
                }
            }
        }
        for row in &buckets.rows {
            let (Some(lane), Some(bound)) = (lanes.place(&(preset.place)(row)), preset.bound(row)) else { continue };
            for (time, rate) in &row.points {
                if let Some(counted) = tally.past(lane, point(*time)) {
                    counted.bucket(bound, *rate);
                }
            }
        }
        (tally.into_series(), why.or(why_not))
    }

    /// One query for all releases of a namespace. Which metrics it has is found out from turn to turn.
    async fn survey(&self, question: &BoardQuestion) -> Result<Option<BoardFound>, Trouble> {
        let Some(server) = self.client.server().await? else { return Ok(None) };
        let present = self.present().await?;
        let at = self.known().chosen.get(&question.namespace).copied().unwrap_or(0);
        let preset = present.get(at).or(present.first()).copied();
        let Some((answer, own)) = self.grouped(question, preset).await? else { return Ok(None) };
        let counted = |lanes: &Lanes| {
            let (preset, mut tally) = (preset?, Tally::new(lanes));
            for row in answer.rows.iter().filter(|row| !grouped::is_own(row)) {
                count(preset, lanes, row, &mut tally);
            }
            tally.seen().then(|| tally.finish(lanes, question.window))
        };
        let of = |(uid, lanes): &(Uid, Lanes)| Some((uid.clone(), counted(lanes)?));
        let tracks: HashMap<Uid, Vec<TrackMeasured>> = question.releases.iter().filter_map(of).collect();
        let turns = own.turns;
        let own = own.tracks(&answer, |own| counted(&own.lanes).unwrap_or_else(|| own.lanes.unmeasured()));
        let own = own.into_iter().map(|(own, tracks)| (own.uid.clone(), tracks, turns)).collect();
        let told = !tracks.is_empty() || question.own.iter().any(|own| counted(&own.lanes).is_some());
        let next = if told { at } else { (at + 1) % present.len().max(1) };
        self.known().chosen.insert(question.namespace.clone(), next);
        let detail = match preset {
            Some(preset) => format!("{} metrics of {server}", preset.name),
            None => format!("own queries to {server}"),
        };
        Ok(Some(BoardFound { source: "prometheus".into(), detail: detail.into(), tracks, own }))
    }

    /// The one query of a namespace, with the own queries whose turn it is. Where the server refuses those, it is asked
    /// without them.
    async fn grouped<'a>(
        &self,
        question: &'a BoardQuestion,
        preset: Option<&Preset>,
    ) -> Result<Option<(Answer, Batch<'a>)>, Unanswered> {
        let rates = preset.map(|preset| preset.rates_in(&question.namespace, question.window));
        let own = self.known().turns.next(&question.namespace, &question.own, question.window);
        if !own.is_empty() {
            match self.client.query(&own.behind(rates.clone())).await {
                Err(Unanswered::Query(_)) => self.known().turns.refused(&question.namespace, &own),
                answer => return answer.map(|answer| Some((answer, own))),
            }
        }
        let Some(rates) = rates else { return Ok(None) };
        Ok(Some((self.client.query(&rates).await?, Batch::default())))
    }

    /// The presets of which the server has series, asked now and then.
    async fn present(&self) -> Result<Vec<&'static Preset>, Unanswered> {
        if let Some(name) = &self.config.metrics.preset {
            return Ok(PRESETS.iter().filter(|preset| preset.name == name).collect());
        }
        if let Some((asked, present)) = &self.known().present
            && asked.elapsed() < KNOWN_FOR
        {
            return Ok(present.clone());
        }
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.requests).collect();
        let found = self.client.metric_names(&names).await?;
        let present: Vec<&Preset> =
            PRESETS.iter().filter(|preset| found.iter().any(|name| name == preset.requests)).collect();
        let mut known = self.known();
        known.chosen.clear();
        known.found.clear();
        known.turns.forget();
        // Nothing yet may be something soon: asked again with the next round.
        known.present = (!present.is_empty()).then(|| (Instant::now(), present.clone()));
        Ok(present)
    }

    fn note_clock(&self, theirs: Option<Timestamp>, now: Timestamp) {
        if let Some(theirs) = theirs {
            self.known().ahead = Some(theirs.duration_since(now));
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer, empty where there is none, and what is to be said of it.
fn told(answer: Result<Answer, Unanswered>) -> (Option<Str>, Answer) {
    match answer {
        Ok(answer) => (answer.warning.clone(), answer),
        Err(unanswered) => {
            let Trouble(why) = unanswered.into();
            (Some(why.trim_end_matches('.').into()), Answer::default())
        }
    }
}

fn count(preset: &Preset, lanes: &Lanes, row: &Row, tally: &mut Tally) {
    let Some(lane) = lanes.place(&(preset.place)(row)) else { return };
    let failed = preset.failed(row);
    for (_, rate) in &row.points {
        tally.now(lane).add(*rate, failed);
    }
}

/// The distance of the points: a whole number of seconds, so that the same moments are asked for again.
fn step(span: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs((span.as_secs() / i64::from(POINTS)).max(1))
}

#[cfg(test)]
mod tests;
