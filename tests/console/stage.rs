//! A console on a screen that is a buffer, driven by the real loop over a simulated cluster.

use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use serde_json::Value;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use windlass::action::{Desks, Journal};
use windlass::app::keypress::KeyPress;
use windlass::app::keys::KeyTable;
use windlass::app::runner::Home;
use windlass::app::{Console, Session, Setup};
use windlass::cluster::{Clock, Cluster, ConnectOptions, NamespaceScope};
use windlass::config::{Config, Sources};
use windlass::domain::ObjectKey;
use windlass::sim::{ClockMode, SimCluster, SimOptions};
use windlass::tui::{
    Display, Ending, Flushed, FrameId, Input, Options, Picture, Pointer, Screen, Screenplay, Signal, Streams, drive,
};
use windlass::ui::glyphs;
use windlass::ui::theme::{ColorLevel, Library};

/// A simulated cluster whose time follows tokio's.
pub fn sim(scenario: &str) -> SimCluster {
    SimCluster::scenario(scenario, &SimOptions { clock: ClockMode::Follow { speed: 1.0 }, pods: None }).expect("starts")
}

/// How a console is set up.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The configuration's text.
    pub config: &'static str,
    /// Who works.
    pub who: &'static str,
}

/// One person at one console.
pub struct Stage {
    pub sim: SimCluster,
    inputs: mpsc::UnboundedSender<Input>,
    screen: Shared,
    ending: tokio::task::JoinHandle<Ending>,
    _signals: mpsc::UnboundedSender<Signal>,
    home: tempfile::TempDir,
}

/// What the loop draws on.
#[derive(Clone)]
struct Shared {
    picture: Arc<Mutex<(FrameId, Buffer)>>,
    presented: watch::Sender<u64>,
    flushed: watch::Sender<Flushed>,
    /// A stalled link: pictures are taken and never reach the terminal.
    stalled: Arc<Mutex<bool>>,
    size: Arc<Mutex<Size>>,
}

impl Screen for Shared {
    fn size(&self) -> Size {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&mut self, id: FrameId, picture: Picture) {
        *self.picture.lock().unwrap_or_else(PoisonError::into_inner) = (id, picture.buffer);
        self.presented.send_replace(id.0);
        if !*self.stalled.lock().unwrap_or_else(PoisonError::into_inner) {
            self.flushed.send_replace(Flushed::Upto(id));
        }
    }

    fn send(&mut self, _: Vec<u8>) {}

    fn repaint(&mut self) {}

    fn flushed(&self) -> watch::Receiver<Flushed> {
        self.flushed.subscribe()
    }

