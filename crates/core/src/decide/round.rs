//! One round of the checks of `analysis.metrics`.

use serin_analysis::{Check, checks, judge::judge};

use super::{
    builder::{Flow, PlanBuilder, Stop},
    predecessor,
};
use crate::{
    event::EventKind,
    plan::{Ask, Judged},
};

/// All metrics of a round are asked at once.
fn planned(plan: &PlanBuilder) -> Vec<Check> {
    let rollout = plan.rollout();
    checks::plan(&rollout.spec.analysis.metrics, &rollout.subject())
}

/// Judges what was measured. Whether all of it passes.
pub(super) fn passes(plan: &mut PlanBuilder) -> Flow<bool> {
    let checks = planned(plan);
    let Some(outcomes) = plan.obs.answers.outcomes(&checks) else {
        return Err(Stop::Ask(vec![Ask::Checks(checks)]));
    };
    let judged = checks.iter().zip(outcomes).map(|(check, outcome)| {
        let verdict = predecessor::judged(plan, judge(check, &outcome.outcome), check, outcome);
        Judged { check: check.clone(), outcome: outcome.clone(), verdict }
    });
    let judged: Vec<Judged> = judged.collect();
    if !judged.is_empty() {
        plan.next.checks = judged.iter().map(|one| one.verdict.status(&one.check, &one.outcome)).collect();
    }
    plan.judged.clone_from(&judged);
    if let Some(bad) = judged.iter().find(|one| one.verdict.kind.fails()) {
        let message = bad.verdict.message.clone().unwrap_or_default();
        plan.tell(&EventKind::MetricFailed { verdict: bad.verdict.kind, message });
        return Ok(false);
    }
    predecessor::hold(plan, &judged)?;
    Ok(true)
}
