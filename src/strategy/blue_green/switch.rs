//! The switch: one write on the Service, fenced on its whole selector.

use super::sides::is_front;
use crate::domain::forecast::{Forecast, Risk};
use crate::domain::journal::Sides;
use crate::domain::management::Reverts;
use crate::domain::plan::{Inverse, InverseSteps, Operation, Patch, Refusal, Wait, json, null};
use crate::domain::raw::escape;
use crate::domain::release::Role;
use crate::domain::traffic::Traffic;
use crate::domain::traffic::view::{Side, SwitchView};
use crate::domain::{Details, Direction, Intent, Plan, Release, Str};
use crate::strategy::traffic::part::Part;
use crate::strategy::workload::plan::{Draft, Part as Touched, finish, patch};
use crate::strategy::workload::version::version;
use crate::strategy::workload::words::{clip, count, some_of};
use crate::strategy::workload::{diff, kubectl, managers};
use crate::strategy::{Context, Override, Switched};
use std::sync::Arc;

/// A switch that was asked for, with the sides that it is about.
pub struct Wish<'a> {
    release: &'a Release,
    traffic: &'a Traffic,
    switch: &'a SwitchView,
    /// Where it goes.
    pub target: &'a Side,
    /// The side that is live now; `None` when no workload has the selector's value.
    pub live: Option<&'a Side>,
    /// Which way.
    pub direction: Direction,
}

/// Why a switch forward is held, and whether a person may override it.
pub enum Held {
    /// Nothing would serve: never.
    NoReadyPod,
    /// Fewer pods would serve: with a reason.
    FewerPods,
}

impl<'a> Wish<'a> {
    /// The switch of `release` to the side called `to`; without a name to the side that was live before, else to the
    /// only other one.
    pub fn of(release: &'a Release, to: Option<&str>, context: &Context) -> Result<Self, Refusal> {
        let traffic = release.traffic.as_deref();
        let Some((traffic, switch)) = traffic.and_then(|traffic| Some((traffic, traffic.switch.as_ref()?))) else {
            return Err(Refusal::because(format!("{} has no sides to switch between", release.key)));
        };
        let live = traffic.side(Role::Stable);
        let target = match to {
            Some(name) => traffic.side_called(name).ok_or_else(|| unknown(release, traffic, name))?,
            None => default(release, traffic, switch, context)?,
        };
        if live.is_some_and(|live| live.name == target.name) {
            return Err(Refusal::unchanged(format!("{} sends to {} already", release.key, target.name)));
        }
        let back = was_live_before(switch, &target.name, context)
            || marked_stable(release, target, context)
            || (unknown_to_us(switch, context) && live.is_some_and(|live| is_older(target, live)));
        let direction = if back { Direction::Back } else { Direction::Forward };
        Ok(Self { release, traffic, switch, target, live, direction })
    }

