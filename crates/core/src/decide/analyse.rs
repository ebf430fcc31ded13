//! One step after the other: hold the split for an interval, check, go on.

use super::{
    builder::{Flow, Inputs, PlanBuilder, Stop, Wait},
    ensure,
    idle::{already_promoted, begin, begin_for, changed},
    orphans, rollback, round,
};
use crate::{
    Routing,
    build::PORT_NOT_FOUND,
    event::{EventKind, RollbackCause},
    observe::{Readiness, Seen},
    plan::Action,
    reason::{WaitReason, canary_not_ready},
    state::{Analysis, Cause, Entered, HoldKind, Progress, Stage},
    strategy::{Label, Step},
    time::later,
};

pub(super) fn run(plan: &mut PlanBuilder) -> Flow {
    let inputs = plan.inputs()?;
    if changed(plan, inputs) {
        return supersede(plan, inputs);
    }
    if !begun(plan) {
        orphans::former_route_gone(plan)?;
    }
    plan.ensure_services()?;
    plan.ensure_apex()?;
    if plan.next.failed_checks >= plan.rollout().threshold {
        return rollback::begin(plan, &RollbackCause::Threshold(plan.next.failed_checks));
    }
    note_lost_traffic(plan);
    keep_route(plan)?;
    scaled_up(plan, inputs)?;
    wait_ready(plan, inputs)?;
    reachable(plan)?;
    if skips_steps(plan) {
        plan.not_paused()?;
        return promote(plan);
    }
    if plan.obs.route.present().is_none_or(|route| route.refused.is_none()) {
        accepted(plan)?;
    }
    tick(plan)
}

/// Whether the revision is promoted as soon as it can be, without steps and checks.
fn skips_steps(plan: &PlanBuilder) -> bool {
    let asked = matches!(plan.next.stage, Stage::Analysing(Analysis { promote_full: true, .. }));
    plan.rollout().spec.skip_analysis || asked
}

/// Pods that are ready, and that no request can reach, are no canary: what is promoted has to be served.
fn reachable(plan: &mut PlanBuilder) -> Flow {
    let Err(mut stop) = plan.canary_has_endpoints() else { return Ok(()) };
    if let Some(why) = &plan.obs.endpoints.unreachable {
        stop = Stop::from(WaitReason::Unreachable(why.clone())).stalled(PORT_NOT_FOUND);
    }
    match (stop, &plan.obs.endpoints.canary) {
        (Stop::Wait(wait), Seen::Present(_)) => {
            let deadline = plan.phase_deadline();
            if deadline > plan.now() {
                return Err(Stop::Wait(wait).until(Some(deadline)));
            }
            rollback::begin(plan, &RollbackCause::Deadline(wait.text(plan.rollout())))
        }
        (stop, _) => Err(stop),
    }
}

/// A route that no gateway takes measures nothing: in the end the version goes back.
fn accepted(plan: &mut PlanBuilder) -> Flow {
    match plan.route_accepted() {
        Err(Stop::Wait(wait)) if plan.waited_for(wait.reason()) => {
            rollback::begin(plan, &RollbackCause::Deadline(wait.text(plan.rollout())))
        }
        other => other,
    }
}

/// A newer revision takes the place of the one under analysis; a way back to the promoted one ends it.
fn supersede(plan: &mut PlanBuilder, inputs: Inputs) -> Flow {
    let primary = plan.primary()?;
    let shared = plan.canary_shares();
    if primary.is_some_and(|primary| already_promoted(plan, inputs, primary)) {
        plan.tell(&EventKind::Reverted);
        plan.take(inputs);
        let progress = plan.next.stage.progress();
        let cause = "the target is back at the promoted revision".to_owned();
        plan.enter(Stage::CalledOff { cause, progress });
        plan.release();
    } else {
        plan.tell(&EventKind::Restarting);
        begin(plan, inputs);
    }
    plan.next.waiting = None;
    if shared {
        plan.shift(Routing::PRIMARY.kept_warm());
    }
    Err(Stop::Acted)
}

/// Traffic that was taken from a canary without endpoints comes back as a change of traffic.
fn note_lost_traffic(plan: &mut PlanBuilder) {
    if plan.desired_routing().canary > 0 && plan.obs.endpoints.canary == Seen::Present(0) {
        plan.release();
        plan.next.analysing(|analysis| analysis.lost_traffic = true);
    }
}

/// A route that is written meanwhile, as when the first pod of several is ready, does not end what is waited for: the
/// same reason would be told again.
fn keep_route(plan: &mut PlanBuilder) -> Flow {
    let reason = plan.next.waiting.clone();
    let want = plan.safe_routing();
    if plan.next.stage.lost_traffic() && plan.canary_serves() {
        if plan.primary_serves() && !plan.canary_shares() && !settled(plan) {
            return plan.keep_route(Routing { warm: want.warm, ..Routing::PRIMARY });
        }
        plan.next.analysing(|analysis| analysis.lost_traffic = false);
        plan.release();
    }
    let kept = plan.keep_route(want);
    if matches!(kept, Err(Stop::Acted)) {
        plan.next.waiting = reason;
    }
    kept
}

