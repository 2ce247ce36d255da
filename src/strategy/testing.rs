//! A small world of objects for tests: one workload with its revisions and pods, as rows and as the server's bytes.

pub mod shop;

use super::{Context, Derive, NothingRecorded, Recorded, Strategy};
use crate::domain::objects::{
    Autoscaler, Controllers, DisruptionBudget, Endpoints, Objects, Outage, RevisionObject, Service,
};
use crate::domain::plan::{Call, Operation, PlanId};
use crate::domain::pod::{Cause, ContainerRow, Phase, Pod, Trouble};
use crate::domain::raw::unescape;
use crate::domain::selector::{Labels, Selector};
use crate::domain::traffic::{AnalysisRun, Canary, DestinationRule, Rollout, Route, TrafficSettings};
use crate::domain::workload::{Condition, ConditionStatus, Image, Limit, Replicas, UpdateStrategy, Workload};
use crate::domain::{Details, Kind, ObjectKey, RawObject, Release, Revision, Str, Timestamp, Uid};
use jiff::SignedDuration;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The time of every test.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("in range")
}

/// So many seconds before now.
pub fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// A workload and what belongs to it.
#[derive(Debug, Clone)]
pub struct World {
    /// The workload's row.
    pub workload: Arc<Workload>,
    /// Its revisions' rows.
    pub revisions: Vec<Arc<RevisionObject>>,
    /// The template of each revision, without the marks that controllers add.
    pub templates: BTreeMap<Revision, Value>,
    /// The template of the spec.
    pub template: Value,
    /// The pods.
    pub pods: Vec<Arc<Pod>>,
    /// The autoscaler.
    pub autoscaler: Option<Arc<Autoscaler>>,
    /// The disruption budgets over its pods.
    pub budgets: Vec<Arc<DisruptionBudget>>,
    /// The time without a ready pod.
    pub outage: Option<Outage>,
    /// Whether pods were read.
    pub pods_listed: bool,
    /// The Services over its pods, with their addresses.
    pub services: Vec<(Arc<Service>, Endpoints)>,
    /// Whether the controllers answer.
    pub controllers: Controllers,
}

/// A template whose container `app` runs `reg/web:VERSION`.
pub fn template(version: &str) -> Value {
    let image = if version.contains('/') { version.to_owned() } else { format!("reg/web:{version}") };
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": image, "args": ["-c", "a && b < c"],
            "env": [{"name": "DB_PASSWORD", "value": format!("pw-{version}")}]}]},
    })
}

impl World {
    /// `desired` replicas of `kind`, without any revision yet.
    pub fn new(kind: Kind, update: UpdateStrategy, desired: i32) -> Self {
        let counts = Replicas { desired, current: desired, ready: desired, updated: desired, available: desired };
        Self {
            workload: Arc::new(Workload {
                key: ObjectKey::new(kind, "shop", "web"),
                uid: Uid::new("uid-web"),
                created: Some(ago(864_000)),
                deleting: None,
                generation: 3,
                observed_generation: 3,
                labels: Labels::new(),
                annotations: Labels::new(),
                owner: None,
                selector: Selector::default(),
                template_labels: Labels::new(),
                images: Vec::new(),
                replicas: counts,
                update,
                paused: false,
                progress_deadline: Some(SignedDuration::from_mins(10)),
                min_ready: SignedDuration::ZERO,
                history_limit: None,
                revision: None,
                current_revision: None,
                update_revision: None,
                change_cause: None,
                conditions: Vec::new(),
                writers: Vec::new(),
                unreadable: Vec::new(),
            }),
            revisions: Vec::new(),
            templates: BTreeMap::new(),
            template: Value::Null,
            pods: Vec::new(),
            autoscaler: None,
            budgets: Vec::new(),
            outage: None,
            pods_listed: true,
            services: Vec::new(),
            controllers: Controllers::Unknown,
        }
    }

    /// A Deployment with a quarter of surge and of unavailable.
    pub fn rolling(desired: i32) -> Self {
        let quarter = Limit::Percent(25);
        Self::new(Kind::Deployment, UpdateStrategy::Rolling { surge: quarter, unavailable: quarter }, desired)
    }

