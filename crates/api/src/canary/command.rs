//! What people told a rollout to do (`Canary.status.run.commands`), and whether they hold it
//! (`.paused`).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Annotation of a Canary with a command, as JSON; it is removed when the command was dealt with.
pub const COMMAND: &str = "serin/command";

/// A command that was dealt with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandRecord {
    /// Its `id`: a command with this one is not obeyed again.
    pub id: String,
    /// When that was.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// `pause`, `resume`, `promote`, `promote-full`, `abort`, `retry` or `restart`; empty where it
    /// could not be read.
    #[serde(default)]
    pub verb: String,
    /// The revision that it is meant for.
    #[serde(default)]
    pub revision: String,
    /// Who gave it, as the command says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// `Obeyed`, `NoEffect` or `Refused`.
    pub outcome: String,
    /// The outcome in words.
    #[serde(default)]
    pub message: String,
}

/// A rollout that a person holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Since when.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The revision that is held; a newer one is not.
    #[serde(default)]
    pub revision: String,
    /// Who holds it, as the command said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}
