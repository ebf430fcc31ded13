//! What the gateways say of a route.

use rstest::rstest;
use serde_json::{Value, json};
use serin_api::HttpRoute;
use serin_core::{Routing, Seen, observe::Acceptance};

use crate::support::{World, apply_route};

/// The generation of the route.
const NOW: i64 = 5;

fn condition(kind: &str, status: &str, observed: Option<i64>) -> Value {
    json!({
        "type": kind, "status": status, "observedGeneration": observed,
        "reason": "Why", "message": "because of it", "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

fn accepted() -> Value {
    condition("Accepted", "True", Some(NOW))
}

/// With a reason of its own.
fn unresolved(reason: &str, observed: i64) -> Value {
    let mut condition = condition("ResolvedRefs", "False", Some(observed));
    condition["reason"] = json!(reason);
    condition
}

fn report(namespace: &str, conditions: &[Value]) -> Value {
    let parent = json!({"name": "gateway", "namespace": namespace, "kind": "Gateway"});
    json!({"controllerName": "c", "parentRef": parent, "conditions": conditions})
}

/// The tutorial's route with what gateways say of it.
fn route(reports: &[Value]) -> HttpRoute {
    let live = apply_route(&World::load("tutorial.yaml").route(Routing::PRIMARY, None), None);
    let said = json!({"metadata": {"generation": NOW}, "status": {"parents": reports}});
    apply_route(&said, Some(&live))
}

fn acceptance(reports: &[Value]) -> Acceptance {
    World::load("tutorial.yaml").read(&route(reports)).acceptance
}

fn pending(what: &str) -> Acceptance {
    Acceptance::Pending(format!("HTTPRoute podinfo.test parent gateway {what}"))
}

fn refused(what: &str) -> Acceptance {
    Acceptance::Refused(format!("HTTPRoute podinfo.test parent gateway {what}"))
}

const NOBODY: &str = "is not accepted: no gateway has reported on it yet";
const OURS: &str = "istio-ingress";

#[rstest]
#[case::accepted(&[accepted()], Acceptance::Accepted)]
#[case::newer(&[condition("Accepted", "True", Some(6))], Acceptance::Accepted)]
#[case::refused(
    &[condition("Accepted", "False", Some(5))],
    refused("is not ready (status: False, observed generation: 5, current generation: 5): Why: because of it")
)]
#[case::refused_before(
    &[condition("Accepted", "False", Some(4))],
    pending("is not ready (status: False, observed generation: 4, current generation: 5): Why: because of it")
)]
#[case::unknown(
    &[condition("Accepted", "Unknown", Some(5))],
    pending("is not ready (status: Unknown, observed generation: 5, current generation: 5): Why: because of it")
)]
#[case::older(
    &[condition("Accepted", "True", Some(4))],
    pending("is not ready (status: True, observed generation: 4, current generation: 5)")
)]
#[case::never_observed(
    &[condition("Accepted", "True", None)],
    pending("is not ready (status: True, observed generation: 0, current generation: 5)")
)]
#[case::not_said(&[condition("ResolvedRefs", "True", Some(5))], pending(NOBODY))]
#[case::nothing_said(&[], pending(NOBODY))]
#[case::unresolved(
    &[accepted(), unresolved("BackendNotFound", 5)],
    refused("is not taken as it is (ResolvedRefs is False): BackendNotFound: because of it")
)]
#[case::was_unresolved(&[accepted(), unresolved("BackendNotFound", 4)], Acceptance::Accepted)]
#[case::no_pods(&[accepted(), unresolved("EndpointsNotFound", 5)], Acceptance::Accepted)]
#[case::no_ready_pods(&[accepted(), unresolved("NoReadyBackends", 5)], Acceptance::Accepted)]
#[case::resolved(&[accepted(), condition("ResolvedRefs", "True", Some(5))], Acceptance::Accepted)]
#[case::in_part(
    &[accepted(), condition("PartiallyInvalid", "True", Some(5))],
    refused("is not taken as it is (PartiallyInvalid is True): Why: because of it")
)]
#[case::as_a_whole(&[accepted(), condition("PartiallyInvalid", "False", Some(5))], Acceptance::Accepted)]
#[case::was_taken_in_part(&[accepted(), condition("PartiallyInvalid", "True", Some(4))], Acceptance::Accepted)]
fn one_gateway_reports(#[case] conditions: &[Value], #[case] expected: Acceptance) {
    assert_eq!(acceptance(&[report(OURS, conditions)]), expected);
}

#[test]
fn a_parent_that_has_not_reported_has_not_accepted() {
    assert_eq!(acceptance(&[]), pending(NOBODY));
    let another = report("elsewhere", &[accepted()]);
    assert_eq!(acceptance(&[another]), pending(NOBODY), "that is another Gateway");
}

#[test]
fn what_another_gateway_refuses_does_not_matter() {
    let another = report("elsewhere", &[condition("Accepted", "False", Some(5))]);
    assert_eq!(acceptance(&[another, report(OURS, &[accepted()])]), Acceptance::Accepted);
}

/// A Gateway may have been handed from one controller to another.
#[rstest]
#[case::one_took_it(["False", "True"], "accepted")]
#[case::the_other_took_it(["True", "False"], "accepted")]
#[case::one_refuses(["Unknown", "False"], "refused")]
#[case::the_other_refuses(["False", "Unknown"], "refused")]
#[case::none_has_said(["Unknown", ""], "pending")]
fn several_controllers_report_on_one_parent(#[case] said: [&str; 2], #[case] expected: &str) {
    let reports = said.iter().map(|status| {
        let said = Some(condition("Accepted", status, Some(NOW)));
        let conditions: Vec<_> = said.into_iter().filter(|_| !status.is_empty()).collect();
        report(OURS, &conditions)
    });
    let found = match acceptance(&reports.collect::<Vec<_>>()) {
        Acceptance::Accepted => "accepted",
        Acceptance::Pending(_) => "pending",
        Acceptance::Refused(_) => "refused",
    };
    assert_eq!(found, expected);
}

#[test]
fn every_parent_has_to_take_it_and_a_no_is_told_first() {
    let refs = json!([{"name": "gateway", "namespace": OURS}, {"name": "gateway", "namespace": "b"}]);
    let world = World::tutorial_with(&json!({"gatewayRefs": refs}), &json!({}));
    let live = apply_route(&world.route(Routing::PRIMARY, None), None);
    let read = |reports: &[Value]| {
        let said = json!({"metadata": {"generation": NOW}, "status": {"parents": reports}});
        world.read(&apply_route(&said, Some(&live))).acceptance
    };
    let no = condition("Accepted", "False", Some(NOW));
    assert_eq!(read(&[report(OURS, &[accepted()])]), pending(NOBODY));
    assert!(matches!(read(&[report("b", &[no])]), Acceptance::Refused(_)), "the first has not reported");
    assert_eq!(read(&[report(OURS, &[accepted()]), report("b", &[accepted()])]), Acceptance::Accepted);
}

#[test]
fn a_gateway_that_does_not_exist_is_named() {
    let mut world = World::load("tutorial.yaml");
    world.gateways.insert("istio-ingress/gateway".to_owned(), Seen::Absent);
    assert_eq!(
        world.read(&route(&[])).acceptance,
        pending("is not accepted: Gateway istio-ingress/gateway does not exist")
    );
    assert_eq!(world.read(&route(&[report(OURS, &[accepted()])])).acceptance, Acceptance::Accepted);
}
