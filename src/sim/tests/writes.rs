//! Writes: fences, conflicts, dry runs, checks.

use super::rolling;
use crate::sim::SimCluster;
use http::Request;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::{Value, json};

const SEARCH: &str = "/apis/apps/v1/namespaces/shop/deployments/search";

/// Sends a JSON patch as text, as the console does; the code, or the answer.
async fn patch(sim: &SimCluster, path: &str, body: &str) -> Result<Value, (u16, String)> {
    let request =
        Request::patch(path).header("content-type", "application/json-patch+json").body(body.as_bytes().to_vec());
    match sim.client().request::<Value>(request.unwrap()).await {
        Ok(value) => Ok(value),
        Err(kube::Error::Api(status)) => Err((status.code, status.message)),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn of_twenty_patches_with_the_same_fence_one_is_applied() {
    let sim = rolling();
    let before = sim.object("deployments/shop/search").unwrap();
    let (uid, replicas) = (before["metadata"]["uid"].as_str().unwrap().to_owned(), before["spec"]["replicas"].clone());
    let racers = (0..20).map(|number| {
        let body = format!(
            r#"[{{"op":"test","path":"/metadata/uid","value":"{uid}"}},{{"op":"test","path":"/spec/replicas","value":{replicas}}},
                {{"op":"replace","path":"/spec/replicas","value":{}}}]"#,
            20 + number
        );
        let sim = sim.clone();
        async move { patch(&sim, SEARCH, &body).await.map_err(|(code, _)| code) }
    });
    let answers = futures::future::join_all(racers).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Err(422)).count(), 19);
    assert_eq!(sim.mutations(), 1);
}

#[tokio::test]
async fn a_fence_is_compared_with_the_bytes_that_the_server_sent() {
    let sim = rolling();
    let path = "/apis/apps/v1/namespaces/shop/deployments/frontend";
    let plain = sim.object("deployments/shop/frontend").unwrap()["spec"]["template"].to_string();
    let fence = |template: &str| {
        format!(
            r#"[{{"op":"test","path":"/spec/template","value":{template}}},{{"op":"add","path":"/spec/paused","value":true}}]"#
        )
    };
    let refused = patch(&sim, path, &fence(&plain)).await.unwrap_err();
    assert_eq!(refused, (422, "the server rejected our request due to an error in our request".to_owned()));
    patch(&sim, path, &fence(&plain.replace('&', "\\u0026").replace('>', "\\u003e"))).await.unwrap();
}

#[tokio::test]
async fn a_dry_run_answers_and_changes_nothing() {
    let sim = rolling();
    let version = sim.version();
    let body = r#"[{"op":"replace","path":"/spec/replicas","value":2}]"#;
    let answer = patch(&sim, &format!("{SEARCH}?dryRun=All"), body).await.unwrap();
    assert_eq!(answer["spec"]["replicas"], 2);
    let fenced = r#"[{"op":"test","path":"/spec/replicas","value":77}]"#;
    assert_eq!(patch(&sim, &format!("{SEARCH}?dryRun=All"), fenced).await.unwrap_err().0, 422);
    assert_eq!((sim.version(), sim.mutations()), (version, 0));
}

#[tokio::test]
async fn wrong_requests_are_refused_as_by_the_real_server() {
    let sim = rolling();
    let replace = |field: &str, value: &str| format!(r#"[{{"op":"add","path":"/spec/{field}","value":{value}}}]"#);
    let refused = |path: String, body: String| {
        let sim = sim.clone();
        async move { patch(&sim, &path, &body).await.unwrap_err() }
    };
    let strict = refused(format!("{SEARCH}?fieldValidation=Strict"), replace("bogus", "1")).await;
    assert!(
        strict.0 == 422 && strict.1.ends_with(r#"strict decoding error: unknown field "spec.bogus""#),
        "{}",
        strict.1
    );
    let mistyped = refused(SEARCH.into(), replace("replicas", "\"two\"")).await;
    assert!(
        mistyped.1.ends_with("cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")
    );
    let negative = refused(SEARCH.into(), replace("replicas", "-1")).await;
    assert!(negative.1.contains("spec.replicas: Invalid value: -1"), "{}", negative.1);
    let long = refused(format!("{SEARCH}?fieldManager={}", "x".repeat(129)), "[]".into()).await;
    assert!(long.0 == 422 && long.1.contains("fieldManager: Too long"), "{}", long.1);
    let absent = refused(SEARCH.replace("search", "none"), "[]".into()).await;
    assert_eq!(absent, (404, "deployments.apps \"none\" not found".into()));
    let apply =
        Request::patch(SEARCH).header("content-type", "application/apply-patch+yaml").body(b"{}".to_vec()).unwrap();
    let apply = sim.client().request::<Value>(apply).await;
    assert!(matches!(apply, Err(kube::Error::Api(status)) if status.code == 415));
    assert_eq!(sim.mutations(), 0);
}

#[tokio::test]
async fn a_stale_put_and_a_deletion_of_another_object_conflict() {
    let sim = rolling();
    let api: Api<Deployment> = Api::namespaced(sim.client(), "shop");
    let mut cart = api.get("cart").await.unwrap();
    sim.edit("deployments/shop/cart", "ben", |object| object["spec"]["minReadySeconds"] = 1.into());
    cart.spec.as_mut().unwrap().replicas = Some(1);
    let stale = api.replace("cart", &PostParams::default(), &cart).await;
    assert!(matches!(stale, Err(kube::Error::Api(status)) if status.is_conflict()));
    let preconditions = Some(Preconditions { uid: Some("another".into()), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    let deletion = api.delete("cart", &params).await;
    assert!(
        matches!(deletion, Err(kube::Error::Api(status)) if status.code == 409 && status.message.contains("does not match the UID"))
    );
}

#[tokio::test]
async fn generation_and_managers_tell_who_changed_what() {
    let sim = rolling();
    let api: Api<Deployment> = Api::namespaced(sim.client(), "shop");
    let before = api.get("cart").await.unwrap().metadata.generation.unwrap();
    let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "registry.test/shop/cart:v89"}]);
    let operations: json_patch::Patch = serde_json::from_value(image).unwrap();
    let params = PatchParams { field_manager: Some("windlass-ana".into()), ..PatchParams::default() };
    let after = api.patch("cart", &params, &Patch::<()>::Json(operations)).await.unwrap();
    assert_eq!(after.metadata.generation, Some(before + 1));
    assert_eq!(after.status.unwrap().observed_generation, Some(before), "the controller has not looked yet");
    let managers = after.metadata.managed_fields.unwrap();
    let ana = managers.iter().find(|entry| entry.manager.as_deref() == Some("windlass-ana")).unwrap();
    let fields = serde_json::to_string(&ana.fields_v1).unwrap();
    assert!(fields.contains("f:image") && !fields.contains("f:replicas"), "{fields}");
    super::pass(&sim, 1);
    assert_eq!(api.get("cart").await.unwrap().status.unwrap().observed_generation, Some(before + 1));
}

#[tokio::test]
async fn scale_is_a_subresource() {
    let sim = rolling();
    let api: Api<Deployment> = Api::namespaced(sim.client(), "shop");
    let scale = api
        .patch_scale("cart", &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": 6}})))
        .await
        .unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(6));
    super::pass(&sim, 10);
    assert_eq!(sim.object("deployments/shop/cart").unwrap()["status"]["readyReplicas"], 6);
}
