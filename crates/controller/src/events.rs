//! Kubernetes events on Canaries, in Flagger's form.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use kube::{Api, Client, api::PostParams, core::DynamicObject};
use serde_json::{Value, json};
use serin_api::Canary;
use serin_core::plan::{Event, Level};

use crate::key::Key;

/// Every event of Flagger has this reason.
const REASON: &str = "Synced";
/// What users filter events by.
const COMPONENT: &str = "flagger";

/// Writes events.
pub struct Events {
    client: Client,
    /// Tells events apart that happen within a nanosecond.
    serial: AtomicU64,
}

impl Events {
    /// Writes events with `client`.
    pub fn new(client: Client) -> Self {
        Self { client, serial: AtomicU64::new(0) }
    }

    /// Logs an event and writes it on the Canary. That it cannot be written holds nothing up.
    pub async fn emit(&self, canary: &Canary, event: &Event) {
        log(canary, event);
        if let Err(error) = self.write(canary, event).await {
            tracing::warn!(canary = %name(canary), %error, "event not written");
        }
    }

    async fn write(&self, canary: &Canary, event: &Event) -> Result<(), kube::Error> {
        let key = Key::of(canary);
        let api: Api<DynamicObject> = Api::namespaced_with(
            self.client.clone(),
            &key.namespace,
            &kube::core::ApiResource::erase::<k8s_openapi::api::core::v1::Event>(&()),
        );
        let body = body(canary, event, Utc::now(), self.serial.fetch_add(1, Ordering::Relaxed));
        let object = serde_json::from_value(body).map_err(kube::Error::SerdeError)?;
        api.create(&PostParams::default(), &object).await?;
        Ok(())
    }
}

fn log(canary: &Canary, event: &Event) {
    let status = canary.status.as_ref();
    let revision = status.and_then(|status| status.last_applied_spec.as_deref()).unwrap_or_default();
    let (canary, phase, message) = (name(canary), event.phase.to_string(), event.message.as_str());
    match event.level {
        Level::Normal | Level::Warning => tracing::info!(canary, phase, revision, "{message}"),
        Level::Error => tracing::error!(canary, phase, revision, "{message}"),
    }
}

/// `<name>.<namespace>`, the value of the log field `canary`.
pub(crate) fn name(canary: &Canary) -> String {
    let key = Key::of(canary);
    format!("{}.{}", key.name, key.namespace)
}

fn body(canary: &Canary, event: &Event, now: DateTime<Utc>, serial: u64) -> Value {
    let key = Key::of(canary);
    let time = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let nanos = now.timestamp_nanos_opt().unwrap_or_default();
    let metadata = &canary.metadata;
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": event_name(&key.name, nanos, serial), "namespace": key.namespace.as_ref() },
        "involvedObject": {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "name": key.name.as_ref(),
            "namespace": key.namespace.as_ref(),
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
        },
        "type": kind(event.level),
        "reason": REASON,
        "message": truncated(&event.message),
        "source": { "component": COMPONENT },
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    })
}

/// `<canary>.<hex>`, as clients name events; within the 253 characters that names may have.
fn event_name(canary: &str, nanos: i64, serial: u64) -> String {
    let canary: String = canary.chars().take(220).collect();
    format!("{canary}.{nanos:x}{:02x}", serial % 256)
}

fn kind(level: Level) -> &'static str {
    match level {
        Level::Normal => "Normal",
        Level::Warning | Level::Error => "Warning",
    }
}

/// The API server takes at most 1024 bytes.
fn truncated(message: &str) -> String {
    const MAX: usize = 1024;
    if message.len() <= MAX {
        return message.to_owned();
    }
    let mut end = MAX - 3;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &message[..end])
}

#[cfg(test)]
mod tests {
    use serin_api::Phase;

    use super::*;

    #[test]
    fn events_have_flaggers_form() {
        let mut canary = Canary::new("podinfo", serin_api::CanarySpec::default());
        canary.metadata.namespace = Some("test".to_owned());
        canary.metadata.uid = Some("u".to_owned());
        canary.metadata.resource_version = Some("7".to_owned());
        let event = Event { level: Level::Error, message: "Halt".to_owned(), phase: Phase::Progressing };
        let now = DateTime::from_timestamp(1_700_000_000, 5).unwrap();
        let expected = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": "podinfo.17979cfe362a000502", "namespace": "test" },
            "involvedObject": {
                "apiVersion": "flagger.app/v1beta1",
                "kind": "Canary",
                "name": "podinfo",
                "namespace": "test",
                "uid": "u",
                "resourceVersion": "7",
            },
            "type": "Warning",
            "reason": "Synced",
            "message": "Halt",
            "source": { "component": "flagger" },
            "reportingComponent": "flagger",
            "reportingInstance": "",
            "firstTimestamp": "2023-11-14T22:13:20Z",
            "lastTimestamp": "2023-11-14T22:13:20Z",
            "count": 1,
        });
        assert_eq!(body(&canary, &event, now, 258), expected);
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let text = truncated(&"ä".repeat(600));
        assert!(text.len() <= 1024 && text.ends_with("..."));
        assert_eq!(truncated("short"), "short");
    }
}
