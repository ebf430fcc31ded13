//! The errors of an earlier revision do not judge the present one.
//!
//! A metric looks back over a window, and both revisions are the canary to it. A value that breaks its bound while the
//! window reaches into the traffic of the revision before may be that one's: it is held until the window is the present
//! revision's own. A value that keeps its bound counts as ever, for nobody's errors make it better.

use chrono::{SecondsFormat, TimeDelta};
use serin_analysis::{Check, CheckOutcome, Verdict, VerdictKind, window};
use serin_api::{Phase, duration};

use super::turn::{Flow, Stop, Turn};
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
pub(super) fn traffic_ends(turn: &mut Turn) {
    let stage = &turn.next.stage;
    if stage.progress().has_begun() || stage.held() > 0 {
        turn.next.traffic_ended = Some(millis(turn.now()));
    }
}

/// As [`traffic_ends`] at the end of `Finalising`, when requests under way have ended: weight and iterations are
/// forgotten when that begins.
pub(super) fn traffic_ended(turn: &mut Turn) {
    let noted = turn.next.traffic_ended.zip(finalising_since(&turn.next));
    if noted.is_some_and(|(ended, since)| ended >= since) {
        turn.next.traffic_ended = Some(millis(turn.now()));
    }
    traffic_ends(turn);
}

fn finalising_since(state: &State) -> Option<Timestamp> {
    state
        .promoted_condition()
        .filter(|condition| condition.reason == Phase::Finalising.to_string())?
        .last_update_time
}

/// The verdict, held if the value may be that of an earlier revision.
pub(super) fn judged(turn: &Turn, verdict: Verdict, check: &Check, outcome: &CheckOutcome) -> Verdict {
    if verdict.kind != VerdictKind::Fail {
        return verdict;
    }
    let window = window(check, outcome.query.as_deref()).min(LONGEST);
    match reached_back(turn, window) {
        Some(ended) => verdict.held(&told(window, ended)),
        None => verdict,
    }
}

/// When the traffic of an earlier revision ended, if the window reaches back into it. A time to come is that of another
/// clock.
fn reached_back(turn: &Turn, window: TimeDelta) -> Option<Timestamp> {
    let ended = turn.next.traffic_ended.filter(|ended| *ended <= turn.now())?;
    (turn.now() < later(ended, window)).then_some(ended)
}

fn told(window: TimeDelta, ended: Timestamp) -> String {
    format!(
        "its window of {} reaches back into the traffic of the revision before, which ended at {}",
        duration::to_go_string(window),
        ended.to_rfc3339_opts(SecondsFormat::Secs, true)
    )
}

/// Waits for the next check when the only failures are held. Each metric is told of when it is held first.
pub(super) fn hold(turn: &mut Turn, judged: &[Judged]) -> Flow {
    let held: Vec<_> = judged.iter().filter(|one| one.verdict.kind == VerdictKind::Held).collect();
    let Some(first) = held.first() else { return Ok(()) };
    let rollout = turn.rollout();
    // A gate's reason stands until the next check, and so does this one.
    let reason = WaitReason::Window { metric: first.check.metric.clone() };
    let known = turn.before().checks.clone();
    for Judged { check, verdict, .. } in held {
        let again =
            known.iter().any(|old| old.name == check.metric && old.verdict == VerdictKind::Held.to_string());
        if !again {
            turn.tell(&EventKind::MetricHeld(verdict.message.clone().unwrap_or_default()));
        }
    }
    turn.await_reason(&reason, None);
    turn.hold(HoldKind::Check);
    turn.wake_at(later(turn.now(), rollout.interval));
    Err(Stop::Acted)
}
