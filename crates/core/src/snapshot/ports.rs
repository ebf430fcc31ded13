//! Which ports of the Services for primary and canary the route refers to.

use chrono::TimeDelta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::Snapshot;
use crate::{
    Rollout, Timestamp,
    build::managed,
    json::{int, items, text},
    observe::Acceptance,
    router::{self, Backend},
    time::later,
};

/// How long proxies may go on with the ports of a route that was changed, once its gateway has taken it.
const BEHIND: TimeDelta = TimeDelta::seconds(3);

impl Snapshot {
    /// The numbers of the ports that the route sends requests to, of a Service as it is.
    fn referred(&self, rollout: &Rollout, service: &str, live: Option<&Value>) -> Vec<i64> {
        let Some(route) = self.live_route(rollout) else { return Vec::new() };
        let backends =
            router::of(rollout).backends(route).into_iter().filter(|backend| backend.service == service);
        let number = |backend: Backend| match backend.port {
            IntOrString::Int(number) => Some(number.into()),
            IntOrString::String(name) => {
                let named = |port: &&Value| text(port, "/name") == Some(&name);
                int(items(live?, "/spec/ports").find(named)?, "/port")
            }
        };
        backends.filter_map(number).collect()
    }

    /// The ports of both sides that the route sends requests to.
    fn all_referred(&self, rollout: &Rollout) -> Vec<i64> {
        let sides = [
            (rollout.primary_service(), self.primary_service.object()),
            (rollout.canary_service(), self.canary_service.object()),
        ];
        sides.into_iter().flat_map(|(name, live)| self.referred(rollout, &name, live)).collect()
    }

    /// The port of a Service that the route sends requests to, if the Service has it.
    pub(super) fn port_of_route(
        &self,
        rollout: &Rollout,
        service: &str,
        live: Option<&Value>,
    ) -> Option<i64> {
        let has = |number: &i64| {
            items(live.unwrap_or(&Value::Null), "/spec/ports").any(|p| int(p, "/port") == Some(*number))
        };
        self.referred(rollout, service, live).into_iter().find(has)
    }

    /// Ports that have to stay on the Services for primary and canary, whatever the Canary asks for: the route refers to
    /// them, or proxies may, as they have not seen its last change.
    pub(super) fn ports_in_use(&self, rollout: &Rollout, acceptance: Option<&Acceptance>) -> Vec<i64> {
        if !rollout.router.shifts() {
            return Vec::new();
        }
        let mut used = self.all_referred(rollout);
        let accepted = acceptance.is_none_or(|acceptance| *acceptance == Acceptance::Accepted);
        if !accepted || self.moved_at(rollout).is_some_and(|at| later(at, BEHIND) > self.now) {
            let lives = [self.primary_service.object(), self.canary_service.object()];
            let ports = lives.into_iter().flatten().flat_map(|live| items(live, "/spec/ports"));
            used.extend(ports.filter_map(|port| int(port, "/port")));
        }
        used
    }

    /// When ports that no route refers to may go, if some are kept only until then.
    pub(super) fn ports_until(&self, rollout: &Rollout, in_use: &[i64]) -> Option<Timestamp> {
        let referred = self.all_referred(rollout);
        let wanted = rollout.spec.service.as_ref().map(|service| service.port);
        let kept = in_use.iter().any(|port| !referred.contains(port) && Some(*port) != wanted);
        self.moved_at(rollout).map(|at| later(at, BEHIND)).filter(|until| kept && *until > self.now)
    }

    /// When the route was written by Serin last.
    pub(super) fn moved_at(&self, rollout: &Rollout) -> Option<Timestamp> {
        let entries = items(self.live_route(rollout)?, "/metadata/managedFields");
        let ours = entries.filter(|entry| text(entry, "/manager") == Some(managed::SERIN));
        ours.filter_map(|entry| text(entry, "/time")?.parse().ok()).max()
    }
}
