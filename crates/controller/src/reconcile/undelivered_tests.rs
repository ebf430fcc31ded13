//! Alerts that do not arrive: the Canary says so, until one does.

use serde_json::{Value, json};
use serin_api::Phase;

use super::crash_tests::Cluster;
use crate::testing::{Life, Recorder};

const PROVIDER: &str = "/apis/flagger.app/v1beta1/namespaces/test/alertproviders/on-call";
const SECRET: &str = "/api/v1/namespaces/test/secrets/hook";

fn provider(spec: &Value) -> Value {
    json!({
        "apiVersion": "flagger.app/v1beta1", "kind": "AlertProvider",
        "metadata": {"name": "on-call", "namespace": "test"}, "spec": spec,
    })
}

fn secret(key: &str) -> Value {
    // "http://hush"
    let data = json!({key: "aHR0cDovL2h1c2g="});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hook", "namespace": "test"}, "data": data})
}

/// The condition after a rollout whose alerts go to `on-call`.
async fn condition(prepare: impl AsyncFnOnce(&Cluster)) -> (Cluster, Value) {
    let alerts = json!([{"name": "on-call", "providerRef": {"name": "on-call"}}]);
    let cluster = Cluster::new(json!({"interval": "1ms", "threshold": 1, "iterations": 1, "alerts": alerts}));
    prepare(&cluster).await;
    let operator = cluster.operator(None).await;
    assert!(operator.work(Phase::Initialized).await);
    drop(operator);
    let conditions = cluster.status()["conditions"].clone();
    let found = conditions.as_array().unwrap().iter().find(|found| found["type"] == "AlertFailed").cloned();
    (cluster, found.unwrap_or_default())
}

#[tokio::test]
async fn what_is_missing_is_told_by_condition_and_event() {
    let with_secret = json!({"type": "slack", "secretRef": {"name": "hook"}});
    let cases = [
        (None, None, "ProviderNotFound", "alertproviders.flagger.app \"on-call\" not found; create it"),
        (
            Some(with_secret.clone()),
            None,
            "SecretNotFound",
            "secretRef error: secrets \"hook\" not found; create it beside",
        ),
        (
            Some(with_secret),
            Some("url"),
            "SecretIncomplete",
            "secret does not contain an address; add the key address",
        ),
        (
            Some(json!({"type": "slack", "address": "hush"})),
            None,
            "InvalidProvider",
            "invalid Slack hook URL; ",
        ),
        (
            Some(json!({"type": "slack", "address": "ftp://hush/"})),
            None,
            "InvalidProvider",
            "invalid Slack hook URL; ",
        ),
        (
            Some(json!({"type": "pager", "address": "http://hush"})),
            None,
            "InvalidProvider",
            "provider pager not supported; ",
        ),
        (Some(json!({"type": "slack", "address": 5})), None, "InvalidProvider", "it cannot be understood; "),
    ];
    for (spec, key, reason, text) in cases {
        let (cluster, found) = condition(async |cluster| {
            if let Some(spec) = spec {
                cluster.api.put(PROVIDER, provider(&spec));
            }
            if let Some(key) = key {
                cluster.api.put(SECRET, secret(key));
            }
        })
        .await;
        let message = format!("alert provider on-call.test error: {text}");
        let told = found["message"].as_str().unwrap_or_default();
        assert!(found["reason"] == reason && told.starts_with(&message), "{reason}: {found}");
        assert!(cluster.api.events().iter().any(|event| event == told), "{:?}", cluster.api.events());
        assert!(!format!("{found} {:?}", cluster.api.events()).contains("hush"));
    }
}

#[tokio::test]
async fn an_alert_that_arrives_takes_the_condition_away() {
    let (cluster, found) = condition(async |_| {}).await;
    assert_eq!(found["status"], "True");
    let people = Recorder::default();
    let address = people.serve(Life::of(None)).await;
    cluster.api.put(PROVIDER, provider(&json!({"type": "webhook", "address": address})));
    cluster.ship("app:2");
    assert!(cluster.operator(None).await.work(Phase::Succeeded).await);
    assert_eq!(people.received().len(), 2);
    let conditions = cluster.status()["conditions"].clone();
    assert!(
        conditions.as_array().unwrap().iter().all(|found| found["type"] != "AlertFailed"),
        "{conditions}"
    );
}
