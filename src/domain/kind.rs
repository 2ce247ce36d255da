//! The kinds of objects that the console knows, and the words that people type for them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A kind of Kubernetes object that the console reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 StatefulSet.
    StatefulSet,
    /// apps/v1 DaemonSet.
    DaemonSet,
    /// apps/v1 ReplicaSet: a revision of a Deployment.
    ReplicaSet,
    /// apps/v1 ControllerRevision: a revision of a StatefulSet or DaemonSet.
    ControllerRevision,
    /// v1 Pod.
    Pod,
    /// v1 Service.
    Service,
    /// discovery.k8s.io/v1 EndpointSlice.
    EndpointSlice,
    /// autoscaling/v2 HorizontalPodAutoscaler.
    HorizontalPodAutoscaler,
    /// policy/v1 PodDisruptionBudget.
    PodDisruptionBudget,
    /// v1 Event.
    Event,
    /// v1 Namespace.
    Namespace,
    /// v1 ConfigMap.
    ConfigMap,
    /// v1 Secret; read as metadata only.
    Secret,
    /// v1 PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// v1 ServiceAccount.
    ServiceAccount,
    /// v1 ResourceQuota.
    ResourceQuota,
    /// coordination.k8s.io/v1 Lease.
    Lease,
    /// networking.istio.io VirtualService.
    VirtualService,
    /// networking.istio.io DestinationRule.
    DestinationRule,
    /// gateway.networking.k8s.io HTTPRoute.
    HttpRoute,
    /// gateway.networking.k8s.io `GRPCRoute`.
    GrpcRoute,
    /// flagger.app Canary.
    Canary,
    /// argoproj.io Rollout.
    Rollout,
    /// argoproj.io `AnalysisRun`.
    AnalysisRun,
    /// argoproj.io Experiment.
    Experiment,
}

struct Words {
    kind: &'static str,
    singular: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    group: &'static str,
    version: &'static str,
}

const fn words(
    kind: &'static str,
    singular: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    group_version: (&'static str, &'static str),
) -> Words {
    Words { kind, singular, plural, short, group: group_version.0, version: group_version.1 }
}

