//! What is told.

use crate::domain::said::plain;
use crate::domain::{ObjectKey, Str, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing that happened under a guard.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What.
    pub happened: Happened,
    /// The release.
    pub release: ObjectKey,
    /// The context of the cluster.
    pub cluster: Str,
    /// What was guarded: its version.
    pub from: Str,
    /// Where it went back to, or on to; empty where nothing moved.
    pub to: Str,
    /// Why, in one sentence with numbers.
    pub reason: Str,
    /// The numbers of the guarded track, as far as there are any.
    pub numbers: Numbers,
    /// Who armed the guard.
    pub who: Str,
    /// When.
    pub at: Timestamp,
    /// The guard's name in the journal.
    pub guard: Str,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
    /// A rule was broken, and nothing is done about it: the guard holds, or only tries.
    Breach,
    /// It went back and settled.
    RolledBack,
    /// It went back and has not settled in time.
    NotSettled,
    /// It should have gone back, and could not.
    NotRolledBack,
    /// It went one step on.
    Stepped,
    /// It held for as long as it was guarded.
    Kept,
    /// The time is over, and it is not known to be well.
    Undecided,
}

impl Happened {
    /// In a word, as JSON has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::RolledBack => "rolled-back",
            Self::NotSettled => "not-settled",
            Self::NotRolledBack => "not-rolled-back",
            Self::Stepped => "stepped",
            Self::Kept => "kept",
            Self::Undecided => "undecided",
        }
    }

    /// In words, at the head of a message.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Breach => "breaks its rules",
            Self::RolledBack => "was rolled back",
            Self::NotSettled => "was rolled back and has not settled",
            Self::NotRolledBack => "breaks its rules and could not be rolled back",
            Self::Stepped => "went one step on",
            Self::Kept => "held and is kept",
            Self::Undecided => "was guarded to the end and is not known to be well",
        }
    }
}

/// Numbers of a track.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    /// The share of failed requests, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// p99 in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_seconds: Option<f64>,
    /// Requests a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// How many requests these rest on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
}

impl Numbers {
    /// In words: `error rate 20 %, p99 480 ms, 14 requests/s, 840 requests`; empty without any.
    pub fn words(&self) -> String {
        use crate::guard::{millis_words, percent_words};
        let parts = [
            self.error_rate.map(|share| format!("error rate {}", percent_words(share))),
            self.p99_seconds.map(|seconds| format!("p99 {}", millis_words(seconds))),
            self.requests_per_second.map(|rate| format!("{rate:.1} requests/s")),
            self.samples.map(|samples| crate::domain::text::count(samples, "request")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The document that a webhook and a command get.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: &'static str,
    kind: &'static str,
    event: Happened,
    text: String,
    release: String,
    namespace: &'a str,
    cluster: &'a str,
    from: &'a str,
    to: &'a str,
    reason: &'a str,
    numbers: Numbers,
    who: &'a str,
    at: String,
    guard: &'a str,
}

impl Notice {
    /// One line: what happened to which release.
    pub fn headline(&self) -> String {
        let way = match (self.from.is_empty(), self.to.is_empty()) {
            (_, true) => String::new(),
            (true, false) => format!(" → {}", self.to),
            (false, false) => format!(" {} → {}", self.from, self.to),
        };
        format!("{}/{} {}{way}", self.release.namespace, self.release.name, self.happened.words())
    }

    /// The JSON that a webhook and a command get.
    pub fn json(&self) -> String {
        let document = Document {
            api_version: "windlass/v1",
            kind: "Notice",
            event: self.happened,
            text: self.headline(),
            release: self.release.target(),
            namespace: &self.release.namespace,
            cluster: &self.cluster,
            from: &self.from,
            to: &self.to,
            reason: &self.reason,
            numbers: self.numbers,
            who: &self.who,
            at: self.at.to_string(),
            guard: &self.guard,
        };
        // Strings and numbers only: there is nothing in it that JSON has no form for.
        plain(&serde_json::to_string(&document).unwrap_or_default()).into_owned()
    }

    /// The JSON that Slack's incoming webhook takes.
    pub fn slack(&self, channel: Option<&str>) -> String {
        let mut text = format!("*{}*\n{}", escaped(&self.headline()), escaped(&plain(&self.reason)));
        let numbers = self.numbers.words();
        if !numbers.is_empty() {
            text.push_str(&["\n", &escaped(&numbers)].concat());
        }
        text.push_str(&format!("\nby {}, {}, guard {}", escaped(&self.who), escaped(&self.cluster), self.guard));
        let mut body = serde_json::json!({"text": text});
        if let Some(channel) = channel {
            body["channel"] = channel.into();
        }
        body.to_string()
    }
}

/// Slack's own signs, written so that they stand for themselves.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
