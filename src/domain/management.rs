//! Who else steers an object, and what they will do to a write of ours.

use super::{Intent, Str};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who manages an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manager {
    /// An Argo CD Application.
    ArgoCd,
    /// A Flux Kustomization.
    FluxKustomize,
    /// A Flux HelmRelease.
    FluxHelm,
    /// A Helm release.
    Helm,
    /// A HorizontalPodAutoscaler: replicas only.
    Autoscaler,
    /// A controlling owner (an operator's custom resource).
    Owner,
    /// `kubectl apply`, by a person or a pipeline.
    KubectlApply,
    /// The Flagger controller.
    Flagger,
    /// The Argo Rollouts controller.
    ArgoRollouts,
}

impl Manager {
    /// The manager's name in sentences.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ArgoCd => "Argo CD",
            Self::FluxKustomize => "Flux",
            Self::FluxHelm => "Flux (Helm)",
            Self::Helm => "Helm",
            Self::Autoscaler => "HPA",
            Self::Owner => "its owner",
            Self::KubectlApply => "kubectl apply",
            Self::Flagger => "Flagger",
            Self::ArgoRollouts => "Argo Rollouts",
        }
    }
}

/// Whether a manager undoes a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reverts {
    /// It leaves the write alone.
    WillNot,
    /// It may, on an event that can't be foretold (the next apply, commit or upgrade).
    May,
    /// It will, by itself.
    Will,
}

/// One manager of an object, with what it will do to a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Management {
    /// Who.
    pub manager: Manager,
    /// Which application, release or owner: `search`, `flux-system/shop`.
    pub name: Str,
    /// How it was recognised: the annotation, label or field manager.
    pub evidence: Str,
    /// Whether it reverts a changed template.
    pub template: Reverts,
    /// Whether it reverts changed replicas.
    pub replicas: Reverts,
    /// When: `within 5 s to 5 min`, `at the next apply`.
    pub when: Str,
    /// What to do first, as a command or a sentence; `None` when there is nothing.
    pub first: Option<Str>,
}

impl Management {
    /// What it does to a write of `intent`: to replicas for a scale (and what takes one back), else to the template.
    pub fn on(&self, intent: &Intent) -> Reverts {
        let scales = match intent {
            Intent::Scale(_) => true,
            Intent::Revert(inverse) => {
                inverse.operations.contains("\"/spec/replicas\"") && !inverse.operations.contains("\"/spec/template\"")
            }
            _ => false,
        };
        if scales { self.replicas } else { self.template }
    }

    /// One sentence about it: `Argo CD 'search' (label x) will put it back within 5 min. First: suspend it`.
    pub fn sentence(&self, intent: &Intent) -> String {
        let reverts = self.on(intent);
        let (will, first) = match reverts {
            Reverts::Will => ("will put it back ", self.first.as_ref()),
            Reverts::May => ("may put it back ", self.first.as_ref()),
            Reverts::WillNot => ("leaves it alone: ", None),
        };
        let first = first.map(|first| format!(". First: {first}")).unwrap_or_default();
        let text = format!("{} '{}' ({}) {will}{}", self.manager.word(), self.name, self.evidence, self.when);
        format!("{}{first}", text.trim_end_matches([' ', ':']))
    }

    /// Whether its own object could tell more than its marks.
    pub const fn has_policy(&self) -> bool {
        matches!(self.manager, Manager::ArgoCd | Manager::FluxKustomize | Manager::FluxHelm)
    }
}

/// A field manager's last write, from managedFields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The manager's name: `kubectl-client-side-apply`, `argocd-controller`, `windlass-ana`…
    pub manager: Str,
    /// When it last wrote.
    pub at: Option<Timestamp>,
    /// Whether it wrote by server-side apply.
    pub applies: bool,
    /// What it owns.
    pub touches: Touches,
}

/// Which of the fields that we write a field manager owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the object, owned or not")]
pub struct Touches {
    /// Anything under `spec.template`.
    pub template: bool,
    /// `spec.replicas`.
    pub replicas: bool,
    /// `spec.paused`.
    pub paused: bool,
    /// What decides where traffic goes: a route's rules, a Service's selector.
    pub traffic: bool,
    /// `spec.strategy`: the steps of a Rollout are in it.
    pub strategy: bool,
}
