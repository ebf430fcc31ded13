//! Between rollouts: keeping the objects, looking for a new revision, asking whether it may start.

use super::{
    builder::{FOREIGN_PODS, Flow, Inputs, PlanBuilder, Stop},
    ensure, orphans, predecessor,
};
use crate::{
    event::{AlertKind, EventKind},
    hash,
    observe::{Primary, Synced},
    plan::Action,
    reason::WaitReason,
    state::{Analysis, Cause, HoldKind, Progress, Stage, configs},
};

pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    let inputs = plan.inputs()?;
    if never_initialized(plan, inputs) {
        let adopted = plan.next.stage.adopted().cloned();
        plan.enter(Stage::Initializing { adopted });
        return Err(Stop::Acted);
    }
    forget_pause(plan, inputs);
    plan.ensure_services()?;
    plan.ensure_apex()?;
    if changed(plan, inputs) && plan.primary()?.is_none() {
        // Nothing is left to go back to: the new revision is judged with all the traffic.
        approve(plan)?;
        return start(plan, inputs, None);
    }
    let primary = primary_or_recreate(plan, inputs)?;
    plan.ensure_scaler(true)?;
    release_hold(plan, primary);
    if !changed(plan, inputs) {
        if !plan.leaves_route() {
            plan.ensure_route(plan.servable(plan.desired_routing()))?;
        }
        unchanged(plan);
        plan.route_accepted()?;
        strangers(plan)?;
        if plan.rollout().target_kind.has_pods() && plan.desired_routing().canary == 0 {
            plan.primary_has_endpoints()?;
        }
        return orphans::clean_up(plan);
    }
    if already_promoted(plan, inputs, primary) {
        adopt(plan, inputs);
        unchanged(plan);
        return Ok(());
    }
    plan.keep_route(plan.servable(plan.desired_routing()))?;
    wait_for_primary(plan, primary)?;
    plan.route_accepted()?;
    approve(plan)?;
    start(plan, inputs, Some(primary))
}

/// Pods of others behind the primary's Service answer the application's requests.
fn strangers(plan: &PlanBuilder) -> Flow {
    let (rollout, strangers) = (plan.rollout(), plan.foreign_pods(&plan.obs.endpoints.strangers.primary));
    if strangers.is_empty() || plan.obs.services.primary != Synced::Yes {
        return Ok(());
    }
    let service = rollout.primary_service();
    Err(Stop::from(WaitReason::ForeignPods { service, workloads: strangers }).stalled(FOREIGN_PODS))
}

/// Whether the target differs from what the last rollout saw.
pub(super) fn changed(plan: &PlanBuilder, inputs: Inputs) -> bool {
    changed_spec(plan, inputs) || changed_configs(plan, inputs)
}

fn changed_configs(plan: &PlanBuilder, inputs: Inputs) -> bool {
    let known = plan.next.configs.as_ref();
    plan.rollout().config_tracking && configs::changed(known, plan.written_by_flagger(), inputs.configs)
}

/// Whether the primary runs exactly this: nothing to release.
pub(super) fn already_promoted(plan: &PlanBuilder, inputs: Inputs, primary: &Primary) -> bool {
    let id = hash::promotion_id(&plan.rollout().uid, &inputs.target.revision, inputs.configs);
    if primary.promotion_id.as_ref() == Some(&id) {
        return plan.next.stage.held() == 0 || !matches!(plan.next.stage, Stage::Failed { .. });
    }
    let tracked = plan.next.configs.is_none() || !changed_configs(plan, inputs);
    tracked && primary.matches_target
}

/// A failed initialisation is tried again when the target changes or its primary comes up after all.
fn never_initialized(plan: &PlanBuilder, inputs: Inputs) -> bool {
    let failed = matches!(plan.next.stage, Stage::Failed { .. }) && plan.next.promoted.is_none();
    let primary = plan.obs.primary.present().map(|p| &p.readiness);
    failed && (changed_spec(plan, inputs) || primary == Some(&crate::observe::Readiness::Ready))
}

fn changed_spec(plan: &PlanBuilder, inputs: Inputs) -> bool {
    plan.next.applied.as_deref() != Some(inputs.target.revision.as_str())
}

/// A primary that somebody deleted is made again only from the revision that was promoted.
fn primary_or_recreate<'a>(plan: &mut PlanBuilder<'a>, inputs: Inputs) -> Flow<&'a Primary> {
    if let Some(primary) = plan.primary()? {
        return Ok(primary);
    }
    let promoted = plan.next.promoted.as_deref() == Some(inputs.target.revision.as_str());
    if promoted {
        plan.act(Action::ApplyPrimary);
        return Err(Stop::Acted);
    }
    Err(WaitReason::PrimaryMissing.into())
}

