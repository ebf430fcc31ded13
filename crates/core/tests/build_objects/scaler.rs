//! The primary's autoscaler.

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::canary::AutoscalerRef;
use serin_core::build::{
    BuildError,
    scaler::{self, ScalerKind},
};

use crate::support::World;

fn reference(change: &Value) -> AutoscalerRef {
    let mut whole = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "podinfo-so"});
    crate::support::merge(&mut whole, change);
    serde_json::from_value(whole).unwrap()
}

/// A ScaledObject of the target, at rest, as KEDA and kubectl leave it.
fn scaled_object() -> Value {
    json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {
            "name": "podinfo-so",
            "namespace": "test",
            "labels": {"app": "podinfo", "scaledobject.keda.sh/name": "podinfo-so"},
            "annotations": {
                "autoscaling.keda.sh/paused-replicas": "0",
                "scaledobject.keda.sh/transfer-hpa-ownership": "true",
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                "kustomize.toolkit.fluxcd.io/checksum": "x",
            },
            "finalizers": ["finalizer.keda.sh"],
        },
        "spec": {
            "scaleTargetRef": {"name": "podinfo", "envSourceContainerName": "podinfod"},
            "pollingInterval": 10,
            "cooldownPeriod": 20,
            "minReplicaCount": 2,
            "maxReplicaCount": 3,
            "idleReplicaCount": 0,
            "advanced": {"horizontalPodAutoscalerConfig": {"name": "podinfo-hpa"}},
            "fallback": {"failureThreshold": 3, "replicas": 6},
            "triggers": [
                {
                    "type": "prometheus",
                    "name": "requests",
                    "metadata": {
                        "serverAddress": "http://prometheus:9090",
                        "query": "sum(rate(r{app=\"podinfo\"}[30s])) + sum(rate(r{service=\"podinfo-canary\"}[30s]))",
                        "threshold": "5",
                    },
                    "authenticationRef": {"name": "prometheus"},
                },
                {"type": "cron", "name": "nights", "metadata": {"start": "0 20 * * *"}},
            ],
        },
        "status": {"hpaName": "podinfo-hpa"},
    })
}

fn copy(change: &Value, live: Option<&Value>) -> Value {
    let rollout = World::load("tutorial.yaml").rollout();
    scaler::scaler(&rollout, &reference(change), &scaled_object(), live).unwrap()
}

#[test]
fn a_scaled_object_is_copied_for_the_primary() {
    insta::assert_yaml_snapshot!(copy(&json!({}), None));
}

#[test]
fn queries_and_bounds_of_the_primary_replace_the_targets() {
    let change = json!({
        "primaryScalerQueries": {"requests": "sum(primary)", "nobody": "x"},
        "primaryScalerReplicas": {"minReplicas": 4, "maxReplicas": 9},
    });
    let spec = copy(&change, None)["spec"].clone();
    assert_eq!((&spec["minReplicaCount"], &spec["maxReplicaCount"]), (&json!(4), &json!(9)));
    assert_eq!(spec["triggers"][0]["metadata"]["query"], "sum(primary)");
    assert_eq!(spec["triggers"][1]["metadata"], json!({"start": "0 20 * * *"}));
}

#[test]
fn without_a_name_in_primary_scaler_queries_a_query_stays() {
    let spec = copy(&json!({"primaryScalerQueries": {"other": "x"}}), None)["spec"].clone();
    assert_eq!(spec["triggers"][0], scaled_object()["spec"]["triggers"][0]);
}

