//! The end of a promotion: the primary has the traffic, the canary goes.

use serin_api::Phase;

use super::{
    ensure, predecessor, promote,
    turn::{Flow, Turn},
};
use crate::{event, plan::Severity, status};

pub(super) fn run(turn: &mut Turn) -> Flow {
    let target = turn.known("target", &turn.obs.target)?;
    turn.ensure_services()?;
    turn.ensure_apex()?;
    if !turn.primary_serves()
        && let Some(primary) = turn.primary()?
        && let Ok(Err(why)) = ensure::ready(&primary.readiness, turn.now(), str::to_owned)
    {
        return promote::fail(turn, &why);
    }
    turn.drain_canary()?;
    turn.scale_down(target.map_or(0, |t| t.replicas))?;
    succeed(turn);
    Ok(())
}

fn succeed(turn: &mut Turn) {
    // A run that was called off comes this way too, with the reason in place of a promotion.
    let promoted = turn.next.rollback_reason.is_none();
    predecessor::traffic_ended(turn);
    let failed_checks = turn.next.failed_checks;
    status::reset(&mut turn.next);
    turn.next.failed_checks = failed_checks;
    turn.next.last_promoted_spec = turn.next.last_applied_spec.clone();
    turn.enter(Phase::Succeeded);
    let rollout = turn.rollout();
    if !promoted {
        turn.note(rollout.say_nothing_to_promote());
        return turn.alert(Severity::Info, event::ALERT_REVERTED, false);
    }
    turn.end(true);
    if rollout.spec.skip_analysis {
        turn.note(rollout.say_skipped());
        turn.alert(Severity::Info, event::ALERT_SKIPPED, false);
    } else {
        turn.note(rollout.say_promoted());
        turn.alert(Severity::Info, event::ALERT_SUCCEEDED, false);
    }
}
