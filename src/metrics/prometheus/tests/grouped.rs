//! Own queries on the board: with the namespace's one query, and never one a release.

use super::*;
use crate::metrics::source::OwnErrors;

fn value(mark: &str, value: &str) -> String {
    format!(r#"{{"metric":{{"windlass_own":"{mark}"}},"value":[1000,"{value}"]}}"#)
}

fn refused() -> (u16, String) {
    (400, r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#.to_owned())
}

/// A board with one plain release, and so many with a query of their own.
fn board(own: &[&str]) -> BoardQuestion {
    let web = release();
    let written = |text: &str| crate::config::Written { text: text.to_owned(), origin: crate::config::Origin::Default };
    let own = own.iter().enumerate().map(|(place, query)| OwnErrors {
        uid: Uid::new(format!("own-{place}")),
        name: format!("own-{place}").into(),
        lanes: Lanes::of(&web),
        query: written(query),
    });
    BoardQuestion {
        namespace: "shop".into(),
        releases: vec![(Uid::new("plain"), Lanes::of(&web))],
        own: own.collect(),
        window: SignedDuration::from_mins(1),
        now: Timestamp::from_second(1_000).unwrap(),
    }
}

fn errors(found: &BoardFound, uid: &str) -> Option<Reading> {
    let own = found.own.iter().find(|(own, ..)| *own == Uid::new(uid));
    own.map(|(_, tracks, _)| tracks[0].errors.clone())
}

#[tokio::test]
async fn a_namespaces_own_queries_come_with_its_one_request() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total""#),
        _ => vector(&[row("web", "200", "30"), value("0.0", "0.25"), value("1.0", "7")].join(",")),
    })
    .await;
    let source = at(&server).await;
    let found = source.namespace(&board(&["errors_of{w=\"{{workload}}\"} # all", "other"])).await.unwrap().unwrap();
    assert_eq!(errors(&found, "own-0"), Some(Reading::Value(0.25)));
    assert!(matches!(errors(&found, "own-1"), Some(Reading::Unusable(_))), "7 is no share: {found:?}");
    assert_eq!(found.own[0].1[0].requests, Reading::Value(30.0), "the rest is the preset's");
    assert_eq!(found.tracks[&Uid::new("plain")][0].errors, Reading::Value(0.0), "an own query is nobody else's");
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "one for the names, one for everything else: {asked:?}");
    assert!(asked[1].contains("sum by") && asked[1].contains("(\nerrors_of{w=\"web\"} # all\n)"), "{}", asked[1]);
}

#[tokio::test]
async fn many_own_queries_take_turns() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total""#),
        _ => vector(&row("web", "200", "30")),
    })
    .await;
    let source = at(&server).await;
    let texts: Vec<String> = (0..20).map(|place| format!("q{place}")).collect();
    let question = board(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut told = std::collections::HashSet::new();
    for _ in 0..3 {
        let found = source.namespace(&question).await.unwrap().unwrap();
        assert!(found.own.len() <= 8 && found.own.iter().all(|(.., turns)| *turns == 3), "{found:?}");
        told.extend(found.own.into_iter().map(|(uid, ..)| uid));
    }
    assert_eq!((told.len(), server.asked().len()), (20, 4), "three requests for twenty");
}

#[tokio::test]
async fn one_that_the_server_refuses_is_found_and_costs_the_others_nothing() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total""#),
        asked if asked.contains("broken((") => refused(),
        _ => vector(&[row("web", "200", "30"), value("0.0", "0.5")].join(",")),
    })
    .await;
    let source = at(&server).await;
    let question = board(&["fine", "broken((", "well"]);
    for _ in 0..5 {
        let found = source.namespace(&question).await.unwrap().unwrap();
        assert!(found.tracks.contains_key(&Uid::new("plain")), "the others' numbers stand: {found:?}");
    }
    let before = server.asked().len();
    let found = source.namespace(&question).await.unwrap().unwrap();
    assert_eq!((errors(&found, "own-0"), errors(&found, "own-1")), (Some(Reading::Value(0.5)), None));
    assert!(errors(&found, "own-2").is_some(), "{found:?}");
    assert_eq!(server.asked().len() - before, 1, "it is left out: one request again");
}

#[tokio::test]
async fn own_queries_have_numbers_where_no_preset_has() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(""),
        _ => vector(&value("0.0", "0.5")),
    })
    .await;
    let source = at(&server).await;
    let found = source.namespace(&board(&["mine"])).await.unwrap().unwrap();
    assert_eq!(errors(&found, "own-0"), Some(Reading::Value(0.5)));
    assert_eq!((found.tracks.len(), &*found.own[0].1[0].name), (0, "web"));
}

#[tokio::test]
async fn a_preset_that_has_series_of_own_releases_only_stays() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total","http_requests_total""#),
        asked if asked.contains("istio_requests_total") => {
            vector(&[row("web", "200", "30"), value("0.0", "0.5")].join(","))
        }
        _ => vector(&value("0.0", "0.5")),
    })
    .await;
    let source = at(&server).await;
    let question = BoardQuestion { releases: Vec::new(), ..board(&["mine"]) };
    for _ in 0..3 {
        let found = source.namespace(&question).await.unwrap().unwrap();
        assert_eq!(found.own[0].1[0].requests, Reading::Value(30.0), "not every other time only: {found:?}");
    }
}

#[tokio::test]
async fn queries_that_are_too_much_only_together_are_asked_together_again_after_a_round() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total""#),
        asked if asked.matches("label_replace").count() > 2 => refused(),
        _ => vector(&row("web", "200", "30")),
    })
    .await;
    let source = at(&server).await;
    let question = board(&["one", "two", "three"]);
    let mut alone = 0;
    for _ in 0..4 {
        alone = source.namespace(&question).await.unwrap().unwrap().own.len().max(alone);
    }
    let joined = |asked: &String| asked.matches("label_replace").count() == 6;
    assert_eq!(alone, 1, "each answers by itself");
    source.namespace(&question).await.unwrap().unwrap();
    assert_eq!(server.asked().iter().filter(|asked| joined(asked)).count(), 2, "{:?}", server.asked());
}

#[tokio::test]
async fn long_queries_go_in_smaller_groups() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(""),
        _ => vector(""),
    })
    .await;
    let long = format!("m{{a=\"{}\"}}", "x".repeat(400));
    let found = at(&server).await.namespace(&board(&[&long, &long, &long, &long, &long])).await.unwrap().unwrap();
    assert_eq!(found.own.len(), 3, "of 800 characters each, two tracks together");
}
