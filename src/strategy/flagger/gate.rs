//! Gates: webhooks that hold a run until a person says go.
//!
//! Flagger's load tester keeps one gate a Canary, in memory: every hook that asks it is answered alike, it stays open
//! until it is closed, and a restart of the load tester closes it.

use super::phase::{Phase, Run, highest, style};
use crate::domain::Str;
use crate::domain::plan::{Call, PlannedCall, json, null};
use crate::domain::traffic::Canary;
use crate::domain::traffic::canary::CanaryStyle;
use crate::domain::traffic::hook::{Gate, HookKind, Webhook};
use crate::strategy::workload::words::{clip, some_of};
use std::collections::BTreeMap;

/// The hooks that hold a run at one place.
#[derive(Debug, Clone, Copy)]
pub struct Hold<'a> {
    canary: &'a Canary,
    /// Where.
    pub place: Place,
    /// The run stands at the top of its ladder: one check asks the promotion's hooks too.
    pub at_top: bool,
}

/// Where a run is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the first pod.
    Start,
    /// Before the next weight.
    Weight,
    /// Before the promotion.
    Promotion,
}

impl Place {
    const fn kind(self) -> HookKind {
        match self {
            Self::Start => HookKind::ConfirmRollout,
            Self::Weight => HookKind::ConfirmTrafficIncrease,
            Self::Promotion => HookKind::ConfirmPromotion,
        }
    }

    /// What comes after it, in words.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Start => "the start",
            Self::Weight => "the next weight",
            Self::Promotion => "the promotion",
        }
    }
}

/// The hooks that the next check asks, whether they let it through or not; `None` where the run has none.
pub fn ahead(canary: &Canary, weight: Option<u8>) -> Option<Hold<'_>> {
    let at_top = weight.is_some_and(|weight| weight >= highest(canary));
    let place = match Phase::of(canary).run()? {
        Run::Waiting => Place::Start,
        Run::Progressing if style(canary) == CanaryStyle::Weighted => Place::Weight,
        Run::WaitingPromotion => Place::Promotion,
        Run::Progressing | Run::Promotion => return None,
    };
    let hold = Hold { canary, place, at_top: at_top && place == Place::Weight };
    hold.hooks().next().is_some().then_some(hold)
}

impl<'a> Hold<'a> {
    /// The hooks.
    pub fn hooks(&self) -> impl Iterator<Item = &'a Webhook> + use<'a> {
        let kind = self.place.kind();
        self.canary.analysis.webhooks.iter().filter(move |hook| hook.kind == kind)
    }

    /// `gate 'traffic gate' (confirm-traffic-increase)`.
    pub fn words(&self) -> Str {
        let names: Vec<String> = self.hooks().map(|hook| format!("'{}'", clip(&hook.name, 40))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let gates = if names.len() == 1 { "gate" } else { "gates" };
        format!("{gates} {} ({})", some_of(&names, 3), self.place.kind().word()).into()
    }

    /// The gates that the console can open, each once; or why it can't.
    pub fn gates(&self) -> Result<Vec<Gate>, Str> {
        let mut gates: Vec<Gate> = Vec::new();
        for hook in self.hooks() {
            let name = clip(&hook.name, 40);
            if hook.never_passes() {
                return Err(format!(
                    "gate '{name}' asks /gate/halt, which never passes: only the Canary can change that"
                )
                .into());
            }
            let Some(gate) = hook.gate(&self.canary.meta.key.namespace) else {
                let url = clip(&crate::domain::mask::masked_text(&hook.url), 60);
                return Err(format!("gate '{name}' is answered by {url}, which the console can't open").into());
            };
            if !gates.contains(&gate) {
                gates.push(gate);
            }
        }
        Ok(gates)
    }

    /// The other places that the same gates hold, in words.
    pub fn shared_with(&self) -> Vec<&'static str> {
        let Ok(gates) = self.gates() else { return Vec::new() };
        let others = [Place::Start, Place::Weight, Place::Promotion].into_iter().filter(|place| *place != self.place);
        let asks = |place: &Place| {
            let kind = place.kind();
            self.canary
                .hooks(&kind)
                .any(|hook| hook.gate(&self.canary.meta.key.namespace).is_some_and(|it| gates.contains(&it)))
        };
        others.filter(asks).map(Place::what).collect()
    }
}

/// The gates that hold the next weight, where all of the hooks before it are gates that the console can close.
pub fn of_weights(canary: &Canary) -> Option<Vec<Gate>> {
    let hold = Hold { canary, place: Place::Weight, at_top: false };
    hold.hooks().next()?;
    hold.gates().ok().filter(|_| style(canary) == CanaryStyle::Weighted)
}

/// The gate of the Canary's rollback hook, where it has one that the console can open.
pub fn of_rollback(canary: &Canary) -> Option<Gate> {
    canary.hooks(&HookKind::Rollback).find_map(|hook| hook.gate(&canary.meta.key.namespace))
}

/// Opens or closes a gate.
pub fn turn(canary: &Canary, gate: &Gate, open: bool) -> PlannedCall {
    let (verb, word) = if open { ("open", "opens") } else { ("close", "closes") };
    let key = &canary.meta.key;
    let body = BTreeMap::from([("name", &key.name), ("namespace", &key.namespace)]);
    let path = format!("{}/{verb}", gate.path);
    let service = &gate.service;
    PlannedCall {
        what: format!(
            "POST {path} of service/{} in {} ({word} the gate of {})",
            service.name, service.namespace, key.name
        )
        .into(),
        call: Call::ProxyPost {
            target: service.clone(),
            scheme: gate.scheme.clone(),
            port: gate.port.clone(),
            path: path.into(),
            body: json(&body).unwrap_or_else(null),
        },
        fence: "without a fence: the load tester knows none".into(),
        optional: false,
        closes: false,
        then: None,
    }
}

/// Closes a gate that the same plan opened.
pub fn shut(canary: &Canary, gate: &Gate) -> PlannedCall {
    PlannedCall { closes: true, ..turn(canary, gate, false) }
}

/// The same with kubectl.
pub fn kubectl(canary: &Canary, gate: &Gate, open: bool) -> Str {
    let (key, service) = (&canary.meta.key, &gate.service);
    let verb = if open { "open" } else { "close" };
    format!(
        "echo '{{\"name\":\"{}\",\"namespace\":\"{}\"}}' | kubectl create --raw \
         /api/v1/namespaces/{}/services/{}:{}:{}/proxy{}/{verb} -f -",
        key.name, key.namespace, service.namespace, gate.scheme, service.name, gate.port, gate.path
    )
    .into()
}
