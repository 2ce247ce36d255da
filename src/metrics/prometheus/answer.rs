//! What Prometheus says, in its own JSON: vectors, matrices, scalars, warnings and errors told apart.

use crate::domain::text::sanitize;
use crate::domain::{Str, Timestamp};
use jiff::SignedDuration;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

/// The result of a query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The series; a scalar is one without labels.
    pub rows: Vec<Row>,
    /// What the server warns about: then the answer may be incomplete.
    pub warning: Option<Str>,
}

impl Answer {
    /// The server's own time, as the first point tells it; `None`: there is no point.
    pub fn time(&self) -> Option<Timestamp> {
        let (seconds, _) = *self.rows.first()?.points.first()?;
        Timestamp::from_duration(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()
    }
}

/// One series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Unix time in seconds, and the value, which may be NaN or infinite. One point, but for range queries.
    pub points: Vec<(f64, f64)>,
}

impl Row {
    /// A label; an empty one is as good as none.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The server refused the query, in its own words: it is not going to like it better the next time.
    Query(String),
    /// The server can't answer now, in its own words.
    Server(String),
    /// The server gave up on this query, in its own words; it answers others.
    Slow(String),
    /// It is no answer of Prometheus, in words.
    Form(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    status: &'a str,
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    result_type: &'a str,
    #[serde(borrow)]
    result: &'a serde_json::value::RawValue,
}

#[derive(Deserialize)]
struct WireRow {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads the answer to a query. `status` is HTTP's, `body` whatever came.
pub fn read(status: u16, body: &[u8]) -> Result<Answer, Wrong> {
    let (data, warnings) = data(status, body)?;
    let data: Data<'_> = serde_json::from_str(data.get()).map_err(|error| Wrong::Form(error.to_string()))?;
    let form = |error: serde_json::Error| Wrong::Form(error.to_string());
    let rows = match data.result_type {
        "vector" | "matrix" => {
            let wire: Vec<WireRow> = serde_json::from_str(data.result.get()).map_err(form)?;
            wire.into_iter().map(row).collect::<Result<Vec<_>, _>>()?
        }
        "scalar" => {
            let point: (f64, String) = serde_json::from_str(data.result.get()).map_err(form)?;
            vec![row(WireRow { metric: BTreeMap::new(), value: Some(point), values: Vec::new() })?]
        }
        other => return Err(Wrong::Query(format!("the query gives a {other}, where numbers are needed"))),
    };
    let mut seen = HashSet::new();
    if let Some(double) = rows.iter().find(|row| !seen.insert(&row.labels)) {
        return Err(Wrong::Form(format!("it holds the series {:?} twice", double.labels)));
    }
    let warning = warnings.first().map(|warning| clip(warning).into());
    Ok(Answer { rows, warning })
}

/// Reads a list of names.
pub fn names(status: u16, body: &[u8]) -> Result<Vec<String>, Wrong> {
    let (data, _) = data(status, body)?;
    serde_json::from_str(data.get()).map_err(|error| Wrong::Form(error.to_string()))
}

fn data(status: u16, body: &[u8]) -> Result<(&serde_json::value::RawValue, Vec<String>), Wrong> {
    let text = std::str::from_utf8(body).map_err(|_| Wrong::Form("it is no text".into()))?;
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text) else {
        return Err(no_envelope(status, text));
    };
    if envelope.status != "success" {
        let said = format!("{}: {}", envelope.error_type, clip(&envelope.error));
        return Err(match &*envelope.error_type {
            "bad_data" | "execution" => Wrong::Query(said),
            _ => Wrong::Slow(said),
        });
    }
    let data = envelope.data.ok_or_else(|| Wrong::Form("it holds no data".into()))?;
    Ok((data, envelope.warnings))
}

/// What came in place of Prometheus' JSON: a login page, a proxy's text, the API server's own refusal.
fn no_envelope(status: u16, text: &str) -> Wrong {
    #[derive(Deserialize)]
    struct Status {
        kind: String,
        message: String,
    }
    if let Ok(refusal) = serde_json::from_str::<Status>(text)
        && refusal.kind == "Status"
    {
        return Wrong::Server(format!("HTTP {status}: {}", clip(&refusal.message)));
    }
    let begin = text.trim_start().get(..200).unwrap_or(text.trim_start()).to_lowercase();
    let what = match () {
        () if begin.starts_with("<!doctype html") || begin.starts_with("<html") => "an HTML page".to_owned(),
        () if text.trim().is_empty() => "nothing".to_owned(),
        () => format!("'{}'", clip(text.trim())),
    };
    let hint = match status {
        401 | 403 => ": check the credentials of [metrics]",
        _ if what == "an HTML page" => ": is a login page or a proxy in between?",
        _ => "",
    };
    let said = format!("HTTP {status} with {what} in place of Prometheus' JSON{hint}");
    if (200..300).contains(&status) { Wrong::Form(said) } else { Wrong::Server(said) }
}

fn row(wire: WireRow) -> Result<Row, Wrong> {
    let number = |(time, value): (f64, String)| {
        // Prometheus writes `NaN`, `+Inf` and `-Inf`, which is what Rust reads, too.
        let value = value.parse().map_err(|_| Wrong::Form(format!("'{}' is no number", clip(&value))))?;
        Ok((time, value))
    };
    let points = wire.values.into_iter().chain(wire.value).map(number).collect::<Result<_, _>>()?;
    Ok(Row { labels: wire.metric, points })
}

fn clip(text: &str) -> String {
    let clean = sanitize(text);
    let mut short: String = clean.chars().take(200).collect();
    if short.len() < clean.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(result_type: &str, result: &str) -> Result<Answer, Wrong> {
        let text = format!(r#"{{"status":"success","data":{{"resultType":"{result_type}","result":{result}}}}}"#);
        read(200, text.as_bytes())
    }

    #[test]
    fn vectors_scalars_matrices_and_nothing_are_told_apart() {
        let vector = good("vector", r#"[{"metric":{"a":"b"},"value":[1.5,"0.25"]}]"#).unwrap();
        assert_eq!((vector.rows[0].label("a"), vector.rows[0].points[0]), (Some("b"), (1.5, 0.25)));
        let scalar = good("scalar", r#"[2,"7"]"#).unwrap();
        assert_eq!((scalar.rows[0].labels.len(), scalar.rows[0].points[0]), (0, (2.0, 7.0)));
        let matrix = good("matrix", r#"[{"metric":{},"values":[[1,"1"],[2,"NaN"]]}]"#).unwrap();
        assert!(matrix.rows[0].points.len() == 2 && matrix.rows[0].points[1].1.is_nan());
        assert_eq!(good("vector", "[]").unwrap(), Answer::default());
        assert!(matches!(good("string", r#"[2,"x"]"#), Err(Wrong::Query(_))));
    }

    #[test]
    fn infinities_and_missing_numbers_are_read_as_such() {
        let answer =
            good("vector", r#"[{"metric":{"i":"1"},"value":[1,"+Inf"]},{"metric":{"i":"2"},"value":[1,"-Inf"]}]"#);
        let values: Vec<f64> = answer.unwrap().rows.iter().map(|row| row.points[0].1).collect();
        assert_eq!(values, [f64::INFINITY, f64::NEG_INFINITY]);
        assert!(matches!(good("vector", r#"[{"metric":{},"value":[1,"many"]}]"#), Err(Wrong::Form(_))));
    }

    #[test]
    fn a_series_that_comes_twice_is_no_answer() {
        let twice = r#"[{"metric":{"a":"b"},"value":[1,"1"]},{"metric":{"a":"b"},"value":[1,"2"]}]"#;
        assert!(matches!(good("vector", twice), Err(Wrong::Form(why)) if why.contains("twice")));
    }

    #[test]
    fn a_refused_query_is_told_in_the_servers_words() {
        let body = br#"{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected end of input"}"#;
        let wrong = read(400, body).unwrap_err();
        assert_eq!(wrong, Wrong::Query("bad_data: 1:5: parse error: unexpected end of input".into()));
        let busy = br#"{"status":"error","errorType":"timeout","error":"query timed out"}"#;
        assert_eq!(read(503, busy).unwrap_err(), Wrong::Slow("timeout: query timed out".into()));
    }

    #[test]
    fn a_page_in_place_of_json_is_named() {
        let page = read(200, b"<!DOCTYPE html><html>Sign in</html>").unwrap_err();
        assert!(matches!(&page, Wrong::Form(why) if why.contains("an HTML page") && why.contains("login")), "{page:?}");
        let gate = read(502, b"Bad Gateway").unwrap_err();
        assert!(matches!(&gate, Wrong::Server(why) if why.contains("HTTP 502 with 'Bad Gateway'")), "{gate:?}");
        let api = br#"{"kind":"Status","message":"no endpoints available for service \"prometheus\""}"#;
        assert!(matches!(read(503, api).unwrap_err(), Wrong::Server(why) if why.contains("no endpoints available")));
        assert!(matches!(read(200, &[0xff, 0xfe]), Err(Wrong::Form(_))));
        assert!(matches!(read(401, b""), Err(Wrong::Server(why)) if why.contains("credentials")));
    }

    #[test]
    fn a_partial_answer_keeps_its_warning() {
        let text =
            br#"{"status":"success","warnings":["1 of 2 stores failed"],"data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(read(200, text).unwrap().warning.as_deref(), Some("1 of 2 stores failed"));
    }
}
