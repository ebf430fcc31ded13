//! What must hold in every state, and the memory needed to tell.

use serin_api::Phase;
use serin_core::{Action, Plan, Rollout};
use serin_sim::Pods;
use stateright::Property;

use crate::{
    cluster::{Cluster, Pending},
    lifecycle::{Checks, Lifecycle, State, canary_share},
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
        checks: Checks,
        rollout: &Rollout,
    ) {
        self.count_checks(before, after, checks, rollout);
        if before.applied != after.applied
            || (after.phase == Phase::Progressing && before.phase == Phase::Failed)
        {
            self.rolled_back = None;
        }
        if after.rolling_back && after.phase != Phase::Finalising {
            self.rolled_back = after.applied;
        }
        for action in &plan.actions {
            self.check_sides(before, action);
            self.check_promotion(before, after, action, rollout);
        }
    }

    fn count_checks(&mut self, before: &Cluster, after: &Cluster, checks: Checks, rollout: &Rollout) {
        let position = |c: &Cluster| rollout.strategy.position(c.weight, c.iterations);
        let analysed = matches!(before.phase, Phase::Progressing | Phase::WaitingPromotion);
        let went_on = position(after) > position(before) || after.phase == Phase::Promoting;
        if before.applied != after.applied || !analysed {
            if after.phase != Phase::Promoting || before.phase != Phase::Promoting {
                self.passed = 0;
            }
        } else if position(before) > 0 && went_on && checks == Checks::Pass {
            self.passed += 1;
        }
    }

    /// S2 and S3: nobody gets traffic, or loses the other copy, without being ready.
    fn check_sides(&mut self, seen: &Cluster, action: &Action) {
        let primary = seen.primary.is_some_and(|(_, pods)| pods == Pods::Ready);
        let canary = seen.target.1 && seen.target.2 == Pods::Ready;
        if let Some(share) = canary_share(action) {
            let now = seen.route.map(|r| r.canary);
            self.note("S2", now.is_none_or(|now| share > now) && share > 0 && !canary);
            self.note("S2", now.is_none_or(|now| share < now) && share < 100 && !primary);
        }
        self.note("S3", *action == Action::ScaleTarget(0) && !primary);
    }

    /// S4: only what passed every step is copied, the first copy aside.
    fn check_promotion(&mut self, before: &Cluster, after: &Cluster, action: &Action, rollout: &Rollout) {
        if *action != Action::ApplyPrimary || after.phase == Phase::Initializing {
            return;
        }
        let all = u8::try_from(rollout.strategy.steps.len()).unwrap_or(u8::MAX);
        // A rescue of a lost primary is one step with all of the traffic.
        let steps = if before.weight >= 100 || after.weight >= 100 { 1 } else { all };
        let again = after.promoted == Some(before.target.0);
        let passed = self.passed >= steps && after.applied == Some(before.target.0);
        self.note("S4", !passed && !again);
    }

    /// S5: no way back up once a rollback began.
    pub(crate) fn acted(&mut self, cluster: &Cluster, pending: &Pending) {
        let now = cluster.route.map_or(0, |r| r.canary);
        let rises = canary_share(&pending.action).is_some_and(|share| share > now);
        self.note("S5", rises && self.rolled_back.is_some() && self.rolled_back == cluster.applied);
    }

    fn note(&mut self, name: &'static str, broken: bool) {
        if broken && !self.broken.contains(&name) {
            self.broken.push(name);
        }
    }

    fn kept(&self, name: &str) -> bool {
        !self.broken.contains(&name)
    }
}

pub(crate) fn all() -> Vec<Property<Lifecycle>> {
    vec![
        Property::always("S1 weights lie in 0..=100 and sum to 100", |_, s: &State| {
            s.cluster.route.is_none_or(|r| r.canary <= 100 && r.primary() + r.canary == 100)
        }),
        Property::always("S2 traffic grows only on a ready side", |_, s: &State| s.ghost.kept("S2")),
        Property::always("S3 the last ready copy stays", |_, s: &State| s.ghost.kept("S3")),
        Property::always("S4 only an analysed revision is promoted", |_, s: &State| s.ghost.kept("S4")),
        Property::always("S5 no rise after a rollback began", |_, s: &State| s.ghost.kept("S5")),
        Property::always("L4 without faults it comes to rest", Lifecycle::comes_to_rest),
        Property::sometimes("a revision is promoted", |_, s: &State| {
            s.cluster.phase == Phase::Succeeded && s.cluster.promoted > Some(0)
        }),
        Property::sometimes("a revision is rolled back", |_, s: &State| {
            s.cluster.phase == Phase::Failed && s.cluster.route.is_some_and(|r| r.canary == 0)
        }),
    ]
}
