//! Carrying out a plan: the status first, then the actions, then whom to tell.

use serin_api::{Canary, CanaryStatus};
use serin_core::{
    Rollout,
    affinity::Cookies,
    news,
    observe::Answers,
    plan::{Action, Event},
};

use super::{Decision, Fault, Next, Reconcile, Verdict, with_status};
use crate::{
    apply::{ActionError, Executor},
    asks, clock,
    error::Category,
    stalled::{self, Stall},
    status::{self, Unstored, Written},
    subject,
};

impl Reconcile<'_> {
    pub(super) async fn execute(&mut self, decision: Decision) -> Result<Next, Fault> {
        let mut status = decision.plan.status.clone();
        if !self.ctx.options.settings.config_tracking {
            status.tracked_configs = None;
        }
        let planned = decision.plan.stall.as_ref().map(|stall| Stall::new(stall.reason, &stall.message));
        let stall = self.standing_fault(&decision.rollout).or(planned);
        stalled::set(&mut status, stall.as_ref(), clock::now());
        self.note_alert(&mut status);
        let told = |item: &_, part| self.is_told(&decision.canary, item, part);
        news::forget_told(&mut status, decision.canary.status.as_ref(), told);
        let kept = decision.plan.unwritten && stall.is_none();
        let wrote = !kept && decision.canary.status.as_ref() != Some(&status);
        let acts = !decision.plan.actions.is_empty();
        if wrote {
            if let Some(next) = self.write(&decision.canary, &status).await? {
                return Ok(next);
            }
        } else if kept {
            self.keep(&decision.canary, &status);
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
        let canary = with_status(&decision.canary, status);
        self.report(&decision, &canary, wrote).await;
        self.tell_of_alerts(&decision.canary, &canary).await;
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
        let old = self.ctx.memory.stored(self.key, canary.status.as_ref());
        match status::write(&self.cluster, self.key, version, old.as_ref(), status).await? {
            Written::Done { version, pruned } => {
                if pruned.is_none() && status.observed_generation.is_some() {
                    self.ctx.memory.claim(self.key);
                }
                self.note_pruned(pruned);
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

    /// Keeps a status that is not worth a write.
    fn keep(&self, canary: &Canary, status: &CanaryStatus) {
        let stored = self.ctx.memory.stored(self.key, canary.status.as_ref());
        self.ctx.memory.set_unstored(self.key, Unstored::kept(status, stored.as_ref()));
    }

    fn note_pruned(&self, pruned: Option<Box<Unstored>>) {
        let dropped = pruned.is_some();
        if self.ctx.memory.set_unstored(self.key, pruned) || !dropped {
            return;
        }
        tracing::warn!(
            canary = %self.key,
            "the installed definition of canaries.flagger.app drops parts of the status, which a restart loses: \
             apply the definitions of this version"
        );
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
        let hands = Executor {
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
            match hands.act(action).await {
                Err(error) if is_refused_shape(decision, action, &error) => {
                    let generation = decision.canary.metadata.generation;
                    let why = refused_shape(&decision.rollout, &error);
                    self.ctx.memory.refuse_route(self.key, generation, why);
                }
                answer => answer?,
            }
        }
        if !decision.plan.actions.is_empty() {
            self.ctx.memory.set_fault(self.key, None);
        }
        Ok(())
    }

    /// Tells of what was decided, also when an action failed: the status says so already.
    async fn report(&self, decision: &Decision, canary: &Canary, wrote: bool) {
        let plan = &decision.plan;
        let (metrics, rollout) = (&self.ctx.metrics.canary, &decision.rollout);
        asks::record(self.ctx, rollout, &plan.judged);
        if plan.analysed {
            metrics.analysed(&rollout.target, &rollout.namespace, self.begun.elapsed());
        }
        if let Some(outcome) = plan.outcome {
            metrics.ended(&rollout.target, &rollout.namespace, outcome);
        }
        if !wrote {
            self.emit(&decision.canary, canary, &plan.events).await;
        }
        self.tell_news(canary, &decision.canary).await;
    }

    /// Events that no status was written with.
    pub(super) async fn emit(&self, before: &Canary, canary: &Canary, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let hooks = &before.spec.analysis.webhooks;
        let delivery =
            self.ctx.event_sink.deliver(&subject::told(before, canary), hooks, events, clock::now());
        self.ctx.tasks.spawn(self.ctx.told.join(self.key, delivery));
        for event in events {
            self.ctx.events.emit(canary, event).await;
        }
    }
}

/// Whether the API server refuses a live route in its new shape: its weights can be changed all the same.
fn is_refused_shape(decision: &Decision, action: &Action, error: &ActionError) -> bool {
    matches!(action, Action::ApplyRoute(_))
        && error.category() == Category::Invalid
        && decision.seen.live_route(&decision.rollout).is_some()
        && decision.seen.route_refused.is_none()
}

fn refused_shape(rollout: &Rollout, error: &ActionError) -> String {
    let kind = rollout.router.route_kind;
    format!(
        "the {kind} that follows from spec.service and spec.analysis is refused: {error}. Its weights are still \
         moved, the rest of it stays as it was until these fields are mended"
    )
}
