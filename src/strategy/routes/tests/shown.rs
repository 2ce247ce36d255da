//! What is recognised, and what of it is shown.

use super::{gateway, istio, weights};
use crate::domain::release::Role;
use crate::domain::traffic::view::Mover;
use crate::domain::traffic::{Marks, TrafficSettings};
use crate::domain::{Intent, Kind, Release, State};
use crate::strategy::Settled;
use crate::strategy::testing::ago;
use crate::strategy::testing::shop::Shop;
use serde_json::json;

fn roles(release: &Release) -> Vec<(Role, &str, Option<u8>)> {
    release.tracks.iter().map(|track| (track.role, &*track.version, track.weight.asked)).collect()
}

fn only(shop: &Shop) -> std::sync::Arc<Release> {
    let releases = shop.releases();
    assert_eq!(releases.len(), 1, "{:?}", releases.iter().map(|release| &release.key).collect::<Vec<_>>());
    releases[0].clone()
}

#[test]
fn an_istio_canary_is_one_release_with_both_deployments() {
    let release = only(&istio(20));
    assert_eq!((release.strategy.0, release.key.kind), ("istio", Kind::VirtualService));
    assert_eq!(&*release.why, "rule 'primary' divides requests between shop subset stable and shop subset canary");
    assert_eq!(roles(&release), [(Role::Stable, "v1", Some(80)), (Role::Candidate, "v2", Some(20))]);
    assert_eq!((release.state, &*release.reason), (State::Waiting, "v2 takes 20 % and waits for a person."));
    let step = release.step.as_ref().expect("a ladder");
    assert_eq!((step.index, step.count), (Some(2), 4));
    assert_eq!(&*step.next, "20 % → 50 % of shop, 1 rule, by Istio");
    let traffic = release.traffic.as_ref().expect("traffic");
    assert_eq!(traffic.mover, Mover::Person);
    let told: Vec<(bool, &str)> = traffic.rules.iter().map(|rule| (rule.steered, &*rule.requests)).collect();
    assert_eq!(told, [(false, "header user-agent matches .*(Android|iPhone) && <x>.*"), (true, "")]);
    assert!(traffic.notices.iter().any(|notice| notice.contains("rule 'mobile' sends")), "{:?}", traffic.notices);
    for (kind, name) in [(Kind::Service, "shop"), (Kind::Deployment, "shop-canary"), (Kind::VirtualService, "shop")] {
        assert_eq!(istio(20).release(kind, name).key, release.key, "{name} belongs to it");
    }
    assert!(release.tracks.iter().all(|track| track.weight.actual.is_none()), "nothing measures it");
}

#[test]
fn a_gateway_canary_shows_weights_of_any_sum_in_per_cent() {
    let release = only(&gateway(3, 1));
    assert_eq!((release.strategy.0, release.key.kind), ("gateway", Kind::HttpRoute));
    assert_eq!(roles(&release), [(Role::Stable, "v1", Some(75)), (Role::Candidate, "v2", Some(25))]);
    assert_eq!(release.step.as_ref().and_then(|step| step.index), Some(2));
    let shares = &release.traffic.as_ref().expect("traffic").rules[0].shares;
    assert_eq!(shares.iter().map(|share| share.written).collect::<Vec<_>>(), [Some(3), Some(1)]);
    assert_eq!(
        &*release.step.as_ref().expect("a ladder").next,
        "25 % → 50 % of cart.example.com, 1 rule, by the Gateway"
    );
}

#[test]
fn after_everything_went_over_the_roles_are_what_they_are_and_the_next_release_starts_the_other_way() {
    let done = only(&istio(100));
    assert_eq!(roles(&done), [(Role::Stable, "v2", Some(100)), (Role::Idle, "v1", Some(0))]);
    assert_eq!((done.state, &*done.reason), (State::Healthy, "All traffic goes to v2; v1 is kept."));
    let labels = [("app", "shop"), ("track", "stable")];
    let next = istio(100).without(Kind::Deployment, "shop-stable").deployment("shop-stable", &labels, "v3", (4, 600));
    assert_eq!(roles(&only(&next)), [(Role::Stable, "v2", Some(100)), (Role::Candidate, "v3", Some(0))]);
}

