//! What the terminal writes with: colours and attributes, and the shortest way from one to another.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// The colours and attributes that the next character gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pen {
    foreground: Color,
    background: Color,
    modifiers: Modifier,
}

/// Attribute, the code that turns it on, the code that turns it off.
const ATTRIBUTES: [(Modifier, u8, u8); 7] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// What a blank shows besides its background.
const SEEN_ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

impl Pen {
    /// The pen that a cell is written with. Blinking is never drawn.
    fn of(cell: &Cell) -> Self {
        let known = ATTRIBUTES.iter().fold(Modifier::empty(), |all, (modifier, ..)| all | *modifier);
        Self { foreground: cell.fg, background: cell.bg, modifiers: cell.modifier & known }
    }

    /// What can be seen of a cell's pen: two cells of the same character that are equal in it look the same.
    pub(super) fn seen(cell: &Cell) -> Self {
        let plain = Self { background: cell.bg, ..Self::default() };
        if shows_background_only(cell) { plain } else { Self::of(cell) }
    }

    /// The pen nearest to this one that a cell may be written with: a blank takes any foreground.
    pub(super) fn fit(self, cell: &Cell) -> Self {
        let kept = Self { background: cell.bg, modifiers: self.modifiers - SEEN_ON_BLANKS, ..self };
        if shows_background_only(cell) { kept } else { Self::of(cell) }
    }

    /// Adds the shortest sequence that turns this pen into `next`. Colours are never touched where they don't change,
    /// and nothing is reset that is needed again: a bare reset (`CSI m`) would take reverse and bold with it.
    pub(super) fn turn(self, next: Self, out: &mut Vec<u8>) {
        if self == next {
            return;
        }
        let (mut step, mut anew) = (Codes::default(), Codes::default());
        anew.number(0);
        anew.after_reset(Self::default(), next);
        step.after(self, next);
        let shorter = if anew.0.len() < step.0.len() { anew } else { step };
        out.extend_from_slice(b"\x1b[");
        // A lone 0 may be left out.
        if shorter.0 != b"0" {
            out.extend_from_slice(&shorter.0);
        }
        out.push(b'm');
    }
}

fn shows_background_only(cell: &Cell) -> bool {
    cell.symbol() == " " && !cell.modifier.intersects(SEEN_ON_BLANKS)
}

/// The parameters of one SGR sequence.
#[derive(Default)]
struct Codes(Vec<u8>);

impl Codes {
    fn number(&mut self, number: u8) {
        if !self.0.is_empty() {
            self.0.push(b';');
        }
        self.0.extend_from_slice(number.to_string().as_bytes());
    }

    fn after_reset(&mut self, plain: Pen, next: Pen) {
        for (modifier, on, _) in ATTRIBUTES {
            if next.modifiers.contains(modifier) {
                self.number(on);
            }
        }
        self.colors(plain, next);
    }

    fn after(&mut self, pen: Pen, next: Pen) {
        let removed = pen.modifiers - next.modifiers;
        let mut kept = pen.modifiers;
        for (modifier, _, off) in ATTRIBUTES {
            if removed.contains(modifier) && kept.contains(modifier) {
                self.number(off);
                // 22 turns off both bold and dim.
                kept -= if off == 22 { Modifier::BOLD | Modifier::DIM } else { modifier };
            }
        }
        for (modifier, on, _) in ATTRIBUTES {
            if next.modifiers.contains(modifier) && !kept.contains(modifier) {
                self.number(on);
            }
        }
        self.colors(pen, next);
    }

    fn colors(&mut self, pen: Pen, next: Pen) {
        if pen.foreground != next.foreground {
            self.color(next.foreground, 30);
        }
        if pen.background != next.background {
            self.color(next.background, 40);
        }
    }

    fn color(&mut self, color: Color, base: u8) {
        match color {
            Color::Reset => self.number(base + 9),
            Color::Rgb(r, g, b) => [base + 8, 2, r, g, b].into_iter().for_each(|number| self.number(number)),
            Color::Indexed(index) => [base + 8, 5, index].into_iter().for_each(|number| self.number(number)),
            named => match number_of(named) {
                index @ 0..8 => self.number(base + index),
                index => self.number(base + 60 + index - 8),
            },
        }
    }
}

/// The number of a named colour; ratatui calls the seventh `Gray` and the eighth `DarkGray`.
const fn number_of(color: Color) -> u8 {
    match color {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Black | Color::Reset | Color::Rgb(..) | Color::Indexed(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn pen(style: Style) -> Pen {
        let mut cell = Cell::default();
        cell.set_style(style);
        Pen::of(&cell)
    }

    fn turn(from: Style, to: Style) -> String {
        let mut out = Vec::new();
        pen(from).turn(pen(to), &mut out);
        String::from_utf8(out).unwrap().replace('\u{1b}', "^")
    }

    #[test]
    fn only_what_changes_is_said_and_in_the_shortest_way() {
        let plain = Style::new();
        assert_eq!(turn(plain, plain), "");
        assert_eq!(turn(plain, plain.red()), "^[31m");
        assert_eq!(turn(plain.red(), plain.light_red().on_dark_gray()), "^[91;100m");
        assert_eq!(turn(plain.red().bold(), plain), "^[m");
        assert_eq!(turn(plain.bold().dim(), plain.bold()), "^[22;1m".replace("22;1", "0;1"));
        assert_eq!(turn(plain.bold().red(), plain.red()), "^[22m");
        assert_eq!(turn(plain, plain.fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(7))), "^[38;2;1;2;3;48;5;7m");
        assert_eq!(turn(plain.fg(Color::Rgb(1, 2, 3)).reversed(), plain.fg(Color::Rgb(1, 2, 3))), "^[27m");
        assert_eq!(turn(plain.bold().bg(Color::Rgb(1, 2, 3)), plain.dim().bg(Color::Rgb(1, 2, 3))), "^[22;2m");
    }
}
