//! One world of one strategy, and what is asked of it.

use crate::domain::intent::{PausedUndo, UndoTo};
use crate::domain::plan::{Plan, Refusal};
use crate::domain::release::{Action, Role};
use crate::domain::workload::Image;
use crate::domain::{Details, Intent, Kind, ObjectKey, Release, Verb};
use crate::strategy::testing::shop::Shop;
use crate::strategy::{Context, Strategy, strategy};
use std::sync::{Arc, OnceLock};

/// A world of one release.
#[derive(Clone)]
pub struct Case {
    /// What it shows.
    pub name: &'static str,
    /// The strategy that must claim it.
    pub kind: &'static str,
    /// Its objects.
    pub shop: Shop,
    /// The release's root.
    pub root: ObjectKey,
    /// Whether something is wrong in it.
    pub broken: bool,
    /// The ways back that are open in it, and must stay open whatever else goes wrong.
    pub back: &'static [Verb],
    memo: Arc<Memo>,
}

/// What is worked out once.
#[derive(Default)]
struct Memo {
    release: OnceLock<Arc<Release>>,
    details: OnceLock<Details>,
    plans: OnceLock<Vec<(String, Plan)>>,
}

impl Case {
    /// A world of `kind` in which nothing is wrong.
    pub fn of(kind: &'static str, name: &'static str, root: (Kind, &str), shop: Shop, back: &'static [Verb]) -> Self {
        let root = ObjectKey::new(root.0, "shop", root.1.to_owned());
        Self { name, kind, shop, root, broken: false, back, memo: Arc::default() }
    }

    /// The same with something wrong.
    pub fn broken(self) -> Self {
        Self { broken: true, ..self }
    }

    /// The same with other objects.
    pub fn with(&self, shop: Shop) -> Self {
        Self { shop, memo: Arc::default(), ..self.clone() }
    }

    /// `argo-canary: at a pause`.
    pub fn words(&self) -> String {
        format!("{}: {}", self.kind, self.name)
    }

    /// The release.
    pub fn release(&self) -> Arc<Release> {
        let release = self.memo.release.get_or_init(|| {
            let release = self.shop.rooted(&self.root).unwrap_or_else(|| panic!("{}: no release", self.words()));
            assert_eq!(release.strategy.0, self.kind, "{}: another strategy has it: {}", self.words(), release.why);
            release
        });
        Arc::clone(release)
    }

    /// The bytes that its plans are made from.
    pub fn details(&self) -> &Details {
        self.memo.details.get_or_init(|| self.shop.details(&self.release()))
    }

    /// Its strategy.
    pub fn strategy(&self) -> &'static dyn Strategy {
        strategy(self.release().strategy).expect("registered").0
    }

    /// What it offers.
    pub fn actions(&self) -> Vec<Action> {
        self.strategy().actions(&self.release(), &self.shop.context())
    }

    /// The plan for `intent`.
    pub fn plan(&self, intent: &Intent) -> Result<Plan, Refusal> {
        self.plan_in(intent, &self.shop.context())
    }

    fn plan_in(&self, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        self.strategy().plan(&self.release(), self.details(), intent, context)
    }

    /// The same; what is refused unless somebody overrides it is planned with the override.
    pub fn plan_at_any_price(&self, intent: &Intent) -> Result<Plan, Refusal> {
        let refusal = match self.plan(intent) {
            Ok(plan) => return Ok(plan),
            Err(refusal) => refusal,
        };
        let Some(overridden) = refusal.overridable else { return Err(refusal) };
        let context = Context { overrides: vec![overridden], ..self.shop.context() };
        self.plan_in(intent, &context)
    }

    /// Every plan that can be made in it, with the way it was asked for.
    pub fn plans(&self) -> &[(String, Plan)] {
        self.memo.plans.get_or_init(|| {
            let intents = intents(&self.release());
            let planned = intents.iter().filter_map(|intent| {
                let plan = self.plan_at_any_price(intent).ok()?;
                Some((format!("{}: {intent:?}", self.words()), plan))
            });
            planned.collect()
        })
    }
}

/// Everything that can be asked of a release, the verbs' usual form first.
pub fn intents(release: &Release) -> Vec<Intent> {
    Verb::ALL.into_iter().flat_map(|verb| of_verb(verb, release)).collect()
}

/// What a verb can ask for, the usual form first; nothing for a revert, which needs a write before it. A new verb does not
/// compile without its intents.
pub fn of_verb(verb: Verb, release: &Release) -> Vec<Intent> {
    match verb {
        Verb::Undo => undos(release),
        Verb::Pause => vec![Intent::Pause],
        Verb::Resume => vec![Intent::Resume],
        Verb::Restart => vec![Intent::Restart],
        Verb::SetImage => images(release).into_iter().map(|images| Intent::SetImage(vec![images])).collect(),
        Verb::Scale => scales(release),
        Verb::Revert => Vec::new(),
        Verb::Advance => vec![Intent::Advance { from: None, rule: None }],
        Verb::Switch => vec![Intent::Switch { to: None }],
        Verb::SetWeight => [7, 63, 0, 100].map(|weight| Intent::SetWeight { weight, rule: None }).to_vec(),
        Verb::Abort => vec![Intent::Abort],
        Verb::Promote => promotions(release),
        Verb::Continue => vec![Intent::Continue],
        Verb::Skip => vec![Intent::Skip],
        Verb::Retry => vec![Intent::Retry],
    }
}

/// To the best revision, to the one before, and to each by its number, staying paused and resumed.
fn undos(release: &Release) -> Vec<Intent> {
    let undo = |to, paused| Intent::Undo { to, paused };
    let mut all = vec![Intent::undo(), undo(UndoTo::Previous, PausedUndo::StayPaused)];
    for entry in release.history.iter().filter(|entry| !entry.current) {
        all.push(undo(UndoTo::Number(entry.revision), PausedUndo::StayPaused));
        all.push(undo(UndoTo::Number(entry.revision), PausedUndo::Resume));
    }
    all
}

/// A new version for one container: of the side that comes in, else of any.
fn images(release: &Release) -> Option<Image> {
    let tracks = [Role::Candidate, Role::Idle, Role::Stable].into_iter().filter_map(|role| release.track(role));
    let image = tracks.flat_map(|track| &track.images).next()?;
    let name = image.reference.rsplit_once(':').map_or(&*image.reference, |(name, _)| name);
    Some(Image { container: image.container.clone(), reference: format!("{name}:v77").into() })
}

fn scales(release: &Release) -> Vec<Intent> {
    let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
    let of_sides = sides.map(|side| Intent::ScaleSide { side: side.name.clone(), replicas: 6 });
    std::iter::once(Intent::Scale(7)).chain(of_sides).collect()
}

fn promotions(release: &Release) -> Vec<Intent> {
    let named = release.tracks.iter().map(|track| Intent::Promote { winner: Some(track.name.clone()) });
    std::iter::once(Intent::Promote { winner: None }).chain(named).collect()
}
