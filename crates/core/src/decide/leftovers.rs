//! Objects under names that the Canary does not use any more: they go when nothing needs them.

use super::turn::{Flow, Stop, Turn};
use crate::{
    build::leftovers::{route, serves, service_entry},
    identity,
    observe::{Readiness, Seen},
    plan::Action,
    state::{HoldKind, Stage},
};

/// Entries that are remembered at most.
const LIMIT: usize = 64;

/// Remembers names that were in use until now. A change of the target or of the Services' name that was not dealt with
/// yet is not forgotten.
pub(super) fn remember(turn: &mut Turn) {
    let rollout = turn.rollout();
    if rollout.deleting || rollout.spec.suspend || turn.next.stage == Stage::New {
        return;
    }
    let before = turn.before().names.autoscaler.clone();
    let autoscaler = before.clone().filter(|_| identity::autoscaler(rollout) != before);
    let configs = turn.before().configs.iter().flat_map(|tracked| tracked.keys().cloned());
    let found: Vec<String> = autoscaler.into_iter().chain(configs).collect();
    keep(turn, found);
    let pending = {
        let names = &turn.next.names;
        identity::other_target(rollout, names) || identity::other_service(rollout, names)
    };
    if pending {
        turn.next.names.autoscaler = identity::autoscaler(rollout);
    } else {
        identity::record(rollout, &mut turn.next.names);
    }
}

/// From here on the names of target and Services are the present ones; what is under the former ones is left over.
pub(super) fn exchange_names(turn: &mut Turn) {
    let (rollout, before) = (turn.rollout(), &turn.before().names);
    let service = before.service.iter().map(|name| service_entry(name));
    let route = before.route.clone().filter(|name| route(name).is_some());
    let found: Vec<String> = service.chain(before.target.clone()).chain(route).collect();
    keep(turn, found);
    identity::record(rollout, &mut turn.next.names);
}

fn keep(turn: &mut Turn, mut found: Vec<String>) {
    let (rollout, next) = (turn.rollout(), &mut turn.next);
    let used = |entry: &String| {
        next.configs.as_ref().is_some_and(|used| used.contains_key(entry))
            || *entry == service_entry(&rollout.apex)
            || *entry == identity::target(rollout)
            || Some(entry) == identity::autoscaler(rollout).as_ref()
            || Some(entry) == identity::route(rollout).as_ref()
    };
    found.append(&mut next.orphans.clone());
    found.retain(|entry| !used(entry));
    found.sort();
    found.dedup();
    found.truncate(LIMIT);
    next.orphans = found;
}

/// Removes what is left over while all is at rest: routes first, what they point to when gateways have had time
/// to notice.
pub(super) fn clean_up(turn: &mut Turn) -> Flow {
    let seen = &turn.obs.leftovers;
    turn.next.orphans.retain(|entry| seen.get(entry) != Some(&Seen::Absent));
    let mine = turn.next.orphans.iter().filter(|entry| seen.get(*entry) == Some(&Seen::Present(true)));
    let (removable, harmless): (Vec<String>, Vec<String>) = mine.cloned().partition(|entry| serves(entry));
    for entry in harmless {
        turn.act(Action::Remove(entry));
    }
    if removable.is_empty() && !turn.before().orphans.is_empty() {
        turn.release();
    }
    if removable.is_empty() || !at_rest(turn) {
        return Ok(());
    }
    if turn.next.hold.is_none() {
        turn.hold(HoldKind::Notice);
        return Err(Stop::Acted);
    }
    if !turn.held_enough(HoldKind::Notice) {
        return Ok(());
    }
    turn.hold(HoldKind::Notice);
    for entry in removable {
        turn.act(Action::Remove(entry));
    }
    Err(Stop::Acted)
}

/// A copy of a former autoscaler scales the primary, too: it goes at once.
pub(super) fn remove_scalers(turn: &mut Turn) {
    let seen = &turn.obs.leftovers;
    let present = |entry: &&String| !serves(entry) && seen.get(*entry) == Some(&Seen::Present(true));
    let found: Vec<String> = turn.next.orphans.iter().filter(present).cloned().collect();
    for entry in found {
        turn.act(Action::Remove(entry));
    }
}

/// A route of a former name takes the requests of the new one's hosts as long as it is there.
pub(super) fn former_route_gone(turn: &mut Turn) -> Flow {
    if turn.obs.former_route == Seen::Absent || !turn.rollout().router.shifts() {
        return Ok(());
    }
    clean_up(turn)
}

/// Whether the primary serves everybody, with what was promoted last.
fn at_rest(turn: &Turn) -> bool {
    let primary = turn.obs.primary.present().map(|primary| &primary.readiness);
    primary == Some(&Readiness::Ready)
        && turn.primary_serves()
        && turn.desired_routing().canary == 0
        && turn.route_accepted().is_ok()
}
