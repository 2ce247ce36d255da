//! Who else steers an object (a workload, a Service, a route), and what they will do to a write of ours: told from its
//! annotations, labels, owner, field managers, and a workload's autoscaler.
//!
//! Sources: Argo CD's resource tracking, Flux's kustomize and helm controllers' labels, Helm's ownership metadata, and the
//! names under which they and Terraform own fields. A mark that names another object was copied and does not count.

use super::facts::Facts;
use crate::domain::management::{Management, Manager, Reverts, Writer};
use crate::domain::objects::Service;
use crate::domain::selector::Labels;
use crate::domain::traffic::ObjectMeta;
use crate::domain::workload::{Owner, Workload};
use crate::domain::{ObjectKey, Str};

/// What tells who manages an object.
#[derive(Debug, Clone, Copy)]
pub struct Managed<'a> {
    key: &'a ObjectKey,
    labels: &'a Labels,
    annotations: &'a Labels,
    owner: Option<&'a Owner>,
    writers: &'a [Writer],
}

impl<'a> From<&'a Workload> for Managed<'a> {
    fn from(of: &'a Workload) -> Self {
        let (labels, annotations, owner) = (&of.labels, &of.annotations, of.owner.as_ref());
        Self { key: &of.key, labels, annotations, owner, writers: &of.writers }
    }
}

impl<'a> From<&'a ObjectMeta> for Managed<'a> {
    fn from(of: &'a ObjectMeta) -> Self {
        let (labels, annotations, owner) = (&of.labels, &of.annotations, of.owner.as_ref());
        Self { key: &of.key, labels, annotations, owner, writers: &of.writers }
    }
}

impl<'a> From<&'a Service> for Managed<'a> {
    fn from(of: &'a Service) -> Self {
        let (labels, annotations, owner) = (&of.labels, &of.annotations, of.owner.as_ref());
        Self { key: &of.key, labels, annotations, owner, writers: &of.writers }
    }
}

/// Everyone who manages the workload, the one that reverts most surely first.
pub fn managers(facts: &Facts) -> Vec<Management> {
    let mut found = of((&*facts.workload).into());
    if let Some(autoscaler) = &facts.autoscaler {
        found.push(Management {
            manager: Manager::Autoscaler,
            name: autoscaler.key.name.clone(),
            evidence: "its scaleTargetRef".into(),
            template: Reverts::WillNot,
            replicas: Reverts::Will,
            when: "within 15 s".into(),
            first: Some(format!("change minReplicas and maxReplicas of hpa/{} instead", autoscaler.key.name).into()),
        });
    }
    surest_first(found)
}

/// Everyone who manages this object, its autoscaler aside. What they do to its spec stands in `Management::template`.
pub fn of(object: Managed<'_>) -> Vec<Management> {
    let object = &object;
    let all = [argo_cd(object), flux_kustomize(object), flux_helm(object), helm(object), owner(object), apply(object)];
    let mut found: Vec<Management> = all.into_iter().flatten().collect();
    if !found.iter().any(|by| by.manager.is_gitops() || by.manager == Manager::Helm) {
        found.extend(unmarked(object));
    }
    surest_first(found)
}

fn surest_first(mut found: Vec<Management>) -> Vec<Management> {
    found.sort_by_key(|management| std::cmp::Reverse(management.template.max(management.replicas)));
    found
}

/// `own` with those of `parts` that it does not name yet: one who manages several parts of a release stands in it once.
pub fn joined<'a>(mut own: Vec<Management>, parts: impl Iterator<Item = &'a Management>) -> Vec<Management> {
    for management in parts {
        if !own.iter().any(|known| known.manager == management.manager && known.name == management.name) {
            own.push(management.clone());
        }
    }
    own
}

const ARGO_CD_SYNCS: &str = "within 5 s to 5 min if it syncs with self-heal, else at the next sync";

