//! The label that tells the target's pods from the primary's.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::{Value, json};
use serin_core::{
    build::{
        selector::Selector,
        services::{self, Workloads},
    },
    plan::ServiceRole,
};

use crate::support::World;

#[rstest]
#[case::order_of_the_flag(&["name", "app"], ("name", "other"))]
#[case::default_order(&["app", "name", "app.kubernetes.io/name"], ("app", "anything"))]
#[case::spaces(&[" name "], ("name", "other"))]
fn the_first_candidate_wins_whatever_its_value(#[case] candidates: &[&str], #[case] expected: (&str, &str)) {
    let mut world = World::load("tutorial.yaml");
    world.settings.selector_labels = candidates.iter().map(|label| (*label).to_owned()).collect();
    let labels = json!({"name": "other", "app": "anything", "pod": "x"});
    world.find_mut("Deployment")["spec"]["selector"]["matchLabels"] = labels;
    let found = world.selector();
    assert_eq!((found.label.as_str(), found.value.as_str()), expected);
    assert_eq!(found.primary(), format!("{}-primary", expected.1));
    // All labels are carried over, so that neighbours which share one of them stay outside.
    let mut labels = world.target()["spec"]["selector"]["matchLabels"].clone();
    labels[expected.0] = json!(found.primary());
    assert_eq!(world.primary(None)["spec"]["selector"]["matchLabels"], labels);
}

#[test]
fn a_service_has_no_pods_to_tell_apart() {
    let world = World::load("service.yaml");
    assert_eq!(Selector::if_any(&world.rollout(), &world.settings, world.target(), None), Ok(None));
}

/// The Deployment's labels, of which one tells target and primary apart.
fn labelled(labels: &Value) -> World {
    let mut world = World::load("tutorial.yaml");
    let deployment = world.find_mut("Deployment");
    deployment["spec"]["selector"]["matchLabels"] = labels.clone();
    deployment["spec"]["template"]["metadata"]["labels"] = labels.clone();
    world
}

fn beside(world: &World, live: &Value) -> Selector {
    Selector::of(&world.rollout(), &world.settings, world.target(), Some(live)).unwrap()
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn services_select_by_every_label_that_the_target_selects_by() {
    let world = labelled(&json!({"app": "podinfo", "component": "web"}));
    let selector = |role| world.service(role, None)["spec"]["selector"].clone();
    let primary = json!({"app": "podinfo-primary", "component": "web"});
    assert_eq!(selector(ServiceRole::Canary), json!({"app": "podinfo", "component": "web"}));
    assert_eq!((selector(ServiceRole::Primary), selector(ServiceRole::Apex)), (primary.clone(), primary));
}

/// As Flagger made it: by one label. Its pods have the others all the same.
#[test]
fn a_live_primary_that_selects_by_one_label_is_selected_by_what_its_pods_have() {
    let world = labelled(&json!({"app": "podinfo", "component": "web"}));
    let mut live = world.primary(None);
    live["spec"]["selector"]["matchLabels"] = json!({"app": "podinfo-primary"});
    let selector = beside(&world, &live);
    assert_eq!(selector.primary, labels(&json!({"app": "podinfo-primary", "component": "web"})));
    live["spec"]["template"]["metadata"]["labels"] = json!({"app": "podinfo-primary"});
    let selector = beside(&world, &live);
    assert_eq!(selector.primary, labels(&json!({"app": "podinfo-primary"})), "or none would be found");
    assert_eq!(
        world.primary(Some(&live))["spec"]["selector"],
        live["spec"]["selector"],
        "it cannot be changed"
    );
}

/// A Deployment that was deleted and made anew under other labels; its primary goes on as it was made.
#[rstest]
#[case::other_value(json!({"app": "web"}), json!({"app": "podinfo-primary"}))]
#[case::other_label(json!({"name": "podinfo"}), json!({"app": "podinfo-primary"}))]
#[case::more_labels(json!({"app": "podinfo", "tier": "a"}), json!({"app": "podinfo-primary"}))]
fn the_labels_of_a_live_primary_stay_whatever_the_targets_become(#[case] after: Value, #[case] fixed: Value) {
    let live = labelled(&json!({"app": "podinfo"})).primary(None);
    let world = labelled(&after);
    let selector = beside(&world, &live);
    assert_eq!(selector.target, labels(&after));
    assert_eq!(selector.primary, labels(&fixed));
    let promoted = world.primary(Some(&live));
    assert_eq!(promoted["spec"]["selector"]["matchLabels"], fixed);
    let pods = labels(&promoted["spec"]["template"]["metadata"]["labels"]);
    for (label, value) in labels(&fixed) {
        assert_eq!(
            pods.get(&label),
            Some(&value),
            "the API server refuses what its own selector does not find"
        );
    }
    let workloads = Workloads { target: Some(world.target()), primary: Some(&live), in_use: &[] };
    let service = |role| {
        let made = services::service(&world.rollout(), &world.settings, role, workloads, None).unwrap();
        made["spec"]["selector"].clone()
    };
    assert_eq!((service(ServiceRole::Primary), service(ServiceRole::Canary)), (fixed, after));
}

#[rstest]
fn without_a_target_the_primary_tells_its_labels_and_ports(
    #[values(ServiceRole::Apex, ServiceRole::Primary)] role: ServiceRole,
) {
    let world = World::tutorial_with(&json!({"portDiscovery": true}), &json!({}));
    let live = world.primary(None);
    let workloads = Workloads { target: None, primary: Some(&live), in_use: &[] };
    let made = services::service(&world.rollout(), &world.settings, role, workloads, None).unwrap();
    assert_eq!(made["spec"], world.service(role, None)["spec"]);
}

#[test]
fn with_neither_target_nor_primary_there_are_no_labels() {
    let world = World::load("tutorial.yaml");
    let workloads = Workloads { target: None, primary: None, in_use: &[] };
    assert!(workloads.selector(&world.rollout(), &world.settings).is_err());
}
