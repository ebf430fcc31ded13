//! A route of the user's changes hands in steps, of which none lets the gateway learn of a backend or forget one in the
//! moment in which its traffic moves.

use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{Routing, router::gateway_api as route};

use crate::support::{World, apply_route};

const KEPT: &str = "serin/original-configuration";

fn world() -> World {
    World::tutorial_with(&json!({"hosts": ["app.example.com"]}), &json!({}))
}

fn users_spec() -> Value {
    json!({
        "parentRefs": [{"name": "gateway", "namespace": "istio-ingress"}],
        "hostnames": ["app.example.com"],
        "rules": [{
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "backendRefs": [{"name": "podinfo", "port": 9898, "weight": 1}],
            "retry": {"attempts": 3},
        }],
    })
}

fn users() -> HttpRoute {
    let metadata = json!({"name": "podinfo", "namespace": "test"});
    serde_json::from_value(json!({"metadata": metadata, "spec": users_spec()})).unwrap()
}

fn step(world: &World, routing: Routing, live: &HttpRoute) -> HttpRoute {
    apply_route(&world.route(routing, Some(live)), Some(live))
}

/// The backends of each rule: with weights of those that get requests, in brackets of those that get none.
fn told(live: &HttpRoute) -> Vec<String> {
    let rule = |rule: &serin_api::gateway::HttpRouteRule| {
        let idle = rule.matches.iter().flat_map(|found| &found.headers).any(|h| h.name == "x-serin-warm-up");
        let backends = rule.backend_refs.iter().map(|backend| match (idle, backend.weight) {
            (true, _) => format!("({})", backend.name),
            (false, weight) => format!("{} {}", backend.name, weight.unwrap_or(1)),
        });
        backends.collect::<Vec<_>>().join(" ")
    };
    live.spec.rules.iter().map(rule).collect()
}

const SIDES: &str = "(podinfo-primary) (podinfo-canary)";
const SPLIT: &str = "podinfo-primary 100 podinfo-canary 0";

fn taken(world: &World) -> HttpRoute {
    let warm = Routing::PRIMARY.kept_warm();
    step(world, Routing::PRIMARY, &step(world, warm, &step(world, warm, &users())))
}

/// A user's route that is about another application, too.
fn shared() -> HttpRoute {
    let mut spec = users_spec();
    let others = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": "/api"}}],
        "backendRefs": [{"name": "other", "port": 80, "weight": 1}],
    });
    spec["rules"].as_array_mut().unwrap().push(others);
    let metadata = json!({"name": "podinfo", "namespace": "test"});
    serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
}

/// Rules for other applications stay, whatever happens to ours.
#[test]
fn rules_that_name_other_services_stay() {
    let (world, users) = (world(), shared());
    let warm = Routing::PRIMARY.kept_warm();
    let taken = step(&world, Routing::PRIMARY, &step(&world, warm, &step(&world, warm, &users)));
    assert_eq!(told(&taken), [SPLIT, "other 1"]);
    assert!(world.read(&taken).in_shape);
    let split = step(&world, Routing::weighted(30), &taken);
    assert_eq!(told(&split), ["podinfo-primary 70 podinfo-canary 30", "other 1"]);
    assert_eq!(world.read(&split).routing, Some(Routing::weighted(30)));
}

