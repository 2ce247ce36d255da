//! What every plan on a route has in common: the bytes it is made from, the diff, the commands, the forecast.

use super::diff;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::plan::{Call, Inverse, InverseSteps, Operation, Patch, Refusal, Wait};
use crate::domain::release::Role;
use crate::domain::said::ABORT;
use crate::domain::traffic::Route;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::route::Rule;
use crate::domain::traffic::view::{RuleSplit, Side};
use crate::domain::{Details, Direction, Intent, Kind, Plan, RawObject, Release, Str};
use crate::strategy::Context;
use crate::strategy::workload::plan::{Draft, Part, finish, patch, same_object};
use crate::strategy::workload::words::count;
use std::sync::Arc;

/// What a plan on a route is made from.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The release.
    pub release: &'a Release,
    /// Its traffic.
    pub traffic: &'a Traffic,
    /// The route's row.
    pub route: &'a Arc<Route>,
    /// The route's bytes.
    pub root: &'a RawObject,
    /// All bytes.
    pub details: &'a Details,
}

impl<'a> Ground<'a> {
    /// The ground of a plan: row and bytes must tell of the same generation, or the numbers of one would be fenced with
    /// the other. Where the server does not answer, the fence decides.
    pub fn of(release: &'a Release, details: &'a Details) -> Result<Self, Refusal> {
        let ground = Self::as_read(release, details)?;
        let read: Option<i64> = ground.root.value("/metadata/generation");
        if details.fresh && read.is_some_and(|read| read != ground.route.meta.generation) {
            return Err(Refusal::read_again(format!("{} changed while it was read; look at it anew", release.key)));
        }
        Ok(ground)
    }

    /// The same for the way back of a write, which is fenced with what that write left and not with what the row shows:
    /// where the write ended the release, the row is that of before.
    pub fn as_read(release: &'a Release, details: &'a Details) -> Result<Self, Refusal> {
        same_object(release, details)?;
        let gone = || Refusal::read_again(format!("the rules of {} are not read yet", release.key));
        let traffic = release.traffic.as_deref().ok_or_else(gone)?;
        let route = traffic.rows.routes.first().ok_or_else(gone)?;
        let root = &details.root;
        Ok(Self { release, traffic, route, root, details })
    }

    /// The rules with their shares, in the order of the object.
    pub fn rules(&self) -> impl Iterator<Item = (&'a RuleSplit, &'a Rule)> {
        let route = self.route;
        self.traffic.rules.iter().filter_map(|split| Some((split, route.rule(&split.pointer)?)))
    }

    /// The side in `role`.
    pub fn side(&self, role: Role) -> Option<&'a Side> {
        self.traffic.side(role)
    }

    /// The version of the side in `role`, for sentences.
    pub fn version(&self, role: Role) -> Str {
        self.release.track(role).map_or_else(|| role.word().into(), |track| track.version.clone())
    }

    /// The side that weights are told of: the candidate, or once it took everything the stable one.
    pub fn subject(&self) -> Role {
        if self.release.track(Role::Candidate).is_some() { Role::Candidate } else { Role::Stable }
    }

    /// Refuses what goes forward while something about the route is wrong.
    pub fn open(&self) -> Result<(), Refusal> {
        match &self.traffic.blocked {
            Some(why) => {
                let name = self.release.key.target();
                let back = self.release.track(Role::Candidate).and(self.release.track(Role::Stable));
                let back = if back.is_some() { format!(" ({ABORT} still goes back to stable)") } else { String::new() };
                Err(Refusal::because(format!("{name}: {why}; put it right first{back}")))
            }
            None => Ok(()),
        }
    }
}

/// The share of the sides in `role` in one rule, in per cent; `None` where the rule has none of them.
pub fn share_of(split: &RuleSplit, role: Role) -> Option<u8> {
    let own = split.shares.iter().filter(|share| share.role == Some(role));
    own.map(|share| share.asked.unwrap_or(0)).reduce(u8::saturating_add)
}

/// `rule 'primary'`, `the only rule`.
pub fn name(ground: &Ground<'_>, rule: &Rule) -> String {
    super::shape::name(ground.route, rule)
}

/// Where a rule keeps its destinations.
pub fn destinations_pointer(rule: &Rule) -> String {
    let list = if &*rule.list == "/spec/rules" { "backendRefs" } else { "route" };
    format!("{}/{list}", rule.pointer)
}

