//! Telling what was decided: events, alerts and post-rollout hooks, as the status lists them.
//!
//! What this operator wrote itself and what it finds after a restart go the same way; see `serin_core::news`.

use std::time::Duration;

use serin_api::{
    Canary, CanaryStatus,
    canary::{CanaryWebhook, News, WebhookType},
};
use serin_core::{
    event::post_rollout,
    news::{self, LIFETIME, Part},
    observe::Answers,
    plan::{Event, HookCall, Level},
};
use tokio::time::Instant;

use super::{Fault, Reconcile};
use crate::{
    asks,
    cache::Lookup,
    clock,
    context::Context,
    events::Written,
    memory::{Alerted, Told},
    stalled, subject,
};

/// How soon events are tried again that could not be written.
const RETRY: Duration = Duration::from_secs(10);

/// The name of the first event about a post-rollout hook; those before it belong to the decision itself.
const HOOK_EVENTS: usize = 0x80;

impl Reconcile<'_> {
    /// Whether nobody is left to be told of this part.
    pub(super) fn is_told(&self, canary: &Canary, item: &News, part: Part) -> bool {
        self.ctx.memory.is_told(self.key, Told { at: item.at, part })
            || part == Part::Alerts && !self.ctx.alerts.anybody_wants(canary, item)
    }

    /// Tells everything in the status of `canary` that this operator has not told yet. `before` is the Canary as it
    /// was decided on.
    pub(super) async fn tell_news(&self, canary: &Canary, before: &Canary) {
        let news = canary.status.as_ref().map(|status| status.news.as_slice()).unwrap_or_default();
        self.ctx.memory.keep_told(self.key, |told| news.iter().any(|item| item.at == told.at));
        let known = before.status.as_ref().map(|status| status.news.as_slice()).unwrap_or_default();
        for item in news {
            let fresh = known.iter().all(|old| old.at != item.at);
            for part in Part::ALL.into_iter().filter(|part| part.is_in(item)) {
                if self.ctx.memory.begin_telling(self.key, Told { at: item.at, part }) {
                    self.tell_part(canary, before, item, part, fresh).await;
                }
            }
        }
    }

    async fn tell_part(&self, canary: &Canary, before: &Canary, item: &News, part: Part, fresh: bool) {
        let told = Told { at: item.at, part };
        match part {
            Part::Events => {
                let written = self.tell_events(canary, before, item, fresh).await;
                return self.ctx.memory.end_telling(self.key, told, written);
            }
            Part::Alerts => return self.tell_alerts(canary, item, told),
            Part::Hooks => self.tell_hooks(canary, before, item).await,
        }
        self.ctx.memory.end_telling(self.key, told, true);
    }

    async fn note_told(&mut self) -> Result<(), Fault> {
        let Lookup::Present(entry) = self.cluster.caches.canaries.get(self.key) else { return Ok(()) };
        let Some(observed) = &entry.canary.status else { return Ok(()) };
        let mut status = observed.clone();
        self.note_alert(&mut status);
        news::forget_told(&mut status, Some(observed), |item, part| self.is_told(&entry.canary, item, part));
        if status != *observed {
            self.write(&entry.canary, &status).await?;
        }
        Ok(())
    }

    /// Puts into the status how the last alert fared, if this replica has sent one.
    pub(super) fn note_alert(&self, status: &mut CanaryStatus) {
        let failure = match self.ctx.memory.alerted(self.key) {
            Alerted::Unknown => return,
            Alerted::Delivered => None,
            Alerted::Failed(failure) => Some(failure),
        };
        stalled::set_alert(status, failure.as_ref(), clock::now());
    }

    /// Events about alerts that did not arrive: who looks at the Canary learns that nobody was told.
    pub(super) async fn tell_of_alerts(&self, before: &Canary, canary: &Canary) {
        let phase = canary.status.as_ref().map(|status| status.phase).unwrap_or_default();
        let event = |message| Event { level: Level::Warning, message, phase };
        let events: Vec<Event> = self.ctx.memory.take_unsaid(self.key).into_iter().map(event).collect();
        self.emit(before, canary, &events).await;
    }

    /// Whether all were written, or never can be.
    async fn tell_events(&self, canary: &Canary, before: &Canary, item: &News, fresh: bool) -> bool {
        if clock::now() - item.at > LIFETIME {
            return true;
        }
        let events: Vec<Event> = item.events.iter().map(news::event).collect();
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

    fn send_on(&self, canary: &Canary, before: &Canary, events: &[Event], item: &News) {
        let hooks = &canary.spec.analysis.webhooks;
        let delivery = self.ctx.event_sink.deliver(&subject::told(before, canary), hooks, events, item.at);
        self.ctx.tasks.spawn(self.ctx.told.join(self.key, delivery));
    }

    /// Beside the reconcile: receivers may be slow. When they have been told, another look takes it out of the status.
    fn tell_alerts(&self, canary: &Canary, item: &News, told: Told) {
        let delivery = self.ctx.alerts.deliver(canary, item);
        let (memory, queue) = (self.ctx.memory.clone(), self.ctx.cluster.queue.clone());
        let key = self.key.clone();
        let told = async move {
            memory.note_alert(&key, delivery.await);
            memory.end_telling(&key, told, true);
            queue.wake(&key);
        };
        self.ctx.tasks.spawn(self.ctx.alerted.join(self.key, told));
    }

    /// The first hook that fails keeps the others from being called.
    async fn tell_hooks(&self, canary: &Canary, before: &Canary, item: &News) {
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
                &News { at: clock::now(), ..item.clone() },
            );
            self.ctx.events.write(canary, &event, item.at, HOOK_EVENTS + place).await;
            if answer.is_err() {
                break;
            }
        }
    }
}

/// Takes out of the statuses what was told since the last look at each Canary; for the end of the operator.
pub(crate) async fn note_what_was_told(ctx: &Context) {
    for key in ctx.memory.tellers() {
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
        match look.note_told().await {
            Ok(()) => {}
            Err(error) => tracing::warn!(canary = %key, %error, "alerts of this Canary may be repeated"),
        }
    }
}

fn hook_event(hook: &CanaryWebhook, answer: &Result<(), String>, phase: serin_api::Phase) -> Event {
    let (level, message) = post_rollout(&hook.name, answer.as_ref().copied().map_err(String::as_str));
    Event { level, message, phase }
}
