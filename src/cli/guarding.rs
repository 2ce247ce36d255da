//! How commands guard: rules from flags and configuration, a watch over the release, a line an evaluation.

pub mod job;
pub mod late;
pub mod stopped;
pub mod tell;

use std::{sync::Arc, time::Duration};

use clap::Args;
use jiff::SignedDuration;
use tokio::sync::watch;

use super::{
    Exit, Failure, Session,
    flags::span,
    output::Format,
    reading::Reading,
    writing::{self, Gate, cut_short::Way},
};
use crate::{
    action::{
        Engine,
        guard::{GuardNews, GuardOptions, HOLDS, Lane},
    },
    cluster::{NamespaceScope, ObserveOptions, Observer},
    config::{Config, FlagValue, HealthSettings, Origin, Written, no_address},
    domain::{
        Release, Snapshot, Str,
        guarding::{GuardSettings, OnBreach},
        intent::{Override, ReleaseId},
        snapshot::Connection,
    },
    guard::{Against, Check, NoData, Quantile, Rule, Rules, Terms, against, percent, seconds, with_terms},
    metrics::{Focus, Meter, MeterOptions},
    notify::Notifier,
};
use stopped::Course;

/// How often it looks when nobody says otherwise.
const EVERY: Duration = Duration::from_secs(10);

/// A server that has not answered for so long is unreachable.
const FIRST_ANSWER: Duration = Duration::from_secs(15);

/// The rules of a guard, and what it does.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Guard")]
pub struct GuardFlags {
    /// The highest share of failed requests, as 5%; terms may follow: 5%,window=5m,requests=100,breaches=3
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub error_rate_max: Option<Limit<f64>>,
    /// The lowest share of requests that do not fail, as 95%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub success_min: Option<Limit<f64>>,
    /// The longest that half of the requests may take, as 100ms
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub p50_max: Option<Limit<f64>>,
    /// The longest that nine of ten requests may take
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub p90_max: Option<Limit<f64>>,
    /// The longest that 99 of 100 requests may take, as 500ms
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub p99_max: Option<Limit<f64>>,
    /// The error rate against stable's: 2x (times it) or +1% (points above it)
    #[arg(long, value_name = "LIMIT", value_parser = compared)]
    pub against_stable: Option<Limit<Against>>,
    /// So many bad answers of the health endpoint in a row are a breach
    #[arg(long, value_name = "N")]
    pub health_failures: Option<u32>,
    /// More restarts than this are a breach
    #[arg(long, value_name = "N")]
    pub restarts_max: Option<u32>,
    /// A rollout that has not settled by then is a breach (5m where nothing says otherwise)
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub rollout_timeout: Option<Duration>,
    /// For so long after a change numbers do not count (30s)
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub settle: Option<Duration>,
    /// How long the way back may take (3m)
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub undo_timeout: Option<Duration>,
    /// Fewer requests than this are too few to judge (50)
    #[arg(long, value_name = "N")]
    pub min_requests: Option<u64>,
    /// How often in a row a rule must be broken (2)
    #[arg(long, value_name = "N")]
    pub breaches: Option<u32>,
    /// What it is when there are no numbers
    #[arg(long, value_name = "WHAT", value_parser = ["hold", "breach"])]
    pub no_data: Option<String>,
    /// Where Prometheus is: a URL, or svc/NAME.NAMESPACE:PORT
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,
    /// The health endpoint: a URL, or svc/NAME:PORT/PATH
    #[arg(long, value_name = "URL")]
    pub health_url: Option<String>,
    /// The time that rates are taken over
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub window: Option<Duration>,
    /// How long it watches; with --step-when-ok, after the last step
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub watch: Option<Duration>,
    /// How often it looks (10s)
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub every: Option<Duration>,
    /// What it does when a rule is broken
    #[arg(long, value_name = "WHAT", value_parser = ["undo", "abort", "switch-back", "hold"])]
    pub on_breach: Option<String>,
    /// Go one step on whenever a rung has baked and all is well
    #[arg(long)]
    pub step_when_ok: bool,
    /// How long a rung bakes before the next step; else as configured, else as long as --for
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub bake: Option<Duration>,
    /// How many requests a rung must have seen before the next step
    #[arg(long, value_name = "N")]
    pub bake_requests: Option<u64>,
    /// Tell somebody how it ends: slack, webhook or command, as configured; may be repeated
    #[arg(long, value_name = "WHO", value_parser = ["slack", "webhook", "command"])]
    pub notify: Vec<String>,
    /// A name for the guard: what has ended under it is told again and not begun anew
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// A limit as it was typed, with its value and terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit<T> {
    /// As typed.
    pub text: String,
    value: T,
    terms: Typed,
}

