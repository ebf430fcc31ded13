//! When what happened in one rollout, as its objects tell.

use std::time::Instant;

use serin_api::Phase;

/// What one version of one object says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sight {
    /// The Canary.
    Canary { phase: Phase, waiting_for: Option<String> },
    /// The canary's share of the traffic.
    Route { weight: u8 },
    /// Ready endpoints of the canary's Service.
    Endpoints { ready: usize },
    /// The target, if it is changed.
    Target { replicas: i32, rolled_out: bool },
    /// The primary, if it has the change.
    Primary { rolled_out: bool },
}

/// A rollout so far. Times are of the first sight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    phase: Phase,
    waiting_for: Option<String>,
    endpoints: usize,
    rolled_out: bool,
    /// When the target's change was sent.
    pub(crate) changed: Option<Instant>,
    /// When the canary was scaled up.
    pub(crate) scaled: Option<Instant>,
    /// When all its pods were ready, and the first of them an endpoint of its Service.
    pub(crate) ready: Option<Instant>,
    /// When its weight rose, and to what.
    pub(crate) weights: Vec<(Instant, u8)>,
    /// When the primary got the change.
    pub(crate) promoting: Option<Instant>,
    /// When all pods of the primary had it.
    pub(crate) primary_ready: Option<Instant>,
    /// When it was over.
    pub(crate) ended: Option<Instant>,
}

impl Timeline {
    /// The target's change is about to be sent.
    pub(crate) fn change(&mut self, at: Instant) {
        self.changed = Some(at);
    }

    /// Takes in a version of an object.
    pub(crate) fn see(&mut self, at: Instant, sight: Sight) {
        match sight {
            Sight::Canary { phase, waiting_for } => self.stands(at, phase, waiting_for),
            Sight::Route { weight } => self.weighs(at, weight),
            Sight::Endpoints { ready } => {
                self.endpoints = ready;
                self.maybe_ready(at);
            }
            Sight::Target { replicas, rolled_out } => {
                self.rolled_out = replicas > 0 && rolled_out;
                if replicas > 0 {
                    self.scaled.get_or_insert(at);
                }
                self.maybe_ready(at);
            }
            Sight::Primary { rolled_out } => {
                self.promoting.get_or_insert(at);
                if rolled_out {
                    self.primary_ready.get_or_insert(at);
                }
            }
        }
    }

    fn stands(&mut self, at: Instant, phase: Phase, waiting_for: Option<String>) {
        if self.changed.is_some() && matches!(phase, Phase::Succeeded | Phase::Failed) {
            self.ended.get_or_insert(at);
        }
        (self.phase, self.waiting_for) = (phase, waiting_for);
    }

    fn weighs(&mut self, at: Instant, weight: u8) {
        if self.changed.is_some() && weight > self.weights.last().map_or(0, |(_, weight)| *weight) {
            self.weights.push((at, weight));
        }
    }

    fn maybe_ready(&mut self, at: Instant) {
        if self.rolled_out && self.endpoints > 0 {
            self.ready.get_or_insert(at);
        }
    }

    /// When the canary got its first traffic.
    pub(crate) fn first_traffic(&self) -> Option<Instant> {
        self.weights.first().map(|(at, _)| *at)
    }

    /// Whether it waits for its first change.
    pub(crate) fn initialized(&self) -> bool {
        self.phase == Phase::Initialized
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended.is_some()
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.ended() && self.phase == Phase::Succeeded
    }

    /// Where it stands and what it waits for.
    pub(crate) fn standing(&self) -> String {
        let weight = self.weights.last().map_or(0, |(_, weight)| *weight);
        let waiting_for = self.waiting_for.as_deref().unwrap_or("nothing");
        format!("{:?} at weight {weight}, waiting for {waiting_for}", self.phase)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stands(phase: Phase) -> Sight {
        Sight::Canary { phase, waiting_for: None }
    }

    #[test]
    fn each_moment_is_that_of_the_first_sight() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timeline = Timeline::default();
        timeline.see(at(0), stands(Phase::Initialized));
        timeline.see(at(0), Sight::Route { weight: 0 });
        assert!(timeline.initialized());
        timeline.change(at(1));
        timeline.see(at(2), Sight::Target { replicas: 0, rolled_out: true });
        timeline.see(at(3), Sight::Target { replicas: 2, rolled_out: false });
        timeline.see(at(4), Sight::Target { replicas: 2, rolled_out: true });
        timeline.see(at(5), Sight::Endpoints { ready: 2 });
        for (second, weight) in [(6, 10), (7, 10), (16, 20)] {
            timeline.see(at(second), Sight::Route { weight });
        }
        timeline.see(at(26), Sight::Primary { rolled_out: false });
        timeline.see(at(27), Sight::Primary { rolled_out: true });
        timeline.see(at(28), Sight::Route { weight: 0 });
        assert!(!timeline.ended());
        timeline.see(at(29), stands(Phase::Succeeded));
        timeline.see(at(30), stands(Phase::Succeeded));
        assert!(timeline.succeeded());
        assert_eq!(timeline.weights, [(at(6), 10), (at(16), 20)]);
        let times = [timeline.scaled, timeline.ready, timeline.first_traffic()];
        assert_eq!(times, [Some(at(3)), Some(at(5)), Some(at(6))]);
        let times = [timeline.promoting, timeline.primary_ready, timeline.ended];
        assert_eq!(times, [Some(at(26)), Some(at(27)), Some(at(29))]);
    }

    #[test]
    fn a_rollback_is_an_end_but_no_success() {
        let mut timeline = Timeline::default();
        timeline.change(Instant::now());
        timeline.see(Instant::now(), stands(Phase::Failed));
        assert!(timeline.ended() && !timeline.succeeded());
    }
}
