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
    validate::Settings,
};

/// A Service as it should be.
enum Desired {
    Known(Value),
    /// It cannot be told: what it depends on is not there.
    Unknown(String),
}

impl Snapshot {
    /// The workloads whose pods the Services select.
    pub fn workloads(&self) -> Workloads<'_> {
        Workloads { target: self.target.object(), primary: self.primary.object() }
    }

    /// Whether each Service is as it should be. Without the target that can be told of those for the primary only.
    pub(super) fn services(&self, rollout: &Rollout, settings: &Settings) -> Result<Services, BuildError> {
        if !rollout.target_kind.has_pods()
            && let Ok(target) = self.known_target(rollout)
        {
            return Ok(self.followed(rollout, target));
        }
        let synced = |role, live: &Seen<Arc<Value>>| {
            let desired = self.desired(rollout, settings, role, live)?;
            Ok::<_, BuildError>(match (live, &desired) {
                (Seen::Unknown(why), _) | (_, Desired::Unknown(why)) => Synced::Unknown(why.clone()),
                (Seen::Present(live), Desired::Known(desired)) if services::in_sync(desired, live) => {
                    Synced::Yes
                }
                (Seen::Present(_) | Seen::Absent, _) => Synced::No,
            })
        };
        Ok(Services {
            apex: synced(ServiceRole::Apex, &self.apex_service)?,
            apex_in_use: self.selects_others(rollout, settings, ServiceRole::Apex)?,
            primary: synced(ServiceRole::Primary, &self.primary_service)?,
            canary: synced(ServiceRole::Canary, &self.canary_service)?,
            elsewhere: self.selects_others(rollout, settings, ServiceRole::Primary)?,
        })
    }

    /// Of a target that is a Service, the target is the apex, and the primary is looked after as such.
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
    ) -> Result<bool, BuildError> {
        let live = match role {
            ServiceRole::Primary => &self.primary_service,
            _ => &self.apex_service,
        };
        let Seen::Present(service) = live else { return Ok(false) };
        let Desired::Known(desired) = self.desired(rollout, settings, role, live)? else { return Ok(false) };
        let selector = |service: &Value| service.pointer("/spec/selector").cloned();
        Ok(selector(service).is_some() && selector(service) != selector(&desired))
    }

    fn desired(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        role: ServiceRole,
        live: &Seen<Arc<Value>>,
    ) -> Result<Desired, BuildError> {
        let workloads = self.workloads();
        let needed = match (role, &self.target, &self.primary) {
            (_, Seen::Unknown(why), _) => Some(why.clone()),
            (ServiceRole::Apex | ServiceRole::Primary, _, Seen::Unknown(why)) => Some(why.clone()),
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
