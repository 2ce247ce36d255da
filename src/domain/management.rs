//! Who else steers an object, and what they will do to a write of ours.

use super::Str;
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
    /// Terraform, by a person or a pipeline.
    Terraform,
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
            Self::Terraform => "Terraform",
        }
    }

    /// Whether it keeps objects as a repository has them, by itself and by a policy that its own object tells.
    pub const fn is_gitops(self) -> bool {
        matches!(self, Self::ArgoCd | Self::FluxKustomize | Self::FluxHelm)
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
    /// Which application, release or owner: `search`, `flux-system/shop`; empty where only its controller is known.
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

/// What a write touches, as far as managers care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The template (of a route or a Service: where traffic goes).
    Template,
    /// The number of replicas.
    Replicas,
    /// Nothing that a manager watches over (`spec.paused`).
    Neither,
}

impl Management {
    /// Who, with the name where it is known: `Argo CD 'search'`, `Terraform`.
    pub fn who(&self) -> String {
        let word = self.manager.word();
        if self.name.is_empty() { word.to_owned() } else { format!("{word} '{}'", self.name) }
    }

    /// What it does to a write of `part`.
    pub const fn on(&self, part: Part) -> Reverts {
        match part {
            Part::Template => self.template,
            Part::Replicas => self.replicas,
            Part::Neither => Reverts::WillNot,
        }
    }

    /// One sentence about it: `Argo CD 'search' (label x) will put it back within 5 min. First: suspend it`.
    pub fn sentence(&self, part: Part) -> String {
        let reverts = self.on(part);
        let (will, first) = match reverts {
            Reverts::Will => ("will put it back ", self.first.as_ref()),
            Reverts::May => ("may put it back ", self.first.as_ref()),
            Reverts::WillNot => ("leaves it alone: ", None),
        };
        let first = first.map(|first| format!(". First: {first}")).unwrap_or_default();
        let text = format!("{} ({}) {will}{}", self.who(), self.evidence, self.when);
        format!("{}{first}", text.trim_end_matches([' ', ':']))
    }

    /// Whether its own object, which its name tells, could say more than its marks.
    pub fn has_policy(&self) -> bool {
        self.manager.is_gitops() && !self.name.is_empty()
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
