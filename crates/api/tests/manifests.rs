//! Manifests decode, and are the same when written again.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{fs, path::PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rstest::rstest;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use serin_api::{
    AlertProvider, Canary, CanaryStatus, HttpRoute, MetricTemplate, Phase,
    canary::{AlertSeverity, CanaryAlert, CanaryWebhook, Strategy, WebhookType},
    gateway::ParentReference,
};

fn documents(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    serde_saphyr::from_multiple(&fs::read_to_string(path).unwrap()).unwrap()
}

fn canary(file: &str) -> Canary {
    serde_json::from_value(documents(file).remove(0)).unwrap()
}

fn assert_round_trip<T: Serialize + DeserializeOwned>(file: &str) {
    for document in documents(file) {
        let typed: T = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(&typed).unwrap(), document, "{file}");
    }
}

#[rstest]
#[case("tutorial/progressive.yaml")]
#[case("tutorial/ab-testing.yaml")]
#[case("tutorial/session-affinity.yaml")]
#[case("tutorial/mirrored.yaml")]
#[case("tutorial/headers.yaml")]
#[case("tutorial/rewrite.yaml")]
#[case("tutorial/cors.yaml")]
#[case("every-field.yaml")]
fn canaries_round_trip(#[case] file: &str) {
    assert_round_trip::<Canary>(file);
}

#[test]
fn other_kinds_round_trip() {
    assert_round_trip::<MetricTemplate>("tutorial/metric-templates.yaml");
    assert_round_trip::<AlertProvider>("alert-providers.yaml");
    assert_round_trip::<HttpRoute>("http-route.yaml");
}

#[rstest]
#[case("tutorial/progressive.yaml", Strategy::Canary)]
#[case("tutorial/ab-testing.yaml", Strategy::AbTesting)]
#[case("tutorial/mirrored.yaml", Strategy::BlueGreen)]
fn the_strategy_follows_from_the_analysis(#[case] file: &str, #[case] strategy: Strategy) {
    assert_eq!(canary(file).spec.analysis.strategy(), strategy);
}

#[test]
fn silence_means_the_defaults() {
    let minimal = json!({
        "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo" },
        "service": { "port": 80 },
        "analysis": { "interval": "1x", "threshold": 0, "stepWeight": 10 },
    });
    let spec: serin_api::CanarySpec = serde_json::from_value(minimal).unwrap();
    let service = spec.service.as_ref().unwrap();
    assert_eq!(spec.apex_name(), "podinfo");
    assert_eq!(spec.primary_service_name(), "podinfo-primary");
    assert_eq!(spec.canary_service_name(), "podinfo-canary");
    assert_eq!(spec.target_ref.primary_name(), "podinfo-primary");
    assert_eq!(spec.progress_deadline(), TimeDelta::seconds(600));
    assert_eq!(service.port_name_or_default(), "http");
    assert_eq!(service.target_port_or_default(), IntOrString::Int(80));
    assert_eq!(spec.analysis.interval_or_default(TimeDelta::seconds(10)), TimeDelta::seconds(60));
    assert_eq!(spec.analysis.threshold_or_default(), 1);
    assert_eq!(spec.analysis.max_weight_or_default(), 100);
    assert_eq!(spec.analysis.primary_ready_threshold_or_default(), 100);
    assert_eq!(spec.analysis.canary_ready_threshold_or_default(), 100);
}

#[test]
fn what_is_said_is_taken() {
    let spec = canary("every-field.yaml").spec;
    let service = spec.service.as_ref().unwrap();
    assert_eq!(spec.apex_name(), "shop");
    assert_eq!(spec.progress_deadline(), TimeDelta::seconds(120));
    assert_eq!(service.port_name_or_default(), "http2");
    assert_eq!(service.target_port_or_default(), IntOrString::String("web".into()));
    assert_eq!(spec.analysis.interval_or_default(TimeDelta::seconds(10)), TimeDelta::seconds(90));
    assert_eq!(spec.analysis.interval_or_default(TimeDelta::seconds(120)), TimeDelta::seconds(120));
    assert_eq!(spec.analysis.max_weight_or_default(), 50, "the last step counts, not maxWeight");
    assert_eq!(spec.analysis.webhooks[0].timeout_or_default(), Ok(TimeDelta::seconds(20)));
    assert_eq!(spec.analysis.metrics[0].interval_or_default(), "2m");
}

