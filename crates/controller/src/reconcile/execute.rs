//! Carrying out a plan: the status first, then the actions, then whom to tell.

use serin_api::{Canary, CanaryStatus};
use serin_core::{
    affinity::Cookies,
    event::post_rollout,
    observe::Answers,
    plan::{Event, HookCall, Level},
};

use super::{Decision, Fault, Look, Next, Verdict};
use crate::{
    apply::Hands,
    asks, observe, stalled,
    status::{self, Written},
    subject,
};

impl Look<'_> {
    pub(super) async fn execute(&mut self, decision: Decision) -> Result<Next, Fault> {
        let mut status = decision.plan.status.clone();
        if !self.ctx.options.settings.config_tracking {
            status.tracked_configs = None;
        }
        let stall = self.standing_fault(&decision.rollout);
        stalled::set(&mut status, stall.as_ref(), observe::now());
        let wrote = decision.canary.status.as_ref() != Some(&status);
        let acts = !decision.plan.actions.is_empty();
        if wrote {
            if let Some(next) = self.write(&decision.canary, &status).await? {
                return Ok(next);
            }
        } else if acts {
            if !self.ctx.memory.may_correct(self.key) {
                return self.contested(&decision).await;
            }
            if !self.is_current(&decision.canary).await? {
                return Ok(Next::Again);
            }
        }
        if let Some(stall) = &stall {
            self.tell(&decision.canary, &stall.message).await;
        }
        let acted = self.act(&decision).await;
        let canary = Canary { status: Some(status), ..decision.canary.clone() };
        self.report(&decision, &canary).await;
        acted?;
        if wrote || acts {
            self.answers = Answers::default();
            return Ok(Next::Again);
        }
        if stall.is_none() {
            self.ctx.memory.recovered(self.key);
        }
        Ok(Next::End(Verdict::Settled(decision.plan.wake)))
    }

    /// Writes the status. `Some` when nothing may follow from the decision.
    pub(super) async fn write(
        &mut self,
        canary: &Canary,
        status: &CanaryStatus,
    ) -> Result<Option<Next>, Fault> {
        if !self.ctx.may_act() {
            return Err(Fault::Interrupted);
        }
        let version = canary.metadata.resource_version.as_deref().unwrap_or_default();
        let old = canary.status.as_ref();
        match status::write(&self.cluster, self.key, version, old, status).await? {
            Written::Done(version) => {
                self.current = version;
                Ok(None)
            }
            Written::Outdated => {
                self.answers = Answers::default();
                let found = self.refresh().await?;
                Ok(Some(found.map_or(Next::End(Verdict::Gone), |_| Next::Again)))
            }
            Written::Gone => Ok(Some(Next::End(Verdict::Gone))),
        }
    }

    /// Whether the Canary that was decided on is the present one. Nothing is done on a stale one's account.
    async fn is_current(&mut self, canary: &Canary) -> Result<bool, Fault> {
        let version = &canary.metadata.resource_version;
        if self.current.is_some() && self.current == *version {
            return Ok(true);
        }
        Ok(self.refresh().await? == *version)
    }

    async fn act(&self, decision: &Decision) -> Result<(), Fault> {
        let hands = Hands {
            cluster: &self.cluster,
            key: self.key,
            rollout: &decision.rollout,
            settings: &self.ctx.options.settings,
            seen: &decision.seen,
            cookies: Cookies::of(&decision.plan.status),
        };
        for action in &decision.plan.actions {
            if !self.ctx.may_act() {
                return Err(Fault::Interrupted);
            }
            tracing::debug!(canary = %self.key, ?action, "acting");
            hands.act(action).await?;
        }
        if !decision.plan.actions.is_empty() {
            self.ctx.memory.set_fault(self.key, None);
        }
        Ok(())
    }

    /// Tells of what was decided, also when an action failed: the status says so already.
    async fn report(&self, decision: &Decision, canary: &Canary) {
        let plan = &decision.plan;
        let (metrics, rollout) = (&self.ctx.metrics.canary, &decision.rollout);
        if plan.analysed {
            metrics.analysed(&rollout.target, &rollout.namespace, self.begun.elapsed());
        }
        if let Some(outcome) = plan.outcome {
            metrics.ended(&rollout.target, &rollout.namespace, outcome);
        }
        self.emit(decision, canary, &plan.events).await;
        if !plan.alerts.is_empty() {
            let delivery = self.ctx.alerts.deliver(&decision.rollout, &plan.alerts);
            self.ctx.tasks.spawn(self.ctx.alerted.join(self.key, delivery));
        }
        self.call_hooks(decision, canary, &plan.hooks).await;
    }

    async fn emit(&self, decision: &Decision, canary: &Canary, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let (old, hooks) = (&decision.canary, &decision.rollout.spec.analysis.webhooks);
        // That of the revision under analysis, which there is none of before the initialisation.
        let started = old.status.as_ref().is_some_and(|status| status.last_applied_spec.is_some());
        let subject = subject::of(if started { old } else { canary });
        let delivery = self.ctx.event_sink.deliver(&subject, hooks, events, observe::now());
        self.ctx.tasks.spawn(self.ctx.told.join(self.key, delivery));
        for event in events {
            self.ctx.events.emit(canary, event).await;
        }
    }

    /// Tells the post-rollout hooks; the first that fails keeps the others from being called.
    async fn call_hooks(&self, decision: &Decision, canary: &Canary, hooks: &[HookCall]) {
        for call in hooks {
            let answer = asks::hook(self.ctx, canary, &decision.rollout, call).await;
            let name = decision.rollout.hooks.iter().find(|hook| hook.index == call.index);
            let name = name.map_or("", |hook| hook.name.as_str());
            let message = post_rollout(name, answer.as_ref().copied().map_err(String::as_str));
            let level = if answer.is_ok() { Level::Normal } else { Level::Warning };
            self.emit(decision, canary, &[Event { level, message, phase: call.phase }]).await;
            if answer.is_err() {
                break;
            }
        }
    }
}
