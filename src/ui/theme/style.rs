//! One style as a theme writes it: `red`, `red on surface bold`, `on surface`, `reversed`.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use super::color;
use crate::domain::nearest::suggestion;

/// What a style may hold besides colours.
const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// Reads a style: a colour for the foreground, `on` and a colour for the background, modifiers; each may be left out.
/// The error says which word is wrong and what is allowed.
pub(super) fn parse(text: &str, palette: &BTreeMap<String, Color>) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
            continue;
        }
        if word == "on" {
            let Some(name) = words.next() else { return Err("a colour is missing after 'on'".to_owned()) };
            if style.bg.is_some() {
                return Err(format!("'on {name}': the background is there already"));
            }
            style.bg = Some(look_up(name, palette)?);
            continue;
        }
        let found = look_up(word, palette)?;
        if style.fg.is_some() {
            return Err(format!("'{word}': the foreground is there already; write 'on {word}' for the background"));
        }
        style.fg = Some(found);
    }
    Ok(style)
}

/// The colour that `name` stands for: the palette's before the terminal's.
pub(super) fn look_up(name: &str, palette: &BTreeMap<String, Color>) -> Result<Color, String> {
    if let Some(found) = palette.get(name).copied().or_else(|| color::parse(name)) {
        return Ok(found);
    }
    let names = palette
        .keys()
        .map(String::as_str)
        .chain(color::NAMES.iter().map(|(name, _)| *name))
        .chain(MODIFIERS.iter().map(|(name, _)| *name));
    let near = suggestion(name, names);
    Err(format!(
        "'{name}' is no colour{near}; allowed: a name from [palette], {}, default, a number to 255, #rrggbb, and the words on, {}",
        color::NAMES.map(|(name, _)| name).join(", "),
        MODIFIERS.map(|(name, _)| name).join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_read_in_any_order_of_its_words() {
        let palette = BTreeMap::from([("rose".to_owned(), Color::Rgb(1, 2, 3)), ("red".to_owned(), Color::Indexed(9))]);
        let read = |text| parse(text, &palette);
        assert_eq!(read("rose"), Ok(Style::new().fg(Color::Rgb(1, 2, 3))));
        assert_eq!(read("bold rose on blue"), Ok(Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Blue).bold()));
        assert_eq!(read("red"), Ok(Style::new().fg(Color::Indexed(9))));
        assert_eq!(read("on default reversed"), Ok(Style::new().bg(Color::Reset).reversed()));
        assert_eq!(read(""), Ok(Style::new()));
    }

    #[test]
    fn a_wrong_word_is_named_with_what_was_probably_meant() {
        let wrong = |text| parse(text, &BTreeMap::new()).unwrap_err();
        assert!(wrong("grene").contains("did you mean 'green'?"), "{}", wrong("grene"));
        assert!(wrong("boldd").contains("did you mean 'bold'?"));
        assert!(wrong("red on").contains("missing after 'on'"));
        assert!(wrong("red blue").contains("write 'on blue'"));
        assert!(wrong("on red on blue").contains("there already"));
    }
}
