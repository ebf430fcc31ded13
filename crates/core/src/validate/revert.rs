//! Canaries that are being deleted.

use serin_api::{Canary, canary::CanaryAnalysis};

use super::{Settings, SpecError, checked, provider::router};
use crate::{
    Rollout,
    build::scaler::ScalerKind,
    router::{Router, kubernetes::Kubernetes},
};

/// As [`super::validate`], for a Canary whose target is to take over again (`revertOnDeletion`).
///
/// Nothing is looked at that this does not need: an analysis, a reference or a condition that became wrong must not
/// leave an application without pods. Where the manifest asks for no route that could be written, none is given back.
///
/// # Errors
/// What keeps the target or its Services from being known.
pub fn validate_revert(canary: &Canary, settings: &Settings) -> Result<Rollout, Vec<SpecError>> {
    let mut canary = canary.clone();
    let spec = &mut canary.spec;
    spec.analysis = CanaryAnalysis { step_weight: Some(100), ..CanaryAnalysis::default() };
    spec.upstream_ref = None;
    spec.autoscaler_ref.take_if(|reference| ScalerKind::of(reference).is_none());
    spec.service.iter_mut().for_each(|service| service.match_.clear());
    let writable = router(spec, settings)
        .is_ok_and(|router| router.missing(spec).is_none() && router.limits(spec).is_empty());
    if !writable {
        spec.provider = Some(Kubernetes.provider().to_owned());
    }
    checked(&canary, settings, Vec::new())
}
