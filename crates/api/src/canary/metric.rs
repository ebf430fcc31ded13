//! Checks of measured values (`spec.analysis.metrics`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CrossNamespaceRef;

/// One measured value and its bounds. The query is that of the template, or `query`, or the built-in one that
/// `name` names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryMetric {
    /// Name of the check; `request-success-rate` and `request-duration` have built-in queries.
    pub name: String,

    /// Time span that the query looks back over, as a Go duration; one minute when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]+(m|s)"))]
    pub interval: Option<String>,

    /// A single bound: the least success rate in percent, or the most that any other value may be. Ignored when
    /// `thresholdRange` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,

    /// The bounds that the value must keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_range: Option<ThresholdRange>,

    /// A PromQL query for the metrics server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,

    /// The MetricTemplate that holds the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_ref: Option<CrossNamespaceRef>,

    /// Values for `{{ variables.* }}` in the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_variables: Option<BTreeMap<String, String>>,
}

/// Bounds of a value; both are inclusive, and either may be open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdRange {
    /// The least value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}
