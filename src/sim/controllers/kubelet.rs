//! The nodes' kubelets: they start pods, crash them, fail to pull their images and end them, after delays that the
//! images' tags and `sim/` annotations steer.

use super::Controller;
use super::common::{Condition, Dated, condition, push_condition, remove_condition};
use crate::sim::clock::{duration, millis, seconds};
use crate::sim::ids::{digest, fnv};
use crate::sim::json::{Json, stamp};
use crate::sim::kinds::PODS;
use crate::sim::object::{Id, Object};
use crate::sim::store::{Change, Store};
use crate::sim::world::events::{normal, warning};
use crate::sim::world::{Actor, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

pub struct Kubelet;

const NAME: &str = "kubelet";

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn concerned(&self, change: &Change, _: &Store) -> Vec<Id> {
        let pod = change.after.id.kind == PODS && !change.deleted;
        pod.then(|| change.after.id.clone()).into_iter().collect()
    }

    fn reconcile(&self, world: &mut World, id: &Id) {
        let Some(pod) = world.store.get(id) else { return };
        let value = pod.value();
        let Some(next) = next_step(&value) else { return };
        let key = format!("{next:?}{}", restarts(&value));
        let wait = delay(&value, next);
        let entered = match world.entered.get(&pod.uid) {
            Some((since, state)) if *state == key => *since,
            _ => {
                world.entered.insert(pod.uid.clone(), (world.now(), key));
                world.now()
            }
        };
        let due = entered + wait;
        if due > world.now() {
            return world.later(NAME, id, due.duration_since(world.now()));
        }
        act(world, &pod, &value, next);
    }
}

/// What a kubelet does next with a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Admit,
    Start,
    StayUnready,
    FailPull,
    BackOffPull,
    CrashStart,
    Crash,
    End,
}

/// The tag of an image, without its digest.
fn tag(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split('@').next().unwrap_or_default();
    name.split_once(':').map_or("", |(_, tag)| tag)
}

fn any_tag(pod: &Value, word: &str) -> bool {
    pod.list("/spec/containers").iter().any(|container| tag(container.text("/image")).contains(word))
}

fn next_step(pod: &Value) -> Option<Next> {
    if !pod.text("/metadata/deletionTimestamp").is_empty() {
        return pod.list("/metadata/finalizers").is_empty().then_some(Next::End);
    }
    if pod.text("/spec/nodeName").is_empty() {
        return None;
    }
    if pod.text("/status/podIP").is_empty() {
        return Some(Next::Admit);
    }
    let state = pod.at("/status/containerStatuses/0/state");
    let waiting = state.text("/waiting/reason");
    let running = !state.at("/running").is_null();
    if any_tag(pod, "bad") {
        return match waiting {
            "ContainerCreating" => Some(Next::FailPull),
            "ErrImagePull" => Some(Next::BackOffPull),
            _ => None,
        };
    }
    if any_tag(pod, "crash") {
        return Some(if running { Next::Crash } else { Next::CrashStart });
    }
    let unready = pod.keyed("/metadata/annotations", "sim/ready") == Some("false");
    match (running, unready) {
        (false, false) => Some(Next::Start),
        (false, true) => Some(Next::StayUnready),
        (true, _) => None,
    }
}

fn restarts(pod: &Value) -> i64 {
    pod.count("/status/containerStatuses/0/restartCount")
}

fn delay(pod: &Value, next: Next) -> SignedDuration {
    let asked = |key: &str| pod.keyed("/metadata/annotations", key).and_then(duration);
    let jitter = |limit: u64| millis((fnv(pod.text("/metadata/uid").as_bytes()) % limit) as i64);
    match next {
        Next::Admit => millis(80) + jitter(120),
        Next::Start => asked("sim/ready-delay").unwrap_or_else(|| millis(1200) + jitter(800)),
        Next::StayUnready => millis(1200),
        Next::FailPull => millis(800),
        Next::BackOffPull => seconds(2),
        Next::CrashStart => {
            let backoff = seconds(10 << (restarts(pod) - 1).clamp(0, 5)).min(seconds(300));
            if restarts(pod) == 0 { millis(700) } else { asked("sim/crash-backoff").unwrap_or(backoff) }
        }
        Next::Crash => millis(1500),
        Next::End => asked("sim/delete-delay").unwrap_or_else(|| millis(300) + jitter(1000)),
    }
}

