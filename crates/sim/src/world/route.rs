//! The route: a generated one by its split, a user's by the object itself.

use serin_core::{
    Action, Routing, Seen,
    affinity::Cookies,
    observe::{Acceptance, Route},
};

use super::World;

impl World {
    pub(super) fn see_route(&self) -> Seen<Route> {
        let cookies = Cookies::of(&self.status);
        let acceptance = self.pending.clone().map_or(Acceptance::Accepted, Acceptance::Pending);
        let Some(users) = &self.users_route else {
            return self.route.map_or(Seen::Absent, |routing| Seen::Present(self.generated(routing)));
        };
        users.read(&self.rollout, &cookies, self.refused.as_deref()).map(|route| {
            let in_shape = route.in_shape && !self.misshapen;
            let refused = self.refused.clone().filter(|_| !in_shape);
            Route {
                in_shape,
                refused,
                acceptance,
                unattached: None,
                overlaps: self.overlaps.clone(),
                ..route
            }
        })
    }

    fn generated(&self, routing: Routing) -> Route {
        let acceptance = self.pending.clone().map_or(Acceptance::Accepted, Acceptance::Pending);
        let wanted = Cookies::of(&self.status).on_route(routing.canary);
        let in_shape = !self.misshapen && (self.rollout.affinity().is_none() || self.cookies == wanted);
        Route {
            routing: Some(routing),
            in_shape,
            preexisting: false,
            warm: routing.warm,
            acceptance,
            refused: self.refused.clone().filter(|_| !in_shape),
            unattached: None,
            overlaps: self.overlaps.clone(),
        }
    }

    pub(super) fn write_route(&mut self, routing: Routing) {
        let cookies = Cookies::of(&self.status);
        let refused = self.refused.clone().filter(|_| self.misshapen);
        match &mut self.users_route {
            Some(users) => {
                users.split(&self.rollout, &cookies, refused.as_deref(), routing);
                self.misshapen &= refused.is_some();
                self.read_split();
            }
            None => self.write_generated(routing, &cookies),
        }
    }

    /// A route that is refused as a whole is given other weights, if there is one.
    fn write_generated(&mut self, routing: Routing, cookies: &Cookies) {
        let wanted = cookies.on_route(routing.canary);
        let whole = self.route.is_some() && !self.misshapen && (self.cookies == wanted);
        match (&self.refused, self.route) {
            (Some(_), None) => {}
            (Some(_), Some(now)) if !whole => {
                let mirror = now.mirror && routing.mirror;
                self.route = Some(Routing { canary: routing.canary, mirror, ..now });
            }
            _ => {
                self.route = Some(routing);
                self.cookies = wanted;
                self.misshapen = false;
            }
        }
    }

    /// One more step on the way to what the user wrote; a generated route goes with its Canary.
    pub(super) fn revert_route(&mut self) {
        if let Some(users) = &mut self.users_route {
            users.revert(&self.rollout);
            self.read_split();
        }
    }

    /// The split of a user's route, as far as it can be told.
    fn read_split(&mut self) {
        let Some(users) = &self.users_route else { return };
        let seen = users.read(&self.rollout, &Cookies::of(&self.status), None);
        self.route = seen.present().and_then(|route| route.routing);
    }

    /// The share of the canary that an action gives it on the route.
    pub fn canary_share(action: &Action) -> Option<u8> {
        match action {
            Action::ApplyRoute(routing) => Some(routing.canary),
            _ => None,
        }
    }
}
