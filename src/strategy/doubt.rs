//! Ownership fails closed: where Canaries or Rollouts can't be listed, what might be theirs is not taken for plain.

use super::Strategy;
use crate::domain::doubt::Doubt;
use crate::domain::objects::Objects;
use crate::domain::plan::Refusal;
use crate::domain::release::Action;
use crate::domain::traffic::Marks;
use crate::domain::workload::Owner;
use crate::domain::{Details, Direction, Intent, Kind, ObjectKey, Plan, Release, Str, Verb};
use crate::strategy::Context;
use std::ops::Deref;

/// What steers other objects, with the group of its API.
const STEERING: [(Kind, &str); 2] = [(Kind::Canary, "flagger.app/"), (Kind::Rollout, "argoproj.io/")];

/// The label by which Argo Rollouts has a Service select the pods of one side.
const ROLLOUT_HASH: &str = "rollouts-pod-template-hash";

/// The doubt about a release that no Canary and no Rollout was seen to own.
pub fn of(release: &Release, objects: &dyn Objects) -> Option<Doubt> {
    let kind = release.key.kind;
    if matches!(kind, Kind::Canary | Kind::Rollout | Kind::StatefulSet) {
        return None;
    }
    let namespace = &release.key.namespace;
    let unread: Vec<(Kind, &str, Str)> = STEERING
        .into_iter()
        .filter_map(|(kind, group)| Some((kind, group, objects.unread(kind, namespace)?)))
        .collect();
    if unread.is_empty() {
        return None;
    }
    let theirs = std::iter::once(&release.key)
        .chain(&release.members)
        .find_map(|key| unread.iter().find_map(|(kind, group, why)| owned(key, (*kind, group), why, objects)));
    if let Some(theirs) = theirs {
        return Some(Doubt::Theirs(theirs));
    }
    // A person said what it is.
    if is_marked(&release.key, objects) {
        return None;
    }
    // Argo takes its template from no DaemonSet.
    let (steering, _, why) =
        unread.iter().find(|(steering, ..)| kind != Kind::DaemonSet || *steering == Kind::Canary)?;
    let steering = steering.name();
    Some(Doubt::Unread(format!("whether a {steering} steers it can't be told: {why}").into()))
}

/// The sentence about an object that says itself whose it is.
fn owned(key: &ObjectKey, steering: (Kind, &str), why: &Str, objects: &dyn Objects) -> Option<Str> {
    let (kind, group) = steering;
    let belongs = |name: &str| {
        let kind = kind.name();
        Some(format!("{key} belongs to {kind} {name}, which can't be read: {why}").into())
    };
    let of_owner = |owner: Option<&Owner>| {
        let owner = owner.filter(|owner| *owner.kind == *kind.name() && owner.api_version.starts_with(group))?;
        belongs(&owner.name)
    };
    match key.kind {
        Kind::Service => {
            let service = objects.service(key)?;
            let steered = kind == Kind::Rollout && service.selector.labels.contains_key(ROLLOUT_HASH);
            let by_argo = service.managed_by_rollout().map(|name| &**name).or(steered.then_some("of its pods"));
            of_owner(service.owner.as_ref()).or_else(|| belongs(by_argo.filter(|_| kind == Kind::Rollout)?))
        }
        kind if kind.is_route() => of_owner(objects.route(key)?.meta.owner.as_ref()),
        Kind::Deployment | Kind::DaemonSet => of_owner(objects.workload(key)?.owner.as_ref()),
        _ => None,
    }
}

fn is_marked(key: &ObjectKey, objects: &dyn Objects) -> bool {
    let own = match key.kind {
        Kind::Service => objects.service(key).map(|service| service.marks()),
        kind if kind.is_route() => objects.route(key).map(|route| route.marks()),
        _ => objects.workload(key).map(|workload| Marks::read(&workload.annotations)),
    };
    let own = own.unwrap_or_default();
    let marks = objects.settings().map(|settings| settings.marks(key, &own));
    marks.unwrap_or(own).strategy.is_some()
}

