//! Between rollouts: keeping the objects, looking for a new revision, asking whether it may start.

use serin_api::Phase;

use super::{
    ensure, leftovers, predecessor, rollback,
    turn::{Flow, Inputs, Stop, Turn},
};
use crate::{
    event, hash,
    observe::{Primary, Synced},
    plan::{Action, Severity},
    status,
};

pub(super) fn run(turn: &mut Turn) -> Flow {
    if turn.next.rollback_reason.is_some() {
        return rollback::run(turn);
    }
    let inputs = turn.inputs()?;
    if never_initialized(turn, inputs) {
        turn.enter(Phase::Initializing);
        return Err(Stop::Acted);
    }
    turn.ensure_services()?;
    turn.ensure_apex()?;
    if changed(turn, inputs) && turn.primary()?.is_none() {
        // Nothing is left to go back to: the new revision is judged with all the traffic.
        approve(turn)?;
        return start(turn, inputs, None);
    }
    let primary = primary_or_recreate(turn, inputs)?;
    turn.ensure_scaler(true)?;
    release_hold(turn, primary);
    if !changed(turn, inputs) {
        turn.ensure_route(turn.servable(turn.desired_routing()))?;
        unchanged(turn);
        turn.route_accepted()?;
        strangers(turn)?;
        if turn.rollout().target_kind.has_pods() && turn.desired_routing().canary == 0 {
            turn.primary_has_endpoints()?;
        }
        return leftovers::clean_up(turn);
    }
    if already_promoted(turn, inputs, primary) {
        adopt(turn, inputs);
        unchanged(turn);
        return Ok(());
    }
    turn.keep_route(turn.servable(turn.desired_routing()))?;
    wait_for_primary(turn, primary)?;
    turn.route_accepted()?;
    approve(turn)?;
    start(turn, inputs, Some(primary))
}

/// Pods of others behind the primary's Service answer the application's requests.
fn strangers(turn: &Turn) -> Flow {
    let (rollout, strangers) = (turn.rollout(), turn.foreign_pods(&turn.obs.endpoints.strangers.primary));
    if strangers.is_empty() || turn.obs.services.primary != Synced::Yes {
        return Ok(());
    }
    let why = rollout.say_strangers(&rollout.primary_service(), &strangers);
    Err(Stop::wait(why).stalled("ForeignPods"))
}

/// Whether the target differs from what the last rollout saw.
pub(super) fn changed(turn: &Turn, inputs: Inputs) -> bool {
    changed_spec(turn, inputs) || changed_configs(turn, inputs)
}

fn changed_configs(turn: &Turn, inputs: Inputs) -> bool {
    turn.rollout().config_tracking && status::configs_changed(&turn.next, turn.foreign(), inputs.configs)
}

/// Whether the primary runs exactly this: nothing to release.
pub(super) fn already_promoted(turn: &Turn, inputs: Inputs, primary: &Primary) -> bool {
    let id = hash::promotion_id(&turn.rollout().uid, &inputs.target.revision, inputs.configs);
    if primary.promotion_id.as_ref() == Some(&id) {
        return turn.next.phase != Phase::Failed || turn.next.canary_weight == 0;
    }
    let tracked = turn.next.tracked_configs.is_none() || !changed_configs(turn, inputs);
    tracked && primary.matches_target
}

/// A failed initialisation is tried again when the target changes or its primary comes up after all.
fn never_initialized(turn: &Turn, inputs: Inputs) -> bool {
    let failed = turn.next.phase == Phase::Failed && turn.next.last_promoted_spec.is_none();
    let primary = turn.obs.primary.present().map(|p| &p.readiness);
    failed && (changed_spec(turn, inputs) || primary == Some(&crate::observe::Readiness::Ready))
}

fn changed_spec(turn: &Turn, inputs: Inputs) -> bool {
    turn.next.last_applied_spec.as_deref() != Some(inputs.target.revision.as_str())
}

/// A primary that somebody deleted is made again only from the revision that was promoted.
fn primary_or_recreate<'a>(turn: &mut Turn<'a>, inputs: Inputs) -> Flow<&'a Primary> {
    if let Some(primary) = turn.primary()? {
        return Ok(primary);
    }
    let promoted = turn.next.last_promoted_spec.as_deref() == Some(inputs.target.revision.as_str());
    if promoted {
        turn.act(Action::ApplyPrimary);
        return Err(Stop::Acted);
    }
    Err(Stop::wait(turn.rollout().say_primary_missing()))
}

/// After a failed promotion traffic stays on the canary until the primary is ready.
fn release_hold(turn: &mut Turn, primary: &Primary) {
    let held = turn.next.phase == Phase::Failed && turn.next.canary_weight > 0;
    if held && primary.readiness == crate::observe::Readiness::Ready && turn.primary_serves() {
        predecessor::traffic_ends(turn);
        turn.next.canary_weight = 0;
    }
}

fn unchanged(turn: &mut Turn) {
    if turn.next.phase == Phase::Waiting {
        turn.enter(Phase::Succeeded);
        turn.next.last_check_time = None;
    }
}

/// Takes over the names of what runs already, without a rollout.
fn adopt(turn: &mut Turn, inputs: Inputs) {
    turn.take(inputs);
    if turn.next.phase != Phase::Failed {
        turn.next.last_promoted_spec = Some(inputs.target.revision.clone());
    }
}

fn wait_for_primary(turn: &Turn, primary: &Primary) -> Flow {
    if turn.rollout().spec.skip_analysis {
        return Ok(());
    }
    let rollout = turn.rollout();
    // A primary that is beyond hope must not keep its replacement away.
    ensure::ready(&primary.readiness, turn.now(), |why| rollout.say_primary_not_ready(why)).map(|_| ())
}

/// Asks the gate at once when a revision is new, then once in each interval.
fn approve(turn: &mut Turn) -> Flow {
    if turn.next.phase == Phase::Waiting {
        if !turn.window_over(turn.rollout().interval) {
            return Err(Stop::Acted);
        }
        turn.rollback_hooks()?;
    }
    turn.confirm_rollout()
}

fn start(turn: &mut Turn, inputs: Inputs, primary: Option<&Primary>) -> Flow {
    let held = turn.next.phase == Phase::Failed && turn.next.canary_weight >= 100;
    begin(turn, inputs);
    if held {
        turn.next.canary_weight = 100;
    }
    turn.note(turn.rollout().say_detected());
    turn.alert(Severity::Info, event::ALERT_PROGRESSING, true);
    let replicas = turn.canary_replicas(primary)?;
    turn.scale_up(inputs.target.replicas, replicas)?;
    turn.next.waiting_for = None;
    Err(Stop::Acted)
}

/// Makes the present revision the one under analysis, from the beginning.
pub(super) fn begin(turn: &mut Turn, inputs: Inputs) {
    predecessor::traffic_ends(turn);
    status::reset(&mut turn.next);
    turn.next.checks.clear();
    turn.take(inputs);
    turn.enter(Phase::Progressing);
}
