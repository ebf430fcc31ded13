//! Between a [`State`] and the status on the wire. Nothing else reads or writes its fields to decide.

use chrono::SubsecRound;
use serin_api::{
    CanaryStatus, Phase,
    canary::{Progress as WireProgress, Run as WireRun, RunStep, Waiting as WireWaiting},
};

use super::{
    Analysis, CookieTexts, Entered, Hold, HoldKind, ObjectNames, Origin, Progress, Run, Stage, State,
    WaitKind, Waiting, configs, position,
};
use crate::{Rollout, Timestamp, strategy::Strategy};

/// The state that a status tells of.
pub fn read(status: &CanaryStatus, rollout: &Rollout) -> State {
    State {
        stage: stage(status, &rollout.strategy),
        hold: status.last_check_time.map(|since| Hold { kind: hold_kind(status.phase), since }),
        failed_checks: status.failed_checks,
        applied: status.last_applied_spec.clone(),
        promoted: status.last_promoted_spec.clone(),
        configs: configs::read(status),
        cookies: cookies(status),
        names: names(status),
        orphans: status.leftovers.clone(),
        traffic_ended: status.canary_traffic_ended,
        checks: status.checks.clone(),
        waiting: waiting(status),
        run: status.run.as_ref().filter(|run| !run.id.is_empty()).map(run),
        paused: status.paused.clone(),
        commands: status.run.as_ref().map(|run| run.commands.clone()).unwrap_or_default(),
        conditions: status.conditions.clone(),
        outbox: status.notifications().cloned().collect(),
        written: status.last_transition_time,
        generation: status.observed_generation,
    }
}

/// The status that tells of this state.
pub fn write(state: &State, rollout: &Rollout) -> CanaryStatus {
    let mut status = CanaryStatus {
        phase: state.phase(),
        failed_checks: state.failed_checks,
        last_check_time: state.hold.map(|hold| hold.since),
        last_applied_spec: state.applied.clone(),
        last_promoted_spec: state.promoted.clone(),
        leftovers: state.orphans.clone(),
        canary_traffic_ended: state.traffic_ended,
        checks: state.checks.clone(),
        run: write_record(state),
        paused: state.paused.clone(),
        conditions: state.conditions.clone(),
        pending_notifications: state.outbox.clone(),
        last_transition_time: state.written,
        observed_generation: state.generation,
        ..CanaryStatus::default()
    };
    write_stage(&state.stage, &rollout.strategy, &mut status);
    configs::write(state.configs.as_ref(), &mut status);
    write_cookies(&state.cookies, &mut status);
    write_names(&state.names, &mut status);
    write_waiting(state.waiting.as_ref(), &mut status);
    status
}

/// The names under which the objects of a Canary with this status were made.
pub fn names(status: &CanaryStatus) -> ObjectNames {
    ObjectNames {
        service: status.service_name.clone(),
        target: status.target_name.clone(),
        autoscaler: status.autoscaler_name.clone(),
        route: status.route_name.clone(),
    }
}

pub(super) fn write_names(names: &ObjectNames, status: &mut CanaryStatus) {
    let ObjectNames { service, target, autoscaler, route } = names.clone();
    status.service_name = service;
    status.target_name = target;
    status.autoscaler_name = autoscaler;
    status.route_name = route;
}

/// The cookies that a status remembers.
pub fn cookies(status: &CanaryStatus) -> CookieTexts {
    CookieTexts {
        canary: status.session_affinity_cookie.clone(),
        primary: status.primary_session_affinity_cookie.clone(),
        previous: status.previous_session_affinity_cookie.clone(),
    }
}

fn write_cookies(cookies: &CookieTexts, status: &mut CanaryStatus) {
    let CookieTexts { canary, primary, previous } = cookies.clone();
    status.session_affinity_cookie = canary;
    status.primary_session_affinity_cookie = primary;
    status.previous_session_affinity_cookie = previous;
}

fn stage(status: &CanaryStatus, strategy: &Strategy) -> Stage {
    let progress = progress(status, strategy);
    let adopted = status.adopted_promotion.clone();
    if let Some(cause) = status.rollback_reason.clone() {
        if let Some(from) = origin(status.phase) {
            return Stage::RollingBack { cause, from, progress };
        }
        if status.phase == Phase::Finalising {
            return Stage::CalledOff { cause, progress };
        }
    }
    match status.phase {
        Phase::None => Stage::New,
        Phase::Initializing => Stage::Initializing { adopted },
        Phase::Initialized => Stage::Initialized,
        Phase::Waiting => Stage::WaitingToStart { held: progress.weight },
        Phase::Progressing | Phase::WaitingPromotion => Stage::Analysing(Analysis {
            progress,
            awaits_promotion: status.phase == Phase::WaitingPromotion,
            lost_traffic: status.canary_lost_traffic,
            promote_full: status.promote_full,
        }),
        Phase::Promoting => Stage::Promoting { progress, adopted },
        Phase::Finalising => Stage::Finalising { progress },
        Phase::Succeeded => Stage::Succeeded,
        Phase::Failed => Stage::Failed { held: progress.weight, adopted },
        Phase::Terminating => {
            Stage::Terminating { steps: u8::try_from(status.iterations.max(0)).unwrap_or(u8::MAX) }
        }
        Phase::Terminated => Stage::Terminated,
    }
}

