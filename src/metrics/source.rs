//! What a source of measurements is, and the order in which the sources are asked.

use super::controllers::Controllers;
use super::kubernetes::Kubernetes;
use super::lanes::Lanes;
use super::meter::MeterOptions;
use super::prometheus::{Client, Prometheus};
use super::scrape::Scrape;
use crate::config::Written;
use crate::domain::measurement::{Measured, Named, TrackMeasured};
use crate::domain::{Release, Str, Timestamp, Uid};
use crate::guard::FURTHEST;
use jiff::SignedDuration;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// An answer that is awaited.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// Where measurements come from. One source fails without the others: the next one is asked.
pub trait MetricSource: fmt::Debug + Send + Sync {
    /// Its name in the settings.
    fn name(&self) -> &'static str;

    /// Whether each release that it is asked of costs Prometheus queries.
    fn queries(&self) -> bool {
        false
    }

    /// Everything about one release; `None`: it measures nothing of it.
    fn release<'a>(&'a self, question: &'a Question) -> Answering<'a, Option<Found>>;

    /// The releases of one namespace in one request, for the board; a source that can't do that has no answer.
    fn namespace<'a>(&'a self, _question: &'a BoardQuestion) -> Answering<'a, Option<BoardFound>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// What is asked of one release.
#[derive(Debug, Clone)]
pub struct Question {
    /// The release.
    pub release: Arc<Release>,
    /// Its tracks, as series tell them apart.
    pub lanes: Lanes,
    /// What rates and quantiles are taken over.
    pub window: SignedDuration,
    /// How far back the series go.
    pub span: SignedDuration,
    /// How far back a finer past goes, for gates; `None`: the series are fine and long enough.
    pub recent: Option<SignedDuration>,
    /// The time, by our clock.
    pub now: Timestamp,
}

/// The coarsest past that a gate can count requests with.
const FINE: SignedDuration = SignedDuration::from_secs(30);

/// How far back the past of gates goes, at least over `least` and the whole rung that `release` stands at. `None`: the
/// series over `shown` do.
pub fn recent(
    release: &Release,
    (shown, least): (SignedDuration, SignedDuration),
    now: Timestamp,
) -> Option<SignedDuration> {
    let since = release.step.as_ref().and_then(|step| step.since);
    let passed = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
    let span = passed.max(least).min(FURTHEST);
    let enough = shown / 60 <= FINE && shown >= span;
    (!enough).then_some(span)
}

/// The step and the number of points of a past for gates that goes back over `span`.
pub fn fine(span: SignedDuration) -> (SignedDuration, i32) {
    let step = SignedDuration::from_secs((span.as_secs() / 60).clamp(1, FINE.as_secs()));
    let points = i32::try_from(span.as_secs() / step.as_secs()).unwrap_or(i32::MAX).saturating_add(1);
    (step, points)
}

/// What is asked of a namespace.
#[derive(Debug, Clone)]
pub struct BoardQuestion {
    /// The namespace.
    pub namespace: Str,
    /// Its releases.
    pub releases: Vec<(Uid, Lanes)>,
    /// Those of them that have a query of their own for their errors.
    pub own: Vec<OwnErrors>,
    /// What rates are taken over.
    pub window: SignedDuration,
    /// The time, by our clock.
    pub now: Timestamp,
}

/// A release's own query for its share of failed requests.
#[derive(Debug, Clone)]
pub struct OwnErrors {
    /// Whose.
    pub uid: Uid,
    /// Its name.
    pub name: Str,
    /// Its tracks.
    pub lanes: Lanes,
    /// The query, with variables.
    pub query: Written,
}

/// What a source found of a release.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Who measured it: `prometheus`, `flagger`.
    pub source: Str,
    /// Where and how, in words.
    pub detail: Str,
    /// The tracks, as the release has them; empty: nothing of them.
    pub tracks: Vec<TrackMeasured>,
    /// Measurements with names of their own.
    pub named: Vec<Named>,
}

