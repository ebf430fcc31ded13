//! The Canary names other objects than before: what was forgotten gives its share back, and the run that it was part
//! of ends.

use super::{
    leftovers, predecessor,
    turn::{Flow, Stop, Turn},
};
use crate::{
    event::EventKind,
    identity,
    observe::Seen,
    plan::Action,
    state::{Analysis, Cause, Stage},
};

/// Deals with a change of names before anything else is decided.
pub(super) fn check(turn: &mut Turn) -> Flow {
    if turn.next.stage == Stage::New {
        return Ok(());
    }
    release_former_route(turn)?;
    if turn.obs.obstacle.is_some() {
        // What cannot be made under the new names takes nothing's place.
        return Ok(());
    }
    if identity::other_target(turn.rollout(), &turn.next.names) {
        return exchange_target(turn);
    }
    if identity::other_service(turn.rollout(), &turn.next.names) {
        restart(turn);
    }
    Ok(())
}

/// Whether the objects that are there are under the names that the Canary gives them.
pub(super) fn is_settled(turn: &Turn) -> bool {
    let (rollout, names) = (turn.rollout(), &turn.next.names);
    !identity::other_target(rollout, names) && !identity::other_service(rollout, names)
}

/// Nobody looks after a route of a former name any more: its traffic goes to the primary.
fn release_former_route(turn: &mut Turn) -> Flow {
    let name = identity::former_route(turn.rollout(), &turn.next.names, &turn.next.orphans);
    if let (Seen::Present(true), Some(name)) = (&turn.obs.former_route, name) {
        turn.act(Action::ReleaseRoute(name));
        return Err(Stop::Acted);
    }
    Ok(())
}

/// Another target is initialised like the first one, while the primary of the former target serves.
fn exchange_target(turn: &mut Turn) -> Flow {
    if turn.obs.route.present().is_some() && turn.canary_shares() {
        turn.send_to_primary()?;
    }
    let former = turn.next.names.target.clone().unwrap_or_default();
    turn.tell(&EventKind::TargetExchanged { former });
    predecessor::traffic_ends(turn);
    let next = &mut turn.next;
    next.forget_rollout();
    next.checks.clear();
    next.applied = None;
    next.promoted = None;
    next.waiting = None;
    leftovers::exchange_names(turn);
    turn.enter(Stage::Initializing { adopted: None });
    Err(Stop::Acted)
}

/// An analysis under other names begins anew: what it measured was another route's traffic.
fn restart(turn: &mut Turn) {
    leftovers::exchange_names(turn);
    if !matches!(turn.next.stage, Stage::Analysing(_)) {
        return;
    }
    let renamed = turn.before().names.service.as_ref() != Some(&turn.rollout().apex);
    turn.tell(&EventKind::ServiceExchanged { renamed });
    predecessor::traffic_ends(turn);
    turn.next.forget_rollout();
    turn.next.checks.clear();
    turn.next.waiting = None;
    turn.begin_run(&Cause::Restart);
    turn.enter(Stage::Analysing(Analysis::default()));
}
