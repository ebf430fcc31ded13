//! One look at one Canary: observe → validate → decide → (ask) → status → actions → events.

mod deliver;
mod execute;
mod fault;
mod retreat;
mod rivals;
mod stall;

pub(crate) use deliver::note_deliveries;
pub(crate) use stall::needs;

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use serin_api::{Canary, CanaryStatus, Phase};
use serin_core::{
    Observation, Plan, Rollout, Routing, decide,
    observe::{Answers, INVALID_SPEC, Obstacle},
    snapshot::Snapshot,
    stall::Stall,
    validate::{SpecError, validate, validate_revert},
};

use crate::{
    apply::ActionError,
    cache::{CanaryEntry, Lookup},
    clock,
    cluster::Cluster,
    context::Context,
    error::{ApiError, Category},
    key::Key,
    kind::Kind,
    local_state::{CanaryState, Labels},
    observe,
};

/// Rounds of one look. A rollout that moves on without waiting takes few; more hint at a rival who
/// undoes what is done.
const ROUNDS: usize = 20;
/// Lost races for an object, each followed by a fresh read of it, before a pause is made.
const CONFLICTS: usize = 3;
/// Asks of one decision.
const ASKS: usize = 100;

/// How a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReconcileEnd {
    /// Nothing is left to do before something changes, or before this time.
    Settled(Option<DateTime<Utc>>),
    /// The look has to be repeated, for this reason.
    Retry(Category),
    /// The Canary does not exist.
    Gone,
    /// The operator ends.
    Interrupted,
}

/// What ends a look early.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Action(#[from] ActionError),
    #[error("canaries cannot be read: {0}")]
    Blind(String),
    #[error("the operator ends")]
    Interrupted,
}

/// What follows after a round.
enum Next {
    /// Something was written, or what was read is out of date: look again at once.
    Again,
    /// The look is over.
    End(ReconcileEnd),
}

/// One look in progress.
struct Reconcile<'a> {
    ctx: &'a Context,
    cluster: Cluster,
    key: &'a Key,
    answers: Answers,
    begun: Instant,
    /// The version of the Canary that was current when this look read or wrote it.
    current: Option<String>,
    /// What was seen last: what of it has not changed is not unpacked again.
    seen: Option<Arc<Snapshot>>,
}

/// What was decided, and on what.
struct Decision {
    canary: Arc<Canary>,
    rollout: Arc<Rollout>,
    seen: Arc<Snapshot>,
    plan: Plan,
}

/// What was seen at one time.
struct Looked {
    seen: Arc<Snapshot>,
    facts: Observation,
    /// When to look again for what keeps pods from being ready.
    again: Option<std::time::Duration>,
}

/// Looks at a Canary until nothing is left to do at this time.
pub(crate) async fn reconcile(ctx: &Context, key: &Key) -> ReconcileEnd {
    let cluster = ctx.cluster.acting_for(key);
    let begun = Instant::now();
    let mut look =
        Reconcile { ctx, cluster, key, answers: Answers::default(), begun, current: None, seen: None };
    let mut conflicts = 0;
    for _ in 0..ROUNDS {
        match Box::pin(look.round()).await {
            Ok(Next::Again) => {}
            Ok(Next::End(verdict)) => return verdict,
            Err(Fault::Interrupted) => return ReconcileEnd::Interrupted,
            Err(Fault::Action(error)) if error.contested().is_some() && conflicts < CONFLICTS => {
                conflicts += 1;
                look.catch_up(&error).await;
            }
            Err(fault) => return look.failed(fault).await,
        }
    }
    tracing::warn!(canary = %key, "still not settled: another client may be undoing what is done");
    ReconcileEnd::Retry(Category::Conflict)
}

