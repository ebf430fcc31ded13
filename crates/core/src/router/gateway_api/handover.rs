//! A route of the user's is taken, and given back, without a lost request.
//!
//! A gateway that learns of a backend in the moment in which it gets the traffic, or forgets one that has requests
//! under way, loses some of them. So the next backends are named beforehand, and the former ones a while longer, in
//! rules that no request matches.

use serde_json::{Value, json};
use serin_api::{
    HttpRoute,
    canary::CanaryService,
    gateway::{HttpBackendRef, HttpHeaderMatch, HttpRouteMatch, HttpRouteRule, HttpRouteSpec},
};

use super::{
    ours::{WARM_UP, names_primary, owned, serves, taken, warms},
    parts::warm_rule,
};
use crate::Rollout;

/// Most rules of a route, by the Gateway API.
const MOST_RULES: usize = 16;

/// Most backends of a rule, by the Gateway API.
const MOST_BACKENDS: usize = 16;

/// The first step of taking a route: the user's rules as they are, and the gateway learns of both sides.
///
/// `None` for a route that has passed it, for a generated one, and where there is no room for another rule.
pub(super) fn introduced(
    rollout: &Rollout,
    service: &CanaryService,
    live: &HttpRoute,
) -> Option<HttpRouteSpec> {
    let passed = owned(rollout, live) || serves(rollout, live) || live.spec.rules.iter().any(warms);
    if passed || live.spec.rules.len() >= MOST_RULES {
        return None;
    }
    let mut spec = live.spec.clone();
    // Fields that we know nothing of stay the user's.
    spec.extra.clear();
    spec.rules.push(warm_rule(rollout, service));
    Some(spec)
}

/// The rule that keeps the user's own backends known, if the route has any.
pub(super) fn former(rollout: &Rollout, live: &HttpRoute) -> Option<HttpRouteRule> {
    if owned(rollout, live) { None } else { keeping(rollout, &live.spec.rules) }
}

/// Whether this is a rule of [`former`].
pub(super) fn is_former(rollout: &Rollout, rule: &HttpRouteRule) -> bool {
    warms(rule) && !names_primary(rollout, rule)
}

/// The rules of a user's route that are about other applications: they stay, behind ours. A route that names the apex
/// in none of its rules was about this application as a whole.
pub(super) fn others(rollout: &Rollout, live: &HttpRoute) -> Vec<HttpRouteRule> {
    let ours = [rollout.apex.clone(), rollout.primary_service(), rollout.canary_service()];
    let names = |rule: &HttpRouteRule| rule.backend_refs.iter().any(|backend| ours.contains(&backend.name));
    let rules = || live.spec.rules.iter().filter(|rule| !warms(rule));
    if owned(rollout, live) || !rules().any(names) {
        return Vec::new();
    }
    rules().filter(|rule| !names(rule)).cloned().collect()
}

/// The next step on the way back to `users`, the spec that the user wrote; `None` when that is it.
///
/// First the gateway learns of the user's backends, then they get the traffic, and at last both sides are forgotten.
pub(super) fn backwards(
    rollout: &Rollout,
    service: &CanaryService,
    live: &HttpRoute,
    users: &Value,
) -> Option<Value> {
    let own: HttpRouteSpec = serde_json::from_value(users.clone()).ok()?;
    let former = keeping(rollout, &own.rules)?;
    if !serves(rollout, live) {
        return None;
    }
    let known = live.spec.rules.iter().any(|rule| is_former(rollout, rule) && names_all(rule, &former));
    let base = if known { own } else { live.spec.clone() };
    let mut rules: Vec<HttpRouteRule> = base.rules.iter().filter(|rule| !warms(rule)).cloned().collect();
    rules.extend([warm_rule(rollout, service), former]);
    if rules.len() > MOST_RULES {
        return None;
    }
    let mut spec = if known { users.clone() } else { taken(&json!(base)).into() };
    spec["rules"] = json!(rules);
    Some(spec)
}

/// Whether a rule names all backends of another one: one that was made before knows fewer of them where the user's route is
/// about other applications too.
fn names_all(rule: &HttpRouteRule, of: &HttpRouteRule) -> bool {
    let same = |a: &HttpBackendRef, b: &HttpBackendRef| {
        (&a.name, &a.namespace, a.port) == (&b.name, &b.namespace, b.port)
    };
    of.backend_refs.iter().all(|wanted| rule.backend_refs.iter().any(|named| same(named, wanted)))
}

/// A rule for no request with the backends of these rules that are not ours.
fn keeping(rollout: &Rollout, rules: &[HttpRouteRule]) -> Option<HttpRouteRule> {
    let sides = [rollout.primary_service(), rollout.canary_service()];
    let mut backend_refs: Vec<HttpBackendRef> = Vec::new();
    for backend in rules.iter().flat_map(|rule| &rule.backend_refs) {
        let plain = HttpBackendRef { weight: Some(1), filters: Vec::new(), ..backend.clone() };
        if !sides.contains(&plain.name) && !backend_refs.contains(&plain) {
            backend_refs.push(plain);
        }
    }
    backend_refs.truncate(MOST_BACKENDS);
    let header = HttpHeaderMatch::new("Exact", WARM_UP, format!("{}/former", rollout.uid));
    let matches = vec![HttpRouteMatch { headers: vec![header], ..HttpRouteMatch::default() }];
    let rule = || HttpRouteRule { matches, backend_refs: backend_refs.clone(), ..HttpRouteRule::default() };
    (!backend_refs.is_empty()).then(rule)
}
