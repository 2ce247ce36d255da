//! What the terminal can do, as far as the environment tells.

use std::time::Duration;

use crate::config::ColorMode;
use crate::ui::glyphs::Charset;
use crate::ui::theme::ColorLevel;

/// What the terminal can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// A full screen can be drawn: standard output is a terminal, and not a dumb one.
    pub full_screen: bool,
    /// How many colours there are.
    pub color: ColorLevel,
    /// What characters there are.
    pub charset: Charset,
    /// How long a lone `ESC` waits for the rest of a sequence: longer where a network lies between.
    pub escape_delay: Duration,
}

impl Capabilities {
    /// Looks at the environment through `variable`; `color` is what the person asked for.
    pub fn detect(variable: &dyn Fn(&str) -> Option<String>, stdout_is_terminal: bool, color: ColorMode) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let dumb = term.is_empty() || term == "dumb";
        let remote = ["SSH_CONNECTION", "SSH_CLIENT"].iter().any(|name| set(name).is_some());
        Self {
            full_screen: stdout_is_terminal && !dumb,
            color: match color {
                ColorMode::Never => ColorLevel::None,
                ColorMode::Sixteen => ColorLevel::Sixteen,
                ColorMode::Palette => ColorLevel::Palette,
                ColorMode::True => ColorLevel::True,
                ColorMode::Auto if dumb || set("NO_COLOR").is_some() => ColorLevel::None,
                ColorMode::Auto => level(&term, &set),
            },
            charset: Charset::of(variable),
            escape_delay: Duration::from_millis(if remote { 100 } else { 25 }),
        }
    }
}

/// The colours of the terminal that `TERM` names. `sshd` does not pass `COLORTERM` on, so those that always have 24 bits
/// are known by name.
fn level(term: &str, set: &dyn Fn(&str) -> Option<String>) -> ColorLevel {
    const TRUE: [&str; 8] = ["kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "rio", "-direct"];
    // GNU screen hands its parent's COLORTERM down and knows 256 colours at most; tmux says TMUX.
    let gnu_screen = term.starts_with("screen") && set("TMUX").is_none();
    let said = set("COLORTERM").is_some_and(|value| ["truecolor", "24bit"].contains(&value.as_str()));
    let program =
        set("TERM_PROGRAM").is_some_and(|name| ["iTerm.app", "WezTerm", "vscode", "ghostty"].contains(&name.as_str()));
    if !gnu_screen && (said || program || TRUE.iter().any(|name| term.contains(name))) {
        ColorLevel::True
    } else if term.contains("256color") || (gnu_screen && said) {
        ColorLevel::Palette
    } else if term.starts_with("vt1") || term.starts_with("vt2") {
        ColorLevel::None
    } else {
        ColorLevel::Sixteen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(color: ColorMode, variables: &[(&str, &str)]) -> Capabilities {
        let variable =
            |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Capabilities::detect(&variable, true, color)
    }

    #[test]
    fn colours_are_those_that_the_terminal_says_it_has() {
        for (variables, level) in [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], ColorLevel::True),
            (&[("TERM", "xterm-256color")], ColorLevel::Palette),
            (&[("TERM", "xterm-kitty")], ColorLevel::True),
            (&[("TERM", "xterm")], ColorLevel::Sixteen),
            (&[("TERM", "linux")], ColorLevel::Sixteen),
            (&[("TERM", "vt100")], ColorLevel::None),
            (&[("TERM", "screen"), ("COLORTERM", "truecolor")], ColorLevel::Palette),
            (&[("TERM", "screen-256color"), ("COLORTERM", "truecolor"), ("TMUX", "x")], ColorLevel::True),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], ColorLevel::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], ColorLevel::Palette),
        ] {
            assert_eq!(detected(ColorMode::Auto, variables).color, level, "{variables:?}");
        }
    }

    #[test]
    fn what_the_person_asked_for_goes_before_what_the_terminal_says() {
        let variables = [("TERM", "xterm"), ("NO_COLOR", "1")];
        assert_eq!(detected(ColorMode::True, &variables).color, ColorLevel::True);
        assert_eq!(detected(ColorMode::Never, &[("COLORTERM", "truecolor")]).color, ColorLevel::None);
    }

    #[test]
    fn no_full_screen_on_a_dumb_terminal_or_on_none() {
        assert!(detected(ColorMode::Auto, &[("TERM", "xterm")]).full_screen);
        assert!(!detected(ColorMode::Auto, &[("TERM", "dumb")]).full_screen);
        assert!(!detected(ColorMode::Auto, &[]).full_screen);
        assert!(!Capabilities::detect(&|_| Some("xterm".into()), false, ColorMode::Auto).full_screen);
    }

    #[test]
    fn a_lone_escape_waits_longer_over_a_network() {
        let here = detected(ColorMode::Auto, &[("TERM", "xterm")]).escape_delay;
        let there = detected(ColorMode::Auto, &[("TERM", "xterm"), ("SSH_CONNECTION", "a b")]).escape_delay;
        assert!(there > here);
    }
}
