//! One step after the other: hold the split for an interval, check, go on.

use serin_analysis::{Verdict, VerdictKind, checks, judge::judge};
use serin_api::Phase;

use super::{
    ensure,
    idle::{already_promoted, begin, changed},
    leftovers, predecessor, rollback,
    turn::{Flow, Inputs, Stop, Turn},
};
use crate::{
    Routing,
    build::PORT_NOT_FOUND,
    event::{self, RollbackCause},
    observe::{Readiness, Seen},
    plan::{Action, Ask, Level},
    strategy::{Kind, Label},
    time::later,
};

pub(super) fn run(turn: &mut Turn) -> Flow {
    if turn.next.rollback_reason.is_some() {
        return rollback::run(turn);
    }
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
        stop = Stop::wait(why.clone()).stalled(PORT_NOT_FOUND);
    }
    match (stop, &turn.obs.endpoints.canary) {
        (Stop::Wait(wait), Seen::Present(_)) => {
            let deadline = turn.phase_deadline();
            if deadline > turn.now() {
                return Err(Stop::Wait(wait).until(Some(deadline)));
            }
            rollback::begin(turn, &RollbackCause::Deadline(wait.reason().to_owned()))
        }
        (stop, _) => Err(stop),
    }
}

/// A route that no gateway takes measures nothing: in the end the version goes back.
fn accepted(turn: &mut Turn) -> Flow {
    match turn.route_accepted() {
        Err(Stop::Wait(wait)) if turn.waited_for(wait.reason()) => {
            rollback::begin(turn, &RollbackCause::Deadline(wait.reason().to_owned()))
        }
        other => other,
    }
}

/// A newer revision takes the place of the one under analysis; a way back to the promoted one ends it.
fn supersede(turn: &mut Turn, inputs: Inputs) -> Flow {
    let primary = turn.primary()?;
    let shared = turn.canary_shares();
    if primary.is_some_and(|primary| already_promoted(turn, inputs, primary)) {
        turn.note(turn.rollout().say_reverted());
        turn.take(inputs);
        turn.next.rollback_reason = Some("the target is back at the promoted revision".to_owned());
        turn.enter(Phase::Finalising);
        turn.close_window();
    } else {
        turn.note(turn.rollout().say_restarting());
        begin(turn, inputs);
    }
    turn.next.waiting_for = None;
    if shared {
        turn.shift(Routing::PRIMARY.kept_warm());
    }
    Err(Stop::Acted)
}

/// Traffic that was taken from a canary without endpoints comes back as a change of traffic.
fn note_lost_traffic(turn: &mut Turn) {
    if turn.desired_routing().canary > 0 && turn.obs.endpoints.canary == Seen::Present(0) {
        turn.close_window();
        turn.next.canary_lost_traffic = true;
    }
}

/// A route that is written meanwhile, as when the first pod of several is ready, does not end what is waited for: the
/// same reason would be told again.
fn keep_route(turn: &mut Turn) -> Flow {
    let reason = turn.next.waiting_for.clone();
    let want = turn.bearable_routing();
    if turn.next.canary_lost_traffic && turn.canary_serves() {
        if turn.primary_serves() && !turn.canary_shares() && !settled(turn) {
            return turn.keep_route(Routing { warm: want.warm, ..Routing::PRIMARY });
        }
        turn.next.canary_lost_traffic = false;
        turn.close_window();
    }
    let kept = turn.keep_route(want);
    if matches!(kept, Err(Stop::Acted)) {
        turn.next.waiting_for = reason;
    }
    kept
}

/// Whether a canary that lost its traffic has been back for an interval: gateways learn of endpoints later than of
/// weights.
fn settled(turn: &mut Turn) -> bool {
    if turn.next.last_check_time.is_none() {
        turn.open_window();
    }
    turn.window_over(turn.rollout().interval)
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
    let say = |why: &str| rollout.say_canary_not_ready(why);
    match (ensure::ready(&inputs.target.readiness, turn.now(), say), &inputs.target.readiness) {
        (Ok(Ok(())), _) => Ok(()),
        (Ok(Err(why)), _) => rollback::begin(turn, &RollbackCause::Deadline(rollout.say_canary_failed(&why))),
        (Err(stop), Readiness::NotReady { message, fatal_at: None }) => with_an_end(turn, stop, message),
        (Err(stop), _) => Err(stop),
    }
}

/// The Deployment's controller counts no deadline for pods that are missing once it was complete, as where a quota lets
/// some of them be and not all.
fn with_an_end(turn: &mut Turn, stop: Stop, why: &str) -> Flow {
    let Stop::Wait(wait) = stop else { return Err(stop) };
    if turn.waited_for(wait.reason()) {
        let cause = turn.rollout().say_canary_failed(why);
        return rollback::begin(turn, &RollbackCause::Deadline(cause));
    }
    let until = turn.wait_ends(wait.reason());
    Err(Stop::Wait(wait).until(until))
}

/// A primary beyond hope ends the rollout, unless no traffic is on it or the rollout is its rescue.
fn wait_primary(turn: &mut Turn) -> Flow {
    let rollout = turn.rollout();
    let say = |why: &str| rollout.say_primary_not_ready(why);
    // One that was deleted is made again from what is analysed here, which has all the traffic until then.
    let Some(primary) = turn.primary()? else { return Ok(()) };
    if turn.next.canary_weight >= 100 {
        return Ok(());
    }
    match ensure::ready(&primary.readiness, turn.now(), say)? {
        Err(why) if begun(turn) => rollback::begin(turn, &RollbackCause::Deadline(say(&why))),
        _ => Ok(()),
    }
}

fn position(turn: &Turn) -> usize {
    turn.rollout().strategy.position(turn.next.canary_weight, turn.next.iterations)
}

