//! The primary's autoscaler: a copy of the target's.

use serde_json::{Value, json};
use serin_api::canary::AutoscalerRef;

use crate::{
    Rollout,
    build::{
        BuildError,
        json::{entry, int, set, texts},
        metadata::portable,
        owner,
    },
    hash::canonical,
};

/// Fields of a `HorizontalPodAutoscaler`'s spec that the copy takes over.
const COPIED: [&str; 4] = ["minReplicas", "maxReplicas", "metrics", "behavior"];

/// The copy of a `HorizontalPodAutoscaler`, to be created or (when `live` is its present state) replaced.
pub fn scaler(
    rollout: &Rollout,
    reference: &AutoscalerRef,
    source: &Value,
    live: Option<&Value>,
) -> Result<Value, BuildError> {
    supported(rollout, reference)?;
    let mut copy = live.cloned().unwrap_or_default();
    set(&mut copy, "apiVersion", Some("autoscaling/v2".into()));
    set(&mut copy, "kind", Some("HorizontalPodAutoscaler".into()));
    set(&mut copy, "status", None);
    let metadata = entry(&mut copy, "metadata");
    set(metadata, "name", Some(name(reference).into()));
    set(metadata, "namespace", Some(rollout.namespace.as_str().into()));
    set(metadata, "ownerReferences", Some(owner::shared(rollout, live).into()));
    for (label, value) in portable(texts(source, "/metadata/labels")) {
        set(entry(metadata, "labels"), &label, Some(value.into()));
    }
    set(&mut copy, "spec", Some(spec(rollout, reference, source)));
    Ok(copy)
}

/// The name of the copy.
pub fn name(reference: &AutoscalerRef) -> String {
    format!("{}-primary", reference.name)
}

/// Fewest replicas that a `HorizontalPodAutoscaler` allows; at least 1.
pub fn min_replicas(source: &Value) -> i32 {
    int(source, "/spec/minReplicas").and_then(|n| i32::try_from(n).ok()).unwrap_or(1).max(1)
}

/// Whether the copy is as [`scaler`] would have it.
pub fn in_sync(desired: &Value, live: &Value) -> bool {
    let live_labels = texts(live, "/metadata/labels");
    let labels = texts(desired, "/metadata/labels");
    labels.iter().all(|(key, value)| live_labels.get(key) == Some(value))
        && canonical(&desired["spec"]) == canonical(&live["spec"])
}

fn spec(rollout: &Rollout, reference: &AutoscalerRef, source: &Value) -> Value {
    let mut spec = json!({"scaleTargetRef": source["spec"]["scaleTargetRef"]});
    entry(&mut spec, "scaleTargetRef")["name"] = rollout.primary().into();
    for field in COPIED {
        set(&mut spec, field, source["spec"].get(field).cloned());
    }
    let bounds = reference.primary_scaler_replicas.clone().unwrap_or_default();
    for (field, bound) in [("minReplicas", bounds.min_replicas), ("maxReplicas", bounds.max_replicas)] {
        if let Some(bound) = bound {
            set(&mut spec, field, Some(bound.into()));
        }
    }
    spec
}

fn supported(rollout: &Rollout, reference: &AutoscalerRef) -> Result<(), BuildError> {
    if reference.kind == "HorizontalPodAutoscaler" {
        return Ok(());
    }
    Err(BuildError::NotSupported {
        object: format!("Canary {}", rollout.full_name()),
        field: "spec.autoscalerRef.kind",
        value: reference.kind.clone(),
        remedy: "use a HorizontalPodAutoscaler",
    })
}
