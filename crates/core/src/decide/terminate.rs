//! Deletion. Without `revertOnDeletion` the garbage collector does it all; with it, the target takes
//! over from the primary first.

use serin_api::Phase;

use super::{
    ensure,
    turn::{Flow, Stop, Turn},
};
use crate::plan::Action;

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
    if turn.next.phase != Phase::Terminating {
        turn.enter(Phase::Terminating);
        turn.note(format!("Terminating canary {}", rollout.full_name()));
    }
    if let Some(target) = turn.known("target", &turn.obs.target)? {
        if target.replicas == 0 {
            let replicas = turn.canary_replicas(turn.primary()?).unwrap_or(1);
            turn.act(Action::ScaleTarget(replicas));
            return Err(Stop::Acted);
        }
        // A target that never becomes ready must not keep its Canary from being deleted.
        let say = |why: &str| rollout.say_canary_not_ready(why);
        let _ = ensure::ready(&target.readiness, turn.now(), say)?;
        turn.act(Action::RevertApex);
    }
    turn.act(Action::RemoveFinalizer);
    turn.note(format!("Terminated canary {}", rollout.full_name()));
    Err(Stop::Acted)
}
