//! A DaemonSet as the target.

use serde_json::{Value, json};
use serin_core::{
    build::{BuildError, target, template},
    keys::SCALED_TO_ZERO,
    plan::ServiceRole,
    rollout::TargetKind,
};

use crate::support::{World, merge};

fn world() -> World {
    World::load("daemonset.yaml")
}

fn template_change(change: &Value) -> Value {
    json!({"spec": {"template": {"spec": change}}})
}

#[test]
fn the_primary_is_a_daemon_set_that_runs() {
    // Its strategy and history are the target's; neither spreading nor anti-affinity is rewritten.
    insta::assert_yaml_snapshot!(world().primary(None));
}

#[test]
fn a_primary_matches_its_target_whether_or_not_the_target_is_scaled_to_zero() {
    let mut world = world();
    let live = world.primary(None);
    let matches = |world: &World| {
        let (rollout, selector, configs) = (world.rollout(), world.selector(), world.configs());
        template::matches(&rollout, &world.settings, &selector, world.target(), &live, &configs)
    };
    assert!(matches(&world));
    merge(world.find_mut("DaemonSet"), &template_change(&json!({"nodeSelector": {SCALED_TO_ZERO: null}})));
    assert!(matches(&world));
    merge(world.find_mut("DaemonSet"), &template_change(&json!({"nodeSelector": {"disk": "slow"}})));
    assert!(!matches(&world));
}

#[test]
fn promotion_replaces_template_and_strategy() {
    let mut world = world();
    let live = world.primary(None);
    let change =
        json!({"spec": {"minReadySeconds": 9, "updateStrategy": {"rollingUpdate": {"maxUnavailable": 2}}}});
    merge(world.find_mut("DaemonSet"), &change);
    merge(world.find_mut("DaemonSet"), &template_change(&json!({"dnsPolicy": "None"})));
    let promoted = world.primary(Some(&live));
    let spec = &promoted["spec"];
    assert_eq!((&promoted["kind"], spec.get("replicas")), (&json!("DaemonSet"), None));
    assert_eq!(
        (&spec["minReadySeconds"], &spec["template"]["spec"]["dnsPolicy"]),
        (&json!(9), &json!("None"))
    );
    assert_eq!(spec["updateStrategy"]["rollingUpdate"]["maxUnavailable"], 2);
    assert_eq!(spec["template"]["spec"]["nodeSelector"], json!({"disk": "fast"}));
    assert_ne!(
        spec["template"]["metadata"]["annotations"]["flagger-id"],
        live["spec"]["template"]["metadata"]["annotations"]["flagger-id"]
    );
}

#[test]
fn services_select_by_its_label_and_discover_its_ports() {
    let canary = world().service(ServiceRole::Canary, None);
    assert_eq!(canary["spec"]["selector"], json!({"app.kubernetes.io/name": "podinfo-ds"}));
    assert_eq!(canary["spec"]["ports"][1]["port"], 9797);
    let apex = world().service(ServiceRole::Apex, None);
    assert_eq!(apex["spec"]["selector"], json!({"app.kubernetes.io/name": "podinfo-ds-primary"}));
}

#[test]
fn pods_that_are_replaced_by_hand_only_are_refused() {
    let mut world = world();
    merge(world.find_mut("DaemonSet"), &json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    let error = target::supported(&world.rollout(), world.target()).unwrap_err();
    assert!(matches!(error, BuildError::UpdateStrategy { .. }));
    assert_eq!(
        error.to_string(),
        "createPrimaryDaemonSet failed: daemonset podinfo-ds.test must have RollingUpdate strategy but have OnDelete"
    );
    merge(world.find_mut("DaemonSet"), &json!({"spec": {"updateStrategy": {"type": ""}}}));
    assert_eq!(target::supported(&world.rollout(), world.target()), Ok(()));
}

#[test]
fn a_selector_without_a_known_label_names_the_daemon_set() {
    let mut world = world();
    world.find_mut("DaemonSet")["spec"]["selector"]["matchLabels"] = json!({"component": "podinfo"});
    let error =
        serin_core::build::selector::Selector::of(&world.rollout(), &world.settings, world.target(), None);
    assert_eq!(
        error.unwrap_err().to_string(),
        "getSelectorLabel failed: daemonset podinfo-ds.test spec.selector.matchLabels must contain one of \
         [app name app.kubernetes.io/name]'"
    );
}

#[test]
fn resting_is_no_revision() {
    let mut world = world();
    let revision = |world: &World| target::revision(TargetKind::DaemonSet, world.target());
    let at_rest = revision(&world);
    merge(world.find_mut("DaemonSet"), &target::scaling(TargetKind::DaemonSet, 1).unwrap());
    assert_eq!(target::replicas(TargetKind::DaemonSet, world.target()), 1);
    assert_eq!(revision(&world), at_rest);
}
