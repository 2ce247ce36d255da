//! Kubernetes: connect, list and watch, keep the index, send writes.

mod address;
mod backoff;
pub mod check;
pub mod clock;
pub mod connect;
mod discovery;
pub mod errors;
pub mod events;
pub mod exists;
mod explain;
mod feed;
pub mod index;
mod kinds;
pub mod kubeconfig;
mod labelled;
mod lease;
mod link;
mod lister;
mod liveness;
pub mod logs;
pub mod observe;
mod once;
pub mod options;
mod plugin;
pub mod policies;
mod proxy;
mod publish;
mod read;
mod request;
pub mod rights;
pub mod send;
mod skew;
pub mod splitter;
mod supervise;
mod transport;
mod watching;
pub mod wire;

pub use clock::Clock;
pub use connect::Cluster;
pub use errors::{Away, ConnectError, ReadError, SendError};
pub use events::{ClusterEvent, EventsMsg};
pub use exists::Existence;
pub use kubeconfig::ContextInfo;
pub use logs::{LogLine, LogMsg, LogRequest};
pub use observe::{ObserveOptions, Observer};
pub use options::{ConnectOptions, NamespaceScope, PluginTalk};
pub use proxy::{Address, FoundService, Proxied};
pub use read::written;
pub use rights::{Allowed, Rights};
pub use send::{Answer, SendMode};

#[cfg(test)]
mod tests;
