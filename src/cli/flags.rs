//! The flags that every command takes: kubectl's for the connection, and our own.

use std::path::PathBuf;

use clap::Args;

use crate::config::FlagValue;

/// Flags of every command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Flags {
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub own: Own,
}

/// Which cluster, as whom: named and meant as kubectl's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Connection (as kubectl's)")]
pub struct Connection {
    /// The kubeconfig to use instead of $KUBECONFIG and ~/.kube/config
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context to use
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig's cluster to use
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The kubeconfig's user to use
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub user: Option<String>,
    /// The namespace, or several with commas; else the context's. Where that has none, all are listed, and a TARGET is
    /// looked for in default, as kubectl does
    #[arg(
        short,
        long,
        global = true,
        hide_short_help = true,
        value_name = "NS",
        value_delimiter = ',',
        conflicts_with = "all_namespaces"
    )]
    pub namespace: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, global = true, hide_short_help = true)]
    pub all_namespaces: bool,
    /// The user to impersonate
    #[arg(long = "as", global = true, hide_short_help = true, value_name = "USER")]
    pub impersonate: Option<String>,
    /// A group to impersonate; may be repeated
    #[arg(long = "as-group", global = true, hide_short_help = true, value_name = "GROUP")]
    pub impersonate_groups: Vec<String>,
    /// How long one request may take, as 30s or 1m
    #[arg(long, global = true, hide_short_help = true, value_name = "TIME", value_parser = super::flags::span)]
    pub request_timeout: Option<std::time::Duration>,
    /// The bearer token to use
    #[arg(long, global = true, hide_short_help = true, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The API server's URL
    #[arg(short, long, global = true, hide_short_help = true, value_name = "URL")]
    pub server: Option<String>,
    /// The file with the certificates that the server's must come from
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Do not check the server's certificate
    #[arg(long, global = true, hide_short_help = true)]
    pub insecure_skip_tls_verify: bool,
}

/// Our own flags. Those that are settings, too, go before the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "windlass")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line, and none excludes another")]
pub struct Own {
    /// Never send a write
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Send every write as a dry run of the server
    #[arg(long, global = true)]
    pub rehearse: bool,
    /// The name that the journal and the API server see
    #[arg(long, global = true, value_name = "NAME")]
    pub who: Option<String>,
    /// The theme; `windlass themes` lists them
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// How many colours: auto, never, 16, 256 or true
    #[arg(long, global = true, value_name = "MODE", value_parser = ["auto", "never", "16", "256", "true"])]
    pub color: Option<String>,
    /// ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Line-oriented text instead of a screen
    #[arg(long, global = true)]
    pub plain: bool,
    /// Where the log is written
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// More in the log
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Own {
    /// Those that are settings.
    pub fn settings(&self) -> Vec<FlagValue> {
        let switch = |path, flag, on: bool| on.then(|| FlagValue { path, flag, text: "true".to_owned() });
        let value = |path, flag, text: &Option<String>| text.clone().map(|text| FlagValue { path, flag, text });
        [
            switch("read_only", "--read-only", self.read_only),
            switch("rehearse", "--rehearse", self.rehearse),
            value("who", "--who", &self.who),
            value("ui.theme", "--theme", &self.theme),
            value("ui.color", "--color", &self.color),
            switch("ui.ascii", "--ascii", self.ascii),
            switch("ui.plain", "--plain", self.plain),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Reads a time span as people and kubectl write it: `30s`, `5m`, `1h30m`, or plain seconds.
pub fn span(text: &str) -> Result<std::time::Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(std::time::Duration::from_secs(seconds));
    }
    let wrong = || format!("'{text}' is no time span; write 30s, 5m or 1h30m");
    let span: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    span.try_into().map_err(|_| wrong())
}
