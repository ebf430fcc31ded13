//! The route as it was before the Canary, for `revertOnDeletion`.

use serde_json::{Map, Value, json};
use serin_api::{
    HttpRoute,
    gateway::{HttpBackendRef, HttpRouteRule, HttpRouteSpec},
};

use super::{
    handover::backwards,
    matches,
    ours::{ORIGINAL, owned, serves, taken, warms},
    parts::{attached, rule},
};
use crate::{
    Rollout,
    build::{BuildError, owner},
    json::text,
};

/// Where `kubectl apply` keeps the user's manifest.
const MANIFEST: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Bytes that the annotation may have; all annotations of an object share 256 KiB.
const LIMIT: usize = 64 * 1024;

/// What the annotation of a route that is not generated has to say; `None` when there is nothing to keep.
///
/// A route that speaks of the primary was taken over already: what was kept then stays. One that the user has
/// written since is kept anew.
pub(super) fn kept(rollout: &Rollout, live: &HttpRoute) -> Option<String> {
    if owned(rollout, live) {
        return None;
    }
    if serves(rollout, live) {
        return live.metadata.annotations.as_ref()?.get(ORIGINAL).cloned();
    }
    let mut spec = live.spec.clone();
    spec.rules.retain(|rule| !warms(rule));
    let spec = serde_json::to_value(&spec).ok()?;
    Some(json!({"spec": taken(&spec)}).to_string()).filter(|text| text.len() <= LIMIT)
}

/// The body of an apply that gives a route back to its user. It names nothing else of ours, so that our
/// annotations and labels go.
///
/// `apex` is the Service of that name as it is. `None` for a route that was generated and goes with its Canary,
/// for one that says what its user wrote already, and when nobody knows what it said and no Service of the
/// user's is there to send its requests to.
///
/// # Errors
/// [`BuildError::Route`] and [`BuildError::NoService`], where the route is made anew for the
/// Service `apex`.
pub fn reverted(
    rollout: &Rollout,
    live: &HttpRoute,
    apex: Option<&Value>,
) -> Result<Option<Value>, BuildError> {
    let ours = serves(rollout, live) || live.spec.rules.iter().any(warms);
    if owned(rollout, live) || !ours {
        return Ok(None);
    }
    let Some(mut spec) =
        known(rollout, live).map_or_else(|| to_apex(rollout, apex), |spec| Ok(Some(spec)))?
    else {
        return Ok(None);
    };
    if !live.spec.hostnames.is_empty() {
        // Leaving a field out does not take it away from another manager; an empty list does.
        spec.entry("hostnames").or_insert_with(|| json!([]));
    }
    Ok(Some(json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": rollout.apex, "namespace": rollout.namespace},
        "spec": spec,
    })))
}

/// As [`reverted`], but a step at a time, so that the gateway loses no request: to be repeated until it is `None`.
///
/// # Errors
/// As [`reverted`].
pub fn step_back(
    rollout: &Rollout,
    live: &HttpRoute,
    apex: Option<&Value>,
) -> Result<Option<Value>, BuildError> {
    let Some(mut body) = reverted(rollout, live, apex)? else { return Ok(None) };
    let Some(spec) = backwards(rollout, crate::build::service(rollout)?, live, &body["spec"]) else {
        return Ok(Some(body));
    };
    body["spec"] = spec;
    // What is kept goes with the last step only.
    if let Some(original) = live.metadata.annotations.as_ref().and_then(|all| all.get(ORIGINAL)) {
        body["metadata"]["annotations"] = json!({ORIGINAL: original});
    }
    Ok(Some(body))
}

/// What was kept, else what the user applied by `kubectl`.
fn known(rollout: &Rollout, live: &HttpRoute) -> Option<Map<String, Value>> {
    let annotations = live.metadata.annotations.as_ref()?;
    let texts = [ORIGINAL, MANIFEST].into_iter().filter_map(|key| annotations.get(key));
    let specs = texts.filter_map(|text| Some(taken(serde_json::from_str::<Value>(text).ok()?.get("spec")?)));
    specs.filter(|spec| spec.contains_key("rules")).find(|spec| !names_primary(rollout, spec))
}

fn names_primary(rollout: &Rollout, spec: &Map<String, Value>) -> bool {
    let spec: Option<HttpRouteSpec> = serde_json::from_value(Value::Object(spec.clone())).ok();
    let live = HttpRoute { spec: spec.unwrap_or_default(), ..HttpRoute::default() };
    serves(rollout, &live)
}

/// The present route with the user's Service in the place of both sides.
fn to_apex(rollout: &Rollout, apex: Option<&Value>) -> Result<Option<Map<String, Value>>, BuildError> {
    let users = apex.filter(|apex| !owner::owned(rollout, apex));
    let Some(name) = users.and_then(|apex| text(apex, "/metadata/name")) else { return Ok(None) };
    let service = crate::build::service(rollout)?;
    let rule = HttpRouteRule {
        backend_refs: vec![HttpBackendRef::service(name, service.port, 1)],
        ..rule(service, matches::service(&service.match_)?)
    };
    let spec = HttpRouteSpec { rules: vec![rule], ..attached(service) };
    Ok(serde_json::to_value(spec).ok().map(|spec| taken(&spec)))
}
