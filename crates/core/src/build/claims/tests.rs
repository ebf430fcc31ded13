use rstest::rstest;
use serde_json::json;
use serin_testkit::canary;

use super::*;
use crate::{settings::Settings, validate::validate};

fn rollout() -> Rollout {
    let spec = json!({"service": {"port": 80, "gatewayRefs": [{"name": "g"}]}});
    validate(&canary(json!({"stepWeight": 10}), spec).unwrap(), &Settings::default()).unwrap()
}

fn owned(kind: &str, name: &str, controller: bool) -> Value {
    json!({"metadata": {"ownerReferences": [{"kind": kind, "name": name, "controller": controller, "uid": "x"}]}})
}

fn made_by(manager: &str, fields: &Value) -> Value {
    json!({"metadata": {"managedFields": [{"manager": manager, "operation": "Update", "fieldsV1": fields}]}})
}

#[rstest]
#[case::of_this_canary(owned("Canary", &rollout().name, true), [true, true, true])]
#[case::of_another(owned("Canary", "b", true), [false, true, false])]
#[case::shared_with_another(owned("Canary", "b", false), [false, true, true])]
#[case::of_an_operator(owned("Database", "main", true), [false, false, true])]
#[case::nobodys(json!({"metadata": {}}), [false, false, true])]
#[case::the_users(made_by("kubectl", &json!({"f:data": {}, "f:spec": {"f:type": {}}})), [false, false, true])]
#[case::left_by_flagger(made_by("flagger", &json!({"f:spec": {"f:type": {}}})), [true, true, true])]
#[case::left_by_serin(made_by("serin", &json!({"f:data": {".": {}}})), [true, true, true])]
#[case::adopted_by_serin(made_by("serin", &json!({"f:spec": {"f:ports": {"k:{\"port\":80}": {}}}})), [false, false, true])]
#[case::restored(json!({"spec": {"template": {"metadata": {"annotations": {"flagger-id": "1"}}}}}), [true, true, true])]
fn what_may_be_taken(#[case] mut live: Value, #[case] expected: [bool; 3]) {
    let taken = |live: &Value| {
        [Claim::Generated, Claim::Shared, Claim::Named]
            .map(|claim| foreign(&rollout(), claim, live).is_none())
    };
    assert_eq!(taken(&live), expected);
    managed::trim(&mut live);
    assert_eq!(taken(&live), expected, "also from what is kept of the entries");
}

#[rstest]
#[case(owned("Canary", "b", true), "is owned by Canary b")]
#[case(owned("Database", "main", true), "is owned by Database main")]
#[case(made_by("kubectl-client-side-apply", &json!({"f:data": {}})), "was made by kubectl-client-side-apply")]
#[case(json!({}), "was not made for this Canary")]
fn whose_it_is(#[case] mut live: Value, #[case] expected: &str) {
    assert_eq!(foreign(&rollout(), Claim::Generated, &live).as_deref(), Some(expected));
    managed::trim(&mut live);
    assert_eq!(foreign(&rollout(), Claim::Generated, &live).as_deref(), Some(expected));
}

#[test]
fn a_target_may_not_be_generated() {
    assert_eq!(generated_for(&owned("Canary", "a", true)), Some("a"));
    assert_eq!(generated_for(&owned("Database", "a", true)), None);
    assert_eq!(generated_for(&json!({})), None);
}
