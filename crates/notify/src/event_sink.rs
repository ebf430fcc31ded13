//! Events, sent on to webhooks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future;
use serin_api::canary::{CanaryWebhook, WebhookType};
use serin_core::plan::Event;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Payload, Subject, WebhookClient};

/// Deliveries under way at which further ones are dropped.
const PLACES: usize = 256;

/// Sends events on to the `event` hooks of a Canary, or to the operator's own (flag `-event-webhook`) when the Canary
/// has none. Failures are logged and decide nothing.
#[derive(Clone, Debug)]
pub struct EventSink {
    client: WebhookClient,
    global: Option<CanaryWebhook>,
    places: Arc<Semaphore>,
}

/// What one hook is sent, in order.
type Calls = (CanaryWebhook, Vec<Payload>);

impl EventSink {
    /// A sink with the operator's own hook at `global_url`; none when it is empty.
    pub fn new(client: WebhookClient, global_url: &str) -> Self {
        let global = (!global_url.is_empty()).then(|| CanaryWebhook {
            type_: Some(WebhookType::Event),
            name: "events".into(),
            url: global_url.into(),
            ..CanaryWebhook::default()
        });
        Self { client, global, places: Arc::new(Semaphore::new(PLACES)) }
    }

    /// Delivers `events`, which happened at `at`, in order to each hook among `webhooks` that is for events.
    ///
    /// The future is meant to be spawned: a hook may take up to its timeout (ten seconds when unset) for each event.
    /// When too many deliveries are under way already, it only logs that the events are dropped.
    pub fn deliver(
        &self,
        subject: &Subject,
        webhooks: &[CanaryWebhook],
        events: &[Event],
        at: DateTime<Utc>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let hooks = if events.is_empty() { Vec::new() } else { self.hooks(webhooks) };
        let calls: Vec<Calls> = hooks.into_iter().map(|hook| calls(subject, hook, events, at)).collect();
        let place = if calls.is_empty() { None } else { self.place(subject, events.len()) };
        deliver(self.client.clone(), subject.full_name(), calls, place)
    }

    fn hooks<'a>(&'a self, webhooks: &'a [CanaryWebhook]) -> Vec<&'a CanaryWebhook> {
        let own = webhooks.iter().filter(|hook| hook.hook_type() == WebhookType::Event);
        let own: Vec<_> = own.collect();
        if own.is_empty() { self.global.iter().collect() } else { own }
    }

    fn place(&self, subject: &Subject, events: usize) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        if place.is_none() {
            let canary = subject.full_name();
            tracing::warn!(canary, events, "event webhooks are too slow, events are not sent to them");
        }
        place
    }
}

fn calls(subject: &Subject, hook: &CanaryWebhook, events: &[Event], at: DateTime<Utc>) -> Calls {
    let payloads = events.iter().map(|event| Payload::for_event(subject, event, hook, at)).collect();
    (hook.clone(), payloads)
}

async fn deliver(
    client: WebhookClient,
    canary: String,
    calls: Vec<Calls>,
    place: Option<OwnedSemaphorePermit>,
) {
    if place.is_some() {
        future::join_all(calls.iter().map(|calls| send(&client, &canary, calls))).await;
    }
}

/// One hook's events, one after the other, so that they arrive in order.
async fn send(client: &WebhookClient, canary: &str, (hook, payloads): &Calls) {
    for payload in payloads {
        if let Err(error) = client.call(hook, payload).await {
            let (webhook, error) = (&hook.name, error.redacted());
            tracing::error!(canary, webhook, error, "error sending event to webhook");
        }
    }
}

#[cfg(test)]
mod tests;
