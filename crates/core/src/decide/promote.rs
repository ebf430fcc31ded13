//! The analysed revision becomes the primary, and traffic goes back to it.

use super::{
    builder::{Flow, Inputs, PlanBuilder, Stop},
    ensure,
    idle::{begin, changed},
    predecessor,
};
use crate::{
    Routing,
    event::{AlertKind, EventKind},
    hash,
    observe::{Primary, Seen},
    plan::Action,
    reason::WaitReason,
    state::{HoldKind, Progress, Stage},
};

pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    plan.ensure_services()?;
    plan.ensure_apex()?;
    let primary = copied(plan)?;
    overtaken(plan)?;
    plan.ensure_scaler(true)?;
    if let Err(why) = ensure::ready(&primary.readiness, plan.now(), WaitReason::PrimaryNotReady)? {
        return fail(plan, &why);
    }
    plan.primary_has_endpoints()?;
    plan.ensure_route(plan.safe_routing())?;
    plan.route_accepted()?;
    shift(plan)
}

/// The primary, once it carries what was analysed. Only that is ever copied: when the target has moved
/// on before the copy was made, the newer revision is analysed instead.
fn copied<'a>(plan: &mut PlanBuilder<'a>) -> Flow<&'a Primary> {
    let primary = plan.primary()?;
    let id = promoted_id(plan);
    let adopted = plan.next.stage.adopted();
    let carries = |has: Option<&String>| has.is_some() && (has == Some(&id) || has == adopted);
    if let Some(primary) = primary.filter(|p| carries(p.promotion_id.as_ref())) {
        return Ok(primary);
    }
    let inputs = plan.inputs()?;
    if changed(plan, inputs) {
        return supersede(plan, inputs);
    }
    plan.act(Action::ApplyPrimary);
    Err(Stop::Acted)
}

/// The canary's pods are of a newer version than the one that was approved: nobody has judged it, and it gets nothing
/// more as long as the primary serves.
fn overtaken(plan: &mut PlanBuilder) -> Flow {
    let Ok(inputs) = plan.inputs() else { return Ok(()) };
    if plan.desired_routing().canary == 0 || !changed(plan, inputs) || !plan.primary_serves() {
        return Ok(());
    }
    predecessor::traffic_ends(plan);
    set_progress(plan, Progress::default());
    plan.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

/// How much of the traffic the canary still has.
fn set_progress(plan: &mut PlanBuilder, now: Progress) {
    if let Stage::Promoting { progress, .. } = &mut plan.next.stage {
        *progress = now;
    }
}

fn promoted_id(plan: &PlanBuilder) -> String {
    let revision = plan.next.applied.as_deref().unwrap_or_default();
    let configs = plan.next.configs.clone().filter(|_| plan.rollout().config_tracking).unwrap_or_default();
    hash::promotion_id(&plan.rollout().uid, revision, &configs)
}

fn supersede<T>(plan: &mut PlanBuilder, inputs: Inputs) -> Flow<T> {
    plan.tell(&EventKind::Restarting);
    begin(plan, inputs);
    plan.next.waiting = None;
    plan.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

fn shift(plan: &mut PlanBuilder) -> Flow {
    let step = plan.rollout().strategy.promotion_step;
    let canary = plan.desired_routing().canary;
    if !plan.rollout().router.shifts() {
        return finalise(plan);
    }
    old_pods_gone(plan)?;
    if step == 0 || canary == 0 {
        old_pods_forgotten(plan)?;
        plan.tell(&EventKind::RoutingToPrimary);
        return finalise(plan);
    }
    if !plan.held_enough(HoldKind::Check) {
        return Ok(());
    }
    let left = canary.saturating_sub(step);
    let primary = Routing::weighted(left).primary();
    plan.tell(&EventKind::PrimaryWeight(primary));
    if left == 0 {
        return finalise(plan);
    }
    set_progress(plan, Progress { weight: left, ..plan.next.stage.progress() });
    plan.hold(HoldKind::Check);
    plan.shift(plan.safe_routing());
    Err(Stop::Acted)
}

/// Whether some users are to stay on the version that they saw, which the canary has had alone until now.
fn users_stay(plan: &PlanBuilder) -> bool {
    plan.rollout().affinity().is_some() && plan.desired_routing().canary > 0
}

/// Users who are to stay on the version that they saw must not meet a pod of the old one. A ready primary may still
/// have pods that are about to end and serve to the last, and a gateway may know them longer than any pause that
/// could be chosen: they have to be gone. Endpoints tell of them later than the primary of its readiness, so that they are
/// looked for until traffic moves.
fn old_pods_gone(plan: &mut PlanBuilder) -> Flow {
    let moves = plan.next.hold.is_some() && plan.rollout().strategy.promotion_step > 0;
    if !users_stay(plan) || moves {
        return Ok(());
    }
    let leaving = plan.known("endpoints", &plan.obs.endpoints.leaving)?.copied().unwrap_or(0);
    if leaving == 0 {
        plan.next.waiting = None;
        return Ok(());
    }
    let reason = WaitReason::PrimaryPodsLeave(leaving);
    let deadline = plan.wait_ends(&reason);
    if deadline <= plan.now() {
        return Ok(());
    }
    plan.release();
    Err(Stop::from(reason).until(Some(deadline)))
}

/// A pod of the old version that is gone must not be sent a request any more.
fn old_pods_forgotten(plan: &mut PlanBuilder) -> Flow {
    if !users_stay(plan) {
        return Ok(());
    }
    plan.hold_if_none(HoldKind::Drain);
    if plan.held_enough(HoldKind::Drain) { Ok(()) } else { Err(Stop::Acted) }
}

fn finalise(plan: &mut PlanBuilder) -> Flow {
    predecessor::traffic_ends(plan);
    plan.enter(Stage::Finalising { progress: Progress::default() });
    plan.next.waiting = None;
    plan.release();
    plan.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

/// The primary does not come up with the new revision: the canary, which does, keeps the traffic.
pub(super) fn fail(plan: &mut PlanBuilder, why: &str) -> Flow {
    let canary_serves = matches!(plan.obs.endpoints.canary, Seen::Present(n) if n > 0);
    let current = plan.obs.route.present().and_then(|r| r.routing).unwrap_or(Routing::PRIMARY);
    let weight = if canary_serves { 100 } else { current.canary };
    plan.tell(&EventKind::PromotionFailed(why.to_owned()));
    plan.alert(&AlertKind::PromotionFailed(why.to_owned()));
    plan.next.forget_rollout();
    plan.next.waiting = None;
    plan.enter(Stage::failed(weight));
    plan.end(false);
    plan.shift(Routing::weighted(weight));
    Err(Stop::Acted)
}
