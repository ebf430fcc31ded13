//! The names that a Canary's objects have, and had: what is under a former one is left over.

use super::PlanBuilder;
use crate::{
    identity,
    orphans::{route, service_entry},
    state::Stage,
};

/// Entries that are remembered at most.
const LIMIT: usize = 64;

/// Remembers names that were in use until now. A change of the target or of the Services' name that was not dealt with
/// yet is not forgotten.
pub(in crate::decide) fn remember(plan: &mut PlanBuilder) {
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
pub(in crate::decide) fn exchange_names(plan: &mut PlanBuilder) {
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
