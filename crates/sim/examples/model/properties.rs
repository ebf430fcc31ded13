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
    /// Whether people have heard of each alert that the status lists.
    heard: Vec<Heard>,
    /// Broken invariants, by name.
    broken: Vec<&'static str>,
}

/// Whether people have heard of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Heard {
    No,
    /// Once, and the one who told them knows.
    Yes,
    /// The one who told them died before it was noted.
    Unnoted,
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
        self.note("T2", ends_silently(before, after, plan));
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

    /// T1: the status forgets only what was told. `told` of the `before` alerts that it listed were, by this
    /// controller; now it lists `after`, of which `new` are new.
    pub(crate) fn dropped(&mut self, told: usize, before: usize, after: usize, new: usize) {
        let gone = before + new - after;
        let unheard = self.heard.iter().take(gone).any(|heard| *heard == Heard::No);
        self.note("T1", gone > told || unheard);
        self.heard.drain(..gone.min(before));
        self.heard.resize(after, Heard::No);
    }

    /// T3: nobody hears of anything twice, unless the controller died in between. The first `known` are not told.
    pub(crate) fn told(&mut self, known: usize) {
        let again = self.heard.iter().skip(known).any(|heard| *heard == Heard::Yes);
        self.note("T3", again);
        self.heard.iter_mut().skip(known).filter(|heard| **heard == Heard::No).for_each(|h| *h = Heard::Yes);
    }

    pub(crate) fn crashed(&mut self) {
        self.heard.iter_mut().filter(|heard| **heard == Heard::Yes).for_each(|h| *h = Heard::Unnoted);
    }

    fn note(&mut self, name: &'static str, broken: bool) {
        if broken && !self.broken.contains(&name) {
            self.broken.push(name);
        }
    }

    fn repeated(&self) -> bool {
        self.heard.contains(&Heard::Unnoted)
    }

    fn kept(&self, name: &str) -> bool {
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
        Property::always("T1 what is not told is not forgotten", |_, s: &State| s.ghost.kept("T1")),
        Property::always("T2 every end has its alert", |_, s: &State| s.ghost.kept("T2")),
        Property::always("T3 without a crash nothing is told twice", |_, s: &State| s.ghost.kept("T3")),
        Property::sometimes("an alert is told again after a crash", |_, s: &State| s.ghost.repeated()),
        Property::sometimes("a revision is promoted", |_, s: &State| {
            s.cluster.phase == Phase::Succeeded && s.cluster.promoted > Some(0)
        }),
        Property::sometimes("a revision is rolled back", |_, s: &State| {
            s.cluster.phase == Phase::Failed && s.cluster.route.is_some_and(|r| r.canary == 0)
        }),
    ]
}