    /// The switch that made the live side live, where our journal has it.
    pub fn came_by<'c>(&self, context: &'c Context) -> Option<&'c Switched> {
        last_to(self.switch, context)
    }

    fn ready(&self) -> (i32, i32) {
        (ready(self.target), self.live.map_or(0, ready))
    }

    /// What would hold this switch if it went forward.
    pub fn held(&self) -> Option<Held> {
        match self.ready() {
            (0, _) => Some(Held::NoReadyPod),
            (target, live) if target < live => Some(Held::FewerPods),
            _ => None,
        }
    }

    /// The same in words.
    pub fn shortage(&self) -> String {
        let (target, live) = self.ready();
        let name = &self.target.name;
        match self.live {
            Some(side) if target > 0 => {
                format!("{name} has {}, {} has {live}", count(i64::from(target), "ready pod"), side.name)
            }
            _ => format!("{name} has no ready pod"),
        }
    }

    /// What follows, in words.
    pub fn consequence(&self) -> String {
        let (target, _) = self.ready();
        let pods = count(i64::from(target), "ready pod");
        format!("all new connections go to {} {} ({pods})", self.target.name, version_of(self.target))
    }

    /// The plan. What goes back is warned about and never refused.
    pub fn plan(&self, details: &Details, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        let (key, root) = (&self.release.key, &details.root);
        let pointer = format!("/spec/selector/{}", escape(&self.switch.key));
        let now: Option<String> = root.value(&pointer);
        if root.uid != self.release.uid || now.as_deref() != Some(&*self.switch.live) {
            let now = now.unwrap_or_else(|| "nothing".to_owned());
            return Err(Refusal::read_again(format!(
                "{key} selects {}={} by now; look at it anew",
                self.switch.key,
                clip(&now, 40)
            )));
        }
        let to = &self.target.name;
        let (from, value) = (self.switch.live.clone(), json(&**to).unwrap_or_else(null));
        let kubectl = vec![kubectl::patch(key, &operations(root, &pointer, &value))];
        self.guard(context).map_err(|refusal| refusal.with_kubectl(kubectl.clone()))?;
        let call = Patch::of(root).test("/spec/selector").replace(&pointer, Arc::clone(&value)).call();
        let back = self.direction.opposite();
        let draft = Draft {
            title: format!("{to} {}", version_of(self.target)),
            direction: self.direction,
            calls: vec![patch(call, "only if its selector is as shown")],
            until: Wait::Settled,
            inverse: Inverse::Exact(InverseSteps {
                target: root.key.clone(),
                operations: vec![Operation::Replace { path: pointer, value: json(&*from).unwrap_or_else(null) }],
                fenced_on: vec!["/spec/selector".into()],
                subresource: None,
                also: Vec::new(),
                words: format!("back to {from} while nobody changes the selector").into(),
                direction: back,
            }),
            forecast: self.forecast(context),
            risk: match self.held() {
                Some(Held::NoReadyPod) => Risk::High,
                Some(Held::FewerPods) => Risk::Medium,
                None => Risk::Low,
            },
            diff: vec![diff::value(&format!("selector  {}", self.switch.key), Some(&*from), Some(&**to))],
            needs: Vec::new(),
            kubectl,
        };
        let mut plan = finish(self.release, details, intent, context, Touched::Template, draft);
        plan.before.switch = Some(Sides { from, to: to.clone() });
        let root = self.release.services.iter().find(|service| service.key == *key);
        let managers = root.map(|service| managers::of((&**service).into())).unwrap_or_default();
        plan.forecast.reverts = managers.into_iter().filter(|by| by.on(plan.touches) != Reverts::WillNot).collect();
        Ok(plan)
    }

    /// Refuses a switch forward to a side that can't take the load.
    fn guard(&self, context: &Context) -> Result<(), Refusal> {
        let overridden = context.overrides.contains(&Override::FewerPods);
        match (self.direction, self.held()) {
            (Direction::Back, _) | (_, None) => Ok(()),
            (Direction::Forward, Some(Held::NoReadyPod)) => {
                let reason = format!("{} is not switched: {}", self.release.key, self.shortage());
                Err(Refusal::because(format!("{reason}, so nothing would be served; look at its pods first")))
            }
            (Direction::Forward, Some(Held::FewerPods)) if overridden => Ok(()),
            (Direction::Forward, Some(Held::FewerPods)) => Err(Refusal::because(format!(
                "{} is not switched: {}; scale it up first, or override fewer-pods with a reason",
                self.release.key,
                self.shortage()
            ))
            .unless(Override::FewerPods)),
        }
    }

    fn forecast(&self, context: &Context) -> Forecast {
        let (to, _) = self.ready();
        let service = &self.release.key.name;
        let mut then = format!(
            "at once: every new connection to {service} goes to {} {} ({}); open ones stay where they are",
            self.target.name,
            version_of(self.target),
            count(i64::from(to), "ready pod"),
        );
        if let Some(live) = self.live {
            let minutes = crate::domain::Age(context.settings.keep_old).words();
            then.push_str(&format!(
                ". {} {} keeps its {} for {minutes} at least: until it is scaled down, switching back is as quick",
                live.name,
                version_of(live),
                count(i64::from(ready(live)), "pod"),
            ));
        }
        Forecast { then: then.into(), takes: self.switch.took, warnings: self.warnings(), ..Forecast::default() }
    }

    fn warnings(&self) -> Vec<Str> {
        let mut warnings: Vec<Str> = Vec::new();
        match self.held() {
            Some(Held::NoReadyPod) => warnings.push(format!("{}: nothing will be served", self.shortage()).into()),
            Some(Held::FewerPods) => warnings.push(format!("fewer pods: {}", self.shortage()).into()),
            None => {}
        }
        let workload = &self.target.workload;
        if workload.replicas.updated < workload.replicas.desired || !workload.observed() {
            let (updated, desired) = (workload.replicas.updated, count(i64::from(workload.replicas.desired), "pod"));
            warnings.push(format!("{} is still rolling out: {updated} of {desired} updated", workload.key.name).into());
        }
        if let Some(hpa) = &self.target.autoscaler {
            let name = &hpa.key.name;
            warnings.push(format!("hpa/{name} has scaled {} without any traffic", self.target.name).into());
        }
        let twins: Vec<&str> = self.twins().collect();
        if !twins.is_empty() {
            let names = some_of(&twins, 3);
            warnings.push(format!("not switched with it, though on {} too: {names}", self.switch.live).into());
        }
        warnings
    }

    /// Other Services that users may come through on the live side.
    fn twins(&self) -> impl Iterator<Item = &str> {
        let rest = self.live.into_iter().flat_map(|live| &live.services).map(|service| &*service.key.name);
        let names = || self.traffic.rows.sides.iter().map(|side| (&*side.name, &*side.workload.key.name));
        rest.filter(move |name| is_front(name, names()))
    }
}

