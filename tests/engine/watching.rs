//! What happens to a write after it settled.

use crate::kit::{Console, deployment, hear, image, sim};
use serde_json::{Value, json};
use windlass::action::{Consent, Progress};
use windlass::domain::Intent;
use windlass::domain::journal::Event;
use windlass::domain::outcome::OutcomeKind;
use windlass::sim::{Effect, Fault, On};

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

#[tokio::test(start_paused = true)]
async fn a_write_that_is_refused_leaves_the_watch_over_the_undo_before_it() {
    for code in [403, 500] {
        let sim = sim("rolling");
        let ana = Console::of(&sim, "ana").await;
        let cart = deployment("cart");
        let plan = ana.propose(&cart, Intent::undo()).await.expect("a plan");
        let old = sim.object("deployments/shop/cart").expect("there")["spec"]["template"].clone();
        let mut news = ana.engine.apply(plan, Consent::default());
        assert_eq!(hear(&mut news).await.0.kind, OutcomeKind::Applied);
        let restart = ana.propose(&cart, Intent::Restart).await.expect("a plan");
        sim.fault(Fault::new(On::verb("patch").path("/cart"), Effect::Status { code, retry_after: None }));
        let (refused, _) = ana.confirm(&restart).await;
        assert_ne!(refused.kind, OutcomeKind::Applied, "{}", refused.reason);
        sim.heal();
        assert!(sim.edit("deployments/shop/cart", "argocd-controller", |object| object["spec"]["template"] = old));
        assert_eq!(news.recv().await, Some(Progress::RevertedBy("argocd-controller".into())), "after {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_to_our_own_next_write_is_no_alarm_either() {
    let sim = sim("rolling");
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    let mut news = ana.engine.apply(ana.propose(&cart, Intent::undo()).await.expect("a plan"), Consent::default());
    hear(&mut news).await;
    let release = ana.release(&cart, "undone", |_| true).await;
    let inverse = ana.engine.inverse_of(&release.uid).expect("ready");
    let back = ana.propose(&cart, Intent::Revert(Box::new(inverse))).await.expect("a plan");
    // It is done at once, everybody sees it, and the answer is lost.
    sim.fault(Fault::new(On::verb("patch").path("/cart"), Effect::LostAnswer).times(1));
    assert_eq!(ana.confirm(&back).await.0.kind, OutcomeKind::Applied);
    assert_eq!(news.recv().await, None, "nobody raised an alarm");
}

/// Marks `cart` as one of Argo CD's application `cart-app`, which has this sync policy; `None`: it is somewhere else.
fn under_argo_cd(sim: &windlass::sim::SimCluster, automated: Option<Value>) {
    let mark = |object: &mut Value| {
        object["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] =
            "cart-app:apps/Deployment:shop/cart".into();
    };
    assert!(sim.edit("deployments/shop/cart", "argocd-controller", mark));
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "applications.argoproj.io"},
        "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": {"plural": "applications", "kind": "Application"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {}}]}});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
    assert!(sim.add(crd, "test") && sim.add(namespace, "test"));
    if let Some(automated) = automated {
        let application = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "cart-app", "namespace": "argocd"}, "spec": {"syncPolicy": {"automated": automated}}});
        assert!(sim.add(application, "test"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_forecast_follows_the_manager_s_own_policy_and_says_when_that_is_not_known() {
    for (automated, words) in [
        (Some(json!({"selfHeal": true})), "will put it back within seconds to 5 min: self-heal is on"),
        (Some(json!({})), "may put it back at the next commit: self-heal is off"),
        (Some(Value::Null), "may put it back at the next sync by hand"),
        (None, "its policy is not known: it is not in this cluster"),
    ] {
        let sim = sim("rolling");
        under_argo_cd(&sim, automated);
        let ana = Console::of(&sim, "ana").await;
        let cart = deployment("cart");
        ana.release(&cart, "marked", |release| !release.management.is_empty()).await;
        let plan = ana.propose(&cart, Intent::undo()).await.expect("a plan");
        let told = ana.engine.managers(&plan).await;
        let sentence = told[0].sentence(plan.touches);
        assert!(sentence.starts_with("Argo CD 'cart-app'") && sentence.contains(words), "{sentence}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_does_not_answer_leaves_what_its_marks_tell() {
    let sim = sim("rolling");
    under_argo_cd(&sim, Some(json!({"selfHeal": true})));
    let ana = Console::of(&sim, "ana").await;
    let cart = deployment("cart");
    ana.release(&cart, "marked", |release| !release.management.is_empty()).await;
    let plan = ana.propose(&cart, Intent::undo()).await.expect("a plan");
    sim.fault(Fault::new(On::all().path("/applications"), Effect::Stall));
    let told = ana.engine.managers(&plan).await;
    let sentence = told[0].sentence(plan.touches);
    assert!(sentence.contains("may put it back") && sentence.contains("not known: no answer yet"), "{sentence}");
}
