//! The body of the requests to webhooks.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serin_api::{CanaryStatus, Phase, canary::CanaryWebhook};
use serin_core::{
    Rollout, hash,
    plan::{Event, Level},
};

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
    /// The subject of a rollout with the status that was observed.
    pub fn of(rollout: &Rollout, status: &CanaryStatus) -> Self {
        let revision = status.last_applied_spec.as_deref().unwrap_or_default();
        Self {
            name: rollout.name.clone(),
            namespace: rollout.namespace.clone(),
            checksum: hash::checksum(status.tracked_configs.as_ref(), revision),
        }
    }

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

    /// The payload for an event hook: the event and the hook's own metadata, which cannot replace what is said of the
    /// event. `at` is when the event happened.
    pub fn for_event(subject: &Subject, event: &Event, hook: &CanaryWebhook, at: DateTime<Utc>) -> Self {
        let mut metadata = hook.metadata.clone().unwrap_or_default();
        metadata.insert("eventMessage".into(), event.message.clone());
        metadata.insert("eventType".into(), event_type(event.level).into());
        metadata.insert("timestamp".into(), at.timestamp_millis().to_string());
        Self::new(subject, event.phase, metadata)
    }

    fn new(subject: &Subject, phase: Phase, metadata: BTreeMap<String, String>) -> Self {
        let Subject { name, namespace, checksum } = subject.clone();
        Self { name, namespace, phase, checksum, metadata }
    }

    /// The text on the wire: one line, escaped as Go does.
    ///
    /// # Errors
    /// Those of `serde_json`; a payload has nothing but strings, so none is known.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        go_json::to_string(self)
    }
}

/// The type of the Kubernetes event.
fn event_type(level: Level) -> &'static str {
    match level {
        Level::Normal => "Normal",
        Level::Warning | Level::Error => "Warning",
    }
}

#[cfg(test)]
mod tests;
