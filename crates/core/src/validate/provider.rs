//! What routes the traffic.

use serin_api::CanarySpec;

use super::{Settings, SpecError};
use crate::rollout::Provider;

/// The provider of the Canary, or the operator's.
///
/// The versions of the Gateway API are one: the route is always written in v1.
pub(super) fn provider(spec: &CanarySpec, settings: &Settings) -> Result<Provider, SpecError> {
    let own = spec.provider.as_deref().filter(|provider| !provider.is_empty());
    let name = own.unwrap_or(&settings.mesh_provider);
    match name {
        "kubernetes" => Ok(Provider::Kubernetes),
        "gatewayapi" => Ok(Provider::GatewayApi),
        _ if name.starts_with("gatewayapi:v1") => Ok(Provider::GatewayApi),
        _ => Err(SpecError::new(
            "spec.provider",
            name,
            "this provider cannot route traffic",
            "use gatewayapi:v1 or kubernetes, here or in the operator's mesh provider",
        )),
    }
}
