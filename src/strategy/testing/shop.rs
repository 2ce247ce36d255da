//! A world of several objects for tests, made from JSON as the server would send it: the rows and the bytes that fences
//! are cut from are of the same text, and the look-ups are the index's own.

use super::{context, now, raw};
use crate::cluster::index::Index;
use crate::cluster::index::scopes::Scope;
use crate::cluster::wire;
use crate::cluster::wire::strings::Pool;
use crate::domain::plan::{Call, Operation, Refusal};
use crate::domain::traffic::TrafficSettings;
use crate::domain::{Details, Intent, Kind, ObjectKey, Plan, RawObject, Release, Revision};
use crate::strategy::{self, Context, Derive, NothingRecorded, Recorded};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Objects by key; change them and derive again.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    /// The objects.
    pub objects: BTreeMap<ObjectKey, Value>,
    /// What the configuration says.
    pub settings: Arc<TrafficSettings>,
}

impl Shop {
    /// Adds or replaces an object of `kind` in namespace `shop` (unless it names another one); identity, generation and
    /// version are filled in where they are missing.
    #[must_use]
    pub fn with(mut self, kind: Kind, name: &str, mut object: Value) -> Self {
        let meta = &mut object["metadata"];
        let namespace = meta["namespace"].as_str().unwrap_or("shop").to_owned();
        let fill = |meta: &mut Value, field: &str, value: Value| {
            if meta[field].is_null() {
                meta[field] = value;
            }
        };
        fill(meta, "name", name.into());
        fill(meta, "namespace", namespace.as_str().into());
        fill(meta, "uid", format!("uid-{}-{name}", kind.singular()).into());
        fill(meta, "generation", 1.into());
        fill(meta, "creationTimestamp", "2027-01-01T00:00:00Z".into());
        fill(&mut object, "apiVersion", kind.api_version().into());
        fill(&mut object, "kind", kind.name().into());
        self.objects.insert(ObjectKey::new(kind, namespace, name), object);
        self
    }

