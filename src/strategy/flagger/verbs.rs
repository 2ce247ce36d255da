//! From a wish to a plan.

use super::phase::{Phase, interval};
use super::route::{self, Split};
use super::scene::ready;
use super::{abort, leaving, pass, revert, skip, suspend, target};
use crate::domain::plan::{Patch, PlannedCall, Refusal, RefusalKind};
use crate::domain::release::Role;
use crate::domain::said::{ABORT, ADVANCE};
use crate::domain::traffic::view::{Side, Traffic};
use crate::domain::traffic::{Canary, Route};
use crate::domain::{Details, Direction, Intent, Plan, RawObject, Release, Str, Verb};
use crate::strategy::Context;
use crate::strategy::workload::plan::{patch, same_object};
use crate::strategy::workload::version::version;
use jiff::SignedDuration;

/// The version of Canaries that the console steers.
pub const STEERED: &str = "flagger.app/v1beta1";

/// What plans are made from: the release as the person saw it.
pub struct Seen<'a> {
    /// The release.
    pub release: &'a Release,
    /// Its traffic.
    pub traffic: &'a Traffic,
    /// The Canary.
    pub canary: &'a Canary,
    /// Where it stands.
    pub phase: Phase,
    /// The target.
    pub target: Option<&'a Side>,
    /// The workload that serves.
    pub primary: Option<&'a Side>,
    /// The route.
    pub route: Option<&'a Route>,
    /// What primary and candidate get.
    pub split: Split,
}

impl<'a> Seen<'a> {
    /// What `release` shows; `None` when it is none of Flagger's.
    pub fn of(release: &'a Release) -> Option<Self> {
        let traffic = release.traffic.as_deref()?;
        let canary = traffic.rows.canary.as_deref()?;
        let side = |key: Option<crate::domain::ObjectKey>| {
            traffic.rows.sides.iter().find(|side| Some(&side.workload.key) == key.as_ref())
        };
        let route = traffic.rows.routes.first().map(|route| &**route);
        Some(Self {
            release,
            traffic,
            canary,
            phase: Phase::of(canary),
            target: side(canary.target_key()),
            primary: side(canary.primary_key()),
            split: route::split(canary, route),
            route,
        })
    }

    /// The version on the target.
    pub fn new_version(&self) -> Str {
        self.target.map_or_else(|| "?".into(), |side| version(&side.workload.images))
    }

    /// The version that the primary serves.
    pub fn old_version(&self) -> Str {
        self.primary.map_or_else(|| "?".into(), |side| version(&side.workload.images))
    }

    /// The candidate's weight.
    pub fn weight(&self) -> Option<u8> {
        self.split.candidate
    }

    /// Whether the candidate's pods are all there: Flagger asks no gate and no rollback hook before.
    pub fn candidate_is_ready(&self) -> bool {
        self.target.is_some_and(|side| ready(&side.workload))
    }

    /// How long Flagger takes to do what it is allowed to: one interval, the time of its webhooks, and a second one.
    pub fn patience(&self) -> SignedDuration {
        SignedDuration::from_secs(interval(self.canary).as_secs().saturating_mul(2).saturating_add(40))
    }

    /// Who serves users now, for sentences: `podinfo-primary at v1`.
    pub fn users_are_on(&self) -> String {
        let name = self.primary.map_or_else(|| "the target".into(), |side| side.workload.key.name.clone());
        format!("{name} at {}", self.old_version())
    }
}

/// The plan for `intent`.
pub fn plan(release: &Release, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    let Some(seen) = Seen::of(release) else {
        return Err(Refusal::read_again(format!("{} is not a Canary any more; look at it anew", release.key)));
    };
    same_object(release, details)?;
    let Some(why) = &seen.traffic.blocked else { return of_intent(&seen, details, intent, context) };
    let back = match intent {
        Intent::Revert(inverse) => inverse.direction == Direction::Back,
        other => open_back(&seen, other.verb()),
    };
    if !back {
        return Err(refused(&seen, intent.verb(), why));
    }
    // What closes the ways forward is a warning on the way back.
    match of_intent(&seen, details, intent, context) {
        Ok(mut plan) => {
            plan.forecast.warnings.insert(0, why.clone());
            Ok(plan)
        }
        Err(refusal) if refusal.overridable.is_some() => {
            Err(Refusal { reason: format!("{} ({})", refusal.reason, lower(why)).into(), ..refusal })
        }
        Err(refusal) if refusal.kind == RefusalKind::Refused => Err(refused(&seen, intent.verb(), why)),
        Err(refusal) => Err(refusal),
    }
}

/// Whether a way back stays open where the ways forward are blocked: what it writes must be readable. The target of an
/// undo is an object of its own; Pause and Abort are for the Canary, in the version that the console knows.
pub fn open_back(seen: &Seen<'_>, verb: Verb) -> bool {
    match verb {
        Verb::Undo => true,
        Verb::Pause | Verb::Abort => seen.canary.target.is_some() && &*seen.canary.meta.api_version == STEERED,
        Verb::Resume
        | Verb::Restart
        | Verb::SetImage
        | Verb::Scale
        | Verb::Revert
        | Verb::Advance
        | Verb::Switch
        | Verb::SetWeight
        | Verb::Promote
        | Verb::Continue
        | Verb::Skip
        | Verb::Retry => false,
    }
}

