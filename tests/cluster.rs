//! Tests on a real API server: `WINDLASS_TEST_KUBECONFIG=… cargo test --test cluster -- --ignored`.

#[path = "cluster/kit.rs"]
mod kit;
#[path = "cluster/reading.rs"]
mod reading;