    /// The workload, to change it.
    pub fn set(mut self, change: impl FnOnce(&mut Workload)) -> Self {
        change(Arc::make_mut(&mut self.workload));
        self
    }

    /// A revision made so many seconds ago; the last one becomes what the spec stands for.
    pub fn revision(mut self, number: i64, version: &str, created: i64) -> Self {
        let kind = self.workload.key.kind;
        let kind = if kind == Kind::Deployment { Kind::ReplicaSet } else { Kind::ControllerRevision };
        let name: Str = format!("web-{number}").into();
        let image = template(version)["spec"]["containers"][0]["image"].as_str().expect("text").to_owned();
        let images = vec![Image { container: "app".into(), reference: image.into() }];
        let workload = Arc::make_mut(&mut self.workload);
        workload.images.clone_from(&images);
        workload.revision = (kind == Kind::ReplicaSet).then_some(Revision(number));
        workload.current_revision = workload.update_revision.take().or_else(|| Some(name.clone()));
        workload.update_revision = Some(name.clone());
        self.revisions.push(Arc::new(RevisionObject {
            key: ObjectKey::new(kind, "shop", name.clone()),
            uid: Uid::new(format!("uid-{name}")),
            owner: Some(workload.uid.clone()),
            revision: Some(Revision(number)),
            aliases: Vec::new(),
            hash: Some(if kind == Kind::ReplicaSet { format!("h{number}").into() } else { name }),
            images,
            change_cause: None,
            created: Some(ago(created)),
            replicas: None,
            conditions: Vec::new(),
            scale_down_at: None,
        }));
        self.template = template(version);
        self.templates.insert(Revision(number), template(version));
        self
    }

    /// Changes the revision made last.
    pub fn with(mut self, change: impl FnOnce(&mut RevisionObject)) -> Self {
        change(Arc::make_mut(self.revisions.last_mut().expect("a revision")));
        self
    }

    /// Pods of a revision, each made two minutes ago; ready ones took 20 s.
    pub fn pods(mut self, revision: i64, number: usize, ready: bool) -> Self {
        let object = self.revisions.iter().find(|object| object.revision == Some(Revision(revision))).expect("known");
        let owner = if object.key.kind == Kind::ReplicaSet { &object.uid } else { &self.workload.uid };
        let (hash, owner) = (object.hash.clone(), owner.clone());
        let container = object.images.iter().map(|image| ContainerRow {
            name: image.container.clone(),
            image: image.reference.clone(),
            image_id: if ready { format!("reg/web@sha256:d{revision}").into() } else { "".into() },
        });
        let containers: Box<[ContainerRow]> = container.collect();
        for _ in 0..number {
            let name: Str = format!("web-{revision}-{}", self.pods.len()).into();
            self.pods.push(Arc::new(Pod {
                namespace: "shop".into(),
                uid: Uid::new(format!("uid-{name}")),
                name,
                owner: Some(owner.clone()),
                hash: hash.clone(),
                containers: containers.clone(),
                node: Some("node-1".into()),
                phase: Phase::Running,
                ready,
                ready_since: ready.then(|| ago(100)),
                restarts: 0,
                trouble: None,
                created: Some(ago(120)),
                deleting: None,
            }));
        }
        self
    }

    /// Puts the pods that are not ready into a trouble that began so many seconds ago.
    pub fn trouble(mut self, cause: Cause, reason: &str, since: i64) -> Self {
        for pod in self.pods.iter_mut().filter(|pod| !pod.ready) {
            let message = Str::from("Back-off");
            Arc::make_mut(pod).trouble =
                Some(Trouble { cause, reason: reason.into(), message, since: Some(ago(since)) });
        }
        self
    }

    /// Counts as the status would tell them.
    pub fn counts(self, current: i32, updated: i32, available: i32) -> Self {
        self.set(|workload| {
            let desired = workload.replicas.desired;
            workload.replicas = Replicas { desired, current, ready: available, updated, available };
        })
    }

    /// A condition of the workload that changed a minute ago.
    pub fn condition(self, kind: &str, status: ConditionStatus, reason: &str, message: &str) -> Self {
        let (kind, reason, message) = (kind.into(), reason.into(), message.into());
        let condition = Condition { kind, status, reason, message, since: Some(ago(60)), updated: Some(ago(60)) };
        self.set(|workload| workload.conditions.push(condition))
    }

