//! Weights of a live route, changed without anything else of it.

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{
    Routing,
    router::gateway_api::{reweighted, shares},
};

use crate::support::{World, apply_route, merge};

fn live(world: &World, routing: Routing) -> HttpRoute {
    let mut live = apply_route(&world.route(routing, None), None);
    live.metadata.resource_version = Some("7".to_owned());
    live
}

fn patched(live: &HttpRoute, routing: Routing) -> HttpRoute {
    let body = reweighted(routing, live).unwrap();
    assert_eq!(body["metadata"], json!({"resourceVersion": "7"}), "nobody else may have written");
    assert_eq!(body["spec"].as_object().unwrap().len(), 1, "rules only: {body:#}");
    apply_route(&body, Some(live))
}

fn ab_test() -> World {
    let analysis = json!({"stepWeight": null, "maxWeight": null, "iterations": 2,
        "match": [{"headers": {"x": {"exact": "y"}}}]});
    World::tutorial_with(&json!({}), &analysis)
}

fn progressive() -> World {
    World::load("tutorial.yaml")
}

#[rstest]
#[case::away(progressive(), Routing::weighted(40))]
#[case::away_from_a_warm_one(progressive(), Routing::weighted(40).kept_warm())]
#[case::ab_test(ab_test(), Routing::CANARY.kept_warm())]
#[case::mirrored(progressive(), Routing::mirrored(true))]
fn it_is_read_as_it_was_asked_for(#[case] world: World, #[case] from: Routing) {
    let live = live(&world, from);
    let warm = from.warm;
    for to in [Routing::PRIMARY, Routing::CANARY, Routing::weighted(70)] {
        let to = Routing { warm, ..to };
        let facts = world.read(&if to == from { live.clone() } else { patched(&live, to) });
        assert_eq!((facts.routing, facts.in_shape), (Some(to), true));
    }
}

#[test]
fn a_mirror_is_not_added() {
    let live = live(&progressive(), Routing::PRIMARY);
    assert_eq!(reweighted(Routing::mirrored(true), &live), None);
}

#[test]
fn what_the_user_made_of_the_route_stays() {
    let world = progressive();
    let mut changed = serde_json::to_value(live(&world, Routing::weighted(40).kept_warm())).unwrap();
    let mine = json!({"matches": [{"path": {"type": "Exact", "value": "/mine"}}], "backendRefs": [{"name": "mine", "port": 1}]});
    changed["spec"]["rules"].as_array_mut().unwrap().push(mine);
    merge(
        &mut changed["spec"]["rules"][0],
        &json!({"retry": {"attempts": 3}, "timeouts": {"request": "99s"}}),
    );
    let mut expected = changed.clone();
    expected["spec"]["rules"][0]["backendRefs"][0]["weight"] = json!(100);
    expected["spec"]["rules"][0]["backendRefs"][1]["weight"] = json!(0);
    let live = serde_json::from_value(changed).unwrap();
    let patched = serde_json::to_value(patched(&live, Routing::PRIMARY)).unwrap();
    assert_eq!(patched["spec"], expected["spec"], "the rule that keeps both warm is left alone, too");
}

#[rstest]
#[case::it_splits_so(Routing::weighted(40), Routing::weighted(40))]
#[case::warmth_is_no_matter(Routing::weighted(40), Routing::weighted(40).kept_warm())]
fn nothing_is_written_where_nothing_changes(#[case] from: Routing, #[case] to: Routing) {
    assert_eq!(reweighted(to, &live(&progressive(), from)), None);
}

#[test]
fn a_route_without_both_sides_is_left_alone() {
    let mut live = live(&progressive(), Routing::weighted(40));
    live.spec.rules[0].backend_refs.pop();
    assert_eq!(reweighted(Routing::PRIMARY, &live), None);
}

fn with_cookies() -> World {
    let affinity =
        json!({"sessionAffinity": {"cookieName": "ck", "primaryCookieName": "pk"}, "interval": "1m"});
    let mut world = World::tutorial_with(&json!({}), &affinity);
    world.find_mut("Canary")["status"] = json!({
        "phase": "Progressing", "failedChecks": 0, "canaryWeight": 10, "iterations": 0,
        "sessionAffinityCookie": "ck=wVflRVyION", "primarySessionAffinityCookie": "pk=XiswsqLSUD",
    });
    world
}

fn weights(route: &HttpRoute) -> Vec<Vec<i64>> {
    let rules = route.spec.rules.iter();
    rules.map(|rule| rule.backend_refs.iter().map(|side| side.weight.unwrap()).collect()).collect()
}

#[rstest]
#[case::users_stay_on_their_side(Routing::weighted(30), [[0, 100], [100, 0], [70, 30], [50, 50]])]
#[case::nobody_stays_on_the_canary(Routing::PRIMARY, [[100, 0], [100, 0], [100, 0], [50, 50]])]
#[case::nobody_stays_on_the_primary(Routing::CANARY, [[0, 100], [0, 100], [0, 100], [50, 50]])]
fn users_with_cookies(#[case] to: Routing, #[case] expected: [[i64; 2]; 4]) {
    let live = live(&with_cookies(), Routing::weighted(10).kept_warm());
    assert_eq!(weights(&live), [[0, 100], [100, 0], [90, 10], [50, 50]]);
    assert_eq!(weights(&patched(&live, to)), expected);
}

#[rstest]
#[case::primary(progressive(), Routing::PRIMARY, false)]
#[case::warm(progressive(), Routing::PRIMARY.kept_warm(), false)]
#[case::a_percent(progressive(), Routing::weighted(1), true)]
#[case::canary(progressive(), Routing::CANARY, true)]
#[case::mirrored(progressive(), Routing::mirrored(true), true)]
#[case::ab_test(ab_test(), Routing::CANARY, true)]
#[case::ab_test_at_rest(ab_test(), Routing::PRIMARY.kept_warm(), false)]
#[case::everybody(ab_test(), Routing { everybody: true, ..Routing::PRIMARY }, true)]
#[case::cookies(with_cookies(), Routing::weighted(10), true)]
fn whether_the_canary_gets_anything(#[case] world: World, #[case] routing: Routing, #[case] expected: bool) {
    assert_eq!(shares(&live(&world, routing)), expected);
}

#[test]
fn a_weight_that_is_not_said_is_a_share() {
    let mut route: Value = serde_json::to_value(live(&progressive(), Routing::PRIMARY)).unwrap();
    route["spec"]["rules"][0]["backendRefs"][1].as_object_mut().unwrap().remove("weight");
    assert!(shares(&serde_json::from_value(route).unwrap()));
}
