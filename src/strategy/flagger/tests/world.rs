//! A Canary with its workloads, Services and route, as rows and as the server's bytes.

use super::super::Flagger;
use crate::domain::intent::Override;
use crate::domain::objects::{Autoscaler, DisruptionBudget, Endpoints, Objects, Outage, RevisionObject, Service};
use crate::domain::plan::Refusal;
use crate::domain::pod::Pod;
use crate::domain::release::Action;
use crate::domain::selector::{Labels, Selector};
use crate::domain::traffic::canary::{Canary, CanaryAnalysis, CanaryMetric, CanaryService, CanaryStatus};
use crate::domain::traffic::hook::{HookKind, Webhook};
use crate::domain::traffic::route::{Destination, Protocol, Rule, service_of_host};
use crate::domain::traffic::{AnalysisRun, DestinationRule, ObjectMeta, Rollout, Route, TargetRef, TrafficSettings};
use crate::domain::workload::{Image, Owner, Workload};
use crate::domain::{Details, Intent, Kind, ObjectKey, Plan, RawObject, Release, Str, Uid, Verb};
use crate::strategy::testing::{World, ago, context, now, raw};
use crate::strategy::{Context, Derive, NothingRecorded, Recorded, Settled, Strategy};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A release under Flagger.
#[derive(Clone)]
pub struct Cast {
    pub canaries: Vec<Arc<Canary>>,
    pub target: Option<World>,
    pub primary: Option<World>,
    pub route: Option<Arc<Route>>,
    pub services: Vec<Arc<Service>>,
}

/// `shop/web` at v2 in the middle of a run, users on v1: 20 % of the traffic on the canary, all pods ready.
pub fn progressing() -> Cast {
    let key = |kind, name: &str| ObjectKey::new(kind, "shop", name.to_owned());
    let owner = Owner {
        api_version: "flagger.app/v1beta1".into(),
        kind: "Canary".into(),
        name: "web".into(),
        uid: Uid::new("uid-canary"),
    };
    let target = World::rolling(2).revision(1, "v1", 500_000).revision(2, "v2", 300).pods(2, 2, true).counts(2, 2, 2);
    let primary = World::rolling(2).revision(1, "v1", 400_000).pods(1, 2, true).counts(2, 2, 2);
    let mut primary = renamed(primary, "web-primary");
    primary = primary.set(|workload| workload.owner = Some(owner.clone()));
    let service = |name: &str, app: &str| {
        let selector = Selector::of(Labels::from([("app".into(), app.into())]));
        let mut service = Service::selecting(key(Kind::Service, name), Uid::new(format!("uid-svc-{name}")), selector);
        service.owner = Some(owner.clone());
        Arc::new(service)
    };
    let mut meta = ObjectMeta::of(key(Kind::Canary, "web"));
    meta.uid = Uid::new("uid-canary");
    meta.created = Some(ago(600_000));
    let canary = Canary {
        meta,
        target: Some(TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() }),
        autoscaler: None,
        provider: None,
        progress_deadline: SignedDuration::from_mins(10),
        suspend: false,
        skip_analysis: false,
        service: CanaryService { port: Some(80), ..CanaryService::default() },
        analysis: CanaryAnalysis {
            interval: Some(SignedDuration::from_secs(10)),
            threshold: Some(5),
            max_weight: Some(50),
            step_weight: Some(10),
            metrics: vec![CanaryMetric {
                name: "request-success-rate".into(),
                interval: Some("1m".into()),
                min: Some(99.0),
                max: None,
                template: None,
            }],
            ..CanaryAnalysis::default()
        },
        status: CanaryStatus {
            phase: "Progressing".into(),
            weight: Some(20),
            iterations: Some(0),
            last_applied: Some("hash-v2".into()),
            last_promoted: Some("hash-v1".into()),
            last_transition: Some(ago(4)),
            ..CanaryStatus::default()
        },
    };
    let cast = Cast {
        canaries: vec![Arc::new(canary)],
        target: Some(target),
        primary: Some(primary),
        route: None,
        services: vec![
            service("web", "web-primary"),
            service("web-primary", "web-primary"),
            service("web-canary", "web"),
        ],
    };
    cast.weights(80, 20)
}

/// The same with the gates of a load tester: one for start, weights and promotion, and one that rolls back.
pub fn gated() -> Cast {
    progressing().set(|canary| {
        canary.analysis.webhooks = vec![
            hook("start gate", HookKind::ConfirmRollout, "/gate/check"),
            hook("traffic gate", HookKind::ConfirmTrafficIncrease, "/gate/check"),
            hook("promotion gate", HookKind::ConfirmPromotion, "/gate/check"),
            hook("rollback gate", HookKind::Rollback, "/rollback/check"),
        ];
    })
}

