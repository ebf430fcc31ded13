//! Routes with session affinity.

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::Routing;

use crate::support::{World, apply_route, merge};

const RUNNING: (&str, &str) = ("sessionAffinityCookie", "ck=wVflRVyION");
const PRIMARY: (&str, &str) = ("primarySessionAffinityCookie", "pk=XiswsqLSUD");
const PREVIOUS: (&str, &str) = ("previousSessionAffinityCookie", "ck=LpsIaLdoNZ");

/// A canary with session affinity and the cookies of its status.
fn world(service: &Value, affinity: &Value, cookies: &[(&str, &str)]) -> World {
    let mut both = json!({"cookieName": "ck", "primaryCookieName": "pk"});
    merge(&mut both, affinity);
    let mut world = World::tutorial_with(service, &json!({"sessionAffinity": both, "interval": "1m"}));
    let canary = world.find_mut("Canary");
    canary["status"] =
        json!({"phase": "Progressing", "failedChecks": 0, "canaryWeight": 10, "iterations": 0});
    for (field, cookie) in cookies {
        canary["status"][*field] = json!(cookie);
    }
    world
}

fn rules(world: &World, routing: Routing) -> Value {
    world.route(routing, None)["spec"]["rules"].clone()
}

fn live(world: &World, routing: Routing) -> HttpRoute {
    apply_route(&world.route(routing, None), None)
}

fn read(world: &World, live: &HttpRoute) -> (Option<Routing>, bool) {
    let facts = world.read(live);
    (facts.routing, facts.in_shape)
}

#[test]
fn users_with_a_cookie_come_first_and_others_are_split() {
    let world = world(&json!({}), &json!({}), &[RUNNING, PRIMARY, PREVIOUS]);
    insta::assert_yaml_snapshot!(rules(&world, Routing::weighted(10)));
}

#[test]
fn the_cookie_of_a_run_that_is_over_is_taken_back() {
    let world = world(&json!({}), &json!({}), &[PREVIOUS]);
    insta::assert_yaml_snapshot!(rules(&world, Routing::PRIMARY));
}

#[test]
fn conditions_filters_and_timeouts_of_the_service_hold_for_users_with_a_cookie() {
    let service = json!({
        "timeout": "10s",
        "headers": {"response": {"add": {"x-frame-options": "DENY"}}},
        "match": [
            {"uri": {"prefix": "/api"}, "headers": {"x-tenant": {"exact": "a"}, "cookie": {"regex": ".*beta.*"}}},
            {"uri": {"exact": "/"}},
        ],
    });
    let world = world(&service, &json!({"primaryCookieName": null}), &[RUNNING, PREVIOUS]);
    insta::assert_yaml_snapshot!("conditions_while_running", rules(&world, Routing::weighted(10)));
    insta::assert_yaml_snapshot!("conditions_afterwards", rules(&world, Routing::PRIMARY));
}

