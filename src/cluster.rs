//! Kubernetes: connect, list and watch, keep the index, send writes.

mod backoff;
pub mod clock;
pub mod connect;
pub mod errors;
mod explain;
mod feed;
pub mod index;
mod kinds;
pub mod kubeconfig;
mod link;
mod lister;
mod liveness;
pub mod observe;
mod once;
pub mod options;
mod plugin;
mod publish;
mod read;
mod request;
pub mod send;
pub mod splitter;
mod supervise;
mod watching;
pub mod wire;

pub use clock::Clock;
pub use connect::Cluster;
pub use errors::{ConnectError, ReadError, SendError};
pub use kubeconfig::ContextInfo;
pub use observe::{ObserveOptions, Observer};
pub use options::{ConnectOptions, NamespaceScope, PluginTalk};
pub use send::{Answer, SendMode};
