//! What can go wrong, in one sentence each: what, to whom, what next.

use crate::domain::Str;
use crate::domain::snapshot::Absence;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// Nothing says where a cluster is.
    #[error("No cluster is configured: {looked}. Pass --kubeconfig FILE, or try `windlass demo`.")]
    NoCluster {
        /// Where we looked.
        looked: String,
    },
    /// The kubeconfig named on the command line or in the environment can't be read.
    #[error("The kubeconfig '{}' can't be read: {why}.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// It is no YAML, or no kubeconfig.
    #[error("The kubeconfig '{}' is broken: {why}.", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and what.
        why: String,
    },
    /// The kubeconfig names no context and none was asked for.
    #[error("The kubeconfig has no current context; choose one with --context: {known}.")]
    NoContext {
        /// The contexts that there are.
        known: String,
    },
    /// A context, cluster or user that is not in the kubeconfig.
    #[error("There is no {what} '{name}' in the kubeconfig; it has {known}.")]
    Unknown {
        /// `context`, `cluster` or `user`.
        what: &'static str,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// Groups are to be impersonated without a user: no server takes that.
    #[error("--as-group needs a user, too: add --as USER.")]
    GroupAlone,
    /// The server's address is no URL, or not a whole one.
    #[error("The server's address '{server}' can't be used: {why}.")]
    Address {
        /// As written.
        server: String,
        /// What is wrong with it, and what to write.
        why: String,
    },
    /// A file that the kubeconfig names is missing or broken.
    #[error("The {what} of context '{context}' can't be used: {why}.")]
    Credentials {
        /// `client certificate`, `certificate authority`, `token file`…
        what: &'static str,
        /// The context.
        context: String,
        /// The file and what is wrong with it.
        why: String,
    },
    /// The credential plugin failed.
    #[error("The credential plugin '{command}' {why}.")]
    Plugin {
        /// The command.
        command: String,
        /// What happened, with the end of what it printed.
        why: String,
    },
    /// The server can't be reached, or its certificate is not trusted.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not know who we are.
    #[error("{0}")]
    Unauthorized(String),
    /// Anything else about the configuration.
    #[error("Context '{context}' can't be used: {why}.")]
    Other {
        /// The context.
        context: String,
        /// What.
        why: String,
    },
}

/// Why nothing came from the server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct Away {
    /// In a word, for where there is no room for the sentence.
    pub cause: Absence,
    /// One sentence.
    pub why: String,
}

impl Away {
    /// Without an answer, or with one that ended too early.
    pub fn silent(why: impl Into<String>) -> Self {
        Self { cause: Absence::NoAnswer, why: why.into() }
    }
}

impl From<&ConnectError> for Away {
    fn from(error: &ConnectError) -> Self {
        let cause = match error {
            ConnectError::Plugin { .. } | ConnectError::Credentials { .. } | ConnectError::Unauthorized(_) => {
                Absence::Login
            }
            ConnectError::NoCluster { .. }
            | ConnectError::Unreadable { .. }
            | ConnectError::Broken { .. }
            | ConnectError::NoContext { .. }
            | ConnectError::Unknown { .. }
            | ConnectError::GroupAlone
            | ConnectError::Address { .. }
            | ConnectError::Unreachable(_)
            | ConnectError::Other { .. } => Absence::NoAnswer,
        };
        Self { cause, why: error.to_string() }
    }
}

/// Why a read gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The server has no such object, or does not know its kind.
    #[error("{0}")]
    NotFound(String),
    /// We may not.
    #[error("{0}")]
    Forbidden(String),
    /// The server does not know who we are; credentials were read again without success.
    #[error("{0}")]
    Unauthorized(String),
    /// No connection, or no answer in time.
    #[error("{0}")]
    Unreachable(Away),
    /// The server asks to slow down.
    #[error("{why}")]
    TooMany {
        /// How long to wait (`Retry-After`).
        retry_after: Option<Duration>,
        /// One sentence.
        why: String,
    },
    /// The version that was asked for is gone: list again.
    #[error("{0}")]
    Gone(String),
    /// The server failed.
    #[error("{why}")]
    Server {
        /// The HTTP status.
        status: u16,
        /// One sentence.
        why: String,
    },
    /// The answer is no JSON that we understand, or was cut off.
    #[error("{0}")]
    Unreadable(String),
    /// The context points to another cluster than before.
    #[error("{0}")]
    OtherCluster(String),
}

/// Why a write was not answered with success.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// Nothing went out: the connection could not be made, or there are no credentials.
    #[error("{0}")]
    NotSent(Str),
    /// It was sent and no whole answer came: it may have been done or not.
    #[error("{0}")]
    Lost(Str),
    /// The patch could not be applied: a `test` failed, or a removed path is absent (422 without causes).
    #[error("the fence held: the object is not as it was seen")]
    Fence,
    /// The new object is not valid (422 with causes, or 400); only the tail of the server's message.
    #[error("{0}")]
    Invalid(Str),
    /// An admission policy, webhook or quota refused it.
    #[error("{0}")]
    Denied(Str),
    /// A webhook can't do dry runs, so the write can't be previewed.
    #[error("{0}")]
    CannotDryRun(Str),
    /// We may not; the missing permission in words.
    #[error("{0}")]
    Forbidden(Str),
    /// The server does not know who we are.
    #[error("{0}")]
    Unauthorized(Str),
    /// There is no such object.
    #[error("{0}")]
    NotFound(Str),
    /// The object's identity is another, or it exists already (409).
    #[error("{0}")]
    Conflict(Str),
    /// The server asks to slow down; nothing was done.
    #[error("the server asks to slow down")]
    TooMany {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// The server failed.
    #[error("the server answered {status}: {message}")]
    Server {
        /// The HTTP status.
        status: u16,
        /// Its message.
        message: Str,
    },
}
