//! The names under which a Canary's objects were made, as its status keeps them: an edit of the Canary may change each.

use crate::{Rollout, build::scaler::ScalerKind, orphans, router, state::ObjectNames};

/// `<kind>/<name>` of the target, the kind in lower case.
pub fn target(rollout: &Rollout) -> String {
    format!("{}/{}", rollout.target_kind.lower(), rollout.target)
}

/// `<kind>/<name>` of the autoscaler, the kind in lower case; `None` without one.
pub fn autoscaler(rollout: &Rollout) -> Option<String> {
    let reference = rollout.spec.autoscaler_ref.as_ref()?;
    Some(format!("{}/{}", ScalerKind::of(reference)?.entry(), reference.name))
}

/// The entry of the route ([`crate::router::of_entry`]); `None` where traffic is not shifted by one.
pub fn route(rollout: &Rollout) -> Option<String> {
    let object = router::route(rollout)?;
    Some(router::entry(router::of(rollout), &object.name))
}

/// The entry of the route that split the traffic under a former name, or before the provider was changed. It may be gone.
pub fn former_route(rollout: &Rollout, names: &ObjectNames, orphans: &[String]) -> Option<String> {
    let now = route(rollout);
    let recorded = names.route.iter().filter(|name| now.as_ref() != Some(*name));
    let left = orphans.iter().filter_map(|entry| orphans::route(entry));
    let left =
        left.filter(|name| *name != rollout.apex && now.as_deref() != Some(*name)).map(ToOwned::to_owned);
    recorded.cloned().chain(left).next()
}

/// Whether the Canary names another target than the one that its objects were made for.
pub fn other_target(rollout: &Rollout, names: &ObjectNames) -> bool {
    names.target.as_ref().is_some_and(|name| *name != target(rollout))
}

/// Whether the Services and the route have another name than before, or traffic is shifted in another way.
pub fn other_service(rollout: &Rollout, names: &ObjectNames) -> bool {
    let renamed = names.service.as_ref().is_some_and(|name| *name != rollout.apex);
    let rerouted = names.route.is_some() && names.route != route(rollout);
    renamed || rerouted
}

/// Records the present names.
pub fn record(rollout: &Rollout, names: &mut ObjectNames) {
    names.service = Some(rollout.apex.clone());
    names.target = Some(target(rollout));
    names.autoscaler = autoscaler(rollout);
    names.route = route(rollout);
}
