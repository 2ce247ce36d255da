//! The README says what is: its keys are the key table's, its picture is the board's.
//! `WINDLASS_TEST_UPDATE=1 cargo test --test readme` writes both anew.

use std::{error::Error, fs, path::Path, sync::Arc};

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
    let sim = SimCluster::scenario("shop", &SimOptions::manual())?;
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
    view::draw(&mut buffer, area, model, Look { theme: &theme, glyphs: &UNICODE });
    current(path, &svg::picture(&buffer, title, Paper::of(&theme)))?;
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))?;
    assert!(readme.contains(&format!("]({path})")), "the README shows {path}");
    Ok(())
}

#[tokio::test]
async fn the_picture_is_the_board_as_it_is_drawn_now() -> Checked {
    picture(&at_the_shop().await?, "tests/pictures/board.svg", "windlass: the board")
}

#[tokio::test]
async fn the_other_picture_is_a_canary_as_it_is_drawn_now() -> Checked {
    let mut model = at_the_shop().await?;
    for key in KeyPress::sequence("/checkout<Enter><Enter>2")? {
        update(&mut model, Msg::Key(key));
    }
    picture(&model, "tests/pictures/traffic.svg", "windlass: the traffic of a canary")
}