/// Who writes by which name into managedFields, when it writes again, and what to do before. Terraform's provider writes by
/// the first part of its user agent, unless a resource names a field manager.
const CONTROLLERS: [(&str, Manager, &str, &str); 7] = {
    let (argo, suspend) = ("switch off the automatic sync of its application", "suspend what it comes from");
    let terraform = ("at the next terraform apply", "change it in its configuration, too");
    [
        ("argocd-controller", Manager::ArgoCd, ARGO_CD_SYNCS, argo),
        ("argocd-application-controller", Manager::ArgoCd, ARGO_CD_SYNCS, argo),
        ("kustomize-controller", Manager::FluxKustomize, "at its next interval (often 10 min)", suspend),
        ("helm-controller", Manager::FluxHelm, "at the next upgrade, or as it corrects drift", suspend),
        ("helm", Manager::Helm, "at the next helm upgrade", "helm rollback undoes it for Helm too"),
        ("Terraform", Manager::Terraform, terraform.0, terraform.1),
        ("HashiCorp", Manager::Terraform, terraform.0, terraform.1),
    ]
};

fn mark<'a>(workload: &Managed<'a>, key: &str) -> Option<&'a Str> {
    workload.annotations.get(key).or_else(|| workload.labels.get(key))
}

/// `argocd.argoproj.io/tracking-id` is `<app>:<group>/<kind>:<namespace>/<name>`; one that names another object was
/// copied (a Deployment's annotations are copied to its ReplicaSets).
fn argo_cd(workload: &Managed<'_>) -> Option<Management> {
    const TRACKING: &str = "argocd.argoproj.io/tracking-id";
    let key = workload.key;
    let own = format!(":{}/{}:{}/{}", key.kind.group(), key.kind.name(), key.namespace, key.name);
    let tracked =
        workload.annotations.get(TRACKING).and_then(|id| id.strip_suffix(own.as_str()).map(|app| (app, TRACKING)));
    let labelled = || {
        ["argocd.argoproj.io/instance", "applications.argoproj.io/app-name"]
            .into_iter()
            .find_map(|label| workload.labels.get(label).map(|app| (&**app, label)))
    };
    let (app, evidence) = tracked.or_else(labelled)?;
    Some(argo_cd_app(app, evidence))
}

fn argo_cd_app(app: &str, evidence: &str) -> Management {
    let short = app.rsplit('_').next().unwrap_or(app);
    Management {
        manager: Manager::ArgoCd,
        name: app.into(),
        evidence: evidence.into(),
        template: Reverts::May,
        replicas: Reverts::May,
        when: ARGO_CD_SYNCS.into(),
        first: Some(format!("argocd app set {short} --sync-policy none").into()),
    }
}

fn flux_kustomize(workload: &Managed<'_>) -> Option<Management> {
    const NAME: &str = "kustomize.toolkit.fluxcd.io/name";
    let name = workload.labels.get(NAME)?;
    let namespace = workload.labels.get("kustomize.toolkit.fluxcd.io/namespace")?;
    let says = |key: &str, values: &[&str]| mark(workload, key).is_some_and(|value| values.contains(&&**value));
    let off = says("kustomize.toolkit.fluxcd.io/reconcile", &["disabled"])
        || says("kustomize.toolkit.fluxcd.io/ssa", &["IfNotPresent", "Ignore", "ifnotpresent", "ignore"]);
    let reverts = if off { Reverts::WillNot } else { Reverts::Will };
    Some(Management {
        manager: Manager::FluxKustomize,
        name: format!("{namespace}/{name}").into(),
        evidence: if off { "its labels; reconciling is switched off here".into() } else { NAME.into() },
        template: reverts,
        replicas: reverts,
        when: "at its next interval (often 10 min)".into(),
        first: (!off).then(|| format!("flux suspend kustomization {name} -n {namespace}").into()),
    })
}

