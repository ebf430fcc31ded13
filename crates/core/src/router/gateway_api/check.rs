//! What a Canary has to say for an HTTPRoute, and what none can say.

use serin_api::{
    CanarySpec,
    canary::{CanaryService, SessionAffinity},
};

use super::matches::{self, MatchError};
use crate::spec_error::SpecError;

/// A route needs a Gateway.
pub(super) fn gateways(spec: &CanarySpec) -> Option<SpecError> {
    let problem = "GatewayRefs must be specified when using Gateway API as a provider.";
    let remedy = "name the Gateway that the route is attached to";
    let none = spec.service.as_ref().is_none_or(|service| service.gateway_refs.is_empty());
    none.then(|| SpecError::new("spec.service.gatewayRefs", "", problem, remedy))
}

/// Conditions and cookies that a route cannot have.
pub(super) fn unsayable(spec: &CanarySpec) -> Vec<SpecError> {
    let mut errors = spec.service.as_ref().map(|service| matching(spec, service)).unwrap_or_default();
    errors.extend(spec.analysis.session_affinity.as_ref().and_then(cookies));
    errors
}

fn matching(spec: &CanarySpec, service: &CanaryService) -> Vec<SpecError> {
    let error = |field, error: MatchError, remedy| {
        SpecError::new(field, "", format!("Invalid request matching selectors: {error}"), remedy)
    };
    let all = matches::service(&service.match_).err();
    let all = all.map(|e| {
        error("spec.service.match", e, "compare paths by regex, exact or prefix, the rest by exact or regex")
    });
    let chosen = matches::analysis(&spec.analysis.match_).err();
    let chosen = chosen.map(|e| error("spec.analysis.match", e, "compare a header or a query parameter"));
    all.into_iter().chain(chosen).collect()
}

fn cookies(affinity: &SessionAffinity) -> Option<SpecError> {
    let same = affinity.primary_cookie_name.as_ref() == Some(&affinity.cookie_name);
    same.then(|| {
        SpecError::new(
            "spec.analysis.sessionAffinity.primaryCookieName",
            &affinity.cookie_name,
            "can't use the same cookie name for both primary and cookie name; please update them to be different",
            "give the primary's cookie another name",
        )
    })
}
