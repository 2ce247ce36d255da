//! Detection, state, switch and way back, over the real index.

use crate::domain::intent::UndoTo;
use crate::domain::plan::RefusalKind;
use crate::domain::release::Role;
use crate::domain::said::{SCALE, SWITCH};
use crate::domain::traffic::marks::{STRATEGY, SWITCH_KEY};
use crate::domain::workload::Image;
use crate::domain::{Direction, Intent, Kind, Plan, Release, State, Verb};
use crate::strategy::testing::shop::Shop;
use crate::strategy::testing::{ago, now};
use crate::strategy::{Context, Override, Recorded, Settled, Switched, strategy};
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;

const BLUE: [&str; 2] = ["web-blue-h1-0", "web-blue-h1-1"];
const GREEN: [&str; 2] = ["web-green-h1-0", "web-green-h1-1"];

fn sides(shop: Shop, ages: (i64, i64)) -> Shop {
    let labels = |color: &'static str| [("app", "web"), ("color", color)];
    shop.deployment("web-blue", &labels("blue"), "v1", (2, ages.0)).deployment(
        "web-green",
        &labels("green"),
        "v2",
        (2, ages.1),
    )
}

/// Blue v1 is live, green v2 is younger and ready.
pub(in crate::strategy) fn shop() -> Shop {
    sides(Shop::default(), (9_000, 900))
        .service("web", &[("app", "web"), ("color", "blue")])
        .service("web-preview", &[("app", "web"), ("color", "green")])
        .addresses("web", &BLUE)
}

fn web(shop: &Shop) -> Arc<Release> {
    shop.release(Kind::Service, "web")
}

fn to_the_other() -> Intent {
    Intent::Switch { to: None }
}

/// Our journal: green has been live since so many seconds, blue before.
#[derive(Debug)]
struct Remembers(i64);

impl Recorded for Remembers {
    fn settled_at(&self, _: &crate::domain::Uid, _: &str) -> Option<crate::domain::Timestamp> {
        None
    }

    fn last_switch(&self, _: &crate::domain::Uid) -> Option<Switched> {
        Some(switched(self.0))
    }
}

fn switched(seconds: i64) -> Switched {
    let took = Some(SignedDuration::from_millis(800));
    Switched { from: "blue".into(), to: "green".into(), direction: Direction::Forward, at: ago(seconds), took }
}

/// The shop after the switch, with every address on green.
pub(in crate::strategy) fn green_is_live() -> Shop {
    let plan = shop().plan(&web(&shop()), &to_the_other()).expect("a plan");
    shop().after(&plan).expect("the fence holds").addresses("web", &GREEN)
}

fn remembered(shop: &Shop, seconds: i64) -> Arc<Release> {
    let index = shop.index_with(Arc::new(Remembers(seconds)));
    let key = crate::domain::ObjectKey::new(Kind::Service, "shop", "web");
    Arc::clone(index.release(&key).expect("there"))
}

fn knows_the_switch(shop: &Shop, seconds: i64) -> Context {
    Context { switched: Some(switched(seconds)), ..shop.context() }
}

fn selector(shop: &Shop) -> &serde_json::Value {
    let key = crate::domain::ObjectKey::new(Kind::Service, "shop", "web");
    &shop.objects[&key]["spec"]["selector"]
}

#[test]
fn a_service_that_picks_one_of_two_sides_is_one_release() {
    let releases = shop().releases();
    assert_eq!(releases.len(), 1, "{:?}", releases.iter().map(|release| release.key.target()).collect::<Vec<_>>());
    let web = web(&shop());
    assert_eq!((web.strategy.0, web.key.target()), ("blue-green", "service/web".into()));
    assert!(web.why.contains("web-blue and web-green by label 'color'"), "{}", web.why);
    let tracks: Vec<_> =
        web.tracks.iter().map(|it| (it.role, &*it.name, &*it.version, it.weight.asked, it.weight.actual)).collect();
    assert_eq!(
        tracks,
        [(Role::Stable, "blue", "v1", Some(100), Some(100)), (Role::Idle, "green", "v2", Some(0), Some(0))]
    );
    let switch = web.traffic.as_ref().and_then(|traffic| traffic.switch.as_ref()).expect("a switch");
    assert_eq!((&*switch.live, switch.other.as_deref(), switch.moved), ("blue", Some("green"), (2, 0)));
    assert_eq!(switch.preview.as_ref().map(|key| &*key.name), Some("web-preview"));
    assert_eq!((web.state, web.remedy.to_string()), (State::Healthy, format!("{SWITCH} switches to green v2.")));
    assert_eq!(shop().release(Kind::Deployment, "web-green").key, web.key, "a side resolves to it");
    assert_eq!(shop().release(Kind::Service, "web-preview").key, web.key);
}