fn flux_helm(workload: &Managed<'_>) -> Option<Management> {
    const NAME: &str = "helm.toolkit.fluxcd.io/name";
    let name = workload.labels.get(NAME)?;
    let namespace = workload.labels.get("helm.toolkit.fluxcd.io/namespace")?;
    let off = mark(workload, "helm.toolkit.fluxcd.io/driftDetection").is_some_and(|value| &**value == "disabled");
    let reverts = if off { Reverts::WillNot } else { Reverts::May };
    Some(Management {
        manager: Manager::FluxHelm,
        name: format!("{namespace}/{name}").into(),
        evidence: NAME.into(),
        template: reverts,
        replicas: reverts,
        when: "at its next interval if it detects drift, else at the next upgrade".into(),
        first: Some(format!("flux suspend helmrelease {name} -n {namespace}").into()),
    })
}

/// The label alone proves nothing (rendered charts carry it too): the release's annotations count.
fn helm(workload: &Managed<'_>) -> Option<Management> {
    let name = workload.annotations.get("meta.helm.sh/release-name")?;
    let by_helm = workload.labels.get("app.kubernetes.io/managed-by").is_some_and(|by| &**by == "Helm");
    if !by_helm || workload.labels.contains_key("helm.toolkit.fluxcd.io/name") {
        return None;
    }
    let namespace = workload.annotations.get("meta.helm.sh/release-namespace").unwrap_or(&workload.key.namespace);
    Some(Management {
        manager: Manager::Helm,
        name: format!("{namespace}/{name}").into(),
        evidence: "meta.helm.sh/release-name".into(),
        template: Reverts::May,
        replicas: Reverts::May,
        when: "at the next helm upgrade".into(),
        first: Some(format!("helm rollback {name} -n {namespace} undoes it for Helm too").into()),
    })
}

/// Who owns fields of the template (of a Service or a route: of where traffic goes) by the name of a controller whose marks
/// are not there: taken off, never set, or of a tracking by another label. The last one to write counts.
fn unmarked(object: &Managed<'_>) -> Option<Management> {
    // The label by which Argo CD tracks unless it is told otherwise; alone it proves nothing, since charts set it, too.
    const INSTANCE: &str = "app.kubernetes.io/instance";
    let ours = |writer: &&Writer| {
        if object.key.kind.is_workload() { writer.touches.template } else { writer.touches.traffic }
    };
    let known = |writer: &Writer| CONTROLLERS.iter().find(|(name, ..)| *name == &*writer.manager);
    let (name, manager, when, first) = object.writers.iter().filter(ours).find_map(known)?;
    let evidence = format!("managedFields: {name}");
    if let Some(app) = object.labels.get(INSTANCE).filter(|_| *manager == Manager::ArgoCd) {
        return Some(argo_cd_app(app, &format!("{evidence}, {INSTANCE}")));
    }
    Some(Management {
        manager: *manager,
        name: "".into(),
        evidence: evidence.into(),
        template: Reverts::May,
        replicas: Reverts::May,
        when: (*when).into(),
        first: Some((*first).into()),
    })
}

fn owner(workload: &Managed<'_>) -> Option<Management> {
    let owner = workload.owner?;
    Some(Management {
        manager: Manager::Owner,
        name: format!("{}/{}", owner.kind, owner.name).into(),
        evidence: "its controlling owner reference".into(),
        template: Reverts::Will,
        replicas: Reverts::Will,
        when: "as soon as its controller looks".into(),
        first: Some(format!("change {} {} instead", owner.kind, owner.name).into()),
    })
}

fn apply(workload: &Managed<'_>) -> Option<Management> {
    const LAST: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let writer = workload.writers.iter().find(|writer| {
        matches!(&*writer.manager, "kubectl-client-side-apply" | "kubectl")
            && (writer.applies || writer.manager.contains("apply"))
    });
    if writer.is_none() && !workload.annotations.contains_key(LAST) {
        return None;
    }
    Some(Management {
        manager: Manager::KubectlApply,
        name: writer.map_or_else(|| "kubectl apply".into(), |writer| writer.manager.clone()),
        evidence: if writer.is_some() { "managedFields".into() } else { LAST.into() },
        template: Reverts::May,
        replicas: Reverts::May,
        when: "at the next kubectl apply".into(),
        first: None,
    })
}

#[cfg(test)]
mod tests;
