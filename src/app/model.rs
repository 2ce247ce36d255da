//! Everything that is drawn.

use super::board::Board;
use super::guards::Guards;
use super::journal::Journal;
use super::keys::{KeyTable, Scope};
use super::layers::Layer;
use super::measuring::Span;
use super::messages::{Level, Messages};
use super::rights::Rights;
use super::session::Session;
use super::update::rest::Rest;
use super::writes::Writes;
use crate::action::journal::Unfinished;
use crate::domain::intent::Override;
use crate::domain::measurement::Measured;
use crate::domain::plan::ReadyInverse;
use crate::domain::presence::Presence;
use crate::domain::release::Action;
use crate::domain::{Details, Intent, Measurements, ObjectKey, Release, Snapshot, Str, Timestamp, Uid, Verb};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The console's state. Changed by `update` only.
#[derive(Debug)]
pub struct Model {
    /// Who works where.
    pub session: Session,
    /// The time of the last message.
    pub now: Timestamp,
    /// The same on a clock that never jumps, since the start.
    pub tick: Duration,
    /// The zone of clock times.
    pub zone: TimeZone,
    /// The terminal's size.
    pub size: Size,
    /// What is, as last published.
    pub live: Arc<Snapshot>,
    /// The screen held still: what is shown instead of `live`.
    pub held: Option<Held>,
    /// What is measured, as last published.
    pub measurements: Arc<Measurements>,
    /// The time that charts and sparklines show.
    pub span: Span,
    /// The board.
    pub board: Board,
    /// What lies over the board, the topmost last.
    pub layers: Vec<Layer>,
    /// The raw objects of releases that were opened or planned for.
    pub details: HashMap<Uid, Arc<Details>>,
    /// The release that one rests on: its objects are read ahead.
    pub rest: Rest,
    /// What the cluster lets us do with a release, as far as it was asked.
    pub rights: HashMap<Uid, Rights>,
    /// Plans that were confirmed here, and what became of them.
    pub writes: Writes,
    /// Guards that were armed here.
    pub guards: Guards,
    /// The journal; read at the start and whenever something was written.
    pub journal: Journal,
    /// What the console has to say.
    pub messages: Messages,
    /// The keys.
    pub keys: Arc<KeyTable>,
    /// The theme's name.
    pub theme: Str,
    /// Rises with every change of what is drawn; a flushed frame says which one it showed.
    pub revision: u64,
    /// Why the server does not answer, as it was last told.
    pub away: Option<Str>,
    /// Why nothing is written any more: the context points to another cluster than the one that is shown.
    pub elsewhere: Option<Str>,
    /// Plans of an earlier console that were interrupted.
    pub interrupted: Vec<Unfinished>,
    /// When `Ctrl-c` was last pressed.
    pub cancelled: Option<Duration>,
    /// How many plans and requests for logs were numbered so far.
    pub plans: u32,
}

/// A screen held still.
#[derive(Debug, Clone)]
pub struct Held {
    /// What is shown.
    pub snapshot: Arc<Snapshot>,
    /// What was measured then.
    pub measurements: Arc<Measurements>,
    /// Since when.
    pub since: Timestamp,
}

/// A terminal's size in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Size {
    /// Whether all six panes fit at once.
    pub const fn shows_all_panes(self) -> bool {
        self.width >= 120 && self.height >= 40
    }
}

/// The panes of an open release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Pane {
    /// Tracks and pods.
    #[default]
    Versions,
    /// Where traffic goes.
    Traffic,
    /// The verdict and its reasons.
    Health,
    /// Stable against candidate.
    Errors,
    /// Revisions.
    History,
    /// What happened.
    Events,
}

impl Pane {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Versions, Self::Traffic, Self::Health, Self::Errors, Self::History, Self::Events];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Versions => "Versions",
            Self::Traffic => "Traffic",
            Self::Health => "Health",
            Self::Errors => "Error rate",
            Self::History => "History",
            Self::Events => "Events",
        }
    }

    /// Its place, from 0.
    pub const fn place(self) -> usize {
        self as usize
    }

    /// The pane `by` places on, round and round.
    #[must_use]
    pub fn turned(self, by: isize) -> Self {
        let count = Self::ALL.len() as isize;
        Self::ALL[(self.place() as isize + by).rem_euclid(count) as usize]
    }
}

impl Model {
    /// The console before anything was read.
    pub fn new(session: Session, keys: Arc<KeyTable>, now: Timestamp, zone: TimeZone) -> Self {
        let live = Arc::new(Snapshot::empty(session.cluster.clone(), now));
        let theme = session.config.ui.theme.as_str().into();
        let span = Span::up_to(session.config.metrics.span);
        Self {
            session,
            now,
            tick: Duration::ZERO,
            zone,
            size: Size { width: 80, height: 24 },
            live,
            held: None,
            measurements: Arc::default(),
            span,
            board: Board::default(),
            layers: Vec::new(),
            details: HashMap::new(),
            rest: Rest::default(),
            rights: HashMap::new(),
            writes: Writes::default(),
            guards: Guards::default(),
            journal: Journal::default(),
            messages: Messages::default(),
            keys,
            theme,
            revision: 1,
            away: None,
            elsewhere: None,
            interrupted: Vec::new(),
            cancelled: None,
            plans: 0,
        }
    }

    /// What is shown: the held snapshot, else the live one.
    pub fn shown(&self) -> &Arc<Snapshot> {
        self.held.as_ref().map_or(&self.live, |held| &held.snapshot)
    }

    /// The time from which the ages of what is shown are told: a screen that is held still stands still in them, too.
    pub fn drawn_at(&self) -> Timestamp {
        self.held.as_ref().map_or(self.now, |held| held.since)
    }

