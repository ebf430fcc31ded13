//! The objects of a namespace at one moment.

use k8s_openapi::ByteString;
use serde_json::Value;
use serin_e2e::{Kind, history::Versions, invariants::warms_up};

use super::{Aspect, Topic, Transcript, flat::flat};
use crate::normal::Normal;

/// The kinds whose objects are compared.
const COMPARED: [Kind; 10] = [
    Kind::CANARY,
    Kind::ROUTE,
    Kind::INGRESS,
    Kind::DEPLOYMENT,
    Kind::DAEMON_SET,
    Kind::SERVICE,
    Kind::AUTOSCALER,
    Kind::SCALED_OBJECT,
    Kind::CONFIG_MAP,
    Kind::SECRET,
];

/// What the API server or another controller sets, and what says only when something was written.
const FOREIGN: [&str; 10] = [
    "/metadata/uid",
    "/metadata/resourceVersion",
    "/metadata/generation",
    "/metadata/creationTimestamp",
    "/metadata/deletionTimestamp",
    "/metadata/managedFields",
    "/metadata/namespace",
    "/status/lastTransitionTime",
    "/spec/clusterIP",
    "/spec/clusterIPs",
];

/// What Flagger's definition of a Canary's status has. What Serin says beyond it (`docs/status.md`) has no counterpart.
const STATUS: [&str; 12] = [
    "phase",
    "failedChecks",
    "canaryWeight",
    "iterations",
    "trackedConfigs",
    "lastAppliedSpec",
    "lastPromotedSpec",
    "lastTransitionTime",
    "conditions",
    "sessionAffinityCookie",
    "primarySessionAffinityCookie",
    "previousSessionAffinityCookie",
];

/// Where every object of the namespace stands, at a point of the story.
pub(crate) fn at(point: &str, versions: &Versions, normal: &mut Normal) -> Transcript {
    let mut transcript = Transcript::default();
    for kind in COMPARED {
        for object in versions.all_now(kind) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            // Every namespace has one.
            if name == "kube-root-ca.crt" {
                continue;
            }
            let own = own(kind, object);
            flat(&format!("{} {name}", kind.name), &own, &mut |line| {
                transcript.add_once(Topic::new(Aspect::Objects, point), normal.text(&line));
            });
        }
    }
    transcript
}

/// The object without what is not the operator's.
fn own(kind: Kind, object: &Value) -> Value {
    let mut object = object.clone();
    if kind != Kind::CANARY {
        remove(&mut object, "/status");
    }
    for path in FOREIGN {
        remove(&mut object, path);
    }
    match kind {
        Kind::CANARY => known_status(&mut object),
        Kind::ROUTE => warm_up_apart(&mut object),
        Kind::SERVICE => in_order_of_numbers(&mut object),
        Kind::SECRET => in_clear(&mut object),
        _ => {}
    }
    for owner in array(&mut object, "/metadata/ownerReferences") {
        remove(owner, "/uid");
    }
    for condition in array(&mut object, "/status/conditions") {
        remove(condition, "/lastUpdateTime");
        remove(condition, "/lastTransitionTime");
    }
    object
}

fn known_status(canary: &mut Value) {
    if let Some(Value::Object(status)) = canary.get_mut("status") {
        status.retain(|field, _| STATUS.contains(&field.as_str()));
    }
}

/// Serin's rule for no request would move the other rules about.
fn warm_up_apart(route: &mut Value) {
    let Some(Value::Array(rules)) = route.pointer_mut("/spec/rules") else { return };
    let all = rules.len();
    rules.retain(|rule| !warms_up(rule));
    let taken = all - rules.len();
    if taken > 0 {
        route["rules for no request"] = Value::from(taken);
    }
}

/// Flagger writes discovered ports in the order of a Go map, which is none.
fn in_order_of_numbers(service: &mut Value) {
    if let Some(Value::Array(ports)) = service.pointer_mut("/spec/ports") {
        ports.sort_by_key(|port| port["port"].as_i64());
    }
}

/// Addresses in Secrets differ from run to run, and are seen as such only when they are decoded.
fn in_clear(secret: &mut Value) {
    for value in secret["data"].as_object_mut().into_iter().flat_map(|data| data.values_mut()) {
        let bytes = serde_json::from_value::<ByteString>(value.take()).unwrap_or_default();
        *value = Value::from(String::from_utf8_lossy(&bytes.0));
    }
}

fn array<'a>(object: &'a mut Value, path: &str) -> impl Iterator<Item = &'a mut Value> {
    object.pointer_mut(path).and_then(Value::as_array_mut).into_iter().flatten()
}

fn remove(object: &mut Value, path: &str) {
    let Some((parent, field)) = path.rsplit_once('/') else { return };
    if let Some(Value::Object(fields)) = object.pointer_mut(parent) {
        fields.remove(field);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_the_operators_is_left_out() {
        let object = json!({
            "metadata": {"name": "a", "uid": "u", "generation": 3, "ownerReferences": [{"uid": "v", "name": "o"}]},
            "spec": {"clusterIP": "10.0.0.1", "type": "ClusterIP"},
            "status": {"replicas": 1},
        });
        let expected = json!({
            "metadata": {"name": "a", "ownerReferences": [{"name": "o"}]},
            "spec": {"type": "ClusterIP"},
        });
        assert_eq!(own(Kind::SERVICE, &object), expected);
    }

    #[test]
    fn what_has_no_order_and_what_is_encoded_is_made_comparable() {
        let ports = json!([{"port": 80}, {"port": 9000}, {"port": 7000}]);
        let sorted = json!([{"port": 80}, {"port": 7000}, {"port": 9000}]);
        assert_eq!(
            own(Kind::SERVICE, &json!({"spec": {"ports": ports}})),
            json!({"spec": {"ports": sorted}})
        );
        let secret = own(Kind::SECRET, &json!({"data": {"a": "aGVsbG8="}}));
        assert_eq!(secret, json!({"data": {"a": "hello"}}));
    }

    #[test]
    fn the_status_that_both_have_counts_but_for_its_times() {
        let conditions = json!([{"type": "Promoted", "lastUpdateTime": "t", "lastTransitionTime": "t"}]);
        let object = json!({"status": {"phase": "Failed", "lastTransitionTime": "t", "conditions": conditions, "checks": []}});
        let expected = json!({"status": {"phase": "Failed", "conditions": [{"type": "Promoted"}]}});
        assert_eq!(own(Kind::CANARY, &object), expected);
    }
}
