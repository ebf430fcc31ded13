//! Delivering what was decided: events, alerts and post-rollout hooks, as the status lists them.
//!
//! What this operator wrote itself and what it finds after a restart go the same way; see
//! `serin_core::outbox`.

use std::time::Duration;

use serin_api::{
    Canary, CanaryStatus,
    canary::{CanaryWebhook, Notification, WebhookType},
};
use serin_core::{
    delivery::{Deliveries, Delivery, Part},
    event::post_rollout,
    observe::Answers,
    outbox::{self, LIFETIME},
    plan::{Event, HookCall, Level},
    state,
};
use tokio::time::Instant;

use super::{Fault, Reconcile};
use crate::{asks, cache::Lookup, clock, context::Context, events::Written, subject};

/// How soon events are tried again that could not be written.
const RETRY: Duration = Duration::from_secs(10);

/// The name of the first event about a post-rollout hook; those before it belong to the decision itself.
const HOOK_EVENTS: usize = 0x80;

impl Reconcile<'_> {
    /// How it fares with what the status of `canary` lists as still to be told.
    pub(super) fn deliveries(&self, canary: &Canary) -> Deliveries {
        let local = self.local();
        let delivered = local.deliveries();
        Deliveries {
            done: delivered.done(),
            unwanted: self.ctx.alerts.unwanted(canary),
            last_alert: delivered.last_alert(),
        }
    }

    /// Tells everything in the status of `canary` that this operator has not told yet. `before` is the Canary as it
    /// was decided on.
    pub(super) async fn deliver_notifications(&self, canary: &Canary, before: &Canary) {
        let pending = canary.status.as_ref().map(|status| &status.pending_notifications[..]);
        let pending = pending.unwrap_or_default();
        self.local().deliveries().keep(|told| pending.iter().any(|item| item.at == told.at));
        let known = |item: &Notification| {
            let before = before.status.iter().flat_map(CanaryStatus::notifications);
            before.into_iter().any(|old| old.at == item.at)
        };
        for item in pending {
            let fresh = !known(item);
            for part in Part::ALL.into_iter().filter(|part| part.is_in(item)) {
                if self.local().deliveries().begin(Delivery { at: item.at, part }) {
                    self.deliver_part(canary, before, item, part, fresh).await;
                }
            }
        }
    }

    async fn deliver_part(
        &self,
        canary: &Canary,
        before: &Canary,
        item: &Notification,
        part: Part,
        fresh: bool,
    ) {
        let told = Delivery { at: item.at, part };
        match part {
            Part::Events => {
                let written = self.deliver_events(canary, before, item, fresh).await;
                return self.local().deliveries().end(told, written);
            }
            Part::Alerts => return self.deliver_alerts(canary, item, told),
            Part::Hooks => self.deliver_hooks(canary, before, item).await,
        }
        self.local().deliveries().end(told, true);
    }

    async fn note_delivered(&mut self) -> Result<(), Fault> {
        let Lookup::Present(entry) = self.cluster.caches.canaries.get(self.key) else { return Ok(()) };
        let Some(observed) = &entry.canary.status else { return Ok(()) };
        let status = state::delivered(observed, &self.deliveries(&entry.canary), clock::now());
        if status != *observed {
            self.write(&entry.canary, &status).await?;
        }
        Ok(())
    }

    /// Events about alerts that did not arrive: who looks at the Canary learns that nobody was told.
    pub(super) async fn report_undelivered(&self, before: &Canary, canary: &Canary) {
        let phase = canary.status.as_ref().map(|status| status.phase).unwrap_or_default();
        let event = |message| Event { level: Level::Warning, message, phase };
        let unreported = self.local().deliveries().take_unreported();
        let events: Vec<Event> = unreported.into_iter().map(event).collect();
        self.emit(before, canary, &events).await;
    }

    /// Whether all were written, or never can be.
    async fn deliver_events(
        &self,
        canary: &Canary,
        before: &Canary,
        item: &Notification,
        fresh: bool,
    ) -> bool {
        if clock::now() - item.at > LIFETIME {
            return true;
        }
        let events: Vec<Event> = item.events.iter().map(outbox::event).collect();
        if fresh {
            self.send_on(canary, before, &events, item);
        }
        let mut all = true;
        for (index, event) in events.iter().enumerate() {
            match self.ctx.events.write(canary, event, item.at, index).await {
                Written::Now if !fresh => self.send_on(canary, before, std::slice::from_ref(event), item),
                // The one who wrote it before has sent it on, too.
                Written::Now | Written::Before | Written::Never => {}
                Written::NotYet => all = false,
            }
        }
        if !all {
            self.ctx.cluster.queue.wake_at(self.key, Instant::now() + RETRY);
        }
        all
    }

    fn send_on(&self, canary: &Canary, before: &Canary, events: &[Event], item: &Notification) {
        let hooks = &canary.spec.analysis.webhooks;
        let delivery = self.ctx.event_sink.deliver(&subject::told(before, canary), hooks, events, item.at);
        self.ctx.tasks.spawn(self.ctx.told.join(self.key, delivery));
    }

    /// Beside the reconcile: receivers may be slow. When they have been told, another look takes it out of the status.
    fn deliver_alerts(&self, canary: &Canary, item: &Notification, told: Delivery) {
        let delivery = self.ctx.alerts.deliver(canary, item);
        let (local, queue) = (self.local(), self.ctx.cluster.queue.clone());
        let key = self.key.clone();
        let told = async move {
            let failure = delivery.await;
            local.deliveries().note_alert(failure);
            local.deliveries().end(told, true);
            queue.wake(&key);
        };
        self.ctx.tasks.spawn(self.ctx.alerted.join(self.key, told));
    }

    /// The first hook that fails keeps the others from being called.
    async fn deliver_hooks(&self, canary: &Canary, before: &Canary, item: &Notification) {
        let Some(phase) = item.hooks else { return };
        let hooks = canary.spec.analysis.webhooks.iter().enumerate();
        let hooks = hooks.filter(|(_, hook)| hook.hook_type() == WebhookType::PostRollout);
        for (place, (index, hook)) in hooks.enumerate() {
            let answer = asks::hook(self.ctx, canary, &HookCall { index, phase }).await;
            let event = hook_event(hook, &answer, phase);
            self.send_on(
                canary,
                before,
                std::slice::from_ref(&event),
                &Notification { at: clock::now(), ..item.clone() },
            );
            self.ctx.events.write(canary, &event, item.at, HOOK_EVENTS + place).await;
            if answer.is_err() {
                break;
            }
        }
    }
}

/// Takes out of the statuses what was told since the last look at each Canary; for the end of the operator.
pub(crate) async fn note_deliveries(ctx: &Context) {
    for key in ctx.local.with_deliveries() {
        let cluster = ctx.cluster.acting_for(&key);
        let mut look = Reconcile {
            ctx,
            cluster,
            key: &key,
            answers: Answers::default(),
            begun: Instant::now().into(),
            current: None,
            seen: None,
        };
        match look.note_delivered().await {
            Ok(()) => {}
            Err(error) => tracing::warn!(canary = %key, %error, "alerts of this Canary may be repeated"),
        }
    }
}

fn hook_event(hook: &CanaryWebhook, answer: &Result<(), String>, phase: serin_api::Phase) -> Event {
    let (level, message) = post_rollout(&hook.name, answer.as_ref().copied().map_err(String::as_str));
    Event { level, message, phase }
}
