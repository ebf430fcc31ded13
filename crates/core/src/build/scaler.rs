//! The primary's autoscaler: a copy of the target's.

use serde_json::Value;
use serin_api::canary::AutoscalerRef;

use crate::{
    Rollout,
    build::{BuildError, managed, metadata::Map, owner},
    hash::same,
    json::{entry, int, set, text, texts},
};

mod horizontal;
mod keda;

/// The kinds of autoscaler (`spec.autoscalerRef.kind`); its API version is not looked at, as in Flagger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScalerKind {
    /// `autoscaling/v2` `HorizontalPodAutoscaler`; a workload with 0 replicas rests it.
    Horizontal,
    /// `keda.sh/v1alpha1` ScaledObject; paused by an annotation.
    Keda,
}

/// How a kind of autoscaler is copied.
struct Shape {
    api_version: &'static str,
    kind: &'static str,
    /// Fields of its lower and upper bound.
    bounds: [&'static str; 2],
}

impl ScalerKind {
    /// The kind that a reference names, if it is known.
    pub fn of(reference: &AutoscalerRef) -> Option<Self> {
        match reference.kind.as_str() {
            "HorizontalPodAutoscaler" => Some(Self::Horizontal),
            "ScaledObject" => Some(Self::Keda),
            _ => None,
        }
    }

    /// The kind as in manifests.
    pub fn name(self) -> &'static str {
        self.shape().kind
    }

    /// What Flagger's texts call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Horizontal => "HorizontalPodAutoscaler",
            Self::Keda => "Keda ScaledObject",
        }
    }

    /// The kind in lower case.
    pub fn entry(self) -> &'static str {
        match self {
            Self::Horizontal => "horizontalpodautoscaler",
            Self::Keda => "scaledobject",
        }
    }

    /// `<plural>.<group>`, as the API server's errors name it.
    pub fn qualified(self) -> &'static str {
        match self {
            Self::Horizontal => "horizontalpodautoscalers.autoscaling",
            Self::Keda => "scaledobjects.keda.sh",
        }
    }

    fn shape(self) -> Shape {
        match self {
            Self::Horizontal => horizontal::SHAPE,
            Self::Keda => keda::SHAPE,
        }
    }

    /// Fewest replicas that an autoscaler allows; at least 1.
    pub fn min_replicas(self, source: &Value) -> i32 {
        let [min, _] = self.shape().bounds;
        int(&source["spec"], &format!("/{min}")).and_then(|n| i32::try_from(n).ok()).unwrap_or(1).max(1)
    }

    /// Whether the target's autoscaler keeps it at 0 replicas; `None` where that needs no pausing.
    pub fn paused(self, source: &Value) -> Option<bool> {
        match self {
            Self::Horizontal => None,
            Self::Keda => Some(keda::paused(source)),
        }
    }
}

/// The merge patch that pauses the target's ScaledObject, or lets it scale again.
pub fn pausing(paused: bool) -> Value {
    keda::pausing(paused)
}

/// The primary's copy of an autoscaler, to be created or (when `live` is its present state) replaced.
///
/// What others wrote on the copy's metadata is kept.
///
/// # Errors
/// [`BuildError::NotSupported`] for a kind that is neither a `HorizontalPodAutoscaler` nor a
/// ScaledObject.
pub fn scaler(
    rollout: &Rollout,
    reference: &AutoscalerRef,
    source: &Value,
    live: Option<&Value>,
) -> Result<Value, BuildError> {
    let kind = ScalerKind::of(reference).ok_or_else(|| not_supported(rollout, reference))?;
    let Shape { api_version, kind: kind_name, bounds } = kind.shape();
    let mut copy = live.cloned().unwrap_or_default();
    set(&mut copy, "apiVersion", Some(api_version.into()));
    set(&mut copy, "kind", Some(kind_name.into()));
    set(&mut copy, "status", None);
    for (field, map) in metadata_of(kind, source) {
        managed::drop_keys(&mut copy, field, &map);
    }
    let metadata = entry(&mut copy, "metadata");
    set(metadata, "name", Some(name(reference).into()));
    set(metadata, "namespace", Some(rollout.namespace.as_str().into()));
    set(metadata, "ownerReferences", Some(owner::shared(rollout, live).into()));
    for (field, map) in metadata_of(kind, source) {
        for (key, value) in map {
            set(entry(metadata, field), &key, Some(value.into()));
        }
    }
    let mut spec = match kind {
        ScalerKind::Horizontal => horizontal::spec(source),
        ScalerKind::Keda => keda::spec(rollout, reference, source),
    };
    entry(&mut spec, "scaleTargetRef")["name"] = rollout.primary().into();
    let own = reference.primary_scaler_replicas.clone().unwrap_or_default();
    for (field, bound) in bounds.into_iter().zip([own.min_replicas, own.max_replicas]) {
        if let Some(bound) = bound {
            set(&mut spec, field, Some(bound.into()));
        }
    }
    set(&mut copy, "spec", Some(spec));
    Ok(copy)
}

/// Labels and annotations that the copy has from its source.
fn metadata_of(kind: ScalerKind, source: &Value) -> [(&'static str, Map); 2] {
    match kind {
        ScalerKind::Horizontal => [("labels", horizontal::labels(source)), ("annotations", Map::new())],
        ScalerKind::Keda => [("labels", keda::labels(source)), ("annotations", keda::annotations(source))],
    }
}

/// The name of the copy.
pub fn name(reference: &AutoscalerRef) -> String {
    format!("{}-primary", reference.name)
}

/// Whether the copy is as [`scaler`] would have it.
pub fn in_sync(desired: &Value, live: &Value) -> bool {
    let same_map = |map: &str| {
        let (wanted, found) =
            (texts(desired, &format!("/metadata/{map}")), texts(live, &format!("/metadata/{map}")));
        wanted.iter().all(|(key, value)| found.get(key) == Some(value))
            && managed::keys(live, map).iter().all(|key| wanted.contains_key(key))
    };
    same_map("labels") && same_map("annotations") && same(&desired["spec"], &live["spec"])
}

fn not_supported(rollout: &Rollout, reference: &AutoscalerRef) -> BuildError {
    BuildError::NotSupported {
        object: format!("Canary {}", rollout.full_name()),
        field: "spec.autoscalerRef.kind",
        value: reference.kind.clone(),
        remedy: "use a HorizontalPodAutoscaler or a ScaledObject",
    }
}
