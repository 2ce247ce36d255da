//! Tests on a real API server: `WINDLASS_TEST_KUBECONFIG=… cargo test --test cluster -- --ignored`.
//!
//! Any cluster will do for which kubectl is on the path (or in `WINDLASS_CONTROLPLANE_BIN`); each test makes a
//! namespace of its own and removes it. `WINDLASS_TEST_VIEWER_KUBECONFIG` and `WINDLASS_TEST_NOBODY_KUBECONFIG` name
//! users with the role `view` and with none.

#[path = "cluster/argo.rs"]
mod argo;
#[path = "cluster/by_hand.rs"]
mod by_hand;
#[path = "cluster/connecting.rs"]
mod connecting;
#[path = "cluster/credentials.rs"]
mod credentials;
#[path = "cluster/customs.rs"]
mod customs;
#[path = "cluster/faults.rs"]
mod faults;
#[path = "cluster/flagger.rs"]
mod flagger;
#[path = "cluster/guard.rs"]
mod guard;
#[path = "cluster/guard_keys.rs"]
mod guard_keys;
#[path = "cluster/kit.rs"]
mod kit;
#[path = "cluster/measured_by.rs"]
mod measured_by;
#[path = "cluster/metrics.rs"]
mod metrics;
#[path = "cluster/older_forms.rs"]
mod older_forms;
#[path = "cluster/plain.rs"]
mod plain;
#[path = "cluster/pod_network.rs"]
mod pod_network;
#[path = "cluster/presence.rs"]
mod presence;
#[path = "cluster/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "what only the terminal's own tests need")]
#[expect(clippy::unwrap_used, reason = "a test that cannot make a pseudo terminal has failed")]
#[path = "terminal/pty.rs"]
mod pty;
#[path = "cluster/racing.rs"]
mod racing;
#[path = "cluster/reading.rs"]
mod reading;
#[path = "cluster/rights.rs"]
mod rights;
#[path = "cluster/room.rs"]
mod room;
#[path = "cluster/routes.rs"]
mod routes;
#[path = "cluster/seeds.rs"]
mod seeds;
#[path = "cluster/sending.rs"]
mod sending;
#[path = "cluster/served.rs"]
mod served;
#[path = "cluster/service.rs"]
mod service;
#[path = "cluster/twins.rs"]
mod twins;
#[path = "cluster/writing.rs"]
mod writing;
