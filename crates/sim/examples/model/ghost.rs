//! What of the past is needed to judge the present, and the judgement of single decisions and actions.

use serin_api::Phase;
use serin_core::{Action, Plan, Rollout, affinity::Cookies, rollout::HookKind};
use serin_sim::World;

use crate::{
    cluster::{Cluster, Pending, Window},
    cookies,
    lifecycle::Answer,
    steps,
};

/// What is remembered of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ghost {
    /// How many checks the revision under analysis has passed since it began.
    passed: u8,
    /// The revision of the last rollback, while no other has begun.
    rolled_back: Option<u8>,
    /// Broken invariants, by name.
    broken: Vec<&'static str>,
}

impl Ghost {
    pub(crate) fn decided(
        &mut self,
        before: &Cluster,
        after: &Cluster,
        plan: &Plan,
        answer: Answer,
        rollout: &Rollout,
    ) {
        self.count_checks(before, after, answer, rollout);
        self.note("T2", ends_silently(before, after, plan));
        self.note("T4", !plan.alerts.is_empty() && timeless(before) == timeless(after));
        self.note("O1", miscounts(before, after, plan));
        self.note("S12", keeps_lost_canary(before, plan));
        self.lets_go(before, plan);
        self.note("G1", passes_closed_gate(before, after, answer, rollout));
        let raised = after.weight > before.weight;
        if let Some(name) = cookies::broken(&before.cookies.given, &Cookies::of(&plan.status), raised) {
            self.note(name, true);
        }
        self.remember_rollback(before, after);
        for action in &plan.actions {
            self.check_sides(before, action);
            self.check_promotion(before, after, action, rollout);
        }
    }

    fn remember_rollback(&mut self, before: &Cluster, after: &Cluster) {
        if before.applied != after.applied
            || (after.phase == Phase::Progressing && before.phase == Phase::Failed)
        {
            self.rolled_back = None;
        }
        if after.rolling_back && after.phase != Phase::Finalising {
            self.rolled_back = after.applied;
        }
    }

    fn count_checks(&mut self, before: &Cluster, after: &Cluster, answer: Answer, rollout: &Rollout) {
        let position = |cluster| position(cluster, rollout);
        let analysed = matches!(before.phase, Phase::Progressing | Phase::WaitingPromotion);
        let went_on = position(after) > position(before) || after.phase == Phase::Promoting;
        if before.applied != after.applied || !analysed {
            if after.phase != Phase::Promoting || before.phase != Phase::Promoting {
                self.passed = 0;
            }
        } else if position(before) > 0 && went_on && analysis_passes(answer) {
            self.passed = all_steps(rollout).min(self.passed + 1);
        }
    }

    /// S2 and S3: nobody gets traffic, or loses the other copy, without being ready.
    fn check_sides(&mut self, seen: &Cluster, action: &Action) {
        let (primary, canary) = (seen.primary_serves(), seen.target_serves());
        if let Some(share) = World::canary_share(action) {
            let now = seen.route.map(|r| r.canary);
            self.note("S2", now.is_none_or(|now| share > now) && share > 0 && !canary);
            self.note("S2", now.is_none_or(|now| share < now) && share < 100 && !primary);
        }
        let served = seen.route.is_some_and(|route| route.canary > 0);
        self.note("S3", *action == Action::ScaleTarget(0) && (!primary || served));
    }

    /// S4: only what passed every step is copied, the first copy aside.
    fn check_promotion(&mut self, before: &Cluster, after: &Cluster, action: &Action, rollout: &Rollout) {
        let checked = !rollout.spec.skip_analysis && after.phase != Phase::Initializing;
        if *action != Action::ApplyPrimary || !checked {
            return;
        }
        // A rescue of a lost primary is one step with all of the traffic.
        let steps = if before.weight >= 100 || after.weight >= 100 { 1 } else { all_steps(rollout) };
        let again = after.promoted == Some(before.target.0);
        let passed = self.passed >= steps && after.applied == Some(before.target.0);
        self.note("S4", !passed && !again);
    }