/// What a rollback ends in this phase.
fn origin(phase: Phase) -> Option<Origin> {
    match phase {
        Phase::Waiting => Some(Origin::Start),
        Phase::Progressing => Some(Origin::Analysis),
        Phase::WaitingPromotion => Some(Origin::Promotion),
        _ => None,
    }
}

fn write_stage(stage: &Stage, strategy: &Strategy, status: &mut CanaryStatus) {
    status.canary_weight = stage.weight().into();
    let progress = stage.progress();
    status.iterations = position::iterations(strategy, progress.entered);
    if progress.entered > 0 {
        let entered = i64::try_from(progress.entered).unwrap_or(i64::MAX);
        status.progress = Some(WireProgress { entered, steps: strategy.steps.hash(progress.entered) });
    }
    status.adopted_promotion = stage.adopted().cloned();
    match stage {
        Stage::Analysing(analysis) => {
            status.canary_lost_traffic = analysis.lost_traffic;
            status.promote_full = analysis.promote_full;
        }
        Stage::RollingBack { cause, .. } | Stage::CalledOff { cause, .. } => {
            status.rollback_reason = Some(cause.clone());
        }
        Stage::Terminating { steps } => status.iterations = (*steps).into(),
        _ => {}
    }
}

/// How far the steps are: as the status says, if they are still the ones that were entered and nobody changed weight or
/// iterations. Otherwise, and in a status of Flagger's, these tell.
fn progress(status: &CanaryStatus, strategy: &Strategy) -> Progress {
    let weight = u8::try_from(status.canary_weight.clamp(0, 100)).unwrap_or(100);
    let noted = status.progress.as_ref().and_then(|noted| {
        let entered = usize::try_from(noted.entered).ok()?;
        let last = entered.checked_sub(1).and_then(|last| strategy.steps.get(last))?;
        let shifted = last.label.weight() > 0;
        // A primary that is lost leaves all of the traffic to the canary, and promotion takes it back in steps.
        let promoting = matches!(status.phase, Phase::Promoting | Phase::Finalising);
        let of_step = weight == last.label.weight() || weight == 100 || promoting && weight > 0;
        let told = position::iterations(strategy, entered) == status.iterations && (of_step || !shifted);
        (told && strategy.steps.hash(entered) == noted.steps).then_some(entered)
    });
    let entered =
        noted.unwrap_or_else(|| position::entered(strategy, status.canary_weight, status.iterations));
    Progress { entered, weight }
}

/// What the time that is kept is for. It is the same field in every phase.
fn hold_kind(phase: Phase) -> HoldKind {
    match phase {
        Phase::Waiting | Phase::Progressing | Phase::WaitingPromotion => HoldKind::Check,
        Phase::Promoting | Phase::Finalising | Phase::Terminating | Phase::Terminated => HoldKind::Drain,
        Phase::None | Phase::Initializing => HoldKind::Settle,
        Phase::Initialized | Phase::Succeeded | Phase::Failed => HoldKind::Notice,
    }
}

fn waiting(status: &CanaryStatus) -> Option<Waiting> {
    let text = status.waiting_for.clone()?;
    let noted = status.waiting.as_ref();
    let Some(noted) = noted else {
        let since = status.last_transition_time;
        return Some(Waiting { kind: None, subject: String::new(), text, since, until: None });
    };
    let WireWaiting { kind, subject, since, until } = noted.clone();
    Some(Waiting { kind: WaitKind::of(&kind), subject, text, since, until })
}

fn write_waiting(waiting: Option<&Waiting>, status: &mut CanaryStatus) {
    let Some(Waiting { kind, subject, text, since, until }) = waiting.cloned() else { return };
    status.waiting_for = Some(text);
    status.waiting = kind.map(|kind| WireWaiting { kind: kind.name().to_owned(), subject, since, until });
}

fn run(noted: &WireRun) -> Run {
    let WireRun { id, started_at, from, to, cause, steps, commands: _ } = noted.clone();
    let step = |step: RunStep| {
        let weight = u8::try_from(step.weight.clamp(0, 100)).unwrap_or(100);
        Entered { place: step.i, weight, at: step.at.unwrap_or_default() }
    };
    let steps = steps.into_iter().take(Run::STEPS).map(step).collect();
    Run { id, started: started_at.unwrap_or_default(), from, to, cause, steps }
}

/// The rollout with the commands, which may be there without one.
fn write_record(state: &State) -> Option<WireRun> {
    let run = state.run.as_ref().map(write_run);
    let alone = || (!state.commands.is_empty()).then(WireRun::default);
    let commands = state.commands.clone();
    run.or_else(alone).map(|run| WireRun { commands, ..run })
}

fn write_run(run: &Run) -> WireRun {
    let Run { id, started, from, to, cause, steps } = run.clone();
    let seconds = |at: Timestamp| Some(at.trunc_subsecs(0));
    let step = |step: Entered| RunStep { i: step.place, weight: step.weight.into(), at: seconds(step.at) };
    WireRun {
        id,
        started_at: seconds(started),
        from,
        to,
        cause,
        steps: steps.into_iter().map(step).collect(),
        commands: Vec::new(),
    }
}