#[test]
fn another_way_in_on_the_live_side_is_told_and_a_preview_is_not() {
    let notices = |shop: &Shop| web(shop).traffic.as_ref().expect("traffic").notices.clone();
    let previewing_the_live_one = green_is_live();
    assert!(notices(&previewing_the_live_one).iter().all(|notice| !notice.contains("web-preview")));
    let twin = shop().service("web-internal", &[("app", "web"), ("color", "blue")]);
    assert_eq!(web(&twin).key.target(), "service/web");
    assert_eq!(notices(&twin), ["service/web-internal selects blue too and is not switched with it.".into()]);
    let plan = twin.plan(&web(&twin), &to_the_other()).expect("a plan");
    assert!(plan.forecast.warnings.iter().any(|it| it.contains("web-internal")), "{:?}", plan.forecast.warnings);
}

#[test]
fn what_merely_looks_alike_stays_plain() {
    let plain = |what: &str, shop: Shop| {
        let strategies: Vec<&str> = shop.releases().iter().map(|release| release.strategy.0).collect();
        assert!(!strategies.contains(&"blue-green"), "{what}: {strategies:?}");
        assert!(strategies.len() >= 2, "{what}: {strategies:?}");
    };
    let two = || sides(Shop::default(), (9_000, 900));
    plain("a Service over both", two().service("web", &[("app", "web")]));
    plain("a Service that selects on the color alone", two().service("web", &[("color", "blue")]));
    let each = two().service("web-blue", &[("app", "web"), ("color", "blue")]);
    plain("one Service a side", each.service("web-green", &[("app", "web"), ("color", "green")]));
    let parts = Shop::default().deployment("front", &[("app", "shop"), ("track", "front")], "v1", (2, 900)).deployment(
        "back",
        &[("app", "shop"), ("track", "back")],
        "v1",
        (2, 900),
    );
    plain("two components", parts.service("entry", &[("app", "shop"), ("track", "front")]));
    let twice = two().deployment("cart", &[("app", "web"), ("color", "blue")], "v1", (1, 900));
    plain("two workloads of one value", twice.service("web", &[("app", "web"), ("color", "blue")]));
    let differing = two().service("web", &[("app", "web"), ("color", "blue")]);
    plain("two fronts on different sides", differing.service("shop", &[("app", "web"), ("color", "green")]));
    let left_alone = shop().set(Kind::Service, "web", |web| web["metadata"]["annotations"] = json!({STRATEGY: "none"}));
    plain("a Service that is marked to be left alone", left_alone);
    let owned = json!([{"apiVersion": "x/v1", "kind": "Operator", "name": "op", "uid": "u", "controller": true}]);
    plain(
        "a side of an operator",
        shop().set(Kind::Deployment, "web-green", |it| it["metadata"]["ownerReferences"] = owned),
    );
    let canary = json!({"spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-green"}}});
    let flagger = shop().with(Kind::Canary, "web-green", canary).releases();
    assert!(flagger.iter().all(|release| release.strategy.0 != "blue-green"), "Flagger's target is Flagger's");
}

