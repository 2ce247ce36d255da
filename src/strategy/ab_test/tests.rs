//! A/B tests: groups, the end of a test, and a winner.

use crate::domain::intent::Standing;
use crate::domain::plan::RefusalKind;
use crate::domain::release::Role;
use crate::domain::{Direction, Intent, Kind, State};
use crate::strategy::routes::tests::{at, diff};
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};

const VS: Kind = Kind::VirtualService;

/// Two versions of search: those with a cookie or a header get b.
pub fn search() -> Shop {
    let labels = |variant: &'static str| [("app", "search"), ("variant", variant)];
    let subsets = json!([{"name": "a", "labels": {"variant": "a"}}, {"name": "b", "labels": {"variant": "b"}}]);
    let route = |subset: &str| json!([{"destination": {"host": "search", "subset": subset}}]);
    let matches = json!([{"headers": {"x-experiment": {"exact": "b"}}},
        {"headers": {"cookie": {"regex": "^(.*?;)?(experiment=b)(;.*)?$"}}}]);
    Shop::default()
        .deployment("search-a", &labels("a"), "v1", (3, 100_000))
        .deployment("search-b", &labels("b"), "v2", (2, 9_000))
        .service("search", &[("app", "search")])
        .with(Kind::DestinationRule, "search", json!({"spec": {"host": "search", "subsets": subsets}}))
        .with(
            VS,
            "search",
            json!({"spec": {"hosts": ["search"], "http": [
            {"name": "variant-b", "match": matches, "route": route("b")},
            {"name": "variant-a", "route": route("a")}]}}),
        )
}

