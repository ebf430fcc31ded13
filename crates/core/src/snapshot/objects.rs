//! The generated Services.

use std::sync::Arc;

use serde_json::Value;

use super::{Snapshot, derived::versions};
use crate::{
    Rollout, Seen,
    build::{
        BuildError, service_target,
        services::{self, Workloads},
    },
    observe::{Services, Synced},
    plan::ServiceRole,
    settings::Settings,
};

/// A Service as it should be.
enum Desired {
    Known(Value),
    /// The object cannot be built, because what it depends on does not exist; the text names it.
    Unknown(String),
}

impl Snapshot {
    /// A Service as it should be.
    ///
    /// # Errors
    /// When the objects that it depends on contradict the Canary.
    pub fn service(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        role: ServiceRole,
    ) -> Result<Value, BuildError> {
        let route = self.route(rollout, settings)?;
        let in_use = self.ports_in_use(rollout, route.present().map(|route| &route.acceptance));
        services::service(rollout, settings, role, self.workloads(&in_use), self.live_service(role).object())
    }

    fn workloads<'a>(&'a self, in_use: &'a [i64]) -> Workloads<'a> {
        Workloads { target: self.target.object(), primary: self.primary.object(), in_use }
    }

    pub(super) fn live_service(&self, role: ServiceRole) -> &Seen<Arc<Value>> {
        match role {
            ServiceRole::Apex => &self.apex_service,
            ServiceRole::Primary => &self.primary_service,
            ServiceRole::Canary => &self.canary_service,
        }
    }

    /// As [`Self::services`], computed once for the same versions of all objects.
    pub(super) fn known_services(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        in_use: &[i64],
    ) -> Result<Services, BuildError> {
        let objects =
            [&self.target, &self.primary, &self.apex_service, &self.primary_service, &self.canary_service];
        let inputs = versions(&self.canary, objects);
        self.derived.services(inputs, in_use, || self.services(rollout, settings, in_use))
    }

    /// Whether each Service is as it should be. Without the target that can be told of those for the primary only.
    fn services(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        in_use: &[i64],
    ) -> Result<Services, BuildError> {
        if !rollout.target_kind.has_pods()
            && let Ok(target) = self.known_target(rollout)
        {
            return Ok(self.followed(rollout, target));
        }
        let desired = |role| self.desired(rollout, settings, role, in_use);
        let apex = desired(ServiceRole::Apex)?;
        let primary = desired(ServiceRole::Primary)?;
        let canary = desired(ServiceRole::Canary)?;
        let synced = |role, desired| self.synced(rollout, settings, role, desired);
        Ok(Services {
            apex: synced(ServiceRole::Apex, &apex),
            apex_in_use: self.selects_others(ServiceRole::Apex, &apex),
            primary: synced(ServiceRole::Primary, &primary),
            canary: synced(ServiceRole::Canary, &canary),
            elsewhere: self.selects_others(ServiceRole::Primary, &primary),
        })
    }

    fn synced(&self, rollout: &Rollout, settings: &Settings, role: ServiceRole, desired: &Desired) -> Synced {
        match (self.live_service(role), desired) {
            (Seen::Unknown(why), _) | (_, Desired::Unknown(why)) => Synced::Unknown(why.clone()),
            (Seen::Present(_), _) if !rollout.deleting && self.is_foreign(rollout, settings, role) => {
                Synced::Unknown("it is somebody else's".to_owned())
            }
            (Seen::Present(live), Desired::Known(desired)) if services::in_sync(desired, live) => Synced::Yes,
            (Seen::Present(_) | Seen::Absent, _) => Synced::No,
        }
    }

    /// The Services of a target that is a Service: the target is the apex, and the primary is kept
    /// as the workload.
    fn followed(&self, rollout: &Rollout, target: &Value) -> Services {
        let canary = match &self.canary_service {
            Seen::Unknown(why) => Synced::Unknown(why.clone()),
            Seen::Absent => Synced::No,
            Seen::Present(live) => {
                let desired = service_target::canary(rollout, target, Some(live));
                if service_target::in_sync(&desired, live) { Synced::Yes } else { Synced::No }
            }
        };
        let (apex, primary) = (Synced::Yes, Synced::Yes);
        Services { apex, apex_in_use: false, primary, canary, elsewhere: false }
    }

    /// Whether a Service selects pods, and not those of the primary.
    fn selects_others(&self, role: ServiceRole, desired: &Desired) -> bool {
        let (Seen::Present(service), Desired::Known(desired)) = (self.live_service(role), desired) else {
            return false;
        };
        let selector = service.pointer("/spec/selector");
        selector.is_some() && selector != desired.pointer("/spec/selector")
    }

    fn desired(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        role: ServiceRole,
        in_use: &[i64],
    ) -> Result<Desired, BuildError> {
        let (workloads, live) = (self.workloads(in_use), self.live_service(role));
        let needed = match (role, &self.target, &self.primary) {
            (_, Seen::Unknown(why), _)
            | (ServiceRole::Apex | ServiceRole::Primary, _, Seen::Unknown(why)) => Some(why.clone()),
            (ServiceRole::Apex | ServiceRole::Primary, Seen::Absent, Seen::Present(_)) => None,
            (_, Seen::Absent, _) => Some(rollout.say_target_missing()),
            _ => None,
        };
        Ok(match needed {
            Some(why) => Desired::Unknown(why),
            None => Desired::Known(services::service(rollout, settings, role, workloads, live.object())?),
        })
    }
}
