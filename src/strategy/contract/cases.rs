//! The worlds of every strategy, those of the strategies' own tests among them.

use super::case::Case;
use super::{flagger, plain};
use crate::domain::{Kind, Verb};
use crate::strategy::argo::world::World;
use crate::strategy::testing::shop::Shop;
use crate::strategy::{ab_test, blue_green, replica_canary, routes};
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

const NONE: &[Verb] = &[];
const UNDO: &[Verb] = &[Verb::Undo];
const PAUSE: &[Verb] = &[Verb::Pause];
const ABORT_OR_UNDO: &[Verb] = &[Verb::Abort, Verb::Undo];
const ALL: &[Verb] = &[Verb::Abort, Verb::Undo, Verb::Pause];

/// Asks every case; what is wrong with any of them is told together.
pub fn each(mut ask: impl FnMut(&Case)) {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let words = case.words();
            let caught = catch_unwind(AssertUnwindSafe(|| ask(case))).err()?;
            let text = caught.downcast_ref::<String>().map(String::as_str).or_else(|| caught.downcast_ref().copied());
            Some(format!("{words}: {}", text.unwrap_or("it panicked")))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Every case.
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        [plain::cases(), of_routes(), tests(), switches(), replicas(), canaries(), previews(), flagger::cases()]
            .concat()
    });
    &CASES
}

fn of_routes() -> Vec<Case> {
    let istio = |name, shop, back| Case::of("istio", name, (Kind::VirtualService, "shop"), shop, back);
    let gateway = |name, shop, back| Case::of("gateway", name, (Kind::HttpRoute, "cart"), shop, back);
    let by_subsets = routes::tests::istio;
    let by_backends = routes::tests::gateway;
    let bad_sum = by_subsets(20).set(Kind::VirtualService, "shop", |route| {
        route["spec"]["http"][1]["route"][1]["weight"] = 10.into();
    });
    let no_subset =
        by_subsets(20).set(Kind::DestinationRule, "shop", |rule| rule["spec"]["subsets"][0]["name"] = "x".into());
    let grpc = {
        let spec = json!({"spec": {"parentRefs": [{"name": "public"}], "rules": [{"backendRefs": [
            {"name": "cart-stable", "port": 80, "weight": 3}, {"name": "cart-canary", "port": 80, "weight": 1}]}]}});
        by_backends(3, 1).without(Kind::HttpRoute, "cart").with(Kind::GrpcRoute, "cart", spec)
    };
    let no_service = by_backends(80, 20).without(Kind::Service, "cart-stable");
    vec![
        istio("at 0 %", by_subsets(0), NONE),
        istio("at 20 %", by_subsets(20), ABORT_OR_UNDO),
        istio("at 100 %", by_subsets(100), UNDO),
        istio("with weights that sum to 90", bad_sum, ABORT_OR_UNDO).broken(),
        istio("with a subset that is gone", no_subset, NONE).broken(),
        gateway("at 0 %", by_backends(4, 0), NONE),
        gateway("at 25 %", by_backends(3, 1), ABORT_OR_UNDO),
        gateway("at 100 %", by_backends(0, 7), UNDO),
        Case::of("gateway", "on a GRPCRoute", (Kind::GrpcRoute, "cart"), grpc, ABORT_OR_UNDO),
        gateway("with a Service that is gone", no_service, NONE).broken(),
    ]
}

fn tests() -> Vec<Case> {
    let route = |shop, name, back| Case::of("ab-test", name, (Kind::VirtualService, "search"), shop, back);
    let search = ab_test::tests::search;
    let over = search().set(Kind::VirtualService, "search", |route| {
        route["spec"]["http"][1]["route"] = route["spec"]["http"][0]["route"].clone();
    });
    let nobody = plain::none_ready(search());
    let gateway = ab_test::tests::on_a_gateway();
    vec![
        route(search(), "by header and cookie", ABORT_OR_UNDO),
        Case::of("ab-test", "on an HTTPRoute", (Kind::HttpRoute, "search"), gateway, ABORT_OR_UNDO),
        route(over, "that is over", NONE),
        route(nobody, "without a ready pod", ABORT_OR_UNDO).broken(),
    ]
}

