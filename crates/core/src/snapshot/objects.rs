//! The generated Services.

use std::sync::Arc;

use serde_json::Value;

use super::Snapshot;
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

    /// Whether each Service is as it should be. Without the target that can be told of those for the primary only.
    pub(super) fn services(
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
        let synced = |role, live: &Seen<Arc<Value>>| {
            let desired = self.desired(rollout, settings, role, in_use)?;
            Ok::<_, BuildError>(match (live, &desired) {
                (Seen::Unknown(why), _) | (_, Desired::Unknown(why)) => Synced::Unknown(why.clone()),
                (Seen::Present(_), _) if !rollout.deleting && self.is_foreign(rollout, settings, role) => {
                    Synced::Unknown("it is somebody else's".to_owned())
                }
                (Seen::Present(live), Desired::Known(desired)) if services::in_sync(desired, live) => {
                    Synced::Yes
                }
                (Seen::Present(_) | Seen::Absent, _) => Synced::No,
            })
        };
        Ok(Services {
            apex: synced(ServiceRole::Apex, &self.apex_service)?,
            apex_in_use: self.selects_others(rollout, settings, ServiceRole::Apex, in_use)?,
            primary: synced(ServiceRole::Primary, &self.primary_service)?,
            canary: synced(ServiceRole::Canary, &self.canary_service)?,
            elsewhere: self.selects_others(rollout, settings, ServiceRole::Primary, in_use)?,
        })
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
    fn selects_others(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        role: ServiceRole,
        in_use: &[i64],
    ) -> Result<bool, BuildError> {
        let Seen::Present(service) = self.live_service(role) else { return Ok(false) };
        let Desired::Known(desired) = self.desired(rollout, settings, role, in_use)? else {
            return Ok(false);
        };
        let selector = |service: &Value| service.pointer("/spec/selector").cloned();
        Ok(selector(service).is_some() && selector(service) != selector(&desired))
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
