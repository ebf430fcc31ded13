//! The end of a promotion: the primary has the traffic, the canary goes.

use super::{
    ensure, predecessor, promote,
    turn::{Flow, Turn},
};
use crate::{
    event::{AlertKind, EventKind},
    reason::WaitReason,
    state::Stage,
};

pub(super) fn run(turn: &mut Turn) -> Flow {
    let target = turn.known("target", &turn.obs.target)?;
    turn.ensure_services()?;
    turn.ensure_apex()?;
    if !turn.primary_serves()
        && let Some(primary) = turn.primary()?
        && let Ok(Err(why)) = ensure::ready(&primary.readiness, turn.now(), WaitReason::PrimaryNotReady)
    {
        return promote::fail(turn, &why);
    }
    turn.drain_canary()?;
    turn.scale_down(target.map_or(0, |t| t.replicas))?;
    succeed(turn);
    Ok(())
}

fn succeed(turn: &mut Turn) {
    let promoted = !matches!(turn.next.stage, Stage::CalledOff { .. });
    predecessor::traffic_ended(turn);
    turn.release();
    turn.next.promoted = turn.next.applied.clone();
    turn.enter(Stage::Succeeded);
    if !promoted {
        turn.tell(&EventKind::NothingToPromote);
        return turn.alert(&AlertKind::Reverted);
    }
    turn.end(true);
    if turn.rollout().spec.skip_analysis {
        turn.tell(&EventKind::Skipped);
        turn.alert(&AlertKind::Skipped);
    } else {
        turn.tell(&EventKind::Promoted);
        turn.alert(&AlertKind::Succeeded);
    }
}
