//! What a Rollout's analysis runs measured.

use super::view::View;
use crate::domain::state::Verdict;
use crate::domain::traffic::AnalysisRun;
use crate::domain::traffic::analysis::Metric;
use crate::domain::traffic::rollout::RunRole;
use crate::domain::traffic::view::Check;
use crate::strategy::workload::words::clip;
use std::sync::Arc;

/// The runs that judge the version on its way: those that the status names, and those that still run.
pub fn telling(view: &View) -> Vec<Arc<AnalysisRun>> {
    let named = |run: &AnalysisRun| view.rollout.status.runs.iter().any(|named| named.name == run.meta.key.name);
    let of_new = |run: &AnalysisRun| run.hash.is_some() && run.hash == view.stand.current;
    let mut runs: Vec<Arc<AnalysisRun>> =
        view.runs.iter().filter(|run| named(run) || run.is_running()).cloned().collect();
    // After an abort the status names none any more: the last one of this version tells why.
    if runs.is_empty() && view.stand.aborted {
        runs.extend(view.runs.iter().find(|run| of_new(run) && bad(run)).cloned());
    }
    runs
}

/// Whether a run speaks against the version.
pub fn bad(run: &AnalysisRun) -> bool {
    matches!(&*run.phase, "Failed" | "Error" | "Inconclusive")
}

/// What judges the version: a check for every metric of the runs (one for a run without any), the experiment of this step
/// and what its plugin tells.
pub fn checks(view: &View, runs: &[Arc<AnalysisRun>]) -> Vec<Check> {
    let runs = runs.iter().flat_map(|run| of_run(run));
    runs.chain(experiment(view)).chain(plugin(view)).collect()
}

fn plain(name: String, standing: String, verdict: Verdict, message: &str) -> Check {
    Check {
        name: name.into(),
        standing: standing.into(),
        verdict,
        limit: "".into(),
        values: Vec::new(),
        message: clip(message, 200).into(),
    }
}

/// The experiment that the status names. How its parts fare stands in the Experiment, which is not watched: what is told
/// is whether the Rollout still waits for it.
fn experiment(view: &View) -> Option<Check> {
    let name = view.rollout.status.experiment.as_ref().filter(|_| view.stand.in_flight())?;
    let (standing, verdict) = if view.stand.pauses.iter().any(|reason| &**reason == "InconclusiveExperiment") {
        ("could not decide", Verdict::Warn)
    } else {
        ("under way", Verdict::Unknown)
    };
    let at = view.stand.index.map(|index| format!(" (step {index})")).unwrap_or_default();
    Some(plain(format!("experiment {}{at}", clip(name, 60)), standing.into(), verdict, ""))
}

/// What the plugin of the present step tells.
fn plugin(view: &View) -> Option<Check> {
    let index = i64::try_from(view.stand.index?).ok()?;
    let mut told = view.rollout.status.plugins.iter().filter(|told| told.index == index && view.stand.in_flight());
    let told = told.next_back()?;
    let standing = match (&*told.operation, phase(&told.phase)) {
        ("" | "Run", phase) => phase,
        (other, phase) => format!("{}: {phase}", clip(&other.to_lowercase(), 24)),
    };
    let name = format!("plugin {} (step {index})", clip(&told.name, 60));
    Some(plain(name, standing, verdict(&told.phase), &told.message))
}

fn of_run(run: &AnalysisRun) -> Vec<Check> {
    if run.metrics.is_empty() {
        return vec![Check {
            name: place(run).into(),
            standing: phase(&run.phase).into(),
            verdict: verdict(&run.phase),
            limit: "".into(),
            values: Vec::new(),
            message: clip(&run.message, 200).into(),
        }];
    }
    run.metrics.iter().map(|metric| of_metric(run, metric)).collect()
}

fn of_metric(run: &AnalysisRun, metric: &Metric) -> Check {
    let result = metric.result.clone().unwrap_or_default();
    let of = metric.count.as_ref().map(|count| format!(" of {}", clip(count, 12))).unwrap_or_default();
    let counted = [(result.failed, "failed"), (result.inconclusive, "inconclusive"), (result.error, "in error")];
    let counted = counted.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!(", {number} {word}"));
    let counted = counted.collect::<Vec<_>>().concat();
    let standing = format!("{}, {}{of} measured{counted}", phase(&result.phase), result.count);
    let limits = [
        metric.success.as_ref().map(|condition| clip(condition, 80)),
        metric.failure.as_ref().map(|condition| format!("not {}", clip(condition, 80))),
        Some(format!(
            "failures ≤ {}",
            metric.failure_limit.as_ref().map_or_else(|| "0".into(), |limit| clip(limit, 12))
        )),
        metric.dry_run.then(|| "decides nothing (dry run)".to_owned()),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let last = result.measurements.last();
    let message = [&result.message, &run.message].into_iter().find(|message| !message.is_empty());
    let message = message.or_else(|| last.map(|last| &last.message));
    Check {
        name: format!("{} ({})", clip(&metric.name, 60), place(run)).into(),
        standing: standing.into(),
        verdict: if metric.dry_run { Verdict::Ok } else { verdict_of(metric, &result.phase) },
        limit: limits.join("; ").into(),
        values: result
            .measurements
            .iter()
            .map(|measured| (measured.finished.or(measured.started), clip(&measured.value, 60).into()))
            .collect(),
        message: message.map(|message| clip(message, 200)).unwrap_or_default().into(),
    }
}

fn verdict_of(metric: &Metric, phase: &str) -> Verdict {
    match &metric.result {
        Some(result) if matches!(phase, "Running" | "") && result.failed + result.error > 0 => Verdict::Warn,
        _ => verdict(phase),
    }
}

fn verdict(phase: &str) -> Verdict {
    match phase {
        "Successful" => Verdict::Ok,
        "Failed" | "Error" => Verdict::Bad,
        "Inconclusive" => Verdict::Warn,
        _ => Verdict::Unknown,
    }
}

fn phase(phase: &str) -> String {
    if phase.is_empty() { "not measured yet".into() } else { clip(&phase.to_lowercase(), 24) }
}

/// `step 1`, `background`, `before the switch`.
fn place(run: &AnalysisRun) -> String {
    match (run.role, run.step) {
        (Some(RunRole::Step), Some(step)) => format!("step {step}"),
        (Some(RunRole::Step), None) => "step".into(),
        (Some(RunRole::Background), _) => "background".into(),
        (Some(RunRole::PrePromotion), _) => "before the switch".into(),
        (Some(RunRole::PostPromotion), _) => "after the switch".into(),
        (None, _) => clip(&run.meta.key.name, 60),
    }
}

/// `success-rate failed 2 times, at most 1 is allowed`: why a run speaks against the version, in the controller's words.
pub fn why(run: &AnalysisRun) -> String {
    let metric = run.metrics.iter().find(|metric| {
        !metric.dry_run
            && metric
                .result
                .as_ref()
                .is_some_and(|result| matches!(verdict(&result.phase), Verdict::Bad | Verdict::Warn))
    });
    let Some(metric) = metric else { return clip(&run.message, 140) };
    let last = metric.result.as_ref().and_then(|result| result.measurements.last());
    let value = last.filter(|last| !last.value.is_empty()).map(|last| format!(" (last {})", clip(&last.value, 40)));
    let phase = metric.result.as_ref().map_or_else(String::new, |result| phase(&result.phase));
    format!("analysis {}: {phase}{}", clip(&metric.name, 60), value.unwrap_or_default())
}
