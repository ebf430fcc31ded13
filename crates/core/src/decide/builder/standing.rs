//! Stalls that outlive a plan which acts before it comes to their cause.

use super::PlanBuilder;
use crate::{
    build::PORT_NOT_FOUND,
    observe::{Acceptance, Route},
    stall::Stall,
    state::stalled,
};

/// Pods of others are behind a generated Service.
pub(in crate::decide) const FOREIGN_PODS: &str = "ForeignPods";
/// The API server does not take the route.
pub(in crate::decide) const ROUTE_REFUSED: &str = "RouteRefused";
/// A Gateway that the Canary names does not fit the route.
pub(in crate::decide) const GATEWAY_NOT_READY: &str = "GatewayNotReady";
/// A gateway has not taken the route for a long time.
pub(in crate::decide) const ROUTE_NOT_ACCEPTED: &str = "RouteNotAccepted";

impl PlanBuilder<'_> {
    /// The stall that the status tells of, if its cause is still observed. A route that is
    /// repaired, for one, is written before anything else is looked at; that is no sign of an end.
    pub(super) fn standing_stall(&self) -> Option<Stall> {
        let rollout = self.rollout();
        if self.actions.is_empty() || rollout.deleting || rollout.spec.suspend {
            return None;
        }
        let standing = stalled::standing(&self.before().conditions)?;
        let mut causes = self.observed_causes().into_iter().flatten();
        let reason = causes.find(|cause| *cause == standing.reason)?;
        Some(Stall::new(reason, standing.message.clone().unwrap_or_default()))
    }

    /// The reasons for stalls that are observed, whether they matter at this time or not.
    fn observed_causes(&self) -> [Option<&'static str>; 6] {
        let obs = self.obs;
        let strangers = &obs.endpoints.strangers;
        let foreign = [&strangers.primary, &strangers.canary];
        let foreign = foreign.into_iter().any(|found| !self.foreign_pods(found).is_empty());
        let route = |is: fn(&Route) -> bool| obs.route.present().is_some_and(is);
        [
            obs.obstacle.as_ref().map(|obstacle| obstacle.reason),
            foreign.then_some(FOREIGN_PODS),
            route(|it| it.refused.is_some()).then_some(ROUTE_REFUSED),
            route(|it| it.unattached.is_some()).then_some(GATEWAY_NOT_READY),
            route(|it| it.acceptance != Acceptance::Accepted).then_some(ROUTE_NOT_ACCEPTED),
            obs.endpoints.unreachable.is_some().then_some(PORT_NOT_FOUND),
        ]
    }
}
