//! What is generated for a release, without what differs from one time to another.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::edit::{PORT, RULE};
use crate::{
    Kind,
    history::Versions,
    invariants::{knows_cookie, warms_up},
};

/// Generated objects by kind and name.
pub(super) type Normal = BTreeMap<String, Value>;

const KINDS: [Kind; 6] =
    [Kind::SERVICE, Kind::ROUTE, Kind::DEPLOYMENT, Kind::AUTOSCALER, Kind::CONFIG_MAP, Kind::SECRET];

/// What belongs to the Canary, and the Service and the route of the apex's name.
pub(super) fn generated(versions: &Versions) -> Normal {
    let mut newest = BTreeMap::new();
    for version in versions.iter().filter(|version| KINDS.contains(&version.kind)) {
        newest.insert((version.kind, version.name.as_str()), version);
    }
    let living = newest.into_values().filter(|version| !version.gone);
    let ours = living.filter(|version| {
        let apex = [Kind::SERVICE, Kind::ROUTE].contains(&version.kind) && version.name == "podinfo";
        apex || is_owned(&version.object)
    });
    ours.map(|version| {
        (format!("{} {}", version.kind.name, version.name), normal(version.kind, &version.object))
    })
    .collect()
}

fn is_owned(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["kind"] == "Canary"))
}

/// The difference of what is there from what should be, an object a line.
pub(super) fn differences(wanted: &Normal, found: &Normal) -> Vec<String> {
    let names = wanted.keys().chain(found.keys().filter(|name| !wanted.contains_key(*name)));
    let differs = names.filter(|name| wanted.get(*name) != found.get(*name));
    let tell = |name: &String| {
        let text = |of: &Normal| of.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string);
        format!("{name} is {}, not {}", text(found), text(wanted))
    };
    differs.map(tell).collect()
}

fn normal(kind: Kind, object: &Value) -> Value {
    let spec = &object["spec"];
    match kind {
        Kind::SERVICE => {
            let mut selector = spec["selector"].clone();
            if let Some(labels) = selector.as_object_mut() {
                labels.remove("edits");
            }
            json!({"selector": selector, "type": spec["type"], "ports": ports(&spec["ports"])})
        }
        Kind::ROUTE => {
            let rules = spec["rules"].as_array().map_or(&[][..], Vec::as_slice);
            let ours = |rule: &&Value| !warms_up(rule) && !knows_cookie(rule) && !is_users(rule);
            let rules: Vec<Value> =
                rules.iter().filter(ours).map(|rule| rule["backendRefs"].clone()).collect();
            json!({"hostnames": spec["hostnames"], "parentRefs": spec["parentRefs"], "rules": rules})
        }
        Kind::DEPLOYMENT => deployment(spec),
        Kind::AUTOSCALER => spec.clone(),
        _ => object["data"].clone(),
    }
}

fn ports(ports: &Value) -> Vec<Value> {
    let all = ports.as_array().into_iter().flatten();
    let ours = all.filter(|port| port["port"] != PORT);
    ours.map(|port| json!([port["name"], port["port"], port["targetPort"], port["protocol"]])).collect()
}

fn is_users(rule: &Value) -> bool {
    rule.pointer("/matches/0/path/value").is_some_and(|path| path == RULE)
}

/// The version and the rounds of a sequence are not compared, nor is the label that a target made anew may have: a primary
/// keeps the labels that it was made with.
fn deployment(spec: &Value) -> Value {
    let (mut template, mut selector) = (spec["template"].clone(), spec["selector"].clone());
    for labels in [selector.get_mut("matchLabels"), template.pointer_mut("/metadata/labels")] {
        if let Some(labels) = labels.and_then(Value::as_object_mut) {
            labels.remove("edits");
        }
    }
    if let Some(metadata) = template["metadata"].as_object_mut() {
        metadata.remove("annotations");
    }
    if let Some(container) = template.pointer_mut("/spec/containers/0").and_then(Value::as_object_mut) {
        container.remove("image");
        container.remove("env");
    }
    json!({"selector": selector, "template": template})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_compared() {
        let route = |weight: i64, more: bool| {
            let mut rules = vec![json!({"backendRefs": [{"name": "podinfo-primary", "weight": weight}]})];
            if more {
                rules.push(json!({"matches": [{"path": {"value": RULE}}], "backendRefs": []}));
            }
            let object = json!({"spec": {"rules": rules}, "metadata": {"resourceVersion": weight}});
            Normal::from([("HTTPRoute podinfo".to_owned(), normal(Kind::ROUTE, &object))])
        };
        assert!(differences(&route(100, false), &route(100, true)).is_empty());
        assert_eq!(differences(&route(100, false), &route(50, false)).len(), 1);
        assert_eq!(differences(&route(100, false), &Normal::new()).len(), 1, "it is gone");
        assert_eq!(differences(&Normal::new(), &route(100, false)).len(), 1, "it is left over");
    }
}
