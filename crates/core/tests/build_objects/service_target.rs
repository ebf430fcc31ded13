//! Targets that are Services.

use serde_json::{Value, json};
use serin_core::build::{service_target, services};

use crate::support::{World, merge};

fn world() -> World {
    World::load("service.yaml")
}

/// A Service after it was made: with an address of its own.
fn made(body: &Value) -> Value {
    let mut live = body.clone();
    let own = json!({
        "metadata": {"uid": "u-1", "resourceVersion": "50"},
        "spec": {"clusterIP": "10.96.0.20", "clusterIPs": ["10.96.0.20"]},
        "status": {"loadBalancer": {}},
    });
    merge(&mut live, &own);
    live
}

fn canary(world: &World, live: Option<&Value>) -> Value {
    service_target::canary(&world.rollout(), world.target(), live)
}

#[test]
fn the_canary_is_a_copy_without_what_is_the_targets_alone() {
    insta::assert_yaml_snapshot!(canary(&world(), None));
}

#[test]
fn the_canary_follows_the_target_and_keeps_its_own_address() {
    let mut world = world();
    let live = made(&canary(&world, None));
    assert!(service_target::in_sync(&canary(&world, Some(&live)), &live));
    merge(world.find_mut("Service"), &json!({"spec": {"selector": {"version": null, "track": "two"}}}));
    let desired = canary(&world, Some(&live));
    assert!(!service_target::in_sync(&desired, &live), "a selector with fewer keys is a change too");
    assert_eq!(desired["spec"]["selector"], json!({"app": "podinfo", "track": "two"}));
    assert_eq!(desired["spec"]["clusterIP"], "10.96.0.20");
    assert_eq!((&desired["metadata"]["resourceVersion"], desired.get("status")), (&json!("50"), None));
}

#[test]
fn the_primary_changes_only_by_promotion() {
    let mut world = world();
    let live = made(&world.primary(None));
    let (rollout, again) = (world.rollout(), world.primary(Some(&live)));
    assert_eq!(again["spec"], live["spec"]);
    assert!(service_target::matches(&rollout, world.target(), &live));
    let id = |primary: &Value| primary["metadata"]["annotations"]["flagger-id"].clone();
    assert_eq!(id(&again), id(&live));

    merge(world.find_mut("Service"), &json!({"spec": {"selector": {"version": "two"}}}));
    assert!(!service_target::matches(&rollout, world.target(), &live));
    world.settings.include_label_prefix = vec!["app".to_owned()];
    let promoted = world.primary(Some(&live));
    assert_ne!(id(&promoted), id(&live));
    insta::assert_yaml_snapshot!(promoted);
}

#[test]
fn node_ports_are_each_services_own() {
    let mut world = world();
    let ports = json!([{"name": "http", "protocol": "TCP", "port": 80, "nodePort": 30080}]);
    merge(world.find_mut("Service"), &json!({"spec": {"type": "NodePort", "ports": ports}}));
    let body = canary(&world, None);
    assert_eq!(body["spec"]["ports"][0].get("nodePort"), None);
    let mut live = made(&body);
    live["spec"]["ports"][0]["nodePort"] = json!(30090);
    let desired = canary(&world, Some(&live));
    assert_eq!(desired["spec"]["ports"][0]["nodePort"], 30090);
    assert!(service_target::in_sync(&desired, &live));
}

#[test]
fn a_name_elsewhere_has_no_address() {
    let mut world = world();
    let live = made(&canary(&world, None));
    let elsewhere = json!({
        "type": "ExternalName",
        "externalName": "two.example.com",
        "clusterIP": null,
        "clusterIPs": null,
    });
    merge(world.find_mut("Service"), &json!({"spec": elsewhere}));
    let spec = canary(&world, Some(&live))["spec"].clone();
    assert_eq!((&spec["externalName"], spec.get("clusterIP")), (&json!("two.example.com"), None));
}

#[test]
fn a_headless_target_has_headless_copies() {
    let mut world = world();
    merge(world.find_mut("Service"), &json!({"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}));
    assert_eq!(canary(&world, None)["spec"]["clusterIP"], "None");
}

#[test]
fn nothing_of_the_target_is_reverted() {
    let world = world();
    let reverted = services::reverted_apex(&world.rollout(), &world.settings, world.target(), world.target());
    assert_eq!(reverted, Ok(None));
}