fn operations(root: &crate::domain::RawObject, pointer: &str, value: &serde_json::value::RawValue) -> String {
    let selector = root.at("/spec/selector").map_or("null", |selector| selector.get());
    let value = value.get();
    let test = format!(r#"{{"op":"test","path":"/spec/selector","value":{selector}}}"#);
    format!(r#"[{test},{{"op":"replace","path":"{pointer}","value":{value}}}]"#)
}

/// Ready pods of a side.
pub fn ready(side: &Side) -> i32 {
    side.own.as_ref().map_or(side.workload.replicas.ready, |own| own.replicas.ready)
}

fn version_of(side: &Side) -> String {
    clip(&version(&side.workload.images), 40)
}

fn unknown(release: &Release, traffic: &Traffic, name: &str) -> Refusal {
    let names: Vec<&str> = traffic.rows.sides.iter().map(|side| &*side.name).collect();
    Refusal::because(format!("{} has no side '{}'; it has {}", release.key, clip(name, 40), some_of(&names, 5)))
}

fn default<'a>(
    release: &Release,
    traffic: &'a Traffic,
    switch: &SwitchView,
    context: &Context,
) -> Result<&'a Side, Refusal> {
    let mut others = traffic.rows.sides.iter().filter(|side| side.role != Role::Stable);
    if let Some(before) = last_to(switch, context).and_then(|last| traffic.side_called(&last.from)) {
        return Ok(before);
    }
    match (others.next(), others.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Refusal::because(format!("{} has no other side to switch to", release.key))),
        (Some(_), Some(_)) => {
            let idle = traffic.rows.sides.iter().filter(|side| side.role != Role::Stable);
            let names: Vec<&str> = idle.map(|side| &*side.name).collect();
            let names = some_of(&names, 5);
            Err(Refusal::because(format!("{} has several sides to switch to: name one of {names}", release.key)))
        }
    }
}

/// The switch that made the live side live, where our journal has it.
fn last_to<'a>(switch: &SwitchView, context: &'a Context) -> Option<&'a Switched> {
    context.switched.as_ref().filter(|last| last.to == switch.live)
}

/// Whether our journal has this side as the live one before the last switch. What a way back left was rejected: to go there
/// again is a way forward.
pub fn was_live_before(switch: &SwitchView, side: &str, context: &Context) -> bool {
    last_to(switch, context).is_some_and(|last| &*last.from == side && last.direction != Direction::Back)
}

/// Whether our journal knows nothing of how the live side came to be live.
fn unknown_to_us(switch: &SwitchView, context: &Context) -> bool {
    last_to(switch, context).is_none()
}

fn marked_stable(release: &Release, target: &Side, context: &Context) -> bool {
    let root = release.services.iter().find(|service| service.key == release.key);
    let own = root.map(|service| service.marks()).unwrap_or_default();
    let stable = context.settings.marks(&release.key, &own).stable;
    stable.is_some_and(|stable| stable == target.name || stable == target.workload.key.name)
}

/// Whether `target` has the older template.
fn is_older(target: &Side, live: &Side) -> bool {
    let part = |side: &Side| {
        let own = side.own.as_ref()?;
        Part { workload: Arc::clone(&side.workload), own: Arc::clone(own) }.templated().template
    };
    matches!((part(target), part(live)), (Some(target), Some(live)) if target < live)
}
