//! The Canary names other objects than before: what was forgotten gives its share back, and the run that it was part
//! of ends.

use super::{
    builder::{Flow, PlanBuilder, Stop, names},
    predecessor,
};
use crate::{
    event::EventKind,
    identity,
    observe::Seen,
    plan::Action,
    state::{Analysis, Cause, Stage},
};

/// Deals with a change of names before anything else is decided.
pub(super) fn check(plan: &mut PlanBuilder) -> Flow {
    if plan.next.stage == Stage::New {
        return Ok(());
    }
    release_former_route(plan)?;
    if plan.obs.obstacle.is_some() {
        // What cannot be made under the new names takes nothing's place.
        return Ok(());
    }
    if identity::other_target(plan.rollout(), &plan.next.names) {
        return exchange_target(plan);
    }
    if identity::other_service(plan.rollout(), &plan.next.names) {
        restart(plan);
    }
    Ok(())
}

/// Whether the objects that are there are under the names that the Canary gives them.
pub(super) fn is_settled(plan: &PlanBuilder) -> bool {
    let (rollout, names) = (plan.rollout(), &plan.next.names);
    !identity::other_target(rollout, names) && !identity::other_service(rollout, names)
}

/// Nobody looks after a route of a former name any more: its traffic goes to the primary.
fn release_former_route(plan: &mut PlanBuilder) -> Flow {
    let name = identity::former_route(plan.rollout(), &plan.next.names, &plan.next.orphans);
    if let (Seen::Present(true), Some(name)) = (&plan.obs.former_route, name) {
        plan.act(Action::ReleaseRoute(name));
        return Err(Stop::Acted);
    }
    Ok(())
}

/// Another target is initialised like the first one, while the primary of the former target serves.
fn exchange_target(plan: &mut PlanBuilder) -> Flow {
    if plan.obs.route.present().is_some() && !plan.leaves_route() && plan.canary_shares() {
        plan.send_to_primary()?;
    }
    let former = plan.next.names.target.clone().unwrap_or_default();
    plan.tell(&EventKind::TargetExchanged { former });
    predecessor::traffic_ends(plan);
    let next = &mut plan.next;
    next.forget_rollout();
    next.checks.clear();
    next.applied = None;
    next.promoted = None;
    next.waiting = None;
    names::exchange_names(plan);
    plan.enter(Stage::Initializing { adopted: None });
    Err(Stop::Acted)
}

/// An analysis under other names begins anew: what it measured was another route's traffic.
fn restart(plan: &mut PlanBuilder) {
    names::exchange_names(plan);
    if !matches!(plan.next.stage, Stage::Analysing(_)) {
        return;
    }
    let renamed = plan.before().names.service.as_ref() != Some(&plan.rollout().apex);
    plan.tell(&EventKind::ServiceExchanged { renamed });
    predecessor::traffic_ends(plan);
    plan.next.forget_rollout();
    plan.next.checks.clear();
    plan.next.waiting = None;
    plan.begin_run(&Cause::Restart);
    plan.enter(Stage::Analysing(Analysis::default()));
}
