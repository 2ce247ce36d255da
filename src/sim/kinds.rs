//! The kinds of objects that the simulated API server knows.

use std::borrow::Cow;

/// A kind's place in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub u16);

/// One kind of object, as discovery describes it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "`kind` is the API's own word for it")]
pub struct Kind {
    pub group: Cow<'static, str>,
    pub version: Cow<'static, str>,
    pub plural: Cow<'static, str>,
    pub kind: Cow<'static, str>,
    pub short: &'static str,
    pub scope: Scope,
    pub sub: Sub,
}

/// Whether objects live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Namespaced,
    Cluster,
}

/// Which subresources a kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sub {
    None,
    Status,
    StatusAndScale,
}

impl Kind {
    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`, as error messages name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Pod` or `Deployment.apps`, as messages about one object name it.
    pub fn title(&self) -> String {
        if self.group.is_empty() { self.kind.to_string() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// Whether a custom resource definition brought it.
    pub fn is_custom(&self) -> bool {
        self.group.contains('.') && (!self.group.ends_with(".k8s.io") || self.group == "gateway.networking.k8s.io")
    }

    pub fn has_status(&self) -> bool {
        self.sub != Sub::None
    }

    pub fn has_scale(&self) -> bool {
        self.sub == Sub::StatusAndScale
    }

    pub fn singular(&self) -> String {
        self.kind.to_lowercase()
    }
}

// The places of the kinds that have rules of their own; a test compares them with the table.
pub const NAMESPACES: KindId = KindId(0);
pub const NODES: KindId = KindId(1);
pub const PODS: KindId = KindId(2);
pub const SERVICES: KindId = KindId(3);
pub const SECRETS: KindId = KindId(5);
pub const CLAIMS: KindId = KindId(7);
pub const QUOTAS: KindId = KindId(8);
pub const EVENTS: KindId = KindId(9);
pub const DEPLOYMENTS: KindId = KindId(10);
pub const REPLICA_SETS: KindId = KindId(11);
pub const STATEFUL_SETS: KindId = KindId(12);
pub const DAEMON_SETS: KindId = KindId(13);
pub const CONTROLLER_REVISIONS: KindId = KindId(14);
pub const AUTOSCALERS: KindId = KindId(15);
pub const BUDGETS: KindId = KindId(16);
pub const ENDPOINT_SLICES: KindId = KindId(17);
pub const CRDS: KindId = KindId(19);

/// The kinds that every scenario has.
pub fn built_in() -> Vec<Kind> {
    vec![
        kind(("", "v1", "namespaces", "Namespace", "ns"), Scope::Cluster, Sub::Status),
        kind(("", "v1", "nodes", "Node", "no"), Scope::Cluster, Sub::Status),
        kind(("", "v1", "pods", "Pod", "po"), Scope::Namespaced, Sub::Status),
        kind(("", "v1", "services", "Service", "svc"), Scope::Namespaced, Sub::Status),
        kind(("", "v1", "configmaps", "ConfigMap", "cm"), Scope::Namespaced, Sub::None),
        kind(("", "v1", "secrets", "Secret", ""), Scope::Namespaced, Sub::None),
        kind(("", "v1", "serviceaccounts", "ServiceAccount", "sa"), Scope::Namespaced, Sub::None),
        kind(("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc"), Scope::Namespaced, Sub::Status),
        kind(("", "v1", "resourcequotas", "ResourceQuota", "quota"), Scope::Namespaced, Sub::Status),
        kind(("", "v1", "events", "Event", "ev"), Scope::Namespaced, Sub::None),
        kind(("apps", "v1", "deployments", "Deployment", "deploy"), Scope::Namespaced, Sub::StatusAndScale),
        kind(("apps", "v1", "replicasets", "ReplicaSet", "rs"), Scope::Namespaced, Sub::StatusAndScale),
        kind(("apps", "v1", "statefulsets", "StatefulSet", "sts"), Scope::Namespaced, Sub::StatusAndScale),
        kind(("apps", "v1", "daemonsets", "DaemonSet", "ds"), Scope::Namespaced, Sub::Status),
        kind(("apps", "v1", "controllerrevisions", "ControllerRevision", ""), Scope::Namespaced, Sub::None),
        kind(
            ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa"),
            Scope::Namespaced,
            Sub::Status,
        ),
        kind(("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb"), Scope::Namespaced, Sub::Status),
        kind(("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", ""), Scope::Namespaced, Sub::None),
        kind(("coordination.k8s.io", "v1", "leases", "Lease", ""), Scope::Namespaced, Sub::None),
        kind(
            ("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "crd"),
            Scope::Cluster,
            Sub::Status,
        ),
    ]
}

/// Group, version, plural, kind and short name.
type Names = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn kind((group, version, plural, kind, short): Names, scope: Scope, sub: Sub) -> Kind {
    Kind { group: group.into(), version: version.into(), plural: plural.into(), kind: kind.into(), short, scope, sub }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constant_points_at_its_own_kind() {
        let kinds = built_in();
        let plural = |id: KindId| kinds[usize::from(id.0)].plural.to_string();
        let named = [
            (NAMESPACES, "namespaces"),
            (NODES, "nodes"),
            (PODS, "pods"),
            (SERVICES, "services"),
            (SECRETS, "secrets"),
            (CLAIMS, "persistentvolumeclaims"),
            (QUOTAS, "resourcequotas"),
            (EVENTS, "events"),
            (DEPLOYMENTS, "deployments"),
            (REPLICA_SETS, "replicasets"),
            (STATEFUL_SETS, "statefulsets"),
            (DAEMON_SETS, "daemonsets"),
            (CONTROLLER_REVISIONS, "controllerrevisions"),
            (AUTOSCALERS, "horizontalpodautoscalers"),
            (BUDGETS, "poddisruptionbudgets"),
            (ENDPOINT_SLICES, "endpointslices"),
            (CRDS, "customresourcedefinitions"),
        ];
        for (id, wanted) in named {
            assert_eq!(plural(id), wanted);
        }
    }
}
