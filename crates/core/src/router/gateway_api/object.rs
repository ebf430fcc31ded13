//! The HTTPRoute as it should be.

use serde_json::{Value, json};
use serin_api::{
    HttpRoute,
    canary::CanaryService,
    gateway::{
        BackendObjectReference, HttpBackendRef, HttpRequestMirrorFilter, HttpRouteFilter, HttpRouteMatch,
        HttpRouteRule, HttpRouteSpec,
    },
};

use super::{
    affinity, attach, handover, matches, normalise, original, ours,
    parents::Gateways,
    parts::{annotations, attached, labels, rule, warm_rule},
};
use crate::{
    Rollout, Routing,
    affinity::Cookies,
    build::{BuildError, owner, selector::Selector, service as service_of},
};

/// What a route depends on besides its Canary.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The target's selector, where it is known: Flagger puts its label on routes that have `service.apex`.
    pub selector: Option<&'a Selector>,
    /// The cookies of the status that asks for the split.
    pub cookies: &'a Cookies,
    /// The Gateways that the Canary names, as far as they are known.
    pub gateways: &'a Gateways,
    /// Why the API server does not take the route as it should be.
    pub refused: Option<&'a str>,
}

/// The route for a server-side apply: it owns the parents, host names and rules, and its own metadata.
///
/// A route that was not generated for this Canary does not become owned by it, and remembers what it said before
/// ([`super::reverted`]).
///
/// # Errors
/// [`BuildError::Route`] for a match that a route cannot say, [`BuildError::NoService`] without
/// `spec.service`.
pub fn route(
    rollout: &Rollout,
    seen: &Surroundings<'_>,
    routing: Routing,
    live: Option<&HttpRoute>,
) -> Result<Value, BuildError> {
    let selector = seen.selector;
    let desired = HttpRouteSpec {
        parent_refs: attach::wanted(rollout, seen.gateways, live).refs,
        ..spec(rollout, routing, seen.cookies)?
    };
    let spec = stepped(rollout, routing, live, desired)?;
    let mut body = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": rollout.apex,
            "namespace": rollout.namespace,
            "annotations": annotations(rollout),
        },
        "spec": spec,
    });
    if let Some(original) = live.and_then(|live| original::kept(rollout, live)) {
        body["metadata"]["annotations"][ours::ORIGINAL] = original.into();
    }
    let labels = labels(rollout, selector);
    if !labels.is_empty() {
        body["metadata"]["labels"] = json!(labels);
    }
    if live.is_none_or(|live| ours::owned(rollout, live)) {
        body["metadata"]["ownerReferences"] = json!([owner::reference(rollout)]);
    }
    if spec.hostnames.is_empty() && live.is_some_and(|live| !live.spec.hostnames.is_empty()) {
        // Leaving a field out does not take it away from another manager; an empty list does.
        body["spec"]["hostnames"] = json!([]);
    }
    Ok(body)
}

/// What is written now: a route of the user's is taken in steps, and keeps its rules for other applications.
fn stepped(
    rollout: &Rollout,
    routing: Routing,
    live: Option<&HttpRoute>,
    mut spec: HttpRouteSpec,
) -> Result<HttpRouteSpec, BuildError> {
    let Some(live) = live else { return Ok(spec) };
    spec.rules.extend(handover::others(rollout, live));
    if !routing.warm {
        return Ok(spec);
    }
    if let Some(introduced) = handover::introduced(rollout, service_of(rollout)?, live) {
        return Ok(introduced);
    }
    spec.rules.extend(handover::former(rollout, live));
    normalise(&mut spec);
    Ok(spec)
}

/// The route's spec with everything spelled out that the API server would fill in.
///
/// # Errors
/// As [`route`].
pub fn spec(rollout: &Rollout, routing: Routing, cookies: &Cookies) -> Result<HttpRouteSpec, BuildError> {
    let service = service_of(rollout)?;
    let mut spec = HttpRouteSpec { rules: rules(rollout, service, routing, cookies)?, ..attached(service) };
    normalise(&mut spec);
    Ok(spec)
}

/// One rule; with `analysis.match` a second one for the requests that it does not match, with session
/// affinity more for users who have a cookie.
fn rules(
    rollout: &Rollout,
    service: &CanaryService,
    routing: Routing,
    cookies: &Cookies,
) -> Result<Vec<HttpRouteRule>, BuildError> {
    let warm = routing.warm.then(|| warm_rule(rollout, service));
    let all = matches::service(&service.match_)?;
    let chosen = matches::analysis(&rollout.spec.analysis.match_)?;
    if chosen.is_empty() {
        let split = split(rollout, service, routing, all);
        return Ok(match rollout.affinity() {
            Some(affinity) => {
                affinity::rules(rollout, affinity, &cookies.on_route(routing.canary), split, warm)
            }
            None => [split].into_iter().chain(warm).collect(),
        });
    }
    let side = if routing.everybody { rollout.canary_service() } else { rollout.primary_service() };
    let rest = HttpRouteRule {
        backend_refs: vec![HttpBackendRef::service(side, service.port, 100)],
        ..rule(service, all.clone())
    };
    let split = split(rollout, service, routing, matches::merge(&chosen, &all));
    Ok([split, rest].into_iter().chain(warm).collect())
}

fn split(
    rollout: &Rollout,
    service: &CanaryService,
    routing: Routing,
    matches: Vec<HttpRouteMatch>,
) -> HttpRouteRule {
    let side = |name, weight: u8| HttpBackendRef::service(name, service.port, weight.into());
    let mut rule = rule(service, matches);
    rule.filters.extend(routing.mirror.then(|| mirror(rollout, service)));
    rule.backend_refs = vec![
        side(rollout.primary_service(), routing.primary()),
        side(rollout.canary_service(), 100 - routing.primary()),
    ];
    rule
}

/// Sends a copy of each request to the canary.
fn mirror(rollout: &Rollout, service: &CanaryService) -> HttpRouteFilter {
    HttpRouteFilter::request_mirror(HttpRequestMirrorFilter {
        backend_ref: BackendObjectReference::service(rollout.canary_service(), service.port),
        ..HttpRequestMirrorFilter::default()
    })
}
