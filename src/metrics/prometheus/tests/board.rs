//! What a console's own board costs a server, counted there.

use super::*;
use crate::app::{Msg, measuring, update};
use crate::metrics::meter::tests::crowd;
use crate::metrics::{Focus, Meter};
use crate::ui::view::samples;
use std::time::Duration;

/// A query for a whole namespace, and not for one release of it.
fn of_a_namespace(asked: &str) -> bool {
    asked.contains("/api/v1/query ") && !asked.contains("destination_workload=~")
}

// In real time: the server is asked over HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn a_board_of_two_thousand_releases_costs_the_server_one_request_a_namespace_and_refresh() {
    let plain = |it: &&Arc<Release>| it.tracks.len() == 1 && it.traffic.is_none() && it.key.kind == Kind::Deployment;
    let one = samples::snapshot().releases.iter().find(plain).cloned().unwrap();
    let all = crowd(&one);
    let rows = |namespace: &str| {
        let own = all.iter().filter(|release| &*release.key.namespace == namespace);
        own.map(|release| row(&release.key.name, "200", "3")).collect::<Vec<_>>().join(",")
    };
    let rows: HashMap<String, String> =
        (0..50).map(|it| format!("ns-{it}")).map(|it| (it.clone(), rows(&it))).collect();
    let server = Server::start(move |asked| match asked.split_once("destination_workload_namespace=\"") {
        None if asked.contains("label/") => names(r#""istio_requests_total""#),
        Some((_, namespace)) if of_a_namespace(asked) => vector(&rows[namespace.split('"').next().unwrap()]),
        _ => vector(""),
    })
    .await;
    let mut model = samples::console(80, 24, "");
    let mut many = (*model.live).clone();
    many.releases = all.clone();
    many.version += 1;
    let many = Arc::new(many);
    let config =
        format!("[metrics]\nprometheus = \"{}\"\nsources = [\"prometheus\"]\nrefresh = \"5s\"\n", server.address);
    let (_sender, options) = options(&config, Some(Arc::clone(&many))).await;
    let mut meter = Meter::start(options);
    update(&mut model, Msg::Snapshot(many));
    let began = std::time::Instant::now();
    // As the console does it: what is looked at is told after every message.
    while began.elapsed() < Duration::from_secs(9) {
        meter.look_at(measuring::focus(&model));
        let told = tokio::time::timeout(Duration::from_millis(200), meter.measurements.changed()).await;
        if told.is_ok() {
            let told = meter.measurements.borrow_and_update().clone();
            update(&mut model, Msg::Measured(told));
        }
    }
    meter.look_at(Focus::default());
    assert_eq!(model.measurements.releases.len(), 2_000, "all are measured");
    let asked = server.asked();
    for namespace in 0..50 {
        let own = format!("destination_workload_namespace=\"ns-{namespace}\"");
        let times = asked.iter().filter(|it| of_a_namespace(it) && it.contains(&own)).count();
        assert!((1..=2).contains(&times), "ns-{namespace}: {times} in 9 s, where two are due");
    }
    let others: Vec<&String> = asked.iter().filter(|it| !of_a_namespace(it)).collect();
    assert_eq!(others.len(), 1, "which metrics there are, and nothing of one release: {others:?}");
}
