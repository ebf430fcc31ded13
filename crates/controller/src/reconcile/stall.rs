//! Canaries that cannot be served, and faults that last.

use std::collections::BTreeSet;

use serin_api::{Canary, Phase};
use serin_core::{
    Rollout,
    build::services,
    keys::FINALIZER,
    plan::{Action, Event, Level},
    router,
    stall::Stall,
    state,
};

use super::{Decision, Fault, Next, Reconcile, ReconcileEnd};
use crate::{
    apply::finalizer,
    cache::{Health, Lookup},
    clock,
    error::Category,
    kind::Kind,
    subject,
};

const RIVAL: &str = "another client writes the status of this Canary, too, or Flagger's definition of Canaries was \
                     applied: if Flagger still runs, stop one of both, as each undoes the routes of the other";

impl Reconcile<'_> {
    /// Says why a Canary is not served, once, and leaves everything as it is.
    pub(super) async fn stall(&mut self, canary: &Canary, stall: Stall) -> Result<Next, Fault> {
        if let Some(next) = self.let_go(canary).await? {
            return Ok(next);
        }
        let retreated = self.retreat(canary).await?;
        let before = canary.status.clone().unwrap_or_default();
        let status = state::unserved(&before, &self.key.name, &stall, retreated, clock::now());
        if canary.status.as_ref() != Some(&status)
            && let Some(next) = self.write(canary, &status).await?
        {
            return Ok(next);
        }
        self.ctx.metrics.operator.error(Category::Spec);
        self.tell(canary, &stall.message).await;
        Ok(Next::End(ReconcileEnd::Settled(None)))
    }

    /// A Canary that cannot be served must not be held back from being deleted either.
    async fn let_go(&self, canary: &Canary) -> Result<Option<Next>, Fault> {
        if !is_held(canary) {
            return Ok(None);
        }
        finalizer::set(&self.cluster, self.key, false).await?;
        Ok(Some(Next::End(ReconcileEnd::Settled(None))))
    }

    /// An event for a fault, unless the last one was the same.
    pub(super) async fn tell(&self, canary: &Canary, message: &str) {
        if !self.local().faults().tell(message) {
            return;
        }
        let phase = canary.status.as_ref().map(|status| status.phase).unwrap_or_default();
        let event = Event { level: Level::Error, message: message.to_owned(), phase };
        let hooks = &canary.spec.analysis.webhooks;
        let events = std::slice::from_ref(&event);
        let delivery = self.ctx.event_sink.deliver(&subject::of(canary), hooks, events, clock::now());
        self.ctx.tasks.spawn(self.ctx.told.join(self.key, delivery));
        self.ctx.events.emit(canary, &event).await;
    }

    /// Somebody undoes what is done, again and again.
    pub(super) async fn contested(&mut self, decision: &Decision) -> Result<Next, Fault> {
        let objects: BTreeSet<String> =
            decision.plan.actions.iter().map(|action| object_of(action, &decision.rollout)).collect();
        let objects: Vec<String> = objects.into_iter().collect();
        let message = format!(
            "another client undoes what is set on {}: look at its metadata.managedFields and let only one of \
             both own these fields",
            objects.join(" and ")
        );
        self.ctx.metrics.operator.error(Category::Conflict);
        self.tell(&decision.canary, &message).await;
        Ok(Next::End(ReconcileEnd::Retry(Category::Conflict)))
    }

    /// Flagger drops `observedGeneration` from every status that it writes. Where ours had one, Flagger has not been
    /// stopped: both undo each other's work.
    pub(super) async fn watch_for_rival(&mut self, canary: &Canary) -> Result<(), Fault> {
        if !self.local().status().is_ours() || !written_by_flagger(canary) {
            return Ok(());
        }
        // What the watch delivered may be older than what was written.
        self.refresh().await?;
        let Lookup::Present(now) = self.cluster.caches.canaries.get(self.key) else { return Ok(()) };
        if !written_by_flagger(&now.canary) {
            return Ok(());
        }
        self.local().status().lose();
        self.ctx.metrics.operator.error(Category::Conflict);
        tracing::error!(canary = %self.key, "{RIVAL}");
        self.tell(&now.canary, RIVAL).await;
        Ok(())
    }

    /// Why the Canary cannot be served at this time, though there is nothing wrong with it.
    pub(super) fn standing_fault(&self, rollout: &Rollout) -> Option<Stall> {
        let unreadable = self.unreadable(rollout);
        if unreadable.is_some() {
            // What failed before may have failed for this reason.
            self.local().faults().clear();
        }
        unreadable.or_else(|| self.local().faults().standing())
    }

    fn unreadable(&self, rollout: &Rollout) -> Option<Stall> {
        let health = self.cluster.caches.health();
        let mut needed = health.into_iter().filter(|(kind, _)| needs(rollout, *kind));
        needed.find_map(|(_, health)| match health {
            Health::NotServed(why) => Some(Stall::new("KindNotServed", why)),
            Health::Failing(why) => Some(Stall::new(Category::Forbidden.reason(), why)),
            Health::Starting | Health::Synced | Health::Spared(_) => None,
        })
    }
}

/// Whether it is being deleted, and waits for its target to take over.
pub(super) fn is_held(canary: &Canary) -> bool {
    let metadata = &canary.metadata;
    let held = metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER);
    held && metadata.deletion_timestamp.is_some()
}

fn written_by_flagger(canary: &Canary) -> bool {
    let status = canary.status.as_ref();
    status.is_some_and(|status| status.phase != Phase::None && status.observed_generation.is_none())
}

/// The object that an action changes.
fn object_of(action: &Action, rollout: &Rollout) -> String {
    match action {
        Action::ApplyService(role) => format!("Service {}", services::name(rollout, *role)),
        Action::Remove(entry) => entry.clone(),
        Action::ReleaseRoute(entry) => match router::of_entry(entry) {
            Some(route) => format!("{} {}", route.kind.name, route.name),
            None => entry.clone(),
        },
        Action::RevertApex => format!("Service {}", rollout.apex),
        Action::ApplyPrimary => format!("{} {}", rollout.target_kind.name(), rollout.primary()),
        Action::ScaleTarget(_) => format!("{} {}", rollout.target_kind.name(), rollout.target),
        Action::PauseScaler(_) => "the target's autoscaler".to_owned(),
        Action::ApplyScaler => "the primary's autoscaler".to_owned(),
        Action::ApplyRoute(_) | Action::RevertRoute => match router::route(rollout) {
            Some(route) => format!("{} {}", route.kind.name, route.name),
            None => "the route".to_owned(),
        },
        Action::AddFinalizer | Action::RemoveFinalizer | Action::RemoveCommand(_) => {
            format!("Canary {}", rollout.name)
        }
    }
}

/// Whether a Canary cannot be served without this kind.
pub(crate) fn needs(rollout: &Rollout, kind: Kind) -> bool {
    let metrics = &rollout.spec.analysis.metrics;
    match kind {
        Kind::Routed(kind) => kind.spared.is_none() && router::of(rollout).kinds().contains(&kind),
        Kind::Deployment | Kind::DaemonSet => kind == Kind::of_target(rollout.target_kind),
        Kind::Autoscaler | Kind::ScaledObject => {
            rollout.spec.autoscaler_ref.as_ref().is_some_and(|scaler| Kind::of_scaler(scaler) == kind)
        }
        Kind::MetricTemplate => metrics.iter().any(|metric| metric.template_ref.is_some()),
        _ => true,
    }
}