    /// The release, as the strategy that claims the workload derives it.
    pub fn release(&self) -> Release {
        self.release_with(&NothingRecorded)
    }

    /// The same with a journal.
    pub fn release_with(&self, recorded: &dyn Recorded) -> Release {
        let (strategy, claim) = super::owner_of(&self.workload.key, self).expect("some strategy claims it");
        strategy
            .derive(&claim.root, self, &Derive { now: now(), recorded, settings: &TrafficSettings::default() })
            .expect("it is there")
    }

    /// The strategy that claims it.
    pub fn strategy(&self) -> &'static dyn Strategy {
        super::owner_of(&self.workload.key, self).expect("some strategy claims it").0
    }

    /// The server's bytes, with `&&` and `<` escaped as Go does.
    pub fn details(&self) -> Details {
        let workload = &self.workload;
        let mut annotations = serde_json::Map::new();
        if let Some(revision) = workload.revision {
            annotations.insert("deployment.kubernetes.io/revision".into(), revision.to_string().into());
        }
        if let Some(cause) = &workload.change_cause {
            annotations.insert("kubernetes.io/change-cause".into(), cause.as_ref().into());
        }
        let mut spec = json!({"replicas": workload.replicas.desired, "template": self.template});
        if workload.paused {
            spec["paused"] = true.into();
        }
        let root = json!({
            "metadata": {"uid": workload.uid, "generation": workload.generation, "annotations": annotations},
            "spec": spec,
            "status": {"observedGeneration": workload.observed_generation, "updateRevision": workload.update_revision},
        });
        let revisions = self.revisions.iter().filter_map(|object| {
            let revision = object.revision?;
            let mut template = self.templates[&revision].clone();
            let body = if object.key.kind == Kind::ReplicaSet {
                template["metadata"]["labels"]["pod-template-hash"] = format!("h{revision}").into();
                json!({"spec": {"template": template}})
            } else {
                template["$patch"] = "replace".into();
                json!({"data": {"spec": {"template": template}}})
            };
            let mut body = body;
            body["metadata"] = json!({"uid": object.uid, "annotations": {}});
            if let Some(cause) = &object.change_cause {
                body["metadata"]["annotations"]["kubernetes.io/change-cause"] = cause.as_ref().into();
            }
            Some((revision, raw(&object.key, &body)))
        });
        Details {
            root: raw(&workload.key, &root),
            revisions: revisions.collect(),
            others: BTreeMap::new(),
            histories: BTreeMap::new(),
            autoscaler: self.autoscaler.clone(),
            quotas: Vec::new(),
            read_at: now(),
            fresh: true,
        }
    }
}

/// Its autoscaler, from 2 pods on.
pub fn autoscaler(desired: i32, max: i32) -> Autoscaler {
    Autoscaler {
        key: ObjectKey::new(Kind::HorizontalPodAutoscaler, "shop", "web"),
        target: ObjectKey::new(Kind::Deployment, "shop", "web"),
        min: 2,
        max,
        desired,
        conditions: Vec::new(),
    }
}

/// A disruption budget whose wanted pods are all healthy.
pub fn budget(allowed: i32, wanted: i32) -> DisruptionBudget {
    let key = ObjectKey::new(Kind::PodDisruptionBudget, "shop", "web");
    DisruptionBudget { key, selector: Selector::default(), allowed, healthy: wanted, wanted }
}

/// A context of tests.
pub fn context() -> Context {
    Context {
        now: now(),
        who: "ana".into(),
        plan_id: PlanId("plan-1".into()),
        left_by_undo: None,
        settings: Arc::default(),
        overrides: Vec::new(),
        switched: None,
        leaves: None,
    }
}

/// The object's bytes as a Go server would write them.
pub fn raw(key: &ObjectKey, value: &Value) -> RawObject {
    let text = value.to_string().replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    let text = RawValue::from_string(text).expect("valid JSON");
    RawObject::new(key.clone(), text).expect("has a uid")
}