/// After a failed promotion traffic stays on the canary until the primary is ready.
fn release_hold(plan: &mut PlanBuilder, primary: &Primary) {
    let held = matches!(plan.next.stage, Stage::Failed { held, .. } if held > 0);
    if held && primary.readiness == crate::observe::Readiness::Ready && plan.primary_serves() {
        predecessor::traffic_ends(plan);
        plan.next.stage = Stage::failed(0);
    }
}

fn is_waiting(plan: &PlanBuilder) -> bool {
    matches!(plan.next.stage, Stage::WaitingToStart { .. })
}

/// What makes the present revision a new one.
fn cause(plan: &PlanBuilder, inputs: Inputs) -> Cause {
    let changed = configs::first_changed(plan.next.configs.as_ref(), inputs.configs);
    match changed.filter(|_| !changed_spec(plan, inputs)) {
        Some(config) => Cause::Config(config.to_owned()),
        None => Cause::Template,
    }
}

fn unchanged(plan: &mut PlanBuilder) {
    if is_waiting(plan) {
        plan.enter(Stage::Succeeded);
        plan.release();
    }
}

/// Takes over the names of what runs already, without a rollout.
fn adopt(plan: &mut PlanBuilder, inputs: Inputs) {
    plan.take(inputs);
    if !matches!(plan.next.stage, Stage::Failed { .. }) {
        plan.next.promoted = Some(inputs.target.revision.clone());
    }
}

fn wait_for_primary(plan: &PlanBuilder, primary: &Primary) -> Flow {
    if plan.rollout().spec.skip_analysis {
        return Ok(());
    }
    // A primary that is beyond hope must not keep its replacement away.
    ensure::ready(&primary.readiness, plan.now(), WaitReason::PrimaryNotReady).map(|_| ())
}

/// A newer revision is not held by a pause of the one before.
fn forget_pause(plan: &mut PlanBuilder, inputs: Inputs) {
    plan.next.paused = plan.next.paused.take().filter(|pause| pause.revision == inputs.target.revision);
}

/// Asks the gate at once when a revision is new, then once in each interval.
fn approve(plan: &mut PlanBuilder) -> Flow {
    if is_waiting(plan) {
        if !plan.held_enough(HoldKind::Check) {
            plan.not_paused()?;
            return Err(Stop::Acted);
        }
        plan.rollback_hooks()?;
        plan.not_paused_after_round()?;
    }
    plan.confirm_rollout()
}

pub(super) fn start(plan: &mut PlanBuilder, inputs: Inputs, primary: Option<&Primary>) -> Flow {
    let cause = cause(plan, inputs);
    begin_where_traffic_is(plan, inputs, &cause);
    plan.tell(&EventKind::Detected);
    scale_up(plan, inputs, primary)
}

/// Analyses a revision again that failed.
pub(super) fn retry(plan: &mut PlanBuilder, inputs: Inputs, primary: &Primary) -> Flow {
    begin_where_traffic_is(plan, inputs, &Cause::Retry);
    scale_up(plan, inputs, Some(primary))
}

fn begin_where_traffic_is(plan: &mut PlanBuilder, inputs: Inputs, cause: &Cause) {
    let held = matches!(plan.next.stage, Stage::Failed { held, .. } if held >= 100);
    begin_for(plan, inputs, cause);
    if held {
        let progress = Progress { entered: plan.rollout().strategy.steps.len(), weight: 100 };
        plan.next.analysing(|analysis| analysis.progress = progress);
    }
}

fn scale_up(plan: &mut PlanBuilder, inputs: Inputs, primary: Option<&Primary>) -> Flow {
    plan.alert(&AlertKind::Progressing);
    let replicas = plan.canary_replicas(primary)?;
    plan.scale_up(inputs.target.replicas, replicas)?;
    plan.next.waiting = None;
    Err(Stop::Acted)
}

/// Makes the present revision the one under analysis, from the beginning.
pub(super) fn begin(plan: &mut PlanBuilder, inputs: Inputs) {
    let cause = cause(plan, inputs);
    begin_for(plan, inputs, &cause);
}

/// As [`begin`], for this reason.
pub(super) fn begin_for(plan: &mut PlanBuilder, inputs: Inputs, cause: &Cause) {
    predecessor::traffic_ends(plan);
    plan.next.forget_rollout();
    plan.next.paused = None;
    plan.next.checks.clear();
    plan.take(inputs);
    plan.begin_run(cause);
    plan.enter(Stage::Analysing(Analysis::default()));
}
