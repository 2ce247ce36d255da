//! Colours: how a theme writes them, and how they are brought down to what a terminal can show.

use ratatui::style::Color;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorLevel {
    /// None (`NO_COLOR`): bold, reverse and underline remain.
    None,
    /// The sixteen of the terminal's own palette.
    Sixteen,
    /// The 256 of xterm's palette.
    Palette,
    /// 24 bits.
    True,
}

/// The names of the terminal's own colours, in the order of their numbers.
pub const NAMES: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// xterm's own values for its first sixteen colours; a user's terminal may show others.
const XTERM: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// The steps of xterm's 6×6×6 cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Reads a colour: a name of the terminal's, `default` (the terminal's own), `#rrggbb`, or a number to 255.
pub fn parse(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, color)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Some(*color);
    }
    if let Some(digits) = text.strip_prefix('#') {
        let plain = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
        return Some(Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8));
    }
    text.parse::<u8>().ok().map(Color::Indexed)
}

/// The red, green and blue of a colour as xterm shows it; `None` for the terminal's own foreground or background.
pub fn rgb(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(index @ 0..16) => Some(XTERM[usize::from(index)]),
        Color::Indexed(index @ 16..232) => {
            let index = usize::from(index - 16);
            Some([CUBE[index / 36], CUBE[index / 6 % 6], CUBE[index % 6]])
        }
        Color::Indexed(index) => Some([8 + 10 * (index - 232); 3]),
        named => NAMES.iter().position(|(_, own)| *own == named).map(|index| XTERM[index]),
    }
}

impl ColorLevel {
    /// The colour nearest to `color` that this level has. The sixteen named ones are left to the terminal.
    pub fn fit(self, color: Color) -> Color {
        match (self, color) {
            (Self::None, _) => Color::Reset,
            (Self::Palette, Color::Rgb(..)) => nearest(color, 16..=255).map_or(color, Color::Indexed),
            (Self::Sixteen, Color::Rgb(..) | Color::Indexed(_)) => {
                nearest(color, 0..=15).map_or(color, |index| NAMES[usize::from(index)].1)
            }
            _ => color,
        }
    }
}

/// The number of the palette's colour that looks most like `color`, within `range`.
fn nearest(color: Color, range: std::ops::RangeInclusive<u8>) -> Option<u8> {
    let wanted = rgb(color)?;
    range.min_by_key(|index| rgb(Color::Indexed(*index)).map_or(u32::MAX, |own| distance(wanted, own)))
}

/// How far apart two colours look: the channels weighted for the eye, more so the redder they are ("redmean").
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let red = u32::midpoint(a[0].into(), b[0].into());
    let square = |channel: usize| u32::from(a[channel].abs_diff(b[channel])).pow(2);
    (((512 + red) * square(0)) >> 8) + 4 * square(1) + (((767 - red) * square(2)) >> 8)
}

/// The contrast of two colours after WCAG 2 (1 to 21): 4.5 is asked of text, 7 of text that must be easy to read.
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: [u8; 3]) -> f64 {
    let [r, g, b] = color.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_form() {
        assert_eq!(parse("#ff8000"), Some(Color::Rgb(255, 128, 0)));
        assert_eq!(parse("bright-red"), Some(Color::LightRed));
        assert_eq!(parse("208"), Some(Color::Indexed(208)));
        assert_eq!(parse("default"), Some(Color::Reset));
        for wrong in ["", "#fff", "#ff80zz", "#+ff800", "256", "rot", "-1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_colour_is_brought_down_to_the_nearest_one_that_the_terminal_has() {
        let orange = Color::Rgb(255, 135, 0);
        assert_eq!(ColorLevel::True.fit(orange), orange);
        assert_eq!(ColorLevel::Palette.fit(orange), Color::Indexed(208));
        assert_eq!(ColorLevel::Palette.fit(Color::Rgb(30, 30, 30)), Color::Indexed(234));
        assert_eq!(ColorLevel::Sixteen.fit(Color::Rgb(250, 10, 10)), Color::LightRed);
        assert_eq!(ColorLevel::Sixteen.fit(Color::Indexed(16)), Color::Black);
        assert_eq!(ColorLevel::None.fit(orange), Color::Reset);
        assert_eq!(ColorLevel::Sixteen.fit(Color::Reset), Color::Reset);
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 0.01);
        assert!((contrast([119, 119, 119], [255, 255, 255]) - 4.48).abs() < 0.01);
        assert!((contrast([9, 9, 9], [9, 9, 9]) - 1.0).abs() < 0.01);
    }
}
