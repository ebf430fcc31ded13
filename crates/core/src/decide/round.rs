//! One round of the checks of `analysis.metrics`.

use serin_analysis::{Check, VerdictKind, checks, judge::judge};

use super::{
    predecessor,
    turn::{Flow, Stop, Turn},
};
use crate::{
    event::EventKind,
    plan::{Ask, Judged},
};

/// What has to be asked to judge this round.
pub(super) fn unmeasured(turn: &Turn) -> Option<Ask> {
    let checks = planned(turn);
    turn.obs.answers.outcomes(&checks).is_none().then_some(Ask::Checks(checks))
}

fn planned(turn: &Turn) -> Vec<Check> {
    let rollout = turn.rollout();
    checks::plan(&rollout.spec.analysis.metrics, &rollout.subject())
}

/// Judges what was measured. Whether all of it passes.
pub(super) fn passes(turn: &mut Turn) -> Flow<bool> {
    let checks = planned(turn);
    let Some(outcomes) = turn.obs.answers.outcomes(&checks) else {
        return Err(Stop::Ask(vec![Ask::Checks(checks)]));
    };
    let judged = checks.iter().zip(outcomes).map(|(check, outcome)| {
        let verdict = predecessor::judged(turn, judge(check, &outcome.outcome), check, outcome);
        Judged { check: check.clone(), outcome: outcome.clone(), verdict }
    });
    let judged: Vec<Judged> = judged.collect();
    if !judged.is_empty() {
        turn.next.checks = judged.iter().map(|one| one.verdict.status(&one.check, &one.outcome)).collect();
    }
    turn.judged.clone_from(&judged);
    let counts = |one: &&Judged| !matches!(one.verdict.kind, VerdictKind::Pass | VerdictKind::Held);
    if let Some(bad) = judged.iter().find(counts) {
        let message = bad.verdict.message.clone().unwrap_or_default();
        turn.tell(&EventKind::MetricFailed { error: bad.verdict.kind == VerdictKind::Error, message });
        return Ok(false);
    }
    predecessor::hold(turn, &judged)?;
    Ok(true)
}
