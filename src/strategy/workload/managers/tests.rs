//! Who manages a Deployment or a Service, from the metadata that the server sends.

use crate::domain::management::{Management, Manager, Part, Reverts};
use crate::domain::objects::Objects;
use crate::domain::{Kind, ObjectKey};
use crate::strategy::testing::shop::Shop;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A release at rest whose Deployment has this metadata on top of its own.
fn managed(metadata: &Value) -> Vec<Management> {
    let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000));
    let shop = shop.set(Kind::Deployment, "web", |object| {
        for (field, value) in metadata.as_object().expect("fields") {
            match (&mut object["metadata"][field], value) {
                (Value::Object(own), Value::Object(more)) => own.extend(more.clone()),
                (own, more) => *own = more.clone(),
            }
        }
    });
    shop.release(Kind::Deployment, "web").management.clone()
}

fn labels(pairs: &[(&str, &str)]) -> Value {
    json!({"labels": pairs.iter().copied().collect::<BTreeMap<_, _>>()})
}

fn annotations(pairs: &[(&str, &str)]) -> Value {
    json!({"annotations": pairs.iter().copied().collect::<BTreeMap<_, _>>()})
}

fn and(mut one: Value, other: &Value) -> Value {
    let one_fields = one.as_object_mut().expect("fields");
    one_fields.extend(other.as_object().expect("fields").clone());
    one
}

/// An entry of managedFields that owns these fields of the spec.
fn writer(manager: &str, operation: &str, spec: &Value) -> Value {
    json!({"manager": manager, "operation": operation, "time": "2027-01-01T00:00:00Z", "fieldsV1": {"f:spec": spec}})
}

fn writes_the_template(manager: &str) -> Value {
    json!({"managedFields": [writer(manager, "Update", &json!({"f:template": {"f:spec": {}}}))]})
}

const FLUX: [(&str, &str); 2] =
    [("kustomize.toolkit.fluxcd.io/name", "shop"), ("kustomize.toolkit.fluxcd.io/namespace", "flux-system")];
const FLUX_HELM: [(&str, &str); 2] =
    [("helm.toolkit.fluxcd.io/name", "web"), ("helm.toolkit.fluxcd.io/namespace", "apps")];
const BY_HELM: [(&str, &str); 1] = [("app.kubernetes.io/managed-by", "Helm")];
const OF_HELM: [(&str, &str); 2] = [("meta.helm.sh/release-name", "web"), ("meta.helm.sh/release-namespace", "shop")];
const LAST_APPLIED: [(&str, &str); 1] = [("kubectl.kubernetes.io/last-applied-configuration", "{}")];

/// What the object carries, and who manages it then, by which name, and what that does to a changed template.
type Case = (&'static str, Value, Option<(Manager, &'static str, Reverts)>);

