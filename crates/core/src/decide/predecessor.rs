//! The errors of an earlier revision do not judge the present one.
//!
//! A metric looks back over a window, and both revisions are the canary to it. A value that breaks its bound while the
//! window reaches into the traffic of the revision before may be that one's: it is held until the window is the present
//! revision's own. A value that keeps its bound counts as ever, for nobody's errors make it better.

use chrono::{SecondsFormat, TimeDelta};
use serin_analysis::{Check, CheckOutcome, Verdict, VerdictKind, window};
use serin_api::{Phase, duration};

use super::builder::{Flow, PlanBuilder, Stop};
use crate::{
    Timestamp,
    event::EventKind,
    plan::Judged,
    reason::WaitReason,
    state::{HoldKind, State},
    time::{later, millis},
};

/// No failure is held for longer, however far its metric looks back.
const LONGEST: TimeDelta = TimeDelta::days(1);

/// The canary of this rollout loses its traffic now. Where it had none, and reached no step, nothing is noted.
pub(super) fn traffic_ends(plan: &mut PlanBuilder) {
    let stage = &plan.next.stage;
    if stage.progress().has_begun() || stage.held() > 0 {
        plan.next.traffic_ended = Some(millis(plan.now()));
    }
}

/// As [`traffic_ends`] at the end of `Finalising`, when requests under way have ended: weight and iterations are
/// forgotten when that begins.
pub(super) fn traffic_ended(plan: &mut PlanBuilder) {
    let noted = plan.next.traffic_ended.zip(finalising_since(&plan.next));
    if noted.is_some_and(|(ended, since)| ended >= since) {
        plan.next.traffic_ended = Some(millis(plan.now()));
    }
    traffic_ends(plan);
}

fn finalising_since(state: &State) -> Option<Timestamp> {
    state
        .promoted_condition()
        .filter(|condition| condition.reason == Phase::Finalising.to_string())?
        .last_update_time
}

/// The verdict, held if the value may be that of an earlier revision.
pub(super) fn judged(plan: &PlanBuilder, verdict: Verdict, check: &Check, outcome: &CheckOutcome) -> Verdict {
    if verdict.kind != VerdictKind::Fail {
        return verdict;
    }
    let window = window(check, outcome.query.as_deref()).min(LONGEST);
    match reached_back(plan, window) {
        Some(ended) => verdict.held(&told(window, ended)),
        None => verdict,
    }
}

/// When the traffic of an earlier revision ended, if the window reaches back into it. A time to come is that of another
/// clock.
fn reached_back(plan: &PlanBuilder, window: TimeDelta) -> Option<Timestamp> {
    let ended = plan.next.traffic_ended.filter(|ended| *ended <= plan.now())?;
    (plan.now() < later(ended, window)).then_some(ended)
}

fn told(window: TimeDelta, ended: Timestamp) -> String {
    format!(
        "its window of {} reaches back into the traffic of the revision before, which ended at {}",
        duration::to_go_string(window),
        ended.to_rfc3339_opts(SecondsFormat::Secs, true)
    )
}

/// Waits for the next check when the only failures are held. Each metric is told of when it is held first.
pub(super) fn hold(plan: &mut PlanBuilder, judged: &[Judged]) -> Flow {
    let held: Vec<_> = judged.iter().filter(|one| one.verdict.kind == VerdictKind::Inconclusive).collect();
    let Some(first) = held.first() else { return Ok(()) };
    let rollout = plan.rollout();
    // A gate's reason stands until the next check, and so does this one.
    let reason = WaitReason::Window { metric: first.check.metric.clone() };
    let known = plan.before().checks.clone();
    for Judged { check, verdict, .. } in held {
        let again = known
            .iter()
            .any(|old| old.name == check.metric && old.verdict == VerdictKind::Inconclusive.to_string());
        if !again {
            plan.tell(&EventKind::MetricHeld(verdict.message.clone().unwrap_or_default()));
        }
    }
    plan.await_reason(&reason, None);
    plan.hold(HoldKind::Check);
    plan.wake_at(later(plan.now(), rollout.interval));
    Err(Stop::Acted)
}
