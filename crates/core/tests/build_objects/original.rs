//! A route that was there before the Canary.

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{Routing, plan::ServiceRole, router::gateway_api as route};

use crate::support::{World, apply_route, apply_service};

const KEPT: &str = "serin/original-configuration";
const MANIFEST: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn world() -> World {
    World::tutorial_with(&json!({"hosts": ["app.example.com"]}), &json!({}))
}

fn users_spec() -> Value {
    json!({
        "parentRefs": [{"name": "gateway", "namespace": "istio-ingress"}],
        "hostnames": ["app.example.com", "www.example.com"],
        "rules": [{
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "backendRefs": [{"name": "podinfo", "port": 9898, "weight": 1}],
            "retry": {"attempts": 3},
        }],
    })
}

fn users(annotations: &Value) -> HttpRoute {
    let metadata = json!({"name": "podinfo", "namespace": "test", "annotations": annotations});
    serde_json::from_value(json!({"metadata": metadata, "spec": users_spec()})).unwrap()
}

/// The route once the Canary has taken it over.
fn taken(world: &World, users: &HttpRoute) -> HttpRoute {
    apply_route(&world.route(Routing::PRIMARY, Some(users)), Some(users))
}

fn reverted(world: &World, live: &HttpRoute, apex: Option<&Value>) -> Option<Value> {
    route::reverted(&world.rollout(), live, apex).unwrap()
}

#[test]
fn the_route_of_a_user_is_kept_and_given_back() {
    let world = world();
    let users = users(&json!({"team": "a"}));
    let live = taken(&world, &users);
    let later = taken(&world, &live);
    assert_eq!(later, live, "what is kept stays");
    let body = reverted(&world, &live, None).unwrap();
    assert_eq!(body["spec"], users_spec());
    let metadata = json!({"name": "podinfo", "namespace": "test"});
    assert_eq!(body["metadata"], metadata, "our annotations go with the apply that does not name them");
}

#[test]
fn what_the_user_writes_meanwhile_is_kept_instead() {
    let world = world();
    let mut again = taken(&world, &users(&json!({})));
    again.spec = users(&json!({})).spec;
    again.spec.hostnames = vec!["new.example.com".to_owned()];
    let body = reverted(&world, &taken(&world, &again), None).unwrap();
    assert_eq!(body["spec"]["hostnames"], json!(["new.example.com"]));
}

#[test]
fn host_names_that_the_user_did_not_have_go() {
    let world = world();
    let mut users = users(&json!({}));
    users.spec.hostnames.clear();
    let body = reverted(&world, &taken(&world, &users), None).unwrap();
    assert_eq!(body["spec"]["hostnames"], json!([]));
}

/// Flagger keeps nothing: what it took over is known only from `kubectl apply`.
#[test]
fn a_route_that_flagger_took_over_is_restored_from_the_users_manifest() {
    let world = world();
    let manifest = json!({"kind": "HTTPRoute", "spec": users_spec()}).to_string();
    let mut live = taken(&world, &users(&json!({MANIFEST: manifest})));
    live.metadata.annotations.as_mut().unwrap().remove(KEPT);
    let again = taken(&world, &live);
    assert!(!again.metadata.annotations.as_ref().unwrap().contains_key(KEPT), "ours is nobody's original");
    assert_eq!(reverted(&world, &again, None).unwrap()["spec"], users_spec());
}

#[test]
fn without_a_trace_requests_go_to_the_users_service() {
    let world = world();
    let mut live = taken(&world, &users(&json!({})));
    live.metadata.annotations = None;
    let generated = apply_service(&world.service(ServiceRole::Apex, None), None);
    assert_eq!(reverted(&world, &live, Some(&generated)), None, "a Service that goes too is no use");
    assert_eq!(reverted(&world, &live, None), None);
    let apex = json!({"metadata": {"name": "podinfo"}});
    let body = reverted(&world, &live, Some(&apex)).unwrap();
    assert_eq!(body["spec"]["hostnames"], json!(["app.example.com"]));
    let backends = &body["spec"]["rules"][0]["backendRefs"];
    assert_eq!(
        *backends,
        json!([{"group": "", "kind": "Service", "name": "podinfo", "port": 9898, "weight": 1}])
    );
}

#[rstest]
#[case::generated(true)]
#[case::given_back_already(false)]
fn nothing_to_give_back(#[case] generated: bool) {
    let world = world();
    let live =
        if generated { apply_route(&world.route(Routing::PRIMARY, None), None) } else { users(&json!({})) };
    assert_eq!(reverted(&world, &live, Some(&json!({"metadata": {"name": "podinfo"}}))), None);
}

#[test]
fn a_generated_route_keeps_no_original() {
    let world = world();
    let live = apply_route(&world.route(Routing::PRIMARY, None), None);
    let body = world.route(Routing::weighted(10), Some(&live));
    assert!(body["metadata"]["annotations"].get(KEPT).is_none());
}

#[test]
fn a_route_that_is_too_large_to_be_kept_is_taken_over_all_the_same() {
    let world = world();
    let mut users = users(&json!({}));
    users.spec.rules[0].name = Some("x".repeat(70_000));
    assert!(world.route(Routing::PRIMARY, Some(&users))["metadata"]["annotations"].get(KEPT).is_none());
}
