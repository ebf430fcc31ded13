//! Target and primary.

use serde_json::Value;

use super::{Snapshot, derived::versions, tracked::Tracked};
use crate::{
    Rollout, Seen,
    build::{
        BuildError, managed,
        metadata::Map,
        selector::Selector,
        service_target,
        target::{self, replicas},
        template,
    },
    json::{text, texts},
    observe::{Primary, Readiness, Target},
    readiness,
    rollout::TargetKind,
    settings::Settings,
};

impl Snapshot {
    /// The target as it is.
    pub(super) fn target_facts(&self, rollout: &Rollout) -> Result<Seen<Target>, BuildError> {
        let kind = rollout.target_kind;
        let threshold = rollout.spec.analysis.canary_ready_threshold_or_default();
        if let Seen::Present(live) = &self.target {
            target::supported(rollout, live)?;
        }
        Ok(self.target.as_ref().map(|live| Target {
            revision: self.derived.revision(live, || target::revision(kind, live)),
            template_written: managed::template_written(live),
            replicas: replicas(kind, live),
            readiness: told(self.readiness(rollout, live, threshold), self.troubles.target.as_ref()),
        }))
    }

    /// The labels of the pods of each workload that is not ready, though it could be: the target's, then the primary's.
    pub fn unready(&self, rollout: &Rollout) -> [Option<Map>; 2] {
        let analysis = &rollout.spec.analysis;
        let thresholds =
            [analysis.canary_ready_threshold_or_default(), analysis.primary_ready_threshold_or_default()];
        let sides = [&self.target, &self.primary].into_iter().zip(thresholds);
        let mut found = sides.map(|(side, threshold)| {
            let live = side.object().filter(|_| rollout.target_kind.has_pods())?;
            let ready = self.readiness(rollout, live, threshold) == Readiness::Ready;
            (!ready).then(|| texts(live, "/spec/selector/matchLabels"))
        });
        [found.next().flatten(), found.next().flatten()]
    }

    fn readiness(&self, rollout: &Rollout, live: &Value, threshold: i64) -> Readiness {
        let deadline = rollout.spec.progress_deadline();
        let since = self.canary.status.as_ref().and_then(|status| status.last_transition_time);
        match rollout.target_kind {
            TargetKind::Deployment => {
                let found = readiness::deployment(live, threshold, deadline);
                readiness::unless_paused(live, found, deadline, since)
            }
            TargetKind::DaemonSet => readiness::daemon_set(live, threshold, deadline, since, self.now),
            TargetKind::Service => Readiness::Ready,
        }
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
            (Seen::Present(target), _) if rollout.target_kind == TargetKind::Service => {
                service_target::matches(rollout, target, live)
            }
            (Seen::Present(target), _) => {
                let inputs = versions(&self.canary, [&self.target, &self.primary]);
                self.derived.matches(inputs, &tracked.present, || {
                    let selector = Selector::of(rollout, settings, target, Some(live))?;
                    let copies = &tracked.present;
                    Ok(template::matches(rollout, settings, &selector, target, live, copies))
                })?
            }
        };
        Ok(Seen::Present(self.primary(rollout, live, matches_target)))
    }

    fn primary(&self, rollout: &Rollout, live: &Value, matches_target: bool) -> Primary {
        let threshold = rollout.spec.analysis.primary_ready_threshold_or_default();
        let promotion_id = match rollout.target_kind {
            TargetKind::Service => text(live, "/metadata/annotations/flagger-id"),
            _ => text(live, "/spec/template/metadata/annotations/flagger-id"),
        };
        Primary {
            promotion_id: promotion_id.map(ToOwned::to_owned),
            matches_target,
            replicas: replicas(rollout.target_kind, live),
            readiness: told(self.readiness(rollout, live, threshold), self.troubles.primary.as_ref()),
        }
    }
}

/// A workload that is not ready, with what keeps its pods.
fn told(readiness: Readiness, trouble: Option<&String>) -> Readiness {
    match (readiness, trouble) {
        (Readiness::NotReady { message, fatal_at }, Some(trouble)) => {
            Readiness::NotReady { message: format!("{message}: {trouble}"), fatal_at }
        }
        (readiness, _) => readiness,
    }
}
