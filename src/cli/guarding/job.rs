//! A Job that guards from inside the cluster, with the rights that it needs and no others.

mod settings;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::GuardFlags;
use crate::{
    action::guard::lease_of,
    cli::{Exit, Failure, Session, reading::Reading, writing::Gate},
    cluster::{observe::WATCHED, written},
    config::Config,
    domain::{Kind, ObjectKey, Release, Str},
    metrics,
};

/// What the Job is to do.
pub struct Wanted<'a> {
    /// Its rules and the rest.
    pub flags: &'a GuardFlags,
    /// What it runs.
    pub image: &'a str,
    /// What was overridden for its way back.
    pub overrides: &'a [Gate],
    /// Why, for the journal.
    pub reason: Option<&'a str>,
}

/// The `ServiceAccount`, `Role`s, `RoleBinding`s, configuration and `Job`, as YAML documents; what the pod can't have is
/// told.
pub async fn manifests(
    release: &Release,
    wanted: &Wanted<'_>,
    reading: &Reading,
    session: &mut Session,
) -> Result<String, Failure> {
    let Wanted { flags, image, .. } = *wanted;
    let key = &release.key;
    let name = name_of(key);
    let told = told(flags, &reading.config);
    if told.iter().any(|name| name == "command") {
        let sentence = "a program of this machine is not in the Job's pod: tell slack or a webhook there";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let settings = settings::of(&reading.config, key);
    for missing in &settings.missing {
        session.output.complain(&format!("the Job does not have {missing}: it names what is on this machine"));
    }
    // Found here, it need not be looked for there: that takes more rights than a guard has.
    let prometheus = metrics::prometheus_service(&reading.cluster, &reading.config.metrics).await;
    let health = reading.config.release(&key.namespace, &key.name).metrics.health.map(|health| health.address.text);
    let health = flags.health_url.clone().or(health);
    let health = health.and_then(|address| metrics::health_service(&address, &key.namespace));
    let mut services: BTreeMap<Str, BTreeSet<String>> = BTreeMap::new();
    for address in prometheus.iter().chain(&health) {
        let segment = format!("{}:{}:{}", address.scheme, address.target.name, address.port);
        services.entry(address.target.namespace.clone()).or_default().insert(segment);
    }
    let proxied = |names: &BTreeSet<String>| json!({"apiGroups": [""], "resources": ["services/proxy"], "resourceNames": names, "verbs": ["get"]});
    let mut rules = rules(release, reading, prometheus.is_some()).await;
    rules.extend(services.get(&key.namespace).map(proxied));
    let meta = |namespace: &str| json!({"name": name, "namespace": namespace, "labels": labels()});
    let bound = |namespace: &str, rules: &Value| {
        let meta = meta(namespace);
        [
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta,
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": key.namespace}]}),
        ]
    };
    let mut documents = vec![json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(&key.namespace)})];
    documents.extend(bound(&key.namespace, &json!(rules)));
    for (namespace, names) in services.iter().filter(|(namespace, _)| **namespace != key.namespace) {
        documents.extend(bound(namespace, &json!([proxied(names)])));
    }
    if !settings.text.is_empty() {
        documents.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(&key.namespace),
            "data": {"config.toml": settings.text}}));
    }
    let mut arguments = typed(flags);
    arguments.extend(wanted.overrides.iter().map(|gate| format!("--override={}", gate.overridden().word())));
    arguments.extend(wanted.reason.map(|reason| format!("--reason={reason}")));
    if let Some(address) = prometheus.filter(|_| reading.config.metrics.prometheus.is_none()) {
        let path = if address.path.is_empty() { String::new() } else { format!("/{}", address.path) };
        let (name, namespace, port) = (&address.target.name, &address.target.namespace, &address.port);
        arguments.push(format!("--prometheus=svc/{name}.{namespace}:{port}{path}"));
    }
    let pod = Pod { name: &name, image, arguments, told: &told, configured: !settings.text.is_empty() };
    documents.push(job(key, flags, &pod, &reading.config));
    let yaml = documents.iter().filter_map(|document| serde_saphyr::to_string(document).ok());
    Ok(yaml.collect::<Vec<_>>().join("---\n"))
}

