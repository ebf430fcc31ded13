//! The end of a promotion: the primary has the traffic, the canary goes.

use super::{
    builder::{Flow, PlanBuilder},
    ensure, predecessor, promote,
};
use crate::{
    event::{AlertKind, EventKind},
    reason::WaitReason,
    state::Stage,
};

pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    let target = plan.known("target", &plan.obs.target)?;
    plan.ensure_services()?;
    plan.ensure_apex()?;
    if !plan.primary_serves()
        && let Some(primary) = plan.primary()?
        && let Ok(Err(why)) = ensure::ready(&primary.readiness, plan.now(), WaitReason::PrimaryNotReady)
    {
        return promote::fail(plan, &why);
    }
    plan.drain_canary()?;
    plan.scale_down(target.map_or(0, |t| t.replicas))?;
    succeed(plan);
    Ok(())
}

fn succeed(plan: &mut PlanBuilder) {
    let promoted = !matches!(plan.next.stage, Stage::CalledOff { .. });
    predecessor::traffic_ended(plan);
    plan.release();
    plan.next.promoted = plan.next.applied.clone();
    plan.enter(Stage::Succeeded);
    if !promoted {
        plan.tell(&EventKind::NothingToPromote);
        return plan.alert(&AlertKind::Reverted);
    }
    plan.end(true);
    if plan.rollout().spec.skip_analysis {
        plan.tell(&EventKind::Skipped);
        plan.alert(&AlertKind::Skipped);
    } else {
        plan.tell(&EventKind::Promoted);
        plan.alert(&AlertKind::Succeeded);
    }
}