/// Whether a canary that lost its traffic has been back for an interval: gateways learn of endpoints later than of
/// weights.
fn settled(plan: &mut PlanBuilder) -> bool {
    plan.hold_if_none(HoldKind::Settle);
    plan.held_enough(HoldKind::Settle)
}

/// The start of the rollout may have been cut off before the target was scaled up.
fn scaled_up(plan: &mut PlanBuilder, inputs: Inputs) -> Flow {
    if !plan.is_down(inputs.target.replicas)? {
        return Ok(());
    }
    let replicas = plan.canary_replicas(plan.primary()?)?;
    plan.scale_up(inputs.target.replicas, replicas)?;
    Err(Stop::Acted)
}

fn wait_ready(plan: &mut PlanBuilder, inputs: Inputs) -> Flow {
    let rollout = plan.rollout();
    if !skips_steps(plan) {
        wait_primary(plan)?;
    }
    let ready = ensure::ready(&inputs.target.readiness, plan.now(), WaitReason::CanaryNotReady);
    match (ready, &inputs.target.readiness) {
        (Ok(Ok(())), _) => Ok(()),
        (Ok(Err(why)), _) => {
            rollback::begin(plan, &RollbackCause::Deadline(canary_not_ready(rollout, false, &why)))
        }
        (Err(stop), Readiness::NotReady { message, fatal_at: None }) => with_an_end(plan, stop, message),
        (Err(stop), _) => Err(stop),
    }
}

/// The Deployment's controller counts no deadline for pods that are missing once it was complete, as where a quota lets
/// some of them be and not all.
fn with_an_end(plan: &mut PlanBuilder, stop: Stop, why: &str) -> Flow {
    let Stop::Wait(wait) = stop else { return Err(stop) };
    if plan.waited_for(wait.reason()) {
        let cause = canary_not_ready(plan.rollout(), false, why);
        return rollback::begin(plan, &RollbackCause::Deadline(cause));
    }
    let until = plan.wait_ends(wait.reason());
    Err(Stop::Wait(wait).until(Some(until)))
}

/// A primary beyond hope ends the rollout, unless no traffic is on it or the rollout is its rescue.
fn wait_primary(plan: &mut PlanBuilder) -> Flow {
    let rollout = plan.rollout();
    // One that was deleted is made again from what is analysed here, which has all the traffic until then.
    let Some(primary) = plan.primary()? else { return Ok(()) };
    if plan.next.stage.weight() >= 100 {
        return Ok(());
    }
    match ensure::ready(&primary.readiness, plan.now(), WaitReason::PrimaryNotReady)? {
        Err(why) if begun(plan) => {
            rollback::begin(plan, &RollbackCause::Deadline(rollout.say_primary_not_ready(&why)))
        }
        _ => Ok(()),
    }
}

/// Whether anything was shifted. Steps that were edited may all be larger than the present weight.
fn begun(plan: &PlanBuilder) -> bool {
    plan.next.stage.progress().has_begun()
}

fn tick(plan: &mut PlanBuilder) -> Flow {
    let begun = begun(plan);
    if begun {
        plan.hold_if_none(HoldKind::Check);
    } else {
        plan.not_paused()?;
    }
    if !plan.held_enough(HoldKind::Check) {
        if let Some(refused) = refused(plan) {
            return refused;
        }
        plan.not_paused()?;
        // A gate that is closed stays the reason until it is asked again.
        return if plan.asked_again().is_some() { Err(Stop::Acted) } else { Ok(()) };
    }
    plan.rollback_hooks()?;
    plan.analyse();
    if begun { check(plan) } else { first(plan) }
}

/// Begins the analysis: runs the tests before traffic, then applies the first step.
fn first(plan: &mut PlanBuilder) -> Flow {
    plan.tell(&EventKind::Starting);
    if !plan.pre_rollout_hooks()? {
        return failed(plan);
    }
    plan.warn_of_overlap();
    plan.rollout().warnings.iter().for_each(|it| plan.tell(&EventKind::Unsupported(*it)));
    advance(plan)
}

/// The analysis of one interval, and what follows from it. Metrics come after the hooks, which may make the load that is
/// measured.
fn check(plan: &mut PlanBuilder) -> Flow {
    if !plan.rollout_hooks()? || !round::passes(plan)? {
        return failed(plan);
    }
    advance(plan)
}

/// Enters the next step, or promotes after the last one, once the gates before it are open.
fn advance(plan: &mut PlanBuilder) -> Flow {
    if let Some(Err(stop)) = refused(plan) {
        plan.hold(HoldKind::Check);
        return Err(stop);
    }
    plan.not_paused_after_round()?;
    let place = plan.next.stage.progress().entered;
    plan.pass_gates(plan.rollout().strategy.steps.gates(place))?;
    go_on(plan)
}