    /// A Deployment at rest with one ReplicaSet and its ready pods. Its template has `labels`, and an image
    /// `reg/NAME:VERSION`; it was made so many seconds ago.
    #[must_use]
    pub fn deployment(self, name: &str, labels: &[(&str, &str)], version: &str, (pods, age): (i32, i64)) -> Self {
        let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
        let template = json!({"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": format!("reg/{name}:{version}"), "args": ["a && b < c"]}]}});
        let created = super::ago(age).to_string();
        let uid = format!("uid-deployment-{name}");
        let deployment = json!({
            "metadata": {"uid": uid, "creationTimestamp": created,
                "annotations": {"deployment.kubernetes.io/revision": "1"}},
            "spec": {"replicas": pods, "selector": {"matchLabels": labels}, "template": template},
            "status": {"observedGeneration": 1, "replicas": pods, "readyReplicas": pods, "updatedReplicas": pods,
                "availableReplicas": pods},
        });
        let hash = format!("{name}-h1");
        let owner =
            json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": uid, "controller": true}]);
        self.with(Kind::Deployment, name, deployment).replica_set(
            &hash,
            &owner,
            ("pod-template-hash", "h1"),
            &template,
            (pods, age),
        )
    }

    /// A ReplicaSet with its ready pods; `hash` is the label (name and value) that tells its pods.
    #[must_use]
    pub fn replica_set(
        self,
        name: &str,
        owner: &Value,
        hash: (&str, &str),
        template: &Value,
        (pods, age): (i32, i64),
    ) -> Self {
        let created = super::ago(age).to_string();
        let mut template = template.clone();
        template["metadata"]["labels"][hash.0] = hash.1.into();
        let labels = template["metadata"]["labels"].clone();
        let uid = format!("uid-replicaset-{name}");
        let set = json!({
            "metadata": {"uid": uid, "creationTimestamp": created, "ownerReferences": owner, "labels": labels,
                "annotations": {"deployment.kubernetes.io/revision": "1", "rollout.argoproj.io/revision": "1"}},
            "spec": {"replicas": pods, "template": template},
            "status": {"replicas": pods, "readyReplicas": pods, "availableReplicas": pods},
        });
        let owner =
            json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": uid, "controller": true}]);
        let containers = template["spec"]["containers"].clone();
        (0..pods).fold(self.with(Kind::ReplicaSet, name, set), |shop, number| {
            let pod = json!({
                "metadata": {"ownerReferences": owner, "labels": labels, "creationTimestamp": created},
                "spec": {"containers": containers},
                "status": {"phase": "Running",
                    "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": created}]},
            });
            shop.with(Kind::Pod, &format!("{name}-{number}"), pod)
        })
    }

    /// A Service on port 80.
    #[must_use]
    pub fn service(self, name: &str, selector: &[(&str, &str)]) -> Self {
        let selector: BTreeMap<&str, &str> = selector.iter().copied().collect();
        self.with(Kind::Service, name, json!({"spec": {"selector": selector, "ports": [{"port": 80}]}}))
    }

    /// The EndpointSlice of a Service with the addresses of these pods, all ready.
    #[must_use]
    pub fn addresses(self, service: &str, pods: &[&str]) -> Self {
        let endpoints: Vec<Value> = pods
            .iter()
            .map(|pod| json!({"conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": pod}}))
            .collect();
        let labels = json!({"kubernetes.io/service-name": service});
        let slice = json!({"metadata": {"labels": labels}, "addressType": "IPv4", "endpoints": endpoints});
        self.with(Kind::EndpointSlice, &format!("{service}-1"), slice)
    }

    /// Changes an object's JSON.
    #[must_use]
    pub fn set(mut self, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) -> Self {
        let key = ObjectKey::new(kind, "shop", name);
        change(self.objects.get_mut(&key).unwrap_or_else(|| panic!("no {key}")));
        self
    }

    /// Takes an object away.
    #[must_use]
    pub fn without(mut self, kind: Kind, name: &str) -> Self {
        let key = ObjectKey::new(kind, "shop", name);
        assert!(self.objects.remove(&key).is_some(), "no {key}");
        self
    }

    /// The index of all of it, everything listed and derived.
    pub fn index(&self) -> Index {
        self.index_with(Arc::new(NothingRecorded))
    }

    /// The same with a journal.
    pub fn index_with(&self, recorded: Arc<dyn Recorded + Send + Sync>) -> Index {
        let mut index = Index::new(recorded, Arc::clone(&self.settings));
        let mut pool = Pool::default();
        for kind in Kind::ALL {
            let scope = Scope { kind, namespace: None };
            let objects = self.objects.iter().filter(|(key, _)| key.kind == kind);
            let items = objects.map(|(key, object)| {
                wire::read(kind, object.to_string().as_bytes(), &mut pool)
                    .unwrap_or_else(|| panic!("{key} has no name"))
            });
            let items = items.collect();
            index.scopes.expect(scope.clone());
            index.scopes.start_list(&scope);
            index.apply_listed(&scope, items);
            index.listed(&scope);
        }
        index.derive(now());
        index
    }

    /// Every release, by namespace and name.
    pub fn releases(&self) -> Vec<Arc<Release>> {
        self.index().releases().cloned().collect()
    }

    /// The release that the object belongs to, as root or member.
    pub fn release(&self, kind: Kind, name: &str) -> Arc<Release> {
        let key = ObjectKey::new(kind, "shop", name);
        let index = self.index();
        let root = strategy::root_of(&key, &index).unwrap_or_else(|| panic!("{key} belongs to no release"));
        Arc::clone(index.release(&root).unwrap_or_else(|| panic!("{root} roots no release")))
    }

    /// The release rooted at `root`, if there is one.
    pub fn rooted(&self, root: &ObjectKey) -> Option<Arc<Release>> {
        self.index().release(root).cloned()
    }

    /// The release derived at another time than now.
    pub fn release_at(&self, root: &ObjectKey, time: crate::domain::Timestamp) -> Option<Release> {
        let index = self.index();
        let (strategy, claim) = strategy::owner_of(root, &index)?;
        let derive = Derive { now: time, recorded: &NothingRecorded, settings: &self.settings };
        strategy.derive(&claim.root, &index, &derive)
    }

    /// The row of an object, as a watch would tell of it.
    pub fn item(&self, key: &ObjectKey) -> wire::Item {
        let text = self.objects[key].to_string();
        wire::read(key.kind, text.as_bytes(), &mut Pool::default()).unwrap_or_else(|| panic!("{key} has no name"))
    }

    /// The bytes of an object, as a Go server writes them.
    pub fn raw(&self, key: &ObjectKey) -> RawObject {
        raw(key, &self.objects[key])
    }

    /// What a plan for `release` is made from: the bytes of its members, as the cluster reads them.
    pub fn details(&self, release: &Release) -> Details {
        let there = release.members.iter().filter(|key| self.objects.contains_key(*key) && **key != release.key);
        let written = there.filter(|key| crate::cluster::written(key.kind));
        let workloads = written.clone().filter(|key| key.kind.is_workload());
        let histories = workloads.map(|key| (key.clone(), self.revisions(key))).collect();
        Details {
            root: self.raw(&release.key),
            revisions: self.revisions(&release.key),
            others: written.map(|key| (key.clone(), self.raw(key))).collect(),
            histories,
            autoscaler: release.autoscaler.clone(),
            quotas: Vec::new(),
            read_at: now(),
            fresh: true,
        }
    }

    fn revisions(&self, workload: &ObjectKey) -> BTreeMap<Revision, RawObject> {
        let uid = &self.objects[workload]["metadata"]["uid"];
        let own = self.objects.iter().filter(|(key, object)| {
            matches!(key.kind, Kind::ReplicaSet | Kind::ControllerRevision)
                && object["metadata"]["ownerReferences"][0]["uid"] == *uid
        });
        own.filter_map(|(key, object)| {
            let marks = &object["metadata"]["annotations"];
            let of_set = || marks["deployment.kubernetes.io/revision"].as_str()?.parse().ok();
            Some((Revision(object["revision"].as_i64().or_else(of_set)?), self.raw(key)))
        })
        .collect()
    }

    /// The plan of the release's own strategy.
    pub fn plan(&self, release: &Release, intent: &Intent) -> Result<Plan, Refusal> {
        self.plan_with(release, intent, &self.context())
    }

    /// The same in another context.
    pub fn plan_with(&self, release: &Release, intent: &Intent, context: &Context) -> Result<Plan, Refusal> {
        let strategy = strategy::strategy(release.strategy).expect("registered");
        strategy.plan(release, &self.details(release), intent, context)
    }

    /// A context with this shop's settings.
    pub fn context(&self) -> Context {
        Context { settings: Arc::clone(&self.settings), ..context() }
    }

    /// The shop after the server took a plan's calls: every one, or the path whose test failed. What is posted to a
    /// Service changes no object.
    pub fn after(&self, plan: &Plan) -> Result<Self, String> {
        self.after_calls(plan.calls.iter().map(|planned| &planned.call))
    }

    /// The same for some calls.
    pub fn after_calls<'a>(&self, calls: impl Iterator<Item = &'a Call>) -> Result<Self, String> {
        let mut shop = self.clone();
        for call in calls {
            let key = call.target().clone();
            match call {
                Call::JsonPatch { operations, .. } => shop.apply(&key, operations)?,
                Call::Delete { .. } => drop(shop.objects.remove(&key)),
                Call::Create { body, .. } => {
                    drop(shop.objects.insert(key, serde_json::from_str(body.get()).expect("valid JSON")));
                }
                Call::ProxyPost { .. } => {}
            }
        }
        Ok(shop)
    }

    /// Applies a JSON patch to one object, or says which test failed.
    pub fn apply(&mut self, key: &ObjectKey, operations: &[Operation]) -> Result<(), String> {
        let after = super::apply_operations(&self.raw(key), operations)?;
        self.objects.insert(key.clone(), serde_json::from_str(after.text()).expect("valid JSON"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::objects::Objects as _;

    fn blue_and_green() -> Shop {
        let labels = |color: &'static str| [("app", "web"), ("color", color)];
        Shop::default()
            .deployment("web-blue", &labels("blue"), "v1", (2, 9_000))
            .deployment("web-green", &labels("green"), "v2", (3, 300))
            .service("web", &[("app", "web"), ("color", "blue")])
            .addresses("web", &["web-blue-h1-0", "web-blue-h1-1"])
    }

    #[test]
    fn look_ups_find_what_belongs_together() {
        let route = json!({"spec": {"hosts": ["web"], "http": [{"route": [
            {"destination": {"host": "web", "subset": "v1"}, "weight": 90},
            {"destination": {"host": "web.shop.svc.cluster.local", "subset": "v2"}, "weight": 10}],
            "mirror": {"host": "shadow"}}]}});
        let rule = json!({"spec": {"host": "web", "subsets": [{"name": "v1", "labels": {"color": "blue"}}]}});
        let canary =
            json!({"spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-blue"}}});
        let rollout = json!({"spec": {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-green"},
            "strategy": {"canary": {"stableService": "web"}}}});
        let run = json!({"metadata": {"ownerReferences": [{"kind": "Rollout", "uid": "uid-rollout-ro", "controller": true}]}});
        let shop = blue_and_green()
            .with(Kind::VirtualService, "web", route)
            .with(Kind::DestinationRule, "web", rule)
            .with(Kind::Canary, "c", canary)
            .with(Kind::Rollout, "ro", rollout)
            .with(Kind::AnalysisRun, "run", run);
        let index = shop.index();
        let key = |kind, name: &str| ObjectKey::new(kind, "shop", name);
        let service = index.service(&key(Kind::Service, "web")).expect("there").clone();
        let names = |keys: Vec<ObjectKey>| keys.iter().map(ObjectKey::target).collect::<Vec<_>>().join(" ");
        let selected = index.workloads_selected(&"shop".into(), &service.selector);
        assert_eq!(names(selected.iter().map(|w| w.key.clone()).collect()), "deployment/web-blue");
        let sides = index.workloads_selected(&"shop".into(), &service.common("color"));
        assert_eq!(names(sides.iter().map(|w| w.key.clone()).collect()), "deployment/web-blue deployment/web-green");
        let green = index.workload(&key(Kind::Deployment, "web-green")).expect("there");
        assert!(index.services_selecting("shop", &green.template_labels).is_empty());
        assert_eq!(
            index.services_switching("shop", &green.template_labels).len(),
            1,
            "the idle side finds its Service"
        );
        assert_eq!(index.routes_to(&service.key).len(), 1);
        assert_eq!(index.routes_to(&key(Kind::Service, "shadow")).len(), 1, "a mirror is a way to a Service too");
        assert_eq!(index.destination_rules_of(&service.key).len(), 1);
        assert_eq!(index.canaries_naming(&key(Kind::Deployment, "web-blue")).len(), 1);
        assert_eq!(index.canaries_naming(&key(Kind::Deployment, "web-blue-primary")).len(), 1);
        assert!(index.canaries_naming(&key(Kind::Deployment, "web-green")).is_empty());
        assert_eq!(index.rollouts_naming(&key(Kind::Deployment, "web-green")).len(), 1);
        assert_eq!(index.rollouts_naming(&service.key).len(), 1);
        let rollout = index.rollout(&key(Kind::Rollout, "ro")).expect("there");
        assert_eq!(index.runs_of(&rollout.meta.uid).len(), 1);
        assert!(index.workload(&rollout.meta.key).is_some(), "a Rollout is a workload too");
        let pods = |workload: &str| index.pods_of(&crate::domain::Uid::new(format!("uid-replicaset-{workload}-h1")));
        assert_eq!(index.addresses_of(&service.key, &pods("web-blue")).ready, 2);
        assert_eq!(index.addresses_of(&service.key, &pods("web-green")).ready, 0);
        assert_eq!(index.endpoints_of(&service.key).map(|endpoints| endpoints.ready), Some(2));
        assert!(index.any(Kind::Canary) && !index.any(Kind::GrpcRoute));
    }

    #[test]
    fn what_is_gone_is_found_no_more() {
        let route = json!({"spec": {"hosts": ["web"], "http": [{"route": [{"destination": {"host": "web"}}]}]}});
        let mut index = blue_and_green().with(Kind::VirtualService, "web", route).index();
        let service = ObjectKey::new(Kind::Service, "shop", "web");
        assert_eq!(index.routes_to(&service).len(), 1);
        index.delete(&ObjectKey::new(Kind::VirtualService, "shop", "web"));
        assert!(index.routes_to(&service).is_empty() && !index.any(Kind::VirtualService));
        index.delete(&service);
        let green = index.workload(&ObjectKey::new(Kind::Deployment, "shop", "web-green")).expect("there").clone();
        assert!(index.services_switching("shop", &green.template_labels).is_empty());
    }

    #[test]
    fn a_shop_changes_and_is_derived_at_any_time() {
        let cart = ObjectKey::new(Kind::Deployment, "shop", "cart");
        let shop =
            Shop::default().deployment("cart", &[("app", "cart")], "v1", (2, 900)).service("cart", &[("app", "cart")]);
        let paused = shop.clone().set(Kind::Deployment, "cart", |cart| cart["spec"]["paused"] = true.into());
        assert!(paused.release_at(&cart, super::super::ago(-60)).is_some_and(|release| release.held));
        assert!(shop.without(Kind::Deployment, "cart").releases().is_empty());
    }

    #[test]
    fn a_plain_shop_has_one_release_a_workload() {
        let shop =
            Shop::default().deployment("cart", &[("app", "cart")], "v1", (2, 900)).service("cart", &[("app", "cart")]);
        let releases = shop.releases();
        assert_eq!(releases.len(), 1);
        let release = shop.release(Kind::Deployment, "cart");
        let plan = shop.plan(&release, &Intent::Scale(5)).expect("a plan");
        let after = shop.after(&plan).expect("the fence holds");
        assert_eq!(after.objects[&release.key]["spec"]["replicas"], 5);
    }
}
