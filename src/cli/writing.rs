//! How commands write: read → plan → ask → apply → tell. The same engine as the console's, without a screen.

mod asking;
mod blocked;
pub mod cut_short;
mod telling;

use std::{sync::Arc, time::Duration};

use clap::Args;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use cut_short::Way;
pub use telling::ended;
use telling::{outcome_of_failure, outcome_of_refusal, tell};

use super::{
    Exit, Failure, Session,
    output::Format,
    present,
    reading::{Opened, Reading},
    runtime,
};
use crate::{
    action::{
        Consent, Engine, Gauges, Policy, Progress,
        engine::Settings,
        gates::{Preview, climbs},
        presence::{Announced, Parting},
        progress::News,
    },
    cluster::{NamespaceScope, ObserveOptions, SendMode},
    domain::{
        Direction, Intent, Measurements, Outcome, Plan, Release, Snapshot, Str,
        guarding::Bake,
        intent::{Override, RuleRef, Standing},
        outcome::OutcomeKind,
        plan::{Refusal, RefusalKind},
        target::Target,
        traffic::TrafficSettings,
    },
    metrics::{Focus, Meter, MeterOptions},
    strategy::{Context, strategy},
};

/// Flags of every command that writes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Writing")]
pub struct WriteFlags {
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
    /// The cluster's fingerprint word, for what goes forward in a protected context
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
    /// Change nothing: client (as without a mode) shows the plan, server has the server try it, too
    #[arg(long, value_name = "MODE", value_enum, default_value_t = DryRun::None, num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    pub dry_run: DryRun,
    /// Wait until the release has settled and the weight is what was asked for (this is the default)
    #[arg(long, conflicts_with = "no_wait")]
    pub wait: bool,
    /// End as soon as the server has taken the write
    #[arg(long)]
    pub no_wait: bool,
    /// How long to wait, as 90s or 10m
    #[arg(long, value_name = "TIME", value_parser = super::flags::span, default_value = "10m")]
    pub timeout: Duration,
    /// Go on although this would hold it; may be repeated, needs --reason
    #[arg(long = "override", value_name = "GATE", value_enum, requires = "reason")]
    pub overrides: Vec<Gate>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How to print the outcome
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
}

/// How much of a write is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DryRun {
    /// All of it.
    None,
    /// Nothing is sent.
    Client,
    /// The server says what it would do.
    Server,
}

/// What may hold a verb, and be overridden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Gate {
    /// A rung that has not baked long enough.
    Bake,
    /// A change freeze.
    Freeze,
    /// A side with fewer ready pods than the live one.
    FewerPods,
    /// A preview check that failed.
    PreviewCheck,
    /// A controller owns what would be written.
    BreakGlass,
}

impl Gate {
    /// What it is for a plan.
    pub const fn overridden(self) -> Override {
        match self {
            Self::Bake => Override::Bake,
            Self::Freeze => Override::Freeze,
            Self::FewerPods => Override::FewerPods,
            Self::PreviewCheck => Override::PreviewCheck,
            Self::BreakGlass => Override::BreakGlass,
        }
    }
}

/// What is asked for, told by the release as it was read.
pub type Asked<'a> = &'a dyn Fn(&Release) -> Result<Intent, Failure>;

/// A write that was asked for.
pub struct Wish<'a> {
    /// The release.
    pub target: &'a Target,
    /// What.
    pub intent: Asked<'a>,
    /// The step or weight that a continue or skip leaves, where it was named.
    pub leaves: Option<Standing>,
    /// Whether the plan's offered calls are sent, too.
    pub optional: bool,
    /// On which terms.
    pub flags: &'a WriteFlags,
}

impl Wish<'_> {
    /// What becomes of the calls that the plan only offers.
    const fn offered(&self) -> present::Offered {
        if self.optional { present::Offered::Sent } else { present::Offered::Left }
    }
}

/// The controller may be in the middle of something; after so long its state is told instead of waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a source may take to tell its numbers, before a write that waits for them.
const MEASURING: Duration = Duration::from_secs(5);

/// Carries a wish out.
pub fn run(wish: &Wish<'_>, session: &mut Session) -> Result<Exit, Failure> {
    let way = Way::default();
    runtime::run(async {
        let done = runtime::unless_interrupted(to_the_end(wish, &way, session)).await;
        done.unwrap_or_else(|| Err(way.tell(wish.flags.output, session)))
    })
}

