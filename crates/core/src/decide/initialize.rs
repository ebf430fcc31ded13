//! Bringing up the primary beside a target that serves, without a moment of lost traffic.

use super::{
    builder::{FOREIGN_PODS, Flow, Inputs, PlanBuilder, Stop},
    ensure,
};
use crate::{
    event::{AlertKind, EventKind},
    hash,
    observe::{Primary, Readiness},
    plan::{Action, Ask},
    reason::WaitReason,
    state::{HoldKind, Stage},
};

/// The name of what a primary runs, where nobody knows.
const UNKNOWN: &str = "unknown";

pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    if plan.next.stage == Stage::New {
        plan.enter(Stage::Initializing { adopted: None });
        check_providers(plan)?;
    }
    let inputs = plan.inputs()?;
    plan.ensure_services()?;
    let made = primary(plan, inputs)?;
    if plan.obs.services.elsewhere && made.primary.readiness != Readiness::Ready {
        plan.release();
    }
    if let Err(why) = ensure::ready(&made.primary.readiness, plan.now(), WaitReason::PrimaryNotReady)? {
        return if made.kept {
            Err(WaitReason::PrimaryKept(why).into())
        } else {
            give_up(plan, &why, inputs)
        };
    }
    steady(plan)?;
    plan.ensure_services()?;
    plan.ensure_scaler(false)?;
    plan.primary_has_endpoints()?;
    strangers(plan)?;
    plan.take_apex()?;
    plan.take_route()?;
    plan.route_accepted()?;
    plan.apex_moved()?;
    plan.scale_down(inputs.target.replicas)?;
    complete(plan, inputs, &made);
    Ok(())
}

/// The primary of another target gets all the traffic of the former one without an analysis: it has to stay ready for
/// an interval first.
fn steady(plan: &mut PlanBuilder) -> Flow {
    if plan.obs.services.elsewhere && !plan.obs.endpoints.strangers.primary.is_empty() {
        plan.hold_if_none(HoldKind::Settle);
        if !plan.held_enough(HoldKind::Settle) {
            return Err(Stop::Acted);
        }
    }
    plan.steady = true;
    Ok(())
}

/// The primary of an initialisation.
struct Made<'a> {
    primary: &'a Primary,
    /// Whether the primary existed before and may run something else than the target.
    kept: bool,
}

/// The primary, once it is a copy of the target. One that was there before anything is known of it is left as it is:
/// nobody has judged what would take its place.
fn primary<'a>(plan: &mut PlanBuilder<'a>, inputs: Inputs) -> Flow<Made<'a>> {
    let id = hash::promotion_id(&plan.rollout().uid, &inputs.target.revision, inputs.configs);
    let adopted = plan.next.stage.adopted().cloned();
    let carries = |has: Option<&String>| has.is_some() && (has == Some(&id) || has == adopted.as_ref());
    match plan.primary()? {
        Some(primary) if carries(primary.promotion_id.as_ref()) => Ok(Made { primary, kept: false }),
        Some(primary) if plan.next.applied.is_none() => Ok(Made { primary, kept: true }),
        _ => {
            plan.next.applied = Some(inputs.target.revision.clone());
            plan.act(Action::ApplyPrimary);
            Err(Stop::Acted)
        }
    }
}

/// Traffic is not given to a Service whose pods are not all the application's.
fn strangers(plan: &PlanBuilder) -> Flow {
    let (rollout, strangers) = (plan.rollout(), &plan.obs.endpoints.strangers);
    for (service, found) in
        [(rollout.primary_service(), &strangers.primary), (rollout.canary_service(), &strangers.canary)]
    {
        let found = plan.foreign_pods(found);
        if !found.is_empty() {
            return Err(
                Stop::from(WaitReason::ForeignPods { service, workloads: found }).stalled(FOREIGN_PODS)
            );
        }
    }
    Ok(())
}

/// Starts over, for an object that was being deleted and is not any more, as one that was restored from a backup. What it
/// says was applied may have failed: the primary that is there is kept.
pub(super) fn again(plan: &mut PlanBuilder) -> Flow {
    plan.next.applied = None;
    plan.enter(Stage::Initializing { adopted: None });
    Err(Stop::Acted)
}

fn check_providers(plan: &mut PlanBuilder) -> Flow {
    if plan.rollout().spec.skip_analysis {
        return Ok(());
    }
    match &plan.obs.answers.providers {
        None => return Err(Stop::Ask(vec![Ask::Providers])),
        Some(Ok(())) => plan.tell(&EventKind::ProvidersAvailable),
        Some(Err(why)) => plan.tell(&EventKind::ProvidersFailed(why.clone())),
    }
    Ok(())
}

fn complete(plan: &mut PlanBuilder, inputs: Inputs, made: &Made) {
    plan.next.forget_rollout();
    if made.kept {
        // What it runs has no name here: whatever the target is now, it is looked at as something new.
        let name = made.primary.promotion_id.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        plan.next.applied = Some(name.clone());
        plan.next.promoted = Some(name);
        plan.next.configs = None;
    } else {
        plan.take(inputs);
        plan.next.promoted = Some(inputs.target.revision.clone());
    }
    plan.enter(Stage::Initialized);
    plan.tell(&EventKind::Initialized);
    plan.warn_of_overlap();
    plan.alert(&AlertKind::Initialized);
}

/// The primary cannot come up. The target serves on; a change of the target tries again.
fn give_up(plan: &mut PlanBuilder, why: &str, inputs: Inputs) -> Flow {
    let adopted = plan.next.stage.adopted().cloned();
    plan.enter(Stage::Failed { held: 0, adopted });
    plan.next.applied = Some(inputs.target.revision.clone());
    plan.tell(&EventKind::InitializationFailed(why.to_owned()));
    plan.alert(&AlertKind::InitializationFailed(why.to_owned()));
    let reason = WaitReason::PrimaryNotReady(why.to_owned());
    plan.await_reason(&reason, None);
    Err(reason.into())
}
