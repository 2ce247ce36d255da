//! Every setting there is: its place in the file, what it accepts, its default, and what it is for.
//!
//! The file's checks, the variables' names, `config show` and the sample of `config init` are all made from this
//! table, so that a new setting is one line here and one field of a section.

use super::kind::Kind;
use super::metrics::PRESETS;
use crate::domain::traffic::marks::STRATEGIES;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its path, with dots; `*` stands for a name that the user chooses.
    pub path: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// Its built-in value as a file would write it; `None`: it has no value unless set.
    pub default: Option<&'static str>,
    /// What it is for, as the sample says it.
    pub about: &'static str,
    /// Whether it does something in this version.
    pub effect: Effect,
}

/// Whether a setting already does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It takes effect.
    Now,
    /// It is checked and kept, so that one file serves several versions, and nothing reads it yet.
    Later,
}

/// The section of key bindings, whose names are actions that this room does not know.
pub const KEYS: &str = "keys";

const COLOR_MODES: &[&str] = &["auto", "never", "16", "256", "true"];
const WAYS: &[&str] = &["direct", "proxy"];
const BUSINESS: &[&str] = &["ratio", "value"];
const ONE_SOURCE: &[&str] = &["controllers", "prometheus", "scrape", "kubernetes", "none"];
const COUNT: Kind = Kind::Integer(1, u32::MAX as i64);
const NO_DATA: &[&str] = &["hold", "breach"];
const BREACHES: &[&str] = &["undo", "abort", "switch-back", "hold"];

