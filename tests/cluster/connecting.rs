//! Connections that work, and one sentence for each that does not.

use crate::kit;
use std::time::Duration;
use windlass::cluster::{Cluster, ConnectError, ConnectOptions, ReadError};
use windlass::domain::{Kind, ObjectKey};

#[tokio::test]
#[ignore = "needs a cluster"]
async fn the_identity_is_that_of_the_kube_system_namespace() {
    let cluster = kit::cluster().await;
    let identity = cluster.check().await.expect("answers");
    let uid = kit::kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    assert_eq!(*identity.fingerprint.id, *uid);
    assert_eq!(cluster.identity(), identity);
    assert!(cluster.whoami().await.is_some());
}

#[tokio::test]
#[ignore = "needs a cluster with a user that has a client certificate"]
async fn a_client_certificate_works_as_a_token_does() {
    let cluster = Cluster::connect(&kit::user("WINDLASS_TEST_CERT_KUBECONFIG")).await.expect("connects");
    cluster.check().await.expect("answers");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_token_that_is_not_accepted_is_told() {
    let options = ConnectOptions { token: Some("no-such-token".into()), ..kit::admin() };
    let cluster = Cluster::connect(&options).await.expect("prepares");
    let error = cluster.check().await.expect_err("refused");
    assert!(matches!(error, ConnectError::Unauthorized(_)), "{error:?}");
    assert!(error.to_string().contains("log in again"), "{error}");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_server_signed_by_another_authority_is_told() {
    let other = another_authority();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.crt");
    std::fs::write(&file, other).expect("writes");
    let options = ConnectOptions { certificate_authority: Some(file), ..kit::admin() };
    let cluster = Cluster::connect(&options).await.expect("prepares");
    let error = cluster.check().await.expect_err("not trusted").to_string();
    assert!(error.contains("signed by an authority that the kubeconfig does not name"), "{error}");
    let trusting = ConnectOptions { insecure_skip_tls_verify: true, ..kit::admin() };
    Cluster::connect(&trusting).await.expect("prepares").check().await.expect("answers");
}

/// A certificate of somebody else's authority (ISRG Root X2, public).
fn another_authority() -> &'static str {
    "-----BEGIN CERTIFICATE-----
MIICGzCCAaGgAwIBAgIQQdKd0XLq7qeAwSxs6S+HUjAKBggqhkjOPQQDAzBPMQsw
CQYDVQQGEwJVUzEpMCcGA1UEChMgSW50ZXJuZXQgU2VjdXJpdHkgUmVzZWFyY2gg
R3JvdXAxFTATBgNVBAMTDElTUkcgUm9vdCBYMjAeFw0yMDA5MDQwMDAwMDBaFw00
MDA5MTcxNjAwMDBaME8xCzAJBgNVBAYTAlVTMSkwJwYDVQQKEyBJbnRlcm5ldCBT
ZWN1cml0eSBSZXNlYXJjaCBHcm91cDEVMBMGA1UEAxMMSVNSRyBSb290IFgyMHYw
EAYHKoZIzj0CAQYFK4EEACIDYgAEzZvVn4CDCuwJSvMWSj5cz3es3mcFDR0HttwW
+1qLFNvicWDEukWVEYmO6gbf9yoWHKS5xcUy4APgHoIYOIvXRdgKam7mAHf7AlF9
ItgKbppbd9/w+kHsOdx1ymgHDB/qo0IwQDAOBgNVHQ8BAf8EBAMCAQYwDwYDVR0T
AQH/BAUwAwEB/zAdBgNVHQ4EFgQUfEKWrt5LSDv6kviejM9ti6lyN5UwCgYIKoZI
zj0EAwMDaAAwZQIwe3lORlCEwkSHRhtFcP9Ymd70/aTSVaYgLXTWNLxBo1BfASdW
tL4ndQavEi51mI38AjEAi/V3bNTIZargCyzuFJ0nN6T5U6VR5CmD1/iQMVtCnwr1
/q4AaOeMSQ+2b1tbFfLn
-----END CERTIFICATE-----
"
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_credential_plugin_gives_the_token() {
    let token = kit::kubectl(&["config", "view", "--raw", "--minify", "-o", "jsonpath={.users[0].user.token}"]);
    let server = kit::kubectl(&["config", "view", "--raw", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config");
    let script = format!(r#"echo '{{"status":{{"token":"{token}"}}}}'"#);
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": true}}],
        "users": [{"name": "u", "user": {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]}}}],
    });
    std::fs::write(&file, config.to_string()).expect("writes");
    let options = ConnectOptions { kubeconfig: Some(file), ..ConnectOptions::default() };
    let cluster = Cluster::connect(&options).await.expect("prepares");
    cluster.check().await.expect("answers");
    let pods = cluster.read(&ObjectKey::new(Kind::Namespace, "", "kube-system")).await;
    assert!(pods.is_ok(), "{pods:?}");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_limit_that_is_too_short_is_told_as_no_answer() {
    let options = ConnectOptions { request_timeout: Some(Duration::from_micros(1)), ..kit::admin() };
    let cluster = Cluster::connect(&options).await.expect("prepares");
    let error = cluster.read(&ObjectKey::new(Kind::Namespace, "", "kube-system")).await.expect_err("no answer");
    assert!(matches!(error, ReadError::Unreachable(_)), "{error:?}");
}
