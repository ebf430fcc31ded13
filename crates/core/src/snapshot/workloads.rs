//! Target and primary.

use serde_json::Value;

use super::{Snapshot, tracked::Tracked};
use crate::{
    Rollout, Seen,
    build::{
        BuildError,
        json::{int, text},
        selector::Selector,
        template,
    },
    hash,
    observe::{Primary, Target},
    readiness,
    validate::Settings,
};

impl Snapshot {
    /// The target as it is.
    pub(super) fn target_facts(&self, rollout: &Rollout) -> Seen<Target> {
        let threshold = rollout.spec.analysis.canary_ready_threshold_or_default();
        self.target.clone().map(|live| Target {
            revision: hash::revision(&live["spec"]["template"]),
            replicas: replicas(&live),
            readiness: readiness::deployment(&live, threshold, rollout.spec.progress_deadline()),
        })
    }

    /// The primary as it is. It is unknown where it cannot be held against the target and its configs.
    pub(super) fn primary_facts(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        tracked: &Tracked,
    ) -> Result<Seen<Primary>, BuildError> {
        let live = match &self.primary {
            Seen::Present(live) => live,
            Seen::Absent => return Ok(Seen::Absent),
            Seen::Unknown(why) => return Ok(Seen::Unknown(why.clone())),
        };
        let matches_target = match (&self.target, &tracked.checksums) {
            (Seen::Unknown(why), _) | (Seen::Present(_), Seen::Unknown(why)) => {
                return Ok(Seen::Unknown(why.clone()));
            }
            (Seen::Absent, _) => false,
            (Seen::Present(target), _) => {
                let selector = Selector::of(rollout, settings, target)?;
                template::matches(rollout, settings, &selector, target, live, &tracked.present)
            }
        };
        Ok(Seen::Present(primary(rollout, live, matches_target)))
    }
}

fn primary(rollout: &Rollout, live: &Value, matches_target: bool) -> Primary {
    let threshold = rollout.spec.analysis.primary_ready_threshold_or_default();
    Primary {
        promotion_id: text(live, "/spec/template/metadata/annotations/flagger-id").map(ToOwned::to_owned),
        matches_target,
        replicas: replicas(live),
        readiness: readiness::deployment(live, threshold, rollout.spec.progress_deadline()),
    }
}

fn replicas(live: &Value) -> i32 {
    int(live, "/spec/replicas").and_then(|n| i32::try_from(n).ok()).unwrap_or(1)
}
