//! Bringing up the primary beside a target that serves, without a moment of lost traffic.

use serin_api::Phase;

use super::{
    ensure,
    turn::{Flow, Inputs, Stop, Turn},
};
use crate::{
    event, hash,
    observe::{Primary, Readiness},
    plan::{Action, Ask, Level, Severity},
    status,
};

/// The name of what a primary runs, where nobody knows.
const UNKNOWN: &str = "unknown";

pub(super) fn run(turn: &mut Turn) -> Flow {
    if turn.next.phase == Phase::None {
        turn.enter(Phase::Initializing);
        check_providers(turn)?;
    }
    let inputs = turn.inputs()?;
    turn.ensure_services()?;
    let made = primary(turn, inputs)?;
    let rollout = turn.rollout();
    let say = |why: &str| rollout.say_primary_not_ready(why);
    if turn.obs.services.elsewhere && made.primary.readiness != Readiness::Ready {
        turn.close_window();
    }
    if let Err(why) = ensure::ready(&made.primary.readiness, turn.now(), say)? {
        return if made.kept {
            Err(Stop::wait(rollout.say_primary_kept(&why)))
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
        if turn.next.last_check_time.is_none() {
            turn.open_window();
        }
        if !turn.window_over(turn.rollout().interval) {
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
    let adopted = turn.next.adopted_promotion.clone();
    let carries = |has: Option<&String>| has.is_some() && (has == Some(&id) || has == adopted.as_ref());
    match turn.primary()? {
        Some(primary) if carries(primary.promotion_id.as_ref()) => Ok(Made { primary, kept: false }),
        Some(primary) if turn.next.last_applied_spec.is_none() => Ok(Made { primary, kept: true }),
        _ => {
            turn.next.last_applied_spec = Some(inputs.target.revision.clone());
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
            return Err(Stop::wait(rollout.say_strangers(&service, &found)).stalled("ForeignPods"));
        }
    }
    Ok(())
}

/// Starts over, for an object that was being deleted and is not any more, as one that was restored from a backup. What it
/// says was applied may have failed: the primary that is there is kept.
pub(super) fn again(turn: &mut Turn) -> Flow {
    turn.next.last_applied_spec = None;
    turn.enter(Phase::Initializing);
    Err(Stop::Acted)
}

fn check_providers(turn: &mut Turn) -> Flow {
    if turn.rollout().spec.skip_analysis {
        return Ok(());
    }
    match &turn.obs.answers.providers {
        None => return Err(Stop::Ask(Ask::Providers)),
        Some(Ok(())) => turn.note(event::PROVIDERS_AVAILABLE),
        Some(Err(why)) => turn.say(Level::Error, format!("Error checking metric providers: {why}")),
    }
    Ok(())
}

fn complete(turn: &mut Turn, inputs: Inputs, made: &Made) {
    status::reset(&mut turn.next);
    if made.kept {
        // What it runs has no name here: whatever the target is now, it is looked at as something new.
        let name = made.primary.promotion_id.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        turn.next.last_applied_spec = Some(name.clone());
        turn.next.last_promoted_spec = Some(name);
        turn.next.tracked_configs = None;
        turn.next.tracked_binary_data = None;
    } else {
        turn.take(inputs);
        turn.next.last_promoted_spec = Some(inputs.target.revision.clone());
    }
    turn.enter(Phase::Initialized);
    turn.note(turn.rollout().say_initialized());
    turn.warn_of_overlap();
    let kind = turn.rollout().target_kind.name();
    turn.alert(Severity::Info, event::alert_initialized(kind), true);
}

/// The primary cannot come up. The target serves on; a change of the target tries again.
fn give_up(turn: &mut Turn, why: &str, inputs: Inputs) -> Flow {
    let text = turn.rollout().say_primary_not_ready(why);
    turn.enter(Phase::Failed);
    turn.next.last_applied_spec = Some(inputs.target.revision.clone());
    turn.warn(text.clone());
    turn.alert(Severity::Error, text.clone(), false);
    turn.next.waiting_for = Some(text.clone());
    Err(Stop::wait(text))
}
