//! Deletion. Without `revertOnDeletion` the garbage collector does it all; with it, the target takes
//! over from the primary first.

use super::{
    ensure,
    turn::{Flow, Stop, Turn},
};
use crate::{
    build::NOT_SUPPORTED,
    event::EventKind,
    observe::{Synced, Target},
    plan::Action,
    reason::WaitReason,
    state::{HoldKind, Stage},
};

/// Most steps in which a route is given back.
const MOST_STEPS: u8 = 10;

/// Sets or removes the finalizer as `revertOnDeletion` asks.
pub(super) fn keep_finalizer(turn: &mut Turn) {
    let rollout = turn.rollout();
    match (rollout.spec.revert_on_deletion, rollout.finalizer) {
        (true, false) => turn.act(Action::AddFinalizer),
        (false, true) => turn.act(Action::RemoveFinalizer),
        _ => {}
    }
}

pub(super) fn run(turn: &mut Turn) -> Flow {
    let rollout = turn.rollout();
    if !rollout.finalizer {
        return Err(Stop::Acted);
    }
    if turn.obs.obstacle.as_ref().is_some_and(|obstacle| obstacle.reason == NOT_SUPPORTED) {
        // A Canary that cannot be served must not be held back from being deleted either.
        turn.act(Action::RemoveFinalizer);
        return Err(Stop::Acted);
    }
    let begins = !matches!(turn.next.stage, Stage::Terminating { .. });
    if begins {
        turn.enter(Stage::Terminating { steps: 0 });
        turn.release();
        turn.tell(&EventKind::Terminating);
    }
    if let Some(target) = turn.known("target", &turn.obs.target)? {
        take_over(turn, target, begins)?;
        // A target that never becomes ready must not keep its Canary from being deleted.
        if ensure::ready(&target.readiness, turn.now(), WaitReason::CanaryNotReady)?.is_ok() {
            reachable(turn)?;
        }
        give_back(turn)?;
    }
    turn.act(Action::RemoveFinalizer);
    turn.tell(&EventKind::Terminated);
    Err(Stop::Acted)
}

/// Brings the target up with as many replicas as the primary has; its autoscaler decides from then on.
fn take_over(turn: &mut Turn, target: &Target, begins: bool) -> Flow {
    let primary = turn.primary()?;
    let fallback = || turn.canary_replicas(None).unwrap_or(1);
    let wanted = primary.map_or_else(fallback, |primary| primary.replicas.max(1));
    let short = target.replicas < if begins { wanted } else { 1 };
    if !short && !turn.is_down(target.replicas)? {
        return Ok(());
    }
    turn.scale_up(if short { 0 } else { target.replicas }, wanted)?;
    Err(Stop::Acted)
}

/// Pods that are about to end still count as ready for their DaemonSet: the target is there when its Service has
/// endpoints. It is not waited for longer than pods may take to become ready.
fn reachable(turn: &Turn) -> Flow {
    let deadline = turn.phase_deadline();
    if turn.obs.services.canary != Synced::Yes || deadline <= turn.now() {
        return Ok(());
    }
    turn.canary_has_endpoints().map_err(|stop| stop.until(Some(deadline)))
}

/// What was there before the Canary is as it was; a route of the user's step by step, each with time for the
/// gateway. The primary goes only when gateways have had time to notice.
fn give_back(turn: &mut Turn) -> Flow {
    let begins = turn.next.hold.is_none();
    if begins {
        turn.next.stage = Stage::Terminating { steps: 0 };
        turn.hold(HoldKind::Drain);
    } else if !turn.held_enough(HoldKind::Drain) {
        return Err(Stop::Acted);
    }
    // Once more at the end: the first time may have been cut off.
    turn.act(Action::RevertApex);
    if turn.rollout().router.shifts() {
        turn.act(Action::RevertRoute);
    }
    if begins {
        return Err(Stop::Acted);
    }
    let on_the_way = turn.obs.route.present().is_some_and(|route| route.users && route.warm);
    match &mut turn.next.stage {
        Stage::Terminating { steps } if on_the_way && *steps < MOST_STEPS => *steps += 1,
        _ => return Ok(()),
    }
    turn.hold(HoldKind::Drain);
    Err(Stop::Acted)
}
