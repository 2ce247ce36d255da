//! One sentence for every kubeconfig that does not lead to a cluster.

use crate::cluster::kubeconfig::{Places, choose, contexts};
use crate::cluster::{Cluster, ConnectError, ConnectOptions, ReadError};
use crate::domain::{Kind, ObjectKey};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const GOOD: &str = "
apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: prod
  context: {cluster: prod, user: ana, namespace: shop}
- name: test
  context: {cluster: test}
- name: lost
  context: {cluster: nowhere}
- name: nobody
  context: {cluster: test, user: gone}
clusters:
- name: prod
  cluster: {server: 'https://prod.example:6443'}
- name: test
  cluster: {server: 'https://127.0.0.1:1'}
users:
- name: ana
  user: {token: secret}
";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path
    }
}

fn from(path: &Path) -> ConnectOptions {
    ConnectOptions { kubeconfig: Some(path.to_owned()), ..ConnectOptions::default() }
}

async fn why(options: &ConnectOptions, places: &Places) -> String {
    choose(options, places).await.expect_err("leads nowhere").to_string()
}

#[tokio::test]
async fn nothing_configured_points_to_the_demo() {
    let folder = Folder::new();
    let nowhere = Places { home: Some(folder.0.path().to_owned()), ..Places::default() };
    let said = why(&ConnectOptions::default(), &nowhere).await;
    assert!(said.starts_with("No cluster is configured: there is no '") && said.contains("`windlass demo`"), "{said}");
    let variable = Places { variable: Some("/none/a:/none/b".into()), ..Places::default() };
    let said = why(&ConnectOptions::default(), &variable).await;
    assert!(said.contains("$KUBECONFIG names '/none/a' and '/none/b', which is not there"), "{said}");
    let empty = folder.file("empty", "");
    let said = why(&from(&empty), &Places::default()).await;
    assert!(said.contains("names no context") && said.contains("windlass demo"), "{said}");
}

