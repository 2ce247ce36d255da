//! The console at work: the Model, and the runner that does what `update` wants done. The terminal's loop, and tests,
//! hand it what happens and ask it what they shall do.

use super::effect::Effect;
use super::keys::KeyTable;
use super::measuring;
use super::model::Model;
use super::msg::Msg;
use super::runner::{Home, News, Runner};
use super::session::Session;
use super::update::update;
use super::wake;
use crate::cluster::Clock;
use jiff::tz::TimeZone;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What the console wants of its terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Put a text on the clipboard.
    Copy(String),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell.
    Suspend,
    /// Hand over the screen's text, to be written to a file.
    SaveScreen,
    /// End.
    Quit,
}

/// What a console is made from.
#[derive(Debug)]
pub struct Setup {
    /// Who works where.
    pub session: Session,
    /// The keys.
    pub keys: Arc<KeyTable>,
    /// The zone of clock times.
    pub zone: TimeZone,
    /// The time.
    pub clock: Clock,
    /// The cluster, the journal, and how other clusters are reached.
    pub home: Home,
}

/// A console at work.
#[derive(Debug)]
pub struct Console {
    /// The state that is drawn.
    pub model: Model,
    runner: Runner,
    clock: Clock,
    began: Instant,
    wishes: Vec<Wish>,
}

impl Console {
    /// Starts a console: the cluster is observed from now on. The receiver holds what it must be handed with
    /// [`Console::take`]. Must be called within a tokio runtime.
    pub fn start(setup: Setup) -> (Self, mpsc::Receiver<News>) {
        let session = Session { console: setup.home.desks.console().clone(), ..setup.session };
        let model = Model::new(session, setup.keys, setup.clock.now(), setup.zone);
        let (runner, news) = Runner::start(setup.home, setup.clock.clone(), &model.session);
        let mut console = Self { model, runner, clock: setup.clock, began: Instant::now(), wishes: Vec::new() };
        console.run(vec![Effect::ReadJournal]);
        (console, news)
    }

    /// Takes one thing that happened.
    pub fn handle(&mut self, msg: Msg) {
        self.model.now = self.clock.now();
        self.model.tick = self.began.elapsed();
        let effects = update(&mut self.model, msg);
        self.run(effects);
        self.runner.look_at(measuring::focus(&self.model));
    }

    /// Takes what a task of the runner told.
    pub fn take(&mut self, news: News) {
        match news {
            News::Msg(msg) => self.handle(msg),
            News::Connected(connected) => {
                let session = self.runner.adopt(*connected, &self.model.session);
                self.handle(Msg::Switched(Ok(Box::new(session))));
            }
        }
    }

    /// What the terminal shall do, since it was last asked.
    pub fn wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Writes the text of the screen to a file, and says where it is.
    pub fn save_screen(&mut self, text: String) {
        self.runner.save_screen(text);
    }

    /// When time alone changes what is drawn next: then a [`Msg::Tick`] is due.
    pub fn wakes_at(&self) -> Option<Instant> {
        wake::next(&self.model).map(|tick| self.began + tick)
    }

    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Copy(text) => self.wishes.push(Wish::Copy(text)),
                Effect::Redraw => self.wishes.push(Wish::Redraw),
                Effect::Suspend => self.wishes.push(Wish::Suspend),
                Effect::SaveScreen => self.wishes.push(Wish::SaveScreen),
                Effect::Quit => self.wishes.push(Wish::Quit),
                other => self.runner.run(other, &self.model),
            }
        }
    }
}