#[test]
fn a_mark_names_the_stable_side_and_the_ladder() {
    let marked = istio(20).set(Kind::VirtualService, "shop", |route| {
        route["metadata"]["annotations"] = json!({"windlass.dev/stable": "canary", "windlass.dev/ladder": "10,100"});
    });
    let release = only(&marked);
    assert_eq!(roles(&release), [(Role::Stable, "v2", Some(20)), (Role::Candidate, "v1", Some(80))]);
    assert_eq!(release.step.as_ref().map(|step| step.weights.clone()), Some(vec![10, 100]));
    let vain = istio(20).set(Kind::VirtualService, "shop", |route| {
        route["metadata"]["annotations"] = json!({"windlass.dev/stable": "nobody"});
    });
    let release = only(&vain);
    assert_eq!(roles(&release)[1].0, Role::Candidate);
    assert!(release.traffic.as_ref().expect("traffic").notices.iter().any(|notice| notice.contains("'nobody'")));
}

#[test]
fn a_route_that_only_sends_paths_to_services_is_no_release() {
    let rule = |path: &str, host: &str| json!({"match": [{"uri": {"prefix": path}}], "route": [{"destination": {"host": host}}]});
    let shop = Shop::default()
        .deployment("api", &[("app", "api")], "v1", (1, 900))
        .deployment("web", &[("app", "web")], "v1", (1, 900))
        .service("api", &[("app", "api")])
        .service("web", &[("app", "web")])
        .with(
            Kind::VirtualService,
            "all",
            json!({"spec": {"hosts": ["x"], "http": [rule("/api", "api"), rule("/", "web")]}}),
        );
    let kinds: Vec<&str> = shop.releases().iter().map(|release| release.strategy.0).collect();
    assert_eq!(kinds, ["rolling", "rolling"]);
    let left = istio(20).set(Kind::VirtualService, "shop", |route| {
        route["metadata"]["annotations"] = json!({"windlass.dev/strategy": "none"});
    });
    assert!(left.releases().iter().all(|release| release.strategy.0 == "rolling"), "a mark can say: leave it alone");
}

#[test]
fn a_route_of_flagger_or_argo_is_left_to_them() {
    let owner = json!([{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "shop", "uid": "c", "controller": true}]);
    let flagger = istio(20).set(Kind::VirtualService, "shop", |route| route["metadata"]["ownerReferences"] = owner);
    assert!(flagger.releases().iter().all(|release| release.strategy.0 != "istio"));
    let managed = istio(20).set(Kind::Service, "shop", |service| {
        service["metadata"]["annotations"] = json!({"argo-rollouts.argoproj.io/managed-by-rollouts": "shop"});
    });
    assert!(managed.releases().iter().all(|release| release.strategy.0 != "istio"));
}

#[test]
fn between_releases_the_destination_rule_tells_of_the_other_side() {
    let one = istio(0).set(Kind::VirtualService, "shop", |route| {
        route["spec"]["http"] = json!([{"route": [{"destination": {"host": "shop", "subset": "stable"}}]}]);
    });
    let release = only(&one);
    assert_eq!(roles(&release), [(Role::Stable, "v1", Some(100)), (Role::Candidate, "v2", Some(0))]);
    let actions = crate::strategy::strategy(release.strategy).expect("istio").actions(&release, &one.context());
    let advance = actions.iter().find(|action| action.verb == crate::domain::Verb::Advance).expect("advance");
    assert!(!advance.enabled && advance.why.contains("add the other one with weight 0"), "{}", advance.why);
}

