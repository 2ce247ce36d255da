//! Argo's `AnalysisRun` as a row: what was measured, and what was made of it.

use super::meta::ObjectMeta;
use super::rollout::RunRole;
use crate::domain::{Str, Timestamp, Uid};

/// An `AnalysisRun` (argoproj.io).
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisRun {
    /// Who it is.
    pub meta: ObjectMeta,
    /// The Rollout (or Experiment) that it belongs to.
    pub owner: Option<Uid>,
    /// The label `rollout-type`.
    pub role: Option<RunRole>,
    /// The label `step-index`.
    pub step: Option<i64>,
    /// The annotation `rollout.argoproj.io/revision`.
    pub revision: Option<i64>,
    /// `rollouts-pod-template-hash`: the version that it judges.
    pub hash: Option<Str>,
    /// `spec.terminate`.
    pub terminate: bool,
    /// `status.phase`: `Pending`, `Running`, `Successful`, `Failed`, `Error`, `Inconclusive`; empty before there is one.
    pub phase: Str,
    /// `status.message`.
    pub message: Str,
    /// `status.startedAt`.
    pub started: Option<Timestamp>,
    /// `spec.metrics` with `status.metricResults`, in the order of the spec.
    pub metrics: Vec<Metric>,
}

/// One metric of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: Str,
    /// `interval`, as written.
    pub interval: Option<Str>,
    /// `count`, as written.
    pub count: Option<Str>,
    /// `successCondition`.
    pub success: Option<Str>,
    /// `failureCondition`.
    pub failure: Option<Str>,
    /// `failureLimit`, as written (0 when absent).
    pub failure_limit: Option<Str>,
    /// `inconclusiveLimit`, as written (0 when absent).
    pub inconclusive_limit: Option<Str>,
    /// `consecutiveErrorLimit`, as written (4 when absent).
    pub error_limit: Option<Str>,
    /// `provider`: its key (`prometheus`, `web`, `job`…).
    pub provider: Option<Str>,
    /// The query, where the provider is Prometheus.
    pub query: Option<Str>,
    /// Whether it decides nothing (`spec.dryRun`).
    pub dry_run: bool,
    /// What came of it; `None` before the first measurement.
    pub result: Option<MetricResult>,
}

/// An entry of `status.metricResults`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricResult {
    /// `phase`.
    pub phase: Str,
    /// `message`.
    pub message: Str,
    /// `count`.
    pub count: i64,
    /// `successful`.
    pub successful: i64,
    /// `failed`.
    pub failed: i64,
    /// `inconclusive`.
    pub inconclusive: i64,
    /// `error`.
    pub error: i64,
    /// `consecutiveError`.
    pub consecutive_error: i64,
    /// `measurements`, as the controller keeps them (the last ten), oldest first.
    pub measurements: Vec<Measurement>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measurement {
    /// `phase`.
    pub phase: Str,
    /// `value`: text such as `[0.98]`, which may hold `NaN`.
    pub value: Str,
    /// `message`.
    pub message: Str,
    /// `startedAt`.
    pub started: Option<Timestamp>,
    /// `finishedAt`.
    pub finished: Option<Timestamp>,
}

impl AnalysisRun {
    /// Whether it still measures.
    pub fn is_running(&self) -> bool {
        matches!(&*self.phase, "" | "Pending" | "Running")
    }
}