#[test]
fn it_is_taken_in_steps() {
    let (world, warm) = (world(), Routing::PRIMARY.kept_warm());
    let read = |live: &HttpRoute| {
        let facts = world.read(live);
        (facts.routing, facts.warm, facts.preexisting)
    };
    assert_eq!(read(&users()), (None, false, true));
    let introduced = step(&world, warm, &users());
    assert_eq!(told(&introduced), ["podinfo 1", SIDES]);
    assert_eq!(json!(introduced.spec.rules[0])["retry"], json!({"attempts": 3}), "the user's rules stay");
    assert_eq!(read(&introduced), (None, true, true));

    let moved = step(&world, warm, &introduced);
    assert_eq!(told(&moved), [SPLIT, SIDES, "(podinfo)"]);
    assert_eq!(read(&moved), (Some(warm), true, true));
    assert_eq!(step(&world, warm, &moved), moved, "it stays until the sides go too");
    let facts = world.read(&moved);
    assert!(facts.in_shape, "and is no damage");

    let ours = step(&world, Routing::PRIMARY, &moved);
    assert_eq!(told(&ours), [SPLIT]);
    let kept = &ours.metadata.annotations.unwrap()[KEPT];
    assert_eq!(serde_json::from_str::<Value>(kept).unwrap(), json!({"spec": users_spec()}));
}

#[test]
fn it_is_given_back_in_steps() {
    let world = world();
    let mut live = taken(&world);
    let mut steps = Vec::new();
    while let Some(body) = route::step_back(&world.rollout(), &live, None).unwrap() {
        live = apply_route(&body, Some(&live));
        steps.push(told(&live).join(", "));
        assert!(steps.len() < 5, "{steps:#?}");
    }
    let expected = [
        format!("{SPLIT}, {SIDES}, (podinfo)"),
        format!("podinfo 1, {SIDES}, (podinfo)"),
        "podinfo 1".to_owned(),
    ];
    assert_eq!(steps, expected);
    assert_eq!(live.spec, users().spec);
}

/// A rule that keeps the backends of the other application known is there amid a rollout, and knows nothing of ours.
#[test]
fn the_gateway_learns_of_our_service_again_where_a_route_is_shared() {
    let (world, warm) = (world(), Routing::PRIMARY.kept_warm());
    let taken = step(&world, Routing::PRIMARY, &step(&world, warm, &step(&world, warm, &shared())));
    let mut live = step(&world, Routing::weighted(40).kept_warm(), &taken);
    let mut steps = Vec::new();
    while let Some(body) = route::step_back(&world.rollout(), &live, None).unwrap() {
        live = apply_route(&body, Some(&live));
        steps.push(told(&live).join(", "));
        assert!(steps.len() < 5, "{steps:#?}");
    }
    let split = "podinfo-primary 60 podinfo-canary 40";
    let expected = [
        format!("{split}, other 1, {SIDES}, (podinfo) (other)"),
        format!("podinfo 1, other 1, {SIDES}, (podinfo) (other)"),
        "podinfo 1, other 1".to_owned(),
    ];
    assert_eq!(steps, expected);
    assert_eq!(live.spec, shared().spec);
}

#[test]
fn it_is_given_back_from_amid_a_rollout() {
    let world = world();
    let mut live = step(&world, Routing::weighted(40).kept_warm(), &taken(&world));
    let body = route::step_back(&world.rollout(), &live, None).unwrap().unwrap();
    live = apply_route(&body, Some(&live));
    assert_eq!(told(&live)[0], "podinfo-primary 60 podinfo-canary 40", "the split stays for the first step");
}

#[test]
fn a_route_with_all_the_rules_that_there_may_be_is_taken_and_given_back_at_once() {
    let world = world();
    let mut users = users();
    users.spec.rules = vec![users.spec.rules[0].clone(); 16];
    let live = step(&world, Routing::PRIMARY.kept_warm(), &users);
    assert_eq!(told(&live), [SPLIT, SIDES, "(podinfo)"]);
    let body = route::step_back(&world.rollout(), &live, None).unwrap().unwrap();
    assert_eq!(apply_route(&body, Some(&live)).spec, users.spec);
}

#[test]
fn a_generated_route_has_no_steps() {
    let world = world();
    let live = apply_route(&world.route(Routing::PRIMARY, None), None);
    assert_eq!(told(&step(&world, Routing::PRIMARY.kept_warm(), &live)), [SPLIT, SIDES]);
    assert_eq!(route::step_back(&world.rollout(), &live, None).unwrap(), None);
}
