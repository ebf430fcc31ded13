//! Which ports of the Services for primary and canary the route refers to.

use chrono::TimeDelta;
use serde_json::Value;

use super::Snapshot;
use crate::{
    Rollout, Timestamp,
    build::{
        json::{int, items},
        managed,
    },
    observe::Acceptance,
    time::later,
};

/// How long proxies may go on with the ports of a route that was changed, once its gateway has taken it.
const BEHIND: TimeDelta = TimeDelta::seconds(3);

impl Snapshot {
    /// The numbers of the ports that a route sends requests to, of these Services.
    fn referred(&self, services: &[String]) -> Vec<i64> {
        let Some(route) = self.route.object() else { return Vec::new() };
        let backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
        backends
            .filter(|backend| services.contains(&backend.name))
            .filter_map(|backend| backend.port)
            .collect()
    }

    /// The port of a Service that the route sends requests to, if the Service has it.
    pub(super) fn port_of_route(&self, service: &str, live: Option<&Value>) -> Option<i64> {
        let has = |number: &i64| {
            items(live.unwrap_or(&Value::Null), "/spec/ports").any(|p| int(p, "/port") == Some(*number))
        };
        self.referred(&[service.to_owned()]).into_iter().find(has)
    }

    /// Ports that have to stay on the Services for primary and canary, whatever the Canary asks for: the route refers to
    /// them, or proxies may, as they have not seen its last change.
    pub(super) fn ports_in_use(&self, rollout: &Rollout, acceptance: Option<&Acceptance>) -> Vec<i64> {
        if !rollout.routed() {
            return Vec::new();
        }
        let services = [rollout.primary_service(), rollout.canary_service()];
        let mut used = self.referred(&services);
        let accepted = acceptance.is_none_or(|acceptance| *acceptance == Acceptance::Accepted);
        if !accepted || self.moved_at().is_some_and(|at| later(at, BEHIND) > self.now) {
            let lives = [self.primary_service.object(), self.canary_service.object()];
            let ports = lives.into_iter().flatten().flat_map(|live| items(live, "/spec/ports"));
            used.extend(ports.filter_map(|port| int(port, "/port")));
        }
        used
    }

    /// When ports that no route refers to may go, if some are kept only until then.
    pub(super) fn ports_until(&self, rollout: &Rollout, in_use: &[i64]) -> Option<Timestamp> {
        let services = [rollout.primary_service(), rollout.canary_service()];
        let referred = self.referred(&services);
        let wanted = rollout.spec.service.as_ref().map(|service| service.port);
        let kept = in_use.iter().any(|port| !referred.contains(port) && Some(*port) != wanted);
        self.moved_at().map(|at| later(at, BEHIND)).filter(|until| kept && *until > self.now)
    }

    /// When the route was written by Serin last.
    pub(super) fn moved_at(&self) -> Option<Timestamp> {
        let entries = self.route.object()?.metadata.managed_fields.as_ref()?;
        let ours = entries.iter().filter(|entry| entry.manager.as_deref() == Some(managed::SERIN));
        let times = ours.filter_map(|entry| entry.time.as_ref()?.0.to_string().parse().ok());
        times.max()
    }
}