#[test]
fn a_gateway_that_has_not_taken_the_route_is_waited_for() {
    let said = |status: &str, generation: i64| {
        json!({"parents": [{"parentRef": {"name": "public"}, "controllerName": "x/y", "conditions": [
            {"type": "Accepted", "status": status, "reason": "R", "message": "no such listener", "observedGeneration": generation}]}]})
    };
    let with = |status: &str, generation| {
        only(&gateway(80, 20).set(Kind::HttpRoute, "cart", |route| {
            route["metadata"]["generation"] = 7.into();
            route["status"] = said(status, generation);
        }))
    };
    let settled = |release: &Release| crate::strategy::strategy(release.strategy).expect("gateway").settled(release);
    let behind = with("True", 6);
    assert_eq!((behind.state, behind.generation.observed), (State::Progressing, 6));
    assert!(matches!(settled(&behind), Settled::NotYet(_)));
    let taken = with("True", 7);
    assert_eq!((taken.state, settled(&taken)), (State::Waiting, Settled::Yes));
    let refused = with("False", 7);
    assert!(matches!(settled(&refused), Settled::Failed(why) if why.contains("no such listener")));
    assert_eq!((refused.state, refused.reason.matches("no such listener").count()), (State::Degraded, 1));
    assert_eq!(settled(&only(&gateway(80, 20))), Settled::Yes, "where no controller reports nothing is waited for");
}

#[test]
fn a_side_without_ready_pods_shows_in_the_state() {
    let canary = |key: &crate::domain::ObjectKey| key.kind == Kind::Pod && key.name.starts_with("shop-canary");
    let labels = [("app", "shop"), ("track", "canary")];
    let broken =
        istio(20).without(Kind::Deployment, "shop-canary").deployment("shop-canary", &labels, "v2", (0, 9_000));
    let broken = broken.set(Kind::Deployment, "shop-canary", |canary| canary["spec"]["replicas"] = 2.into());
    let mut broken = broken;
    broken.objects.retain(|key, _| !canary(key));
    let release = only(&broken);
    assert!(release.state <= State::Degraded, "{} {}", release.state, release.reason);
    assert!(release.reason.contains("shop-canary (candidate, 20 % of the traffic)"), "{}", release.reason);
}

#[test]
fn who_wrote_the_weights_last_is_told() {
    let written = istio(20).set(Kind::VirtualService, "shop", |route| {
        route["metadata"]["managedFields"] = json!([{"manager": "windlass-ana", "operation": "Update",
            "time": ago(720).to_string(), "fieldsV1": {"f:spec": {"f:http": {}}}}]);
    });
    let release = only(&written);
    let traffic = release.traffic.as_ref().expect("traffic");
    assert_eq!(traffic.last_write, Some(("windlass-ana".into(), Some(ago(720)))));
    assert_eq!(traffic.waiting.as_ref().and_then(|waiting| waiting.since), Some(ago(720)));
    let at_rest = only(&written.clone().set(Kind::VirtualService, "shop", |route| {
        route["spec"]["http"][1]["route"][0]["weight"] = 100.into();
        route["spec"]["http"][1]["route"][1]["weight"] = 0.into();
    }));
    assert_eq!((at_rest.state, at_rest.since), (State::Healthy, Some(ago(720))), "since the last write, at rest too");
    assert_eq!(at_rest.history_of().map(|name| &**name), Some("shop-canary"), "whose revisions they are");
    assert_eq!(weights(&written, Kind::VirtualService, "/spec/http/1/route"), [80, 20]);
}

/// `istio(20)` with what the configuration says of its route.
fn configured(strategy: &str) -> Shop {
    let marks = Marks { strategy: Some(strategy.into()), ..Marks::default() };
    let settings = TrafficSettings { releases: [("shop/shop".into(), marks)].into(), ..TrafficSettings::default() };
    Shop { settings: std::sync::Arc::new(settings), ..istio(20) }
}

