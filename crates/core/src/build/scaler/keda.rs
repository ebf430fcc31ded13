//! The copy of a KEDA ScaledObject, and how the target's is paused.

use serde_json::{Value, json};
use serin_api::canary::AutoscalerRef;

use super::{Shape, text};
use crate::{
    Rollout,
    build::{
        configs::copy_name,
        metadata::{APPLIED, Map, portable},
    },
    json::{entry, set, texts},
};

pub(super) const SHAPE: Shape = Shape {
    api_version: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    bounds: ["minReplicaCount", "maxReplicaCount"],
};

/// KEDA holds the workload of a ScaledObject with this annotation at so many replicas.
const PAUSED: &str = "autoscaling.keda.sh/paused-replicas";

/// The number of replicas of a target that rests.
const AT_REST: &str = "0";

/// Label that KEDA keeps on each ScaledObject: its own name.
const OWN_NAME: &str = "scaledobject.keda.sh/name";

pub(super) fn paused(source: &Value) -> bool {
    texts(source, "/metadata/annotations").get(PAUSED).is_some_and(|replicas| replicas == AT_REST)
}

pub(super) fn pausing(paused: bool) -> Value {
    let value = if paused { Some(AT_REST) } else { None };
    json!({"metadata": {"annotations": {PAUSED: value}}})
}

/// All of the source's spec; its queries and the name of its HPA mean the primary.
pub(super) fn spec(rollout: &Rollout, reference: &AutoscalerRef, source: &Value) -> Value {
    let mut spec = source["spec"].clone();
    for trigger in spec.get_mut("triggers").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(query) = query(rollout, reference, trigger) {
            entry(trigger, "metadata")["query"] = query.into();
        }
    }
    let autoscaler = entry(entry(&mut spec, "advanced"), "horizontalPodAutoscalerConfig");
    if let Some(name) = text(autoscaler, "/name").filter(|name| !name.is_empty()).map(copy_name) {
        set(autoscaler, "name", Some(name.into()));
    }
    spec
}

/// The query of a trigger for the primary. With `primaryScalerQueries` only the triggers named there change.
fn query(rollout: &Rollout, reference: &AutoscalerRef, trigger: &Value) -> Option<String> {
    if let Some(queries) = &reference.primary_scaler_queries {
        return queries.get(text(trigger, "/name").unwrap_or_default()).cloned();
    }
    let query = text(trigger, "/metadata/query")?;
    // Split first, so that no name gets a second suffix.
    let primary = rollout.primary();
    let canary = format!("{}-canary", rollout.target);
    let parts = query.split(&canary).map(|part| part.replace(&rollout.target, &primary));
    Some(parts.collect::<Vec<_>>().join(&primary))
}

pub(super) fn labels(source: &Value) -> Map {
    let mut labels = portable(texts(source, "/metadata/labels"));
    labels.remove(OWN_NAME);
    labels
}

/// The copy scales while its source rests.
pub(super) fn annotations(source: &Value) -> Map {
    let mut annotations = portable(texts(source, "/metadata/annotations"));
    annotations.remove(APPLIED);
    annotations.retain(|key, value| key != PAUSED || value != AT_REST);
    annotations
}
