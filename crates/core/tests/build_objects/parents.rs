//! The Gateways that a route is attached to, while they are exchanged.

use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{Routing, Seen};

use crate::support::{World, apply_route};

/// A Canary whose route is for these Gateways; those of the cluster by key.
fn world(refs: &Value, gateways: &[(&str, Seen<Value>)]) -> World {
    let mut world =
        World::tutorial_with(&json!({"gatewayRefs": refs, "hosts": ["app.example.com"]}), &json!({}));
    for (key, gateway) in gateways {
        world.gateways.insert((*key).to_owned(), gateway.clone().map(Arc::new));
    }
    world
}

fn reference(name: &str) -> Value {
    json!({"name": name, "namespace": "infra"})
}

fn gateway(listeners: &Value) -> Seen<Value> {
    Seen::Present(json!({"spec": {"listeners": listeners}}))
}

fn open() -> Seen<Value> {
    gateway(&json!([{"name": "http", "port": 80, "allowedRoutes": {"namespaces": {"from": "All"}}}]))
}

/// The route as it was made for the Gateway `old`.
fn live() -> HttpRoute {
    apply_route(&world(&json!([reference("old")]), &[]).route(Routing::PRIMARY, None), None)
}

/// What parents say of it, by the name of the Gateway.
fn with_reports(live: &HttpRoute, said: &[(&str, &str)]) -> HttpRoute {
    let report = |(name, status): &(&str, &str)| {
        json!({"controllerName": "c", "parentRef": reference(name), "conditions": [{
            "type": "Accepted", "status": status, "observedGeneration": 5, "reason": "r", "message": "m",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]})
    };
    let reports: Vec<_> = said.iter().map(report).collect();
    apply_route(&json!({"metadata": {"generation": 5}, "status": {"parents": reports}}), Some(live))
}

fn applied(world: &World, live: &HttpRoute) -> HttpRoute {
    apply_route(&world.route(Routing::PRIMARY, Some(live)), Some(live))
}

fn parents(route: &HttpRoute) -> Vec<String> {
    let section =
        |section: &Option<String>| section.as_ref().map_or(String::new(), |name| format!("#{name}"));
    let parents = route.spec.parent_refs.iter();
    parents.map(|parent| format!("{}{}", parent.name, section(&parent.section_name))).collect()
}

#[test]
fn a_gateway_that_serves_stays_until_the_new_one_has_taken_the_route() {
    let world = world(&json!([reference("new")]), &[("infra/new", open())]);
    let live = with_reports(&live(), &[("old", "True")]);
    assert!(!world.read(&live).in_shape);
    let both = with_reports(&applied(&world, &live), &[("old", "True")]);
    assert_eq!(parents(&both), ["new", "old"]);
    assert!(world.read(&both).in_shape, "the new one has not reported");
    let refused = with_reports(&both, &[("old", "True"), ("new", "False")]);
    assert!(world.read(&refused).in_shape, "it said no");
    let taken = with_reports(&both, &[("old", "True"), ("new", "True")]);
    assert!(!world.read(&taken).in_shape);
    let alone = applied(&world, &taken);
    assert_eq!(parents(&alone), ["new"]);
    assert!(world.read(&with_reports(&alone, &[("new", "True")])).in_shape);
}

#[test]
fn all_that_are_named_have_to_take_it_before_one_goes() {
    let world = world(&json!([reference("new"), reference("second")]), &[]);
    let both = with_reports(&applied(&world, &live()), &[("old", "True"), ("new", "True")]);
    assert_eq!(parents(&applied(&world, &both)), ["new", "second", "old"]);
}

#[test]
fn one_that_is_not_named_any_more_goes_when_the_others_serve() {
    let before = world(&json!([reference("old"), reference("other")]), &[]);
    let live = apply_route(&before.route(Routing::PRIMARY, None), None);
    let world = world(&json!([reference("old")]), &[]);
    assert_eq!(parents(&applied(&world, &with_reports(&live, &[("other", "True")]))), ["old", "other"]);
    assert_eq!(
        parents(&applied(&world, &with_reports(&live, &[("old", "True"), ("other", "True")]))),
        ["old"]
    );
}

const SAME: &str = "takes no routes of namespace test";

#[rstest]
#[case::missing(reference("new"), Seen::Absent, "does not exist")]
#[case::no_such_listener(
    json!({"name": "new", "namespace": "infra", "sectionName": "https"}),
    open(),
    "has no listener named https: it has http"
)]
#[case::no_such_port(
    json!({"name": "new", "namespace": "infra", "port": 443}),
    open(),
    "has no listener on port 443: it has http"
)]
#[case::of_its_namespace_only(reference("new"), gateway(&json!([{"name": "http", "port": 80}])), SAME)]
#[case::of_its_namespace_only_as_said(
    reference("new"),
    gateway(&json!([{"name": "http", "port": 80, "allowedRoutes": {"namespaces": {"from": "Same"}}}])),
    SAME
)]
#[case::of_no_namespace(
    reference("new"),
    gateway(&json!([{"name": "http", "port": 80, "allowedRoutes": {"namespaces": {"from": "None"}}}])),
    SAME
)]
#[case::the_open_listener_is_not_named(
    json!({"name": "new", "namespace": "infra", "sectionName": "own"}),
    gateway(&json!([
        {"name": "own", "port": 80},
        {"name": "all", "port": 81, "allowedRoutes": {"namespaces": {"from": "All"}}},
    ])),
    SAME
)]
#[case::other_hosts(
    reference("new"),
    gateway(&json!([{
        "name": "http", "port": 80, "hostname": "*.other.com", "allowedRoutes": {"namespaces": {"from": "All"}},
    }])),
    "has no listener for the hosts of the Canary"
)]
fn for_one_that_cannot_take_the_route_nothing_is_given_up(
    #[case] named: Value,
    #[case] new: Seen<Value>,
    #[case] why: &str,
) {
    let world = world(&json!([named]), &[("infra/new", new)]);
    let live = live();
    assert_eq!(parents(&applied(&world, &live)), ["old"]);
    let facts = world.read(&live);
    assert!(facts.in_shape, "nothing can be mended");
    assert_eq!(
        facts.unattached,
        Some(format!(
            "spec.service.gatewayRefs: Gateway infra/new {why}; the HTTPRoute stays with the Gateways that serve it now"
        ))
    );
}

