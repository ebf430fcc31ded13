//! Objects under names that the Canary does not use any more: they go when nothing needs them.

use serin_api::Phase;

use super::turn::{Flow, Stop, Turn};
use crate::{
    build::leftovers::service_entry,
    observe::{Readiness, Seen},
    plan::Action,
    status,
};

/// Entries that are remembered at most.
const LIMIT: usize = 64;

/// Remembers names that were in use until now.
pub(super) fn remember(turn: &mut Turn) {
    let rollout = turn.rollout();
    if rollout.deleting || rollout.spec.suspend || turn.next.phase == Phase::None {
        return;
    }
    let (before, next) = (&turn.obs.status, &mut turn.next);
    let former = before.service_name.iter().filter(|name| **name != rollout.apex);
    let mut found: Vec<String> = former.map(|name| service_entry(name)).collect();
    let used = |entry: &String| next.tracked_configs.as_ref().is_some_and(|used| used.contains_key(entry));
    found.extend(before.tracked_configs.iter().flat_map(|tracked| tracked.keys().cloned()));
    found.append(&mut next.leftovers);
    found.retain(|entry| !used(entry) && *entry != service_entry(&rollout.apex));
    found.sort();
    found.dedup();
    found.truncate(LIMIT);
    next.leftovers = found;
    // The name alone is no reason to write: a Canary at rest that Flagger served stays as it is.
    if before.service_name.is_some() || status::differs(next, before) {
        next.service_name = Some(rollout.apex.clone());
    }
}

/// Removes what is left over while all is at rest: routes first, what they point to when gateways have had time
/// to notice.
pub(super) fn clean_up(turn: &mut Turn) -> Flow {
    let seen = &turn.obs.leftovers;
    turn.next.leftovers.retain(|entry| seen.get(entry) != Some(&Seen::Absent));
    let mine = turn.next.leftovers.iter().filter(|entry| seen.get(*entry) == Some(&Seen::Present(true)));
    let removable: Vec<String> = mine.cloned().collect();
    if removable.is_empty() && !turn.obs.status.leftovers.is_empty() {
        turn.next.last_check_time = None;
    }
    if removable.is_empty() || !at_rest(turn) {
        return Ok(());
    }
    if turn.next.last_check_time.is_none() {
        turn.open_window();
        return Err(Stop::Acted);
    }
    if !turn.window_over(turn.rollout().drain) {
        return Ok(());
    }
    turn.open_window();
    for entry in removable {
        turn.act(Action::Remove(entry));
    }
    Err(Stop::Acted)
}

/// Whether the primary serves everybody, with what was promoted last.
fn at_rest(turn: &Turn) -> bool {
    let primary = turn.obs.primary.present().map(|primary| &primary.readiness);
    primary == Some(&Readiness::Ready)
        && turn.primary_serves()
        && turn.desired_routing().canary == 0
        && turn.route_accepted().is_ok()
}
