//! One round without a meter, for commands that look once.

use super::health;
use super::lanes::Lanes;
use super::meter::MeterOptions;
use super::source::{Asked, BoardFound, BoardQuestion, MetricSource, OwnErrors, Question, ask, registry};
use crate::config::Config;
use crate::domain::measurement::Measured;
use crate::domain::{Measurements, Release, Str};
use futures::future::join_all;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How often a namespace is asked until the metrics are found that it has.
const TURNS: usize = 3;

/// Whether there is anything to tell: the settings name a source, or the only release has a controller's measurements
/// among its objects. Else a command does not look for sources.
pub fn is_told(config: &Config, releases: &[Arc<Release>]) -> bool {
    let measured = |release: &Arc<Release>| release.traffic.as_ref().is_some_and(|it| !it.rows.runs.is_empty());
    is_configured(config, releases) || matches!(releases, [release] if measured(release))
}

/// Whether the settings name anything that could be asked.
fn is_configured(config: &Config, releases: &[Arc<Release>]) -> bool {
    let prometheus = config.metrics.prometheus.as_deref().is_some_and(|address| address != "none");
    prometheus
        || releases.iter().any(|release| {
            let metrics = config.release(&release.key.namespace, &release.key.name).metrics;
            metrics.health.is_some() || metrics.scrape.is_some()
        })
}

/// Measures `releases` once, in `limit` at most: a single one in full, several by one question a namespace. What did
/// not answer in time is missing.
pub async fn measure(options: &MeterOptions, releases: &[Arc<Release>], limit: Duration) -> Measurements {
    let mut sources = registry(options);
    if !is_configured(&options.config, releases) {
        sources.retain(|source| source.name() == "controllers");
    }
    match releases {
        [release] => one(options, &sources, release, limit).await,
        _ => several(options, &sources, releases, limit).await,
    }
}

async fn one(
    options: &MeterOptions,
    sources: &[Arc<dyn MetricSource>],
    release: &Arc<Release>,
    limit: Duration,
) -> Measurements {
    let settings = &options.config.metrics;
    let question = Question {
        release: Arc::clone(release),
        lanes: Lanes::of(release),
        window: signed(settings.window),
        span: signed(settings.span),
        recent: None,
        now: options.clock.now(),
    };
    let own = options.config.release(&release.key.namespace, &release.key.name).metrics;
    let only = release.measured_by.as_deref().or(own.source.as_deref());
    let sources: Vec<_> =
        sources.iter().filter(|source| only.is_none_or(|only| only == source.name())).cloned().collect();
    let checked = async {
        let endpoint = own.health.as_ref()?;
        let tick = health::ask(&options.cluster, endpoint, &release.key.namespace, question.now).await;
        Some(health::with(None, endpoint, tick))
    };
    let (asked, check) = tokio::join!(timeout(limit, ask(&sources, &question)), timeout(limit, checked));
    let asked = asked.unwrap_or_else(|_| Asked::late(limit));
    let measured = asked.over(None, &question, signed(settings.interval));
    let measured = Measured { health: check.ok().flatten(), ..measured };
    Measurements { version: 1, releases: [(release.uid.clone(), Arc::new(measured))].into() }
}

async fn several(
    options: &MeterOptions,
    sources: &[Arc<dyn MetricSource>],
    releases: &[Arc<Release>],
    limit: Duration,
) -> Measurements {
    let mut namespaces: BTreeMap<Str, BoardQuestion> = BTreeMap::new();
    for release in releases {
        let namespace = &release.key.namespace;
        let question = namespaces.entry(namespace.clone()).or_insert_with(|| BoardQuestion {
            namespace: namespace.clone(),
            releases: Vec::new(),
            own: Vec::new(),
            window: signed(options.config.metrics.window),
            now: options.clock.now(),
        });
        let (uid, lanes) = (release.uid.clone(), Lanes::of(release));
        if let Some(query) = options.config.release(namespace, &release.key.name).metrics.queries.error_rate {
            let own = OwnErrors { uid: uid.clone(), name: release.key.name.clone(), lanes: lanes.clone(), query };
            question.own.push(own);
        }
        question.releases.push((uid, lanes));
    }
    let asked = namespaces.values().map(|question| async move {
        let found = timeout(limit, namespace(sources, question)).await.ok().flatten();
        (question, found)
    });
    let mut measured = Measurements { version: 1, ..Measurements::default() };
    for (question, found) in join_all(asked).await {
        let Some(BoardFound { source, detail, tracks, own }) = found else { continue };
        // What it says of its own errors goes before what all say.
        for (uid, tracks) in tracks.into_iter().chain(own.into_iter().map(|(uid, tracks, _)| (uid, tracks))) {
            let one = Measured {
                source: source.clone(),
                detail: detail.clone(),
                at: Some(question.now),
                every: signed(options.config.metrics.refresh),
                window: question.window,
                tracks,
                named: Vec::new(),
                health: None,
                trouble: None,
            };
            measured.releases.insert(uid, Arc::new(one));
        }
    }
    measured
}

async fn namespace(sources: &[Arc<dyn MetricSource>], question: &BoardQuestion) -> Option<BoardFound> {
    for source in sources {
        for _ in 0..TURNS {
            match source.namespace(question).await {
                Ok(Some(found)) if !found.tracks.is_empty() || !found.own.is_empty() => return Some(found),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
    }
    None
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}
