use std::time::Instant;

use serde_json::{Value, json};

use super::{App, MARK, violations};
use crate::{
    Kind,
    history::{Version, Versions},
};

fn seen(revision: u64, kind: Kind, name: &str, object: Value) -> Version {
    Version { revision, kind, name: name.to_owned(), gone: false, object, seen: Instant::now() }
}

fn route(revision: u64, primary: i64, canary: i64) -> Version {
    let backends = json!([
        {"name": "app-primary", "weight": primary},
        {"name": "app-canary", "weight": canary},
    ]);
    seen(revision, Kind::ROUTE, "app", json!({"spec": {"rules": [{"backendRefs": backends}]}}))
}

fn slice(revision: u64, service: &str, ready: &[bool]) -> Version {
    let endpoints: Vec<Value> = ready.iter().map(|ready| json!({"conditions": {"ready": ready}})).collect();
    let labels = json!({"kubernetes.io/service-name": service});
    let object = json!({"metadata": {"labels": labels}, "endpoints": endpoints});
    seen(revision, Kind::SLICE, &format!("{service}-1"), object)
}

fn deployment(revision: u64, name: &str, wanted: i64, ready: i64) -> Version {
    let object = json!({"spec": {"replicas": wanted}, "status": {"readyReplicas": ready}});
    seen(revision, Kind::DEPLOYMENT, name, object)
}

fn found(versions: impl IntoIterator<Item = Version>) -> Vec<(&'static str, u64)> {
    let versions: Versions = versions.into_iter().collect();
    let found = violations(&versions, &App::named("app"));
    found.into_iter().map(|violation| (violation.invariant, violation.revision)).collect()
}

#[test]
fn a_sound_rollout_violates_nothing() {
    let history = [
        deployment(1, "app", 1, 1),
        deployment(2, "app-primary", 1, 1),
        slice(3, "app-primary", &[true]),
        route(4, 100, 0),
        deployment(5, "app", 0, 0),
        deployment(6, "app", 1, 1),
        slice(7, "app-canary", &[false, true]),
        route(8, 50, 50),
        route(9, 100, 0),
    ];
    assert_eq!(found(history), []);
}

#[test]
fn weights_outside_of_the_rule_are_s1() {
    let ready = || [slice(1, "app-primary", &[true]), slice(2, "app-canary", &[true])];
    for (primary, canary) in [(100, 10), (50, 49), (-10, 110)] {
        assert_eq!(found(ready().into_iter().chain([route(3, primary, canary)])), [("S1", 3)]);
    }
}

#[test]
fn weight_without_ready_endpoints_is_s2() {
    let history = [slice(1, "app-primary", &[true]), route(2, 100, 0), route(3, 50, 50)];
    assert_eq!(found(history), [("S2", 3)]);
    let late = [
        slice(1, "app-primary", &[true]),
        slice(5, "app-canary", &[true]),
        route(2, 100, 0),
        route(4, 50, 50),
    ];
    assert_eq!(found(late), [("S2", 4)], "the cluster's order counts, not the order of arrival");
}

#[test]
fn losing_the_last_ready_copy_is_s3() {
    let early = [deployment(1, "app", 1, 1), deployment(2, "app", 0, 1)];
    assert_eq!(found(early), [("S3", 2)]);
    let replaced = [deployment(1, "app-primary", 1, 1), deployment(2, "app-primary", 1, 0)];
    assert_eq!(found(replaced), [("S3", 2)]);
}

#[test]
fn deleting_the_canary_ends_the_service_unless_it_reverts() {
    let history = |revert: bool| {
        let mut end = seen(2, Kind::CANARY, "app", json!({"spec": {"revertOnDeletion": revert}}));
        end.gone = true;
        [deployment(1, "app-primary", 1, 1), end, deployment(3, "app-primary", 1, 0)]
    };
    assert_eq!(found(history(false)), []);
    assert_eq!(found(history(true)), [("S3", 3)]);
}

#[test]
fn losing_a_foreign_mark_is_s7() {
    let marked = |revision, kept: bool| {
        let annotations = if kept { json!({MARK: "someone"}) } else { json!({}) };
        seen(revision, Kind::SERVICE, "app", json!({"metadata": {"annotations": annotations}}))
    };
    assert_eq!(found([marked(1, false), marked(2, true), marked(3, true)]), []);
    assert_eq!(found([marked(1, true), marked(2, false), marked(3, false)]), [("S7", 2)]);
}

#[test]
fn users_with_a_cookie_are_sent_to_ready_endpoints_only() {
    let with_cookie = |revision, canary: i64, sticky: i64| {
        let backends = |canary: i64| {
            json!([
                {"name": "app-primary", "weight": 100 - canary},
                {"name": "app-canary", "weight": canary},
            ])
        };
        let header =
            json!([{"headers": [{"type": "RegularExpression", "name": "Cookie", "value": ".*a.*b.*"}]}]);
        let rules = json!([
            {"matches": header, "backendRefs": backends(sticky)},
            {"backendRefs": backends(canary)},
        ]);
        seen(revision, Kind::ROUTE, "app", json!({"spec": {"rules": rules}}))
    };
    let ready = || [slice(1, "app-primary", &[true]), route(2, 100, 0)];
    let early = ready().into_iter().chain([with_cookie(3, 0, 100)]);
    assert_eq!(found(early), [("S2", 3)]);
    let sound = [slice(3, "app-canary", &[true]), with_cookie(4, 10, 100), slice(5, "app-canary", &[false])];
    assert_eq!(found(ready().into_iter().chain(sound.clone())), []);
    let later = sound.into_iter().chain([with_cookie(6, 20, 100)]);
    assert_eq!(found(ready().into_iter().chain(later)), [("S2", 6)], "the split counts beside the cookie");
}
