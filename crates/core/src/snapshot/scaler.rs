//! The autoscaler and its copy.

use super::Snapshot;
use crate::{
    Rollout, Seen,
    build::{BuildError, scaler},
    observe::Scaler,
};

impl Snapshot {
    /// The autoscaler, if the Canary names one. Without a source there is nothing to hold the copy against.
    pub(super) fn scaler(&self, rollout: &Rollout) -> Result<Option<Scaler>, BuildError> {
        let Some(reference) = &rollout.spec.autoscaler_ref else { return Ok(None) };
        let min_replicas = self.scaler_source.clone().map(|source| scaler::min_replicas(&source));
        let primary = match (&self.scaler_primary, &self.scaler_source) {
            (Seen::Absent, _) => Seen::Absent,
            (Seen::Unknown(why), _) | (Seen::Present(_), Seen::Unknown(why)) => Seen::Unknown(why.clone()),
            (Seen::Present(_), Seen::Absent) => Seen::Present(true),
            (Seen::Present(live), Seen::Present(source)) => {
                let desired = scaler::scaler(rollout, reference, source, Some(live))?;
                Seen::Present(scaler::in_sync(&desired, live))
            }
        };
        Ok(Some(Scaler { primary, min_replicas }))
    }
}