#[test]
fn the_copy_never_rests_and_keeps_what_keda_wrote_on_it() {
    let mut live = copy(&json!({}), None);
    live["metadata"]["labels"]["scaledobject.keda.sh/name"] = json!("podinfo-so-primary");
    live["metadata"]["finalizers"] = json!(["finalizer.keda.sh"]);
    live["metadata"]["resourceVersion"] = json!("9");
    let again = copy(&json!({}), Some(&live));
    assert!(scaler::in_sync(&again, &live));
    assert_eq!(again["metadata"]["labels"]["scaledobject.keda.sh/name"], "podinfo-so-primary");
    assert_eq!(again["metadata"]["finalizers"], json!(["finalizer.keda.sh"]));
    live["spec"]["maxReplicaCount"] = json!(50);
    assert!(!scaler::in_sync(&copy(&json!({}), Some(&live)), &live));
}

#[test]
fn an_hpa_config_is_always_there() {
    let mut source = scaled_object();
    source["spec"]["advanced"] = Value::Null;
    let rollout = World::load("tutorial.yaml").rollout();
    let copy = scaler::scaler(&rollout, &reference(&json!({})), &source, None).unwrap();
    assert_eq!(copy["spec"]["advanced"], json!({"horizontalPodAutoscalerConfig": {}}));
}

#[rstest]
#[case::at_rest(json!({"autoscaling.keda.sh/paused-replicas": "0"}), true)]
#[case::held_elsewhere(json!({"autoscaling.keda.sh/paused-replicas": "2"}), false)]
#[case::scaling(json!({}), false)]
#[case::nothing(json!(null), false)]
fn a_scaled_object_rests_by_annotation(#[case] annotations: Value, #[case] expected: bool) {
    let source = json!({"metadata": {"annotations": annotations}});
    assert_eq!(ScalerKind::Keda.paused(&source), Some(expected));
    assert_eq!(ScalerKind::Horizontal.paused(&source), None);
}

#[test]
fn pausing_and_resuming_touch_one_annotation() {
    let patch =
        |value: Value| json!({"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": value}}});
    assert_eq!(scaler::pausing(true), patch(json!("0")));
    assert_eq!(scaler::pausing(false), patch(Value::Null));
}

#[rstest]
#[case::horizontal(ScalerKind::Horizontal, json!({"minReplicas": 3}), 3)]
#[case::horizontal_default(ScalerKind::Horizontal, json!({}), 1)]
#[case::keda(ScalerKind::Keda, json!({"minReplicaCount": 3}), 3)]
#[case::keda_zero(ScalerKind::Keda, json!({"minReplicaCount": 0}), 1)]
fn a_canary_has_at_least_one_copy(#[case] kind: ScalerKind, #[case] spec: Value, #[case] expected: i32) {
    assert_eq!(kind.min_replicas(&json!({"spec": spec})), expected);
}

#[rstest]
#[case("autoscaling/v2")]
#[case("autoscaling/v2beta2")]
fn an_hpa_is_copied_with_its_own_bounds_whatever_version_is_named(#[case] version: &str) {
    let world = World::load("tutorial.yaml");
    let rollout = world.rollout();
    let source = world.find("HorizontalPodAutoscaler");
    let mut reference = rollout.spec.autoscaler_ref.clone().unwrap();
    reference.api_version = version.to_owned();
    let plain = scaler::scaler(&rollout, &reference, source, None).unwrap();
    assert!(scaler::in_sync(&plain, &plain));
    assert_eq!(plain["apiVersion"], "autoscaling/v2");
    reference.primary_scaler_replicas =
        serde_json::from_value(json!({"minReplicas": 3, "maxReplicas": 9})).unwrap();
    let own = scaler::scaler(&rollout, &reference, source, Some(&plain)).unwrap();
    assert!(!scaler::in_sync(&own, &plain));
    assert_eq!((&own["spec"]["minReplicas"], &own["spec"]["maxReplicas"]), (&json!(3), &json!(9)));
}

#[test]
fn other_kinds_are_refused() {
    let rollout = World::load("tutorial.yaml").rollout();
    let reference = reference(&json!({"kind": "VerticalPodAutoscaler"}));
    let error = scaler::scaler(&rollout, &reference, &scaled_object(), None).unwrap_err();
    assert!(matches!(error, BuildError::NotSupported { .. }));
}
