//! One step after the other: hold the split for an interval, check, go on.

use super::{
    ensure,
    gates::ask,
    idle::{already_promoted, begin, changed},
    leftovers, rollback, round,
    turn::{Flow, Inputs, Stop, Turn},
};
use crate::{
    Routing,
    build::PORT_NOT_FOUND,
    event::{EventKind, RollbackCause},
    observe::{Readiness, Seen},
    plan::Action,
    reason::{WaitReason, canary_not_ready},
    rollout::HookKind,
    state::{Entered, HoldKind, Progress, Stage},
    strategy::{Label, Step},
    time::later,
};
use serin_api::Phase;

pub(super) fn run(turn: &mut Turn) -> Flow {
    let inputs = turn.inputs()?;
    if changed(turn, inputs) {
        return supersede(turn, inputs);
    }
    if !begun(turn) {
        leftovers::former_route_gone(turn)?;
    }
    turn.ensure_services()?;
    turn.ensure_apex()?;
    if turn.next.failed_checks >= turn.rollout().threshold {
        return rollback::begin(turn, &RollbackCause::Threshold(turn.next.failed_checks));
    }
    note_lost_traffic(turn);
    keep_route(turn)?;
    scaled_up(turn, inputs)?;
    wait_ready(turn, inputs)?;
    reachable(turn)?;
    if turn.rollout().spec.skip_analysis {
        return promote(turn);
    }
    if turn.obs.route.present().is_none_or(|route| route.refused.is_none()) {
        accepted(turn)?;
    }
    tick(turn)
}

/// Pods that are ready, and that no request can reach, are no canary: what is promoted has to be served.
fn reachable(turn: &mut Turn) -> Flow {
    let Err(mut stop) = turn.canary_has_endpoints() else { return Ok(()) };
    if let Some(why) = &turn.obs.endpoints.unreachable {
        stop = Stop::from(WaitReason::Unreachable(why.clone())).stalled(PORT_NOT_FOUND);
    }
    match (stop, &turn.obs.endpoints.canary) {
        (Stop::Wait(wait), Seen::Present(_)) => {
            let deadline = turn.phase_deadline();
            if deadline > turn.now() {
                return Err(Stop::Wait(wait).until(Some(deadline)));
            }
            rollback::begin(turn, &RollbackCause::Deadline(wait.text(turn.rollout())))
        }
        (stop, _) => Err(stop),
    }
}

/// A route that no gateway takes measures nothing: in the end the version goes back.
fn accepted(turn: &mut Turn) -> Flow {
    match turn.route_accepted() {
        Err(Stop::Wait(wait)) if turn.waited_for(wait.reason()) => {
            rollback::begin(turn, &RollbackCause::Deadline(wait.text(turn.rollout())))
        }
        other => other,
    }
}

/// A newer revision takes the place of the one under analysis; a way back to the promoted one ends it.
fn supersede(turn: &mut Turn, inputs: Inputs) -> Flow {
    let primary = turn.primary()?;
    let shared = turn.canary_shares();
    if primary.is_some_and(|primary| already_promoted(turn, inputs, primary)) {
        turn.tell(&EventKind::Reverted);
        turn.take(inputs);
        let progress = turn.next.stage.progress();
        let cause = "the target is back at the promoted revision".to_owned();
        turn.enter(Stage::CalledOff { cause, progress });
        turn.release();
    } else {
        turn.tell(&EventKind::Restarting);
        begin(turn, inputs);
    }
    turn.next.waiting = None;
    if shared {
        turn.shift(Routing::PRIMARY.kept_warm());
    }
    Err(Stop::Acted)
}

/// Traffic that was taken from a canary without endpoints comes back as a change of traffic.
fn note_lost_traffic(turn: &mut Turn) {
    if turn.desired_routing().canary > 0 && turn.obs.endpoints.canary == Seen::Present(0) {
        turn.release();
        turn.next.analysing(|analysis| analysis.lost_traffic = true);
    }
}

