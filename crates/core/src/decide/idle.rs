//! Between rollouts: keeping the objects, looking for a new revision, asking whether it may start.

use super::{
    ensure, leftovers, predecessor,
    turn::{Flow, Inputs, Stop, Turn},
};
use crate::{
    event::{AlertKind, EventKind},
    hash,
    observe::{Primary, Synced},
    plan::Action,
    reason::WaitReason,
    state::{Analysis, Cause, HoldKind, Progress, Stage, configs},
};

pub(super) fn run(turn: &mut Turn) -> Flow {
    let inputs = turn.inputs()?;
    if never_initialized(turn, inputs) {
        let adopted = turn.next.stage.adopted().cloned();
        turn.enter(Stage::Initializing { adopted });
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
    let service = rollout.primary_service();
    Err(Stop::from(WaitReason::ForeignPods { service, workloads: strangers }).stalled("ForeignPods"))
}

/// Whether the target differs from what the last rollout saw.
pub(super) fn changed(turn: &Turn, inputs: Inputs) -> bool {
    changed_spec(turn, inputs) || changed_configs(turn, inputs)
}

fn changed_configs(turn: &Turn, inputs: Inputs) -> bool {
    let known = turn.next.configs.as_ref();
    turn.rollout().config_tracking && configs::changed(known, turn.foreign(), inputs.configs)
}

/// Whether the primary runs exactly this: nothing to release.
pub(super) fn already_promoted(turn: &Turn, inputs: Inputs, primary: &Primary) -> bool {
    let id = hash::promotion_id(&turn.rollout().uid, &inputs.target.revision, inputs.configs);
    if primary.promotion_id.as_ref() == Some(&id) {
        return turn.next.stage.held() == 0 || !matches!(turn.next.stage, Stage::Failed { .. });
    }
    let tracked = turn.next.configs.is_none() || !changed_configs(turn, inputs);
    tracked && primary.matches_target
}

/// A failed initialisation is tried again when the target changes or its primary comes up after all.
fn never_initialized(turn: &Turn, inputs: Inputs) -> bool {
    let failed = matches!(turn.next.stage, Stage::Failed { .. }) && turn.next.promoted.is_none();
    let primary = turn.obs.primary.present().map(|p| &p.readiness);
    failed && (changed_spec(turn, inputs) || primary == Some(&crate::observe::Readiness::Ready))
}

fn changed_spec(turn: &Turn, inputs: Inputs) -> bool {
    turn.next.applied.as_deref() != Some(inputs.target.revision.as_str())
}

/// A primary that somebody deleted is made again only from the revision that was promoted.
fn primary_or_recreate<'a>(turn: &mut Turn<'a>, inputs: Inputs) -> Flow<&'a Primary> {
    if let Some(primary) = turn.primary()? {
        return Ok(primary);
    }
    let promoted = turn.next.promoted.as_deref() == Some(inputs.target.revision.as_str());
    if promoted {
        turn.act(Action::ApplyPrimary);
        return Err(Stop::Acted);
    }
    Err(WaitReason::PrimaryMissing.into())
}

/// After a failed promotion traffic stays on the canary until the primary is ready.
fn release_hold(turn: &mut Turn, primary: &Primary) {
    let held = matches!(turn.next.stage, Stage::Failed { held, .. } if held > 0);
    if held && primary.readiness == crate::observe::Readiness::Ready && turn.primary_serves() {
        predecessor::traffic_ends(turn);
        turn.next.stage = Stage::failed(0);
    }
}

fn is_waiting(turn: &Turn) -> bool {
    matches!(turn.next.stage, Stage::WaitingToStart { .. })
}

/// What makes the present revision a new one.
fn cause(turn: &Turn, inputs: Inputs) -> Cause {
    let changed = configs::first_changed(turn.next.configs.as_ref(), inputs.configs);
    match changed.filter(|_| !changed_spec(turn, inputs)) {
        Some(config) => Cause::Config(config.to_owned()),
        None => Cause::Template,
    }
}

fn unchanged(turn: &mut Turn) {
    if is_waiting(turn) {
        turn.enter(Stage::Succeeded);
        turn.release();
    }
}

/// Takes over the names of what runs already, without a rollout.
fn adopt(turn: &mut Turn, inputs: Inputs) {
    turn.take(inputs);
    if !matches!(turn.next.stage, Stage::Failed { .. }) {
        turn.next.promoted = Some(inputs.target.revision.clone());
    }
}

fn wait_for_primary(turn: &Turn, primary: &Primary) -> Flow {
    if turn.rollout().spec.skip_analysis {
        return Ok(());
    }
    // A primary that is beyond hope must not keep its replacement away.
    ensure::ready(&primary.readiness, turn.now(), WaitReason::PrimaryNotReady).map(|_| ())
}

/// Asks the gate at once when a revision is new, then once in each interval.
fn approve(turn: &mut Turn) -> Flow {
    if is_waiting(turn) {
        if !turn.held_enough(HoldKind::Check) {
            return Err(Stop::Acted);
        }
        turn.rollback_hooks()?;
    }
    turn.confirm_rollout()
}

fn start(turn: &mut Turn, inputs: Inputs, primary: Option<&Primary>) -> Flow {
    let held = matches!(turn.next.stage, Stage::Failed { held, .. } if held >= 100);
    begin(turn, inputs);
    if held {
        let progress = Progress { entered: turn.rollout().strategy.steps.len(), weight: 100 };
        turn.next.analysing(|analysis| analysis.progress = progress);
    }
    turn.tell(&EventKind::Detected);
    turn.alert(&AlertKind::Progressing);
    let replicas = turn.canary_replicas(primary)?;
    turn.scale_up(inputs.target.replicas, replicas)?;
    turn.next.waiting = None;
    Err(Stop::Acted)
}

/// Makes the present revision the one under analysis, from the beginning.
pub(super) fn begin(turn: &mut Turn, inputs: Inputs) {
    predecessor::traffic_ends(turn);
    let cause = cause(turn, inputs);
    turn.next.forget_rollout();
    turn.next.checks.clear();
    turn.take(inputs);
    turn.begin_run(&cause);
    turn.enter(Stage::Analysing(Analysis::default()));
}
