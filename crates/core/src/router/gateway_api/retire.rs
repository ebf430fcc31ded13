//! A route that is about to go matches nothing first.
//!
//! A gateway that forgets a route and its backends at once can lose the requests of that moment: a proxy may hear of the
//! backends first. A route that no request matches any more goes unnoticed.

use serde_json::{Value, json};
use serin_api::{
    HttpRoute,
    gateway::{HttpHeaderMatch, HttpRouteMatch},
};

use super::ours::{WARM_UP, warms};
use crate::Rollout;

/// The merge patch after which no request matches a route; `None` when that is so.
pub fn retired(rollout: &Rollout, live: &HttpRoute) -> Option<Value> {
    if live.spec.rules.iter().all(warms) {
        return None;
    }
    let header = HttpHeaderMatch::new("Exact", WARM_UP, format!("{}/retired", rollout.uid));
    let nothing = vec![HttpRouteMatch { headers: vec![header], ..HttpRouteMatch::default() }];
    let mut rules = live.spec.rules.clone();
    for rule in &mut rules {
        rule.matches.clone_from(&nothing);
    }
    Some(json!({
        "metadata": {"resourceVersion": live.metadata.resource_version},
        "spec": {"rules": rules},
    }))
}
