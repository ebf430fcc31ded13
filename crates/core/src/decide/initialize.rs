//! Bringing up the primary beside a target that serves, without a moment of lost traffic.

use serin_api::Phase;

use super::{
    ensure,
    turn::{Flow, Stop, Turn},
};
use crate::{
    event, hash,
    plan::{Action, Ask, Level, Severity},
    status,
};

pub(super) fn run(turn: &mut Turn) -> Flow {
    if turn.next.phase == Phase::None {
        turn.enter(Phase::Initializing);
        check_providers(turn)?;
    }
    let inputs = turn.inputs()?;
    turn.ensure_services()?;
    let id = hash::promotion_id(&turn.rollout().uid, &inputs.target.revision, inputs.configs);
    let primary = turn.primary()?;
    let adopted = turn.next.adopted_promotion.clone();
    let carries = |has: Option<&String>| has.is_some() && (has == Some(&id) || has == adopted.as_ref());
    let Some(primary) = primary.filter(|p| carries(p.promotion_id.as_ref())) else {
        turn.act(Action::ApplyPrimary);
        return Err(Stop::Acted);
    };
    let rollout = turn.rollout();
    let say = |why: &str| rollout.say_primary_not_ready(why);
    if let Err(why) = ensure::ready(&primary.readiness, turn.now(), say)? {
        return give_up(turn, &why, &inputs.target.revision);
    }
    turn.ensure_scaler(false)?;
    turn.primary_has_endpoints()?;
    turn.take_apex()?;
    turn.take_route()?;
    turn.route_accepted()?;
    turn.apex_moved()?;
    turn.scale_down(inputs.target.replicas)?;
    complete(turn)
}

/// Starts over, for an object that was being deleted and is not any more.
pub(super) fn again(turn: &mut Turn) -> Flow {
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

fn complete(turn: &mut Turn) -> Flow {
    let inputs = turn.inputs()?;
    status::reset(&mut turn.next);
    turn.take(inputs);
    turn.next.last_promoted_spec = Some(inputs.target.revision.clone());
    turn.enter(Phase::Initialized);
    turn.note(turn.rollout().say_initialized());
    let kind = turn.rollout().target_kind.name();
    turn.alert(Severity::Info, event::alert_initialized(kind), true);
    Ok(())
}

/// The primary cannot come up. The target serves on; a change of the target tries again.
fn give_up(turn: &mut Turn, why: &str, revision: &str) -> Flow {
    let text = turn.rollout().say_primary_not_ready(why);
    turn.enter(Phase::Failed);
    turn.next.last_applied_spec = Some(revision.to_owned());
    turn.warn(text.clone());
    turn.alert(Severity::Error, text.clone(), false);
    turn.next.waiting_for = Some(text.clone());
    Err(Stop::wait(text))
}