/// After a promotion of v2: the target is parked.
pub fn succeeded() -> Cast {
    let mut cast = progressing().phase("Succeeded").weights(100, 0).set(|canary| {
        canary.status.weight = Some(0);
        canary.status.last_promoted = canary.status.last_applied.clone();
    });
    let target = World::rolling(0).revision(1, "v1", 500_000).revision(2, "v2", 300).counts(0, 0, 0);
    let primary = World::rolling(2).revision(1, "v1", 400_000).revision(2, "v2", 300).pods(2, 2, true).counts(2, 2, 2);
    let owner = cast.primary.as_ref().and_then(|primary| primary.workload.owner.clone());
    cast.target = Some(target);
    cast.primary = Some(renamed(primary, "web-primary").set(|workload| workload.owner = owner));
    cast
}

pub fn hook(name: &str, kind: HookKind, path: &str) -> Webhook {
    Webhook { name: name.into(), kind, url: format!("http://tester.test{path}").into(), timeout: None, command: None }
}

fn renamed(mut world: World, name: &str) -> World {
    let uid = Uid::new(format!("uid-{name}"));
    let other = |old: &Uid| Uid::new(format!("{}-of-{name}", old.as_str()));
    world = world.set(|workload| {
        workload.key.name = name.into();
        workload.uid = uid.clone();
    });
    for revision in &mut world.revisions {
        let revision = Arc::make_mut(revision);
        revision.uid = other(&revision.uid);
        revision.key.name = revision.key.name.replace("web-", &format!("{name}-")).into();
        revision.owner = Some(uid.clone());
    }
    for pod in &mut world.pods {
        let pod = Arc::make_mut(pod);
        pod.owner = pod.owner.as_ref().map(other);
    }
    world
}

impl Cast {
    pub fn canary(&self) -> &Canary {
        &self.canaries[0]
    }

    pub fn set(mut self, change: impl FnOnce(&mut Canary)) -> Self {
        change(Arc::make_mut(&mut self.canaries[0]));
        self
    }

    pub fn phase(self, phase: &str) -> Self {
        self.set(|canary| canary.status.phase = phase.into())
    }

    pub fn of_target(mut self, change: impl FnOnce(World) -> World) -> Self {
        self.target = self.target.map(change);
        self
    }

    /// A VirtualService with these weights.
    pub fn weights(mut self, primary: i64, canary: i64) -> Self {
        let to = |index: usize, host: &str, weight: i64| Destination {
            index,
            host: host.into(),
            service: service_of_host(host, &"shop".into()),
            subset: None,
            port: None,
            weight: Some(weight),
            others: Vec::new(),
        };
        let rule = Rule {
            protocol: Protocol::Http,
            pointer: "/spec/http/0".into(),
            list: "/spec/http".into(),
            name: None,
            matches: Vec::new(),
            destinations: vec![to(0, "web-primary", primary), to(1, "web-canary", canary)],
            mirrors: Vec::new(),
            delegate: None,
            answers: None,
            others: Vec::new(),
        };
        self.route = Some(Arc::new(Route {
            meta: ObjectMeta::of(ObjectKey::new(Kind::VirtualService, "shop", "web")),
            hosts: vec!["web".into()],
            gateways: Vec::new(),
            parents: Vec::new(),
            rules: vec![rule],
        }));
        self
    }

    pub fn release(&self) -> Release {
        self.release_with(&NothingRecorded)
    }

    pub fn release_with(&self, recorded: &dyn Recorded) -> Release {
        let settings = TrafficSettings::default();
        let derive = Derive { now: now(), recorded, settings: &settings };
        Flagger.derive(&self.canary().meta.key, self, &derive).expect("it is there")
    }

    pub fn plan(&self, intent: &Intent) -> Result<Plan, Refusal> {
        self.plan_with(intent, &context())
    }

    pub fn plan_with(&self, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        Flagger.plan(&self.release(), &self.details(), intent, context)
    }

    /// The plan that breaks the glass.
    pub fn broken_glass(&self) -> Result<Plan, Refusal> {
        self.plan_with(&Intent::Abort, &Context { overrides: vec![Override::BreakGlass], ..context() })
    }

    pub fn action(&self, verb: Verb) -> Action {
        let actions = Flagger.actions(&self.release(), &context());
        actions.into_iter().find(|action| action.verb == verb).expect("every verb is told of")
    }

    pub fn settled(&self) -> Settled {
        Flagger.settled(&self.release())
    }

