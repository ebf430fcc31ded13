//! Kubernetes events on Canaries, in Flagger's form.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};
use serin_api::Canary;
use serin_core::{
    outbox,
    plan::{Event, Level},
};

use crate::{clock, error::code, key::Key, watch::Object};

/// Every event of Flagger has this reason.
const REASON: &str = "Synced";
/// What users filter events by.
const COMPONENT: &str = "flagger";

/// Writes events.
pub(crate) struct Events {
    client: Client,
    /// Tells events apart that happen within a nanosecond.
    serial: AtomicUsize,
}

/// What came of writing an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// The event was written.
    Now,
    /// The event was there already, written before a crash.
    Before,
    /// The API server does not take it, now or later.
    Never,
    /// The API server could not be asked.
    NotYet,
}

impl Events {
    /// Writes events with `client`.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, serial: AtomicUsize::new(0) }
    }

    /// Logs an event and writes it on the Canary, once. That it cannot be written holds nothing up.
    pub(crate) async fn emit(&self, canary: &Canary, event: &Event) {
        self.write(canary, event, clock::now(), self.serial.fetch_add(1, Ordering::Relaxed) % 256).await;
    }

    /// Logs an event and writes it on the Canary. Time and number name it: it is never written twice.
    pub(crate) async fn write(
        &self,
        canary: &Canary,
        event: &Event,
        at: DateTime<Utc>,
        index: usize,
    ) -> Written {
        let written = match self.create(canary, event, at, index).await {
            Ok(()) => Written::Now,
            Err(error) if code(&error) == 409 => Written::Before,
            Err(error) => {
                tracing::warn!(canary = %name(canary), %error, "event not written");
                if matches!(code(&error), 400..=499 if code(&error) != 429) {
                    Written::Never
                } else {
                    Written::NotYet
                }
            }
        };
        if matches!(written, Written::Now | Written::Never) {
            log(canary, event);
        }
        written
    }

    async fn create(
        &self,
        canary: &Canary,
        event: &Event,
        at: DateTime<Utc>,
        index: usize,
    ) -> Result<(), kube::Error> {
        let key = Key::of(canary);
        let api: Api<Object> = Api::namespaced_with(
            self.client.clone(),
            &key.namespace,
            &kube::core::ApiResource::erase::<k8s_openapi::api::core::v1::Event>(&()),
        );
        api.create(&PostParams::default(), &Object::of(body(canary, event, at, index))).await?;
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
    full_name(&Key::of(canary))
}

/// `<name>.<namespace>`, as Flagger's texts name objects.
pub(crate) fn full_name(key: &Key) -> String {
    format!("{}.{}", key.name, key.namespace)
}

fn body(canary: &Canary, event: &Event, at: DateTime<Utc>, index: usize) -> Value {
    let key = Key::of(canary);
    let time = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let metadata = &canary.metadata;
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": outbox::event_name(&key.name, at, index), "namespace": key.namespace.as_ref() },
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
        "message": outbox::truncated(&event.message),
        "source": { "component": COMPONENT },
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    })
}

fn kind(level: Level) -> &'static str {
    match level {
        Level::Normal => "Normal",
        Level::Warning | Level::Error => "Warning",
    }
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
        assert_eq!(body(&canary, &event, now, 2), expected);
    }
}
