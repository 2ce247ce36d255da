//! What happens to a write after it settled.

use crate::kit::{Console, deployment, hear, image, sim};
use serde_json::Value;
use windlass::action::{Consent, Progress};
use windlass::domain::Intent;
use windlass::domain::journal::Event;
use windlass::domain::outcome::OutcomeKind;

#[tokio::test(start_paused = true)]
async fn a_manager_that_puts_the_old_template_back_is_named() {
    let sim = sim("rolling");
    let mark = |object: &mut Value| {
        object["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] =
            "cart-app:apps/Deployment:shop/cart".into();
    };
    assert!(sim.edit("deployments/shop/cart", "argocd-controller", mark));
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    ana.release(&cart, "marked", |release| !release.management.is_empty()).await;
    let plan = ana.propose(&cart, Intent::undo()).await.expect("a plan");
    assert_eq!(&*plan.forecast.reverts[0].name, "cart-app", "it was foretold");
    let old = sim.object("deployments/shop/cart").expect("there")["spec"]["template"].clone();
    let mut news = ana.engine.apply(plan, Consent::default());
    let (outcome, _) = hear(&mut news).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied);
    assert!(sim.edit("deployments/shop/cart", "argocd-controller", |object| object["spec"]["template"] = old));
    assert_eq!(news.recv().await, Some(Progress::RevertedBy("Argo CD 'cart-app'".into())));
    let entries = ana.engine.journal().entries().expect("readable");
    assert!(matches!(&entries.last().expect("a line").event, Event::Reverted { by } if by.contains("cart-app")));
}

#[tokio::test(start_paused = true)]
async fn our_own_next_write_and_a_scale_are_no_alarm() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let plan = ana.propose(&cart, Intent::undo()).await.expect("a plan");
    let mut news = ana.engine.apply(plan, Consent::default());
    hear(&mut news).await;
    assert!(
        sim.edit("deployments/shop/cart", "horizontal-pod-autoscaler", |object| object["spec"]["replicas"] = 6.into())
    );
    let release = ana.release(&cart, "scaled", |release| release.replicas.desired == 6).await;
    let inverse = ana.engine.inverse_of(&release.uid).expect("ready");
    let outcome = ana.does(&cart, Intent::Revert(Box::new(inverse))).await;
    assert_eq!(outcome.kind, OutcomeKind::Applied, "a scale does not stand in the way: {}", outcome.reason);
    assert_eq!(image(&sim, "deployments/shop/cart"), "registry.test/shop/cart:v88");
    assert_eq!(news.recv().await, None, "the first write is watched no longer, and nobody raised an alarm");
}
