//! Objects under names that the Canary does not use any more: they go when nothing needs them.

use super::builder::{Flow, PlanBuilder, Stop};
use crate::{
    observe::{Readiness, Seen},
    orphans::serves,
    plan::Action,
    state::HoldKind,
};

/// Removes what is left over while all is at rest: routes first, what they point to when gateways have had time
/// to notice.
pub(super) fn clean_up(plan: &mut PlanBuilder) -> Flow {
    let seen = &plan.obs.orphans;
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
    let seen = &plan.obs.orphans;
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
