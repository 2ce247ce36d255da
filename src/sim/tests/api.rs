//! Reading: discovery, lists, reviews, logs, proxies.

use super::rolling;
use crate::sim::{Access, Level};
use http::Request;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret};
use kube::api::{ListParams, LogParams, PostParams};
use kube::{Api, Client, Discovery};

/// The body of a GET as text.
async fn read(client: &Client, path: &str) -> Result<String, kube::Error> {
    client.request_text(Request::get(path).body(vec![]).unwrap()).await
}

#[tokio::test]
async fn discovery_names_every_kind_with_its_subresources() {
    let client = rolling().client();
    let discovery = Discovery::new(client.clone()).run().await.unwrap();
    for group in ["apps", "autoscaling", "policy", "discovery.k8s.io"] {
        assert!(discovery.has_group(group), "{group}");
    }
    let apps = client.list_api_group_resources("apps/v1").await.unwrap();
    let names: Vec<_> = apps.resources.iter().map(|resource| resource.name.as_str()).collect();
    assert!(names.contains(&"deployments/scale") && names.contains(&"deployments/status"), "{names:?}");
    assert!(client.apiserver_version().await.unwrap().git_version.contains("simulated"));
}

#[tokio::test]
async fn the_scenario_is_listed_page_by_page() {
    let pods: Api<Pod> = Api::all(rolling().client());
    let all = pods.list(&ListParams::default()).await.unwrap();
    let mut paged = vec![];
    let mut params = ListParams::default().limit(7);
    loop {
        let page = pods.list(&params).await.unwrap();
        paged.extend(page.items.into_iter().map(|pod| pod.metadata.name));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => break,
        }
    }
    assert!(all.items.len() > 40, "{}", all.items.len());
    assert_eq!(paged, all.items.into_iter().map(|pod| pod.metadata.name).collect::<Vec<_>>());
}

#[tokio::test]
async fn selectors_narrow_a_list() {
    let client = rolling().client();
    let sets: Api<ReplicaSet> = Api::namespaced(client.clone(), "shop");
    let cart = sets.list(&ListParams::default().labels("app=cart,version in (v87,v88)")).await.unwrap();
    assert_eq!(cart.items.len(), 2);
    let pods: Api<Pod> = Api::namespaced(client, "shop");
    let stuck = pods.list(&ListParams::default().fields("status.phase=Pending").labels("app=search")).await.unwrap();
    assert_eq!(stuck.items.len(), 4);
}

#[tokio::test]
async fn the_fingerprint_of_the_cluster_stays_the_same() {
    let uid =
        |client: Client| async move { Api::<Namespace>::all(client).get("kube-system").await.unwrap().metadata.uid };
    let first = uid(rolling().client()).await;
    assert!(first.is_some());
    assert_eq!(first, uid(rolling().client()).await);
}

#[tokio::test]
async fn strings_are_sent_as_go_encodes_them() {
    let text = read(&rolling().client(), "/apis/apps/v1/namespaces/shop/deployments/frontend").await.unwrap();
    assert!(text.contains(r"wait-for api:8080 \u0026\u0026 test $WORKERS -gt 0"), "{text}");
}

#[tokio::test]
async fn a_long_list_is_compressed_for_those_who_ask() {
    let client = rolling().client();
    let request =
        Request::get("/api/v1/pods").header("accept-encoding", "gzip").body(kube::client::Body::empty()).unwrap();
    let response = client.send(request).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text).unwrap();
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(list["items"].as_array().unwrap().len() > 40);
}

#[tokio::test]
async fn a_viewer_sees_but_may_not_touch() {
    let sim = rolling();
    let client = sim.client_as("viewer");
    Api::<Deployment>::all(client.clone()).list(&ListParams::default()).await.unwrap();
    let secrets = Api::<Secret>::namespaced(client.clone(), "shop").list(&ListParams::default()).await;
    assert!(matches!(secrets, Err(kube::Error::Api(status)) if status.is_forbidden()));
    let asked = |verb: &str| SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                verb: Some(verb.into()),
                group: Some("apps".into()),
                resource: Some("deployments".into()),
                namespace: Some("shop".into()),
                ..Default::default()
            }),
            ..Default::default()
        },
        ..Default::default()
    };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client);
    for (verb, allowed) in [("list", true), ("patch", false)] {
        let answer = reviews.create(&PostParams::default(), &asked(verb)).await.unwrap();
        assert_eq!(answer.status.unwrap().allowed, allowed, "{verb}");
    }
    assert_eq!(sim.mutations(), 0, "reviews change nothing");
}

#[tokio::test]
async fn a_closed_namespace_is_refused_and_the_others_are_not() {
    let sim = rolling();
    let mut access = Access::new("ana", Level::Admin);
    access.without_namespaces.insert("pay".into());
    sim.set_access(access);
    let client = sim.client();
    let list =
        |api: Api<Deployment>| async move { api.list(&ListParams::default()).await.map(|list| list.items.len()) };
    assert!(list(Api::namespaced(client.clone(), "shop")).await.unwrap() > 5);
    for closed in [Api::namespaced(client.clone(), "pay"), Api::all(client)] {
        let refused = list(closed).await;
        assert!(matches!(refused, Err(kube::Error::Api(status)) if status.message.contains("\"ana\" cannot list")));
    }
}

#[tokio::test]
async fn logs_have_lines_and_a_pod_that_never_started_has_none() {
    let sim = rolling();
    let pods: Api<Pod> = Api::namespaced(sim.client(), "shop");
    let named = |prefix: &str| {
        let pods = sim.objects("pods", "shop");
        let mut names = pods.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned());
        names.find(|name| name.starts_with(prefix)).unwrap()
    };
    let tail = LogParams { tail_lines: Some(3), timestamps: true, ..LogParams::default() };
    let text = pods.logs(&named("cart"), &tail).await.unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.lines().all(|line| line.contains("level=")), "{text}");
    let previous = LogParams { previous: true, ..LogParams::default() };
    assert!(pods.logs(&named("recommend-74"), &previous).await.unwrap().contains("level=fatal"));
    let stuck = sim.objects("pods", "shop").into_iter().find(|pod| pod["status"]["phase"] == "Pending").unwrap();
    let refused = pods.logs(stuck["metadata"]["name"].as_str().unwrap(), &LogParams::default()).await;
    assert!(
        matches!(refused, Err(kube::Error::Api(status)) if status.code == 400 && status.message.contains("waiting to start"))
    );
}

#[tokio::test]
async fn each_pod_counts_its_own_share_of_the_requests() {
    let sim = rolling();
    let client = sim.client();
    let total = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("http_requests_total{code=\"200\"")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let pod = &sim.objects("pods", "shop").into_iter().find(|pod| pod["metadata"]["labels"]["app"] == "cart").unwrap();
    let path = format!("/api/v1/namespaces/shop/pods/{}:8080/proxy/metrics", pod["metadata"]["name"].as_str().unwrap());
    let before = total(&read(&client, &path).await.unwrap());
    super::pass(&sim, 60);
    let after = total(&read(&client, &path).await.unwrap());
    assert!((after - before - 60.0 * 80.0 / 4.0).abs() < 20.0, "80 requests a second over 4 pods: {}", after - before);
    assert_eq!(read(&client, "/api/v1/namespaces/shop/services/cart:80/proxy/health").await.unwrap(), "ok");
}