/// All settings, in the order in which they are shown.
pub static SETTINGS: &[Setting] = &[
    now("who", Kind::Text, None, "The name that the journal and the API server see instead of the cluster's user."),
    now("read_only", Kind::Flag, Some("false"), "Never send a write, in no context."),
    now("rehearse", Kind::Flag, Some("false"), "Send every write as a dry run of the server."),
    now("ui.theme", Kind::Text, Some("\"default\""), "The theme; `windlass themes` lists them."),
    now("ui.color", Kind::Choice(COLOR_MODES), Some("\"auto\""), "How many colours the terminal has."),
    now("ui.ascii", Kind::Flag, Some("false"), "Draw with ASCII characters only."),
    now(
        "ui.ambiguous_width",
        Kind::Integer(1, 2),
        Some("1"),
        "2 where the terminal draws our glyphs two cells wide, as many Chinese and Japanese ones do.",
    ),
    now(
        "ui.mouse",
        Kind::Flag,
        Some("false"),
        "Take the mouse: its wheel moves (the terminal's own selection then needs Shift).",
    ),
    now("ui.plain", Kind::Flag, Some("false"), "Line-oriented text for screen readers and logs."),
    now("contexts.*.alias", Kind::Text, None, "A short name for the header."),
    now("contexts.*.protected", Kind::Flag, Some("false"), "Forward verbs ask for the fingerprint word."),
    now("contexts.*.read_only", Kind::Flag, Some("false"), "Never send a write in this context."),
    now("contexts.*.color", Kind::Color, None, "The colour of the fingerprint word."),
    now("contexts.*.namespaces", Kind::Texts, None, "The namespaces to show unless -n or -A says otherwise."),
    now(
        "releases.*.strategy",
        Kind::Choice(STRATEGIES),
        None,
        "How it is steered, where guessing is wrong; none: not at all.",
    ),
    now("releases.*.switch_key", Kind::Text, None, "The label that the sides of a blue-green release differ in."),
    now("releases.*.stable", Kind::Text, None, "The workload, subset or Service that is the stable side."),
    now("releases.*.ladder", Kind::Ladder, None, "This release's own ladder."),
    now(
        "releases.*.preview_check",
        Kind::Text,
        None,
        "What must answer well before a switch: a URL, svc/NAME:PORT/PATH, or a command; {side} is the side.",
    ),
    now(
        "releases.*.metrics",
        Kind::Choice(ONE_SOURCE),
        None,
        "The only source of its measurements, or none; else as in [metrics].",
    ),
    now("releases.*.error_rate_query", Kind::Text, None, "Its own query for the share of failed requests, as below."),
    now("releases.*.latency_query", Kind::Text, None, "Its own query for the p99 in seconds."),
    now("releases.*.request_rate_query", Kind::Text, None, "Its own query for the requests per second."),
    now("releases.*.scrape", Kind::Text, None, "Where its pods serve metrics, where no annotation says so: PORT/PATH."),
    now("releases.*.health_url", Kind::Text, None, "The health endpoint: a URL, or svc/NAME:PORT/PATH."),
    now("releases.*.health_status", Kind::Integer(100, 599), None, "The status that means well; else 200."),
    now("releases.*.health_interval", Kind::Span, None, "How often it is asked; else every 10 s."),
    now("releases.*.health_timeout", Kind::Span, None, "How long it may take to answer; else 2 s."),
    now("releases.*.bake", Kind::Span, None, "How long this release's rungs must hold before the next."),
    now(
        "releases.*.bake_requests",
        Kind::Integer(0, i64::MAX),
        None,
        "How many requests a rung of this release must have seen.",
    ),
    now("releases.*.business.*.query", Kind::Text, None, "What one group of an A/B test brings, as a query."),
    now("releases.*.business.*.samples", Kind::Text, None, "How many cases that rests on, as a query."),
    now("releases.*.business.*.kind", Kind::Choice(BUSINESS), None, "A share of its cases (0 to 1), or any value."),
    now("releases.*.business.*.unit", Kind::Text, None, "The unit behind the number."),
    now("ladder.steps", Kind::Ladder, Some("[5, 20, 50, 100]"), "The weights of a ladder, in percent."),
    now(
        "ladder.keep_old",
        Kind::Span,
        Some("\"30m\""),
        "How long the old side of a switch is kept before its scale-down is offered.",
    ),
    now("ladder.bake", Kind::Span, None, "How long a rung must hold, in bounds, before the next."),
    now("ladder.bake_requests", Kind::Integer(0, i64::MAX), None, "How many requests a rung must have seen."),
    now(
        "metrics.sources",
        Kind::Texts,
        Some("[\"controllers\", \"prometheus\", \"scrape\", \"kubernetes\"]"),
        "The sources of measurements, in the order in which they are asked.",
    ),
    now(
        "metrics.prometheus",
        Kind::Text,
        None,
        "Prometheus: a URL, or svc/NAME.NAMESPACE:PORT; else it is looked for in the cluster, and none leaves it out.",
    ),
    now("metrics.via", Kind::Choice(WAYS), None, "Ask Prometheus directly or through the API server's proxy."),
    now("metrics.token", Kind::Text, None, "Where its bearer token is: env:NAME, file:PATH or command:PROGRAM."),
    now("metrics.user", Kind::Text, None, "The name for basic authentication."),
    now("metrics.password", Kind::Text, None, "Where the password is: env:NAME, file:PATH or command:PROGRAM."),
    now("metrics.headers", Kind::Texts, None, "More headers, as \"Name: value\"; a value may be env:NAME and so on."),
    now("metrics.ca_file", Kind::Text, None, "A file with the authorities to trust, in PEM."),
    now("metrics.insecure_skip_tls_verify", Kind::Flag, Some("false"), "Take any certificate of Prometheus."),
    now("metrics.preset", Kind::Choice(PRESETS), None, "Whose metrics they are; else whichever has series."),
    now("metrics.window", Kind::Span, Some("\"1m\""), "The time that a rate is taken over."),
    now(
        "metrics.interval",
        Kind::Span,
        Some("\"5s\""),
        "How often a release that is open, stepped or guarded is asked for.",
    ),
    now("metrics.refresh", Kind::Span, Some("\"15s\""), "How often the board is asked for, a namespace."),
    now("metrics.span", Kind::Span, Some("\"15m\""), "The time that sparklines and charts show at first."),
    now(
        "metrics.error_rate_query",
        Kind::Text,
        None,
        "The query for a track's share of failed requests (0 to 1), with {{namespace}}, {{release}}, {{track}}, \
         {{workload}}, {{pods}} and {{interval}}.",
    ),
    now("metrics.latency_query", Kind::Text, None, "The query for its p99 in seconds."),
    now("metrics.request_rate_query", Kind::Text, None, "The query for its requests per second."),
    now(
        "guard.error_rate",
        Kind::Number,
        None,
        "The highest share of failed requests, in percent; 5 where none is set.",
    ),
    now("guard.success_rate", Kind::Number, None, "The lowest share of requests that do not fail, in percent."),
    now("guard.latency", Kind::Span, None, "The highest p99."),
    now("guard.health_failures", COUNT, None, "So many bad answers of the health endpoint in a row are a breach."),
    now("guard.restarts", Kind::Integer(0, i64::MAX), None, "More restarts than this are a breach."),
    now("guard.min_requests", Kind::Integer(0, i64::MAX), Some("50"), "Fewer requests than this are too few to judge."),
    now("guard.breaches", COUNT, Some("2"), "How often in a row a rule must be broken."),
    now("guard.settle", Kind::Span, Some("\"30s\""), "For so long after a change numbers do not count."),
    now("guard.rollout", Kind::Span, Some("\"5m\""), "A rollout that takes longer is a breach."),
    now("guard.undo", Kind::Span, Some("\"3m\""), "How long the way back may take."),
    now("guard.no_data", Kind::Choice(NO_DATA), Some("\"hold\""), "What it is when there are no numbers."),
    now("guard.for", Kind::Span, Some("\"10m\""), "How long a guard watches."),
    now("guard.on_breach", Kind::Choice(BREACHES), Some("\"undo\""), "What a guard does when a rule is broken."),
    now("guard.step_when_ok", Kind::Flag, Some("false"), "Advance when a rung's time is over and all is well."),
    now("guard.notify", Kind::Texts, None, "Who is told: slack, webhook, command."),
    now(
        "freeze.zone",
        Kind::Text,
        None,
        "The time zone of the windows, such as \"Europe/Berlin\"; else the machine's.",
    ),
    now("freeze.windows.*.from", Kind::Moment, None, "Its start: \"fri 16:00\", \"22:00\" or \"2026-12-20 18:00\"."),
    now("freeze.windows.*.to", Kind::Moment, None, "Its end, in the same form."),
    now("freeze.windows.*.days", Kind::Texts, None, "For a window of the day: the days on which it starts."),
    now("freeze.windows.*.contexts", Kind::Texts, None, "The contexts that it holds in; else all."),
    now("freeze.windows.*.reason", Kind::Text, None, "What a person is told."),
    now("notify.slack.url_env", Kind::Text, None, "The variable that holds the URL of the incoming webhook."),
    now("notify.slack.url_file", Kind::Text, None, "The file that holds it instead."),
    now("notify.slack.channel", Kind::Text, None, "The channel, where the webhook may choose one."),
    now("notify.webhook.url", Kind::Text, None, "The URL that gets a POST with JSON."),
    now("notify.webhook.url_env", Kind::Text, None, "The variable that holds that URL instead."),
    now("notify.webhook.header_env", Kind::Text, None, "The variable that holds an Authorization header."),
    now("notify.command.run", Kind::Texts, None, "The program and its arguments; it gets JSON on its input."),
];

