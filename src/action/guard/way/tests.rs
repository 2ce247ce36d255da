//! strategy × {a candidate, 100 %, another candidate, before the switch}: a way back leads to what served when the guard
//! was armed, or nowhere.

use super::{Back, Leads, way_back};
use crate::action::guard::kept::{Kept, Lane};
use crate::action::guard::lanes::arm;
use crate::domain::guarding::OnBreach;
use crate::domain::plan::{PlanId, RefusalKind};
use crate::domain::{Direction, Intent, Kind, ObjectKey, Plan, Release};
use crate::guard::State;
use crate::strategy::testing::shop::Shop;
use crate::strategy::testing::{ago, now};
use crate::strategy::{Context, Switched};
use serde_json::{Value, json};
use std::sync::Arc;

const OLD: (&str, i64) = ("v1", 90_000);
const NEW: (&str, i64) = ("v2", 900);
const NEWEST: (&str, i64) = ("v3", 5);

/// The root of a release with two workloads, and the traffic between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Istio,
    Gateway,
    Replicas,
    Service,
}

impl By {
    const ALL: [Self; 4] = [Self::Istio, Self::Gateway, Self::Replicas, Self::Service];

    const fn kind(self) -> Kind {
        match self {
            Self::Istio => Kind::VirtualService,
            Self::Gateway => Kind::HttpRoute,
            Self::Replicas | Self::Service => Kind::Service,
        }
    }
}

