//! The HTTPRoute.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{
    Routing,
    observe::{Acceptance, Route},
};

use crate::support::{World, apply_route, merge};

const MIRROR: Routing = Routing { canary: 0, mirror: true, warm: false, everybody: false };

fn read(world: &World, live: &HttpRoute) -> Route {
    world.read(live)
}

fn applied(world: &World, routing: Routing) -> HttpRoute {
    apply_route(&world.route(routing, None), None)
}

fn changed(live: &HttpRoute, change: &Value) -> HttpRoute {
    apply_route(change, Some(live))
}

fn ab_test() -> Value {
    json!({
        "stepWeight": null,
        "maxWeight": null,
        "iterations": 10,
        "match": [
            {"headers": {"user-agent": {"regex": ".*Firefox.*"}}},
            {"headers": {"cookie": {"regex": "^(.*?;)?(type=insider)(;.*)?$"}}},
        ],
    })
}

fn everything() -> Value {
    json!({
        "headers": {
            "request": {"add": {"x-b": "2", "x-a": "1"}, "set": {"x-api-version": "v1"}, "remove": ["x-debug"]},
            "response": {"add": {"x-frame-options": "DENY"}, "remove": ["x-powered-by"]},
        },
        "rewrite": {"uri": "/v2/api", "type": "ReplaceFullPath", "authority": "api.example.com"},
        "mirror": [{"backendRef": {"name": "shadow", "port": 8080}}],
        "corsPolicy": {
            "allowOrigin": ["https://foo.example"],
            "allowOrigins": [{"exact": "https://ignored.example"}],
            "allowMethods": ["GET", "PUT"],
            "allowHeaders": ["Keep-Alive"],
            "exposeHeaders": ["X-Id"],
            "allowCredentials": true,
            "maxAge": "24h",
        },
        "timeout": "10s",
        "backendTimeout": "5s",
        "match": [
            {"uri": {"prefix": "/api"}, "method": {"exact": "GET"}},
            {"headers": {"x-b": {"exact": "2"}, "x-a": {"regex": "1+"}}, "queryParams": {"q": {"exact": "1"}}},
        ],
    })
}

#[test]
fn a_split_of_traffic() {
    let world = World::load("tutorial.yaml");
    insta::assert_yaml_snapshot!(world.route(Routing::weighted(30), None)["spec"]);
}

#[test]
fn a_route_for_any_host_names_none() {
    let route = World::tutorial_with(&json!({"hosts": ["*"]}), &json!({})).route(Routing::PRIMARY, None);
    assert_eq!(route["spec"].get("hostnames"), None);
}

#[test]
fn an_ab_test() {
    let world = World::tutorial_with(&json!({}), &ab_test());
    insta::assert_yaml_snapshot!(world.route(Routing::CANARY, None)["spec"]);
}

#[test]
fn an_ab_test_for_part_of_the_traffic_only() {
    let service = json!({"timeout": "3s", "match": [
        {"uri": {"exact": "/a"}, "headers": {"x": {"exact": "y"}}},
        {"uri": {"regex": "/b.*"}, "queryParams": {"q": {"exact": "1"}}},
    ]});
    let analysis = json!({"iterations": 2, "match": [
        {"headers": {"user": {"prefix": "a.b"}}},
        {"queryParams": {"beta": {"suffix": "1"}}},
        {"sourceLabels": {"app": "x"}},
    ]});
    let world = World::tutorial_with(&service, &analysis);
    insta::assert_yaml_snapshot!(world.route(Routing::CANARY, None)["spec"]["rules"]);
}

#[test]
fn mirrored_traffic() {
    let world = World::load("tutorial.yaml");
    insta::assert_yaml_snapshot!(world.route(MIRROR, None)["spec"]["rules"]);
}

#[test]
fn headers_rewrite_mirror_cors_and_timeouts() {
    let world = World::tutorial_with(&everything(), &json!({}));
    insta::assert_yaml_snapshot!(world.route(MIRROR, None)["spec"]["rules"]);
}

#[rstest]
#[case::prefix(
    json!({"rewrite": {"uri": "/v2", "type": "ReplacePrefixMatch"}}),
    json!({"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}})
)]
#[case::full_path(json!({"rewrite": {"uri": "/v2"}}), json!({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/v2"}}))]
#[case::host(json!({"rewrite": {"authority": "a.b"}}), json!({"hostname": "a.b"}))]
fn rewrites(#[case] service: Value, #[case] expected: Value) {
    let world = World::tutorial_with(&service, &json!({}));
    let route = world.route(Routing::PRIMARY, None);
    assert_eq!(route["spec"]["rules"][0]["filters"][0]["urlRewrite"], expected);
}