const fn now(path: &'static str, kind: Kind, default: Option<&'static str>, about: &'static str) -> Setting {
    Setting { path, kind, default, about, effect: Effect::Now }
}

impl Setting {
    /// The variable that sets it; none for a setting under a name that the user chooses.
    pub fn variable(&self) -> Option<String> {
        let fixed = !self.path.contains('*');
        fixed.then(|| format!("WINDLASS_{}", self.path.replace('.', "_").to_uppercase()))
    }
}

/// What stands at a path.
pub(super) enum Node {
    /// A setting.
    Leaf(&'static Setting),
    /// A table with settings of fixed names.
    Table,
    /// A table whose names the user chooses.
    Named,
    /// Nothing that windlass knows.
    Unknown,
}

/// What the table above has at `path`.
pub(super) fn node(path: &[String]) -> Node {
    let mut found = Node::Unknown;
    for setting in SETTINGS {
        let mut segments = setting.path.split('.');
        if !path.iter().all(|name| segments.next().is_some_and(|segment| segment == "*" || segment == name)) {
            continue;
        }
        match segments.next() {
            None => return Node::Leaf(setting),
            Some("*") => return Node::Named,
            Some(_) => found = Node::Table,
        }
    }
    found
}

/// The names that are allowed directly under `path`, each once, in order.
pub(super) fn names_under(path: &[String]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for setting in SETTINGS {
        let mut segments = setting.path.split('.');
        let under = path.iter().all(|name| segments.next().is_some_and(|segment| segment == "*" || segment == name));
        if let (true, Some(name)) = (under, segments.next())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if path.is_empty() {
        names.push(KEYS);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::DeValue;

    #[test]
    fn every_default_is_accepted_by_its_own_kind() {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                let value = DeValue::parse(default).unwrap();
                assert!(setting.kind.read_toml(value.get_ref()).is_ok(), "{}", setting.path);
            }
        }
    }

    #[test]
    fn no_two_settings_share_a_path_or_a_variable() {
        for (index, setting) in SETTINGS.iter().enumerate() {
            for other in &SETTINGS[index + 1..] {
                assert_ne!(setting.path, other.path);
                assert!(setting.variable().is_none() || setting.variable() != other.variable(), "{}", setting.path);
            }
        }
    }
}
