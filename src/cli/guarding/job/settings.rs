//! What the configuration of this machine says of a guard, as a file for the Job's pod.

use crate::{
    config::{Config, Entry, Origin, Path, Value, dotted},
    domain::ObjectKey,
};

/// The file, and what is not in it.
pub struct Settings {
    /// As a configuration file has it; empty where nothing is set.
    pub text: String,
    /// What names something of this machine, by its setting: credentials, files, programs.
    pub missing: Vec<String>,
}

/// What is set for the release at `key`, beside the flags of this command line: those are the Job's own.
pub fn of(config: &Config, key: &ObjectKey) -> Settings {
    let (mut text, mut missing) = (String::new(), Vec::new());
    let set = |entry: &Entry| !matches!(entry.origin, Origin::Default | Origin::Flag(_));
    for (path, entry) in config.entries().filter(|(_, entry)| set(entry)) {
        if !concerns(path, key) {
            continue;
        }
        if of_this_machine(path, entry) {
            missing.push(dotted(path));
        } else {
            text.push_str(&format!("{} = {}\n", dotted(path), entry.value));
        }
    }
    Settings { text, missing }
}

/// Whether a guard of the release looks at the setting.
fn concerns(path: &Path, key: &ObjectKey) -> bool {
    match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["guard" | "metrics" | "ladder", ..] | ["notify", "slack", "channel"] => true,
        ["releases", name, ..] => *name == key.qualified().as_str(),
        _ => false,
    }
}

fn of_this_machine(path: &Path, entry: &Entry) -> bool {
    let names = |text: &str| ["env:", "file:", "command:"].iter().any(|start| text.contains(start));
    match (dotted(path).as_str(), &entry.value) {
        ("metrics.token" | "metrics.password" | "metrics.ca_file", _) => true,
        ("metrics.headers", Value::Texts(headers)) => headers.iter().any(|header| names(header)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use crate::domain::Kind;

    #[test]
    fn the_pod_has_the_limits_of_this_machine_and_none_of_its_secrets() {
        let text = "[guard]\nerror_rate = 2\nlatency = \"300ms\"\n[metrics]\npreset = \"http\"\ntoken = \"env:T\"\n\
                    [releases.\"shop/web\"]\nhealth_url = \"svc/web:80/health\"\nhealth_status = 204\n\
                    [releases.\"shop/other\"]\nbake = \"1m\"\n[ui]\ntheme = \"mono\"\n";
        let resolve = |text: &str| {
            let sources = Sources { file: Some(("config.toml".into(), text.to_owned())), ..Sources::default() };
            Config::resolve(&sources).unwrap()
        };
        let key = ObjectKey::new(Kind::Deployment, "shop", "web");
        let Settings { text, missing } = of(&resolve(text), &key);
        assert_eq!(missing, ["metrics.token"]);
        let there = resolve(&text);
        assert_eq!((there.guard.error_rate, there.metrics.preset.as_deref()), (Some(2.0), Some("http")));
        assert_eq!(there.guard.latency, Some(jiff::SignedDuration::from_millis(300)));
        assert_eq!(there.release("shop", "web").metrics.health.map(|health| health.status), Some(204));
        assert!(!text.contains("other") && !text.contains("theme") && !text.contains("env:"), "{text}");
    }
}