impl Kind {
    /// Where the revisions of a workload of this kind are kept.
    #[must_use]
    pub const fn revisions(self) -> Self {
        match self {
            Self::StatefulSet | Self::DaemonSet => Self::ControllerRevision,
            _ => Self::ReplicaSet,
        }
    }

    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 26] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::ControllerRevision,
        Self::Pod,
        Self::Service,
        Self::EndpointSlice,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::Event,
        Self::Namespace,
        Self::ConfigMap,
        Self::Secret,
        Self::PersistentVolumeClaim,
        Self::ServiceAccount,
        Self::ResourceQuota,
        Self::Lease,
        Self::VirtualService,
        Self::DestinationRule,
        Self::HttpRoute,
        Self::GrpcRoute,
        Self::Canary,
        Self::Rollout,
        Self::AnalysisRun,
        Self::Experiment,
    ];

    /// The kinds of custom resources: a server has them or not, and in the version of its own choice.
    pub const OPTIONAL: [Self; 8] = [
        Self::VirtualService,
        Self::DestinationRule,
        Self::HttpRoute,
        Self::GrpcRoute,
        Self::Canary,
        Self::Rollout,
        Self::AnalysisRun,
        Self::Experiment,
    ];

    const fn words(self) -> Words {
        const APPS: (&str, &str) = ("apps", "v1");
        const CORE: (&str, &str) = ("", "v1");
        const ISTIO: (&str, &str) = ("networking.istio.io", "v1");
        const GATEWAY: (&str, &str) = ("gateway.networking.k8s.io", "v1");
        const ARGO: (&str, &str) = ("argoproj.io", "v1alpha1");
        match self {
            Self::Deployment => words("Deployment", "deployment", "deployments", &["deploy"], APPS),
            Self::StatefulSet => words("StatefulSet", "statefulset", "statefulsets", &["sts"], APPS),
            Self::DaemonSet => words("DaemonSet", "daemonset", "daemonsets", &["ds"], APPS),
            Self::ReplicaSet => words("ReplicaSet", "replicaset", "replicasets", &["rs"], APPS),
            Self::ControllerRevision => {
                words("ControllerRevision", "controllerrevision", "controllerrevisions", &[], APPS)
            }
            Self::Pod => words("Pod", "pod", "pods", &["po"], CORE),
            Self::Service => words("Service", "service", "services", &["svc"], CORE),
            Self::EndpointSlice => {
                words("EndpointSlice", "endpointslice", "endpointslices", &[], ("discovery.k8s.io", "v1"))
            }
            Self::HorizontalPodAutoscaler => words(
                "HorizontalPodAutoscaler",
                "horizontalpodautoscaler",
                "horizontalpodautoscalers",
                &["hpa"],
                ("autoscaling", "v2"),
            ),
            Self::PodDisruptionBudget => {
                words("PodDisruptionBudget", "poddisruptionbudget", "poddisruptionbudgets", &["pdb"], ("policy", "v1"))
            }
            Self::Event => words("Event", "event", "events", &["ev"], CORE),
            Self::Namespace => words("Namespace", "namespace", "namespaces", &["ns"], CORE),
            Self::ConfigMap => words("ConfigMap", "configmap", "configmaps", &["cm"], CORE),
            Self::Secret => words("Secret", "secret", "secrets", &[], CORE),
            Self::PersistentVolumeClaim => {
                words("PersistentVolumeClaim", "persistentvolumeclaim", "persistentvolumeclaims", &["pvc"], CORE)
            }
            Self::ServiceAccount => words("ServiceAccount", "serviceaccount", "serviceaccounts", &["sa"], CORE),
            Self::ResourceQuota => words("ResourceQuota", "resourcequota", "resourcequotas", &["quota"], CORE),
            Self::Lease => words("Lease", "lease", "leases", &[], ("coordination.k8s.io", "v1")),
            Self::VirtualService => words("VirtualService", "virtualservice", "virtualservices", &["vs"], ISTIO),
            Self::DestinationRule => words("DestinationRule", "destinationrule", "destinationrules", &["dr"], ISTIO),
            Self::HttpRoute => words("HTTPRoute", "httproute", "httproutes", &[], GATEWAY),
            Self::GrpcRoute => words("GRPCRoute", "grpcroute", "grpcroutes", &[], GATEWAY),
            Self::Canary => words("Canary", "canary", "canaries", &[], ("flagger.app", "v1beta1")),
            Self::Rollout => words("Rollout", "rollout", "rollouts", &["ro"], ARGO),
            Self::AnalysisRun => words("AnalysisRun", "analysisrun", "analysisruns", &["ar"], ARGO),
            Self::Experiment => words("Experiment", "experiment", "experiments", &["exp"], ARGO),
        }
    }

    /// The API's name of the kind: `Deployment`.
    pub const fn name(self) -> &'static str {
        self.words().kind
    }

    /// The word that commands take and sentences use: `deployment`.
    pub const fn singular(self) -> &'static str {
        self.words().singular
    }

    /// The resource's path segment: `deployments`.
    pub const fn plural(self) -> &'static str {
        self.words().plural
    }

    /// The API group; empty for the core group.
    pub const fn group(self) -> &'static str {
        self.words().group
    }

    /// Whether a server may do without this kind: it is a custom resource.
    pub const fn optional(self) -> bool {
        matches!(
            self,
            Self::VirtualService
                | Self::DestinationRule
                | Self::HttpRoute
                | Self::GrpcRoute
                | Self::Canary
                | Self::Rollout
                | Self::AnalysisRun
                | Self::Experiment
        )
    }

    /// Whether it is a route: an object that spreads requests over Services.
    pub const fn is_route(self) -> bool {
        matches!(self, Self::VirtualService | Self::HttpRoute | Self::GrpcRoute)
    }

    /// Whether it makes pods from a template.
    pub const fn is_workload(self) -> bool {
        matches!(self, Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::Rollout)
    }

    /// The API version within the group: `v1`. For an optional kind it is the one that is usual today; which one a
    /// server has is a matter of discovery.
    pub const fn version(self) -> &'static str {
        self.words().version
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(self) -> String {
        let words = self.words();
        if words.group.is_empty() { words.version.into() } else { format!("{}/{}", words.group, words.version) }
    }

    /// Whether objects of this kind live in a namespace.
    pub const fn namespaced(self) -> bool {
        !matches!(self, Self::Namespace)
    }

    /// The kind that a person means by `word`: kind, singular, plural or short name, any case, with or without `.group`.
    pub fn from_word(word: &str) -> Option<Self> {
        let lower = word.to_ascii_lowercase();
        let (name, group) = lower.split_once('.').unwrap_or((&lower, ""));
        Self::ALL.into_iter().find(|kind| {
            let words = kind.words();
            let group = group.strip_prefix("v1.").unwrap_or(group);
            (group.is_empty() || group == words.group)
                && (name == words.singular || name == words.plural || words.short.contains(&name))
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_every_word_that_kubectl_takes() {
        for word in ["deploy", "deployment", "Deployments", "deployment.apps", "deployments.v1.apps"] {
            assert_eq!(Kind::from_word(word), Some(Kind::Deployment), "{word}");
        }
        assert_eq!(Kind::from_word("sts"), Some(Kind::StatefulSet));
        for word in ["vs", "virtualservices", "virtualservice.networking.istio.io"] {
            assert_eq!(Kind::from_word(word), Some(Kind::VirtualService), "{word}");
        }
        assert_eq!(Kind::from_word("HTTPRoute"), Some(Kind::HttpRoute));
        assert_eq!(Kind::from_word("rollout"), Some(Kind::Rollout));
        assert_eq!(Kind::from_word("canaries"), Some(Kind::Canary));
        assert_eq!(Kind::from_word("deployment.batch"), None);
        assert_eq!(Kind::from_word("banana"), None);
    }

    #[test]
    fn the_list_of_kinds_holds_each_once() {
        let mut all = Kind::ALL.to_vec();
        all.dedup();
        assert_eq!(all.len(), Kind::ALL.len());
        let optional: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.optional()).collect();
        assert_eq!(optional, Kind::OPTIONAL);
    }
}