/// Enters the next step, or promotes after the last one.
fn go_on(plan: &mut PlanBuilder) -> Flow {
    let place = plan.next.stage.progress().entered;
    let Some(step) = plan.rollout().strategy.steps.get(place) else { return promote(plan) };
    step_into(plan, place, step);
    Err(Stop::Acted)
}

/// Why the next step cannot be entered now, if so: only gates, time and a pause can be passed over.
pub(super) fn unready(plan: &PlanBuilder, inputs: Inputs) -> Option<Wait> {
    let ready = ensure::ready(&inputs.target.readiness, plan.now(), WaitReason::CanaryNotReady);
    let failed = |why: String| Err(Stop::from(WaitReason::CanaryNotReady(why)));
    let ready = ready.and_then(|ready| ready.or_else(failed));
    let all = ready.and_then(|()| plan.canary_has_endpoints()).and_then(|()| plan.route_accepted());
    match all {
        Err(Stop::Wait(wait)) => Some(wait),
        _ => None,
    }
}

/// Whether only the promotion is left.
pub(super) fn is_at_the_end(plan: &PlanBuilder) -> bool {
    let place = plan.next.stage.progress().entered;
    skips_steps(plan) || plan.rollout().strategy.steps.get(place).is_none()
}

/// Ends what holds the rollout, because a person says so: the next step now.
pub(super) fn promote_now(plan: &mut PlanBuilder) -> Flow {
    if !begun(plan) {
        plan.tell(&EventKind::Starting);
    }
    if skips_steps(plan) { promote(plan) } else { go_on(plan) }
}

/// Analyses the revision again from its first step.
pub(super) fn restart(plan: &mut PlanBuilder, inputs: Inputs) -> Flow {
    let shared = plan.canary_shares();
    begin_for(plan, inputs, &Cause::Restart);
    if shared {
        plan.shift(Routing::PRIMARY.kept_warm());
    }
    Err(Stop::Acted)
}

/// Checks go on while the API server does not take the route as it should be; the version does not.
fn refused(plan: &PlanBuilder) -> Option<Flow> {
    plan.obs.route.present()?.refused.as_ref()?;
    Some(plan.route_accepted())
}

fn step_into(plan: &mut PlanBuilder, place: usize, step: Step) {
    let rollout = plan.rollout();
    plan.next.waiting = None;
    plan.hold(HoldKind::Check);
    let progress = if plan.primary_is_lost() && rollout.router.shifts() {
        // Its replacement is tested with all of the traffic.
        plan.tell(&EventKind::Weight(100));
        Progress { entered: rollout.strategy.steps.len(), weight: 100 }
    } else {
        announce(plan, step.label);
        Progress { entered: place.saturating_add(1), weight: step.label.weight() }
    };
    plan.next.analysing(|analysis| analysis.progress = progress);
    let (at, weight) = (plan.now(), progress.split(&rollout.strategy).canary);
    let entered = Entered { place: i64::try_from(place).unwrap_or(i64::MAX), weight, at };
    plan.next.run.iter_mut().for_each(|run| run.enter(entered));
    plan.shift(plan.safe_routing());
}

fn announce(plan: &mut PlanBuilder, label: Label) {
    match label {
        Label::Weight(weight) => plan.tell(&EventKind::Weight(weight)),
        Label::Mirror => plan.tell(&EventKind::Weight(0)),
        Label::Iteration { n, of } => plan.tell(&EventKind::Iteration { n, of }),
        Label::Switch { announced: false, .. } => {}
        Label::Switch { mirrored: true, .. } => plan.tell(&EventKind::MirroringEnds),
        Label::Switch { mirrored: false, .. } => plan.tell(&EventKind::RoutingToCanary),
    }
}

/// The decision is written before the primary is touched: from here on this revision is the next stable.
fn promote(plan: &mut PlanBuilder) -> Flow {
    plan.tell(&EventKind::Copying);
    let progress = plan.next.stage.progress();
    plan.enter(Stage::Promoting { progress, adopted: None });
    plan.next.waiting = None;
    plan.release();
    plan.act(Action::ApplyPrimary);
    Err(Stop::Acted)
}

fn failed(plan: &mut PlanBuilder) -> Flow {
    plan.next.failed_checks = plan.next.failed_checks.saturating_add(1);
    // A pause is told once, not after each check that fails meanwhile.
    plan.next.waiting = plan.next.waiting.take().filter(|_| plan.next.paused.is_some());
    plan.hold(HoldKind::Check);
    let failed = plan.next.failed_checks;
    if failed >= plan.rollout().threshold {
        return rollback::begin(plan, &RollbackCause::Threshold(failed));
    }
    plan.wake_at(later(plan.now(), plan.rollout().interval));
    Err(Stop::Acted)
}
