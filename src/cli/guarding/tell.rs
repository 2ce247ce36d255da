//! What a guard tells, as lines for people or as one JSON document a line.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    action::guard::{Ending, Evaluation, GuardNews},
    cli::{
        Exit, Failure, Session,
        documents::API_VERSION,
        output::{Format, json_line},
    },
    domain::said::clean,
};

/// Prints one piece of news.
pub fn tell(news: &GuardNews, format: Format, session: &mut Session) -> Result<(), Failure> {
    if matches!(format, Format::Json | Format::Yaml) {
        session.output.line(&json_line(&document(news))?);
        return Ok(());
    }
    let text = match news {
        GuardNews::Armed(what) => format!("armed    {what}"),
        GuardNews::StandingBy(by) => format!("standby  {by} guards it already; this guard waits"),
        GuardNews::Looked(look) => line(look),
        GuardNews::Acting(what) => format!("acting   {what}"),
        GuardNews::Said(what) => format!("         {what}"),
        GuardNews::Ended(ending) => format!("ended    {}", ending.reason),
    };
    session.output.line(&clean(&text));
    Ok(())
}

fn line(look: &Evaluation) -> String {
    let mut text = format!("{}  {:8} {}", clock(look.at), look.verdict.word(), look.reason);
    if let Some(weight) = look.weight {
        text.push_str(&format!("; at {weight} %"));
    }
    if !look.gate.is_empty() {
        text.push_str(&["; ", &look.gate].concat());
    }
    if let Some(until) = look.until {
        text.push_str(&format!("; until {}", clock(until)));
    }
    text
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

fn document(news: &GuardNews) -> Value {
    let event = |event: &str, text: &str| json!({"apiVersion": API_VERSION, "kind": "GuardEvent", "event": event, "text": text});
    match news {
        GuardNews::Armed(what) => event("armed", what),
        GuardNews::StandingBy(by) => event("standing-by", by),
        GuardNews::Acting(what) => event("acting", what),
        GuardNews::Said(what) => event("said", what),
        GuardNews::Looked(look) => {
            let rules: Vec<Value> = look
                .findings
                .iter()
                .map(|finding| json!({"rule": finding.rule, "verdict": finding.verdict.word(), "text": finding.text}))
                .collect();
            json!({
                "apiVersion": API_VERSION, "kind": "Evaluation", "at": look.at.to_string(),
                "verdict": look.verdict.word(), "reason": look.reason, "rules": rules, "weight": look.weight,
                "gate": (!look.gate.is_empty()).then_some(&look.gate),
                "until": look.until.map(|until| until.to_string()),
            })
        }
        GuardNews::Ended(ending) => json!({
            "apiVersion": API_VERSION, "kind": "GuardOutcome", "outcome": ending.word(), "reason": ending.reason,
            "exitCode": ending.kind.exit_code(),
        }),
    }
}

/// The exit code, with the reason where it is no success.
pub fn ended(ending: &Ending) -> Result<Exit, Failure> {
    let exit = Exit::Write(ending.kind);
    if exit.code() == 0 {
        Ok(exit)
    } else {
        Err(Failure::new(exit, format!("{}: {}", ending.word(), clean(&ending.reason))))
    }
}
