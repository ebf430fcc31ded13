//! How the application is reached.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serin_api::{CanarySpec, canary::CanaryService};

use super::SpecError;
use crate::router::Router;

/// Everything wrong with `spec.service` and with what the route takes from the analysis.
pub(super) fn check(spec: &CanarySpec, router: Option<&dyn Router>) -> Vec<SpecError> {
    let of_service = spec.target_ref.kind == "Service";
    if of_service && router.is_some_and(|router| !router.capabilities().weights) && spec.service.is_none() {
        return Vec::new();
    }
    let Some(service) = &spec.service else {
        return vec![SpecError::new("spec.service", "", "it is missing", "name at least its port")];
    };
    let mut errors = ports(service);
    if of_service {
        errors.extend(another_name(spec));
    }
    if let Some(router) = router {
        errors.extend(router.missing(spec));
        errors.extend(router.unsayable(spec));
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