#[test]
fn the_configuration_says_what_a_route_is_as_its_annotation_would() {
    let left_alone = configured("none");
    assert!(left_alone.releases().iter().all(|release| release.key.kind == Kind::Deployment));
    let test = configured("ab-test").release(Kind::VirtualService, "shop");
    assert_eq!((test.strategy.0, &*test.why), ("ab-test", "the configuration says ab-test"));
    let mark = |it: &mut serde_json::Value| it["metadata"]["annotations"]["windlass.dev/strategy"] = "istio".into();
    let annotated = configured("none").set(Kind::VirtualService, "shop", mark);
    let release = annotated.release(Kind::VirtualService, "shop");
    assert_eq!(
        (release.strategy.0, &*release.why),
        ("istio", "its annotation says istio"),
        "the object's own word wins"
    );
}

#[test]
fn delegates_and_those_who_delegate_are_shown() {
    let notices = |shop: &Shop, name: &str| {
        let release = shop.release(Kind::VirtualService, name);
        release.traffic.as_ref().expect("traffic").notices.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let front = json!({"spec": {"hosts": ["example.com"], "gateways": ["public"], "http": [
        {"match": [{"uri": {"prefix": "/shop"}}], "delegate": {"name": "shop"}}]}});
    let below = istio(20).set(Kind::VirtualService, "shop", |it| it["spec"]["hosts"] = json!([]));
    let below = below.with(Kind::VirtualService, "front", front);
    let told = notices(&below, "shop");
    assert!(told.contains(&"virtualservice/front leaves the decision to this one".to_owned()), "{told:?}");
    assert_eq!(
        &*routed(&below, "shop").step.as_ref().expect("a ladder").next,
        "20 % → 50 % of its parent's hosts, 1 rule, by Istio"
    );
    let rule = json!({"match": [{"uri": {"prefix": "/pay"}}], "delegate": {"name": "pay"}});
    let above = istio(20).set(Kind::VirtualService, "shop", |it| {
        it["spec"]["http"].as_array_mut().expect("rules").insert(0, rule);
    });
    let told = notices(&above, "shop");
    assert!(told.contains(&"some rules are left to virtualservice/pay, which does not exist".to_owned()), "{told:?}");
    let requests = routed(&above, "shop").traffic.as_ref().expect("traffic").rules[0].requests.clone();
    assert!(requests.contains("decided by virtualservice/pay"), "{requests}");
    let pay = json!({"spec": {"http": [{"route": [{"destination": {"host": "pay"}}]}]}});
    let told = notices(&above.with(Kind::VirtualService, "pay", pay), "shop");
    assert!(told.contains(&"some rules are decided by virtualservice/pay".to_owned()), "{told:?}");
}

#[test]
fn mirrors_are_shown_with_their_share_and_stay_where_they_are() {
    let mirrored = istio(20).set(Kind::VirtualService, "shop", |it| {
        it["spec"]["http"][1]["mirrors"] =
            json!([{"destination": {"host": "shop", "subset": "canary"}, "percentage": {"value": 12.5}}]);
    });
    let release = mirrored.release(Kind::VirtualService, "shop");
    let rule = &release.traffic.as_ref().expect("traffic").rules[1];
    assert_eq!(rule.mirrors, [("shop subset canary".into(), Some(12.5))]);
    let plan = mirrored.plan(&release, &Intent::Advance { from: None, rule: None }).expect("a plan");
    let after = mirrored.after(&plan).expect("its fence holds");
    let object = &after.objects[&release.key];
    assert_eq!(object["spec"]["http"][1]["mirrors"], mirrored.objects[&release.key]["spec"]["http"][1]["mirrors"]);
    assert_eq!(object["spec"]["http"][1]["route"][1]["weight"], 50);
}

fn routed(shop: &Shop, name: &str) -> std::sync::Arc<Release> {
    shop.release(Kind::VirtualService, name)
}
