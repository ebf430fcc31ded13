//! What the Gateway API refuses of a route, told as what is wrong with the Canary.
//!
//! The limits are those of the widest definition of HTTPRoutes: nothing is refused here that an API server takes.

use std::collections::BTreeMap;

use serin_api::{
    CanarySpec,
    canary::{CanaryService, GatewayRef},
    gateway::GROUP,
};

use crate::spec_error::SpecError;

mod conditions;
mod cors;
mod filters;
pub(super) mod hosts;
mod timeouts;

/// Most parents of a route.
const MOST_PARENTS: usize = 32;

/// Everything wrong with the parts of the Canary that the route is made of.
pub(super) fn check(spec: &CanarySpec, service: &CanaryService) -> Vec<SpecError> {
    let mut errors = hosts::check(service);
    errors.extend(parents(&service.gateway_refs));
    errors.extend(timeouts::check(service));
    errors.extend(conditions::check(spec, service));
    errors.extend(filters::check(spec, service));
    errors.extend(service.cors_policy.as_ref().map(cors::check).unwrap_or_default());
    errors
}

fn parents(references: &[GatewayRef]) -> Vec<SpecError> {
    let field = "spec.service.gatewayRefs";
    let mut errors = Vec::new();
    if references.len() > MOST_PARENTS {
        let problem = format!("a route can have {MOST_PARENTS} parents");
        errors.push(SpecError::new(field, references.len().to_string(), problem, "name fewer Gateways"));
    }
    let mut parents: BTreeMap<_, Vec<(&str, Option<i64>)>> = BTreeMap::new();
    for reference in references {
        let group = reference.group.as_deref().unwrap_or(GROUP);
        let kind = reference.kind.as_deref().unwrap_or("Gateway");
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        let listener = (reference.section_name.as_deref().unwrap_or_default(), reference.port);
        parents.entry((group, kind, namespace, reference.name.as_str())).or_default().push(listener);
    }
    errors.extend(parents.iter().filter_map(|((.., name), listeners)| repeated(field, name, listeners)));
    errors
}

/// A parent that is named more than once needs a listener each time, another one each time. Ports tell them apart too
/// where the API server knows them.
fn repeated(field: &'static str, name: &str, listeners: &[(&str, Option<i64>)]) -> Option<SpecError> {
    let same =
        listeners.iter().enumerate().any(|(i, one)| listeners.iter().skip(i + 1).any(|two| one == two));
    let ports = listeners.iter().any(|(_, port)| port.is_some());
    let named = listeners.iter().filter(|(section, _)| !section.is_empty()).count();
    let mixed = !ports && named != 0 && named != listeners.len();
    (listeners.len() > 1 && (same || mixed)).then(|| {
        let problem = "the same parent is named more than once";
        SpecError::new(field, name, problem, "name it once, or give each entry another sectionName")
    })
}
