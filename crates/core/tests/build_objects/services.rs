//! The Services.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use serin_core::{
    build::services::{self, Workloads},
    plan::ServiceRole,
};

use crate::support::{ROLES, World, apply_service, merge};

fn apply(world: &World, role: ServiceRole, live: Option<&Value>) -> Value {
    apply_service(&world.service(role, live), live)
}

fn in_sync(world: &World, role: ServiceRole, live: &Value) -> bool {
    services::in_sync(&world.service(role, Some(live)), live)
}

#[rstest]
fn an_applied_service_is_in_sync(#[values(0, 1, 2)] role: usize, #[values(false, true)] headless: bool) {
    let service = json!({"headless": headless, "portDiscovery": true, "trafficDistribution": "PreferClose"});
    let world = World::tutorial_with(&service, &json!({}));
    let live = apply(&world, ROLES[role], None);
    assert!(in_sync(&world, ROLES[role], &live));
}

#[test]
fn what_others_add_is_no_drift() {
    let world = World::load("tutorial.yaml");
    let mut live = apply(&world, ServiceRole::Primary, None);
    let port = json!({"name": "extra", "port": 7777, "protocol": "TCP", "targetPort": 7777});
    live["spec"]["ports"].as_array_mut().unwrap().insert(0, port);
    merge(
        &mut live,
        &json!({
            "metadata": {"labels": {"x": "y"}, "annotations": {"cloud": "lb"}},
            "spec": {"type": "NodePort", "trafficDistribution": "PreferSameZone", "externalTrafficPolicy": "Local"},
        }),
    );
    live["spec"]["ports"][1]["nodePort"] = json!(30001);
    assert!(in_sync(&world, ServiceRole::Primary, &live));
}

#[rstest]
#[case::selector(json!({"spec": {"selector": {"version": "2"}}}))]
#[case::label(json!({"metadata": {"labels": {"app": "x"}}}))]
#[case::marker(json!({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": null}}}))]
#[case::owner(json!({"metadata": {"ownerReferences": [{"kind": "Canary", "name": "podinfo", "uid": "x", "controller": true}]}}))]
#[case::ports(json!({"spec": {"ports": [{"name": "http", "port": 9898, "protocol": "TCP", "targetPort": 1}]}}))]
fn drift_is_seen_and_repaired(#[case] change: Value) {
    let world = World::load("tutorial.yaml");
    let mut live = apply(&world, ServiceRole::Apex, None);
    merge(&mut live, &change);
    assert!(!in_sync(&world, ServiceRole::Apex, &live));
    let repaired = apply(&world, ServiceRole::Apex, Some(&live));
    assert!(in_sync(&world, ServiceRole::Apex, &repaired), "{repaired:#}");
}

