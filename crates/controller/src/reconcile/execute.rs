//! Carrying out a plan: the status first, then the actions, then whom to tell.

use serin_api::{Canary, CanaryStatus};
use serin_core::{
    Rollout,
    affinity::Cookies,
    observe::Answers,
    plan::{Action, Event},
};

use super::{Decision, Fault, Next, Reconcile, ReconcileEnd, with_status};
use crate::{
    apply::{ActionError, Executor},
    asks, clock,
    error::Category,
    status::{self, Unstored, Written},
    subject,
};

impl Reconcile<'_> {
    pub(super) async fn execute(&mut self, decision: Decision) -> Result<Next, Fault> {
        let plan = &decision.plan;
        let wrote = !plan.unwritten && decision.canary.status.as_ref() != Some(&plan.status);
        let acts = !plan.actions.is_empty();
        if wrote {
            if let Some(next) = self.write(&decision.canary, &plan.status).await? {
                return Ok(next);
            }
        } else if plan.unwritten {
            self.keep(&decision.canary, &plan.status);
        } else if acts {
            if !self.local().corrections().take() {
                return self.contested(&decision).await;
            }
            if !self.is_current(&decision.canary).await? {
                return Ok(Next::Again);
            }
        }
        if let Some(stall) = &plan.stall {
            self.tell(&decision.canary, &stall.message).await;
        }
        let acted = self.act(&decision).await;
        let canary = with_status(&decision.canary, plan.status.clone());
        self.report(&decision, &canary, wrote).await;
        self.report_undelivered(&decision.canary, &canary).await;
        acted?;
        if wrote || acts {
            self.answers = Answers::default();
            return Ok(Next::Again);
        }
        if plan.stall.is_none() {
            self.local().faults().recovered();
        }
        Ok(Next::End(ReconcileEnd::Settled(plan.wake)))
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
        let old = self.local().status().stored(canary.status.as_ref());
        match status::write(&self.cluster, self.key, version, old.as_ref(), status).await? {
            Written::Done { version, pruned } => {
                if pruned.is_none() && status.observed_generation.is_some() {
                    self.local().status().claim();
                }
                self.note_pruned(pruned);
                self.current = version;
                Ok(None)
            }
            Written::Outdated => {
                self.answers = Answers::default();
                let found = self.refresh().await?;
                Ok(Some(found.map_or(Next::End(ReconcileEnd::Gone), |_| Next::Again)))
            }
            Written::Gone => Ok(Some(Next::End(ReconcileEnd::Gone))),
        }
    }

    /// Keeps a status that is not worth a write.
    fn keep(&self, canary: &Canary, status: &CanaryStatus) {
        let stored = self.local().status().stored(canary.status.as_ref());
        self.local().status().set_unstored(Unstored::kept(status, stored.as_ref()));
    }

    fn note_pruned(&self, pruned: Option<Box<Unstored>>) {
        let dropped = pruned.is_some();
        if self.local().status().set_unstored(pruned) || !dropped {
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
                    self.local().route_refusal().set(generation, why);
                }
                answer => answer?,
            }
        }
        if !decision.plan.actions.is_empty() {
            self.local().faults().clear();
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
        if let Some(end) = plan.ended {
            metrics.ended(&rollout.target, &rollout.namespace, end);
        }
        if !wrote {
            self.emit(&decision.canary, canary, &plan.events).await;
        }
        self.deliver_notifications(canary, &decision.canary).await;
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
