//! Back to the primary. The reason is written before anything is done, so that nothing, not even a
//! crash, lets the canary's weight rise again.

use super::{
    predecessor,
    turn::{Flow, Stop, Turn},
};
use crate::{
    Routing,
    event::{AlertKind, EventKind, RollbackCause},
    state::{Analysis, Origin, Progress, Stage},
};

/// Decides the rollback and sends traffic back at once.
pub(super) fn begin(turn: &mut Turn, cause: &RollbackCause) -> Flow {
    let from = match &turn.next.stage {
        Stage::WaitingToStart { .. } => {
            reject_waiting(turn)?;
            Origin::Start
        }
        Stage::Analysing(Analysis { awaits_promotion: true, .. }) => Origin::Promotion,
        _ => Origin::Analysis,
    };
    let stage = &turn.next.stage;
    let progress = Progress { weight: stage.weight(), ..stage.progress() };
    turn.next.stage = Stage::RollingBack { cause: cause.alert(), from, progress };
    turn.next.waiting = None;
    turn.release();
    turn.tell(&EventKind::RollingBack(cause.clone()));
    turn.alert(&AlertKind::RolledBack(cause.clone()));
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
    fail(turn, current.canary);
}

fn fail(turn: &mut Turn, held: u8) {
    predecessor::traffic_ends(turn);
    turn.next.forget_rollout();
    turn.enter(Stage::failed(held));
    turn.tell(&EventKind::Failed);
    turn.end(false);
}
