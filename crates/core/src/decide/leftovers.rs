//! Objects under names that the Canary does not use any more: they go when nothing needs them.

use super::builder::{Flow, PlanBuilder, Stop};
use crate::{
    identity,
    leftovers::{route, serves, service_entry},
    observe::{Readiness, Seen},
    plan::Action,
    state::{HoldKind, Stage},
};

/// Entries that are remembered at most.
const LIMIT: usize = 64;

/// Remembers names that were in use until now. A change of the target or of the Services' name that was not dealt with
/// yet is not forgotten.
pub(super) fn remember(plan: &mut PlanBuilder) {
    let rollout = plan.rollout();
    if rollout.deleting || rollout.spec.suspend || plan.next.stage == Stage::New {
        return;
    }
    let before = plan.before().names.autoscaler.clone();
    let autoscaler = before.clone().filter(|_| identity::autoscaler(rollout) != before);
    let configs = plan.before().configs.iter().flat_map(|tracked| tracked.keys().cloned());
    let found: Vec<String> = autoscaler.into_iter().chain(configs).collect();
    keep(plan, found);
    let pending = {
        let names = &plan.next.names;
        identity::other_target(rollout, names) || identity::other_service(rollout, names)
    };
    if pending {
        plan.next.names.autoscaler = identity::autoscaler(rollout);
    } else {
        identity::record(rollout, &mut plan.next.names);
    }
}

/// From here on the names of target and Services are the present ones; what is under the former ones is left over.
pub(super) fn exchange_names(plan: &mut PlanBuilder) {
    let (rollout, before) = (plan.rollout(), &plan.before().names);
    let service = before.service.iter().map(|name| service_entry(name));
    let route = before.route.clone().filter(|name| route(name).is_some());
    let found: Vec<String> = service.chain(before.target.clone()).chain(route).collect();
    keep(plan, found);
    identity::record(rollout, &mut plan.next.names);
}

fn keep(plan: &mut PlanBuilder, mut found: Vec<String>) {
    let (rollout, next) = (plan.rollout(), &mut plan.next);
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
pub(super) fn clean_up(plan: &mut PlanBuilder) -> Flow {
    let seen = &plan.obs.leftovers;
    plan.next.orphans.retain(|entry| seen.get(entry) != Some(&Seen::Absent));
    let mine = plan.next.orphans.iter().filter(|entry| seen.get(*entry) == Some(&Seen::Present(true)));
    let (removable, harmless): (Vec<String>, Vec<String>) = mine.cloned().partition(|entry| serves(entry));
    for entry in harmless {
        plan.act(Action::Remove(entry));
    }
    if removable.is_empty() && !plan.before().orphans.is_empty() {
        plan.release();
    }
    if removable.is_empty() || !at_rest(plan) {
        return Ok(());
    }
    if plan.next.hold.is_none() {
        plan.hold(HoldKind::Notice);
        return Err(Stop::Acted);
    }
    if !plan.held_enough(HoldKind::Notice) {
        return Ok(());
    }
    plan.hold(HoldKind::Notice);
    for entry in removable {
        plan.act(Action::Remove(entry));
    }
    Err(Stop::Acted)
}

/// A copy of a former autoscaler scales the primary, too: it goes at once.
pub(super) fn remove_scalers(plan: &mut PlanBuilder) {
    let seen = &plan.obs.leftovers;
    let present = |entry: &&String| !serves(entry) && seen.get(*entry) == Some(&Seen::Present(true));
    let found: Vec<String> = plan.next.orphans.iter().filter(present).cloned().collect();
    for entry in found {
        plan.act(Action::Remove(entry));
    }
}

/// A route of a former name takes the requests of the new one's hosts as long as it is there.
pub(super) fn former_route_gone(plan: &mut PlanBuilder) -> Flow {
    if plan.obs.former_route == Seen::Absent || !plan.rollout().router.shifts() {
        return Ok(());
    }
    clean_up(plan)
}

/// Whether the primary serves everybody, with what was promoted last.
fn at_rest(plan: &PlanBuilder) -> bool {
    let primary = plan.obs.primary.present().map(|primary| &primary.readiness);
    primary == Some(&Readiness::Ready)
        && plan.primary_serves()
        && plan.desired_routing().canary == 0
        && plan.route_accepted().is_ok()
}