fn users_apex() -> Value {
    let manifest = json!({"spec": {"selector": {"app": "podinfo", "tier": "web"}}}).to_string();
    json!({
        "metadata": {
            "name": "podinfo",
            "resourceVersion": "3",
            "labels": {"owner": "me"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": manifest},
        },
        "spec": {
            "type": "LoadBalancer",
            "selector": {"app": "podinfo", "tier": "web"},
            "ports": [{"name": "web", "port": 9898, "protocol": "TCP", "targetPort": 9898, "nodePort": 31000}],
        },
    })
}

#[test]
fn the_users_apex_gets_selector_ports_and_markers_only() {
    let world = World::load("tutorial.yaml");
    let body = world.service(ServiceRole::Apex, Some(&users_apex()));
    insta::assert_yaml_snapshot!(body);
}

#[test]
fn the_users_apex_is_given_back() {
    let world = World::load("tutorial.yaml");
    let (rollout, target) = (world.rollout(), world.target());
    let revert = |live: &Value| services::reverted_apex(&rollout, &world.settings, target, live).unwrap();
    let live = apply(&world, ServiceRole::Apex, Some(&users_apex()));
    assert_eq!(revert(&live).unwrap()["spec"]["selector"], json!({"app": "podinfo", "tier": "web"}));
    let mut bare = live;
    merge(&mut bare, &json!({"metadata": {"annotations": null}}));
    assert_eq!(revert(&bare).unwrap()["spec"]["selector"], json!({"app": "podinfo"}));
    let mut generated = apply(&world, ServiceRole::Apex, None);
    assert_eq!(revert(&generated), None);
    generated["metadata"]["ownerReferences"][0]["name"] = json!("another");
    assert_eq!(revert(&generated), None, "it is another Canary's");
}

#[test]
fn a_renumbered_port_takes_the_place_of_the_old_one() {
    let mut world = World::load("tutorial.yaml");
    let live = apply(&world, ServiceRole::Apex, None);
    merge(world.find_mut("Canary"), &json!({"spec": {"service": {"port": 80}}}));
    let body = world.service(ServiceRole::Apex, Some(&live));
    assert_eq!(body["metadata"]["resourceVersion"], "1", "a replacement");
    assert_eq!(
        body["spec"]["ports"],
        json!([{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 9898}])
    );
    assert_eq!(body["spec"]["clusterIP"], "10.96.0.1");
    assert!(services::in_sync(&world.service(ServiceRole::Apex, Some(&body)), &body));
}

#[rstest]
#[case::apex(ServiceRole::Apex, "apex", "podinfo")]
#[case::primary(ServiceRole::Primary, "primary", "podinfo-primary")]
#[case::canary(ServiceRole::Canary, "canary", "podinfo-canary")]
fn each_service_has_its_own_metadata(#[case] role: ServiceRole, #[case] field: &str, #[case] name: &str) {
    let custom = json!({field: {"labels": {"team": "a"}, "annotations": {"note": "b"}}});
    let world = World::tutorial_with(&custom, &json!({}));
    let service = world.service(role, None);
    assert_eq!(service["metadata"]["labels"], json!({"app": name, "team": "a"}));
    assert_eq!(service["metadata"]["annotations"]["note"], "b");
    for other in ROLES.into_iter().filter(|other| *other != role) {
        assert!(world.service(other, None)["metadata"]["labels"].get("team").is_none());
    }
}

#[test]
fn a_new_service_is_headless_and_keeps_traffic_near_where_asked() {
    let service = json!({"headless": true, "trafficDistribution": "PreferSameZone"});
    let body = World::tutorial_with(&service, &json!({})).service(ServiceRole::Canary, None);
    assert_eq!(
        (&body["spec"]["clusterIP"], &body["spec"]["trafficDistribution"]),
        (&json!("None"), &json!("PreferSameZone"))
    );
}

/// Neither can be changed on a Service that serves: both are chosen when it is made, as in Flagger.
#[test]
fn what_a_service_got_when_it_was_made_stays() {
    let plain = World::load("tutorial.yaml");
    let live = apply(&plain, ServiceRole::Canary, None);
    let service = json!({"headless": true, "trafficDistribution": "PreferSameZone"});
    let world = World::tutorial_with(&service, &json!({}));
    assert!(in_sync(&world, ServiceRole::Canary, &live));
    assert_eq!(apply(&world, ServiceRole::Canary, Some(&live)), live);
}

#[test]
fn keys_that_are_named_as_unmanaged_stay_like_all_others() {
    let service = json!({"unmanagedMetadata": {"labels": ["x"], "annotations": ["cloud"]}});
    let world = World::tutorial_with(&service, &json!({}));
    let mut live = apply(&world, ServiceRole::Apex, None);
    merge(&mut live, &json!({"metadata": {"labels": {"x": "y"}, "annotations": {"cloud": "lb"}}}));
    assert!(in_sync(&world, ServiceRole::Apex, &live));
    assert_eq!(apply(&world, ServiceRole::Apex, Some(&live)), live);
}

#[rstest]
#[case::default(json!({"port": 80, "targetPort": null}), json!([{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 80}]))]
#[case::zero(json!({"port": 80, "targetPort": 0}), json!([{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 80}]))]
#[case::named(
    json!({"port": 80, "targetPort": "http", "portName": "web", "appProtocol": "http"}),
    json!([{"name": "web", "protocol": "TCP", "port": 80, "targetPort": "http", "appProtocol": "http"}])
)]
#[case::discovered(
    json!({"port": 80, "targetPort": "http", "portDiscovery": true}),
    json!([
        {"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"},
        {"name": "grpc", "protocol": "TCP", "port": 9999, "targetPort": 9999},
        {"name": "http-metrics", "protocol": "TCP", "port": 9797, "targetPort": 9797},
        {"name": "tcp-side-1", "protocol": "TCP", "port": 5000, "targetPort": 5000},
    ])
)]
fn ports(#[case] service: Value, #[case] expected: Value) {
    let mut world = World::tutorial_with(&service, &json!({}));
    let containers =
        world.find_mut("Deployment")["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap();
    containers.push(json!({"name": "istio-proxy", "ports": [{"containerPort": 15090}]}));
    containers.push(json!({"name": "side", "ports": [{"containerPort": 9797}, {"containerPort": 5000}]}));
    assert_eq!(world.service(ServiceRole::Canary, None)["spec"]["ports"], expected);
}

/// The ports of trial by public report: a native sidecar, both protocols of one number, a name that is too long.
#[test]
fn odd_ports_get_valid_and_unique_names() {
    let mut world =
        World::tutorial_with(&json!({"port": 80, "targetPort": "http", "portDiscovery": true}), &json!({}));
    let long = "a-second-container-whose-name-is-as-long-as-names-may-be-000000";
    let pod = &mut world.find_mut("Deployment")["spec"]["template"]["spec"];
    pod["initContainers"] = json!([
        {"name": "side", "restartPolicy": "Always", "ports": [{"name": "side-http", "containerPort": 9700}]},
        {"name": "once", "ports": [{"containerPort": 9800}]},
    ]);
    pod["containers"] = json!([
        {"name": "podinfod", "ports": [
            {"name": "http", "containerPort": 9898},
            {"name": "dns-udp", "containerPort": 5353, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 5353, "protocol": "TCP"},
            {"name": "http-metrics", "containerPort": 9797},
            {"containerPort": 80, "protocol": "UDP"},
        ]},
        {"name": long, "ports": [{"containerPort": 9600}, {"name": "http-metrics", "containerPort": 9601}]},
    ]);
    let body = world.service(ServiceRole::Canary, None);
    let ports: Vec<String> = body["spec"]["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| format!("{} {}/{}", p["name"].as_str().unwrap(), p["port"], p["protocol"].as_str().unwrap()))
        .collect();
    assert_eq!(
        ports,
        [
            "http 80/TCP",
            "dns-tcp 5353/TCP",
            "dns-udp 5353/UDP",
            "http-metrics 9601/TCP",
            "side-http 9700/TCP",
            "tcp-9600 9600/TCP",
            "tcp-9797 9797/TCP",
            "udp-podinfod-4 80/UDP",
        ]
    );
}

/// A Service of the user's with these ports.
fn with_ports(ports: &Value) -> Value {
    json!({"metadata": {"name": "podinfo", "resourceVersion": "3"}, "spec": {"selector": {"app": "podinfo"}, "ports": ports}})
}

fn entry(manager: &str, ports: &[i64]) -> Value {
    let ports: serde_json::Map<String, Value> =
        ports.iter().map(|n| (format!("k:{{\"port\":{n},\"protocol\":\"TCP\"}}"), json!({}))).collect();
    json!({"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {"f:ports": ports}}})
}

#[rstest]
#[case::name_taken(json!({}), json!([{"name": "http", "port": 80, "protocol": "TCP"}]), &["http-9898:9898"])]
#[case::explicit_name_taken(json!({"portName": "web"}), json!([{"name": "web", "port": 80, "protocol": "TCP"}]), &["web-9898:9898"])]
#[case::users_name(json!({}), json!([{"name": "web", "port": 9898, "protocol": "TCP"}]), &["web:9898"])]
#[case::no_name(json!({}), json!([{"port": 9898, "protocol": "TCP"}]), &["-:9898"])]
#[case::explicit_name(json!({"portName": "api"}), json!([{"name": "web", "port": 9898, "protocol": "TCP"}]), &["api:9898"])]
#[case::other_protocol(json!({}), json!([{"name": "http", "port": 9898, "protocol": "UDP"}]), &["http-9898:9898"])]
#[case::both_taken(
    json!({}),
    json!([{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "http-9898", "port": 81, "protocol": "TCP"}]),
    &["port-9898:9898"]
)]
#[case::discovered(
    json!({"portDiscovery": true}),
    json!([{"port": 9898, "protocol": "TCP"}]),
    &["http:9898", "http-metrics:9797", "grpc:9999"]
)]
#[case::discovered_name_taken(
    json!({"portDiscovery": true}),
    json!([{"name": "grpc", "port": 1, "protocol": "TCP"}]),
    &["http:9898", "http-metrics:9797", "grpc-9999:9999"]
)]
fn ports_on_a_service_of_the_users(#[case] service: Value, #[case] live: Value, #[case] expected: &[&str]) {
    let world = World::tutorial_with(&service, &json!({}));
    let live = with_ports(&live);
    let body = world.service(ServiceRole::Apex, Some(&live));
    assert_eq!(body["metadata"].get("resourceVersion"), None, "never a replacement");
    let mut ports: Vec<String> = items(&body)
        .iter()
        .map(|p| format!("{}:{}", p.get("name").and_then(Value::as_str).unwrap_or("-"), p["port"]))
        .collect();
    let mut expected = expected.to_vec();
    ports.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ports, expected);
    // Nothing of the user's goes, all names are there once, and the next look changes nothing.
    let applied = apply_service(&body, Some(&live));
    let names: std::collections::BTreeSet<_> =
        items(&applied).iter().map(|p| p.get("name").cloned().unwrap_or_default().to_string()).collect();
    assert_eq!(names.len(), items(&applied).len(), "{applied:#}");
    assert!(items(&live).iter().all(|old| {
        items(&applied).iter().any(|new| new["port"] == old["port"] && new["protocol"] == old["protocol"])
    }));
    assert!(in_sync(&world, ServiceRole::Apex, &applied));
    assert_eq!(items(&world.service(ServiceRole::Apex, Some(&applied))), items(&body));
}

