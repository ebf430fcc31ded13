//! Whether those who send requests get an answer.

use super::World;

/// Whether requests are answered; `None` where nobody can send any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Served {
    /// Requests to the Service of the user.
    pub apex: Option<bool>,
    /// Requests through the route: all of them, however they are split.
    pub route: Option<bool>,
}

impl Served {
    /// Whether requests that were answered before are not any more. Where something is gone, nobody asks.
    pub fn lost(self, after: Self) -> bool {
        let lost = |before, after| before == Some(true) && after == Some(false);
        lost(self.apex, after.apex) || lost(self.route, after.route)
    }
}

impl World {
    /// Whether requests are answered at this moment.
    pub fn served(&self) -> Served {
        let apex = self.services.apex.as_ref().filter(|_| self.services.users_apex);
        Served { apex: apex.map(|selects| self.selected_serve(selects)), route: self.route_served() }
    }

    fn route_served(&self) -> Option<bool> {
        if let Some(users) = &self.users_route {
            return Some(users.with_traffic().into_iter().all(|service| self.answers(service)));
        }
        let split = self.route?;
        let (primary, canary) = (self.rollout.primary_service(), self.rollout.canary_service());
        let by_primary = split.canary == 100 || self.answers(&primary);
        Some(by_primary && (split.canary == 0 || self.answers(&canary)))
    }

    /// Whether a Service has an endpoint. Those of other applications always have.
    fn answers(&self, service: &str) -> bool {
        let (services, rollout) = (&self.services, &self.rollout);
        let selected = if service == rollout.apex {
            &services.apex
        } else if service == rollout.primary_service() {
            &services.primary
        } else if service == rollout.canary_service() {
            return services.canary && self.target_serves();
        } else {
            return true;
        };
        selected.as_ref().is_some_and(|selects| self.selected_serve(selects))
    }
}
