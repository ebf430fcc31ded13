//! `Debug` texts of whole objects: they end up in logs and in the output of failing tests.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use serde_json::{Value, json};
use serin_api::{AlertProvider, Canary, MetricTemplate};

fn shown<T: serde::de::DeserializeOwned + std::fmt::Debug>(kind: &str, spec: &Value) -> String {
    let object =
        json!({"apiVersion": "flagger.app/v1beta1", "kind": kind, "metadata": {"name": "x"}, "spec": spec});
    let object: T = serde_json::from_value(object).unwrap();
    format!("{object:?} {object:#?}")
}

#[test]
fn urls_of_a_canary_are_shown_by_their_servers() {
    let text = shown::<Canary>(
        "Canary",
        &json!({
            "metricsServer": "http://me:hush@prometheus:9090/hush",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"},
            "analysis": {"webhooks": [{
                "name": "gate", "url": "https://gate.example.com/hush?token=hush", "retries": 2,
                "metadata": {"cmd": "curl -H 'Authorization: Bearer hush'"},
            }]},
        }),
    );
    assert!(!text.contains("hush"), "{text}");
    for rest in ["http://prometheus:9090", "https://gate.example.com", "\"cmd\"", "Some(2)", "podinfo"] {
        assert!(text.contains(rest), "no {rest} in {text}");
    }
}

#[test]
fn addresses_and_headers_of_a_template_are_not_shown() {
    let text = shown::<MetricTemplate>(
        "MetricTemplate",
        &json!({"query": "up", "provider": {
            "type": "prometheus", "address": "http://me:hush@prometheus/hush?key=hush",
            "headers": {"X-Api-Key": ["hush"]}, "secretRef": {"name": "credentials"},
        }}),
    );
    assert!(!text.contains("hush"), "{text}");
    for rest in ["http://prometheus", "X-Api-Key", "credentials", "\"up\""] {
        assert!(text.contains(rest), "no {rest} in {text}");
    }
}

#[test]
fn hooks_of_an_alert_provider_are_shown_by_their_servers() {
    let text = shown::<AlertProvider>(
        "AlertProvider",
        &json!({"type": "slack", "address": "https://hooks.slack.com/services/hush", "channel": "on-call",
            "proxy": "http://me:hush@proxy:3128"}),
    );
    assert!(!text.contains("hush"), "{text}");
    for rest in ["https://hooks.slack.com", "http://proxy:3128", "on-call"] {
        assert!(text.contains(rest), "no {rest} in {text}");
    }
}
