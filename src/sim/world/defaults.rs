//! The values that the API server fills in.

use crate::sim::ids::safe_hash;
use crate::sim::json::Json;
use crate::sim::kinds::{
    AUTOSCALERS, DAEMON_SETS, DEPLOYMENTS, Kind, KindId, NAMESPACES, PODS, REPLICA_SETS, SERVICES, STATEFUL_SETS,
};
use serde_json::{Value, json};

/// Whether `metadata.generation` rises when the spec changes.
pub fn counts_generations(kind: &Kind) -> bool {
    kind.has_status() && !matches!(&*kind.plural, "namespaces" | "nodes" | "services" | "resourcequotas")
        || matches!(&*kind.plural, "endpointslices")
}

/// Fills in what is absent.
pub fn fill(kind: KindId, value: &mut Value) {
    for field in ["/metadata/labels", "/metadata/annotations"] {
        if value.at(field).as_object().is_some_and(serde_json::Map::is_empty) {
            value.cut(field);
        }
    }
    match kind {
        DEPLOYMENTS => deployment(value),
        REPLICA_SETS => {
            value.put_default("/spec/replicas", 1);
            template(value);
        }
        STATEFUL_SETS => stateful_set(value),
        DAEMON_SETS => daemon_set(value),
        PODS => pod(value),
        SERVICES => service(value),
        NAMESPACES => {
            value.put_default("/spec/finalizers", json!(["kubernetes"]));
            value.put("/status/phase", "Active");
            let name = value.text("/metadata/name").to_owned();
            value.put_default("/metadata/labels/kubernetes.io~1metadata.name", name);
        }
        AUTOSCALERS => value.put_default("/spec/minReplicas", 1),
        _ => {}
    }
}

fn deployment(value: &mut Value) {
    value.put_default("/spec/replicas", 1);
    value.put_default("/spec/revisionHistoryLimit", 10);
    value.put_default("/spec/progressDeadlineSeconds", 600);
    value.put_default("/spec/strategy/type", "RollingUpdate");
    if value.text("/spec/strategy/type") == "RollingUpdate" {
        value.put_default("/spec/strategy/rollingUpdate/maxUnavailable", "25%");
        value.put_default("/spec/strategy/rollingUpdate/maxSurge", "25%");
    }
    template(value);
}

fn stateful_set(value: &mut Value) {
    value.put_default("/spec/replicas", 1);
    value.put_default("/spec/revisionHistoryLimit", 10);
    value.put_default("/spec/podManagementPolicy", "OrderedReady");
    value.put_default("/spec/updateStrategy/type", "RollingUpdate");
    if value.text("/spec/updateStrategy/type") == "RollingUpdate" {
        value.put_default("/spec/updateStrategy/rollingUpdate/partition", 0);
    }
    value.put_default(
        "/spec/persistentVolumeClaimRetentionPolicy",
        json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    template(value);
}

fn daemon_set(value: &mut Value) {
    value.put_default("/spec/revisionHistoryLimit", 10);
    value.put_default("/spec/updateStrategy/type", "RollingUpdate");
    if value.text("/spec/updateStrategy/type") == "RollingUpdate" {
        value.put_default("/spec/updateStrategy/rollingUpdate/maxUnavailable", 1);
        value.put_default("/spec/updateStrategy/rollingUpdate/maxSurge", 0);
    }
    template(value);
    value.put_default(TEMPLATE_GENERATION, "1");
}

/// Where a DaemonSet counts the changes of its template.
const TEMPLATE_GENERATION: &str = "/metadata/annotations/deprecated.daemonset.template.generation";

/// Counts a change of a DaemonSet's template.
pub fn count_template(before: &Value, after: &mut Value) {
    if before.at("/spec/template") != after.at("/spec/template") {
        let count: i64 = before.text(TEMPLATE_GENERATION).parse().unwrap_or_default();
        after.put(TEMPLATE_GENERATION, (count + 1).to_string());
    }
}

fn template(value: &mut Value) {
    if let Some(spec) = value.pointer_mut("/spec/template/spec") {
        pod_spec(spec);
    }
}

fn pod(value: &mut Value) {
    if let Some(spec) = value.pointer_mut("/spec") {
        pod_spec(spec);
        spec.put_default("/enableServiceLinks", true);
        spec.put_default("/preemptionPolicy", "PreemptLowerPriority");
        spec.put_default("/priority", 0);
        if spec.at("/tolerations").is_null() {
            let toleration =
                |key: &str| json!({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300});
            spec.put(
                "/tolerations",
                json!([toleration("node.kubernetes.io/not-ready"), toleration("node.kubernetes.io/unreachable")]),
            );
        }
    }
    value.put_default("/status/phase", "Pending");
    value.put_default(
        "/status/qosClass",
        if value.at("/spec/containers/0/resources/requests").is_null() { "BestEffort" } else { "Burstable" },
    );
}

fn pod_spec(spec: &mut Value) {
    spec.put_default("/restartPolicy", "Always");
    spec.put_default("/terminationGracePeriodSeconds", 30);
    spec.put_default("/dnsPolicy", "ClusterFirst");
    spec.put_default("/securityContext", json!({}));
    spec.put_default("/schedulerName", "default-scheduler");
    for list in ["containers", "initContainers"] {
        let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) else { continue };
        for container in containers {
            container_defaults(container);
        }
    }
}

fn container_defaults(container: &mut Value) {
    container.put_default("/resources", json!({}));
    container.put_default("/terminationMessagePath", "/dev/termination-log");
    container.put_default("/terminationMessagePolicy", "File");
    let image = container.text("/image");
    let tag = image.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    let always = !image.contains('@') && tag.is_none_or(|tag| tag == "latest");
    container.put_default("/imagePullPolicy", if always { "Always" } else { "IfNotPresent" });
    if let Some(ports) = container.get_mut("ports").and_then(Value::as_array_mut) {
        for port in ports {
            port.put_default("/protocol", "TCP");
        }
    }
    for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe) else { continue };
        probe.put_default("/timeoutSeconds", 1);
        probe.put_default("/periodSeconds", 10);
        probe.put_default("/successThreshold", 1);
        probe.put_default("/failureThreshold", 3);
        if !probe.at("/httpGet").is_null() {
            probe.put_default("/httpGet/scheme", "HTTP");
        }
    }
}

fn service(value: &mut Value) {
    value.put_default("/spec/type", "ClusterIP");
    value.put_default("/spec/sessionAffinity", "None");
    value.put_default("/spec/internalTrafficPolicy", "Cluster");
    if value.at("/spec/clusterIP").is_null() {
        let place = safe_hash(value.text("/metadata/uid").as_bytes())
            .bytes()
            .fold(7_u32, |sum, b| sum * 31 % 64_000 + u32::from(b));
        value.put("/spec/clusterIP", format!("10.96.{}.{}", place / 256 % 256, place % 256));
    }
    value.put_default("/spec/clusterIPs", json!([value.text("/spec/clusterIP")]));
    if let Some(ports) = value.pointer_mut("/spec/ports").and_then(Value::as_array_mut) {
        for port in ports {
            port.put_default("/protocol", "TCP");
            let own = port.at("/port").clone();
            port.put_default("/targetPort", own);
        }
    }
    value.put_default("/status/loadBalancer", json!({}));
}
