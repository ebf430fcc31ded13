//! References from a Canary to other objects.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The workload under release (`spec.targetRef`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetRef {
    /// API version of the workload, such as `apps/v1`.
    pub api_version: String,
    /// Kind of the workload: `Deployment`, `DaemonSet` or `Service`.
    #[schemars(extend("enum" = ["DaemonSet", "Deployment", "Service"]))]
    pub kind: String,
    /// Name of the workload in the canary's namespace.
    pub name: String,
}

/// The autoscaler of the target (`spec.autoscalerRef`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalerRef {
    /// API version of the autoscaler, such as `autoscaling/v2`.
    pub api_version: String,
    /// Kind of the autoscaler: `HorizontalPodAutoscaler` or `ScaledObject`.
    #[schemars(extend("enum" = ["HorizontalPodAutoscaler", "ScaledObject"]))]
    pub kind: String,
    /// Name of the autoscaler in the canary's namespace.
    pub name: String,
    /// Queries for the primary's copy of a ScaledObject, by the name of the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_scaler_queries: Option<BTreeMap<String, String>>,
    /// Bounds of the primary's copy, where they differ from the target's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_scaler_replicas: Option<ScalerReplicas>,
}

/// Bounds of the primary's autoscaler, each at least 1 (`spec.autoscalerRef.primaryScalerReplicas`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScalerReplicas {
    /// Fewest replicas of the primary.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_replicas: Option<i64>,
    /// Most replicas of the primary.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_replicas: Option<i64>,
}

/// An object in the canary's namespace (`spec.ingressRef`, `spec.routeRef`). The kind is fixed for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// API version of the object.
    pub api_version: String,
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
}

/// A gloo upstream (`spec.upstreamRef`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamRef {
    /// API version of the upstream.
    pub api_version: String,
    /// Kind of the upstream: `Upstream`.
    #[schemars(extend("enum" = ["Upstream"]))]
    pub kind: String,
    /// Name of the upstream.
    pub name: String,
    /// Namespace of the upstream; the canary's when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// A MetricTemplate or an AlertProvider, maybe in another namespace (`templateRef`, `providerRef`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceRef {
    /// Name of the object.
    pub name: String,
    /// Namespace of the object; the canary's when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl CrossNamespaceRef {
    /// The namespace to look in for a canary in namespace `own`. An empty one counts as unset, as in Flagger.
    pub fn namespace_or<'a>(&'a self, own: &'a str) -> &'a str {
        self.namespace.as_deref().filter(|namespace| !namespace.is_empty()).unwrap_or(own)
    }
}