/// Whether anything was shifted. Steps that were edited may all be larger than the present weight.
fn begun(turn: &Turn) -> bool {
    position(turn) > 0 || turn.next.canary_weight > 0
}

fn tick(turn: &mut Turn) -> Flow {
    let (position, begun) = (position(turn), begun(turn));
    if begun && turn.next.last_check_time.is_none() {
        turn.open_window();
    }
    if !turn.window_over(turn.rollout().interval) {
        // A gate that is closed stays the reason until it is asked again.
        return if turn.gate().is_some() { Err(Stop::Acted) } else { Ok(()) };
    }
    turn.rollback_hooks()?;
    turn.analyse();
    if begun { check(turn, position) } else { first(turn) }
}

/// Nothing has been shifted yet: the tests before traffic, then the first step.
fn first(turn: &mut Turn) -> Flow {
    turn.note(turn.rollout().say_starting());
    if let Err(why) = turn.pre_rollout_hooks()? {
        turn.warn(turn.rollout().say_halt(&why));
        return failed(turn);
    }
    turn.warn_of_overlap();
    turn.rollout().warnings.iter().for_each(|warning| turn.warn(*warning));
    advance(turn, 0)
}

/// The analysis of one interval, and what follows from it.
fn check(turn: &mut Turn, position: usize) -> Flow {
    if let Err(why) = turn.rollout_hooks()? {
        turn.warn(turn.rollout().say_halt(&why));
        return failed(turn);
    }
    if !metrics_pass(turn)? {
        return failed(turn);
    }
    advance(turn, position)
}

fn advance(turn: &mut Turn, position: usize) -> Flow {
    if let Some(Err(stop)) = refused(turn) {
        return Err(stop);
    }
    let strategy = &turn.rollout().strategy;
    if strategy.kind == Kind::Progressive && turn.next.phase == Phase::Progressing {
        turn.confirm_traffic_increase()?;
    }
    let Some(step) = strategy.steps.get(position) else {
        turn.confirm_promotion()?;
        return promote(turn);
    };
    if matches!(step.label, Label::Switch { .. }) {
        turn.confirm_promotion()?;
    }
    step_into(turn, step.label);
    Err(Stop::Acted)
}

/// Checks go on while the API server does not take the route as it should be; the version does not.
fn refused(turn: &mut Turn) -> Option<Flow> {
    turn.obs.route.present()?.refused.as_ref()?;
    turn.open_window();
    Some(turn.route_accepted())
}

fn step_into(turn: &mut Turn, label: Label) {
    let rollout = turn.rollout();
    turn.next.waiting_for = None;
    turn.open_window();
    if turn.primary_is_lost() && rollout.router.shifts() {
        // Its replacement is tested with all of the traffic.
        turn.next.canary_weight = 100;
        turn.note(rollout.say_weight(100));
        return turn.shift(turn.bearable_routing());
    }
    match label {
        Label::Weight(weight) => {
            turn.next.canary_weight = i64::from(weight);
            turn.note(rollout.say_weight(weight));
        }
        Label::Mirror => {
            turn.next.iterations = 1;
            turn.note(rollout.say_weight(0));
        }
        Label::Iteration { n, of } => {
            turn.next.iterations = n;
            turn.note(rollout.say_iteration(n, of));
        }
        Label::Switch { mirrored, announced } => {
            turn.next.iterations = turn.next.iterations.saturating_add(1);
            if announced {
                turn.note(if mirrored { event::STOP_MIRRORING } else { event::ROUTING_TO_CANARY });
            }
        }
    }
    turn.shift(turn.bearable_routing());
}

/// The decision is written before the primary is touched: from here on this revision is the next stable.
fn promote(turn: &mut Turn) -> Flow {
    turn.note(turn.rollout().say_copying());
    turn.enter(Phase::Promoting);
    turn.next.waiting_for = None;
    turn.next.last_check_time = None;
    turn.act(Action::ApplyPrimary);
    Err(Stop::Acted)
}

fn failed(turn: &mut Turn) -> Flow {
    turn.next.failed_checks = turn.next.failed_checks.saturating_add(1);
    turn.next.waiting_for = None;
    turn.open_window();
    let failed = turn.next.failed_checks;
    if failed >= turn.rollout().threshold {
        return rollback::begin(turn, &RollbackCause::Threshold(failed));
    }
    turn.wake_at(later(turn.now(), turn.rollout().interval));
    Err(Stop::Acted)
}

fn metrics_pass(turn: &mut Turn) -> Flow<bool> {
    let rollout = turn.rollout();
    let checks = checks::plan(&rollout.spec.analysis.metrics, &rollout.subject());
    if checks.is_empty() {
        return Ok(true);
    }
    let Some(outcomes) = &turn.obs.answers.checks else { return Err(Stop::Ask(Ask::Checks)) };
    let judged = checks.iter().zip(outcomes).map(|(c, o)| (judge(c, &o.outcome), c, o));
    let judged: Vec<_> =
        judged.map(|(verdict, c, o)| (predecessor::judged(turn, verdict, c, o), c, o)).collect();
    turn.next.checks = judged.iter().map(|(verdict, c, o)| verdict.status(c, o)).collect();
    let held = |verdict: &Verdict| verdict.kind == VerdictKind::Held;
    if let Some((bad, ..)) = judged.iter().find(|(verdict, ..)| !verdict.pass && !held(verdict)) {
        let level = if bad.error_level { Level::Error } else { Level::Warning };
        turn.say(level, bad.message.clone().unwrap_or_default());
        return Ok(false);
    }
    predecessor::hold(turn, judged.iter().map(|(verdict, check, _)| (verdict, *check)))?;
    Ok(judged.len() == checks.len())
}
