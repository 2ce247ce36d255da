//! Deriving event by event gives what deriving everything at once gives, in whatever order objects come and go.

use super::Index;
use super::scopes::Scope;
use crate::cluster::wire;
use crate::cluster::wire::strings::Pool;
use crate::domain::{Kind, ObjectKey, Release};
use crate::strategy::NothingRecorded;
use crate::strategy::testing::now;
use crate::strategy::testing::shop::Shop;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

/// One shop with a release of every sort, and plain ones beside them.
fn shop() -> Shop {
    let lane = |app: &'static str, color: &'static str| [("app", app), ("color", color)];
    let subsets = json!([{"name": "v1", "labels": {"color": "blue"}}, {"name": "v2", "labels": {"color": "green"}}]);
    let target = |name: &str| json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name});
    let owner = json!([{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "cart", "uid": "uid-canary-cart",
        "controller": true}]);
    Shop::default()
        .deployment("plain", &[("app", "plain")], "v1", (1, 900))
        .service("plain", &[("app", "plain")])
        .deployment("web-blue", &lane("web", "blue"), "v1", (1, 9_000))
        .deployment("web-green", &lane("web", "green"), "v2", (1, 300))
        .service("web", &lane("web", "blue"))
        .addresses("web", &["web-blue-h1-0"])
        .deployment("pay-blue", &lane("pay", "blue"), "v1", (1, 9_000))
        .deployment("pay-green", &lane("pay", "green"), "v2", (1, 300))
        .service("pay", &[("app", "pay")])
        .with(Kind::DestinationRule, "pay", json!({"spec": {"host": "pay", "subsets": subsets}}))
        .with(
            Kind::VirtualService,
            "pay",
            json!({"spec": {"hosts": ["pay"], "http": [{"route": [
                {"destination": {"host": "pay", "subset": "v1"}, "weight": 90},
                {"destination": {"host": "pay", "subset": "v2"}, "weight": 10}]}]}}),
        )
        .deployment("cart", &[("app", "cart")], "v2", (0, 300))
        .deployment("cart-primary", &[("app", "cart-primary")], "v1", (1, 9_000))
        .set(Kind::Deployment, "cart-primary", |primary| primary["metadata"]["ownerReferences"] = owner)
        .service("cart", &[("app", "cart-primary")])
        .with(
            Kind::Canary,
            "cart",
            json!({"spec": {"targetRef": target("cart"), "service": {"port": 80}}, "status": {"phase": "Initialized"}}),
        )
        .deployment("ads", &[("app", "ads")], "v1", (0, 300))
        .with(
            Kind::Rollout,
            "ads",
            json!({"spec": {"replicas": 1, "workloadRef": target("ads"), "selector": {"matchLabels": {"app": "ads"}},
                "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}}}),
        )
}

fn empty() -> Index {
    let mut index = Index::new(Arc::new(NothingRecorded), Arc::default());
    for kind in Kind::ALL {
        let scope = Scope { kind, namespace: None };
        index.scopes.expect(scope.clone());
        index.scopes.start_list(&scope);
        index.listed(&scope);
    }
    index
}

/// What of a release depends on objects alone (a time without a ready pod depends on the order).
fn shown(releases: impl Iterator<Item = Arc<Release>>) -> Vec<String> {
    let one = |release: Arc<Release>| {
        let mut members: Vec<String> = release.members.iter().map(ToString::to_string).collect();
        members.sort_unstable();
        let tracks: Vec<String> =
            release.tracks.iter().map(|track| format!("{:?} {} {:?}", track.role, track.name, track.weight)).collect();
        format!("{} {:?} {tracks:?} {members:?}", release.key, release.strategy)
    };
    releases.map(one).collect()
}

fn apply(index: &mut Index, shop: &Shop, key: &ObjectKey) {
    let json = shop.objects[key].to_string();
    index.apply(wire::read(key.kind, json.as_bytes(), &mut Pool::default()).expect("readable"));
    index.derive(now());
}

#[test]
fn each_object_belongs_to_the_release_that_owns_it() {
    let roots: Vec<String> = shop().releases().iter().map(|release| release.key.target()).collect();
    assert_eq!(roots, ["rollout/ads", "canary/cart", "virtualservice/pay", "deployment/plain", "service/web"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_in_which_objects_come_and_go_does_not_matter(
        order in Just(shop().objects.into_keys().collect::<Vec<_>>()).prop_shuffle(),
        gone in any::<prop::sample::Index>(),
    ) {
        let shop = shop();
        let mut index = empty();
        for key in &order {
            apply(&mut index, &shop, key);
        }
        prop_assert_eq!(shown(index.releases().cloned()), shown(shop.releases().into_iter()), "all came");
        let mut rest = shop.clone();
        for key in order.iter().take(gone.index(order.len())) {
            index.delete(key);
            index.derive(now());
            rest.objects.remove(key);
        }
        prop_assert_eq!(shown(index.releases().cloned()), shown(rest.releases().into_iter()), "some went");
    }
}

#[test]
fn a_workload_that_joins_is_no_release_of_its_own_and_one_that_is_left_is_one_again() {
    let shop = shop();
    let mut index = shop.index();
    let release = |index: &Index, kind, name: &str| index.release(&ObjectKey::new(kind, "shop", name)).is_some();
    assert!(!release(&index, Kind::Deployment, "pay-green"));
    index.delete(&ObjectKey::new(Kind::VirtualService, "shop", "pay"));
    index.delete(&ObjectKey::new(Kind::Service, "shop", "pay"));
    index.derive(now());
    assert!(release(&index, Kind::Deployment, "pay-green") && release(&index, Kind::Deployment, "pay-blue"));
    apply(&mut index, &shop, &ObjectKey::new(Kind::Service, "shop", "pay"));
    apply(&mut index, &shop, &ObjectKey::new(Kind::VirtualService, "shop", "pay"));
    assert!(!release(&index, Kind::Deployment, "pay-green") && release(&index, Kind::VirtualService, "pay"));
}

#[test]
fn a_change_derives_the_releases_that_it_concerns_and_no_other() {
    let mut shop = shop();
    let mut index = shop.index();
    let mut touched = |kind, name: &str| {
        let key = ObjectKey::new(kind, "shop", name);
        let object = shop.objects.get_mut(&key).expect("there");
        match kind {
            Kind::Pod => object["status"]["conditions"][0]["status"] = "False".into(),
            Kind::EndpointSlice => object["endpoints"][0]["conditions"]["ready"] = false.into(),
            _ => object["metadata"]["labels"]["changed"] = "yes".into(),
        }
        let json = shop.objects[&key].to_string();
        index.apply(wire::read(kind, json.as_bytes(), &mut Pool::default()).expect("readable"));
        index.derive(now())
    };
    assert_eq!(touched(Kind::Deployment, "plain"), 1);
    assert_eq!(touched(Kind::Pod, "web-blue-h1-0"), 1);
    for (kind, name) in [
        (Kind::VirtualService, "pay"),
        (Kind::DestinationRule, "pay"),
        (Kind::Service, "pay"),
        (Kind::Service, "web"),
        (Kind::Canary, "cart"),
        (Kind::Rollout, "ads"),
        (Kind::EndpointSlice, "web-1"),
    ] {
        assert_eq!(touched(kind, name), 1, "{kind} {name}");
    }
}