async fn to_the_end(wish: &Wish<'_>, way: &Way, session: &mut Session) -> Result<Exit, Failure> {
    let reading = match Reading::start(session).await {
        Ok(reading) => reading,
        Err(failure) => {
            let outcome = outcome_of_failure(&failure).ok_or(failure)?;
            return tell(wish, None, &outcome, None, session);
        }
    };
    way.journal(reading.journal.file().display().to_string());
    let (plan, outcome) = match outcome_of(wish, &reading, way, session).await {
        Ok(done) => done,
        Err(failure) if failure.sentence.is_empty() => return Err(failure),
        Err(failure) => (None, outcome_of_failure(&failure).ok_or(failure)?),
    };
    let told = tell(wish, plan.as_ref(), &outcome, way.journalled(), session);
    // After the outcome: nobody waits for what is only a notice.
    if let Some(why) = reading.desks.part(Parting::Ends).await {
        session.output.aside(&format!("presence off: {}\n", crate::domain::said::clean(&why)));
    }
    told
}

/// A plan, with what is announced with it.
pub(super) type Announcing = (Arc<Plan>, Announced);

type Done = (Option<Announcing>, Outcome);

/// Carries a wish out for a command that goes on afterwards, and tells nothing of its end; `way` keeps how far it came.
pub async fn carry_out(
    wish: &Wish<'_>,
    reading: &Reading,
    way: &Way,
    session: &mut Session,
) -> Result<Outcome, Failure> {
    outcome_of(wish, reading, way, session).await.map(|(_, outcome)| outcome)
}

async fn outcome_of(wish: &Wish<'_>, reading: &Reading, way: &Way, session: &mut Session) -> Result<Done, Failure> {
    let flags = wish.flags;
    let (opened, who) = tokio::join!(reading.open(wish.target), who(reading, session));
    let (opened, who) = (opened?, who);
    if let Some(member) = &opened.member {
        if opened.release.generates(member) {
            let root = opened.release.key.target();
            let reason = format!("{member} is made by its controller, which would take a write back: steer {root}");
            return Ok((None, Outcome::new(OutcomeKind::Refused, reason)));
        }
        session.output.aside(&format!("{member} is part of {}\n", opened.release.key));
    }
    let engine = engine(reading, who);
    let (opened, plan) = match plan(wish, reading, &engine, opened).await? {
        Ok(planned) => planned,
        Err(refusal) => return Ok((None, outcome_of_refusal(&refusal))),
    };
    let plan = Arc::new(plan);
    let done = |outcome: Outcome| Ok((Some((Arc::clone(&plan), engine.announced(&plan))), outcome));
    if flags.dry_run != DryRun::None && plan.steps() {
        // Whether the step would be announced is part of what is asked for here.
        engine.rights(&plan.release).await;
    }
    if flags.dry_run != DryRun::None && matches!(flags.output, Format::Table | Format::Wide) {
        let managers = engine.managers(&plan).await;
        let mut lines = present::plan_lines(&plan, wish.offered(), &managers);
        lines.extend(presence_lines(&plan, &engine, reading).await);
        session.output.text(&[lines.join("\n").as_str(), "\n"].concat());
    }
    if flags.dry_run == DryRun::Client {
        return done(Outcome::new(OutcomeKind::Planned, "nothing was sent"));
    }
    let mode = if flags.dry_run == DryRun::Server { SendMode::DryRun } else { SendMode::Apply };
    let consent = Consent {
        reason: flags.reason.as_deref().unwrap_or_default().into(),
        optional: wish.optional,
        // What is asked for below; the engine asks for it again.
        word: true,
        overrides: flags.overrides.iter().map(|gate| gate.overridden()).collect(),
        preview: Preview::Free,
        mode,
        wait: (!flags.no_wait).then_some(flags.timeout),
        presence: true,
    };
    let meter = measured(&engine, &plan, &opened.release, reading).await;
    if meter.is_none() && climbs(plan.intent.verb(), plan.direction) {
        session.output.aside("numbers  not measured: neither a bake gate nor rules nor a source are configured\n");
    }
    let calls = plan.calls.iter().filter(|call| !call.optional || wish.optional).count();
    if calls > 1 {
        // A plan that stops half way for want of a right is worse than a question more.
        engine.rights(&plan.release).await;
    }
    if let Err(refusal) = engine.allow(&plan, &consent) {
        let key = &opened.release.key;
        let reason = if engine.policy().read_only {
            format!("read-only: nothing is sent to {key}").into()
        } else {
            refusal.reason
        };
        return done(Outcome::new(OutcomeKind::Refused, reason));
    }
    let tried = mode == SendMode::DryRun || engine.policy().rehearse;
    let preview = match reading.options.settings.preview_check(&plan.release.key, plan.direction, plan.switches_to()) {
        Some((check, side)) if flags.dry_run == DryRun::None => {
            match reading.cluster.preview_check(&check, &opened.release.key, &side).await {
                Ok(said) => {
                    session.output.aside(&format!("check    {said}\n"));
                    Preview::Free
                }
                Err(why) => Preview::Failed(why),
            }
        }
        Some(_) | None => Preview::Free,
    };
    let consent = Consent { preview, ..consent };
    if let Err(refusal) = engine.allow(&plan, &consent) {
        return done(Outcome::new(OutcomeKind::Refused, refusal.reason));
    }
    if let Preview::Failed(why) = &consent.preview {
        session.output.aside(&format!("check    failed, overridden: {why}\n"));
    }
    let word = match asking::confirmed(wish, &plan, &engine, reading, tried, session).await {
        Ok(word) => word,
        Err(why) => return done(Outcome::new(OutcomeKind::Refused, why)),
    };
    let consent = Consent { word, ..consent };
    if !is_shown(wish, tried) {
        for warning in present::forewarned(&plan) {
            session.output.aside(&[warning.line().as_str(), "\n"].concat());
        }
    }
    if !tried {
        way.begins((Arc::clone(&plan), engine.announced(&plan)), calls);
    }
    let mut news = engine.apply(Arc::clone(&plan), consent);
    let outcome = follow(&mut news, way, session).await?;
    done(blocked::with_way_on(outcome, wish, &plan, reading, &engine).await)
}

