//! The types that a setting can have, and how a file, a variable or a flag writes them.

use std::{fmt, time::Duration};

use toml::de::{DeInteger, DeValue};

/// What a setting accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// A number, not negative.
    Number,
    /// Any text.
    Text,
    /// One of these words; in a file a number or a boolean that reads the same will do.
    Choice(&'static [&'static str]),
    /// A time span such as `90s`, `10m` or `1h30m`.
    Span,
    /// A list of texts; in a variable separated by commas.
    Texts,
    /// A ladder: rising weights from 1 to 100, in percent.
    Ladder,
    /// A colour: one of the sixteen names of a terminal, or `#rrggbb`.
    Color,
    /// A point in time or in the week; a file may write it as a TOML date, too.
    Moment,
}

/// A value that a [`Kind`] accepted.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of [`Kind::Text`], [`Kind::Choice`], [`Kind::Color`] and [`Kind::Moment`].
    Text(String),
    /// Of [`Kind::Span`].
    Span(Duration),
    /// Of [`Kind::Texts`].
    Texts(Vec<String>),
    /// Of [`Kind::Ladder`], in percent.
    Ladder(Vec<u8>),
}

const COLORS: &[&str] = &[
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl Kind {
    /// Reads a value of a file; the error says what is allowed.
    pub(super) fn read_toml(self, value: &DeValue<'_>) -> Result<Value, String> {
        let scalar = match value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(whole_number(number)),
            DeValue::Float(number) => Some(plain_number(number.as_str())),
            DeValue::Boolean(flag) => Some(flag.to_string()),
            DeValue::Datetime(moment) => Some(moment.to_string()),
            DeValue::Array(_) | DeValue::Table(_) => None,
        };
        let written_right = match self {
            Self::Flag => value.is_bool(),
            Self::Integer(..) => value.is_integer(),
            Self::Number => value.is_integer() || value.is_float(),
            Self::Text | Self::Span | Self::Color => value.is_str(),
            Self::Choice(_) => value.is_str() || value.is_integer() || value.is_bool(),
            Self::Moment => value.is_str() || value.is_datetime(),
            Self::Texts | Self::Ladder => value.is_array() || (self == Self::Texts && value.is_str()),
        };
        if !written_right {
            return Err(format!("must be {self}, not {}", article(value)));
        }
        match (self, scalar) {
            (Self::Texts, Some(one)) => Ok(Value::Texts(vec![one])),
            (_, Some(text)) => self.read_text(&text),
            (Self::Texts, None) => items(value, |item| item.as_str().map(str::to_owned)).map(Value::Texts),
            (_, None) => items(value, |item| item.as_integer().map(whole_number))
                .and_then(|items| self.read_text(&items.join(","))),
        }
        .map_err(|()| format!("must be {self}"))
    }

    /// Reads the text of a variable or a flag; the caller says what is allowed.
    pub(super) fn read_text(self, text: &str) -> Result<Value, ()> {
        let text = text.trim();
        match self {
            Self::Flag => match text {
                "true" | "1" | "yes" | "on" => Ok(Value::Flag(true)),
                "false" | "0" | "no" | "off" | "" => Ok(Value::Flag(false)),
                _ => Err(()),
            },
            Self::Integer(least, most) => {
                text.parse().ok().filter(|number| (least..=most).contains(number)).map(Value::Integer).ok_or(())
            }
            Self::Number => text
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite() && *number >= 0.0)
                .map(Value::Number)
                .ok_or(()),
            Self::Text => Ok(Value::Text(text.to_owned())),
            Self::Moment => Ok(Value::Text(text.replacen('T', " ", 1))),
            Self::Choice(words) => {
                words.iter().find(|word| **word == text).map(|word| Value::Text((*word).to_owned())).ok_or(())
            }
            Self::Span => {
                let span: jiff::SignedDuration = text.parse().map_err(|_| ())?;
                Duration::try_from(span).map(Value::Span).map_err(|_| ())
            }
            Self::Texts => Ok(Value::Texts(
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
            )),
            Self::Ladder => {
                let rungs: Vec<u8> =
                    text.split(',').map(|rung| rung.trim().parse()).collect::<Result<_, _>>().map_err(|_| ())?;
                let rising = rungs.windows(2).all(|pair| pair[0] < pair[1]);
                let within = rungs.iter().all(|rung| (1..=100).contains(rung));
                if rising && within { Ok(Value::Ladder(rungs)) } else { Err(()) }
            }
            Self::Color => {
                let hex = text
                    .strip_prefix('#')
                    .is_some_and(|digits| digits.len() == 6 && digits.chars().all(|digit| digit.is_ascii_hexdigit()));
                if hex || COLORS.contains(&text) { Ok(Value::Text(text.to_owned())) } else { Err(()) }
            }
        }
    }
}

