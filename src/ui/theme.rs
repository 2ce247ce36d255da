//! Themes: what a thing means decides how it looks.
//!
//! The code asks for a scope (`state.failed`); a theme file gives it a style, or leaves it to the scope above
//! (`state`). Styles are patches: what a style does not name stays as it is beneath. Everything is resolved once, when
//! a theme is loaded; what is wrong in a file is a warning with its line, and the rest counts.

pub mod color;
mod file;
mod library;
mod scopes;
mod style;

use std::collections::{BTreeMap, HashMap};

use ratatui::style::{Color, Style};

pub use color::ColorLevel;
pub use library::{BUNDLED, Library};
pub use scopes::{SCOPES, Use};

use crate::config::Problem;
use crate::domain::release::Role;
use crate::domain::state::Verdict;
use crate::domain::{Direction, State};

/// A theme, ready to draw with.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Its name.
    pub name: String,
    level: ColorLevel,
    styles: HashMap<&'static str, Style>,
}

impl Theme {
    /// Loads the theme `name` for a terminal of `level`, with warnings about what is wrong in its files. The error says
    /// that there is no such theme, and which there are.
    ///
    /// Without colours every theme looks as `mono` does, and with sixteen every theme that names others looks as
    /// `ansi16` does: what 24 bits look like in sixteen colours is not always to be read.
    pub fn load(library: &Library, name: &str, level: ColorLevel) -> Result<(Self, Vec<Problem>), Problem> {
        let (mut theme, problems) = Self::build(library, name)?;
        let stand_in = match level {
            ColorLevel::None => Some("mono"),
            ColorLevel::Sixteen if theme.needs_more_than_sixteen() => Some("ansi16"),
            _ => None,
        };
        if let Some(stand_in) = stand_in
            && let Ok((other, _)) = Self::build(&Library::default(), stand_in)
        {
            theme.styles = other.styles;
        }
        theme.level = level;
        for style in theme.styles.values_mut() {
            style.fg = style.fg.map(|color| level.fit(color));
            style.bg = style.bg.map(|color| level.fit(color));
        }
        Ok((theme, problems))
    }

    /// The default theme, as bundled.
    pub fn bundled(level: ColorLevel) -> Self {
        Self::load(&Library::default(), BUNDLED[0].0, level)
            .map_or_else(|_| Self { name: String::new(), level, styles: HashMap::new() }, |(theme, _)| theme)
    }

    fn build(library: &Library, name: &str) -> Result<(Self, Vec<Problem>), Problem> {
        let mut problems = Vec::new();
        let (mut palette, mut written) = (BTreeMap::new(), BTreeMap::new());
        for file in library.chain(name)? {
            problems.extend(file.problems);
            palette.extend(file.palette);
            written.extend(file.styles);
        }
        let mut colors = BTreeMap::new();
        for (name, (text, origin)) in palette {
            match style::look_up(&text, &BTreeMap::new()) {
                Ok(color) => {
                    colors.insert(name, color);
                }
                Err(message) => problems.push(Problem::new(origin, format!("colour '{name}': {message}"))),
            }
        }
        let mut own: HashMap<String, Style> = HashMap::new();
        for (scope, (text, origin)) in written {
            match style::parse(&text, &colors) {
                Ok(style) => {
                    own.insert(scope, style);
                }
                Err(message) => problems.push(Problem::new(origin, format!("style '{scope}': {message}"))),
            }
        }
        let styles = SCOPES.iter().map(|(scope, ..)| (*scope, resolve(scope, &own))).collect();
        Ok((Self { name: name.to_owned(), level: ColorLevel::True, styles }, problems))
    }

    /// The style of a scope, one of [`SCOPES`]; a scope that is none changes nothing.
    pub fn style(&self, scope: &str) -> Style {
        debug_assert!(self.styles.is_empty() || self.styles.contains_key(scope), "no such scope: {scope}");
        self.styles.get(scope).copied().unwrap_or_default()
    }

    /// How a state looks.
    pub fn state(&self, state: State) -> Style {
        self.style(match state {
            State::Down => "state.down",
            State::Failed => "state.failed",
            State::Degraded => "state.degraded",
            State::Waiting => "state.waiting",
            State::Progressing => "state.progressing",
            State::Healthy => "state.healthy",
            State::Idle => "state.idle",
            State::Unknown => "state.unknown",
        })
    }

    /// How a verdict looks.
    pub fn verdict(&self, verdict: Verdict) -> Style {
        self.style(match verdict {
            Verdict::Ok => "verdict.ok",
            Verdict::Warn => "verdict.warn",
            Verdict::Bad => "verdict.bad",
            Verdict::Unknown => "verdict.unknown",
        })
    }

    /// How a track looks.
    pub fn track(&self, role: Role) -> Style {
        self.style(match role {
            Role::Stable => "track.stable",
            Role::Candidate => "track.candidate",
            Role::Idle => "track.idle",
        })
    }

    /// How a verb of a direction looks.
    pub fn direction(&self, direction: Direction) -> Style {
        self.style(match direction {
            Direction::Back => "direction.back",
            Direction::Forward => "direction.forward",
        })
    }

    /// The fingerprint word in the colour that the configuration gives its context: a terminal's colour or `#rrggbb`.
    pub fn fingerprint(&self, color: Option<&str>) -> Style {
        let style = self.style("header.fingerprint");
        match color.and_then(color::parse) {
            Some(color) if self.level > ColorLevel::None => style.fg(self.level.fit(color)),
            _ => style,
        }
    }

    fn needs_more_than_sixteen(&self) -> bool {
        let more = |color: Option<Color>| matches!(color, Some(Color::Rgb(..) | Color::Indexed(16..)));
        self.styles.values().any(|style| more(style.fg) || more(style.bg))
    }
}

/// The style of `scope`: its own, else that of the scope before its last dot, and so on.
fn resolve(scope: &str, own: &HashMap<String, Style>) -> Style {
    let mut scope = scope;
    loop {
        if let Some(style) = own.get(scope) {
            return *style;
        }
        let Some((above, _)) = scope.rsplit_once('.') else { return Style::new() };
        scope = above;
    }
}

#[cfg(test)]
mod tests;
