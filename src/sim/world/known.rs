//! The fields that workloads know, for `fieldValidation=Strict`.

use crate::sim::json::Json;
use crate::sim::kinds::{DAEMON_SETS, DEPLOYMENTS, KindId, REPLICA_SETS, STATEFUL_SETS};
use serde_json::Value;

const TOP: &str = "kind apiVersion metadata spec status";
const DEPLOYMENT: &str =
    "replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds";
const REPLICA_SET: &str = "replicas selector template minReadySeconds";
const STATEFUL_SET: &str = "replicas selector template volumeClaimTemplates serviceName podManagementPolicy \
    updateStrategy revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals";
const DAEMON_SET: &str = "selector template updateStrategy minReadySeconds revisionHistoryLimit";
const POD: &str = "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds \
    activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName \
    hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity \
    schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName \
    enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os hostUsers \
    schedulingGates resourceClaims resources";
const CONTAINER: &str = "name image command args workingDir ports envFrom env resources resizePolicy restartPolicy \
    volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath \
    terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty";

/// The paths of fields that no version of the kind has, as strict decoding names them.
pub fn unknown_fields(kind: KindId, value: &Value) -> Vec<String> {
    let spec = match kind {
        DEPLOYMENTS => DEPLOYMENT,
        REPLICA_SETS => REPLICA_SET,
        STATEFUL_SETS => STATEFUL_SET,
        DAEMON_SETS => DAEMON_SET,
        _ => return vec![],
    };
    let mut unknown = vec![];
    check(value, "", TOP, &mut unknown);
    check(value.at("/spec"), "spec.", spec, &mut unknown);
    check(value.at("/spec/template"), "spec.template.", "metadata spec", &mut unknown);
    check(value.at("/spec/template/spec"), "spec.template.spec.", POD, &mut unknown);
    for (place, container) in value.list("/spec/template/spec/containers").iter().enumerate() {
        check(container, &format!("spec.template.spec.containers[{place}]."), CONTAINER, &mut unknown);
    }
    unknown
}

fn check(value: &Value, path: &str, known: &str, unknown: &mut Vec<String>) {
    for (key, _) in value.entries("") {
        if !known.split_whitespace().any(|known| known == key) {
            unknown.push(format!("{path}{key}"));
        }
    }
}

/// The first field of a workload that has a value of the wrong type, as Go's decoder names it.
pub fn wrong_type(kind: KindId, value: &Value) -> Option<String> {
    let name = match kind {
        DEPLOYMENTS => "DeploymentSpec",
        REPLICA_SETS => "ReplicaSetSpec",
        STATEFUL_SETS => "StatefulSetSpec",
        DAEMON_SETS => "DaemonSetSpec",
        _ => return None,
    };
    let found = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) | Value::Null => "object",
    };
    let wrong = |field: &str, wanted: &str| {
        let there = value.at(&format!("/spec/{field}"));
        let right = match wanted {
            "bool" => there.is_boolean(),
            "int32" => there.is_i64(),
            _ => there.is_object(),
        };
        let message = format!(
            "json: cannot unmarshal {} into Go struct field {name}.spec.{field} of type {wanted}",
            found(there)
        );
        (!there.is_null() && !right).then_some(message)
    };
    let numbers = ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"];
    numbers
        .iter()
        .find_map(|field| wrong(field, "int32"))
        .or_else(|| wrong("paused", "bool"))
        .or_else(|| wrong("template", "v1.PodTemplateSpec"))
}
