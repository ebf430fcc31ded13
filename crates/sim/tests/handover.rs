//! Traffic changes hands: when each step is taken. What the steps write is in the core's tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::sync::Arc;

use chrono::TimeDelta;
use scenario::Scenario;
use serin_api::Phase;
use serin_core::{
    Action, Routing, decide,
    observe::{Acceptance, Answers, Route, Seen, Synced},
    plan::ServiceRole,
};

const WARM: Routing = Routing { warm: true, ..Routing::PRIMARY };

fn users(routing: Option<Routing>, warm: bool) -> Route {
    Route {
        routing,
        in_shape: routing.is_some(),
        preexisting: true,
        warm,
        acceptance: Acceptance::Accepted,
        refused: None,
        unattached: None,
        overlaps: None,
    }
}

/// Decides once with this route, and carries it out.
fn step(s: &mut Scenario, route: &Route) -> Vec<Action> {
    let mut observation = s.world.observe(Answers::default());
    observation.route = Seen::Present(route.clone());
    let plan = decide(&observation);
    s.world.status = plan.status;
    plan.actions.iter().for_each(|action| s.world.apply(action));
    plan.actions
}

/// The primary is ready, and the route has not been looked at.
fn starting() -> Scenario {
    let mut s = Scenario::new(r#"{"stepWeight":50}"#);
    s.world.pods_ready();
    assert_eq!(s.world.route, None);
    s
}

#[test]
fn each_step_of_taking_a_route_is_given_its_time() {
    let mut s = starting();
    let untouched = users(None, false);
    let actions = step(&mut s, &untouched);
    assert_eq!(actions.last(), Some(&Action::ApplyRoute(WARM)), "{actions:?}");

    let introduced = users(None, true);
    let pending = Route { acceptance: Acceptance::Pending("not yet".to_owned()), ..introduced.clone() };
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(step(&mut s, &pending), [], "the gateway has not taken it");
    assert_eq!(step(&mut s, &introduced), [], "its time begins when the gateway has taken it");
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(step(&mut s, &introduced), [Action::ApplyRoute(WARM)]);

    let moved = users(Some(WARM), true);
    assert_eq!(step(&mut s, &moved), [], "requests under way have time to end");
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(step(&mut s, &moved), [Action::ApplyRoute(Routing::PRIMARY)]);
    assert_eq!(s.world.status.phase, Phase::Initializing);

    let ours = users(Some(Routing::PRIMARY), false);
    assert_eq!(step(&mut s, &ours), [Action::ScaleTarget(0)], "only now does the target go down");
    step(&mut s, &ours);
    assert_eq!(s.world.status.phase, Phase::Initialized);
}

#[test]
fn the_gateway_has_time_to_learn_of_the_primary() {
    let mut s = starting();
    step(&mut s, &users(None, false));
    assert_eq!(step(&mut s, &users(None, true)), []);
}

#[test]
fn clients_of_an_apex_that_was_there_before_have_time_to_notice() {
    let mut s = starting();
    let ours = users(Some(Routing::PRIMARY), false);
    let mut observation = s.world.observe(Answers::default());
    (observation.route, observation.services.apex) = (Seen::Present(ours.clone()), Synced::No);
    observation.services.apex_in_use = true;
    let plan = decide(&observation);
    assert_eq!(plan.actions, [Action::ApplyService(ServiceRole::Apex)]);
    s.world.status = plan.status;
    plan.actions.iter().for_each(|action| s.world.apply(action));
    assert_eq!(step(&mut s, &ours), [], "the target serves on");
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(step(&mut s, &ours), [Action::ScaleTarget(0)]);
}

/// A primary that did not come up leaves the user's route as it was, until one does.
#[test]
fn a_route_is_not_taken_after_a_failed_initialisation() {
    let mut s = Scenario::new(r#"{"stepWeight":50}"#);
    s.primary_fails();
    assert_eq!((s.world.status.phase, s.world.route), (Phase::Failed, None));
    for _ in 0..3 {
        let actions = step(&mut s, &users(None, false));
        assert!(!actions.iter().any(|action| matches!(action, Action::ApplyRoute(_))), "{actions:?}");
        s.world.pass(TimeDelta::seconds(10));
    }
}

/// The user names another target while the route is being taken.
#[test]
fn a_target_that_is_exchanged_amid_the_hand_over_comes_up() {
    let route = serde_json::json!({
        "parentRefs": [{"name": "gateway"}],
        "rules": [{"backendRefs": [{"name": "podinfo", "port": 9898}]}],
    });
    let mut s = Scenario::new(r#"{"stepWeight":50}"#);
    s.world = s.world.clone().with_users_own(Some(route));
    s.world.pods_ready();
    s.settle();
    s.world.exchange_target("other", "b");
    for _ in 0..20 {
        s.world.pods_ready();
        s.seconds(1);
    }
    assert_eq!(s.world.status.phase, Phase::Initialized, "{:?}", s.world.status);
}

/// A canary with half of the traffic, about to be promoted.
fn at_the_end() -> Scenario {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50}"#);
    s.ship("b");
    s.pods_ready();
    s.interval();
    assert_eq!(s.world.status.phase, Phase::Promoting);
    s.world.pods_ready();
    s
}

#[test]
fn requests_under_way_have_their_time_after_the_gateway_has_accepted_the_route() {
    let mut s = at_the_end();
    let split = users(s.world.route, true);
    assert_eq!(step(&mut s, &split), [Action::ApplyRoute(WARM)]);
    assert_eq!(s.world.status.phase, Phase::Finalising);
    let moved = users(Some(WARM), true);
    let pending = Route { acceptance: Acceptance::Pending("not yet".to_owned()), ..moved.clone() };
    for _ in 0..3 {
        s.world.pass(TimeDelta::seconds(5));
        assert_eq!(step(&mut s, &pending), [], "however long that takes");
    }
    assert_eq!(step(&mut s, &moved), []);
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(step(&mut s, &moved), [Action::ApplyRoute(Routing::PRIMARY)]);
    let rests = users(Some(Routing::PRIMARY), false);
    assert_eq!(step(&mut s, &rests), [Action::ScaleTarget(0)]);
}

#[test]
fn a_route_that_serves_already_is_not_taken_again() {
    let mut s = starting();
    let ours = users(Some(Routing::PRIMARY), false);
    assert!(!step(&mut s, &ours).iter().any(|action| matches!(action, Action::ApplyRoute(_))));
}

#[test]
fn a_route_is_given_back_until_nothing_keeps_our_sides() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    let rollout = Arc::make_mut(&mut s.world.rollout);
    (rollout.spec.revert_on_deletion, rollout.deleting, rollout.finalizer) = (true, true, true);
    let ours = users(Some(Routing::PRIMARY), false);
    assert_eq!(step(&mut s, &ours), [Action::ScaleTarget(1)]);
    s.world.pods_ready();
    let back = [Action::RevertApex, Action::RevertRoute];
    assert_eq!(step(&mut s, &ours), back);
    for on_the_way in [users(Some(WARM), true), users(None, true)] {
        assert_eq!(step(&mut s, &on_the_way), [], "each step has its time");
        s.world.pass(TimeDelta::seconds(1));
        assert_eq!(step(&mut s, &on_the_way), back);
    }
    s.world.pass(TimeDelta::seconds(1));
    let gone = users(None, false);
    assert_eq!(step(&mut s, &gone), [back[0].clone(), back[1].clone(), Action::RemoveFinalizer]);
}

/// The operator dies before it takes the first step: the Canary goes only after the last one.
#[test]
fn a_route_is_given_back_although_the_first_step_was_cut_off() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    let rollout = Arc::make_mut(&mut s.world.rollout);
    (rollout.spec.revert_on_deletion, rollout.deleting, rollout.finalizer) = (true, true, true);
    let ours = users(Some(Routing::PRIMARY), false);
    step(&mut s, &ours);
    s.world.pods_ready();
    let mut seen = s.world.observe(Answers::default());
    seen.route = Seen::Present(ours.clone());
    s.world.status = decide(&seen).status;
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(step(&mut s, &ours), [Action::RevertApex, Action::RevertRoute]);
    assert!(!s.world.gone);
}

/// A route that cannot be given back must not keep its Canary from being deleted.
#[test]
fn giving_a_route_back_has_an_end() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    let rollout = Arc::make_mut(&mut s.world.rollout);
    (rollout.spec.revert_on_deletion, rollout.deleting, rollout.finalizer) = (true, true, true);
    let stuck = users(Some(WARM), true);
    step(&mut s, &stuck);
    s.world.pods_ready();
    let mut steps = 0;
    while !step(&mut s, &stuck).contains(&Action::RemoveFinalizer) {
        s.world.pass(TimeDelta::seconds(1));
        steps += 1;
        assert!(steps < 20);
    }
}
