//! The generated Services.

use std::sync::Arc;

use serde_json::Value;

use super::Snapshot;
use crate::{
    Rollout, Seen,
    build::{BuildError, service_target, services},
    observe::{Services, Synced},
    plan::ServiceRole,
    validate::Settings,
};

impl Snapshot {
    /// Whether each Service is as it should be; without the target nobody knows how it should be.
    pub(super) fn services(&self, rollout: &Rollout, settings: &Settings) -> Result<Services, BuildError> {
        if !rollout.target_kind.has_pods()
            && let Ok(target) = self.known_target(rollout)
        {
            return Ok(self.followed(rollout, target));
        }
        let synced = |role, live| self.synced(rollout, settings, role, live);
        Ok(Services {
            apex: synced(ServiceRole::Apex, &self.apex_service)?,
            apex_in_use: self.apex_in_use(rollout, settings)?,
            primary: synced(ServiceRole::Primary, &self.primary_service)?,
            canary: synced(ServiceRole::Canary, &self.canary_service)?,
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
        Services { apex: Synced::Yes, apex_in_use: false, primary: Synced::Yes, canary }
    }

    /// Whether the apex selects pods, and not those of the primary.
    fn apex_in_use(&self, rollout: &Rollout, settings: &Settings) -> Result<bool, BuildError> {
        let (Seen::Present(live), Ok(target)) = (&self.apex_service, self.known_target(rollout)) else {
            return Ok(false);
        };
        let live: &Value = live;
        let desired = services::service(rollout, settings, ServiceRole::Apex, target, Some(live))?;
        let selector = |service: &Value| service.pointer("/spec/selector").cloned();
        Ok(selector(live).is_some() && selector(live) != selector(&desired))
    }

    fn synced(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        role: ServiceRole,
        live: &Seen<Arc<Value>>,
    ) -> Result<Synced, BuildError> {
        let target = match self.known_target(rollout) {
            Ok(target) => target,
            Err(why) => return Ok(Synced::Unknown(why)),
        };
        let desired = services::service(rollout, settings, role, target, live.object())?;
        Ok(match live {
            Seen::Unknown(why) => Synced::Unknown(why.clone()),
            Seen::Present(live) if services::in_sync(&desired, live) => Synced::Yes,
            Seen::Present(_) | Seen::Absent => Synced::No,
        })
    }
}
