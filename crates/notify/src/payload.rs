//! The body of the requests to webhooks.

use std::collections::BTreeMap;

use serde::Serialize;
use serin_api::{Phase, canary::CanaryWebhook};

use crate::go_json;

/// The rollout that a payload speaks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `metadata.name` of the Canary.
    pub name: String,
    /// `metadata.namespace` of the Canary.
    pub namespace: String,
    /// Identifies the revision and the configs; from the status as it was observed.
    pub checksum: String,
}

impl Subject {
    /// `<name>.<namespace>`, as Flagger's texts call the Canary.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }
}

/// What a webhook is told, in the order of the wire (Flagger's `CanaryWebhookPayload`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// `metadata.name` of the Canary.
    pub name: String,
    /// `metadata.namespace` of the Canary.
    pub namespace: String,
    /// Where the rollout stands.
    pub phase: Phase,
    /// Identifies the revision and the configs.
    pub checksum: String,
    /// Sorted by key; left out when empty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Payload {
    /// The payload for a gate or hook: its own metadata as they are.
    pub fn for_hook(subject: &Subject, phase: Phase, hook: &CanaryWebhook) -> Self {
        Self::new(subject, phase, hook.metadata.clone().unwrap_or_default())
    }

    fn new(subject: &Subject, phase: Phase, metadata: BTreeMap<String, String>) -> Self {
        let Subject { name, namespace, checksum } = subject.clone();
        Self { name, namespace, phase, checksum, metadata }
    }

    /// The text on the wire: one line, escaped as Go does.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        go_json::to_string(self)
    }
}

#[cfg(test)]
mod tests;
