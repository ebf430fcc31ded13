//! What is generated under names that are not in use any more: which DELETEs there are, and which there are not.

use super::{
    super::crash_tests::{Cluster, Operator},
    *,
};

const SERVICES: [&str; 3] = ["app", "app-primary", "app-canary"];
const ROUTE: &str = "/apis/gateway.networking.k8s.io/v1/namespaces/test/httproutes/app";

fn service(name: &str) -> String {
    format!("/api/v1/namespaces/test/services/{name}")
}

/// A canary at rest whose `service.name` has been changed from `app` to `web`.
async fn renamed(cluster: &Cluster) -> Operator<'_> {
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["provider"] = json!("gatewayapi:v1");
        canary["spec"]["service"]["gatewayRefs"] = json!([{"name": "gateway"}]);
    });
    let operator = cluster.operator(None).await;
    assert!(operator.work(serin_api::Phase::Initialized).await);
    for name in SERVICES {
        assert!(cluster.api.get(&service(name)).is_some(), "{name}");
    }
    cluster.api.edit(CANARY, |canary| {
        canary["spec"]["service"]["name"] = json!("web");
        canary["metadata"]["generation"] = json!(2);
    });
    operator
}

/// The gateways have had time to notice. Returns what is deleted.
async fn later(cluster: &Cluster, operator: &Operator<'_>) -> Vec<String> {
    operator.look().await;
    cluster.api.edit(CANARY, |canary| canary["status"]["lastCheckTime"] = json!("2020-01-01T00:00:00Z"));
    cluster.api.requests();
    operator.look().await;
    cluster.api.requests().into_iter().filter(|request| request.starts_with("DELETE")).collect()
}

#[tokio::test]
async fn the_route_goes_first_and_the_services_when_gateways_have_noticed() {
    let cluster = Cluster::new(json!({"interval": "1h", "threshold": 1, "stepWeight": 10}));
    let operator = renamed(&cluster).await;
    operator.look().await;
    assert_eq!(cluster.status()["leftovers"], json!(["service/app"]));
    assert_eq!(later(&cluster, &operator).await, [""; 0], "no request matches it at first");
    assert_eq!(later(&cluster, &operator).await, ["DELETE httproutes/app"]);
    assert!(cluster.api.get(ROUTE).is_none());
    let deleted = SERVICES.map(|name| format!("DELETE services/{name}"));
    assert_eq!(later(&cluster, &operator).await, deleted);
    for name in SERVICES {
        assert!(cluster.api.get(&service(name)).is_none(), "{name}");
    }
    assert_eq!(later(&cluster, &operator).await, [""; 0]);
    assert!(cluster.status().get("leftovers").is_none(), "{:#}", cluster.status());
}

#[tokio::test]
async fn what_somebody_else_has_is_left_alone() {
    let cluster = Cluster::new(json!({"interval": "1h", "threshold": 1, "stepWeight": 10}));
    let operator = renamed(&cluster).await;
    for path in SERVICES.map(service).iter().map(String::as_str).chain([ROUTE]) {
        cluster.api.edit(path, |object| object["metadata"]["ownerReferences"] = json!([]));
    }
    operator.look().await;
    assert_eq!(later(&cluster, &operator).await, [""; 0]);
    assert!(cluster.api.get(&service("app")).is_some());
}

#[tokio::test]
async fn a_delete_that_is_not_allowed_is_told_of_with_the_right_that_is_missing() {
    let cluster = Cluster::new(json!({"interval": "1h", "threshold": 1, "stepWeight": 10}));
    let operator = renamed(&cluster).await;
    operator.look().await;
    assert_eq!(later(&cluster, &operator).await, [""; 0]);
    cluster.api.refuse(Method::DELETE, "/httproutes", 403);
    for _ in 0..5 {
        assert_eq!(later(&cluster, &operator).await, ["DELETE httproutes/app"]);
        operator.ctx.local.of(&operator.key).retries().failed();
    }
    assert!(cluster.api.get(ROUTE).is_some());
    let told = cluster.api.events();
    let text =
        "deleting HTTPRoute app.test failed: no. Grant the operator's service account the verb delete on";
    assert!(told.iter().any(|event| event.starts_with(text)), "{told:#?}");
}

/// Only the version that was decided on is deleted.
#[tokio::test]
async fn what_has_changed_since_it_was_read_stays() {
    let operator = super::Operator::new();
    let (api, cluster) = (&operator.api, &operator.ctx.cluster);
    let key = operator.key.sibling("old");
    let path = service("old");
    let seen = api.put(&path, json!({"metadata": {"name": "old", "namespace": "test", "uid": "o"}}));
    let live = api.edit(&path, |object| object["spec"] = json!({"selector": {"app": "users"}}));
    let error = cluster.delete(Kind::Service, &key, &seen).await.unwrap_err();
    assert_eq!(error.category(), Category::Conflict);
    assert!(api.get(&path).is_some());
    cluster.delete(Kind::Service, &key, &live).await.unwrap();
    assert!(api.get(&path).is_none());
    cluster.delete(Kind::Service, &key, &live).await.unwrap();
}
