//! Back to the primary. The reason is written before anything is done, so that nothing, not even a
//! crash, lets the canary's weight rise again.

use super::{
    builder::{Flow, PlanBuilder, Stop},
    predecessor,
};
use crate::{
    Routing,
    event::{AlertKind, EventKind, RollbackCause},
    state::{Analysis, Origin, Progress, Stage},
};

/// Decides the rollback and sends traffic back at once.
pub(super) fn begin(plan: &mut PlanBuilder, cause: &RollbackCause) -> Flow {
    let from = match &plan.next.stage {
        Stage::WaitingToStart { .. } => {
            reject_waiting(plan)?;
            Origin::Start
        }
        Stage::Analysing(Analysis { awaits_promotion: true, .. }) => Origin::Promotion,
        _ => Origin::Analysis,
    };
    let stage = &plan.next.stage;
    let progress = Progress { weight: stage.weight(), ..stage.progress() };
    plan.next.stage = Stage::RollingBack { cause: cause.alert(), from, progress };
    plan.next.waiting = None;
    plan.release();
    plan.tell(&EventKind::RollingBack(cause.clone()));
    plan.alert(&AlertKind::RolledBack(cause.clone()));
    plan.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

/// A revision that is rolled back before it started is not tried again.
fn reject_waiting(plan: &mut PlanBuilder) -> Flow {
    let inputs = plan.inputs()?;
    plan.take(inputs);
    Ok(())
}

/// Carries the rollback on until the canary is gone.
pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    let target = plan.known("target", &plan.obs.target)?;
    if plan.primary_is_lost() || plan.primary()?.is_none() {
        hold(plan);
        return Ok(());
    }
    plan.drain_canary()?;
    plan.scale_down(target.map_or(0, |t| t.replicas))?;
    fail(plan, 0);
    Ok(())
}

/// With no primary to go back to, traffic stays where it is, and so does the canary.
fn hold(plan: &mut PlanBuilder) {
    let current = plan.obs.route.present().and_then(|r| r.routing).unwrap_or(Routing::PRIMARY);
    fail(plan, current.canary);
}

fn fail(plan: &mut PlanBuilder, held: u8) {
    predecessor::traffic_ends(plan);
    plan.next.forget_rollout();
    plan.enter(Stage::failed(held));
    plan.tell(&EventKind::Failed);
    plan.end(false);
}
