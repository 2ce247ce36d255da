//! What a controller that syncs from Git will do to a write: its own object says more than the marks that it leaves.
//!
//! Sources: Argo CD's `spec.syncPolicy.automated` (`enabled` absent is on) and `argocd.argoproj.io/skip-reconcile`; Flux's
//! `spec.suspend`, `spec.interval` and a HelmRelease's `spec.driftDetection.mode`.

use super::connect::Cluster;
use super::errors::ReadError;
use super::kinds::{encode, with};
use super::request::Request;
use crate::domain::Str;
use crate::domain::management::{Management, Manager, Reverts};
use crate::domain::text::sanitize;
use futures::future::join_all;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An object of a controller, read as loosely as the little that is needed allows.
#[derive(Debug, Default, Deserialize)]
struct Policy {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    annotations: BTreeMap<String, Value>,
}

impl Cluster {
    /// The managers with the policies that they really follow; of one whose policy can't be read it is said so, and what
    /// its marks tell stays.
    pub async fn policies(&self, managers: &[Management]) -> Vec<Management> {
        join_all(managers.iter().map(|management| self.policy(management))).await
    }

    async fn policy(&self, management: &Management) -> Management {
        let unchanged = || management.clone();
        if !management.has_policy() {
            return unchanged();
        }
        // Switched off on the object itself: the policy can't say more.
        if management.template == Reverts::WillNot && management.manager != Manager::ArgoCd {
            return unchanged();
        }
        match management.manager {
            Manager::ArgoCd => match self.application(&management.name).await {
                Ok(policy) => argo(management, &policy),
                Err(error) => unread(management, &error),
            },
            Manager::FluxKustomize => {
                match self.flux("kustomize.toolkit.fluxcd.io/v1", "kustomizations", &management.name).await {
                    Ok(policy) => kustomization(management, &policy),
                    Err(error) => unread(management, &error),
                }
            }
            Manager::FluxHelm => match self.flux("helm.toolkit.fluxcd.io/v2", "helmreleases", &management.name).await {
                Ok(policy) => helm_release(management, &policy),
                Err(error) => unread(management, &error),
            },
            Manager::Helm
            | Manager::Autoscaler
            | Manager::Owner
            | Manager::KubectlApply
            | Manager::Flagger
            | Manager::ArgoRollouts
            | Manager::Terraform => unchanged(),
        }
    }

    /// `app` in Argo CD's own namespace, or `namespace_app`.
    async fn application(&self, name: &str) -> Result<Policy, ReadError> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Policy>,
        }
        const ROOT: &str = "/apis/argoproj.io/v1alpha1";
        let what = format!("Argo CD application {name}");
        if let Some((namespace, app)) = name.split_once('_') {
            let path = format!("{ROOT}/namespaces/{}/applications/{}", encode(namespace), encode(app));
            return self.json(Request::get(path), &what).await;
        }
        let usual = format!("{ROOT}/namespaces/argocd/applications/{}", encode(name));
        match self.json(Request::get(usual), &what).await {
            Err(ReadError::NotFound(_) | ReadError::Forbidden(_)) => {}
            result => return result,
        }
        let path = with(format!("{ROOT}/applications"), "fieldSelector", &format!("metadata.name={name}"));
        let list: List = self.json(Request::get(path), &what).await?;
        let mut items = list.items.into_iter();
        match (items.next(), items.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(ReadError::NotFound(format!("There is no single {what}."))),
        }
    }

    async fn flux(&self, group_version: &str, plural: &str, name: &str) -> Result<Policy, ReadError> {
        let (namespace, name) = name.split_once('/').unwrap_or(("flux-system", name));
        let path = format!("/apis/{group_version}/namespaces/{}/{plural}/{}", encode(namespace), encode(name));
        self.json(Request::get(path), &format!("{plural} {namespace}/{name}")).await
    }
}

/// Its policy could not be read: it may live in another cluster, or be none of our business.
fn unread(management: &Management, error: &ReadError) -> Management {
    let why = match error {
        ReadError::NotFound(_) => "it is not in this cluster".to_owned(),
        ReadError::Forbidden(_) => "it may not be read".to_owned(),
        other => other.to_string().trim_end_matches('.').to_owned(),
    };
    not_known(management, &why)
}

/// The manager by its marks alone, with the reason for that.
pub fn not_known(management: &Management, why: &str) -> Management {
    if !management.has_policy() {
        return management.clone();
    }
    Management { when: format!("{} (its policy is not known: {why})", management.when).into(), ..management.clone() }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| sanitize(text).into_owned())
}

fn with_policy(management: &Management, reverts: (Reverts, Reverts), when: String) -> Management {
    let first = management.first.clone().filter(|_| reverts.0 != Reverts::WillNot || reverts.1 != Reverts::WillNot);
    Management { template: reverts.0, replicas: reverts.1, when: Str::from(when), first, ..management.clone() }
}

