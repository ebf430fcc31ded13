//! Weights of a live route and nothing else: what can be written whatever the rest of it has become.

use serde_json::{Value, json};
use serin_api::{
    HttpRoute,
    gateway::{HttpRouteFilter, HttpRouteRule},
};

use super::ours::warms;
use crate::Routing;

/// The two Services that a route splits its traffic between.
struct Sides {
    primary: String,
    canary: String,
}

impl Sides {
    /// Returns the backends' names for a route by its own name, which need not be the present one.
    fn of(live: &HttpRoute) -> Self {
        let name = live.metadata.name.as_deref().unwrap_or_default();
        Self { primary: format!("{name}-primary"), canary: format!("{name}-canary") }
    }

    fn split(&self, rule: &HttpRouteRule) -> bool {
        let names = |side: &String| rule.backend_refs.iter().any(|backend| backend.name == *side);
        !warms(rule) && names(&self.primary) && names(&self.canary)
    }

    fn mirrors(&self, filter: &HttpRouteFilter) -> bool {
        filter.request_mirror.as_ref().is_some_and(|mirror| mirror.backend_ref.name == self.canary)
    }
}

/// Whether a route, of the present or of a former name, sends requests or copies of them to the canary.
pub fn shares(live: &HttpRoute) -> bool {
    let sides = Sides::of(live);
    let rules = live.spec.rules.iter().filter(|rule| !warms(rule));
    rules.into_iter().any(|rule| {
        let mut canaries = rule.backend_refs.iter().filter(|backend| backend.name == sides.canary);
        canaries.any(|canary| canary.weight.unwrap_or(1) > 0)
            || rule.filters.iter().any(|filter| sides.mirrors(filter))
    })
}

/// The merge patch that splits a live route anew and leaves everything else of it as it is. `None` when no rule of it
/// has both sides, or it splits so already.
///
/// Users with a cookie are sent where everybody is when nobody is sent to the canary.
pub fn reweighted(routing: Routing, live: &HttpRoute) -> Option<Value> {
    let sides = Sides::of(live);
    let mut spec = live.spec.clone();
    let to_one = routing.canary == 0 || routing.canary >= 100;
    for rule in spec.rules.iter_mut().filter(|rule| sides.split(rule)) {
        let sticky = rule.backend_refs.iter().any(|backend| backend.weight == Some(100))
            && rule.matches.iter().any(|m| m.headers.iter().any(|h| h.name == "Cookie"));
        if sticky && !to_one {
            continue;
        }
        for backend in &mut rule.backend_refs {
            if backend.name == sides.primary {
                backend.weight = Some(routing.primary().into());
            } else if backend.name == sides.canary {
                backend.weight = Some((100 - routing.primary()).into());
            }
        }
        if !routing.mirror {
            rule.filters.retain(|filter| !sides.mirrors(filter));
        }
    }
    (spec != live.spec).then(|| {
        json!({
            "metadata": {"resourceVersion": live.metadata.resource_version},
            "spec": {"rules": spec.rules},
        })
    })
}
