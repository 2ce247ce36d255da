//! `spec.strategy` of Argo's Rollout: steps, traffic routing, blue-green.

use super::custom::names;
use super::matching;
use super::tree::Node;
use crate::domain::traffic::rollout::{
    BlueGreenStrategy, CanaryStrategy, IstioRef, IstioSubsets, RolloutStrategy, TrafficRouting,
};
use crate::domain::traffic::rollout_steps::{PauseFor, RolloutStep, duration};
use crate::domain::workload::Limit;
use crate::domain::{Kind, ObjectKey, Str};
use jiff::SignedDuration;

/// Which strategy it is.
pub fn strategy(node: &Node<'_>, namespace: &Str) -> RolloutStrategy {
    let (canary, sides) = (node.at("canary"), node.at("blueGreen"));
    match (canary.is_object(), sides.is_object()) {
        (true, false) => RolloutStrategy::Canary(Box::new(canary_of(&canary, namespace))),
        (false, true) => RolloutStrategy::BlueGreen(Box::new(blue_green(&sides))),
        (true, true) | (false, false) => RolloutStrategy::Unclear,
    }
}

fn canary_of(node: &Node<'_>, namespace: &Str) -> CanaryStrategy {
    let pair = node.at("pingPong");
    let routing = node.at("trafficRouting");
    let analysis = node.at("analysis");
    CanaryStrategy {
        canary_service: node.at("canaryService").kept(),
        stable_service: node.at("stableService").kept(),
        ping_pong: pair.at("pingService").kept().zip(pair.at("pongService").kept()),
        steps: node.at("steps").items().iter().map(step).collect(),
        routing: routing.is_object().then(|| routing_of(&routing, namespace)),
        analysis: names(&analysis.at("templates"), "templateName"),
        analysis_from: analysis.at("startingStep").int(),
        max_surge: limit(&node.at("maxSurge")),
        max_unavailable: limit(&node.at("maxUnavailable")),
        dynamic_stable_scale: node.at("dynamicStableScale").flag(),
        scale_down_delay: seconds(&node.at("scaleDownDelaySeconds")),
        abort_scale_down_delay: seconds(&node.at("abortScaleDownDelaySeconds")),
    }
}

fn blue_green(node: &Node<'_>) -> BlueGreenStrategy {
    let automatic = node.at("autoPromotionEnabled");
    BlueGreenStrategy {
        active_service: node.at("activeService").kept().unwrap_or_else(|| "".into()),
        preview_service: node.at("previewService").kept(),
        preview_replicas: node.at("previewReplicaCount").int(),
        auto_promotion: !automatic.is_there() || automatic.flag(),
        auto_promotion_after: seconds(&node.at("autoPromotionSeconds")),
        scale_down_delay: seconds(&node.at("scaleDownDelaySeconds")),
        abort_scale_down_delay: seconds(&node.at("abortScaleDownDelaySeconds")),
        pre_promotion: names(&node.at("prePromotionAnalysis").at("templates"), "templateName"),
        post_promotion: names(&node.at("postPromotionAnalysis").at("templates"), "templateName"),
    }
}

fn step(node: &Node<'_>) -> RolloutStep {
    let members = node.members();
    let Some((name, step)) = members.into_iter().find(|(_, step)| step.is_there()) else {
        return RolloutStep::Other("".into());
    };
    match name {
        "setWeight" => step.int().map_or_else(|| RolloutStep::Other("setWeight".into()), RolloutStep::SetWeight),
        "pause" => RolloutStep::Pause(pause(&step.at("duration"))),
        "setCanaryScale" => RolloutStep::SetScale {
            weight: step.at("weight").int(),
            replicas: step.at("replicas").int(),
            match_traffic: step.at("matchTrafficWeight").flag(),
        },
        "analysis" => RolloutStep::Analysis(names(&step.at("templates"), "templateName")),
        "experiment" => RolloutStep::Experiment {
            templates: names(&step.at("templates"), "name"),
            duration: step.at("duration").loose().and_then(|text| duration(&text)),
        },
        "setHeaderRoute" => RolloutStep::HeaderRoute {
            name: step.at("name").kept().unwrap_or_else(|| "".into()),
            matches: matching::header_route(&step.at("match")),
        },
        "setMirrorRoute" => RolloutStep::MirrorRoute {
            name: step.at("name").kept().unwrap_or_else(|| "".into()),
            matches: matching::mirror_route(&step.at("match")),
            percentage: step.at("percentage").int(),
        },
        "plugin" => RolloutStep::Plugin(step.at("name").kept().unwrap_or_else(|| "".into())),
        other => RolloutStep::Other(other.into()),
    }
}