/// A route that is written meanwhile, as when the first pod of several is ready, does not end what is waited for: the
/// same reason would be told again.
fn keep_route(turn: &mut Turn) -> Flow {
    let reason = turn.next.waiting.clone();
    let want = turn.bearable_routing();
    if turn.next.stage.lost_traffic() && turn.canary_serves() {
        if turn.primary_serves() && !turn.canary_shares() && !settled(turn) {
            return turn.keep_route(Routing { warm: want.warm, ..Routing::PRIMARY });
        }
        turn.next.analysing(|analysis| analysis.lost_traffic = false);
        turn.release();
    }
    let kept = turn.keep_route(want);
    if matches!(kept, Err(Stop::Acted)) {
        turn.next.waiting = reason;
    }
    kept
}

/// Whether a canary that lost its traffic has been back for an interval: gateways learn of endpoints later than of
/// weights.
fn settled(turn: &mut Turn) -> bool {
    turn.hold_if_none(HoldKind::Settle);
    turn.held_enough(HoldKind::Settle)
}

/// The start of the rollout may have been cut off before the target was scaled up.
fn scaled_up(turn: &mut Turn, inputs: Inputs) -> Flow {
    if !turn.is_down(inputs.target.replicas)? {
        return Ok(());
    }
    let replicas = turn.canary_replicas(turn.primary()?)?;
    turn.scale_up(inputs.target.replicas, replicas)?;
    Err(Stop::Acted)
}

fn wait_ready(turn: &mut Turn, inputs: Inputs) -> Flow {
    let rollout = turn.rollout();
    if !rollout.spec.skip_analysis {
        wait_primary(turn)?;
    }
    let ready = ensure::ready(&inputs.target.readiness, turn.now(), WaitReason::CanaryNotReady);
    match (ready, &inputs.target.readiness) {
        (Ok(Ok(())), _) => Ok(()),
        (Ok(Err(why)), _) => {
            rollback::begin(turn, &RollbackCause::Deadline(canary_not_ready(rollout, false, &why)))
        }
        (Err(stop), Readiness::NotReady { message, fatal_at: None }) => with_an_end(turn, stop, message),
        (Err(stop), _) => Err(stop),
    }
}

/// The Deployment's controller counts no deadline for pods that are missing once it was complete, as where a quota lets
/// some of them be and not all.
fn with_an_end(turn: &mut Turn, stop: Stop, why: &str) -> Flow {
    let Stop::Wait(wait) = stop else { return Err(stop) };
    if turn.waited_for(wait.reason()) {
        let cause = canary_not_ready(turn.rollout(), false, why);
        return rollback::begin(turn, &RollbackCause::Deadline(cause));
    }
    let until = turn.wait_ends(wait.reason());
    Err(Stop::Wait(wait).until(until))
}

/// A primary beyond hope ends the rollout, unless no traffic is on it or the rollout is its rescue.
fn wait_primary(turn: &mut Turn) -> Flow {
    let rollout = turn.rollout();
    // One that was deleted is made again from what is analysed here, which has all the traffic until then.
    let Some(primary) = turn.primary()? else { return Ok(()) };
    if turn.next.stage.weight() >= 100 {
        return Ok(());
    }
    match ensure::ready(&primary.readiness, turn.now(), WaitReason::PrimaryNotReady)? {
        Err(why) if begun(turn) => {
            rollback::begin(turn, &RollbackCause::Deadline(rollout.say_primary_not_ready(&why)))
        }
        _ => Ok(()),
    }
}

/// Whether anything was shifted. Steps that were edited may all be larger than the present weight.
fn begun(turn: &Turn) -> bool {
    turn.next.stage.progress().has_begun()
}

fn tick(turn: &mut Turn) -> Flow {
    let begun = begun(turn);
    if begun {
        turn.hold_if_none(HoldKind::Check);
    }
    if !turn.held_enough(HoldKind::Check) {
        // A gate that is closed stays the reason until it is asked again.
        return if turn.asked_again().is_some() { Err(Stop::Acted) } else { Ok(()) };
    }
    turn.rollback_hooks()?;
    turn.analyse();
    if begun { check(turn) } else { first(turn) }
}

