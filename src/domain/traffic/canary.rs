//! Flagger's Canary as a row. Fields and their meaning: Flagger's documentation, Canary resource.

use super::hook::Webhook;
use super::matching::Match;
use super::meta::{ObjectMeta, TargetRef};
use crate::domain::workload::Condition;
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use jiff::SignedDuration;

/// A Canary (flagger.app).
#[derive(Debug, Clone, PartialEq)]
pub struct Canary {
    /// Who it is.
    pub meta: ObjectMeta,
    /// `spec.targetRef`; `None`: a Canary without a target.
    pub target: Option<TargetRef>,
    /// `spec.autoscalerRef`.
    pub autoscaler: Option<TargetRef>,
    /// `spec.provider`; `None`: the controller's own default.
    pub provider: Option<Str>,
    /// `spec.progressDeadlineSeconds` (600 s when absent).
    pub progress_deadline: SignedDuration,
    /// `spec.suspend`.
    pub suspend: bool,
    /// `spec.skipAnalysis`.
    pub skip_analysis: bool,
    /// `spec.service`.
    pub service: CanaryService,
    /// `spec.analysis`, or the older `spec.canaryAnalysis`.
    pub analysis: CanaryAnalysis,
    /// `status`.
    pub status: CanaryStatus,
}

/// `spec.service` of a Canary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CanaryService {
    /// `name`; the target's name when absent.
    pub name: Option<Str>,
    /// `port`.
    pub port: Option<i64>,
    /// `hosts`.
    pub hosts: Vec<Str>,
    /// `gateways` (Istio) and `gatewayRefs` (Gateway API), as written.
    pub gateways: Vec<Str>,
    /// `delegation`: its VirtualService is a delegate.
    pub delegation: bool,
}

/// `spec.analysis` of a Canary.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CanaryAnalysis {
    /// `interval` (60 s when absent).
    pub interval: Option<SignedDuration>,
    /// `threshold`: failed checks that roll back (1 when absent).
    pub threshold: Option<i64>,
    /// `iterations`.
    pub iterations: Option<i64>,
    /// `maxWeight` (100 when absent).
    pub max_weight: Option<i64>,
    /// `stepWeight`.
    pub step_weight: Option<i64>,
    /// `stepWeights`.
    pub step_weights: Vec<i64>,
    /// `stepWeightPromotion`.
    pub step_weight_promotion: Option<i64>,
    /// `mirror`.
    pub mirror: bool,
    /// `mirrorWeight`.
    pub mirror_weight: Option<i64>,
    /// `match`: which requests an A/B test sends to the canary.
    pub matches: Vec<Match>,
    /// `sessionAffinity.cookieName`.
    pub affinity_cookie: Option<Str>,
    /// `metrics`.
    pub metrics: Vec<CanaryMetric>,
    /// `webhooks`.
    pub webhooks: Vec<Webhook>,
}

/// An entry of `metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryMetric {
    /// Its name.
    pub name: Str,
    /// `interval`, as written.
    pub interval: Option<Str>,
    /// `thresholdRange.min`; of the older `threshold` where that is a lower limit (`request-success-rate`).
    pub min: Option<f64>,
    /// `thresholdRange.max`; of the older `threshold` otherwise.
    pub max: Option<f64>,
    /// `templateRef`: `namespace/name` or `name`.
    pub template: Option<Str>,
}

/// `status` of a Canary.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CanaryStatus {
    /// `phase`; empty before the controller wrote one.
    pub phase: Str,
    /// `canaryWeight`; it is 0 in `WaitingPromotion` although traffic flows: the route has the truth.
    pub weight: Option<i64>,
    /// `iterations`; -1 occurs while it is gated.
    pub iterations: Option<i64>,
    /// `failedChecks`.
    pub failed_checks: i64,
    /// `lastAppliedSpec`: hash of the target's template that the last run was for.
    pub last_applied: Option<Str>,
    /// `lastPromotedSpec`: hash of the template that the primary has.
    pub last_promoted: Option<Str>,
    /// The names in `trackedConfigs`: the ConfigMaps and Secrets whose change starts a run, too.
    pub tracked: Vec<Str>,
    /// `lastTransitionTime`.
    pub last_transition: Option<Timestamp>,
    /// `conditions`.
    pub conditions: Vec<Condition>,
}

/// Which way a Canary brings a version in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanaryStyle {
    /// Weight by weight.
    Weighted,
    /// Requests that match, for so many iterations.
    AbTest,
    /// So many checks beside the traffic, then all of it.
    BlueGreen,
}

impl Canary {
    /// The target, where it is of a kind that the console knows.
    pub fn target_key(&self) -> Option<ObjectKey> {
        self.target.as_ref()?.key(&self.meta.key.namespace)
    }

    /// The workload that Flagger keeps the stable version in.
    pub fn primary_key(&self) -> Option<ObjectKey> {
        let target = self.target_key()?;
        Some(ObjectKey::new(target.kind, target.namespace, format!("{}-primary", target.name)))
    }