fn argo(management: &Management, policy: &Policy) -> Management {
    let skipped = policy.metadata.annotations.get("argocd.argoproj.io/skip-reconcile");
    if skipped.and_then(Value::as_str) == Some("true") {
        return with_policy(management, (Reverts::WillNot, Reverts::WillNot), "its reconciling is switched off".into());
    }
    let automated = &policy.spec["syncPolicy"]["automated"];
    let on = automated.is_object() && automated["enabled"] != Value::Bool(false);
    let heals = on && automated["selfHeal"] == Value::Bool(true);
    let (reverts, when) = match (on, heals) {
        (true, true) => (Reverts::Will, "within seconds to 5 min: self-heal is on"),
        (true, false) => (Reverts::May, "at the next commit: self-heal is off"),
        (false, _) => (Reverts::May, "at the next sync by hand: it does not sync by itself"),
    };
    let replicas = if ignores_replicas(&policy.spec) { Reverts::WillNot } else { reverts };
    let place = [("repoURL", ""), ("path", " "), ("targetRevision", " at ")]
        .iter()
        .filter_map(|(field, before)| Some(format!("{before}{}", text(&policy.spec["source"][*field])?)))
        .collect::<String>();
    let when = if place.is_empty() { when.to_owned() } else { format!("{when} (source: {place})") };
    with_policy(management, (reverts, replicas), when)
}

fn ignores_replicas(spec: &Value) -> bool {
    let ignored = spec["ignoreDifferences"].as_array().into_iter().flatten();
    ignored
        .filter_map(|entry| entry["jsonPointers"].as_array())
        .flatten()
        .any(|pointer| pointer.as_str() == Some("/spec/replicas"))
}

fn kustomization(management: &Management, policy: &Policy) -> Management {
    if policy.spec["suspend"] == Value::Bool(true) {
        return with_policy(management, (Reverts::WillNot, Reverts::WillNot), "it is suspended".into());
    }
    let interval = text(&policy.spec["interval"]).unwrap_or_else(|| "its interval".into());
    with_policy(management, (Reverts::Will, Reverts::Will), format!("within {interval}, and at each new revision"))
}

fn helm_release(management: &Management, policy: &Policy) -> Management {
    if policy.spec["suspend"] == Value::Bool(true) {
        return with_policy(management, (Reverts::WillNot, Reverts::WillNot), "it is suspended".into());
    }
    let interval = text(&policy.spec["interval"]).unwrap_or_else(|| "its interval".into());
    if policy.spec["driftDetection"]["mode"] == "enabled" {
        return with_policy(
            management,
            (Reverts::Will, Reverts::Will),
            format!("within {interval}: it corrects drift"),
        );
    }
    with_policy(management, (Reverts::May, Reverts::May), "at the next upgrade: it does not correct drift".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn management(manager: Manager) -> Management {
        Management {
            manager,
            name: "shop".into(),
            evidence: "label".into(),
            template: Reverts::May,
            replicas: Reverts::May,
            when: "?".into(),
            first: Some("suspend it".into()),
        }
    }

    fn policy(value: Value) -> Policy {
        serde_json::from_value(value).expect("a policy")
    }

    fn of_argo(spec: &Value) -> (Reverts, Reverts) {
        let told = argo(&management(Manager::ArgoCd), &policy(json!({"spec": spec})));
        (told.template, told.replicas)
    }

    #[test]
    fn an_application_reverts_by_its_sync_policy() {
        let automated = |value: Value| of_argo(&json!({"syncPolicy": {"automated": value}}));
        assert_eq!(automated(json!({"selfHeal": true})), (Reverts::Will, Reverts::Will));
        assert_eq!(automated(json!({})), (Reverts::May, Reverts::May));
        assert_eq!(automated(json!({"enabled": false, "selfHeal": true})), (Reverts::May, Reverts::May));
        assert_eq!(of_argo(&json!({})), (Reverts::May, Reverts::May));
        let ignoring = json!({"syncPolicy": {"automated": {"selfHeal": true}},
            "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]});
        assert_eq!(of_argo(&ignoring), (Reverts::Will, Reverts::WillNot));
        let skipped = json!({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}, "spec": {}});
        assert_eq!(argo(&management(Manager::ArgoCd), &policy(skipped)).template, Reverts::WillNot);
    }

    #[test]
    fn flux_reverts_unless_suspended_and_helm_only_when_it_corrects_drift() {
        let flux = management(Manager::FluxKustomize);
        let told = kustomization(&flux, &policy(json!({"spec": {"interval": "1m"}})));
        assert_eq!((told.template, &*told.when), (Reverts::Will, "within 1m, and at each new revision"));
        let suspended = kustomization(&flux, &policy(json!({"spec": {"suspend": true}})));
        assert_eq!((suspended.template, suspended.first), (Reverts::WillNot, None));
        let helm = management(Manager::FluxHelm);
        let drift = |mode: &str| {
            helm_release(&helm, &policy(json!({"spec": {"interval": "5m", "driftDetection": {"mode": mode}}}))).template
        };
        assert_eq!((drift("enabled"), drift("warn")), (Reverts::Will, Reverts::May));
    }
}
