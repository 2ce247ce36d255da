//! The console as a program of the terminal's loop: what happens goes to the Model, and its picture comes out.

use super::{Command, Copied, FrameId, Options, Pointer, Program, Typed, run};
use crate::app::keypress::{KeyCode, KeyPress};
use crate::app::layers::Layer;
use crate::app::messages::Level;
use crate::app::model::Size as Cells;
use crate::app::runner::News;
use crate::app::sight::InSight;
use crate::app::{Console, Msg, Setup, Wish};
use crate::domain::Str;
use crate::ui::glyphs::Glyphs;
use crate::ui::theme::{ColorLevel, Library, Theme};
use crate::ui::view;
use crate::ui::widgets::Look;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};
use std::collections::VecDeque;
use std::io;
use std::time::Instant;

/// How the console is drawn.
#[derive(Debug)]
pub struct Display {
    /// The themes.
    pub themes: Library,
    /// How many colours there are.
    pub level: ColorLevel,
    /// The signs.
    pub glyphs: &'static Glyphs,
    /// How the terminal is taken.
    pub options: Options,
}

/// Takes the terminal, runs the console and gives the terminal back. Must be awaited by the thread that runs the
/// runtime. The error: the terminal can't be taken.
pub async fn console(setup: Setup, display: Display) -> io::Result<super::Ending> {
    let options = display.options;
    let (console, news) = Console::start(setup);
    run(&mut Screenplay::new(console, display), news, options).await
}

/// The console on a screen.
#[derive(Debug)]
pub struct Screenplay {
    /// The console.
    pub console: Console,
    display: Display,
    theme: Theme,
    /// The name of the theme that was last asked for; one that does not exist is asked for once.
    theme_name: Str,
    changed: bool,
    /// Which revision of the Model each picture on its way shows, and what of a dialog.
    frames: VecDeque<(FrameId, u64, Option<Box<InSight>>)>,
}

impl Screenplay {
    /// The console, not drawn yet.
    pub fn new(console: Console, display: Display) -> Self {
        let theme = Theme::bundled(display.level);
        let mut screenplay =
            Self { console, display, theme, theme_name: "".into(), changed: true, frames: VecDeque::new() };
        screenplay.take_theme();
        screenplay
    }

    fn handle(&mut self, msg: Msg) {
        self.console.handle(msg);
        self.changed = true;
        self.take_theme();
    }

    /// Loads the theme that the Model names, when it is another one.
    fn take_theme(&mut self) {
        let name = self.console.model.theme.clone();
        if name == self.theme_name {
            return;
        }
        self.theme_name = name.clone();
        let problems = match Theme::load(&self.display.themes, &name, self.display.level) {
            Ok((theme, problems)) => {
                self.theme = theme;
                problems
            }
            Err(problem) => vec![problem],
        };
        for problem in problems {
            self.console.handle(Msg::Say(Level::Warning, problem.to_string().into()));
        }
    }

    const fn look(&self) -> Look<'_> {
        Look { theme: &self.theme, glyphs: self.display.glyphs, keys: None }
    }

    /// Whether a dialog waits for its first frame.
    fn awaits_frame(&self) -> bool {
        use crate::app::arming::Arming;
        self.console.model.layers.iter().any(|layer| match layer {
            Layer::Plan(dialog) => matches!(dialog.arming, Arming::Awaiting(_)),
            Layer::Guard(dialog) => matches!(dialog.arming, Arming::Awaiting(_)),
            Layer::Interrupted(list) => matches!(list.arming, Arming::Awaiting(_)),
            _ => false,
        })
    }
}

impl Program for Screenplay {
    type Msg = News;

    fn key(&mut self, key: KeyPress, _now: Instant) {
        self.handle(Msg::Key(key));
    }

    fn pointer(&mut self, pointer: Pointer) {
        // The wheel moves as the arrows do, and so can do no more than they.
        let code = match pointer {
            Pointer::Up(..) => KeyCode::Up,
            Pointer::Down(..) => KeyCode::Down,
            Pointer::Press(..) => return,
        };
        self.handle(Msg::Key(KeyPress::plain(code)));
    }

    fn paste(&mut self, text: &str) {
        self.handle(Msg::Paste(text.to_owned()));
    }

    fn message(&mut self, message: News) {
        let before = self.console.model.revision;
        self.console.take(message);
        // News that is drawn as what was there before is not drawn.
        self.changed |= self.console.model.revision != before;
        self.take_theme();
    }

    fn is_answer(&self, message: &News) -> bool {
        match message {
            News::Msg(msg) => msg.is_answer(),
            News::Connected(_) => true,
        }
    }

    fn resized(&mut self, size: Size) {
        self.handle(Msg::Resize(Cells { width: size.width, height: size.height }));
    }

    fn tick(&mut self, _now: Instant) {
        self.handle(Msg::Tick);
    }

    fn next_tick(&self) -> Option<Instant> {
        self.console.wakes_at().map(tokio::time::Instant::into_std)
    }

    fn wants_draw(&self) -> bool {
        self.changed
    }

    fn draw(&self, buffer: &mut Buffer) -> Option<Position> {
        let look = self.look();
        view::draw(buffer, buffer.area, &self.console.model, look)
    }

    fn drawn(&mut self, frame: FrameId) {
        self.changed = false;
        let shown = view::in_sight(&self.console.model, self.look()).map(Box::new);
        self.frames.push_back((frame, self.console.model.revision, shown));
    }

    fn flushed(&mut self, frame: FrameId, _now: Instant) -> Typed {
        let mut shown = None;
        while let Some((_, revision, lines)) = self.frames.pop_front_if(|(id, ..)| id.0 <= frame.0) {
            shown = Some((revision, lines));
        }
        let Some((revision, lines)) = shown else { return Typed::Keep };
        let waited = self.awaits_frame();
        let before = self.console.model.revision;
        self.console.handle(Msg::Flushed(revision, lines));
        self.changed |= self.console.model.revision != before;
        // A dialog is seen for the first time: what was typed before was not typed for it.
        if waited && !self.awaits_frame() { Typed::Discard } else { Typed::Keep }
    }

    fn commands(&mut self) -> Vec<Command> {
        let command = |wish| match wish {
            Wish::Copy(text) => Command::Copy(text),
            Wish::Redraw => Command::Redraw,
            Wish::Suspend => Command::Suspend,
            Wish::SaveScreen => Command::Capture,
            Wish::Quit => Command::Quit,
        };
        self.console.wishes().into_iter().map(command).collect()
    }

    fn copied(&mut self, copied: Copied) {
        if let Copied::TooLong { bytes, limit } = copied {
            let text = format!("not copied: {bytes} bytes are more than terminals take ({limit})");
            self.handle(Msg::Say(Level::Warning, text.into()));
        }
    }

    fn captured(&mut self, picture: &Buffer) {
        let text = crate::ui::text::lines(picture).join("\n") + "\n";
        self.console.save_screen(text);
    }
}
