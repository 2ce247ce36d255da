//! How people write limits: `5%`, `500ms`, `2x`, `+1%`, each with terms behind commas.

use super::rules::{Against, Terms};
use jiff::SignedDuration;

/// A share of requests: `5%`, `0.5%`, or `0.05`. Anything above 100 % is refused when the rules are checked.
pub fn percent(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let wrong = || format!("'{text}' is no share of requests; write 5% or 0.05");
    let percent = text.strip_suffix('%').map(str::trim_end);
    let (number, scale) = percent.map_or((text, 1.0), |number| (number, 100.0));
    let number: f64 = number.parse().map_err(|_| wrong())?;
    if !number.is_finite() {
        return Err(wrong());
    }
    if percent.is_none() && number > 1.0 {
        return Err(format!("'{text}' is more than all requests; did you mean {text}%?"));
    }
    Ok(number / scale)
}

/// A time that a request takes, in seconds: `500ms`, `1.5s`.
pub fn seconds(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let wrong = || format!("'{text}' is no time of a request; write 500ms or 1.5s");
    let (number, scale) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1_000.0),
        (None, Some(number)) => (number, 1.0),
        (None, None) => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    if number.is_finite() { Ok(number / scale) } else { Err(wrong()) }
}

/// How the candidate may compare to stable: `2x`, or `+1%`.
pub fn against(text: &str) -> Result<Against, String> {
    let text = text.trim();
    let wrong = || format!("'{text}' is no comparison; write 2x (times stable's error rate) or +1% (points above it)");
    if let Some(times) = text.strip_suffix(['x', '×']) {
        return times.trim().parse().map(Against::Times).map_err(|_| wrong());
    }
    let above = text.strip_prefix('+').ok_or_else(wrong)?;
    percent(above).map(Against::Above).map_err(|_| wrong())
}

/// A limit and its terms: `5%,window=5m,requests=100,breaches=3`. Terms that are not named are `usual`.
pub fn with_terms<T>(
    text: &str,
    usual: Terms,
    limit: impl Fn(&str) -> Result<T, String>,
) -> Result<(T, Terms), String> {
    let mut parts = text.split(',');
    let value = limit(parts.next().unwrap_or_default())?;
    let mut terms = usual;
    for part in parts {
        let wrong = || format!("'{}' is no term of a rule; write window=5m, requests=100 or breaches=3", part.trim());
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let value = value.trim();
        match name.trim() {
            "window" => terms.window = Some(value.parse::<SignedDuration>().map_err(|_| wrong())?),
            "requests" => terms.requests = value.parse().map_err(|_| wrong())?,
            "breaches" => terms.in_a_row = value.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        }
    }
    Ok((value, terms))
}