/// TOML also writes whole numbers as `0xff`, `0o17` and `0b11`.
fn whole_number(number: &DeInteger<'_>) -> String {
    let written = plain_number(number.as_str());
    i64::from_str_radix(&written, number.radix()).map_or(written, |number| number.to_string())
}

/// TOML allows `1_000` and `+5`; nothing else that it allows in these places differs from Rust's own spelling.
fn plain_number(written: &str) -> String {
    written.replace('_', "").trim_start_matches('+').to_owned()
}

fn items(value: &DeValue<'_>, pick: impl Fn(&DeValue<'_>) -> Option<String>) -> Result<Vec<String>, ()> {
    let array = value.as_array().ok_or(())?;
    array.iter().map(|item| pick(item.get_ref()).ok_or(())).collect()
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("true or false"),
            Self::Integer(least, i64::MAX) => write!(f, "a whole number from {least}"),
            Self::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Number => f.write_str("a number that is not negative"),
            Self::Text => f.write_str("a text in quotes"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Span => f.write_str("a time span such as \"90s\", \"10m\" or \"1h30m\""),
            Self::Texts => f.write_str("a list of texts"),
            Self::Ladder => f.write_str("a list of rising weights from 1 to 100"),
            Self::Color => write!(f, "a colour: \"#rrggbb\" or one of {}", COLORS.join(", ")),
            Self::Moment => {
                f.write_str("a moment such as \"fri 16:00\", \"22:00\", \"2026-12-20\" or \"2026-12-20 18:00\"")
            }
        }
    }
}

impl fmt::Display for Value {
    /// As a file would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{}", quoted(text)),
            Self::Span(span) => match jiff::SignedDuration::try_from(*span) {
                Ok(span) => write!(f, "\"{}\"", format!("{span:#}").replace(' ', "")),
                Err(_) => write!(f, "\"{}s\"", span.as_secs()),
            },
            Self::Texts(texts) => {
                write!(f, "[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
            }
            Self::Ladder(rungs) => {
                write!(f, "[{}]", rungs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A text as TOML writes it, quoted and escaped.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kind_accepts_it_also_writes_so_that_it_reads_back() {
        let cases = [
            (Kind::Flag, "true"),
            (Kind::Integer(1, 2), "2"),
            (Kind::Number, "0.5"),
            (Kind::Text, r#""a \"b\" c""#),
            (Kind::Choice(&["auto", "16"]), r#""auto""#),
            (Kind::Span, r#""1h30m""#),
            (Kind::Texts, r#"["shop", "pay"]"#),
            (Kind::Ladder, "[5, 20, 100]"),
            (Kind::Color, r##""#00ff7f""##),
            (Kind::Moment, r#""fri 16:00""#),
        ];
        for (kind, written) in cases {
            let value = kind.read_toml(DeValue::parse(written).unwrap().get_ref()).unwrap();
            let again = kind.read_toml(DeValue::parse(&value.to_string()).unwrap().get_ref());
            assert_eq!(again, Ok(value), "{kind:?}");
        }
    }

    #[test]
    fn a_wrong_type_is_told_by_what_is_allowed() {
        let reading = |kind: Kind, written: &str| kind.read_toml(DeValue::parse(written).unwrap().get_ref());
        assert_eq!(reading(Kind::Flag, "\"yes\"").unwrap_err(), "must be true or false, not a text");
        assert_eq!(reading(Kind::Integer(1, 2), "3").unwrap_err(), "must be a whole number from 1 to 2");
        assert_eq!(reading(Kind::Ladder, "[20, 5]").unwrap_err(), "must be a list of rising weights from 1 to 100");
        assert_eq!(reading(Kind::Ladder, "[20, \"x\"]").unwrap_err(), "must be a list of rising weights from 1 to 100");
        assert!(reading(Kind::Span, "\"ten minutes or so\"").unwrap_err().starts_with("must be a time span"));
        assert!(reading(Kind::Color, "\"reddish\"").unwrap_err().contains("bright-white"));
    }

    #[test]
    fn a_choice_may_be_written_as_the_number_it_reads_as() {
        let color = Kind::Choice(&["auto", "never", "16", "256", "true"]);
        for (written, read) in [("256", "256"), ("true", "true"), ("\"16\"", "16")] {
            let value = color.read_toml(DeValue::parse(written).unwrap().get_ref());
            assert_eq!(value, Ok(Value::Text(read.into())));
        }
    }
}
