//! The analysed revision becomes the primary, and traffic goes back to it.

use super::{
    ensure,
    idle::{begin, changed},
    predecessor,
    turn::{Flow, Inputs, Stop, Turn},
};
use crate::{
    Routing,
    event::{AlertKind, EventKind},
    hash,
    observe::{Primary, Seen},
    plan::Action,
    reason::WaitReason,
    state::{HoldKind, Progress, Stage},
};

pub(super) fn run(turn: &mut Turn) -> Flow {
    turn.ensure_services()?;
    turn.ensure_apex()?;
    let primary = copied(turn)?;
    overtaken(turn)?;
    turn.ensure_scaler(true)?;
    if let Err(why) = ensure::ready(&primary.readiness, turn.now(), WaitReason::PrimaryNotReady)? {
        return fail(turn, &why);
    }
    turn.primary_has_endpoints()?;
    turn.ensure_route(turn.bearable_routing())?;
    turn.route_accepted()?;
    shift(turn)
}

/// The primary, once it carries what was analysed. Only that is ever copied: when the target has moved
/// on before the copy was made, the newer revision is analysed instead.
fn copied<'a>(turn: &mut Turn<'a>) -> Flow<&'a Primary> {
    let primary = turn.primary()?;
    let id = promoted_id(turn);
    let adopted = turn.next.stage.adopted();
    let carries = |has: Option<&String>| has.is_some() && (has == Some(&id) || has == adopted);
    if let Some(primary) = primary.filter(|p| carries(p.promotion_id.as_ref())) {
        return Ok(primary);
    }
    let inputs = turn.inputs()?;
    if changed(turn, inputs) {
        return supersede(turn, inputs);
    }
    turn.act(Action::ApplyPrimary);
    Err(Stop::Acted)
}

/// The canary's pods are of a newer version than the one that was approved: nobody has judged it, and it gets nothing
/// more as long as the primary serves.
fn overtaken(turn: &mut Turn) -> Flow {
    let Ok(inputs) = turn.inputs() else { return Ok(()) };
    if turn.desired_routing().canary == 0 || !changed(turn, inputs) || !turn.primary_serves() {
        return Ok(());
    }
    predecessor::traffic_ends(turn);
    set_progress(turn, Progress::default());
    turn.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

/// How much of the traffic the canary still has.
fn set_progress(turn: &mut Turn, now: Progress) {
    if let Stage::Promoting { progress, .. } = &mut turn.next.stage {
        *progress = now;
    }
}

fn promoted_id(turn: &Turn) -> String {
    let revision = turn.next.applied.as_deref().unwrap_or_default();
    let configs = turn.next.configs.clone().filter(|_| turn.rollout().config_tracking).unwrap_or_default();
    hash::promotion_id(&turn.rollout().uid, revision, &configs)
}

fn supersede<T>(turn: &mut Turn, inputs: Inputs) -> Flow<T> {
    turn.tell(&EventKind::Restarting);
    begin(turn, inputs);
    turn.next.waiting = None;
    turn.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

fn shift(turn: &mut Turn) -> Flow {
    let step = turn.rollout().strategy.promotion_step;
    let canary = turn.desired_routing().canary;
    if !turn.rollout().router.shifts() {
        return finalise(turn);
    }
    old_pods_gone(turn)?;
    if step == 0 || canary == 0 {
        old_pods_forgotten(turn)?;
        turn.tell(&EventKind::RoutingToPrimary);
        return finalise(turn);
    }
    if !turn.held_enough(HoldKind::Check) {
        return Ok(());
    }
    let left = canary.saturating_sub(step);
    let primary = Routing::weighted(left).primary();
    turn.tell(&EventKind::PrimaryWeight(primary));
    if left == 0 {
        return finalise(turn);
    }
    set_progress(turn, Progress { weight: left, ..turn.next.stage.progress() });
    turn.hold(HoldKind::Check);
    turn.shift(turn.bearable_routing());
    Err(Stop::Acted)
}

/// Whether some users are to stay on the version that they saw, which the canary has had alone until now.
fn users_stay(turn: &Turn) -> bool {
    turn.rollout().affinity().is_some() && turn.desired_routing().canary > 0
}

/// Users who are to stay on the version that they saw must not meet a pod of the old one. A ready primary may still
/// have pods that are about to end and serve to the last, and a gateway may know them longer than any pause that
/// could be chosen: they have to be gone. Endpoints tell of them later than the primary of its readiness, so that they are
/// looked for until traffic moves.
fn old_pods_gone(turn: &mut Turn) -> Flow {
    let moves = turn.next.hold.is_some() && turn.rollout().strategy.promotion_step > 0;
    if !users_stay(turn) || moves {
        return Ok(());
    }
    let leaving = turn.known("endpoints", &turn.obs.endpoints.leaving)?.copied().unwrap_or(0);
    if leaving == 0 {
        turn.next.waiting = None;
        return Ok(());
    }
    let reason = WaitReason::PrimaryPodsLeave(leaving);
    let deadline = turn.wait_ends(&reason).unwrap_or_else(|| turn.phase_deadline());
    if deadline <= turn.now() {
        return Ok(());
    }
    turn.release();
    Err(Stop::from(reason).until(Some(deadline)))
}

/// A pod of the old version that is gone must not be sent a request any more.
fn old_pods_forgotten(turn: &mut Turn) -> Flow {
    if !users_stay(turn) {
        return Ok(());
    }
    turn.hold_if_none(HoldKind::Drain);
    if turn.held_enough(HoldKind::Drain) { Ok(()) } else { Err(Stop::Acted) }
}

fn finalise(turn: &mut Turn) -> Flow {
    predecessor::traffic_ends(turn);
    turn.enter(Stage::Finalising { progress: Progress::default() });
    turn.next.waiting = None;
    turn.release();
    turn.shift(Routing::PRIMARY.kept_warm());
    Err(Stop::Acted)
}

/// The primary does not come up with the new revision: the canary, which does, keeps the traffic.
pub(super) fn fail(turn: &mut Turn, why: &str) -> Flow {
    let canary_serves = matches!(turn.obs.endpoints.canary, Seen::Present(n) if n > 0);
    let current = turn.obs.route.present().and_then(|r| r.routing).unwrap_or(Routing::PRIMARY);
    let weight = if canary_serves { 100 } else { current.canary };
    turn.tell(&EventKind::PromotionFailed(why.to_owned()));
    turn.alert(&AlertKind::PromotionFailed(why.to_owned()));
    turn.next.forget_rollout();
    turn.next.waiting = None;
    turn.enter(Stage::failed(weight));
    turn.end(false);
    turn.shift(Routing::weighted(weight));
    Err(Stop::Acted)
}
