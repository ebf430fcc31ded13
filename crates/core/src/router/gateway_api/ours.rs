//! What of a route is Serin's, and how that is told.

use serde_json::{Map, Value, json};
use serin_api::{HttpRoute, gateway::HttpRouteRule};

use crate::{Rollout, build::owner};

/// Header of the rule that keeps both sides warm; its value is the Canary's UID, which nobody sends.
pub(super) const WARM_UP: &str = "x-serin-warm-up";

/// The annotation that keeps what a route said before it was taken over.
pub(super) const ORIGINAL: &str = "serin/original-configuration";

/// The parts of a spec that are taken over.
const TAKEN: [&str; 3] = ["parentRefs", "hostnames", "rules"];

/// Whether the route was generated for this Canary.
pub(super) fn owned(rollout: &Rollout, live: &HttpRoute) -> bool {
    owner::owned(rollout, &json!({"metadata": {"ownerReferences": live.metadata.owner_references}}))
}

/// Whether this is a rule for no request, which keeps backends known.
pub(super) fn warms(rule: &HttpRouteRule) -> bool {
    rule.matches.iter().flat_map(|matches| &matches.headers).any(|header| header.name == WARM_UP)
}

/// Whether requests go to the primary.
pub(super) fn serves(rollout: &Rollout, live: &HttpRoute) -> bool {
    live.spec.rules.iter().any(|rule| !warms(rule) && names_primary(rollout, rule))
}

/// Whether a rule has the primary among its backends.
pub(super) fn names_primary(rollout: &Rollout, rule: &HttpRouteRule) -> bool {
    let primary = rollout.primary_service();
    rule.backend_refs.iter().any(|backend| backend.name == primary)
}

/// The parts of a spec that are taken over.
pub(super) fn taken(spec: &Value) -> Map<String, Value> {
    let fields = TAKEN.into_iter().filter_map(|field| Some((field.to_owned(), spec.get(field)?.clone())));
    fields.collect()
}
