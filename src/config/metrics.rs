//! What the configuration says of measurements: where they come from, how often, and by which queries.

use super::kind::Value;
use super::origin::Origin;
use super::problem::Problem;
use super::settings::Reader;
use std::time::Duration;

/// The sources there are, in the order in which they are asked.
pub const SOURCES: &[&str] = &["controllers", "prometheus", "scrape", "kubernetes"];

/// The families of metrics that are known by name.
pub const PRESETS: &[&str] =
    &["istio", "linkerd", "nginx", "nginx-own-labels", "traefik", "contour", "http", "http-kubernetes"];

/// The variables of a query, written `{{ name }}`.
pub const VARIABLES: &[&str] = &["namespace", "release", "track", "workload", "target", "pods", "interval"];

/// `[metrics]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricSettings {
    /// Which sources are asked, in this order.
    pub sources: Vec<String>,
    /// Where Prometheus is; `None`: looked for in the cluster, `none`: not asked.
    pub prometheus: Option<String>,
    /// Reach it through the API server's proxy (true) or directly (false); `None`: as the address says.
    pub proxied: Option<bool>,
    /// The family of metrics; `None`: whichever has series.
    pub preset: Option<String>,
    /// What rates are taken over.
    pub window: Duration,
    /// How often a release in focus is asked for.
    pub interval: Duration,
    /// How often the board is asked for.
    pub refresh: Duration,
    /// The time that charts show.
    pub span: Duration,
    /// Own queries, for every release that has none of its own.
    pub queries: Queries,
    /// How we prove to Prometheus who we are.
    pub access: Access,
}

/// How an address outside of the cluster is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Where the bearer token is: `env:NAME`, `file:PATH` or `command:PROGRAM`.
    pub token: Option<String>,
    /// The name for basic authentication.
    pub user: Option<String>,
    /// Where its password is, in the same form.
    pub password: Option<String>,
    /// `Name: value`, or `Name: env:NAME` and so on.
    pub headers: Vec<String>,
    /// A file with the authorities to trust, in PEM.
    pub ca_file: Option<String>,
    /// Take any certificate.
    pub insecure: bool,
}

/// A text of the configuration with the place where it stands, so that a complaint can name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Its place.
    pub origin: Origin,
}

/// Own queries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queries {
    /// The share of failed requests, 0 to 1.
    pub error_rate: Option<Written>,
    /// The p99 in seconds.
    pub latency: Option<Written>,
    /// Requests a second.
    pub request_rate: Option<Written>,
}

impl Queries {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.error_rate.is_none() && self.latency.is_none() && self.request_rate.is_none()
    }

    /// These, and where they say nothing, what `other` says.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            error_rate: self.error_rate.or_else(|| other.error_rate.clone()),
            latency: self.latency.or_else(|| other.latency.clone()),
            request_rate: self.request_rate.or_else(|| other.request_rate.clone()),
        }
    }
}

/// What is set of one release's measurements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseMetrics {
    /// The only source to ask, or `none`.
    pub source: Option<String>,
    /// Own queries.
    pub queries: Queries,
    /// Where its pods serve their metrics: `8080/metrics`.
    pub scrape: Option<String>,
    /// Its health endpoint.
    pub health: Option<HealthSettings>,
    /// Business metrics by name.
    pub business: Vec<(String, Business)>,
}

/// A health endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSettings {
    /// A URL, or `svc/NAME:PORT/PATH`.
    pub address: Written,
    /// The status that means well.
    pub status: u16,
    /// How often it is asked.
    pub interval: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl HealthSettings {
    /// The endpoint at `address`, asked every `interval`; another address of a `known` one answers in the same way.
    pub fn at(address: Written, interval: Duration, known: Option<&Self>) -> Self {
        let (status, timeout) = known.map_or((200, Duration::from_secs(2)), |known| (known.status, known.timeout));
        Self { address, status, interval: interval.max(Duration::from_secs(1)), timeout }
    }
}

