//! The autoscaler and its copy.

use serde_json::Value;

use super::Snapshot;
use crate::{
    Rollout, Seen,
    build::{
        BuildError,
        scaler::{self, ScalerKind},
    },
    observe::Scaler,
};

impl Snapshot {
    /// The autoscaler, if the Canary names one. Without a source there is nothing to hold the copy against.
    pub(super) fn scaler(&self, rollout: &Rollout) -> Result<Option<Scaler>, BuildError> {
        let Some(reference) = &rollout.spec.autoscaler_ref else { return Ok(None) };
        let kind = ScalerKind::of(reference);
        let min = |source: &Value| kind.map_or(1, |kind| kind.min_replicas(source));
        let min_replicas = self.scaler_source.as_ref().map(|source| min(source));
        let paused = match &self.scaler_source {
            Seen::Unknown(why) => Seen::Unknown(why.clone()),
            Seen::Absent => Seen::Absent,
            Seen::Present(source) => {
                kind.and_then(|kind| kind.paused(source)).map_or(Seen::Absent, Seen::Present)
            }
        };
        let primary = match (&self.scaler_primary, &self.scaler_source) {
            (Seen::Absent, _) => Seen::Absent,
            (Seen::Unknown(why), _) | (Seen::Present(_), Seen::Unknown(why)) => Seen::Unknown(why.clone()),
            (Seen::Present(_), Seen::Absent) => Seen::Present(true),
            (Seen::Present(live), Seen::Present(source)) => {
                let desired = scaler::scaler(rollout, reference, source, Some(live))?;
                Seen::Present(scaler::in_sync(&desired, live))
            }
        };
        Ok(Some(Scaler { primary, min_replicas, paused }))
    }
}
