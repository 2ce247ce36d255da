//! Kubernetes: connect, list and watch, keep the index, send writes.

pub mod clock;
pub mod connect;
pub mod errors;
mod explain;
pub mod kinds;
pub mod kubeconfig;
mod link;
pub mod options;
mod plugin;
mod request;
pub mod splitter;
pub mod wire;

pub use clock::Clock;
pub use connect::Cluster;
pub use errors::{ConnectError, ReadError, SendError};
pub use kubeconfig::ContextInfo;
pub use options::{ConnectOptions, NamespaceScope, PluginTalk};