    /// Who else steps the release rooted at `release`, as far as it is known: another person, or another console.
    pub fn stepped_by_another(&self, release: &ObjectKey) -> Option<&Presence> {
        self.shown().presence.of(release, self.now).filter(|presence| presence.console != self.session.console)
    }

    /// What others see of us at that release.
    pub fn stepped_by_us(&self, release: &ObjectKey) -> Option<&Presence> {
        self.shown().presence.of(release, self.now).filter(|presence| presence.console == self.session.console)
    }

    /// What is measured of a release, as shown: the held numbers, else the live ones.
    pub fn measured(&self, uid: &Uid) -> Option<&Arc<Measured>> {
        self.held.as_ref().map_or(&self.measurements, |held| &held.measurements).of(uid)
    }

    /// The release that keys mean: that of the topmost layer with one, else the board's selection.
    pub fn focus(&self) -> Option<&Arc<Release>> {
        self.layers
            .iter()
            .rev()
            .find_map(|layer| match layer {
                Layer::Release(view) => Some(&view.release),
                Layer::Chart(chart) => Some(&chart.release),
                _ => None,
            })
            .or_else(|| self.board.current())
    }

    /// The release as it is now, whatever is held still.
    pub fn release(&self, uid: &Uid) -> Option<&Arc<Release>> {
        self.live.by_uid(uid)
    }

    /// Whether nothing is left of `release`: it is gone, and its object belongs to no other release either. Only a complete
    /// list can tell.
    pub fn nothing_left(&self, release: &Release) -> bool {
        self.live.complete() && self.release(&release.uid).is_none() && self.live.owning(&release.key).is_none()
    }

    /// The release as it is now, or as it was when a write of ours ended it.
    pub fn last_known(&self, uid: &Uid) -> Option<&Arc<Release>> {
        self.release(uid).or_else(|| self.writes.of(uid)?.release.as_ref())
    }

    /// The release that `intent` is planned for: what is no more can only be taken back.
    pub fn planned_for(&self, uid: &Uid, intent: &Intent) -> Option<&Arc<Release>> {
        if matches!(intent, Intent::Revert(_)) { self.last_known(uid) } else { self.release(uid) }
    }

    /// What taking back means on `release`: the release that was written last, with the way back. What a write of ours
    /// made of another release takes back that one.
    pub fn to_take_back<'a>(&'a self, release: &'a Arc<Release>) -> Result<(&'a Arc<Release>, &'a ReadyInverse), Str> {
        let own = self.journal.to_revert(&release.uid);
        let ended = self.writes.dissolved(&release.key, &self.session.cluster.context, &self.live);
        let ended = ended.and_then(|ended| Some((ended, self.journal.to_revert(&ended.uid).ok()?)));
        match (own, ended) {
            // Plans are named by their time.
            (Ok(own), Some((_, inverse))) if own.of.0 > inverse.of.0 => Ok((release, own)),
            (_, Some(ended)) => Ok(ended),
            (own, None) => own.map(|own| (release, own)),
        }
    }

    /// The topmost layer.
    pub fn top(&self) -> Option<&Layer> {
        self.layers.last()
    }

    /// The scopes in which a key is searched now.
    pub fn chain(&self) -> &'static [Scope] {
        match self.top() {
            None if self.board.typing => INPUT,
            None => Scope::CHAINS[0],
            Some(layer) => layer.chain(),
        }
    }

    /// Says something good to know; it goes with the next key.
    pub fn note(&mut self, text: impl AsRef<str>) {
        self.say(Level::Note, text);
    }

    /// Says what failed; it stays until acknowledged.
    pub fn error(&mut self, text: impl AsRef<str>) {
        self.say(Level::Error, text);
    }

    /// Says `text` with the keys that are set.
    pub fn say(&mut self, level: Level, text: impl AsRef<str>) {
        self.messages.say(level, self.keys.said(text.as_ref()), self.now);
    }

    /// Every verb of `release` with whether it can be asked for, as its strategy says.
    pub fn actions(&self, release: &Release) -> Vec<Action> {
        let Some(strategy) = crate::strategy::strategy(release.strategy) else { return Vec::new() };
        strategy.actions(release, &self.planning_context(release, 0))
    }

    /// Whether `verb` could be asked for, if a person overrode what may be overridden.
    pub fn overridable(&self, release: &Release, verb: Verb) -> bool {
        let Some(strategy) = crate::strategy::strategy(release.strategy) else { return false };
        let overrides = Override::ALL.to_vec();
        let context = crate::strategy::Context { overrides, ..self.planning_context(release, 0) };
        strategy.actions(release, &context).iter().any(|action| action.verb == verb && action.enabled)
    }

    /// What planning needs beside the release; `number` names the plan.
    pub fn planning_context(&self, release: &Release, number: u32) -> crate::strategy::Context {
        crate::strategy::Context {
            now: self.now,
            who: self.session.who.clone(),
            plan_id: self.plan_id(number),
            left_by_undo: self.journal.left_by_undo.get(&release.uid).cloned(),
            settings: Arc::clone(&self.session.traffic),
            overrides: Vec::new(),
            switched: self.journal.switched.get(&release.uid).cloned(),
            leaves: None,
        }
    }

    /// A plan's name: sortable by time, told apart by console and number.
    fn plan_id(&self, number: u32) -> crate::domain::plan::PlanId {
        let time = self.now.strftime("%Y%m%dT%H%M%S%.3fZ");
        crate::domain::plan::PlanId(format!("{time}-{}-{number}", self.session.salt).into())
    }
}

/// The chain while something is typed.
pub const INPUT: &[Scope] = Scope::CHAINS[7];