/// The same on an HTTPRoute, where each version has a Service of its own.
pub fn on_a_gateway() -> Shop {
    let backend = |name: &str| json!([{"name": name, "port": 80}]);
    let header =
        json!([{"path": {"type": "PathPrefix", "value": "/"}, "headers": [{"name": "x-group", "value": "b"}]}]);
    let rules = json!([
        {"matches": header, "backendRefs": backend("search-b")},
        {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": backend("search-a")}]);
    search()
        .without(VS, "search")
        .without(Kind::DestinationRule, "search")
        .without(Kind::Service, "search")
        .service("search-a", &[("app", "search"), ("variant", "a")])
        .service("search-b", &[("app", "search"), ("variant", "b")])
        .with(Kind::HttpRoute, "search", json!({"spec": {"rules": rules}}))
}

#[test]
fn a_test_shows_its_groups_side_by_side() {
    let shop = search();
    let releases = shop.releases();
    assert_eq!(releases.len(), 1);
    let release = &releases[0];
    assert_eq!((release.strategy.0, release.state), ("ab-test", State::Healthy));
    let groups: Vec<(String, String, Option<Role>, String)> = release
        .traffic
        .as_ref()
        .expect("traffic")
        .groups
        .iter()
        .map(|group| (group.name.to_string(), group.who.to_string(), group.role, group.version.to_string()))
        .collect();
    let who = "header x-experiment is b, or cookie matches ^(.*?;)?(experiment=b)(;.*)?$";
    assert_eq!(groups[0], ("variant-b".into(), who.into(), Some(Role::Candidate), "v2".into()));
    assert_eq!(groups[1], ("variant-a".into(), "everyone else".into(), Some(Role::Stable), "v1".into()));
    assert!(release.step.is_none() && release.tracks.iter().all(|track| track.weight.asked.is_none()));
    assert!(release.why.contains("everyone else goes to search subset a"), "{}", release.why);
    let advance = Intent::Advance { from: Some(Standing::Weight(0)), rule: None };
    assert!(shop.plan(release, &advance).expect_err("no weights").reason.contains("no rule has weights"));
}

#[test]
fn ending_the_test_removes_its_rule_and_shows_it() {
    let shop = search();
    let release = shop.release(VS, "search");
    let plan = shop.plan(&release, &Intent::Abort).expect("a plan");
    assert_eq!(
        (plan.direction, diff(&plan)),
        (Direction::Back, vec!["rule 'variant-b': search subset b → -".to_owned()])
    );
    let after = shop.after(&plan).expect("holds");
    assert_eq!(at(&after, VS, "/spec/http/0/name"), &json!("variant-a"));
    assert_eq!(at(&after, VS, "/spec/http/1"), &Value::Null);
    let moved = shop.set(VS, "search", |route| route["spec"]["http"][1]["name"] = "x".into());
    assert_eq!(moved.after(&plan).err().as_deref(), Some("/spec/http"), "indices move, so the whole list is fenced");
    let over = after.release(VS, "search");
    assert_eq!(over.tracks[0].version, "v1".into());
    assert!(over.tracks.iter().any(|track| &*track.version == "v2"), "the other side is not lost");
}

#[test]
fn a_winner_gets_everyone_and_can_be_named() {
    let shop = search();
    let release = shop.release(VS, "search");
    let wins = |name: Option<&str>| Intent::Promote { winner: name.map(Into::into) };
    for name in [None, Some("variant-b"), Some("v2"), Some("search-b"), Some("candidate")] {
        let plan = shop.plan(&release, &wins(name)).expect("a plan");
        assert_eq!(diff(&plan), ["rule 'variant-a': search subset a → search subset b"], "{name:?}");
        assert_eq!(plan.direction, Direction::Forward);
    }
    let plan = shop.plan(&release, &wins(Some("variant-a"))).expect("a plan");
    assert_eq!(
        (plan.direction, diff(&plan)),
        (Direction::Back, vec!["rule 'variant-b': search subset b → search subset a".to_owned()])
    );
    let why = shop.plan(&release, &wins(Some("c"))).expect_err("nobody").reason;
    assert!(why.contains("its groups are variant-b, variant-a"), "{why}");
    let won = shop.after(&shop.plan(&release, &wins(None)).expect("a plan")).expect("holds");
    let release = won.release(VS, "search");
    assert_eq!((release.strategy.0, &*release.reason), ("ab-test", "Everyone gets v2: the test is over."));
    assert_eq!(won.plan(&release, &Intent::Abort).expect_err("over").kind, RefusalKind::Unchanged);
}

#[test]
fn a_test_on_a_gateway_says_that_its_versions_part_afterwards() {
    let shop = on_a_gateway();
    let release = shop.release(Kind::HttpRoute, "search");
    assert_eq!(release.strategy.0, "ab-test");
    assert_eq!(&*release.traffic.as_ref().expect("traffic").groups[0].name, "group A");
    let plan = shop.plan(&release, &Intent::Promote { winner: None }).expect("a plan");
    assert_eq!(diff(&plan), ["rule 2: search-a → search-b"]);
    assert!(
        plan.forecast.warnings.iter().any(|it| it.contains("listed by themselves")),
        "{:?}",
        plan.forecast.warnings
    );
    let after = shop.after(&plan).expect("holds");
    assert!(after.releases().iter().all(|release| release.strategy.0 == "rolling"));
}

#[test]
fn other_paths_and_weights_make_no_test() {
    let paths = search().set(VS, "search", |route| {
        route["spec"]["http"][0]["match"] = json!([{"headers": {"x": {"exact": "1"}}, "uri": {"prefix": "/admin"}}]);
        route["spec"]["http"][1]["match"] = json!([{"uri": {"prefix": "/search"}}]);
        route["spec"]["http"][0]["route"] = json!([{"destination": {"host": "admin"}}]);
        route["spec"]["http"][1]["route"] = json!([{"destination": {"host": "search"}}]);
    });
    assert!(
        paths.releases().iter().all(|release| release.strategy.0 == "rolling"),
        "a header on another path is no test"
    );
    let weighed = search().set(VS, "search", |route| {
        let to = |subset: &str| json!({"destination": {"host": "search", "subset": subset}, "weight": 50});
        route["spec"]["http"][1]["route"] = json!([to("a"), to("b")]);
    });
    assert_eq!(weighed.release(VS, "search").strategy.0, "istio");
}

#[test]
fn what_steps_other_releases_is_refused_with_what_is_true_of_a_test() {
    let shop = search();
    let release = shop.release(VS, "search");
    for intent in [
        Intent::Switch { to: None },
        Intent::SetWeight { weight: 40, rule: None },
        Intent::Advance { from: None, rule: None },
        Intent::Pause,
        Intent::Continue,
        Intent::Retry,
    ] {
        let why = shop.plan(&release, &intent).expect_err("no weights").reason;
        assert!(why.starts_with(&format!("{} ", intent.verb())), "{why}");
        assert!(why.contains("matches choose the version, and no rule has weights"), "{why}");
        assert!(!why.contains("moves its weights"), "it has none: {why}");
    }
}