#[rstest]
#[case::open(open())]
#[case::nothing_said_of_listeners(gateway(&json!([])))]
#[case::selected_namespaces(
    gateway(&json!([{"name": "http", "port": 80, "allowedRoutes": {"namespaces": {"from": "Selector"}}}]))
)]
#[case::the_hosts(gateway(&json!([{
    "name": "http", "port": 80, "hostname": "*.example.com", "allowedRoutes": {"namespaces": {"from": "All"}},
}])))]
#[case::unreadable(Seen::Unknown("no answer".to_owned()))]
fn one_that_nothing_is_known_against_is_added(#[case] new: Seen<Value>) {
    let world = world(&json!([reference("new")]), &[("infra/new", new)]);
    assert_eq!(parents(&applied(&world, &live())), ["new", "old"]);
    assert_eq!(world.read(&live()).unattached, None);
}

#[test]
fn a_gateway_of_the_same_namespace_takes_its_routes() {
    let own = gateway(&json!([{"name": "http", "port": 80}]));
    let world = world(&json!([{"name": "new"}]), &[("test/new", own)]);
    assert_eq!(parents(&applied(&world, &live())), ["new", "old"]);
}

/// A route that is made has nothing to lose: it is made as it is asked for.
#[test]
fn a_new_route_is_for_the_gateways_that_are_named() {
    let world = world(&json!([reference("new")]), &[("infra/new", Seen::Absent)]);
    let made = apply_route(&world.route(Routing::PRIMARY, None), None);
    assert_eq!(parents(&made), ["new"]);
    assert_eq!(world.read(&made).unattached, None);
}

#[test]
fn one_that_serves_already_and_is_deleted_is_no_new_one() {
    let world = world(&json!([reference("old")]), &[("infra/old", Seen::Absent)]);
    let facts = world.read(&live());
    assert_eq!((facts.in_shape, facts.unattached), (true, None));
}

/// The API lets two references to one Gateway stand side by side if both name listeners.
#[rstest]
#[case::both_name_one(json!({"sectionName": "http"}), json!({"sectionName": "https"}), &["old#https", "old#http"])]
#[case::from_all_to_one(json!({}), json!({"sectionName": "https"}), &["old#https"])]
#[case::from_one_to_all(json!({"sectionName": "http"}), json!({}), &["old"])]
#[case::by_port(json!({"port": 80}), json!({"port": 443}), &["old", "old"])]
fn another_listener_of_the_same_gateway(
    #[case] before: Value,
    #[case] after: Value,
    #[case] expected: &[&str],
) {
    let refs = |more: &Value| {
        let mut reference = reference("old");
        crate::support::merge(&mut reference, more);
        json!([reference])
    };
    let live = apply_route(&world(&refs(&before), &[]).route(Routing::PRIMARY, None), None);
    let world = world(&refs(&after), &[]);
    let both = applied(&world, &live);
    assert_eq!(parents(&both), expected);
    assert!(world.read(&both).in_shape, "once is enough");
}