/// A strategy whose plans and actions respect the doubt about a release.
#[derive(Clone, Copy)]
pub struct Steering(pub &'static dyn Strategy);

impl Deref for Steering {
    type Target = dyn Strategy;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl Steering {
    /// The plan for `intent`, or the reason why there is none. In doubt about who steers the release nothing goes forward,
    /// and what goes back is warned of.
    pub fn plan(
        &self,
        release: &Release,
        details: &Details,
        intent: &Intent,
        context: &Context,
    ) -> Result<Plan, Refusal> {
        let refuse = |why: String| Refusal::because(format!("{} {}: {why}", intent.verb(), release.key));
        let planned = || Ok(with_pods_in_mind(release, self.0.plan(release, details, intent, context)?));
        match &release.doubt {
            None => planned(),
            Some(Doubt::Theirs(why)) => Err(refuse(format!("{why}; ask for the right to list it, and steer it there"))),
            Some(Doubt::Unread(why)) => {
                let mut plan = planned()?;
                if plan.direction == Direction::Forward {
                    return Err(refuse(forward(why)).with_kubectl(plan.kubectl));
                }
                plan.forecast.warnings.push(format!("{why}; if one does, it may take this back").into());
                Ok(plan)
            }
        }
    }

    /// Every verb with whether it can be asked for now, and why not.
    pub fn actions(&self, release: &Release, context: &Context) -> Vec<Action> {
        let mut actions = self.0.actions(release, context);
        let Some(doubt) = &release.doubt else { return actions };
        let theirs = matches!(doubt, Doubt::Theirs(_));
        for action in &mut actions {
            if action.enabled && (theirs || action.direction == Direction::Forward) {
                action.enabled = false;
                action.why = if theirs { doubt.why().clone() } else { forward(doubt.why()).into() };
            }
        }
        actions
    }
}

/// Warns first of all of what a plan can't tell while the pods are not known: it offers less then, and knows less.
fn with_pods_in_mind(release: &Release, mut plan: Plan) -> Plan {
    let judged_by_pods = match plan.intent.verb() {
        Verb::Pause | Verb::Resume => false,
        Verb::Undo
        | Verb::Restart
        | Verb::SetImage
        | Verb::Scale
        | Verb::Revert
        | Verb::Advance
        | Verb::Switch
        | Verb::SetWeight
        | Verb::Abort
        | Verb::Promote
        | Verb::Continue
        | Verb::Skip
        | Verb::Retry => true,
    };
    if let Some(why) = release.pods_unread.as_ref().filter(|_| judged_by_pods) {
        let warning =
            format!("its pods are not known ({why}): which serve and which stand in the way is not told here");
        plan.forecast.warnings.insert(0, warning.into());
    }
    plan
}

fn forward(why: &str) -> String {
    format!("{why}, so nothing new is sent to it; going back would be, and windlass.dev/strategy says what it is")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::index::scopes::Scope;
    use crate::domain::intent::Override;
    use crate::domain::snapshot::Watch;
    use crate::strategy::strategy;
    use crate::strategy::testing::now;
    use crate::strategy::testing::shop::Shop;
    use serde_json::json;
    use std::sync::Arc;

    fn shop() -> Shop {
        Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000))
    }

    /// The release while Canaries may not be listed, and once they may.
    fn in_doubt(shop: &Shop, kind: Kind) -> (Arc<Release>, Arc<Release>) {
        let key = ObjectKey::new(kind, "shop", "web");
        let scope = Scope { kind: Kind::Canary, namespace: None };
        let mut index = shop.index();
        let mut told = |watch| {
            assert!(index.watch(&scope, watch));
            index.derive(now());
            Arc::clone(index.release(&key).expect("it is a release"))
        };
        (told(Watch::Forbidden { reason: "no".into(), since: None }), told(Watch::Live))
    }

    fn plan(shop: &Shop, release: &Release, intent: &Intent) -> Result<Plan, Refusal> {
        let context = Context { overrides: Override::ALL.to_vec(), ..shop.context() };
        strategy(release.strategy).expect("known").plan(release, &shop.details(release), intent, &context)
    }

    #[test]
    fn what_might_be_flaggers_goes_back_with_a_warning_and_not_forward() {
        let shop = shop();
        let (release, later) = in_doubt(&shop, Kind::Deployment);
        assert!(matches!(release.doubt, Some(Doubt::Unread(_))), "{:?}", release.doubt);
        assert!(release.why.contains("you may not list canaries"), "{}", release.why);
        for forward in [Intent::Restart, Intent::Scale(5)] {
            let refused = plan(&shop, &release, &forward).expect_err("forward");
            assert!(refused.reason.contains("you may not list canaries"), "{}", refused.reason);
            assert!(!refused.kubectl.is_empty(), "c still copies the commands");
        }
        let back = plan(&shop, &release, &Intent::Pause).expect("back is open");
        assert!(back.forecast.warnings.iter().any(|it| it.contains("may not list canaries")), "{:?}", back.forecast);
        let actions = strategy(release.strategy).expect("known").actions(&release, &shop.context());
        let forward: Vec<&Action> = actions.iter().filter(|it| it.direction == Direction::Forward).collect();
        assert!(!forward.is_empty() && forward.iter().all(|action| !action.enabled && !action.why.is_empty()));
        assert!(actions.iter().any(|action| action.enabled), "a way back stays open");
        assert_eq!(later.doubt, None, "derived again once they can be listed");
        assert!(plan(&shop, &later, &Intent::Restart).is_ok());
    }

    #[test]
    fn what_says_that_it_belongs_to_an_unread_canary_is_not_written_at_all() {
        let owner = json!([{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "web", "uid": "u",
            "controller": true}]);
        let shop = shop().set(Kind::Deployment, "web", |it| it["metadata"]["ownerReferences"] = owner);
        let (release, _) = in_doubt(&shop, Kind::Deployment);
        assert!(matches!(release.doubt, Some(Doubt::Theirs(_))), "{:?}", release.doubt);
        for intent in [Intent::undo(), Intent::Pause, Intent::Restart] {
            let refused = plan(&shop, &release, &intent).expect_err("it is Flagger's");
            assert!(refused.reason.contains("belongs to Canary web"), "{}", refused.reason);
        }
    }

    #[test]
    fn a_plan_says_first_that_pods_are_not_known_unless_it_only_pauses() {
        let shop = shop();
        let mut index = shop.index();
        let everywhere = Scope { kind: Kind::Pod, namespace: None };
        let new = Scope { kind: Kind::Pod, namespace: Some("shop".into()) };
        let mut warned = |change: &mut dyn FnMut(&mut crate::cluster::index::Index)| {
            change(&mut index);
            index.derive(now());
            let release = index.release(&ObjectKey::new(Kind::Deployment, "shop", "web")).expect("it is a release");
            let first = |intent| plan(&shop, release, &intent).expect("planned").forecast.warnings.first().cloned();
            let told = |text: Option<Str>| text.filter(|text| text.contains("pods are not known"));
            assert_eq!(told(first(Intent::Pause)), None, "pods say nothing for or against a pause");
            told(first(Intent::Scale(5)))
        };
        assert_eq!(warned(&mut |_| {}), None);
        let failing = warned(&mut |index| {
            index.forget_scope(&everywhere);
            index.scopes.expect(new.clone());
            index.watch(&new, Watch::Failing { reason: "503".into(), since: now(), retry_at: now() });
        });
        assert!(failing.expect("warned").contains("(pods can't be listed (503))"));
        let coming = warned(&mut |index| assert!(index.watch(&new, Watch::Live)));
        assert!(coming.expect("warned").contains("(they are still being read)"));
        assert_eq!(warned(&mut |index| index.listed(&new)), None, "told again once they are read");
        let forbidden = Watch::Forbidden { reason: "no".into(), since: None };
        let denied = warned(&mut |index| assert!(index.watch(&new, forbidden.clone())));
        assert!(denied.expect("warned").contains("(you may not list pods)"));
    }

    #[test]
    fn a_mark_and_a_kind_that_nobody_else_steers_leave_no_doubt() {
        let mark = |it: &mut serde_json::Value| {
            it["metadata"]["annotations"]["windlass.dev/strategy"] = "rolling".into();
        };
        let marked = shop().set(Kind::Deployment, "web", mark);
        assert_eq!(in_doubt(&marked, Kind::Deployment).0.doubt, None);
        let template = json!({"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "reg/web:v1"}]}});
        let set = json!({"spec": {"replicas": 1, "template": template, "selector": {"matchLabels": {"app": "web"}}}});
        let stateful = Shop::default().with(Kind::StatefulSet, "web", set);
        assert_eq!(in_doubt(&stateful, Kind::StatefulSet).0.doubt, None);
    }
}
