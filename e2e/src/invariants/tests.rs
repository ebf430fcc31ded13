use std::time::{Duration, Instant};

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

/// Versions a second apart.
fn paced(versions: impl IntoIterator<Item = Version>) -> Vec<Version> {
    let begin = Instant::now();
    let at = |mut version: Version| {
        version.seen = begin + Duration::from_secs(version.revision);
        version
    };
    versions.into_iter().map(at).collect()
}

#[test]
fn a_share_that_nobody_serves_for_long_is_s13() {
    let begin = || [slice(1, "app-primary", &[true]), slice(2, "app-canary", &[true]), route(3, 60, 40)];
    let other = |revision| seen(revision, Kind::POD, "any", json!({}));
    let lost = || begin().into_iter().chain([slice(4, "app-canary", &[false])]);
    assert_eq!(found(paced(lost().chain([other(9), route(10, 100, 0), other(30)]))), [("S13", 10)]);
    assert_eq!(found(paced(lost().chain([other(15), other(25)]))), [("S13", 15)], "told once");
    assert_eq!(found(paced(lost().chain([route(6, 100, 0), other(30)]))), [], "taken back in time");
    let back = [slice(6, "app-canary", &[true]), other(30)];
    assert_eq!(found(paced(lost().chain(back))), [], "there again in time");
    let nobody = [slice(5, "app-primary", &[false]), other(30)];
    assert_eq!(found(paced(lost().chain(nobody))), [], "there is nobody to give it to");
}

#[test]
fn an_endpoint_without_a_port_serves_nobody() {
    let mut unreachable = slice(2, "app-canary", &[true]);
    unreachable.object["ports"] = json!(null);
    let history = [slice(1, "app-primary", &[true]), unreachable, route(3, 50, 50)];
    assert_eq!(found(history), [("S2", 3)]);
}

#[test]
fn what_the_user_made_is_neither_written_nor_owned() {
    let made = |revision, kind, name: &str, manager: &str, owner: Option<&str>| {
        let owners: Vec<Value> = owner.iter().map(|kind| json!({"kind": kind})).collect();
        let metadata = json!({"managedFields": [{"manager": manager}], "ownerReferences": owners});
        seen(revision, kind, name, json!({"metadata": metadata}))
    };
    let of_user = |kind, name: &'static str| made(1, kind, name, "kubectl", None);
    let written = |kind, name: &'static str| [of_user(kind, name), made(2, kind, name, "serin", None)];
    assert_eq!(found(written(Kind::CONFIG_MAP, "db-primary")), [("S15", 2)]);
    assert_eq!(found(written(Kind::SERVICE, "app-canary")), [("S15", 2)]);
    assert_eq!(found(written(Kind::SERVICE, "app")), [], "the apex is taken over");
    let owned = [of_user(Kind::SERVICE, "app"), made(2, Kind::SERVICE, "app", "kubectl", Some("Canary"))];
    assert_eq!(found(owned), [("S15", 2)], "but not owned");
    let generated = |revision| made(revision, Kind::CONFIG_MAP, "db-primary", "serin", Some("Canary"));
    assert_eq!(found([generated(1), generated(2)]), []);
    let mut gone = of_user(Kind::CONFIG_MAP, "db-primary");
    (gone.revision, gone.gone) = (2, true);
    assert_eq!(found([of_user(Kind::CONFIG_MAP, "db-primary"), gone, generated(3)]), [], "another one");
}

#[test]
fn copies_of_a_renamed_target_count() {
    let canary = |revision, target: &str| {
        seen(revision, Kind::CANARY, "app", json!({"spec": {"targetRef": {"name": target}}}))
    };
    let history = [
        deployment(1, "app-primary", 1, 1),
        canary(2, "app"),
        deployment(3, "web", 1, 1),
        canary(4, "web"),
        deployment(5, "web-primary", 1, 1),
        deployment(6, "web", 0, 0),
        deployment(7, "app-primary", 0, 0),
    ];
    assert_eq!(found(history.clone()), []);
    let early = history.into_iter().filter(|version| version.revision != 5);
    assert_eq!(found(early), [("S3", 7)]);
}
