//! Deletion. Without `revertOnDeletion` the garbage collector does it all; with it, the target takes
//! over from the primary first.

use super::{
    builder::{Flow, PlanBuilder, Stop},
    ensure, traffic,
};
use crate::{
    build::NOT_SUPPORTED,
    event::EventKind,
    observe::{Route, Synced, Target},
    plan::Action,
    reason::WaitReason,
    state::{HoldKind, Stage},
};

/// Most steps in which a route is given back.
const MOST_STEPS: u8 = 10;

/// Sets or removes the finalizer as `revertOnDeletion` asks.
pub(super) fn keep_finalizer(plan: &mut PlanBuilder) {
    let rollout = plan.rollout();
    match (rollout.spec.revert_on_deletion, rollout.finalizer) {
        (true, false) => plan.act(Action::AddFinalizer),
        (false, true) => plan.act(Action::RemoveFinalizer),
        _ => {}
    }
}

pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    let rollout = plan.rollout();
    if !rollout.finalizer {
        return Err(Stop::Acted);
    }
    if plan.obs.obstacle.as_ref().is_some_and(|obstacle| obstacle.reason == NOT_SUPPORTED) {
        // A Canary that cannot be served must not be held back from being deleted either.
        plan.act(Action::RemoveFinalizer);
        return Err(Stop::Acted);
    }
    traffic::keep_served(plan)?;
    let begins = !matches!(plan.next.stage, Stage::Terminating { .. });
    if begins {
        plan.enter(Stage::Terminating { steps: 0 });
        plan.release();
        plan.tell(&EventKind::Terminating);
    }
    if let Some(target) = plan.known("target", &plan.obs.target)? {
        take_over(plan, target, begins)?;
        // A target that never becomes ready must not keep its Canary from being deleted.
        if ensure::ready(&target.readiness, plan.now(), WaitReason::CanaryNotReady)?.is_ok() {
            reachable(plan)?;
        }
        give_back(plan)?;
    }
    plan.act(Action::RemoveFinalizer);
    plan.tell(&EventKind::Terminated);
    Err(Stop::Acted)
}

/// Brings the target up with as many replicas as the primary has; its autoscaler decides from then on.
fn take_over(plan: &mut PlanBuilder, target: &Target, begins: bool) -> Flow {
    let primary = plan.primary()?;
    let fallback = || plan.canary_replicas(None).unwrap_or(1);
    let wanted = primary.map_or_else(fallback, |primary| primary.replicas.max(1));
    let short = target.replicas < if begins { wanted } else { 1 };
    if !short && !plan.is_down(target.replicas)? {
        return Ok(());
    }
    plan.scale_up(if short { 0 } else { target.replicas }, wanted)?;
    Err(Stop::Acted)
}

/// Pods that are about to end still count as ready for their DaemonSet: the target is there when its Service has
/// endpoints. It is not waited for longer than pods may take to become ready.
fn reachable(plan: &PlanBuilder) -> Flow {
    let deadline = plan.phase_deadline();
    if plan.obs.services.canary != Synced::Yes || deadline <= plan.now() {
        return Ok(());
    }
    plan.canary_has_endpoints().map_err(|stop| stop.until(Some(deadline)))
}

/// What was there before the Canary is as it was; a route of the user's step by step, each with time for the
/// gateway. The primary goes only when gateways have had time to notice.
fn give_back(plan: &mut PlanBuilder) -> Flow {
    let begins = plan.next.hold.is_none();
    if begins {
        plan.next.stage = Stage::Terminating { steps: 0 };
        plan.hold(HoldKind::Drain);
    } else if !plan.held_enough(HoldKind::Drain) {
        return Err(Stop::Acted);
    }
    // Once more at the end: the first time may have been cut off.
    plan.act(Action::RevertApex);
    if plan.rollout().router.shifts() {
        plan.act(Action::RevertRoute);
    }
    if begins {
        return Err(Stop::Acted);
    }
    // The first step may have been cut off, too: then the route is still all ours.
    let ours = |route: &Route| route.preexisting && (route.warm || route.routing.is_some());
    let on_the_way = plan.obs.route.present().is_some_and(ours);
    match &mut plan.next.stage {
        Stage::Terminating { steps } if on_the_way && *steps < MOST_STEPS => *steps += 1,
        _ => return Ok(()),
    }
    plan.hold(HoldKind::Drain);
    Err(Stop::Acted)
}
