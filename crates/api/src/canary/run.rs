//! The record of a rollout, its position and what it waits for (`Canary.status.run`, `.progress`, `.waiting`).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CommandRecord;

/// A rollout, from the moment in which its revision was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// `<number>-<revision>`, the number counted from 1; no two runs of a Canary have the same.
    pub id: String,
    /// When it began.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// Hash of the pod template that was promoted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Hash of the pod template that is released.
    #[serde(default)]
    pub to: String,
    /// What began it: `template`, `configmap/<name>`, `secret/<name>`, `retry` where a person has a revision analysed
    /// again that failed, or `restart` where the analysis begins anew because the Services or the route have other
    /// names, or a person asked for it.
    #[serde(default)]
    pub cause: String,
    /// The steps that were entered, at most 64: of more, the first 8 and the last 56.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RunStep>,
    /// What people told the operator to do last, at most 8, the newest at the end: also for the rollouts before. Where
    /// there was no rollout yet, the rest of this is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandRecord>,
}

/// A step that was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStep {
    /// Its place in the plan, counted from 0.
    #[serde(default, deserialize_with = "crate::number::required")]
    pub i: i64,
    /// Share of the traffic in percent that it gives the canary; of an A/B test, of the requests that match.
    #[serde(default, deserialize_with = "crate::number::required")]
    pub weight: i64,
    /// When it was entered.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// How far the steps of an analysis are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Steps that were entered.
    #[serde(default, deserialize_with = "crate::number::required")]
    pub entered: i64,
    /// Hash of these steps. When it is another one, the steps were edited, and `canaryWeight` and `iterations` say how
    /// far the analysis is.
    #[serde(default)]
    pub steps: String,
}

/// What nothing moves for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// `gate`, `pods`, `primary`, `route`, `endpoints`, `evidence`, `person` or `object`.
    pub kind: String,
    /// Which one of its kind: the name of the webhook, workload, Service, route or metric.
    #[serde(default)]
    pub subject: String,
    /// Since when.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// When waiting ends by itself, for the most part with a rollback. Absent where it has no end.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}
