//! What the API server fills into an HTTPRoute, from the defaults of its definition.

use serin_api::gateway::{
    GROUP, HttpBackendRef, HttpPathMatch, HttpRouteFilter, HttpRouteMatch, HttpRouteRule, HttpRouteSpec,
};

/// Seconds that a browser may remember the answer to a preflight request.
const CORS_MAX_AGE: i64 = 5;

/// Spells out every default, so that two specs that mean the same are equal.
pub fn normalise(spec: &mut HttpRouteSpec) {
    for parent in &mut spec.parent_refs {
        fill(&mut parent.group, GROUP);
        fill(&mut parent.kind, "Gateway");
    }
    spec.rules.iter_mut().for_each(normalise_rule);
}

fn normalise_rule(rule: &mut HttpRouteRule) {
    if rule.matches.is_empty() {
        rule.matches.push(HttpRouteMatch::default());
    }
    rule.matches.iter_mut().for_each(normalise_match);
    rule.filters.iter_mut().for_each(normalise_filter);
    rule.backend_refs.iter_mut().for_each(normalise_backend);
}

fn normalise_match(condition: &mut HttpRouteMatch) {
    let path = condition.path.get_or_insert_with(HttpPathMatch::default);
    fill(&mut path.type_, "PathPrefix");
    fill(&mut path.value, "/");
    condition.headers.iter_mut().for_each(|header| fill(&mut header.type_, "Exact"));
    condition.query_params.iter_mut().for_each(|param| fill(&mut param.type_, "Exact"));
}

fn normalise_filter(filter: &mut HttpRouteFilter) {
    if let Some(mirror) = &mut filter.request_mirror {
        fill(&mut mirror.backend_ref.group, "");
        fill(&mut mirror.backend_ref.kind, "Service");
    }
    if let Some(cors) = &mut filter.cors {
        cors.max_age.get_or_insert(CORS_MAX_AGE);
    }
}

fn normalise_backend(backend: &mut HttpBackendRef) {
    fill(&mut backend.group, "");
    fill(&mut backend.kind, "Service");
    backend.weight.get_or_insert(1);
    backend.filters.iter_mut().for_each(normalise_filter);
}

fn fill(field: &mut Option<String>, default: &str) {
    field.get_or_insert_with(|| default.to_owned());
}
