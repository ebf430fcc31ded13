//! Parts that every form of the route is made of.

use serin_api::{
    canary::CanaryService,
    gateway::{
        HttpBackendRef, HttpHeaderMatch, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, HttpRouteTimeouts,
        ParentReference,
    },
};

use super::{filters, ours};
use crate::{
    Rollout,
    build::{
        metadata::{Map, marked},
        selector::Selector,
    },
};

/// The annotations that a generated route has.
pub(super) fn annotations(rollout: &Rollout) -> Map {
    let apex = rollout.spec.service.as_ref().and_then(|service| service.apex.as_ref());
    marked(apex.and_then(|apex| apex.annotations.clone()).unwrap_or_default())
}

/// The labels that a generated route has.
pub(super) fn labels(rollout: &Rollout, selector: Option<&Selector>) -> Map {
    let apex = rollout.spec.service.as_ref().and_then(|service| service.apex.as_ref());
    let Some(apex) = apex else { return Map::new() };
    let mut labels = apex.labels.clone().unwrap_or_default();
    labels.extend(selector.map(|selector| (selector.label.clone(), rollout.apex.clone())));
    labels
}

/// A route without rules.
pub(super) fn attached(service: &CanaryService) -> HttpRouteSpec {
    HttpRouteSpec {
        parent_refs: service.gateway_refs.iter().map(ParentReference::from).collect(),
        hostnames: hostnames(service).to_vec(),
        ..HttpRouteSpec::default()
    }
}

/// The host names of the route; none when it is for any host (`*`).
pub(crate) fn hostnames(service: &CanaryService) -> &[String] {
    if service.hosts.iter().any(|host| host == "*") { &[] } else { &service.hosts }
}

/// Matches no request; keeps both sides in the gateway's configuration.
pub(super) fn warm_rule(rollout: &Rollout, service: &CanaryService) -> HttpRouteRule {
    let side = |name| HttpBackendRef::service(name, service.port, 50);
    HttpRouteRule {
        matches: vec![HttpRouteMatch {
            headers: vec![HttpHeaderMatch::new("Exact", ours::WARM_UP, rollout.uid.as_str())],
            ..HttpRouteMatch::default()
        }],
        backend_refs: vec![side(rollout.primary_service()), side(rollout.canary_service())],
        ..HttpRouteRule::default()
    }
}

/// A rule without backends.
pub(super) fn rule(service: &CanaryService, matches: Vec<HttpRouteMatch>) -> HttpRouteRule {
    let set = |limit: &Option<String>| limit.clone().filter(|limit| !limit.is_empty());
    let (request, backend_request) = (set(&service.timeout), set(&service.backend_timeout));
    let timeouts = (request.is_some() || backend_request.is_some()).then(|| HttpRouteTimeouts {
        request,
        backend_request,
        ..HttpRouteTimeouts::default()
    });
    HttpRouteRule { matches, filters: filters::filters(service), timeouts, ..HttpRouteRule::default() }
}