impl Reconcile<'_> {
    /// What is kept about this Canary.
    fn local(&self) -> Arc<CanaryState> {
        self.ctx.local.of(self.key)
    }

    async fn round(&mut self) -> Result<Next, Fault> {
        if self.ctx.stop.is_cancelled() {
            return Err(Fault::Interrupted);
        }
        let Some(entry) = self.read().await? else { return Ok(Next::End(ReconcileEnd::Gone)) };
        self.watch_for_rival(&entry.canary).await?;
        if let Some(problem) = &entry.problem {
            return self.stall(&entry.canary, Stall::new(INVALID_SPEC, problem)).await;
        }
        if let Some(stall) = rivals::conflict(&self.ctx.cluster.caches, self.key, &entry.canary) {
            return self.stall(&entry.canary, stall).await;
        }
        let (rollout, invalid) = match self.valid(&entry.canary) {
            Ok(rollout) => {
                self.local().reads().keep_valid(&entry.canary);
                (Arc::new(rollout), None)
            }
            Err(errors) => {
                let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
                let stall = Stall::new(INVALID_SPEC, text.join("; "));
                let Some(rollout) = self.valid_before(&entry.canary) else {
                    return self.stall(&entry.canary, stall).await;
                };
                self.ctx.metrics.operator.error(Category::Spec);
                (Arc::new(rollout), Some(Obstacle { reason: INVALID_SPEC, message: stall.message }))
            }
        };
        let (seen, plan) = self.decide(&entry.canary, &rollout, invalid.as_ref()).await?;
        let canary = Arc::clone(&entry.canary);
        Box::pin(self.execute(Decision { canary, rollout, seen, plan })).await
    }

    /// What is wrong with a Canary that was served once must not keep its target from taking over again.
    fn valid(&self, canary: &Canary) -> Result<Rollout, Vec<SpecError>> {
        let settings = &self.ctx.options.settings;
        let served = canary.status.as_ref().is_some_and(|status| status.phase != Phase::None);
        let checked = validate(canary, settings);
        if checked.is_ok() || !served || !stall::is_held(canary) {
            return checked;
        }
        validate_revert(canary, settings).or(checked)
    }

    /// What the Canary asked for before it became invalid, as far as this replica knows.
    fn valid_before(&self, canary: &Canary) -> Option<Rollout> {
        let before = self.local().reads().valid(canary.metadata.uid.as_deref())?;
        let canary = Canary {
            metadata: canary.metadata.clone(),
            spec: before.spec.clone(),
            status: canary.status.clone(),
        };
        validate(&canary, &self.ctx.options.settings).ok()
    }

    /// The Canary. Its first read in a term goes to the cluster, as another replica may have written it
    /// after what our watch delivered.
    async fn read(&mut self) -> Result<Option<Arc<CanaryEntry>>, Fault> {
        if !self.local().reads().is_fresh() {
            if self.refresh().await?.is_none() {
                return Ok(None);
            }
            self.local().reads().set_fresh();
        }
        match self.cluster.caches.canaries.get(self.key) {
            Lookup::Present(entry) => Ok(Some(self.completed(entry))),
            Lookup::Absent | Lookup::Unresolved => Ok(None),
            Lookup::Unknown(why) => Err(Fault::Blind(why)),
        }
    }

    fn completed(&self, entry: Arc<CanaryEntry>) -> Arc<CanaryEntry> {
        let restored = self.local().status().restored(entry.canary.status.as_ref());
        let Some(status) = restored else { return entry };
        let canary = with_status(&entry.canary, status);
        Arc::new(CanaryEntry { canary, problem: entry.problem.clone() })
    }

    /// Reads the Canary from the cluster. Returns its version.
    async fn refresh(&mut self) -> Result<Option<String>, Fault> {
        let canary = self.cluster.get(Kind::Canary, self.key).await?;
        let version = canary.as_ref().and_then(|canary| canary.pointer("/metadata/resourceVersion"));
        self.current = version.and_then(|version| version.as_str()).map(ToOwned::to_owned);
        Ok(self.current.clone())
    }

    /// Decides, and answers what has to be known first.
    async fn decide(
        &mut self,
        canary: &Arc<Canary>,
        rollout: &Arc<Rollout>,
        invalid: Option<&Obstacle>,
    ) -> Result<(Arc<Snapshot>, Plan), Fault> {
        let mut looked = self.look(canary, rollout, invalid).await;
        let mut aged = false;
        for _ in 0..ASKS {
            let mut plan = decide(&looked.facts);
            if !plan.asks.is_empty() {
                let asked = crate::asks::answer(self.ctx, canary, rollout, &plan.asks, &mut self.answers);
                tokio::select! {
                    () = asked => {}
                    () = self.ctx.stop.cancelled() => return Err(Fault::Interrupted),
                }
                looked.facts.answers.clone_from(&self.answers);
                looked.facts.now = clock::now();
                aged = true;
            } else if aged {
                // What was seen before the answers came decides what else to ask, and nothing else.
                looked = self.look(canary, rollout, invalid).await;
                aged = false;
            } else {
                if let Some(again) = looked.again {
                    // What keeps pods from being ready is known a while after they are made.
                    let again = looked.seen.now + again;
                    plan.wake = Some(plan.wake.map_or(again, |wake| wake.min(again)));
                }
                return Ok((looked.seen, plan));
            }
        }
        Err(Fault::Blind("the decision asks without end".to_owned()))
    }

    /// Sees what there is at this time.
    async fn look(
        &mut self,
        canary: &Arc<Canary>,
        rollout: &Arc<Rollout>,
        invalid: Option<&Obstacle>,
    ) -> Looked {
        let settings = &self.ctx.options.settings;
        let (answers, before) = (self.answers.clone(), self.seen.as_deref());
        let tracking = settings.config_tracking;
        let mut seen =
            observe::snapshot(&self.cluster, self.key, canary, rollout, tracking, answers, before).await;
        let (troubles, again) =
            observe::pods::troubles(self.ctx, &self.cluster, self.key, rollout, &seen).await;
        seen.troubles = troubles;
        seen.route_refused = self.local().route_refusal().of(canary.metadata.generation);
        seen.derived = self.local().derived();
        let seen = Arc::new(seen);
        self.seen = Some(Arc::clone(&seen));
        let mut facts = seen.facts(rollout, settings);
        facts.obstacle = facts.obstacle.or_else(|| invalid.cloned());
        facts.fault = self.standing_fault(rollout);
        facts.deliveries = self.deliveries(canary);
        self.measure(rollout, &facts);
        Looked { seen, facts, again }
    }

    fn measure(&self, rollout: &Rollout, facts: &Observation) {
        let metrics = &self.ctx.metrics.canary;
        let labels = Labels {
            target: rollout.target.clone(),
            metrics: rollout.spec.analysis.metrics.iter().map(|metric| metric.name.clone()).collect(),
        };
        let namespace = &rollout.namespace;
        if let Some(old) = self.local().labels().change(labels) {
            metrics.remove(&old.target, namespace, old.metrics.iter().map(String::as_str));
        }
        metrics.phase(&rollout.target, namespace, facts.status.phase);
        if let Some(routing) = facts.route.present().and_then(|route| route.routing) {
            metrics.routing(&rollout.target, namespace, routing);
        } else if !rollout.router.shifts() {
            // The apex Service selects the primary, whatever is analysed.
            metrics.routing(&rollout.target, namespace, Routing::PRIMARY);
        }
    }
}

/// The Canary with this status.
fn with_status(canary: &Arc<Canary>, status: CanaryStatus) -> Arc<Canary> {
    if canary.status.as_ref() == Some(&status) {
        return Arc::clone(canary);
    }
    let Canary { metadata, spec, status: _ } = canary.as_ref();
    Arc::new(Canary { metadata: metadata.clone(), spec: spec.clone(), status: Some(status) })
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod undelivered_tests;