    /// The server's bytes of everything.
    pub fn details(&self) -> Details {
        let canary = self.canary();
        let mut spec = json!({"targetRef": {"kind": "Deployment", "name": "web"}, "analysis": {"stepWeight": 10}});
        if canary.suspend {
            spec["suspend"] = true.into();
        }
        if canary.skip_analysis {
            spec["skipAnalysis"] = true.into();
        }
        let status = json!({"phase": canary.status.phase, "canaryWeight": canary.status.weight});
        let root = json!({"metadata": {"uid": canary.meta.uid, "generation": 1}, "spec": spec, "status": status});
        let mut others = BTreeMap::new();
        let mut histories = BTreeMap::new();
        for world in self.worlds() {
            let details = world.details();
            others.insert(world.workload.key.clone(), details.root);
            histories.insert(world.workload.key.clone(), details.revisions);
        }
        if let Some(route) = &self.route {
            others.insert(route.meta.key.clone(), route_bytes(route));
        }
        Details {
            root: raw(&canary.meta.key, &root),
            revisions: BTreeMap::new(),
            others,
            histories,
            autoscaler: None,
            quotas: Vec::new(),
            read_at: now(),
            fresh: true,
        }
    }

    fn worlds(&self) -> impl Iterator<Item = &World> {
        self.target.iter().chain(&self.primary)
    }
}

fn route_bytes(route: &Route) -> RawObject {
    let rules: Vec<Value> = route
        .rules
        .iter()
        .map(|rule| {
            let to = |it: &Destination| json!({"destination": {"host": it.host}, "weight": it.weight});
            json!({"route": rule.destinations.iter().map(to).collect::<Vec<_>>()})
        })
        .collect();
    raw(&route.meta.key, &json!({"metadata": {"uid": route.meta.uid}, "spec": {"http": rules}}))
}

/// One container `app` of `reg/web:VERSION`.
pub fn images(version: &str) -> Vec<Image> {
    vec![Image { container: "app".into(), reference: format!("reg/web:{version}").into() }]
}

impl Objects for Cast {
    fn workload(&self, key: &ObjectKey) -> Option<&Arc<Workload>> {
        self.worlds().map(|world| &world.workload).find(|workload| workload.key == *key)
    }

    fn revisions_of(&self, owner: &Uid) -> Vec<Arc<RevisionObject>> {
        self.worlds().flat_map(|world| world.revisions_of(owner)).collect()
    }

    fn pods_of(&self, owner: &Uid) -> Vec<Arc<Pod>> {
        self.worlds().flat_map(|world| world.pods_of(owner)).collect()
    }

    fn services_selecting(&self, _: &str, _: &Labels) -> Vec<Arc<Service>> {
        Vec::new()
    }

    fn service(&self, key: &ObjectKey) -> Option<&Arc<Service>> {
        self.services.iter().find(|service| service.key == *key)
    }

    fn services_switching(&self, _: &str, _: &Labels) -> Vec<Arc<Service>> {
        Vec::new()
    }

    fn workloads_selected(&self, _: &Str, _: &Selector) -> Vec<Arc<Workload>> {
        Vec::new()
    }

    fn route(&self, key: &ObjectKey) -> Option<&Arc<Route>> {
        self.route.as_ref().filter(|route| route.meta.key == *key)
    }

    fn routes_to(&self, _: &ObjectKey) -> Vec<Arc<Route>> {
        Vec::new()
    }

    fn routes_delegating_to(&self, _: &ObjectKey) -> Vec<Arc<Route>> {
        Vec::new()
    }

    fn destination_rules_of(&self, _: &ObjectKey) -> Vec<Arc<DestinationRule>> {
        Vec::new()
    }

    fn canary(&self, key: &ObjectKey) -> Option<&Arc<Canary>> {
        self.canaries.iter().find(|canary| canary.meta.key == *key)
    }

    fn canaries_naming(&self, key: &ObjectKey) -> Vec<Arc<Canary>> {
        let names = |canary: &&Arc<Canary>| {
            let own = [canary.target_key(), canary.primary_key()];
            own.contains(&Some(key.clone())) || canary.generated().contains(key)
        };
        self.canaries.iter().filter(names).cloned().collect()
    }

    fn rollout(&self, _: &ObjectKey) -> Option<&Arc<Rollout>> {
        None
    }

    fn rollouts_naming(&self, _: &ObjectKey) -> Vec<Arc<Rollout>> {
        Vec::new()
    }

    fn runs_of(&self, _: &Uid) -> Vec<Arc<AnalysisRun>> {
        Vec::new()
    }

    fn addresses_of(&self, _: &ObjectKey, _: &[Arc<Pod>]) -> Endpoints {
        Endpoints::default()
    }

    fn any(&self, kind: Kind) -> bool {
        kind != Kind::Canary || !self.canaries.is_empty()
    }

    fn endpoints_of(&self, _: &ObjectKey) -> Option<Endpoints> {
        None
    }

    fn autoscaler_of(&self, _: &ObjectKey) -> Option<&Arc<Autoscaler>> {
        None
    }

    fn budgets_selecting(&self, _: &str, _: &Labels) -> Vec<Arc<DisruptionBudget>> {
        Vec::new()
    }

    fn outage_of(&self, _: &ObjectKey) -> Option<Outage> {
        None
    }

    fn pods_listed(&self, _: &str) -> bool {
        true
    }
}