/// What the guard may do in the release's namespace.
async fn rules(release: &Release, reading: &Reading, through_service: bool) -> Vec<Value> {
    let key = &release.key;
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
    let lease = lease_of(key).name;
    rules.push(json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]}));
    rules.push(json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [lease],
        "verbs": ["get", "patch"]}));
    // A note on the release of what was done.
    rules.push(json!({"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}));
    // Measurements through the API server: the pods' own.
    if reading.config.metrics.prometheus.is_none() || through_service {
        rules.push(json!({"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]}));
    }
    rules
}

/// Kinds that a guard's verbs may patch.
const fn flags_may_write(kind: Kind) -> bool {
    !matches!(kind, Kind::DestinationRule | Kind::ReplicaSet | Kind::ControllerRevision)
}

fn labels() -> Value {
    json!({"app.kubernetes.io/name": "windlass", "app.kubernetes.io/component": "guard"})
}

/// Who is told: as typed, else as configured.
fn told(flags: &GuardFlags, config: &Config) -> Vec<String> {
    if flags.notify.is_empty() {
        config.guard.notify.iter().map(ToString::to_string).collect()
    } else {
        flags.notify.clone()
    }
}

/// Short enough for the pods' names that are made of it.
fn name_of(key: &ObjectKey) -> String {
    let name: String = format!("windlass-guard-{}-{}", key.kind.singular(), key.name).chars().take(52).collect();
    name.trim_end_matches(['-', '.']).replace('.', "-")
}

/// What the Job's pod is made of.
struct Pod<'a> {
    name: &'a str,
    image: &'a str,
    arguments: Vec<String>,
    told: &'a [String],
    configured: bool,
}

fn job(key: &ObjectKey, flags: &GuardFlags, pod: &Pod<'_>, config: &Config) -> Value {
    let (name, image) = (pod.name, pod.image);
    let mut arguments = vec!["guard".to_owned(), key.target(), "--namespace".to_owned(), key.namespace.to_string()];
    arguments.extend(pod.arguments.iter().cloned());
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
    // Whoever may write to a channel is kept in a Secret of the namespace, and its name is all that is said here.
    let mut secret = |setting: &str, variable: &str, entry: &str| {
        let reference = json!({"secretKeyRef": {"name": "windlass-notify", "key": entry}});
        env.push(json!({"name": variable, "valueFrom": reference}));
        env.push(json!({"name": setting, "value": variable}));
    };
    for who in pod.told {
        match who.as_str() {
            "slack" => secret("WINDLASS_NOTIFY_SLACK_URL_ENV", "SLACK_WEBHOOK_URL", "slack-url"),
            "webhook" => {
                secret("WINDLASS_NOTIFY_WEBHOOK_URL_ENV", "NOTIFY_WEBHOOK_URL", "webhook-url");
                if config.notify.webhook.header_env.is_some() {
                    secret("WINDLASS_NOTIFY_WEBHOOK_HEADER_ENV", "NOTIFY_WEBHOOK_HEADER", "webhook-header");
                }
            }
            _ => {}
        }
    }
    let mut mounts = vec![json!({"name": "tmp", "mountPath": "/tmp"})];
    let mut volumes = vec![json!({"name": "tmp", "emptyDir": {}})];
    if pod.configured {
        mounts.push(json!({"name": "config", "mountPath": "/etc/windlass", "readOnly": true}));
        volumes.push(json!({"name": "config", "configMap": {"name": name}}));
    }
    let container = json!({
        "name": "guard", "image": image, "args": arguments, "env": env,
        "volumeMounts": mounts,
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
                    "volumes": volumes},
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
