//! What routes the traffic.

use serin_api::CanarySpec;

use super::{Settings, SpecError};
use crate::router::{self, Router};

/// The router for the provider of the Canary, or for the operator's.
pub(super) fn router(spec: &CanarySpec, settings: &Settings) -> Result<&'static dyn Router, SpecError> {
    let name = router::provider_of(spec, &settings.mesh_provider);
    router::of_provider(name).ok_or_else(|| {
        SpecError::new(
            "spec.provider",
            name,
            "this provider cannot route traffic",
            format!("use {}, here or in the operator's mesh provider", router::providers()),
        )
    })
}