fn act(world: &mut World, pod: &Object, value: &Value, next: Next) {
    let now = stamp(world.now());
    match next {
        Next::Admit => admit(world, pod, value, &now),
        Next::Start => {
            for container in value.list("/spec/containers") {
                let (name, image) = (container.text("/name"), container.text("/image"));
                world.say(
                    pod,
                    normal(NAME, "Pulled"),
                    &format!("Container image {image:?} already present on machine"),
                );
                world.say(pod, normal(NAME, "Created"), &format!("Created container: {name}"));
                world.say(pod, normal(NAME, "Started"), &format!("Started container {name}"));
            }
            set_status(world, pod, |value, status| {
                run(value, status, &now, Ready::Yes);
                ready_conditions(status, &now);
            });
        }
        Next::StayUnready => {
            world.say(
                pod,
                warning(NAME, "Unhealthy"),
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
            );
            set_status(world, pod, |value, status| run(value, status, &now, Ready::No));
        }
        Next::FailPull | Next::BackOffPull => fail_pull(world, pod, value, next),
        Next::CrashStart => {
            set_status(world, pod, |value, status| run(value, status, &now, Ready::No));
            let name = value.text("/spec/containers/0/name");
            world.say(pod, normal(NAME, "Started"), &format!("Started container {name}"));
        }
        Next::Crash => crash(world, pod, value, &now),
        Next::End => {
            if let Some(object) = world.store.get(&pod.id) {
                world.remove(&object);
            }
        }
    }
}

fn set_status(world: &mut World, pod: &Object, change: impl FnOnce(&Value, &mut Value)) {
    world.modify(&pod.id, Actor::status(NAME), |value| {
        let mut status = value.at("/status").clone();
        change(value, &mut status);
        value.put("/status", status);
    });
}

/// An address from the node's range, by the pod's uid.
pub fn address(uid: &str) -> String {
    let place = fnv(uid.as_bytes());
    format!("10.244.{}.{}", place >> 8 & 0xff, 1 + place % 254)
}

fn admit(world: &mut World, pod: &Object, value: &Value, now: &str) {
    let names: Vec<_> = value.list("/spec/containers").iter().map(|container| container.text("/name")).collect();
    let message = format!("containers with unready status: [{}]", names.join(" "));
    set_status(world, pod, |value, status| {
        for (kind, holds) in
            [("PodReadyToStartContainers", true), ("Initialized", true), ("Ready", false), ("ContainersReady", false)]
        {
            let (value, reason) = if holds { ("True", "") } else { ("False", "ContainersNotReady") };
            let message = if holds { String::new() } else { message.clone() };
            remove_condition(status, kind);
            push_condition(status, &Condition { kind, status: value, reason, message }, now, "", Dated::Transition);
        }
        let waiting = value.list("/spec/containers").iter().map(|container| {
            json!({
                "image": container.text("/image"), "imageID": "", "lastState": {}, "name": container.text("/name"),
                "ready": false, "restartCount": 0, "started": false, "state": {"waiting": {"reason": "ContainerCreating"}},
            })
        });
        status.put("/containerStatuses", waiting.collect::<Vec<_>>());
        let address =
            value.keyed("/metadata/annotations", "sim/pod-ip").map_or_else(|| address(&pod.uid), str::to_owned);
        status.put("/hostIP", format!("10.0.0.{}", 1 + fnv(value.text("/spec/nodeName").as_bytes()) % 250));
        status.put("/podIP", address.as_str());
        status.put("/podIPs", json!([{"ip": address}]));
        status.put("/startTime", now);
        status.put("/phase", "Pending");
    });
}

/// Whether the started container is ready at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ready {
    Yes,
    No,
}

/// The id of the image that a container runs.
pub fn image_id(image: &str, variant: &str) -> String {
    if let Some((_, given)) = image.split_once('@') {
        let name = image.split('@').next().unwrap_or_default();
        return format!("{name}@{given}");
    }
    let name = image.strip_suffix(&format!(":{}", tag(image))).unwrap_or(image);
    format!("{name}@{}", digest(image, variant))
}