/// Begins the analysis: runs the tests before traffic, then applies the first step.
fn first(turn: &mut Turn) -> Flow {
    turn.tell(&EventKind::Starting);
    if !turn.pre_rollout_hooks()? {
        return failed(turn);
    }
    turn.warn_of_overlap();
    turn.rollout().warnings.iter().for_each(|it| turn.tell(&EventKind::Unsupported(*it)));
    advance(turn)
}

/// The analysis of one interval, and what follows from it. Hooks and metrics are asked at the same time.
fn check(turn: &mut Turn) -> Flow {
    let mut asks = turn.unasked(HookKind::Rollout, Phase::Progressing);
    asks.extend(round::unmeasured(turn));
    ask(asks)?;
    if !turn.rollout_hooks()? || !round::passes(turn)? {
        return failed(turn);
    }
    advance(turn)
}

/// Enters the next step, or promotes after the last one, once the gates before it are open.
fn advance(turn: &mut Turn) -> Flow {
    if let Some(Err(stop)) = refused(turn) {
        return Err(stop);
    }
    let (strategy, place) = (&turn.rollout().strategy, turn.next.stage.progress().entered);
    turn.pass_gates(strategy.steps.gates(place))?;
    let Some(step) = strategy.steps.get(place) else { return promote(turn) };
    step_into(turn, place, step);
    Err(Stop::Acted)
}

/// Checks go on while the API server does not take the route as it should be; the version does not.
fn refused(turn: &mut Turn) -> Option<Flow> {
    turn.obs.route.present()?.refused.as_ref()?;
    turn.hold(HoldKind::Check);
    Some(turn.route_accepted())
}

fn step_into(turn: &mut Turn, place: usize, step: Step) {
    let rollout = turn.rollout();
    turn.next.waiting = None;
    turn.hold(HoldKind::Check);
    let progress = if turn.primary_is_lost() && rollout.router.shifts() {
        // Its replacement is tested with all of the traffic.
        turn.tell(&EventKind::Weight(100));
        Progress { entered: rollout.strategy.steps.len(), weight: 100 }
    } else {
        announce(turn, step.label);
        Progress { entered: place.saturating_add(1), weight: step.label.weight() }
    };
    turn.next.analysing(|analysis| analysis.progress = progress);
    let (at, weight) = (turn.now(), progress.split(&rollout.strategy).canary);
    let entered = Entered { place: i64::try_from(place).unwrap_or(i64::MAX), weight, at };
    turn.next.run.iter_mut().for_each(|run| run.enter(entered));
    turn.shift(turn.bearable_routing());
}

fn announce(turn: &mut Turn, label: Label) {
    match label {
        Label::Weight(weight) => turn.tell(&EventKind::Weight(weight)),
        Label::Mirror => turn.tell(&EventKind::Weight(0)),
        Label::Iteration { n, of } => turn.tell(&EventKind::Iteration { n, of }),
        Label::Switch { announced: false, .. } => {}
        Label::Switch { mirrored: true, .. } => turn.tell(&EventKind::MirroringEnds),
        Label::Switch { mirrored: false, .. } => turn.tell(&EventKind::RoutingToCanary),
    }
}

/// The decision is written before the primary is touched: from here on this revision is the next stable.
fn promote(turn: &mut Turn) -> Flow {
    turn.tell(&EventKind::Copying);
    let progress = turn.next.stage.progress();
    turn.enter(Stage::Promoting { progress, adopted: None });
    turn.next.waiting = None;
    turn.release();
    turn.act(Action::ApplyPrimary);
    Err(Stop::Acted)
}

fn failed(turn: &mut Turn) -> Flow {
    turn.next.failed_checks = turn.next.failed_checks.saturating_add(1);
    turn.next.waiting = None;
    turn.hold(HoldKind::Check);
    let failed = turn.next.failed_checks;
    if failed >= turn.rollout().threshold {
        return rollback::begin(turn, &RollbackCause::Threshold(failed));
    }
    turn.wake_at(later(turn.now(), turn.rollout().interval));
    Err(Stop::Acted)
}