/// Whether the plan was printed before it is applied: for a question, or as a dry run.
fn is_shown(wish: &Wish<'_>, tried: bool) -> bool {
    match wish.flags.dry_run {
        DryRun::None => !wish.flags.yes && !tried,
        DryRun::Client | DryRun::Server => matches!(wish.flags.output, Format::Table | Format::Wide),
    }
}

/// Follows a plan on its way and tells what a person would want to know.
async fn follow(news: &mut News, way: &Way, session: &mut Session) -> Result<Outcome, Failure> {
    while let Some(progress) = news.recv().await {
        way.goes_on(&progress);
        let line = match progress {
            Progress::Done(outcome) => return Ok(outcome),
            Progress::NotJournalled(why) => format!("not journalled: {why}"),
            Progress::LookingAfterLostAnswer(_) => "the answer was lost; looking whether it was done".to_owned(),
            Progress::Answered { warnings, .. } => {
                for warning in warnings {
                    session.output.complain(&format!("the server warns: {warning}"));
                }
                continue;
            }
            Progress::Accepted => "accepted".to_owned(),
            Progress::Observed => "observed".to_owned(),
            Progress::Waiting(missing) => format!("waiting: {missing}"),
            Progress::RevertedBy(who) => format!("{who} took it back"),
            Progress::Journalled | Progress::Sent(_) => continue,
        };
        session.output.aside(&[crate::domain::said::clean(&line).as_ref(), "\n"].concat());
    }
    Err(Failure::new(
        Exit::Write(OutcomeKind::Unknown),
        "the write ended without an outcome; look with `windlass journal`",
    ))
}

/// Measures the release for the gate of its ladder, where the plan goes up one and something is set that needs numbers; a
/// source that does not answer in time is one without numbers.
async fn measured(engine: &Engine, plan: &Plan, release: &Release, reading: &Reading) -> Option<Measuring> {
    if !climbs(plan.intent.verb(), plan.direction) {
        return None;
    }
    let release = Arc::new(release.clone());
    let settings = &reading.options.settings.guard;
    let bake = settings.bake(&release.key);
    let asked = bake != Bake::default() || settings.has_rules() || reading.config.metrics.prometheus.is_some();
    if !asked {
        engine.look_at(Gauges { measurements: None, release: Some(release) });
        return None;
    }
    let mut snapshot = Snapshot::empty(reading.cluster.identity(), reading.options.clock.now());
    snapshot.releases = vec![Arc::clone(&release)];
    let (kept, snapshots) = watch::channel(Arc::new(snapshot));
    let meter = Meter::start(MeterOptions {
        cluster: reading.cluster.clone(),
        snapshots,
        config: Arc::new(reading.config.clone()),
        clock: reading.options.clock.clone(),
    });
    meter.look_at(Focus { releases: vec![release.uid.clone()], ..Focus::default() });
    let mut measurements = meter.measurements.clone();
    let there = |now: &Measurements| now.of(&release.uid).is_some_and(|measured| measured.at.is_some());
    let _ = tokio::time::timeout(MEASURING, measurements.wait_for(|now| there(now))).await;
    engine.look_at(Gauges { measurements: Some(meter.measurements.clone()), release: Some(Arc::clone(&release)) });
    Some(Measuring { _meter: meter, _snapshots: kept })
}

