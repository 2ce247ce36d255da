//! Where traffic goes and who moves it: the objects that say so, reduced to neutral rows, and what a release shows of
//! them.
//!
//! ```text
//! Service ── selects ──► workloads            Service switch, replica canary
//! Route ── destinations ──► Services          Istio, Gateway API, A/B
//! Canary ── target ──► Deployment             Flagger
//! Rollout ── workloadRef ──► Deployment       Argo Rollouts
//! ```
//! Rows are lenient: what could not be read is named in `unreadable`, and absurd numbers are kept as they came.

pub mod analysis;
pub mod canary;
pub mod hook;
pub mod marks;
pub mod matching;
pub mod meta;
pub mod naming;
pub mod rollout;
pub mod rollout_steps;
pub mod route;
pub mod settings;
pub mod share;
pub mod view;

pub use analysis::AnalysisRun;
pub use canary::Canary;
pub use marks::Marks;
pub use meta::{ObjectMeta, TargetRef};
pub use rollout::Rollout;
pub use route::{DestinationRule, Route};
pub use settings::TrafficSettings;
pub use share::{apportioned, percentages};
pub use view::Traffic;
