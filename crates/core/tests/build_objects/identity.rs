//! The names under which objects were made, and those that the Canary has now.

use rstest::rstest;
use serde_json::{Value, json};
use serin_core::{Rollout, identity, state::ObjectNames};

use crate::support::{World, merge};

/// The tutorial's Canary after an edit of its spec.
fn edited(spec: &Value) -> Rollout {
    let mut world = World::load("tutorial.yaml");
    merge(&mut world.find_mut("Canary")["spec"], spec);
    world.rollout()
}

fn before() -> ObjectNames {
    let mut names = ObjectNames::default();
    identity::record(&edited(&json!({})), &mut names);
    names
}

#[test]
fn every_name_is_recorded() {
    let names = before();
    assert_eq!(names.service.as_deref(), Some("podinfo"));
    assert_eq!(names.target.as_deref(), Some("deployment/podinfo"));
    assert_eq!(names.autoscaler.as_deref(), Some("horizontalpodautoscaler/podinfo"));
    assert_eq!(names.route.as_deref(), Some("podinfo"));
}

#[rstest]
#[case::nothing(json!({}), false, false, None)]
#[case::target(json!({"targetRef": {"name": "web"}, "service": {"name": "podinfo"}}), true, false, None)]
#[case::target_names_the_service_too(json!({"targetRef": {"name": "web"}}), true, true, Some("podinfo"))]
#[case::kind(json!({"targetRef": {"kind": "DaemonSet"}, "autoscalerRef": null}), true, false, None)]
#[case::service(json!({"service": {"name": "web"}}), false, true, Some("podinfo"))]
#[case::provider(
    json!({"provider": "kubernetes", "analysis": {"iterations": 2, "stepWeight": null, "maxWeight": null}}),
    false,
    true,
    Some("podinfo")
)]
#[case::port(json!({"service": {"port": 80}}), false, false, None)]
#[case::gateways(json!({"service": {"gatewayRefs": [{"name": "other"}]}}), false, false, None)]
fn an_edit(#[case] spec: Value, #[case] target: bool, #[case] service: bool, #[case] route: Option<&str>) {
    let (rollout, names) = (edited(&spec), before());
    assert_eq!(identity::other_target(&rollout, &names), target);
    assert_eq!(identity::other_service(&rollout, &names), service);
    assert_eq!(identity::former_route(&rollout, &names, &[]).as_deref(), route);
}

/// A status of Flagger's, or one that was lost, tells of no other names.
#[test]
fn what_is_not_recorded_has_not_changed() {
    let (rollout, names) = (edited(&json!({"targetRef": {"name": "web"}})), ObjectNames::default());
    assert!(!identity::other_target(&rollout, &names) && !identity::other_service(&rollout, &names));
    assert_eq!(identity::former_route(&rollout, &names, &[]), None);
}

#[test]
fn a_route_whose_names_were_exchanged_is_known_by_what_is_left_over() {
    let mut names = before();
    let rollout = edited(&json!({"service": {"name": "web"}}));
    identity::record(&rollout, &mut names);
    assert_eq!(identity::former_route(&rollout, &names, &[]), None);
    let orphans = ["configmap/a".to_owned(), "service/podinfo".to_owned()];
    assert_eq!(identity::former_route(&rollout, &names, &orphans).as_deref(), Some("podinfo"));
    let orphans = ["service/web".to_owned()];
    assert_eq!(identity::former_route(&rollout, &names, &orphans), None, "it is in use again");
}

#[rstest]
#[case::none(json!({"autoscalerRef": null}), None)]
#[case::keda(
    json!({"autoscalerRef": {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "so"}}),
    Some("scaledobject/so")
)]
fn autoscalers(#[case] spec: Value, #[case] expected: Option<&str>) {
    assert_eq!(identity::autoscaler(&edited(&spec)).as_deref(), expected);
}