/// Two workloads of one image, `old` and `new`, with their versions, ages and pods, and `weight` % of the traffic on `new`.
fn shop(by: By, old: ((&'static str, i64), i32), new: ((&'static str, i64), i32), weight: u8) -> Shop {
    let names = if by == By::Replicas { ["web", "web-canary"] } else { ["web-old", "web-new"] };
    let labels = [[("app", "web"), ("color", "blue")], [("app", "web"), ("color", "green")]];
    let place = |shop: Shop, place: usize, ((version, age), pods): ((&'static str, i64), i32)| {
        let image = |it: &mut Value| {
            it["spec"]["template"]["spec"]["containers"][0]["image"] = format!("reg/web:{version}").into();
        };
        let labels: &[(&str, &str)] = if by == By::Replicas { &labels[place][..1] } else { &labels[place] };
        shop.deployment(names[place], labels, version, (pods, age)).set(Kind::Deployment, names[place], image).set(
            Kind::ReplicaSet,
            &format!("{}-h1", names[place]),
            image,
        )
    };
    let shop = place(place(Shop::default(), 0, old), 1, new);
    let pods =
        |place: usize, number: i32| (0..number).map(|pod| format!("{}-h1-{pod}", names[place])).collect::<Vec<_>>();
    let destination = |name: &str, weight: u8| json!({"destination": {"host": name}, "weight": weight});
    let backend = |name: &str, weight: u8| json!({"name": name, "port": 80, "weight": weight});
    let sides = |shop: Shop| shop.service("web-old", &labels[0]).service("web-new", &labels[1]);
    match by {
        By::Istio => {
            let route = json!([destination("web-old", 100 - weight), destination("web-new", weight)]);
            let spec = json!({"spec": {"hosts": ["web"], "http": [{"route": route}]}});
            sides(shop).with(Kind::VirtualService, "web", spec)
        }
        By::Gateway => {
            let rule = json!({"backendRefs": [backend("web-old", 100 - weight), backend("web-new", weight)]});
            let spec =
                json!({"spec": {"parentRefs": [{"name": "public"}], "hostnames": ["web.example"], "rules": [rule]}});
            sides(shop).with(Kind::HttpRoute, "web", spec)
        }
        By::Replicas => {
            let all = [pods(0, old.1), pods(1, new.1)].concat();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            shop.service("web", &[("app", "web")]).addresses("web", &all)
        }
        By::Service => {
            let live = usize::from(weight > 0);
            let all = pods(live, if live == 0 { old.1 } else { new.1 });
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            shop.service("web", &labels[live]).addresses("web", &all)
        }
    }
}

fn web(shop: &Shop, by: By) -> Arc<Release> {
    shop.release(by.kind(), "web")
}

/// The journal remembers that green took the place of blue.
fn to_green() -> Switched {
    Switched { from: "blue".into(), to: "green".into(), direction: Direction::Forward, at: ago(600), took: None }
}

fn kept(release: &Release, (guarded, served): (Lane, Option<Lane>)) -> Kept {
    Kept {
        guard: PlanId("g".into()),
        release: release.uid.clone(),
        who: "ana".into(),
        armed: now(),
        guarded,
        served,
        until: None,
        state: State::default(),
        pending: None,
        took: true,
        steps: Vec::new(),
        ended: None,
    }
}

fn armed(shop: &Shop, by: By) -> Kept {
    let release = web(shop, by);
    let switched = (by == By::Service).then(to_green);
    kept(&release, arm(&release, switched.as_ref()).expect("armed"))
}

/// The next write, as it would be sent.
fn next(shop: &Shop, by: By, kept: &Kept, on_breach: OnBreach) -> Result<(Back, Plan), String> {
    let release = web(shop, by);
    let back = way_back(&release, kept, on_breach).map_err(|refusal| refusal.reason.to_string())?.expect("a way");
    let switched = to_green();
    let context = Context { switched: (by == By::Service).then_some(switched), ..shop.context() };
    let plan = shop.plan_with(&release, &back.intent, &context).map_err(|refusal| refusal.reason.to_string())?;
    let plan = back.stamped(plan).map_err(|refusal| refusal.reason.to_string())?;
    assert_eq!(plan.direction, Direction::Back, "{by:?}");
    Ok((back, plan))
}

/// What takes the traffic: `(old, new)` in per cent, by what is asked for.
fn shares(shop: &Shop, by: By) -> (i64, i64) {
    let object = |kind, name: &str| &shop.objects[&ObjectKey::new(kind, "shop", name)];
    let number = |value: &Value| value.as_i64().expect("a number");
    match by {
        By::Istio => {
            let route = &object(Kind::VirtualService, "web")["spec"]["http"][0]["route"];
            (number(&route[0]["weight"]), number(&route[1]["weight"]))
        }
        By::Gateway => {
            let backends = &object(Kind::HttpRoute, "web")["spec"]["rules"][0]["backendRefs"];
            (number(&backends[0]["weight"]), number(&backends[1]["weight"]))
        }
        By::Replicas => {
            let of = |name| number(&object(Kind::Deployment, name)["spec"]["replicas"]);
            let (old, new) = (of("web"), of("web-canary"));
            (old * 100 / (old + new), new * 100 / (old + new))
        }
        By::Service => {
            let live = &object(Kind::Service, "web")["spec"]["selector"]["color"];
            if live == "blue" { (100, 0) } else { (0, 100) }
        }
    }
}

fn templates(shop: &Shop) -> Vec<Value> {
    let deployments = shop.objects.iter().filter(|(key, _)| key.kind == Kind::Deployment);
    deployments.map(|(_, object)| object["spec"]["template"].clone()).collect()
}

#[test]
fn a_bad_candidate_loses_its_traffic_and_keeps_its_template_whatever_carries_the_weight() {
    for by in [By::Istio, By::Gateway, By::Replicas] {
        let shop = shop(by, (OLD, 3), (NEW, 1), 25);
        let kept = armed(&shop, by);
        assert_eq!((&*kept.guarded.version, &*kept.served.as_ref().unwrap().version), ("v2", "v1"), "{by:?}");
        for on_breach in [OnBreach::Undo, OnBreach::Abort] {
            let (back, plan) = next(&shop, by, &kept, on_breach).unwrap();
            assert_eq!((back.intent, back.leads), (Intent::Abort, Leads::Stable), "{by:?}");
            let after = shop.after(&plan).unwrap();
            assert_eq!(shares(&after, by), (100, 0), "{by:?}");
            assert_eq!(templates(&after), templates(&shop), "{by:?}");
        }
    }
}

#[test]
fn at_100_per_cent_the_traffic_goes_back_to_the_side_that_served() {
    for by in By::ALL {
        let old = if by == By::Replicas { 0 } else { 2 };
        let shop = shop(by, (OLD, old), (NEW, 2), 100);
        let kept = armed(&shop, by);
        assert_eq!((&*kept.guarded.version, &*kept.served.as_ref().unwrap().version), ("v2", "v1"), "{by:?}");
        let (back, plan) = next(&shop, by, &kept, OnBreach::Undo).unwrap();
        assert_eq!(back.leads, Leads::Served, "{by:?}");
        let after = shop.after(&plan).unwrap();
        assert_eq!(shares(&after, by), (100, 0), "{by:?}");
        assert_eq!(templates(&after), templates(&shop), "{by:?}");
    }
}

#[test]
fn a_side_without_pods_gets_them_before_the_traffic_and_is_waited_for() {
    for by in [By::Istio, By::Gateway, By::Service] {
        let kept = armed(&shop(by, (OLD, 2), (NEW, 2), 100), by);
        let bare = shop(by, (OLD, 0), (NEW, 2), 100);
        let (back, plan) = next(&bare, by, &kept, OnBreach::Undo).unwrap();
        assert_eq!(back.leads, Leads::Pods, "{by:?}");
        let after = bare.after(&plan).unwrap();
        let replicas = &after.objects[&ObjectKey::new(Kind::Deployment, "shop", "web-old")]["spec"]["replicas"];
        assert_eq!(
            (replicas, shares(&after, by), templates(&after)),
            (&json!(2), (0, 100), templates(&bare)),
            "{by:?}"
        );
        let refusal = way_back(&web(&after, by), &kept, OnBreach::Undo).expect_err("no pod is ready");
        assert_eq!(refusal.kind, RefusalKind::Moved, "{by:?}: {}", refusal.reason);
    }
}

#[test]
fn to_a_version_that_came_after_the_guard_was_armed_nothing_goes() {
    for by in By::ALL {
        let old = if by == By::Replicas { 0 } else { 2 };
        let kept = armed(&shop(by, (OLD, old), (NEW, 2), 100), by);
        // The side that was kept has got yet another version since: a pods' hash of its own.
        let name = if by == By::Replicas { "web" } else { "web-old" };
        let other = shop(by, (NEWEST, 1.max(old)), (NEW, 2), if by == By::Replicas { 67 } else { 100 });
        let other = rehashed(other, name);
        for on_breach in [OnBreach::Undo, OnBreach::Abort] {
            let refused = next(&other, by, &kept, on_breach).expect_err("never forward");
            assert!(refused.contains("decide by hand"), "{by:?}: {refused}");
        }
    }
}

/// The same Deployment with another pods' hash.
fn rehashed(shop: Shop, name: &str) -> Shop {
    let hash = |it: &mut Value| it["metadata"]["labels"]["pod-template-hash"] = "h9".into();
    shop.set(Kind::ReplicaSet, &format!("{name}-h1"), hash)
}

#[test]
fn before_the_switch_there_is_nothing_to_go_back_to() {
    let before = shop(By::Service, (OLD, 2), (NEW, 2), 0);
    let release = web(&before, By::Service);
    // Whatever the journal tells of earlier switches: green is the younger version.
    let back =
        Switched { from: "green".into(), to: "blue".into(), direction: Direction::Forward, at: ago(600), took: None };
    for switched in [None, Some(&to_green()), Some(&back)] {
        let (guarded, served) = arm(&release, switched).unwrap();
        assert_eq!((&*guarded.version, served.clone()), ("v1", None));
        let kept = kept(&release, (guarded, served));
        for on_breach in [OnBreach::Undo, OnBreach::SwitchBack, OnBreach::Abort] {
            let refusal = way_back(&release, &kept, on_breach).expect_err("nothing");
            assert!(refusal.reason.contains("nothing to go back to"), "{}", refusal.reason);
        }
        assert_eq!(way_back(&release, &kept, OnBreach::Hold), Ok(None));
    }
}

#[test]
fn a_plain_workload_goes_to_the_template_that_served_and_to_no_other() {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-deployment-web",
        "controller": true}]);
    let template = json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "reg/web:v1"}]}});
    let second = |it: &mut Value| it["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
    let shop = Shop::default()
        .deployment("web", &[("app", "web")], "v2", (2, 900))
        .replica_set("web-h0", &owner, ("pod-template-hash", "h0"), &template, (0, 90_000))
        .set(Kind::Deployment, "web", second)
        .set(Kind::ReplicaSet, "web-h1", second);
    let release = shop.release(Kind::Deployment, "web");
    let lanes = arm(&release, None).unwrap();
    assert_eq!(lanes.1.as_ref().map(|served| &*served.version), Some("v1"), "{:?}", release.history);
    let kept_one = kept(&release, lanes.clone());
    let Ok(Some(Back { intent: Intent::Undo { .. }, leads })) = way_back(&release, &kept_one, OnBreach::Undo) else {
        panic!("an undo")
    };
    assert_eq!(leads, Leads::Served);
    let (guarded, served) = lanes;
    let gone = Lane { hash: Some("hx".into()), ..served.unwrap() };
    let refusal = way_back(&release, &kept(&release, (guarded, Some(gone))), OnBreach::Undo).expect_err("gone");
    assert!(refusal.reason.contains("in the history of"), "{}", refusal.reason);
    // Traffic that it has not can't be taken back.
    let abort = way_back(&release, &kept_one, OnBreach::Abort).unwrap().unwrap();
    assert!(shop.plan(&release, &abort.intent).is_err());
    assert!(way_back(&release, &kept_one, OnBreach::SwitchBack).is_err());
}