#[test]
fn each_mark_names_who_manages_the_object_and_what_that_does_to_a_change() {
    use Manager::{ArgoCd, FluxHelm, FluxKustomize, Helm, KubectlApply, Owner};
    use Reverts::{May, Will, WillNot};
    let owner = json!({"ownerReferences": [{"apiVersion": "shop.io/v1", "kind": "Shop", "name": "main", "uid": "u",
        "controller": true}]});
    let tracking = |id| annotations(&[("argocd.argoproj.io/tracking-id", id)]);
    let flux_off = |key: &str, value: &str| and(labels(&FLUX), &annotations(&[(key, value)]));
    let cases: Vec<Case> = vec![
        ("Argo CD's id", tracking("web-app:apps/Deployment:shop/web"), Some((ArgoCd, "web-app", May))),
        ("Argo CD's label", labels(&[("argocd.argoproj.io/instance", "web-app")]), Some((ArgoCd, "web-app", May))),
        ("its old label", labels(&[("applications.argoproj.io/app-name", "old")]), Some((ArgoCd, "old", May))),
        ("a copied id", tracking("web-app:apps/Deployment:shop/other"), None),
        ("Flux", labels(&FLUX), Some((FluxKustomize, "flux-system/shop", Will))),
        ("Flux's name alone", labels(&FLUX[..1]), None),
        (
            "Flux, off",
            flux_off("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
            Some((FluxKustomize, "flux-system/shop", WillNot)),
        ),
        (
            "Flux, once",
            flux_off("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"),
            Some((FluxKustomize, "flux-system/shop", WillNot)),
        ),
        (
            "Flux, merging",
            flux_off("kustomize.toolkit.fluxcd.io/ssa", "Merge"),
            Some((FluxKustomize, "flux-system/shop", Will)),
        ),
        ("Flux's Helm", labels(&FLUX_HELM), Some((FluxHelm, "apps/web", May))),
        (
            "Flux's Helm, off",
            and(labels(&FLUX_HELM), &annotations(&[("helm.toolkit.fluxcd.io/driftDetection", "disabled")])),
            Some((FluxHelm, "apps/web", WillNot)),
        ),
        ("Helm", and(labels(&BY_HELM), &annotations(&OF_HELM)), Some((Helm, "shop/web", May))),
        ("a rendered chart", labels(&BY_HELM), None),
        ("Helm's annotations alone", annotations(&OF_HELM), None),
        ("an owner", owner, Some((Owner, "Shop/main", Will))),
        ("kubectl apply", annotations(&LAST_APPLIED), Some((KubectlApply, "kubectl apply", May))),
        (
            "kubectl apply's fields",
            writes_the_template("kubectl-client-side-apply"),
            Some((KubectlApply, "kubectl-client-side-apply", May)),
        ),
        ("kubectl edit", writes_the_template("kubectl-edit"), None),
        ("nothing", json!({}), None),
    ];
    for (what, metadata, expected) in cases {
        let found = managed(&metadata);
        let told: Vec<_> = found.iter().map(|by| (by.manager, &*by.name, by.template)).collect();
        assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn an_object_of_flux_and_helm_is_fluxs() {
    let marks = and(labels(&[FLUX_HELM.as_slice(), &BY_HELM].concat()), &annotations(&OF_HELM));
    let found = managed(&marks);
    assert_eq!(found.iter().map(|by| by.manager).collect::<Vec<_>>(), [Manager::FluxHelm]);
}

#[test]
fn a_controller_that_left_no_mark_is_known_by_the_fields_it_owns() {
    let known = [
        ("argocd-controller", Manager::ArgoCd),
        ("argocd-application-controller", Manager::ArgoCd),
        ("kustomize-controller", Manager::FluxKustomize),
        ("helm-controller", Manager::FluxHelm),
        ("helm", Manager::Helm),
        ("Terraform", Manager::Terraform),
        ("HashiCorp", Manager::Terraform),
    ];
    for (name, manager) in known {
        let found = managed(&writes_the_template(name));
        assert_eq!(found.iter().map(|by| (by.manager, by.template)).collect::<Vec<_>>(), [(manager, Reverts::May)]);
        let said = found[0].sentence(Part::Template);
        let begins = format!("{} (managedFields: {name}) may put it back ", manager.word());
        assert!(said.starts_with(&begins), "{said}");
        assert!(!found[0].has_policy(), "nothing tells which object of {name} to read");
        let replicas = json!({"managedFields": [writer(name, "Apply", &json!({"f:replicas": {}}))]});
        assert_eq!(managed(&replicas), [], "{name} owns nothing of the template");
    }
    let marked = and(writes_the_template("argocd-controller"), &labels(&FLUX));
    assert_eq!(managed(&marked).len(), 1, "marks tell more than names");
}

#[test]
fn the_application_is_named_by_the_label_that_argo_cd_tracks_by_unless_told_otherwise() {
    let instance = labels(&[("app.kubernetes.io/instance", "web-app")]);
    let found = managed(&and(writes_the_template("argocd-controller"), &instance));
    assert_eq!((&*found[0].name, found[0].has_policy()), ("web-app", true));
    assert_eq!(found[0].first.as_deref(), Some("argocd app set web-app --sync-policy none"));
    assert_eq!(managed(&instance), [], "charts set the label, too");
    assert_eq!(&*managed(&and(writes_the_template("Terraform"), &instance))[0].name, "");
}

#[test]
fn who_owns_where_a_services_traffic_goes_manages_it() {
    let of = |spec: Value| {
        let shop = Shop::default().service("web", &[("app", "web")]);
        let shop = shop.set(Kind::Service, "web", |service| {
            service["metadata"]["managedFields"] = json!([writer("argocd-controller", "Apply", &spec)]);
        });
        let index = shop.index();
        let service = index.service(&ObjectKey::new(Kind::Service, "shop", "web")).expect("listed");
        super::of((&**service).into()).len()
    };
    assert_eq!((of(json!({"f:selector": {}})), of(json!({"f:type": {}}))), (1, 0));
}
