//! What has to hold in every phase: objects as they should be, traffic only to a side that is ready.

use super::builder::{Flow, GATEWAY_NOT_READY, PlanBuilder, ROUTE_NOT_ACCEPTED, ROUTE_REFUSED, Stop};
use crate::{
    Routing, affinity,
    event::EventKind,
    observe::{Acceptance, Primary, Readiness, Route, Seen, Synced},
    orphans::made_by_a_former_primary,
    plan::{Action, ServiceRole},
    reason::WaitReason,
    state::{HoldKind, Stage},
};
use chrono::TimeDelta;

/// How long a gateway may be silent, or say no to a route: it may not have seen everything that the route refers to.
const REFUSED: TimeDelta = TimeDelta::seconds(5);

impl PlanBuilder<'_> {
    /// The Services of primary and canary.
    pub(super) fn ensure_services(&mut self) -> Flow {
        self.ensure(&self.obs.services.canary, ServiceRole::Canary)?;
        self.ensure(&self.obs.services.primary, ServiceRole::Primary)
    }

    /// The Service that the application's clients know; it selects the primary.
    pub(super) fn ensure_apex(&mut self) -> Flow {
        self.ensure(&self.obs.services.apex, ServiceRole::Apex)
    }

    /// As [`Self::ensure_apex`]. Clients of a Service that was there before are given time to notice.
    pub(super) fn take_apex(&mut self) -> Flow {
        self.ensure_apex()?;
        if self.obs.services.apex_in_use {
            self.hold(HoldKind::Drain);
            return Err(Stop::Acted);
        }
        Ok(())
    }

    /// Whether clients of the apex have had time to notice that it selects the primary now.
    pub(super) fn apex_moved(&mut self) -> Flow {
        if self.held_enough(HoldKind::Drain) { Ok(()) } else { Err(Stop::Acted) }
    }

    /// Pods of others behind a Service. Those of a primary of this Canary's that is about to go, as when the target is of
    /// another kind now and has the same labels, are none.
    pub(super) fn foreign_pods(&self, found: &[String]) -> Vec<String> {
        let former = |maker: &&String| !made_by_a_former_primary(self.rollout(), &self.next.orphans, maker);
        found.iter().filter(former).cloned().collect()
    }

    fn ensure(&mut self, synced: &Synced, role: ServiceRole) -> Flow {
        match synced {
            Synced::Yes => Ok(()),
            Synced::No => {
                self.apply_service(role);
                Ok(())
            }
            Synced::Unknown(why) => Err(self.unknown("Service", why)),
        }
    }

    /// The Services whose clients the primary serves, as far as it is known how they should be: whatever else is
    /// missing, they are mended.
    pub(super) fn keep_services(&mut self) {
        let services = &self.obs.services;
        if services.primary == Synced::No {
            self.apply_service(ServiceRole::Primary);
        }
        if services.apex == Synced::No {
            self.apply_service(ServiceRole::Apex);
        }
    }

    fn apply_service(&mut self, role: ServiceRole) {
        let action = Action::ApplyService(role);
        if !self.actions().contains(&action) && !self.served_elsewhere(role) {
            self.act(action);
        }
    }

    /// Whether the clients of a Service are served by other pods than the primary's, which cannot take over yet.
    fn served_elsewhere(&self, role: ServiceRole) -> bool {
        let services = &self.obs.services;
        let elsewhere = match role {
            ServiceRole::Canary => false,
            ServiceRole::Primary => services.elsewhere && !self.obs.endpoints.strangers.primary.is_empty(),
            ServiceRole::Apex => services.apex_in_use,
        };
        let ready = self.obs.primary.present().is_some_and(|primary| primary.readiness == Readiness::Ready);
        // The primary of another target takes over in its time: `initialize` says when.
        let early = role == ServiceRole::Primary
            && matches!(self.next.stage, Stage::Initializing { .. })
            && !self.steady;
        elsewhere && (!ready || early)
    }

    /// The primary's autoscaler; an existing one is corrected only with `update`.
    pub(super) fn ensure_scaler(&mut self, update: bool) -> Flow {
        let Some(scaler) = &self.obs.scaler else { return Ok(()) };
        self.scaler_source()?;
        match self.known("autoscaler", &scaler.primary)? {
            Some(true) => {}
            Some(false) if !update => {}
            Some(false) | None => self.act(Action::ApplyScaler),
        }
        Ok(())
    }

    fn scaler_source(&self) -> Flow<i32> {
        let Some(scaler) = &self.obs.scaler else { return Ok(1) };
        let min = self.known("autoscaler", &scaler.min_replicas)?;
        min.copied().ok_or_else(|| WaitReason::ScalerMissing.into())
    }

    /// Whether the target's autoscaler is to be paused, or to scale again, before the target is scaled.
    fn scaler_differs(&self, paused: bool) -> Flow<bool> {
        let Some(scaler) = &self.obs.scaler else { return Ok(false) };
        Ok(self.known("autoscaler", &scaler.paused)? == Some(&!paused))
    }

    /// Scales the target up from 0, and lets its autoscaler take over.
    pub(super) fn scale_up(&mut self, replicas: i32, wanted: i32) -> Flow {
        if self.scaler_differs(false)? {
            self.act(Action::PauseScaler(false));
        }
        if replicas == 0 {
            self.act(Action::ScaleTarget(wanted));
        }
        Ok(())
    }

    /// Whether the target is, or is about to be, kept at 0.
    pub(super) fn is_down(&self, replicas: i32) -> Flow<bool> {
        Ok(replicas == 0 || self.scaler_differs(false)?)
    }

    /// Replicas of a target that is scaled up from 0.
    pub(super) fn canary_replicas(&self, primary: Option<&Primary>) -> Flow<i32> {
        if self.obs.scaler.is_some() {
            return Ok(self.scaler_source()?.max(1));
        }
        Ok(primary.map_or(1, |p| p.replicas).max(1))
    }

    /// The split that the status asks for.
    pub(super) fn desired_routing(&self) -> Routing {
        self.next.stage.split(&self.rollout().strategy)
    }

    /// The cookies of session affinity follow the split that the status asks for. The canary's goes with its
    /// traffic: a primary that is lost may not be able to take that.
    pub(super) fn keep_cookies(&mut self) {
        let (rollout, now) = (self.rollout(), self.now());
        if rollout.deleting || rollout.spec.suspend {
            return;
        }
        if self.desired_routing().canary > 0 {
            let before = (self.before().cookies.clone(), self.before().stage.weight());
            affinity::give(rollout, (&before.0, before.1), &mut self.next, now);
        } else if self.routed().is_some_and(|routing| routing.canary == 0) {
            affinity::retire(rollout, &mut self.next.cookies);
        }
    }

    /// The split as it is once the actions so far are done.
    fn routed(&self) -> Option<Routing> {
        let decided = self.actions().iter().rev().find_map(|action| match action {
            Action::ApplyRoute(routing) => Some(*routing),
            _ => None,
        });
        decided.or_else(|| self.current_routing())
    }

    /// The split for this moment: a canary that lost all its endpoints gets no traffic.
    ///
    /// Once the canary has been up, both sides stay warm until the rollout ends.
    pub(super) fn safe_routing(&self) -> Routing {
        let bearable = self.servable(self.desired_routing());
        let serves = self.canary_serves();
        // What Flagger routed so stays as it is until something is decided.
        if self.written_by_flagger() && self.current_routing() == Some(bearable) {
            return bearable;
        }
        if serves || self.current_routing().is_some_and(|r| r.warm) { bearable.kept_warm() } else { bearable }
    }

    fn current_routing(&self) -> Option<Routing> {
        self.obs.route.present().and_then(|r| r.routing)
    }

    /// Whether requests, or copies of them, may go to the canary.
    pub(super) fn canary_shares(&self) -> bool {
        self.current_routing().is_none_or(|r| r.canary > 0 || r.mirror)
    }

    /// Makes the route split traffic this way, unless a side that would get more is not ready.
    pub(super) fn ensure_route(&mut self, want: Routing) -> Flow {
        if !self.rollout().router.shifts() {
            return Ok(());
        }
        let route = self.known(self.rollout().router.route_kind, &self.obs.route)?;
        let want = self.writable(want);
        let shaped = |route: &Route| route.in_shape || route.refused.is_some();
        if route.is_some_and(|r| shaped(r) && r.routing == Some(want)) {
            return Ok(());
        }
        if route.is_some_and(|r| !shaped(r)) && !self.obs.endpoints.follow {
            return Err(WaitReason::PortNotReady.into());
        }
        let current = route.and_then(|r| r.routing);
        if let Err(held) = self.may_route(current, want) {
            return self.repair_shape(route).and(Err(held));
        }
        self.act(Action::ApplyRoute(want));
        self.next.waiting = None;
        Err(Stop::Acted)
    }

    /// The split as far as it can be written: of a route whose shape is refused, only the weights change.
    fn writable(&self, want: Routing) -> Routing {
        let refused = self.obs.route.present().filter(|route| route.refused.is_some());
        let now = refused.and_then(|route| route.routing);
        now.map_or(want, |now| Routing {
            warm: now.warm,
            everybody: now.everybody,
            mirror: want.mirror && now.mirror,
            ..want
        })
    }

    /// Sends all traffic to the primary. A route of the user's is taken in steps: the gateway learns of the primary,
    /// which then gets the traffic, and only when requests under way have ended it forgets the user's own backends.
    pub(super) fn take_route(&mut self) -> Flow {
        let route = self
            .known(self.rollout().router.route_kind, &self.obs.route)?
            .filter(|_| self.rollout().router.shifts());
        let Some(route) = route.filter(|route| route.preexisting) else {
            return self.ensure_route(Routing::PRIMARY);
        };
        match route.routing {
            Some(routing) if !routing.warm => return self.ensure_route(Routing::PRIMARY),
            Some(_) => return self.drain_canary(),
            None if route.warm => self.drained()?,
            None => {}
        }
        self.send_to_primary()
    }

    /// Sends all traffic to the primary and keeps both sides known. Draining begins anew.
    pub(super) fn send_to_primary(&mut self) -> Flow {
        let moved = self.ensure_route(Routing::PRIMARY.kept_warm());
        if matches!(moved, Err(Stop::Acted)) {
            self.release();
        }
        moved
    }

    /// Every gateway has taken the route as it is, and since then requests under way have had time to end. A proxy
    /// may learn of the route a moment after its gateway says so: that is part of the time.
    fn drained(&mut self) -> Flow {
        self.route_accepted()?;
        self.hold_if_none(HoldKind::Drain);
        if self.held_enough(HoldKind::Drain) { Ok(()) } else { Err(Stop::Acted) }
    }

    /// As [`Self::ensure_route`], but does not wait for a primary that has failed for good: its
    /// replacement comes.
    pub(super) fn keep_route(&mut self, want: Routing) -> Flow {
        match self.ensure_route(want) {
            Err(Stop::Wait(_)) if self.primary_is_lost() => Ok(()),
            other => other,
        }
    }

    /// Whether the primary has failed for good, or was deleted, and serves nothing.
    pub(super) fn primary_is_lost(&self) -> bool {
        if self.obs.primary == Seen::Absent {
            return !self.primary_serves();
        }
        let readiness = self.obs.primary.present().map(|p| &p.readiness);
        let fatal =
            matches!(readiness, Some(Readiness::NotReady { fatal_at: Some(at), .. }) if *at <= self.now());
        fatal && !self.primary_serves()
    }

    /// Puts the split into this plan's actions if it is not there yet; the sides are known to be ready.
    pub(super) fn shift(&mut self, want: Routing) {
        let (current, want) = (self.current_routing(), self.writable(want));
        if self.rollout().router.shifts() && current != Some(want) && self.may_route(current, want).is_ok() {
            self.act(Action::ApplyRoute(want));
        }
    }

    fn repair_shape(&mut self, route: Option<&Route>) -> Flow {
        let broken = route.filter(|r| !r.in_shape && r.refused.is_none());
        let Some(routing) = broken.and_then(|r| r.routing) else { return Ok(()) };
        self.act(Action::ApplyRoute(routing));
        Err(Stop::Acted)
    }

    pub(super) fn may_route(&self, current: Option<Routing>, want: Routing) -> Flow {
        let canary_grows = current.map_or(want.canary > 0, |c| want.canary > c.canary);
        let primary_grows = current.map_or(want.canary < 100, |c| want.canary < c.canary);
        if canary_grows {
            self.has_endpoints(&self.obs.endpoints.canary, &self.rollout().canary_service())?;
        }
        if primary_grows && !self.primary_reachable() {
            self.has_endpoints(&self.obs.endpoints.primary, &self.rollout().primary_service())?;
        }
        Ok(())
    }

    fn has_endpoints(&self, ready: &Seen<u32>, service: &str) -> Flow {
        match ready {
            Seen::Present(n) if *n > 0 => Ok(()),
            Seen::Unknown(why) => Err(self.unknown("endpoints", why)),
            Seen::Present(_) | Seen::Absent => Err(WaitReason::NoEndpoints(service.to_owned()).into()),
        }
    }

    /// Whether the primary's Service has a ready endpoint.
    pub(super) fn primary_serves(&self) -> bool {
        matches!(self.obs.endpoints.primary, Seen::Present(n) if n > 0)
    }

    pub(super) fn primary_has_endpoints(&self) -> Flow {
        self.has_endpoints(&self.obs.endpoints.primary, &self.rollout().primary_service())
    }

    pub(super) fn canary_has_endpoints(&self) -> Flow {
        self.has_endpoints(&self.obs.endpoints.canary, &self.rollout().canary_service())
    }

    /// Every gateway that reports has taken the route as it is.
    pub(super) fn route_accepted(&self) -> Flow {
        let Some(route) = self.obs.route.present().filter(|_| self.rollout().router.shifts()) else {
            return Ok(());
        };
        if let Some(why) = &route.refused {
            return Err(Stop::from(WaitReason::RouteRefused(why.clone())).stalled(ROUTE_REFUSED));
        }
        if let Some(why) = &route.unattached {
            return Err(Stop::from(WaitReason::Unattached(why.clone())).stalled(GATEWAY_NOT_READY));
        }
        match &route.acceptance {
            Acceptance::Accepted => Ok(()),
            Acceptance::Pending(why) => Err(self.patient(why, self.rollout().spec.progress_deadline())),
            Acceptance::Refused(why) => Err(self.patient(why, REFUSED)),
        }
    }

    /// Tells of another route that takes the same requests: what is measured may be another application's.
    pub(super) fn warn_of_overlap(&mut self) {
        let said = self.obs.route.present().and_then(|route| route.overlaps.as_ref());
        if let Some(said) = said.filter(|_| self.rollout().router.shifts()) {
            self.tell(&EventKind::Overlap(said.clone()));
        }
    }

    /// A wait that is over in a moment for the most part; one that lasts is for people to end.
    fn patient(&self, why: &str, patience: TimeDelta) -> Stop {
        let quiet = self.obs.route_written.map(|at| crate::time::later(at, REFUSED));
        let reason = WaitReason::NotAccepted(why.to_owned());
        let since = self.waits_since(&reason);
        let stop = Stop::from(reason).quiet(quiet);
        match since.map(|since| crate::time::later(since, patience)) {
            Some(until) if until <= self.now() => stop.stalled(ROUTE_NOT_ACCEPTED),
            again => stop.again(again),
        }
    }

    /// Sends all traffic to the primary, waits until requests under way have had time to end, and only then
    /// lets the gateway forget the canary: requests are lost when it does both at once.
    pub(super) fn drain_canary(&mut self) -> Flow {
        if self.canary_shares() {
            self.send_to_primary()?;
        }
        match self.current_routing() {
            _ if !self.rollout().router.shifts() => {}
            // There was no traffic, or its time is over.
            Some(Routing::PRIMARY) => self.route_accepted()?,
            _ => self.drained()?,
        }
        self.ensure_route(Routing::PRIMARY)
    }

    /// Scales the target to 0 once the primary serves; the last ready copy is never taken away.
    pub(super) fn scale_down(&mut self, replicas: i32) -> Flow {
        let pause = self.scaler_differs(true)?;
        let scale = replicas > 0 && self.rollout().target_kind.has_pods();
        if !pause && !scale {
            return Ok(());
        }
        self.primary_has_endpoints()?;
        if pause {
            self.act(Action::PauseScaler(true));
        }
        if scale {
            self.act(Action::ScaleTarget(0));
        }
        Err(Stop::Acted)
    }
}

/// Waits for a workload, or tells (`Err` of the inner result) that waiting longer is no use.
pub(super) fn ready(
    readiness: &Readiness,
    now: crate::Timestamp,
    reason: impl Fn(String) -> WaitReason,
) -> Flow<Result<(), String>> {
    match readiness {
        Readiness::Ready => Ok(Ok(())),
        Readiness::NotReady { message, fatal_at: Some(at) } if *at <= now => Ok(Err(message.clone())),
        Readiness::NotReady { message, fatal_at } => {
            Err(Stop::from(reason(message.clone())).until(*fatal_at))
        }
    }
}
