//! What a live route does, as facts.

use serde_json::json;
use serin_api::{
    HttpRoute,
    gateway::{HttpRouteRule, HttpRouteSpec},
};

use super::{
    Surroundings, accept,
    affinity::knows_cookie,
    attach,
    handover::{is_former, others},
    normalise,
    ours::{ORIGINAL, owned, warms},
    parts::{annotations, labels},
    spec,
};
use crate::{
    Rollout, Routing,
    build::{BuildError, managed, metadata::Map, selector::Selector},
    observe::Route,
};

/// The facts about the live route.
///
/// # Errors
/// As [`super::route`]: the live route cannot be compared with one that cannot be built.
pub fn read(rollout: &Rollout, seen: &Surroundings<'_>, live: &HttpRoute) -> Result<Route, BuildError> {
    let (selector, cookies) = (seen.selector, seen.cookies);
    let splits = |rule: &HttpRouteRule| !warms(rule) && !knows_cookie(rollout, cookies, rule);
    let routing = routing(rollout, &live.spec, splits);
    let mut desired = spec(rollout, routing.unwrap_or(Routing::PRIMARY), cookies)?;
    let parents = attach::wanted(rollout, seen.gateways, Some(live));
    desired.parent_refs = parents.refs;
    desired.rules.extend(others(rollout, live));
    let metadata = &live.metadata;
    let in_shape = !has_excess(rollout, selector, live)
        && shape(rollout, desired, splits) == shape(rollout, live.spec.clone(), splits)
        && has_all(metadata.annotations.as_ref(), &annotations(rollout))
        && has_all(metadata.labels.as_ref(), &labels(rollout, selector));
    Ok(Route {
        routing,
        in_shape,
        preexisting: !owned(rollout, live),
        warm: live.spec.rules.iter().any(warms),
        acceptance: accept::acceptance(rollout, seen.gateways, live),
        refused: seen.refused.map(ToOwned::to_owned),
        unattached: parents.unattached.map(|why| unattached(&why)),
        overlaps: accept::overlaps(rollout, live),
    })
}

fn unattached(why: &str) -> String {
    format!("spec.service.gatewayRefs: {why}; the HTTPRoute stays with the Gateways that serve it now")
}

/// Whether a label or an annotation that was ours is not wanted any more.
fn has_excess(rollout: &Rollout, selector: Option<&Selector>, live: &HttpRoute) -> bool {
    let mut wanted = json!({"metadata": {
        "labels": labels(rollout, selector), "annotations": annotations(rollout)
    }});
    wanted["metadata"]["annotations"][ORIGINAL] = "".into();
    let recorded = json!({"metadata": {"managedFields": live.metadata.managed_fields}});
    managed::stray_keys(&recorded, &wanted)
}

/// See [`managed::outlives`].
pub fn outlives(live: &HttpRoute) -> bool {
    managed::outlives(&json!({"metadata": {"managedFields": live.metadata.managed_fields}}))
}

fn has_all(live: Option<&Map>, wanted: &Map) -> bool {
    wanted.iter().all(|(key, value)| live.and_then(|live| live.get(key)) == Some(value))
}

/// What Serin owns of the spec, without the weights of the rules that split the traffic.
fn shape(
    rollout: &Rollout,
    mut spec: HttpRouteSpec,
    splits: impl Fn(&HttpRouteRule) -> bool,
) -> HttpRouteSpec {
    normalise(&mut spec);
    spec.extra.clear();
    // It comes and goes with the rule that keeps both sides warm.
    spec.rules.retain(|rule| !is_former(rollout, rule));
    let (primary, canary) = (rollout.primary_service(), rollout.canary_service());
    for rule in spec.rules.iter_mut().filter(|rule| only_canary(rollout, rule)) {
        rule.backend_refs
            .iter_mut()
            .filter(|side| side.name == canary)
            .for_each(|side| side.name.clone_from(&primary));
    }
    let rules = spec.rules.iter_mut().filter(|rule| splits(rule));
    rules.flat_map(|rule| &mut rule.backend_refs).for_each(|backend| backend.weight = None);
    spec
}

/// The split, if all rules with both sides agree on one that adds up to 100.
fn routing(
    rollout: &Rollout,
    spec: &HttpRouteSpec,
    splits: impl Fn(&HttpRouteRule) -> bool,
) -> Option<Routing> {
    let mut splits = spec.rules.iter().filter(|rule| splits(rule)).filter_map(|rule| split(rollout, rule));
    let canary = splits.next()??;
    let warm = spec.rules.iter().any(warms);
    let everybody = spec.rules.iter().any(|rule| only_canary(rollout, rule));
    let routing = || Routing { canary, mirror: mirrored(rollout, spec), warm, everybody };
    splits.all(|other| other == Some(canary)).then(routing)
}

/// Whether this is the rule for requests that `analysis.match` does not choose, while the primary cannot serve.
fn only_canary(rollout: &Rollout, rule: &HttpRouteRule) -> bool {
    let canary = rollout.canary_service();
    !warms(rule) && !rule.backend_refs.is_empty() && rule.backend_refs.iter().all(|side| side.name == canary)
}

/// The canary's share; `Some(None)` if a rule has both sides with weights that make no sense.
#[expect(clippy::option_option, reason = "a rule that splits nothing is not one that splits badly")]
fn split(rollout: &Rollout, rule: &HttpRouteRule) -> Option<Option<u8>> {
    let weight = |name: &str| {
        let backend = rule.backend_refs.iter().find(|backend| backend.name == name);
        backend.map(|backend| backend.weight.unwrap_or(1))
    };
    let primary = weight(&rollout.primary_service())?;
    let canary = weight(&rollout.canary_service())?;
    let share = u8::try_from(canary).ok().filter(|_| primary >= 0);
    Some(share.filter(|_| primary.checked_add(canary) == Some(100)))
}

/// Whether there are more mirrors to the canary than the user's own.
fn mirrored(rollout: &Rollout, spec: &HttpRouteSpec) -> bool {
    let canary = rollout.canary_service();
    let users = rollout.spec.service.iter().flat_map(|service| &service.mirror);
    let users = users.filter(|mirror| mirror.backend_ref.name == canary).count();
    spec.rules.iter().any(|rule| {
        let mirrors = rule.filters.iter().filter_map(|filter| filter.request_mirror.as_ref());
        mirrors.filter(|mirror| mirror.backend_ref.name == canary).count() > users
    })
}