#[test]
fn a_mark_makes_a_pair_of_what_would_stay_plain() {
    let labels = |lane: &'static str| [("app", "web"), ("lane", lane)];
    let two = Shop::default().deployment("web-a", &labels("a"), "v1", (2, 9_000)).deployment(
        "web-b",
        &labels("b"),
        "v2",
        (2, 900),
    );
    let unmarked = two.service("web", &labels("a"));
    assert_eq!(unmarked.releases().len(), 2);
    let marked = unmarked.set(Kind::Service, "web", |web| web["metadata"]["annotations"] = json!({SWITCH_KEY: "lane"}));
    let release = web(&marked);
    assert_eq!((release.strategy.0, &*release.tracks[0].name), ("blue-green", "a"));
    let version = |name: &'static str| [("app", "web"), ("version", name)];
    let versions = Shop::default()
        .deployment("web-v1", &version("v1"), "v1", (2, 9_000))
        .deployment("web-v2", &version("v2"), "v2", (2, 900))
        .service("web", &version("v1"));
    assert_eq!(versions.releases().len(), 2, "different images");
    let image = |shop: Shop, name: &str| {
        shop.set(Kind::Deployment, name, |it| {
            it["spec"]["template"]["spec"]["containers"][0]["image"] = "reg/web:v9".into();
        })
    };
    let same = image(image(versions, "web-v1"), "web-v2");
    assert_eq!(web(&same).strategy.0, "blue-green");
}