fn switches() -> Vec<Case> {
    let of = |name, shop, back| Case::of("blue-green", name, (Kind::Service, "web"), shop, back);
    let switched = blue_green::tests::green_is_live;
    let nobody = plain::none_ready(switched());
    let purple = switched().set(Kind::Service, "web", |web| web["spec"]["selector"]["color"] = "purple".into());
    vec![
        of("before its switch", blue_green::tests::shop(), PAUSE),
        of("after its switch", switched(), &[Verb::Switch, Verb::Abort, Verb::Pause]),
        of("switched, without a ready pod", nobody, &[Verb::Switch, Verb::Abort, Verb::Pause]).broken(),
        of("that selects nobody", purple, NONE).broken(),
    ]
}

fn replicas() -> Vec<Case> {
    let of = |name, shop, back| Case::of("replica-canary", name, (Kind::Service, "web"), shop, back);
    let (shop, sized) = (replica_canary::tests::shop, replica_canary::tests::with_autoscaler);
    let on_canary = |shop: Shop| {
        sized(shop).set(Kind::HorizontalPodAutoscaler, "web", |hpa| {
            hpa["spec"]["scaleTargetRef"]["name"] = "web-canary".into();
        })
    };
    vec![
        of("before its first step", shop(4, 0), PAUSE),
        of("at 25 %", shop(3, 1), &[Verb::Abort, Verb::Pause]),
        of("at 100 %", shop(0, 4), &[Verb::Undo, Verb::Pause]),
        of("at 25 %, sized by an autoscaler", sized(shop(3, 1)), &[Verb::Abort, Verb::Pause]),
        of("at 100 %, sized by an autoscaler", sized(shop(0, 4)), &[Verb::Undo, Verb::Pause]),
        of("at 100 %, its canary sized by an autoscaler", on_canary(shop(0, 4)), &[Verb::Undo, Verb::Pause]),
        of("at 50 %, without a ready pod", plain::none_ready(shop(2, 2)), &[Verb::Abort, Verb::Pause]).broken(),
    ]
}

fn canaries() -> Vec<Case> {
    let of = |name, world: World, back| Case::of("argo-canary", name, (Kind::Rollout, world.name), world.shop, back);
    let unclear = World::waiting().with(|rollout| rollout["spec"]["strategy"] = json!({}));
    let unseen = World::waiting().with(|rollout| rollout["metadata"]["generation"] = 3.into());
    let odd = World::waiting().status(|status| status["abortedAt"] = json!({"at": 1}));
    vec![
        of("at rest", World::pay(), PAUSE),
        of("at rest, without steps", World::bare(), PAUSE),
        of("at a pause", World::waiting(), ALL),
        of("on the way to a weight", World::at_step(2, 20), ALL),
        of("held by hand", World::waiting().held(), ABORT_OR_UNDO),
        of("aborted", World::waiting().aborted(60, ""), &[Verb::Undo, Verb::Pause]),
        of("undecided", World::at_step(1, 20).paused("InconclusiveAnalysisRun", 30), ALL),
        of("with its template elsewhere", referenced(World::waiting()), ALL),
        of("with its template elsewhere, held by hand", referenced(World::waiting().held()), ABORT_OR_UNDO),
        of("that no controller looks at", unseen, ALL).broken(),
        of("with a status that can't be read", odd, ALL).broken(),
        of("without a strategy", unclear, ALL).broken(),
    ]
}

/// The same with its template in a Deployment.
fn referenced(mut world: World) -> World {
    world = world.with(|rollout| {
        rollout["spec"]["workloadRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "pay-base"});
        drop(rollout["spec"].as_object_mut().expect("an object").shift_remove("template"));
        rollout["metadata"]["annotations"]["rollout.argoproj.io/workload-generation"] = "1".into();
        rollout["status"]["workloadObservedGeneration"] = "1".into();
    });
    world.shop = world.shop.deployment("pay-base", &[("app", "pay")], "v2", (0, 900)).set(
        Kind::Deployment,
        "pay-base",
        |base| {
            base["spec"]["template"]["spec"]["containers"][0]["name"] = "pay".into();
        },
    );
    world
}

fn previews() -> Vec<Case> {
    let of =
        |name, world: World, back| Case::of("argo-blue-green", name, (Kind::Rollout, world.name), world.shop, back);
    let unseen = World::preview().with(|rollout| rollout["metadata"]["generation"] = 3.into());
    vec![
        of("at rest", World::front(), PAUSE),
        of("with a preview", World::preview(), ALL),
        of("aborted", World::preview().aborted(60, ""), &[Verb::Undo, Verb::Pause]),
        of("that no controller looks at", unseen, ALL).broken(),
    ]
}