#[tokio::test]
async fn a_missing_a_broken_and_a_contextless_file_are_named() {
    let folder = Folder::new();
    let said = why(&from(Path::new("/none/config")), &Places::default()).await;
    assert_eq!(said, "The kubeconfig '/none/config' can't be read: no such file or directory.");
    let broken = folder.file("broken", "contexts: [\n  - {");
    let said = why(&from(&broken), &Places::default()).await;
    assert!(said.starts_with(&format!("The kubeconfig '{}' is broken: ", broken.display())), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let without = folder.file("without", &GOOD.replace("current-context: prod", ""));
    let said = why(&from(&without), &Places::default()).await;
    assert_eq!(said, "The kubeconfig has no current context; choose one with --context: lost, nobody, prod, test.");
}

#[tokio::test]
async fn unknown_names_are_told_with_those_that_there_are() {
    let folder = Folder::new();
    let good = folder.file("good", GOOD);
    let with = |change: fn(&mut ConnectOptions)| {
        let mut options = from(&good);
        change(&mut options);
        options
    };
    let places = Places::default();
    let said = why(&with(|it| it.context = Some("prd".into())), &places).await;
    assert_eq!(said, "There is no context 'prd' in the kubeconfig; it has lost, nobody, prod, test.");
    let said = why(&with(|it| it.context = Some("lost".into())), &places).await;
    assert_eq!(said, "There is no cluster 'nowhere' in the kubeconfig; it has prod, test.");
    let said = why(&with(|it| it.context = Some("nobody".into())), &places).await;
    assert_eq!(said, "There is no user 'gone' in the kubeconfig; it has ana.");
    let said = why(&with(|it| it.cluster = Some("x".into())), &places).await;
    assert_eq!(said, "There is no cluster 'x' in the kubeconfig; it has prod, test.");
}

#[tokio::test]
async fn a_file_that_the_kubeconfig_names_must_be_there() {
    let folder = Folder::new();
    for (field, what) in
        [("client-certificate", "client certificate"), ("client-key", "client key"), ("tokenFile", "token file")]
    {
        let text = GOOD.replace("user: {token: secret}", &format!("user: {{{field}: missing.pem}}"));
        let said = why(&from(&folder.file("config", &text)), &Places::default()).await;
        let start = format!("The {what} of context 'prod' can't be used: '");
        assert!(said.starts_with(&start) && said.ends_with("missing.pem': no such file or directory."), "{said}");
    }
    let text = GOOD.replace("6443'}", "6443', certificate-authority: ca.pem}");
    let said = why(&from(&folder.file("config", &text)), &Places::default()).await;
    assert!(said.starts_with("The certificate authority of context 'prod' can't be used"), "{said}");
    let text = GOOD.replace("6443'}", "6443', certificate-authority-data: '%%%'}");
    let said = why(&from(&folder.file("config", &text)), &Places::default()).await;
    assert!(said.starts_with("The certificate authority of context 'prod' can't be used"), "{said}");
}

#[tokio::test]
async fn several_files_are_merged_the_first_one_winning_and_flags_go_on_top() {
    let folder = Folder::new();
    let first = folder.file("first", GOOD);
    let other = GOOD.replace("prod.example", "other.example").replace("name: test", "name: more");
    let second = folder.file("second", &other);
    let missing = folder.0.path().join("missing");
    let list = std::env::join_paths([&missing, &first, &second]).expect("joins");
    let places = Places { variable: Some(list), ..Places::default() };
    let chosen = choose(&ConnectOptions::default(), &places).await.expect("chooses");
    assert_eq!((&*chosen.context, chosen.namespace.as_deref()), ("prod", Some("shop")));
    assert_eq!(chosen.config.cluster_url.host(), Some("prod.example"));
    let names: Vec<String> =
        contexts(&ConnectOptions::default(), &places).expect("lists").into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["lost", "more", "nobody", "prod", "test"]);
    let flags = ConnectOptions {
        server: Some("https://flag.example".into()),
        token: Some("other".into()),
        impersonate: Some("eve".into()),
        impersonate_groups: vec!["a".into(), "b".into()],
        insecure_skip_tls_verify: true,
        ..ConnectOptions::default()
    };
    let chosen = choose(&flags, &places).await.expect("chooses");
    assert_eq!(chosen.config.cluster_url.host(), Some("flag.example"));
    assert!(chosen.config.accept_invalid_certs);
    assert_eq!(chosen.config.auth_info.impersonate.as_deref(), Some("eve"));
    assert_eq!(chosen.config.auth_info.impersonate_groups.map(|groups| groups.len()), Some(2));
}

#[tokio::test]
async fn a_server_alone_is_enough() {
    let flags = ConnectOptions { server: Some("https://flag.example".into()), ..ConnectOptions::default() };
    let chosen = choose(&flags, &Places::default()).await.expect("chooses");
    assert_eq!(chosen.context, "https://flag.example/");
}

#[tokio::test]
async fn a_failing_plugin_and_a_dead_server_each_get_their_sentence() {
    let folder = Folder::new();
    let plugin = "user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo no session >&2; exit 1']}}";
    let text = GOOD.replace("user: {token: secret}", plugin);
    let error = Cluster::connect(&from(&folder.file("config", &text))).await.expect_err("fails").to_string();
    assert_eq!(error, "The credential plugin 'sh' ended with code 1: no session.");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let options = ConnectOptions {
        context: Some("test".into()),
        server: Some(format!("https://{port}")),
        ..from(&folder.file("good", GOOD))
    };
    let cluster = Cluster::connect(&options).await.expect("nothing is sent yet");
    let error = cluster.check().await.expect_err("nobody listens");
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    assert_eq!(error.to_string(), format!("https://{port} refuses the connection: is the API server running?"));
    let read = cluster.read(&ObjectKey::new(Kind::Pod, "a", "b")).await;
    assert!(matches!(read, Err(ReadError::Unreachable(_))), "{read:?}");
}