/// A measurement that goes on while it is kept.
struct Measuring {
    _meter: Meter,
    _snapshots: watch::Sender<Arc<Snapshot>>,
}

/// The plan, read anew while the controller is at work.
async fn plan(
    wish: &Wish<'_>,
    reading: &Reading,
    engine: &Engine,
    mut opened: Opened,
) -> Result<Result<(Opened, Plan), Refusal>, Failure> {
    let started = Instant::now();
    loop {
        let release = &opened.release;
        let Some(strategy) = strategy(release.strategy) else {
            return Ok(Err(Refusal::because(format!("{} is not steered by this version", release.key))));
        };
        let intent = (wish.intent)(release)?;
        let overrides = wish.flags.overrides.iter().map(|gate| gate.overridden()).collect();
        let context = Context { overrides, leaves: wish.leaves, ..engine.context(&release.uid) };
        match strategy.plan(release, &opened.details, &intent, &context) {
            Ok(plan) => return Ok(Ok((opened, plan))),
            Err(refusal) if refusal.kind == RefusalKind::ReadAgain && started.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(100)).await;
                opened = reading.open(wish.target).await?;
            }
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
}

fn engine(reading: &Reading, who: Str) -> Engine {
    engine_over(reading, who, None, Arc::clone(&reading.options.settings))
}

/// An engine on what is observed anyway, with these settings of traffic.
pub(super) fn engine_over(
    reading: &Reading,
    who: Str,
    snapshots: Option<watch::Receiver<Arc<Snapshot>>>,
    traffic: Arc<TrafficSettings>,
) -> Engine {
    let context = reading.config.context(&reading.cluster.identity().context);
    let policy = Policy {
        read_only: reading.config.read_only || context.read_only,
        rehearse: reading.config.rehearse,
        protected: context.protected,
    };
    let clock = reading.options.clock.clone();
    let freeze = reading.config.freeze.in_context(&reading.cluster.identity().context);
    let settings = Settings { policy, freeze, who, clock, snapshots, traffic };
    Engine::at(&reading.desks, &reading.cluster, reading.journal.clone(), settings)
}

/// `--who`, else the cluster's name for us, else `$USER`.
pub(super) async fn who(reading: &Reading, session: &Session) -> Str {
    if let Some(who) = &reading.config.who {
        return who.as_str().into();
    }
    let known = reading.cluster.whoami().await;
    known.unwrap_or_else(|| session.variable("USER").unwrap_or("unknown").into())
}

/// The rule that a person named; `None`: all of them.
pub fn rule(release: &Release, name: Option<&str>) -> Result<Option<RuleRef>, Failure> {
    let Some(name) = name else { return Ok(None) };
    let Some(traffic) = &release.traffic else {
        return Err(Failure::new(Exit::Usage, format!("{} has no rules: it is {}", release.key, release.strategy.0)));
    };
    let found = traffic.rule_called(name);
    found.map(Some).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", release.key)))
}

/// Who else steps the release, and what is announced with the plan; nothing where it is no step.
async fn presence_lines(plan: &Plan, engine: &Engine, reading: &Reading) -> Vec<String> {
    if !plan.steps() {
        return Vec::new();
    }
    let key = &plan.release.key;
    let namespaces = NamespaceScope::List(vec![key.namespace.to_string()]);
    let options = ObserveOptions { namespaces, ..reading.options.clone() };
    let known = reading.cluster.presences(&options).await;
    present::presence_lines(&known, key, (&engine.holder(), &engine.announced(plan)), reading.options.clock.now())
}

/// Whether the plan needs the fingerprint word.
fn needs_word(plan: &Plan, policy: Policy) -> bool {
    policy.protected && plan.direction == Direction::Forward
}
