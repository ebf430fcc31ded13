//! What the gateways say of a route.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serin_api::{
    HttpRoute,
    gateway::{ParentReference, RouteParentStatus},
};

use super::parents::{self, Gateways};
use crate::{Rollout, observe::Acceptance};

/// Reasons of `ResolvedRefs` that speak of pods, which come and go, and not of what the route refers to.
const OF_PODS: [&str; 2] = ["EndpointsNotFound", "NoReadyBackends"];

/// Whether every parent that the Canary names has taken this generation. A parent that has not reported has not.
pub(super) fn acceptance(rollout: &Rollout, gateways: &Gateways, live: &HttpRoute) -> Acceptance {
    let named = parents::named(rollout);
    let said = named.iter().map(|parent| of_parent(rollout, gateways, live, parent));
    let mut pending = None;
    for said in said {
        match said {
            Acceptance::Refused(_) => return said,
            Acceptance::Pending(_) => pending = pending.or(Some(said)),
            Acceptance::Accepted => {}
        }
    }
    pending.unwrap_or(Acceptance::Accepted)
}

/// Whether this parent has taken the route as it is.
pub(super) fn taken(rollout: &Rollout, live: &HttpRoute, parent: &ParentReference) -> bool {
    reports(rollout, live, parent).any(|report| verdict(rollout, live, report) == Acceptance::Accepted)
}

fn reports<'a>(
    rollout: &'a Rollout,
    live: &'a HttpRoute,
    parent: &'a ParentReference,
) -> impl Iterator<Item = &'a RouteParentStatus> {
    let all = live.status.iter().flat_map(|status| &status.parents);
    all.filter(move |report| report.parent_ref.same_parent(parent, &rollout.namespace))
}

/// Several controllers may report on one parent: one that took the route is enough, what is said of this generation
/// comes before what is not.
fn of_parent(
    rollout: &Rollout,
    gateways: &Gateways,
    live: &HttpRoute,
    parent: &ParentReference,
) -> Acceptance {
    let mut best: Option<Acceptance> = None;
    for report in reports(rollout, live, parent) {
        let said = verdict(rollout, live, report);
        match said {
            Acceptance::Accepted => return said,
            Acceptance::Refused(_) => best = Some(said),
            Acceptance::Pending(_) => best = best.or(Some(said)),
        }
    }
    best.unwrap_or_else(|| {
        let why = parents::unattachable(rollout, gateways, parent);
        let why = why.unwrap_or_else(|| "no gateway has reported on it yet".to_owned());
        Acceptance::Pending(format!("{} is not accepted: {why}", whose(rollout, parent)))
    })
}

fn verdict(rollout: &Rollout, live: &HttpRoute, report: &RouteParentStatus) -> Acceptance {
    let current = live.metadata.generation.unwrap_or(0);
    let Some(accepted) = report.condition("Accepted") else {
        let whose = whose(rollout, &report.parent_ref);
        return Acceptance::Pending(format!("{whose} is not accepted: no gateway has reported on it yet"));
    };
    let observed = accepted.observed_generation.unwrap_or(0);
    if accepted.status != "True" || observed < current {
        // Flagger's text, and the gateway's own.
        let text = format!(
            "{} is not ready (status: {}, observed generation: {observed}, current generation: {current}){}",
            whose(rollout, &report.parent_ref),
            accepted.status,
            if accepted.status == "True" { String::new() } else { own_words(accepted) }
        );
        let said_no = accepted.status == "False" && observed >= current;
        return if said_no { Acceptance::Refused(text) } else { Acceptance::Pending(text) };
    }
    let now = |type_| report.condition(type_).filter(|c| c.observed_generation.unwrap_or(0) >= current);
    let unresolved =
        now("ResolvedRefs").filter(|c| c.status == "False" && !OF_PODS.contains(&c.reason.as_str()));
    match unresolved.or_else(|| now("PartiallyInvalid").filter(|c| c.status == "True")) {
        Some(condition) => Acceptance::Refused(format!(
            "{} is not taken as it is ({} is {}){}",
            whose(rollout, &report.parent_ref),
            condition.type_,
            condition.status,
            own_words(condition)
        )),
        None => Acceptance::Accepted,
    }
}

/// What a gateway says of routes that match the same requests: the elder one gets them. It is no refusal, for a route
/// that is about to go overlaps too.
pub(super) fn overlaps(rollout: &Rollout, live: &HttpRoute) -> Option<String> {
    let current = live.metadata.generation.unwrap_or(0);
    let named = parents::named(rollout);
    let mut found = named.iter().flat_map(|parent| reports(rollout, live, parent)).filter_map(|report| {
        let condition = report.condition("RouteRulesOverlap")?;
        let now = condition.status == "True" && condition.observed_generation.unwrap_or(0) >= current;
        now.then(|| format!("{}{}", whose(rollout, &report.parent_ref), own_words(condition)))
    });
    found.next()
}

fn whose(rollout: &Rollout, parent: &ParentReference) -> String {
    format!("HTTPRoute {}.{} parent {}", rollout.apex, rollout.namespace, parent.name)
}

fn own_words(condition: &Condition) -> String {
    format!(": {}: {}", condition.reason, condition.message)
}