    /// S5: no way back up once a rollback began. C4: no canary without its cookie, as long as it is to have traffic.
    pub(crate) fn acted(&mut self, cluster: &Cluster, pending: &Pending, affinity: bool) {
        let now = cluster.route.map_or(0, |r| r.canary);
        let share = World::canary_share(&pending.action).unwrap_or_default();
        // Save for what a primary had that cannot serve.
        let same = self.rolled_back.is_some() && self.rolled_back == cluster.applied;
        self.note("S5", share > now && same && pending.primary_served);
        let goes_on = affinity && cluster.weight > 0 && !cluster.rolling_back;
        self.note("C4", share > 0 && goes_on && cluster.cookies.given.canary.is_none());
    }

    pub(crate) fn note(&mut self, name: &'static str, broken: bool) {
        if broken && !self.broken.contains(&name) {
            self.broken.push(name);
        }
    }

    pub(crate) fn kept(&self, name: &str) -> bool {
        !self.broken.contains(&name)
    }
}

/// Whether a rollout, or the initialisation, ends without an alert. The one of a rollback is decided at its beginning.
fn ends_silently(before: &Cluster, after: &Cluster, plan: &Plan) -> bool {
    let ends = match (before.phase, after.phase) {
        (from, to) if from == to => !before.rolling_back && after.rolling_back,
        (_, Phase::Initialized | Phase::Succeeded) => true,
        (_, Phase::Failed) => !before.rolling_back,
        _ => false,
    };
    ends && plan.alerts.is_empty()
}

/// What a decision changes for people: polling a gate again does not.
fn timeless(cluster: &Cluster) -> Cluster {
    Cluster { window: Window::None, ..cluster.silent() }
}

/// Whether a canary under analysis that has no endpoints any more keeps traffic that the primary could serve.
fn keeps_lost_canary(before: &Cluster, plan: &Plan) -> bool {
    let analysed = matches!(before.phase, Phase::Progressing | Phase::WaitingPromotion);
    let shared = before.route.is_some_and(|route| route.canary > 0);
    analysed
        && !before.target_serves()
        && shared
        && before.primary_serves()
        && !plan.actions.iter().any(|action| World::canary_share(action) == Some(0))
}

/// Whether the end of a rollout is not counted as what it is, or something else is counted.
fn miscounts(before: &Cluster, after: &Cluster, plan: &Plan) -> bool {
    let end = match (before.phase, after.phase) {
        (from, to) if from == to => None,
        (Phase::None | Phase::Initializing, _) => None,
        (Phase::Finalising, Phase::Succeeded) if before.rolling_back => None,
        (Phase::Finalising, Phase::Succeeded) => Some(true),
        (_, Phase::Failed) => Some(false),
        _ => None,
    };
    plan.ended.map(|end| end.success) != end
}

/// Whether a decision goes on although it was told to hold.
fn passes_closed_gate(before: &Cluster, after: &Cluster, answer: Answer, rollout: &Rollout) -> bool {
    let idle = matches!(before.phase, Phase::Initialized | Phase::Succeeded | Phase::Failed | Phase::Waiting);
    let starts = idle && after.phase == Phase::Progressing;
    let advances = position(after, rollout) > position(before, rollout) && after.phase != Phase::Failed;
    let promotes = after.phase == Phase::Promoting && before.phase != Phase::Promoting;
    let analysed = position(before, rollout) > 0;
    match answer {
        _ if !analysis_passes(answer) => analysed && (advances || promotes),
        Answer::Closed(HookKind::PreRollout) => !analysed && advances,
        Answer::Closed(HookKind::ConfirmTrafficIncrease) => {
            advances || promotes && before.phase == Phase::Progressing
        }
        Answer::Closed(HookKind::ConfirmPromotion) => promotes,
        Answer::Closed(HookKind::ConfirmRollout) => starts,
        Answer::Rollback => starts && before.phase == Phase::Waiting || advances || promotes,
        _ => false,
    }
}

fn analysis_passes(answer: Answer) -> bool {
    !matches!(answer, Answer::Fail | Answer::Error | Answer::Closed(HookKind::Rollout))
}

fn position(cluster: &Cluster, rollout: &Rollout) -> usize {
    steps::entered(cluster, &rollout.spec.analysis)
}

fn all_steps(rollout: &Rollout) -> u8 {
    u8::try_from(steps::all(&rollout.spec.analysis)).unwrap_or(u8::MAX)
}
