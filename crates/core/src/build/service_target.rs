//! Targets that are Services: `<target>-canary` follows the target, `<target>-primary` is what was promoted.
//!
//! Both are replaced as a whole. What the API server gave each of them (addresses, node ports) is their own.

use serde_json::{Value, json};

use crate::{
    Rollout,
    build::{
        metadata::{APPLIED, Map, included, kept, portable, with},
        owner, services,
    },
    hash::{self, same},
    json::{entry, items, set, texts},
    keys::PROMOTION_ID,
    plan::ServiceRole,
    settings::Settings,
};

/// Fields that the API server fills in for each Service.
const ALLOCATED: [&str; 3] = ["clusterIP", "clusterIPs", "healthCheckNodePort"];

/// The Service of the canary: a copy of the target at each moment.
pub fn canary(rollout: &Rollout, target: &Value, live: Option<&Value>) -> Value {
    let mut copy = body(rollout, ServiceRole::Canary, target, live);
    let metadata = entry(&mut copy, "metadata");
    for field in ["labels", "annotations"] {
        let mut all = live.map(|live| texts(&live["metadata"], &format!("/{field}"))).unwrap_or_default();
        all.extend(users(target, field));
        set(metadata, field, Some(json!(all)));
    }
    copy
}

/// The Service of the primary: made from the target, and replaced by it at each promotion.
///
/// As with workloads, promoting the same target again changes nothing, and the annotation `flagger-id` says
/// what was promoted.
pub fn primary(rollout: &Rollout, settings: &Settings, target: &Value, live: Option<&Value>) -> Value {
    let mut copy = body(rollout, ServiceRole::Primary, target, live);
    let revision = super::target::revision(rollout.target_kind, target);
    let id = hash::promotion_id(&rollout.uid, &revision, &Map::new());
    let metadata = entry(&mut copy, "metadata");
    let map = |field| match live {
        None => users(target, field),
        Some(live) => {
            let mut map = kept(target, live, &format!("/metadata/{field}"));
            map.extend(included(
                texts(&target["metadata"], &format!("/{field}")),
                &settings.include_label_prefix,
            ));
            map
        }
    };
    let (labels, annotations) = (map("labels"), map("annotations"));
    set(metadata, "labels", Some(json!(labels)));
    set(metadata, "annotations", Some(json!(with(annotations, PROMOTION_ID, id))));
    copy
}

/// Whether a Service is as [`canary`] would have it; labels and annotations of others do not matter.
pub fn in_sync(desired: &Value, live: &Value) -> bool {
    let same_map = |field: &str| {
        let found = texts(&live["metadata"], field);
        texts(&desired["metadata"], field).iter().all(|(key, value)| found.get(key) == Some(value))
    };
    same(&desired["spec"], &live["spec"])
        && same_map("/labels")
        && same_map("/annotations")
        && desired.pointer("/metadata/ownerReferences") == live.pointer("/metadata/ownerReferences")
}

/// Whether the primary routes as the target does.
pub fn matches(rollout: &Rollout, target: &Value, primary: &Value) -> bool {
    same(&spec(rollout, target, Some(primary)), &primary["spec"])
}

fn body(rollout: &Rollout, role: ServiceRole, target: &Value, live: Option<&Value>) -> Value {
    let mut copy = live.cloned().unwrap_or_default();
    set(&mut copy, "apiVersion", Some("v1".into()));
    set(&mut copy, "kind", Some("Service".into()));
    set(&mut copy, "status", None);
    let metadata = entry(&mut copy, "metadata");
    set(metadata, "name", Some(services::name(rollout, role).into()));
    set(metadata, "namespace", Some(rollout.namespace.as_str().into()));
    let owners = live.map_or_else(|| vec![owner::reference(rollout)], |live| owner::adopted(rollout, live));
    set(metadata, "ownerReferences", Some(owners.into()));
    set(&mut copy, "spec", Some(spec(rollout, target, live)));
    copy
}

/// Labels or annotations that the user gave the target, but for the manifest that kubectl keeps there.
fn users(target: &Value, field: &str) -> Map {
    let mut map = portable(texts(&target["metadata"], &format!("/{field}")));
    map.remove(APPLIED);
    map
}

fn spec(rollout: &Rollout, target: &Value, live: Option<&Value>) -> Value {
    let mut spec = target["spec"].clone();
    let headless = spec["clusterIP"] == "None";
    for field in ALLOCATED {
        let own = live.and_then(|live| live["spec"].get(field)).cloned();
        if spec["type"] == "ExternalName" {
            set(&mut spec, field, None);
        } else if own.is_some() || !headless {
            set(&mut spec, field, own);
        }
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let own = live.into_iter().flat_map(|live| items(live, "/spec/ports"));
        let own = own.into_iter().find(|own| own.get("name") == port.get("name"));
        let node_port = own.and_then(|own| own.get("nodePort")).filter(|_| port.get("nodePort").is_some());
        let node_port = node_port.cloned();
        set(port, "nodePort", node_port);
    }
    let wanted = rollout.spec.service.as_ref().and_then(|service| service.traffic_distribution.as_ref());
    if let Some(distribution) = wanted {
        set(&mut spec, "trafficDistribution", Some(distribution.as_str().into()));
    }
    spec
}