#[rstest]
#[case::go_duration("1h30m", 5400)]
#[case::no_go_duration("1d", 5)]
fn cors_age(#[case] age: &str, #[case] seconds: i64) {
    let cors = json!({"corsPolicy": {"allowOrigin": ["*"], "allowCredentials": false, "maxAge": age}});
    let route = World::tutorial_with(&cors, &json!({})).route(Routing::PRIMARY, None);
    assert_eq!(
        route["spec"]["rules"][0]["filters"][0]["cors"],
        json!({"allowOrigins": ["*"], "maxAge": seconds}),
        "what does not read as a duration is left to the API server's default"
    );
}

#[rstest]
#[case::plain(json!({}), json!({}))]
#[case::everything(everything(), json!({}))]
#[case::ab_test(everything(), ab_test())]
#[case::user_mirrors_to_the_canary(
    json!({"mirror": [{"backendRef": {"name": "podinfo-canary", "port": 9898}}]}),
    json!({})
)]
fn an_applied_route_is_in_shape(#[case] service: Value, #[case] analysis: Value) {
    let world = World::tutorial_with(&service, &analysis);
    for routing in [Routing::PRIMARY, Routing::weighted(35), Routing::CANARY, MIRROR] {
        let facts = read(&world, &applied(&world, routing));
        let expected = Route {
            routing: Some(routing),
            in_shape: true,
            preexisting: false,
            warm: false,
            acceptance: unreported(),
            refused: None,
            unattached: None,
            overlaps: None,
        };
        assert_eq!(facts, expected);
    }
}

#[rstest]
#[case::rule_added(json!({"spec": {"rules": []}}), false)]
#[case::hostname(json!({"spec": {"hostnames": ["other.example.com"]}}), false)]
#[case::parent(json!({"spec": {"parentRefs": [{"name": "other"}]}}), false)]
#[case::our_annotation(json!({"metadata": {"annotations": {"helm.toolkit.fluxcd.io/driftDetection": "no"}}}), false)]
#[case::foreign_annotation(json!({"metadata": {"annotations": {"x": "y"}}}), true)]
#[case::foreign_label(json!({"metadata": {"labels": {"x": "y"}}}), true)]
#[case::foreign_field(json!({"spec": {"useDefaultGateways": "None"}}), true)]
fn changes_by_others(#[case] change: Value, #[case] in_shape: bool) {
    let world = World::load("tutorial.yaml");
    let live = changed(&applied(&world, Routing::weighted(20)), &change);
    assert_eq!(read(&world, &live).in_shape, in_shape);
}

#[rstest]
#[case::retry(json!({"retry": {"attempts": 3}}))]
#[case::name(json!({"name": "mine"}))]
#[case::no_timeouts(json!({"timeouts": null}))]
fn changes_within_the_rule_keep_the_split(#[case] change: Value) {
    let world = World::tutorial_with(&everything(), &json!({}));
    let mut live = serde_json::to_value(applied(&world, Routing::weighted(20))).unwrap();
    merge(&mut live["spec"]["rules"][0], &change);
    let facts = read(&world, &serde_json::from_value(live).unwrap());
    assert_eq!((facts.routing, facts.in_shape), (Some(Routing::weighted(20)), false));
}

#[rstest]
#[case::manual(json!(60), json!(40), Some(Routing::weighted(40)))]
#[case::not_100(json!(60), json!(60), None)]
#[case::defaults(json!(null), json!(null), None)]
#[case::negative(json!(101), json!(-1), None)]
fn weights(#[case] primary: Value, #[case] canary: Value, #[case] expected: Option<Routing>) {
    let world = World::load("tutorial.yaml");
    let mut live = serde_json::to_value(applied(&world, Routing::PRIMARY)).unwrap();
    let backends = &mut live["spec"]["rules"][0]["backendRefs"];
    backends[0]["weight"] = primary;
    backends[1]["weight"] = canary;
    let facts = read(&world, &serde_json::from_value(live).unwrap());
    assert_eq!((facts.routing, facts.in_shape), (expected, true));
}

#[test]
fn hostnames_are_taken_back_when_the_canary_has_none() {
    let live = applied(&World::load("tutorial.yaml"), Routing::PRIMARY);
    let world = World::tutorial_with(&json!({"hosts": null}), &json!({}));
    assert!(!read(&world, &live).in_shape);
    let body = world.route(Routing::PRIMARY, Some(&live));
    assert_eq!(body["spec"]["hostnames"], json!([]));
    assert!(read(&world, &apply_route(&body, Some(&live))).in_shape);
}