fn run(pod: &Value, status: &mut Value, now: &str, ready: Ready) {
    let variant = pod.keyed("/metadata/annotations", "sim/digest").unwrap_or_default();
    let ready = ready == Ready::Yes;
    let running: Vec<_> = pod
        .list("/spec/containers")
        .iter()
        .enumerate()
        .map(|(place, container)| {
            let before = status.at(&format!("/containerStatuses/{place}"));
            let image = container.text("/image");
            let last = before.get("lastState").cloned().unwrap_or_else(|| json!({}));
            json!({
                "containerID": format!("containerd://{}", &digest(pod.text("/metadata/uid"), container.text("/name"))[7..]),
                "image": image, "imageID": image_id(image, variant), "lastState": last, "name": container.text("/name"),
                "ready": ready, "restartCount": before.count("/restartCount"), "started": true,
                "state": {"running": {"startedAt": now}},
            })
        })
        .collect();
    status.put("/containerStatuses", running);
    status.put("/phase", "Running");
}

fn ready_conditions(status: &mut Value, now: &str) {
    for kind in ["Ready", "ContainersReady"] {
        if condition(status, kind).text("/status") == "True" {
            continue;
        }
        remove_condition(status, kind);
        let ready = Condition { kind, status: "True", reason: "", message: String::new() };
        push_condition(status, &ready, now, "", Dated::Transition);
    }
}

fn fail_pull(world: &mut World, pod: &Object, value: &Value, next: Next) {
    let image = value.text("/spec/containers/0/image").to_owned();
    let denied = format!("failed to pull and unpack image {image:?}: {image}: not found");
    let (reason, message) = if next == Next::FailPull {
        world.say(pod, normal(NAME, "Pulling"), &format!("Pulling image {image:?}"));
        world.say(
            pod,
            warning(NAME, "Failed"),
            &format!("Failed to pull image {image:?}: rpc error: code = NotFound desc = {denied}"),
        );
        world.say(pod, warning(NAME, "Failed"), "Error: ErrImagePull");
        ("ErrImagePull", format!("rpc error: code = NotFound desc = {denied}"))
    } else {
        world.say(pod, normal(NAME, "BackOff"), &format!("Back-off pulling image {image:?}"));
        world.say(pod, warning(NAME, "Failed"), "Error: ImagePullBackOff");
        ("ImagePullBackOff", format!("Back-off pulling image {image:?}: ErrImagePull: {denied}"))
    };
    set_status(world, pod, |_, status| {
        if let Some(containers) = status.get_mut("containerStatuses").and_then(Value::as_array_mut) {
            for container in containers {
                container.put("/state", json!({"waiting": {"reason": reason, "message": message}}));
            }
        }
    });
}

fn crash(world: &mut World, pod: &Object, value: &Value, now: &str) {
    let name = value.text("/spec/containers/0/name").to_owned();
    let backoff = 10 << restarts(value).clamp(0, 5);
    let message = format!(
        "back-off {} restarting failed container={name} pod={}_{}({})",
        backoff_text(backoff.min(300)),
        pod.id.name,
        pod.id.namespace,
        pod.uid
    );
    set_status(world, pod, |_, status| {
        if let Some(containers) = status.get_mut("containerStatuses").and_then(Value::as_array_mut) {
            for container in containers {
                let started = container.text("/state/running/startedAt").to_owned();
                container.put(
                    "/lastState",
                    json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": started, "finishedAt": now}}),
                );
                container.put("/restartCount", container.count("/restartCount") + 1);
                container.put("/ready", false);
                container.put("/started", false);
                container.put("/state", json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}));
            }
        }
    });
    let told =
        format!("Back-off restarting failed container {name} in pod {}_{}({})", pod.id.name, pod.id.namespace, pod.uid);
    world.say(pod, warning(NAME, "BackOff"), &told);
}

/// Go writes 160 s as `2m40s`.
fn backoff_text(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, rest) => format!("{rest}s"),
        (minutes, rest) => format!("{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_what_follows_the_last_colon_of_the_last_part() {
        assert_eq!(tag("registry.test:5000/shop/web:v1-bad"), "v1-bad");
        assert_eq!(tag("registry.test:5000/shop/web"), "");
        assert_eq!(image_id("registry.test/web:v1", "")[..20], *"registry.test/web@sh");
    }
}
