//! `[guard]`, `[notify.*]` and the gates of ladders, as the other rooms read them.

use super::kind::Value;
use super::problem::Problem;
use super::settings::Reader;
use crate::domain::Str;
use crate::domain::guarding::{Bake, GuardSettings, OnBreach};
use jiff::SignedDuration;

/// Who is told of what a guard does; credentials are named, never held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifySettings {
    /// An incoming webhook of Slack.
    pub slack: SlackSettings,
    /// Any URL that takes JSON.
    pub webhook: WebhookSettings,
    /// A program.
    pub command: CommandSettings,
}

/// `[notify.slack]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlackSettings {
    /// The variable with the URL.
    pub url_env: Option<String>,
    /// The file with the URL.
    pub url_file: Option<String>,
    /// The channel.
    pub channel: Option<String>,
}

/// `[notify.webhook]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookSettings {
    /// The URL.
    pub url: Option<String>,
    /// The variable with the URL.
    pub url_env: Option<String>,
    /// The variable with an Authorization header.
    pub header_env: Option<String>,
}

/// `[notify.command]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandSettings {
    /// The program and its arguments.
    pub run: Vec<String>,
}

impl Reader<'_> {
    /// The rules; a share above 100 % is a fault with its place.
    pub(super) fn guard(&self, problems: &mut Vec<Problem>) -> GuardSettings {
        let at = |key| ["guard", key];
        let share = |key, problems: &mut Vec<Problem>| {
            let share = self.number(&at(key))?;
            if share > 100.0 {
                let message = format!("guard.{key}: {share} % is no share of requests; it lies between 0 and 100");
                problems.push(Problem::new(self.origin(&at(key)), message));
            }
            Some(share)
        };
        let (error_rate, success_rate) = (share("error_rate", problems), share("success_rate", problems));
        if let (Some(errors), Some(success)) = (error_rate, success_rate)
            && success > 100.0 - errors
        {
            let message = format!(
                "guard.success_rate: at least {success} % contradicts guard.error_rate of at most {errors} %; one of them is enough"
            );
            problems.push(Problem::new(self.origin(&at("success_rate")), message));
        }
        let notify = self.texts(&at("notify"));
        for name in &notify {
            if !["slack", "webhook", "command"].contains(&name.as_str()) {
                let message = format!("guard.notify: '{name}' is nobody to tell; write slack, webhook or command");
                problems.push(Problem::new(self.origin(&at("notify")), message));
            }
        }
        let on_breach = self.text(&at("on_breach"));
        let on_breach = OnBreach::ALL.into_iter().find(|known| Some(known.word()) == on_breach.as_deref());
        let signed = |span: Option<std::time::Duration>| span.and_then(|span| SignedDuration::try_from(span).ok());
        let span = |key| signed(self.span(&at(key)));
        let bake_of = |path: &[&str]| {
            let named = |key| [path, &[key]].concat();
            let requests = self.integer(&named("bake_requests")).and_then(|number| u64::try_from(number).ok());
            Bake { time: signed(self.span(&named("bake"))), requests }
        };
        let bakes = self.names(&["releases"]).into_iter().map(|name| {
            let bake = bake_of(&["releases", &name]);
            (Str::from(name), bake)
        });
        let count = |key| self.integer(&at(key)).and_then(|number| u32::try_from(number).ok());
        // What is built in is left out here: the rules have the same, and a default is nothing that was asked for.
        GuardSettings {
            error_rate,
            success_rate,
            latency: span("latency"),
            health_failures: count("health_failures"),
            restarts: count("restarts"),
            min_requests: self.integer(&at("min_requests")).and_then(|number| u64::try_from(number).ok()),
            breaches: count("breaches"),
            settle: span("settle"),
            rollout: span("rollout"),
            undo: span("undo"),
            no_data_is_breach: self.text(&at("no_data")).as_deref() == Some("breach"),
            watch: span("for"),
            on_breach: on_breach.unwrap_or_default(),
            step_when_ok: self.flag(&at("step_when_ok")),
            notify: notify.into_iter().map(Str::from).collect(),
            bake: bake_of(&["ladder"]),
            bakes: bakes.filter(|(_, bake)| *bake != Bake::default()).collect(),
        }
    }

    /// Who is told; an empty program is a fault.
    pub(super) fn notify(&self, problems: &mut Vec<Problem>) -> NotifySettings {
        let text = |section, key| self.text(&["notify", section, key]).filter(|text| !text.is_empty());
        let run = self.texts(&["notify", "command", "run"]);
        let place = ["notify", "command", "run"];
        if self.entry(&place).is_some() && run.first().is_none_or(|program| program.trim().is_empty()) {
            let message = "notify.command.run: it needs a program, as in [\"/usr/local/bin/tell\"]".to_owned();
            problems.push(Problem::new(self.origin(&place), message));
        }
        if let Some(url) = text("webhook", "url")
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            let message = "notify.webhook.url: it must start with https:// or http://".to_owned();
            problems.push(Problem::new(self.origin(&["notify", "webhook", "url"]), message));
        }
        NotifySettings {
            slack: SlackSettings {
                url_env: text("slack", "url_env"),
                url_file: text("slack", "url_file"),
                channel: text("slack", "channel"),
            },
            webhook: WebhookSettings {
                url: text("webhook", "url"),
                url_env: text("webhook", "url_env"),
                header_env: text("webhook", "header_env"),
            },
            command: CommandSettings { run },
        }
    }

    fn number(&self, path: &[&str]) -> Option<f64> {
        match self.entry(path)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Sources};
    use crate::domain::guarding::{Bake, OnBreach};
    use crate::domain::{Kind, ObjectKey};
    use jiff::SignedDuration;

    fn resolved(text: &str) -> Result<Config, String> {
        let sources = Sources { file: Some(("config.toml".into(), text.into())), ..Sources::default() };
        Config::resolve(&sources).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_releases_own_gate_goes_before_the_ladders() {
        let text = "[ladder]\nbake = \"10m\"\nbake_requests = 500\n[releases.\"shop/web\"]\nbake = \"2m\"\n";
        let guard = resolved(text).unwrap().guard;
        let of = |name| guard.bake(&ObjectKey::new(Kind::VirtualService, "shop", name));
        assert_eq!(of("web"), Bake { time: Some(SignedDuration::from_mins(2)), requests: Some(500) });
        assert_eq!(of("other"), Bake { time: Some(SignedDuration::from_mins(10)), requests: Some(500) });
        assert_eq!(Config::default().guard.bake, Bake::default(), "nothing is held unless asked for");
    }

    #[test]
    fn rules_that_make_no_sense_are_told_with_their_line() {
        let told = resolved("[guard]\nerror_rate = 500\n").unwrap_err();
        assert!(told.contains("config.toml:2") && told.contains("500 % is no share"), "{told}");
        let told = resolved("[guard]\nerror_rate = 5\nsuccess_rate = 99\n").unwrap_err();
        assert!(told.contains("config.toml:3") && told.contains("contradicts"), "{told}");
        assert!(resolved("[guard]\nnotify = [\"mail\"]\n").unwrap_err().contains("nobody to tell"));
        assert!(resolved("[notify.command]\nrun = []\n").unwrap_err().contains("needs a program"));
        assert!(resolved("[notify.webhook]\nurl = \"hooks.example\"\n").unwrap_err().contains("https://"));
    }

    #[test]
    fn what_is_built_in_is_no_rule_that_was_asked_for() {
        let built_in = Config::default().guard;
        assert!(!built_in.has_rules());
        assert_eq!((built_in.on_breach, built_in.watch), (OnBreach::Undo, Some(SignedDuration::from_mins(10))));
        assert!(resolved("[guard]\nerror_rate = 2\n").unwrap().guard.has_rules());
    }
}
