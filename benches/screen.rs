//! What a key and a snapshot cost at 50,000 pods: the update, and the picture at 80×24 and 120×40.

use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::hint::black_box;
use std::sync::Arc;
use windlass::app::Model;
use windlass::app::keypress::KeyPress;
use windlass::app::keys::KeyTable;
use windlass::app::model::Size;
use windlass::app::msg::Msg;
use windlass::app::session::Session;
use windlass::app::update::update;
use windlass::cluster::{Cluster, ConnectOptions, NamespaceScope, ObserveOptions};
use windlass::config::Config;
use windlass::domain::{Snapshot, Timestamp};
use windlass::sim::{SimCluster, SimOptions};
use windlass::ui::glyphs;
use windlass::ui::theme::{ColorLevel, Theme};
use windlass::ui::view;
use windlass::ui::widgets::Look;

/// A console with 2,000 workloads and 50,000 pods in it.
fn model() -> (Model, Arc<Snapshot>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let snapshot = runtime.block_on(async {
        let sim = SimCluster::scenario("large", &SimOptions::manual().pods(50_000)).expect("the scenario is bundled");
        let client = kube::Client::new(sim.service(), "default");
        let cluster = Cluster::over(client, "sim", &ConnectOptions::default()).await.expect("it answers");
        let options = ObserveOptions { namespaces: NamespaceScope::All, ..ObserveOptions::default() };
        Arc::new(cluster.one_shot(options).await.expect("it can be read"))
    });
    let session = Session::new(Arc::new(Config::default()), snapshot.cluster.clone(), "bench");
    let zone = jiff::tz::TimeZone::UTC;
    let mut model = Model::new(session, Arc::new(KeyTable::with(&[]).expect("no wishes")), Timestamp::now(), zone);
    update(&mut model, Msg::Snapshot(snapshot.clone()));
    (model, snapshot)
}

fn keys(text: &str) -> Vec<KeyPress> {
    KeyPress::sequence(text).expect("known keys")
}

fn screen(criterion: &mut Criterion) {
    let (mut model, snapshot) = model();
    let theme = Theme::bundled(ColorLevel::True);
    let look = Look { theme: &theme, glyphs: &glyphs::UNICODE, keys: None };
    for (width, height) in [(80, 24), (120, 40)] {
        model.size = Size { width, height };
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        criterion.bench_function(&format!("view/board {width}x{height}, 50k pods"), |bencher| {
            bencher.iter(|| view::draw(black_box(&mut buffer), area, &model, look));
        });
    }
    let (down, up) = (keys("j").remove(0), keys("k").remove(0));
    criterion.bench_function("update/a key down and up, 50k pods", |bencher| {
        bencher.iter(|| {
            black_box(update(&mut model, Msg::Key(down)));
            black_box(update(&mut model, Msg::Key(up)));
        });
    });
    criterion.bench_function("update/a snapshot, 50k pods", |bencher| {
        bencher.iter(|| black_box(update(&mut model, Msg::Snapshot(snapshot.clone()))));
    });
    for key in keys("<Enter>") {
        update(&mut model, Msg::Key(key));
    }
    let area = Rect::new(0, 0, 120, 40);
    let mut buffer = Buffer::empty(area);
    criterion.bench_function("view/open release 120x40, 50k pods", |bencher| {
        bencher.iter(|| view::draw(black_box(&mut buffer), area, &model, look));
    });
}

criterion_group!(benches, screen);
criterion_main!(benches);