fn pause(node: &Node<'_>) -> PauseFor {
    match node.loose() {
        None => PauseFor::Person,
        Some(text) => duration(&text).map_or(PauseFor::Unreadable, PauseFor::Time),
    }
}

fn routing_of(node: &Node<'_>, namespace: &Str) -> TrafficRouting {
    let istio = node.at("istio");
    let single = istio.at("virtualService");
    let services = istio.at("virtualServices").items();
    let rule = istio.at("destinationRule");
    let text = |name: &str| rule.at(name).kept().unwrap_or_else(|| "".into());
    let plugins = node.at("plugins");
    let mut routers = node.others(&["maxTrafficWeight", "managedRoutes", "plugins"]);
    routers.extend(plugins.members().iter().map(|(name, _)| Str::from(*name)));
    TrafficRouting {
        routers,
        max_weight: node.at("maxTrafficWeight").int(),
        virtual_services: std::iter::once(&single)
            .chain(&services)
            .filter_map(|service| virtual_service(service, namespace))
            .collect(),
        destination_rule: rule.at("name").kept().map(|name| IstioSubsets {
            name,
            canary: text("canarySubsetName"),
            stable: text("stableSubsetName"),
        }),
        gateway_routes: gateway_routes(&plugins.at("argoproj-labs/gatewayAPI"), namespace),
        managed_routes: names(&node.at("managedRoutes"), "name"),
    }
}

/// `name`, or `name.namespace`.
fn virtual_service(node: &Node<'_>, namespace: &Str) -> Option<IstioRef> {
    let name = node.at("name").kept()?;
    let key = match name.split_once('.') {
        Some((name, namespace)) => ObjectKey::new(Kind::VirtualService, namespace, name),
        None => ObjectKey::new(Kind::VirtualService, namespace.clone(), name),
    };
    Some(IstioRef { key, routes: node.at("routes").texts() })
}

/// The routes of the Gateway API plugin: `httpRoute` with `namespace`, or lists of them.
fn gateway_routes(node: &Node<'_>, namespace: &Str) -> Vec<ObjectKey> {
    let namespace = node.at("namespace").kept().unwrap_or_else(|| namespace.clone());
    let kinds = [(Kind::HttpRoute, "httpRoute"), (Kind::GrpcRoute, "grpcRoute")];
    let of_kind = |(kind, field): (Kind, &str)| {
        let listed = names(&node.at(&format!("{field}s")), "name");
        let all = node.at(field).kept().into_iter().chain(listed);
        all.map(|name| ObjectKey::new(kind, namespace.clone(), name)).collect::<Vec<_>>()
    };
    let mut routes: Vec<ObjectKey> = kinds.into_iter().flat_map(of_kind).collect();
    routes.sort_unstable();
    routes.dedup();
    routes
}

fn limit(node: &Node<'_>) -> Option<Limit> {
    let text = node.loose()?;
    let read = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse().ok().map(Limit::Percent),
        None => text.parse().ok().map(Limit::Count),
    };
    if read.is_none() {
        node.unreadable();
    }
    read
}

fn seconds(node: &Node<'_>) -> Option<SignedDuration> {
    node.int().map(|seconds| SignedDuration::from_secs(seconds.clamp(0, i64::from(i32::MAX))))
}
