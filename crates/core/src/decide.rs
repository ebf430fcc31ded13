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
mod ensure;
mod finalise;
mod gates;
mod identity;
mod idle;
mod initialize;
mod leftovers;
mod predecessor;
mod promote;
mod rollback;
mod round;
mod terminate;
mod traffic;
mod turn;

use crate::{Observation, Plan, Routing, observe::INVALID_SPEC, reason::WaitReason, state::Stage};
use turn::{Flow, Stop, Turn};

/// Decides what to do next. The same observation always gives the same plan.
pub fn decide(obs: &Observation) -> Plan {
    let mut turn = Turn::new(obs);
    let end = run(&mut turn);
    turn.finish(end)
}

fn run(turn: &mut Turn) -> Flow {
    if turn.rollout().deleting {
        return terminate::run(turn);
    }
    if let Some(until) = turn.obs.ports_until {
        turn.wake_at(until);
    }
    traffic::keep(turn)?;
    if turn.rollout().spec.suspend {
        return Err(WaitReason::Suspended.into());
    }
    terminate::keep_finalizer(turn);
    identity::check(turn)?;
    if !turn.next.stage.precedes_primary() && identity::is_settled(turn) {
        turn.keep_services();
    }
    obstacle(turn)?;
    if !turn.next.stage.precedes_primary() {
        leftovers::remove_scalers(turn);
    }
    match turn.next.stage {
        Stage::New | Stage::Initializing { .. } => initialize::run(turn),
        Stage::Initialized | Stage::Succeeded | Stage::Failed { .. } | Stage::WaitingToStart { .. } => {
            idle::run(turn)
        }
        Stage::Analysing(_) => analyse::run(turn),
        Stage::RollingBack { .. } => rollback::run(turn),
        Stage::Promoting { .. } => promote::run(turn),
        Stage::Finalising { .. } | Stage::CalledOff { .. } => finalise::run(turn),
        Stage::Terminating { .. } | Stage::Terminated => initialize::again(turn),
    }
}

/// What only a user can clear away holds everything but traffic, of which none is left to a version that nobody judges
/// meanwhile.
fn obstacle(turn: &mut Turn) -> Flow {
    let Some(obstacle) = &turn.obs.obstacle else { return Ok(()) };
    if turn.next.stage.judges() && turn.obs.route.present().is_some() && turn.canary_shares() {
        turn.send_to_primary()?;
    }
    if obstacle.reason == INVALID_SPEC {
        keep_as_declared_before(turn)?;
    }
    Err(Stop::from(WaitReason::Obstacle(obstacle.message.clone())).stalled(obstacle.reason))
}

/// A spec that became invalid is as good as the one before it for the objects that serve: what somebody deletes or
/// changes is set back.
fn keep_as_declared_before(turn: &mut Turn) -> Flow {
    let stage = &turn.next.stage;
    if stage.precedes_primary() {
        return Ok(());
    }
    let want = if stage.judges() {
        Routing::PRIMARY.kept_warm()
    } else if stage.approved() {
        turn.bearable_routing()
    } else {
        turn.servable(turn.desired_routing())
    };
    match turn.keep_route(turn.servable(want)) {
        Err(Stop::Wait(_)) => Ok(()),
        other => other,
    }
}
