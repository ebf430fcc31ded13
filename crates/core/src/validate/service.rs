//! How the application is reached.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serin_api::{
    CanarySpec,
    canary::{CanaryService, SessionAffinity},
};

use super::SpecError;
use crate::{build::route::matches, rollout::Provider};

/// Everything wrong with `spec.service` and with what the route takes from the analysis.
pub(super) fn check(spec: &CanarySpec, provider: Option<Provider>) -> Vec<SpecError> {
    let of_service = spec.target_ref.kind == "Service";
    if of_service && provider == Some(Provider::Kubernetes) && spec.service.is_none() {
        return Vec::new();
    }
    let Some(service) = &spec.service else {
        return vec![SpecError::new("spec.service", "", "it is missing", "name at least its port")];
    };
    let mut errors = ports(service);
    if of_service {
        errors.extend(another_name(spec));
    }
    if provider == Some(Provider::GatewayApi) {
        errors.extend(gateways(service));
        errors.extend(matching(spec, service));
        errors.extend(spec.analysis.session_affinity.as_ref().and_then(cookies));
    }
    errors
}

/// Refuses `service.name` of a released Service unless it is the target's name: the generated
/// Services are named after the target.
fn another_name(spec: &CanarySpec) -> Option<SpecError> {
    let (name, target) = (spec.apex_name(), spec.target_ref.name.as_str());
    (name != target).then(|| {
        let problem = "a Service that is released has its copies under its own name";
        SpecError::new("spec.service.name", name, problem, "leave it out, or set it to the target's name")
    })
}

fn ports(service: &CanaryService) -> Vec<SpecError> {
    let wrong = |field, port: i64| {
        let in_range = (1..=65535).contains(&port);
        (!in_range).then(|| SpecError::new(field, port.to_string(), "this is no port", "use 1 to 65535"))
    };
    let target = match service.target_port_or_default() {
        IntOrString::Int(port) if service.target_port.is_some() => {
            wrong("spec.service.targetPort", port.into())
        }
        _ => None,
    };
    wrong("spec.service.port", service.port).into_iter().chain(target).collect()
}

fn gateways(service: &CanaryService) -> Option<SpecError> {
    let problem = "GatewayRefs must be specified when using Gateway API as a provider.";
    let remedy = "name the Gateway that the route is attached to";
    service.gateway_refs.is_empty().then(|| SpecError::new("spec.service.gatewayRefs", "", problem, remedy))
}

fn matching(spec: &CanarySpec, service: &CanaryService) -> Vec<SpecError> {
    let error = |field, error: matches::MatchError, remedy| {
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