#[rstest]
#[case::without_metadata(json!({}), json!(null))]
#[case::with_labels(json!({"apex": {"labels": {"team": "a"}}}), json!({"app": "podinfo", "team": "a"}))]
#[case::with_annotations(json!({"apex": {"annotations": {"note": "b"}}}), json!({"app": "podinfo"}))]
fn metadata_of_the_apex(#[case] service: Value, #[case] labels: Value) {
    let route = World::tutorial_with(&service, &json!({})).route(Routing::PRIMARY, None);
    assert_eq!(route["metadata"]["labels"], labels);
    let annotations = &route["metadata"]["annotations"];
    assert_eq!(annotations["kustomize.toolkit.fluxcd.io/reconcile"], "disabled");
    assert_eq!(annotations.get("note").is_some(), service.pointer("/apex/annotations").is_some());
}

#[test]
fn what_concerns_other_providers_changes_nothing() {
    let service = json!({
        "gateways": ["mesh"], "delegation": true, "retries": {"attempts": 3}, "meshName": "m", "backends": ["b"],
        "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}},
    });
    let world = World::tutorial_with(&service, &json!({}));
    let plain = World::tutorial_with(&json!({}), &json!({}));
    assert_eq!(world.route(Routing::PRIMARY, None), plain.route(Routing::PRIMARY, None));
}

#[test]
fn parents_are_those_of_the_gateway_refs() {
    let refs = json!([
        {"name": "a", "namespace": "n", "sectionName": "https", "port": 443},
        {"name": "s", "kind": "Service", "group": ""},
    ]);
    let world = World::tutorial_with(&json!({"gatewayRefs": refs}), &json!({}));
    let expected = json!([
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a", "namespace": "n", "sectionName": "https", "port": 443},
        {"group": "", "kind": "Service", "name": "s"},
    ]);
    assert_eq!(world.route(Routing::PRIMARY, None)["spec"]["parentRefs"], expected);
}

#[test]
fn defaults_of_the_api_server_are_no_drift() {
    let service =
        json!({"match": [{"headers": {"x": {"exact": "y"}}}], "corsPolicy": {"allowOrigin": ["*"]}});
    let world = World::tutorial_with(&service, &json!({}));
    let mut live = serde_json::to_value(applied(&world, Routing::PRIMARY)).unwrap();
    let rule = &mut live["spec"]["rules"][0];
    assert_eq!(rule["matches"][0]["path"], json!({"type": "PathPrefix", "value": "/"}));
    merge(&mut rule["matches"][0], &json!({"path": null}));
    merge(&mut rule["filters"][0], &json!({"cors": {"maxAge": null}}));
    live["spec"]["parentRefs"] = json!([{"name": "gateway", "namespace": "istio-ingress"}]);
    assert!(read(&world, &serde_json::from_value(live).unwrap()).in_shape);
}

#[test]
fn a_route_of_the_user_does_not_become_owned() {
    let world = World::load("tutorial.yaml");
    let mut users = applied(&world, Routing::PRIMARY);
    assert!(world.route(Routing::PRIMARY, Some(&users))["metadata"].get("ownerReferences").is_some());
    users.metadata.owner_references = None;
    assert!(world.route(Routing::PRIMARY, Some(&users))["metadata"].get("ownerReferences").is_none());
}

/// What is said of a route on which no gateway has reported.
fn unreported() -> Acceptance {
    let text = "HTTPRoute podinfo.test parent gateway is not accepted: no gateway has reported on it yet";
    Acceptance::Pending(text.to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn weights_add_up_and_are_read_back(weight in 0_u8..=255, mirror in any::<bool>(), warm in any::<bool>(), ab in any::<bool>()) {
        let analysis = if ab { ab_test() } else { json!({}) };
        let world = World::tutorial_with(&json!({}), &analysis);
        let routing = Routing { canary: weight, mirror, warm, everybody: false };
        let live = applied(&world, routing);
        let carrying = live.spec.rules.len() - usize::from(warm);
        for rule in &live.spec.rules[..carrying] {
            let weights: Vec<i64> = rule.backend_refs.iter().map(|b| b.weight.unwrap()).collect();
            prop_assert_eq!(weights.iter().sum::<i64>(), 100);
            prop_assert!(weights.iter().all(|w| (0..=100).contains(w)));
        }
        let expected = Routing { canary: weight.min(100), ..routing };
        prop_assert_eq!(read(&world, &live).routing, Some(expected));
    }
}
