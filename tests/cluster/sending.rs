//! Writes as a real server answers them.

use crate::kit::{self, Namespace};
use windlass::cluster::{Cluster, SendError, SendMode};
use windlass::domain::plan::{Call, Patch, json};
use windlass::domain::{Kind, ObjectKey, RawObject, Uid};

fn key(namespace: &Namespace) -> ObjectKey {
    ObjectKey::new(Kind::Deployment, &*namespace.0, "web")
}

fn image(seen: &RawObject, image: &str) -> Call {
    let path = "/spec/template/spec/containers/0/image";
    Patch::of(seen).test("/spec/template").replace(path, json(image).expect("JSON")).call()
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_fence_on_a_template_with_escaped_text_lets_the_first_pass_and_stops_the_second() {
    let namespace = Namespace::new("sending-fence");
    namespace.apply(&kit::web("registry.test/web:v1", 1));
    let cluster = kit::cluster().await.with_who("ana");
    let seen = cluster.read(&key(&namespace)).await.expect("reads");
    let call = image(&seen, "registry.test/web:v2");
    let rehearsed = cluster.send(&call, SendMode::DryRun).await.expect("accepted");
    assert_eq!(rehearsed.status, 200);
    let answer = cluster.send(&call, SendMode::Apply).await.expect("done");
    let body = answer.body.expect("the object");
    let shown = body.at("/spec/template/spec/containers/0/image").expect("there").get();
    assert_eq!(shown, r#""registry.test/web:v2""#);
    assert_eq!(cluster.send(&call, SendMode::Apply).await.expect_err("fenced"), SendError::Fence);
    let managers = namespace.kubectl(&["get", "deployment", "web", "--show-managed-fields", "-o", "json"]);
    assert!(managers.contains("windlass-ana"));
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn validation_identity_absence_and_rights_are_told_apart() {
    let namespace = Namespace::new("sending-refused");
    namespace.apply(&kit::web("registry.test/web:v1", 1));
    let cluster = kit::cluster().await;
    let seen = cluster.read(&key(&namespace)).await.expect("reads");
    let negative = Patch::of(&seen).replace("/spec/replicas", json(&-1).expect("JSON")).call();
    let invalid = cluster.send(&negative, SendMode::Apply).await.expect_err("invalid");
    assert!(matches!(&invalid, SendError::Invalid(why) if why.contains("spec.replicas")), "{invalid:?}");
    let unknown = Patch::of(&seen).add("/spec/nonsense", json("x").expect("JSON")).call();
    let strict = cluster.send(&unknown, SendMode::Apply).await.expect_err("strict");
    assert!(matches!(&strict, SendError::Invalid(why) if why.starts_with("strict decoding error")), "{strict:?}");
    let other = Call::Delete { target: key(&namespace), uid: Uid::new("another") };
    let conflict = cluster.send(&other, SendMode::Apply).await.expect_err("another identity");
    assert!(matches!(conflict, SendError::Conflict(_)), "{conflict:?}");
    let none = Call::Delete { target: ObjectKey::new(Kind::Pod, &*namespace.0, "none"), uid: Uid::new("x") };
    assert!(matches!(cluster.send(&none, SendMode::Apply).await, Err(SendError::NotFound(_))));
    let dry = Call::Delete { target: key(&namespace), uid: seen.uid.clone() };
    cluster.send(&dry, SendMode::DryRun).await.expect("accepted");
    cluster.read(&key(&namespace)).await.expect("a dry run deletes nothing");
    let viewer = Cluster::connect(&kit::user("WINDLASS_TEST_VIEWER_KUBECONFIG")).await.expect("connects");
    let refused = viewer.send(&image(&seen, "registry.test/web:v2"), SendMode::Apply).await.expect_err("no right");
    assert!(matches!(&refused, SendError::Forbidden(why) if why.contains("cannot patch")), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn a_quota_and_a_dead_server_are_told_apart_from_a_fence() {
    let namespace = Namespace::new("sending-quota");
    namespace.kubectl(&["create", "quota", "none", "--hard=count/configmaps=0"]);
    namespace.kubectl(&["wait", "quota/none", "--for=jsonpath={.status.hard}", "--timeout=60s"]);
    let cluster = kit::cluster().await;
    let target = ObjectKey::new(Kind::ConfigMap, &*namespace.0, "one");
    let body = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}});
    let call = Call::Create { target, body: json(&body).expect("JSON") };
    let denied = cluster.send(&call, SendMode::Apply).await.expect_err("over quota");
    assert!(matches!(&denied, SendError::Denied(why) if why.contains("exceeded quota")), "{denied:?}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let options = windlass::cluster::ConnectOptions { server: Some(format!("https://{closed}")), ..kit::admin() };
    let dead = Cluster::connect(&options).await.expect("prepares");
    let unsent = dead.send(&call, SendMode::Apply).await.expect_err("nobody there");
    assert!(matches!(&unsent, SendError::NotSent(why) if why.contains("refuses the connection")), "{unsent:?}");
}