#[test]
fn numbers_may_be_written_with_a_fraction_of_zero() {
    let mut document = documents("tutorial/progressive.yaml").remove(0);
    document["spec"]["service"]["port"] = json!(9898.0);
    document["spec"]["analysis"]["threshold"] = json!(5.0);
    document["spec"]["analysis"]["stepWeight"] = json!(1e1);
    let canary: Canary = serde_json::from_value(document).unwrap();
    assert_eq!(canary.spec.service.unwrap().port, 9898);
    assert_eq!(canary.spec.analysis.threshold, Some(5));
    assert_eq!(canary.spec.analysis.step_weight, Some(10));
}

#[test]
fn odd_manifests_decode() {
    for document in documents("admission/accepted.yaml") {
        let name = document["metadata"]["name"].clone();
        let decoded = serin_api::manifest::decode::<Canary>(document);
        assert!(decoded.is_ok(), "{name}: {decoded:?}");
    }
}

#[test]
fn unknown_fields_are_passed_over() {
    let mut document = documents("tutorial/progressive.yaml").remove(0);
    document["spec"]["analysis"]["comesLater"] = json!(true);
    assert!(serde_json::from_value::<Canary>(document).is_ok());
}

#[test]
fn empty_strings_stand_for_the_default() {
    let hook: CanaryWebhook =
        serde_json::from_value(json!({ "type": "", "name": "load", "url": "http://tester/" })).unwrap();
    assert_eq!(hook.hook_type(), WebhookType::Rollout);
    assert_eq!(hook.timeout_or_default(), Ok(TimeDelta::seconds(10)));
    let alert: CanaryAlert =
        serde_json::from_value(json!({ "severity": "", "name": "on-call", "providerRef": { "name": "a" } }))
            .unwrap();
    assert_eq!(alert.least_severity(), AlertSeverity::Info);
    assert_eq!(alert.provider_ref.namespace_or("test"), "test");
}

#[test]
fn a_fresh_status_has_the_fields_that_flagger_always_writes() {
    let written = serde_json::to_value(CanaryStatus::default()).unwrap();
    assert_eq!(written, json!({ "phase": "", "failedChecks": 0, "canaryWeight": 0, "iterations": 0 }));
    assert_eq!(serde_json::from_value::<CanaryStatus>(json!({})).unwrap(), CanaryStatus::default());
}

#[test]
fn times_are_written_as_kubernetes_does() {
    let time: DateTime<Utc> = "2026-01-02T03:04:05.678901234Z".parse().unwrap();
    let status = CanaryStatus {
        phase: Phase::Progressing,
        last_transition_time: Some(time),
        last_check_time: Some(time),
        ..CanaryStatus::default()
    };
    let written = serde_json::to_value(&status).unwrap();
    assert_eq!(written["lastTransitionTime"], "2026-01-02T03:04:05Z");
    assert_eq!(written["lastCheckTime"], "2026-01-02T03:04:05.678901Z");
}

#[test]
fn a_parent_is_the_same_with_its_defaults_spelled_out() {
    let gateway = canary("tutorial/progressive.yaml").spec.service.unwrap().gateway_refs.remove(0);
    let short = ParentReference { name: gateway.name.clone(), ..ParentReference::default() };
    let long = ParentReference::from(&gateway);
    assert_eq!(long.kind.as_deref(), Some("Gateway"));
    assert!(short.same_parent(&long, "istio-ingress"));
    assert!(!short.same_parent(&long, "test"));
}

#[test]
fn a_route_is_addressed_as_gateway_api_has_it() {
    use kube::Resource;
    assert_eq!(
        HttpRoute::url_path(&(), Some("test")),
        "/apis/gateway.networking.k8s.io/v1/namespaces/test/httproutes"
    );
    let route: HttpRoute = serde_json::from_value(documents("http-route.yaml").remove(0)).unwrap();
    let parents = route.status.unwrap().parents;
    assert_eq!(parents[0].condition("Accepted").unwrap().observed_generation, Some(3));
    assert!(parents[0].condition("Programmed").is_none());
}
