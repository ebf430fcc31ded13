//! Alert providers and their Secrets, as the API server has them, and whom they reach.

use std::sync::Arc;

use k8s_openapi::ByteString;
use rstest::rstest;
use serde_json::{Value, json};
use serin_api::canary::{AlertSeverity, NotificationAlert};

use super::*;
use crate::{
    cache::Caches,
    queue::Queue,
    testing::{FakeApi, Life, Recorder},
};

const PROVIDER: &str = "/apis/flagger.app/v1beta1/namespaces/test/alertproviders/on-call";
const SECRET: &str = "/api/v1/namespaces/test/secrets/hook";

fn alerts(api: &FakeApi) -> Alerts {
    let (caches, queue) = (Arc::new(Caches::default()), Arc::new(Queue::default()));
    let cluster = Cluster { client: api.client(), caches, queue, namespace: None, actor: None };
    Alerts::new(cluster, AlertClient::new().unwrap(), None, None)
}

/// A Canary that names these providers.
fn canary(providers: &[&str]) -> Canary {
    let alert = |name: &&str| json!({"name": name, "severity": "info", "providerRef": {"name": name}});
    let alerts: Vec<Value> = providers.iter().map(alert).collect();
    let spec = json!({
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
        "analysis": {"stepWeight": 10, "alerts": alerts},
    });
    let mut canary = Canary::new("app", serde_json::from_value(spec).unwrap());
    canary.metadata.namespace = Some("test".to_owned());
    canary
}

fn notification() -> Notification {
    let alert =
        NotificationAlert { severity: AlertSeverity::Info, message: "done".to_owned(), fields: false };
    Notification { at: chrono::DateTime::UNIX_EPOCH, events: Vec::new(), alerts: vec![alert], hooks: None }
}

fn provider(spec: &Value) -> Value {
    json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "AlertProvider",
        "metadata": {"name": "on-call", "namespace": "test"},
        "spec": spec,
    })
}

fn secret(key: &str, value: &str) -> Value {
    json!({"metadata": {"name": "hook", "namespace": "test"}, "data": {key: ByteString(value.into())}})
}

fn by_secret() -> Value {
    provider(&json!({"type": "webhook", "secretRef": {"name": "hook"}}))
}

/// Flagger logs these texts behind `alert provider on-call.test `.
#[rstest]
#[case::no_provider(None, None, "alertproviders.flagger.app \"on-call\" not found", "providerRef")]
#[case::no_secret(Some(by_secret()), None, "secretRef error: secrets \"hook\" not found", "spec.secretRef")]
#[case::no_address(
    Some(by_secret()),
    Some(secret("token", "t")),
    "secret does not contain an address",
    "address"
)]
#[case::malformed(Some(provider(&json!("slack"))), None, "it cannot be understood", "apply the AlertProvider again")]
#[tokio::test]
async fn what_is_missing_is_named_with_a_remedy(
    #[case] provider: Option<Value>,
    #[case] secret: Option<Value>,
    #[case] text: &str,
    #[case] remedy: &str,
) {
    let api = FakeApi::default();
    provider.map(|object| api.put(PROVIDER, object));
    secret.map(|object| api.put(SECRET, object));
    let alerts = alerts(&api);
    let message = alerts.message(&canary(&["on-call"]), &notification(), 0);
    let error = alerts.try_send(&Key::new("test", "on-call"), &message).await.unwrap_err();
    assert_eq!(error.to_string(), text);
    assert!(error.remedy().contains(remedy), "{}", error.remedy());
}

#[tokio::test]
async fn what_may_not_be_read_is_not_taken_for_missing() {
    let api = FakeApi::default();
    api.put(PROVIDER, by_secret());
    let alerts = alerts(&api);
    let message = alerts.message(&canary(&["on-call"]), &notification(), 0);
    let key = Key::new("test", "on-call");
    api.refuse(http::Method::GET, "/secrets", 403);
    let error = alerts.try_send(&key, &message).await.unwrap_err();
    assert!(matches!(error, Undelivered::UnreadableSecret(_)), "{error:?}");
    api.refuse(http::Method::GET, "/alertproviders", 403);
    let error = alerts.try_send(&key, &message).await.unwrap_err();
    assert!(matches!(error, Undelivered::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn one_that_is_missing_keeps_no_other_from_being_told() {
    let (api, people) = (FakeApi::default(), Recorder::default());
    api.put(PROVIDER, by_secret());
    api.put(SECRET, secret("address", &people.serve(Life::default()).await));
    alerts(&api).deliver(&canary(&["nobody", "on-call"]), &notification()).await;
    let told = people.received();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1["message"], "done");
    let mut requests = api.requests();
    requests.sort();
    assert_eq!(requests, ["GET alertproviders/nobody", "GET alertproviders/on-call", "GET secrets/hook"]);
}
