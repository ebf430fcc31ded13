//! What the route should say now, decided before anything may wait.
//!
//! A side that cannot serve has no share, and a route that is not as it should be is mended, in every phase and
//! whatever else is missing or unreadable. Nothing is advanced here: the split stays what it is, save for what a side
//! without endpoints had.

use super::builder::{Flow, PlanBuilder, Stop};
use crate::{
    Routing,
    observe::{Route, Seen},
    plan::Action,
    state::{Progress, Stage},
    strategy::Kind,
};

pub(super) fn keep(plan: &mut PlanBuilder) -> Flow {
    let untouched = matches!(plan.next.stage, Stage::New | Stage::Terminating { .. } | Stage::Terminated);
    if !plan.rollout().router.shifts() || untouched {
        return Ok(());
    }
    note_deleted_target(plan);
    match &plan.obs.route {
        Seen::Unknown(_) => Ok(()),
        Seen::Absent => restore(plan),
        Seen::Present(_) if plan.leaves_route() => Ok(()),
        Seen::Present(route) => mend(plan, route),
    }
}

/// While a Canary is being deleted, its route goes back to the user: only the share of a side that cannot serve moves.
pub(super) fn keep_served(plan: &mut PlanBuilder) -> Flow {
    let Some(current) = plan.obs.route.present().and_then(|route| route.routing) else { return Ok(()) };
    let want = plan.servable(current);
    if plan.rollout().router.shifts() && want != current { apply(plan, want) } else { Ok(()) }
}

/// The pods of a target that was deleted serve a little longer than it exists: one that is made anew must not get a share
/// on their account.
fn note_deleted_target(plan: &mut PlanBuilder) {
    if plan.desired_routing().canary == 0 || !plan.target_is_deleted() {
        return;
    }
    let replaced = plan.primary_reachable();
    match &mut plan.next.stage {
        Stage::Analysing(analysis) => {
            analysis.lost_traffic = true;
            plan.release();
        }
        Stage::Promoting { progress, .. } if replaced => *progress = Progress::default(),
        Stage::Failed { held, .. } | Stage::WaitingToStart { held } if replaced => *held = 0,
        _ => {}
    }
}

/// A route that somebody deleted is made again as soon as a side can serve.
fn restore(plan: &mut PlanBuilder) -> Flow {
    if plan.next.stage.precedes_primary() || plan.rollout().spec.suspend {
        return Ok(());
    }
    let want = plan.servable(plan.desired_routing());
    if plan.can_route(None, want) { apply(plan, want) } else { Ok(()) }
}

fn mend(plan: &mut PlanBuilder, route: &Route) -> Flow {
    let suspended = plan.rollout().spec.suspend;
    let Some(current) = route.routing else {
        let want = plan.servable(plan.desired_routing());
        let may = !suspended && plan.can_route(None, want);
        return if may { apply(plan, want) } else { Ok(()) };
    };
    let want = plan.servable(current);
    let mends = !route.in_shape && route.refused.is_none() && !suspended && plan.obs.endpoints.follow;
    // A route that would go to ports without endpoints is not written for its weights alone either.
    let strays = want != current && !route.in_shape && !plan.obs.endpoints.follow;
    if want == current && !mends || strays { Ok(()) } else { apply(plan, want) }
}

fn apply(plan: &mut PlanBuilder, want: Routing) -> Flow {
    plan.act(Action::ApplyRoute(want));
    Err(Stop::Acted)
}

impl PlanBuilder<'_> {
    /// Whether no primary has served yet. One that did not come up leaves everything as it was, too, and is taken in the
    /// same way when it does.
    pub(super) fn precedes_primary(&self) -> bool {
        let stage = &self.next.stage;
        stage.precedes_primary() || matches!(stage, Stage::Failed { .. }) && self.next.promoted.is_none()
    }

    /// Whether a route of the user's was not taken over yet: that is done in steps.
    pub(super) fn leaves_route(&self) -> bool {
        self.precedes_primary() && self.obs.route.present().is_some_and(|route| route.preexisting)
    }

    /// The split without the share of a side that cannot serve, if the other one can.
    pub(super) fn servable(&self, split: Routing) -> Routing {
        let uses_canary = split.canary > 0 || split.mirror;
        let uses_primary = split.canary < 100 || self.chooses() && !split.everybody;
        if uses_canary && self.canary_is_gone() && self.primary_reachable() {
            return Routing { warm: split.warm, ..Routing::PRIMARY };
        }
        // Only a version that has users already, or was approved, is given more of them for this reason.
        let trusted = split.canary > 0 || self.next.stage.approved();
        if uses_primary && trusted && self.primary_is_gone() && self.canary_serves() {
            return Routing { everybody: self.chooses(), ..Routing::CANARY.kept_warm() };
        }
        split
    }

    /// Whether `analysis.match` chooses who may meet the canary.
    fn chooses(&self) -> bool {
        self.rollout().strategy.kind == Kind::AbTest
    }

    /// Whether the canary has a ready endpoint.
    pub(super) fn canary_serves(&self) -> bool {
        matches!(self.obs.endpoints.canary, Seen::Present(n) if n > 0)
    }

    /// Whether requests to the primary's Service are answered, if by the pods of a former primary.
    pub(super) fn primary_reachable(&self) -> bool {
        self.primary_serves()
            || self.obs.services.elsewhere && !self.obs.endpoints.strangers.primary.is_empty()
    }

    /// Whether nothing answers for the canary, or will in a moment: its workload is gone.
    fn canary_is_gone(&self) -> bool {
        let endpoints = &self.obs.endpoints;
        let none = endpoints.canary == Seen::Present(0) && endpoints.strangers.canary.is_empty();
        self.target_is_deleted() || none
    }

    fn target_is_deleted(&self) -> bool {
        matches!(self.obs.target, Seen::Absent) && self.rollout().target_kind.has_pods()
    }

    fn primary_is_gone(&self) -> bool {
        let endpoints = &self.obs.endpoints;
        endpoints.primary == Seen::Present(0) && endpoints.strangers.primary.is_empty()
    }

    /// Whether the side that would get more can take it.
    pub(super) fn can_route(&self, current: Option<Routing>, want: Routing) -> bool {
        self.may_route(current, want).is_ok()
    }
}