/// What a source found in a namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoardFound {
    /// Who measured it.
    pub source: Str,
    /// Where and how, in words.
    pub detail: Str,
    /// The tracks of the releases of which there is anything.
    pub tracks: HashMap<Uid, Vec<TrackMeasured>>,
    /// The tracks of those whose own query was asked this time, and which time theirs is next.
    pub own: Vec<(Uid, Vec<TrackMeasured>, u32)>,
}

/// Why a source has no answer: one sentence that names it and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble(pub Str);

impl Trouble {
    /// A sentence.
    pub fn new(sentence: impl Into<Str>) -> Self {
        Self(sentence.into())
    }
}

/// The sources that the settings name, in their order. A new source is one line here.
pub fn registry(options: &MeterOptions) -> Vec<Arc<dyn MetricSource>> {
    let prometheus = Arc::new(Client::new(options));
    let made: [Arc<dyn MetricSource>; 4] = [
        Arc::new(Controllers::new(Arc::clone(&prometheus))),
        Arc::new(Prometheus::new(prometheus, Arc::clone(&options.config))),
        Arc::new(Scrape::new(options)),
        Arc::new(Kubernetes),
    ];
    let wanted = &options.config.metrics.sources;
    wanted.iter().filter_map(|name| made.iter().find(|source| source.name() == name).cloned()).collect()
}

/// Asks the sources in their order: the first that knows the tracks is taken, named measurements are taken of all.
pub async fn ask(sources: &[Arc<dyn MetricSource>], question: &Question) -> Asked {
    let mut asked = Asked::default();
    for source in sources {
        match source.release(question).await {
            Ok(Some(mut found)) => {
                for named in &mut found.named {
                    named.source = found.source.clone();
                    named.at.get_or_insert(question.now);
                }
                asked.found.named.append(&mut found.named);
                if asked.found.tracks.is_empty() && !found.tracks.is_empty() {
                    asked.found = Found { named: std::mem::take(&mut asked.found.named), ..found };
                } else if asked.found.source.is_empty() {
                    asked.found.source = found.source;
                    asked.found.detail = found.detail;
                }
            }
            Ok(None) => {}
            Err(trouble) => {
                asked.trouble.get_or_insert(trouble);
            }
        }
        if !asked.found.tracks.is_empty() {
            break;
        }
    }
    asked
}

/// What came of a round over the sources.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// What was found.
    pub found: Found,
    /// The first source that failed, and why.
    pub trouble: Option<Trouble>,
}

impl Asked {
    /// Nothing, since the sources took too long.
    pub fn late(limit: std::time::Duration) -> Self {
        let why = format!("The sources of measurements gave no answer within {} s.", limit.as_secs());
        Self { trouble: Some(Trouble::new(why)), ..Self::default() }
    }

    /// Lays the answer over what was known: what failed leaves the numbers there were, with their age.
    pub fn over(self, known: Option<&Measured>, question: &Question, every: SignedDuration) -> Measured {
        let Self { found, trouble } = self;
        let trouble = trouble.map(|Trouble(sentence)| sentence);
        let health = known.and_then(|known| known.health.clone());
        if found.tracks.is_empty()
            && trouble.is_some()
            && let Some(known) = known
        {
            let named = if found.named.is_empty() { known.named.clone() } else { found.named };
            return Measured { every, named, trouble, ..known.clone() };
        }
        let anything = !found.tracks.is_empty() || !found.named.is_empty();
        let tracks = if found.tracks.is_empty() { question.lanes.unmeasured() } else { found.tracks };
        Measured {
            source: found.source,
            detail: found.detail,
            at: anything.then_some(question.now).or_else(|| known.and_then(|known| known.at)),
            every,
            window: question.window,
            tracks,
            named: found.named,
            health,
            trouble: if anything { None } else { trouble },
        }
    }
}
