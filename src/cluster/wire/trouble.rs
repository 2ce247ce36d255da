//! What is wrong with a pod, from its conditions and its containers' states.

use super::pod::{ContainerStatus, Status, Why};
use super::strings::Pool;
use crate::domain::pod::{Cause, Trouble};
use crate::domain::{Str, Timestamp};

/// Restarts from which on crashes are a loop: by then the kubelet has waited 10, 20 and 40 s between them.
const LOOPS: i64 = 3;

/// The worst trouble that the status tells of; `None` when nothing is wrong or it is just starting.
pub fn trouble(status: &Status<'_>, pool: &mut Pool) -> Option<Trouble> {
    if status.phase.get().is_some_and(|phase| phase == "Failed") {
        return Some(Trouble {
            cause: Cause::Evicted,
            reason: pool.share(status.reason.get().map_or("Failed", |reason| reason)),
            message: status.message.get().map_or("", |message| message).into(),
            since: not_ready_since(status),
        });
    }
    let containers = status.init_container_statuses.get().into_iter().chain(status.container_statuses.get()).flatten();
    let worst = containers.filter_map(|container| of_container(container, status, pool)).min_by_key(|one| one.cause);
    worst.or_else(|| unschedulable(status, pool)).or_else(|| not_ready(status, pool))
}

fn of_container(container: &ContainerStatus<'_>, status: &Status<'_>, pool: &mut Pool) -> Option<Trouble> {
    let state = container.state.get()?;
    if let Some(waiting) = state.waiting.get() {
        let reason = waiting.reason.get().map_or("", |reason| reason);
        let cause = cause_of_waiting(reason)?;
        let last = container.last_state.get().and_then(|last| last.terminated.get());
        return Some(Trouble {
            cause,
            reason: pool.share(reason),
            message: message(waiting, last),
            since: if cause == Cause::CrashLoop && loops(container) {
                not_ready_since(status)
            } else {
                last.and_then(ended).or_else(|| not_ready_since(status))
            },
        });
    }
    let ended_now = state.terminated.get()?;
    let out_of_memory = ended_now.reason.get().is_some_and(|reason| reason == "OOMKilled");
    let failed = ended_now.exit_code.get().is_some_and(|code| *code != 0);
    let (cause, fallback) = match (out_of_memory, failed) {
        (true, _) => (Cause::OutOfMemory, "OOMKilled"),
        (false, true) => (Cause::CrashLoop, "Error"),
        (false, false) => return None,
    };
    Some(Trouble {
        cause,
        reason: pool.share(ended_now.reason.get().map_or(fallback, |reason| reason)),
        message: message(ended_now, Some(ended_now)),
        since: if loops(container) { not_ready_since(status) } else { ended(ended_now) }
            .or_else(|| not_ready_since(status)),
    })
}

/// Whether a container has crashed so often that the run it is in is taken for one more of the same, until the pod is
/// ready: between two crashes it runs for a moment, and that is no way out of the trouble.
fn loops(container: &ContainerStatus<'_>) -> bool {
    let last = container.last_state.get().and_then(|last| last.terminated.get());
    let failed = last.is_some_and(|last| last.exit_code.get().is_some_and(|code| *code != 0));
    failed && container.restart_count.get().is_some_and(|count| *count >= LOOPS)
}

/// The kubelet's words for why a container waits (`pkg/kubelet/images` and `pkg/kubelet/kuberuntime`).
fn cause_of_waiting(reason: &str) -> Option<Cause> {
    match reason {
        "ImagePullBackOff"
        | "ErrImagePull"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => Some(Cause::ImagePull),
        "CrashLoopBackOff" => Some(Cause::CrashLoop),
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PostStartHookError" => Some(Cause::Config),
        _ => None,
    }
}

fn message(state: &Why<'_>, last: Option<&Why<'_>>) -> Str {
    let mut text = state.message.get().map_or("", |message| message).to_owned();
    if let Some(last) = last {
        let reason = last.reason.get().map_or("", |reason| reason);
        let code = last.exit_code.get().map(|code| format!("exit code {code}"));
        let why: Vec<&str> =
            [reason, code.as_deref().unwrap_or("")].into_iter().filter(|part| !part.is_empty()).collect();
        if !why.is_empty() {
            let separator = if text.is_empty() { "" } else { "; " };
            text = format!("{text}{separator}last ended with {}", why.join(", "));
        }
    }
    text.into()
}

fn ended(state: &Why<'_>) -> Option<Timestamp> {
    state.finished_at.get().copied()
}

fn unschedulable(status: &Status<'_>, pool: &mut Pool) -> Option<Trouble> {
    let scheduled = status.condition("PodScheduled")?;
    let refused = scheduled.status.get().is_some_and(|status| status == "False");
    refused.then(|| Trouble {
        cause: Cause::Unschedulable,
        reason: pool.share(scheduled.reason.get().map_or("Unschedulable", |reason| reason)),
        message: scheduled.message.get().map_or("", |message| message).into(),
        since: scheduled.last_transition_time.get().copied(),
    })
}

/// Every container runs and the pod is not ready: the readiness probe (or a readiness gate) says no.
fn not_ready(status: &Status<'_>, pool: &mut Pool) -> Option<Trouble> {
    let ready = status.condition("Ready")?;
    let containers = status.container_statuses.get()?;
    let started = |container: &ContainerStatus<'_>| {
        container
            .state
            .get()
            .and_then(|state| state.running.get())
            .and_then(|running| running.started_at.get().copied())
    };
    let all_run = !containers.is_empty()
        && containers.iter().all(|container| container.state.get().is_some_and(|state| state.running.get().is_some()));
    let refused = ready.status.get().is_some_and(|status| status == "False");
    if let Some(crashes) = containers.iter().find(|container| all_run && refused && loops(container)) {
        let last = crashes.last_state.get().and_then(|last| last.terminated.get());
        return Some(Trouble {
            cause: Cause::CrashLoop,
            reason: pool.share("CrashLoopBackOff"),
            message: last.map_or_else(Str::default, |last| message(last, Some(last))),
            since: not_ready_since(status),
        });
    }
    (all_run && refused).then(|| Trouble {
        cause: Cause::NotReady,
        reason: pool.share(ready.reason.get().map_or("NotReady", |reason| reason)),
        message: ready.message.get().map_or("", |message| message).into(),
        since: containers.iter().filter_map(started).max().max(ready.last_transition_time.get().copied()),
    })
}

fn not_ready_since(status: &Status<'_>) -> Option<Timestamp> {
    status.condition("Ready").and_then(|ready| ready.last_transition_time.get().copied())
}