/// The terms that were typed; the others are the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Typed {
    window: Option<SignedDuration>,
    requests: Option<u64>,
    in_a_row: Option<u32>,
}

fn limit<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Limit<T>, String> {
    // Read twice over other usual terms: what differs was not typed.
    let (zero, one) =
        (Terms { window: None, requests: 0, in_a_row: 0 }, Terms { window: None, requests: 1, in_a_row: 1 });
    let (value, first) = with_terms(text, zero, &read)?;
    let (_, second) = with_terms(text, one, &read)?;
    let terms = Typed {
        window: first.window,
        requests: (first.requests == second.requests).then_some(first.requests),
        in_a_row: (first.in_a_row == second.in_a_row).then_some(first.in_a_row),
    };
    Ok(Limit { text: text.to_owned(), value, terms })
}

fn share(text: &str) -> Result<Limit<f64>, String> {
    limit(text, percent)
}

fn latency(text: &str) -> Result<Limit<f64>, String> {
    limit(text, seconds)
}

fn compared(text: &str) -> Result<Limit<Against>, String> {
    limit(text, against)
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

impl GuardFlags {
    /// Those that are settings.
    pub fn settings(&self) -> Vec<FlagValue> {
        let text = |path, flag, text: Option<String>| text.map(|text| FlagValue { path, flag, text });
        let window = self.window.map(|window| format!("{}s", window.as_secs().max(1)));
        let every = self.every.map(|every| format!("{}s", every.as_secs().max(1)));
        [
            text("metrics.prometheus", "--prometheus", self.prometheus.clone()),
            text("metrics.window", "--window", window),
            text("metrics.interval", "--every", every),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The rules: the flags', else the configuration's, else those built in; refused when they make no sense.
    pub fn rules(&self, config: &Config) -> Result<Rules, Failure> {
        let settings = &config.guard;
        let given = GuardSettings {
            min_requests: self.min_requests.or(settings.min_requests),
            breaches: self.breaches.or(settings.breaches),
            ..settings.clone()
        };
        let mut rules = Rules::from(&given);
        let usual = rules.rules.first().map_or_else(Terms::default, |rule| rule.terms);
        let terms = |typed: Typed| Terms {
            window: typed.window.or(usual.window),
            requests: typed.requests.unwrap_or(usual.requests),
            in_a_row: typed.in_a_row.unwrap_or(usual.in_a_row),
        };
        let ratio = |limit: &Option<Limit<f64>>, check: fn(f64) -> Check| {
            limit.as_ref().map(|limit| Rule { check: check(limit.value), terms: terms(limit.terms) })
        };
        let quantile = |limit: &Option<Limit<f64>>, quantile| {
            let check = |limit: &Limit<f64>| Check::Latency(quantile, limit.value);
            limit.as_ref().map(|limit| Rule { check: check(limit), terms: terms(limit.terms) })
        };
        let plain = |check: Option<Check>| check.map(|check| Rule { check, terms: usual });
        let health = self.health_failures.or_else(|| self.health_url.as_ref().map(|_| 3));
        // A minimum alone says what a maximum would.
        if self.success_min.is_some() && self.error_rate_max.is_none() && settings.error_rate.is_none() {
            rules.remove("error rate");
        }
        let asked = [
            ratio(&self.error_rate_max, Check::ErrorsMax),
            ratio(&self.success_min, Check::SuccessMin),
            quantile(&self.p50_max, Quantile::P50),
            quantile(&self.p90_max, Quantile::P90),
            quantile(&self.p99_max, Quantile::P99),
            self.against_stable
                .as_ref()
                .map(|limit| Rule { check: Check::AgainstStable(limit.value), terms: terms(limit.terms) }),
            plain(health.map(Check::Health)),
            plain(self.restarts_max.map(Check::Restarts)),
            plain(self.rollout_timeout.map(|within| Check::Settled(signed(within)))),
        ];
        for rule in asked.into_iter().flatten() {
            rules.set(rule);
        }
        rules.settle = self.settle.map_or(rules.settle, signed);
        rules.undo = self.undo_timeout.map_or(rules.undo, signed);
        rules.no_data = match self.no_data.as_deref() {
            Some("breach") => NoData::Breach,
            Some(_) => NoData::Hold,
            None => rules.no_data,
        };
        rules
            .check(signed(config.metrics.window))
            .map_err(|wrong| Failure::new(Exit::Usage, format!("this rule makes no sense: {wrong}")))?;
        if let Some(wrong) = self.health_url.as_deref().and_then(no_address) {
            return Err(Failure::new(Exit::Usage, format!("--health-url: {wrong}")));
        }
        Ok(rules)
    }

    /// How long a way back may take.
    pub fn undo_limit(&self, settings: &GuardSettings) -> Duration {
        let configured = settings.undo.and_then(|undo| undo.try_into().ok());
        self.undo_timeout.or(configured).unwrap_or(Duration::from_secs(180))
    }

    fn watch(&self, settings: &GuardSettings) -> SignedDuration {
        self.watch.map(signed).or(settings.watch).unwrap_or(SignedDuration::from_mins(10))
    }

    /// What is done when a rule is broken.
    pub fn on_breach(&self, settings: &GuardSettings) -> OnBreach {
        let typed = OnBreach::ALL.into_iter().find(|way| Some(way.word()) == self.on_breach.as_deref());
        typed.unwrap_or(settings.on_breach)
    }

    /// Whether it goes on by itself.
    pub fn steps(&self, settings: &GuardSettings) -> bool {
        self.step_when_ok || settings.step_when_ok
    }

    /// The configuration with this guard's gate in it.
    fn gate(&self, config: &mut Config, release: &Release) {
        let settings = &mut config.guard;
        let mut bake = settings.bake(&release.key);
        bake.time = self.bake.map(signed).or(bake.time);
        bake.requests = self.bake_requests.or(bake.requests);
        if self.steps(settings) && bake.time.is_none() && bake.requests.is_none() {
            bake.time = Some(self.watch(settings));
        }
        settings.bakes.insert(release.key.qualified().as_str().into(), bake);
    }

    /// The configuration with this guard's health endpoint in it.
    fn measure(&self, config: &mut Config, release: &Release) {
        let Some(url) = &self.health_url else { return };
        let written = Written { text: url.clone(), origin: Origin::Flag("--health-url".to_owned()) };
        let known = config.release(&release.key.namespace, &release.key.name).metrics.health;
        let health = HealthSettings::at(written, self.every.unwrap_or(EVERY), known.as_ref());
        config.ask_health(&release.key.qualified(), health);
    }

    /// Who is told; refused when somebody can't be.
    pub fn notifier(&self, config: &Config, session: &Session) -> Result<Notifier, Failure> {
        let names: Vec<Str> = if self.notify.is_empty() {
            config.guard.notify.clone()
        } else {
            self.notify.iter().map(|name| name.as_str().into()).collect()
        };
        let variable = |name: &str| session.variables.get(name).cloned();
        Notifier::new(&names, &config.notify, &variable)
            .map_err(|unusable| Failure::new(Exit::Usage, unusable.to_string()))
    }
}

/// A release under watch.
pub struct Watched {
    /// The engine that writes.
    pub engine: Engine,
    /// What is.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    meter: Meter,
    course: Arc<Course>,
    _observer: Observer,
}

/// What is guarded, and how it is told.
pub struct Guarding<'a> {
    /// The release.
    pub release: &'a Release,
    /// The rules and the rest.
    pub flags: &'a GuardFlags,
    /// What is guarded and what served, where that is known better than the release tells.
    pub lanes: Option<(Lane, Option<Lane>)>,
    /// Why, for the journal.
    pub reason: &'a str,
    /// Whether the fingerprint word was given.
    pub word: bool,
    /// What was overridden with that reason; of its way back that is breaking the glass alone.
    pub overrides: &'a [Gate],
    /// How to print.
    pub output: Format,
}

/// How far back the rules and the gate look.
fn longest(config: &Config, rules: &Rules, release: &Release) -> SignedDuration {
    let windows = rules.rules.iter().filter_map(|rule| rule.terms.window);
    windows.chain(config.guard.bake(&release.key).time).max().unwrap_or_default()
}

impl Watched {
    /// Observes the release's namespace and measures the release.
    pub async fn start(
        reading: &Reading,
        flags: &GuardFlags,
        release: &Release,
        course: &Arc<Course>,
        session: &mut Session,
    ) -> Result<Self, Failure> {
        course.is_about(&release.key);
        let mut config = reading.config.clone();
        flags.gate(&mut config, release);
        flags.measure(&mut config, release);
        let rules = flags.rules(&reading.config)?;
        let settings = Arc::new(config.traffic());
        let span = longest(&config, &rules, release);
        let options = ObserveOptions {
            namespaces: NamespaceScope::List(vec![release.key.namespace.to_string()]),
            settings: Arc::clone(&settings),
            presence: false,
            ..reading.options.clone()
        };
        let observer = reading.cluster.observe(options);
        let mut snapshots = observer.snapshots.clone();
        let there = |snapshot: &Snapshot| snapshot.complete() && snapshot.by_uid(&release.uid).is_some();
        if tokio::time::timeout(FIRST_ANSWER, snapshots.wait_for(|snapshot| there(snapshot))).await.is_err() {
            let why = match &snapshots.borrow().connection {
                Connection::Away { reason, .. } => reason.to_string(),
                _ => format!("{} did not come within 15 s; look with `windlass status`", release.key),
            };
            return Err(Failure::new(Exit::Unreachable, why));
        }
        let meter = Meter::start(MeterOptions {
            cluster: reading.cluster.clone(),
            snapshots: snapshots.clone(),
            config: Arc::new(config),
            clock: reading.options.clock.clone(),
        });
        meter.look_at(Focus { releases: vec![release.uid.clone()], judged: Some(span), ..Focus::default() });
        let who = writing::who(reading, session).await;
        let engine = writing::engine_over(reading, who, Some(snapshots.clone()), settings);
        let course = Arc::clone(course);
        Ok(Self { engine, snapshots, meter, course, _observer: observer })
    }

    /// How far the writes of the command have come that it watches for.
    pub fn way(&self) -> &Way {
        &self.course.way
    }

    /// The release as it is now.
    pub fn release(&self, uid: &crate::domain::Uid) -> Option<Arc<Release>> {
        self.snapshots.borrow().by_uid(uid).cloned()
    }

    /// Guards to the end, and tells.
    pub async fn guard(
        &self,
        guarding: &Guarding<'_>,
        config: &Config,
        session: &mut Session,
    ) -> Result<Exit, Failure> {
        let (flags, release) = (guarding.flags, guarding.release);
        let glass = guarding.overrides.contains(&Gate::BreakGlass);
        let options = GuardOptions {
            release: ReleaseId { key: release.key.clone(), uid: release.uid.clone() },
            rules: flags.rules(config)?,
            watch: flags.watch(&config.guard),
            on_breach: flags.on_breach(&config.guard),
            asks: false,
            step_when_ok: flags.steps(&config.guard),
            every: flags.every.unwrap_or(EVERY).max(Duration::from_millis(100)),
            measurements: self.meter.measurements.clone(),
            snapshots: self.snapshots.clone(),
            notifier: flags.notifier(config, session)?,
            reason: guarding.reason.into(),
            word: guarding.word,
            name: flags.name.as_deref().map(Into::into),
            lanes: guarding.lanes.clone(),
            overrides: glass.then_some(Override::BreakGlass).into_iter().collect(),
            holds: HOLDS,
        };
        let mut news = self.engine.guard(options);
        while let Some(told) = news.recv().await {
            self.course.goes_on(&told);
            tell::tell(&told, guarding.output, session)?;
            if let GuardNews::Ended(ending) = told {
                return tell::ended(&ending);
            }
            if session.output.closed() {
                return Err(Failure::silent(Exit::Interrupted));
            }
        }
        Err(Failure::new(Exit::Failed, "the guard ended without a word; look with `windlass journal`"))
    }
}
