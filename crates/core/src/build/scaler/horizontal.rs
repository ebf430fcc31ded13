//! The copy of a `HorizontalPodAutoscaler`.

use serde_json::{Value, json};

use super::Shape;
use crate::{
    build::metadata::{Map, portable},
    json::{set, texts},
};

pub(super) const SHAPE: Shape = Shape {
    api_version: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    bounds: ["minReplicas", "maxReplicas"],
};

/// Fields of the spec that the copy takes over.
const COPIED: [&str; 5] = ["scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"];

pub(super) fn spec(source: &Value) -> Value {
    let mut spec = json!({});
    for field in COPIED {
        set(&mut spec, field, source["spec"].get(field).cloned());
    }
    spec
}

pub(super) fn labels(source: &Value) -> Map {
    portable(texts(source, "/metadata/labels"))
}