fn of_intent(seen: &Seen<'_>, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
    match intent {
        Intent::Advance { from, rule } => pass::advance(seen, details, *from, rule.as_ref(), context),
        Intent::Continue => {
            leaving::stands_at(seen, Verb::Continue, context.leaves)?;
            pass::plan(seen, details, intent, context)
        }
        Intent::Promote { winner: None } => skip::promote(seen, details, context),
        Intent::Promote { winner: Some(winner) } => promote_winner(seen, details, winner, context),
        Intent::Skip => {
            leaving::stands_at(seen, Verb::Skip, context.leaves)?;
            skip::plan(seen, details, intent, context)
        }
        Intent::Abort => abort::plan(seen, details, context),
        Intent::Pause => suspend::pause(seen, details, context),
        Intent::Resume => suspend::resume(seen, details, context),
        Intent::Undo { to, paused } => target::undo(seen, details, (*to, *paused), context),
        Intent::Retry => target::retry(seen, details, context),
        Intent::Restart => target::restart(seen, details, intent, context),
        Intent::SetImage(images) => target::set_image(seen, details, images, context),
        Intent::Revert(inverse) => revert::plan(seen, details, inverse, context),
        Intent::Scale(_) | Intent::ScaleSide { .. } | Intent::Switch { .. } | Intent::SetWeight { .. } => {
            Err(refused(seen, intent.verb(), &not_ours(intent.verb())))
        }
    }
}

/// The candidate is the only winner that Flagger knows.
fn promote_winner(seen: &Seen<'_>, details: &Details, winner: &Str, context: &Context) -> Result<Plan, Refusal> {
    let side = seen.traffic.side_called(winner);
    let group = seen.traffic.groups.iter().find(|group| group.name == *winner || group.version == *winner);
    let role = side.map(|side| side.role).or_else(|| group.and_then(|group| group.role));
    match role {
        Some(Role::Candidate) => skip::promote(seen, details, context),
        Some(_) => {
            Err(refused(seen, Verb::Promote, &format!("that side serves already: {ABORT} ends the test in its favour")))
        }
        None if *winner == seen.new_version() => skip::promote(seen, details, context),
        None => Err(refused(seen, Verb::Promote, &format!("it has no side or group '{winner}'"))),
    }
}

/// Why a verb is none of a release that Flagger steers.
pub fn not_ours(verb: Verb) -> Str {
    match verb {
        Verb::Switch => format!("Flagger moves the traffic: {ADVANCE} lets the next step through, {ABORT} rolls back").into(),
        Verb::SetWeight => {
            "Flagger sets the weights: one written by hand lasts until its next step, and with stepWeights the next one is 100 %".into()
        }
        Verb::Scale => {
            "Flagger sets the replicas of both workloads; an autoscalerRef in the Canary is its way to scale".into()
        }
        Verb::Undo
        | Verb::Pause
        | Verb::Resume
        | Verb::Restart
        | Verb::SetImage
        | Verb::Revert
        | Verb::Advance
        | Verb::Abort
        | Verb::Promote
        | Verb::Continue
        | Verb::Skip
        | Verb::Retry => "Flagger has no such verb".into(),
    }
}

/// A refusal that names verb and release.
pub fn refused(seen: &Seen<'_>, verb: Verb, why: &str) -> Refusal {
    Refusal::because(format!("{verb} {}: {}", seen.release.key, lower(why)))
}

/// The same for what is so already.
pub fn unchanged(seen: &Seen<'_>, verb: Verb, why: &str) -> Refusal {
    Refusal { kind: RefusalKind::Unchanged, ..refused(seen, verb, why) }
}

/// A sentence as the end of another one: without its capital, if that is a plain word, and without its stop.
pub fn lower(sentence: &str) -> String {
    let text = sentence.trim_end_matches('.');
    let first = text.split(' ').next().unwrap_or_default();
    let plain = matches!(first, "It" | "Its" | "The" | "Nothing" | "No" | "Suspended:");
    match text.chars().next() {
        Some(letter) if plain => format!("{}{}", letter.to_lowercase(), &text[letter.len_utf8()..]),
        _ => text.to_owned(),
    }
}

/// A patch that changes nothing and is refused when the Canary moved: what has no fence of its own is put behind it.
pub fn only_if_as_shown(root: &RawObject) -> PlannedCall {
    let call = of_phase(root).test("/status/canaryWeight").test("/spec/suspend").call();
    let planned = patch(call, "only if phase and weight are as shown");
    PlannedCall { what: format!("{} (tests only)", planned.what).into(), ..planned }
}

/// A patch that is refused when the phase moved; where Flagger has written no status yet, when there is one: a test of a
/// member of what is absent is refused by the server.
pub fn of_phase(root: &RawObject) -> Patch<'_> {
    Patch::of(root).test(if root.at("/status").is_some() { "/status/phase" } else { "/status" })
}