/// What the server makes of a JSON patch: the new object, or the path whose test failed.
pub fn apply(object: &RawObject, call: &Call) -> Result<RawObject, String> {
    let Call::JsonPatch { operations, .. } = call else { return Err("no patch".into()) };
    apply_operations(object, operations)
}

/// The same for bare operations. A test compares bytes, as a real server does; what is absent is `null` to it, unless its
/// parent is missing too.
pub fn apply_operations(object: &RawObject, operations: &[Operation]) -> Result<RawObject, String> {
    let mut tree: Value = serde_json::from_str(object.text()).expect("valid JSON");
    for operation in operations {
        match operation {
            Operation::Test { path, value } => {
                let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
                let is = object.at(path).or_else(|| object.at(parent).map(|_| RawValue::NULL));
                if is.map(RawValue::get) != Some(value.get()) {
                    return Err(path.clone());
                }
            }
            Operation::Add { path, value } | Operation::Replace { path, value } => {
                let value: Value = serde_json::from_str(value.get()).expect("valid JSON");
                put(&mut tree, path, Some(value))?;
            }
            Operation::Remove { path } => put(&mut tree, path, None)?,
        }
    }
    Ok(raw(&object.key, &tree))
}

fn put(tree: &mut Value, path: &str, value: Option<Value>) -> Result<(), String> {
    let (parent, last) = path.rsplit_once('/').expect("a pointer");
    let last = unescape(last);
    let parent = tree.pointer_mut(parent).ok_or_else(|| path.to_owned())?;
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(last, value)),
        (Value::Object(members), None) => drop(members.shift_remove(&last).ok_or_else(|| path.to_owned())?),
        (Value::Array(items), Some(value)) => items[last.parse::<usize>().expect("a place")] = value,
        (Value::Array(items), None) => drop(items.remove(last.parse::<usize>().expect("a place"))),
        _ => return Err(path.to_owned()),
    }
    Ok(())
}

impl Objects for World {
    fn workload(&self, key: &ObjectKey) -> Option<&Arc<Workload>> {
        Some(&self.workload).filter(|workload| workload.key == *key)
    }

    fn revisions_of(&self, owner: &Uid) -> Vec<Arc<RevisionObject>> {
        self.revisions.iter().filter(|revision| revision.owner.as_ref() == Some(owner)).cloned().collect()
    }

    fn pods_of(&self, owner: &Uid) -> Vec<Arc<Pod>> {
        self.pods.iter().filter(|pod| pod.owner.as_ref() == Some(owner)).cloned().collect()
    }

    fn services_selecting(&self, _: &str, _: &Labels) -> Vec<Arc<Service>> {
        self.services.iter().map(|(service, _)| Arc::clone(service)).collect()
    }

    fn endpoints_of(&self, service: &ObjectKey) -> Option<Endpoints> {
        self.services.iter().find(|(own, _)| own.key == *service).map(|(_, endpoints)| *endpoints)
    }

    fn controllers(&self) -> Controllers {
        self.controllers
    }

    fn autoscaler_of(&self, _: &ObjectKey) -> Option<&Arc<Autoscaler>> {
        self.autoscaler.as_ref()
    }

    fn budgets_selecting(&self, _: &str, _: &Labels) -> Vec<Arc<DisruptionBudget>> {
        self.budgets.clone()
    }

    fn outage_of(&self, _: &ObjectKey) -> Option<Outage> {
        self.outage
    }

    fn pods_listed(&self, _: &str) -> bool {
        self.pods_listed
    }

    fn service(&self, _: &ObjectKey) -> Option<&Arc<Service>> {
        None
    }

    fn services_switching(&self, _: &str, _: &Labels) -> Vec<Arc<Service>> {
        Vec::new()
    }

    fn workloads_selected(&self, _: &Str, _: &Selector) -> Vec<Arc<Workload>> {
        Vec::new()
    }

    fn route(&self, _: &ObjectKey) -> Option<&Arc<Route>> {
        None
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

    fn canary(&self, _: &ObjectKey) -> Option<&Arc<Canary>> {
        None
    }

    fn canaries_naming(&self, _: &ObjectKey) -> Vec<Arc<Canary>> {
        Vec::new()
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

    fn any(&self, _: Kind) -> bool {
        false
    }
}
