//! The README says what is: its keys are the key table's, its picture is the board's.
//! `WINDLASS_TEST_UPDATE=1 cargo test --test readme` writes both anew.

use std::{error::Error, fs, path::Path, sync::Arc};

use jiff::SignedDuration;
use ratatui::{buffer::Buffer, layout::Rect};
use windlass::{
    app::{
        Msg, Session,
        keypress::KeyPress,
        keys::{KeyTable, markdown},
        model::{Model, Size},
        update::update,
    },
    cluster::{Clock, Cluster, ConnectOptions, NamespaceScope, ObserveOptions},
    config::Config,
    domain::{
        Measurements, Release, Timestamp,
        measurement::{Measured, Reading, Series, TrackMeasured},
        release::Role,
    },
    sim::{SimCluster, SimOptions},
    ui::{
        glyphs::UNICODE,
        svg::{self, Paper},
        theme::{ColorLevel, Theme},
        view,
        widgets::Look,
    },
};

const BEGIN: &str = "<!-- keys: generated, do not edit -->\n";
const END: &str = "<!-- keys: end -->\n";
const SIZE: Size = Size { width: 80, height: 24 };

type Checked = Result<(), Box<dyn Error>>;

/// Compares what is in the repository with what it should be, or writes that.
fn current(path: &str, should: &str) -> Checked {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if fs::read_to_string(&whole).is_ok_and(|is| is == should) {
        return Ok(());
    }
    if std::env::var_os("WINDLASS_TEST_UPDATE").is_some() {
        fs::create_dir_all(whole.parent().unwrap_or(&whole))?;
        fs::write(&whole, should)?;
        return Ok(());
    }
    Err(format!("{path} is not current: run WINDLASS_TEST_UPDATE=1 cargo test --test readme").into())
}

#[test]
fn the_keys_are_those_of_the_key_table() -> Checked {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))?;
    let (before, rest) = text.split_once(BEGIN).ok_or("README.md has lost the mark before its keys")?;
    let (_, after) = rest.split_once(END).ok_or("README.md has lost the mark after its keys")?;
    current("README.md", &[before, BEGIN, markdown().as_str(), END, after].concat())
}

/// A console on the demo's shop, whose time stands still.
async fn at_the_shop() -> Result<Model, Box<dyn Error>> {
    at("shop").await
}

/// The same on another scenario.
async fn at(scenario: &str) -> Result<Model, Box<dyn Error>> {
    let sim = SimCluster::scenario(scenario, &SimOptions::manual())?;
    let cluster = Cluster::over(sim.client(), "demo", &ConnectOptions::default()).await?;
    let now = sim.now();
    let options =
        ObserveOptions { namespaces: NamespaceScope::All, clock: Clock::new(move || now), ..ObserveOptions::default() };
    let snapshot = cluster.one_shot(options).await?;

    let mut session = Session::new(Arc::new(Config::default()), cluster.identity(), "ana");
    session.simulated = true;
    let mut model = Model::new(session, Arc::new(KeyTable::default()), now, jiff::tz::TimeZone::UTC);
    update(&mut model, Msg::Resize(SIZE));
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    Ok(model)
}

fn picture(model: &Model, path: &str, title: &str) -> Checked {
    let area = Rect::new(0, 0, SIZE.width, SIZE.height);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::bundled(ColorLevel::True);
    view::draw(&mut buffer, area, model, Look { theme: &theme, glyphs: &UNICODE, keys: None });
    current(path, &svg::picture(&buffer, title, Paper::of(&theme)))?;
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))?;
    assert!(readme.contains(&format!("]({path})")), "the README shows {path}");
    Ok(())
}

#[tokio::test]
async fn the_picture_is_the_board_as_it_is_drawn_now() -> Checked {
    picture(&at_the_shop().await?, "tests/pictures/board.svg", "windlass: the board")
}

/// What the meter of a console would have told of the canary by now.
fn measured(release: &Release, now: Timestamp) -> Measured {
    let track = |role: Role, (requests, errors, p99): (f64, f64, f64), samples| {
        let name = release.track(role).map(|track| track.name.clone()).unwrap_or_default();
        let since = if role == Role::Candidate { 48 } else { 0 };
        let points = |mean: f64, swing: f64| {
            let point = |place: i32| (place >= since).then(|| mean * (1.0 + swing * (f64::from(place) * 0.7).sin()));
            (0..60).map(point).collect()
        };
        let series = Series {
            start: now - SignedDuration::from_secs(15 * 59),
            step: SignedDuration::from_secs(15),
            requests: points(requests, 0.03),
            errors: points(errors, 0.08),
            p99: points(p99, 0.1),
        };
        let [requests, errors, p50, p90, p99] = [requests, errors, p99 / 6.6, p99 / 2.0, p99].map(Reading::Value);
        let recent = Series::default();
        TrackMeasured { role, name, requests, errors, p50, p90, p99, samples: Some(samples), series, recent }
    };
    Measured {
        source: "prometheus".into(),
        detail: "".into(),
        at: Some(now),
        every: SignedDuration::from_secs(15),
        window: SignedDuration::from_mins(1),
        tracks: vec![
            track(Role::Stable, (144.0, 0.001, 0.092), 8_640),
            track(Role::Candidate, (36.0, 0.2, 0.299), 2_160),
        ],
        named: vec![],
        health: None,
        trouble: None,
    }
}

#[tokio::test]
async fn the_third_picture_is_a_canary_that_fails() -> Checked {
    let mut model = at("bad-canary").await?;
    for key in KeyPress::sequence("/checkout<Enter><Enter>4")? {
        update(&mut model, Msg::Key(key));
    }
    let release = model.focus().cloned().ok_or("the canary is there")?;
    let releases = [(release.uid.clone(), Arc::new(measured(&release, model.now)))].into();
    update(&mut model, Msg::Measured(Arc::new(Measurements { version: 1, releases })));
    picture(&model, "tests/pictures/errors.svg", "windlass: a canary that fails")
}

#[tokio::test]
async fn the_other_picture_is_a_canary_as_it_is_drawn_now() -> Checked {
    let mut model = at_the_shop().await?;
    for key in KeyPress::sequence("/checkout<Enter><Enter>2")? {
        update(&mut model, Msg::Key(key));
    }
    picture(&model, "tests/pictures/traffic.svg", "windlass: the traffic of a canary")
}
