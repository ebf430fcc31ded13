//! What Serin or Flagger set once, and nobody wants any more, goes; what others set stays.

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{
    Routing,
    build::{
        configs::{self, ConfigKind},
        scaler, services,
    },
    plan::ServiceRole,
};

use crate::support::{World, apply_service, merge};

/// Puts it down to a manager that it set these.
fn owned_by(object: &mut Value, manager: &str, fields: &Value) {
    let operation = if manager == "serin" { "Apply" } else { "Update" };
    let entry = json!({"manager": manager, "operation": operation, "time": "2026-01-01T00:00:00Z",
        "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields});
    object["metadata"]["managedFields"] = json!([entry]);
}

fn label() -> Value {
    json!({"f:metadata": {"f:labels": {"f:stale": {}}}})
}

#[rstest]
#[case::label(json!({"metadata": {"labels": {"stale": "1"}}}), label())]
#[case::annotation(json!({"metadata": {"annotations": {"stale": "1"}}}), json!({"f:metadata": {"f:annotations": {"f:stale": {}}}}))]
#[case::port(json!({}), json!({"f:spec": {"f:ports": {"k:{\"port\":7777,\"protocol\":\"TCP\"}": {".": {}}}}}))]
fn a_service_is_rid_of_what_was_removed(
    #[values("flagger", "serin")] manager: &str,
    #[case] more: Value,
    #[case] fields: Value,
) {
    let world = World::load("tutorial.yaml");
    let mut live = apply_service(&world.service(ServiceRole::Primary, None), None);
    let port = json!({"name": "stale", "port": 7777, "protocol": "TCP", "targetPort": 7777});
    live["spec"]["ports"].as_array_mut().unwrap().push(port);
    merge(&mut live, &more);
    let in_sync = |live: &Value| services::in_sync(&world.service(ServiceRole::Primary, Some(live)), live);
    owned_by(&mut live, "kubectl-edit", &fields);
    assert!(in_sync(&live), "somebody else's");
    owned_by(&mut live, manager, &fields);
    assert!(!in_sync(&live));
}

#[test]
fn a_route_is_rid_of_labels_that_were_removed() {
    let world = World::load("tutorial.yaml");
    let body = world.route(Routing::PRIMARY, None);
    let in_shape = |manager: &str| {
        let mut live = body.clone();
        merge(&mut live, &json!({"metadata": {"labels": {"stale": "1"}}}));
        owned_by(&mut live, manager, &label());
        let live: HttpRoute = serde_json::from_value(live).unwrap();
        world.read(&live).in_shape
    };
    assert!(in_shape("kubectl-edit"));
    assert!(!in_shape("flagger"));
    assert!(!in_shape("serin"));
}

#[rstest]
fn a_promotion_rids_the_primary_of_what_the_target_lost(#[values("flagger", "serin")] manager: &str) {
    let world = World::load("tutorial.yaml");
    let mut live = world.primary(None);
    merge(&mut live, &json!({"metadata": {"resourceVersion": "7", "labels": {"stale": "1", "mine": "1"}}}));
    owned_by(&mut live, manager, &label());
    let labels = world.primary(Some(&live))["metadata"]["labels"].clone();
    assert_eq!((labels.get("stale"), labels.get("mine")), (None, Some(&json!("1"))));
}

#[rstest]
fn copies_are_rid_of_labels_that_their_sources_lost(#[values("flagger", "serin")] manager: &str) {
    let world = World::load("configs.yaml");
    let source = json!({"metadata": {"name": "hpa", "labels": {"team": "a"}},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "podinfo"}, "maxReplicas": 3}});
    let reference = serde_json::from_value(
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "hpa"}),
    )
    .unwrap();
    let copy = |live: Option<&Value>| scaler::scaler(&world.rollout(), &reference, &source, live).unwrap();
    let mut live = copy(None);
    merge(&mut live, &json!({"metadata": {"labels": {"stale": "1", "mine": "1"}}}));
    assert!(scaler::in_sync(&copy(Some(&live)), &live));
    owned_by(&mut live, manager, &label());
    let again = copy(Some(&live));
    assert!(!scaler::in_sync(&again, &live));
    assert_eq!(again["metadata"]["labels"], json!({"team": "a", "mine": "1"}));

    let source = json!({"metadata": {"name": "c"}, "data": {"a": "b"}});
    let copy = |live: Option<&Value>| {
        configs::config_copy(&world.rollout(), &world.settings, ConfigKind::ConfigMap, &source, live)
    };
    let mut live = copy(None);
    merge(&mut live, &json!({"metadata": {"labels": {"stale": "1", "mine": "1"}}}));
    owned_by(&mut live, manager, &label());
    let again = copy(Some(&live));
    assert!(!configs::in_sync(&again, &live));
    assert_eq!(again["metadata"]["labels"], json!({"mine": "1"}));
}
