//! Who is told, made from the configuration; what is missing is told at the start and not in the middle of a rollback.

use super::command;
use super::http::{self, Secret, Trouble};
use super::notice::Notice;
use crate::config::NotifySettings;
use crate::domain::Str;
use std::path::Path;
use std::time::Duration;

/// How often a notice is tried, and the pause before the second time; it doubles each time.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

/// A notifier that can't be made: why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub Str);

/// A notice that one of them did not get.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{channel} was not told: {why}")]
pub struct Failed {
    /// `slack`, `webhook` or `command`.
    pub channel: &'static str,
    /// Why, without any secret.
    pub why: Str,
}

/// Tells everybody who is to be told. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Notifier {
    channels: Vec<Channel>,
    pause: Option<Duration>,
}

#[derive(Debug, Clone)]
enum Channel {
    Slack { url: Secret, channel: Option<String> },
    Webhook { url: Secret, header: Option<Secret> },
    Command { run: Vec<String> },
}

impl Channel {
    const fn name(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Webhook { .. } => "webhook",
            Self::Command { .. } => "command",
        }
    }

    async fn tell(&self, notice: &Notice) -> Result<(), Trouble> {
        match self {
            Self::Slack { url, channel } => http::post(url, None, notice.slack(channel.as_deref())).await,
            Self::Webhook { url, header } => http::post(url, header.as_ref(), notice.json()).await,
            Self::Command { run } => command::run(run, notice.json()).await,
        }
    }
}

impl Notifier {
    /// Tells those in `names`, as `settings` say; `variable` looks the environment up.
    pub fn new(
        names: &[Str],
        settings: &NotifySettings,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Unusable> {
        let mut channels: Vec<Channel> = Vec::new();
        for name in names {
            let channel = match &**name {
                "slack" => slack(settings, variable)?,
                "webhook" => webhook(settings, variable)?,
                "command" if settings.command.run.is_empty() => {
                    return Err(Unusable("notify command: set notify.command.run in the configuration".into()));
                }
                "command" => Channel::Command { run: settings.command.run.clone() },
                other => {
                    let why = format!("'{other}' is nobody to tell; write slack, webhook or command");
                    return Err(Unusable(why.into()));
                }
            };
            if !channels.iter().any(|have| have.name() == channel.name()) {
                channels.push(channel);
            }
        }
        Ok(Self { channels, pause: None })
    }

    /// The same with another first pause before a notice is tried again.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause: Some(pause), ..self }
    }

    /// Whether nobody is to be told.
    pub fn nobody(&self) -> bool {
        self.channels.is_empty()
    }

    /// Who is told, in words.
    pub fn words(&self) -> String {
        self.channels.iter().map(Channel::name).collect::<Vec<_>>().join(", ")
    }

    /// Tells everybody at once; what failed in the end. Takes half a minute at most where a server answers, and is never
    /// waited for by a rollback.
    pub async fn tell(&self, notice: &Notice) -> Vec<Failed> {
        let told = self.channels.iter().map(|channel| self.tell_one(channel, notice));
        futures::future::join_all(told).await.into_iter().flatten().collect()
    }

    async fn tell_one(&self, channel: &Channel, notice: &Notice) -> Option<Failed> {
        let mut pause = self.pause.unwrap_or(PAUSE);
        let mut why = String::new();
        for attempt in 1..=TRIES {
            match channel.tell(notice).await {
                Ok(()) => return None,
                Err(Trouble::Final(told)) => {
                    why = told;
                    break;
                }
                Err(Trouble::Passing { why: told, wait }) => {
                    why = format!("{told}, tried {attempt} times");
                    if attempt < TRIES {
                        tokio::time::sleep(wait.unwrap_or(pause)).await;
                        pause *= 2;
                    }
                }
            }
        }
        tracing::warn!(channel = channel.name(), why, "a notice was not delivered");
        Some(Failed { channel: channel.name(), why: why.into() })
    }
}

fn slack(settings: &NotifySettings, variable: &dyn Fn(&str) -> Option<String>) -> Result<Channel, Unusable> {
    let slack = &settings.slack;
    let url = match (&slack.url_env, &slack.url_file) {
        (Some(name), _) => from_variable("slack", name, variable)?,
        (None, Some(path)) => from_file(path)?,
        (None, None) => {
            let why = "notify slack: set notify.slack.url_env to the variable that holds the webhook's URL, or \
                       notify.slack.url_file to its file";
            return Err(Unusable(why.into()));
        }
    };
    Ok(Channel::Slack { url: checked("slack", url)?, channel: slack.channel.clone() })
}

fn webhook(settings: &NotifySettings, variable: &dyn Fn(&str) -> Option<String>) -> Result<Channel, Unusable> {
    let webhook = &settings.webhook;
    let url = match (&webhook.url_env, &webhook.url) {
        (Some(name), _) => from_variable("webhook", name, variable)?,
        (None, Some(url)) => url.clone(),
        (None, None) => {
            return Err(Unusable("notify webhook: set notify.webhook.url, or notify.webhook.url_env".into()));
        }
    };
    let header = webhook.header_env.as_ref().map(|name| from_variable("webhook", name, variable)).transpose()?;
    Ok(Channel::Webhook { url: checked("webhook", url)?, header: header.map(Secret::new) })
}

fn from_variable(who: &str, name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Unusable> {
    let value = variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    value.ok_or_else(|| Unusable(format!("notify {who}: the variable {name} is not set").into()))
}

fn from_file(path: &str) -> Result<String, Unusable> {
    let text = std::fs::read_to_string(Path::new(path));
    let text = text.map_err(|error| Unusable(format!("notify slack: {path} can't be read: {error}").into()))?;
    Ok(text.trim().to_owned())
}

fn checked(who: &str, url: String) -> Result<Secret, Unusable> {
    if http::is_url(&url) {
        return Ok(Secret::new(url));
    }
    Err(Unusable(format!("notify {who}: what is set as its URL is none; it starts with https://").into()))
}
