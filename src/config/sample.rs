//! The commented file that `windlass config init` writes, made from the table of settings.

use super::schema::{Effect, SETTINGS, Setting};

/// A file in which every line is a comment, with the built-in value or an example of each setting that takes effect.
pub fn sample() -> String {
    let mut text = String::from(
        "# windlass: configuration\n\
         # A line counts once its '#' is taken away. A command-line flag goes before a WINDLASS_* variable, a variable\n\
         # before this file, and this file before what is built in; `windlass config show` says where each value came from.\n",
    );
    let mut section = "";
    for setting in SETTINGS.iter().filter(|setting| setting.effect == Effect::Now) {
        let (parent, key) = setting.path.rsplit_once('.').unwrap_or(("", setting.path));
        if parent != section {
            section = parent;
            text.push_str(&heading(parent));
        }
        let value = setting.default.unwrap_or_else(|| example(setting));
        text.push_str(&["\n# ", setting.about, "\n#", key, " = ", value, "\n"].concat());
    }
    text.push_str(
        "\n# Keys: the name of an action and the key or keys for it; `windlass keys` lists both.\n\
         #[keys]\n#undo = \"U\"\n#quit = [\"q\", \"Ctrl-q\"]\n",
    );
    text
}

fn heading(section: &str) -> String {
    let (about, heading) = match section {
        "contexts.*" => (
            "# One section a context of the kubeconfig; `*` in the name stands for any text, and the most exact name wins.\n",
            "contexts.\"prod-eu\"",
        ),
        "releases.*" => ("# One section a release, by namespace and name.\n", "releases.\"shop/checkout\""),
        "freeze" => ("# Change freezes: nothing goes forward in their windows, and back always does.\n", section),
        "releases.*.business.*" => (
            "# One section a business metric that the groups of an A/B test are compared by.\n",
            "releases.\"shop/checkout\".business.conversion",
        ),
        "metrics" => (
            "# Where measurements come from. Of a release, the annotation windlass.dev/metrics (a source, or none) goes before.\n",
            section,
        ),
        "freeze.windows.*" => ("", "freeze.windows.weekend"),
        _ => ("", section),
    };
    format!("\n{about}#[{heading}]\n")
}

fn example(setting: &Setting) -> &'static str {
    match setting.path {
        "who" => "\"ana\"",
        "contexts.*.alias" => "\"prod\"",
        "contexts.*.color" => "\"red\"",
        "contexts.*.namespaces" => "[\"shop\", \"pay\"]",
        "releases.*.strategy" => "\"blue-green\"",
        "releases.*.switch_key" => "\"color\"",
        "releases.*.stable" => "\"checkout-v1\"",
        "releases.*.preview_check" => "\"svc/frontend-preview:80/healthz\"",
        "releases.*.metrics" => "\"prometheus\"",
        "releases.*.scrape" => "\"8080/metrics\"",
        "releases.*.health_url" => "\"svc/checkout:80/healthz\"",
        "releases.*.health_status" => "200",
        "releases.*.health_interval" => "\"10s\"",
        "releases.*.health_timeout" => "\"2s\"",
        "releases.*.business.*.kind" => "\"ratio\"",
        "releases.*.business.*.query" => {
            "'sum(rate(orders_total{track=\"{{track}}\"}[{{interval}}])) / sum(rate(visits_total{track=\"{{track}}\"}[{{interval}}]))'"
        }
        "releases.*.business.*.samples" => "'sum(increase(visits_total{track=\"{{track}}\"}[{{interval}}]))'",
        "releases.*.business.*.unit" => "\"%\"",
        "metrics.prometheus" => "\"https://prometheus.example:9090\"",
        "metrics.via" => "\"direct\"",
        "metrics.token" => "\"env:PROMETHEUS_TOKEN\"",
        "metrics.user" => "\"windlass\"",
        "metrics.password" => "\"file:/run/secrets/prometheus\"",
        "metrics.headers" => "[\"X-Scope-OrgID: shop\"]",
        "metrics.ca_file" => "\"/etc/ssl/company.pem\"",
        "metrics.preset" => "\"istio\"",
        "metrics.error_rate_query" | "releases.*.error_rate_query" => {
            "'sum(rate(http_errors_total{app=\"{{workload}}\"}[{{interval}}])) / sum(rate(http_requests_total{app=\"{{workload}}\"}[{{interval}}]))'"
        }
        "metrics.latency_query" | "releases.*.latency_query" => {
            "'histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket{app=\"{{workload}}\"}[{{interval}}])))'"
        }
        "metrics.request_rate_query" | "releases.*.request_rate_query" => {
            "'sum(rate(http_requests_total{app=\"{{workload}}\"}[{{interval}}]))'"
        }
        "releases.*.ladder" => "[10, 50, 100]",
        "freeze.zone" => "\"UTC\"",
        "freeze.windows.*.from" => "\"fri 16:00\"",
        "freeze.windows.*.to" => "\"mon 06:00\"",
        "freeze.windows.*.days" => "[]",
        "freeze.windows.*.contexts" => "[\"prod-*\"]",
        "releases.*.bake" | "ladder.bake" => "\"10m\"",
        "releases.*.bake_requests" | "ladder.bake_requests" => "500",
        "guard.error_rate" => "5",
        "guard.success_rate" => "95",
        "guard.latency" => "\"500ms\"",
        "guard.health_failures" => "3",
        "guard.restarts" => "2",
        "guard.notify" => "[\"slack\"]",
        "notify.slack.url_env" => "\"SLACK_WEBHOOK_URL\"",
        "notify.slack.url_file" => "\"/run/secrets/slack\"",
        "notify.webhook.url" => "\"https://hooks.example/windlass\"",
        "notify.command.run" => "[\"/usr/local/bin/tell\"]",
        _ => "\"…\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn loaded(text: String) -> Config {
        let sources = Sources { file: Some(("config.toml".into(), text)), ..Sources::default() };
        Config::resolve(&sources).unwrap()
    }

    #[test]
    fn the_sample_loads_as_it_is_and_changes_nothing() {
        let entries = |config: &Config| {
            config.entries().map(|(path, entry)| (path.to_owned(), entry.clone())).collect::<Vec<_>>()
        };
        assert_eq!(entries(&loaded(sample())), entries(&Config::default()));
    }

    #[test]
    fn the_sample_loads_with_every_comment_taken_away() {
        let text: String = sample()
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n")
            .collect();
        let config = loaded(text);
        let set = config.entries().filter(|(_, entry)| entry.origin.to_string().starts_with("config.toml")).count();
        let settings = SETTINGS.iter().filter(|setting| setting.effect == Effect::Now).count();
        assert_eq!(set, settings, "every setting is in the sample");
        assert_eq!(config.bindings.len(), 2);
        assert_eq!(config.freeze.windows().len(), 1);
    }
}