/// Why `text` is no address that can be asked, if so.
pub fn no_address(text: &str) -> Option<String> {
    let behind = ["http://", "https://", "svc/"].iter().find_map(|start| text.strip_prefix(start));
    match behind {
        Some(place) if place.is_empty() || place.contains(char::is_whitespace) => {
            Some(format!("'{text}' names no place: write https://HOST/PATH or svc/NAME:PORT/PATH"))
        }
        Some(_) => None,
        None => Some(format!("'{text}' must begin with http://, https:// or svc/")),
    }
}

/// A business metric, measured for each group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Business {
    /// Its value for one group.
    pub query: Written,
    /// How many cases the value rests on, for one group.
    pub samples: Option<Written>,
    /// The unit behind the number.
    pub unit: String,
    /// Whether it is a share (0 to 1) of its cases.
    pub ratio: bool,
}

impl Reader<'_> {
    fn written(&self, path: &[&str]) -> Option<Written> {
        let entry = self.entry(path)?;
        match &entry.value {
            Value::Text(text) => Some(Written { text: text.clone(), origin: entry.origin.clone() }),
            _ => None,
        }
    }

    fn query(&self, path: &[&str], problems: &mut Vec<Problem>) -> Option<Written> {
        let written = self.written(path)?;
        if let Some(wrong) = unknown_variable(&written.text) {
            let message = format!("'{wrong}' is no variable of a query; there are {}", VARIABLES.join(", "));
            problems.push(Problem::new(written.origin.clone(), message));
        }
        Some(written)
    }

    fn queries(&self, at: &[&str], problems: &mut Vec<Problem>) -> Queries {
        let mut query = |name: &'static str| self.query(&[at, &[name]].concat(), problems);
        Queries {
            error_rate: query("error_rate_query"),
            latency: query("latency_query"),
            request_rate: query("request_rate_query"),
        }
    }

    /// A credential is named and never written: a literal one is a fault.
    fn credential(&self, path: &[&str], problems: &mut Vec<Problem>) -> Option<String> {
        let written = self.written(path)?;
        if is_reference(&written.text) {
            return Some(written.text);
        }
        let message = "credentials are not kept in this file: write env:NAME, file:PATH or command:PROGRAM";
        problems.push(Problem::new(written.origin, message));
        None
    }

    /// An address that is not of a form that can be meant is a fault.
    fn address(&self, path: &[&str], more: &[&str], problems: &mut Vec<Problem>) -> Option<Written> {
        let written = self.written(path).filter(|written| !written.text.is_empty())?;
        let host = written.text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(rest));
        if host.is_some_and(|host| host.contains('@')) {
            let message = "credentials are not kept in this file: an address has no user and no password";
            problems.push(Problem::new(written.origin.clone(), message));
            return None;
        }
        if !more.contains(&written.text.as_str())
            && let Some(wrong) = no_address(&written.text)
        {
            let or = if more.is_empty() { "" } else { ", or be " };
            problems.push(Problem::new(written.origin.clone(), format!("{wrong}{or}{}", more.join(", "))));
        }
        Some(written)
    }

    /// `[metrics]`.
    pub(super) fn metrics(&self, problems: &mut Vec<Problem>) -> MetricSettings {
        let text = |name| self.text(&["metrics", name]).filter(|text| !text.is_empty());
        let span = |name, least: u64, usual: u64| {
            self.span(&["metrics", name]).unwrap_or(Duration::from_secs(usual)).max(Duration::from_secs(least))
        };
        let sources = self.texts(&["metrics", "sources"]);
        if let Some(wrong) = sources.iter().find(|name| !SOURCES.contains(&name.as_str())) {
            let message = format!("'{wrong}' is no source of measurements; there are {}", SOURCES.join(", "));
            problems.push(Problem::new(self.origin(&["metrics", "sources"]), message));
        }
        let headers = self.texts(&["metrics", "headers"]);
        for header in &headers {
            let (name, value) = header.split_once(':').unwrap_or((header, ""));
            let secret = is_secret(name) && !is_reference(value.trim());
            let wrong = match (value.trim().is_empty(), secret) {
                (true, _) => format!("'{name}' must be written as \"Name: value\""),
                (_, true) => {
                    "credentials are not kept in this file: write env:NAME, file:PATH or command:PROGRAM".into()
                }
                _ => continue,
            };
            problems.push(Problem::new(self.origin(&["metrics", "headers"]), wrong));
        }
        MetricSettings {
            sources,
            prometheus: self.address(&["metrics", "prometheus"], &["none"], problems).map(|address| address.text),
            proxied: text("via").map(|via| via == "proxy"),
            preset: text("preset"),
            window: span("window", 10, 60),
            interval: span("interval", 1, 5),
            refresh: span("refresh", 5, 15),
            span: span("span", 60, 900),
            queries: self.queries(&["metrics"], problems),
            access: Access {
                token: self.credential(&["metrics", "token"], problems),
                user: text("user"),
                password: self.credential(&["metrics", "password"], problems),
                headers,
                ca_file: text("ca_file"),
                insecure: self.flag(&["metrics", "insecure_skip_tls_verify"]),
            },
        }
    }

    /// What `[releases.NAME]` says of measurements.
    pub(super) fn release_metrics(&self, name: &str, problems: &mut Vec<Problem>) -> ReleaseMetrics {
        let at = ["releases", name];
        let path = |key| ["releases", name, key];
        let health = self.address(&path("health_url"), &[], problems).map(|address| HealthSettings {
            address,
            status: self.integer(&path("health_status")).and_then(|code| u16::try_from(code).ok()).unwrap_or(200),
            interval: self
                .span(&path("health_interval"))
                .unwrap_or(Duration::from_secs(10))
                .max(Duration::from_secs(1)),
            timeout: self.span(&path("health_timeout")).unwrap_or(Duration::from_secs(2)),
        });
        let mut business = Vec::new();
        for metric in self.names(&["releases", name, "business"]) {
            let of = |key| ["releases", name, "business", metric.as_str(), key];
            let origin = self.origin(&["releases", name, "business", &metric]);
            let Some(query) = self.query(&of("query"), problems) else {
                problems.push(Problem::new(origin, format!("the business metric '{metric}' needs a 'query'")));
                continue;
            };
            let settings = Business {
                query,
                samples: self.query(&of("samples"), problems),
                unit: self.text(&of("unit")).unwrap_or_default(),
                ratio: self.text(&of("kind")).as_deref() == Some("ratio"),
            };
            business.push((metric, settings));
        }
        ReleaseMetrics {
            source: self.text(&path("metrics")),
            queries: self.queries(&at, problems),
            scrape: self.text(&path("scrape")),
            health,
            business,
        }
    }
}

