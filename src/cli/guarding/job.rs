//! A Job that guards from inside the cluster, with the rights that it needs and no others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::GuardFlags;
use crate::{
    action::guard::LEASE_PREFIX,
    cli::reading::Reading,
    cluster::{observe::WATCHED, written},
    domain::{Kind, ObjectKey, Release},
};

/// The `ServiceAccount`, `Role`, `RoleBinding` and `Job`, as YAML documents.
pub async fn manifests(release: &Release, flags: &GuardFlags, reading: &Reading, image: &str) -> String {
    let key = &release.key;
    let name = name_of(key);
    let mut rules = Vec::new();
    // One rule a group: what is watched to know the release.
    let mut watched: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for kind in WATCHED.into_iter().filter(|kind| *kind != Kind::Namespace) {
        if !kind.optional() || reading.cluster.serves(kind).await.unwrap_or(false) {
            watched.entry(kind.group()).or_default().insert(kind.plural());
        }
    }
    for (group, resources) in watched {
        rules.push(json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]}));
    }
    // What may be written, by name.
    let mut writable: BTreeMap<Kind, BTreeSet<&str>> = BTreeMap::new();
    for member in std::iter::once(key).chain(&release.members).filter(|member| member.namespace == key.namespace) {
        if *member == *key || (written(member.kind) && flags_may_write(member.kind)) {
            writable.entry(member.kind).or_default().insert(&member.name);
        }
    }
    for (kind, names) in &writable {
        let mut resources = vec![kind.plural().to_owned()];
        if *kind == Kind::Rollout {
            resources.push(format!("{}/status", kind.plural()));
        }
        rules.push(
            json!({"apiGroups": [kind.group()], "resources": resources, "resourceNames": names, "verbs": ["patch"]}),
        );
    }
    // The guard's own Lease; a name can't be given for what does not exist yet.
    let lease = format!("{LEASE_PREFIX}{}-{}", key.kind.singular(), key.name);
    rules.push(json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]}));
    rules.push(json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [lease],
        "verbs": ["get", "patch"]}));
    // A note on the release of what was done.
    rules.push(json!({"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}));
    // Measurements through the API server: the pods' own, and a health endpoint behind a Service.
    if flags.prometheus.as_deref().is_none_or(|address| address.starts_with("svc/")) {
        rules.push(json!({"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]}));
    }
    if flags.health_url.as_deref().is_some_and(|address| address.starts_with("svc/")) {
        rules.push(json!({"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["get"]}));
    }
    let meta = json!({"name": name, "namespace": key.namespace, "labels": labels()});
    let documents = [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": key.namespace}]}),
        job(key, flags, &name, image),
    ];
    let yaml = documents.iter().filter_map(|document| serde_saphyr::to_string(document).ok());
    yaml.collect::<Vec<_>>().join("---\n")
}

/// Kinds that a guard's verbs may patch.
const fn flags_may_write(kind: Kind) -> bool {
    !matches!(kind, Kind::DestinationRule | Kind::ReplicaSet | Kind::ControllerRevision)
}

fn labels() -> Value {
    json!({"app.kubernetes.io/name": "windlass", "app.kubernetes.io/component": "guard"})
}

/// Short enough for the pods' names that are made of it.
fn name_of(key: &ObjectKey) -> String {
    let name: String = format!("windlass-guard-{}", key.name).chars().take(52).collect();
    name.trim_end_matches(['-', '.']).replace('.', "-")
}

fn job(key: &ObjectKey, flags: &GuardFlags, name: &str, image: &str) -> Value {
    let mut arguments = vec!["guard".to_owned(), key.target(), "--namespace".to_owned(), key.namespace.to_string()];
    arguments.extend(typed(flags));
    // Its own name: a pod that is started again after the end tells the end again.
    if flags.name.is_none() {
        arguments.extend(["--name".to_owned(), "$(GUARD_NAME)".to_owned()]);
    }
    let mut env = vec![
        json!({"name": "GUARD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"}}}),
        json!({"name": "WINDLASS_STATE_DIR", "value": "/tmp/windlass/state"}),
        json!({"name": "WINDLASS_CONFIG_DIR", "value": "/etc/windlass"}),
        json!({"name": "WINDLASS_CACHE_DIR", "value": "/tmp/windlass/cache"}),
    ];
    if flags.notify.iter().any(|name| name == "slack") {
        let secret = json!({"secretKeyRef": {"name": "windlass-notify", "key": "slack-url"}});
        env.push(json!({"name": "SLACK_WEBHOOK_URL", "valueFrom": secret}));
        env.push(json!({"name": "WINDLASS_NOTIFY_SLACK_URL_ENV", "value": "SLACK_WEBHOOK_URL"}));
    }
    let container = json!({
        "name": "guard", "image": image, "args": arguments, "env": env,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
            "runAsUser": 65_532, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}},
    });
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "namespace": key.namespace, "labels": labels()},
        "spec": {
            // What ended by itself has said how; only a pod that was lost is made again, and goes on.
            "backoffLimit": 6,
            "ttlSecondsAfterFinished": 86_400,
            "podFailurePolicy": {"rules": [
                {"action": "FailJob", "onExitCodes": {"containerName": "guard", "operator": "In", "values": [1, 2, 3, 4, 5]}},
            ]},
            "template": {
                "metadata": {"labels": labels()},
                "spec": {"serviceAccountName": name, "restartPolicy": "Never", "containers": [container],
                    "volumes": [{"name": "tmp", "emptyDir": {}}]},
            },
        },
    })
}

/// The flags as they were typed.
fn typed(flags: &GuardFlags) -> Vec<String> {
    let GuardFlags {
        error_rate_max,
        success_min,
        p50_max,
        p90_max,
        p99_max,
        against_stable,
        health_failures,
        restarts_max,
        rollout_timeout,
        settle,
        undo_timeout,
        min_requests,
        breaches,
        no_data,
        prometheus,
        health_url,
        window,
        watch,
        every,
        on_breach,
        step_when_ok,
        bake,
        bake_requests,
        notify,
        name,
    } = flags;
    let limit = |limit: &Option<super::Limit<f64>>| limit.as_ref().map(|limit| limit.text.clone());
    let span = |span: &Option<std::time::Duration>| span.map(|span| format!("{}ms", span.as_millis()));
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let valued = [
        ("--error-rate-max", limit(error_rate_max)),
        ("--success-min", limit(success_min)),
        ("--p50-max", limit(p50_max)),
        ("--p90-max", limit(p90_max)),
        ("--p99-max", limit(p99_max)),
        ("--against-stable", against_stable.as_ref().map(|limit| limit.text.clone())),
        ("--health-failures", number(health_failures.map(u64::from))),
        ("--restarts-max", number(restarts_max.map(u64::from))),
        ("--rollout-timeout", span(rollout_timeout)),
        ("--settle", span(settle)),
        ("--undo-timeout", span(undo_timeout)),
        ("--min-requests", number(*min_requests)),
        ("--breaches", number(breaches.map(u64::from))),
        ("--no-data", no_data.clone()),
        ("--prometheus", prometheus.clone()),
        ("--health-url", health_url.clone()),
        ("--window", span(window)),
        ("--for", span(watch)),
        ("--every", span(every)),
        ("--on-breach", on_breach.clone()),
        ("--bake", span(bake)),
        ("--bake-requests", number(*bake_requests)),
        ("--name", name.clone()),
    ];
    let mut arguments: Vec<String> =
        valued.into_iter().filter_map(|(flag, value)| Some(format!("{flag}={}", value?))).collect();
    if *step_when_ok {
        arguments.push("--step-when-ok".to_owned());
    }
    arguments.extend(notify.iter().map(|name| format!("--notify={name}")));
    arguments
}
