//! The Canary names other objects than before: what was forgotten gives its share back, and the run that it was part
//! of ends.

use serin_api::Phase;

use super::{
    leftovers, predecessor,
    turn::{Flow, Stop, Turn},
};
use crate::{identity, observe::Seen, plan::Action, status};

/// Deals with a change of names before anything else is decided.
pub(super) fn check(turn: &mut Turn) -> Flow {
    if turn.next.phase == Phase::None {
        return Ok(());
    }
    release_former_route(turn)?;
    if turn.obs.obstacle.is_some() {
        // What cannot be made under the new names takes nothing's place.
        return Ok(());
    }
    if identity::other_target(turn.rollout(), &turn.next) {
        return exchange_target(turn);
    }
    if identity::other_service(turn.rollout(), &turn.next) {
        restart(turn);
    }
    Ok(())
}

/// Whether the objects that are there are under the names that the Canary gives them.
pub(super) fn is_settled(turn: &Turn) -> bool {
    let (rollout, next) = (turn.rollout(), &turn.next);
    !identity::other_target(rollout, next) && !identity::other_service(rollout, next)
}

/// Nobody looks after a route of a former name any more: its traffic goes to the primary.
fn release_former_route(turn: &mut Turn) -> Flow {
    let name = identity::former_route(turn.rollout(), &turn.next);
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
    let former = turn.next.target_name.clone().unwrap_or_default();
    turn.note(turn.rollout().say_target_exchanged(&former));
    predecessor::traffic_ends(turn);
    status::reset(&mut turn.next);
    let next = &mut turn.next;
    next.checks.clear();
    next.last_applied_spec = None;
    next.last_promoted_spec = None;
    next.waiting_for = None;
    leftovers::exchange_names(turn);
    turn.enter(Phase::Initializing);
    Err(Stop::Acted)
}

/// An analysis under other names begins anew: what it measured was another route's traffic.
fn restart(turn: &mut Turn) {
    leftovers::exchange_names(turn);
    let analysing = matches!(turn.next.phase, Phase::Progressing | Phase::WaitingPromotion);
    if !analysing || turn.next.rollback_reason.is_some() {
        return;
    }
    let renamed = turn.obs.status.service_name.as_ref() != Some(&turn.rollout().apex);
    turn.note(turn.rollout().say_service_exchanged(renamed));
    predecessor::traffic_ends(turn);
    status::reset(&mut turn.next);
    turn.next.checks.clear();
    turn.next.waiting_for = None;
    turn.enter(Phase::Progressing);
}
