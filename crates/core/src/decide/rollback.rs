//! Back to the primary. The reason is written before anything is done, so that nothing, not even a
//! crash, lets the canary's weight rise again.

use serin_api::Phase;

use super::{
    predecessor,
    turn::{Flow, Stop, Turn},
};
use crate::{Routing, event::RollbackCause, plan::Severity, status};

/// Decides the rollback and sends traffic back at once.
pub(super) fn begin(turn: &mut Turn, cause: &RollbackCause) -> Flow {
    if turn.next.phase == Phase::Waiting {
        reject_waiting(turn)?;
    }
    turn.next.rollback_reason = Some(cause.alert());
    turn.next.waiting_for = None;
    turn.close_window();
    turn.warn(cause.event(turn.rollout()));
    let severity = if *cause == RollbackCause::Hook { Severity::Warn } else { Severity::Error };
    turn.alert(severity, cause.alert(), false);
    turn.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

/// A revision that is rolled back before it started is not tried again.
fn reject_waiting(turn: &mut Turn) -> Flow {
    let inputs = turn.inputs()?;
    turn.take(inputs);
    Ok(())
}

/// Carries the rollback on until the canary is gone.
pub(super) fn run(turn: &mut Turn) -> Flow {
    let target = turn.known("target", &turn.obs.target)?;
    if turn.primary_is_lost() || turn.primary()?.is_none() {
        hold(turn);
        return Ok(());
    }
    turn.drain_canary()?;
    turn.scale_down(target.map_or(0, |t| t.replicas))?;
    fail(turn, 0);
    Ok(())
}

/// With no primary to go back to, traffic stays where it is, and so does the canary.
fn hold(turn: &mut Turn) {
    let current = turn.obs.route.present().and_then(|r| r.routing).unwrap_or(Routing::PRIMARY);
    fail(turn, i64::from(current.canary));
}

fn fail(turn: &mut Turn, weight: i64) {
    predecessor::traffic_ends(turn);
    status::reset(&mut turn.next);
    turn.next.canary_weight = weight;
    turn.enter(Phase::Failed);
    turn.warn(turn.rollout().say_failed());
    turn.end(false);
}