    fn stop(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage {
    /// A console of `ana` with the built-in configuration, once the board is there.
    pub async fn on(sim: &SimCluster) -> Self {
        Self::with(sim, Person { config: "", who: "ana" }).await
    }

    /// A console, once the board is there.
    pub async fn with(sim: &SimCluster, options: Person) -> Self {
        let stage = Self::raise(sim, options, None).await;
        stage.until("live").await;
        stage.until("READY").await;
        stage
    }

    /// A console of `ana` that opened on one release, as `windlass TARGET` does.
    pub async fn opened(sim: &SimCluster, release: ObjectKey) -> Self {
        let stage = Self::raise(sim, Person { config: "", who: "ana" }, Some(release)).await;
        stage.until("1 Versions").await;
        stage
    }

    /// A console that has just been started.
    async fn raise(sim: &SimCluster, options: Person, start: Option<ObjectKey>) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let sources = Sources { file: Some(("config.toml".into(), options.config.to_owned())), ..Sources::default() };
        let config = Arc::new(Config::resolve(&sources).expect("a configuration"));
        let client = sim.client_as(&format!("user:{}", options.who));
        let cluster = Cluster::over(client, "sim", &ConnectOptions::default()).await.expect("connects");
        let shared = sim.clone();
        let mut session = Session::new(config, cluster.identity(), options.who);
        session.simulated = true;
        session.salt = options.who.into();
        session.start = start;
        session.themes = vec!["default".into(), "mono".into()];
        let setup = Setup {
            session,
            keys: Arc::new(KeyTable::default()),
            zone: jiff::tz::TimeZone::UTC,
            clock: Clock::new(move || shared.now()),
            home: Home {
                cluster,
                scope: NamespaceScope::All,
                journal: Journal::open(home.path()),
                elsewhere: None,
                who: Some(options.who.into()),
                user: options.who.into(),
                screens: home.path().to_owned(),
                desks: Desks::default(),
            },
        };
        let screen = Shared {
            picture: Arc::new(Mutex::new((FrameId(0), Buffer::empty(ratatui::layout::Rect::new(0, 0, 80, 24))))),
            presented: watch::Sender::new(0),
            flushed: watch::Sender::new(Flushed::Upto(FrameId(0))),
            stalled: Arc::default(),
            size: Arc::new(Mutex::new(Size::new(80, 24))),
        };
        let (inputs, typed) = mpsc::unbounded_channel();
        let (signals, heard) = mpsc::unbounded_channel();
        let mut drawn_on = screen.clone();
        let ending = tokio::spawn(async move {
            let (console, messages) = Console::start(setup);
            let display = Display {
                themes: Library::default(),
                level: ColorLevel::True,
                glyphs: &glyphs::UNICODE,
                options: Options { mouse: false, escape_delay: Duration::ZERO },
            };
            let mut program = Screenplay::new(console, display);
            let streams = Streams { signals: heard, inputs: typed, messages };
            drive(&mut program, &mut drawn_on, streams).await
        });
        Self { sim: sim.clone(), inputs, screen, ending, _signals: signals, home }
    }

    /// A console on the traffic pane of the release `name`.
    pub async fn at_traffic(scenario: &str, name: &str) -> Self {
        let stage = Self::on(&sim(scenario)).await;
        stage.select(name).await;
        stage.press("<Enter>2").await;
        stage.until("[2 Traffic]").await;
        stage
    }

    /// Types keys; `<armed>` reads a dialog to its end, and lets virtual time pass until it takes its confirming key.
    pub async fn press(&self, keys: &str) {
        for (place, part) in keys.split("<armed>").enumerate() {
            if place > 0 {
                self.quiet(Duration::from_millis(500)).await;
                self.read_to_the_end().await;
            }
            for key in KeyPress::sequence(part).expect("keys") {
                self.inputs.send(Input::Key(key)).expect("the console runs");
                // The hand takes its time, and answers come meanwhile.
                self.quiet(Duration::from_millis(20)).await;
            }
        }
    }

    /// Pages down until every line of the dialog was shown: before that its confirming key is not taken.
    async fn read_to_the_end(&self) {
        for _ in 0..20 {
            if !self.text().contains(" before y") {
                return;
            }
            for key in KeyPress::sequence("<PgDn>").expect("a key") {
                self.inputs.send(Input::Key(key)).expect("the console runs");
            }
            self.quiet(Duration::from_millis(500)).await;
        }
    }

    /// All keys at once, as they are typed ahead of a slow link.
    pub fn type_ahead(&self, keys: &str) {
        for key in KeyPress::sequence(keys).expect("keys") {
            self.inputs.send(Input::Key(key)).expect("the console runs");
        }
    }

    /// What the mouse does.
    pub async fn point(&self, pointer: Pointer) {
        self.inputs.send(Input::Pointer(pointer)).expect("the console runs");
        self.quiet(Duration::from_millis(20)).await;
    }

    pub fn paste(&self, text: &str) {
        self.inputs.send(Input::Paste(text.to_owned())).expect("the console runs");
    }

    /// Where its journal is.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Virtual time passes.
    pub async fn quiet(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// The link to the terminal stalls, or flows again.
    pub fn stall(&self, stalled: bool) {
        *self.screen.stalled.lock().unwrap_or_else(PoisonError::into_inner) = stalled;
        if !stalled {
            let shown = self.screen.picture.lock().unwrap_or_else(PoisonError::into_inner).0;
            self.screen.flushed.send_replace(Flushed::Upto(shown));
        }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        let picture = self.screen.picture.lock().unwrap_or_else(PoisonError::into_inner);
        let buffer = &picture.1;
        let width = usize::from(buffer.area.width).max(1);
        let rows = buffer.content.chunks(width);
        let rows = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        let text = rows.collect::<Vec<_>>().join("\n");
        assert!(!text.contains(windlass::domain::said::MARK), "an action without its key:\n{text}");
        text
    }

    /// Waits until the screen shows `text`.
    pub async fn until(&self, text: &str) {
        self.until_screen(text, |screen| screen.contains(text)).await;
    }

    /// Waits until the line with `name` ends with a word that begins so.
    pub async fn until_row(&self, name: &str, end: &str) {
        let there = |line: &str| {
            line.contains(name)
                && line.trim_end().rsplit_once(' ').is_some_and(|(_, last)| last.starts_with(end.trim()))
        };
        self.until_screen(&format!("{name} … {end}"), |screen| screen.lines().any(there)).await;
    }

    /// Waits until the screen no longer shows `text`.
    pub async fn until_gone(&self, text: &str) {
        self.until_screen(&format!("no {text}"), |screen| !screen.contains(text)).await;
    }

    async fn until_screen(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let mut presented = self.screen.presented.subscribe();
        let waiting = async {
            while !wanted(&self.text()) {
                presented.changed().await.expect("the console runs");
            }
        };
        let came = tokio::time::timeout(Duration::from_mins(5), waiting).await.is_ok();
        assert!(came, "never on the screen: {what}\n{}", self.text());
    }

    /// Selects a release by its name.
    pub async fn select(&self, name: &str) {
        self.press(&format!("/{name}<Enter>")).await;
        self.until(&format!("/{name}")).await;
    }

    /// The console's end.
    pub async fn ended(self) -> Ending {
        self.ending.await.expect("it ended well")
    }
}

/// The image that a workload's spec asks for.
pub fn image(sim: &SimCluster, path: &str) -> String {
    let object = sim.object(path).expect("it is there");
    object.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).expect("an image").to_owned()
}

/// How many requests changed something, or would have; the Event that tells of a write is none, nor is the Lease that tells
/// who steps.
pub fn writes(sim: &SimCluster) -> usize {
    let told = |path: &str| path.contains("/events") || path.contains("/leases");
    sim.requests().iter().filter(|request| request.is_mutation() && !told(&request.path)).count()
}
