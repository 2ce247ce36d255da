//! How to connect: kubectl's flags.

use crate::domain::Str;
use std::path::PathBuf;
use std::time::Duration;

/// Which cluster, as whom, and what of it. The names are those of kubectl's flags.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// `--kubeconfig`; else `$KUBECONFIG`, else `~/.kube/config`, else the pod's own credentials.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--cluster`.
    pub cluster: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `-n`, `-A`.
    pub namespaces: NamespaceScope,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-group`.
    pub impersonate_groups: Vec<String>,
    /// `--request-timeout`: of one call; 10 s when not given.
    pub request_timeout: Option<Duration>,
    /// `--token`.
    pub token: Option<String>,
    /// `--server`.
    pub server: Option<String>,
    /// `--certificate-authority`.
    pub certificate_authority: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// Whether a credential plugin may talk to the person: only before the screen is taken over.
    pub plugin: PluginTalk,
    /// Is told the name of a plugin that takes its time while it has the terminal.
    pub waiting: Option<Waiting>,
}

/// Where the name of a credential plugin is told that is waited for.
pub type Waiting = tokio::sync::mpsc::UnboundedSender<Str>;

/// Which namespaces are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NamespaceScope {
    /// The one that the context names, else all.
    #[default]
    Default,
    /// All that may be listed.
    All,
    /// These.
    List(Vec<String>),
}

/// Whether a credential plugin gets the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PluginTalk {
    /// It gets neither keyboard nor screen; its messages are kept for the error.
    #[default]
    Silent,
    /// It may ask for a password or open a browser. The first run only; later ones are silent.
    Interactive,
}