#[rstest]
#[case::none(json!({}), "ck=wVflRVyION; Max-Age=86400")]
#[case::age(json!({"maxAge": 21600}), "ck=wVflRVyION; Max-Age=21600")]
#[case::no_age(json!({"maxAge": 0}), "ck=wVflRVyION; Max-Age=86400")]
#[case::domain_and_path(
    json!({"domain": "example.com", "path": "/app"}),
    "ck=wVflRVyION; Max-Age=86400; Domain=example.com; Path=/app"
)]
#[case::all(
    json!({"domain": "d", "httpOnly": true, "maxAge": 5, "partitioned": true, "path": "/", "sameSite": "None", "secure": true}),
    "ck=wVflRVyION; Max-Age=5; Domain=d; HttpOnly; Partitioned; Path=/; SameSite=None; Secure"
)]
#[case::not_set(json!({"httpOnly": false, "secure": false, "partitioned": false}), "ck=wVflRVyION; Max-Age=86400")]
fn attributes_of_the_cookie(#[case] affinity: Value, #[case] expected: &str) {
    let world = world(&json!({}), &affinity, &[RUNNING, PRIMARY]);
    let rules = rules(&world, Routing::weighted(10));
    let set = |side: usize| {
        let value = &rules[2]["backendRefs"][side]["filters"][0]["responseHeaderModifier"]["add"][0];
        assert_eq!(value["name"], "Set-Cookie");
        value["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(set(1), expected);
    let attributes = expected.split_once("Max-Age=").unwrap().1.split_once(';').map_or("", |(_, rest)| rest);
    let attributes = if attributes.is_empty() { String::new() } else { format!(";{attributes}") };
    assert_eq!(
        set(0),
        format!("pk=XiswsqLSUD; Max-Age=60{attributes}"),
        "the primary's lives for one interval"
    );
}

#[test]
fn a_cookie_is_taken_back_where_it_was_given() {
    let world = world(&json!({}), &json!({"domain": "example.com", "path": "/app"}), &[PREVIOUS]);
    let rules = rules(&world, Routing::PRIMARY);
    assert_eq!(
        rules[0]["filters"][0]["responseHeaderModifier"]["add"][0]["value"],
        "ck=LpsIaLdoNZ; Max-Age=-1; Domain=example.com; Path=/app"
    );
}

#[test]
fn without_a_run_before_there_is_one_rule() {
    let world = world(&json!({}), &json!({}), &[]);
    assert_eq!(rules(&world, Routing::PRIMARY).as_array().unwrap().len(), 1);
}

fn warms_up(rule: &Value) -> bool {
    rule["matches"][0]["headers"][0]["name"] == "x-serin-warm-up"
}

#[test]
fn the_rule_that_keeps_both_sides_warm_comes_last_in_a_run() {
    let world = world(&json!({}), &json!({}), &[RUNNING, PRIMARY]);
    let rules = rules(&world, Routing::weighted(10).kept_warm());
    assert_eq!(
        rules.as_array().unwrap().iter().map(warms_up).collect::<Vec<_>>(),
        [false, false, false, true]
    );
}

/// Gateways know backends whose answers are changed by the place of their rule.
#[rstest]
#[case::both_cookies(json!({}), &[])]
#[case::both_cookies_again(json!({}), &[PREVIOUS])]
#[case::canary_only(json!({"primaryCookieName": null}), &[])]
#[case::canary_only_again(json!({"primaryCookieName": null}), &[PREVIOUS])]
fn the_place_of_the_split_is_warm_before_it_is_taken(
    #[case] affinity: Value,
    #[case] cookies: &[(&'static str, &'static str)],
) {
    let before = rules(&world(&json!({}), &affinity, cookies), Routing::PRIMARY.kept_warm());
    let cookies: Vec<_> = cookies.iter().copied().chain([RUNNING, PRIMARY]).collect();
    let cookies = if affinity == json!({}) { cookies } else { cookies[..cookies.len() - 1].to_vec() };
    let running = rules(&world(&json!({}), &affinity, &cookies), Routing::weighted(10).kept_warm());
    let split = running.as_array().unwrap().iter().rposition(|rule| !warms_up(rule)).unwrap();
    assert!(warms_up(&before[split]), "{before:#}");
    for side in 0..2 {
        let filtered = |rule: &Value| rule["backendRefs"][side].get("filters").is_some();
        assert_eq!(filtered(&before[split]), filtered(&running[split]), "{before:#}");
    }
    let plain = |rule: &&Value| warms_up(rule) && rule["backendRefs"][1].get("filters").is_none();
    assert_eq!(
        before.as_array().unwrap().iter().filter(plain).count(),
        1,
        "for users with a cookie: {before:#}"
    );
    let all = before.as_array().unwrap().iter();
    assert_eq!(
        all.filter(|rule| rule["matches"][0].get("headers").is_none()).count(),
        1,
        "one rule for everybody"
    );
}

#[test]
fn mirrored_requests_of_users_with_an_old_cookie_are_mirrored_too() {
    let world = world(&json!({}), &json!({}), &[PREVIOUS]);
    let rules = rules(&world, Routing::mirrored(true));
    for rule in rules.as_array().unwrap() {
        assert_eq!(rule["filters"][0]["requestMirror"]["backendRef"]["name"], "podinfo-canary");
    }
}

#[test]
fn in_an_ab_test_the_conditions_decide_alone() {
    let analysis = json!({
        "sessionAffinity": {"cookieName": "ck"}, "stepWeight": null, "maxWeight": null, "iterations": 2,
        "match": [{"headers": {"x": {"exact": "y"}}}],
    });
    let mut world = World::tutorial_with(&json!({}), &analysis);
    let plain = world.route(Routing::CANARY, None);
    world.find_mut("Canary")["spec"]["analysis"]["sessionAffinity"] = Value::Null;
    assert_eq!(plain, world.route(Routing::CANARY, None));
}

#[rstest]
#[case(Routing::PRIMARY)]
#[case(Routing::weighted(10).kept_warm())]
#[case(Routing::weighted(60))]
#[case(Routing::CANARY)]
#[case(Routing::mirrored(true))]
fn an_applied_route_is_in_shape(#[case] routing: Routing) {
    let world =
        world(&json!({"match": [{"uri": {"prefix": "/a"}}]}), &json!({}), &[RUNNING, PRIMARY, PREVIOUS]);
    assert_eq!(read(&world, &live(&world, routing)), (Some(routing), true));
}

#[test]
fn another_cookie_in_the_status_is_a_reason_to_write() {
    let old = live(&world(&json!({}), &json!({}), &[PREVIOUS]), Routing::weighted(10));
    let running = world(&json!({}), &json!({}), &[RUNNING, PRIMARY]);
    assert_eq!(read(&running, &old), (Some(Routing::weighted(10)), false));
    let over = world(&json!({}), &json!({}), &[PREVIOUS]);
    let idle = live(&running, Routing::PRIMARY);
    assert_eq!(read(&over, &idle), (Some(Routing::PRIMARY), false));
}

#[test]
fn weights_of_users_with_a_cookie_are_put_right() {
    let world = world(&json!({}), &json!({}), &[RUNNING, PRIMARY]);
    let mut live = serde_json::to_value(live(&world, Routing::weighted(10))).unwrap();
    live["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(0);
    let live = serde_json::from_value(live).unwrap();
    assert_eq!(read(&world, &live), (Some(Routing::weighted(10)), false));
}

/// What Flagger 1.44 leaves on the route when a run is over.
#[test]
fn the_route_of_flagger_at_rest_is_left_alone() {
    let world = world(&json!({}), &json!({}), &[PREVIOUS]);
    let backends = |canary: i64| {
        json!([
            {"group": "", "kind": "Service", "name": "podinfo-primary", "port": 9898, "weight": 100 - canary},
            {"group": "", "kind": "Service", "name": "podinfo-canary", "port": 9898, "weight": canary},
        ])
    };
    let path = json!({"type": "PathPrefix", "value": "/"});
    let cookie = json!({"type": "RegularExpression", "name": "Cookie", "value": ".*ck.*LpsIaLdoNZ.*"});
    let gone = json!([{"name": "Set-Cookie", "value": "ck=LpsIaLdoNZ; Max-Age=-1"}]);
    let mut route = serde_json::to_value(live(&world, Routing::PRIMARY)).unwrap();
    route["spec"]["rules"] = json!([
        {
            "matches": [{"path": path, "headers": [cookie]}],
            "filters": [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": gone}}],
            "backendRefs": backends(0),
        },
        {"matches": [{"path": path}], "backendRefs": backends(0)},
    ]);
    assert_eq!(read(&world, &serde_json::from_value(route).unwrap()), (Some(Routing::PRIMARY), true));
}
