//! What has happened, for those who are to be told of it (`Canary.status.pendingNotifications`).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AlertSeverity;
use crate::Phase;

/// What one decision has to tell. It is written with the decision, so that it is told even if the operator ends
/// in between. Alerts and hooks are taken out when they have been told; events stay until the next decision, as
/// none of them can be written twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// When it was decided, in microseconds. No two notifications of a Canary have the same time:
    /// events and alerts are named after it.
    pub at: DateTime<Utc>,
    /// Events on the Canary; at most 1024 bytes each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<NotificationEvent>,
    /// Alerts that were not delivered yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<NotificationAlert>,
    /// The phase that the hooks of type `post-rollout` are still to be told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Phase>,
}

/// An event on a Canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationEvent {
    /// `Normal`, `Warning`, or `Error` for a warning that is logged as an error.
    #[serde(rename = "type")]
    pub type_: String,
    /// Flagger's text.
    pub message: String,
    /// Where the rollout stood.
    #[serde(default)]
    pub phase: Phase,
}

/// A message to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationAlert {
    /// How bad it is.
    pub severity: AlertSeverity,
    /// Flagger's text.
    pub message: String,
    /// Whether the fields that describe the Canary go with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fields: bool,
}
