//! How a new revision is judged (`spec.analysis`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CanaryAlert, CanaryMetric, CanaryWebhook, HttpMatch, SessionAffinity};

/// The analysis of a new revision. Exactly one of `iterations`, `stepWeight` and `stepWeights` is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryAnalysis {
    /// Time between two rounds of checks, as a Go duration such as `1m30s`; one minute when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]+(m|s)"))]
    pub interval: Option<String>,

    /// Failed checks that end in a rollback; 1 when it is not above 0.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub threshold: Option<i64>,

    /// Rounds of checks of an A/B test or a blue/green release.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub iterations: Option<i64>,

    /// Weight in percent at which the promotion starts; 100 when unset or 0. Ignored when `stepWeights` is set.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub max_weight: Option<i64>,

    /// Weight in percent that each passed round adds to the canary.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub step_weight: Option<i64>,

    /// The canary's weights in percent, one for each step.
    #[serde(default, deserialize_with = "crate::number::list", skip_serializing_if = "Vec::is_empty")]
    pub step_weights: Vec<i64>,

    /// Weight in percent that the promotion shifts back to the primary in each step; all at once when unset or 0.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub step_weight_promotion: Option<i64>,

    /// Send a copy of the traffic to the canary before it gets any of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mirror: bool,

    /// Share of the traffic in percent that is copied; everything when unset or 0. For the istio provider.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub mirror_weight: Option<i64>,

    /// Percent of the primary's replicas that must be available for it to count as ready; 100 when unset.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub primary_ready_threshold: Option<i64>,

    /// Percent of the canary's replicas that must be available for it to count as ready; 100 when unset.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub canary_ready_threshold: Option<i64>,

    /// Requests that an A/B test sends to the canary; one entry must match.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub match_: Vec<HttpMatch>,

    /// Checks of measured values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<CanaryMetric>,

    /// Where to tell people about this canary. The operator's own channel is used when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<CanaryAlert>,

    /// Gates and hooks that are called over HTTP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<CanaryWebhook>,

    /// Keep a user on the side that answered the first request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_affinity: Option<SessionAffinity>,
}