fn items(service: &Value) -> Vec<Value> {
    service["spec"]["ports"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_port_that_was_ours_gives_its_name_back() {
    let world = World::tutorial_with(&json!({"port": 80}), &json!({}));
    let live = |managers: &[Value]| {
        let mut live = with_ports(&json!([{"name": "http", "port": 9898, "protocol": "TCP"}]));
        live["metadata"]["managedFields"] = managers.into();
        live
    };
    let name =
        |live: &Value| world.service(ServiceRole::Apex, Some(live))["spec"]["ports"][0]["name"].clone();
    assert_eq!(name(&live(&[entry("serin", &[9898])])), "http");
    assert_eq!(name(&live(&[entry("kubectl", &[9898])])), "http-80");
    assert_eq!(name(&live(&[entry("serin", &[9898]), entry("kubectl", &[9898])])), "http-80");
}

#[test]
fn nothing_stands_beside_a_port_without_a_name() {
    let world = World::load("tutorial.yaml");
    let live = with_ports(&json!([{"port": 80, "protocol": "TCP"}]));
    let workloads = Workloads { target: Some(world.target()), primary: None, in_use: &[] };
    let error =
        services::service(&world.rollout(), &world.settings, ServiceRole::Apex, workloads, Some(&live));
    insta::assert_snapshot!(error.unwrap_err().to_string(), @"Service podinfo.test: port 80 has no name, and beside spec.service.port 9898 Kubernetes wants one of every port: give it a name in the Service's manifest, set spec.service.port to 80, or set spec.service.name to another name");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn applying_always_converges(
        role in 0_usize..3,
        (port, old_port) in (1_i64..65536, 1_i64..65536),
        name in proptest::option::of("[a-z]{1,8}"),
        discovery in any::<bool>(),
        owned in any::<bool>(),
    ) {
        let world = World::tutorial_with(&json!({"port": old_port}), &json!({}));
        let mut live = apply(&world, ROLES[role], None);
        if !owned {
            merge(&mut live, &json!({"metadata": {"ownerReferences": null}}));
        }
        let service = json!({"port": port, "portName": name, "portDiscovery": discovery});
        let world = World::tutorial_with(&service, &json!({}));
        let body = world.service(ROLES[role], Some(&live));
        let replaced = body["metadata"].get("resourceVersion").is_some();
        let live = if replaced { body } else { apply_service(&body, Some(&live)) };
        prop_assert!(in_sync(&world, ROLES[role], &live));
        let ports = live["spec"]["ports"].as_array().unwrap();
        let mut names: Vec<&str> = ports.iter().filter_map(|p| p["name"].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), ports.len(), "names are unique");
    }
}
