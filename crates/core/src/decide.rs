//! From what was observed to what is to be done.
//!
//! | phase | what happens | leaves to |
//! |---|---|---|
//! | "" , Initializing | `initialize`: primary, Services and route come up, the target goes to 0 | Initialized, Failed |
//! | Initialized, Succeeded, Failed | `idle`: objects are kept, a new revision is looked for | Waiting, Progressing |
//! | Waiting | `idle`: the gate `confirm-rollout` is polled | Progressing, Succeeded, Failed |
//! | Progressing, WaitingPromotion | `analyse`: one step after the other, each checked | Promoting, Finalising, Failed |
//! | (with `rollbackReason`) | `rollback`: traffic back, canary to 0 | Failed |
//! | Promoting | `promote`: the target's template is copied, traffic goes back | Finalising, Progressing, Failed |
//! | Finalising | `finalise`: the target goes to 0 | Succeeded |
//! | Terminating | `terminate`: the target takes over again | – |

mod analyse;
mod builder;
mod commands;
mod ensure;
mod finalise;
mod gates;
mod identity;
mod idle;
mod initialize;
mod orphans;
mod predecessor;
mod promote;
mod rollback;
mod round;
mod terminate;
mod traffic;

use crate::{Observation, Plan, Routing, observe::INVALID_SPEC, reason::WaitReason, state::Stage};
use builder::{Flow, PlanBuilder, Stop};

/// Decides what to do next. The same observation always gives the same plan.
pub fn decide(obs: &Observation) -> Plan {
    let mut plan = PlanBuilder::new(obs);
    let end = run(&mut plan);
    plan.finish(end)
}

fn run(plan: &mut PlanBuilder) -> Flow {
    if plan.rollout().deleting {
        if plan.rollout().finalizer {
            commands::obey(plan)?;
        }
        return terminate::run(plan);
    }
    if let Some(until) = plan.obs.ports_until {
        plan.wake_at(until);
    }
    traffic::keep(plan)?;
    commands::obey(plan)?;
    if plan.rollout().spec.suspend {
        return Err(WaitReason::Suspended.into());
    }
    terminate::keep_finalizer(plan);
    identity::check(plan)?;
    if !plan.precedes_primary() && identity::is_settled(plan) {
        plan.keep_services();
    }
    obstacle(plan)?;
    if !plan.next.stage.precedes_primary() {
        orphans::remove_scalers(plan);
    }
    match plan.next.stage {
        Stage::New | Stage::Initializing { .. } => initialize::run(plan),
        Stage::Initialized | Stage::Succeeded | Stage::Failed { .. } | Stage::WaitingToStart { .. } => {
            idle::run(plan)
        }
        Stage::Analysing(_) => analyse::run(plan),
        Stage::RollingBack { .. } => rollback::run(plan),
        Stage::Promoting { .. } => promote::run(plan),
        Stage::Finalising { .. } | Stage::CalledOff { .. } => finalise::run(plan),
        Stage::Terminating { .. } | Stage::Terminated => initialize::again(plan),
    }
}

/// What only a user can clear away holds everything but traffic, of which none is left to a version that nobody judges
/// meanwhile.
fn obstacle(plan: &mut PlanBuilder) -> Flow {
    let Some(obstacle) = &plan.obs.obstacle else { return Ok(()) };
    if plan.next.stage.judges() && plan.obs.route.present().is_some() && plan.canary_shares() {
        plan.send_to_primary()?;
    }
    if obstacle.reason == INVALID_SPEC {
        keep_as_declared_before(plan)?;
    }
    Err(Stop::from(WaitReason::Obstacle(obstacle.message.clone())).stalled(obstacle.reason))
}

/// A spec that became invalid is as good as the one before it for the objects that serve: what somebody deletes or
/// changes is set back.
fn keep_as_declared_before(plan: &mut PlanBuilder) -> Flow {
    let stage = &plan.next.stage;
    if stage.precedes_primary() {
        return Ok(());
    }
    let want = if stage.judges() {
        Routing::PRIMARY.kept_warm()
    } else if stage.approved() {
        plan.safe_routing()
    } else {
        plan.servable(plan.desired_routing())
    };
    match plan.keep_route(plan.servable(want)) {
        Err(Stop::Wait(_)) => Ok(()),
        other => other,
    }
}
