//! Going to another context of the kubeconfig: two served clusters, reached as any other.

use super::{Connected, Desk, News, sim, undo_of};
use crate::action::Consent;
use crate::app::effect::Effect;
use crate::app::{Model, Msg};
use crate::cluster::ConnectOptions;
use crate::config::{Config, Sources};
use crate::domain::outcome::OutcomeKind;
use crate::sim::SimCluster;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CONFIG: &str = r#"
[contexts.prod]
namespaces = ["pay"]
protected = true
[contexts.audit]
read_only = true
[freeze.windows.always]
from = "2026-01-01"
to = "2099-01-01"
contexts = ["frozen"]
"#;

async fn served(sim: &SimCluster) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = sim.clone();
    tokio::spawn(async move { server.serve(listener).await });
    url
}

/// A kubeconfig whose first context is `dev` on one server, and whose others are on the other.
fn kubeconfig(folder: &Path, (dev, prod): (&str, &str)) -> PathBuf {
    let context = |name: &str, cluster: &str| json!({"name": name, "context": {"cluster": cluster, "user": "ana"}});
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "dev",
        "clusters": [{"name": "dev", "cluster": {"server": dev}}, {"name": "prod", "cluster": {"server": prod}}],
        "contexts": [context("dev", "dev"), context("prod", "prod"), context("audit", "prod"), context("frozen", "prod")],
        "users": [{"name": "ana", "user": {"token": "user:ana"}}],
    });
    let file = folder.join("kubeconfig");
    std::fs::write(&file, config.to_string()).expect("written");
    file
}

impl Desk {
    /// Asks for a context and goes there.
    async fn switch_to(&mut self, name: &str) -> Result<(), String> {
        self.runner.run(Effect::SwitchContext(name.into()), &self.model);
        let connected: Box<Connected> = loop {
            match self.news.recv().await.expect("news") {
                News::Connected(connected) => break connected,
                News::Msg(Msg::Switched(Err(why))) => return Err(why.to_string()),
                News::Msg(_) => {}
            }
        };
        self.model.session = self.runner.adopt(*connected, &self.model.session);
        Ok(())
    }
}

#[tokio::test]
async fn another_context_is_reached_with_its_own_namespaces_and_rules_and_none_of_the_first_ones_flags() {
    let (dev, prod) = (sim(), sim());
    let folder = tempfile::tempdir().expect("a directory");
    let file = kubeconfig(folder.path(), (&served(&dev).await, &served(&prod).await));
    let mut desk = Desk::on(&dev).await;
    // As it was started for the first context: none of this leads to the others.
    desk.runner.home.elsewhere = Some(ConnectOptions {
        kubeconfig: Some(file),
        context: Some("dev".into()),
        server: Some("http://127.0.0.1:1".into()),
        token: Some("of the first context".into()),
        ..ConnectOptions::default()
    });
    let sources = Sources { file: Some(("config.toml".into(), CONFIG.into())), ..Sources::default() };
    desk.model.session.config = Arc::new(Config::resolve(&sources).expect("a configuration"));
    let rules = |model: &Model| (model.session.protected(), model.session.read_only());

    let why = desk.switch_to("nowhere").await.expect_err("there is no such context");
    assert!(why.contains("nowhere"), "{why}");

    desk.switch_to("prod").await.expect("reached");
    assert_eq!(rules(&desk.model), (true, false));
    let shown = desk.live("prod").await;
    assert!(shown.releases.iter().all(|release| &*release.key.namespace == "pay"), "only what is configured");

    // Read-only there, and the very engine holds it.
    desk.switch_to("audit").await.expect("reached");
    assert_eq!(rules(&desk.model), (false, true));
    desk.live("audit").await;
    let plan = undo_of(&prod, "search", prod.now()).await;
    let engine = desk.runner.link.engine().get().await;
    assert!(engine.allow(&plan, &Consent::default()).is_err());
    assert_eq!(prod.count("patch"), 0);

    // Frozen there: what goes forward is held, what goes back is not.
    desk.switch_to("frozen").await.expect("reached");
    assert_eq!(rules(&desk.model), (false, false));
    desk.live("frozen").await;
    let engine = desk.runner.link.engine().get().await;
    assert!(engine.allow(&plan, &Consent::default()).is_ok(), "an undo goes back");
    let forward =
        crate::domain::Plan { direction: crate::domain::Direction::Forward, ..crate::domain::Plan::clone(&plan) };
    let held = engine.allow(&forward, &Consent::default()).expect_err("frozen");
    assert!(held.reason.contains("freeze"), "{}", held.reason);

    desk.switch_to("dev").await.expect("reached");
    assert_eq!(rules(&desk.model), (false, false));
    desk.live("dev").await;
    let engine = desk.runner.link.engine().get().await;
    assert!(engine.allow(&forward, &Consent::default()).is_ok());
    let mut news = engine.apply(undo_of(&dev, "search", dev.now()).await, Consent { wait: None, ..Consent::default() });
    while let Some(progress) = news.recv().await {
        if let crate::action::Progress::Done(outcome) = progress {
            assert_eq!(outcome.kind, OutcomeKind::Applied, "{}", outcome.reason);
        }
    }
    assert_eq!((dev.count("patch"), prod.count("patch")), (1, 0), "it went to the cluster that is shown");
}