#[test]
fn a_switch_is_one_write_fenced_on_the_whole_selector() {
    let (shop, web) = (shop(), web(&shop()));
    let plan = shop.plan(&web, &to_the_other()).expect("a plan");
    assert_eq!((plan.calls.len(), plan.direction), (1, Direction::Forward));
    assert_eq!(&*plan.title, "SWITCH shop/web → green v2");
    assert_eq!(*selector(&shop.after(&plan).expect("the fence holds")), json!({"app": "web", "color": "green"}));
    let moved = |change: fn(&mut serde_json::Value)| shop.clone().set(Kind::Service, "web", change).after(&plan).err();
    assert_eq!(moved(|web| web["spec"]["selector"]["tier"] = "x".into()).as_deref(), Some("/spec/selector"));
    assert_eq!(moved(|web| web["metadata"]["uid"] = "another".into()).as_deref(), Some("/metadata/uid"));
    assert_eq!(moved(|web| web["metadata"]["labels"] = json!({"x": "y"})), None, "labels are no matter of a switch");
    assert!(plan.forecast.then.contains("green v2 (2 ready pods)"), "{}", plan.forecast.then);
    assert!(plan.kubectl[0].contains(r#""path":"/spec/selector/color","value":"green""#), "{}", plan.kubectl[0]);
    let sides = plan.before.switch.expect("the journal knows the sides");
    assert_eq!((&*sides.from, &*sides.to), ("blue", "green"));
}

#[test]
fn a_key_with_a_slash_is_escaped() {
    let label = |color: &'static str| [("app", "web"), ("shop.io/color", color)];
    let shop = Shop::default()
        .deployment("web-a", &label("a"), "v1", (1, 9_000))
        .deployment("web-b", &label("b"), "v2", (1, 900))
        .service("web", &label("a"))
        .set(Kind::Service, "web", |web| web["metadata"]["annotations"] = json!({SWITCH_KEY: "shop.io/color"}));
    let plan = shop.plan(&web(&shop), &to_the_other()).expect("a plan");
    assert_eq!(selector(&shop.after(&plan).expect("holds"))["shop.io/color"], "b");
}

#[test]
fn a_switch_to_fewer_pods_needs_a_reason_and_one_to_none_is_never_made() {
    let scaled = |ready: i32| {
        let shop = shop().without(Kind::Pod, "web-green-h1-1");
        let shop = if ready == 0 { shop.without(Kind::Pod, "web-green-h1-0") } else { shop };
        shop.set(Kind::Deployment, "web-green", |it| {
            it["spec"]["replicas"] = ready.into();
            it["status"] = json!({"observedGeneration": 1, "replicas": ready, "readyReplicas": ready,
                "updatedReplicas": ready, "availableReplicas": ready});
        })
    };
    let overriding = |shop: &Shop| Context { overrides: vec![Override::FewerPods], ..shop.context() };
    let fewer = scaled(1);
    let refused = fewer.plan(&web(&fewer), &to_the_other()).expect_err("fewer pods");
    assert!(refused.reason.contains("green has 1 ready pod, blue has 2"), "{}", refused.reason);
    assert!(!refused.kubectl.is_empty(), "the person may still do it by hand");
    let plan = fewer.plan_with(&web(&fewer), &to_the_other(), &overriding(&fewer)).expect("with a reason");
    assert!(plan.forecast.warnings[0].contains("fewer pods"), "{:?}", plan.forecast.warnings);
    let none = scaled(0);
    let refused = none.plan_with(&web(&none), &to_the_other(), &overriding(&none)).expect_err("no pod");
    assert!(refused.reason.contains("no ready pod"), "{}", refused.reason);
    let action = |shop: &Shop, context: &Context| {
        let release = web(shop);
        let all = strategy(release.strategy).expect("known").actions(&release, context);
        all.into_iter().find(|action| action.verb == Verb::Switch).expect("offered")
    };
    assert!(!action(&none, &none.context()).enabled && !action(&fewer, &fewer.context()).enabled);
    assert!(action(&fewer, &overriding(&fewer)).enabled);
    // The same shortage on the way back is a warning: blue was live before.
    let back = Context {
        switched: Some(Switched {
            from: "green".into(),
            to: "blue".into(),
            direction: Direction::Forward,
            at: ago(60),
            took: None,
        }),
        ..none.context()
    };
    let plan = none.plan_with(&web(&none), &to_the_other(), &back).expect("back is never refused");
    assert_eq!(plan.direction, Direction::Back);
    assert!(plan.forecast.warnings[0].contains("nothing will be served"), "{:?}", plan.forecast.warnings);
    let action = action(&none, &back);
    assert!(action.enabled && action.direction == Direction::Back && !action.why.is_empty());
}

#[test]
fn back_is_where_the_journal_saw_it_before_else_the_older_template() {
    let shop = green_is_live();
    let direction =
        |context: &Context| shop.plan_with(&web(&shop), &to_the_other(), context).expect("a plan").direction;
    assert_eq!(direction(&knows_the_switch(&shop, 60)), Direction::Back);
    assert_eq!(direction(&shop.context()), Direction::Back, "blue v1 is older");
    let swapped = Context {
        switched: Some(Switched {
            from: "green".into(),
            to: "blue".into(),
            direction: Direction::Forward,
            at: ago(60),
            took: None,
        }),
        ..shop.context()
    };
    assert_eq!(direction(&swapped), Direction::Back, "somebody else switched since: the templates tell");
    let next = sides(green_is_live(), (30, 900));
    let forward = next.plan(&web(&next), &to_the_other()).expect("a plan").direction;
    assert_eq!(forward, Direction::Forward, "blue has the next version now");
}

#[test]
fn an_abort_that_was_done_is_unchanged_and_never_goes_to_what_was_left_again() {
    let shop = shop();
    let back =
        Switched { from: "green".into(), to: "blue".into(), direction: Direction::Back, at: ago(60), took: None };
    let context = Context { switched: Some(back), ..shop.context() };
    let refused = shop.plan_with(&web(&shop), &Intent::Abort, &context).expect_err("it is done");
    assert_eq!((refused.kind, refused.reason.contains("blue already")), (RefusalKind::Unchanged, true), "{refused}");
    let again = shop.plan_with(&web(&shop), &to_the_other(), &context).expect("a plan");
    assert_eq!(again.direction, Direction::Forward, "green was rejected");
}

#[test]
fn the_way_back_is_exact_and_a_plan_of_its_own() {
    let before = shop();
    let plan = before.plan(&web(&before), &to_the_other()).expect("a plan");
    let after = before.after(&plan).expect("applies");
    let key = &plan.release.key;
    let ready = plan.inverse.ready(&plan.id, &[after.raw(key)]).expect("a way back");
    let revert = Intent::Revert(Box::new(ready));
    let back = after.plan_with(&web(&after), &revert, &knows_the_switch(&after, 5)).expect("a plan");
    assert_eq!((back.direction, back.calls.len()), (Direction::Back, 1));
    assert_eq!(selector(&after.after(&back).expect("the fence holds")), selector(&before));
    assert_eq!(back.before.switch.as_ref().map(|sides| &*sides.to), Some("blue"));
    let moved = after.clone().set(Kind::Service, "web", |web| web["spec"]["selector"]["tier"] = "x".into());
    let refused = moved.plan(&web(&after), &revert).expect_err("somebody changed it");
    assert!(refused.reason.contains("changed since"), "{}", refused.reason);
    let abort = after.plan_with(&web(&after), &Intent::Abort, &knows_the_switch(&after, 5)).expect("the same way");
    assert_eq!(selector(&after.after(&abort).expect("holds")), selector(&before));
    assert!(before.plan(&web(&before), &Intent::Abort).is_err(), "nothing was switched");
}

#[test]
fn a_switch_has_come_through_when_every_address_is_the_new_sides() {
    let settled = |shop: &Shop| {
        let release = web(shop);
        (strategy(release.strategy).expect("known").settled(&release), release.state)
    };
    let switched = green_is_live();
    assert_eq!(settled(&switched).0, Settled::Yes);
    let (half, state) = settled(&switched.clone().addresses("web", &[GREEN[0], GREEN[1], BLUE[0]]));
    assert_eq!(
        (half, state),
        (Settled::NotYet("1 of 3 addresses still belong to another side".into()), State::Progressing)
    );
    let (some, _) = settled(&switched.clone().addresses("web", &[GREEN[0]]));
    assert_eq!(some, Settled::NotYet("1 of 2 ready pods of green have an address".into()));
    let nobody = switched.set(Kind::Service, "web", |web| web["spec"]["selector"]["color"] = "purple".into());
    let release = web(&nobody);
    assert_eq!(release.state, State::Down, "{}", release.reason);
    assert!(release.reason.contains("color=purple, which no workload has"), "{}", release.reason);
    assert!(nobody.plan(&release, &to_the_other()).is_err(), "of two sides one must be named");
    let named = nobody.plan(&release, &Intent::Switch { to: Some("web-blue".into()) }).expect("by the workload's name");
    assert_eq!(selector(&nobody.after(&named).expect("holds"))["color"], "blue");
}

#[test]
fn the_old_side_is_kept_with_a_countdown_and_then_its_scale_down_is_offered() {
    let shop = green_is_live();
    let kept = remembered(&shop, 600);
    let traffic = kept.traffic.as_ref().expect("traffic");
    assert_eq!(traffic.countdowns[0].due, ago(600) + SignedDuration::from_mins(30));
    assert_eq!(&*kept.remedy, format!("{SWITCH} switches back to blue at once; it is kept for 20 min more."));
    assert!(kept.recheck_at.is_some_and(|at| at > now()));
    let switch = traffic.switch.as_ref().expect("a switch");
    assert_eq!((switch.switched_at, switch.took), (Some(ago(600)), Some(SignedDuration::from_millis(800))));
    let due = remembered(&shop, 2_000);
    assert_eq!(&*due.remedy, format!("blue can be scaled down ({SCALE}); until then {SWITCH} switches back at once."));
    let next = remembered(&sides(green_is_live(), (30, 900)), 600);
    assert_eq!(
        &*next.remedy,
        format!("{SWITCH} switches to blue v1."),
        "a new template on blue is the next release, and not the old side"
    );
}

#[test]
fn a_switch_by_somebody_else_is_dated_by_the_selectors_writer() {
    let fields = json!({"f:spec": {"f:selector": {}}});
    let wrote = json!([{"manager": "kubectl-patch", "operation": "Update", "apiVersion": "v1",
        "time": ago(600).to_string(), "fieldsType": "FieldsV1", "fieldsV1": fields}]);
    let shop = green_is_live().set(Kind::Service, "web", |web| web["metadata"]["managedFields"] = wrote);
    let release = web(&shop);
    assert_eq!(&*release.remedy, format!("{SWITCH} switches back to blue at once; it is kept for 20 min more."));
    let last = release.traffic.as_ref().and_then(|traffic| traffic.last_write.clone());
    assert_eq!(last.map(|(who, _)| who).as_deref(), Some("kubectl-patch"));
}

#[test]
fn the_old_side_is_scaled_down_when_asked_and_the_live_one_never_to_nothing() {
    let shop = green_is_live();
    let release = remembered(&shop, 2_000);
    let down = Intent::ScaleSide { side: "blue".into(), replicas: 0 };
    let plan = shop.plan(&release, &down).expect("a plan");
    assert_eq!(plan.release.key, release.key, "it is the release's plan, on the workload");
    assert_eq!(plan.calls[0].call.target().target(), "deployment/web-blue");
    assert!(plan.forecast.warnings[0].contains("instant no more"), "{:?}", plan.forecast.warnings);
    let after = shop.after(&plan).expect("holds");
    let blue = crate::domain::ObjectKey::new(Kind::Deployment, "shop", "web-blue");
    assert_eq!(after.objects[&blue]["spec"]["replicas"], 0);
    let live = Intent::ScaleSide { side: "green".into(), replicas: 0 };
    assert!(shop.plan(&release, &live).expect_err("the live side").reason.contains("switch first"));
}

#[test]
fn a_new_image_goes_to_the_idle_side_and_an_undo_to_the_live_one() {
    let shop = shop();
    let release = web(&shop);
    let image = Intent::SetImage(vec![Image { container: "app".into(), reference: "reg/web-green:v3".into() }]);
    let target = |plan: Plan| plan.calls[0].call.target().target();
    assert_eq!(target(shop.plan(&release, &image).expect("a plan")), "deployment/web-green");
    assert_eq!(target(shop.plan(&release, &Intent::Restart).expect("a plan")), "deployment/web-blue");
    let undo = Intent::Undo { to: UndoTo::Previous, paused: crate::domain::intent::PausedUndo::StayPaused };
    assert!(shop.plan(&release, &undo).expect_err("one revision").reason.contains("web-blue"));
}

#[test]
fn old_bytes_are_read_again_and_a_name_that_is_no_side_is_named() {
    let old = web(&shop());
    let stale = green_is_live().plan(&old, &to_the_other()).expect_err("the release is older than the bytes");
    assert_eq!(stale.kind, RefusalKind::ReadAgain);
    let unknown = shop().plan(&old, &Intent::Switch { to: Some("red".into()) }).expect_err("no side");
    assert!(unknown.reason.contains("it has blue and green"), "{}", unknown.reason);
    let same = shop().plan(&old, &Intent::Switch { to: Some("blue".into()) }).expect_err("already");
    assert_eq!(same.kind, RefusalKind::Unchanged);
}

#[test]
fn the_configuration_may_say_what_the_annotations_do() {
    use crate::domain::traffic::{Marks, TrafficSettings};
    let labels = |lane: &'static str| [("app", "web"), ("lane", lane)];
    let two = Shop::default()
        .deployment("web-a", &labels("a"), "v1", (2, 9_000))
        .deployment("web-b", &labels("b"), "v2", (2, 900))
        .service("web", &labels("a"));
    let configured = |shop: Shop, marks: Marks| {
        let releases = [("shop/web".into(), marks)].into();
        Shop { settings: Arc::new(TrafficSettings { releases, ..TrafficSettings::default() }), ..shop }
    };
    let lane = configured(two, Marks { switch_key: Some("lane".into()), ..Marks::default() });
    assert_eq!((web(&lane).strategy.0, lane.releases().len()), ("blue-green", 1));
    assert_eq!(lane.release(Kind::Deployment, "web-b").key.target(), "service/web", "the idle side finds it too");
    let none = configured(shop(), Marks { strategy: Some("none".into()), ..Marks::default() });
    assert_eq!(none.releases().len(), 2, "left alone");
}

#[test]
fn every_verb_is_listed_once_and_planned_exactly_when_it_is_enabled() {
    for shop in [shop(), green_is_live()] {
        let release = web(&shop);
        let actions = strategy(release.strategy).expect("known").actions(&release, &shop.context());
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Revert) {
            let of_verb: Vec<_> = actions.iter().filter(|action| action.verb == verb).collect();
            let [action] = of_verb[..] else { panic!("{} actions of {verb}", of_verb.len()) };
            assert!(action.enabled || action.why.len() > 8, "{verb} is disabled without a reason");
            assert!(!action.enabled || !action.consequence.is_empty(), "{verb} does not say what follows");
            let intent = match verb {
                Verb::Switch => to_the_other(),
                Verb::Abort => Intent::Abort,
                Verb::Advance => Intent::Advance { from: None, rule: None },
                Verb::Promote => Intent::Promote { winner: None },
                Verb::Restart => Intent::Restart,
                Verb::Undo => Intent::undo(),
                Verb::Continue => Intent::Continue,
                _ => continue,
            };
            let planned = shop.plan(&release, &intent);
            assert_eq!(action.enabled, planned.is_ok(), "{verb}: {}", action.why);
            assert!(planned.is_err() || planned.is_ok_and(|plan| plan.direction == action.direction), "{verb}");
        }
    }
}