    /// The name of the Service that users call, and of the route.
    pub fn apex(&self) -> Option<&Str> {
        self.service.name.as_ref().or_else(|| self.target.as_ref().map(|target| &target.name))
    }

    /// The Services and routes that Flagger makes, whether they exist or not.
    pub fn generated(&self) -> Vec<ObjectKey> {
        let Some(apex) = self.apex() else { return Vec::new() };
        let key = |kind, name: String| ObjectKey::new(kind, self.meta.key.namespace.clone(), name);
        let services = ["", "-primary", "-canary"].map(|end| key(Kind::Service, format!("{apex}{end}")));
        let rules = ["-primary", "-canary"].map(|end| key(Kind::DestinationRule, format!("{apex}{end}")));
        let routes = [Kind::VirtualService, Kind::HttpRoute].map(|kind| key(kind, apex.to_string()));
        services.into_iter().chain(rules).chain(routes).collect()
    }

    /// Which way it goes: matches and iterations are an A/B test, iterations alone are blue-green.
    pub const fn style(&self) -> CanaryStyle {
        let iterates = matches!(self.analysis.iterations, Some(iterations) if iterations > 0);
        match (iterates, self.analysis.matches.is_empty()) {
            (true, false) => CanaryStyle::AbTest,
            (true, true) => CanaryStyle::BlueGreen,
            (false, _) => CanaryStyle::Weighted,
        }
    }

    /// How long from check to check: 60 s when nothing is said, never under 10 s.
    pub fn interval(&self) -> SignedDuration {
        self.analysis.interval.unwrap_or(SignedDuration::from_secs(60)).max(SignedDuration::from_secs(10))
    }

    /// Failed checks that roll back: 1 when nothing is said.
    pub fn threshold(&self) -> i64 {
        self.analysis.threshold.filter(|threshold| *threshold > 0).unwrap_or(1)
    }

    /// The weights of its steps; empty where there are none.
    pub fn ladder(&self) -> Vec<u8> {
        if self.style() != CanaryStyle::Weighted {
            return Vec::new();
        }
        let percent = |weight: &i64| u8::try_from((*weight).clamp(0, 100)).unwrap_or(100);
        if !self.analysis.step_weights.is_empty() {
            return self.analysis.step_weights.iter().map(percent).collect();
        }
        let top = self.analysis.max_weight.filter(|top| *top > 0).unwrap_or(100).min(100);
        let Some(step) = self.analysis.step_weight.filter(|step| *step > 0) else { return Vec::new() };
        (1..=100)
            .map(|rung| step.saturating_mul(rung))
            .take_while(|weight| *weight <= top)
            .map(|w| percent(&w))
            .collect()
    }

    /// Its webhooks of one kind.
    pub fn hooks(&self, kind: &super::hook::HookKind) -> impl Iterator<Item = &Webhook> {
        self.analysis.webhooks.iter().filter(move |hook| hook.kind == *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary() -> Canary {
        Canary {
            meta: ObjectMeta::of(ObjectKey::new(Kind::Canary, "shop", "web")),
            target: Some(TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() }),
            autoscaler: None,
            provider: None,
            progress_deadline: SignedDuration::from_mins(10),
            suspend: false,
            skip_analysis: false,
            service: CanaryService::default(),
            analysis: CanaryAnalysis::default(),
            status: CanaryStatus::default(),
        }
    }

    #[test]
    fn what_flagger_makes_is_known_by_the_apex_name() {
        let mut web = canary();
        web.service.name = Some("front".into());
        let names: Vec<String> = web.generated().iter().map(ObjectKey::target).collect();
        assert_eq!(names[..3], ["service/front", "service/front-primary", "service/front-canary"]);
        assert!(names.contains(&"virtualservice/front".into()) && names.contains(&"httproute/front".into()));
        assert_eq!(web.primary_key().map(|key| key.target()).as_deref(), Some("deployment/web-primary"));
        web.target = None;
        web.service.name = None;
        assert!(web.generated().is_empty() && web.primary_key().is_none());
    }

    #[test]
    fn the_ladder_is_walked_as_flagger_walks_it() {
        let mut web = canary();
        assert_eq!((web.style(), web.ladder()), (CanaryStyle::Weighted, vec![]));
        web.analysis.step_weight = Some(20);
        web.analysis.max_weight = Some(50);
        assert_eq!(web.ladder(), [20, 40]);
        web.analysis.step_weights = vec![1, 1 << 40, -3];
        assert_eq!(web.ladder(), [1, 100, 0]);
        web.analysis.iterations = Some(5);
        assert_eq!((web.style(), web.ladder()), (CanaryStyle::BlueGreen, vec![]));
        web.analysis.matches.push(Match::default());
        assert_eq!(web.style(), CanaryStyle::AbTest);
        web.analysis.step_weights.clear();
        web.analysis.iterations = Some(0);
        web.analysis.step_weight = Some(i64::MAX);
        assert!(web.ladder().is_empty());
    }
}