/// What a verb makes of a route.
#[derive(Debug)]
pub struct Written<'a> {
    /// The patch, fence and values.
    pub patch: Patch<'a>,
    /// What the inverse puts back: each path with the value that stands there now.
    pub back: Vec<String>,
    /// What the inverse is fenced on.
    pub fenced_on: Vec<String>,
    /// The fence in words.
    pub fence: &'static str,
    /// The title behind the arrow.
    pub title: String,
    /// Which way.
    pub direction: Direction,
    /// What follows.
    pub then: String,
    /// What should be known.
    pub warnings: Vec<Str>,
    /// How much can go wrong.
    pub risk: Risk,
    /// The inverse in words.
    pub inverse: String,
}

/// The finished plan.
pub fn plan(ground: &Ground<'_>, intent: &Intent, context: &Context, written: Written<'_>) -> Plan {
    let root = ground.root;
    let call = written.patch.call();
    let operations = match &call {
        Call::JsonPatch { operations, .. } => operations.clone(),
        Call::Delete { .. } | Call::Create { .. } | Call::ProxyPost { .. } => Vec::new(),
    };
    let back = written.back.into_iter().map(|path| match root.at(&path) {
        Some(value) => Operation::Replace { path, value: value.to_owned().into() },
        None => Operation::Remove { path },
    });
    let inverse = Inverse::Exact(InverseSteps {
        target: root.key.clone(),
        operations: back.collect(),
        fenced_on: written.fenced_on,
        subresource: None,
        also: Vec::new(),
        words: written.inverse.into(),
        direction: written.direction.opposite(),
    });
    let draft = Draft {
        title: written.title,
        direction: written.direction,
        calls: vec![patch(call, written.fence)],
        until: if reported(ground.route) { Wait::Observed } else { Wait::Accepted },
        inverse,
        forecast: Forecast { then: written.then.into(), warnings: written.warnings, ..Forecast::default() },
        risk: written.risk,
        diff: diff::changes(root, &operations),
        needs: Vec::new(),
        kubectl: vec![kubectl(root, &operations)],
    };
    let mut plan = finish(ground.release, ground.details, intent, context, Part::Template, draft);
    for planned in &mut plan.calls {
        // In the version that this server has it in.
        let (version, key) = (&ground.route.meta.api_version, &root.key);
        planned.what = format!("PATCH {version} {}/{}", key.kind.plural(), key.name).into();
    }
    // Of the managers only those of the route put its weights back.
    let of_route = crate::strategy::workload::managers::of((&ground.route.meta).into());
    plan.forecast.reverts.retain(|it| of_route.iter().any(|own| own.manager == it.manager && own.name == it.name));
    plan
}

/// Whether a controller says of this route what it took: only then can a write be waited for. Istio says nothing.
fn reported(route: &Route) -> bool {
    route.parents.iter().any(|parent| parent.accepted.is_some())
}

/// The same patch with kubectl, fence and all.
pub fn kubectl(root: &RawObject, operations: &[Operation]) -> Str {
    let key = &root.key;
    let text = serde_json::to_string(operations).unwrap_or_default().replace('\'', r"'\''");
    format!("kubectl -n {} patch {} --type=json -p '{text}'", key.namespace, key.target()).into()
}

/// When a write to a route takes effect.
pub const fn takes_effect(kind: Kind) -> &'static str {
    match kind {
        Kind::HttpRoute | Kind::GrpcRoute => "once its Gateway has taken it",
        _ => "at once",
    }
}

/// Warns where one side has far fewer ready pods than the share that it gets.
pub fn capacity(ground: &Ground<'_>, role: Role, share: u8) -> Option<Str> {
    let track = ground.release.track(role)?;
    let all: i32 = ground.release.tracks.iter().map(|track| track.replicas.ready.max(0)).sum();
    let (ready, version) = (track.replicas.ready.max(0), &track.version);
    if share == 0 {
        return None;
    }
    if ready == 0 {
        return Some(format!("{version} has no ready pod: its {share} % of the requests fail").into());
    }
    let fair = i64::from(ready) * 100;
    let needs = i64::from(share) * i64::from(all);
    let pods = count(i64::from(ready), "ready pod");
    (needs > fair * 3 / 2).then(|| format!("{version} has {pods} of {all} for {share} % of the requests").into())
}