/// Whether a header's name says that its value is a credential.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts: Vec<&str> = name.trim().split(['-', '_']).collect();
    // A key opens something or only names it: of what, the word before it says.
    let opens = |word: &str| matches!(word, "api" | "access" | "private" | "subscription" | "functions" | "account");
    let key = parts.windows(2).any(|pair| pair[1] == "key" && opens(pair[0])) || name.contains("apikey");
    let named = ["authoriz", "token", "secret", "passw", "cookie", "credential"].iter().any(|word| name.contains(word));
    named || key || parts.contains(&"auth")
}

/// Whether a text names where a credential is.
fn is_reference(text: &str) -> bool {
    ["env:", "file:", "command:"]
        .iter()
        .any(|start| text.strip_prefix(start).is_some_and(|rest| !rest.trim().is_empty()))
}

/// The first `{{ name }}` of a query that is no variable.
fn unknown_variable(query: &str) -> Option<String> {
    let mut rest = query;
    while let Some((_, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}")?;
        if !VARIABLES.contains(&name.trim()) {
            return Some(name.trim().to_owned());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn resolve(text: &str) -> Result<Config, String> {
        let sources = Sources { file: Some(("config.toml".into(), text.into())), ..Sources::default() };
        Config::resolve(&sources).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_release_has_its_own_queries_health_endpoint_and_business_metrics() {
        let text = "[releases.\"shop/web\"]\nlatency_query = \"x\"\nhealth_url = \"svc/web:80/healthz\"\nhealth_interval = \"3s\"\n\
                    [releases.\"shop/web\".business.conversion]\nquery = \"y{t='{{ track }}'}\"\nkind = \"ratio\"\n";
        let web = resolve(text).unwrap().release("shop", "web").metrics;
        assert_eq!(
            web.queries.latency.as_ref().map(|query| query.origin.to_string()).as_deref(),
            Some("config.toml:2")
        );
        let health = web.health.unwrap();
        assert_eq!((health.status, health.interval, health.timeout.as_secs()), (200, Duration::from_secs(3), 2));
        assert!(matches!(web.business.as_slice(), [(name, metric)] if name == "conversion" && metric.ratio));
    }

    #[test]
    fn a_credential_is_named_and_never_written() {
        let told = resolve("[metrics]\ntoken = \"s3cret\"\nheaders = [\"Authorization: Bearer x\"]\n").unwrap_err();
        assert_eq!(told.matches("credentials are not kept in this file").count(), 2, "{told}");
        assert!(!told.contains("s3cret"), "{told}");
        let told = resolve(
            "[metrics]\nprometheus = \"https://ana:s3cret@prom\"\nheaders = [\"X-Api-Key: s3cret\", \"Cookie: s3cret\"]\n",
        )
        .unwrap_err();
        assert_eq!(told.matches("credentials are not kept in this file").count(), 3, "{told}");
        assert!(!told.contains("s3cret"), "{told}");
        for plain in ["X-Author: ana", "X-Routing-Key: shop", "X-Scope-OrgID: a", "X-Keyspace: b"] {
            assert!(resolve(&format!("[metrics]\nheaders = [\"{plain}\"]\n")).is_ok(), "{plain}");
        }
        for secret in
            ["X-Auth: s", "Proxy-Authorization: s", "X-Vault-Token: s", "Ocp-Apim-Subscription-Key: s", "ApiKey: s"]
        {
            assert!(resolve(&format!("[metrics]\nheaders = [\"{secret}\"]\n")).is_err(), "{secret}");
        }
        let good =
            resolve("[metrics]\ntoken = \"env:TOKEN\"\nheaders = [\"Authorization: file:/x\", \"X-Scope-OrgID: a\"]\n");
        assert_eq!(good.unwrap().metrics.access.token.as_deref(), Some("env:TOKEN"));
    }

    #[test]
    fn what_can_not_be_meant_is_told_with_its_line() {
        let told = |text: &str| resolve(text).unwrap_err();
        let query = told("[metrics]\nerror_rate_query = \"x{{nmespace}}\"\n");
        assert!(query.starts_with("config.toml:2: 'nmespace' is no variable of a query"), "{query}");
        assert!(told("[metrics]\nsources = [\"graphite\"]\n").contains("'graphite' is no source"));
        assert!(told("[metrics]\nprometheus = \"prometheus:9090\"\n").contains("must begin with http://"));
        assert!(told("[releases.\"a/b\"]\nhealth_url = \"/healthz\"\n").contains("must begin with"));
        assert!(told("[releases.\"a/b\".business.x]\nunit = \"%\"\n").contains("'x' needs a 'query'"));
        assert!(told("[metrics]\nheaders = [\"X-Scope-OrgID\"]\n").contains("\"Name: value\""));
        assert_eq!(resolve("[metrics]\nprometheus = \"none\"\n").unwrap().metrics.prometheus.as_deref(), Some("none"));
    }
}
