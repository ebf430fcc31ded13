//! Bringing up the primary beside a target that serves, without a moment of lost traffic.

use super::{
    ensure,
    turn::{Flow, Inputs, Stop, Turn},
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

pub(super) fn run(turn: &mut Turn) -> Flow {
    if turn.next.stage == Stage::New {
        turn.enter(Stage::Initializing { adopted: None });
        check_providers(turn)?;
    }
    let inputs = turn.inputs()?;
    turn.ensure_services()?;
    let made = primary(turn, inputs)?;
    if turn.obs.services.elsewhere && made.primary.readiness != Readiness::Ready {
        turn.release();
    }
    if let Err(why) = ensure::ready(&made.primary.readiness, turn.now(), WaitReason::PrimaryNotReady)? {
        return if made.kept {
            Err(WaitReason::PrimaryKept(why).into())
        } else {
            give_up(turn, &why, inputs)
        };
    }
    steady(turn)?;
    turn.ensure_services()?;
    turn.ensure_scaler(false)?;
    turn.primary_has_endpoints()?;
    strangers(turn)?;
    turn.take_apex()?;
    turn.take_route()?;
    turn.route_accepted()?;
    turn.apex_moved()?;
    turn.scale_down(inputs.target.replicas)?;
    complete(turn, inputs, &made);
    Ok(())
}

/// The primary of another target gets all the traffic of the former one without an analysis: it has to stay ready for
/// an interval first.
fn steady(turn: &mut Turn) -> Flow {
    if turn.obs.services.elsewhere && !turn.obs.endpoints.strangers.primary.is_empty() {
        turn.hold_if_none(HoldKind::Settle);
        if !turn.held_enough(HoldKind::Settle) {
            return Err(Stop::Acted);
        }
    }
    turn.steady = true;
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
fn primary<'a>(turn: &mut Turn<'a>, inputs: Inputs) -> Flow<Made<'a>> {
    let id = hash::promotion_id(&turn.rollout().uid, &inputs.target.revision, inputs.configs);
    let adopted = turn.next.stage.adopted().cloned();
    let carries = |has: Option<&String>| has.is_some() && (has == Some(&id) || has == adopted.as_ref());
    match turn.primary()? {
        Some(primary) if carries(primary.promotion_id.as_ref()) => Ok(Made { primary, kept: false }),
        Some(primary) if turn.next.applied.is_none() => Ok(Made { primary, kept: true }),
        _ => {
            turn.next.applied = Some(inputs.target.revision.clone());
            turn.act(Action::ApplyPrimary);
            Err(Stop::Acted)
        }
    }
}

/// Traffic is not given to a Service whose pods are not all the application's.
fn strangers(turn: &Turn) -> Flow {
    let (rollout, strangers) = (turn.rollout(), &turn.obs.endpoints.strangers);
    for (service, found) in
        [(rollout.primary_service(), &strangers.primary), (rollout.canary_service(), &strangers.canary)]
    {
        let found = turn.foreign_pods(found);
        if !found.is_empty() {
            return Err(
                Stop::from(WaitReason::ForeignPods { service, workloads: found }).stalled("ForeignPods")
            );
        }
    }
    Ok(())
}

/// Starts over, for an object that was being deleted and is not any more, as one that was restored from a backup. What it
/// says was applied may have failed: the primary that is there is kept.
pub(super) fn again(turn: &mut Turn) -> Flow {
    turn.next.applied = None;
    turn.enter(Stage::Initializing { adopted: None });
    Err(Stop::Acted)
}

fn check_providers(turn: &mut Turn) -> Flow {
    if turn.rollout().spec.skip_analysis {
        return Ok(());
    }
    match &turn.obs.answers.providers {
        None => return Err(Stop::Ask(vec![Ask::Providers])),
        Some(Ok(())) => turn.tell(&EventKind::ProvidersAvailable),
        Some(Err(why)) => turn.tell(&EventKind::ProvidersFailed(why.clone())),
    }
    Ok(())
}

fn complete(turn: &mut Turn, inputs: Inputs, made: &Made) {
    turn.next.forget_rollout();
    if made.kept {
        // What it runs has no name here: whatever the target is now, it is looked at as something new.
        let name = made.primary.promotion_id.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        turn.next.applied = Some(name.clone());
        turn.next.promoted = Some(name);
        turn.next.configs = None;
    } else {
        turn.take(inputs);
        turn.next.promoted = Some(inputs.target.revision.clone());
    }
    turn.enter(Stage::Initialized);
    turn.tell(&EventKind::Initialized);
    turn.warn_of_overlap();
    turn.alert(&AlertKind::Initialized);
}

/// The primary cannot come up. The target serves on; a change of the target tries again.
fn give_up(turn: &mut Turn, why: &str, inputs: Inputs) -> Flow {
    let adopted = turn.next.stage.adopted().cloned();
    turn.enter(Stage::Failed { held: 0, adopted });
    turn.next.applied = Some(inputs.target.revision.clone());
    turn.tell(&EventKind::InitializationFailed(why.to_owned()));
    turn.alert(&AlertKind::InitializationFailed(why.to_owned()));
    let reason = WaitReason::PrimaryNotReady(why.to_owned());
    turn.await_reason(&reason, None);
    Err(reason.into())
}
